//! Where a function is undefined, in numbers and in words.

use std::fmt;
use std::ops::Bound;

use super::ticks;

/// Where a function has no number: it gives NaN or infinity there, fails, or grows beyond all bounds.
///
/// Prints as `x < 0`, `x = 0` or `-1 ≤ x < 1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Undefined {
    /// The lower end; unbounded if it is that of the whole range.
    pub from: Bound<f64>,
    /// The upper end; unbounded if it is that of the whole range.
    pub to: Bound<f64>,
    /// What the function said where it failed.
    pub reason: Option<String>,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        use Bound::*;
        let number = |value: &f64| ticks::short(*value);
        match (&self.from, &self.to) {
            (Included(from), Included(to)) if from == to => return write!(f, "x = {}", number(from)),
            (Unbounded, Unbounded) => return write!(f, "all x"),
            _ => {}
        }
        let to = match &self.to {
            Included(to) => format!("≤ {}", number(to)),
            Excluded(to) => format!("< {}", number(to)),
            Unbounded => String::new(),
        };
        match (&self.from, &self.to) {
            (Unbounded, _) => write!(f, "x {to}"),
            (Included(from), Unbounded) => write!(f, "x ≥ {}", number(from)),
            (Excluded(from), Unbounded) => write!(f, "x > {}", number(from)),
            (Included(from), _) => write!(f, "{} ≤ x {to}", number(from)),
            (Excluded(from), _) => write!(f, "{} < x {to}", number(from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_one_writes_them() {
        use Bound::*;
        let cases = [
            (Unbounded, Unbounded, "all x"),
            (Unbounded, Excluded(0.0), "x < 0"),
            (Included(-1.5), Unbounded, "x ≥ −1.5"),
            (Excluded(1.0), Included(1e6), "1 < x ≤ 1×10⁶"),
            (Included(2.0), Included(2.0), "x = 2"),
        ];
        for (from, to, words) in cases {
            assert_eq!(Undefined { from, to, reason: None }.to_string(), words);
        }
    }
}
