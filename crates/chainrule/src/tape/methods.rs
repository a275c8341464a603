//! The functions of the table as methods of [`Value`], and `Value` as a [`Number`] itself.

use super::recording::First;
use super::{Value, lookup, recording};
use crate::op::{formula, operations};
use crate::{Number, Op};

macro_rules! record_rows {
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
        /// The functions of the [table of operations](crate::op).
        impl Value {
            $( record_rows! { @inherent $kind [$($doc)*] $Op $method($($x),+) [$($partial),+] } )*
            $(
                $(#[doc = $slice_doc])*
                ///
                /// # Panics
                ///
                /// If an operand is stale; if there are none, and nothing is defined of none.
                #[track_caller]
                pub fn $slice_method($xs: &[Value]) -> Value {
                    recording::slice(Op::$SliceOp, $xs, formula::$slice_method)
                }
            )*
            $(
                $(#[doc = $sum_doc])*
                #[doc = concat!("\n\nIt starts from 0; see [`Value::affine`].")]
                ///
                /// # Panics
                ///
                /// If the slices have different lengths.
                #[track_caller]
                pub fn $sum_method($a: &[Value], $b: &[Value]) -> Value {
                    recording::sum(Op::$SumOp, $a, $b, Value::constant(0.0), formula::$sum_method)
                }
            )*
            $(
                $(#[doc = $lookup_doc])*
                ///
                /// ```
                /// use chainrule::Value;
                ///
                /// let choices = [1.5, 2.5, 3.5].map(Value::new);
                /// let chosen = Value::new(2.0).lookup(&choices);
                /// assert_eq!(chosen.data(), 3.5);
                /// assert_eq!(chosen.gradient(&choices), [0.0, 0.0, 1.0]);
                /// ```
                ///
                /// # Panics
                ///
                /// If the index is no whole number from 0 up to the number of choices, that excluded.
                #[track_caller]
                pub fn $lookup_method(self, $choices: &[Value]) -> Value {
                    lookup::record(Op::$LookupOp, self, $choices)
                }
            )*
        }

        impl Number for Value {
            fn constant(value: f64) -> Self {
                Value::constant(value)
            }
            /// An ordinary product wherever that says the same, so that it has derivatives of its own.
            #[track_caller]
            fn strong_zero_mul(self, factor: Self) -> Self {
                if [self, factor].iter().any(|x| x.is_constant() && x.data() == 0.0) {
                    return Value::constant(0.0);
                }
                let product = self * factor;
                if product.data().is_nan() && (self == 0.0 || factor == 0.0) { Value::constant(0.0) } else { product }
            }
            $( record_rows! { @number $kind $method($($x),+) } )*
            $(
                #[track_caller]
                fn $slice_method($xs: &[Self]) -> Self {
                    Value::$slice_method($xs)
                }
            )*
            $(
                #[track_caller]
                fn $sum_method($a: &[Self], $b: &[Self]) -> Self {
                    Value::$sum_method($a, $b)
                }
            )*
            $(
                #[track_caller]
                fn $lookup_method(self, $choices: &[Self]) -> Self {
                    Value::$lookup_method(self, $choices)
                }
            )*
            #[track_caller]
            fn affine(weights: &[Self], inputs: &[Self], bias: Self) -> Self {
                Value::affine(weights, inputs, bias)
            }
        }
    };
    (@inherent operator $doc:tt $Op:ident $method:ident $operands:tt $partials:tt) => {};
    (@inherent power [$($doc:literal)*] $Op:ident $method:ident($x:ident, $n:ident) $partials:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!("\n\nDerivative: `", stringify!($partials), "`.")]
        #[inline]
        #[track_caller]
        pub fn $method(self, $n: i32) -> Value {
            recording::unary(Op::$Op, self, $n, |x| formula::$method(x, $n))
        }
    };
    (@inherent $kind:ident [$($doc:literal)*] $Op:ident $method:ident($x:ident) $partials:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!("\n\nDerivative: `", stringify!($partials), "`.")]
        #[inline]
        #[track_caller]
        pub fn $method(self) -> Value {
            recording::unary(Op::$Op, self, 0, formula::$method)
        }
    };
    (@inherent $kind:ident [$($doc:literal)*] $Op:ident $method:ident($x:ident, $b:ident) $partials:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!("\n\nDerivatives: `", stringify!($partials), "`.")]
        #[inline]
        #[track_caller]
        pub fn $method(self, $b: impl Into<Value>) -> Value {
            recording::binary(Op::$Op, self, $b.into(), formula::$method)
        }
    };
    (@inherent $kind:ident [$($doc:literal)*] $Op:ident $method:ident($x:ident, $b:ident, $c:ident) $partials:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!("\n\nDerivatives: `", stringify!($partials), "`.")]
        #[inline(always)]
        #[track_caller]
        pub fn $method(self, $b: impl Into<Value>, $c: impl Into<Value>) -> Value {
            recording::ternary(|| Op::$Op, [self, $b.into(), $c.into()], formula::$method)
        }
    };
    (@number operator $method:ident $operands:tt) => {};
    (@number power $method:ident($x:ident, $n:ident)) => {
        #[track_caller]
        fn $method(self, $n: i32) -> Self {
            Value::$method(self, $n)
        }
    };
    (@number $kind:ident $method:ident($x:ident $(, $other:ident)*)) => {
        #[inline(always)]
        #[track_caller]
        fn $method(self $(, $other: Self)*) -> Self {
            Value::$method(self $(, $other)*)
        }
    };
}
operations!(record_rows);

impl Value {
    /// A row of a table, chosen by a run-time index as an embedding is: the [`lookup`](Value::lookup) in each column.
    ///
    /// ```
    /// use chainrule::Value;
    ///
    /// let embedding = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]].map(|row| row.map(Value::parameter));
    /// let token = Value::new(1.0);
    /// let row = token.lookup_row(&embedding);
    /// assert_eq!((row[0].data(), row[1].data()), (0.3, 0.4));
    /// ```
    ///
    /// # Panics
    ///
    /// If the rows have different lengths, or the index is no whole number from 0 up to the number of rows, that excluded.
    #[track_caller]
    pub fn lookup_row(self, rows: &[impl AsRef<[Value]>]) -> Vec<Value> {
        Number::lookup_row(self, rows)
    }

    /// The weighted sum of a neuron, `weights . inputs + bias`, recorded as one operation: a [`dot`](Value::dot) that
    /// starts from the bias.
    ///
    /// # Panics
    ///
    /// If there are not as many inputs as weights.
    #[track_caller]
    pub fn affine(weights: &[Value], inputs: &[Value], bias: impl Into<Value>) -> Value {
        recording::sum(Op::Dot, weights, inputs, bias.into(), formula::dot)
    }

    /// The [`affine`](Value::affine) of each neuron of a layer, given by its weights and bias; what they share, the
    /// inputs, is looked at once.
    #[track_caller]
    pub(crate) fn affine_layer(neurons: &[First], inputs: &[Value]) -> Vec<Value> {
        let mut sums = vec![Value::constant(0.0); neurons.len()];
        recording::sums(Op::Dot, neurons, inputs, formula::dot, &mut sums);
        sums
    }
}
