//! From instructions to what runs them.

use super::Float;
use super::call::Call;
use super::code::{self, Code, Note, Pages, Work, Writer};
use super::float::sealed::Prepared;
use super::formula::{self, Copied, Formula, WithFormula};
use super::gate::Uses;
use super::grid::{FIRST_OPERAND, Grid, Map};
use super::kernels::Set;
use super::memory::{LANES, Memory, Part, ROWS};
use super::nest::{Nest, Operand};
use super::place::{Place, Way};
use super::products::Product;
use super::reduce::{self, Reduce, is_reduction, joining};
use super::rows::{Begin, OneGrid, Rows};
use super::scalars::{Functions, MakeKernels, Scalars, Scaled};
use super::transposition::Transposition;
use crate::custom::Custom;
use crate::program::differentiate::formula::Formula as Noted;
use crate::program::extent::extent;
use crate::program::rewrite::reach::for_each;
use crate::program::{Access, Instruction, LOOPS, Program, Route, Start, Step, Term};
use crate::{Number, Op};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::rc::Rc;

/// A part of a program, ready to run.
pub(super) enum Command<T> {
    Code(Code),
    Scalars(Scalars<T>),
    Grid(Box<OneGrid<T>>),
    Rows(Box<Rows<T>>),
    Product(Box<Product<T>>),
    Transposition(Box<Transposition<T>>),
    Reduce(Box<Reduce<T>>),
    Call(Box<Call>),
    /// Steps that depend on what the turn before computed.
    Repeat {
        trips: u32,
        /// So many repeats are around it.
        depth: usize,
        body: Vec<Command<T>>,
    },
}

/// How a program is prepared.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// Whether strong products are taken at their word, or as ordinary ones.
    pub is_careful: bool,
    /// Whether small instructions are machine code.
    pub has_code: bool,
}

/// Prepares a whole program.
pub(super) fn prepare<T: Float, S: Set>(program: &Program, choices: Choices) -> Prepared<T> {
    let (scales, uses, repeats) = (scales(program), Uses::of(program), Vec::new());
    let has_writer = choices.has_code && Writer::<T>::can_write(program);
    let mut preparing = Preparing {
        program,
        is_careful: choices.is_careful,
        scales,
        uses,
        repeats,
        writer: has_writer.then(|| Writer::new(program)),
        noted: FxHashMap::default(),
        kinds: PhantomData::<S>,
    };
    let commands = preparing.steps(&program.steps);
    let code = preparing.writer.map(Writer::finish).unwrap_or_default();
    match Pages::new(code) {
        Ok(code) => Prepared { commands, code },
        // A system that is as careful as that.
        Err(_) => prepare::<T, S>(program, Choices { has_code: false, ..choices }),
    }
}

/// What instructions multiply their terms by, each once: the machine keeps these numbers behind the slots of the program and
/// one for terms that are to be multiplied.
pub(super) fn scales(program: &Program) -> Vec<f64> {
    let mut scales = Vec::new();
    for_each(&program.steps, |instruction, _| {
        if instruction.scale != 1.0 && !scales.contains(&instruction.scale) {
            scales.push(instruction.scale);
        }
    });
    scales
}

/// Tells what writes code which slots an instruction reads: by tables slot by slot, and all others if a kernel runs it.
fn tell_reads<T: Float>(
    writer: &mut Writer<T>,
    program: &Program,
    instruction: &Instruction,
    repeats: &[u32],
    is_kernel: bool,
) {
    if !writer.asks_who_reads() {
        return;
    }
    for (_, access, trips) in instruction.accesses_in_loops().filter(|(_, _, trips)| !trips.contains(&0)) {
        if access.route == Route::Table {
            let places = extent(access, trips, repeats).unwrap_or_default();
            for slot in &program.tables[places.start as usize..places.end as usize] {
                writer.read_by_others([i64::from(*slot), i64::from(*slot) + 1]);
            }
        } else if is_kernel {
            let operand = Operand::new(program, access);
            for operand in operand.index().iter().chain([&operand]) {
                let slots = operand.slots(&trips, repeats, &program.tables);
                writer.read_by_others([slots.start, slots.end]);
            }
        }
    }
}

