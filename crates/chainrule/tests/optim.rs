//! Optimisers against the formulas of their papers, computed apart: three steps from 1 by the gradients 0.5, -1 and 2.

use chainrule::optim::{Adam, AdamW, Algorithm, Optimizer, RmsProp, Schedule, Sgd};
use chainrule::{Value, tape};

fn steps_of(mut algorithm: impl Algorithm) -> Vec<f64> {
    let mut parameter = [1.0];
    let step = |gradient: f64| {
        algorithm.update(0.1, &mut parameter, &[gradient]);
        parameter[0]
    };
    [0.5, -1.0, 2.0].map(step).to_vec()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12);
    assert!(near, "{found:?} and not {expected:?}");
}

#[test]
fn descent_goes_down_the_gradient() {
    assert_near(&steps_of(Sgd::new()), &[0.95, 1.05, 0.85]);
}

#[test]
fn momentum_keeps_a_share_of_the_velocity_and_decay_pulls_to_zero() {
    assert_near(&steps_of(Sgd::new().momentum(0.9).weight_decay(0.1)), &[0.94, 0.9765999999999999, 0.799774]);
}

#[test]
fn nesterov_looks_ahead() {
    assert_near(&steps_of(Sgd::new().momentum(0.9).nesterov()), &[0.905, 1.0545, 0.71905]);
}

#[test]
fn adam_divides_by_the_root_of_the_mean_square() {
    assert_near(&steps_of(Adam::new()), &[0.900000002, 0.9366103542405654, 0.8946447927181046]);
    assert_near(
        &steps_of(Adam::new().betas(0.8, 0.9).epsilon(1e-3)),
        &[0.9001996007984032, 0.9416612876978696, 0.8962952851433843],
    );
}

#[test]
fn decay_passes_through_the_means_of_adam_and_not_of_adamw() {
    assert_near(
        &steps_of(Adam::new().weight_decay(0.1)),
        &[0.9000000016666666, 0.9252635194456061, 0.8776172608049325],
    );
    assert_near(&steps_of(AdamW::new()), &[0.899000002, 0.9347113542385653, 0.8918110813618659]);
}

#[test]
fn rmsprop_divides_by_the_root_of_the_mean_square() {
    assert_near(&steps_of(RmsProp::new()), &[1.9999996003772225e-07, 0.8953230819113371, 0.021204008561932164]);
}

#[test]
fn schedules_begin_and_end_where_they_say() {
    let linear = Schedule::linear(1.0, 0.1, 100);
    assert_near(&[0, 50, 100, 200].map(|step| linear.rate(step)), &[1.0, 0.55, 0.1, 0.1]);
    let cosine = Schedule::cosine(1.0, 0.0, 100);
    assert_near(&[0, 50, 100, 200].map(|step| cosine.rate(step)), &[1.0, 0.5, 0.0, 0.0]);
    let warm = Schedule::from(2.0).with_warm_up(4);
    assert_near(&[0, 1, 2, 3, 4, 9].map(|step| warm.rate(step)), &[0.5, 1.0, 1.5, 2.0, 2.0, 2.0]);
    let closure = Schedule::from(|step: usize| 1.0 / (step + 1) as f64);
    assert_near(&[0, 1, 3].map(|step| closure.rate(step)), &[1.0, 0.5, 0.25]);
}

#[test]
fn micrograds_schedule_is_linear() {
    let schedule = Schedule::linear(1.0, 0.1, 100);
    for step in 0..100 {
        assert!((schedule.rate(step) - (1.0 - 0.9 * step as f64 / 100.0)).abs() < 1e-15);
    }
}

#[test]
fn a_step_follows_the_schedule() {
    let x = Value::new(1.0);
    let mut optimizer = Optimizer::new(vec![x], Sgd::new(), |step: usize| if step == 0 { 0.5 } else { 0.25 });
    for expected in [0.5, 0.25] {
        optimizer.zero_grad();
        (x * 1.0).backward();
        let before = x.data();
        optimizer.step();
        assert_eq!(before - x.data(), expected);
    }
    assert_eq!(optimizer.steps(), 2);
}

#[test]
fn a_step_releases_what_was_recorded_since_the_optimiser_was_made() {
    let generator = Value::new(1.0);
    let judge = Value::new(2.0);
    let mut generators = Optimizer::new(vec![generator], Sgd::new(), 0.1);
    let mut judges = Optimizer::new(vec![judge], Sgd::new(), 0.1);
    for _ in 0..3 {
        let loss = generator * judge * Value::new(3.0);
        loss.backward();
        generators.step();
        assert_eq!(tape::size().nodes, 2);
        assert!(loss.data().is_finite());
        (generator * judge).backward();
        judges.step();
        assert_eq!(tape::size().nodes, 2);
    }
}

#[test]
#[should_panic(expected = "only a leaf's data can be set")]
fn only_leaves_are_parameters() {
    let computed = Value::new(1.0) * 2.0;
    Optimizer::new(vec![computed], Sgd::new(), 0.1).step();
}

#[test]
#[should_panic(expected = "a Value was used after its node was released")]
fn a_released_parameter_is_refused() {
    let stale = {
        let _scope = tape::scope();
        Value::new(1.0)
    };
    Optimizer::new(vec![stale], Sgd::new(), 0.1).step();
}
