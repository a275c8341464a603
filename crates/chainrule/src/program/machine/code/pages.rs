//! Memory that holds machine code.

use memmap2::{Mmap, MmapMut};
use std::io;

/// Machine code in memory of its own, which cannot be written any more.
pub(in super::super) struct Pages {
    code: Option<Mmap>,
    /// Where functions begin, in bytes from the first of all.
    functions: Vec<u32>,
}

/// Functions that were written, one after the other.
#[derive(Default)]
pub(in super::super) struct Written {
    pub bytes: Vec<u8>,
    /// Where each begins.
    pub first: Vec<u32>,
}

impl Pages {
    /// Puts code into memory from which the processor may run it.
    ///
    /// # Errors
    ///
    /// If the system does not give such memory.
    pub fn new(written: Written) -> io::Result<Self> {
        if written.bytes.is_empty() {
            return Ok(Pages::none());
        }
        let mut memory = MmapMut::map_anon(written.bytes.len())?;
        memory.copy_from_slice(&written.bytes);
        Ok(Pages { code: Some(memory.make_exec()?), functions: written.first })
    }

    /// No code at all.
    pub fn none() -> Self {
        Pages { code: None, functions: Vec::new() }
    }

    /// Where the function with this number begins.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn function(&self, number: u32) -> *const u8 {
        let code = self.code.as_ref().expect("there are functions");
        code[self.functions[number as usize] as usize..].as_ptr()
    }

    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.code.as_ref().map_or(0, |code| code.len()) + size_of_val(&self.functions[..])
    }
}
