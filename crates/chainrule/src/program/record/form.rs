//! What items do, whatever their operands are: a form, kept once for all items that have it.

use super::operands::{Operands, Stretch, count, side_by_side};
use crate::Op;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// What an item does, and which of its operands are constants.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub shape: Shape,
    /// A hash of what a form is: what puts groups in order.
    pub symbol: u64,
    /// The operands of the first item that had it.
    example: Range<u32>,
    /// Whether some of them are constants.
    has_constants: bool,
}

/// What an item does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub kind: Kind,
    /// What is applied to a sum.
    pub activation: Option<Op>,
    /// The exponent of a power with a fixed one.
    pub exponent: i32,
    /// So many plain terms a sum has, or operands an operation.
    pub plain: u32,
    /// So many products a sum has.
    pub products: u32,
    /// So many of them, the last ones, are subtracted.
    pub subtracted: u32,
}

/// A sum, or what else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A sum of plain terms and products.
    Sum,
    /// An operation of the table.
    Operation(Op),
    /// A call of an operation of the user's own, by its number, with so many results.
    Call { number: u32, results: u32 },
}

/// All forms that items have, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Forms {
    forms: Vec<Form>,
    /// The latest of those with a symbol.
    known: FxHashMap<u64, u32>,
    /// The number that was given last: mostly the next item has the same form.
    latest: u32,
}

impl Shape {
    /// So many operands it has.
    pub fn operands(&self) -> u32 {
        self.plain + 2 * self.products
    }

    /// So many products a sum adds: the first ones.
    pub fn added(&self) -> u32 {
        self.products - self.subtracted
    }
}

impl Forms {
    /// The form with a number.
    #[inline(always)]
    pub fn get(&self, number: u32) -> &Form {
        &self.forms[number as usize]
    }

    /// The shapes of all forms, in the order of their numbers.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.forms.iter().map(|form| &form.shape)
    }

    /// The number of the form of an item with this shape and the last list of these operands.
    pub fn number(&mut self, shape: Shape, operands: &Operands) -> u32 {
        let list = operands.last_list();
        let has_constants = list.iter().any(|stretch| stretch.first.is_constant());
        let has = |form: &Form| {
            let is_alike = form.shape == shape && form.has_constants == has_constants;
            is_alike && (!has_constants || are_alike(operands.list(&form.example), list))
        };
        if self.forms.get(self.latest as usize).is_some_and(has) {
            return self.latest;
        }
        let symbol = symbol(shape, list);
        let known = self.known.get(&symbol).filter(|number| has(self.get(**number)));
        self.latest = known.copied().unwrap_or_else(|| {
            let number = self.forms.len() as u32;
            self.forms.push(Form { shape, symbol, example: operands.written(), has_constants });
            self.known.insert(symbol, number);
            number
        });
        self.latest
    }
}

/// Whether the same operands of equally many are constants.
fn are_alike(a: &[Stretch], b: &[Stretch]) -> bool {
    side_by_side([a, b]).all(|[a, b]| a.first.is_constant() == b.first.is_constant())
}

/// Hashes a shape and which operands are constants, sixty-four to a word.
fn symbol(shape: Shape, list: &[Stretch]) -> u64 {
    let mut hasher = FxHasher::default();
    shape.hash(&mut hasher);
    let mut word = 0u64;
    for stretch in list {
        let mut position = stretch.position;
        while position < stretch.end() {
            let bits = (64 - position % 64).min(stretch.end() - position);
            let ones = if stretch.first.is_constant() { u64::MAX >> (64 - bits) } else { 0 };
            word = word << (bits - 1) << 1 | ones;
            position += bits;
            if position.is_multiple_of(64) {
                hasher.write_u64(std::mem::take(&mut word));
            }
        }
    }
    if !count(list).is_multiple_of(64) {
        hasher.write_u64(word);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::operands::Operand;
    use super::*;

    #[test]
    fn items_with_the_same_constants_have_one_form() {
        let constant = Operand::constant(0);
        let lists =
            [[Operand(1), Operand(2)], [Operand(9), Operand(3)], [Operand(1), constant], [Operand(5), constant]];
        let (mut forms, mut operands) = (Forms::default(), Operands::default());
        let mut number = |kind, list: [Operand; 2]| {
            operands.begin();
            list.iter().for_each(|operand| operands.push(*operand));
            forms.number(Shape { kind, activation: None, exponent: 0, plain: 2, products: 0, subtracted: 0 }, &operands)
        };
        assert_eq!(lists.map(|list| number(Kind::Sum, list)), [0, 0, 1, 1]);
        assert_eq!(lists.map(|list| number(Kind::Operation(Op::Div), list)), [2, 2, 3, 3]);
        assert_eq!(number(Kind::Sum, lists[0]), 0);
    }
}
