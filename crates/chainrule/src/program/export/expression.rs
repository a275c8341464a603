//! Formulas as source code: what the table says of an operation, written with a language's own operators and functions.

use super::{Language, is_literal};
use crate::Op;
use crate::op::{formula, operations};
use crate::program::differentiate::formula::{Formula, Formulas, Noted, Operation, Symbol};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// An expression in source code, and how strongly its parts hold together.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub text: String,
    pub strength: Strength,
}

/// How strongly an expression holds together, from the weakest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    Choice,
    Either,
    Both,
    Comparison,
    Sum,
    Product,
    Sign,
    /// A name, a number, a call.
    Atom,
}

impl Code {
    pub fn atom(text: impl Into<String>) -> Self {
        Code { text: text.into(), strength: Strength::Atom }
    }

    pub fn call(function: &str, operands: &[Code]) -> Self {
        let operands: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
        Code::atom(format!("{function}({})", operands.join(", ")))
    }

    /// The text, in parentheses if it holds together less strongly than this.
    pub fn at_least(&self, strength: Strength) -> String {
        if self.strength >= strength { self.text.clone() } else { format!("({})", self.text) }
    }

    /// Two expressions with an operator between them that groups to the left.
    pub fn binary(a: &Code, operator: &str, b: &Code, strength: Strength) -> Self {
        let stronger = if strength == Strength::Sum { Strength::Product } else { Strength::Sign };
        Code { text: format!("{} {operator} {}", a.at_least(strength), b.at_least(stronger)), strength }
    }

    /// A sum; of what is negated, a difference.
    pub fn sum(a: &Code, b: &Code) -> Self {
        match b.text.strip_prefix('-') {
            Some(text) if matches!(b.strength, Strength::Sign | Strength::Product) => {
                Code::binary(a, "-", &Code::atom(text), Strength::Sum)
            }
            _ => Code::binary(a, "+", b, Strength::Sum),
        }
    }

    /// A product; with -1, what is negated.
    pub fn product(a: &Code, b: &Code) -> Self {
        match (a.text.as_str(), b.text.as_str()) {
            (_, "-1.0") => Code::negated(a),
            ("-1.0", _) => Code::negated(b),
            _ => Code::binary(a, "*", b, Strength::Product),
        }
    }

    fn negated(x: &Code) -> Self {
        match x.strength {
            Strength::Product if !x.text.starts_with('-') => Code { text: format!("-{}", x.text), ..x.clone() },
            _ => Code { text: format!("-{}", x.at_least(Strength::Atom)), strength: Strength::Sign },
        }
    }
}

/// The functions that the code needs and the language has not, each after those that it calls.
#[derive(Default)]
pub(super) struct Helpers {
    names: BTreeSet<String>,
    /// Their definitions.
    pub definitions: Vec<String>,
    formulas: Formulas,
}

impl Helpers {
    /// An operation of these operands.
    pub fn apply(&mut self, language: &dyn Language, op: Op, exponent: i32, operands: &[Code]) -> Code {
        match (op, operands) {
            (Op::Neg, [x]) => Code::negated(x),
            (Op::Add, [a, b]) => Code::sum(a, b),
            (Op::Sub, [a, b]) => Code::binary(a, "-", b, Strength::Sum),
            (Op::Mul, [a, b]) => Code::product(a, b),
            (Op::Div, [a, b]) => Code::binary(a, "/", b, Strength::Product),
            (Op::Less, [a, b]) => language.truth(&Code::binary(a, "<", b, Strength::Comparison)),
            (Op::Equal, [a, b]) => language.truth(&Code::binary(a, "==", b, Strength::Comparison)),
            (Op::Select, [condition, a, b]) => language.choice(&is_not_zero(condition), a, b),
            (Op::Powi, [x]) => language.power(x, exponent),
            _ => match body(op) {
                Some(body) => self.call(language, op.row().name, &op.row().doc(), &body, op, operands),
                None if self.is_defined(language, op.row().name) => Code::call(op.row().name, operands),
                None => language.native(op, operands),
            },
        }
    }