struct Preparing<'a, T, S> {
    program: &'a Program,
    is_careful: bool,
    scales: Vec<f64>,
    uses: Uses,
    /// The turns of the repeats around.
    repeats: Vec<u32>,
    /// What writes machine code.
    writer: Option<Writer<T>>,
    /// What formulas do: of an operation with its exponent, of the derivative by one of its operands, or of a strong product.
    noted: FxHashMap<(Option<Op>, i32, Option<u8>), Rc<Noted>>,
    kinds: PhantomData<S>,
}

impl<T: Float, S: Set> Preparing<'_, T, S> {
    fn steps(&mut self, steps: &[Step]) -> Vec<Command<T>> {
        let mut commands = Vec::new();
        let mut left = steps;
        while let [step, rest @ ..] = left {
            left = rest;
            if let Step::Run(instruction) = step
                && self.write(instruction, &mut commands)
            {
                continue;
            }
            self.read_by_kernels(step);
            if let Some(product) = rest.first().and_then(|next| self.gated_product(step, next)) {
                commands.push(Command::Product(Box::new(product)));
                self.read_by_kernels(&rest[0]);
                left = &rest[1..];
                continue;
            }
            match step {
                Step::Run(instruction) if instruction.trips.contains(&0) => {}
                Step::Run(instruction) => self.instruction(instruction, &mut commands),
                Step::Repeat { trips: 0, .. } => {}
                Step::Repeat { trips, body } => {
                    let depth = self.repeats.len();
                    self.repeats.push(*trips);
                    if depth == 0 {
                        self.note_reads(body);
                    }
                    commands.push(Command::Repeat { trips: *trips, depth, body: self.steps(body) });
                    self.repeats.pop();
                }
            }
        }
        commands
    }

    /// Writes an instruction as machine code, if it is small and that can be.
    fn write(&mut self, instruction: &Instruction, commands: &mut Vec<Command<T>>) -> bool {
        if self.writer.is_none() || !code::is_small(&instruction.trips) || instruction.trips.contains(&0) {
            return false;
        }
        let term = match &instruction.term {
            Term::Copy(_) => code::Term::Copy,
            Term::Product { is_strong, .. } if !(*is_strong && self.is_careful) => code::Term::Product,
            Term::Product { .. } | Term::Operation { .. } | Term::Partial { .. } => {
                code::Term::Formula(self.noted(&instruction.term))
            }
            Term::Reduction { .. } | Term::ReductionPartial { .. } | Term::Call { .. } | Term::Jacobian { .. } => {
                return false;
            }
        };
        let activation = |op| self.noted(&Term::Operation { op, exponent: 0, operands: vec![Access::slot(0)] });
        let activation = instruction.activation.map(activation);
        let mut nest = Nest::new(self.program, instruction);
        nest.join_loops(&self.program.tables);
        let work = Work {
            nest: &nest,
            is_here: instruction.start == Start::Here,
            scale: instruction.scale,
            term,
            activation,
            tables: &self.program.tables,
            repeats: &self.repeats,
        };
        let Some(lanes) = work.lanes::<T>() else { return false };
        let (Some(writer), false) = (&mut self.writer, nest.overlaps(&self.repeats, &self.program.tables)) else {
            return false;
        };
        tell_reads(writer, self.program, instruction, &self.repeats, false);
        let is_new = !matches!(commands.last(), Some(Command::Code(_)));
        commands.extend(writer.instruction(&work, lanes, is_new).map(Command::Code));
        true
    }

    /// Writes a repeat for nothing but what its functions read: as they run again and again, it is worth knowing before.
    fn note_reads(&mut self, body: &[Step]) {
        let Some(writer) = self.writer.take() else { return };
        self.writer = Some(Writer::noting());
        self.steps(body);
        let noted = self.writer.replace(writer).map(Writer::into_reads);
        self.writer.iter_mut().zip(noted).for_each(|(writer, noted)| writer.expect(noted));
    }

    /// Tells what writes code that a kernel runs a step.
    fn read_by_kernels(&mut self, step: &Step) {
        if let (Some(writer), Step::Run(instruction)) = (&mut self.writer, step) {
            tell_reads(writer, self.program, instruction, &self.repeats, true);
        }
    }

    /// What the formula of a term does, noted once.
    fn noted(&mut self, term: &Term) -> Rc<Noted> {
        let key = match term {
            Term::Operation { op, exponent, .. } => (Some(*op), *exponent, None),
            Term::Partial { op, exponent, by, .. } => (Some(*op), *exponent, Some(*by)),
            _ => (None, 0, None),
        };
        if let Some(noted) = self.noted.get(&key) {
            return noted.clone();
        }
        let noted = Rc::new(self.with_formula(term, Note { exponent: key.1 }).0);
        self.noted.insert(key, noted.clone());
        noted
    }

    fn instruction(&mut self, instruction: &Instruction, commands: &mut Vec<Command<T>>) {
        let instruction = &self.scaled_by_product(instruction);
        let nest = Nest::new(self.program, instruction);
        if let Some(operation) = instruction.term.called() {
            return commands.push(self.call(nest, operation));
        }
        let is_over_slices = matches!(instruction.term, Term::Reduction { .. } | Term::ReductionPartial { .. });
        let overlaps = nest.overlaps(&self.repeats, &self.program.tables);
        if overlaps || is_over_slices {
            return self.in_phases(nest, instruction, commands);
        }
        if let Some(scalars) = self.scalars(&nest, instruction) {
            match commands.last_mut() {
                Some(Command::Scalars(before)) => before.append(scalars),
                _ => commands.push(Command::Scalars(scalars)),
            }
            return;
        }
        let is_here = instruction.start == Start::Here;
        let mut joined = nest.clone();
        joined.join_loops(&self.program.tables);
        if let Some(transposition) = self.transposition(&joined, is_here, instruction) {
            commands.push(Command::Transposition(Box::new(transposition)));
        } else if let Some(product) = self.product(&joined, is_here, instruction) {
            commands.push(Command::Product(Box::new(product)));
        } else if let Some(activation) = instruction.activation.filter(|_| is_here) {
            commands.push(self.rows(joined, instruction, None));
            commands.push(self.activation(instruction, activation));
        } else {
            commands.push(self.rows(joined, instruction, instruction.activation));
        }
    }

    /// Start, terms and activation as commands of their own, in the order of the loops: where terms read what others have
    /// written, and where they are over slices.
    fn in_phases(&self, nest: Nest, instruction: &Instruction, commands: &mut Vec<Command<T>>) {
        // Derivatives that go to different places each need nothing to be added to.
        let is_set = matches!(instruction.term, Term::ReductionPartial { .. })
            && instruction.start == Start::Zero
            && !nest.is_summed()
            && nest.results_are_apart();
        if instruction.start != Start::Here && !is_set {
            commands.push(self.start(instruction));
        }
        commands.push(match &instruction.term {
            Term::Reduction { op, .. } | Term::ReductionPartial { op, .. } => self.reduction(nest, *op, is_set),
            term => {
                let (kernel, exponent) = self.kernel(term);
                let grid = Grid { has_start: true, scale: instruction.scale, exponent, ..Grid::row(1) };
                self.turn_by_turn(nest, Begin::Here, grid, kernel)
            }
        });
        if let Some(activation) = instruction.activation {
            commands.push(self.activation(instruction, activation));
        }
    }

    /// The instruction as a sum of products, if it is one of operands in even steps.
    fn product(&self, nest: &Nest, is_here: bool, instruction: &Instruction) -> Option<Product<T>> {
        let is_even = match instruction.term {
            Term::Copy(_) => true,
            Term::Product { is_strong, .. } => !(is_strong && self.is_careful),
            _ => false,
        };
        let is_relu = instruction.activation == Some(Op::Relu);
        let kernel = instruction.activation.map(|activation| self.activation_kernel(activation));
        if !is_even {
            return None;
        }
        let (product, cycles) = Product::new::<S>(nest, is_here, instruction.scale, is_relu, kernel)?;
        (cycles < best_lanes(nest, S::width::<T>()).1).then_some(product)
    }

    /// Two steps as one sum of products whose results are let through, if they can be that.
    fn gated_product(&self, step: &Step, next: &Step) -> Option<Product<T>> {
        if !self.repeats.is_empty() {
            return None;
        }
        let (instruction, gate) = self.uses.gated(step, next)?;
        let mut nest = Nest::new(self.program, &instruction).gated(gate);
        if nest.overlaps(&self.repeats, &self.program.tables) {
            return None;
        }
        nest.join_loops(&self.program.tables);
        self.product(&nest, false, &instruction)
    }

    /// The instruction as a transposition, if it is one.
    fn transposition(&self, nest: &Nest, is_here: bool, instruction: &Instruction) -> Option<Transposition<T>> {
        let is_copy = matches!(instruction.term, Term::Copy(_)) && instruction.activation.is_none();
        (is_copy && !is_here && nest.start.is_none()).then(|| Transposition::new::<S>(nest)).flatten()
    }

    /// The start of an instruction as a command of its own.
    fn start(&self, instruction: &Instruction) -> Command<T> {
        let trips = instruction.free_trips();
        let (term, operands) = match instruction.start {
            Start::From(access) => (Term::Copy(access), 1),
            Start::Zero | Start::Here => (Term::Copy(instruction.out), 0),
        };
        let alone = Instruction::new(trips, instruction.out, term);
        let mut nest = Nest::new(self.program, &alone);
        nest.operands.truncate(operands);
        if !nest.results_are_apart() || nest.overlaps(&self.repeats, &self.program.tables) {
            let kernel = if operands == 0 { S::map::<T, Nothing>() } else { S::map::<T, Copied>() };
            return self.turn_by_turn(nest, Begin::Zero, Grid::row(1), kernel);
        }
        nest.join_loops(&self.program.tables);
        self.rows(nest, &alone, None)
    }

    /// The activation of an instruction as a command of its own.
    fn activation(&self, instruction: &Instruction, activation: Op) -> Command<T> {
        let trips = instruction.free_trips();
        let term = Term::Operation { op: activation, exponent: 0, operands: vec![instruction.out] };
        let alone = Instruction::new(trips, instruction.out, term);
        let mut nest = Nest::new(self.program, &alone);
        if !nest.results_are_apart() {
            return self.turn_by_turn(nest, Begin::Zero, Grid::row(1), self.activation_kernel(activation));
        }
        nest.join_loops(&self.program.tables);
        self.rows(nest, &alone, None)
    }

    fn turn_by_turn(&self, nest: Nest, start: Begin, grid: Grid, term: Map<T>) -> Command<T> {
        let places = [&nest.out, &nest.out].into_iter().chain(&nest.operands).map(|operand| operand.place(None));
        Command::from(Rows {
            trips: nest.trips,
            free: LOOPS,
            grid,
            is_summed: false,
            is_copy: false,
            is_plain_sum: false,
            start,
            places: places.collect(),
            term,
            activation: None,
            sum: S::sum::<T>(),
        })
    }

    /// As rows of a grid; a nest without operands is zeros.
    fn rows(&self, mut nest: Nest, instruction: &Instruction, activation: Option<Op>) -> Command<T> {
        let Instruction { scale, ref term, .. } = *instruction;
        let (lanes, _) = best_lanes(&nest, S::width::<T>());
        let is_row = |depth: &usize| *depth != lanes && !nest.is_summed_over(*depth);
        let rows = (0..LOOPS).filter(is_row).max_by_key(|depth| nest.trips[*depth]);
        // Loops that lead to other results first, then those that are summed over, the longest last, then those of the grid.
        let mut order = [0, 1, 2, 3];
        let steps = |depth: usize| if nest.is_summed_over(depth) { nest.trips[depth] } else { 0 };
        order.sort_by_key(|depth| (*depth == lanes, Some(*depth) == rows, steps(*depth)));
        nest.reorder(order);
        let is_summed = nest.is_summed_over(LANES);
        let free = (0..if rows.is_some() { ROWS } else { LANES }).filter(|depth| !nest.is_summed_over(*depth)).count();
        let mut trips = nest.trips;
        let length = std::mem::replace(&mut trips[LANES], 1) as usize;
        let height = if rows.is_some() { std::mem::replace(&mut trips[ROWS], 1) as usize } else { 1 };
        let zeros = || (S::map::<T, Nothing>(), 0);
        let (kernel, exponent) = if nest.operands.is_empty() { zeros() } else { self.kernel(term) };
        let start = match nest.start {
            Some(_) => Begin::From,
            None if instruction.start == Start::Here => Begin::Here,
            None => Begin::Zero,
        };
        let added = nest.start.as_ref().unwrap_or(&nest.out);
        let all = [&nest.out, added].into_iter().chain(&nest.operands);
        let mut places: Vec<Place> = all.map(|operand| operand.place(Some(LANES))).collect();
        if length >= S::width::<T>() {
            let find = |place: &mut Place| place.find_rows(length, &nest.trips, &self.repeats, &self.program.tables);
            places.iter_mut().for_each(find);
        }
        let mut grid = Grid { rows: height, has_start: start != Begin::Zero, scale, exponent, ..Grid::row(length) };
        for (number, place) in places.iter().enumerate() {
            (grid.row[number], grid.is_still[number]) = (place.strides[ROWS], place.lane == 0);
        }
        let is_copy =
            matches!(term, Term::Copy(_)) && scale == 1.0 && activation.is_none() && !nest.operands.is_empty();
        let is_copy = is_copy && start == Begin::Zero && !is_summed;
        let mut rows = Rows {
            trips,
            free,
            grid,
            is_summed,
            is_copy: is_copy && trips[free..] == [1; LOOPS][free..],
            is_plain_sum: is_summed && self.is_plain(term, &places[FIRST_OPERAND..]),
            start,
            places,
            term: kernel,
            activation: activation.map(|activation| self.activation_kernel(activation)),
            sum: S::sum::<T>(),
        };
        if let Some(kernel) = self.sums(term) {
            rows.sum_in_kernel(kernel);
        }
        Command::from(rows)
    }

    fn reduction(&self, mut nest: Nest, op: Op, is_set: bool) -> Command<T> {
        assert!(is_reduction(op), "{op} is no operation over slices");
        let reads_alone = !nest.overlaps(&self.repeats, &self.program.tables);
        // The longest of the loops around has the slices that are reduced together, if their order is no matter.
        let longest = (0..LANES).max_by_key(|depth| nest.trips[*depth]).filter(|_| reads_alone);
        let mut order = [0, 1, 2, 3];
        order.swap(longest.unwrap_or(ROWS), ROWS);
        nest.reorder(order);
        let [.., slices, length] = nest.trips;
        nest.trips[ROWS..].fill(1);
        let (out, operand) = (nest.out.place(Some(LANES)), nest.operands[0].place(Some(LANES)));
        let partial = match &nest.operands[1..] {
            [result, factor] => Some([result.place(None), factor.place(None)]),
            _ => None,
        };
        let join = joining(op).and_then(|join| formula::operation(join, 2, 0, Kernel(PhantomData::<(T, S)>)));
        let kernels = reduce::Kernels::new::<S>(join);
        let (trips, is_added) = (nest.trips, !is_set);
        Command::Reduce(Box::new(Reduce {
            trips,
            slices,
            length,
            op,
            out,
            is_added,
            reads_alone,
            operand,
            partial,
            kernels,
        }))
    }

    fn call(&self, mut nest: Nest, operation: &Custom) -> Command<T> {
        let [.., rows, columns] = nest.trips;
        nest.trips[ROWS..].fill(1);
        let operands = nest.operands[0].place(Some(LANES));
        let results = nest.operands.get(1).map(|results| (results.place(Some(ROWS)), rows as usize));
        let (out, out_part) = match results {
            None => (nest.out.place(Some(ROWS)), Part::of_row(0, rows as usize)),
            Some(_) => (nest.out.place(Some(LANES)), Part { rows, ..Part::of_row(0, columns as usize) }),
        };
        let (trips, operation, length) = (nest.trips, operation.clone(), columns as usize);
        Command::Call(Box::new(Call { trips, operation, out, out_part, operands, length, results }))
    }

    /// A small instruction, taken apart.
    fn scalars(&self, nest: &Nest, instruction: &Instruction) -> Option<Scalars<T>> {
        let with = || MakeKernels(PhantomData::<T>);
        let (term, exponent) = self.with_formula(&instruction.term, with());
        let activation = instruction.activation.map(|activation| activation_with(activation, with()));
        let is_here = instruction.start == Start::Here;
        let product = || formula::operation(Op::Mul, 2, 0, with()).expect("a product has a formula");
        let scale = self.scale_slot(instruction);
        let scaled = scale.map(|scale| Scaled { product: product(), scale, term: self.program.slots });
        let functions = Functions { term, exponent, is_here, scaled, activation };
        Scalars::new(nest.clone(), &functions, &self.program.tables, !self.repeats.is_empty())
    }

    /// The slot of the machine where the number stands that an instruction multiplies by, if it is not 1.
    fn scale_slot(&self, instruction: &Instruction) -> Option<u32> {
        let number = self.scales.iter().position(|scale| *scale == instruction.scale)?;
        Some(self.program.slots + 1 + number as u32)
    }

    /// The instruction, numbers times a scale as products with it: these are the quickest.
    fn scaled_by_product<'a>(&self, instruction: &'a Instruction) -> Cow<'a, Instruction> {
        match (&instruction.term, self.scale_slot(instruction)) {
            (Term::Copy(a), Some(slot)) => {
                let term = Term::Product { a: *a, b: Access::slot(slot), is_strong: false };
                Cow::Owned(Instruction { term, scale: 1.0, ..*instruction })
            }
            _ => Cow::Borrowed(instruction),
        }
    }

    /// Whether a term is a number that stands beside those of the other lanes, or such a number times one that stands still.
    fn is_plain(&self, term: &Term, operands: &[Place]) -> bool {
        let is_still = |place: &Place| place.lane == 0 && matches!(place.way, Way::Slot);
        match (term, operands) {
            (Term::Copy(_), [number]) => number.is_contiguous(),
            (Term::Product { is_strong, .. }, [a, b]) => {
                let is_scaled = a.is_contiguous() && is_still(b) || is_still(a) && b.is_contiguous();
                is_scaled && !(*is_strong && self.is_careful)
            }
            _ => false,
        }
    }

    /// The kernel of a term over rows, and its exponent.
    fn kernel(&self, term: &Term) -> (Map<T>, i32) {
        self.with_formula(term, Kernel(PhantomData::<(T, S)>))
    }

    /// The kernel that sums up a term in its registers, for those that sums are mostly of.
    fn sums(&self, term: &Term) -> Option<Map<T>> {
        match term {
            Term::Copy(_) => Some(S::sums::<T, Copied>()),
            Term::Product { is_strong, .. } if !(*is_strong && self.is_careful) => {
                Some(S::sums::<T, formula::Product>())
            }
            Term::Operation { op: Op::SquaredDifference, .. } => Some(S::sums::<T, formula::SquaredDifference>()),
            _ => None,
        }
    }

    /// Hands the formula of a term on; and its exponent.
    fn with_formula<W: WithFormula>(&self, term: &Term, with: W) -> (W::Output, i32) {
        let kernel = formula::of_term(term, self.is_careful, with);
        (kernel.unwrap_or_else(|| panic!("no such term: {term:?}")), term.exponent())
    }

    fn activation_kernel(&self, activation: Op) -> Map<T> {
        activation_with(activation, Kernel(PhantomData::<(T, S)>))
    }
}

