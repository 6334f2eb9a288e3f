//! What can be done in the window, by number, so that a test can do it at random; and what must hold after each of it.
//!
//! Contract: each command is a kind of its own, so that a new one is tried without another line here; the kinds behind them are what needs
//! further words: which lab, which run, which tile. What an operation is done to is chosen among what is there now. Nothing here asks
//! the desktop or the network for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use egui::Context;
use weightscope_frame::record::{ControlKind, ControlSpec, ControlValue, Controls, Record};

use super::app::App;
use super::command::{Action, Command};
use super::history::Moment;
use super::queue::QueueAction;
use super::runs::{Remark, RunsAction};
use crate::views::own;

/// Kinds of operations that need further words.
#[derive(Clone, Copy, Debug)]
enum Kind {
    UseLab,
    UsePreset,
    OpenRun,
    Tick,
    Untick,
    Select,
    Star,
    Name,
    Focus,
    Close,
    Open,
    Own,
    Turn,
    Queue,
    Verify,
    Workers,
    Resume,
}

const KINDS: [Kind; 17] = [
    Kind::UseLab,
    Kind::UsePreset,
    Kind::OpenRun,
    Kind::Tick,
    Kind::Untick,
    Kind::Select,
    Kind::Star,
    Kind::Name,
    Kind::Focus,
    Kind::Close,
    Kind::Open,
    Kind::Own,
    Kind::Turn,
    Kind::Queue,
    Kind::Verify,
    Kind::Workers,
    Kind::Resume,
];

/// Names of the kinds of operations: those of the commands, then those of what needs further words.
pub fn kinds() -> Vec<String> {
    let commands = Command::ALL.iter().map(|command| format!("{command:?}"));
    commands.chain(KINDS.iter().map(|kind| format!("{kind:?}"))).collect()
}

/// The state that undo takes back, to be compared.
#[derive(Clone)]
pub struct Undoable {
    moment: Moment,
    /// Of the run that is shown, with those that were never turned.
    controls: Controls,
}

impl Undoable {
    /// What of it differs, in words; the arrangement counts only where the same run is shown.
    pub fn differs(&self, other: &Self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut controls = self.controls.0.keys().chain(other.controls.0.keys());
        let turned = controls.any(|id| self.controls.0.get(id) != other.controls.0.get(id));
        let (one, other) = (&self.moment, &other.moment);
        if one.run == other.run && turned {
            found.push("controls");
        }
        if one.experiment != other.experiment || one.origin != other.origin {
            found.push("settings");
        }
        if one.ticked != other.ticked {
            found.push("ticks");
        }
        if one.run == other.run && one.own != other.own {
            found.push("views of channels");
        }
        if one.run == other.run && one.tree != other.tree {
            found.push("arrangement");
        }
        found
    }
}

impl App {
    /// Does the operation with this number to the `which`th of what it can be done to now, counted round; what was done, in words, or nothing
    /// if there is nothing to do it to.
    pub fn operate(&mut self, kind: usize, which: usize, context: &Context) -> Option<String> {
        let action = match kind.checked_sub(Command::ALL.len()) {
            None => Action::Do(*Command::ALL.get(kind)?),
            Some(other) => {
                let choices = self.choices(*KINDS.get(other)?);
                let count = choices.len().max(1);
                choices.into_iter().nth(which % count)?
            }
        };
        let words = format!("{action:?}");
        self.apply(action, context);
        self.settle_focus();
        Some(words)
    }

    /// What can be done of a kind now.
    fn choices(&self, kind: Kind) -> Vec<Action> {
        let runs = || self.runs.rows().iter().map(|row| row.path.clone());
        match kind {
            Kind::UseLab => self.catalogue.names().map(Action::UseLab).collect(),
            Kind::UsePreset => {
                self.catalogue.presets().map(|preset| Action::UsePreset(preset.name)).collect()
            }
            Kind::OpenRun => runs().map(Action::OpenRun).collect(),
            Kind::Tick => runs()
                .map(|path| {
                    let on = !self.runs.is_ticked(&path);
                    Action::Runs(RunsAction::Tick(vec![path], on))
                })
                .collect(),
            Kind::Untick => vec![Action::Runs(RunsAction::Untick)],
            Kind::Select => runs().map(|path| Action::Runs(RunsAction::Select(path))).collect(),
            Kind::Star => {
                let star = |row: &super::runs::model::Row| Remark::Star(!row.manifest.star);
                let rows = self.runs.rows().iter();
                rows.map(|row| Action::Runs(RunsAction::Remark(row.path.clone(), star(row)))).collect()
            }
            Kind::Name => runs()
                .map(|path| Action::Runs(RunsAction::Remark(path, Remark::Name("named".to_owned()))))
                .collect(),
            Kind::Focus => self.tiled().map(Action::Focus).collect(),
            Kind::Close => self.tiled().map(Action::CloseTile).collect(),
            Kind::Open => {
                let views = self.shown.iter().flat_map(|shown| &shown.views);
                views.map(|view| Action::OpenTile(view.id.clone())).collect()
            }
            Kind::Own => {
                let channels = self.shown.iter().flat_map(|shown| shown.record().channels());
                let ids = channels.map(|channel| own::id(std::slice::from_ref(&channel.id)));
                ids.map(|id| Action::AddViews(vec![id], None)).collect()
            }
            Kind::Turn => self.turns(),
            Kind::Queue => self.queue_choices(),
            Kind::Verify => runs().map(|path| Action::Queue(QueueAction::Verify(path))).collect(),
            Kind::Workers => (1..=2).map(|count| Action::Queue(QueueAction::Workers(count))).collect(),
            Kind::Resume => runs().map(Action::ResumeRun).collect(),
        }
    }

