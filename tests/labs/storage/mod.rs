//! Storage that lies: whatever a crash, a power cut, a torn write, a lost name or a failing call leaves behind, a run is read, and goes on
//! to the end that it would have come to.
//!
//! After every change that a short run makes, the states are made that a disk could be found in; each is read as the window reads it, and
//! must hold what was promised by then: the run once its manifest was durable, each checkpoint, the whole once it said "done". States that
//! a run goes on from alike are resumed once. The test command resumes a sample of them; `WEIGHTSCOPE_STORAGE=all` resumes all, and lets
//! every call of every lab fail.

mod calls;
mod model;
mod states;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use model::{Change, Disk, Recorder, Tree, lay_out};
use states::{Found, Promised, States};

use crate::kit::{self, Status, store};
use crate::runs::{self, Finished, unbroken};

/// The name of the run in the folder that is watched.
const RUN: &str = "run";
/// How often a run is held on its way; at each stop it is saved.
const STOPS: u64 = 5;
/// How many states of a lab are resumed in the test command, besides the last.
const RESUMED: usize = 4;
/// How often a run crashes in a row.
const CRASHES: u64 = 20;

/// True where nothing is left out.
fn all() -> bool {
    std::env::var_os("WEIGHTSCOPE_STORAGE").is_some_and(|value| value == "all")
}

/// Carries the smallest experiment of a lab out with stops on its way, as a new run or from what a folder holds; what it changed.
fn watched(lab: &str, root: &Path, is_new: bool) -> (kit::Outcome, Vec<Change>) {
    let recorder = Arc::new(Recorder::new(root));
    let _watching = store::disk::watch(root, recorder.clone());
    let outcome = stopped(lab, root, is_new).unwrap();
    (outcome, recorder.changes())
}

/// The run with its stops; why it was refused.
fn stopped(lab: &str, root: &Path, is_new: bool) -> Result<kit::Outcome, String> {
    let first = unbroken(lab);
    let path = root.join(RUN);
    let hand = |control: &kit::Control, hand: &runs::Hand<'_>| {
        let mut alive = hand.holds();
        for _ in 0..STOPS {
            alive = alive && hand.step((first.steps / (STOPS + 1)).max(1));
        }
        control.resume();
    };
    if is_new {
        runs::steered_try(&first.experiment, &path, hand)
    } else {
        Ok(runs::steered_resume(&path, hand))
    }
}

/// Every state of the disk on the way of a run, and after it.
pub(crate) fn every_state_of_a_crash_is_recovered(lab: &str) {
    let first = unbroken(lab);
    let folder = tempfile::tempdir().unwrap();
    let (outcome, changes) = watched(lab, folder.path(), true);
    assert_eq!(outcome.status, Status::Done, "{lab}: {:?}", outcome.reason);
    let mut checked = Checked::new(&first);
    let mut states = States::new(lab, Disk::default());
    for (index, change) in changes.iter().enumerate() {
        states.take(change);
        for (kind, tree) in states.found() {
            checked.look(
                &format!("{lab}, {kind} after change {index} of {}: {change:?}", changes.len()),
                &states,
                &tree,
            );
        }
    }
    checked.resume(lab);
    println!(
        "{lab}: {} changes, {} states, {} of them different, {} to go on from, {} resumed",
        changes.len(),
        checked.states,
        checked.seen.len(),
        checked.to_resume.len(),
        checked.resumed
    );
}

/// The test would see a store that does not sync: one whose files, and one whose names, are never made durable.
#[test]
fn a_store_that_never_syncs_is_found_out() {
    let first = unbroken("minimal");
    let folder = tempfile::tempdir().unwrap();
    let (_, changes) = watched("minimal", folder.path(), true);
    let is_file = |change: &Change| matches!(change, Change::Sync(_));
    let is_name =
        |change: &Change| matches!(change, Change::SyncFolder(folder) if folder.as_os_str().is_empty());
    for (what, is_left_out) in
        [("bytes", &is_file as &dyn Fn(&Change) -> bool), ("the run's own name", &is_name)]
    {
        let mut checked = Checked::new(&first);
        let mut states = States::new("minimal", Disk::default());
        let lost = changes.iter().filter(|change| !is_left_out(change)).any(|change| {
            states.take(change);
            let look = |(_, tree): &(String, Tree)| checked.loss(&states, tree).is_some();
            states.found().iter().any(look)
        });
        assert!(lost, "{what} are never synced, and nothing was found to be lost");
    }
}

/// A run on a shared drive that a program on another machine has in work is running there, until its heartbeat is silent for long.
#[test]
fn a_run_of_another_machine_is_running_there() {
    let first = unbroken("minimal");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(RUN);
    runs::steered_new(&first.experiment, &path, |control, hand| {
        assert!(hand.holds() && hand.step(first.steps / 2));
        control.cancel();
    });
    store::update_manifest(&path, |manifest| manifest.status = Status::Running).unwrap();
    let owner = path.join(".owner");
    let beat = |age: u64| {
        std::fs::write(&owner, br#"{"host": "node-7", "pid": 1, "since": "2026-01-01T00:00:00Z"}"#).unwrap();
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        std::fs::File::options().write(true).open(&owner).unwrap().set_modified(then).unwrap();
    };
    beat(20);
    assert_eq!(store::read_manifest(&path).unwrap().status, Status::Running);
    let refused = kit::run::resume(kit::SUITE, &path, &mut kit::Nobody, &kit::Control::default());
    let said = refused.unwrap_err().to_string();
    assert!(said.starts_with("this run is running there: node-7 (process 1) since"), "{said}");
    beat(200);
    assert_eq!(store::read_manifest(&path).unwrap().status, Status::Interrupted);
    let outcome = runs::steered_resume(&path, |control, _| control.resume());
    runs::assert_same("minimal", "taken over", &first, &runs::finished(&outcome, &path));
}

/// The states of one lab that were looked at.
struct Checked<'a> {
    first: &'a Finished,
    states: usize,
    seen: BTreeSet<([u8; 32], Promised)>,
    /// States from which runs go on differently.
    to_resume: Vec<(String, Tree)>,
    bases: BTreeSet<[u8; 32]>,
    /// What the state that was read last goes on from, if it does.
    newest_base: Option<[u8; 32]>,
    resumed: usize,
}

