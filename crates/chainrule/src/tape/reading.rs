//! Reading the tape as it stands, node by node: what programs are made from.

use super::backward::{Arity, arity};
use super::handle::Value;
use super::misuse::Misuse;
use super::nodes::{Operand, Slot};
use super::storage::{Tape, lend};
use crate::Op;

/// This thread's tape, for reading.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    tape: &'a Tape,
}

/// Where an operand of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// An earlier node.
    Node(u32),
    /// A constant.
    Constant(f64),
}

/// Reads this thread's tape. What is done with it must not use values.
///
/// # Panics
///
/// If one of the values is stale.
#[track_caller]
pub(crate) fn read<R>(values: &[Value], read: impl FnOnce(Reading, Vec<Source>) -> R) -> R {
    lend(|tape| {
        let source = |value: &Value| -> Result<Source, Misuse> {
            Ok(match tape.slot(*value)? {
                Some(slot) => Source::Node(slot.0),
                None => Source::Constant(value.own_number()),
            })
        };
        let sources = values.iter().map(source).collect::<Result<_, _>>()?;
        Ok(read(Reading { tape }, sources))
    })
}

impl<'a> Reading<'a> {
    /// The operation of every node.
    #[inline(always)]
    pub fn ops(&self) -> &'a [Op] {
        self.tape.nodes.ops()
    }

    /// The number of a node.
    #[inline(always)]
    pub fn number(&self, slot: u32) -> f64 {
        self.tape.nodes.numbers()[slot as usize]
    }

    /// The exponent of a power with a fixed one, else 0.
    pub fn exponent(&self, slot: u32) -> i32 {
        self.tape.exponent_of(Slot(slot)).unwrap_or_default()
    }

    /// A handle on a node or a constant.
    pub fn value(&self, source: Source) -> Value {
        match source {
            Source::Node(slot) => self.tape.handle(Operand(slot)),
            Source::Constant(number) => Value::constant(number),
        }
    }

    /// Shows each operand of a node, in the order of its operation.
    #[inline(always)]
    pub fn operands(&self, slot: u32, mut visit: impl FnMut(Source)) {
        if let Arity::Fixed(count) = arity(self.ops()[slot as usize]) {
            let operands = &self.tape.nodes.operands()[slot as usize];
            operands[..count].iter().for_each(|operand| visit(self.source(*operand)));
        } else {
            self.tape.visit_operands(Slot(slot), |operand| visit(self.source(operand)));
        }
    }

    #[inline(always)]
    fn source(&self, operand: Operand) -> Source {
        if operand.is_constant() {
            Source::Constant(self.tape.constants[operand.index()])
        } else {
            Source::Node(operand.0)
        }
    }
}
