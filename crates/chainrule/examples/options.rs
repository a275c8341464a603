//! A book of European options by Black and Scholes, and how its worth changes with the market: the Greeks of first and second order
//! are the gradient and the Hessian matrix of one function.

use chainrule::program::Derivatives;
use chainrule::{Number, Program, Result};

/// The standard normal distribution.
fn normal<N: Number>(x: N) -> N {
    (N::constant(1.0) + (x * N::constant(std::f64::consts::FRAC_1_SQRT_2)).erf()) * N::constant(0.5)
}

/// What a call is worth, from the price of the share, its volatility, the interest rate and the years that are left.
fn call<N: Number>([share, volatility, rate, years]: [N; 4], strike: N) -> N {
    let spread = volatility * years.sqrt();
    let d1 = ((share / strike).ln() + rate * years) / spread + spread * N::constant(0.5);
    share * normal(d1) - strike * (-rate * years).exp() * normal(d1 - spread)
}

fn main() -> Result<()> {
    // A thousand calls, some of them sold: strike, years, pieces.
    let strikes: Vec<f64> = (0..1000).map(|i| 80.0 + f64::from(i % 41)).collect();
    let years: Vec<f64> = (0..1000).map(|i| 0.25 + f64::from(i % 8) * 0.25).collect();
    let pieces: Vec<f64> = (0..1000).map(|i| f64::from(i % 7) - 2.0).collect();
    let market = [100.0, 0.2, 0.03, 0.0]; // share, volatility, rate, years that have passed

    let groups = [("market", &market[..]), ("strikes", &strikes), ("years", &years), ("pieces", &pieces)];
    let book = Program::record_groups(&groups, |groups| {
        let [market, strikes, years, pieces] = groups else { unreachable!("four groups") };
        let worth = |i: usize| pieces[i] * call([market[0], market[1], market[2], years[i] - market[3]], strikes[i]);
        (0..strikes.len()).map(worth).sum::<chainrule::Value>()
    })?;

    let mut greeks = Derivatives::<f64>::by(&book, &["market"])?;
    let (mut first, mut second) = ([0.0; 4], [0.0; 16]);
    let inputs = [&market[..], &strikes, &years, &pieces].concat();
    let worth = greeks.value_and_gradient(&inputs, &mut first)?;
    greeks.hessian(&inputs, &mut second)?;
    let [delta, vega, rho, theta] = first;
    let (gamma, vanna, volga) = (second[0], second[1], second[5]);
    println!("worth {worth:.2}, delta {delta:.3}, vega {vega:.2}, rho {rho:.2}, theta {theta:.2}");
    println!("gamma {gamma:.4}, vanna {vanna:.3}, volga {volga:.2}");

    // The equation that Black and Scholes began with: what time takes, curvature and interest give.
    let earned = 0.5 * (market[1] * market[0]).powi(2) * gamma + market[2] * (market[0] * delta - worth);
    assert!((theta + earned).abs() < 1e-9 * theta.abs());
    Ok(())
}
