//! A value on its way through code that wants to be free to send it: plain data, which becomes a value again on its own thread.

use super::Value;
use super::handle::Place;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a value is made of, and the thread whose tape it lies on.
#[derive(Clone, Copy)]
pub(crate) struct Parked {
    number: f64,
    place: Place,
    thread: u64,
}

impl Parked {
    #[inline]
    pub fn new(value: Value) -> Self {
        Parked { number: value.own_number(), place: value.place(), thread: this_thread() }
    }

    /// The value.
    ///
    /// # Panics
    ///
    /// On another thread than its own, unless it is a constant.
    #[inline]
    #[track_caller]
    pub fn value(self) -> Value {
        let is_at_home = self.place == Place::NOWHERE || self.thread == this_thread();
        assert!(is_at_home, "a Real was used on another thread than the one that it was recorded on: send its number");
        Value::at(self.number, self.place)
    }
}

/// The number of this thread: each has another one, as long as the process runs.
#[inline]
fn this_thread() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    thread_local!(static NUMBER: u64 = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| *number)
}
