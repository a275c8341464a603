//! Backpropagation: one loop over the tape, from the result down.
#![allow(unsafe_code)]

use super::adjoint::{Adjoint, Pair, before_zeros};
use super::handle::Value;
use super::lookup::Choices;
use super::misuse::Misuse;
use super::nodes::{Operand, Operands, Slot};
use super::span::{Buffers, Span, add_to_span, numbers_of_range, three_operands};
use super::storage::{Tape, lend};
use crate::Op;
use crate::op::{operations, partial};

impl Value {
    /// Goes backward from this value: adds to the gradient of every value that it was computed from, and to its own, the
    /// derivative of this value by that one.
    ///
    /// As in PyTorch, gradients add up over calls until [`zero_grad`](Value::zero_grad).
    ///
    /// # Panics
    ///
    /// If this is a constant: there is nothing to go back to.
    #[track_caller]
    pub fn backward(self) {
        self.backward_with(1.0);
    }

    /// Goes [`backward`](Value::backward) with another seed than 1: what is added are `seed` times the derivatives.
    ///
    /// # Panics
    ///
    /// If this is a constant: there is nothing to go back to.
    #[track_caller]
    pub fn backward_with(self, seed: f64) {
        lend(|tape| {
            let root = tape.slot(self)?.ok_or(Misuse::BackwardOfConstant)?;
            tape.backward(root, seed);
            Ok(())
        });
    }

    /// The derivatives of this value by each of `inputs`: 0 where it does not depend on one. Gradients kept by
    /// [`backward`](Value::backward) are neither read nor changed.
    ///
    /// ```
    /// use chainrule::Value;
    ///
    /// let a = Value::new(2.0);
    /// let b = Value::new(3.0);
    /// assert_eq!((a * a * b).gradient(&[a, b]), [12.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn gradient(self, inputs: &[Value]) -> Vec<f64> {
        let mut gradient = vec![0.0; inputs.len()];
        self.gradient_into(inputs, &mut gradient);
        gradient
    }

    /// The [`gradient`](Value::gradient), into a buffer of the caller's own.
    ///
    /// ```
    /// use chainrule::Value;
    ///
    /// let (a, b) = (Value::new(2.0), Value::new(3.0));
    /// let mut gradient = [0.0; 2];
    /// (a * a * b).gradient_into(&[a, b], &mut gradient);
    /// assert_eq!(gradient, [12.0, 4.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the buffer has not as many numbers as there are inputs.
    #[track_caller]
    pub fn gradient_into(self, inputs: &[Value], gradient: &mut [f64]) {
        assert_eq!(gradient.len(), inputs.len(), "a gradient has a number for each input");
        lend(|tape| tape.rows_into::<f64>(&[self], inputs, gradient));
    }

    /// The Jacobian matrix of several values, row after row into a buffer: for each of `results` its
    /// [`gradient`](Value::gradient). Two of them are swept at once, which takes little longer than one.
    ///
    /// ```
    /// use chainrule::Value;
    ///
    /// let (a, b) = (Value::new(2.0), Value::new(3.0));
    /// let mut rows = [0.0; 4];
    /// Value::jacobian_into(&[a * b, a / b], &[a, b], &mut rows);
    /// assert_eq!(rows, [3.0, 2.0, 1.0 / 3.0, -2.0 / 9.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the buffer has not as many numbers as there are results, times as many as there are inputs.
    #[track_caller]
    pub fn jacobian_into(results: &[Value], inputs: &[Value], rows: &mut [f64]) {
        let width = inputs.len();
        assert_eq!(rows.len(), results.len() * width, "a Jacobian matrix has a number for each result and input");
        let (pairs, rest) = results.as_chunks::<2>();
        let (rows_of_pairs, rows_of_rest) = rows.split_at_mut(2 * width * pairs.len());
        lend(|tape| {
            for (place, pair) in pairs.iter().enumerate() {
                tape.rows_into::<Pair>(pair, inputs, &mut rows_of_pairs[2 * width * place..][..2 * width])?;
            }
            rest.iter().try_for_each(|result| tape.rows_into::<f64>(&[*result], inputs, rows_of_rest))
        });
    }
}

