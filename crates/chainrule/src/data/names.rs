//! Names, or other short texts, and the tokens that a character model reads them as.

use crate::text::quoted;
use crate::{Error, Place, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Names, and the characters that they are written with.
///
/// A token is the place of a character among all, in their order; one more token, the boundary, stands before and after a
/// name.
///
/// ```
/// use chainrule::data::Names;
///
/// let names = Names::new(["emma", "ava"])?;
/// assert_eq!(names.characters(), ['a', 'e', 'm', 'v']);
/// assert_eq!(names.tokens(1), [4, 0, 3, 0, 4]);
/// assert_eq!(names.text(&[0, 3, 0]), "ava");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    names: Vec<String>,
    characters: Vec<char>,
}

/// What was expected of names, and what was found.
struct Unfit(String, String);

impl Names {
    /// So many different characters there may be. More are no alphabet but the wrong file.
    pub const MOST_CHARACTERS: usize = 256;

    /// These names. Spaces around them and empty ones do not count.
    ///
    /// # Errors
    ///
    /// If there are none, if one has a control character, or if there are more than [`Names::MOST_CHARACTERS`] different
    /// characters.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Names> {
        Names::fit(names).map_err(|Unfit(expected, found)| Error::argument("names", expected, found))
    }

    /// Reads [names](Names::new), one a line.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no UTF-8, and as for [`Names::new`].
    pub fn read(path: impl AsRef<Path>) -> Result<Names> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        let unfit = |line, Unfit(expected, found)| {
            let place = Place { path: path.into(), line, column: None };
            Error::Content { place, problem: format!("expected {expected}, found {found}") }
        };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            unfit(Some(line), Unfit("text in UTF-8".into(), "other bytes".into()))
        })?;
        Names::fit(text.trim_start_matches('\u{feff}').lines()).map_err(|problem| unfit(None, problem))
    }

    fn fit(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Names, Unfit> {
        let names: Vec<String> = names.into_iter().map(|name| name.as_ref().trim().into()).collect();
        let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Err(Unfit("a name a line".into(), "none".into()));
        }
        if let Some(name) = names.iter().find(|name| name.contains(char::is_control)) {
            return Err(Unfit("names of characters that can be seen".into(), quoted(name)));
        }
        let characters: BTreeSet<char> = names.iter().flat_map(|name| name.chars()).collect();
        let (most, found) = (Self::MOST_CHARACTERS, characters.len());
        if found > most {
            return Err(Unfit(format!("at most {most} different characters"), found.to_string()));
        }
        Ok(Names { names, characters: characters.into_iter().collect() })
    }

    /// How many names there are; never none.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Puts the names into another order.
    pub fn shuffle(&mut self, shuffle: impl FnOnce(&mut [String])) {
        shuffle(&mut self.names);
    }

    /// The characters, in their order.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// How many different tokens there are: one a character, and the boundary.
    pub fn num_tokens(&self) -> usize {
        self.characters.len() + 1
    }

    /// The token that stands before and after a name.
    pub fn boundary(&self) -> usize {
        self.characters.len()
    }

    /// The tokens of the name at this place, with the boundary on either side.
    ///
    /// # Panics
    ///
    /// If there is no such name.
    pub fn tokens(&self, place: usize) -> Vec<usize> {
        let token = |character| self.characters.binary_search(&character).expect("characters are those of the names");
        let boundary = std::iter::once(self.boundary());
        boundary.clone().chain(self.names[place].chars().map(token)).chain(boundary).collect()
    }

    /// What tokens read as; the boundary is left out.
    pub fn text(&self, tokens: &[usize]) -> String {
        tokens.iter().filter_map(|token| self.characters.get(*token)).collect()
    }
}
