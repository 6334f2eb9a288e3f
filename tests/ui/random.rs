//! Lists of random operations over all labs, with what must hold after each of them; a list that fails is shrunk to what it takes, and
//! becomes a test of its own below.
//!
//! What must hold: no panic; one shown run with one thread; the focus on a tile; ticks change only by what ticks; undo brings back what
//! was and redo what became; nothing to be used lies over another or outside the window.
//!
//! `WEIGHTSCOPE_RANDOM_LISTS=100 cargo test --workspace --test ui random` tries more lists.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Order};
use egui_kittest::Harness;
use proptest::collection::vec;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_tests::drawn::{Drawn, over_each_other, widgets};
use weightscope_tests::runs::{copy, finished};
use weightscope_tests::window::{click_at, workbench};
use weightscope_window::window::App;
use weightscope_window::window::operations::{Undoable, kinds};

/// Operations of a list.
const LENGTH: usize = 200;
/// Lists that are tried where `WEIGHTSCOPE_RANDOM_LISTS` names no other number.
const LISTS: u32 = 1;
/// The longest that a list is shrunk.
const SHRINKING: Duration = Duration::from_mins(5);
/// The longest that is waited for what an operation asked for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least window in which nothing may lie over anything, points: zoom makes it smaller.
const LEAST: egui::Vec2 = egui::vec2(1024.0, 680.0);
/// What a hand does besides: names of kinds behind those of the window. Not Enter, which writes files from the dialogs that ask where to.
const GESTURES: [&str; 3] = ["Click", "Escape", "Tab"];
/// What is left alone: it asks the desktop, or the network.
const AWAY: [&str; 4] = ["rowse", "ownload", "older", "Fetch"];
/// Operations by which ticks come and go; a fork ticks its parent.
const TICKING: [&str; 9] =
    ["Tick", "Untick", "Undo", "Redo", "DeleteRun", "DeleteTicked", "Click", "Fork", "Queue"];
/// Operations after which undo is not asked to bring back what was: it is undo itself, or more than one thing at once.
const NOT_UNDONE: [&str; 7] = ["Undo", "Redo", "DeleteRun", "DeleteTicked", "Click", "Escape", "Tab"];

/// One operation: its kind, which one of what there is to do it to, and whether its end is waited for and undo tried.
type Operation = (usize, usize, bool);

/// Names of all kinds, the gestures last.
fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| kinds().into_iter().chain(GESTURES.map(str::to_owned)).collect())
}

/// Folder with a finished run of the smallest experiment of each lab, made once.
fn shelf() -> &'static Path {
    static SHELF: OnceLock<PathBuf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let shelf =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("random").join(std::process::id().to_string());
        let _ = std::fs::remove_dir_all(&shelf);
        std::fs::create_dir_all(&shelf).unwrap();
        for method in CATALOGUE.methods() {
            let experiment = Experiment::from_toml(CATALOGUE, method.smallest()).unwrap();
            finished(experiment, &shelf.join(method.name()));
        }
        shelf
    })
}

