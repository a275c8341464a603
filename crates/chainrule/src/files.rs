//! Files that are whole or not there at all.

use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes all these files, each beside its place as `NAME.part`, and then moves them there. So what is found there is
/// always whole, and a full disk leaves the old files as they were.
///
/// # Errors
///
/// The first file that cannot be written or moved. Files before it may have been moved by then; no part is left behind.
///
/// ```
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("numbers.txt");
/// chainrule::files::write_whole(&[(&path, "1 2 3")])?;
/// assert_eq!(std::fs::read_to_string(path)?, "1 2 3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_whole(files: &[(impl AsRef<Path>, impl AsRef<[u8]>)]) -> Result<()> {
    let each = |act: &dyn Fn(&Path, &[u8]) -> std::io::Result<()>| {
        files.iter().try_for_each(|(path, bytes)| {
            act(path.as_ref(), bytes.as_ref()).map_err(|source| Error::File { path: path.as_ref().into(), source })
        })
    };
    let written = each(&|path, bytes| fs::write(part(path), bytes));
    let moved = written.and_then(|()| each(&|path, _| fs::rename(part(path), path)));
    if moved.is_err() {
        for (path, _) in files {
            let _ = fs::remove_file(part(path.as_ref()));
        }
    }
    moved
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_others_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let (good, bad) = (directory.path().join("good"), directory.path().join("none/bad"));
        fs::write(&good, "old").unwrap();
        let error = write_whole(&[(&good, "new"), (&bad, "new")]).unwrap_err();
        assert!(error.to_string().contains("none/bad: "), "{error}");
        assert_eq!(fs::read_to_string(&good).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no part is left");
    }
}