impl Tape {
    /// Writes the derivatives of as many values as an adjoint is of by inputs, a row for each value, with one sweep.
    fn rows_into<A: Adjoint>(&mut self, results: &[Value], inputs: &[Value], rows: &mut [f64]) -> Result<(), Misuse> {
        debug_assert_eq!(results.len(), A::RESULTS);
        let mut end = 0;
        for result in results {
            end = end.max(self.slot(*result)?.map_or(0, |root| root.index() + 1));
        }
        let mut adjoints = std::mem::take(A::grow_in(self));
        if adjoints.len() < end {
            adjoints.resize(end, A::ZERO);
        }
        let swept = &mut adjoints[..end];
        for (number, result) in results.iter().enumerate() {
            if !result.is_constant() {
                *swept[Operand::slot_of(*result).index()].of(number) = 1.0;
            }
        }
        // What is asked for are most often leaves that stand before all operations: then no other adjoint need be kept.
        let first = self.first_operation().min(end);
        let mut each_row = rows.chunks_exact_mut(inputs.len().max(1)).enumerate();
        let written = match self.range_of_leaves(inputs) {
            Ok(Some(range)) if range.end <= first => {
                self.sweep::<A, false>(swept);
                let adjoints = &mut swept[range];
                each_row.for_each(|(result, row)| {
                    row.iter_mut().zip(&mut *adjoints).for_each(|(to, adjoint)| *to = *adjoint.of(result));
                });
                swept[..first].fill(A::ZERO);
                Ok(())
            }
            _ => {
                self.sweep::<A, true>(swept);
                let written = each_row.try_for_each(|(result, row)| {
                    self.write_each(inputs, |slot| swept.get_mut(slot).map(|adjoint| *adjoint.of(result)), row)
                });
                swept.fill(A::ZERO);
                written
            }
        };
        *A::grow_in(self) = adjoints;
        written
    }

    fn backward(&mut self, root: Slot, seed: f64) {
        let end = root.index() + 1;
        let mut gradients = std::mem::take(&mut self.gradients);
        if gradients.len() < end {
            gradients.resize(end, 0.0);
        }
        // Adjoints grow in the place of the gradients, so the gradients that earlier sweeps left on the way must not be
        // taken for adjoints. Those of leaves may stay: nothing is passed on from a leaf.
        let first = self.first_operation();
        let mut earlier = Vec::new();
        for (slot, gradient) in gradients.iter_mut().enumerate().take(self.swept.min(end)).skip(first) {
            if *gradient != 0.0 && self.nodes.ops()[slot] != Op::Leaf {
                earlier.push((slot, std::mem::take(gradient)));
            }
        }
        gradients[root.index()] += seed;
        self.sweep::<f64, true>(&mut gradients[..end]);
        for (slot, gradient) in earlier {
            gradients[slot] += gradient;
        }
        self.gradients = gradients;
        self.swept = self.swept.max(end);
    }

    /// Passes adjoints on, from the last slot down to the first.
    ///
    /// A zero adjoint passes nothing on: not to what the result does not depend on, and not through an infinite
    /// derivative, which would make it NaN. Nor does an infinite adjoint through a derivative of 0.
    ///
    /// Adjoints are kept, or set to 0 on the way, but for those of the leaves that stand before all operations.
    fn sweep<A: Adjoint, const KEEPS: bool>(&mut self, adjoints: &mut [A]) {
        // No tape begins with an operation: at each there is a slot before it.
        let first = self.first_operation().max(1);
        let mut end = adjoints.len();
        if end <= first {
            return;
        }
        let mut buffers = std::mem::take(&mut self.buffers);
        let recording = self.recording();
        let ops = &recording.ops[..end];
        let mut adjoint = adjoints[end - 1];
        loop {
            let slot = end - 1;
            // SAFETY: the slot is below the length of both, and not the first.
            let (op, next) = unsafe {
                *adjoints.get_unchecked_mut(slot) = if KEEPS { adjoint } else { A::ZERO };
                (*ops.get_unchecked(slot), *adjoints.get_unchecked(slot - 1))
            };
            let mut passing = Passing { adjoints, next_slot: slot - 1, next };
            end = slot;
            if adjoint.is_ordinary() {
                if !recording.pass_on_at_once(op, slot, adjoint, &mut passing) {
                    recording.pass_on::<A, false>(op, slot, adjoint, passing.adjoints, &mut buffers);
                    passing.next = passing.adjoints[slot - 1];
                }
                adjoint = passing.next;
            } else {
                if adjoint.is_zero() {
                    end = first + before_zeros(&adjoints[first..slot]);
                } else {
                    recording.pass_on::<A, true>(op, slot, adjoint, adjoints, &mut buffers);
                }
                adjoint = adjoints[end - 1];
            }
            if end == first {
                adjoints[end - 1] = adjoint;
                break;
            }
        }
        self.buffers = buffers;
    }

