//! Names for what stands in written code: those that people gave, changed as little as the languages ask for.

use crate::Op;
use std::collections::BTreeSet;

/// Words of C or Rust, and what the code itself uses.
const RESERVED: &str = "
    abstract as async auto await become bool box break case char const constants continue copysign crate default
    do double dyn else enum expm1 extern f32 f64 fabs false final float floor fmax fmin fmod fn for gen goto i i32
    if impl in index index_below inline int j k l let log log1p long loop macro main match mod move mut override
    partials places pow priv pub ref register restrict return self Self short signed sizeof slice static
    strong_product struct sum super switch t trait true try type typedef typeof u union unsafe unsigned unsized
    use usize virtual void volatile where while workspace yield
";

/// The names that are taken.
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub fn new() -> Self {
        let words = RESERVED.split_whitespace().chain(Op::ALL.iter().map(|op| op.row().name));
        Names { taken: words.map(String::from).collect() }
    }

    /// The name that is nearest to this one and not taken; it is taken from now on.
    pub fn take(&mut self, name: &str) -> String {
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
        let mut name: String = name.chars().map(letter).collect();
        if name.starts_with(|first: char| first.is_ascii_digit()) || name.trim_matches('_').is_empty() {
            name.insert(0, 'x');
        }
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_are_where_they_can() {
        let mut names = Names::new();
        assert_eq!(names.take("weights"), "weights");
        assert_eq!(names.take("weights"), "weights_");
        assert_eq!(names.take("learning rate"), "learning_rate");
        assert_eq!(names.take("double"), "double_");
        assert_eq!(names.take("tanh"), "tanh_");
        assert_eq!(names.take("2nd"), "x2nd");
        assert_eq!(names.take("β"), "x_");
    }
}
