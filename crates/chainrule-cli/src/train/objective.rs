//! What is made small: the loss of a batch, and how it changes with each parameter.
//!
//! Either way the gradients are left in the parameters: recorded anew at every step, or computed by a program that was made
//! from one recording and serves all batches of its size.

use super::plan::Plan;
use super::trainer::{Evaluated, Task};
use crate::goal::accuracy;
use crate::model::Model;
use chainrule::data::{Batches, Target};
use chainrule::nn::{self, Module};
use chainrule::program::{Machine, Recorder};
use chainrule::{Pcg64, Result, Value, tape};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The loss of batches of the training rows.
pub struct Objective<'a> {
    plan: &'a Plan,
    model: &'a Model,
    parameters: Vec<Value>,
    /// The rows as the network takes them.
    inputs: Vec<Vec<f64>>,
    targets: Vec<f64>,
    batches: Batches,
    rng: Pcg64,
    /// A machine for each size of batch, unless every step is to be recorded.
    machines: Option<HashMap<usize, Machine<f64>>>,
}

/// What a program reads and writes, in this order.
const PARAMETERS: usize = 0;
const ROWS: usize = 1;
const TARGETS: usize = 2;
const LOSS: usize = 0;
const OUTPUTS: usize = 1;
const GRADIENT: usize = 2;

impl Task for Objective<'_> {
    fn module(&self) -> &dyn Module {
        &self.model.network
    }

    fn evaluate_next(&mut self) -> Result<Evaluated> {
        let batch = self.batches.next_batch(&mut self.rng).to_vec();
        match self.machines.take() {
            None => Ok(self.evaluate_eagerly(&batch)),
            Some(mut machines) => {
                let evaluated = self.evaluate_by_program(&batch, &mut machines);
                self.machines = Some(machines);
                evaluated
            }
        }
    }

    fn last_loss(&self) -> f64 {
        self.model.evaluate(&self.plan.data.train).loss
    }
}

impl<'a> Objective<'a> {
    /// The generator draws the batches.
    pub fn new(plan: &'a Plan, model: &'a Model, rng: Pcg64) -> Objective<'a> {
        let data = &plan.data.train;
        Objective {
            plan,
            model,
            parameters: model.network.parameters(),
            inputs: data.rows.iter().map(|row| model.inputs(row)).collect(),
            targets: plan.goal.targets(&data.target),
            batches: Batches::new(data.len(), plan.batch),
            rng,
            machines: (!plan.is_eager).then(HashMap::new),
        }
    }

    fn evaluate_eagerly(&self, batch: &[usize]) -> Evaluated {
        self.model.network.zero_grad();
        let (rows, targets) = self.read(batch, Value::constant);
        let (loss, outputs) = self.loss(&rows, &targets);
        loss.backward();
        let numbers = |row: &Vec<Value>| row.iter().map(|output| output.data()).collect();
        self.evaluated(batch, loss.data(), outputs.iter().map(numbers).collect())
    }

    fn evaluate_by_program(&self, batch: &[usize], machines: &mut HashMap<usize, Machine<f64>>) -> Result<Evaluated> {
        let machine = match machines.entry(batch.len()) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(self.machine(batch)?),
        };
        machine.input_mut(PARAMETERS).copy_from_slice(&self.model.network.numbers());
        let rows = batch.iter().flat_map(|row| &self.inputs[*row]);
        machine.input_mut(ROWS).iter_mut().zip(rows).for_each(|(number, input)| *number = *input);
        let targets = machine.input_mut(TARGETS).iter_mut();
        targets.zip(batch).for_each(|(number, row)| *number = self.targets[*row]);
        machine.run()?;
        self.model.network.set_gradients(&machine.output_slice(GRADIENT));
        let loss = machine.output(LOSS).next().unwrap_or(f64::NAN);
        let outputs: Vec<f64> = machine.output(OUTPUTS).collect();
        let width = outputs.len() / batch.len();
        Ok(self.evaluated(batch, loss, outputs.chunks(width).map(<[f64]>::to_vec).collect()))
    }

    /// A machine for batches of as many rows, made from a recording of this one.
    fn machine(&self, batch: &[usize]) -> Result<Machine<f64>> {
        let _scope = tape::scope();
        let (rows, targets) = self.read(batch, Value::new);
        let (loss, outputs) = self.loss(&rows, &targets);
        let results = [("loss", vec![loss]), ("outputs", outputs.concat())];
        let inputs = [("parameters", &self.parameters[..]), ("rows", &rows.concat()), ("targets", &targets)];
        let program = Recorder::default().read(results, &inputs)?;
        Ok(Machine::new(&program.gradient_by(&["parameters"])?))
    }

    /// The rows of a batch and what they should give, as values of a kind.
    fn read(&self, batch: &[usize], value: fn(f64) -> Value) -> (Vec<Vec<Value>>, Vec<Value>) {
        let inputs = |row: &usize| self.inputs[*row].iter().copied().map(value).collect();
        (batch.iter().map(inputs).collect(), batch.iter().map(|row| value(self.targets[*row])).collect())
    }

    /// The loss of rows, recorded, and the outputs of the network.
    fn loss(&self, rows: &[Vec<Value>], targets: &[Value]) -> (Value, Vec<Vec<Value>>) {
        let outputs: Vec<Vec<Value>> = rows.iter().map(|row| self.model.network.forward(row)).collect();
        let mut loss = self.plan.goal.loss(&outputs, targets);
        if self.plan.l2 > 0.0 {
            loss += self.plan.l2 * nn::l2(&self.parameters);
        }
        (loss, outputs)
    }

    fn evaluated(&self, batch: &[usize], loss: f64, outputs: Vec<Vec<f64>>) -> Evaluated {
        let accuracy = match &self.plan.data.train.target {
            Target::Classes { labels, .. } => {
                let classes: Vec<usize> = batch.iter().map(|row| labels[*row]).collect();
                Some(accuracy(&outputs, &classes))
            }
            Target::Numbers(_) => None,
        };
        Evaluated { loss, accuracy }
    }
}
