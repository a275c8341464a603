//! The operands of nodes that have many: spans in the tape's side list.
//!
//! Values that were recorded one after the other, as the weights of a neuron or the outputs of a layer, take two words
//! however many they are, and their numbers and adjoints can be read and written as slices.

use super::adjoint::Adjoint;
use super::handle::Value;
use super::misuse::Misuse;
use super::nodes::{Operand, Operands};
use super::storage::Tape;

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

    /// The span at this place in a side list.
    #[inline(always)]
    pub fn at(position: Operand, side_list: &[Operand]) -> Span<'_> {
        let [header, rest @ ..] = &side_list[position.index()..] else { return Span::List(&[]) };
        let length = (header.0 & !Self::IS_RANGE) as usize;
        if header.0 & Self::IS_RANGE != 0 {
            Span::Range { start: rest[0], length }
        } else {
            Span::List(&rest[..length])
        }
    }

    /// The two spans at this place in a side list.
    #[inline(always)]
    pub fn two_at(position: Operand, side_list: &[Operand]) -> [Span<'_>; 2] {
        let second = side_list[position.index()];
        [Span::at(Operand(position.0 + 1), side_list), Span::at(second, side_list)]
    }
}

impl<'a> Span<'a> {
    pub fn len(self) -> usize {
        match self {
            Span::Range { length, .. } => length,
            Span::List(operands) => operands.len(),
        }
    }

    /// The operands one by one.
    pub fn operands(self) -> impl Iterator<Item = Operand> + 'a {
        let (range, list) = match self {
            Span::Range { start, length } => (start.0..start.0 + length as u32, &[][..]),
            Span::List(operands) => (0..0, operands),
        };
        range.map(Operand).chain(list.iter().copied())
    }
}

/// Where numbers of spans, and derivatives by them, are gathered.
pub(super) type Buffers = [Vec<f64>; 2];

/// The operands of a node that has three: the first stands in the node, the others at this place in a side list.
#[inline(always)]
pub(super) fn three_operands([first, position]: Operands, side_list: &[Operand]) -> [Operand; 3] {
    let others = &side_list[position.index()..][..2];
    [first, others[0], others[1]]
}

/// How a slice of values stands on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In neighbouring slots, or at one distance from each other, recorded in one epoch, so that the last speaks for all.
    Neighbours,
    /// Nowhere: constants only.
    Constants,
    /// Here and there, or there are none.
    Mixed,
}

impl Layout {
    #[inline(always)]
    pub fn of(values: &[Value]) -> Self {
        Layout::with_stride(values, 1)
    }

    /// The same where neighbours stand so many slots apart.
    #[inline(always)]
    pub fn with_stride(values: &[Value], stride: u32) -> Self {
        let Some(first) = values.first() else { return Layout::Mixed };
        let (layout, stride) =
            if first.is_constant() { (Layout::Constants, 0) } else { (Layout::Neighbours, u64::from(stride)) };
        let first = first.place().0;
        let is_expected = |(value, index): (&Value, u64)| value.place().0 == first.wrapping_add(stride * index);
        if values.iter().zip(0..).all(is_expected) { layout } else { Layout::Mixed }
    }
}

/// What of a slice of values is on the tape.
#[derive(Clone, Copy)]
pub(super) struct Recorded {
    /// The place of its span in the side list.
    pub position: Operand,
    /// Where its numbers begin, if they stand together.
    start: Option<Operand>,
}

impl Tape {
    /// Whether none of the values is stale.
    #[inline(always)]
    pub(super) fn check_all(&self, values: &[Value], layout: Layout) -> Result<(), Misuse> {
        match (layout, values) {
            (Layout::Neighbours, [.., last]) => self.check(*last),
            (Layout::Constants, _) => Ok(()),
            _ => values.iter().try_for_each(|value| self.check(*value)),
        }
    }

    /// Appends the second and the third operand of a node that has three to the side list. [`Tape::check_room`] must have
    /// been asked.
    #[inline(always)]
    pub(super) fn push_two(&mut self, second: Operand, third: Operand) -> Operand {
        let position = Operand(self.side_list.len() as u32);
        self.side_list.extend_from_slice(&[second, third]);
        position
    }

    /// Appends a span to the side list. [`Tape::check_room`] must have been asked.
    #[inline(always)]
    pub(super) fn push_span(&mut self, values: &[Value], layout: Layout) -> Recorded {
        let position = Operand(self.side_list.len() as u32);
        let start = match layout {
            Layout::Neighbours => self.operand(values[0]),
            Layout::Constants => self.push_constants(values),
            Layout::Mixed => {
                self.push_list(values);
                return Recorded { position, start: None };
            }
        };
        self.side_list.extend_from_slice(&[Operand(values.len() as u32 | Span::IS_RANGE), start]);
        Recorded { position, start: Some(start) }
    }

    /// Appends the spans of a sum over two slices: where the second is, and then the first.
    #[inline(always)]
    pub(super) fn push_two_spans(&mut self, first: &[Value], layout: Layout, second: Operand) -> Recorded {
        let position = Operand(self.side_list.len() as u32);
        self.side_list.push(second);
        Recorded { position, ..self.push_span(first, layout) }
    }

    /// The numbers of values that were just recorded, gathered in the buffer where they do not stand together.
    #[inline(always)]
    pub(super) fn numbers_of<'a>(
        &'a self,
        values: &[Value],
        recorded: Recorded,
        buffer: &'a mut Vec<f64>,
    ) -> &'a [f64] {
        match recorded.start {
            Some(start) => numbers_of_range(start, values.len(), &self.constants, self.nodes.numbers()),
            None => {
                buffer.clear();
                buffer.extend(values.iter().map(|value| self.peek(*value)));
                buffer
            }
        }
    }

    #[inline(never)]
    fn push_list(&mut self, values: &[Value]) {
        self.side_list.push(Operand(values.len() as u32));
        for value in values {
            let operand = self.operand(*value);
            self.side_list.push(operand);
        }
    }

    /// Where the constants find these numbers; all neurons of a layer share one copy of its inputs.
    #[inline(never)]
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
}

/// The numbers of a range, which is one of constants or of slots.
#[inline(always)]
pub(super) fn numbers_of_range<'a>(start: Operand, length: usize, constants: &'a [f64], slots: &'a [f64]) -> &'a [f64] {
    let numbers = if start.is_constant() { constants } else { slots };
    &numbers[start.index()..][..length]
}

/// Adds to the adjoints of a span.
#[inline(always)]
pub(super) fn add_to_span<A: Adjoint>(adjoints: &mut [A], span: Span, terms: impl Iterator<Item = A>) {
    match span {
        Span::Range { start, .. } if start.is_constant() => {}
        Span::Range { start, length } => {
            for (adjoint, term) in adjoints[start.index()..][..length].iter_mut().zip(terms) {
                adjoint.add(term);
            }
        }
        Span::List(operands) => {
            for (operand, term) in operands.iter().zip(terms) {
                if !operand.is_constant() {
                    adjoints[operand.index()].add(term);
                }
            }
        }
    }
}
