//! What can be asked of a [`Value`].

use super::handle::{Place, Value};
use super::misuse::Misuse;
use super::nodes::{Operand, Slot};
use super::recording;
use super::storage::{Tape, lend, with_tape};
use crate::Op;
use std::fmt;

impl Value {
    /// A leaf: a number that derivatives can be taken by.
    #[inline]
    #[track_caller]
    pub fn new(data: f64) -> Self {
        recording::leaf(data)
    }

    /// A leaf that is trained: [`new`](Value::new), but pictures and other readers of a [`Graph`](super::Graph) tell it
    /// from the inputs. Neurons make their weights and biases with it.
    #[track_caller]
    pub fn parameter(data: f64) -> Self {
        let parameter = Value::new(data);
        lend(|tape| {
            tape.parameters.extend(tape.slot(parameter)?);
            Ok(())
        });
        parameter
    }

    /// The number.
    ///
    /// What is done with it is not recorded. Of a computed value it can be read after its scope has ended, too.
    ///
    /// # Panics
    ///
    /// If this is a leaf whose scope has ended.
    #[inline]
    #[track_caller]
    pub fn data(self) -> f64 {
        if !self.is_leaf() || self.is_constant() {
            return self.own_number();
        }
        lend(|tape| tape.number(self))
    }

    /// Changes the number of a leaf, for all its copies.
    ///
    /// What was computed from it before is not computed anew, and a [`backward`](Value::backward) through that gives the
    /// derivatives of neither then nor now, since some rules read operands and some results: compute anew after changing
    /// leaves.
    ///
    /// # Panics
    ///
    /// If this is not a leaf but computed, or a constant.
    #[track_caller]
    pub fn set_data(self, data: f64) {
        lend(|tape| tape.set_number(self, data));
    }

    /// The gradient: the sum of this value's adjoints over all [`backward`](Value::backward) sweeps since the last
    /// [`zero_grad`](Value::zero_grad). Of a constant, 0.
    #[track_caller]
    pub fn grad(self) -> f64 {
        lend(|tape| tape.gradient(self))
    }

    /// Sets the gradient back to 0.
    #[track_caller]
    pub fn zero_grad(self) {
        lend(|tape| {
            let slot = tape.slot(self)?;
            if let Some(gradient) = slot.and_then(|slot| tape.gradients.get_mut(slot.index())) {
                *gradient = 0.0;
            }
            Ok(())
        });
    }

    /// Sets the gradient.
    ///
    /// # Panics
    ///
    /// If this is a constant.
    #[track_caller]
    pub fn set_grad(self, grad: f64) {
        lend(|tape| {
            let slot = tape.slot(self)?.ok_or(Misuse::GradientOfConstant)?;
            let end = slot.index() + 1;
            if tape.gradients.len() < end {
                tape.gradients.resize(end, 0.0);
            }
            tape.gradients[slot.index()] = grad;
            tape.swept = tape.swept.max(end);
            Ok(())
        });
    }

    /// Gives the value a name, for pictures and messages. A constant takes none.
    #[track_caller]
    pub fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        lend(|tape| {
            if let Some(slot) = tape.slot(self)? {
                tape.names.insert(slot, name);
            }
            Ok(self)
        })
    }

    /// The name, if it was given one.
    #[track_caller]
    pub fn name(self) -> Option<String> {
        lend(|tape| Ok(tape.slot(self)?.and_then(|slot| tape.names.get(&slot).cloned())))
    }

    /// The operation that made this value; `None` for leaves and constants.
    #[track_caller]
    pub fn op(self) -> Option<Op> {
        lend(|tape| {
            let op = tape.slot(self)?.map(|slot| tape.nodes.ops()[slot.index()]);
            Ok(op.filter(|op| *op != Op::Leaf))
        })
    }

    /// The values that this one was made of, in the order of the operation; none for leaves and constants.
    #[track_caller]
    pub fn operands(self) -> Vec<Value> {
        lend(|tape| {
            let mut operands = Vec::new();
            if let Some(slot) = tape.slot(self)? {
                tape.visit_operands(slot, |operand| operands.push(tape.handle(operand)));
            }
            Ok(operands)
        })
    }

    /// The fixed exponent of a [`powi`](Value::powi); `None` for all else.
    #[track_caller]
    pub fn exponent(self) -> Option<i32> {
        lend(|tape| Ok(tape.slot(self)?.and_then(|slot| tape.exponent_of(slot))))
    }

    /// Whether both stand for the same node, where `==` compares numbers. Constants have none and are never the same.
    ///
    /// ```
    /// use chainrule::Value;
    ///
    /// let (a, b) = (Value::new(2.0), Value::new(2.0));
    /// assert!(a == b && !a.is_same(b));
    /// assert!((a * b).operands()[0].is_same(a));
    /// ```
    #[track_caller]
    pub fn is_same(self, other: Value) -> bool {
        lend(|tape| {
            let (slot, other) = (tape.slot(self)?, tape.slot(other)?);
            Ok(slot.is_some() && slot == other)
        })
    }

    /// The same number as a constant: what is computed from it does not reach back.
    #[track_caller]
    pub fn detach(self) -> Self {
        Value::constant(self.data())
    }
}

impl Tape {
    /// A handle on an operand.
    pub(super) fn handle(&self, operand: Operand) -> Value {
        if operand.is_constant() {
            return Value::constant(self.constants[operand.index()]);
        }
        let slot = Slot(operand.index() as u32);
        let is_leaf = self.nodes.ops()[slot.index()] == Op::Leaf;
        Value::at(self.nodes.numbers()[slot.index()], Place::node(slot, is_leaf, self.epochs.now()))
    }
}

impl Tape {
    /// The gradient of a value; 0 where no sweep has come by.
    pub(super) fn gradient(&self, value: Value) -> Result<f64, Misuse> {
        Ok(self.slot(value)?.and_then(|slot| self.gradients.get(slot.index())).copied().unwrap_or(0.0))
    }

    pub(super) fn exponent_of(&self, slot: Slot) -> Option<i32> {
        (self.nodes.ops()[slot.index()] == Op::Powi).then(|| self.nodes.operands()[slot.index()][1].0 as i32)
    }

    /// Changes the number of a leaf.
    pub(super) fn set_number(&mut self, leaf: Value, number: f64) -> Result<(), Misuse> {
        match self.slot(leaf)? {
            Some(slot) if leaf.is_leaf() => {
                self.nodes.numbers_mut()[slot.index()] = number;
                if let Some(guards) = &mut self.guards {
                    guards.changed_leaves.push(leaf);
                }
            }
            Some(_) => return Err(Misuse::SetComputed),
            None => return Err(Misuse::SetConstant),
        }
        Ok(())
    }
}

/// As micrograd prints it: `Value(data=24.70408163265306, grad=0)`; a precision, as in `{:.2}`, is that of both numbers.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let precision = f.precision();
        let number = |x: f64| precision.map_or_else(|| x.to_string(), |digits| format!("{x:.digits$}"));
        match with_tape(|tape| tape.number(*self).and_then(|data| Ok((data, tape.gradient(*self)?)))) {
            Ok((data, grad)) => write!(f, "Value(data={}, grad={})", number(data), number(grad)),
            Err(_) if self.is_leaf() => write!(f, "Value(released)"),
            Err(_) => write!(f, "Value(data={}, released)", number(self.own_number())),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
