//! The claims beside our figures. No published number is quoted: the paper's tables could not be read.
//!
//! Contract: what a line says of a run follows from the results of that run alone; where there is no twin, nothing is said.

use std::collections::BTreeMap;

use crate::method::gain::words_of;
use crate::metrics as m;
use weightscope_frame::lab::{Comparability, ReferenceRow};
use weightscope_frame::record::Metric;

type Results = BTreeMap<String, f64>;

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let row = |quantity, claim, result: Option<&Metric>, comparability| ReferenceRow {
        quantity,
        published: claim,
        source: "the paper's abstract; its numbers could not be read",
        result: result.map(|metric| metric.name),
        value: None,
        comparability,
    };
    let shown = Comparability::Shown;
    vec![
        row(
            "near-zero share of the weights, beside the twin's",
            "fewer weights near zero",
            Some(&m::NEAR_ZERO),
            shown(|results| {
                let start = (&m::NEAR_ZERO_START, &m::TWIN_NEAR_ZERO_START);
                with_start(results, (&m::NEAR_ZERO, &m::TWIN_NEAR_ZERO), start, Claimed::Less)
            }),
        ),
        row(
            "near-zero share before the first step",
            "no claim: what the start alone does",
            Some(&m::NEAR_ZERO_START),
            Comparability::NotComparable(
                "an inverse start has the twin's; a direct one is changed by the function before any training",
            ),
        ),
        row(
            "kurtosis of the weights (a Gaussian has 3), beside the twin's",
            "bounded weights, large ones compressed",
            Some(&m::KURTOSIS),
            shown(|results| {
                let start = (&m::KURTOSIS_START, &m::TWIN_KURTOSIS_START);
                with_start(results, (&m::KURTOSIS, &m::TWIN_KURTOSIS), start, Claimed::Less)
            }),
        ),
        row(
            "largest weight over the standard deviation, beside the twin's",
            "bounded weights",
            Some(&m::LARGEST),
            shown(|results| {
                let words = beside(results, (&m::LARGEST, &m::TWIN_LARGEST), Claimed::Less);
                format!("{words}; the bound is a times the limit of the function")
            }),
        ),
        row(
            "participation ratio, beside the twin's",
            "a more democratic use of the weights",
            Some(&m::PARTICIPATION),
            shown(|results| {
                let words = beside(results, (&m::PARTICIPATION, &m::TWIN_PARTICIPATION), Claimed::More);
                format!("{words}; the measure is ours")
            }),
        ),
        row(
            "saliency held by the top tenth, beside the twin's",
            "a more democratic use of the weights",
            Some(&m::TOP_TENTH),
            shown(|results| {
                let words = beside(results, (&m::TOP_TENTH, &m::TWIN_TOP_TENTH), Claimed::Less);
                format!("{words}; the measure is ours")
            }),
        ),
        row(
            "gain in test accuracy over the twin",
            "better generalisation beside other regularisers",
            Some(&m::ACCURACY_GAIN),
            shown(gain),
        ),
        row(
            "amplitude at the end, beside its setting",
            "the function's parameters are learned with the network",
            Some(&m::AMPLITUDE_END),
            Comparability::NotComparable(
                "fixed unless parameters = learned; in the preset noisy-labels-arms the training loss opens the bound and accuracy falls",
            ),
        ),
        row(
            "accuracy after the smallest 70 % are removed, beside the twin's",
            "no claim of the abstract",
            Some(&m::PRUNED),
            shown(|results| match pair(results, (&m::PRUNED, &m::TWIN_PRUNED)) {
                Some((own, twin)) => {
                    let words =
                        if own < twin { "worse than the twin's" } else { "not worse than the twin's" };
                    format!(
                        "{words}, {own:.4} against {twin:.4}; where fewer weights are superfluous it has to be worse"
                    )
                }
                None => NO_TWIN.to_owned(),
            }),
        ),
        row(
            "form of the function",
            "not known to us",
            None,
            Comparability::NotComparable("the arctan form is not confirmed against the paper"),
        ),
    ]
}

