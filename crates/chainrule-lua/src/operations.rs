//! Every row of the table of operations as a function of Lua.

use crate::arguments;
use crate::function::{Outcome, Problem, function};
use crate::values::Handle;
use chainrule::{Op, Value};
use mlua::prelude::*;

/// A function for each row of the table. They take numbers and values; of numbers alone they make a number. Those over
/// slices take a table, or the numbers one by one.
pub fn functions(lua: &Lua) -> LuaResult<LuaTable> {
    let functions = lua.create_table()?;
    for op in Op::ALL {
        functions
            .set(op.row().name, function(lua, move |_, arguments: LuaVariadic<LuaValue>| apply(*op, &arguments))?)?;
    }
    Ok(functions)
}

/// Those of the functions that formulas are written with: of one number, and no operators.
#[cfg(feature = "vendored")]
pub fn of_one_number(lua: &Lua, functions: &LuaTable) -> LuaResult<LuaTable> {
    let chosen = lua.create_table()?;
    for op in Op::ALL {
        if matches!(Shape::of(*op), Shape::Numbers(1)) && *op != Op::Neg {
            chosen.set(op.row().name, functions.get::<LuaFunction>(op.row().name)?)?;
        }
    }
    Ok(chosen)
}

/// A number where nothing else went in, else a value.
pub enum Answer {
    Number(f64),
    Value(Handle),
}

impl Answer {
    /// The result of an operation with these operands.
    fn new(result: Value, operands: &[LuaValue]) -> Answer {
        let are_numbers =
            |operands: &[LuaValue]| operands.iter().all(|operand| operand.is_number() || operand.is_integer());
        if are_numbers(operands) { Answer::Number(result.data()) } else { Answer::Value(Handle::new(result)) }
    }
}

impl IntoLua for Answer {
    fn into_lua(self, lua: &Lua) -> LuaResult<LuaValue> {
        match self {
            Answer::Number(number) => Ok(LuaValue::Number(number)),
            Answer::Value(handle) => handle.into_lua(lua),
        }
    }
}

/// What the operation makes of arguments from Lua.
pub fn apply(op: Op, arguments: &[LuaValue]) -> Outcome<Answer> {
    let name = op.row().name;
    match Shape::of(op) {
        Shape::Power => {
            let [x, exponent] = exactly(name, arguments)?;
            let exponent = integer(exponent)
                .ok_or_else(|| Problem::unexpected(name, "an integer exponent; x ^ y takes any number", exponent))?;
            Ok(Answer::new(op.apply(&[arguments::operand(name, x)?], exponent), std::slice::from_ref(x)))
        }
        Shape::Numbers(count) => {
            expect(name, count, arguments)?;
            let operands: Vec<Value> =
                arguments.iter().map(|argument| arguments::operand(name, argument)).collect::<Outcome<_>>()?;
            Ok(Answer::new(op.apply(&operands, 0), arguments))
        }
        Shape::Slice => {
            let numbers = slice(name, arguments)?;
            if numbers.is_empty() && !matches!(op, Op::Sum | Op::Product) {
                return Err(Problem::new(format!("{name}: expected at least one number, found none")));
            }
            Ok(Answer::new(op.apply(&operands(name, &numbers)?, 0), &numbers))
        }
        Shape::TwoSlices => {
            let [a, b] = exactly(name, arguments)?;
            let (a, b) = (elements(name, a)?, elements(name, b)?);
            if a.len() != b.len() {
                let (first, second) = (a.len(), b.len());
                return Err(Problem::new(format!(
                    "{name}: expected two lists of one length, found one of {first} and one of {second}"
                )));
            }
            let both = [a, b].concat();
            Ok(Answer::new(op.apply(&operands(name, &both)?, 0), &both))
        }
        Shape::Lookup => {
            let [index, choices] = exactly(name, arguments)?;
            let choices = elements(name, choices)?;
            let all = [std::slice::from_ref(index), &choices].concat();
            let operands = operands(name, &all)?;
            let (place, count) = (operands[0].data(), choices.len());
            if place.fract() != 0.0 || !(0.0..count as f64).contains(&place) {
                return Err(Problem::new(format!(
                    "{name}: expected an index from 0 to less than the number of choices, {count}, found {place}"
                )));
            }
            Ok(Answer::new(op.apply(&operands, 0), &all))
        }
    }
}

/// How a row is called.
enum Shape {
    /// With a number and a fixed integer.
    Power,
    /// With so many numbers.
    Numbers(usize),
    /// With a list.
    Slice,
    /// With two lists of one length.
    TwoSlices,
    /// With an index and a list.
    Lookup,
}

impl Shape {
    fn of(op: Op) -> Shape {
        let operands = op.row().operands;
        match operands {
            _ if op == Op::Powi => Shape::Power,
            [xs] if xs.ends_with("[..]") => Shape::Slice,
            [xs, _] if xs.ends_with("[..]") => Shape::TwoSlices,
            [_, xs] if xs.ends_with("[..]") => Shape::Lookup,
            numbers => Shape::Numbers(numbers.len()),
        }
    }
}

/// The integer that this is, if it is one that a power can have.
pub fn integer(argument: &LuaValue) -> Option<i32> {
    match argument {
        LuaValue::Integer(integer) => i32::try_from(*integer).ok(),
        LuaValue::Number(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(31) => Some(*number as i32),
        _ => None,
    }
}

fn expect(name: &str, count: usize, arguments: &[LuaValue]) -> Outcome<()> {
    match (count, arguments.len()) {
        (expected, found) if expected == found => Ok(()),
        (1, found) => Err(Problem::new(format!("{name}: expected one number, found {found} arguments"))),
        (expected, found) => Err(Problem::new(format!("{name}: expected {expected} numbers, found {found} arguments"))),
    }
}

fn exactly<'a>(name: &str, arguments: &'a [LuaValue]) -> Outcome<[&'a LuaValue; 2]> {
    match arguments {
        [first, second] => Ok([first, second]),
        _ => Err(Problem::new(format!("{name}: expected 2 arguments, found {}", arguments.len()))),
    }
}

/// The elements of a table, or the arguments themselves.
fn slice(name: &str, arguments: &[LuaValue]) -> Outcome<Vec<LuaValue>> {
    match arguments {
        [table @ LuaValue::Table(_)] => elements(name, table),
        numbers => Ok(numbers.to_vec()),
    }
}

fn elements(name: &str, table: &LuaValue) -> Outcome<Vec<LuaValue>> {
    arguments::list(name, table, |_, element| Ok(element.clone()))
}

fn operands(name: &str, numbers: &[LuaValue]) -> Outcome<Vec<Value>> {
    let operand = |(index, number)| arguments::operand(&format!("{name}, number {}", index + 1), number);
    numbers.iter().enumerate().map(operand).collect()
}
