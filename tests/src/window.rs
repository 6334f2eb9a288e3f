//! The window without a display, read and driven through its accessibility tree.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Pos2;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::lab::Catalogue;
use weightscope_window::window::App;

/// Size of the window, points.
pub const SIZE: [f32; 2] = [1440.0, 900.0];

/// The workbench over a folder of runs; inputs without a name make the harness fail.
pub fn workbench(folder: &Path) -> Harness<'static, App> {
    sized(folder, SIZE)
}

/// The same in a window of another size.
pub fn sized(folder: &Path, size: [f32; 2]) -> Harness<'static, App> {
    of(CATALOGUE, folder, size)
}

/// The workbench of a size of one's own over another catalogue.
pub fn of(catalogue: Catalogue, folder: &Path, size: [f32; 2]) -> Harness<'static, App> {
    let folder = folder.to_owned();
    Harness::builder().with_size(size).build_eframe(move |creation| App::new(catalogue, creation, &folder))
}

/// Draws frames until something holds; fails after a minute.
pub fn until(harness: &mut Harness<'_, App>, what: &str, done: impl Fn(&App) -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_mins(1) {
        harness.step();
        if done(harness.state()) {
            harness.step();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never happened: {what}");
}

/// Draws frames until a node with these words is there; fails after some ten seconds.
pub fn wait_for(harness: &mut Harness<'_, App>, words: &str) {
    for _ in 0..2000 {
        harness.step();
        if harness.query_all_by_label_contains(words).next().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never came: {words}");
}

/// Draws frames until the button with this label can act, then clicks it; fails after some ten seconds.
pub fn click_when_ready(harness: &mut Harness<'_, App>, label: &str) {
    for _ in 0..2000 {
        harness.step();
        let node = harness.query_by_label(label);
        if node.is_some_and(|node| !node.accesskit_node().is_disabled()) {
            return click(harness, label);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never ready: {label}");
}

/// Clicks the one node with this label; a window that opens then has found its size.
pub fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(4);
}

/// Clicks a place, as a pointer does.
pub fn click_at(harness: &mut Harness<'_, App>, at: Pos2) {
    harness.hover_at(at);
    harness.run_steps(2);
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        let modifiers = egui::Modifiers::NONE;
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        harness.step();
    }
    harness.run_steps(2);
}

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Drops a file or folder on the window.
pub fn drop_on(harness: &mut Harness<'_, App>, path: &Path) {
    harness.input_mut().dropped_files.push(Arc::new(File(path.to_owned())));
    harness.step();
    harness.input_mut().dropped_files.clear();
}
