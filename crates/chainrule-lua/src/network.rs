//! What `nn` needs from Rust: networks to start with, the way forward, and losses.
//!
//! In Lua a network is plain tables of values, whose classes are in `lua/nn.lua`. So everything in it can be looked at and
//! replaced; a call gathers the values into the library's networks, which know what to do with them.

use crate::arguments::{self, Options};
use crate::function::{Outcome, Problem, function};
use crate::random;
use crate::values::Handle;
use chainrule::nn::{self, Activation, Initializer, Layer, Mlp, Neuron};
use chainrule::{Value, text};
use mlua::prelude::*;

/// The table `nn`.
pub fn nn(lua: &Lua) -> LuaResult<LuaTable> {
    let nn: LuaTable = lua.load(include_str!("lua/nn.lua")).set_name("=nn").eval()?;
    let classes = Classes { neuron: nn.get("Neuron")?, layer: nn.get("Layer")?, mlp: nn.get("MLP")? };
    add_neuron(lua, classes.clone())?;
    add_layer(lua, classes.clone())?;
    add_mlp(lua, classes)?;
    add_losses(lua, &nn)?;
    Ok(nn)
}

/// The metatables of what networks are made of.
#[derive(Clone)]
struct Classes {
    neuron: LuaTable,
    layer: LuaTable,
    mlp: LuaTable,
}

/// What makes an instance when the class is called.
fn set_constructor(lua: &Lua, class: &LuaTable, constructor: LuaFunction) -> LuaResult<()> {
    class.set_metatable(Some(lua.create_table_from([("__call", constructor)])?))
}

fn add_neuron(lua: &Lua, classes: Classes) -> LuaResult<()> {
    let class = classes.neuron.clone();
    class.set(
        "__call",
        function(lua, |_, (neuron, inputs): (LuaTable, LuaValue)| {
            let neuron = read_neuron(&neuron, "neuron")?;
            Ok(Handle::new(neuron.forward(&read_inputs(&inputs, neuron.weights().len())?)))
        })?,
    )?;
    let constructor = function(lua, move |lua, (_, inputs, options): (LuaValue, LuaValue, LuaValue)| {
        let inputs = arguments::count("nn.Neuron, inputs", &inputs, 1)?;
        let layer = Start::new("nn.Neuron", &options)?.layer(lua, inputs, 1)?;
        Ok(classes.neuron(lua, &layer.neurons()[0])?)
    })?;
    set_constructor(lua, &class, constructor)
}

fn add_layer(lua: &Lua, classes: Classes) -> LuaResult<()> {
    let class = classes.layer.clone();
    class.set(
        "__call",
        function(lua, |lua, (layer, inputs): (LuaTable, LuaValue)| {
            let layer = read_layer(&layer, "layer")?;
            outputs(lua, layer.forward(&read_inputs(&inputs, layer.neurons()[0].weights().len())?))
        })?,
    )?;
    let constructor =
        function(lua, move |lua, (_, inputs, outputs, options): (LuaValue, LuaValue, LuaValue, LuaValue)| {
            let inputs = arguments::count("nn.Layer, inputs", &inputs, 1)?;
            let outputs = arguments::count("nn.Layer, outputs", &outputs, 1)?;
            Ok(classes.layer(lua, &Start::new("nn.Layer", &options)?.layer(lua, inputs, outputs)?)?)
        })?;
    set_constructor(lua, &class, constructor)
}

fn add_mlp(lua: &Lua, classes: Classes) -> LuaResult<()> {
    let class = classes.mlp.clone();
    class.set(
        "__call",
        function(lua, |lua, (mlp, inputs): (LuaTable, LuaValue)| {
            let mlp = read_mlp(&mlp)?;
            outputs(lua, mlp.forward(&read_inputs(&inputs, mlp.num_inputs())?))
        })?,
    )?;
    let constructor =
        function(lua, move |lua, (_, inputs, sizes, options): (LuaValue, LuaValue, LuaValue, LuaValue)| {
            let inputs = arguments::count("nn.MLP, inputs", &inputs, 1)?;
            let sizes = arguments::list("nn.MLP, sizes", &sizes, |what, size| arguments::count(what, size, 1))?;
            if sizes.is_empty() {
                return Err(Problem::new("nn.MLP, sizes: expected the outputs of each layer, found none"));
            }
            Ok(classes.mlp(lua, &Start::new("nn.MLP", &options)?.mlp(lua, inputs, &sizes)?)?)
        })?;
    set_constructor(lua, &class, constructor)
}

