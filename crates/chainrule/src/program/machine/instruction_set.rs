//! Which vector instructions a machine uses.

/// A family of vector instructions. Which ones there are is asked of the processor when the program runs, so that one
/// build serves all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// AVX-512 of x86-64: 64 bytes at a time.
    Avx512,
    /// AVX2 with fused multiply-add, of x86-64: 32 bytes at a time.
    Avx2,
    /// NEON, of ARM: 16 bytes at a time.
    Neon,
    /// What every processor has that the build is for.
    Baseline,
}

impl InstructionSet {
    /// All, the widest first.
    pub const ALL: [InstructionSet; 4] =
        [InstructionSet::Avx512, InstructionSet::Avx2, InstructionSet::Neon, InstructionSet::Baseline];

    /// The widest that this processor has.
    pub fn detect() -> Self {
        Self::available().next().unwrap_or(InstructionSet::Baseline)
    }

    /// Those that this processor has, the widest first.
    ///
    /// ```
    /// use chainrule::program::InstructionSet;
    ///
    /// assert!(InstructionSet::available().any(|set| set == InstructionSet::Baseline));
    /// ```
    pub fn available() -> impl Iterator<Item = InstructionSet> {
        Self::ALL.into_iter().filter(|set| set.is_available())
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && InstructionSet::Avx2.is_available()
            }
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            InstructionSet::Baseline => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// Whether small instructions can be machine code.
    pub(super) fn has_code(self) -> bool {
        self == InstructionSet::Avx512
    }
}

/// Plain loops over slices that are compiled for several instruction sets. They are to be inlined into what is compiled so:
/// `#[inline(always)]`, and no closures that are not.
pub(crate) trait Loops {
    /// Runs them; the parameter says whether `mul_add` is one instruction.
    fn run<const IS_FUSED: bool>(self);
}

/// Runs loops with the widest instructions of this processor that have fused multiply-add, or else as the build has them.
pub(crate) fn run(loops: impl Loops) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
        fn in_avx512(loops: impl Loops) {
            loops.run::<true>();
        }
        #[target_feature(enable = "avx2,fma")]
        fn in_avx2(loops: impl Loops) {
            loops.run::<true>();
        }
        match InstructionSet::detect() {
            // SAFETY: the processor has what it is compiled for.
            InstructionSet::Avx512 => return unsafe { in_avx512(loops) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { in_avx2(loops) },
            InstructionSet::Neon | InstructionSet::Baseline => {}
        }
    }
    loops.run::<false>();
}
