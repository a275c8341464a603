//! Written functions, compiled and run, against what the programs mean.

use super::function::write;
use super::{Language, Parameter, Signature, c::C, rust::Rust};
use crate::Op;
use crate::program::explain::tests::{chain, network};
use crate::program::random::example;
use crate::program::{Access, Input, Instruction, LOOPS, Output, Program, Step, Term, interpret};
use std::process::Command;

/// A program and numbers for its inputs.
type Case = (Program, Vec<f64>);

/// What a program means for these inputs: all outputs one after the other.
fn expected((program, numbers): &Case) -> Vec<f64> {
    let mut slots = vec![0.0; program.slots as usize];
    slots[..numbers.len()].copy_from_slice(numbers);
    interpret(program, &mut slots).unwrap();
    program.outputs.iter().flat_map(|output| output.slots.clone()).flatten().map(|slot| slots[slot as usize]).collect()
}

/// Writes programs in one file, with a main function that prints their outputs. Holds those against what is expected.
fn compare(
    cases: &[Case],
    language: &dyn Language,
    run: fn(&str) -> Option<String>,
    call: fn(&Signature, &[f64]) -> String,
) {
    let names: Vec<String> = (0..cases.len()).map(|number| format!("program{number}")).collect();
    let programs: Vec<(&str, &Program)> = names.iter().map(String::as_str).zip(cases.iter().map(|(p, _)| p)).collect();
    let (code, signatures) = write(&programs, language);
    let calls: String =
        signatures.iter().zip(cases).map(|(signature, (_, numbers))| call(signature, numbers)).collect();
    let code = code.replace("#include <math.h>\n", "#include <math.h>\n#include <stdio.h>\n");
    let main = if calls.contains("printf") { "int main(void)" } else { "fn main()" };
    let Some(printed) = run(&format!("{code}\n{main} {{\n{calls}}}\n")) else { return };
    let mut lines = printed.lines();
    for (number, case) in cases.iter().enumerate() {
        for expected in expected(case) {
            let ours: f64 = lines.next().unwrap().parse().unwrap();
            let is_close = (ours - expected).abs() <= 1e-12 * expected.abs().max(1.0);
            let is_same = is_close || ours == expected || ours.is_nan() && expected.is_nan();
            assert!(is_same, "case {number}: {ours} is not {expected}, in {:#?}", case.0);
        }
    }
    assert_eq!(lines.next(), None);
}

/// Runs a compiler in a new directory, and then what it made. Nothing if there is no such compiler.
fn compiled_and_run(compiler: &str, file: &str, options: &[&str], code: &str) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(file), code).unwrap();
    let mut command = Command::new(compiler);
    command.current_dir(&directory).args(["-o", "program", file]).args(options);
    let Ok(compiled) = command.output() else {
        eprintln!("skipped: there is no {compiler}");
        return None;
    };
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(directory.path().join("program")).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    Some(String::from_utf8(run.stdout).unwrap())
}

fn run_c(code: &str) -> Option<String> {
    compiled_and_run("cc", "program.c", &["-std=c99", "-O2", "-Wall", "-Werror", "-lm"], code)
}

fn run_rust(code: &str) -> Option<String> {
    compiled_and_run("rustc", "program.rs", &["--edition", "2024", "-C", "opt-level=0", "-D", "warnings"], code)
}

/// The numbers of each group of inputs.
fn groups<'a>(signature: &Signature, mut numbers: &'a [f64]) -> Vec<&'a [f64]> {
    let mut group = |Parameter { length, .. }: &Parameter| {
        let (group, rest) = numbers.split_at(*length);
        numbers = rest;
        group
    };
    signature.inputs.iter().map(&mut group).collect()
}

