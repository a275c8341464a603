//! Histograms: of any numbers, and of what the layers of a network hold.

use super::plot::{Bars, Mark, Plot};
use super::{Color, Figure, Histogram};
use crate::nn::{Layer, Mlp, Module};
use crate::text;

/// How often numbers occur, in bins of equal width; those that are not finite are left out, and a note says how many.
///
/// ```
/// use chainrule::draw::histogram;
///
/// let plot = histogram("Dice", "eyes", &[1.0, 2.0, 2.0, 3.0, 5.0, 6.0, 6.0]);
/// assert!(plot.to_svg().contains("eyes"));
/// ```
pub fn histogram(title: impl Into<String>, label: &str, numbers: &[f64]) -> Plot {
    panel(label, numbers, Color::Series(0)).title(title)
}

/// The parameters of each layer of a network, and beside them the gradients that they have now: a layer that learns
/// nothing, or whose numbers run away, stands out. Where no layer has a gradient, as before the first
/// [`backward`](crate::Value::backward), only the parameters are drawn.
///
/// ```
/// use chainrule::draw::histograms;
/// use chainrule::nn::{Activation, Initializer, Mlp};
/// use chainrule::{Value, rng};
///
/// let model = Mlp::with(2, &[16, 1], Activation::Tanh, Initializer::Xavier, &mut rng(7));
/// model.forward(&[1.0, 2.0].map(Value::constant))[0].backward();
/// assert!(histograms("Two layers", &model).to_svg().contains("gradient"));
/// ```
pub fn histograms(title: impl Into<String>, model: &Mlp) -> Figure {
    let layers = model.layers();
    let gradients: Vec<Vec<f64>> =
        layers.iter().map(|layer| layer.parameters().iter().map(|parameter| parameter.grad()).collect()).collect();
    let parameters: Vec<Vec<f64>> = layers.iter().map(Layer::numbers).collect();
    let column = |what: &str, numbers: &[Vec<f64>], color| -> Vec<Plot> {
        let panels = numbers.iter().enumerate().map(|(index, numbers)| {
            let mut plot = panel(what, numbers, color).size(480.0, 110.0);
            plot.y.label = format!("layer {}: {}", index + 1, text::counted(numbers.len(), what));
            plot
        });
        panels.collect()
    };
    let mut columns = vec![column("parameter", &parameters, Color::Series(0))];
    if gradients.iter().flatten().any(|gradient| *gradient != 0.0) {
        columns.push(column("gradient", &gradients, Color::Series(1)));
    }
    Figure { title: title.into(), columns }
}

fn panel(label: &str, numbers: &[f64], color: Color) -> Plot {
    let Histogram { edges, counts, left_out } = Histogram::of(numbers);
    let most = counts.iter().copied().max().unwrap_or(1);
    let finite = numbers.iter().copied().filter(|number| number.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let mut description = format!("How often {} occur", text::counted(numbers.len(), label));
    if low <= high {
        description += &format!(", from {low:.4e} to {high:.4e}");
    }
    let heights = counts.iter().map(|count| *count as f64).collect();
    let mut plot = Plot::new("").x_label(label).y_label("count").description(description + ".");
    plot.y.whole = true;
    plot.note = (left_out > 0).then(|| format!("{left_out} of {} are not finite and left out", numbers.len()));
    plot.y_range(0.0, most as f64 * 1.08).mark(Mark::Bars(Bars { name: String::new(), edges, heights, color }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Activation, Initializer};
    use crate::{Value, rng};

    #[test]
    fn a_network_has_a_panel_a_layer_and_gradients_once_there_are_any() {
        let model = Mlp::with(2, &[8, 8, 1], Activation::Tanh, Initializer::Xavier, &mut rng(1));
        let figure = histograms("", &model);
        assert_eq!(figure.columns.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
        model.forward(&[1.0, 2.0].map(Value::constant))[0].backward();
        let figure = histograms("", &model);
        assert_eq!(figure.columns.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(figure.columns[0][1].y.label, "layer 2: 72 parameters");
    }

    #[test]
    fn numbers_that_are_left_out_are_told() {
        let plot = histogram("", "weight", &[1.0, 2.0, f64::NAN, f64::INFINITY]);
        assert_eq!(plot.note.as_deref(), Some("2 of 4 are not finite and left out"));
        assert!(histogram("", "weight", &[]).to_svg().contains("weight"));
    }
}
