//! Programs as Rust, with nothing but the standard library.

use super::expression::{Code, Strength};
use super::{Language, Parameter, Signature, Storage, is_literal};
use crate::Op;

pub(super) struct Rust;

impl Language for Rust {
    fn number(&self, number: f64) -> Code {
        match number {
            f64::INFINITY => Code::atom("f64::INFINITY"),
            f64::NEG_INFINITY => Code::atom("f64::NEG_INFINITY"),
            _ if number.is_nan() => Code::atom("f64::NAN"),
            _ => super::literal(number),
        }
    }

    fn truth(&self, condition: &Code) -> Code {
        Code::call("f64::from", std::slice::from_ref(condition))
    }

    fn choice(&self, condition: &Code, a: &Code, b: &Code) -> Code {
        let text = format!("if {} {{ {} }} else {{ {} }}", condition.text, a.text, b.text);
        Code { text, strength: Strength::Choice }
    }

    fn power(&self, x: &Code, exponent: i32) -> Code {
        Code::call(&format!("{}.powi", receiver(x)), &[Code::atom(exponent.to_string())])
    }

    fn native(&self, op: Op, operands: &[Code]) -> Code {
        match operands {
            [a, b] if op == Op::Rem => Code::binary(a, "%", b, Strength::Product),
            [x, others @ ..] => Code::call(&format!("{}.{}", receiver(x), op.row().name), others),
            [] => unreachable!("every operation has an operand"),
        }
    }

    fn helper(&self, name: &str) -> Option<(&'static [&'static str], &'static str)> {
        super::section(include_str!("helpers.rs.txt"), name)
    }

    fn function_head(&self, name: &str, parameters: &[&str]) -> String {
        let parameters: Vec<String> = parameters.iter().map(|name| format!("{name}: f64")).collect();
        format!("fn {name}({}) -> f64", parameters.join(", "))
    }

    fn local(&self, name: &str, value: &Code, is_mutable: bool) -> String {
        let mutable = if is_mutable { "mut " } else { "" };
        // A number alone would not say of which type it is.
        let of_type = if is_mutable || is_literal(value) { ": f64" } else { "" };
        format!("let {mutable}{name}{of_type} = {};", value.text)
    }

    fn result(&self, value: &Code) -> String {
        value.text.clone()
    }

    fn repeat(&self, index: &str, trips: u32) -> String {
        format!("for {index} in 0..{trips} {{")
    }

    fn stretch(&self, array: &str, start: &str, length: u32) -> Vec<Code> {
        let from = if start == "0" { String::new() } else { format!("[{start}..]") };
        vec![Code::atom(format!("&{array}{from}[..{length}]"))]
    }

    fn filled(&self, array: &str, length: u32) -> Code {
        Code::atom(format!("&mut {array}[..{length}]"))
    }

    fn look_up(&self, name: &str, index: &Code, count: u32) -> Vec<String> {
        vec![format!("let {name} = index_below({}, {count})?;", index.text)]
    }

    fn guard(&self, _number: usize, slot: &Code, expected: bool, comparison: &str) -> Vec<String> {
        let fails = if expected { "==" } else { "!=" };
        let head = format!("if {} {fails} 0.0 {{", slot.text);
        vec![head, format!("    return Err({comparison:?});"), "}".into()]
    }

    fn list_name(&self, name: &str) -> String {
        name.to_uppercase()
    }

    fn numbers(&self, name: &str, numbers: &[f64]) -> String {
        let numbers: Vec<String> = numbers.iter().map(|number| self.number(*number).text).collect();
        super::listed(&format!("static {name}: [f64; {}] = [", numbers.len()), &numbers, "];")
    }

    fn places(&self, name: &str, places: &[u32]) -> String {
        let places: Vec<String> = places.iter().map(u32::to_string).collect();
        super::listed(&format!("static {name}: [usize; {}] = [", places.len()), &places, "];")
    }

    fn store(&self, name: &str, length: u32, storage: Storage) -> String {
        match storage {
            Storage::Stack => format!("let mut {name} = [0.0; {length}];"),
            Storage::Workspace { is_last, .. } => {
                let rest = if is_last { "_" } else { "workspace" };
                format!("let ({name}, {rest}) = workspace.split_at_mut({length});")
            }
        }
    }

    fn clear_workspace(&self, _length: u32) -> String {
        "workspace.fill(0.0);".into()
    }

    fn head(&self, signature: &Signature) -> String {
        let input = |Parameter { name, length }: &Parameter| match length {
            1 => format!("{name}: f64"),
            _ => format!("{name}: &[f64; {length}]"),
        };
        let mut parameters: Vec<String> = signature.inputs.iter().map(input).collect();
        if !signature.returns_value() {
            let output = |Parameter { name, length }: &Parameter| format!("{name}: &mut [f64; {length}]");
            parameters.extend(signature.outputs.iter().map(output));
        }
        parameters.extend(signature.workspace.map(|length| format!("workspace: &mut [f64; {length}]")));
        let given = match signature {
            _ if signature.returns_value() => " -> f64",
            _ if signature.can_fail => " -> Result<(), &'static str>",
            _ => "",
        };
        let head = super::parameters(&format!("pub fn {}(", signature.name), &parameters, &format!("){given} {{"), ",");
        // Loops that count turns have indices that nobody reads, and some groups of inputs serve other results.
        format!(
            "#[allow(unused_variables, unused_assignments, clippy::needless_range_loop, clippy::too_many_arguments)]\n{head}"
        )
    }

    fn result_note(&self) -> &'static str {
        "Fails where an index is out of range, or a comparison does not come out as it did in the recording."
    }

    fn success(&self) -> &'static str {
        "Ok(())"
    }

    fn file(&self, functions: &[String]) -> String {
        functions.join("\n\n") + "\n"
    }
}

/// What a method is called on. A number alone would not say of which type it is.
fn receiver(x: &Code) -> String {
    let typed = Code { text: if is_literal(x) { format!("{}_f64", x.text) } else { x.text.clone() }, ..x.clone() };
    typed.at_least(Strength::Atom)
}
