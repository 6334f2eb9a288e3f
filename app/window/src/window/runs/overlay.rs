//! Records of the ticked runs, loaded off the UI thread, and how each is drawn beside the run that is shown.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::{Mark, frame_mark};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::record::{Record, ViewSpec};
use weightscope_frame::store;

use super::layout::RunsLayout;
use super::model::{Row, family_key};
use crate::exporting;
use crate::figure::provenance::RunOrigin;
use crate::naming::{self, Labels, PART};
use crate::views::{self, Overlay, RunStyle, Source};
use crate::window::task::Task;

/// A record with what it was read for.
struct Loaded {
    /// Changes when the run has gone on.
    key: Key,
    record: Record,
}

/// Step and end of a run: changes when it has gone on.
type Key = (u64, Option<String>);
type Reading = (PathBuf, Key, Task<Result<Record, String>>);

/// Reads what is ticked, one run at a time.
#[derive(Default)]
pub(super) struct Records {
    loaded: BTreeMap<PathBuf, Loaded>,
    failed: BTreeSet<PathBuf>,
    reading: Option<Reading>,
    generation: u64,
}

impl Records {
    /// Takes what was read and starts what is due; an error of a reading.
    pub(super) fn follow(&mut self, ticked: &[&Row], context: &Context) -> Option<String> {
        let mut error = None;
        if let Some(result) = self.reading.as_ref().and_then(|(_, _, task)| task.poll())
            && let Some((path, key, _)) = self.reading.take()
        {
            self.generation += 1;
            match result.unwrap_or_else(|()| Err("the work died".to_owned())) {
                Ok(record) => {
                    self.loaded.insert(path, Loaded { key, record });
                }
                Err(text) => {
                    error = Some(format!("A ticked run could not be read: {text}"));
                    self.failed.insert(path);
                }
            }
        }
        let before = self.loaded.len();
        self.loaded.retain(|path, _| ticked.iter().any(|row| row.path == *path));
        self.failed.retain(|path| ticked.iter().any(|row| row.path == *path));
        self.generation += u64::from(self.loaded.len() != before);
        if self.reading.is_none() {
            let due = ticked.iter().find(|row| {
                let key = key(row);
                !self.failed.contains(&row.path)
                    && self.loaded.get(&row.path).is_none_or(|loaded| loaded.key != key)
            });
            if let Some(row) = due {
                let path = row.path.clone();
                let task = Task::spawn("overlay", context, move || {
                    store::read_record(&path).map(|(record, _)| record).map_err(|error| error.to_string())
                });
                self.reading = task.map(|task| (row.path.clone(), key(row), task));
            }
        }
        error
    }

    /// True while something is being read.
    pub(super) fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Grows with each change.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }
}

fn key(row: &Row) -> Key {
    (row.manifest.step, row.manifest.ended.clone())
}

/// A run beside the one that is shown.
struct Beside {
    run: exporting::Beside,
    style: RunStyle,
}

/// The runs that are drawn over each other. Plain data for one set of ticks; the tiles rebuild when the generation changes.
#[derive(Default)]
pub(in crate::window) struct OverlaySet {
    pub(in crate::window) generation: u64,
    /// Folder of the run that is shown.
    folder: Option<PathBuf>,
    /// Label and style of the run that is shown.
    shown: (String, RunStyle),
    /// It is ticked, so that its colour stands in the list.
    is_ticked: bool,
    beside: Vec<Beside>,
    seeds: crate::views::SeedGroups,
}

impl OverlaySet {
    /// No run beside what is shown.
    pub(super) fn nothing(generation: u64) -> Self {
        Self { generation, ..Self::default() }
    }

