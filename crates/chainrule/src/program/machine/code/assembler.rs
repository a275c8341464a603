//! The instructions of AVX-512 that code is made of, as bytes: Intel's Software Developer's Manual, volume 2, tells them all.

use super::super::Float;

/// One of 32 vector registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vector(pub u8);

/// One of the registers that say which lanes are meant; that with the number 0 cannot say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mask(pub u8);

/// A register that holds an address or a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct General(pub u8);

// What a function of the System V interface need not restore: the first three arguments, and others.
pub(super) const SLOTS: General = General(7);
pub(super) const TABLES: General = General(6);
pub(super) const TURNS: General = General(2);
pub(super) const SCRATCH: General = General(0);
pub(super) const FREE: [General; 5] = [General(1), General(8), General(9), General(10), General(11)];

/// How much of a vector register is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    Bytes16,
    Bytes32,
    Bytes64,
}

impl Width {
    /// The least that holds so many numbers.
    pub fn of<T>(lanes: usize) -> Self {
        match lanes * size_of::<T>() {
            0..=16 => Width::Bytes16,
            17..=32 => Width::Bytes32,
            _ => Width::Bytes64,
        }
    }

    fn bytes(self) -> i32 {
        16 << self as u8
    }
}

/// A place in memory: what stands in these registers, the second times the size of a number, and so many bytes more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub base: General,
    pub index: Option<General>,
    pub bytes: i32,
}

/// What an instruction with three operands computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// The second operand where one is NaN, or both are zeros.
    Min,
    Max,
    And,
    Xor,
}

/// What is asked of two numbers; the numbers of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal = 0,
    Less = 1,
    EitherIsNan = 3,
    /// Also where one is NaN.
    NotEqual = 4,
}

/// Which lanes of the result are written; the others become 0, or stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    All,
    OrZero(Mask),
    OrAsBefore(Mask),
}

/// The map that an instruction stands in, the prefix that belongs to it, its byte, and whether numbers have 64 bits.
#[derive(Clone, Copy)]
struct Opcode {
    map: u8,
    prefix: u8,
    byte: u8,
    is_wide: bool,
}

/// The last operand.
#[derive(Clone, Copy)]
enum Last {
    Register(u8),
    /// And how many bytes are read or written there.
    Memory(Spot, i32),
}

/// Writes instructions one after the other, for numbers of one kind.
pub(super) struct Assembler<T> {
    pub bytes: Vec<u8>,
    number: std::marker::PhantomData<T>,
}

impl<T: Float> Assembler<T> {
    pub fn new() -> Self {
        Assembler { bytes: Vec::new(), number: std::marker::PhantomData }
    }

    const IS_WIDE: bool = size_of::<T>() == 8;

    /// An instruction that comes with a prefix for `f64` and without one for `f32`.
    fn packed(byte: u8) -> Opcode {
        Opcode { map: 1, prefix: u8::from(Self::IS_WIDE), byte, is_wide: Self::IS_WIDE }
    }

    /// An instruction that is the same for both but for the size of numbers.
    fn sized(map: u8, byte: u8) -> Opcode {
        Opcode { map, prefix: 1, byte, is_wide: Self::IS_WIDE }
    }

    /// The move of a single number.
    fn lone(byte: u8) -> Opcode {
        Opcode { map: 1, prefix: if Self::IS_WIDE { 3 } else { 2 }, byte, is_wide: Self::IS_WIDE }
    }

    pub fn load(&mut self, width: Width, to: Vector, from: Spot) {
        self.vector(Self::packed(0x10), width, Lanes::All, to.0, 0, Last::Memory(from, width.bytes()));
    }

    /// Reads one number; the rest of the register becomes 0.
    pub fn load_lone(&mut self, to: Vector, from: Spot) {
        self.vector(Self::lone(0x10), Width::Bytes16, Lanes::All, to.0, 0, Last::Memory(from, size_of::<T>() as i32));
    }

    pub fn store(&mut self, width: Width, lanes: Lanes, from: Vector, to: Spot) {
        self.vector(Self::packed(0x11), width, lanes, from.0, 0, Last::Memory(to, width.bytes()));
    }

    pub fn store_lone(&mut self, from: Vector, to: Spot) {
        self.vector(Self::lone(0x11), Width::Bytes16, Lanes::All, from.0, 0, Last::Memory(to, size_of::<T>() as i32));
    }