/// Hands the formula of an activation on.
fn activation_with<W: WithFormula>(activation: Op, with: W) -> W::Output {
    formula::operation(activation, 1, 0, with)
        .unwrap_or_else(|| panic!("{activation} is not an operation of one operand"))
}

/// The loop whose turns are computed side by side, and about how many cycles it takes so: that with which the least has to be
/// collected and the fewest rows are run.
fn best_lanes(nest: &Nest, width: usize) -> (usize, f64) {
    let all: f64 = nest.trips.iter().map(|trips| f64::from(*trips)).product();
    let cycles = |depth: usize| {
        let collected = |operand: &Operand| match (operand.access.route, operand.access.strides[depth]) {
            (Route::Direct, 0 | 1) => 0.0,
            (Route::Lookup(_), _) => 9.0,
            _ => 3.0,
        };
        let lanes = f64::from(nest.trips[depth]);
        let is_summed = nest.is_summed_over(depth);
        let results = if is_summed { 25.0 } else { collected(&nest.out) * lanes };
        let operands: f64 = nest.operands.iter().map(collected).sum();
        let vectors = (lanes / width as f64).ceil();
        let of_a_vector = if is_summed { 5.0 } else { 3.0 };
        let mut others = (0..LOOPS).filter(|other| *other != depth && nest.trips[*other] > 1);
        let are_rows = others.clone().count() <= 1 && others.all(|other| !nest.is_summed_over(other));
        let is_one_grid = !is_summed && are_rows && operands + results == 0.0;
        let around = if is_one_grid { 30.0 } else { 100.0 };
        around + all / lanes * (12.0 + results + vectors * of_a_vector) + all * operands
    };
    let candidates = (0..LOOPS).rev().map(|depth| (depth, cycles(depth)));
    candidates.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are loops")
}

