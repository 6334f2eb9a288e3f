//! The choosers of lab and preset at the head of the form.

use egui::{Response, Ui};
use weightscope_frame::lab::Preset;

use super::Form;
use crate::naming;
use crate::window::command::Action;
use crate::window::style;

/// What stands between the title of a preset and the sentence about it, in the first line of its file.
const DASH: &str = " – ";

/// The title of a preset; its name, if its file has none.
pub(in crate::window) fn title(preset: &Preset) -> &'static str {
    let first = preset.text.lines().next().and_then(|line| line.strip_prefix("# "));
    first.and_then(|line| line.split_once(DASH)).map_or_else(|| preset.short_name(), |(title, _)| title)
}

/// What a preset shows, in sentences, without its title.
pub(in crate::window) fn sentence(preset: &Preset) -> String {
    let about = preset.about();
    about.split_once(DASH).map_or_else(|| about.clone(), |(_, sentence)| sentence.to_owned())
}

impl Form {
    /// What the settings were taken from where that is no preset: a run by the name that it has in the list, or has by its folder where it
    /// is listed no more; else a file.
    fn source(&self, run: Option<String>) -> String {
        let inside = || naming::of_folder(&self.origin, self.experiment.lab()).map(str::to_owned);
        run.or_else(inside).map_or_else(|| self.origin.clone(), |name| format!("Run {name}"))
    }

    /// Choosers of lab and preset; the labs remember their forms. `run` is the name of the run that the settings were taken from.
    pub(in crate::window) fn preset_ui(&self, ui: &mut Ui, run: Option<String>, actions: &mut Vec<Action>) {
        let lab = self.experiment.lab();
        let catalogue = self.experiment.method.catalogue();
        let about = self.experiment.method.about();
        let shown = chooser(ui, "Lab", about.title, |ui| {
            for method in catalogue.methods() {
                let about = method.about();
                let row = style::row(ui, method.name() == lab, about.title).on_hover_text(about.claim);
                if row.clicked() && method.name() != lab {
                    actions.push(Action::UseLab(method.name()));
                }
            }
        });
        shown.on_hover_text(about.title);
        let now = catalogue.preset(&self.origin);
        let words = now.map_or_else(|| self.source(run), |preset| title(preset).to_owned());
        let shown = chooser(ui, "Preset", &words, |ui| {
            for preset in catalogue.presets().filter(|preset| preset.lab() == lab) {
                let row = style::row(ui, self.origin == preset.name, title(preset));
                let tip = format!("{}\n({})", sentence(preset), preset.name);
                if row.on_hover_text(tip).clicked() {
                    actions.push(Action::UsePreset(preset.name));
                }
            }
        });
        let tip = now.map_or_else(
            || format!("{words}\n({})", self.origin),
            |preset| format!("{}: {}\n({})", title(preset), sentence(preset), preset.name),
        );
        shown.on_hover_text(tip);
    }
}

/// A list that opens under a name of its own, as wide as the panel.
fn chooser(ui: &mut Ui, name: &str, now: &str, add: impl FnOnce(&mut Ui)) -> Response {
    let label = ui.label(name);
    let width = ui.available_width();
    let response = egui::ComboBox::from_id_salt(name.to_lowercase())
        .selected_text(now)
        .width(width)
        .truncate()
        .height(360.0)
        .show_ui(ui, add)
        .response;
    response.labelled_by(label.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use weightscope_engine::CATALOGUE;
    use weightscope_frame::experiment::Experiment;

    use super::*;

    #[test]
    fn settings_of_a_run_go_by_its_name() {
        let preset = CATALOGUE.preset("oscillation/quick").unwrap();
        let form = |origin| Form::new(Experiment::from_toml(CATALOGUE, preset.text).unwrap(), origin);
        let folder = form("2026-11-28T16-31-02_oscillation_quick_s0_4f2a");
        assert_eq!(folder.source(Some("LSQ".to_owned())), "Run LSQ", "as in the list");
        assert_eq!(folder.source(None), "Run quick", "by what it was made from, where it is gone");
        assert_eq!(form("mine.toml").source(None), "mine.toml", "a file");
    }

    #[test]
    fn each_preset_has_a_title_and_a_sentence_of_its_own() {
        let mut seen = BTreeSet::new();
        for preset in CATALOGUE.presets() {
            let (title, sentence) = (title(preset), sentence(preset));
            assert_ne!(title, preset.short_name(), "{}: a title in the first line", preset.name);
            assert!(title.chars().count() <= 42, "{}: {title} fits a list", preset.name);
            assert!(!sentence.contains(DASH) && sentence.ends_with('.'), "{}: {sentence}", preset.name);
            assert!(seen.insert((preset.lab(), title.to_owned())), "{}: {title} stands twice", preset.name);
            let words = format!("{}: {sentence}", preset.name);
            assert!(seen.insert((preset.lab(), sentence)), "{words} stands twice");
        }
    }
}
