//! Pictures, made in-process: functions, training runs, what models have learned and hold.
//!
//! A [`Plot`] is plain data: two axes and the marks between them; a [`Figure`] is several. [`Function`] draws a function
//! of one variable, [`difference_errors`] the errors of numeric derivatives, [`loss_curve`], [`decision_boundary`],
//! [`contours`] and [`fit`] what training gives, [`histograms`] what a network holds.
//!
//! `to_svg` draws them as SVG that follows the reader's light or dark setting, `to_text` for terminals, and with the feature
//! `png`, `png` turns any SVG of this library into a PNG file. Series are told apart by more than colour.
//!
//! [`graph`](graph()) shows what values were made of, as a [`Diagram`]; [`backward_steps`] makes a page that walks through it.

mod bins;
mod canvas;
mod color;
mod differences;
mod field;
mod figure;
mod function;
mod graph;
mod histogram;
mod learned;
mod legend;
mod loss;
mod marks;
mod plot;
#[cfg(feature = "png")]
mod png;
mod program;
mod scale;
mod svg;
mod terminal;
mod text;
mod ticks;
mod trace;
mod undefined;

#[cfg(test)]
mod tests;

pub use bins::Histogram;
pub use color::Color;
pub use differences::difference_errors;
pub use figure::Figure;
pub use function::{Answer, Function, FunctionPlot, Tangent};
pub use graph::{Diagram, Direction, LIMIT, backward_steps, graph};
pub use histogram::{histogram, histograms};
pub use learned::{Samples, contours, decision_boundary, fit};
pub use loss::{Curve, loss_curve, loss_curve_on};
pub use plot::{Axis, Bars, ColorScale, Dash, Line, Mark, Plot, Points, Region, Scale, Shape};
#[cfg(feature = "png")]
pub use png::{Page, png};
pub use program::{Loops, program};
pub use undefined::Undefined;
