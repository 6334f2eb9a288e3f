//! Mean ranks of the methods over data sets, with the critical difference.

use super::super::draw::picture;
use super::{Entry, Gathered, averaged, gather, shared_methods, spec};
use crate::config::Config;
use crate::method::compare::{alike, critical_difference, friedman, mean_ranks};
use crate::names::name;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfRanks};
use weightscope_frame::record::{AxisSpec, Ranks, ViewKind, ViewSpec};

/// Mean ranks.
const RANKS: Declared<OfRanks> = Declared::new(
    "ranks",
    "mean ranks",
    "",
    "Mean rank of each method by test WIS over data sets, 1 is best; Nemenyi's critical difference at 5 %.",
);

/// Fewest data sets for a test of ranks.
const FEWEST_SETS: usize = 5;

/// Mean ranks over data sets.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("mean rank over data sets", ""),
        ..spec("ranks", "Ranks over data sets", ViewKind::Ranks, &RANKS)
    })
    .derived(|config, job| {
        let ranks = gather(config, job).map(|gathered| picture(&RANKS, "mean ranks", ranks(&gathered)));
        Ok(ranks.into_iter().collect())
    })
}

/// Scores by data set: the mean over splits of the mean over the runs of a split.
fn by_set(gathered: &Gathered, methods: &[&str]) -> Vec<Vec<f64>> {
    let mut sets: Vec<&str> = Vec::new();
    for entry in &gathered.entries {
        if !sets.contains(&entry.set.as_str()) {
            sets.push(&entry.set);
        }
    }
    let score = |set: &str| {
        let own: Vec<&Entry> = gathered.entries.iter().filter(|entry| entry.set == set).collect();
        let splits = averaged(&own, methods, |entry| &entry.split);
        let sum = |method: usize| splits.iter().map(|(_, scores)| scores[method]).sum::<f64>();
        (0..methods.len()).map(|method| sum(method) / splits.len().max(1) as f64).collect()
    };
    sets.into_iter().map(score).collect()
}

/// Mean ranks; with enough data sets also which methods do not differ.
fn ranks(gathered: &Gathered) -> Ranks {
    let entries: Vec<&Entry> = gathered.entries.iter().collect();
    let methods = shared_methods(&entries);
    let scores = by_set(gathered, &methods);
    let means = mean_ranks(&scores);
    let mut order: Vec<usize> = (0..means.len()).collect();
    order.sort_by(|a, b| means[*a].total_cmp(&means[*b]));
    let ascending: Vec<f64> = order.iter().map(|index| means[*index]).collect();
    let sets = scores.len();
    let mut found = Ranks {
        methods: order.iter().map(|index| (name(methods[*index]).to_owned(), means[*index])).collect(),
        ..Ranks::default()
    };
    match (friedman(&means, sets), critical_difference(means.len(), sets)) {
        _ if sets < FEWEST_SETS => {
            let more = FEWEST_SETS - sets;
            found.headline = format!("{sets} of {FEWEST_SETS} data sets: tick runs on {more} more");
        }
        (Some(test), Some(critical)) => {
            let differ = test.p < 0.05;
            let verdict = if differ { "" } else { ": none differs" };
            found.headline = format!(
                "{sets} data sets, F({}, {}) = {:.2}, p = {}{verdict}",
                test.degrees.0,
                test.degrees.1,
                test.statistic,
                probability(test.p)
            );
            // Pairs are looked at only if the methods differ at all.
            let ends = ascending.first().copied().zip(ascending.last().copied());
            found.groups = if differ { alike(&ascending, critical) } else { ends.into_iter().collect() };
            found.critical = Some(critical);
        }
        _ => {
            found.headline = format!("2 to 20 methods in all runs are needed, here {}", means.len());
        }
    }
    found
}

/// A probability in few digits.
fn probability(p: f64) -> String {
    if p < 1e-4 { format!("{p:.0e}") } else { format!("{p:.4}") }
}