    /// The same number in all lanes.
    pub fn spread(&mut self, to: Vector, from: Spot) {
        let opcode = Self::sized(2, if Self::IS_WIDE { 0x19 } else { 0x18 });
        self.vector(opcode, Width::Bytes64, Lanes::All, to.0, 0, Last::Memory(from, size_of::<T>() as i32));
    }

    /// The first lane in all lanes.
    pub fn spread_first(&mut self, to: Vector, from: Vector) {
        let opcode = Self::sized(2, if Self::IS_WIDE { 0x19 } else { 0x18 });
        self.vector(opcode, Width::Bytes64, Lanes::All, to.0, 0, Last::Register(from.0));
    }

    /// The same bits in all lanes.
    pub fn spread_bits(&mut self, to: Vector, bits: u64) {
        match Self::IS_WIDE {
            true => self.bytes.extend([0x48, 0xb8 | SCRATCH.0].into_iter().chain(bits.to_le_bytes())),
            false => self.put_whole(bits as u32),
        }
        self.vector(Self::sized(2, 0x7c), Width::Bytes64, Lanes::All, to.0, 0, Last::Register(SCRATCH.0));
    }

    pub fn copy(&mut self, width: Width, lanes: Lanes, to: Vector, from: Vector) {
        self.vector(Self::packed(0x28), width, lanes, to.0, 0, Last::Register(from.0));
    }

    pub fn square_root(&mut self, width: Width, to: Vector, of: Vector) {
        self.vector(Self::packed(0x51), width, Lanes::All, to.0, 0, Last::Register(of.0));
    }

    pub fn binary(&mut self, binary: Binary, width: Width, to: Vector, a: Vector, b: Vector) {
        let byte = match binary {
            Binary::Add => 0x58,
            Binary::Sub => 0x5c,
            Binary::Mul => 0x59,
            Binary::Div => 0x5e,
            Binary::Min => 0x5d,
            Binary::Max => 0x5f,
            Binary::And => 0x54,
            Binary::Xor => 0x57,
        };
        self.vector(Self::packed(byte), width, Lanes::All, to.0, a.0, Last::Register(b.0));
    }

    /// `sum += a * b`, or `sum -= a * b`, in one rounding.
    pub fn add_product(&mut self, width: Width, lanes: Lanes, is_subtracted: bool, sum: Vector, a: Vector, b: Vector) {
        let opcode = Self::sized(2, if is_subtracted { 0xbc } else { 0xb8 });
        self.vector(opcode, width, lanes, sum.0, a.0, Last::Register(b.0));
    }

    /// Where the comparison holds, of the lanes that another mask names.
    pub fn compare(
        &mut self,
        comparison: Comparison,
        width: Width,
        among: Option<Mask>,
        to: Mask,
        a: Vector,
        b: Vector,
    ) {
        let lanes = among.map_or(Lanes::All, Lanes::OrAsBefore);
        self.vector(Self::packed(0xc2), width, lanes, to.0, a.0, Last::Register(b.0));
        self.bytes.push(comparison as u8);
    }

    /// `yes` where the mask is set, `no` elsewhere.
    pub fn choose(&mut self, width: Width, by: Mask, to: Vector, yes: Vector, no: Vector) {
        self.vector(Self::sized(2, 0x65), width, Lanes::OrAsBefore(by), to.0, no.0, Last::Register(yes.0));
    }

    /// All lanes of `low` moved down by so many, those of `high` coming in behind them.
    pub fn shift(&mut self, width: Width, lanes: Lanes, to: Vector, low: Vector, high: Vector, by: u8) {
        self.vector(Self::sized(3, 0x03), width, lanes, to.0, high.0, Last::Register(low.0));
        self.bytes.push(by);
    }

    /// All lanes moved down by so many, those that fall out coming in again at the top.
    pub fn rotate(&mut self, width: Width, lanes: Lanes, to: Vector, from: Vector, by: u8) {
        self.shift(width, lanes, to, from, from, by);
    }

    /// Sets the bits of a mask.
    pub fn set_mask(&mut self, mask: Mask, bits: u16) {
        self.put_whole(bits.into());
        self.bytes.extend([0xc5, 0xf8, 0x92, 0xc0 | mask.0 << 3 | SCRATCH.0]);
    }