    /// How the runs are told apart: all of them in a view that draws several or is made from several, else the run that is shown, which has
    /// its colour there too. Nothing for one run that is not ticked: no other has a colour.
    pub(in crate::window) fn options(&self, spec: &ViewSpec) -> Overlay {
        if self.beside.is_empty() && !self.is_ticked {
            return Overlay::default();
        }
        let has_all = spec.across || views::draws_several(spec);
        let others = self.beside.iter().filter(|_| has_all).map(|run| run.style.clone());
        let runs = std::iter::once(self.shown.1.clone()).chain(others).collect();
        let seeds = if has_all { self.seeds } else { Overlay::default().seeds };
        Overlay { runs, seeds }
    }

    /// Changes when a view must be drawn again because of the runs beside the one that is shown.
    pub(in crate::window) fn key(&self, spec: &ViewSpec) -> u64 {
        match self.beside.len() {
            0 => 0,
            _ if views::draws_several(spec) => self.generation,
            // Such a view only says that it shows one of several.
            count => count as u64,
        }
    }

    /// The sources of a view, the run that is shown first; the records are those of the runs, with what was derived of them.
    pub(in crate::window) fn sources<'a>(
        &'a self,
        shown: &'a Record,
        beside: &'a [Cow<'a, Record>],
    ) -> Vec<Source<'a>> {
        if self.beside.is_empty() {
            return vec![Source { label: "", origin: None, record: shown }];
        }
        let others = self.beside.iter().zip(beside);
        std::iter::once(Source { label: &self.shown.0, origin: None, record: shown })
            .chain(others.map(|(beside, record)| Source {
                label: &beside.run.label,
                origin: Some(&beside.run.origin),
                record,
            }))
            .collect()
    }

    /// The runs beside the one that is shown.
    pub(in crate::window) fn beside(&self) -> impl Iterator<Item = &exporting::Beside> {
        self.beside.iter().map(|beside| &beside.run)
    }

    /// Label of the run that is shown, and the others with their records, for work off the UI thread.
    pub(in crate::window) fn owned(&self) -> (String, Vec<exporting::Beside>) {
        (self.shown.0.clone(), self.beside.iter().map(|beside| beside.run.clone()).collect())
    }

    /// Folders of the runs beside the one that is shown, for views across runs.
    pub(in crate::window) fn folders(&self) -> Vec<PathBuf> {
        self.beside.iter().map(|beside| beside.run.folder.clone()).collect()
    }

    /// Folder of the run at a place among the sources; the run that is shown stands at 0.
    pub(in crate::window) fn path(&self, place: usize) -> Option<&Path> {
        match place.checked_sub(1) {
            None => self.folder.as_deref(),
            Some(place) => self.beside.get(place).map(|beside| beside.run.folder.as_path()),
        }
    }

    /// Place of a run among the sources.
    pub(super) fn place(&self, path: &Path) -> Option<usize> {
        (0..=self.beside.len()).find(|place| self.path(*place) == Some(path))
    }

    /// Names of the runs that are drawn, for summaries.
    pub(in crate::window) fn labels(&self) -> impl Iterator<Item = &str> {
        self.beside.iter().map(|beside| beside.run.label.as_str())
    }
}

