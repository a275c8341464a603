//! Machine code: small instructions, written out for the processor one after the other.
//!
//! A kernel serves whatever sizes and steps there are, and what stands around it takes longer than it does where an instruction
//! computes a few numbers. But sizes and steps are known when a machine is made: so what is small is unrolled into
//! instructions of the processor, and what one has computed is still in a register when the next one wants it. A sequence of
//! such instructions is one function without a branch.
//!
//! [`Work`] says what an instruction asks for; [`Writer`] writes it, with [`registers`] in mind, in the bytes of [`assembler`];
//! [`stores`] that nobody reads are taken out again; and [`Pages`] are where it runs. This is for AVX-512 alone: kernels serve the
//! other instruction sets, and all that is large.

mod assembler;
mod pages;
mod reads;
mod registers;
mod site;
mod stores;
#[cfg(test)]
mod tests;
mod work;
mod writer;

use super::Float;
use super::memory::Memory;
use crate::program::Program;
pub(super) use pages::Pages;
pub(super) use work::{Lanes, Note, Term, Work, computes_what_is_written, is_small};
pub(super) use writer::Writer;

/// A function that was written: its number.
pub(super) struct Code(u32);

/// How such a function is called: with the slots, the tables, and the turns of the repeats around.
///
/// # Safety
///
/// They are those of the machine that it was written for. Behind the last slot there is as much memory as a register holds, which may
/// be read.
#[cfg(target_arch = "x86_64")]
type Function<T> = unsafe extern "sysv64" fn(slots: *mut T, tables: *const u32, turns: *const u32);

impl<T: Float> Writer<T> {
    /// Whether there can be code for a program: distances are numbers of 32 bits.
    pub fn can_write(program: &Program) -> bool {
        let most = i32::MAX as usize / 16;
        (program.slots as usize) < most && program.tables.len() < most
    }

    /// Writes an instruction behind the one before, or as the beginning of a new function; that is then returned.
    pub fn instruction(&mut self, work: &Work, lanes: Lanes, is_new: bool) -> Option<Code> {
        let code = is_new.then(|| Code(self.begin(!work.repeats.is_empty())));
        self.write(work, lanes);
        code
    }
}

impl Code {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The memory is that of the program, with the pages of the machine that this was written for.
    pub unsafe fn run<T: Float>(&self, memory: &Memory<T>) {
        // SAFETY: there is such a function, by the caller's promise. Its bytes come from the writer alone, which reads and writes what
        // the accesses of the program lead to, and those were checked; memory has a register's worth of room behind the slots.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            let function: Function<T> = std::mem::transmute(memory.code().function(self.0));
            function(memory.slots(), memory.tables().as_ptr(), memory.repeats.as_ptr());
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("code is written for x86-64 only, not for {memory:p}")
    }
}
