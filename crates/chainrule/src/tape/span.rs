//! The operands of nodes that have many: spans in the tape's side list.
//!
//! Values that were recorded one after the other, as the weights of a neuron or the outputs of a layer, take two words
//! however many they are, and their numbers and adjoints can be read and written as slices.

use super::Value;
use super::nodes::{Operand, Operands};
use super::recording::Tape;
use super::value::Place;

/// Where the operands of a node are that come as a slice.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span<'a> {
    /// In neighbouring slots, or places among the constants.
    Range { start: Operand, length: usize },
    /// Anywhere.
    List(&'a [Operand]),
}

impl Span<'_> {
    /// In the first word of a span, beside its length.
    const IS_RANGE: u32 = 1 << 31;

    pub fn operands(self) -> Vec<Operand> {
        match self {
            Span::Range { start, length } => (0..length as u32).map(|index| Operand(start.0 + index)).collect(),
            Span::List(operands) => operands.to_vec(),
        }
    }
}

/// Whether values have neighbouring slots and one epoch, so that the last of them speaks for all.
fn are_neighbours(values: &[Value]) -> bool {
    values.first().is_some_and(|first| {
        !first.is_constant()
            && values
                .iter()
                .zip(0..)
                .fold(true, |so_far, (value, index)| so_far & (value.place() == first.place().plus(index)))
    })
}

impl Tape {
    /// Panics if one of the values is stale.
    pub(super) fn check_all(&self, values: &[Value], caller: &'static std::panic::Location<'static>) {
        let doubtful = if are_neighbours(values) { &values[values.len() - 1..] } else { values };
        for value in doubtful {
            self.check(*value, caller);
        }
    }

    /// Appends a span to the side list.
    pub(super) fn push_span(&mut self, values: &[Value]) {
        let length = values.len() as u32;
        let range_start = if are_neighbours(values) {
            Some(self.operand(values[0]))
        } else if !values.is_empty() && values.iter().all(|value| value.is_constant()) {
            Some(self.push_constants(values))
        } else {
            None
        };
        if let Some(start) = range_start {
            self.side_list.extend([Operand(length | Span::IS_RANGE), start]);
        } else {
            self.side_list.push(Operand(length));
            for value in values {
                let operand = self.operand(*value);
                self.side_list.push(operand);
            }
        }
        assert!(self.side_list.len() < Span::IS_RANGE as usize, "this thread's tape is full (2^31 operands)");
    }

    /// Where the constants find these numbers; all neurons of a layer share one copy of its inputs.
    fn push_constants(&mut self, values: &[Value]) -> Operand {
        let numbers = || values.iter().map(|value| value.own_number());
        let start = self.constants.len().saturating_sub(values.len());
        let stand_last = self.constants[start..].iter().map(|x| x.to_bits()).eq(numbers().map(f64::to_bits));
        if stand_last {
            return Operand::constant(start);
        }
        self.constants.extend(numbers());
        Operand::constant(self.constants.len() - values.len())
    }

    /// The spans of a node: the first begins at the first operand, and the second operand tells how many they are.
    pub(super) fn spans(&self, [start, count]: Operands) -> impl Iterator<Item = Span<'_>> {
        let mut rest = &self.side_list[start.index()..];
        (0..count.0).map(move |_| {
            let header = rest[0].0;
            let length = (header & !Span::IS_RANGE) as usize;
            let (span, words) = if header & Span::IS_RANGE != 0 {
                (Span::Range { start: rest[1], length }, 1)
            } else {
                (Span::List(&rest[1..][..length]), length)
            };
            rest = &rest[1 + words..];
            span
        })
    }

    /// The numbers of a span, gathered in the buffer where they do not stand together.
    pub(super) fn numbers_of_span<'a>(&'a self, span: Span, buffer: &'a mut Vec<f64>) -> &'a [f64] {
        match span {
            Span::Range { start, length } if start.is_constant() => &self.constants[start.index()..][..length],
            Span::Range { start, length } => &self.nodes.numbers()[start.index()..][..length],
            Span::List(operands) => {
                buffer.clear();
                buffer.extend(operands.iter().map(|operand| self.number_of(*operand)));
                buffer
            }
        }
    }
}

/// Adds `factor * partials` to the adjoints of a span.
pub(super) fn add_to_span(adjoints: &mut [f64], span: Span, factor: f64, partials: &[f64]) {
    match span {
        Span::Range { start, .. } if start.is_constant() => {}
        Span::Range { start, length } => {
            for (adjoint, partial) in adjoints[start.index()..][..length].iter_mut().zip(partials) {
                *adjoint += factor * partial;
            }
        }
        Span::List(operands) => {
            for (operand, partial) in operands.iter().zip(partials) {
                if !operand.is_constant() {
                    adjoints[operand.index()] += factor * partial;
                }
            }
        }
    }
}

impl Place {
    /// The place so many slots on.
    #[inline(always)]
    fn plus(self, slots: u64) -> Place {
        Place(self.0 + slots)
    }
}