/// A block that calls a function and prints what it gives.
fn call_c(signature: &Signature, numbers: &[f64]) -> String {
    let input = |group: &[f64]| match group {
        [number] => C.number(*number).text,
        _ => {
            let numbers: Vec<String> = group.iter().map(|number| C.number(*number).text).collect();
            format!("(double[]){{{}}}", numbers.join(", "))
        }
    };
    let mut arguments: Vec<String> = groups(signature, numbers).into_iter().map(input).collect();
    if signature.returns_value() {
        arguments.extend(signature.workspace.map(|length| format!("(double[{length}]){{0}}")));
        return format!("    printf(\"%.17g\\n\", {}({}));\n", signature.name, arguments.join(", "));
    }
    let (mut declared, mut printed) = (String::new(), String::new());
    for (number, Parameter { length, .. }) in signature.outputs.iter().enumerate() {
        declared += &format!("        double out{number}[{length}];\n");
        printed += &format!("        for (int i = 0; i < {length}; i++) printf(\"%.17g\\n\", out{number}[i]);\n");
        arguments.push(format!("out{number}"));
    }
    arguments.extend(signature.workspace.map(|length| format!("(double[{length}]){{0}}")));
    let call = format!("{}({})", signature.name, arguments.join(", "));
    let call = if signature.can_fail { format!("if ({call} != 0) return 1") } else { call };
    format!("    {{\n{declared}        {call};\n{printed}    }}\n")
}

fn call_rust(signature: &Signature, numbers: &[f64]) -> String {
    let input = |group: &[f64]| match group {
        [number] => Rust.number(*number).text,
        _ => {
            let numbers: Vec<String> = group.iter().map(|number| Rust.number(*number).text).collect();
            format!("&[{}]", numbers.join(", "))
        }
    };
    let mut arguments: Vec<String> = groups(signature, numbers).into_iter().map(input).collect();
    if signature.returns_value() {
        arguments.extend(signature.workspace.map(|length| format!("&mut [0.0; {length}]")));
        return format!("    println!(\"{{:?}}\", {}({}));\n", signature.name, arguments.join(", "));
    }
    let (mut declared, mut printed) = (String::new(), String::new());
    for (number, Parameter { length, .. }) in signature.outputs.iter().enumerate() {
        declared += &format!("        let mut out{number} = [0.0; {length}];\n");
        printed += &format!("        out{number}.iter().for_each(|x| println!(\"{{x:?}}\"));\n");
        arguments.push(format!("&mut out{number}"));
    }
    arguments.extend(signature.workspace.map(|length| format!("&mut [0.0; {length}]")));
    let call = format!("{}({})", signature.name, arguments.join(", "));
    let call = if signature.can_fail { call + ".unwrap()" } else { call };
    format!("    {{\n{declared}        {call};\n{printed}    }}\n")
}

fn compare_in_both(cases: &[Case]) {
    compare(cases, &C, run_c, call_c);
    compare(cases, &Rust, run_rust, call_rust);
}

#[test]
fn random_programs_compute_the_same_in_c_and_rust() {
    let cases: Vec<Case> = (0..100).map(example).map(|example| (example.program, example.numbers)).collect();
    compare_in_both(&cases);
}

#[test]
fn recorded_programs_compute_the_same_in_c_and_rust() {
    let inputs = |program: &Program| (0..program.input_length()).map(|i| (f64::from(i) * 1.7).sin()).collect();
    let programs = [network(), chain()].into_iter().flat_map(|program| [program.gradient().unwrap(), program]);
    let cases: Vec<Case> = programs.map(|program| (program.clone(), inputs(&program))).collect();
    compare_in_both(&cases);
}

#[test]
fn derivatives_of_random_programs_compute_the_same_in_c_and_rust() {
    let derivatives = |seed| {
        let example = example(seed);
        let program = example.program.vjp().unwrap();
        let numbers = [example.numbers, vec![1.0, -0.5]].concat();
        (program, numbers)
    };
    compare_in_both(&(0..40).map(derivatives).collect::<Vec<Case>>());
}

/// A program of one instruction over inputs `x`, with a constant 1 after them and the results behind that.
fn single(inputs: u32, trips: [u32; LOOPS], out: [i32; LOOPS], results: u32, term: Term) -> Program {
    let out = Access::strided(inputs + 1, out);
    let instruction = Instruction::new(trips, out, term);
    let program = Program {
        inputs: vec![Input { name: "x".into(), length: inputs }],
        constants: vec![1.0],
        slots: inputs + 1 + results,
        steps: vec![Step::Run(instruction)],
        tables: Vec::new(),
        lookups: Vec::new(),
        guards: Vec::new(),
        is_exact: false,
        history: Default::default(),
        outputs: vec![Output { name: "y".into(), slots: vec![inputs + 1..inputs + 1 + results] }],
    };
    // A sum of products is a reduction in exact programs.
    let program = Program { is_exact: true, ..program };
    program.check().unwrap();
    program
}

