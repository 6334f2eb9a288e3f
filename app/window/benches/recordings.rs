//! How long a person waits for a recording of one's own training: from the drop on the window to the first traces, and from a turn of
//! "Where" to that stretch in all views of the first layout, or in one. Views are made beside the window's thread, which draws meanwhile;
//! how long its slowest frame took is printed too.
//!
//! Limits, for a million steps of 22 tensors: 3 s and 50 ms. Run with
//! `WEIGHTSCOPE_RECORDING=FOLDER cargo bench -p weightscope-window --bench recordings`; without it the demo is measured.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measures"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::epaint::{ClippedShape, Shape};
use weightscope_engine::CATALOGUE;
use weightscope_engine::record::{ControlValue, Controls};
use weightscope_window::window::App;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_mins(1);
/// Turns that are measured.
const TURNS: usize = 20;
/// Stretches that are looked at.
const PARTS: [&str; 3] = ["200", "1000", "4000"];

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// A fingerprint of the lines that are drawn, and how many points they have.
fn lines(shapes: &[ClippedShape]) -> (u64, usize) {
    fn add(shape: &Shape, found: &mut (DefaultHasher, usize)) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(shape, found)),
            Shape::Path(path) if !path.closed && path.points.len() > 8 => {
                found.1 += path.points.len();
                path.points
                    .iter()
                    .for_each(|point| (point.x.to_bits(), point.y.to_bits()).hash(&mut found.0));
            }
            _ => {}
        }
    }
    let mut found = (DefaultHasher::new(), 0);
    shapes.iter().for_each(|clipped| add(&clipped.shape, &mut found));
    (found.0.finish(), found.1)
}

/// A window without a screen.
struct Window {
    app: App,
    context: egui::Context,
    began: Instant,
    slowest: Duration,
}

impl Window {
    fn frame(&mut self, change: impl FnOnce(&mut egui::RawInput)) -> (u64, usize) {
        let mut input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0))),
            time: Some(self.began.elapsed().as_secs_f64()),
            ..egui::RawInput::default()
        };
        change(&mut input);
        let begun = Instant::now();
        self.app.drain(&self.context);
        let output = self.context.run_ui(input, |ui| self.app.draw(ui));
        self.slowest = self.slowest.max(begun.elapsed());
        let drawn = lines(&output.shapes);
        output.drop_without_applying_deltas();
        drawn
    }

    /// Draws until the lines are as wanted; how long that took.
    fn until(&mut self, wanted: impl Fn((u64, usize)) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            if wanted(self.frame(|_| ())) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "nothing came in {PATIENCE:?}: {:?}", self.app.status());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Draws until each tile shows what is asked for; how long that took.
    fn settle(&mut self) -> Duration {
        let begun = Instant::now();
        loop {
            self.frame(|_| ());
            if !self.app.is_deriving() {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "views were not made in {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Prints what turns took but the first, which also changed the part; and the slowest frame meanwhile.
    fn report(&mut self, what: &str, mut took: Vec<Duration>) {
        took.remove(0);
        took.sort();
        let (median, slowest) = (took[took.len() / 2], took[took.len() - 1]);
        println!(
            "a turn of Where, {what}: median {median:?}, slowest {slowest:?}; slowest frame {:?}",
            self.slowest
        );
        self.slowest = Duration::ZERO;
    }
}

fn main() {
    let path = std::env::var_os("WEIGHTSCOPE_RECORDING").map(PathBuf::from);
    let Some(path) = path.filter(|_| std::env::args().any(|argument| argument == "--bench")) else {
        println!("name a recording by WEIGHTSCOPE_RECORDING, and run with --bench");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let context = egui::Context::default();
    let app = App::with_context(CATALOGUE, &context, folder.path(), None);
    let mut window = Window { app, context, began: Instant::now(), slowest: Duration::ZERO };
    for _ in 0..3 {
        window.frame(|_| ());
    }
    let begun = Instant::now();
    window.frame(|input| input.dropped_files.push(Arc::new(Dropped(path))));
    window.until(|(_, points)| points > 100);
    println!("from the drop to the first lines: {:?}; slowest frame {:?}", begun.elapsed(), window.slowest);
    let part = |part: &str, middle: f64| {
        let mut controls = Controls::default();
        controls.set("recorded_part", ControlValue::Word(part.to_owned()));
        controls.set("recorded_middle", ControlValue::Number(middle));
        controls
    };
    for frames in PARTS {
        let took: Vec<Duration> = (0..=TURNS)
            .map(|turn| {
                window.settle();
                window.app.turn(&part(frames, 5.0 + 4.0 * turn as f64));
                window.settle()
            })
            .collect();
        window.report(&format!("all views of the first layout, {frames} frames"), took);
    }
    for frames in PARTS {
        let took: Vec<Duration> = (0..=TURNS)
            .map(|turn| {
                window.settle();
                window.app.look_at("recorded_trace", &part(frames, 7.0 + 4.0 * turn as f64));
                window.settle()
            })
            .collect();
        window.report(&format!("one view, {frames} frames"), took);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
