//! Where an axis has ticks, and what stands at them.
//!
//! Contract: for every scale, range and wanted count the ticks lie inside the range, increase strictly, and at least
//! two of them are labelled; labels of one axis differ and use one number of decimals.

use super::axis::Scale;
use super::number;

/// A place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// In data units.
    pub value: f64,
    /// What stands at it; empty at minor ticks.
    pub label: String,
    /// Length of the mark.
    pub kind: TickKind,
}

/// Whether a tick is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickKind {
    /// Long mark with a label.
    Major,
    /// Short mark without.
    Minor,
}

/// Ticks of an axis for a range in data units, with about `wanted` labels.
pub fn ticks(scale: Scale, range: (f64, f64), wanted: usize) -> Vec<Tick> {
    let (low, high) = scale.sane_range(range);
    let wanted = wanted.clamp(2, 20);
    let found = match scale {
        Scale::Linear => None,
        Scale::Log => log_ticks(low, high, wanted),
        Scale::SymLog { .. } => sym_log_ticks(scale, low, high, wanted),
    };
    found.unwrap_or_else(|| linear_ticks(low, high, wanted))
}

/// The step of the form 1, 2 or 5 × 10^k that comes closest to dividing `span` into `wanted` parts, not smaller.
pub fn nice_step(span: f64, wanted: usize) -> f64 {
    let raw = span / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let factor = match raw / power {
        ratio if ratio <= 1.0 + 1e-9 => 1.0,
        ratio if ratio <= 2.0 + 1e-9 => 2.0,
        ratio if ratio <= 5.0 + 1e-9 => 5.0,
        _ => 10.0,
    };
    factor * power
}

fn linear_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    // Half the width, so that a span as wide as the range of doubles does not overflow.
    let span = (high / 2.0 - low / 2.0) * 2.0;
    let span = if span.is_finite() { span } else { f64::MAX };
    let mut parts = wanted;
    loop {
        let step = nice_step(span, parts);
        let values = multiples(low, high, step);
        if values.len() >= 2 || parts > 200 {
            let labels = linear_labels(&values, step);
            return values.into_iter().zip(labels).map(|(value, label)| major(value, label)).collect();
        }
        parts += 1;
    }
}

/// All multiples of the step inside the range, up to rounding at its ends.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let slack = 1e-9;
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    let mut values = Vec::new();
    let mut index = first;
    while index <= last && values.len() < 1000 {
        // Adding zero turns −0 into 0.
        values.push((index * step).clamp(low, high) + 0.0);
        index += 1.0;
    }
    values.dedup();
    values
}

/// Labels with the decimals that the step needs; powers of ten, with one common exponent, for very large and very
/// small values.
fn linear_labels(values: &[f64], step: f64) -> Vec<String> {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let step_exponent = number::exponent_after_rounding(step, 1);
    if !(1e-3..1e6).contains(&largest) {
        let exponent = largest.log10().floor() as i32;
        let decimals = (exponent - step_exponent).clamp(0, 15) as usize;
        return values
            .iter()
            .map(|value| number::scientific(snap(*value, step), exponent, decimals))
            .collect();
    }
    let decimals = (-step_exponent).clamp(0, 15) as usize;
    values.iter().map(|value| number::fixed(*value, decimals)).collect()
}

/// Zero for what is only rounding away from it.
fn snap(value: f64, step: f64) -> f64 {
    if value.abs() < step * 1e-6 { 0.0 } else { value }
}

