//! Functions run by the tape: recorded and swept anew in every call.

use bench::functions::Function;
use chainrule::{Value, tape};
use std::hint::black_box;

/// The inputs at the point, on the tape.
pub fn inputs(function: &impl Function) -> Vec<Value> {
    function.point().into_iter().map(Value::new).collect()
}

/// Zeroes the gradients, records the function, sweeps it.
pub fn value_and_gradient(function: &impl Function) -> impl FnMut() {
    let inputs = inputs(function);
    move || {
        let _scope = tape::scope();
        for input in &inputs {
            input.zero_grad();
        }
        let value = function.value(&inputs);
        value.backward();
        black_box(value.data());
    }
}
