//! Undo and redo: a list of changes, each with a sentence about it and the ways back and forth. A drag is one change, results are never
//! undone, and what cannot be seen now is left alone.
//!
//! Settings, layout and ticks are found by looking at the state once a frame; what is done by an action (a control that is turned, a note)
//! is told by [`History::push`].

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui_tiles::{Tile, Tree};
use weightscope_frame::experiment::Experiment;

use super::command::Action;
use super::tiles::Pane;
use crate::naming;

/// Seconds for which the state has to rest before a change is one by itself.
const REST: f64 = 1.0;
/// Changes that are kept.
const MOST: usize = 200;

/// The state that undo goes through by looking at it.
#[derive(Clone, PartialEq)]
pub(super) struct Moment {
    pub(super) experiment: Experiment,
    pub(super) origin: String,
    /// Lab and folder of the run that the arrangement belongs to.
    pub(super) lab: Option<String>,
    pub(super) run: Option<PathBuf>,
    pub(super) tree: Option<Tree<Pane>>,
    /// Views that the person put together.
    pub(super) own: Vec<String>,
    /// Runs that are laid over each other.
    pub(super) ticked: BTreeSet<PathBuf>,
}

/// A way from one state to another.
#[derive(Clone)]
pub(super) enum Way {
    /// Settings and their origin.
    Form(Box<Experiment>, String),
    /// The arrangement of the tiles of a lab, with the views that the person put together.
    Layout { lab: String, tree: Box<Tree<Pane>>, own: Vec<String> },
    /// Ticks of the runs.
    Ticks(BTreeSet<PathBuf>),
    /// What is carried out again as if the person did it.
    Act(Box<Action>),
    /// Runs that were deleted together leave the trash; a deletion is known by its number.
    PutBack(u64),
    /// They go there again.
    Delete(u64, Vec<PathBuf>),
}

/// One change.
#[derive(Clone)]
pub(super) struct Change {
    /// What was done, to be read behind "Undone:".
    pub(super) sentence: String,
    pub(super) back: Way,
    pub(super) forth: Way,
}

/// The changes that can be taken back, and those that were.
#[derive(Default)]
pub(super) struct History {
    settled: Option<Moment>,
    /// A state that has not rested yet, and since when it is so.
    flux: Option<(f64, Moment)>,
    done: Vec<Change>,
    undone: Vec<Change>,
    /// What belongs together (a drag), and until when.
    joined: Option<(String, f64)>,
    /// Nothing is taken down, because something is undone just now.
    pub(super) quiet: bool,
}

impl History {
    /// Looks at the present state; call it once a frame.
    pub(super) fn feed(&mut self, time: f64, now: &Moment) {
        let Some(settled) = &self.settled else {
            self.settled = Some(now.clone());
            return;
        };
        if settled == now {
            self.flux = None;
        } else if self.flux.as_ref().is_some_and(|(_, last)| last == now) {
            if self.flux.as_ref().is_some_and(|(since, _)| time - since >= REST) {
                self.settle(now);
            }
        } else {
            self.flux = Some((time, now.clone()));
        }
    }

    /// Changes that can be taken back.
    pub(super) fn count(&self) -> usize {
        self.done.len()
    }

    /// True while a change waits until it has rested.
    pub(super) fn is_in_flux(&self) -> bool {
        self.flux.is_some()
    }

    /// Takes down what changed since the last rest, each kind by itself.
    pub(super) fn settle(&mut self, now: &Moment) {
        self.flux = None;
        let Some(last) = self.settled.replace(now.clone()).filter(|last| last != now) else { return };
        changes(&last, now).into_iter().for_each(|change| self.add(change));
    }

    /// Takes note of a state that came with a change that is told by itself; what changed before it is taken down first.
    pub(super) fn told(&mut self, before: &Moment, change: Change) {
        if !self.quiet {
            self.settle(before);
            self.push(change);
        }
    }

    /// Forgets the deletions with these numbers: there is nothing left to put back.
    pub(super) fn forget_deletions(&mut self, gone: impl Fn(u64) -> bool) {
        // One that was undone already can still be done again.
        self.done.retain(|change| !matches!(change.back, Way::PutBack(id) if gone(id)));
    }