impl Classes {
    fn neuron(&self, lua: &Lua, neuron: &Neuron) -> LuaResult<LuaTable> {
        let table = lua.create_table()?;
        table.set("w", lua.create_sequence_from(neuron.weights().iter().map(|weight| Handle::new(*weight)))?)?;
        table.set("b", Handle::new(neuron.bias()))?;
        table.set("activation", neuron.activation().name())?;
        table.set_metatable(Some(self.neuron.clone()))?;
        Ok(table)
    }

    fn layer(&self, lua: &Lua, layer: &Layer) -> LuaResult<LuaTable> {
        let neurons = layer.neurons().iter().map(|neuron| self.neuron(lua, neuron)).collect::<LuaResult<Vec<_>>>()?;
        let table = lua.create_table_from([("neurons", neurons)])?;
        table.set_metatable(Some(self.layer.clone()))?;
        Ok(table)
    }

    fn mlp(&self, lua: &Lua, mlp: &Mlp) -> LuaResult<LuaTable> {
        let layers = mlp.layers().iter().map(|layer| self.layer(lua, layer)).collect::<LuaResult<Vec<_>>>()?;
        let table = lua.create_table_from([("layers", layers)])?;
        table.set_metatable(Some(self.mlp.clone()))?;
        Ok(table)
    }
}

/// How a new network gets its numbers.
struct Start {
    what: &'static str,
    activation: Activation,
    initializer: Initializer,
    seed: Option<u64>,
}

impl Start {
    fn new(what: &'static str, options: &LuaValue) -> Outcome<Start> {
        let options = Options::new(what, options, &["activation", "initializer", "seed"])?;
        Ok(Start {
            what,
            activation: options.named("activation")?.unwrap_or_default(),
            initializer: options.get("initializer", initializer)?.unwrap_or_default(),
            seed: options.get("seed", random::seed)?,
        })
    }

    fn layer(&self, lua: &Lua, inputs: usize, outputs: usize) -> Outcome<Layer> {
        self.check_size(inputs, &[outputs])?;
        Ok(random::with_generator(lua, self.seed, |rng| {
            Layer::new(inputs, outputs, self.activation, self.initializer, rng)
        }))
    }

    fn mlp(&self, lua: &Lua, inputs: usize, sizes: &[usize]) -> Outcome<Mlp> {
        self.check_size(inputs, sizes)?;
        Ok(random::with_generator(lua, self.seed, |rng| {
            Mlp::with(inputs, sizes, self.activation, self.initializer, rng)
        }))
    }

    /// More would only fill the memory: each parameter is a table entry and a node.
    fn check_size(&self, inputs: usize, sizes: &[usize]) -> Outcome<()> {
        const MOST: usize = 10_000_000;
        let mut parameters = 0_usize;
        let mut inputs = inputs;
        for outputs in sizes {
            parameters = parameters.saturating_add(inputs.saturating_add(1).saturating_mul(*outputs));
            inputs = *outputs;
        }
        match parameters {
            0..=MOST => Ok(()),
            _ => Err(Problem::new(format!("{}: expected at most {MOST} parameters, found {parameters}", self.what))),
        }
    }
}

fn initializer(what: &str, option: &LuaValue) -> Outcome<Initializer> {
    const KNOWN: [(&str, Initializer); 3] =
        [("uniform", Initializer::Uniform), ("xavier", Initializer::Xavier), ("he", Initializer::He)];
    let LuaValue::String(name) = option else {
        return Err(Problem::unexpected(what, "a name", option));
    };
    let name = name.to_string_lossy();
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    known
        .map(|(_, initializer)| *initializer)
        .ok_or_else(|| Problem::new(text::unknown("initializer", &name, &KNOWN.map(|(known, _)| known))))
}

fn read_neuron(table: &LuaTable, place: &str) -> Outcome<Neuron> {
    let weights: LuaValue = table.raw_get("w")?;
    let weights = arguments::list(&format!("{place}.w"), &weights, arguments::operand)?;
    let bias = arguments::operand(&format!("{place}.b"), &table.raw_get("b")?)?;
    let activation = match table.raw_get("activation")? {
        LuaValue::String(name) => name.to_string_lossy().parse()?,
        other => return Err(Problem::unexpected(&format!("{place}.activation"), "a name", &other)),
    };
    Ok(Neuron::from_values(weights, bias, activation))
}

