//! Pictures, as SVG made in-process: training runs, and what models have learned.
//!
//! A [`Plot`] is plain data: two axes and the marks between them. [`loss_curve`], [`decision_boundary`], [`contours`] and
//! [`fit`] make plots of what training gives; `to_svg` draws them. The pictures follow the reader's light or dark
//! setting, and tell series apart by more than colour.

mod color;
mod field;
mod figure;
mod learned;
mod legend;
mod loss;
mod marks;
mod plot;
mod scale;
mod svg;
mod text;
mod ticks;

#[cfg(test)]
mod tests;

pub use color::Color;
pub use figure::Figure;
pub use learned::{Samples, contours, decision_boundary, fit};
pub use loss::{Curve, loss_curve};
pub use plot::{Axis, ColorScale, Dash, Line, Mark, Plot, Points, Region, Scale, Shape};
