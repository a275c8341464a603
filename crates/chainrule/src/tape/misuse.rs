//! How a value can be used wrongly, and what the panic says to mend it.

/// A wrong use of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Misuse {
    /// Its node is gone.
    Released,
    /// The data of a value that is not a leaf was to be set.
    SetComputed,
    /// The data of a constant was to be set.
    SetConstant,
    /// The gradient of a constant was to be set.
    GradientOfConstant,
    /// There is nothing to go back to.
    BackwardOfConstant,
    /// Two slices were to be taken in pairs.
    Lengths(usize, usize),
    /// An index counts to none of so many choices.
    NoSuchChoice(f64, usize),
    /// There are no more slots, or places for operands.
    Full,
}

impl Misuse {
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub fn panic(self) -> ! {
        match self {
            Misuse::Released => panic!(
                "a Value was used after its node was released: the scope that it was recorded in has ended, or an \
                 optimiser's step() has released what was recorded since the optimiser was made. Record it before the scope \
                 opens, make all models before their optimisers, or keep its number with `.data()` while it is there"
            ),
            Misuse::SetComputed => panic!("only a leaf's data can be set: this Value was computed from others"),
            Misuse::SetConstant => {
                panic!("only a leaf's data can be set: this Value is a constant; make it with `Value::new`")
            }
            Misuse::GradientOfConstant => {
                panic!("a constant has no gradient that could be set: make it with `Value::new`")
            }
            Misuse::BackwardOfConstant => panic!(
                "backward() of a constant: nothing was recorded to go back to. Was it computed from constants only, or \
                 within `no_grad`?"
            ),
            Misuse::Full => panic!(
                "this thread's tape is full (2^31 nodes or operands): record within `tape::scope()`, which gives them back"
            ),
            Misuse::NoSuchChoice(index, count) => panic!(
                "a lookup needs an index that is a whole number from 0 to less than the number of choices: the index is \
                 {index}, and there are {count} choices"
            ),
            Misuse::Lengths(first, second) => panic!(
                "two slices that are multiplied term by term need one length: the first has {first} values, the second \
                 {second}"
            ),
        }
    }
}
