//! Writing SVG text: elements, escaped text, short numbers, and colours that follow the reader's light or dark setting.
//!
//! Light colours stand in plain attributes and the style sheet holds only what dark changes. So a viewer that knows no
//! media queries, or no style sheets at all, shows the light picture.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::color::Color;

/// The head of the block with the rules for dark pages.
const DARK: &str = "@media (prefers-color-scheme: dark) {";

/// The picture as it is on a dark page, whatever the reader's setting: the rules for dark pages without their condition.
#[cfg(feature = "png")]
pub(super) fn in_dark(svg: &str) -> String {
    let mut rest = svg;
    let mut dark = String::with_capacity(svg.len());
    while let Some((before, block)) = rest.split_once(DARK) {
        let mut depth = 1;
        let end = block.find(|character| {
            depth += i32::from(character == '{') - i32::from(character == '}');
            depth == 0
        });
        let end = end.unwrap_or(block.len());
        dark += before;
        dark += &block[..end];
        rest = block.get(end + 1..).unwrap_or_default();
    }
    dark + rest
}

/// SVG text under construction.
pub(super) struct Svg {
    text: String,
    open: Vec<&'static str>,
    /// What the style sheet has to say in dark: a rule for each class in use.
    dark_rules: BTreeMap<String, String>,
}

impl Svg {
    pub(super) fn new() -> Svg {
        Svg { text: String::new(), open: Vec::new(), dark_rules: BTreeMap::new() }
    }

    /// Begins an element; it is written when the tag is closed with [`Tag::empty`], [`Tag::text`] or [`Tag::open`].
    pub(super) fn tag(&mut self, name: &'static str) -> Tag<'_> {
        write!(self.text, "<{name}").expect("writing to a string");
        Tag { svg: self, name, classes: String::new() }
    }

    /// Ends the element that was opened last.
    pub(super) fn end(&mut self) {
        let name = self.open.pop().expect("an element is open");
        writeln!(self.text, "</{name}>").expect("writing to a string");
    }

    /// Adds what was written elsewhere.
    pub(super) fn append(&mut self, content: Svg) {
        self.text.push_str(&content.text);
        self.open.extend(content.open);
        self.dark_rules.extend(content.dark_rules);
    }

    /// The whole document, `width` by `height`, with its title and description for those who cannot see it.
    pub(super) fn document(self, width: f64, height: f64, title: &str, description: &str) -> String {
        assert!(self.open.is_empty(), "every element is ended before the document is");
        // Several pictures may stand in one page, so their ids must differ; equal texts may share one.
        let id = format!("cr-{:08x}", fnv1a(&[title, "\n", description].concat()));
        let mut head = Svg::new();
        head.tag("svg")
            .set("xmlns", "http://www.w3.org/2000/svg")
            .set("width", width)
            .set("height", height)
            .set("viewBox", format!("0 0 {} {}", number(width), number(height)))
            .set("role", "img")
            .set("aria-labelledby", format!("{id}-title {id}-desc"))
            .set(
                "font-family",
                "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Helvetica, Arial, sans-serif",
            )
            .set("font-size", 13.0)
            .open();
        head.tag("title").set("id", format!("{id}-title")).text(title);
        head.tag("desc").set("id", format!("{id}-desc")).text(description);
        if !self.dark_rules.is_empty() {
            let rules: String = self.dark_rules.iter().map(|(class, rule)| format!(".{class}{{{rule}}}\n")).collect();
            head.tag("style").text(&format!("{DARK}\n{rules}}}"));
        }
        head.text.push_str(&self.text);
        head.end();
        head.text
    }
}

/// An element whose attributes are being written.
pub(super) struct Tag<'a> {
    svg: &'a mut Svg,
    name: &'static str,
    classes: String,
}

impl Tag<'_> {
    pub(super) fn set(self, name: &str, value: impl Into<Attribute>) -> Self {
        write!(self.svg.text, " {name}=\"{}\"", value.into().0).expect("writing to a string");
        self
    }

    pub(super) fn fill(self, color: Color) -> Self {
        self.paint("fill", color)
    }

    pub(super) fn stroke(self, color: Color, width: f64) -> Self {
        self.paint("stroke", color).set("stroke-width", width)
    }

    fn paint(mut self, property: &str, color: Color) -> Self {
        let (light, dark) = (color.light().to_string(), color.dark().to_string());
        if light != dark {
            let class = format!("cr-{property}-{}", color.name());
            if !self.classes.is_empty() {
                self.classes.push(' ');
            }
            self.classes.push_str(&class);
            self.svg.dark_rules.insert(class, format!("{property}:{dark}"));
        }
        self.set(property, light)
    }

    /// Ends the element without content.
    pub(super) fn empty(mut self) {
        self.finish("/>\n");
    }

    /// Ends the element with this text in it.
    pub(super) fn text(mut self, text: &str) {
        let end = format!(">{}</{}>\n", escape(text), self.name);
        self.finish(&end);
    }

    /// Leaves the element open for others inside it, until [`Svg::end`].
    pub(super) fn open(mut self) {
        self.svg.open.push(self.name);
        self.finish(">\n");
    }

    fn finish(&mut self, end: &str) {
        if !self.classes.is_empty() {
            write!(self.svg.text, " class=\"{}\"", self.classes).expect("writing to a string");
        }
        self.svg.text.push_str(end);
    }
}

/// The value of an attribute, escaped.
pub(super) struct Attribute(String);

impl From<f64> for Attribute {
    fn from(value: f64) -> Attribute {
        Attribute(number(value))
    }
}

impl From<&str> for Attribute {
    fn from(value: &str) -> Attribute {
        Attribute(escape(value))
    }
}

impl From<String> for Attribute {
    fn from(value: String) -> Attribute {
        Attribute(escape(&value))
    }
}

/// A path through these points, closed at the end if it is a ring.
pub(super) fn path_data(path: &mut String, points: &[(f64, f64)], closed: bool) {
    let [(x, y), rest @ ..] = points else { return };
    write!(path, "M{} {}", number(*x), number(*y)).expect("writing to a string");
    for (x, y) in rest {
        write!(path, " {} {}", number(*x), number(*y)).expect("writing to a string");
    }
    if closed {
        path.push('Z');
    }
}

/// A coordinate with at most two decimals. Drawing code skips what is not finite; should anything slip through, it
/// must not make the file unreadable.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_string();
    }
    let text = format!("{value:.2}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "" | "-0" => "0".to_string(),
        short => short.to_string(),
    }
}

/// Text for XML. Characters that XML cannot hold become the replacement character.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A small hash that stays the same from run to run, so that equal pictures are equal files.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [(1.0, "1"), (1.5, "1.5"), (1.005, "1"), (-0.001, "0"), (100.0, "100"), (0.126, "0.13")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn numbers_are_never_nan_or_infinite() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(number(value), "0");
        }
    }

    #[cfg(feature = "png")]
    #[test]
    fn in_dark_the_rules_for_dark_pages_always_hold() {
        let svg = format!("<style>.a{{fill:red}}{DARK}\n.a{{fill:blue}}\n}}.b{{}}</style>");
        assert_eq!(in_dark(&svg), "<style>.a{fill:red}\n.a{fill:blue}\n.b{}</style>");
        assert_eq!(in_dark(&format!("<style>{DARK}")), "<style>");
    }

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(escape("a<b & \"c\">\u{1}"), "a&lt;b &amp; &quot;c&quot;&gt;\u{fffd}");
    }
}
