//! Keeping what is still needed of a stretch of the tape, and releasing the rest.

use super::backward::{Arity, arity};
use super::calls::Called;
use super::group::Stretch;
use super::handle::Value;
use super::lookup::{Choices, layout_and_stride};
use super::misuse::Misuse;
use super::nodes::{Operand, Operands, Slot};
use super::span::{Layout, Span, three_operands};
use super::storage::{Mark, Tape};
use crate::Op;
use std::ops::Range;

/// A stretch of the tape as it was, from `start` on, and where what is kept of it went.
struct Before {
    start: usize,
    ops: Vec<Op>,
    operands: Vec<Operands>,
    numbers: Vec<f64>,
    gradients: Vec<f64>,
    side_list: Vec<Operand>,
    constants: Vec<f64>,
    is_kept: Vec<bool>,
    /// How many nodes are kept before each, and one for the end.
    kept_before: Vec<u32>,
}

impl Tape {
    /// Releases what was recorded since the mark but what `values` were made of, which moves together. The values get the
    /// new places.
    ///
    /// What is kept is recorded anew from the mark on, so that handles from before are stale as after any truncation. Calls that
    /// are not kept go to `released`, see [`Calls::split_off`](super::calls::Calls::split_off).
    pub(super) fn keep(&mut self, mark: &Mark, values: &mut [Value], released: &mut Vec<Called>) -> Result<(), Misuse> {
        let start = self.kept_since(mark);
        let Some(before) = self.before(start, values)? else { return Ok(()) };
        let named = self.names.split_off(&Slot(start as u32));
        let parameters = self.parameters.split_off(&Slot(start as u32));
        let groups = self.groups.split_off(start as u32);
        for call in self.truncate(mark) {
            match before.place_of(Slot(call.slots.start)) {
                Some(_) => self.calls.push(Called { slots: before.moved_slots(&call.slots), ..call }),
                None => released.push(call),
            }
        }

        for index in (0..before.ops.len()).filter(|index| before.is_kept[*index]) {
            self.record_anew(&before, index)?;
        }
        if !before.gradients.is_empty() {
            self.gradients.resize(start, 0.0);
            let gradients = before.gradients.iter().zip(&before.is_kept);
            self.gradients.extend(gradients.filter(|(_, is_kept)| **is_kept).map(|(gradient, _)| gradient));
            self.swept = self.gradients.len();
        }
        self.names.extend(named.into_iter().filter_map(|(slot, name)| Some((before.place_of(slot)?, name))));
        self.parameters.extend(parameters.into_iter().filter_map(|slot| before.place_of(slot)));
        for group in groups {
            if let Some(moved) = before.moved(group) {
                self.groups.push(moved.name, moved.slots);
            }
        }
        for value in values.iter_mut().filter(|value| !value.is_constant()) {
            *value = self.handle(before.operand(Operand::slot_of(*value)));
        }
        Ok(())
    }

    /// What stands from `start` on, if anything, and what of it `values` were made of.
    fn before(&self, start: usize, values: &[Value]) -> Result<Option<Before>, Misuse> {
        let mut is_kept = vec![false; self.nodes.len().saturating_sub(start)];
        let keep = |operand: Operand, is_kept: &mut [bool]| {
            if !operand.is_constant() && operand.index() >= start {
                is_kept[operand.index() - start] = true;
            }
        };
        for value in values.iter() {
            if let Some(slot) = self.slot(*value)? {
                keep(Operand(slot.0), &mut is_kept);
            }
        }
        for index in (0..is_kept.len()).rev() {
            if is_kept[index] {
                // The results of a call stay together; all have the same operands.
                if let Some(call) = self.calls.at((start + index) as u32) {
                    call.slots.clone().for_each(|slot| keep(Operand(slot), &mut is_kept));
                }
                self.visit_operands(Slot((start + index) as u32), |operand| keep(operand, &mut is_kept));
            }
        }
        if is_kept.is_empty() {
            return Ok(None);
        }
        let mut kept_before = vec![0];
        kept_before.extend(is_kept.iter().scan(0, |count, is_kept| {
            *count += u32::from(*is_kept);
            Some(*count)
        }));
        let mut gradients = self.gradients.get(start..).unwrap_or_default().to_vec();
        if !gradients.is_empty() {
            gradients.resize(is_kept.len(), 0.0);
        }
        Ok(Some(Before {
            start,
            ops: self.nodes.ops()[start..].to_vec(),
            operands: self.nodes.operands()[start..].to_vec(),
            numbers: self.nodes.numbers()[start..].to_vec(),
            gradients,
            side_list: self.side_list.clone(),
            constants: self.constants.clone(),
            is_kept,
            kept_before,
        }))
    }

