//! What is carried over from the run that was shown before: how controls were turned, as far as that means something in the new one.

use std::collections::BTreeMap;

use weightscope_frame::experiment::Mark;
use weightscope_frame::record::{ControlKind, ControlSpec, ControlValue, Coordinate, Record, ViewSpec};

use super::app::App;
use super::shown::Shown;

impl App {
    /// Takes controls back to where they stand at first, where they point outside the run that is shown: a row or a choice that only the
    /// run before had. Looks again with each newer state of the run.
    pub(super) fn fit_controls(&mut self) {
        let Some(shown) = &self.shown else { return };
        if self.fitted == Some(shown.version) {
            return;
        }
        self.fitted = Some(shown.version);
        for control in shown.views.iter().flat_map(|view| &view.controls) {
            let value = self.controls.0.get(&control.id);
            if value.is_some_and(|value| points_outside(control, value, shown.record())) {
                self.controls.0.remove(&control.id);
            }
        }
    }

    /// Forgets what was dragged or brushed on other data: it would be read as chosen for these.
    pub(super) fn forget_dragged(&mut self, views: &[ViewSpec]) {
        self.controls.clear_regions();
        let dragged: Vec<&str> = views.iter().flat_map(dragged).collect();
        self.controls.0.retain(|id, _| !dragged.contains(&id.as_str()));
    }

    /// Takes lines and handles back to where they stand at first, where the run shown before had them elsewhere by its own settings: left
    /// where they are, they would be read as those of this run.
    pub(super) fn begin_lines(&mut self, before: &TurnedOn, now: &TurnedOn) {
        let moved =
            |id: &String| matches!((before.lines.get(id), now.lines.get(id)), (Some(a), Some(b)) if a != b);
        self.controls.0.retain(|id, _| !moved(id));
    }
}

/// True if a control stands at a row or a choice that the record does not have. Before it has any, nothing is outside.
fn points_outside(control: &ControlSpec, value: &ControlValue, record: &Record) -> bool {
    match (&control.kind, value) {
        (ControlKind::Row { .. }, ControlValue::Number(row)) => {
            let rows = control.rows(record);
            rows > 0 && *row >= rows as f64
        }
        (ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. }, ControlValue::Word(word)) => {
            let options = control.options(record);
            !options.is_empty() && options.iter().all(|(key, _)| key != word)
        }
        _ => false,
    }
}

/// Controls that lines and handles of a view turn.
pub(super) fn dragged(view: &ViewSpec) -> impl Iterator<Item = &str> {
    let lines = view.references.iter().filter_map(|line| line.control.as_deref());
    let ends = view.handles.iter().flat_map(|handle| [&handle.x, &handle.y]);
    lines.chain(ends.filter_map(|end| match end {
        Coordinate::Control { id, .. } => Some(id.as_str()),
        Coordinate::At(_) => None,
    }))
}

/// What the controls were turned on, as far as another run can share it: its lab and its data. It outlives the run that was shown.
pub(super) struct TurnedOn {
    lab: String,
    hashes: Vec<String>,
    places: Vec<(&'static str, String)>,
    /// Where lines and handles stand at first, by control.
    lines: BTreeMap<String, f64>,
}

impl TurnedOn {
    /// A run that is shown.
    pub(super) fn of(shown: &Shown) -> Self {
        Self {
            lab: shown.experiment.lab().to_owned(),
            hashes: shown.data.iter().map(|read| read.hash.clone()).collect(),
            places: places(shown),
            lines: shown.views.iter().flat_map(lines).collect(),
        }
    }

    /// True if the other one is of the same lab.
    pub(super) fn has_lab_of(&self, other: &Self) -> bool {
        self.lab == other.lab
    }

    /// True if both were made of the same data, as far as that is known: by what was read, else by the places in their settings.
    pub(super) fn has_data_of(&self, other: &Self) -> bool {
        if self.hashes.is_empty() || other.hashes.is_empty() {
            return self.places == other.places;
        }
        self.hashes == other.hashes
    }
}

/// Where the lines and handles of a view stand before anybody drags them.
fn lines(view: &ViewSpec) -> Vec<(String, f64)> {
    let dragged: Vec<&str> = dragged(view).collect();
    let own = view.controls.iter().filter(|control| dragged.contains(&control.id.as_str()));
    own.filter_map(|control| match control.kind {
        ControlKind::Number { initial, .. } => Some((control.id.clone(), initial)),
        _ => None,
    })
    .collect()
}

/// The settings that name data: the one that is marked, and every path.
fn places(shown: &Shown) -> Vec<(&'static str, String)> {
    let settings = shown.experiment.settings().into_iter();
    let texts = settings.filter_map(|(field, value)| Some((field, value.as_str()?.to_owned())));
    let named =
        texts.filter(|(field, text)| field.mark == Mark::DataSet || text.contains(std::path::is_separator));
    named.map(|(field, text)| (field.key, text)).collect()
}

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{
        Channel, Data, Grid, Handle, Reference, ReferenceAxis, ReferenceStyle, Timeline, ViewKind,
    };

