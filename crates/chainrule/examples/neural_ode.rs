//! A small neural ordinary differential equation: a network is trained to say how a swing moves on, from where it was seen.

use chainrule::nn::{Activation, Initializer, Mlp, Module};
use chainrule::optim::{Adam, Optimizer, Schedule};
use chainrule::program::Machine;
use chainrule::{Number, Program, Result, Value, rng, tape};

const STEP: f64 = 0.1;

/// A step of the classical method of Runge and Kutta.
fn step<N: Number>(slope: impl Fn([N; 2]) -> [N; 2], x: [N; 2]) -> [N; 2] {
    let along = |k: [N; 2], share: f64| std::array::from_fn(|i| x[i] + k[i] * N::constant(share * STEP));
    let k1 = slope(x);
    let k2 = slope(along(k1, 0.5));
    let k3 = slope(along(k2, 0.5));
    let k4 = slope(along(k3, 1.0));
    std::array::from_fn(|i| x[i] + (k1[i] + (k2[i] + k3[i]) * N::constant(2.0) + k4[i]) * N::constant(STEP / 6.0))
}

/// All states from one on.
fn path<N: Number>(slope: impl Fn([N; 2]) -> [N; 2], start: [N; 2], steps: usize) -> Vec<[N; 2]> {
    std::iter::successors(Some(start), |x| Some(step(&slope, *x))).skip(1).take(steps).collect()
}

fn main() -> Result<()> {
    // What nature does, and the network does not know: a swing with friction, by angle and speed.
    let swing = |[angle, speed]: [f64; 2]| [speed, -angle.sin() - 0.2 * speed];
    let starts = [[1.5, 0.0], [0.0, -1.0]];
    let seen = starts.map(|start| path(swing, start, 40));

    let network = Mlp::with(2, &[12, 2], Activation::Tanh, Initializer::Xavier, &mut rng(1));
    let mut optimizer = Optimizer::new(network.parameters(), Adam::new(), Schedule::cosine(0.02, 0.0, 1500));

    let program = {
        let _scope = tape::scope();
        let slope = |x: [Value; 2]| std::array::from_fn(|i| network.forward(&x)[i]);
        let miss = |(start, seen): (&[f64; 2], &Vec<[f64; 2]>)| -> Value {
            let told = path(slope, start.map(Value::constant), seen.len());
            told.iter().zip(seen).map(|(told, seen)| (told[0] - seen[0]).powi(2) + (told[1] - seen[1]).powi(2)).sum()
        };
        let loss = starts.iter().zip(&seen).map(miss).sum::<Value>() / 80.0;
        Program::of(&[loss], &network.parameters())?
    };
    let mut machine = Machine::<f64>::new(&program.gradient()?);
    let (mut loss, mut gradient) = ([0.0], vec![0.0; network.parameters().len()]);
    for _ in 0..1500 {
        machine.call(&[&network.numbers()], &mut [&mut loss, &mut gradient])?;
        network.set_gradients(&gradient);
        optimizer.step();
    }
    println!("loss {:.6}, from a program of {} statements", loss[0], program.explain().instructions().len());
    assert!(loss[0] < 1e-3);

    // It foretells a swing that it has not seen, too.
    let told = path(|x| std::array::from_fn(|i| network.forward(&x)[i]), [1.0, 0.5], 30);
    let truth = path(swing, [1.0, 0.5], 30);
    assert!(told.iter().zip(&truth).all(|(told, truth)| (told[0] - truth[0]).abs() < 0.1));
    Ok(())
}
