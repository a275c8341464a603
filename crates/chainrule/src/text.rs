//! Words for messages: what a user typed or wrote in a file, short enough for one line, and the name that was meant.
//!
//! Front ends use them for their own messages, so that all sound alike.
//!
//! ```
//! use chainrule::text;
//!
//! assert_eq!(
//!     text::unknown("loss", "max_margni", &["max_margin", "squared_error"]),
//!     r#"unknown loss "max_margni"; did you mean "max_margin"? (known: max_margin, squared_error)"#
//! );
//! ```

/// The known name that `name` most likely stands for, if one is close: at most a third of its letters are wrong,
/// missing, added or swapped (one letter of a short name). Capitals do not count. Very long names are not compared.
pub fn nearest<'a>(name: &str, known: &'a [impl AsRef<str>]) -> Option<&'a str> {
    const LONGEST: usize = 100;
    let wanted = name.to_lowercase();
    let length = wanted.chars().count();
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let candidate_length = candidate.chars().count();
        let longer = length.max(candidate_length);
        let allowed = (longer / 3).max(1).min(longer.saturating_sub(1));
        // A distance takes time and memory of the product of the lengths: no file may make that large.
        if longer > LONGEST || length.abs_diff(candidate_length) > allowed {
            return None;
        }
        let distance = strsim::osa_distance(&wanted, &candidate);
        (distance <= allowed).then_some(distance)
    };
    known
        .iter()
        .map(AsRef::as_ref)
        .filter_map(|candidate| Some((distance(candidate)?, candidate)))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The one of `all` that has this name.
///
/// # Errors
///
/// [`Error::Unknown`](crate::Error::Unknown) if none has it.
pub fn named<T: Copy>(kind: &'static str, all: &[T], name_of: fn(T) -> &'static str, name: &str) -> crate::Result<T> {
    all.iter().copied().find(|one| name_of(*one) == name).ok_or_else(|| crate::Error::Unknown {
        kind,
        name: name.into(),
        known: all.iter().map(|one| name_of(*one).into()).collect(),
    })
}

/// `unknown data set "moon"; did you mean "moons"? (known: moons, circles)`
pub fn unknown(kind: &str, name: &str, known: &[impl AsRef<str>]) -> String {
    let question = match nearest(name, known) {
        Some(near) => format!("; did you mean {}?", quoted(near)),
        None => String::new(),
    };
    format!("unknown {kind} {}{question} (known: {})", quoted(name), listed(known))
}

/// The names with commas between them, of very many the first; `none` if there are none.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 12;
    if names.is_empty() {
        return "none".into();
    }
    let mut listed: Vec<String> = names.iter().take(MOST).map(|name| excerpt(name.as_ref())).collect();
    if names.len() > MOST {
        listed.push(format!("and {} more", names.len() - MOST));
    }
    listed.join(", ")
}

/// `1 row`, `2 rows`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A count with its thousands apart: `65,818`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text in quotes, on one line whatever it holds: line ends are escaped and a long text is cut.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text))
}

fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => text.escape_debug().to_string(),
        Some((end, _)) => format!("{}...", text[..end].escape_debug()),
    }
}

/// A time with three digits or so, in seconds or milliseconds.
///
/// ```
/// use chainrule::text::duration;
/// use std::time::Duration;
///
/// assert_eq!(duration(Duration::from_micros(3940)), "3.9 ms");
/// assert_eq!(duration(Duration::from_millis(12345)), "12.35 s");
/// ```
pub fn duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", 1000.0 * seconds) } else { format!("{seconds:.2} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_a_slip_of_the_fingers() {
        let known = ["moons", "circles", "Width"];
        assert_eq!(nearest("moon", &known), Some("moons"));
        assert_eq!(nearest("cricles", &known), Some("circles"));
        assert_eq!(nearest("WIDTH", &known), Some("Width"));
    }

    #[test]
    fn nearest_does_not_guess_wildly() {
        assert_eq!(nearest("iris", &["moons", "circles"]), None);
        assert_eq!(nearest("x", &["y"]), None);
        assert_eq!(nearest("", &["y"]), None);
        assert_eq!(nearest("x", &[] as &[&str]), None);
    }

    #[test]
    fn unknown_names_the_nearest_and_the_known() {
        assert_eq!(
            unknown("data set", "moon", &["moons", "xor"]),
            r#"unknown data set "moon"; did you mean "moons"? (known: moons, xor)"#
        );
        assert_eq!(unknown("data set", "iris", &["moons", "xor"]), r#"unknown data set "iris" (known: moons, xor)"#);
    }

    #[test]
    fn messages_stay_on_one_short_line() {
        let hostile = "line\n\"end\"\r".repeat(1000);
        let many: Vec<String> = (0..1000).map(|i| format!("{hostile}{i}")).collect();
        let message = unknown("column", &hostile, &many);
        assert!(!message.contains(['\n', '\r']));
        assert!(message.len() < 1500, "{} bytes", message.len());
        assert!(message.ends_with("and 988 more)"));
    }
}
