//! From instructions to machine code.

use super::super::Float;
use super::super::formula::MOST_OPERANDS;
use super::assembler::{
    Assembler, Binary, Comparison, FREE, General, Lanes, Mask, SCRATCH, SLOTS, Spot, TABLES, TURNS, Vector, Width,
};
use super::pages::Written;
use super::reads::Reads;
use super::registers::{Known, Piece, Registers};
use super::site::{Frame, Held, Site};
use super::stores::Stores;
use super::work::{self, Access, Accesses, Term, Work, lanes_of};
use crate::Op;
use crate::program::differentiate::formula::{Formula, Operation, Symbol};
use crate::program::{LOOPS, Program, REPEATS};

/// Comparisons leave their results here; the masks after it hold lanes that come again.
const COMPARED: Mask = Mask(1);
const LANES: [Mask; 6] = [Mask(2), Mask(3), Mask(4), Mask(5), Mask(6), Mask(7)];

/// Writes instructions one after the other, as long as nothing else comes between.
pub(in super::super) struct Writer<T> {
    assembler: Assembler<T>,
    /// Where functions begin.
    functions: Vec<u32>,
    /// Whether the last one was not ended.
    is_open: bool,
    stores: Stores,
    /// What functions of repeats will read, from the next one on.
    expected: std::vec::IntoIter<Reads>,
    /// What functions read, if that is to be known.
    noted: Option<Vec<Reads>>,
    registers: Registers,
    /// The lanes that each of the masks names, in the order in which they were wanted last.
    masks: Vec<(u16, Mask)>,
    /// The addresses of slots and tables that are moved with the repeats, in that order, too.
    pointers: Vec<(Pointer, General)>,
}

/// The first slot, or the beginning of the tables, moved so far with each turn of the repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pointer {
    is_of_tables: bool,
    shifts: [i32; REPEATS],
}

/// A sum that grows.
struct Sum {
    so_far: Option<Vector>,
    is_subtracted: bool,
    width: Width,
}

impl<T: Float> Writer<T> {
    /// For a program.
    pub fn new(program: &Program) -> Self {
        Writer::with(Stores::of(program))
    }

    fn with(stores: Stores) -> Self {
        Writer {
            assembler: Assembler::new(),
            functions: Vec::new(),
            is_open: false,
            stores,
            expected: Vec::new().into_iter(),
            noted: None,
            registers: Registers::new(None),
            masks: Vec::new(),
            pointers: Vec::new(),
        }
    }

    /// For nothing but what functions read.
    pub fn noting() -> Self {
        Writer { noted: Some(Vec::new()), ..Writer::with(Stores::new(false, std::iter::empty())) }
    }

    /// What the functions have read.
    pub fn into_reads(self) -> Vec<Reads> {
        self.noted.unwrap_or_default()
    }

    /// The next functions of repeats will read this.
    pub fn expect(&mut self, reads: Vec<Reads>) {
        self.expected = reads.into_iter();
    }

