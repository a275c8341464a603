//! Where an axis has its ticks and what they say.

/// A place on an axis, marked. Minor ticks have no label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: Option<String>,
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, about `count` of them, within `min..=max`.
///
/// With `whole`, never between whole numbers: half a training step does not exist.
pub(super) fn linear(min: f64, max: f64, count: usize, whole: bool) -> Vec<Tick> {
    let step = nice_step(max - min, count);
    let step = if whole { step.max(1.0) } else { step };
    let (first, last) = ((min / step - 1e-9).ceil(), (max / step + 1e-9).floor());
    let values: Vec<f64> =
        (0..=(last - first).clamp(0.0, 100.0) as i32).map(|i| (first + f64::from(i)) * step).collect();
    let write = number_style(min.abs().max(max.abs()), step);
    values.iter().map(|&value| Tick { value, label: Some(write(value)) }).collect()
}

/// Ticks at powers of ten, with minor ticks between; where the range holds less than two of them, at 1, 2 and 5 times
/// a power of ten, and where even that says too little, at the linear places.
pub(super) fn logarithmic(min: f64, max: f64, count: usize) -> Vec<Tick> {
    let (low, high) = (decade(min), decade(max));
    let first_power = if power(low) < min * (1.0 - 1e-9) { low + 1 } else { low };
    if high > first_power {
        return decades(min, max, low, first_power, high, count);
    }
    let inside = |value: &f64| (min..=max).contains(value);
    let steps: Vec<f64> =
        (low..=high).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * power(exponent))).filter(inside).collect();
    if steps.len() < 3 {
        return linear(min, max, count, false).into_iter().filter(|tick| tick.value > 0.0).collect();
    }
    let write = number_style(max, steps[0]);
    steps.iter().map(|&value| Tick { value, label: Some(write(value)) }).collect()
}

fn decades(min: f64, max: f64, low: i32, first: i32, high: i32, count: usize) -> Vec<Tick> {
    let every = (high - first) as usize / count.max(1) + 1;
    let plain = first >= -3 && high <= 4;
    let label = |exponent| if plain { plain_power(exponent) } else { format!("10{}", superscript(exponent)) };
    let major = |exponent| (exponent - first) % every as i32 == 0;
    (low..=high)
        .flat_map(|exponent| (1..=9).map(move |digit| (exponent, digit)))
        .map(|(exponent, digit)| Tick {
            value: f64::from(digit) * power(exponent),
            label: (digit == 1 && major(exponent)).then(|| label(exponent)),
        })
        .enumerate()
        // Where labels skip powers of ten, the powers between them are the minor ticks.
        .filter(|(i, tick)| tick.label.is_some() || every == 1 || i % 9 == 0)
        .map(|(_, tick)| tick)
        .filter(|tick| (min * (1.0 - 1e-9)..=max * (1.0 + 1e-9)).contains(&tick.value))
        .collect()
}

/// Labels for evenly spaced numbers, all in one style.
pub(super) fn labels(values: &[f64]) -> Vec<String> {
    let [first, second, ..] = values else { return Vec::new() };
    let size = values.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
    values.iter().map(|&value| number_style(size, second - first)(value)).collect()
}

/// The step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` parts.
pub(super) fn nice_step(span: f64, count: usize) -> f64 {
    let rough = span / count.max(1) as f64;
    let unit = power(decade(rough));
    let digit = match rough / unit {
        digit if digit < 1.5 => 1.0,
        digit if digit < 3.5 => 2.0,
        digit if digit < 7.5 => 5.0,
        _ => 10.0,
    };
    digit * unit
}

/// How to write numbers of this size so that a step can be seen: all labels of an axis look alike.
fn number_style(size: f64, step: f64) -> impl Fn(f64) -> String {
    let (exponent, step_exponent) = (decade(size), decade(step));
    let (plain, separated) = (exponent < 6 && step_exponent >= -4, exponent >= 4);
    move |value: f64| {
        // Zero lands a rounding error away from zero when it is a multiple of a small step.
        if value.abs() < step * 1e-6 {
            "0".to_string()
        } else if plain {
            let number = format!("{value:.*}", (-step_exponent).max(0) as usize);
            if separated { with_separators(number) } else { number.replace('-', "−") }
        } else {
            let decimals = (exponent - step_exponent).clamp(0, 15) as usize;
            format!("{:.*}×10{}", decimals, value / power(exponent), superscript(exponent)).replace('-', "−")
        }
    }
}

/// A number by itself, with at most six digits.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}").replace('-', if value == 0.0 { "" } else { "−" });
    }
    let trimmed = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    };
    let scientific = format!("{value:.5e}");
    let (digits, exponent) = scientific.split_once('e').expect("the exponent of a number");
    let exponent: i32 = exponent.parse().expect("a whole exponent");
    let text = if (-4..6).contains(&exponent) {
        trimmed(format!("{value:.*}", (5 - exponent) as usize))
    } else {
        format!("{}×10{}", trimmed(digits.to_string()), superscript(exponent))
    };
    text.replace('-', "−")
}