    fn recording(&self) -> Recording<'_> {
        Recording {
            ops: self.nodes.ops(),
            operands: self.nodes.operands(),
            numbers: self.nodes.numbers(),
            constants: &self.constants,
            side_list: &self.side_list,
        }
    }

    /// The first slot that is not a leaf: sweeps end there, so that parameters that stand before the graph cost nothing.
    fn first_operation(&self) -> usize {
        let known = self.leading_leaves.get();
        let more = self.nodes.ops()[known..].iter().take_while(|op| **op == Op::Leaf).count();
        self.leading_leaves.set(known + more);
        known + more
    }

    /// Shows each operand of a node, in the order of its operation.
    pub(super) fn visit_operands(&self, slot: Slot, mut visit: impl FnMut(Operand)) {
        let operands = self.nodes.operands()[slot.index()];
        match arity(self.nodes.ops()[slot.index()]) {
            Arity::Fixed(count) => operands[..count].iter().copied().for_each(visit),
            Arity::Three => three_operands(operands, &self.side_list).into_iter().for_each(visit),
            Arity::Slice => Span::at(operands[0], &self.side_list).operands().for_each(visit),
            Arity::Sum => {
                let [position, init] = operands;
                for span in Span::two_at(position, &self.side_list) {
                    span.operands().for_each(&mut visit);
                }
                if init != Operand::NONE {
                    visit(init);
                }
            }
            Arity::Lookup => {
                let [position, index] = operands;
                visit(index);
                Choices::at(position, &self.side_list).operands().for_each(visit);
            }
        }
    }
}

/// What a sweep reads of a tape.
///
/// Invariants: those of [`Tape`].
#[derive(Clone, Copy)]
struct Recording<'a> {
    ops: &'a [Op],
    operands: &'a [Operands],
    numbers: &'a [f64],
    constants: &'a [f64],
    side_list: &'a [Operand],
}

impl<'a> Recording<'a> {
    /// The operands of the node that the sweep has come to.
    #[inline(always)]
    fn operands_at(&self, slot: usize) -> Operands {
        debug_assert!(slot < self.operands.len());
        // SAFETY: a sweep comes to slots below the length of all lists of nodes, which is one.
        *unsafe { self.operands.get_unchecked(slot) }
    }

    /// Its number.
    #[inline(always)]
    fn number_at(&self, slot: usize) -> f64 {
        debug_assert!(slot < self.numbers.len());
        // SAFETY: as above.
        *unsafe { self.numbers.get_unchecked(slot) }
    }

    /// Its operands, if it has three.
    #[inline(always)]
    fn three_operands_at(&self, slot: usize) -> [Operand; 3] {
        let [first, position] = self.operands_at(slot);
        debug_assert!(position.index() + 1 < self.side_list.len());
        // SAFETY: by invariant 2 the two others are there as long as the node.
        let others = [0, 1].map(|place| *unsafe { self.side_list.get_unchecked(position.index() + place) });
        [first, others[0], others[1]]
    }

    /// The number of an operand of a node.
    #[inline(always)]
    fn number_of(&self, operand: Operand) -> f64 {
        let numbers = if operand.is_constant() { self.constants } else { self.numbers };
        debug_assert!(operand.index() < numbers.len());
        // SAFETY: by invariants 1 and 2 an operand is there as long as its node.
        *unsafe { numbers.get_unchecked(operand.index()) }
    }