    fn record_anew(&mut self, before: &Before, index: usize) -> Result<(), Misuse> {
        let (op, [first, second]) = (before.ops[index], before.operands[index]);
        let operands = match arity(op) {
            Arity::Fixed(0) => [first, second],
            Arity::Fixed(1) => [before.operand(first), second],
            Arity::Fixed(_) => [first, second].map(|operand| self.moved_operand(before, operand)),
            Arity::Three => {
                self.check_room(3)?;
                let operands = three_operands([first, second], &before.side_list);
                let [a, b, c] = operands.map(|operand| self.moved_operand(before, operand));
                [a, self.push_two(b, c)]
            }
            Arity::Slice => {
                let values = self.moved_values(before, Span::at(first, &before.side_list).operands());
                self.check_room(values.len())?;
                [self.push_span(&values, Layout::of(&values)).position, Operand::NONE]
            }
            Arity::Lookup => {
                let choices = self.moved_values(before, Choices::at(first, &before.side_list).operands());
                self.check_room(choices.len())?;
                let (layout, stride) = layout_and_stride(&choices);
                let position = self.push_choices(&choices, layout, stride);
                [position, self.moved_operand(before, second)]
            }
            Arity::Sum => {
                let [a, b] =
                    Span::two_at(first, &before.side_list).map(|span| self.moved_values(before, span.operands()));
                self.check_room(a.len() + b.len())?;
                let b = self.push_span(&b, Layout::of(&b)).position;
                let position = self.push_two_spans(&a, Layout::of(&a), b).position;
                [position, if second == Operand::NONE { second } else { self.moved_operand(before, second) }]
            }
        };
        self.check_room(2)?;
        self.record(op, operands, before.numbers[index]);
        Ok(())
    }

    fn moved_operand(&mut self, before: &Before, operand: Operand) -> Operand {
        if operand.is_constant() {
            return self.operand(Value::constant(before.constants[operand.index()]));
        }
        before.operand(operand)
    }

    fn moved_values(&self, before: &Before, operands: impl Iterator<Item = Operand>) -> Vec<Value> {
        let value = |operand: Operand| {
            if operand.is_constant() {
                return Value::constant(before.constants[operand.index()]);
            }
            self.handle(before.operand(operand))
        };
        operands.map(value).collect()
    }
}

impl Before {
    /// Where a slot that is an operand of what is kept, or before all that, has gone to.
    fn operand(&self, operand: Operand) -> Operand {
        match operand.index().checked_sub(self.start) {
            None => operand,
            Some(index) => Operand(self.start as u32 + self.kept_before[index]),
        }
    }

    /// The new slot of one that is kept.
    fn place_of(&self, slot: Slot) -> Option<Slot> {
        let index = slot.index() - self.start;
        self.is_kept[index].then(|| Slot(self.operand(Operand(slot.0)).0))
    }

    /// What is left of a stretch of slots.
    fn moved_slots(&self, slots: &Range<u32>) -> Range<u32> {
        self.operand(Operand(slots.start)).0..self.operand(Operand(slots.end)).0
    }

    /// What is left of a group; nothing of those to which nodes belong in turn, if one is missing.
    fn moved(&self, group: Stretch) -> Option<Stretch> {
        let slots = self.moved_slots(&group.slots);
        let is_whole = slots.len() == group.slots.len();
        (is_whole || !group.is_in_turn()).then_some(Stretch { slots, ..group })
    }
}