impl<'a> Checked<'a> {
    fn new(first: &'a Finished) -> Self {
        let (seen, bases) = (BTreeSet::new(), BTreeSet::new());
        Self { first, states: 0, seen, to_resume: Vec::new(), bases, newest_base: None, resumed: 0 }
    }

    fn look(&mut self, what: &str, states: &States, tree: &Tree) {
        self.states += 1;
        if let Some(loss) = self.loss(states, tree) {
            panic!("{what}: {loss}");
        }
        if self.newest_base.take().is_some_and(|base| self.bases.insert(base)) {
            self.to_resume.push((what.to_owned(), tree.clone()));
        }
    }

    /// Reads a state as the window does; what was promised and is not there.
    fn loss(&mut self, states: &States, tree: &Tree) -> Option<String> {
        self.newest_base = None;
        let promised = states.promised();
        // The same state after more was promised is another one.
        if !self.seen.insert((states::fingerprint(tree, |_| true), promised)) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        lay_out(tree, folder.path());
        let path = folder.path().join(RUN);
        let found = match Found::read(&path) {
            Ok(Some(found)) => found,
            Ok(None) => return promised.run.then(|| "the run is gone".to_owned()),
            Err(why) => return Some(why),
        };
        if found.checkpoint < promised.checkpoint {
            return Some(format!(
                "it goes on from {:?}, and {:?} was saved",
                found.checkpoint, promised.checkpoint
            ));
        }
        if found.status != Status::Done {
            self.newest_base = Some(states::base(tree, found.checkpoint));
            return promised.done.then(|| format!("it was done, and is {:?}", found.status));
        }
        let lab = self.first.experiment.lab();
        let is_whole = found.damage.is_empty()
            && kit::exact_results(lab, &found.results) == kit::exact_results(lab, &self.first.results)
            && kit::stream_hash(&path) == self.first.stream;
        (!is_whole).then(|| format!("it says that it is done, and is not whole: {:?}", found.damage))
    }

    /// Goes on from states that differ.
    fn resume(&mut self, lab: &str) {
        let last = self.to_resume.len().saturating_sub(1);
        let share = self.to_resume.len().div_ceil(RESUMED).max(1);
        for (index, (what, tree)) in self.to_resume.iter().enumerate() {
            if all() || index % share == 0 || index == last {
                let folder = tempfile::tempdir().unwrap();
                lay_out(tree, folder.path());
                let path = folder.path().join(RUN);
                let outcome = runs::steered_resume(&path, |control, _| control.resume());
                runs::assert_same(lab, what, self.first, &runs::finished(&outcome, &path));
                self.resumed += 1;
            }
        }
        assert!(self.resumed > 1, "{lab}: hardly a state to go on from");
    }
}

/// A run that crashes again and again, each time in another way, ends as one that was let alone.
pub(crate) fn crash_upon_crash_loses_nothing(lab: &str) {
    let first = unbroken(lab);
    let crashes = if all() || kit::GUESTS.contains(&lab) { CRASHES } else { 2 };
    let mut tree = Tree::new();
    for crash in 0..crashes {
        let folder = tempfile::tempdir().unwrap();
        lay_out(&tree, folder.path());
        let is_new = !folder.path().join(RUN).join("manifest.json").is_file();
        if is_new {
            let _ = std::fs::remove_dir_all(folder.path().join(RUN));
            tree.clear();
        }
        let (_, changes) = watched(lab, folder.path(), is_new);
        let mut states = States::new(lab, Disk::holding(&tree));
        // Late enough to have begun, early enough not to be done.
        let until = 1 + kit::random(crash, &format!("{lab} crash"), changes.len().max(2) as u64 - 1) as usize;
        changes.iter().take(until).for_each(|change| states.take(change));
        let found = states.found();
        let (kind, next) = &found[kit::random(crash, &format!("{lab} kind"), found.len() as u64) as usize];
        let folder = tempfile::tempdir().unwrap();
        lay_out(next, folder.path());
        let what = format!("{lab}, crash {crash}: {kind} after change {until} of {}", changes.len());
        let read = Found::read(&folder.path().join(RUN)).unwrap_or_else(|why| panic!("{what}: {why}"));
        assert!(read.is_some() || !states.promised().run, "{what}: the run is gone");
        tree.clone_from(next);
    }
    let folder = tempfile::tempdir().unwrap();
    lay_out(&tree, folder.path());
    let path = folder.path().join(RUN);
    let outcome = if path.join("manifest.json").is_file() {
        runs::steered_resume(&path, |control, _| control.resume())
    } else {
        let _ = std::fs::remove_dir_all(&path);
        runs::steered_new(&first.experiment, &path, |control, _| control.resume())
    };
    runs::assert_same(lab, &format!("after {crashes} crashes"), &first, &runs::finished(&outcome, &path));
}

/// Calls that fail, once and for good.
pub(crate) fn a_call_that_fails_loses_nothing(lab: &str) {
    calls::fail(lab);
}