    /// The numbers of a span, gathered in the buffer where they do not stand together.
    #[inline(always)]
    fn numbers_of<'b>(&self, span: Span, buffer: &'b mut Vec<f64>) -> &'b [f64]
    where
        'a: 'b,
    {
        match span {
            Span::Range { start, length } => numbers_of_range(start, length, self.constants, self.numbers),
            Span::List(operands) => {
                buffer.clear();
                buffer.extend(operands.iter().map(|operand| self.number_of(*operand)));
                buffer
            }
        }
    }
}

/// What operands' adjoints are added to.
trait Sums<A> {
    /// Adds to the adjoint of an operand of the node that the sweep has come to.
    fn add(&mut self, slot: Slot, term: A);
}

impl<A: Adjoint> Sums<A> for [A] {
    #[inline(always)]
    fn add(&mut self, slot: Slot, term: A) {
        debug_assert!(slot.index() < self.len());
        // SAFETY: by invariant 1 of the tape an operand's slot is below that of its node, which has an adjoint.
        unsafe { self.get_unchecked_mut(slot.index()) }.add(term);
    }
}

/// The adjoints while an operator passes its own on. That of the slot before, which the sweep comes to next and which most often
/// is an operand, is held apart: it stays in a register, where the way through memory would take longer than all else.
struct Passing<'a, A> {
    adjoints: &'a mut [A],
    next_slot: usize,
    next: A,
}

impl<A: Adjoint> Sums<A> for Passing<'_, A> {
    #[inline(always)]
    fn add(&mut self, slot: Slot, term: A) {
        if slot.index() == self.next_slot { self.next.add(term) } else { self.adjoints.add(slot, term) }
    }
}

/// How the operands of a node are kept.
pub(super) enum Arity {
    /// So many in the node itself.
    Fixed(usize),
    /// One in the node itself, two in the side list.
    Three,
    /// A span in the side list.
    Slice,
    /// Two spans in the side list, and an initial number.
    Sum,
    /// Choices in the side list, and an index.
    Lookup,
}