    /// The sentence of the change that would be taken back or done again next.
    pub(super) fn next(&self, back: bool, can_be_seen: impl Fn(&Way) -> bool) -> Option<&str> {
        let from = if back { &self.done } else { &self.undone };
        let change = from.iter().rfind(|change| can_be_seen(change.way(back)))?;
        Some(&change.sentence)
    }

    /// Takes down a change that an action made.
    pub(super) fn push(&mut self, change: Change) {
        if !self.quiet {
            self.joined = None;
            self.add(change);
        }
    }

    /// The same for one of many that make a drag: those of the same name become one while less than a second lies between them.
    pub(super) fn push_joined(&mut self, name: &str, time: f64, change: Change) {
        if self.quiet {
            return;
        }
        let is_same = self.joined.as_ref().is_some_and(|(last, until)| last == name && time < *until);
        match self.done.last_mut().filter(|_| is_same) {
            Some(last) => (last.sentence, last.forth) = (change.sentence, change.forth),
            None => self.add(change),
        }
        self.joined = Some((name.to_owned(), time + REST));
    }

    fn add(&mut self, change: Change) {
        if self.quiet {
            return;
        }
        self.undone.clear();
        self.done.push(change);
        let excess = self.done.len().saturating_sub(MOST);
        self.done.drain(..excess);
    }

    /// True if a change that can be seen can be taken back, or done again.
    pub(super) fn can_go(&self, back: bool, can_be_seen: impl Fn(&Way) -> bool) -> bool {
        let from = if back { &self.done } else { &self.undone };
        (back && self.flux.is_some()) || from.iter().any(|change| can_be_seen(change.way(back)))
    }

    /// The last change that can be seen, which moves to the other side; those of runs and labs that are not shown wait.
    pub(super) fn go(&mut self, back: bool, can_be_seen: impl Fn(&Way) -> bool) -> Option<Change> {
        self.joined = None;
        let (from, to) =
            if back { (&mut self.done, &mut self.undone) } else { (&mut self.undone, &mut self.done) };
        let place = from.iter().rposition(|change| can_be_seen(change.way(back)))?;
        let change = from.remove(place);
        to.push(change.clone());
        Some(change)
    }

    /// The state after an undo, which is no change by itself.
    pub(super) fn rest_at(&mut self, now: Moment) {
        (self.settled, self.flux) = (Some(now), None);
    }
}

impl Change {
    /// The way back, or forth again.
    pub(super) fn way(&self, back: bool) -> &Way {
        if back { &self.back } else { &self.forth }
    }
}

/// What changed between two states.
fn changes(last: &Moment, now: &Moment) -> Vec<Change> {
    let mut found = Vec::new();
    let form = |moment: &Moment| Way::Form(Box::new(moment.experiment.clone()), moment.origin.clone());
    if last.experiment != now.experiment || last.origin != now.origin {
        found.push(Change { sentence: settings(last, now), back: form(last), forth: form(now) });
    }
    // An arrangement of another run came with it, not by hand.
    if let (Some(lab), Some(was), Some(is)) = (&now.lab, &last.tree, &now.tree)
        && (&last.lab, &last.run) == (&now.lab, &now.run)
        && (was != is || last.own != now.own)
    {
        let layout = |tree: &Tree<Pane>, own: &[String]| Way::Layout {
            lab: lab.clone(),
            tree: Box::new(tree.clone()),
            own: own.to_vec(),
        };
        let (back, forth) = (layout(was, &last.own), layout(is, &now.own));
        found.push(Change { sentence: arrangement(was, is), back, forth });
    }
    if last.ticked != now.ticked {
        let count = last.ticked.symmetric_difference(&now.ticked).count();
        let word = if now.ticked.len() > last.ticked.len() { "ticked" } else { "unticked" };
        let sentence = format!("{count} {} {word}", if count == 1 { "run" } else { "runs" });
        let (back, forth) = (Way::Ticks(last.ticked.clone()), Way::Ticks(now.ticked.clone()));
        found.push(Change { sentence, back, forth });
    }
    found
}