/// Puts a set together. `live` holds records of ticked runs in work, which are ahead of their files.
pub(super) fn set(
    generation: u64,
    shown: Option<&Row>,
    ticked: &[&Row],
    records: &Records,
    live: &BTreeMap<PathBuf, Record>,
    layout: &mut RunsLayout,
) -> OverlaySet {
    let shown_path = shown.map(|row| row.path.as_path());
    // Runs of another lab share no channel with the one that is shown.
    let is_beside = |row: &&Row| {
        Some(row.path.as_path()) != shown_path
            && shown.is_none_or(|shown| row.manifest.lab == shown.manifest.lab)
    };
    let others: Vec<&Row> = ticked.iter().copied().filter(is_beside).collect();
    let all: Vec<&Row> = shown.into_iter().chain(others.iter().copied()).collect();
    let words = labels(&all, layout.catalogue);
    let ids: Vec<&str> = all.iter().map(|row| row.manifest.id.as_str()).collect();
    let mut style = |row: &Row, family: &str| RunStyle {
        color: layout.color(&row.path),
        from: row
            .manifest
            .parent
            .as_ref()
            .filter(|at| ids.contains(&at.id.as_str()))
            .map(|at| at.step as f64),
        family: family.to_owned(),
    };
    let folder = shown_path.map(Path::to_owned);
    let is_ticked = ticked.iter().any(|row| Some(row.path.as_path()) == shown_path);
    let mut set = OverlaySet { generation, folder, is_ticked, ..OverlaySet::default() };
    let is_shared = |id: &str| ids.iter().filter(|other| **other == id).count() > 1;
    for (row, (label, family)) in all.iter().zip(words) {
        let style = style(row, &family);
        if Some(row.path.as_path()) == shown_path {
            set.shown = (label, style);
            continue;
        }
        let record =
            live.get(&row.path).or_else(|| records.loaded.get(&row.path).map(|loaded| &loaded.record));
        if let Some(record) = record {
            let mut origin = RunOrigin::of(&row.manifest);
            if is_shared(&origin.id) {
                origin.name.clone_from(&label);
            }
            let run = exporting::Beside { label, origin, record: record.clone(), folder: row.path.clone() };
            set.beside.push(Beside { run, style });
        }
    }
    if shown.is_none() {
        set.shown = ("shown".to_owned(), RunStyle { family: "shown".to_owned(), ..RunStyle::default() });
    }
    set.seeds = layout.seeds;
    set
}

/// What all runs of a lab that stand beside each other have in their names: it tells none of them.
fn shared_parts<'a>(rows: &[&'a Row], lab: &str) -> BTreeSet<&'a str> {
    let of = |row: &&'a Row| row.family().split(PART).skip(1).collect::<BTreeSet<&str>>();
    let of_lab: Vec<BTreeSet<&str>> = rows.iter().filter(|row| row.manifest.lab == lab).map(of).collect();
    match of_lab.split_first() {
        Some((first, others)) if !others.is_empty() => {
            others.iter().fold(first.clone(), |shared, parts| shared.intersection(parts).copied().collect())
        }
        _ => BTreeSet::new(),
    }
}

/// A name and a family name for each run, without what all of them share. Where families of the same words stand beside each other, the
/// settings in which they differ are told too, by the labels that they have in their lab; names that a person gave stand as they are.
pub(super) fn labels(rows: &[&Row], catalogue: Option<Catalogue>) -> Vec<(String, String)> {
    const MOST_SETTINGS: usize = 2;
    let families: Vec<String> = rows.iter().map(|row| family_key(row)).collect();
    let labs: BTreeSet<&str> = rows.iter().map(|row| row.manifest.lab.as_str()).collect();
    let shared: BTreeMap<&str, BTreeSet<&str>> =
        labs.into_iter().map(|lab| (lab, shared_parts(rows, lab))).collect();
    let mut words: BTreeMap<&str, Labels> = BTreeMap::new();
    let labelled: Vec<(String, String)> = rows
        .iter()
        .zip(&families)
        .map(|(row, family)| {
            let rivals: Vec<&&Row> = rows
                .iter()
                .zip(&families)
                .filter(|(other, theirs)| *theirs != family && other.family() == row.family())
                .map(|(other, _)| other)
                .collect();
            let mut parts = row.family().split(PART);
            let mut name = parts.next().unwrap_or_default().to_owned();
            let shared = shared.get(row.manifest.lab.as_str());
            for part in parts.filter(|part| shared.is_none_or(|shared| !shared.contains(part))) {
                name = format!("{name}{PART}{part}");
            }
            let telling = row.settings.keys().filter(|key| {
                let own = row.any(key);
                frame_mark(key) == Mark::None && rivals.iter().any(|other| other.any(key) != own)
            });
            for key in telling.take(MOST_SETTINGS) {
                let lab = row.manifest.lab.as_str();
                let labels = words.entry(lab).or_insert_with(|| naming::labels(catalogue, lab));
                // A setting that only the others have is told as missing.
                let value = row.settings.get(key).cloned().unwrap_or_else(|| "–".into());
                name = format!("{name}{PART}{}", naming::setting(labels, key, &value));
            }
            let own = row.manifest.name.as_str();
            // Repeats that a person gave one name are told apart by their seeds.
            let is_repeated =
                !own.is_empty() && rows.iter().filter(|other| other.manifest.name == own).count() > 1;
            let called = if is_repeated { own } else { name.as_str() };
            let label = naming::of(if is_repeated { "" } else { own }, called, row.manifest.seed);
            // Repeats that share a name share it as a family too.
            let mut repeats = rows.iter().zip(&families).filter(|(_, theirs)| *theirs == family);
            let is_shared = !own.is_empty() && repeats.all(|(other, _)| other.manifest.name == own);
            (label, if is_shared { own.to_owned() } else { name })
        })
        .collect();
    // Runs with the same words and settings, such as one made again elsewhere, still have a place of their own.
    let (names, families): (Vec<String>, Vec<String>) = labelled.into_iter().unzip();
    let folders: Vec<&Path> = rows.iter().map(|row| row.path.as_path()).collect();
    exporting::apart_by_place(names, &folders).into_iter().zip(families).collect()
}

