//! The state of the runs tab: the list as read, what is typed and ticked, and the lines that follow from both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Context;
use weightscope_frame::record::Record;
use weightscope_frame::store::{self, Index};

use super::arrange::{Arrangement, Line, arrange};
use super::edit::{Editing, Remark, Writer};
use super::folder_name;
use super::grouping::Grouping;
use super::groups::Summaries;
use super::layout::RunsLayout;
use super::model::{Keys, Row};
use super::overlay::{self, OverlaySet, Records};
use super::query::Query;
use super::spark::Sparks;
use super::tasks::Following;
use crate::naming::Namer;
use crate::views::Overlay;
use crate::window::task::Task;

/// The settings of each run, and what tells it from its preset.
type Settings = BTreeMap<PathBuf, (Arc<toml::Table>, Arc<str>)>;

/// What decides the lines; they are made again when it changes.
#[derive(Clone, PartialEq)]
struct Key {
    version: u64,
    query: Query,
    sort: (String, bool),
    group: Option<String>,
    folded: BTreeSet<String>,
}

/// The state of the tab of runs: the list as read, what is typed and ticked, and the lines that follow.
#[derive(Default)]
pub(in crate::window) struct Runs {
    /// As the last scan found it.
    pub(in crate::window) index: Index,
    pub(in crate::window) layout: RunsLayout,
    pub(super) rows: Vec<Row>,
    /// Where each run stands in `rows`: comparing paths one by one would cost milliseconds with thousands of runs.
    pub(super) places: BTreeMap<PathBuf, usize>,
    pub(super) keys: Keys,
    pub(super) query: Query,
    /// Why the filter cannot be read.
    pub(super) error: Option<String>,
    pub(super) lines: Vec<Line>,
    arranged: Option<Key>,
    /// Grows with each change of the rows.
    pub(super) version: u64,
    /// What stands in the rows of groups.
    pub(super) summaries: Summaries,
    pub(super) grouping: Grouping,
    /// Ticked runs that the filter hides, and how many ticks they were counted for.
    pub(super) hidden: usize,
    ticks: u64,
    counted: Option<u64>,
    pub(super) selected: Option<PathBuf>,
    /// The table scrolls to the selected run in the next frame.
    pub(super) reveal: bool,
    /// The run whose menu was opened by a key, and whether that has just been pressed.
    pub(super) menu_of: Option<(PathBuf, bool)>,
    /// Row that a shift-click counts from.
    pub(super) anchor: Option<PathBuf>,
    pub(super) editing: Option<Editing>,
    pub(super) sparks: Sparks,
    writer: Writer,
    records: Records,
    pub(super) overlay: OverlaySet,
    /// The plan whose tasks stand in the list.
    pub(super) following: Option<Following>,
    overlaid: Option<(u64, u64, Option<PathBuf>, RunsLayout, u64)>,
    scan: Option<Task<(Index, Settings)>>,
    /// Something changed on disk since the running scan began.
    pub(super) stale: bool,
    read: bool,
    /// Filter that the query was read from.
    parsed: Option<(String, u64)>,
}

impl Runs {
    /// Reads the list again.
    pub(in crate::window) fn refresh(&mut self, root: &Path, context: &Context) {
        if self.scan.is_some() {
            self.stale = true;
            return;
        }
        self.stale = false;
        let root = root.to_owned();
        let known: Settings = self
            .rows
            .iter()
            .map(|row| (row.path.clone(), (Arc::clone(&row.settings), Arc::from(row.family()))))
            .collect();
        let mut namer = self.layout.catalogue.map_or_else(Namer::default, Namer::new);
        self.scan = Task::spawn("run list", context, move || {
            let index = store::scan(&root);
            let mut settings = Settings::new();
            for run in &index.runs {
                let read = known.get(&run.path).filter(|(table, _)| !table.is_empty()).cloned();
                let read = read.unwrap_or_else(|| {
                    // Settings that cannot be read leave their columns empty; the run is listed all the same.
                    let table = store::read_settings(&run.path).unwrap_or_default();
                    let family = namer.family(&run.manifest, &table);
                    (Arc::new(table), family.into())
                });
                settings.insert(run.path.clone(), read);
            }
            (index, settings)
        });
    }

    /// Reads the list again, and looks at all tasks of the plan that is followed.
    pub(in crate::window) fn refresh_all(&mut self, root: &Path, context: &Context) {
        self.look_again();
        self.refresh(root, context);
    }