#[test]
fn every_row_of_the_table_and_its_derivatives_are_written() {
    const POINTS: [[f64; 3]; 7] = [
        [0.4, 0.7, 0.9],
        [-0.6, 0.3, -0.2],
        [1.5, -2.5, 0.25],
        [0.0, 0.0, 0.0],
        [-3.0, -3.0, 2.0],
        [30.0, 2.0, 1.0],
        [f64::NAN, f64::INFINITY, 1.0],
    ];
    let mut cases = Vec::new();
    for op in Op::ALL.iter().copied().filter(|op| !op.row().operands.iter().any(|x| x.ends_with("[..]"))) {
        let arity = op.row().partials.len() as u32;
        let operands: Vec<Access> = (0..arity).map(Access::slot).collect();
        for point in POINTS.map(|point| point[..arity as usize].to_vec()) {
            for exponent in if op == Op::Powi { vec![-2, 0, 1, 3] } else { vec![0] } {
                let value = Term::Operation { op, exponent, operands: operands.clone() };
                cases.push((single(arity, [1; LOOPS], [0; LOOPS], 1, value), point.clone()));
                for by in 0..arity as u8 {
                    let (result, factor) = (Access::slot(arity), Access::slot(arity + 1));
                    let operands = operands.clone();
                    let partial = Term::Partial { op, exponent, by, operands, result, factor };
                    let numbers = [point.as_slice(), &[op.apply(&point, exponent), 0.5]].concat();
                    cases.push((single(arity + 2, [1; LOOPS], [0; LOOPS], 1, partial), numbers));
                }
            }
        }
    }
    compare_in_both(&cases);
}

#[test]
fn every_operation_over_slices_and_its_derivatives_are_written() {
    let slices: [[f64; 4]; 3] = [[0.5, -1.0, 2.0, 2.0], [0.0, 3.0, 0.0, 1.0], [f64::INFINITY, 1.0, 0.0, f64::INFINITY]];
    let mut cases = Vec::new();
    for op in [Op::Sum, Op::Product, Op::Mean, Op::Maximum, Op::Minimum, Op::LogSumExp, Op::Dot] {
        for (slice, stride) in slices.iter().flat_map(|slice| [(slice, 1), (slice, 2)]) {
            let (trips, innermost) = ([1, 1, 1, 4 / stride], [0, 0, 0, stride as i32]);
            let operand = Access::strided(0, innermost);
            cases.push((single(4, trips, [0; LOOPS], 1, Term::Reduction { op, operand }), slice.to_vec()));
            let chosen: Vec<f64> = slice.iter().step_by(stride as usize).copied().collect();
            let numbers = [slice.as_slice(), &[op.apply(&chosen, 0), 2.0]].concat();
            let (result, factor) = (Access::slot(4), Access::slot(5));
            let partial = Term::ReductionPartial { op, operand, result, factor };
            cases.push((single(6, trips, [0, 0, 0, 1], trips[3], partial), numbers));
        }
    }
    compare_in_both(&cases);
}

#[test]
fn what_a_run_finds_out_is_returned() {
    let mut program = chain();
    let slot = program.outputs[0].slots[0].start;
    let comparison = "a < b at model.rs:3:8".to_string();
    program.guards = vec![crate::program::Guard { slot, rows: 1, expected: false, comparison }];
    let (c, rust) = (program.to_c("f").unwrap(), program.to_rust("f").unwrap());
    assert!(c.contains(" != 0.0) return 1; // a < b at model.rs:3:8"), "{c}");
    assert!(rust.contains("return Err(\"a < b at model.rs:3:8\");"), "{rust}");

    let mut program = network();
    let Some(crate::program::Step::Run(rows)) = program.steps.get(3) else { panic!("the losses of all rows") };
    program.guards =
        vec![crate::program::Guard { slot: rows.out.base, rows: 100, expected: true, comparison: "x < y".into() }];
    let c = program.to_c("f").unwrap();
    assert!(c.contains("    for (int i = 0; i < 100; i++) {\n        if (v3[i] == 0.0) return 1; // x < y\n"), "{c}");
}
