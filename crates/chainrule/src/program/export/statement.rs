//! Instructions as statements: loops, and in them a sum that grows or a result of one term.

use super::expression::Code;
use super::function::Writer;
use crate::program::arrays::{Array, Content};
use crate::program::explain::{Explained, TURNS};
use crate::program::extent::{Role, extent};
use crate::program::{Access, Instruction, LOOPS, Route, Start, Term};

/// What the loops of an instruction are called, in the order in which they are opened.
pub(super) const INDICES: [&str; LOOPS] = ["i", "j", "k", "l"];

/// What the sum of a statement is called while it grows.
const TOTAL: &str = "total";

/// An instruction while it is written.
struct Statement<'a> {
    instruction: &'a Instruction,
    accesses: Vec<(Role, &'a Access, [u32; LOOPS])>,
    /// What each open loop is called.
    indices: [Option<&'static str>; LOOPS],
}

impl Statement<'_> {
    fn is_only_added(&self) -> bool {
        self.instruction.start == Start::Here && self.instruction.activation.is_none()
    }
}

impl Writer<'_> {
    /// Writes an instruction, if anybody needs its result.
    pub(super) fn instruction(&mut self, instruction: &Instruction) {
        let accesses = instruction.accesses_in_loops().collect();
        let mut statement = Statement { instruction, accesses, indices: [None; LOOPS] };
        if !self.is_needed.contains(&self.array(&statement, Role::Result).name) {
            return;
        }
        // What has no loops says itself what it does.
        let Explained { kind, formula, loops, .. } = &self.explained[self.number - 1];
        if !loops.is_empty() {
            let comment = format!("// {kind}: {formula}");
            self.space();
            self.line(&comment);
        } else if self.lines.last().is_some_and(|line| line.ends_with('}')) {
            self.line("");
        }
        match instruction.term {
            Term::ReductionPartial { .. } => self.spread(&mut statement),
            _ => self.sum(&mut statement),
        }
    }

    /// A statement that sums terms.
    fn sum(&mut self, statement: &mut Statement) {
        let (free, mut summed) = self.loops(statement);
        if matches!(statement.instruction.term, Term::Reduction { .. }) {
            summed.retain(|depth| *depth < LOOPS - 1);
        }
        self.open_all(statement, &free);
        if summed.is_empty() {
            self.assign_term(statement);
        } else if free.is_empty() {
            self.sum_in_place(statement, &summed);
        } else {
            self.sum_aside(statement, &summed);
        }
        self.close_all(statement, &free);
    }

    /// A result of one term.
    fn assign_term(&mut self, statement: &mut Statement) {
        let from = self.start(statement);
        let term = self.term(statement);
        let is_only_added = statement.is_only_added();
        let sum = from.map_or(term.clone(), |from| Code::sum(&from, &term));
        let value = self.activated(statement, sum);
        self.assign(statement, if is_only_added { "+=" } else { "=" }, &value);
    }

    /// A single sum, which grows where the result goes.
    fn sum_in_place(&mut self, statement: &mut Statement, summed: &[usize]) {
        let array = self.array(statement, Role::Result).clone();
        let from = self.start(statement).unwrap_or_else(|| self.language.number(0.0));
        if self.is_number(&array) && self.declared_late.contains(&array.name) {
            self.line(&self.language.local(&array.name, &from, true));
        } else if statement.instruction.start != Start::Here {
            self.assign(statement, "=", &from);
        }
        self.open_all(statement, summed);
        let term = self.term(statement);
        let place = self.access(statement, Role::Result);
        self.line(&format!("{} += {};", place.text, term.text));
        self.close_all(statement, summed);
        if statement.instruction.activation.is_some() {
            let place = self.access(statement, Role::Result);
            let value = self.activated(statement, place.clone());
            self.line(&format!("{} = {};", place.text, value.text));
        }
    }

    /// A sum for each turn of the open loops, which grows in a place of its own.
    fn sum_aside(&mut self, statement: &mut Statement, summed: &[usize]) {
        let from = self.start(statement).unwrap_or_else(|| self.language.number(0.0));
        self.line(&self.language.local(TOTAL, &from, true));
        self.open_all(statement, summed);
        let term = self.term(statement);
        self.line(&format!("{TOTAL} += {};", term.text));
        self.close_all(statement, summed);
        let value = self.activated(statement, Code::atom(TOTAL));
        self.assign(statement, if statement.is_only_added() { "+=" } else { "=" }, &value);
    }

    /// What a sum starts from, if that is not nothing; where it is only added to its place, it starts from nothing.
    fn start(&mut self, statement: &Statement) -> Option<Code> {
        match statement.instruction.start {
            Start::Zero => None,
            Start::From(_) => Some(self.access(statement, Role::Start)),
            Start::Here if statement.is_only_added() => None,
            Start::Here => Some(self.access(statement, Role::Result)),
        }
    }

    fn activated(&mut self, statement: &Statement, sum: Code) -> Code {
        match statement.instruction.activation {
            Some(op) => self.helpers.apply(self.language, op, 0, &[sum]),
            None => sum,
        }
    }

    /// A statement that adds derivatives by the numbers of a slice.
    fn spread(&mut self, statement: &mut Statement) {
        let Instruction { trips, start, term, activation, .. } = statement.instruction;
        let Term::ReductionPartial { op, .. } = term else { unreachable!("other terms are sums") };
        let (free, _) = self.loops(statement);
        if *start != Start::Here {
            self.open_all(statement, &free);
            let from = match start {
                Start::From(_) => self.access(statement, Role::Start),
                Start::Zero | Start::Here => self.language.number(0.0),
            };
            self.assign(statement, "=", &from);
            self.close_all(statement, &free);
        }

        let length = trips[LOOPS - 1];
        let outer: Vec<usize> = (0..LOOPS - 1).filter(|depth| trips[*depth] > 1).collect();
        self.partials = self.partials.max(length);
        self.open_all(statement, &outer);
        let mut arguments = self.slice(statement);
        arguments.push(self.access(statement, Role::Operand(1)));
        arguments.push(self.language.filled("partials", length));
        let derivatives = format!("{}_derivatives", op.row().name);
        let call = self.helpers.named(self.language, &derivatives, &arguments);
        self.line(&format!("{};", call.text));
        let inner: Vec<usize> = Vec::from_iter((length > 1).then_some(LOOPS - 1));
        self.open_all(statement, &inner);
        let factor = self.access(statement, Role::Operand(2));
        let partial = Code::atom(format!("partials[{}]", statement.indices[LOOPS - 1].unwrap_or("0")));
        let product = self.helpers.strong_product(self.language, &factor, &partial);
        self.assign(statement, "+=", &product);
        self.close_all(statement, &inner);
        self.close_all(statement, &outer);

        if activation.is_some() {
            self.open_all(statement, &free);
            let sum = self.access(statement, Role::Result);
            let value = self.activated(statement, sum);
            self.assign(statement, "=", &value);
            self.close_all(statement, &free);
        }
    }

    /// What is summed, in the loops that are open.
    fn term(&mut self, statement: &mut Statement) -> Code {
        let instruction = statement.instruction;
        if let Term::Reduction { op, .. } = &instruction.term {
            let slice = self.slice(statement);
            return self.helpers.named(self.language, op.row().name, &slice);
        }
        let count = instruction.operands().count();
        let all: Vec<Code> = (0..count).map(|number| self.access(statement, Role::Operand(number))).collect();
        let term = match &instruction.term {
            Term::Product { is_strong: true, .. } => self.helpers.strong_product(self.language, &all[0], &all[1]),
            Term::Product { .. } => Code::product(&all[0], &all[1]),
            Term::Operation { op, exponent, .. } => self.helpers.apply(self.language, *op, *exponent, &all),
            Term::Partial { op, exponent, by, operands, .. } => {
                let (operands, rest) = all.split_at(operands.len());
                let which = (*op, *exponent, usize::from(*by));
                let derivative = self.helpers.derivative(self.language, which, operands, &rest[0]);
                self.helpers.strong_product(self.language, &rest[1], &derivative)
            }
            Term::Copy(_) | Term::Reduction { .. } | Term::ReductionPartial { .. } => all[0].clone(),
            Term::Call { .. } | Term::Jacobian { .. } => unreachable!("programs with calls were refused"),
        };
        if instruction.scale == 1.0 { term } else { Code::product(&term, &self.language.number(instruction.scale)) }
    }

    /// The slice of a reduction as arguments: numbers that are not neighbours are gathered first.
    fn slice(&mut self, statement: &mut Statement) -> Vec<Code> {
        const INNERMOST: usize = LOOPS - 1;
        let (_, access, trips) = statement
            .accesses
            .iter()
            .find(|(role, ..)| *role == Role::Operand(0))
            .copied()
            .expect("a reduction has an operand");
        let length = trips[INNERMOST];
        let array = self.array(statement, Role::Operand(0));
        if access.route == Route::Direct && access.strides[INNERMOST] == 1 && !self.is_number(array) {
            let (name, start) = (array.name.clone(), array.slots.start);
            let place = self.place(statement, access, start, None);
            self.uses_constants |= self.array(statement, Role::Operand(0)).content == Content::Constants;
            return self.language.stretch(&name, &place, length);
        }
        self.slice = self.slice.max(length);
        let inner: Vec<usize> = Vec::from_iter((length > 1).then_some(INNERMOST));
        self.open_all(statement, &inner);
        let element = self.access(statement, Role::Operand(0));
        self.line(&format!("slice[{}] = {};", statement.indices[INNERMOST].unwrap_or("0"), element.text));
        self.close_all(statement, &inner);
        self.language.stretch("slice", "0", length)
    }

    fn assign(&mut self, statement: &Statement, operator: &str, value: &Code) {
        let array = self.array(statement, Role::Result);
        if self.declared_late.contains(&array.name) && self.is_number(array) {
            let name = array.name.clone();
            return self.line(&self.language.local(&name, value, false));
        }
        let place = self.access(statement, Role::Result);
        self.line(&format!("{} {operator} {};", place.text, value.text));
    }

    /// The loops in which the result moves, and those that are summed over.
    fn loops(&self, statement: &Statement) -> (Vec<usize>, Vec<usize>) {
        let Instruction { trips, out, .. } = statement.instruction;
        let by_index = |depth: usize| match out.route {
            Route::Lookup(number) => self.program.lookups[number as usize].index.strides[depth] != 0,
            Route::Direct | Route::Table => false,
        };
        let running = (0..LOOPS).filter(|depth| trips[*depth] > 1);
        running.partition(|depth| out.strides[*depth] != 0 || by_index(*depth))
    }

    fn open_all(&mut self, statement: &mut Statement, depths: &[usize]) {
        for depth in depths {
            let index = INDICES[statement.indices.iter().flatten().count()];
            statement.indices[*depth] = Some(index);
            self.open(index, statement.instruction.trips[*depth]);
        }
    }

    fn close_all(&mut self, statement: &mut Statement, depths: &[usize]) {
        for depth in depths {
            statement.indices[*depth] = None;
            self.close();
        }
    }

    fn array(&self, statement: &Statement, role: Role) -> &Array {
        let access = statement.accesses.iter().find(|(this, ..)| *this == role);
        let (_, access, trips) = access.expect("only what an instruction has is asked for");
        self.arrays.of_reach(&self.program.reach(access, *trips, &self.repeats))
    }

    /// What an access of a statement reads or writes in this turn of the open loops.
    fn access(&mut self, statement: &Statement, role: Role) -> Code {
        let access = statement.accesses.iter().find(|(this, ..)| *this == role);
        let (_, access, trips) = access.copied().expect("only what an instruction has is asked for");
        self.number_at(statement, access, trips)
    }

    fn number_at(&mut self, statement: &Statement, access: &Access, trips: [u32; LOOPS]) -> Code {
        let array = self.arrays.of_reach(&self.program.reach(access, trips, &self.repeats)).clone();
        let index = match access.route {
            Route::Lookup(number) => Some(self.look_up(statement, number, trips)),
            Route::Direct | Route::Table => None,
        };
        if self.is_number(&array) {
            return Code::atom(array.name);
        }
        if access.route == Route::Table {
            let places = extent(access, trips, &self.repeats).expect("in a checked program all loops run");
            let listed = &self.program.tables[places.start as usize..places.end as usize];
            let table = self.place_list(listed.iter().map(|slot| slot - array.slots.start).collect());
            let place = self.place(statement, access, places.start as u32, None);
            self.uses_constants |= array.content == Content::Constants;
            return Code::atom(format!("{}[{table}[{place}]]", array.name));
        }
        let place = self.place(statement, access, array.slots.start, index);
        match (array.content, place.parse::<usize>()) {
            (Content::Constants, Ok(place)) => self.language.number(self.program.constants[place]),
            (content, _) => {
                self.uses_constants |= content == Content::Constants;
                Code::atom(format!("{}[{place}]", array.name))
            }
        }
    }

    /// The name of a run-time index, and how far apart its choices are.
    fn look_up(&mut self, statement: &Statement, number: u32, trips: [u32; LOOPS]) -> (i64, String) {
        let lookup = self.program.lookups[number as usize];
        let name = format!("index{}", number + 1);
        if !self.looked_up.last().is_some_and(|named| named.contains(&number)) {
            let index = self.number_at(statement, &lookup.index, trips);
            self.helpers.is_defined(self.language, "index_below");
            self.can_fail = true;
            for line in self.language.look_up(&name, &index, lookup.count) {
                self.line(&line);
            }
            self.looked_up.last_mut().expect("the function is a block").insert(number);
        }
        (lookup.step.into(), name)
    }

    /// The name of a list of places.
    fn place_list(&mut self, places: Vec<u32>) -> String {
        let known = self.tables.iter().position(|known| *known == places);
        let number = known.unwrap_or_else(|| {
            self.tables.push(places);
            self.tables.len() - 1
        });
        self.language.list_name(&places_name(number))
    }

    /// How far behind `start` an access leads, in terms of the open loops. What is subtracted comes last, so that no part
    /// of the sum is negative.
    fn place(&self, statement: &Statement, access: &Access, start: u32, index: Option<(i64, String)>) -> String {
        let loops = access.strides.iter().zip(statement.indices).filter_map(|(stride, index)| Some((*stride, index?)));
        let repeats = access.shifts.iter().zip(TURNS).take(self.repeats.len()).map(|(shift, turn)| (*shift, turn));
        let moves = repeats.chain(loops).map(|(stride, index)| (i64::from(stride), index.to_string()));
        let moves: Vec<(i64, String)> = index.into_iter().chain(moves).filter(|(stride, _)| *stride != 0).collect();
        let term = |(stride, index): &(i64, String)| match stride.unsigned_abs() {
            1 => index.clone(),
            stride => format!("{stride} * {index}"),
        };
        let mut added: Vec<String> = moves.iter().filter(|(stride, _)| *stride > 0).map(term).collect();
        let constant = access.base - start;
        if constant > 0 || added.is_empty() {
            added.push(constant.to_string());
        }
        let subtracted = moves.iter().filter(|(stride, _)| *stride < 0).map(term);
        std::iter::once(added.join(" + ")).chain(subtracted).collect::<Vec<_>>().join(" - ")
    }
}

/// What a list of places is called.
pub(super) fn places_name(number: usize) -> String {
    if number == 0 { "places".into() } else { format!("places{}", number + 1) }
}
