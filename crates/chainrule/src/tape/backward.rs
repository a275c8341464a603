//! Backpropagation: one loop over the tape, from the result down.

use super::Value;
use super::nodes::{Operand, Operands, Slot};
use super::recording::{Tape, with_tape};
use super::span::{Span, add_to_span};
use crate::Op;
use crate::op::{operations, partial};
use std::panic::Location;

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
        let caller = Location::caller();
        with_tape(|tape| match tape.slot(self, caller) {
            Some(root) => tape.backward(root, seed),
            None => panic!(
                "backward() of a constant, at {caller}: nothing was recorded to go back to. Was it computed from \
                 constants only, or within no_grad?"
            ),
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
        let caller = Location::caller();
        with_tape(|tape| {
            let mut adjoints = Vec::new();
            if let Some(root) = tape.slot(self, caller) {
                adjoints.resize(root.index() + 1, 0.0);
                adjoints[root.index()] = 1.0;
                tape.sweep(&mut adjoints);
            }
            let adjoint =
                |input: &Value| tape.slot(*input, caller).and_then(|slot| adjoints.get(slot.index()).copied());
            inputs.iter().map(|input| adjoint(input).unwrap_or(0.0)).collect()
        })
    }
}

impl Tape {
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
        for slot in first..self.swept.min(end) {
            if gradients[slot] != 0.0 && self.nodes.ops()[slot] != Op::Leaf {
                earlier.push((slot, std::mem::take(&mut gradients[slot])));
            }
        }
        gradients[root.index()] += seed;
        self.sweep(&mut gradients[..end]);
        for (slot, gradient) in earlier {
            gradients[slot] += gradient;
        }
        self.gradients = gradients;
        self.swept = self.swept.max(end);
    }

    /// Passes adjoints on, from the last slot down to the first.
    ///
    /// A zero adjoint passes nothing on: not to what the result does not depend on, and not through an infinite
    /// derivative, which would make it NaN.
    fn sweep(&self, adjoints: &mut [f64]) {
        let (ops, operands, numbers) = (self.nodes.ops(), self.nodes.operands(), self.nodes.numbers());
        let mut buffers = Buffers::default();
        for slot in (self.first_operation()..adjoints.len()).rev() {
            let adjoint = adjoints[slot];
            if adjoint != 0.0 {
                let node = Node { op: ops[slot], operands: operands[slot], number: numbers[slot] };
                self.pass_on(node, adjoint, adjoints, &mut buffers);
            }
        }
    }

    /// The first slot that is not a leaf: sweeps end there, so that parameters that stand before the graph cost nothing.
    fn first_operation(&self) -> usize {
        let known = self.leading_leaves.get();
        let more = self.nodes.ops()[known..].iter().take_while(|op| **op == Op::Leaf).count();
        self.leading_leaves.set(known + more);
        known + more
    }

    /// The operands of a node, in the order of its operation.
    pub(super) fn operands_of(&self, slot: Slot) -> Vec<Operand> {
        let operands = self.nodes.operands()[slot.index()];
        match arity(self.nodes.ops()[slot.index()]) {
            Arity::Fixed(count) => operands[..count].to_vec(),
            Arity::Any => self.spans(operands).flat_map(Span::operands).collect(),
        }
    }
}

/// A node as the sweep reads it.
#[derive(Clone, Copy)]
struct Node {
    op: Op,
    operands: Operands,
    number: f64,
}

/// Where the numbers and derivatives of an operation over slices are gathered, for as many slices as it has.
type Buffers = [Buffer; 2];

#[derive(Default)]
struct Buffer {
    numbers: Vec<f64>,
    partials: Vec<f64>,
}

#[inline(always)]
fn add(adjoints: &mut [f64], operand: Operand, adjoint: f64) {
    if !operand.is_constant() {
        debug_assert!(operand.index() < adjoints.len());
        // SAFETY: an operand's slot is below that of its node, which is below the number of adjoints.
        *unsafe { adjoints.get_unchecked_mut(operand.index()) } += adjoint;
    }
}

enum Arity {
    Fixed(usize),
    Any,
}

