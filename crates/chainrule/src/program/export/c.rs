//! Programs as C (C99), with nothing but `math.h`.

use super::expression::{Code, Strength};
use super::{Language, Parameter, Signature, Storage};
use crate::Op;

pub(super) struct C;

impl Language for C {
    fn number(&self, number: f64) -> Code {
        match number {
            f64::INFINITY => Code::atom("INFINITY"),
            _ if number.is_nan() => Code::atom("NAN"),
            f64::NEG_INFINITY => Code { text: "-INFINITY".into(), strength: Strength::Sign },
            _ => super::literal(number),
        }
    }

    fn truth(&self, condition: &Code) -> Code {
        Code::atom(format!("(double)({})", condition.text))
    }

    fn choice(&self, condition: &Code, a: &Code, b: &Code) -> Code {
        let [a, b] = [a, b].map(|side| side.at_least(Strength::Sum));
        Code { text: format!("{} ? {a} : {b}", condition.text), strength: Strength::Choice }
    }

    fn power(&self, x: &Code, exponent: i32) -> Code {
        Code::call("pow", &[x.clone(), self.number(exponent.into())])
    }

    fn native(&self, op: Op, operands: &[Code]) -> Code {
        let function = match op {
            Op::Rem => "fmod",
            Op::Powf => "pow",
            Op::Ln => "log",
            Op::Ln1p => "log1p",
            Op::ExpM1 => "expm1",
            Op::Abs => "fabs",
            Op::Min => "fmin",
            Op::Max => "fmax",
            _ => op.row().name,
        };
        Code::call(function, operands)
    }

    fn helper(&self, name: &str) -> Option<(&'static [&'static str], &'static str)> {
        super::section(include_str!("helpers.c"), name)
    }

    fn function_head(&self, name: &str, parameters: &[&str]) -> String {
        let parameters: Vec<String> = parameters.iter().map(|name| format!("double {name}")).collect();
        format!("static double {name}({})", parameters.join(", "))
    }

    fn local(&self, name: &str, value: &Code, is_mutable: bool) -> String {
        format!("{}double {name} = {};", if is_mutable { "" } else { "const " }, value.text)
    }

    fn result(&self, value: &Code) -> String {
        format!("return {};", value.text)
    }

    fn repeat(&self, index: &str, trips: u32) -> String {
        format!("for (int {index} = 0; {index} < {trips}; {index}++) {{")
    }

    fn stretch(&self, array: &str, start: &str, length: u32) -> Vec<Code> {
        let start = if start == "0" { array.into() } else { format!("&{array}[{start}]") };
        vec![Code::atom(start), Code::atom(length.to_string())]
    }

    fn filled(&self, array: &str, _length: u32) -> Code {
        Code::atom(array)
    }

    fn look_up(&self, name: &str, index: &Code, count: u32) -> Vec<String> {
        let index = format!("const int {name} = index_below({}, {count});", index.text);
        vec![index, format!("if ({name} < 0) return -1;")]
    }

    fn guard(&self, number: usize, slot: &Code, expected: bool, comparison: &str) -> Vec<String> {
        let fails = if expected { "==" } else { "!=" };
        vec![format!("if ({} {fails} 0.0) return {}; // {comparison}", slot.text, number + 1)]
    }

    fn list_name(&self, name: &str) -> String {
        name.into()
    }

    fn numbers(&self, name: &str, numbers: &[f64]) -> String {
        let numbers: Vec<String> = numbers.iter().map(|number| self.number(*number).text).collect();
        super::listed(&format!("static const double {name}[{}] = {{", numbers.len()), &numbers, "};")
    }

    fn places(&self, name: &str, places: &[u32]) -> String {
        let places: Vec<String> = places.iter().map(u32::to_string).collect();
        super::listed(&format!("static const int {name}[{}] = {{", places.len()), &places, "};")
    }

    fn store(&self, name: &str, length: u32, storage: Storage) -> String {
        match storage {
            Storage::Stack => format!("double {name}[{length}] = {{0}};"),
            Storage::Workspace { start, .. } => format!("double *const {name} = workspace + {start};"),
        }
    }

    fn clear_workspace(&self, length: u32) -> String {
        format!("for (int i = 0; i < {length}; i++) workspace[i] = 0.0;")
    }

    fn head(&self, signature: &Signature) -> String {
        let input = |Parameter { name, length }: &Parameter| match length {
            1 => format!("double {name}"),
            _ => format!("const double {name}[{length}]"),
        };
        let mut parameters: Vec<String> = signature.inputs.iter().map(input).collect();
        if !signature.returns_value() {
            parameters
                .extend(signature.outputs.iter().map(|output| format!("double {}[{}]", output.name, output.length)));
        }
        parameters.extend(signature.workspace.map(|length| format!("double workspace[{length}]")));
        let given = match signature {
            _ if signature.returns_value() => "double",
            _ if signature.can_fail => "int",
            _ => "void",
        };
        super::parameters(&format!("{given} {}(", signature.name), &parameters, ") {", "")
    }

    fn result_note(&self) -> &'static str {
        "Returns 0; or, with the results undefined, -1 where an index is out of range, else the number of the comparison \
         that did not come out as it did in the recording."
    }

    fn success(&self) -> &'static str {
        "return 0;"
    }

    fn file(&self, functions: &[String]) -> String {
        format!("#include <math.h>\n\n{}\n", functions.join("\n\n"))
    }
}