/// Decades with the digits 2 to 9 between them; 1, 2, 5 where there are few decades; `None` if even those are fewer
/// than two.
fn log_ticks(low: f64, high: f64, wanted: usize) -> Option<Vec<Tick>> {
    let (first, last) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
    let decades = (last - first + 1).max(0) as usize;
    if decades >= 2 {
        let stride = decades.div_ceil(wanted).max(1) as i32;
        return Some(decade_ticks(low, high, (first, last), stride));
    }
    let candidates = (first - 1..=last + 1).flat_map(|power| (1..10).map(move |digit| (digit, power)));
    let inside: Vec<(i32, i32, f64)> = candidates
        .map(|(digit, power)| (digit, power, f64::from(digit) * 10f64.powi(power)))
        .filter(|(_, _, value)| (low..=high).contains(value))
        .collect();
    let labelled = |digit: i32| matches!(digit, 1 | 2 | 5);
    if inside.iter().filter(|(digit, ..)| labelled(*digit)).count() < 2 {
        return None;
    }
    let ticks = inside.into_iter().map(|(digit, power, value)| {
        if labelled(digit) { major(value, mantissa_label(digit, power)) } else { minor(value) }
    });
    Some(ticks.collect())
}

fn decade_ticks(low: f64, high: f64, (first, last): (i32, i32), stride: i32) -> Vec<Tick> {
    let plain = first >= -2 && last <= 4;
    let mut ticks = Vec::new();
    for power in first - 1..=last + 1 {
        let value = 10f64.powi(power).clamp(low, high);
        if (first..=last).contains(&power) {
            // Counting strides from 10⁰ keeps the labels still while the range moves, unless it leaves too few.
            let anchor = if (last - first) / stride >= 2 { 0 } else { first };
            if (power - anchor).rem_euclid(stride) == 0 {
                let label = if plain { mantissa_label(1, power) } else { number::power_of_ten(power) };
                ticks.push(major(value, label));
            } else {
                ticks.push(minor(value));
            }
        }
        if stride == 1 && last - first <= 8 {
            let digits = (2..10).map(|digit| f64::from(digit) * 10f64.powi(power));
            ticks.extend(digits.filter(|value| *value > low && *value < high).map(minor));
        }
    }
    ticks.dedup_by(|b, a| b.value <= a.value);
    ticks
}

/// `digit × 10^power`, plain where short.
fn mantissa_label(digit: i32, power: i32) -> String {
    if (-3..=4).contains(&power) {
        return number::fixed(f64::from(digit) * 10f64.powi(power), (-power).max(0) as usize);
    }
    match digit {
        1 => number::power_of_ten(power),
        digit => format!("{digit}×{}", number::power_of_ten(power)),
    }
}

/// Zero and ±10^k, as many as keep their distance; `None` if fewer than two lie inside the range.
fn sym_log_ticks(scale: Scale, low: f64, high: f64, wanted: usize) -> Option<Vec<Tick>> {
    let linear_threshold = scale.linear_threshold()?;
    let (from, to) = (scale.to_axis(low), scale.to_axis(high));
    let distance = (to - from) / (wanted as f64 * 1.5);
    let first = (linear_threshold.log10() - 1e-9).ceil() as i32;
    let last = low.abs().max(high.abs()).log10().floor() as i32;
    // Labels on every decade, second decade …: the first stride that leaves room.
    let stride = (distance.ceil() as i32).max(1);
    let mut values = vec![(0.0, "0".to_owned())];
    for power in (first..=last).filter(|power| (power - last).rem_euclid(stride) == 0) {
        let size = 10f64.powi(power);
        if scale.to_axis(size) < distance {
            continue;
        }
        let plain = first >= -2 && last <= 4;
        let label = if plain { mantissa_label(1, power) } else { number::power_of_ten(power) };
        values.push((-size, format!("−{label}")));
        values.push((size, label));
    }
    values.retain(|(value, _)| (low..=high).contains(value));
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    (values.len() >= 2).then(|| values.into_iter().map(|(value, label)| major(value, label)).collect())
}

const fn major(value: f64, label: String) -> Tick {
    Tick { value, label, kind: TickKind::Major }
}

