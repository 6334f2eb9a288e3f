//! What a lab shows: every view finds the channels that it names and has something to draw, in every format of a file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::kit::{self, ControlKind, ControlValue, Controls, Drawing, Figure, Record, ViewSpec};
use crate::runs::{self, Finished, named, unbroken};

/// Fewest colours of a picture on which something is drawn: paper, letters and their edges.
const FEWEST_COLOURS: usize = 4;

/// Runs beside one, for the views across runs of its lab.
pub(crate) fn beside(lab: &str, run: &Finished) -> Vec<(Record, PathBuf)> {
    if kit::views(&run.experiment).iter().all(|view| !view.across) {
        return Vec::new();
    }
    let sibling = runs::sibling(lab);
    vec![(sibling.record, sibling.folder)]
}

/// States of a view's controls: as they stand before anything is turned, then each choice turned by itself.
fn states(view: &ViewSpec, views: &[ViewSpec], record: &Record) -> Vec<Controls> {
    let initial = Controls::default().complete(views, record);
    let mut states = vec![initial.clone()];
    for control in &view.controls {
        if !matches!(control.kind, ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. }) {
            continue;
        }
        for (key, _) in control.options(record) {
            let mut turned = initial.clone();
            turned.set(&control.id, ControlValue::Word(key));
            states.push(turned);
        }
    }
    states
}

/// The figure of a view and the first state of its controls in which there is one.
pub(crate) fn drawn(run: &Finished, view: &ViewSpec, beside: &[(Record, PathBuf)]) -> (Controls, Figure) {
    let mut why = String::new();
    for controls in states(view, &kit::views(&run.experiment), &run.record) {
        let drawing = Drawing {
            experiment: &run.experiment,
            record: &run.record,
            folder: &run.folder,
            controls: &controls,
            beside,
        };
        match drawing.figure(view) {
            Ok(figure) => return (controls, figure),
            Err(error) => why = error,
        }
    }
    panic!("the view {} of {} has nothing to draw: {why}", view.id, run.folder.display());
}

/// Every pattern of channels that a view names, and the channels that its axes and controls read.
fn names(view: &ViewSpec) -> Vec<String> {
    let axes = [Some(&view.x), Some(&view.y), view.color.as_ref()];
    let words = axes.into_iter().flatten().filter_map(|axis| axis.named_by.clone());
    let read = view.controls.iter().filter_map(|control| match &control.kind {
        ControlKind::ChoiceFrom { channel } | ControlKind::Row { of: channel } => Some(channel.clone()),
        _ => None,
    });
    let drawn = view
        .channels
        .iter()
        .chain(&view.overlays)
        .chain(&view.agree)
        .chain(&view.marks)
        .chain(&view.note)
        .cloned();
    drawn.chain(words).chain(read).collect()
}

/// The views of a lab, each with the first short run in which it draws these channels: what a table without known truth or a
/// quantizer without levels cannot show is shown by the smallest one.
pub(crate) fn views_with_runs(lab: &str) -> Vec<(Finished, ViewSpec)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (name, experiment) in crate::experiments::experiments(lab) {
        let fresh = |view: &ViewSpec| seen.insert((view.id.clone(), view.channels.clone()));
        let fresh: Vec<ViewSpec> = kit::views(&experiment).into_iter().filter(fresh).collect();
        found.extend(fresh.into_iter().map(|view| (named(lab, name), view)));
    }
    found
}

/// A channel that a view names and no run has is a tile that stays empty, or a line that is missing, in silence.
pub(crate) fn every_view_finds_the_channels_that_it_names(lab: &str) {
    for (run, view) in views_with_runs(lab) {
        let what = format!("{}, view {}", run.folder.display(), view.id);
        let beside = beside(lab, &run);
        let mut missing: BTreeSet<String> = names(&view).into_iter().collect();
        assert!(!missing.is_empty(), "{what}: it names no channel");
        for controls in states(&view, &kit::views(&run.experiment), &run.record) {
            let drawing = Drawing {
                experiment: &run.experiment,
                record: &run.record,
                folder: &run.folder,
                controls: &controls,
                beside: &beside,
            };
            let record = drawing.channels(&view).unwrap_or_else(|error| panic!("{what}: {error}"));
            missing.retain(|pattern| record.select(std::slice::from_ref(pattern)).is_empty());
            if missing.is_empty() {
                break;
            }
        }
        assert!(missing.is_empty(), "{what}: there is no {missing:?}");
    }
}

