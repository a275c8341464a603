//! The colours of pictures, each in a light and a dark version.

use std::fmt;

/// A colour by its meaning; the picture gives it one tone on a light page and one on a dark page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Color {
    /// Titles and the lines that matter most.
    Ink,
    /// Labels and helping lines.
    Quiet,
    /// The grid behind the data.
    Grid,
    /// The page itself.
    Paper,
    /// The colour of the series or class with this index. Ten differ, also for the colour-blind together with marker
    /// shapes and dashes; then they repeat.
    Series(usize),
    /// The pale version of a series colour, for areas.
    Tint(usize),
    /// A place on the colour scale, from 0 (low) to 1 (high).
    Ramp(f64),
}

/// How many series colours there are before they repeat.
const SERIES: usize = 10;

/// Okabe and Ito's order of hues (2008), each tone moved until it stands out on its page, and four hues more.
const LIGHT_SERIES: [u32; SERIES] =
    [0x0b6fb8, 0xd4570a, 0x0a8f68, 0xb8519a, 0xa87b00, 0x38a3d8, 0x8a3324, 0x667080, 0x5a48b8, 0x6f8a0a];
const DARK_SERIES: [u32; SERIES] =
    [0x5aa9e6, 0xf58b4c, 0x3cc99a, 0xe58fca, 0xe3bf4b, 0x95d8ff, 0xd98a7c, 0xa9b2bf, 0xab9df5, 0xb9cf52];

/// ColorBrewer's YlGnBu without its palest step: its lightness falls steadily, so it reads in grey too.
const RAMP: [u32; 8] = [0xedf8b1, 0xc7e9b4, 0x7fcdbb, 0x41b6c4, 0x1d91c0, 0x225ea8, 0x253494, 0x081d58];

const LIGHT_PAPER: Rgb = Rgb::new(0xffffff);
const DARK_PAPER: Rgb = Rgb::new(0x15181d);

impl Color {
    pub(super) fn light(self) -> Rgb {
        match self {
            Color::Ink => Rgb::new(0x1f2328),
            Color::Quiet => Rgb::new(0x59636e),
            Color::Grid => Rgb::new(0xe7e9ec),
            Color::Paper => LIGHT_PAPER,
            Color::Series(index) => Rgb::new(LIGHT_SERIES[index % SERIES]),
            Color::Tint(index) => LIGHT_PAPER.mix(Color::Series(index).light(), 0.22),
            Color::Ramp(place) => ramp(place),
        }
    }

    pub(super) fn dark(self) -> Rgb {
        match self {
            Color::Ink => Rgb::new(0xe8eaed),
            Color::Quiet => Rgb::new(0xa3abb5),
            Color::Grid => Rgb::new(0x2b3038),
            Color::Paper => DARK_PAPER,
            Color::Series(index) => Rgb::new(DARK_SERIES[index % SERIES]),
            Color::Tint(index) => DARK_PAPER.mix(Color::Series(index).dark(), 0.26),
            Color::Ramp(place) => ramp(place),
        }
    }

    /// A name for the style sheet. Ramp colours are the same on both pages and need none.
    pub(super) fn name(self) -> String {
        match self {
            Color::Ink => "ink".to_string(),
            Color::Quiet => "quiet".to_string(),
            Color::Grid => "grid".to_string(),
            Color::Paper => "paper".to_string(),
            Color::Series(index) => format!("series{}", index % SERIES),
            Color::Tint(index) => format!("tint{}", index % SERIES),
            Color::Ramp(_) => "ramp".to_string(),
        }
    }
}

fn ramp(place: f64) -> Rgb {
    let last = RAMP.len() - 1;
    let place = if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 } * last as f64;
    let below = (place as usize).min(last - 1);
    Rgb::new(RAMP[below]).mix(Rgb::new(RAMP[below + 1]), place - below as f64)
}

/// Red, green and blue, printed as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rgb([f64; 3]);

impl Rgb {
    const fn new(hex: u32) -> Rgb {
        Rgb([(hex >> 16 & 0xff) as f64, (hex >> 8 & 0xff) as f64, (hex & 0xff) as f64])
    }

    /// Each from 0 to 255.
    pub(super) fn channels(self) -> [u8; 3] {
        self.0.map(|channel| channel.round() as u8)
    }

    fn mix(self, other: Rgb, part: f64) -> Rgb {
        Rgb(std::array::from_fn(|i| self.0[i] + (other.0[i] - self.0[i]) * part))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.channels();
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative_luminance(color: Rgb) -> f64 {
        let [red, green, blue] = color.0.map(|channel| {
            let channel = channel / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast ratio of WCAG 2.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (relative_luminance(a), relative_luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable_on_both_pages() {
        for color in [Color::Ink, Color::Quiet] {
            assert!(contrast(color.light(), Color::Paper.light()) > 4.5, "{color:?}");
            assert!(contrast(color.dark(), Color::Paper.dark()) > 4.5, "{color:?}");
        }
    }

    #[test]
    fn series_stand_out_from_the_page_and_from_their_own_tint() {
        for index in 0..SERIES {
            let (series, tint) = (Color::Series(index), Color::Tint(index));
            for (a, b) in [(series.light(), Color::Paper.light()), (series.dark(), Color::Paper.dark())] {
                assert!(contrast(a, b) > 2.7, "series {index}: {:.2}", contrast(a, b));
            }
            for (a, b) in [(series.light(), tint.light()), (series.dark(), tint.dark())] {
                assert!(contrast(a, b) > 2.0, "tint {index}: {:.2}", contrast(a, b));
            }
        }
    }

    #[test]
    fn the_ramp_darkens_from_low_to_high_and_survives_anything() {
        let luminance = |place| relative_luminance(ramp(place));
        assert!((0..100).all(|i| luminance(f64::from(i) / 100.0) > luminance(f64::from(i + 1) / 100.0)));
        for place in [f64::NAN, f64::INFINITY, -3.0, 7.0] {
            assert!(ramp(place).to_string().starts_with('#'));
        }
    }
}
