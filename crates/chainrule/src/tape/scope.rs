//! Giving memory back, recording nothing, and how much the tape holds.

use super::Value;
use super::adjoint::Pair;
use super::nodes::Operand;
use super::storage::{Mark, Tape, lend, read_tape, with_tape};
use std::marker::PhantomData;

/// Opens a scope: when it drops, the tape is cut to where it stood, and its memory serves again.
///
/// Values that were recorded inside are stale from then on: using one panics, except for the number of a computed one,
/// [`Value::data`](crate::Value::data), which it carries itself.
///
/// ```
/// use chainrule::{Value, tape};
///
/// let w = Value::new(3.0);
/// for x in [1.0, 2.0] {
///     let _scope = tape::scope();
///     let loss = (w * x).powi(2);
///     loss.backward();
/// }
/// assert_eq!(w.grad(), 2.0 * 3.0 * (1.0 + 4.0));
/// assert_eq!(tape::size().nodes, 1);
/// ```
pub fn scope() -> Scope {
    Scope { mark: mark(), not_send: PhantomData }
}

/// A stretch of the tape that is released when this is dropped; made by [`scope`].
#[must_use = "the scope ends where this is dropped: `let _scope = tape::scope();`"]
#[derive(Debug)]
pub struct Scope {
    mark: Mark,
    not_send: PhantomData<*const ()>,
}

impl Scope {
    /// Releases what was recorded in this scope, but what these values were made of; that moves together, and the values
    /// become handles on the new places. Gradients, names and groups move along. The scope stays open.
    ///
    /// All other handles on what was recorded in the scope are stale from then on, as are the ends of scopes within.
    ///
    /// ```
    /// use chainrule::{Value, tape};
    ///
    /// let mut scope = tape::scope();
    /// let mut state = Value::new(1.0);
    /// for step in 0..1000 {
    ///     let rejected = state.exp() * 2.0;
    ///     state = if rejected.data() > 100.0 { rejected } else { state * 1.001 };
    ///     scope.keep(std::slice::from_mut(&mut state));
    /// }
    /// assert_eq!(tape::size().nodes, 1001);
    /// ```
    ///
    /// # Panics
    ///
    /// If one of the values is stale.
    #[track_caller]
    pub fn keep(&mut self, values: &mut [Value]) {
        let mut released = Vec::new();
        lend(|tape| tape.keep(&self.mark, values, &mut released));
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        release_to(&self.mark);
    }
}

/// Where this thread's tape ends now.
pub(crate) fn mark() -> Mark {
    read_tape(Tape::mark)
}

/// Releases everything that was recorded since the mark was taken.
pub(crate) fn release_to(mark: &Mark) {
    drop(with_tape(|tape| {
        let calls = tape.truncate(mark);
        tape.measure_room();
        calls
    }));
}

/// Computes without recording: what `compute` makes of values are constants.
///
/// ```
/// use chainrule::{Value, no_grad};
///
/// let w = Value::new(3.0);
/// let y = no_grad(|| w * 2.0);
/// assert_eq!(y.data(), 6.0);
/// assert_eq!(y.gradient(&[w]), [0.0]);
/// ```
pub fn no_grad<T>(compute: impl FnOnce() -> T) -> T {
    paused(true, compute)
}

/// Computes and records, within [`no_grad`] too.
pub(crate) fn with_grad<T>(compute: impl FnOnce() -> T) -> T {
    paused(false, compute)
}

fn paused<T>(is_paused: bool, compute: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            with_tape(|tape| tape.nodes.pause(self.0));
        }
    }
    let _restore = Restore(with_tape(|tape| tape.nodes.is_paused()));
    with_tape(|tape| tape.nodes.pause(is_paused));
    compute()
}

/// What this thread's tape holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The nodes: leaves and operations.
    pub nodes: usize,
    /// The bytes that are allocated, whether in use or held in reserve; names not counted.
    pub bytes: usize,
}

/// What this thread's tape holds.
pub fn size() -> Size {
    with_tape(|tape| {
        let [first, second] = &tape.buffers;
        let lists = [&tape.constants, &tape.gradients, &tape.adjoints, first, second];
        Size {
            nodes: tape.nodes.len(),
            bytes: tape.nodes.bytes()
                + tape.side_list.capacity() * size_of::<Operand>()
                + lists.map(Vec::capacity).iter().sum::<usize>() * size_of::<f64>()
                + tape.pairs_of_adjoints.capacity() * size_of::<Pair>()
                + tape.calls.bytes()
                + tape.epochs.bytes(),
        }
    })
}

/// Makes room for so many more nodes, and no more than that: recording them neither allocates nor copies nodes. Constants,
/// operands of sums, and gradients take room of their own when they come.
///
/// # Panics
///
/// If a tape cannot have so many nodes: 2^31 are the most.
#[track_caller]
pub fn reserve(nodes: usize) {
    lend(|tape| {
        tape.check_room(nodes)?;
        tape.nodes.reserve(nodes, true);
        Ok(())
    });
}
