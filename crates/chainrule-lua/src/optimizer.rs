//! `optim`: the library's algorithms over parameters that Lua holds.

use crate::arguments::{self, Options};
use crate::function::{Outcome, Problem, function};
use crate::values::Handle;
use chainrule::Value;
use chainrule::optim::{Adam, AdamW, Algorithm, RmsProp, Sgd};
use mlua::prelude::*;

/// The table `optim`.
pub fn optim(lua: &Lua) -> LuaResult<LuaTable> {
    let optim = lua.create_table()?;
    add(lua, &optim, "SGD", &["momentum", "nesterov", "weight_decay"], |options| {
        let sgd = Sgd::new().momentum(setting(options, "momentum")?.unwrap_or(0.0));
        let sgd = if options.get("nesterov", arguments::boolean)?.unwrap_or(false) { sgd.nesterov() } else { sgd };
        Ok(sgd.weight_decay(setting(options, "weight_decay")?.unwrap_or(0.0)))
    })?;
    add(lua, &optim, "Adam", &["betas", "eps", "weight_decay"], |options| {
        let adam = Adam::new();
        let adam = if let Some([a, b]) = options.get("betas", betas)? { adam.betas(a, b) } else { adam };
        let adam = if let Some(epsilon) = setting(options, "eps")? { adam.epsilon(epsilon) } else { adam };
        Ok(if let Some(decay) = setting(options, "weight_decay")? { adam.weight_decay(decay) } else { adam })
    })?;
    add(lua, &optim, "AdamW", &["betas", "eps", "weight_decay"], |options| {
        let adam = AdamW::new();
        let adam = if let Some([a, b]) = options.get("betas", betas)? { adam.betas(a, b) } else { adam };
        let adam = if let Some(epsilon) = setting(options, "eps")? { adam.epsilon(epsilon) } else { adam };
        Ok(if let Some(decay) = setting(options, "weight_decay")? { adam.weight_decay(decay) } else { adam })
    })?;
    add(lua, &optim, "RMSprop", &["alpha", "eps"], |options| {
        let rms_prop = RmsProp::new();
        let rms_prop = if let Some(alpha) = setting(options, "alpha")? { rms_prop.alpha(alpha) } else { rms_prop };
        Ok(if let Some(epsilon) = setting(options, "eps")? { rms_prop.epsilon(epsilon) } else { rms_prop })
    })?;
    Ok(optim)
}

/// `optim.SGD(parameters, {lr = 0.1, ...})`.
fn add<A: Algorithm + 'static>(
    lua: &Lua,
    optim: &LuaTable,
    name: &'static str,
    settings: &'static [&'static str],
    algorithm: impl Fn(&Options) -> Outcome<A> + 'static,
) -> LuaResult<()> {
    let constructor = function(lua, move |_, (parameters, options): (LuaValue, LuaValue)| {
        let known = [&["lr"], settings].concat();
        let options = Options::new(name, &options, &known)?;
        Ok(Optimizer {
            parameters: arguments::list(&format!("{name}, parameters"), &parameters, parameter)?,
            rate: setting(&options, "lr")?.unwrap_or(0.01),
            algorithm: Box::new(algorithm(&options)?),
        })
    })?;
    optim.set(name, constructor)
}

fn setting(options: &Options, name: &str) -> Outcome<Option<f64>> {
    options.get(name, arguments::number)
}

fn betas(what: &str, option: &LuaValue) -> Outcome<[f64; 2]> {
    let betas = arguments::list(what, option, arguments::number)?;
    betas.try_into().map_err(|_| Problem::unexpected(what, "two numbers in a table", option))
}

/// What can be trained: a leaf.
fn parameter(what: &str, argument: &LuaValue) -> Outcome<Handle> {
    let value = arguments::value(what, argument)?;
    match value.is_leaf() && !value.is_constant() {
        true => Ok(Handle::new(value)),
        false => Err(Problem::new(format!("{what}: expected a Value made by Value(...), found one that was computed"))),
    }
}

/// An algorithm with the parameters that it changes. Unlike the library's optimiser it releases nothing: Lua's collector
/// knows what is still held.
struct Optimizer {
    parameters: Vec<Handle>,
    rate: f64,
    algorithm: Box<dyn Algorithm>,
}

impl Optimizer {
    fn values(&self) -> impl Iterator<Item = Value> {
        self.parameters.iter().map(Handle::value)
    }

    fn step(&mut self) -> Outcome<()> {
        // What was made in a call that `plot` has released since is a number now.
        if self.values().any(Value::is_constant) {
            return Err(Problem::new("step: a parameter was made within a function that was plotted, and is gone"));
        }
        let mut numbers: Vec<f64> = self.values().map(Value::data).collect();
        let gradients: Vec<f64> = self.values().map(Value::grad).collect();
        self.algorithm.update(self.rate, &mut numbers, &gradients);
        self.values().zip(numbers).for_each(|(parameter, number)| parameter.set_data(number));
        Ok(())
    }

    fn zero_grad(&self) {
        self.values().for_each(Value::zero_grad);
    }
}

fn methods(lua: &Lua) -> LuaResult<LuaTable> {
    let methods = lua.create_table()?;
    methods
        .set("step", function(lua, |_, this: LuaValue| optimizer("step", &this)?.borrow_mut::<Optimizer>()?.step())?)?;
    methods.set(
        "zero_grad",
        function(lua, |_, this: LuaValue| {
            optimizer("zero_grad", &this)?.borrow::<Optimizer>()?.zero_grad();
            Ok(())
        })?,
    )?;
    Ok(methods)
}

fn optimizer<'a>(what: &str, this: &'a LuaValue) -> Outcome<&'a LuaAnyUserData> {
    match this {
        LuaValue::UserData(data) if data.is::<Optimizer>() => Ok(data),
        other => Err(Problem::unexpected(what, "an optimiser, as in optimizer:step()", other)),
    }
}

impl LuaUserData for Optimizer {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("lr", |_, this| Ok(this.rate));
        fields.add_meta_field_with("__index", methods);
        fields.add_meta_field_with("__newindex", |lua| {
            function(lua, |_, (this, field, to): (LuaValue, LuaValue, LuaValue)| match field.to_string()?.as_str() {
                "lr" => {
                    let rate = arguments::number("lr", &to)?;
                    optimizer("lr", &this)?.borrow_mut::<Optimizer>()?.rate = rate;
                    Ok(())
                }
                other => Err(Problem::new(chainrule::text::unknown("field", other, &["lr"]))),
            })
        });
    }
}