/// Commas between thousands, and a true minus sign.
fn with_separators(number: String) -> String {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::new();
    if number.starts_with('-') {
        text.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

fn plain_power(exponent: i32) -> String {
    with_separators(format!("{:.*}", (-exponent).max(0) as usize, power(exponent)))
}

fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|character| match character {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32('⁰' as u32 + (digit as u32 - '0' as u32)).expect("a superscript digit"),
        })
        .collect()
}

/// The exponent of the power of ten at or below a positive value.
fn decade(value: f64) -> i32 {
    let exponent = value.log10().floor() as i32;
    // log10 may round a value just below a power up to it.
    if power(exponent) > value { exponent - 1 } else { exponent }
}

fn power(exponent: i32) -> f64 {
    10f64.powi(exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().filter_map(|tick| tick.label.as_deref()).collect()
    }

    #[test]
    fn linear_labels_are_round_numbers() {
        assert_eq!(labels(&linear(0.0, 1.0, 5, false)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear(-1.2, 2.3, 4, false)), ["−1", "0", "1", "2"]);
        assert_eq!(labels(&linear(0.0, 12_000.0, 3, false)), ["0", "5,000", "10,000"]);
        assert_eq!(labels(&linear(0.0, 4e7, 2, false)), ["0", "2×10⁷", "4×10⁷"]);
        assert_eq!(labels(&linear(0.0, 3e-7, 3, false)), ["0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷"]);
    }

    #[test]
    fn whole_ticks_never_fall_between_steps() {
        assert_eq!(labels(&linear(0.0, 2.0, 10, true)), ["0", "1", "2"]);
    }

    #[test]
    fn logarithmic_labels_are_powers_of_ten() {
        assert_eq!(labels(&logarithmic(0.05, 20.0, 5)), ["0.1", "1", "10"]);
        assert_eq!(labels(&logarithmic(1e-6, 1e-3, 5)), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³"]);
        assert_eq!(labels(&logarithmic(1.0, 1e10, 5)), ["10⁰", "10³", "10⁶", "10⁹"]);
    }

    #[test]
    fn a_narrow_logarithmic_range_still_has_labels() {
        assert_eq!(labels(&logarithmic(0.9, 6.0, 5)), ["1", "2", "5"]);
        assert_eq!(labels(&logarithmic(3.0, 4.0, 4)), ["3.0", "3.2", "3.4", "3.6", "3.8", "4.0"]);
    }

    #[test]
    fn a_wide_logarithmic_range_has_minor_ticks() {
        let minors: Vec<f64> =
            logarithmic(1.0, 100.0, 5).iter().filter(|tick| tick.label.is_none()).map(|tick| tick.value).collect();
        assert_eq!(minors[..8], [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    }

    #[test]
    fn a_number_by_itself_has_at_most_six_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (-1.5, "−1.5"),
            (1.0 / 3.0, "0.333333"),
            (123456.7, "123457"),
            (1e6, "1×10⁶"),
            (-2.5e-7, "−2.5×10⁻⁷"),
            (999999.99, "1×10⁶"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "−inf"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    proptest! {
        #[test]
        fn linear_ticks_are_few_evenly_spaced_inside_and_told_apart(
            centre in -1e6..1e6f64, exponent in -3..200i32, count in 3..10usize
        ) {
            let span = power(exponent) * (1.0 + centre.abs() / 1e6);
            let (min, max) = (centre - span / 2.0, centre + span / 2.0);
            let ticks = linear(min, max, count, false);
            prop_assert!((2..=2 * count + 1).contains(&ticks.len()), "{} ticks", ticks.len());
            let step = ticks[1].value - ticks[0].value;
            let digit = step / power((step * 1.000001).log10().floor() as i32);
            prop_assert!([1.0, 2.0, 5.0].iter().any(|nice| (digit - nice).abs() < 1e-3), "step {step}");
            for pair in ticks.windows(2) {
                prop_assert!((pair[1].value - pair[0].value - step).abs() < step * 1e-3);
                prop_assert_ne!(&pair[0].label, &pair[1].label);
            }
            for tick in &ticks {
                prop_assert!(tick.value >= min - step * 1e-6 && tick.value <= max + step * 1e-6);
            }
        }

        #[test]
        fn logarithmic_ticks_rise_inside_the_range_and_are_labelled(
            low in -290.0..290.0f64, span in 0.01..8.0f64, count in 3..8usize
        ) {
            let (min, max) = (10f64.powf(low), 10f64.powf(low + span));
            let ticks = logarithmic(min, max, count);
            prop_assert!(labels(&ticks).len() >= 2, "{min} to {max}: {ticks:?}");
            prop_assert!(labels(&ticks).len() <= 2 * count + 1);
            prop_assert!(ticks.windows(2).all(|pair| pair[0].value < pair[1].value));
            prop_assert!(ticks.iter().all(|t| t.value >= min * (1.0 - 1e-6) && t.value <= max * (1.0 + 1e-6)));
        }
    }
}