/// A window over copies of the finished runs, with short experiments in the forms of all labs.
struct World {
    harness: Harness<'static, App>,
    ticked: BTreeSet<PathBuf>,
    has_deleted: bool,
    /// What was done, for a report.
    log: Vec<String>,
    _root: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for method in CATALOGUE.methods() {
            copy(&shelf().join(method.name()), &root.path().join(method.name()));
        }
        let forms: BTreeMap<&str, (&str, &str)> =
            CATALOGUE.methods().map(|method| (method.name(), (method.smallest(), "smallest"))).collect();
        let form = CATALOGUE.methods().next().unwrap().smallest();
        let session = serde_json::json!({
            "form": form, "origin": "smallest", "forms": forms, "panels": [true, true, true], "zoom": 1.0
        });
        std::fs::write(root.path().join("session.json"), session.to_string()).unwrap();
        let mut harness = workbench(root.path());
        harness.run_steps(2);
        let mut world =
            Self { harness, ticked: BTreeSet::new(), has_deleted: false, log: Vec::new(), _root: root };
        world.rest();
        world
    }

    /// Waits for what is on its way.
    fn rest(&mut self) {
        let begun = Instant::now();
        while self.harness.state().is_on_its_way() && begun.elapsed() < PATIENCE {
            self.harness.step();
            std::thread::sleep(Duration::from_millis(2));
        }
        self.harness.run_steps(2);
    }

    /// Does one operation by the name of its kind; what does not hold after it.
    fn perform(&mut self, name: &str, which: usize, patient: bool) -> Vec<String> {
        let is_quiet = patient && !self.has_deleted && !NOT_UNDONE.contains(&name);
        if patient {
            self.rest();
        }
        let before = (self.harness.state().undoable(), self.harness.state_mut().changes());
        let Some(words) = self.act(name, which) else { return Vec::new() };
        self.log.push(format!("{name} {which} {patient}: {words}"));
        self.has_deleted |= name.starts_with("Delete");
        self.harness.run_steps(if patient { 3 } else { 1 });
        if patient {
            self.rest();
        }
        let mut faults = self.faults(name);
        if is_quiet && faults.is_empty() {
            faults.extend(self.undo_and_redo(&before.0, before.1));
        }
        faults.into_iter().map(|fault| format!("after {name}: {fault}")).collect()
    }

    fn act(&mut self, name: &str, which: usize) -> Option<String> {
        match name {
            "Escape" => self.harness.key_press(Key::Escape),
            "Tab" => self.harness.key_press(Key::Tab),
            "Click" => return self.click(which),
            name => {
                let kind = names().iter().position(|known| known == name).unwrap();
                let context = self.harness.ctx.clone();
                return self.harness.state_mut().operate(kind, which, &context);
            }
        }
        Some(String::new())
    }

    /// Clicks one of the things that can be used. Of dialogs only what writes no file.
    fn click(&mut self, which: usize) -> Option<String> {
        let harmless = |one: &Drawn| {
            let writes = one.layer.order == Order::Middle
                && one.role == Role::Button
                && !matches!(one.name.as_str(), "Close" | "Cancel");
            !writes && !AWAY.iter().any(|word| one.name.contains(word))
        };
        let used: Vec<Drawn> = widgets(&self.harness)
            .into_iter()
            .filter(|one| one.is_used() && !one.disabled && one.seen.is_positive() && harmless(one))
            .collect();
        let one = used.get(which % used.len().max(1))?;
        click_at(&mut self.harness, one.seen.center());
        Some(one.said())
    }

    /// What must hold at any time.
    fn faults(&mut self, name: &str) -> Vec<String> {
        let mut faults = self.harness.state().faults();
        let ticked = self.harness.state().ticked_runs().clone();
        if !TICKING.contains(&name) && ticked != self.ticked {
            faults.push(format!("ticks were {:?} and are {ticked:?}", self.ticked));
        }
        self.ticked = ticked;
        let window = self.harness.ctx.content_rect();
        if window.width() >= LEAST.x && window.height() >= LEAST.y {
            let drawn = widgets(&self.harness);
            let over = over_each_other(&drawn).into_iter();
            faults.extend(over.map(|(below, above)| format!("{} lies over {}", above.said(), below.said())));
            let mut dialogs: Vec<egui::Id> =
                drawn.iter().filter(|one| one.layer.order == Order::Middle).map(|one| one.layer.id).collect();
            dialogs.dedup();
            for dialog in dialogs {
                let rect = self.harness.ctx.memory(|memory| memory.area_rect(dialog));
                if let Some(rect) = rect.filter(|rect| !window.expand(1.0).contains_rect(*rect)) {
                    faults.push(format!("a dialog at {rect:?} reaches out of the window"));
                }
            }
        }
        faults
    }

    /// Takes back what was changed since, and does it again.
    fn undo_and_redo(&mut self, before: &Undoable, count: usize) -> Vec<String> {
        let after = self.harness.state().undoable();
        let made = self.harness.state_mut().changes().saturating_sub(count);
        let mut faults = Vec::new();
        for (name, wanted) in [("Undo", before), ("Redo", &after)] {
            for _ in 0..made {
                self.act(name, 0);
                self.harness.run_steps(2);
            }
            self.rest();
            let differs = self.harness.state().undoable().differs(wanted);
            if made > 0 && !differs.is_empty() {
                faults.push(format!("{name} ({made} changes) does not bring back: {}", differs.join(", ")));
            }
        }
        self.ticked.clone_from(self.harness.state().ticked_runs());
        faults
    }
}