    /// Begins a function, and says its number.
    pub fn begin(&mut self, is_in_repeat: bool) -> u32 {
        self.end();
        self.is_open = true;
        self.noted.iter_mut().for_each(|noted| noted.push(Reads::default()));
        let expected = if is_in_repeat { self.expected.next() } else { None };
        self.registers = Registers::new(expected);
        self.masks.clear();
        self.pointers.clear();
        self.stores.begin(is_in_repeat);
        self.functions.push(self.assembler.bytes.len() as u32);
        self.functions.len() as u32 - 1
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.assembler.finish();
            self.stores.end();
        }
    }

    /// Whether it wants to know what others read.
    pub fn asks_who_reads(&self) -> bool {
        self.stores.is_watching()
    }

    /// Notes that kernels read these slots, or functions by tables.
    pub fn read_by_others(&mut self, reach: [i64; 2]) {
        self.stores.read_by_others(reach);
    }

    /// All functions, without the stores that nobody reads.
    pub fn finish(mut self) -> Written {
        self.end();
        let (written, unread) = (self.assembler.bytes, self.stores.unread());
        let moved = |first: u32| {
            let before = unread.partition_point(|store| store.start < first as usize);
            first - unread[..before].iter().map(|store| store.len() as u32).sum::<u32>()
        };
        let first = self.functions.into_iter().map(moved).collect();
        let (mut bytes, mut done) = (Vec::with_capacity(written.len()), 0);
        for store in unread {
            bytes.extend(&written[done..store.start]);
            done = store.end;
        }
        bytes.extend(&written[done..]);
        Written { bytes, first }
    }

    /// Writes an instruction whose lanes are chosen.
    pub(super) fn write(&mut self, work: &Work, lanes: work::Lanes) {
        let accesses = Accesses::new(work, lanes.depth);
        match lanes.is_summed {
            true => work.for_each_result(|turn| self.summed(work, &accesses, turn, lanes.depth)),
            false => work.for_each_chunk::<T>(lanes.depth, &accesses, |turn, count| {
                self.chunk(work, &accesses, turn, lanes.depth, count);
            }),
        }
    }

    /// Results side by side.
    fn chunk(&mut self, work: &Work, accesses: &Accesses, turn: [u32; LOOPS], depth: usize, count: usize) {
        let pinned = self.registers.pinned();
        let width = Width::of::<T>(count);
        let start = accesses.start.as_ref().map(|start| self.read(work, start, turn, depth, count));
        // What is multiplied by 1 or -1 is added to the start at once.
        let is_direct = work.scale == 1.0 || work.scale == -1.0 && start.is_some();
        let is_subtracted = is_direct && work.scale == -1.0;
        let mut sum = Sum { so_far: start.filter(|_| is_direct), is_subtracted, width };
        work.for_each_term(depth, turn, |turn| {
            let before = self.registers.pinned();
            let operands = self.operands(work, accesses, turn, depth, count);
            self.add_term(&mut sum, &work.term, &operands);
            self.registers.unpin(before, sum.so_far);
        });
        let sum = sum.so_far.expect("there is a term");
        let result = if is_direct { sum } else { self.scaled(width, sum, work.scale, start) };
        self.finish_result(work, accesses, turn, depth, count, result);
        self.registers.unpin(pinned, None);
    }

    /// One result, to which lanes are summed.
    fn summed(&mut self, work: &Work, accesses: &Accesses, turn: [u32; LOOPS], depth: usize) {
        let pinned = self.registers.pinned();
        let lanes = work.nest.trips[depth] as usize;
        let mut sum = Sum { so_far: None, is_subtracted: false, width: Width::Bytes64 };
        work.for_each_term(depth, turn, |mut turn| {
            for first in (0..lanes).step_by(lanes_of::<T>()) {
                let before = self.registers.pinned();
                turn[depth] = first as u32;
                let count = lanes_of::<T>().min(lanes - first);
                let operands = self.operands(work, accesses, turn, depth, count);
                match count < lanes_of::<T>() {
                    true => {
                        let mut rest = Sum { so_far: None, ..sum };
                        self.add_term(&mut rest, &work.term, &operands);
                        let rest = rest.so_far.expect("there is a term");
                        let (mask, term) = (self.lanes(0, count), self.registers.take());
                        self.assembler.copy(Width::Bytes64, Lanes::OrZero(mask), term, rest);
                        self.add(&mut sum, term);
                    }
                    false => self.add_term(&mut sum, &work.term, &operands),
                }
                self.registers.unpin(before, sum.so_far);
            }
        });
        let mut result = sum.so_far.expect("there is a term");
        // Halves are added to each other until one number is left.
        let mut half = lanes_of::<T>() / 2;
        while half > 0 {
            if half < lanes {
                let (rotated, added) = (self.registers.take(), self.registers.take());
                self.assembler.rotate(Width::Bytes64, Lanes::All, rotated, result, half as u8);
                self.assembler.binary(Binary::Add, Width::Bytes64, added, result, rotated);
                result = added;
            }
            half /= 2;
        }
        let start = accesses.start.as_ref().map(|start| self.read(work, start, turn, depth, 1));
        if work.scale != 1.0 || start.is_some() {
            result = self.scaled(Width::Bytes16, result, work.scale, start);
        }
        self.finish_result(work, accesses, turn, depth, 1, result);
        self.registers.unpin(pinned, None);
    }

    /// Applies the activation and writes what comes of it.
    fn finish_result(
        &mut self,
        work: &Work,
        accesses: &Accesses,
        turn: [u32; LOOPS],
        depth: usize,
        count: usize,
        result: Vector,
    ) {
        let width = Width::of::<T>(count);
        let result = match &work.activation {
            Some(activation) => self.formula(width, activation, &[result]),
            None => result,
        };
        let site = accesses.out.site(work, turn, depth, 0);
        let held = accesses.out.held(work, site, count);
        let is_full = [1, lanes_of::<T>() / 4, lanes_of::<T>() / 2, lanes_of::<T>()].contains(&count);
        let lanes = if is_full { Lanes::All } else { Lanes::OrAsBefore(self.lanes(0, count)) };
        let spot = self.spot(site);
        let first = self.assembler.bytes.len();
        match count {
            1 => self.assembler.store_lone(result, spot),
            _ => self.assembler.store(width, lanes, result, spot),
        }
        self.stores.store(&held, first..self.assembler.bytes.len());
        self.registers.overwrite(&held);
        self.registers.know(result, Known::Numbers { held, stale: 0, is_fresh: true });
    }

    /// `start + number * scale`.
    fn scaled(&mut self, width: Width, number: Vector, scale: f64, start: Option<Vector>) -> Vector {
        match start {
            Some(start) if scale == 1.0 => self.binary(Binary::Add, width, start, number),
            Some(start) => {
                let scale = self.constant(scale);
                let result = self.copied(width, start);
                self.assembler.add_product(width, Lanes::All, false, result, number, scale);
                result
            }
            None => {
                let scale = self.constant(scale);
                self.binary(Binary::Mul, width, number, scale)
            }
        }
    }

    /// The operands that a term reads; the others are any.
    fn operands(
        &mut self,
        work: &Work,
        accesses: &Accesses,
        turn: [u32; LOOPS],
        depth: usize,
        count: usize,
    ) -> [Vector; MOST_OPERANDS] {
        let mut operands = [Vector(0); MOST_OPERANDS];
        for operand in work.used() {
            operands[operand] = self.read(work, &accesses.operands[operand], turn, depth, count);
        }
        operands
    }

    fn add_term(&mut self, sum: &mut Sum, term: &Term, operands: &[Vector]) {
        match term {
            Term::Copy => self.add(sum, operands[0]),
            Term::Product => self.add_product(sum, operands[0], operands[1]),
            Term::Formula(formula) => {
                let number = self.formula(sum.width, formula, operands);
                self.add(sum, number);
            }
        }
    }

    fn add(&mut self, sum: &mut Sum, number: Vector) {
        let Some(so_far) = sum.so_far else {
            sum.so_far = Some(number);
            return;
        };
        let to = self.own(so_far);
        let add = if sum.is_subtracted { Binary::Sub } else { Binary::Add };
        self.assembler.binary(add, sum.width, to, so_far, number);
        sum.so_far = Some(to);
    }

    fn add_product(&mut self, sum: &mut Sum, a: Vector, b: Vector) {
        let Some(so_far) = sum.so_far else {
            let to = self.registers.take();
            self.assembler.binary(Binary::Mul, sum.width, to, a, b);
            sum.so_far = Some(to);
            return;
        };
        let to = self.copied(sum.width, so_far);
        self.assembler.add_product(sum.width, Lanes::All, sum.is_subtracted, to, a, b);
        sum.so_far = Some(to);
    }

    /// The register, if it may be written, or another one.
    fn own(&mut self, register: Vector) -> Vector {
        if self.registers.make_own(register) { register } else { self.registers.take() }
    }

    /// A register that holds the same and may be written.
    fn copied(&mut self, width: Width, register: Vector) -> Vector {
        let own = self.own(register);
        if own != register {
            self.assembler.copy(width, Lanes::All, own, register);
        }
        own
    }

    /// What a formula gives, of operands that are pinned.
    fn formula(&mut self, width: Width, formula: &Formula, operands: &[Vector]) -> Vector {
        let mut computed = Vec::with_capacity(formula.operations.len());
        for operation in &formula.operations {
            let mut numbers = [Vector(0); MOST_OPERANDS];
            let symbols = operation.operands();
            for (number, symbol) in numbers.iter_mut().zip(symbols) {
                *number = self.symbol(*symbol, operands, &computed);
            }
            let result = self.operation(width, operation, &numbers[..symbols.len()]);
            computed.push(result);
        }
        self.symbol(formula.result, operands, &computed)
    }

    fn symbol(&mut self, symbol: Symbol, operands: &[Vector], computed: &[Vector]) -> Vector {
        match symbol {
            Symbol::Constant(number) => self.constant(number),
            Symbol::Given(number) => operands[number],
            Symbol::Computed(number) => computed[number],
        }
    }

    fn operation(&mut self, width: Width, operation: &Operation, numbers: &[Vector]) -> Vector {
        let (op, exponent) = match operation {
            Operation::StrongProduct(..) => return self.strong_product(width, numbers[0], numbers[1]),
            Operation::Row(op, exponent, _) => (*op, *exponent),
        };
        match (op, numbers) {
            (Op::StopGradient, [x]) => *x,
            (Op::Neg, [x]) => {
                let sign = self.constant(-0.0);
                self.binary(Binary::Xor, width, *x, sign)
            }
            (Op::Add, [a, b]) => self.binary(Binary::Add, width, *a, *b),
            (Op::Sub, [a, b]) => self.binary(Binary::Sub, width, *a, *b),
            (Op::Mul, [a, b]) => self.binary(Binary::Mul, width, *a, *b),
            (Op::Div, [a, b]) => self.binary(Binary::Div, width, *a, *b),
            (Op::MulAdd, [a, b, summand]) => {
                let result = self.registers.take();
                self.assembler.copy(width, Lanes::All, result, *summand);
                self.assembler.add_product(width, Lanes::All, false, result, *a, *b);
                result
            }
            (Op::SquaredDifference, [a, b]) => {
                let difference = self.binary(Binary::Sub, width, *a, *b);
                self.binary(Binary::Mul, width, difference, difference)
            }
            (Op::Recip, [x]) => self.reciprocal(width, *x),
            (Op::Powi, [x]) => {
                let mut power = *x;
                for _ in 1..exponent.unsigned_abs() {
                    power = self.binary(Binary::Mul, width, *x, power);
                }
                if exponent < 0 { self.reciprocal(width, power) } else { power }
            }
            (Op::Sqrt, [x]) => {
                let result = self.registers.take();
                self.assembler.square_root(width, result, *x);
                result
            }
            (Op::Abs, [x]) => {
                let magnitude = self.bits(T::constant(-0.0).bits() - 1);
                self.binary(Binary::And, width, *x, magnitude)
            }
            (Op::Min | Op::Max, [a, b]) => {
                let which = if op == Op::Min { Binary::Min } else { Binary::Max };
                let result = self.binary(which, width, *a, *b);
                self.assembler.compare(Comparison::EitherIsNan, width, None, COMPARED, *b, *b);
                self.assembler.copy(width, Lanes::OrAsBefore(COMPARED), result, *a);
                result
            }
            (Op::Less, [a, b]) => self.compared(width, Comparison::Less, *a, *b),
            (Op::Equal, [a, b]) => self.compared(width, Comparison::Equal, *a, *b),
            (Op::Select, [condition, yes, no]) => {
                let (zero, result) = (self.constant(0.0), self.registers.take());
                self.assembler.compare(Comparison::NotEqual, width, None, COMPARED, *condition, zero);
                self.assembler.choose(width, COMPARED, result, *yes, *no);
                result
            }
            (Op::Relu, [x]) => {
                let zero = self.constant(0.0);
                self.binary(Binary::Max, width, zero, *x)
            }
            _ => unreachable!("{op} is not written"),
        }
    }

    fn binary(&mut self, binary: Binary, width: Width, a: Vector, b: Vector) -> Vector {
        let result = self.registers.take();
        self.assembler.binary(binary, width, result, a, b);
        result
    }

    fn reciprocal(&mut self, width: Width, x: Vector) -> Vector {
        let one = self.constant(1.0);
        self.binary(Binary::Div, width, one, x)
    }

    /// 1 where a comparison holds, else 0.
    fn compared(&mut self, width: Width, comparison: Comparison, a: Vector, b: Vector) -> Vector {
        let (one, result) = (self.constant(1.0), self.registers.take());
        self.assembler.compare(comparison, width, None, COMPARED, a, b);
        self.assembler.copy(width, Lanes::OrZero(COMPARED), result, one);
        result
    }

    /// The product, and 0 where a factor is 0.
    fn strong_product(&mut self, width: Width, a: Vector, b: Vector) -> Vector {
        let zero = self.constant(0.0);
        let product = self.binary(Binary::Mul, width, a, b);
        self.assembler.compare(Comparison::NotEqual, width, None, COMPARED, a, zero);
        self.assembler.compare(Comparison::NotEqual, width, Some(COMPARED), COMPARED, b, zero);
        self.assembler.copy(width, Lanes::OrZero(COMPARED), product, product);
        product
    }

    /// The number in all lanes.
    fn constant(&mut self, number: f64) -> Vector {
        self.bits(T::constant(number).bits())
    }

    fn bits(&mut self, bits: u64) -> Vector {
        self.note_read(Known::Constant(bits));
        if let Some(register) = self.registers.constant(bits) {
            return register;
        }
        let register = self.registers.take();
        match bits {
            0 => self.assembler.binary(Binary::Xor, Width::Bytes64, register, register, register),
            _ => self.assembler.spread_bits(register, bits),
        }
        self.registers.know(register, Known::Constant(bits));
        register
    }

    /// What stands at a place: so many numbers side by side, or the same in all lanes.
    fn read(&mut self, work: &Work, access: &Access, turn: [u32; LOOPS], depth: usize, count: usize) -> Vector {
        let site = access.site(work, turn, depth, 0);
        if count > 1 && access.is_still(work, turn, depth) {
            return self.spread(access.held(work, site, 1));
        }
        let held = access.held(work, site, count);
        self.note_read(Known::Numbers { held, stale: 0, is_fresh: false });
        let lone = |registers: &mut Registers| if count == 1 { registers.spread(site) } else { None };
        if let Some(register) = self.registers.numbers(site, held.lanes).or_else(|| lone(&mut self.registers)) {
            return register;
        }
        let pieces = self.registers.pieces(site, count, lanes_of::<T>());
        let register = self.registers.take();
        match pieces.map(|pieces| self.gathered(pieces, held)) {
            Some(pieces) => self.put_together(register, &pieces),
            None => self.load(register, held),
        }
        self.registers.know(register, Known::Numbers { held, stale: 0, is_fresh: false });
        register
    }

    fn note_read(&mut self, what: Known) {
        let time = self.registers.read();
        if let Some(reads) = self.noted.as_mut().and_then(|noted| noted.last_mut()) {
            reads.note(what.reads(), time);
        }
    }

    /// The lanes of several registers, each where it belongs.
    fn put_together(&mut self, to: Vector, pieces: &[(Vector, Piece)]) {
        let mut rest = pieces;
        if let [(low, first), (high, second), others @ ..] = pieces
            && first.rotation == second.rotation
            && first.rotation as usize + first.to == lanes_of::<T>()
        {
            self.assembler.shift(Width::Bytes64, Lanes::All, to, *low, *high, first.rotation);
            rest = others;
        }
        for (register, piece) in rest {
            let lanes = match piece.from {
                0 => Lanes::All,
                _ => Lanes::OrAsBefore(self.lanes(piece.from, piece.to)),
            };
            match piece.rotation {
                0 => self.assembler.copy(Width::Bytes64, lanes, to, *register),
                by => self.assembler.rotate(Width::Bytes64, lanes, to, *register, by),
            }
        }
    }

    /// The registers of pieces; what stands in memory is read.
    fn gathered(&mut self, pieces: Vec<Piece>, held: Held) -> Vec<(Vector, Piece)> {
        let mut register_of = |piece: &Piece| {
            piece.register.unwrap_or_else(|| {
                let site = held.site.behind(piece.from as i64);
                let register = self.registers.take();
                self.load(register, Held { site, lanes: 1, ..held });
                register
            })
        };
        pieces.into_iter().map(|piece| (register_of(&piece), piece)).collect()
    }

    fn load(&mut self, to: Vector, held: Held) {
        self.stores.load(&held);
        let spot = self.spot(held.site);
        match held.lanes as usize {
            1 => self.assembler.load_lone(to, spot),
            lanes => self.assembler.load(Width::of::<T>(lanes), to, spot),
        }
    }

    fn spread(&mut self, held: Held) -> Vector {
        let site = held.site;
        self.note_read(Known::Spread(held));
        if let Some(register) = self.registers.spread(site) {
            return register;
        }
        let first = self.registers.numbers(site, 1);
        let register = self.registers.take();
        match first {
            Some(first) => self.assembler.spread_first(register, first),
            None => {
                self.stores.load(&held);
                let spot = self.spot(site);
                self.assembler.spread(register, spot);
            }
        }
        self.registers.know(register, Known::Spread(held));
        register
    }

    /// The mask of some lanes.
    fn lanes(&mut self, from: usize, to: usize) -> Mask {
        let bits = ((1u32 << to) - (1 << from)) as u16;
        let (mask, is_set) = kept(&mut self.masks, &LANES, bits);
        if !is_set {
            self.assembler.set_mask(mask, bits);
        }
        mask
    }

    /// Where a site is in memory. Good until the next one is asked for.
    fn spot(&mut self, Site { frame, slot }: Site) -> Spot {
        let bytes = (slot * size_of::<T>() as i64) as i32;
        match frame {
            Frame::Slots(shifts) => {
                let base = self.pointer(Pointer { is_of_tables: false, shifts });
                Spot { base, index: None, bytes }
            }
            Frame::Listed { place, shifts } => {
                let base = self.pointer(Pointer { is_of_tables: true, shifts });
                let listed = Spot { base, index: None, bytes: (place * size_of::<u32>() as i64) as i32 };
                self.assembler.load_whole(SCRATCH, listed);
                Spot { base: SLOTS, index: Some(SCRATCH), bytes }
            }
        }
    }

    fn pointer(&mut self, pointer: Pointer) -> General {
        let (first, unit) = match pointer.is_of_tables {
            true => (TABLES, size_of::<u32>()),
            false => (SLOTS, size_of::<T>()),
        };
        if pointer.shifts == [0; REPEATS] {
            return first;
        }
        let (register, is_set) = kept(&mut self.pointers, &FREE, pointer);
        if is_set {
            return register;
        }
        self.assembler.copy_whole(register, first);
        for (depth, shift) in pointer.shifts.into_iter().enumerate().filter(|(_, shift)| *shift != 0) {
            let turn = Spot { base: TURNS, index: None, bytes: (depth * size_of::<u32>()) as i32 };
            self.assembler.load_whole(SCRATCH, turn);
            self.assembler.multiply(SCRATCH, shift * unit as i32);
            self.assembler.add_whole(register, SCRATCH);
        }
        register
    }
}

/// The register that is kept for something, and whether it is set: it is not if it was free, or the one that was not wanted for longest.
fn kept<K: PartialEq, R: Copy>(kept: &mut Vec<(K, R)>, all: &[R], wanted: K) -> (R, bool) {
    let place = kept.iter().position(|(known, _)| *known == wanted);
    let register = match (place, all.get(kept.len())) {
        (Some(place), _) => kept.remove(place).1,
        (None, Some(register)) => *register,
        (None, None) => kept.remove(0).1,
    };
    kept.push((wanted, register));
    (register, place.is_some())
}