/// A button that asks for more runs asks for such as can run, several of them, each a run of its own.
pub(crate) fn what_a_button_asks_to_be_run_next_can_run(lab: &str) {
    for (run, view) in views_with_runs(lab) {
        for action in &view.actions {
            let Some(next) = kit::next(&run.experiment, &run.record, &view, &action.id) else { continue };
            let what = format!("{lab}, view {}, button {}", view.id, action.id);
            let next = next.unwrap_or_else(|problems| panic!("{what}: {problems:?}"));
            let members = kit::members(&next);
            assert!(members.len() > 1, "{what}: {} runs", members.len());
            for (place, member) in members.iter().enumerate() {
                let rest = members.get(place + 1..).unwrap_or_default();
                assert!(!rest.contains(member), "{what}: a run twice");
            }
        }
    }
}

/// Every view has a figure.
pub(crate) fn every_view_has_something_to_draw(lab: &str) {
    for (run, view) in views_with_runs(lab) {
        let (_, figure) = drawn(&run, &view, &beside(lab, &run));
        assert_eq!(figure.provenance.view, view.id, "{lab}: the figure says what it shows");
    }
}

/// The figures of the smallest run as files: each is whole, and the picture and the table hold something.
pub(crate) fn every_view_is_written_in_every_format(lab: &str) {
    let run = unbroken(lab);
    let beside = beside(lab, &run);
    for view in kit::views(&run.experiment) {
        let (_, figure) = drawn(&run, &view, &beside);
        let files = kit::files_of(&figure);
        assert_eq!(files.len(), 5, "{lab}, {}: SVG, PDF, PNG, CSV and JSON", view.id);
        for (format, bytes) in files {
            let what = format!("{lab}, {} as {format}", view.id);
            match format {
                "svg" => {
                    let text = String::from_utf8(bytes).unwrap();
                    assert!(
                        text.contains("<svg") && text.trim_end().ends_with("</svg>"),
                        "{what}: not whole"
                    );
                    let marks = ["<path", "<text", "<rect", "<circle", "<line", "<image", "<g"];
                    let drawn: usize = marks.iter().map(|mark| text.matches(mark).count()).sum();
                    assert!(drawn > 5, "{what}: {drawn} elements");
                }
                "pdf" => {
                    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 2000, "{what}: not whole");
                    let tail = &bytes[bytes.len().saturating_sub(16)..];
                    assert!(tail.windows(5).any(|part| part == b"%%EOF"), "{what}: cut off");
                }
                "png" => {
                    let picture = image::load_from_memory(&bytes).unwrap().to_rgba8();
                    let colours: BTreeSet<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
                    assert!(colours.len() >= FEWEST_COLOURS, "{what}: {} colours", colours.len());
                }
                "csv" => {
                    let text = String::from_utf8(bytes).unwrap();
                    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
                    assert!(rows >= 2, "{what}: no row below the head: {text}");
                }
                "json" => {
                    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                    assert_eq!(value["format"], "weightscope view", "{what}");
                    assert_eq!(value["provenance"]["view"], view.id.as_str(), "{what}");
                    let held = ["items", "rows", "edges", "panels", "text"].map(|key| &value["body"][key]);
                    let is_filled = |held: &&serde_json::Value| {
                        held.as_array().is_some_and(|held| !held.is_empty())
                            || held.as_str().is_some_and(|text| !text.is_empty())
                    };
                    assert!(held.iter().any(is_filled), "{what}: nothing in it");
                }
                other => panic!("{what}: no check for {other}"),
            }
        }
    }
}
