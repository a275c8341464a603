//! Memory that holds machine code.

use memmap2::{Mmap, MmapMut};
use std::io;

/// Machine code in memory of its own, which cannot be written any more.
pub(in super::super) struct Pages(Option<Mmap>);

impl Pages {
    /// Puts code into memory from which the processor may run it.
    ///
    /// # Errors
    ///
    /// If the system does not give such memory.
    pub fn new(code: &[u8]) -> io::Result<Self> {
        if code.is_empty() {
            return Ok(Pages::none());
        }
        let mut memory = MmapMut::map_anon(code.len())?;
        memory.copy_from_slice(code);
        Ok(Pages(Some(memory.make_exec()?)))
    }

    /// No code at all.
    pub fn none() -> Self {
        Pages(None)
    }

    /// Where the code begins.
    pub fn first(&self) -> *const u8 {
        self.0.as_ref().map_or(std::ptr::null(), |code| code.as_ptr())
    }

    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |code| code.len())
    }
}
