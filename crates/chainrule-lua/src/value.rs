//! `Value` as Lua sees it: fields, operators, and a method for each row of the table of operations.

use crate::arguments;
use crate::function::{Outcome, Problem, function};
use crate::operations;
use crate::values::{self, Handle};
use chainrule::{Op, Value, text};
use mlua::prelude::*;

/// `Value(2.0)` and `Value(2.0, 'a')`: a leaf, which derivatives can be taken by.
pub fn constructor(lua: &Lua) -> LuaResult<LuaFunction> {
    function(lua, |_, (data, label): (LuaValue, LuaValue)| {
        let value = Value::new(arguments::number("Value", &data)?);
        match label {
            LuaValue::Nil => Ok(Handle::new(value)),
            label => Ok(Handle::new(value.named(name("Value, label", &label)?))),
        }
    })
}

/// The fields that can be read.
#[cfg(feature = "vendored")]
pub const FIELDS: [&str; 5] = ["data", "grad", "label", "_prev", "_op"];

/// The methods that are no rows of the table.
fn own_methods(lua: &Lua) -> LuaResult<LuaTable> {
    let methods = lua.create_table()?;
    methods.set("backward", function(lua, |_, this: LuaValue| {
        let value = arguments::value("backward", &this)?;
        if value.is_constant() {
            return Err(Problem::new(
                "backward: expected a Value that was computed from others, found a constant: was it made from numbers \
                 only, detached, or computed within no_grad?",
            ));
        }
        value.backward();
        Ok(())
    })?)?;
    methods.set(
        "zero_grad",
        function(lua, |_, this: LuaValue| {
            arguments::value("zero_grad", &this)?.zero_grad();
            Ok(())
        })?,
    )?;
    methods.set(
        "detach",
        function(lua, |_, this: LuaValue| Ok(Handle::new(arguments::value("detach", &this)?.detach())))?,
    )?;
    Ok(methods)
}

/// All methods by name.
pub fn methods(lua: &Lua) -> LuaResult<LuaTable> {
    let methods = operations::functions(lua)?;
    for pair in own_methods(lua)?.pairs::<LuaString, LuaFunction>() {
        let (name, method) = pair?;
        methods.set(name, method)?;
    }
    Ok(methods)
}

impl LuaUserData for Handle {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("data", |_, this| Ok(this.value().data()));
        fields.add_field_method_get("grad", |_, this| Ok(this.value().grad()));
        fields.add_field_method_get("label", |_, this| Ok(this.value().name()));
        fields.add_field_method_get("_op", |_, this| Ok(op_label(this.value())));
        fields.add_field_method_get("_prev", |lua, this| values::untidied(|| list(lua, this.value().operands())));
        // What Lua calls it in messages of its own.
        fields.add_meta_field("__name", "Value");
        fields.add_meta_field_with("__index", methods);
        fields.add_meta_field_with("__newindex", |lua| function(lua, set_field));
        for (metamethod, op) in
            [("__add", Op::Add), ("__sub", Op::Sub), ("__mul", Op::Mul), ("__div", Op::Div), ("__mod", Op::Rem)]
        {
            fields.add_meta_field_with(metamethod, move |lua| binary(lua, op));
        }
        fields.add_meta_field_with("__pow", |lua| function(lua, power));
        fields.add_meta_field_with("__unm", |lua| {
            function(lua, |_, this: LuaValue| Ok(Handle::new(-arguments::value("-", &this)?)))
        });
        fields.add_meta_field_with("__lt", |lua| comparison(lua, "<", |a, b| a < b));
        fields.add_meta_field_with("__le", |lua| comparison(lua, "<=", |a, b| a <= b));
    }

    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function("__eq", |_, (a, b): (LuaValue, LuaValue)| Ok(is_same(&a, &b)));
        methods.add_meta_method("__tostring", |lua, this, ()| display(lua, this.value()));
        methods.add_meta_function("__concat", |lua, (a, b): (LuaValue, LuaValue)| {
            let tostring: LuaFunction = lua.globals().get("tostring")?;
            Ok(tostring.call::<String>(a)? + &tostring.call::<String>(b)?)
        });
    }
}

