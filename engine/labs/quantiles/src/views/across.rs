//! Views across runs: mean ranks over data sets with the critical difference, and paired differences over splits of one data set.
//!
//! Contract: what is compared are test scores at the chosen stage, from `scores.csv` in the folders of the ticked runs and from the
//! record of the shown one. Runs of one data set and split are averaged, then splits (the published protocol averages over splits);
//! each run that is left out is named with the reason.

use std::collections::BTreeMap;

use super::across_tables as tables;
use super::look::ids;
use crate::channels::{self as ch, channel, only};
use crate::config::Config;
use crate::method::compare::{alike, critical_difference, friedman, mean_ranks};
use crate::method::isotonize::Isotonization;
use crate::names::name;
use crate::pipeline::finish::stage_of;
use weightscope_frame::experiment::changed_visits;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Cell, Channel, Data, Ranks};
use weightscope_frame::store::read_manifest;

/// Mean ranks.
pub(super) const RANKS: &str = "ranks";
/// Paired differences over splits.
pub(super) const PAIRED: &str = "paired";
/// The runs that are compared.
pub(super) const RUNS: &str = "compared_runs";

/// Fewest data sets for a test of ranks.
const FEWEST_SETS: usize = 5;

/// One run with its scores by method.
pub(super) struct Entry {
    pub(super) run: String,
    /// What tells data sets apart: content and target.
    pub(super) set: String,
    /// What a person calls it.
    pub(super) set_name: String,
    pub(super) split: String,
    /// Weighted interval score of each method.
    pub(super) wis: BTreeMap<String, f64>,
    /// Settings that differ from those of the shown run, beside data and split.
    pub(super) differs: Vec<String>,
}

/// All that is compared, the shown run first.
pub(super) struct Gathered {
    pub(super) entries: Vec<Entry>,
    /// Runs that are not, with the reason.
    pub(super) left_out: Vec<(String, String)>,
}

/// The channels of the views across runs.
pub(super) fn derive(config: &Config, job: &Derive<'_>) -> Vec<Channel> {
    let Some(gathered) = gather(config, job) else { return Vec::new() };
    match job.view {
        RANKS => vec![ranks(&gathered)],
        PAIRED => vec![tables::paired(&gathered, &config.relative_to)],
        _ => vec![tables::runs(&gathered)],
    }
}

/// `None` while the shown run has no scores.
fn gather(config: &Config, job: &Derive<'_>) -> Option<Gathered> {
    let stage = word(job.controls.word(ids::STAGE).unwrap_or("sort"));
    let shown = entry(
        "this run".to_owned(),
        (config, config),
        job.folder.and_then(|folder| read_manifest(folder).ok()).and_then(|manifest| manifest.dataset_hash),
        of_record(job, stage)?,
    );
    let mut gathered = Gathered { entries: vec![shown], left_out: Vec::new() };
    for peer in job.peers {
        let why = match peer.experiment.method.settings::<Config>() {
            Some(other) if other.grid() == config.grid() => {
                match of_file(&peer.folder.join("scores.csv"), stage) {
                    Ok(wis) => {
                        let hash =
                            read_manifest(&peer.folder).ok().and_then(|manifest| manifest.dataset_hash);
                        gathered.entries.push(entry(peer.id.clone(), (other, config), hash, wis));
                        continue;
                    }
                    Err(why) => why,
                }
            }
            Some(_) => "it has other levels".to_owned(),
            None => format!("it is a run of the lab {}", peer.experiment.lab()),
        };
        gathered.left_out.push((peer.id.clone(), why));
    }
    Some(gathered)
}

