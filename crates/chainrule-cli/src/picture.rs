//! Where a picture goes: to a file whose name says as what, or as text to the terminal.

use crate::failure::Result;
use crate::output;
use chainrule::draw::{self, Page};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;

/// Twice the size in which an SVG is shown, so that letters are sharp.
const SCALE: f64 = 2.0;

/// A file for a picture, as SVG or PNG.
#[derive(Debug, Clone)]
pub struct PictureFile {
    pub path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Svg,
    Png,
}

impl FromStr for PictureFile {
    type Err = String;

    fn from_str(name: &str) -> Result<PictureFile, String> {
        let path = PathBuf::from(name);
        let kind = match path.extension().map(|ending| ending.to_ascii_lowercase()) {
            Some(ending) if ending == "svg" => Kind::Svg,
            Some(ending) if ending == "png" => Kind::Png,
            _ => return Err("expected a name that ends in .svg or .png".into()),
        };
        Ok(PictureFile { path, kind })
    }
}

impl PictureFile {
    /// What the file will hold.
    pub fn bytes(&self, svg: &str) -> Result<Vec<u8>> {
        match self.kind {
            Kind::Svg => Ok(svg.into()),
            Kind::Png => Ok(draw::png(svg, SCALE, Page::Light)?),
        }
    }

    pub fn write(&self, svg: &str) -> Result<()> {
        write(&[(self.path.clone(), self.bytes(svg)?)])
    }
}

/// Writes files, all or none, and says so.
pub fn write(files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    chainrule::files::write_whole(files)?;
    files.iter().for_each(|(path, _)| output::remark(&format!("wrote {}", path.display())));
    Ok(())
}

/// How a picture of text fits on standard output: columns, rows, and whether there are colours.
pub fn text_size() -> (usize, usize, bool) {
    let has_colors = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let (columns, rows): (usize, usize) = match terminal_size::terminal_size() {
        Some((columns, rows)) if std::io::stdout().is_terminal() => (columns.0.into(), rows.0.into()),
        _ => (80, 24),
    };
    // A screen wider than this makes flat pictures, and the line of the prompt comes below.
    (columns.min(120), rows.min(36).saturating_sub(2), has_colors)
}