fn read_layer(table: &LuaTable, place: &str) -> Outcome<Layer> {
    let neurons: LuaValue = table.raw_get("neurons")?;
    let neurons = arguments::list(&format!("{place}.neurons"), &neurons, |place, neuron| match neuron {
        LuaValue::Table(neuron) => read_neuron(neuron, place),
        other => Err(Problem::unexpected(place, "a neuron", other)),
    })?;
    let kind = |neuron: &Neuron| (neuron.weights().len(), neuron.activation());
    if neurons.is_empty() || neurons.iter().any(|neuron| kind(neuron) != kind(&neurons[0])) {
        return Err(Problem::new(format!("{place}: expected neurons with as many weights each and one activation")));
    }
    Ok(Layer::from_neurons(neurons))
}

fn read_mlp(table: &LuaTable) -> Outcome<Mlp> {
    let layers: LuaValue = table.raw_get("layers")?;
    let layers = arguments::list("layers", &layers, |place, layer| match layer {
        LuaValue::Table(layer) => read_layer(layer, place),
        other => Err(Problem::unexpected(place, "a layer", other)),
    })?;
    let inputs = |layer: &Layer| layer.neurons()[0].weights().len();
    if layers.is_empty() || layers.windows(2).any(|pair| pair[0].neurons().len() != inputs(&pair[1])) {
        return Err(Problem::new("layers: expected layers that each take the outputs of the one before"));
    }
    Ok(Mlp::from_layers(layers))
}

fn read_inputs(inputs: &LuaValue, expected: usize) -> Outcome<Vec<Value>> {
    let inputs = arguments::list("inputs", inputs, arguments::operand)?;
    match inputs.len() {
        found if found == expected => Ok(inputs),
        found => Err(Problem::new(format!("inputs: expected a table of {expected} numbers or Values, found {found}"))),
    }
}

/// A single output is itself, as in micrograd; several are a table.
fn outputs(lua: &Lua, outputs: Vec<Value>) -> Outcome<LuaValue> {
    match outputs[..] {
        [output] => Ok(Handle::new(output).into_lua(lua)?),
        _ => Ok(lua.create_sequence_from(outputs.into_iter().map(Handle::new))?.into_lua(lua)?),
    }
}

fn add_losses(lua: &Lua, nn: &LuaTable) -> LuaResult<()> {
    type Loss = fn(&[Value], &[f64]) -> Value;
    let losses: [(&str, Loss); 3] = [
        ("squared_error", nn::squared_error),
        ("max_margin", nn::max_margin),
        ("binary_cross_entropy", nn::binary_cross_entropy),
    ];
    for (name, loss) in losses {
        nn.set(
            name,
            function(lua, move |_, (predictions, targets): (LuaValue, LuaValue)| {
                let predictions = arguments::list(&format!("{name}, predictions"), &predictions, arguments::operand)?;
                let targets = arguments::list(&format!("{name}, targets"), &targets, arguments::number)?;
                check_rows(name, predictions.len(), targets.len())?;
                Ok(Handle::new(loss(&predictions, &targets)))
            })?,
        )?;
    }
    nn.set("cross_entropy", function(lua, |_, (logits, labels): (LuaValue, LuaValue)| {
        let logits = arguments::list("cross_entropy, logits", &logits, |what, row| {
            arguments::list(what, row, arguments::operand)
        })?;
        let labels = arguments::list("cross_entropy, labels", &labels, |what, label| arguments::count(what, label, 0))?;
        check_rows("cross_entropy", logits.len(), labels.len())?;
        for (row, (logits, label)) in logits.iter().zip(&labels).enumerate() {
            if *label >= logits.len() {
                let (row, classes) = (row + 1, logits.len());
                return Err(Problem::new(format!(
                    "cross_entropy: expected a label below {classes}, the number of logits, in row {row}, found {label}"
                )));
            }
        }
        Ok(Handle::new(nn::cross_entropy(&logits, &labels)))
    })?)?;
    nn.set(
        "l2",
        function(lua, |_, parameters: LuaValue| {
            Ok(Handle::new(nn::l2(&arguments::list("l2, parameters", &parameters, arguments::operand)?)))
        })?,
    )
}

fn check_rows(name: &str, predictions: usize, targets: usize) -> Outcome<()> {
    match predictions == targets {
        true => Ok(()),
        false => Err(Problem::new(format!(
            "{name}: expected a target for each row, found {predictions} rows and {targets} targets"
        ))),
    }
}
