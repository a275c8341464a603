//! What the command leaves behind: text on standard output, and files that are whole or not there at all.

use crate::failure::{Failure, Result};
use chainrule::files::write_whole;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Prints to standard output.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    told(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What came of writing to standard output. That the reader has gone away, as `head` does, is no failure.
pub fn told(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::work(format!("standard output: {error}"))),
        _ => Ok(()),
    }
}

/// Prints a line to standard error, if anybody listens.
pub fn remark(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A directory for the files of one run, known to be writable.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

/// A file that is still to be written.
pub struct File {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

impl File {
    pub fn new(name: &'static str, bytes: impl Into<Vec<u8>>) -> File {
        File { name, bytes: bytes.into() }
    }
}

impl Directory {
    /// Checks that files can be written here, before any work is done for them. Makes nothing yet.
    ///
    /// `names` are the files that will be.
    pub fn check(path: &Path, names: &[&str]) -> Result<Directory> {
        let nearest = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
        let probe = nearest.join(format!(".chainrule-{}.part", std::process::id()));
        fs::File::create_new(&probe).and_then(|_| fs::remove_file(&probe)).map_err(|error| {
            let nearest = if nearest.as_os_str().is_empty() { Path::new(".") } else { nearest };
            Failure::input(format!("--out {}: cannot write in {}: {error}", path.display(), nearest.display()))
        })?;
        match names.iter().map(|name| path.join(name)).find(|file| file.is_dir()) {
            Some(taken) => Err(Failure::input(format!(
                "--out {}: expected to write a file {}, found a directory of that name",
                path.display(),
                taken.display()
            ))),
            None => Ok(Directory { path: path.into() }),
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes all files, and removes those of an earlier run that this one has nothing for.
    pub fn write(&self, files: &[File], stale: &[&str]) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|error| Failure::file(&self.path, error))?;
        let whole: Vec<(PathBuf, &[u8])> = files.iter().map(|file| (self.file(file.name), &file.bytes[..])).collect();
        write_whole(&whole)?;
        for name in stale {
            match fs::remove_file(self.file(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::file(&self.file(name), error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