const fn minor(value: f64) -> Tick {
    Tick { value, label: String::new(), kind: TickKind::Minor }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: Scale, from: f64, to: f64, wanted: usize) -> Vec<String> {
        let majors = ticks(scale, (from, to), wanted).into_iter().filter(|tick| tick.kind == TickKind::Major);
        majors.map(|tick| tick.label).collect()
    }

    fn check(scale: Scale, from: f64, to: f64, wanted: usize) -> Result<(), TestCaseError> {
        let (low, high) = scale.sane_range((from, to));
        let found = ticks(scale, (from, to), wanted);
        for pair in found.windows(2) {
            prop_assert!(pair[0].value < pair[1].value, "{found:?}");
        }
        for tick in &found {
            prop_assert!((low..=high).contains(&tick.value), "{tick:?} outside {low}..{high}");
        }
        let labels: Vec<&str> = found
            .iter()
            .filter(|tick| tick.kind == TickKind::Major)
            .map(|tick| tick.label.as_str())
            .collect();
        prop_assert!(labels.len() >= 2, "{from} to {to}: {found:?}");
        prop_assert!(labels.len() <= 4 * wanted.max(3), "{from} to {to}: {} labels", labels.len());
        for pair in labels.windows(2) {
            prop_assert_ne!(pair[0], pair[1], "labels repeat");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn linear_ticks_keep_the_contract(from in -1e6f64..1e6, decade in -4f64..7.0, wanted in 2usize..12) {
            check(Scale::Linear, from, from + 10f64.powf(decade), wanted)?;
        }

        #[test]
        fn log_ticks_keep_the_contract(from in -30f64..30.0, decades in 1e-3f64..40.0, wanted in 2usize..12) {
            check(Scale::Log, 10f64.powf(from), 10f64.powf(from + decades), wanted)?;
        }

        #[test]
        fn symmetric_log_ticks_keep_the_contract(
            threshold in -6f64..3.0, a in -6f64..6.0, b in -6f64..6.0, signs in 0usize..3, wanted in 2usize..12,
        ) {
            let scale = Scale::SymLog { linear_threshold: 10f64.powf(threshold) };
            let (a, b) = (10f64.powf(a), 10f64.powf(b));
            let (from, to) = match signs { 0 => (-a, b), 1 => (-a, -b), _ => (a, b) };
            check(scale, from, to, wanted)?;
        }
    }

    #[test]
    fn linear_labels_share_their_decimals() {
        assert_eq!(labels(Scale::Linear, 0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, -0.31, 0.3, 3), ["−0.2", "0.0", "0.2"]);
        assert_eq!(
            labels(Scale::Linear, 0.0, 4000.0, 4),
            ["0", "1\u{2009}000", "2\u{2009}000", "3\u{2009}000", "4\u{2009}000"]
        );
        assert_eq!(labels(Scale::Linear, 0.0, 4e-6, 2), ["0", "2×10⁻⁶", "4×10⁻⁶"]);
    }

    #[test]
    fn logarithmic_labels_are_decades() {
        assert_eq!(labels(Scale::Log, 1e-4, 1.0, 5), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(labels(Scale::Log, 0.1, 100.0, 5), ["0.1", "1", "10", "100"]);
        assert_eq!(labels(Scale::Log, 1e-12, 1.0, 5), ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
    }

    #[test]
    fn a_range_within_one_decade_still_has_labels() {
        assert_eq!(labels(Scale::Log, 1.5, 9.0, 5), ["2", "5"]);
        assert_eq!(labels(Scale::Log, 3.1, 3.9, 4), ["3.2", "3.4", "3.6", "3.8"]);
    }

    #[test]
    fn symmetric_labels_stand_on_both_sides_of_zero() {
        let scale = Scale::SymLog { linear_threshold: 1.0 };
        assert_eq!(labels(scale, -100.0, 100.0, 5), ["−100", "−10", "0", "10", "100"]);
    }

    #[test]
    fn minor_ticks_lie_between_decades() {
        let minors =
            ticks(Scale::Log, (1.0, 100.0), 5).into_iter().filter(|tick| tick.kind == TickKind::Minor);
        assert_eq!(minors.count(), 16);
    }
}