macro_rules! read_rules {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        sums { $( $(#[doc = $sum_doc:literal])* $SumOp:ident $sum_symbol:literal $sum_method:ident($a:ident, $b:ident)
            -> sum of $term:expr; [$partial_a:expr, $partial_b:expr]; )* }
        lookups { $( $(#[doc = $lookup_doc:literal])* $LookupOp:ident $lookup_symbol:literal $lookup_method:ident(
            $index:ident, $choices:ident) -> $lookup_y:ident = $lookup_formula:expr; $lookup_partials:ident
            => $lookup_partial:expr; )* }
    ) => {
        #[inline(always)]
        pub(super) const fn arity(op: Op) -> Arity {
            match op {
                Op::Leaf => Arity::Fixed(0),
                Op::Custom => Arity::Sum,
                $( Op::$Op => read_rules!(@arity $kind $($x)+), )*
                $( Op::$SliceOp => Arity::Slice, )*
                $( Op::$SumOp => Arity::Sum, )*
                $( Op::$LookupOp => Arity::Lookup, )*
            }
        }

        impl Recording<'_> {
            /// Adds to the adjoint of each operand the adjoint of the result times the derivative of the operation, if that is an
            /// operator. Inlined: all operations would slow the sweep down.
            #[inline(always)]
            fn pass_on_at_once<A: Adjoint>(
                &self,
                op: Op,
                slot: usize,
                adjoint: A,
                adjoints: &mut Passing<A>,
            ) -> bool {
                match op {
                    Op::Leaf => true,
                    $( Op::$Op => read_rules!(@inlined $kind self (slot, adjoint, adjoints) $method($($x)+)), )*
                    _ => false,
                }
            }

            /// The same for any operation. Strongly where an adjoint is infinite or NaN, of which nothing is left after a derivative
            /// of 0, or where one is zero beside another that is passed on, and stays so after an infinite derivative.
            #[inline(never)]
            fn pass_on<A: Adjoint, const STRONGLY: bool>(
                &self,
                op: Op,
                slot: usize,
                adjoint: A,
                adjoints: &mut [A],
                buffers: &mut Buffers,
            ) {
                let product = |adjoint: A, partial| {
                    if STRONGLY { adjoint.strong_product(partial) } else { adjoint.product(partial) }
                };
                read_rules!(@all self op (slot, adjoint, adjoints, product) buffers;
                    $($Op $kind $method($($x)+))*; $($SliceOp $slice_method)*; $($SumOp $sum_method)*; $($LookupOp)*)
            }
        }
    };
    (@all $this:ident $op:ident $at:tt $buffers:ident; $($Op:ident $kind:ident $method:ident $operands:tt)*;
        $($SliceOp:ident $slice_method:ident)*; $($SumOp:ident $sum_method:ident)*; $($LookupOp:ident)*
    ) => {
        match $op {
            Op::Leaf => {}
            // The derivatives are a factor of what they are taken by.
            Op::Custom => read_rules!(@call $this pass_on_sum $at $buffers, partial::dot),
            $( Op::$Op => read_rules!(@pass_on $kind $this $at $method $operands), )*
            $( Op::$SliceOp => read_rules!(@call $this pass_on_slice $at $buffers, partial::$slice_method), )*
            $( Op::$SumOp => read_rules!(@call $this pass_on_sum $at $buffers, partial::$sum_method), )*
            $( Op::$LookupOp => read_rules!(@lookup $this $at), )*
        }
    };
    (@arity power $x:ident $n:ident) => { Arity::Fixed(1) };
    (@arity $kind:ident $x:ident) => { Arity::Fixed(1) };
    (@arity $kind:ident $a:ident $b:ident) => { Arity::Fixed(2) };
    (@arity $kind:ident $a:ident $b:ident $c:ident) => { Arity::Three };
    (@inlined operator $this:ident ($($at:ident),+) $($rule:tt)+) => {{
        let product = A::product;
        read_rules!(@pass_on operator $this ($($at,)+ product) $($rule)+);
        true
    }};
    (@inlined arithmetic $this:ident ($($at:ident),+) $($rule:tt)+) => {{
        let product = A::product;
        read_rules!(@pass_on arithmetic $this ($($at,)+ product) $($rule)+);
        true
    }};
    (@inlined $kind:ident $($rest:tt)+) => { false };
    (@pass_on power $this:ident $at:tt $method:ident($x:ident $n:ident)) => {
        read_rules!(@call $this pass_on_power $at partial::$method)
    };
    (@pass_on $kind:ident $this:ident $at:tt $method:ident($x:ident)) => {
        read_rules!(@call $this pass_on_unary $at partial::$method)
    };
    (@pass_on $kind:ident $this:ident $at:tt $method:ident($a:ident $b:ident)) => {
        read_rules!(@call $this pass_on_binary $at partial::$method)
    };
    (@pass_on $kind:ident $this:ident $at:tt $method:ident($a:ident $b:ident $c:ident)) => {
        read_rules!(@call $this pass_on_ternary $at partial::$method)
    };
    (@lookup $this:ident ($slot:ident, $adjoint:ident, $adjoints:ident, $($rest:ident),+)) => {
        $this.pass_on_lookup($slot, $adjoint, $adjoints)
    };
    (@call $this:ident $pass_on:ident ($($at:ident),+) $($rule:expr),+) => { $this.$pass_on($($at,)+ $($rule),+) };
}
operations!(read_rules);

