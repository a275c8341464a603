//! Arithmetic on values from Lua, the work of both garbage collectors included: Lua's and the tape's.

use crate::measure::{Measurement, in_turn};
use chainrule_lua::{Interpreter, Trust};

const OPERATIONS: usize = 4_000;

/// `Value` as one would write it in Lua, without derivatives: a table that keeps its number and its operands.
const PLAIN: &str = "
    local plain = {}
    plain.__index = plain
    local function new(data, a, b) return setmetatable({ data = data, grad = 0, a = a, b = b }, plain) end
    local function lifted(x) return type(x) == 'number' and new(x) or x end
    function plain.__add(a, b)
        a, b = lifted(a), lifted(b)
        return new(a.data + b.data, a, b)
    end
    function plain.__mul(a, b)
        a, b = lifted(a), lifted(b)
        return new(a.data * b.data, a, b)
    end
    Value = new";

/// Four operations a round, of which the results are dropped.
const WORK: &str = "
    local a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    for _ = 1, 1000 do
        local d = a * b + c
        d = d * 0.5 + 1
    end";

pub fn operations() -> Measurement {
    let medians = in_turn(work(""), work(PLAIN));
    let ours_ns = medians.ours_ns / OPERATIONS as f64;
    Measurement {
        case: "lua",
        variant: "values",
        of: "an operation on values of Lua, garbage collection included",
        unit: "ns",
        median_ns: ours_ns,
        reference: "a Lua table",
        reference_ns: medians.reference_ns / OPERATIONS as f64,
        ratio: medians.ratio,
        bar: "at most 500 ns".into(),
        reached: ours_ns <= 500.0,
        speed: None,
    }
}

/// A Lua where the work is done after a preparation.
fn work(preparation: &str) -> impl FnMut() {
    let lua = Interpreter::new(Trust::Sandboxed, std::io::sink()).expect("memory for a Lua");
    lua.run("preparation", preparation).expect("the preparation is right");
    move || lua.run("work", WORK).expect("the work is right")
}