    /// A run in work has begun: its folder is not in the list yet.
    pub(in crate::window) fn wants_refresh(&mut self) {
        self.stale = true;
    }

    /// True once the list has been read.
    pub(in crate::window) fn is_read(&self) -> bool {
        self.read
    }

    /// True while a remark is on its way to disk.
    pub(super) fn is_writing(&self) -> bool {
        self.writer.is_busy()
    }

    /// True while the list is being read, or is to be read again.
    pub(in crate::window) fn is_scanning(&self) -> bool {
        self.scan.is_some() || self.stale || self.writer.is_busy()
    }

    /// Takes what came from disk and starts what is due; warnings.
    pub(in crate::window) fn poll(&mut self, root: &Path, context: &Context) -> Vec<String> {
        let mut said = Vec::new();
        for error in self.writer.follow(context) {
            said.push(format!("A remark could not be written: {error}"));
            self.stale = true;
        }
        self.sparks.follow(context);
        self.follow_tasks(context);
        let mut records = std::mem::take(&mut self.records);
        said.extend(records.follow(&self.ticked(), context));
        self.records = records;
        let scanned = self.scan.as_ref().and_then(Task::poll);
        if let Some(result) = scanned {
            self.scan = None;
            if let Ok((index, settings)) = result {
                said.extend(index.damaged.iter().map(ToString::to_string));
                said.extend(self.take(index, &settings));
            }
        }
        // A scan would bring back what is still on its way to disk.
        if self.stale && self.scan.is_none() && !self.writer.is_busy() {
            self.refresh(root, context);
        }
        said
    }

    /// Takes a list that was read; what to say of runs that are new in it.
    fn take(&mut self, index: Index, settings: &Settings) -> Option<String> {
        let before: BTreeSet<PathBuf> = self.rows.iter().map(|row| row.path.clone()).collect();
        let first = !self.read;
        let tasks: BTreeSet<PathBuf> =
            self.rows.iter().filter(|row| row.task.is_some()).map(|row| row.path.clone()).collect();
        let listed = index.runs.iter().filter(|run| !tasks.contains(&run.path));
        let own = self.rows.iter().filter(|row| row.task.is_none());
        let unchanged = !first
            && own.clone().count() == listed.clone().count()
            && own.zip(listed.clone()).all(|(row, run)| row.path == run.path && row.manifest == run.manifest);
        if !unchanged {
            let rows = listed.map(|run| {
                let (table, family) = settings
                    .get(&run.path)
                    .cloned()
                    .unwrap_or_else(|| (Arc::default(), Row::plain_family(&run.manifest)));
                Row::new(run.path.clone(), run.manifest.clone(), table, family)
            });
            let rows: Vec<Row> = rows.collect();
            self.rows.retain(|row| row.task.is_some());
            self.rows.extend(rows);
            self.renewed();
        }
        self.index = index;
        self.read = true;
        let news: Vec<&Row> = self.rows.iter().filter(|row| !first && !before.contains(&row.path)).collect();
        self.hidden_news(&news)
    }

    /// The rows are others: what follows from them is made anew.
    pub(super) fn renewed(&mut self) {
        self.keys = Keys::of(&self.rows);
        self.rows.iter_mut().for_each(|row| row.set_mixed(&self.keys.mixed));
        self.places = places(&self.rows);
        let labs: BTreeSet<&str> = self.rows.iter().map(|row| row.manifest.lab.as_str()).collect();
        self.layout.labs = labs.len();
        self.version += 1;
        self.take_colors();
    }

    /// Takes the colours that stand with the runs.
    fn take_colors(&mut self) {
        let chosen = self.rows.iter().filter_map(|row| Some((row.path.clone(), row.manifest.color?)));
        self.layout.chosen = chosen.collect();
    }

    /// Puts rows in that no disk holds, for tests and benches.
    #[cfg(test)]
    pub(super) fn with_rows(rows: Vec<Row>) -> Self {
        let keys = Keys::of(&rows);
        Self { places: places(&rows), rows, keys, version: 1, read: true, ..Self::default() }
    }

    /// The run in a folder.
    pub(in crate::window) fn row(&self, path: &Path) -> Option<&Row> {
        self.places.get(path).and_then(|place| self.rows.get(*place))
    }

    /// What a run is called; the name of its folder if it is not in the list.
    pub(in crate::window) fn name_of(&self, path: &Path) -> String {
        self.row(path).map_or_else(|| folder_name(path), Row::name)
    }