/// 0, of no operands.
struct Nothing;

impl Formula for Nothing {
    const OPERANDS: usize = 0;

    #[inline(always)]
    fn at<N: Number>(_: [N; formula::MOST_OPERANDS], _: i32) -> N {
        N::constant(0.0)
    }
}

/// Makes the kernel of a formula.
struct Kernel<T, S>(PhantomData<(T, S)>);

impl<T: Float, S: Set> WithFormula for Kernel<T, S> {
    type Output = Map<T>;

    fn with<F: Formula>(self) -> Map<T> {
        S::map::<T, F>()
    }
}

/// Runs commands one after the other.
///
/// # Safety
///
/// They were prepared for the program whose memory this is, and for this processor.
pub(super) unsafe fn run<T: Float>(commands: &[Command<T>], memory: &mut Memory<T>) {
    for command in commands {
        memory.forget_choices();
        // SAFETY: the caller's promise; repeats move places as far as the check of the program has followed them.
        unsafe {
            match command {
                Command::Code(code) => code.run(memory),
                Command::Scalars(scalars) => scalars.run(memory),
                Command::Grid(grid) => grid.run(memory),
                Command::Rows(rows) => rows.run(memory),
                Command::Product(product) => product.run(memory),
                Command::Transposition(transposition) => transposition.run(memory),
                Command::Reduce(reduce) => reduce.run(memory),
                Command::Call(call) => call.run(memory),
                Command::Repeat { trips, depth, body } => {
                    for turn in 0..*trips {
                        memory.repeats[*depth] = turn;
                        run(body, memory);
                    }
                    memory.repeats[*depth] = 0;
                }
            }
        }
    }
}

