//! Operations chosen at run time: another reading of the table, for those who hold an [`Op`] and not its name.

use crate::op::{formula, operations, partial};
use crate::{Number, Op};

macro_rules! read_by_op {
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
        impl Op {
            /// Applies the operation to operands in the order of [`Value::operands`](crate::Value::operands): of a sum
            /// over two slices first those of the one, then those of the other, and last an initial number where there is
            /// one; of a lookup first the index. Values record it. `exponent` is read by powers with a fixed one only.
            ///
            /// ```
            /// use chainrule::Op;
            ///
            /// assert_eq!(Op::Sub.apply(&[5.0, 3.0], 0), 2.0);
            /// assert_eq!(Op::Powi.apply(&[5.0], 3), 125.0);
            /// assert_eq!(Op::Dot.apply(&[1.0, 2.0, 3.0, 4.0], 0), 1.0 * 3.0 + 2.0 * 4.0);
            /// ```
            ///
            /// # Panics
            ///
            /// If there are not as many operands as the operation takes; [`Op::Leaf`] takes none and makes nothing.
            #[track_caller]
            pub fn apply<N: Number>(self, operands: &[N], exponent: i32) -> N {
                match self {
                    Op::Leaf => panic!("a leaf is no operation: it cannot be applied"),
                    $( Op::$Op => read_by_op!(@apply $kind $method self operands exponent $($x)+), )*
                    $( Op::$SliceOp => N::$slice_method(operands), )*
                    $( Op::$SumOp => {
                        let (a, b, init) = summed(operands);
                        let sum = N::$sum_method(a, b);
                        init.map_or(sum, |init| sum + init)
                    } )*
                    $( Op::$LookupOp => {
                        let (index, choices) = looked_up(self, operands);
                        index.$lookup_method(choices)
                    } )*
                }
            }

            /// The derivatives of the operation by each of its operands, given these, the exponent of a power with a
            /// fixed one, and the result.
            ///
            /// ```
            /// use chainrule::Op;
            ///
            /// assert_eq!(Op::Mul.partials(&[2.0, -3.0], 0, -6.0), [-3.0, 2.0]);
            /// ```
            ///
            /// # Panics
            ///
            /// If there are not as many operands as the operation takes.
            #[track_caller]
            pub fn partials<N: Number>(self, operands: &[N], exponent: i32, result: N) -> Vec<N> {
                let mut partials = vec![N::constant(0.0); operands.len()];
                self.write_partials(operands, exponent, result, &mut partials);
                partials
            }

            /// Writes the [`partials`](Op::partials) into a buffer as long as the operands, which holds zeros.
            #[track_caller]
            pub(crate) fn write_partials<N: Number>(
                self,
                operands: &[N],
                exponent: i32,
                result: N,
                partials: &mut [N],
            ) {
                match self {
                    Op::Leaf => {}
                    $( Op::$Op => {
                        let by_operand = read_by_op!(@partials $kind $method self operands exponent result $($x)+);
                        partials.copy_from_slice(&by_operand);
                    } )*
                    $( Op::$SliceOp => partial::$slice_method(operands, result, partials), )*
                    $( Op::$SumOp => {
                        let (a, b, _) = summed(operands);
                        let (by_a, rest) = partials.split_at_mut(a.len());
                        let (by_b, by_init) = rest.split_at_mut(b.len());
                        for (place, (&a, &b)) in a.iter().zip(b).enumerate() {
                            [by_a[place], by_b[place]] = partial::$sum_method(a, b);
                        }
                        by_init.fill(N::constant(1.0));
                    } )*
                    $( Op::$LookupOp => {
                        let (index, choices) = looked_up(self, operands);
                        partial::$lookup_method(index, choices, result, &mut partials[1..]);
                    } )*
                }
            }
        }
    };
    (@apply operator $method:ident $op:ident $operands:ident $exponent:ident $($x:ident)+) => {{
        let [$($x),+] = taken($op, $operands);
        formula::$method($($x),+)
    }};
    (@apply power $method:ident $op:ident $operands:ident $exponent:ident $x:ident $n:ident) => {{
        let [$x] = taken($op, $operands);
        $x.$method($exponent)
    }};
    (@apply $kind:ident $method:ident $op:ident $operands:ident $exponent:ident $($x:ident)+) => {{
        let [$($x),+] = taken($op, $operands);
        N::$method($($x),+)
    }};
    (@partials power $method:ident $op:ident $operands:ident $exponent:ident $result:ident $x:ident $n:ident) => {{
        let [$x] = taken($op, $operands);
        partial::$method($x, $exponent, $result)
    }};
    (@partials $kind:ident $method:ident $op:ident $operands:ident $exponent:ident $result:ident $($x:ident)+) => {{
        let [$($x),+] = taken($op, $operands);
        partial::$method($($x,)+ $result)
    }};
}
operations!(read_by_op);

#[track_caller]
fn taken<N: Number, const COUNT: usize>(op: Op, operands: &[N]) -> [N; COUNT] {
    let found = operands.len();
    operands.try_into().unwrap_or_else(|_| panic!("{} takes {COUNT} operands, and got {found}", op.row().name))
}

/// The index of a lookup, and the choices.
#[track_caller]
fn looked_up<N: Number>(op: Op, operands: &[N]) -> (N, &[N]) {
    let Some((index, choices)) = operands.split_first() else {
        panic!("{} takes an index, and got nothing", op.row().name)
    };
    (*index, choices)
}

/// The two slices that a sum goes over, and what it starts from.
fn summed<N: Number>(operands: &[N]) -> (&[N], &[N], Option<N>) {
    let (a, rest) = operands.split_at(operands.len() / 2);
    let (b, init) = rest.split_at(a.len());
    (a, b, init.first().copied())
}
