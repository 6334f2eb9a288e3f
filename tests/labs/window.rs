//! Every view in the window, in both themes, read through its accessibility tree and as a picture.
//!
//! With `WEIGHTSCOPE_PICTURES=FOLDER` the pictures are kept there, to be looked at.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Rect, Theme, ThemePreference};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
pub(crate) use weightscope_tests::runs::copy;
use weightscope_tests::window::{click, of, until};
use weightscope_window::window::App;

use crate::kit::{self, ViewSpec};
use crate::runs::{Finished, unbroken};
use crate::shown::{beside, drawn};

/// The least window, points: lavapipe paints on the cores that compute.
const SIZE: [f32; 2] = [1024.0, 680.0];
/// Fewest pixels of a tile that are not its ground, one in so many.
const ONE_IN: usize = 400;
/// Fewest colours of a tile.
const FEWEST_COLOURS: usize = 4;

/// Light on dark.
pub(crate) fn every_view_is_seen_in_the_dark_theme(lab: &str) {
    look_at_all(lab, Theme::Dark);
}

/// Dark on light.
pub(crate) fn every_view_is_seen_in_the_light_theme(lab: &str) {
    look_at_all(lab, Theme::Light);
}

/// One window that shows one view after another.
#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn look_at_all(lab: &str, theme: Theme) {
    let run = unbroken(lab);
    let beside = beside(lab, &run);
    let root = tempfile::tempdir().unwrap();
    for folder in std::iter::once(&run.folder).chain(beside.iter().map(|(_, folder)| folder)) {
        copy(folder, &root.path().join(folder.file_name().unwrap()));
    }
    let mut harness = opened(root.path(), lab, theme, beside.len());
    let mut with_pictures = true;
    for view in kit::views(&run.experiment) {
        let (controls, _) = drawn(&run, &view, &beside);
        harness.state_mut().look_at(&view.id, &controls);
        let tile = seen(&mut harness, lab, &view);
        if !with_pictures {
            continue;
        }
        if let Some(picture) = picture(&mut harness) {
            assert_drawn(&picture, tile, &format!("{lab}, {}, {theme:?}", view.id));
        } else {
            eprintln!("no graphics adapter: no pictures are taken of {lab} ({theme:?})");
            with_pictures = false;
        }
    }
    drop(harness);
    assert_known(&run);
}

/// A window that shows the run, in a theme, with the others ticked.
fn opened(root: &Path, lab: &str, theme: Theme, others: usize) -> Harness<'static, App> {
    let mut harness = of(kit::SUITE, root, SIZE);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1 + others);
    show(&mut harness, lab, theme);
    if others > 0 {
        click(&mut harness, &format!("Tick {lab} sibling"));
        until(&mut harness, "the other run is read", |app| app.overlaid_runs().len() == others);
    }
    // The pointer would stand in the pictures.
    harness.event(egui::Event::PointerGone);
    assert_eq!(harness.ctx.theme(), theme, "the theme is the one that was asked for");
    harness
}

/// Opens the run of a lab from the list, in a theme.
pub(crate) fn show(harness: &mut Harness<'_, App>, lab: &str, theme: Theme) {
    harness.ctx.set_theme(match theme {
        Theme::Dark => ThemePreference::Dark,
        Theme::Light => ThemePreference::Light,
    });
    until(harness, "the list is read", |app| !app.listed_runs().is_empty());
    click(harness, &format!("Open {lab}"));
    until(harness, "the run is shown", |app| app.folder().is_some());
}

/// Waits until a view is drawn and not excused; the room of its tile below the title.
fn seen(harness: &mut Harness<'_, App>, lab: &str, view: &ViewSpec) -> Rect {
    let begun = Instant::now();
    loop {
        harness.run_steps(2);
        let says = |words: &str| harness.query_all_by_label_contains(words).next().is_some();
        assert!(!says("This view could not be made"), "{lab}: the view {} could not be made", view.id);
        if !says("Computing…") && !says(&view.empty) && !says("Nothing of this run.") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{lab}: the view {} stays empty", view.id);
        std::thread::sleep(Duration::from_millis(5));
    }
    let button = harness.get_by_label(&format!("Export {}", view.title)).rect();
    Rect::from_min_max(egui::pos2(12.0, button.bottom() + 4.0), egui::pos2(SIZE[0] - 12.0, SIZE[1] - 64.0))
}

/// A picture of the window as it stands, with its width; nothing without a graphics adapter.
fn picture(harness: &mut Harness<'_, App>) -> Option<image::RgbaImage> {
    match catch_unwind(AssertUnwindSafe(|| harness.render())) {
        Ok(picture) => Some(picture.unwrap()),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            assert!(words.contains("Failed to create render state"), "{words}");
            None
        }
    }
}

/// Asserts that something is drawn on the ground of a tile.
fn assert_drawn(picture: &image::RgbaImage, tile: Rect, what: &str) {
    if let Some(folder) = std::env::var_os("WEIGHTSCOPE_PICTURES") {
        let name = what.replace(", ", "-").to_lowercase();
        std::fs::create_dir_all(&folder).unwrap();
        picture.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
    }
    let mut colours: BTreeMap<[u8; 4], usize> = BTreeMap::new();
    for (x, y, pixel) in picture.enumerate_pixels() {
        if tile.contains(egui::pos2(x as f32, y as f32)) {
            *colours.entry(pixel.0).or_default() += 1;
        }
    }
    let all: usize = colours.values().sum();
    let ground = colours.values().max().copied().unwrap_or_default();
    assert!(all > 0 && colours.len() >= FEWEST_COLOURS, "{what}: {} colours", colours.len());
    assert!((all - ground) * ONE_IN >= all, "{what}: {} of {all} pixels are drawn on", all - ground);
}

/// The run that the window read is the one that was made: nothing was written into it.
fn assert_known(run: &Finished) {
    assert_eq!(kit::stream_hash(&run.folder), run.stream, "looking changes no run");
}