    use weightscope_engine::CATALOGUE;
    use weightscope_frame::experiment::Experiment;

    use super::*;

    #[test]
    fn lines_that_follow_from_settings_begin_anew_with_other_settings() {
        let folder = tempfile::tempdir().unwrap();
        let context = egui::Context::default();
        let mut app = App::with_context(CATALOGUE, &context, folder.path(), None);
        let show = |app: &mut App, settings: &[(&str, &str)]| {
            let text = CATALOGUE.preset("compander/quick").unwrap().text;
            let mut experiment = Experiment::from_toml(CATALOGUE, text).unwrap();
            settings.iter().for_each(|(key, value)| experiment.set_typed(key, value).unwrap());
            app.show_record(&experiment, Record::default());
        };
        show(&mut app, &[]);
        app.controls.set("bound", ControlValue::Number(3.0));
        app.controls.set("knee", ControlValue::Number(1.0));
        show(&mut app, &[("repeats", "2")]);
        assert!(app.controls.0.contains_key("bound"), "the function is the same");
        show(&mut app, &[("amplitude", "1.2")]);
        assert!(!app.controls.0.contains_key("bound"), "another bound");
        assert!(app.controls.0.contains_key("knee"), "the same width");
        app.end();
    }

    #[test]
    fn controls_outlive_a_deleted_run_for_runs_of_its_lab_alone() {
        let folder = tempfile::tempdir().unwrap();
        let context = egui::Context::default();
        let mut app = App::with_context(CATALOGUE, &context, folder.path(), None);
        let show = |app: &mut App, lab: &str| {
            let experiment = Experiment::from_toml(CATALOGUE, CATALOGUE.preset(lab).unwrap().text).unwrap();
            app.show_record(&experiment, Record::default());
        };
        show(&mut app, "oscillation/quick");
        app.controls.set("turned", ControlValue::Number(3.0));
        app.show_nothing();
        show(&mut app, "oscillation/quick");
        assert!(app.controls.0.contains_key("turned"), "put back, it is as it was left");
        app.show_nothing();
        show(&mut app, "phases/quick");
        assert!(app.controls.0.is_empty(), "in another lab it means nothing");
        app.end();
    }

    #[test]
    fn a_row_or_a_choice_that_the_record_lacks_is_outside() {
        let row = ControlSpec::new("r", "r", "", ControlKind::Row { of: "rows".to_owned() });
        let choice = ControlSpec::new("c", "c", "", ControlKind::ChoiceFrom { channel: "names".to_owned() });
        let (third, word) = (ControlValue::Number(3.0), ControlValue::Word("fc3".to_owned()));
        let mut record = Record::default();
        assert!(!points_outside(&row, &third, &record), "nothing is known yet");
        assert!(!points_outside(&choice, &word, &record), "nothing is known yet");
        let grid = Grid { columns: vec![String::new(); 2], values: vec![0.0; 6], ..Grid::default() };
        record.insert(Channel::new("rows", "", "", "", Data::Grid(Timeline::one(grid))));
        let names = vec![("fc1".to_owned(), "fc1".to_owned())];
        record.insert(Channel::new("names", "", "", "", Data::Choices(names)));
        assert!(points_outside(&row, &third, &record), "a fourth of three rows");
        assert!(!points_outside(&row, &ControlValue::Number(2.0), &record), "the last row");
        assert!(points_outside(&choice, &word, &record), "no such choice");
        assert!(!points_outside(&choice, &ControlValue::Word("fc1".to_owned()), &record), "there is one");
    }

    #[test]
    fn what_lines_and_handles_turn_is_known() {
        let line = |control: Option<&str>| {
            let line = Reference::new(ReferenceAxis::X, 1.0, ReferenceStyle::Boundary);
            control.map_or_else(|| line.clone(), |id| line.clone().control(id))
        };
        let view = ViewSpec {
            references: vec![line(None), line(Some("end"))],
            handles: vec![Handle::new("knee", Coordinate::control("width", 1.0), Coordinate::At(0.0))],
            ..ViewSpec::new("v", "v", ViewKind::Curve, &[])
        };
        assert_eq!(dragged(&view).collect::<Vec<_>>(), ["end", "width"]);
    }
}
