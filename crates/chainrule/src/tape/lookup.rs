//! Lookups: one of several choices, by an index that is known when it runs.
//!
//! Choices that stand on the tape at equal distances, as a column of a table does, take three words however many they are.

use super::handle::Value;
use super::misuse::Misuse;
use super::nodes::Operand;
use super::span::{Layout, Span};
use super::storage::{Tape, lend};
use crate::Op;

/// The choices of a lookup.
#[derive(Clone, Copy)]
pub(super) struct Choices<'a> {
    pub span: Span<'a>,
    /// From one slot of a range to the next.
    pub stride: u32,
}

impl<'a> Choices<'a> {
    /// The choices at this place in a side list.
    #[inline(always)]
    pub fn at(position: Operand, side_list: &'a [Operand]) -> Self {
        let stride = side_list[position.index()].0;
        Choices { span: Span::at(Operand(position.0 + 1), side_list), stride }
    }

    /// The choices one by one.
    pub fn operands(self) -> impl Iterator<Item = Operand> + 'a {
        (0..self.len()).map(move |place| self.get(place))
    }

    /// The choice that an index counts to, if there is one.
    #[inline(always)]
    pub fn chosen_by(self, index: f64) -> Option<Operand> {
        place_of(index, self.len()).map(|place| self.get(place))
    }

    #[inline(always)]
    fn len(self) -> usize {
        match self.span {
            Span::Range { length, .. } => length,
            Span::List(operands) => operands.len(),
        }
    }

    #[inline(always)]
    fn get(self, place: usize) -> Operand {
        match self.span {
            Span::Range { start, .. } => Operand(start.0 + self.stride * place as u32),
            Span::List(operands) => operands[place],
        }
    }
}

/// The place among so many choices that an index counts to: a whole number from 0 up.
#[inline(always)]
fn place_of(index: f64, count: usize) -> Option<usize> {
    let place = index as usize;
    (place as f64 == index && place < count).then_some(place)
}

/// Records the lookup of one of the choices.
#[track_caller]
pub(super) fn record(op: Op, index: Value, choices: &[Value]) -> Value {
    let (layout, stride) = layout_and_stride(choices);
    lend(|tape| {
        tape.check(index)?;
        tape.check_all(choices, layout)?;
        tape.check_room(choices.len())?;
        let index_number = tape.peek(index);
        let place = place_of(index_number, choices.len());
        let place = place.ok_or(Misuse::NoSuchChoice(index_number, choices.len()))?;
        let number = tape.peek(choices[place]);
        if tape.nodes.is_paused() || (index.is_constant() && layout == Layout::Constants) {
            return Ok(Value::constant(number));
        }
        let operands = [tape.push_choices(choices, layout, stride), tape.operand(index)];
        Ok(Value::at(number, tape.record(op, operands, number)))
    })
}

/// How choices stand on the tape, where neighbours may stand this many slots apart.
pub(super) fn layout_and_stride(choices: &[Value]) -> (Layout, u32) {
    if let [first, second, ..] = choices
        && let Some(last) = choices.last()
        && let Some(stride) = second.place().slots_after(first.place())
        && last.place().slots_after(first.place()).is_some()
    {
        return (Layout::with_stride(choices, stride), stride);
    }
    (Layout::of(choices), 1)
}

impl Tape {
    /// Appends choices to the side list. [`Tape::check_room`] must have been asked.
    #[inline(always)]
    pub(super) fn push_choices(&mut self, choices: &[Value], layout: Layout, stride: u32) -> Operand {
        let position = Operand(self.side_list.len() as u32);
        self.side_list.push(Operand(stride));
        self.push_span(choices, layout);
        position
    }
}
