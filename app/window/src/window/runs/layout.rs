//! What the runs table remembers: columns, order, groups, ticks, colours. Plain data for the session.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use weightscope_frame::lab::Catalogue;

use super::model::Row;
use super::words::Words;
use crate::theme::SERIES_COLORS;
use crate::views::SeedGroups;

/// Columns, order, groups, ticks and colours of the runs table. Everything optional, so that older files are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::window) struct RunsLayout {
    /// Shown columns in order; `None` lets the runs decide.
    pub(super) columns: Option<Vec<String>>,
    /// Key of the order.
    pub(super) sort: String,
    pub(super) descending: bool,
    /// Key of the groups.
    pub(super) group: Option<String>,
    /// Folded groups.
    pub(super) folded: BTreeSet<String>,
    /// The filter as typed.
    pub(super) filter: String,
    /// Runs that are laid over each other.
    pub(super) ticked: BTreeSet<PathBuf>,
    /// Colour of each run that was ever ticked.
    pub(super) colors: BTreeMap<PathBuf, usize>,
    /// Colours that a person chose, as they stand with the runs.
    #[serde(skip)]
    pub(super) chosen: BTreeMap<PathBuf, usize>,
    /// Labs that the list holds runs of; where there is more than one, that of each run is told.
    #[serde(skip)]
    pub(super) labs: usize,
    /// The run that is shown: it has a colour of its own among the ticked ones.
    #[serde(skip)]
    pub(super) shown: Option<PathBuf>,
    /// The labs, for their headlines.
    #[serde(skip)]
    pub(in crate::window) catalogue: Option<Catalogue>,
    /// What the keys are called.
    #[serde(skip)]
    pub(super) words: Words,
    /// Channel of the small curves; `None` lets the run decide.
    pub(super) metric: Option<String>,
    /// How runs that differ only in their seed are drawn.
    pub(in crate::window) seeds: SeedGroups,
    /// Folder of the plan whose tasks stand in the list.
    pub(super) plan: Option<PathBuf>,
    /// Results stand in the comparison too.
    pub(super) compare_results: bool,
    /// Runs that differ only in their seed are one column of the comparison.
    pub(super) compare_joined: bool,
}

impl Default for RunsLayout {
    fn default() -> Self {
        Self {
            columns: None,
            sort: "started".to_owned(),
            descending: true,
            group: None,
            folded: BTreeSet::new(),
            filter: String::new(),
            ticked: BTreeSet::new(),
            colors: BTreeMap::new(),
            chosen: BTreeMap::new(),
            labs: 0,
            shown: None,
            catalogue: None,
            words: Words::default(),
            metric: None,
            seeds: SeedGroups::default(),
            plan: None,
            compare_results: true,
            compare_joined: true,
        }
    }
}

/// Colours with dashes that tell runs apart.
const LOOKS: usize = 4 * SERIES_COLORS;

impl RunsLayout {
    /// Takes the labs over.
    pub(in crate::window) fn of(&mut self, catalogue: Catalogue) {
        self.catalogue = Some(catalogue);
        self.words = Words::of(catalogue);
    }

