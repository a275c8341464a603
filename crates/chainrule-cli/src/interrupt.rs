//! Ctrl-C: the first asks what is running to stop, the second ends the process at once.

use crate::failure::{Failure, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What shells expect of a process that Ctrl-C ended: 128 + SIGINT.
pub const EXIT_CODE: u8 = 130;

/// Whether Ctrl-C was pressed, from now on.
pub fn watch() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    set(Arc::clone(&interrupted))?;
    Ok(interrupted)
}

/// Sets the flag when Ctrl-C is pressed, from now on.
pub fn set(flag: Arc<AtomicBool>) -> Result<()> {
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
    })
    .map_err(|error| Failure::work(format!("Ctrl-C cannot be watched for: {error}")))
}