    /// The derivative of an operation by one of its operands.
    pub fn derivative(
        &mut self,
        language: &dyn Language,
        (op, exponent, by): (Op, i32, usize),
        operands: &[Code],
        result: &Code,
    ) -> Code {
        let (row, formulas) = (op.row(), self.formulas.of(op, exponent));
        let (name, doc) = match row.partials.len() {
            1 => (format!("{}_derivative", row.name), format!("The derivative of {}.", row.name)),
            _ => {
                let operand = row.operands[by];
                (format!("{}_by_{operand}", row.name), format!("The derivative of {} by {operand}.", row.name))
            }
        };
        let given: Vec<Code> = operands.iter().chain([result]).cloned().collect();
        self.call(language, &name, &doc, &formulas[by], op, &given)
    }

    /// A product in which a zero gives 0 whatever the other factor is.
    pub fn strong_product(&mut self, language: &dyn Language, a: &Code, b: &Code) -> Code {
        // Finite numbers make 0 of 0 anyway.
        if is_literal(a) || is_literal(b) {
            return Code::product(a, b);
        }
        self.named(language, "strong_product", &[a.clone(), b.clone()])
    }

    /// A call of a function that the language's helpers have under this name.
    pub fn named(&mut self, language: &dyn Language, name: &str, operands: &[Code]) -> Code {
        self.is_defined(language, name);
        Code::call(name, operands)
    }

    /// Whether the language has a helper of this name; it is defined then.
    pub fn is_defined(&mut self, language: &dyn Language, name: &str) -> bool {
        let Some((needed, definition)) = language.helper(name) else { return false };
        if self.names.insert(name.into()) {
            for needed in needed {
                self.is_defined(language, needed);
            }
            self.definitions.push(definition.trim().into());
        }
        true
    }

    /// A formula of what is given: a call of a function that it is the body of or, where that is as short, itself.
    fn call(
        &mut self,
        language: &dyn Language,
        name: &str,
        doc: &str,
        formula: &Formula,
        op: Op,
        given: &[Code],
    ) -> Code {
        let used: Vec<usize> = (0..given.len()).filter(|number| formula.uses(*number)).collect();
        if is_short(formula) {
            return Rendering { helpers: self, language, formula, given, names: Vec::new() }.symbol(formula.result);
        }
        let parameters: Vec<Code> = op.row().operands.iter().chain(&["y"]).map(|name| Code::atom(*name)).collect();
        if self.names.insert(name.into()) {
            let names: Vec<&str> = used.iter().map(|number| parameters[*number].text.as_str()).collect();
            let definition =
                self.definition(language, &language.function_head(name, &names), doc, formula, &parameters);
            self.definitions.push(definition);
        }
        Code::call(name, &used.iter().map(|number| given[*number].clone()).collect::<Vec<_>>())
    }

    fn definition(
        &mut self,
        language: &dyn Language,
        head: &str,
        doc: &str,
        formula: &Formula,
        parameters: &[Code],
    ) -> String {
        let names = vec![None; formula.operations.len()];
        let mut rendering = Rendering { helpers: self, language, formula, given: parameters, names };
        let mut lines = String::new();
        for number in (0..formula.operations.len()).filter(|number| uses(formula, Symbol::Computed(*number)) > 1) {
            let name = format!("e{}", 1 + rendering.names.iter().flatten().count());
            let value = rendering.operation(number);
            lines += &format!("    {}\n", language.local(&name, &value, false));
            rendering.names[number] = Some(Code::atom(name));
        }
        let result = rendering.symbol(formula.result);
        let comment = super::wrapped(doc, "// ");
        format!("{comment}\n{head} {{\n{lines}    {}\n}}", language.result(&result))
    }
}

/// A formula on its way to source code.
struct Rendering<'a> {
    helpers: &'a mut Helpers,
    language: &'a dyn Language,
    formula: &'a Formula,
    given: &'a [Code],
    /// The names of operations that have one already.
    names: Vec<Option<Code>>,
}