/// True if two runs differ in what is drawn of them although their words are the same.
#[cfg(test)]
fn told_apart(rows: &[&Row]) -> bool {
    let names: BTreeSet<String> = labels(rows, None).into_iter().map(|(label, _)| label).collect();
    names.len() == rows.len()
}

/// The path of a run by its id, beside another run.
pub(super) fn parent_of<'a>(rows: &'a [Row], child: &Row) -> Option<&'a Path> {
    let parent = child.manifest.parent.as_ref()?;
    let beside = |row: &&Row| row.path.parent() == child.path.parent();
    let named = || rows.iter().filter(|row| row.manifest.id == parent.id);
    named().find(beside).or_else(|| named().next()).map(|row| row.path.as_path())
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;
    use weightscope_frame::record::ViewKind;
    use weightscope_frame::store::Parent;

    #[test]
    fn runs_of_another_lab_are_not_drawn_beside() {
        let mut rows = samples(3);
        rows[2].manifest.lab = "phases".to_owned();
        let live = rows.iter().map(|row| (row.path.clone(), Record::default())).collect();
        let ticked: Vec<&Row> = rows.iter().collect();
        let mut layout = RunsLayout::default();
        let set = set(1, rows.first(), &ticked, &Records::default(), &live, &mut layout);
        let beside: Vec<&str> = set.beside.iter().map(|beside| beside.run.origin.id.as_str()).collect();
        assert_eq!(beside, [rows[1].manifest.id.as_str()], "neither itself nor the other lab's");
    }

    #[test]
    fn labels_name_what_differs() {
        let rows = samples(29);
        // 0 and 28 have the same preset and settings, 4 another learning rate.
        let some = [&rows[0], &rows[4], &rows[28]];
        let words = labels(&some, None);
        assert_eq!(words[0].1, words[2].1, "one family: {words:?}");
        assert!(words[1].0.contains("learning rate 0.005"), "{words:?}");
        assert!(told_apart(&some), "{words:?}");
    }

    #[test]
    fn what_all_share_is_not_told() {
        let named = |index: usize, family: &str| {
            let row = samples(29).swap_remove(index);
            Row::new(row.path.clone(), row.manifest.clone(), row.settings.clone(), family.into())
        };
        let rows = [
            named(0, "quick, network vit, quantizer lsq, epochs 2"),
            named(1, "quick, network vit, quantizer statsq, epochs 2"),
        ];
        let words: Vec<String> =
            labels(&rows.iter().collect::<Vec<_>>(), None).into_iter().map(|(label, _)| label).collect();
        assert_eq!(words, ["quick, quantizer lsq · s0", "quick, quantizer statsq · s0"]);
        let alone = labels(&[&rows[0]], None);
        assert_eq!(
            alone[0].0, "quick, network vit, quantizer lsq, epochs 2 · s0",
            "alone it has its whole name"
        );
    }

    #[test]
    fn a_name_of_ones_own_stands_in_the_legend() {
        let mut rows = samples(29);
        rows[0].manifest.name = "LSQ".to_owned();
        rows[28].manifest.name = "LSQ".to_owned();
        let words = labels(&[&rows[0], &rows[4], &rows[28]], None);
        assert_eq!(
            (words[0].1.as_str(), words[2].1.as_str()),
            ("LSQ", "LSQ"),
            "repeats of one name: {words:?}"
        );
        assert_eq!(
            (words[0].0.as_str(), words[2].0.as_str()),
            ("LSQ · s0", "LSQ · s7"),
            "told apart by their seeds"
        );
        rows[28].manifest.name = "again".to_owned();
        let words = labels(&[&rows[0], &rows[28]], None);
        assert_eq!((words[0].0.as_str(), words[1].0.as_str()), ("LSQ", "again"));
        assert_eq!(words[0].1, words[1].1, "joined they go by what they share: {words:?}");
        assert!(words[0].1.contains("mlp-lsq"), "{words:?}");
    }

    #[test]
    fn a_view_of_one_run_knows_its_colour_and_one_across_runs_all_colours() {
        let rows = samples(3);
        let live: BTreeMap<PathBuf, Record> =
            rows.iter().map(|row| (row.path.clone(), Record::default())).collect();
        let mut layout = RunsLayout::default();
        let ticked: Vec<&Row> = rows.iter().collect();
        let view = |kind, across| {
            let spec = ViewSpec::new("v", "v", kind, &[]);
            ViewSpec { across, ..spec }
        };
        let colors = |set: &OverlaySet, spec: &ViewSpec| {
            set.options(spec).runs.iter().map(|run| run.color).collect::<Vec<_>>()
        };
        let all = set(1, Some(&rows[1]), &ticked, &Records::default(), &live, &mut layout);
        let drawn = colors(&all, &view(ViewKind::Lines, false));
        assert_eq!(drawn.len(), 3, "all are drawn");
        assert_eq!(colors(&all, &view(ViewKind::Curve, true)), drawn, "or read");
        assert_eq!(colors(&all, &view(ViewKind::Bands, false)), drawn[..1], "the one that is shown");
        let alone = set(2, Some(&rows[1]), &ticked[1..2], &Records::default(), &live, &mut layout);
        assert_eq!(colors(&alone, &view(ViewKind::Lines, false)), drawn[..1], "also alone, if it is ticked");
        let unticked = set(3, Some(&rows[1]), &[], &Records::default(), &live, &mut layout);
        assert!(colors(&unticked, &view(ViewKind::Lines, false)).is_empty(), "no run has a colour");
    }

    #[test]
    fn a_fork_beside_its_parent_begins_at_the_fork() {
        let mut rows = samples(3);
        rows[1].manifest.parent = Some(Parent { id: "run-0".to_owned(), step: 40 });
        let live: BTreeMap<PathBuf, Record> =
            rows.iter().map(|row| (row.path.clone(), Record::default())).collect();
        let mut layout = RunsLayout::default();
        let ticked: Vec<&Row> = rows.iter().collect();
        let from = |set: &OverlaySet| {
            let lines = ViewSpec::new("loss", "Loss", ViewKind::Lines, &[]);
            set.options(&lines).runs.iter().map(|run| run.from).collect::<Vec<_>>()
        };
        let all = set(1, Some(&rows[0]), &ticked, &Records::default(), &live, &mut layout);
        assert_eq!(from(&all), [None, Some(40.0), None], "where it left");
        let alone = set(2, Some(&rows[2]), &ticked[1..], &Records::default(), &live, &mut layout);
        assert_eq!(from(&alone), [None, None], "without its parent it is whole");
        assert_eq!(parent_of(&rows, &rows[1]), Some(rows[0].path.as_path()), "lineage");
    }
}