/// Whether both stand for one node.
fn is_same(a: &LuaValue, b: &LuaValue) -> bool {
    match (arguments::value("==", a), arguments::value("==", b)) {
        (Ok(a), Ok(b)) => a.is_same(b),
        _ => false,
    }
}

/// `Value(data = 2.0)`, the number as Lua writes it.
fn display(lua: &Lua, value: Value) -> LuaResult<String> {
    let number = lua.coerce_string(LuaValue::Number(value.data()))?;
    Ok(format!("Value(data = {})", number.map_or_else(String::new, |number| number.to_string_lossy())))
}

/// The symbol of the operation as pictures show it; empty for what was put in.
fn op_label(value: Value) -> String {
    match (value.op(), value.exponent()) {
        (Some(_), Some(exponent)) => format!("^{exponent}"),
        (op, _) => op.map_or_else(String::new, |op| op.to_string()),
    }
}

/// A list of values that prints as `{Value(data = -6.0), Value(data = 10.0)}`.
fn list(lua: &Lua, values: Vec<Value>) -> LuaResult<LuaTable> {
    let list = lua.create_sequence_from(values.into_iter().map(Handle::new))?;
    let metatable = lua.create_table()?;
    metatable.set(
        "__tostring",
        lua.create_function(|lua, list: LuaTable| {
            let texts = list.sequence_values::<LuaUserDataRef<Handle>>();
            let texts = texts.map(|handle| display(lua, handle?.value())).collect::<LuaResult<Vec<_>>>()?;
            Ok(format!("{{{}}}", texts.join(", ")))
        })?,
    )?;
    list.set_metatable(Some(metatable))?;
    Ok(list)
}

fn set_field(_: &Lua, (this, field, to): (LuaValue, LuaValue, LuaValue)) -> Outcome<()> {
    let value = arguments::value("assignment to a field", &this)?;
    let field = field.to_string()?;
    match field.as_str() {
        "data" if value.is_leaf() && !value.is_constant() => value.set_data(arguments::number("data", &to)?),
        "data" => {
            return Err(Problem::new(
                "data: only that of a leaf, made by Value(...), can be set; this Value was computed from others",
            ));
        }
        "grad" if value.is_constant() => {
            return Err(Problem::new("grad: that of a constant cannot be set: it stays 0"));
        }
        "grad" => value.set_grad(arguments::number("grad", &to)?),
        "label" => drop(value.named(name("label", &to)?)),
        _ => {
            let message = text::unknown("field", &field, &["data", "grad", "label"]);
            return Err(Problem::new(format!("{message}; others of a Value cannot be set")));
        }
    }
    Ok(())
}

fn name(what: &str, argument: &LuaValue) -> Outcome<String> {
    match argument {
        LuaValue::String(name) => Ok(name.to_string_lossy()),
        other => Err(Problem::unexpected(what, "a string", other)),
    }
}

/// An operator that the table has as an operation of two numbers.
fn binary(lua: &Lua, op: Op) -> LuaResult<LuaFunction> {
    function(lua, move |_, (a, b): (LuaValue, LuaValue)| {
        let symbol = op.row().symbol;
        Ok(Handle::new(op.apply(&[arguments::operand(symbol, &a)?, arguments::operand(symbol, &b)?], 0)))
    })
}

/// `x ^ 2` is a power with a fixed exponent, all else one with an exponent that counts as an operand.
fn power(_: &Lua, (base, exponent): (LuaValue, LuaValue)) -> Outcome<Handle> {
    let x = arguments::operand("^", &base)?;
    Ok(Handle::new(match operations::integer(&exponent) {
        Some(exponent) => Op::Powi.apply(&[x], exponent),
        None => Op::Powf.apply(&[x, arguments::operand("^", &exponent)?], 0),
    }))
}

fn comparison(lua: &Lua, symbol: &'static str, compare: fn(f64, f64) -> bool) -> LuaResult<LuaFunction> {
    function(lua, move |_, (a, b): (LuaValue, LuaValue)| {
        Ok(compare(arguments::operand(symbol, &a)?.data(), arguments::operand(symbol, &b)?.data()))
    })
}