/// What changed in the settings, in words.
fn settings(last: &Moment, now: &Moment) -> String {
    let title = |moment: &Moment| moment.experiment.method.about().title;
    if last.experiment.lab() != now.experiment.lab() {
        return format!("set-up of {} instead of {}", title(now), title(last));
    }
    let pairs = last.experiment.settings().into_iter().zip(now.experiment.settings());
    let changed: Vec<_> = pairs.filter(|((_, was), (_, is))| was != is).collect();
    if last.origin != now.origin {
        let from = |moment: &Moment| {
            let run = naming::of_folder(&moment.origin, moment.experiment.lab());
            run.map_or_else(|| moment.origin.clone(), |name| format!("a run of {name}"))
        };
        return format!("{} in the set-up instead of {}", from(now), from(last));
    }
    match changed.as_slice() {
        [((field, was), (_, is))] => format!("{} from {was} to {is}", field.label),
        [((field, _), _), rest @ ..] => format!("{} and {} more settings", field.label, rest.len()),
        [] => "a change of the set-up".to_owned(),
    }
}

/// What changed in the arrangement, in words.
fn arrangement(was: &Tree<Pane>, is: &Tree<Pane>) -> String {
    let views = |tree: &Tree<Pane>| -> BTreeSet<String> {
        let panes = tree.tiles.tiles().filter_map(|tile| match tile {
            Tile::Pane(pane) => Some(pane.view.clone()),
            Tile::Container(_) => None,
        });
        panes.collect()
    };
    let (was, is) = (views(was), views(is));
    let list = |views: Vec<&String>| views.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let closed: Vec<&String> = was.difference(&is).collect();
    let opened: Vec<&String> = is.difference(&was).collect();
    match (closed.is_empty(), opened.is_empty()) {
        (false, true) => format!("tile {} closed", list(closed)),
        (true, false) => format!("tile {} opened", list(opened)),
        _ => "tiles arranged".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;

    use super::*;

    fn moment() -> Moment {
        let text = CATALOGUE.preset("oscillation/quick").unwrap().text;
        Moment {
            experiment: Experiment::from_toml(CATALOGUE, text).unwrap(),
            origin: "oscillation/quick".to_owned(),
            lab: None,
            run: None,
            tree: None,
            own: Vec::new(),
            ticked: BTreeSet::new(),
        }
    }

    #[test]
    fn a_change_is_taken_down_when_it_has_rested_and_says_what_it_was() {
        let (mut history, mut now) = (History::default(), moment());
        history.feed(0.0, &now);
        for bits in ["3", "4", "8"] {
            now.experiment.set_typed("weight_bits", bits).unwrap();
            history.feed(0.2, &now);
        }
        assert!(history.is_in_flux() && history.done.is_empty(), "a drag goes on");
        history.feed(1.3, &now);
        let change = history.go(true, |_| true).unwrap();
        assert_eq!(change.sentence, "Weight bits from 2 to 8", "one change");
        assert!(
            matches!(&change.back, Way::Form(experiment, _) if experiment.get("weight_bits") == Some(2.into()))
        );
        assert!(history.go(false, |_| true).is_some(), "and forth");
    }

    #[test]
    fn each_kind_of_change_stands_by_itself_and_what_cannot_be_seen_waits() {
        let (mut history, mut now) = (History::default(), moment());
        history.feed(0.0, &now);
        now.ticked.insert(PathBuf::from("a"));
        now.experiment.set_typed("epochs", "7").unwrap();
        history.settle(&now);
        assert_eq!(history.done.len(), 2, "settings and ticks");
        let no_ticks = |way: &Way| !matches!(way, Way::Ticks(_));
        assert!(history.can_go(true, no_ticks), "the settings are seen");
        assert!(matches!(history.go(true, no_ticks).unwrap().back, Way::Form(..)));
        assert!(!history.can_go(true, no_ticks) && history.can_go(true, |_| true), "the ticks wait");
    }

    #[test]
    fn a_drag_of_a_control_is_one_change() {
        let mut history = History::default();
        let way = |cell: u32| Way::Ticks(BTreeSet::from([PathBuf::from(cell.to_string())]));
        for step in 0..5_u32 {
            let change = Change { sentence: step.to_string(), back: way(step), forth: way(step + 1) };
            history.push_joined("threshold", f64::from(step) * 0.1, change);
        }
        assert_eq!(history.done.len(), 1, "together");
        let change = history.go(true, |_| true).unwrap();
        assert!(
            matches!(change.back, Way::Ticks(ticks) if ticks.contains(&PathBuf::from("0"))),
            "to its beginning"
        );
        assert_eq!(change.sentence, "4", "says where it ended");
    }
}