    /// What the run is called whose folder has this name.
    pub(in crate::window) fn named_by_folder(&self, folder: &str) -> Option<String> {
        self.rows.iter().find(|row| row.path.file_name().is_some_and(|name| name == folder)).map(Row::name)
    }

    /// All runs of the list, newest first.
    pub(in crate::window) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Opens the menu of a run's row in the next frame.
    pub(in crate::window) fn open_menu(&mut self, path: PathBuf) {
        self.select(&path);
        self.menu_of = Some((path, true));
    }

    /// True if a run of the list is ticked.
    pub(in crate::window) fn any_ticked(&self) -> bool {
        self.layout.ticked.iter().any(|path| self.places.contains_key(path))
    }

    /// Folders of the ticked runs, newest first.
    pub(in crate::window) fn ticked_paths(&self) -> Vec<PathBuf> {
        self.ticked().into_iter().map(|row| row.path.clone()).collect()
    }

    /// True if a run is ticked.
    pub(in crate::window) fn is_ticked(&self, path: &Path) -> bool {
        self.layout.ticked.contains(path)
    }

    /// Folders of the runs that are ticked.
    pub(in crate::window) fn ticks(&self) -> &BTreeSet<PathBuf> {
        &self.layout.ticked
    }

    /// Ticks these runs and no others.
    pub(in crate::window) fn set_ticks(&mut self, ticks: BTreeSet<PathBuf>) {
        self.ticks += 1;
        self.layout.ticked = ticks;
    }

    /// Runs that are ticked, newest first.
    pub(super) fn ticked(&self) -> Vec<&Row> {
        let mut places: Vec<usize> =
            self.layout.ticked.iter().filter_map(|path| self.places.get(path)).copied().collect();
        places.sort_unstable();
        places.into_iter().filter_map(|place| self.rows.get(place)).collect()
    }

    /// Ticks a run or takes its tick away.
    pub(in crate::window) fn tick(&mut self, path: &Path, on: bool) {
        self.ticks += 1;
        // Of a task that has not begun there is nothing to draw.
        if on && self.row(path).is_some_and(|row| !row.is_begun()) {
            return;
        }
        if on {
            self.layout.ticked.insert(path.to_owned());
            self.layout.color(path);
        } else {
            self.layout.ticked.remove(path);
        }
    }

    /// Takes all ticks away.
    pub(in crate::window) fn untick(&mut self) {
        self.ticks += 1;
        self.layout.ticked.clear();
    }

    /// Ticks these runs and no others, told apart as a figure tells them apart.
    pub(in crate::window) fn lay_over(&mut self, paths: &[PathBuf], overlay: &Overlay) {
        self.untick();
        paths.iter().for_each(|path| self.tick(path, true));
        if let [_, others @ ..] = overlay.runs.as_slice()
            && others.len() == paths.len()
        {
            let colors = paths.iter().zip(others).map(|(path, style)| (path.clone(), style.color));
            self.layout.colors.extend(colors);
            self.layout.seeds = overlay.seeds;
        }
    }

    /// Shows a remark at once and sends it to disk.
    pub(in crate::window) fn remark(&mut self, path: &Path, remark: Remark) {
        // A scan that has begun may have read the manifest before.
        self.stale |= self.scan.is_some();
        self.look_anew();
        if let Some(row) = self.places.get(path).and_then(|place| self.rows.get_mut(*place)) {
            let mut manifest = row.manifest.clone();
            remark.put(&mut manifest);
            row.set_manifest(manifest);
            self.version += 1;
            self.take_colors();
        }
        self.writer.add(path, remark);
    }

    /// Makes the lines again if something changed.
    pub(super) fn update(&mut self) {
        self.parse();
        let key = Key {
            version: self.version,
            query: self.query.clone(),
            sort: (self.layout.sort.clone(), self.layout.descending),
            group: self.layout.group.clone(),
            folded: self.layout.folded.clone(),
        };
        let same = self.arranged.as_ref() == Some(&key);
        if !same || self.counted != Some(self.ticks) {
            self.hidden = self.count_hidden();
            self.counted = Some(self.ticks);
        }
        if same {
            return;
        }
        self.summaries.clear();
        self.lines = arrange(
            &self.rows,
            &Arrangement {
                query: &key.query,
                sort: &key.sort.0,
                descending: key.sort.1,
                group: key.group.as_deref(),
                folded: &key.folded,
            },
        );
        self.arranged = Some(key);
    }