    /// Views that have a tile.
    fn tiled(&self) -> impl Iterator<Item = String> {
        self.layout.iter().flat_map(super::tiles::Layout::order)
    }

    /// Each control of the shown run, to both ends of its range.
    fn turns(&self) -> Vec<Action> {
        let Some(shown) = &self.shown else { return Vec::new() };
        let controls = shown.views.iter().flat_map(|view| &view.controls);
        controls
            .flat_map(|spec| {
                let ends = ends(spec, shown.record()).into_iter();
                ends.map(|value| Action::Turn(spec.id.clone(), value))
            })
            .collect()
    }

    fn queue_choices(&self) -> Vec<Action> {
        let mut all = vec![QueueAction::Follow(!self.queue.follow), QueueAction::Clear];
        for link in self.all_links() {
            all.extend([QueueAction::Show(link.id), QueueAction::Hold(link.id), QueueAction::End(link.id)]);
        }
        for entry in self.queue.waiting() {
            all.extend([
                QueueAction::Remove(entry.id),
                QueueAction::Duplicate(entry.id),
                QueueAction::Earlier(entry.id),
                QueueAction::Later(entry.id),
                QueueAction::Place(entry.id, 0),
                QueueAction::StartNow(entry.id),
            ]);
        }
        all.into_iter().map(Action::Queue).collect()
    }

    /// True while something that was asked for is on its way: a run or the list is being read, files are moved.
    pub fn is_on_its_way(&self) -> bool {
        self.reading.is_some() || self.runs.is_scanning() || self.manage.is_busy()
    }

    /// Folders of the runs that are ticked.
    pub fn ticked_runs(&self) -> &BTreeSet<PathBuf> {
        self.runs.ticks()
    }

    /// Ends all work as closing the window does, for tests that close none.
    pub fn end(&mut self) {
        eframe::App::on_exit(self);
    }

    /// The state that undo takes back.
    pub fn undoable(&self) -> Undoable {
        let controls = self.shown.as_ref().map(|shown| self.controls.complete(&shown.views, shown.record()));
        Undoable { moment: self.moment(), controls: controls.unwrap_or_default() }
    }

    /// Changes that undo can take back, with what has not rested yet.
    pub fn changes(&mut self) -> usize {
        let now = self.moment();
        self.history.settle(&now);
        self.history.count()
    }

    /// What does not hold that must hold at any time, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut links = BTreeMap::new();
        self.all_links().for_each(|link| *links.entry(&link.folder).or_insert(0) += 1);
        for (folder, count) in links.into_iter().filter(|(_, count)| *count > 1) {
            found.push(format!("{count} threads work on one run: {}", folder.display()));
        }
        match (&self.link, &self.shown) {
            (Some(_), None) => found.push("a run is in work in front, and none is shown".to_owned()),
            (Some(link), Some(shown)) if shown.folder.as_ref().is_some_and(|at| *at != link.folder) => {
                found.push(format!(
                    "the run in work in front is not the one that is shown: {}",
                    link.folder.display()
                ));
            }
            _ => {}
        }
        let gone = self.folder().filter(|path| self.link.is_none() && self.runs.row(path).is_none());
        if let Some(path) = gone.filter(|_| !self.is_on_its_way()) {
            found.push(format!("a run is shown that is not in the list: {}", path.display()));
        }
        if self.shown.is_some() != self.layout.is_some() {
            found.push("a run is shown without an arrangement, or an arrangement without a run".to_owned());
        }
        if let (Some(shown), Some(layout)) = (&self.shown, &self.layout) {
            let order = layout.order();
            let distinct: BTreeSet<&String> = order.iter().collect();
            if distinct.len() < order.len() {
                found.push(format!("a view has two tiles: {order:?}"));
            }
            let unknown: Vec<&&String> = distinct.iter().filter(|view| shown.view(view).is_none()).collect();
            if !unknown.is_empty() {
                found.push(format!("tiles of views that the run does not have: {unknown:?}"));
            }
            if !order.is_empty() && !order.contains(&self.focus) {
                found.push(format!("the focus is on a view without a tile: {}", self.focus));
            }
        }
        found
    }
}

/// Values of a control to turn it to.
fn ends(spec: &ControlSpec, record: &Record) -> Vec<ControlValue> {
    match &spec.kind {
        ControlKind::Number { low, high, .. } => [low, high].map(|end| ControlValue::Number(*end)).into(),
        ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. } => {
            spec.options(record).into_iter().map(|(key, _)| ControlValue::Word(key)).collect()
        }
        ControlKind::Switch { .. } => [false, true].map(ControlValue::Switch).into(),
        ControlKind::Text { .. } => ["", "text"].map(|text| ControlValue::Word(text.to_owned())).into(),
        ControlKind::Row { .. } => vec![ControlValue::Number(0.0)],
        // A rectangle in the units of its axes, which only the view knows.
        ControlKind::Region => Vec::new(),
    }
}
