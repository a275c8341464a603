//! Backpropagation: one loop over the tape, from the result down.

use super::Value;
use super::recording::{Node, Operand, Slot, Tape, with_tape};
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
            let adjoint = |input: &Value| tape.slot(*input, caller).and_then(|slot| adjoints.get(slot.index()).copied());
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
            if gradients[slot] != 0.0 && self.ops[slot] != Op::Leaf {
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
        let first = self.first_operation();
        let nodes = &self.nodes[..adjoints.len()];
        let ops = &self.ops[..adjoints.len()];
        let mut buffers = Buffers::default();
        for slot in (first..adjoints.len()).rev() {
            let adjoint = adjoints[slot];
            if adjoint != 0.0 {
                self.pass_on(ops[slot], &nodes[slot], adjoint, adjoints, &mut buffers);
            }
        }
    }

    /// The first slot that is not a leaf: sweeps end there, so that parameters that stand before the graph cost nothing.
    fn first_operation(&self) -> usize {
        let known = self.leading_leaves.get();
        let more = self.ops[known..].iter().take_while(|op| **op == Op::Leaf).count();
        self.leading_leaves.set(known + more);
        known + more
    }

    /// The operands of a node, in the order of its operation.
    pub(super) fn operands_of(&self, slot: Slot) -> Vec<Operand> {
        let node = &self.nodes[slot.index()];
        match arity(self.ops[slot.index()]) {
            Arity::Fixed(0) => Vec::new(),
            Arity::Fixed(1) => vec![node.a],
            Arity::Fixed(2) => vec![node.a, node.b],
            _ => self.operand_list(node).to_vec(),
        }
    }

    fn operand_list(&self, node: &Node) -> &[Operand] {
        &self.operands[node.a.0 as usize..][..node.b.0 as usize]
    }
}

/// Where the operands and derivatives of an operation over slices are gathered.
#[derive(Default)]
struct Buffers {
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
            fn pass_on(&self, op: Op, node: &Node, adjoint: f64, adjoints: &mut [f64], buffers: &mut Buffers) {
                match op {
                    Op::Leaf => {}
                    $( Op::$Op => read_rules!(@inlined $kind op self node adjoint adjoints buffers $method $($x)+), )*
                    $( Op::$SliceOp => self.pass_on_outlined(op, node, adjoint, adjoints, buffers), )*
                    $( Op::$PairOp => self.pass_on_outlined(op, node, adjoint, adjoints, buffers), )*
                }
            }

            /// The same for operations that are not operators. They are many; inlined they would slow the sweep down.
            #[inline(never)]
            fn pass_on_outlined(&self, op: Op, node: &Node, adjoint: f64, adjoints: &mut [f64], buffers: &mut Buffers) {
                match op {
                    Op::Leaf => {}
                    $( Op::$Op => read_rules!(@pass_on $kind self node adjoint adjoints $method $($x)+), )*
                    $( Op::$SliceOp => self.pass_on_list(node, adjoint, adjoints, buffers, |xs, partials| {
                        partial::$slice_method(xs, node.number, partials);
                    }), )*
                    $( Op::$PairOp => self.pass_on_list(node, adjoint, adjoints, buffers, |xs, partials| {
                        let (a, b) = xs.split_at(xs.len() / 2);
                        let (partials_a, partials_b) = partials.split_at_mut(xs.len() / 2);
                        partial::$pair_method(a, b, node.number, partials_a, partials_b);
                    }), )*
                }
            }
        }
    };
    (@arity power $x:ident $n:ident) => { Arity::Fixed(1) };
    (@arity $kind:ident $($x:ident)+) => { Arity::Fixed([$(stringify!($x)),+].len()) };
    (@inlined operator $op:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $($rest:tt)+) => {
        read_rules!(@pass_on operator $tape $node $adjoint $adjoints $($rest)+)
    };
    (@inlined $kind:ident $op:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $buffers:ident $($rest:tt)+) => {
        $tape.pass_on_outlined($op, $node, $adjoint, $adjoints, $buffers)
    };
    (@pass_on power $tape:ident $node:ident $adjoint:ident $adjoints:ident $method:ident $x:ident $n:ident) => {{
        let [partial] = partial::$method($tape.number_of($node.a), $node.b.0 as i32, $node.number);
        add($adjoints, $node.a, $adjoint * partial);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $method:ident $x:ident) => {{
        let [partial] = partial::$method($tape.number_of($node.a), $node.number);
        add($adjoints, $node.a, $adjoint * partial);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $method:ident $a:ident $b:ident) => {{
        let [partial_a, partial_b] =
            partial::$method($tape.number_of($node.a), $tape.number_of($node.b), $node.number);
        add($adjoints, $node.a, $adjoint * partial_a);
        add($adjoints, $node.b, $adjoint * partial_b);
    }};
    (@pass_on $kind:ident $tape:ident $node:ident $adjoint:ident $adjoints:ident $method:ident
        $a:ident $b:ident $c:ident) => {
        if let &[a, b, c] = $tape.operand_list($node) {
            let partials =
                partial::$method($tape.number_of(a), $tape.number_of(b), $tape.number_of(c), $node.number);
            for (operand, partial) in [a, b, c].into_iter().zip(partials) {
                add($adjoints, operand, $adjoint * partial);
            }
        }
    };
}
operations!(read_rules);

impl Tape {
    fn pass_on_list(
        &self,
        node: &Node,
        adjoint: f64,
        adjoints: &mut [f64],
        buffers: &mut Buffers,
        partials: impl FnOnce(&[f64], &mut [f64]),
    ) {
        let operands = self.operand_list(node);
        buffers.numbers.clear();
        buffers.numbers.extend(operands.iter().map(|operand| self.number_of(*operand)));
        buffers.partials.resize(operands.len(), 0.0);
        partials(&buffers.numbers, &mut buffers.partials);
        for (operand, partial) in operands.iter().zip(&buffers.partials) {
            add(adjoints, *operand, adjoint * partial);
        }
    }
}