    /// The whole number of 32 bits that stands there.
    pub fn load_whole(&mut self, to: General, from: Spot) {
        let [to_high, base_high] = [to.0 >> 3, from.base.0 >> 3];
        self.bytes.extend([0x40 | to_high << 2 | base_high, 0x8b, 0x80 | (to.0 & 7) << 3 | from.base.0 & 7]);
        self.bytes.extend(from.bytes.to_le_bytes());
    }

    fn put_whole(&mut self, number: u32) {
        self.bytes.push(0xb8 | SCRATCH.0);
        self.bytes.extend(number.to_le_bytes());
    }

    /// `to *= factor`.
    pub fn multiply(&mut self, to: General, factor: i32) {
        let high = to.0 >> 3;
        self.bytes.extend([0x48 | high << 2 | high, 0x69, 0xc0 | (to.0 & 7) << 3 | to.0 & 7]);
        self.bytes.extend(factor.to_le_bytes());
    }

    /// `to = from`.
    pub fn copy_whole(&mut self, to: General, from: General) {
        self.general(0x89, to, from);
    }

    /// `to += from`.
    pub fn add_whole(&mut self, to: General, from: General) {
        self.general(0x01, to, from);
    }

    fn general(&mut self, byte: u8, to: General, from: General) {
        self.bytes.extend([0x48 | from.0 >> 3 << 2 | to.0 >> 3, byte, 0xc0 | (from.0 & 7) << 3 | to.0 & 7]);
    }

    /// Returns to the caller, which may use older vector instructions.
    pub fn finish(&mut self) {
        self.bytes.extend([0xc5, 0xf8, 0x77, 0xc3]);
    }

