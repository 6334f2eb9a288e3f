//! Views across runs: mean ranks over data sets with the critical difference, and paired differences over splits of one data set.
//!
//! Contract: what is compared are test scores at the chosen stage, from `scores.csv` in the folders of the ticked runs and from the
//! record of the shown one. Runs of one data set and split are averaged, then splits (the published protocol averages over splits);
//! each run that is left out is named with the reason.

mod compared_runs;
mod paired;
mod ranks;

use std::collections::BTreeMap;
use std::path::Path;

use super::controls::{self, ShownStage};
use crate::channels as ch;
use crate::config::Config;
use crate::scores::{self, Stage};
use weightscope_frame::experiment::differing;
use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Declaration;
use weightscope_frame::record::{Cell, Data, ViewKind, ViewSpec};
use weightscope_frame::store::read_manifest;

/// Ranks, differences, and what is compared.
pub(super) fn views() -> [View<Config>; 3] {
    [ranks::view(), paired::view(), compared_runs::view()]
}

/// The specification of a view across runs.
fn spec(id: &str, title: &str, kind: ViewKind, channel: &dyn Declaration) -> ViewSpec {
    ViewSpec {
        empty: format!(
            "{title} appear here when the run is done. Tick other finished runs of this lab to compare."
        ),
        help: include_str!("../../help/across.md").to_owned(),
        across: true,
        ..super::derived(id, title, kind, &[channel], &[controls::stage()])
    }
}

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
    pub(super) differs: Vec<&'static str>,
}

/// All that is compared, the shown run first.
pub(super) struct Gathered {
    pub(super) entries: Vec<Entry>,
    /// Runs that are not, with the reason.
    pub(super) left_out: Vec<(String, String)>,
}

/// `None` while the shown run has no scores.
fn gather(config: &Config, job: &Derive<'_>) -> Option<Gathered> {
    let is_calibrated = of_record(job, Stage::Conformal).is_some_and(|scores| !scores.is_empty());
    let stage = ShownStage::of(job.controls).stage(config, is_calibrated);
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
    // Data and split are what runs are told apart by, and the method of comparison is the shown run's.
    let alike = Config {
        dataset: shown.dataset.clone(),
        target: shown.target.clone(),
        missing: shown.missing,
        split: shown.split.clone(),
        relative_to: shown.relative_to,
        ..config.clone()
    };
    let name = Path::new(&config.dataset).file_stem();
    let name = name.map_or_else(|| config.dataset.clone(), |stem| stem.to_string_lossy().into_owned());
    let content = hash.unwrap_or_else(|| config.dataset.clone());
    Entry {
        run,
        set: format!("{content}/{}", config.target),
        set_name: if config.target == "y" { name } else { format!("{name}, {}", config.target) },
        split: config.split.clone(),
        wis,
        differs: differing(&alike, shown),
    }
}

/// Scores of the shown run.
fn of_record(job: &Derive<'_>, stage: Stage) -> Option<BTreeMap<String, f64>> {
    let Data::Table(timeline) = &job.record.get(ch::SCORES.id())?.data else { return None };
    let table = timeline.last()?.1;
    let column = |name: &str| table.columns.iter().position(|own| own == name);
    let (method, own, wis) = (column(scores::METHOD)?, column(scores::STAGE)?, column(scores::WIS)?);
    let one = |row: &Vec<Cell>| match (row.get(method), row.get(own), row.get(wis)) {
        (Some(Cell::Text(method)), Some(Cell::Text(own)), Some(Cell::Number(wis))) if own == stage.word() => {
            Some((method.clone(), *wis))
        }
        _ => None,
    };
    Some(table.rows.iter().filter_map(one).collect())
}

/// Scores of another run, or why there are none.
fn of_file(path: &Path, stage: Stage) -> Result<BTreeMap<String, f64>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|_| "it has no scores.csv; it may not have come to its end".to_owned())?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| header.iter().position(|own| *own == name);
    let (Some(method), Some(own), Some(wis)) =
        (column(scores::METHOD), column(scores::STAGE), column(scores::WIS))
    else {
        return Err("its scores.csv has no columns method, stage and wis".to_owned());
    };
    let mut found = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.get(own) != Some(&stage.word()) {
            continue;
        }
        let (Some(name), Some(Ok(value))) =
            (cells.get(method), cells.get(wis).map(|cell| cell.parse::<f64>()))
        else {
            return Err(format!("its scores.csv cannot be read at \"{line}\""));
        };
        found.insert((*name).to_owned(), value);
    }
    if found.is_empty() { Err(format!("it has no scores at the stage {}", stage.word())) } else { Ok(found) }
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