impl Rendering<'_> {
    fn symbol(&mut self, symbol: Symbol) -> Code {
        match symbol {
            Symbol::Constant(number) => self.language.number(number),
            Symbol::Given(number) => self.given[number].clone(),
            Symbol::Computed(number) => match self.names.get(number) {
                Some(Some(name)) => name.clone(),
                _ => self.operation(number),
            },
        }
    }

    fn operation(&mut self, number: usize) -> Code {
        let formula = self.formula;
        match &formula.operations[number] {
            Operation::StrongProduct([a, b]) => {
                let (a, b) = (self.symbol(*a), self.symbol(*b));
                self.helpers.strong_product(self.language, &a, &b)
            }
            Operation::Row(Op::Select, _, operands) => {
                let condition = self.condition(operands[0]);
                let (a, b) = (self.symbol(operands[1]), self.symbol(operands[2]));
                self.language.choice(&condition, &a, &b)
            }
            Operation::Row(op, exponent, operands) => {
                let operands: Vec<Code> = operands.iter().map(|operand| self.symbol(*operand)).collect();
                self.helpers.apply(self.language, *op, *exponent, &operands)
            }
        }
    }

    /// Whether a symbol is not 0: comparisons as they are, their sums and products as `||` and `&&`.
    fn condition(&mut self, symbol: Symbol) -> Code {
        let formula = self.formula;
        let operation = match symbol {
            Symbol::Computed(number) => Some(&formula.operations[number]),
            _ => None,
        };
        let comparison = |operator: &str, [a, b]: [Code; 2]| Code::binary(&a, operator, &b, Strength::Comparison);
        match operation {
            Some(Operation::Row(Op::Less, _, xs)) => comparison("<", [self.symbol(xs[0]), self.symbol(xs[1])]),
            Some(Operation::Row(Op::Equal, _, xs)) => comparison("==", [self.symbol(xs[0]), self.symbol(xs[1])]),
            Some(Operation::Row(op @ (Op::Add | Op::Mul), _, xs)) if xs.iter().all(|x| self.is_truth(*x)) => {
                let (a, b) = (self.condition(xs[0]), self.condition(xs[1]));
                let (operator, strength) =
                    if *op == Op::Add { ("||", Strength::Either) } else { ("&&", Strength::Both) };
                let [a, b] = [a, b].map(|side| side.at_least(Strength::Comparison));
                Code { text: format!("{a} {operator} {b}"), strength }
            }
            _ => is_not_zero(&self.symbol(symbol)),
        }
    }

    fn is_truth(&self, symbol: Symbol) -> bool {
        let Symbol::Computed(number) = symbol else { return false };
        matches!(self.formula.operations[number], Operation::Row(Op::Less | Op::Equal, ..))
    }
}

fn is_not_zero(x: &Code) -> Code {
    Code { text: format!("{} != 0.0", x.at_least(Strength::Sum)), strength: Strength::Comparison }
}

/// How often a formula takes a symbol.
fn uses(formula: &Formula, symbol: Symbol) -> usize {
    let operands = formula.operations.iter().flat_map(Operation::operands);
    operands.chain([&formula.result]).filter(|used| **used == symbol).count()
}

/// Whether a formula is no longer than the call of a function would be.
fn is_short(formula: &Formula) -> bool {
    const MOST_GIVEN: usize = 4;
    formula.operations.len() <= 2 && (0..MOST_GIVEN).all(|number| uses(formula, Symbol::Given(number)) <= 1)
}

macro_rules! read_bodies {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices $slices:tt
        sums $sums:tt
        lookups $lookups:tt
    ) => {
        /// The formula of an operation that is made of others.
        fn body(op: Op) -> Option<Formula> {
            match op {
                $( read_bodies!(@pattern $kind $Op) => read_bodies!(@body $kind $method $($x)+), )*
                _ => None,
            }
        }
    };
    (@pattern $kind:ident $Op:ident) => { Op::$Op };
    (@body composed $method:ident $($x:ident)+) => {{
        let operations = RefCell::new(Vec::new());
        let mut numbers = 0..;
        $( let $x = Noted::on(Symbol::Given(numbers.next().unwrap_or_default()), &operations); )+
        let result = formula::$method($($x),+).symbol;
        Some(Formula::needed(&operations.borrow(), result))
    }};
    (@body arithmetic $($composed:tt)+) => { read_bodies!(@body composed $($composed)+) };
    (@body $kind:ident $method:ident $($x:ident)+) => { None };
}
operations!(read_bodies);
