//! The pictures of a training: what the model learned, in the units of the data, the loss by step, and the weights.

use super::observers::History;
use super::plan::Plan;
use crate::goal::Predicts;
use crate::model::Model;
use chainrule::data::{Dataset, Target};
use chainrule::draw::{Curve, Samples, contours, decision_boundary, fit, histograms, loss_curve};

/// A picture, and the names of its files.
pub struct Picture {
    pub svg_name: &'static str,
    pub png_name: &'static str,
    pub svg: String,
}

/// All pictures of a training.
pub fn all(plan: &Plan, model: &Model, history: &History) -> Vec<Picture> {
    let learned = learned(plan, model);
    let learned = learned.map(|svg| Picture { svg_name: "boundary.svg", png_name: "boundary.png", svg });
    let loss = Picture { svg_name: "loss.svg", png_name: "loss.png", svg: loss(plan, history) };
    let weights = Picture { svg_name: "weights.svg", png_name: "weights.png", svg: weights(plan, model) };
    learned.into_iter().chain([loss, weights]).collect()
}

/// The parameters, and the gradients that the last step left.
fn weights(plan: &Plan, model: &Model) -> String {
    histograms(format!("The network trained on {}", plan.name), &model.network).to_svg()
}

fn loss(plan: &Plan, history: &History) -> String {
    let point = |step: usize, number: f64| (step as f64, number);
    let loss = Curve::new("", history.steps.iter().map(|step| point(step.step, step.loss)));
    let accuracy = Curve::new("", history.steps.iter().filter_map(|step| Some(point(step.step, step.accuracy?))));
    let accuracy = if accuracy.points.is_empty() { Vec::new() } else { vec![accuracy] };
    loss_curve(format!("Training on {}", plan.name), &[loss], &accuracy).to_svg()
}

/// What was learned, if it can be drawn: from two features, or a number from one.
fn learned(plan: &Plan, model: &Model) -> Option<String> {
    let title = format!("What was learned from {}", plan.name);
    let plot = match (&model.features[..], &model.goal.predicts) {
        ([x, y], Predicts::Classes(classes)) => {
            let samples = Samples::new(x, y).train(labelled(&plan.data.train)).test(labelled(&plan.data.test));
            decision_boundary(title, &samples, classes, |places| {
                places.iter().map(|&(x, y)| model.outputs(&[x, y])).collect()
            })
        }
        ([x, y], Predicts::Number { .. }) => {
            let samples = Samples::new(x, y).train(measured(&plan.data.train)).test(measured(&plan.data.test));
            contours(title, &samples, &model.goal.target, |places| {
                places.iter().map(|&(x, y)| model.goal.number(&model.outputs(&[x, y]))).collect()
            })
        }
        ([x], Predicts::Number { .. }) => {
            let points = |data: &Dataset| -> Vec<(f64, f64)> {
                data.rows.iter().zip(numbers(data)).map(|(row, number)| (row[0], *number)).collect()
            };
            fit(title, [x, &model.goal.target], &points(&plan.data.train), &points(&plan.data.test), |places| {
                places.iter().map(|&x| model.goal.number(&model.outputs(&[x]))).collect()
            })
        }
        _ => return None,
    };
    Some(plot.to_svg())
}

fn labelled(data: &Dataset) -> Vec<(f64, f64, usize)> {
    let labels = match &data.target {
        Target::Classes { labels, .. } => &labels[..],
        Target::Numbers(_) => &[],
    };
    data.rows.iter().zip(labels).map(|(row, label)| (row[0], row[1], *label)).collect()
}

fn measured(data: &Dataset) -> Vec<(f64, f64, f64)> {
    data.rows.iter().zip(numbers(data)).map(|(row, number)| (row[0], row[1], *number)).collect()
}

fn numbers(data: &Dataset) -> &[f64] {
    match &data.target {
        Target::Numbers(numbers) => numbers,
        Target::Classes { .. } => &[],
    }
}