    /// An instruction over vectors, with the bytes before it that tell the registers.
    fn vector(&mut self, opcode: Opcode, width: Width, lanes: Lanes, first: u8, second: u8, last: Last) {
        let (last_3, last_4) = match last {
            Last::Register(number) => (number >> 3 & 1, number >> 4 & 1),
            Last::Memory(Spot { base, index, .. }, _) => (base.0 >> 3, index.map_or(0, |index| index.0 >> 3)),
        };
        let (is_zeroed, mask) = match lanes {
            Lanes::All => (0, 0),
            Lanes::OrZero(mask) => (1, mask.0),
            Lanes::OrAsBefore(mask) => (0, mask.0),
        };
        // These bits are written the other way round.
        let registers = (first >> 3 & 1) << 7 | last_4 << 6 | last_3 << 5 | (first >> 4) << 4;
        self.bytes.extend([
            0x62,
            registers ^ 0xf0 | opcode.map,
            u8::from(opcode.is_wide) << 7 | (second & 15 ^ 15) << 3 | 4 | opcode.prefix,
            is_zeroed << 7 | (width as u8) << 5 | (second >> 4 ^ 1) << 3 | mask,
            opcode.byte,
        ]);
        let first = (first & 7) << 3;
        match last {
            Last::Register(number) => self.bytes.push(0xc0 | first | number & 7),
            Last::Memory(Spot { base, index, bytes }, unit) => {
                // Distances that are a small multiple of what is read take one byte.
                let short = (bytes % unit == 0).then(|| i8::try_from(bytes / unit).ok()).flatten();
                let mode = if short.is_some() { 0x40 } else { 0x80 };
                match index {
                    None => self.bytes.push(mode | first | base.0 & 7),
                    Some(index) => {
                        let scale = size_of::<T>().trailing_zeros() as u8;
                        self.bytes.extend([mode | first | 4, scale << 6 | (index.0 & 7) << 3 | base.0 & 7]);
                    }
                }
                match short {
                    Some(short) => self.bytes.push(short as u8),
                    None => self.bytes.extend(bytes.to_le_bytes()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of what was written, as another assembler gives them for the text.
    fn assert_written<T: Float>(write: impl Fn(&mut Assembler<T>), text: &str, expected: &[u8]) {
        let mut assembler = Assembler::new();
        write(&mut assembler);
        assert_eq!(assembler.bytes, expected, "{text}: {:02x?}", assembler.bytes);
    }

    fn at(base: u8, bytes: i32) -> Spot {
        Spot { base: General(base), index: None, bytes }
    }

    #[test]
    fn instructions_are_the_bytes_of_the_manual() {
        use Lanes::*;
        use Width::*;
        let indexed = Spot { base: SLOTS, index: Some(SCRATCH), bytes: 0x4d8 };
        let v = Vector;
        assert_written::<f64>(
            |a| a.load(Bytes64, v(17), at(8, 0x4d8)),
            "vmovupd 0x4d8(%r8), %zmm17",
            &[0x62, 0xc1, 0xfd, 0x48, 0x10, 0x88, 0xd8, 0x04, 0, 0],
        );
        assert_written::<f64>(
            |a| a.store(Bytes64, OrAsBefore(Mask(3)), v(5), at(7, 64)),
            "vmovupd %zmm5, 64(%rdi){%k3}",
            &[0x62, 0xf1, 0xfd, 0x4b, 0x11, 0x6f, 0x01],
        );
        assert_written::<f32>(
            |a| a.load(Bytes32, v(9), indexed),
            "{evex} vmovups 0x4d8(%rdi,%rax,4), %ymm9",
            &[0x62, 0x71, 0x7c, 0x28, 0x10, 0x8c, 0x87, 0xd8, 0x04, 0, 0],
        );
        assert_written::<f64>(
            |a| a.spread(v(30), at(10, 16)),
            "vbroadcastsd 16(%r10), %zmm30",
            &[0x62, 0x42, 0xfd, 0x48, 0x19, 0x72, 0x02],
        );
        assert_written::<f64>(
            |a| a.copy(Bytes64, OrZero(Mask(1)), v(22), v(1)),
            "vmovapd %zmm1, %zmm22{%k1}{z}",
            &[0x62, 0xe1, 0xfd, 0xc9, 0x28, 0xf1],
        );
        assert_written::<f64>(
            |a| a.binary(Binary::Sub, Bytes64, v(25), v(2), v(19)),
            "vsubpd %zmm19, %zmm2, %zmm25",
            &[0x62, 0x21, 0xed, 0x48, 0x5c, 0xcb],
        );
        assert_written::<f64>(
            |a| a.add_product(Bytes64, OrAsBefore(Mask(2)), false, v(25), v(2), v(19)),
            "vfmadd231pd %zmm19, %zmm2, %zmm25{%k2}",
            &[0x62, 0x22, 0xed, 0x4a, 0xb8, 0xcb],
        );
        assert_written::<f64>(
            |a| a.compare(Comparison::Less, Bytes64, Some(Mask(4)), Mask(1), v(2), v(19)),
            "vcmppd $1, %zmm19, %zmm2, %k1{%k4}",
            &[0x62, 0xb1, 0xed, 0x4c, 0xc2, 0xcb, 0x01],
        );
        assert_written::<f64>(
            |a| a.choose(Bytes64, Mask(1), v(4), v(20), v(3)),
            "vblendmpd %zmm20, %zmm3, %zmm4{%k1}",
            &[0x62, 0xb2, 0xe5, 0x49, 0x65, 0xe4],
        );
        assert_written::<f64>(
            |a| a.rotate(Bytes64, OrAsBefore(Mask(5)), v(3), v(18), 3),
            "valignq $3, %zmm18, %zmm18, %zmm3{%k5}",
            &[0x62, 0xb3, 0xed, 0x45, 0x03, 0xda, 0x03],
        );
        assert_written::<f64>(
            |a| a.shift(Bytes64, All, v(3), v(18), v(2), 3),
            "valignq $3, %zmm18, %zmm2, %zmm3",
            &[0x62, 0xb3, 0xed, 0x48, 0x03, 0xda, 0x03],
        );
        assert_written::<f64>(
            |a| a.set_mask(Mask(5), 0x1f),
            "mov $0x1f, %eax; kmovw %eax, %k5",
            &[0xb8, 0x1f, 0, 0, 0, 0xc5, 0xf8, 0x92, 0xe8],
        );
        assert_written::<f64>(
            |a| a.load_whole(General(1), at(11, 32)),
            "mov 0x20(%r11), %ecx, with four bytes of distance",
            &[0x41, 0x8b, 0x8b, 0x20, 0, 0, 0],
        );
        assert_written::<f64>(
            |a| a.multiply(General(9), 0x4b0),
            "imul $0x4b0, %r9, %r9",
            &[0x4d, 0x69, 0xc9, 0xb0, 0x04, 0, 0],
        );
        assert_written::<f64>(|a| a.add_whole(General(9), General(0)), "add %rax, %r9", &[0x49, 0x01, 0xc1]);
        assert_written::<f64>(|a| a.copy_whole(General(9), General(7)), "mov %rdi, %r9", &[0x49, 0x89, 0xf9]);
    }
}