// One for each way in which operands are kept; all take where the sweep is, how adjoint and derivative are multiplied, and
// the rule of the operation.
impl Recording<'_> {
    /// Adds to the adjoints of operands what `terms` makes of their numbers.
    #[inline(always)]
    fn pass_on_to<const COUNT: usize, A: Adjoint>(
        &self,
        operands: [Operand; COUNT],
        adjoints: &mut (impl Sums<A> + ?Sized),
        terms: impl Fn([f64; COUNT]) -> [A; COUNT],
    ) {
        // Looked at together first: most often none is a constant.
        if let Some(slots) = Operand::slots(operands) {
            let terms = terms(slots.map(|slot| self.number_at(slot.index())));
            for (slot, term) in slots.into_iter().zip(terms) {
                adjoints.add(slot, term);
            }
        } else {
            let terms = terms(operands.map(|operand| self.number_of(operand)));
            for (operand, term) in operands.into_iter().zip(terms) {
                if let Some(slot) = operand.slot() {
                    adjoints.add(slot, term);
                }
            }
        }
    }

    #[inline(always)]
    fn pass_on_unary<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut (impl Sums<A> + ?Sized),
        product: impl Fn(A, f64) -> A,
        rule: impl Fn(f64, f64) -> [f64; 1],
    ) {
        let [x, _] = self.operands_at(slot);
        self.pass_on_to([x], adjoints, |[x]| rule(x, self.number_at(slot)).map(|partial| product(adjoint, partial)));
    }

    #[inline(always)]
    fn pass_on_power<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut (impl Sums<A> + ?Sized),
        product: impl Fn(A, f64) -> A,
        rule: impl Fn(f64, i32, f64) -> [f64; 1],
    ) {
        let [x, n] = self.operands_at(slot);
        let rule = |x, y| rule(x, n.0 as i32, y);
        self.pass_on_to([x], adjoints, |[x]| rule(x, self.number_at(slot)).map(|partial| product(adjoint, partial)));
    }

    #[inline(always)]
    fn pass_on_binary<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut (impl Sums<A> + ?Sized),
        product: impl Fn(A, f64) -> A,
        rule: impl Fn(f64, f64, f64) -> [f64; 2],
    ) {
        self.pass_on_to(self.operands_at(slot), adjoints, |[a, b]| {
            rule(a, b, self.number_at(slot)).map(|partial| product(adjoint, partial))
        });
    }

    #[inline(always)]
    fn pass_on_ternary<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut (impl Sums<A> + ?Sized),
        product: impl Fn(A, f64) -> A,
        rule: impl Fn(f64, f64, f64, f64) -> [f64; 3],
    ) {
        self.pass_on_to(self.three_operands_at(slot), adjoints, |[a, b, c]| {
            rule(a, b, c, self.number_at(slot)).map(|partial| product(adjoint, partial))
        });
    }

    #[inline(always)]
    fn pass_on_slice<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut [A],
        product: impl Fn(A, f64) -> A,
        [numbers, partials]: &mut Buffers,
        rule: impl FnOnce(&[f64], f64, &mut [f64]),
    ) {
        let [position, shares] = self.operands_at(slot);
        let span = Span::at(position, self.side_list);
        if shares != Operand::NONE {
            // What the derivatives are in proportion to, and then what it is divided by.
            let (shares, rest) = self.constants[shares.index()..].split_at(span.len());
            let total = rest[0];
            return add_to_span(adjoints, span, shares.iter().map(|share| product(adjoint, share / total)));
        }
        let xs = self.numbers_of(span, numbers);
        partials.clear();
        partials.resize(xs.len(), 0.0);
        rule(xs, self.numbers[slot], partials);
        add_to_span(adjoints, span, partials.iter().map(|partial| product(adjoint, *partial)));
    }

    #[inline(always)]
    fn pass_on_sum<A: Adjoint>(
        &self,
        slot: usize,
        adjoint: A,
        adjoints: &mut [A],
        product: impl Fn(A, f64) -> A,
        [numbers_a, numbers_b]: &mut Buffers,
        rule: impl Fn(f64, f64) -> [f64; 2],
    ) {
        let [position, init] = self.operands[slot];
        let [span_a, span_b] = Span::two_at(position, self.side_list);
        let (a, b) = (self.numbers_of(span_a, numbers_a), self.numbers_of(span_b, numbers_b));
        add_to_span(adjoints, span_a, a.iter().zip(b).map(|(&a, &b)| product(adjoint, rule(a, b)[0])));
        add_to_span(adjoints, span_b, a.iter().zip(b).map(|(&a, &b)| product(adjoint, rule(a, b)[1])));
        if let Some(slot) = init.slot() {
            adjoints.add(slot, adjoint);
        }
    }

    /// All goes to what was chosen: no need to write down a derivative for each choice, as the rule of the table does.
    #[inline(always)]
    fn pass_on_lookup<A: Adjoint>(&self, slot: usize, adjoint: A, adjoints: &mut [A]) {
        let [position, index] = self.operands[slot];
        let chosen = Choices::at(position, self.side_list).chosen_by(self.number_of(index));
        if let Some(slot) = chosen.and_then(Operand::slot) {
            adjoints.add(slot, adjoint);
        }
    }
}