impl<T: Float> From<Rows<T>> for Command<T> {
    fn from(rows: Rows<T>) -> Self {
        match rows.as_one_grid() {
            Some(grid) => Command::Grid(Box::new(grid)),
            None => Command::Rows(Box::new(rows)),
        }
    }
}

impl<T: Float> Command<T> {
    /// So much room beyond that for rows it needs, in numbers.
    pub fn panel(&self) -> usize {
        match self {
            Command::Product(product) => product.panel(),
            Command::Repeat { body, .. } => body.iter().map(Command::panel).max().unwrap_or(0),
            Command::Reduce(reduce) => reduce.room(),
            Command::Code(_)
            | Command::Scalars(_)
            | Command::Grid(_)
            | Command::Rows(_)
            | Command::Transposition(_)
            | Command::Call(_) => 0,
        }
    }

    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Command::Code(_) => 0,
                Command::Grid(grid) => size_of_val(&**grid),
                Command::Rows(rows) => size_of_val(&**rows) + size_of_val(&rows.places[..]),
                Command::Scalars(scalars) => scalars.bytes(),
                Command::Product(product) => size_of_val(&**product),
                Command::Transposition(transposition) => size_of_val(&**transposition),
                Command::Reduce(reduce) => size_of_val(&**reduce),
                Command::Call(call) => size_of_val(&**call),
                Command::Repeat { body, .. } => body.iter().map(Command::bytes).sum(),
            }
    }
}
