//! Words: everything that a person meets has a label and a sentence, and what views say of each other holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::{self, ControlSpec, Drawing, Record, ViewSpec, Words};
use crate::runs::{named, unbroken};
use crate::shown::{beside, drawn, views_with_runs};

/// Fewest letters of a sentence.
const SHORTEST: usize = 10;

/// What is wrong with words; nothing if they are whole.
fn lacking(label: &str, about: &str) -> Option<String> {
    let about = about.trim();
    if label.trim().is_empty() {
        Some("no label".to_owned())
    } else if about.chars().count() <= SHORTEST || !about.ends_with('.') {
        Some(format!("no sentence about it, but \"{about}\""))
    } else {
        None
    }
}

fn assert_none(lab: &str, what: &str, problems: &BTreeSet<String>) {
    let list: Vec<&str> = problems.iter().map(String::as_str).collect();
    assert!(problems.is_empty(), "{lab}: {what}:\n  {}", list.join("\n  "));
}

/// What is wrong with the words of a record's channels.
fn check_channels(record: &Record, problems: &mut BTreeSet<String>) {
    for channel in record.channels() {
        let lack = lacking(&channel.label, &channel.about);
        problems.extend(lack.map(|lack| format!("{}: {lack}", channel.id)));
        // So it looks if it was recorded before it was declared.
        if channel.label == channel.id && channel.id.contains(['_', '/']) {
            problems.insert(format!("{}: its label is its id", channel.id));
        }
    }
}

/// Recorded channels of every short experiment, and those that views derive.
pub(crate) fn every_channel_has_a_label_and_a_sentence(lab: &str) {
    let mut problems = BTreeSet::new();
    for (name, _) in crate::experiments::experiments(lab) {
        check_channels(&named(lab, name).record, &mut problems);
    }
    for (run, view) in views_with_runs(lab).into_iter().filter(|(_, view)| view.is_derived()) {
        let beside = beside(lab, &run);
        let (controls, _) = drawn(&run, &view, &beside);
        let drawing = Drawing {
            experiment: &run.experiment,
            record: &run.record,
            folder: &run.folder,
            controls: &controls,
            beside: &beside,
        };
        check_channels(&drawing.channels(&view).unwrap(), &mut problems);
    }
    assert_none(lab, "channels without words", &problems);
}

/// Controls and buttons.
pub(crate) fn every_control_and_button_has_a_label_and_a_sentence(lab: &str) {
    let mut problems = BTreeSet::new();
    for (_, experiment) in crate::experiments::experiments(lab) {
        for view in kit::views(&experiment) {
            for ControlSpec { id, label, about, .. } in &view.controls {
                problems.extend(lacking(label, about).map(|lack| format!("control {id}: {lack}")));
            }
            for action in &view.actions {
                let lack = lacking(&action.label, &action.about);
                problems.extend(lack.map(|lack| format!("button {}: {lack}", action.id)));
            }
        }
    }
    assert_none(lab, "controls without words", &problems);
}

/// Results of every short experiment.
pub(crate) fn every_result_has_a_label_and_a_sentence(lab: &str) {
    let mut problems = BTreeSet::new();
    for (name, _) in crate::experiments::experiments(lab) {
        for result in named(lab, name).results.keys() {
            match kit::result_words(lab, result) {
                Some(Words { label, about }) => {
                    problems.extend(lacking(&label, &about).map(|lack| format!("{result}: {lack}")));
                }
                None => {
                    problems.insert(format!("{result}: no words"));
                }
            }
        }
    }
    assert_none(lab, "results without words", &problems);
}

/// The lab itself, and what can be taken away from it.
pub(crate) fn the_lab_and_its_products_say_what_they_are(lab: &str) {
    let about = kit::about(lab);
    assert!(lacking(about.title, about.claim).is_none(), "{lab}: {about:?}");
    assert!(about.paper.len() > SHORTEST && about.link.starts_with("https://"), "{lab}: {about:?}");
    assert!(!about.headlines.is_empty(), "{lab}: no result is named by which a run is judged");
    for (id, label, words) in kit::products(&unbroken(lab).experiment) {
        assert!(lacking(label, words).is_none(), "{lab}: product {id}: {label}: {words}");
    }
}

/// Title, help that says how to read it, and what stands there while it is empty.
pub(crate) fn every_view_says_how_to_read_it(lab: &str) {
    let mut problems = BTreeSet::new();
    for (_, experiment) in crate::experiments::experiments(lab) {
        for view in kit::views(&experiment) {
            let id = &view.id;
            if view.title.trim().is_empty() {
                problems.insert(format!("{id}: no title"));
            }
            if view.empty.chars().count() <= SHORTEST || !view.empty.ends_with('.') {
                problems.insert(format!("{id}: no sentence for the empty tile, but \"{}\"", view.empty));
            }
            let says_how = ["**How to read it.**", "**Read.**"].iter().any(|head| view.help.contains(head));
            if !says_how {
                problems.insert(format!("{id}: its help does not say how to read it"));
            }
        }
    }
    assert_none(lab, "views without words", &problems);
}

/// Ids are told apart, and what refers to another view or to a control finds it.
pub(crate) fn views_and_controls_fit_together(lab: &str) {
    for (name, experiment) in crate::experiments::experiments(lab) {
        let views = kit::views(&experiment);
        let ids: BTreeSet<&str> = views.iter().map(|view| view.id.as_str()).collect();
        assert_eq!(ids.len(), views.len(), "{name}: two views share an id");
        let mut controls: BTreeMap<&str, &ControlSpec> = BTreeMap::new();
        for control in views.iter().flat_map(|view| &view.controls) {
            let first = controls.entry(&control.id).or_insert(control);
            assert_eq!(*first, control, "{name}: the control {} is not the same everywhere", control.id);
        }
        for view in &views {
            for other in view.tab_of.iter().chain(&view.picks_into) {
                assert!(ids.contains(other.as_str()), "{name}: {} names no view {other}", view.id);
            }
            for control in wanted(view) {
                assert!(controls.contains_key(control), "{name}: {} names no control {control}", view.id);
            }
            // The title says what is chosen: only of a control that turns the view is that true.
            if let Some(subject) = &view.subject {
                let mut turned = view.controls.iter().chain(&view.turned_elsewhere);
                let has = turned.any(|control| control.id == *subject);
                assert!(has, "{name}: the subject {subject} of {} is no control of it", view.id);
            }
        }
    }
}

/// Ids of the controls that a view refers to.
fn wanted(view: &ViewSpec) -> Vec<&str> {
    let lines = view.references.iter().filter_map(|line| line.control.as_deref());
    let others = view.controls.iter().filter_map(|control| control.matters.as_ref());
    let others = others.map(|matters| matters.control.as_str());
    view.derives.iter().map(String::as_str).chain(lines).chain(others).collect()
}
