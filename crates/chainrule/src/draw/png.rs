//! Pictures as PNG: any SVG that this library draws, in pixels, with fonts that it brings along.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color as Pixel, Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Family, Query, Stretch, Style, Weight};
use resvg::usvg::{FontResolver, Options, Tree};

use super::Color;
use super::svg::in_dark;
use crate::{Error, Result};

/// The longest side of a picture, in pixels: a larger one would fill the memory.
const LARGEST: f64 = 20_000.0;

/// The page that a picture stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// Dark on white.
    #[default]
    Light,
    /// Light on nearly black.
    Dark,
}

/// An SVG picture as a PNG file: `scale` pixels for each unit of the SVG, on a light or a dark page.
///
/// It looks the same on every machine: letters come from fonts in the library, and only characters that these lack, such
/// as Chinese ones, from those of the machine.
///
/// # Errors
///
/// If the text is no SVG, if `scale` is not above 0, or if a side would be longer than 20,000 pixels.
///
/// ```
/// use chainrule::draw::{Page, Plot, png};
///
/// let svg = Plot::new("A parabola").line("x²", (-9..=9).map(f64::from).map(|x| (x, x * x))).to_svg();
/// let bytes = png(&svg, 2.0, Page::Dark)?;
/// assert!(bytes.starts_with(b"\x89PNG"));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn png(svg: &str, scale: f64, page: Page) -> Result<Vec<u8>> {
    let svg = if page == Page::Dark { &in_dark(svg) } else { svg };
    let tree = read(svg)?;
    let side = |length: f32| (f64::from(length) * scale).ceil();
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    if !(width >= 1.0 && height >= 1.0 && width.max(height) <= LARGEST) {
        let expected = format!("a number above 0 for sides of at most {LARGEST} pixels");
        return Err(Error::argument("scale", expected, format!("{scale} for {width} by {height} pixels")));
    }
    let mut pixels = Pixmap::new(width as u32, height as u32).expect("sides within the limits");
    pixels.fill(paper(page));
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    Ok(pixels.encode_png().expect("writing to memory"))
}

fn read(svg: &str) -> Result<Tree> {
    let options = Options { fontdb: FONTS.clone(), font_resolver: resolver(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| Error::argument("svg", "a picture", error))
}

fn paper(page: Page) -> Pixel {
    let paper = match page {
        Page::Light => Color::Paper.light(),
        Page::Dark => Color::Paper.dark(),
    };
    let [red, green, blue] = paper.channels();
    Pixel::from_rgba8(red, green, blue, 255)
}

const FAMILY: &str = "Inter";

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("fonts/Inter-Regular.otf").to_vec());
    fonts.load_font_data(include_bytes!("fonts/Inter-SemiBold.otf").to_vec());
    fonts.load_font_data(include_bytes!("fonts/DejaVuSans-Symbols.ttf").to_vec());
    Arc::new(fonts)
});

/// Our own font for everything, so that a picture looks the same everywhere. For a character that none of ours has, those
/// of the machine, which are only then read.
fn resolver() -> FontResolver<'static> {
    let known = FontResolver::default_fallback_selector();
    FontResolver {
        select_font: Box::new(|font, fonts| {
            fonts.query(&Query {
                families: &[Family::Name(FAMILY)],
                weight: Weight(font.weight()),
                stretch: Stretch::Normal,
                style: Style::Normal,
            })
        }),
        select_fallback: Box::new(move |character, used, fonts| {
            known(character, used, fonts).or_else(|| {
                if fonts.len() > FONTS.len() {
                    return None;
                }
                Arc::make_mut(fonts).load_system_fonts();
                known(character, used, fonts)
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Plot;

    fn decoded(svg: &str, scale: f64, page: Page) -> Pixmap {
        Pixmap::decode_png(&png(svg, scale, page).expect("a picture")).expect("a PNG file")
    }

    /// How many pixels are not those of the background.
    fn ink(pixels: &Pixmap) -> usize {
        let paper = pixels.pixels()[0];
        pixels.pixels().iter().filter(|pixel| **pixel != paper).count()
    }

    fn text(text: &str) -> String {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40">"#;
        format!(r#"{svg}<text x="10" y="30" font-family="Helvetica, sans-serif" font-size="20">{text}</text></svg>"#)
    }

    #[test]
    fn a_picture_has_the_size_of_its_svg_times_the_scale() {
        let pixels = decoded(&text(""), 2.5, Page::Light);
        assert_eq!((pixels.width(), pixels.height(), ink(&pixels)), (250, 100, 0));
    }

    #[test]
    fn text_is_drawn_from_the_fonts_of_the_library() {
        for character in "aZ0αΩ−×÷·²³⁻₁√∂∇Σ∈⊙≤→←é…°●".chars() {
            let svg = text(&character.to_string());
            assert_eq!(read(&svg).unwrap().fontdb().len(), FONTS.len(), "{character} was searched on this machine");
            assert!(ink(&decoded(&svg, 1.0, Page::Light)) > 3, "{character}");
        }
        let bold = text("mmm").replace("<text", "<text font-weight=\"600\"");
        assert!(ink(&decoded(&bold, 1.0, Page::Light)) > ink(&decoded(&text("mmm"), 1.0, Page::Light)));
    }

    #[test]
    fn a_page_is_light_or_dark() {
        let svg = Plot::new("Page").line("line", [(0.0, 0.0), (1.0, 1.0)]).to_svg();
        for (page, paper) in [(Page::Light, [0xff, 0xff, 0xff]), (Page::Dark, [0x15, 0x18, 0x1d])] {
            let pixels = decoded(&svg, 1.0, page);
            let corner = pixels.pixels()[0];
            assert_eq!([corner.red(), corner.green(), corner.blue()], paper);
            let stroke = match page {
                Page::Light => Color::Series(0).light(),
                Page::Dark => Color::Series(0).dark(),
            };
            let has_stroke = |pixel: &resvg::tiny_skia::PremultipliedColorU8| {
                [pixel.red(), pixel.green(), pixel.blue()] == stroke.channels()
            };
            assert!(pixels.pixels().iter().any(has_stroke), "{page:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_picture_is_told() {
        let error = |svg: &str, scale| png(svg, scale, Page::Light).unwrap_err().to_string();
        assert!(error("no picture", 1.0).starts_with("svg: expected a picture"), "{}", error("no picture", 1.0));
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(error(&text(""), scale).starts_with("scale: expected"), "{scale}");
        }
    }
}
