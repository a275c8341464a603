//! Pictures, as SVG made in-process: training runs, and what models have learned.
//!
//! A [`Plot`] is plain data: two axes and the marks between them. [`loss_curve`], [`decision_boundary`], [`contours`] and
//! [`fit`] make plots of what training gives; `to_svg` draws them. The pictures follow the reader's light or dark
//! setting, and tell series apart by more than colour.

mod bins;
mod canvas;
mod color;
mod differences;
mod field;
mod figure;
mod function;
mod histogram;
mod learned;
mod legend;
mod loss;
mod marks;
mod plot;
#[cfg(feature = "png")]
mod png;
mod scale;
mod svg;
mod terminal;
mod text;
mod ticks;
mod trace;

#[cfg(test)]
mod tests;

pub use bins::Histogram;
pub use color::Color;
pub use differences::difference_errors;
pub use figure::Figure;
pub use function::{Answer, Function, FunctionPlot, Tangent};
pub use histogram::{histogram, histograms};
pub use learned::{Samples, contours, decision_boundary, fit};
pub use loss::{Curve, loss_curve, loss_curve_on};
pub use plot::{Axis, Bars, ColorScale, Dash, Line, Mark, Plot, Points, Region, Scale, Shape};
#[cfg(feature = "png")]
pub use png::{Page, png};
pub use trace::Undefined;