macro_rules! read_rules {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        pairs { $( $(#[doc = $pair_doc:literal])* $PairOp:ident $pair_symbol:literal $pair_method:ident($a:ident, $b:ident)
            -> $pair_y:ident = $pair_formula:expr; ($partials_a:ident, $partials_b:ident) => $pair_partial:expr; )* }
    ) => {
        const fn arity(op: Op) -> Arity {
            match op {
                Op::Leaf => Arity::Fixed(0),
                $( Op::$Op => read_rules!(@arity $kind $($x)+), )*
                $( Op::$SliceOp => Arity::Any, )*
                $( Op::$PairOp => Arity::Any, )*
            }
        }

        impl Tape {
            /// Adds to the adjoint of each operand the adjoint of the result times the derivative of the operation.
            #[inline(always)]
            fn pass_on(&self, node: Node, adjoint: f64, adjoints: &mut [f64], buffers: &mut Buffers) {
                match node.op {
                    Op::Leaf => {}
                    $( Op::$Op => read_rules!(@inlined $kind self node adjoint adjoints buffers $method $($x)+), )*
                    _ => self.pass_on_outlined(node, adjoint, adjoints, buffers),
                }
            }

            /// The same for operations that are not operators. They are many; inlined they would slow the sweep down.
            #[inline(never)]
            fn pass_on_outlined(&self, node: Node, adjoint: f64, adjoints: &mut [f64], buffers: &mut Buffers) {
                match node.op {
                    Op::Leaf => {}
                    $( Op::$Op => read_rules!(@pass_on $kind self node adjoint adjoints buffers $method $($x)+), )*
                    $( Op::$SliceOp => self.pass_on_slices(node, adjoint, adjoints, buffers, |[xs, _], [partials, _]| {
                        partial::$slice_method(xs, node.number, partials);
                    }), )*
                    $( Op::$PairOp => self.pass_on_slices(node, adjoint, adjoints, buffers, |[a, b], [da, db]| {
                        partial::$pair_method(a, b, node.number, da, db);
                    }), )*
                }
            }
        }
    };
    (@arity power $x:ident $n:ident) => { Arity::Fixed(1) };
    (@arity $kind:ident $x:ident) => { Arity::Fixed(1) };
    (@arity $kind:ident $a:ident $b:ident) => { Arity::Fixed(2) };
    (@arity $kind:ident $a:ident $b:ident $c:ident) => { Arity::Any };
    (@inlined operator $($rest:tt)+) => { read_rules!(@pass_on operator $($rest)+) };
    (@inlined $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $($rest:tt)+) => {
        $tape.pass_on_outlined($node, $adjoint, $adjoints, $buffers)
    };
    (@pass_on power $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $method:ident
        $x:ident $n:ident) => {{
        let [x, n] = $node.operands;
        let [partial] = partial::$method($tape.number_of(x), n.0 as i32, $node.number);
        add($adjoints, x, $adjoint * partial);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $method:ident
        $x:ident) => {{
        let [x, _] = $node.operands;
        let [partial] = partial::$method($tape.number_of(x), $node.number);
        add($adjoints, x, $adjoint * partial);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $method:ident
        $a:ident $b:ident) => {{
        let [a, b] = $node.operands;
        let [partial_a, partial_b] = partial::$method($tape.number_of(a), $tape.number_of(b), $node.number);
        add($adjoints, a, $adjoint * partial_a);
        add($adjoints, b, $adjoint * partial_b);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $method:ident
        $a:ident $b:ident $c:ident) => {
        $tape.pass_on_slices($node, $adjoint, $adjoints, $buffers, |[x, _], [partials, _]| {
            partials.copy_from_slice(&partial::$method(x[0], x[1], x[2], $node.number));
        })
    };
}
operations!(read_rules);

impl Tape {
    fn pass_on_slices(
        &self,
        node: Node,
        adjoint: f64,
        adjoints: &mut [f64],
        buffers: &mut Buffers,
        rule: impl FnOnce([&[f64]; 2], [&mut [f64]; 2]),
    ) {
        let mut spans = self.spans(node.operands);
        let spans = [spans.next(), spans.next()];
        let [first, second] = buffers;
        let (xs, dx) = self.open_buffer(spans[0], first);
        let (ys, dy) = self.open_buffer(spans[1], second);
        rule([xs, ys], [&mut *dx, &mut *dy]);
        for (span, partials) in spans.into_iter().zip([dx, dy]) {
            if let Some(span) = span {
                add_to_span(adjoints, span, adjoint, partials);
            }
        }
    }

    /// The numbers of a span, and a place for the derivatives by them.
    fn open_buffer<'a>(&'a self, span: Option<Span>, buffer: &'a mut Buffer) -> (&'a [f64], &'a mut [f64]) {
        let numbers = span.map_or(&[][..], |span| self.numbers_of_span(span, &mut buffer.numbers));
        buffer.partials.resize(numbers.len(), 0.0);
        (numbers, &mut buffer.partials)
    }
}