impl Drop for World {
    /// Runs in work are ended, so that the next list has the machine for itself.
    fn drop(&mut self) {
        self.harness.state_mut().end();
    }
}

/// Carries a list out in a new window; what was done and what did not hold, where something did not.
fn carry_out(list: impl IntoIterator<Item = (String, usize, bool)>) -> Result<(), String> {
    let mut world = World::new();
    for (name, which, patient) in list {
        let done = catch_unwind(AssertUnwindSafe(|| world.perform(&name, which, patient)));
        let faults = done.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            vec![format!("{name} {which} panicked: {}", words.unwrap_or_default())]
        });
        if !faults.is_empty() {
            return Err(format!("{}\n{}", faults.join("\n"), world.log.join("\n")));
        }
    }
    Ok(())
}

/// A list by the names of its kinds, as a failing one is reported.
fn holds(list: &[(&str, usize, bool)]) {
    let list = list.iter().map(|(name, which, patient)| ((*name).to_owned(), *which, *patient));
    carry_out(list).unwrap_or_else(|words| panic!("{words}"));
}

/// The shortest part of a failing list that fails still, as far as there is time: halves are left out, then quarters, down to single
/// operations. A list takes seconds, so fewer trials count for more here than the least numbers.
fn shrunk(list: Vec<Operation>, why: String) -> (Vec<Operation>, String) {
    let begun = Instant::now();
    let (mut list, mut why) = (list, why);
    let mut size = list.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < list.len() && begun.elapsed() < SHRINKING {
            let mut shorter = list.clone();
            shorter.drain(from..(from + size).min(list.len()));
            match carry_out(named(&shorter)) {
                Err(words) => (list, why) = (shorter, words),
                Ok(()) => from += size,
            }
        }
        size /= 2;
    }
    (list, why)
}

/// A list by the names of its kinds.
fn named(list: &[Operation]) -> Vec<(String, usize, bool)> {
    list.iter().map(|(kind, which, patient)| (names()[*kind].clone(), *which, *patient)).collect()
}

#[test]
fn random_operations_leave_the_window_whole() {
    let lists = std::env::var("WEIGHTSCOPE_RANDOM_LISTS").ok().and_then(|text| text.parse().ok());
    let operation = (0..names().len(), 0..64_usize, proptest::bool::weighted(0.5));
    let strategy = vec(operation, LENGTH);
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..lists.unwrap_or(LISTS) {
        let list = strategy.new_tree(&mut runner).unwrap().current();
        if let Err(why) = carry_out(named(&list)) {
            let (list, why) = shrunk(list, why);
            panic!("{why}\nthe list: {:?}", named(&list));
        }
    }
}

#[test]
fn a_closed_tile_hands_the_focus_on_and_the_run_that_was_asked_for_last_is_shown() {
    holds(&[
        ("OpenRun", 0, true),
        ("Focus", 1, true),
        ("CloseTile", 0, true),
        ("Maximise", 0, true),
        ("OpenRun", 1, false),
        ("OpenRun", 2, true),
        ("Tick", 1, true),
        ("DeleteTicked", 0, true),
        ("Undo", 0, true),
    ]);
}

#[test]
fn the_checks_find_what_they_look_for() {
    let mut world = World::new();
    assert_eq!(world.perform("OpenRun", 0, true), Vec::<String>::new(), "a run is opened");
    let kind = names().iter().position(|name| name == "Tick").unwrap();
    let context = world.harness.ctx.clone();
    world.harness.state_mut().operate(kind, 0, &context).unwrap();
    let faults = world.faults("Fit");
    assert!(faults.iter().any(|fault| fault.contains("ticks were")), "a tick that nobody set: {faults:?}");
}