/// What is said without a twin.
const NO_TWIN: &str = "no twin was trained in this run, so nothing can be said";

/// Which way a claim goes.
#[derive(Clone, Copy)]
enum Claimed {
    Less,
    More,
}

/// A figure and the twin's.
fn pair(results: &Results, (own, twin): (&Metric, &Metric)) -> Option<(f64, f64)> {
    Some((*results.get(own.name)?, *results.get(twin.name)?))
}

/// Whether a figure lies on the claimed side of the twin's.
fn beside(results: &Results, metrics: (&Metric, &Metric), claimed: Claimed) -> String {
    let Some((own, twin)) = pair(results, metrics) else { return NO_TWIN.to_owned() };
    let shows = match claimed {
        Claimed::Less => own < twin,
        Claimed::More => own > twin,
    };
    let words = if shows { "shows in this run" } else { "does not show in this run" };
    format!("{words}, means {own:.4} against {twin:.4} of the twin")
}

/// The same, and how much of the difference stood before the first step.
fn with_start(
    results: &Results,
    metrics: (&Metric, &Metric),
    start: (&Metric, &Metric),
    claimed: Claimed,
) -> String {
    let words = beside(results, metrics, claimed);
    match pair(results, start) {
        Some((own, twin)) => format!("{words}; before the first step {own:.4} against {twin:.4}"),
        None => words,
    }
}

/// What the interval of the gain shows.
fn gain(results: &Results) -> String {
    let of = |metric: &Metric| results.get(metric.name).copied();
    let Some(mean) = of(&m::ACCURACY_GAIN) else { return NO_TWIN.to_owned() };
    let interval = of(&m::ACCURACY_GAIN_LOW).zip(of(&m::ACCURACY_GAIN_HIGH));
    let range =
        interval.map_or_else(String::new, |(low, high)| format!(", 95 % interval {low:+.4} to {high:+.4}"));
    format!(
        "{}: mean {mean:+.4}{range}; a small network on few rows, where the paper's are of ImageNet size, and the best of several settings that were tried is no finding by itself",
        words_of(interval)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(results: &[(&Metric, f64)], line: &Metric) -> String {
        let results = results.iter().map(|(metric, value)| (metric.name.to_owned(), *value)).collect();
        let row = rows().into_iter().find(|row| row.result == Some(line.name)).unwrap();
        match row.comparability {
            Comparability::Shown(words) => words(&results),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_says_what_the_run_shows_and_nothing_without_a_twin() {
        let fewer = [(&m::NEAR_ZERO, 0.05), (&m::TWIN_NEAR_ZERO, 0.08)];
        assert!(said(&fewer, &m::NEAR_ZERO).starts_with("shows in this run, means 0.0500 against 0.0800"));
        let more = [(&m::NEAR_ZERO, 0.09), (&m::TWIN_NEAR_ZERO, 0.08)];
        assert!(said(&more, &m::NEAR_ZERO).starts_with("does not show"));
        assert_eq!(said(&fewer[..1], &m::NEAR_ZERO), NO_TWIN);
        assert_eq!(said(&fewer[..1], &m::ACCURACY_GAIN), NO_TWIN);
    }

    #[test]
    fn the_gain_is_named_by_its_interval() {
        let of = |mean, ends: Option<(f64, f64)>| {
            let mut results = vec![(&m::ACCURACY_GAIN, mean)];
            results.extend(
                ends.into_iter()
                    .flat_map(|(low, high)| [(&m::ACCURACY_GAIN_LOW, low), (&m::ACCURACY_GAIN_HIGH, high)]),
            );
            said(&results, &m::ACCURACY_GAIN)
        };
        assert!(
            of(0.03, Some((0.02, 0.04))).starts_with("gain: mean +0.0300, 95 % interval +0.0200 to +0.0400")
        );
        assert!(of(-0.02, Some((-0.024, -0.015))).starts_with("loss"));
        assert!(of(0.01, Some((-0.01, 0.03))).starts_with("no difference shown"));
        assert!(of(0.1, None).starts_with("not tested: one seed: mean +0.1000;"));
    }
}
