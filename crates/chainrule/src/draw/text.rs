//! How wide text is, roughly: the reader's font is not known when the picture is made, so layouts leave some room.

/// The width of a text in pixels, on the generous side.
pub(super) fn width(text: &str, font_size: f64) -> f64 {
    text.chars().map(character_width).sum::<f64>() * 1.06 * font_size
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.3,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' => 0.7,
        '⁰'..='⁹' | '¹' | '²' | '³' | '⁻' => 0.42,
        '\u{1100}'.. => 1.0,
        _ => 0.58,
    }
}

/// The text, cut with an ellipsis where it is wider than `room` pixels.
pub(super) fn fitted(text: &str, font_size: f64, room: f64) -> String {
    if width(text, font_size) <= room {
        return text.to_string();
    }
    let mut used = width("…", font_size);
    let kept: String = text
        .chars()
        .take_while(|&character| {
            used += width(character.encode_utf8(&mut [0; 4]), font_size);
            used <= room
        })
        .collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_wide_ends_in_an_ellipsis() {
        assert_eq!(fitted("short", 13.0, 100.0), "short");
        let cut = fitted("a very long name of a class", 13.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 13.0) <= 100.0, "{cut}");
    }
}