    /// The results by which runs of a lab are judged; none of a lab that is not in the catalogue.
    pub(super) fn headlines(&self, lab: &str) -> &'static [&'static str] {
        self.catalogue.and_then(|labs| labs.method(lab)).map_or(&[], |lab| lab.about().headlines)
    }

    /// The columns: as chosen, else with the headlines of the lab that the filter names, else of the run that is shown, else of the newest.
    pub(super) fn columns(&self, rows: &[Row]) -> Vec<String> {
        if let Some(columns) = &self.columns {
            return columns.clone();
        }
        let terms = self.filter.split_whitespace();
        let named = terms.filter_map(|term| term.strip_prefix("lab").and_then(|rest| rest.get(1..)));
        let shown = rows.iter().find(|row| Some(&row.path) == self.shown.as_ref());
        let others = shown.into_iter().chain(rows.first()).map(|row| row.manifest.lab.as_str());
        let known = |lab: &&str| self.catalogue.is_some_and(|labs| labs.names().any(|name| name == *lab));
        let judged = named.chain(others).find(known);
        let headlines = judged.map_or(&[][..], |lab| self.headlines(lab));
        let lab = (self.labs > 1).then_some("lab");
        ["curve", "name"]
            .into_iter()
            .chain(lab)
            .chain(["seed"])
            .chain(headlines.iter().copied())
            .chain(["started", "note", "tags", "verified", "duration"])
            .map(str::to_owned)
            .collect()
    }

    /// The colour in which a run is drawn, if runs are told apart by colours now: that of a ticked run, and of the shown one
    /// beside others.
    pub(super) fn drawn_color(&self, path: &Path) -> Option<usize> {
        let shown_beside = self.shown.as_deref() == Some(path) && !self.ticked.is_empty();
        let drawn = self.ticked.contains(path) || shown_beside;
        self.chosen.get(path).or_else(|| self.colors.get(path)).copied().filter(|_| drawn)
    }

    /// Shows or hides a column; a new one stands at the end.
    pub(super) fn toggle(&mut self, key: &str, rows: &[Row]) {
        let mut columns = self.columns(rows);
        if columns.iter().any(|own| own == key) {
            columns.retain(|own| own != key);
        } else {
            columns.push(key.to_owned());
        }
        self.columns = Some(columns);
    }

    /// Puts a column before another.
    pub(super) fn move_before(&mut self, key: &str, other: &str, rows: &[Row]) {
        let mut columns = self.columns(rows);
        let (Some(from), Some(to)) =
            (columns.iter().position(|own| own == key), columns.iter().position(|own| own == other))
        else {
            return;
        };
        let moved = columns.remove(from);
        columns.insert(to.min(columns.len()), moved);
        self.columns = Some(columns);
    }

    /// One place to the left or right.
    pub(super) fn shift(&mut self, key: &str, left: bool, rows: &[Row]) {
        let mut columns = self.columns(rows);
        let Some(from) = columns.iter().position(|own| own == key) else { return };
        let to = if left { from.checked_sub(1) } else { Some(from + 1) };
        if let Some(to) = to.filter(|to| *to < columns.len()) {
            columns.swap(from, to);
        }
        self.columns = Some(columns);
    }

    /// Orders by a key; the same key again turns the direction.
    pub(super) fn sort_by(&mut self, key: &str) {
        if self.sort == key {
            self.descending ^= true;
        } else {
            key.clone_into(&mut self.sort);
            self.descending = false;
        }
    }

    /// The colour of a run: that which a person chose, else one that is given at the first need and kept for life: the one that the fewest runs have, of those that no
    /// run in sight has. A run that comes back into sight beside one with its colour takes another while there is one.
    pub(super) fn color(&mut self, path: &Path) -> usize {
        if let Some(chosen) = self.chosen.get(path) {
            return *chosen;
        }
        let others = self.ticked.iter().chain(&self.shown).filter(|other| *other != path);
        let has = |other| self.chosen.get(other).or_else(|| self.colors.get(other)).copied();
        let taken: BTreeSet<usize> = others.filter_map(has).collect();
        let own = self.colors.get(path).copied();
        if let Some(color) = own.filter(|color| !taken.contains(color)) {
            return color;
        }
        let had = |color: &usize| self.colors.values().filter(|other| *other == color).count();
        let free = (0..SERIES_COLORS).filter(|color| !taken.contains(color));
        // With all colours in sight the dash tells runs apart.
        let dashed = || own.or_else(|| (SERIES_COLORS..LOOKS).find(|color| !taken.contains(color)));
        let color = free.min_by_key(had).or_else(dashed).unwrap_or(self.colors.len() % LOOKS);
        self.colors.insert(path.to_owned(), color);
        color
    }
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;

    use super::super::model::samples;
    use super::*;

    #[test]
    fn columns_are_hidden_moved_and_remembered() {
        let rows = samples(3);
        let mut layout = RunsLayout { catalogue: Some(CATALOGUE), ..RunsLayout::default() };
        let first = layout.columns(&rows);
        assert!(first.contains(&"test_accuracy".to_owned()), "results are there: {first:?}");
        layout.filter = "lab:quantiles star".to_owned();
        assert!(layout.columns(&rows).contains(&"wis".to_owned()), "those of the lab that is asked for");
        layout.filter.clear();
        let mut mixed = rows.clone();
        mixed[2].manifest.lab = "phases".to_owned();
        layout.shown = Some(mixed[2].path.clone());
        assert_ne!(layout.columns(&mixed), first, "those of the run that is shown, whichever is the newest");
        layout.shown = None;
        layout.labs = 2;
        assert_eq!(layout.columns(&mixed)[..3], ["curve", "name", "lab"], "names are alike over labs");
        layout.labs = 0;
        layout.toggle("note", &rows);
        layout.toggle("learning_rate", &rows);
        layout.move_before("learning_rate", "name", &rows);
        layout.shift("learning_rate", true, &rows);
        let columns = layout.columns(&rows);
        assert_eq!(columns.get(1).map(String::as_str), Some("curve"), "{columns:?}");
        assert!(!columns.contains(&"note".to_owned()), "hidden");
        layout.catalogue = None;
        let text = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<RunsLayout>(&text).unwrap(), layout, "survives the session file");
    }

    #[test]
    fn a_run_keeps_its_colour_for_life() {
        let mut layout = RunsLayout::default();
        let path = |index: usize| PathBuf::from(index.to_string());
        for index in 0..3 {
            layout.ticked.insert(path(index));
            assert_eq!(layout.color(&path(index)), index, "the first that is free");
        }
        layout.ticked.remove(&path(0));
        layout.ticked.insert(path(9));
        assert_eq!(layout.color(&path(9)), 3, "not that of a run that may come back");
        assert_eq!((layout.color(&path(0)), layout.color(&path(2))), (0, 2), "theirs for life");
        let shown = path(2);
        layout.shown = Some(shown.clone());
        layout.ticked.clear();
        assert_eq!(layout.drawn_color(&shown), None, "alone, its curves have their own colours");
        layout.ticked.insert(path(9));
        assert_eq!(layout.drawn_color(&shown), Some(2), "beside another, the shown run has its colour too");
        assert_eq!(layout.drawn_color(&path(0)), None, "one that is not drawn has none");
        let text = serde_json::to_string(&layout).unwrap();
        let mut again: RunsLayout = serde_json::from_str(&text).unwrap();
        assert_eq!(again.color(&path(9)), 3, "also after a restart");
    }

    #[test]
    fn a_chosen_colour_stands_and_others_give_way() {
        let mut layout = RunsLayout::default();
        let path = |index: usize| PathBuf::from(index.to_string());
        for index in 0..2 {
            layout.ticked.insert(path(index));
            layout.color(&path(index));
        }
        layout.chosen.insert(path(0), 1);
        assert_eq!(layout.color(&path(0)), 1, "as chosen");
        assert_eq!(layout.drawn_color(&path(0)), Some(1), "in the list too");
        assert_ne!(layout.color(&path(1)), 1, "the other one takes another");
        layout.chosen.clear();
        assert_eq!(layout.color(&path(0)), 0, "as it was given");
    }

    #[test]
    fn ticked_runs_share_no_colour_while_there_is_another() {
        let mut layout = RunsLayout::default();
        let path = |index: usize| PathBuf::from(index.to_string());
        // Twelve runs of which eight at a time are in sight: the last ones take colours of those that left.
        for index in 0..12 {
            layout.ticked.insert(path(index));
            if index >= SERIES_COLORS {
                layout.ticked.remove(&path(index - SERIES_COLORS));
            }
            layout.color(&path(index));
        }
        let colors = |layout: &RunsLayout| {
            layout.ticked.iter().map(|path| layout.colors[path]).collect::<BTreeSet<usize>>()
        };
        assert_eq!(colors(&layout).len(), SERIES_COLORS, "eight runs, eight colours");
        layout.ticked.remove(&path(11));
        layout.ticked.insert(path(0));
        layout.color(&path(0));
        assert_eq!(colors(&layout).len(), SERIES_COLORS, "one that comes back finds one that is free");
        for index in 20..23 {
            layout.ticked.insert(path(index));
            layout.color(&path(index));
        }
        let looks: BTreeSet<usize> = layout.ticked.iter().map(|path| layout.colors[path]).collect();
        assert_eq!(looks.len(), layout.ticked.len(), "then the dash tells them apart: {looks:?}");
    }

    #[test]
    fn the_same_heading_again_turns_the_order() {
        let mut layout = RunsLayout::default();
        layout.sort_by("seed");
        assert_eq!((layout.sort.as_str(), layout.descending), ("seed", false), "smallest first");
        layout.sort_by("seed");
        assert!(layout.descending, "then largest");
    }
}