    /// Reads the filter if it or the keys changed; while it cannot be read, the last one that could stands.
    fn parse(&mut self) {
        let same = self
            .parsed
            .as_ref()
            .is_some_and(|(text, version)| *text == self.layout.filter && *version == self.version);
        if same {
            return;
        }
        self.parsed = Some((self.layout.filter.clone(), self.version));
        match Query::parse(&self.layout.filter, &self.keys) {
            Ok(query) => {
                self.query = query;
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// What the tiles draw beside the run that is shown. `live` has a version that grows with its records.
    pub(in crate::window) fn overlay(
        &mut self,
        shown: Option<&Path>,
        live: (u64, &BTreeMap<PathBuf, Record>),
    ) -> &OverlaySet {
        self.layout.shown = shown.map(Path::to_owned);
        let key =
            (self.version, self.records.generation(), shown.map(Path::to_owned), self.layout.clone(), live.0);
        if self.overlaid.as_ref() != Some(&key) {
            let mut layout = self.layout.clone();
            let shown = shown.and_then(|path| self.row(path));
            let generation = self.overlay.generation + 1;
            let set = overlay::set(generation, shown, &self.ticked(), &self.records, live.1, &mut layout);
            self.overlay = set;
            self.layout = layout;
            self.overlaid = Some((key.0, key.1, key.2, self.layout.clone(), key.4));
        }
        &self.overlay
    }

    /// Nothing stands beside what is shown: a file that is no run.
    pub(in crate::window) fn overlay_nothing(&mut self) {
        self.layout.shown = None;
        if self.overlaid.take().is_some() {
            self.overlay = OverlaySet::nothing(self.overlay.generation + 1);
        }
    }

    /// The overlay as it was made last.
    pub(in crate::window) fn overlay_set(&self) -> &OverlaySet {
        &self.overlay
    }

    /// True while ticked runs are being read.
    pub(in crate::window) fn is_loading(&self) -> bool {
        self.records.is_reading()
    }

    /// Where the parent of a run lies.
    pub(in crate::window) fn parent_of(&self, path: &Path) -> Option<&Path> {
        overlay::parent_of(&self.rows, self.row(path)?)
    }

    /// Runs that were forked from a run.
    pub(in crate::window) fn children_of(&self, path: &Path) -> Vec<&Row> {
        let Some(row) = self.row(path) else { return Vec::new() };
        let of = |other: &&Row| other.manifest.parent.as_ref().is_some_and(|at| at.id == row.manifest.id);
        self.rows.iter().filter(of).collect()
    }
}

fn places(rows: &[Row]) -> BTreeMap<PathBuf, usize> {
    rows.iter().enumerate().map(|(place, row)| (row.path.clone(), place)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_leaves_the_last_one() {
        let mut runs = Runs::with_rows(samples(8));
        runs.layout.filter = "quantizer=lsq".to_owned();
        runs.update();
        assert_eq!(runs.lines.len(), 2, "two of eight");
        runs.layout.filter = "quantizer=".to_owned();
        runs.update();
        assert!(runs.error.is_some() && runs.lines.len() == 2, "while it is being typed");
        runs.layout.filter.clear();
        runs.update();
        assert!(runs.error.is_none() && runs.lines.len() == 8, "all again");
    }

    #[test]
    fn a_remark_is_seen_at_once() {
        let mut runs = Runs::with_rows(samples(8));
        let path = runs.rows[2].path.clone();
        runs.layout.filter = "note~fc2".to_owned();
        runs.update();
        assert_eq!(runs.lines.len(), 1, "the one that has it");
        runs.remark(&path, Remark::Note("fc2 too".to_owned()));
        runs.update();
        assert_eq!(runs.lines.len(), 2, "and the new one");
    }

    #[test]
    fn the_overlay_is_made_again_only_when_something_changed() {
        let mut runs = Runs::with_rows(samples(4));
        let path = runs.rows[1].path.clone();
        let live = BTreeMap::new();
        let first = runs.overlay(None, (0, &live)).generation;
        assert_eq!(runs.overlay(None, (0, &live)).generation, first, "nothing changed");
        runs.tick(&path, true);
        let second = runs.overlay(None, (0, &live)).generation;
        assert!(second > first, "a tick");
        assert_eq!(runs.overlay(None, (0, &live)).generation, second, "once");
        assert!(runs.overlay(None, (1, &live)).generation > second, "a run in work went on");
    }
}