fn entry(
    run: String,
    (config, shown): (&Config, &Config),
    hash: Option<String>,
    wis: BTreeMap<String, f64>,
) -> Entry {
    const MAY_DIFFER: [&str; 5] = ["dataset", "target", "missing", "split", "relative_to"];
    let (mut own, mut other) = (config.clone(), shown.clone());
    let differs = changed_visits(|v| own.visit_settings(v), |v| other.visit_settings(v), &MAY_DIFFER);
    let name = std::path::Path::new(&config.dataset).file_stem();
    let name = name.map_or_else(|| config.dataset.clone(), |stem| stem.to_string_lossy().into_owned());
    let content = hash.unwrap_or_else(|| config.dataset.clone());
    Entry {
        run,
        set: format!("{content}/{}", config.target),
        set_name: if config.target == "y" { name } else { format!("{name}, {}", config.target) },
        split: config.split.clone(),
        wis,
        differs: differs.into_iter().map(|problem| problem.key).collect(),
    }
}

/// The stage of `scores.csv` that the control names.
fn word(key: &str) -> &'static str {
    let operator = Isotonization::ALL.iter().find(|operator| operator.key() == key);
    operator.map_or("conformal", |operator| stage_of(*operator))
}

/// Scores of the shown run.
fn of_record(job: &Derive<'_>, stage: &str) -> Option<BTreeMap<String, f64>> {
    let Data::Table(timeline) = &job.record.get(ch::SCORES)?.data else { return None };
    let rows = &timeline.last()?.1.rows;
    let one = |row: &Vec<Cell>| match row.as_slice() {
        [Cell::Text(method), Cell::Text(own), Cell::Number(wis), ..] if own == stage => {
            Some((method.clone(), *wis))
        }
        _ => None,
    };
    Some(rows.iter().filter_map(one).collect())
}

/// Scores of another run, or why there are none.
fn of_file(path: &std::path::Path, stage: &str) -> Result<BTreeMap<String, f64>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|_| "it has no scores.csv; it may not have come to its end".to_owned())?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| header.iter().position(|own| *own == name);
    let (Some(method), Some(own), Some(wis)) = (column("method"), column("stage"), column("wis")) else {
        return Err("its scores.csv has no columns method, stage and wis".to_owned());
    };
    let mut found = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.get(own) != Some(&stage) {
            continue;
        }
        let (Some(name), Some(Ok(value))) =
            (cells.get(method), cells.get(wis).map(|cell| cell.parse::<f64>()))
        else {
            return Err(format!("its scores.csv cannot be read at \"{line}\""));
        };
        found.insert((*name).to_owned(), value);
    }
    if found.is_empty() { Err(format!("it has no scores at the stage {stage}")) } else { Ok(found) }
}

/// Methods that all these runs have, with finite scores.
pub(super) fn shared_methods<'e>(entries: &[&'e Entry]) -> Vec<&'e str> {
    let Some(first) = entries.first() else { return Vec::new() };
    let in_all =
        |name: &str| entries.iter().all(|entry| entry.wis.get(name).is_some_and(|wis| wis.is_finite()));
    first.wis.keys().map(String::as_str).filter(|name| in_all(name)).collect()
}

/// Mean scores of the methods in each group of runs that `key` puts together, groups in the order of their first run.
pub(super) fn averaged<'e>(
    entries: &[&'e Entry],
    methods: &[&str],
    key: impl Fn(&Entry) -> &str,
) -> Vec<(&'e Entry, Vec<f64>)> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| key(first) == key(entry))) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    let mean = |group: &[&Entry], method: &str| {
        let sum: f64 = group.iter().filter_map(|entry| entry.wis.get(method)).sum();
        sum / group.len() as f64
    };
    let average = |group: Vec<&'e Entry>| {
        let first = *group.first()?;
        Some((first, methods.iter().map(|method| mean(&group, method)).collect()))
    };
    groups.into_iter().filter_map(average).collect()
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
fn ranks(gathered: &Gathered) -> Channel {
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
    let about = "Mean rank of each method by test WIS over data sets, 1 is best; Nemenyi's critical difference at 5 %.";
    channel(RANKS, "mean ranks", "", about, Data::Ranks(only(0, found)))
}

/// A probability in few digits.
fn probability(p: f64) -> String {
    if p < 1e-4 { format!("{p:.0e}") } else { format!("{p:.4}") }
}
