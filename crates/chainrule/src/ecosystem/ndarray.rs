//! Elements of `ndarray`'s arrays. Most of what it asks of them is asked in the traits of `num_traits`; what is left is that one
//! number may stand beside a whole array, as in `array * x`.

use crate::{Dual, Scalar, Taylor, Value};
use ::ndarray::ScalarOperand;

impl ScalarOperand for Value {}
impl<N: Scalar + 'static> ScalarOperand for Dual<N> {}
impl<N: Scalar + 'static, const TERMS: usize> ScalarOperand for Taylor<N, TERMS> {}
