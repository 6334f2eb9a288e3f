//! The field of the data set: a name or a path, with a list of the names, the desktop's files and a download where one is offered.

use egui::{Button, ProgressBar, RichText, TextEdit, Ui};
use weightscope_frame::data::catalogue::ENTRIES;
use weightscope_frame::experiment::{Experiment, Mark};
use weightscope_frame::lab::Method;

use super::{Form, Row};
use crate::window::command::{Action, Command};
use crate::window::downloads::{Downloads, Stand};
use crate::window::preview::Asked;
use crate::window::style::{self, color, tokens};

/// Room for the button of the list, points.
const LIST: f32 = 24.0;

impl Form {
    /// What a table must have to be the data set.
    pub(in crate::window) fn asked_of_tables(&self) -> Asked {
        let settings = self.experiment.settings();
        let found = settings.into_iter().find(|(field, _)| field.mark == Mark::TargetColumn);
        let lab = self.experiment.lab();
        found.map_or_else(
            || Asked { lab, ..Asked::default() },
            |(field, value)| Asked {
                lab,
                target: value.as_str().unwrap_or_default().to_owned(),
                called: field.label,
            },
        )
    }
}

/// The names that a lab's data can have: those of its presets, and those that the program knows if the lab begins with one of them.
pub(in crate::window) fn names(method: &Method) -> Vec<String> {
    let of = |experiment: &Experiment| -> Option<String> {
        let (_, value) = experiment.settings().into_iter().find(|(field, _)| field.mark == Mark::DataSet)?;
        value.as_str().map(str::to_owned)
    };
    let own = of(&Experiment::new(method.defaults()));
    let known = own.as_ref().is_some_and(|own| ENTRIES.iter().any(|entry| entry.name == own));
    let catalogue = method.catalogue();
    let presets = catalogue.presets().filter(|preset| preset.lab() == method.name());
    let presets = presets.filter_map(|preset| of(&Experiment::from_toml(catalogue, preset.text).ok()?));
    let mut names: Vec<String> = Vec::new();
    let entries = ENTRIES.iter().filter(|_| known).map(|entry| entry.name.to_owned());
    for name in own.into_iter().chain(entries).chain(presets) {
        let is_path = name.is_empty() || name.contains(['/', '\\', '.']);
        if !is_path && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The field with its list; what was typed or chosen.
pub(super) fn data_ui(
    ui: &mut Ui,
    row: &Row,
    label: egui::Id,
    names: &[String],
    actions: &mut Vec<Action>,
) -> Option<toml::Value> {
    let mut text = row.value.as_str().unwrap_or_default().to_owned();
    let width = ui.available_width() - 32.0 - LIST;
    let edit = TextEdit::singleline(&mut text).desired_width(width);
    let mut changed = ui.add(edit).labelled_by(label).on_hover_text(&text).changed();
    let icon = style::icon(egui_material_icons::icons::ICON_ARROW_DROP_DOWN);
    let menu = ui.menu_button(icon, |ui| {
        for name in names {
            let entry = ENTRIES.iter().find(|entry| entry.name == name);
            let tip = entry.map_or("Comes with the program", |entry| entry.title);
            if style::row(ui, *name == text, name).on_hover_text(tip).clicked() {
                text.clone_from(name);
                changed = true;
                ui.close();
            }
        }
        ui.separator();
        if ui
            .button("Browse…")
            .on_hover_text("A file of your own; it can be dropped on the window too")
            .clicked()
        {
            actions.push(Action::Do(Command::OpenFile));
            ui.close();
        }
    });
    let name = format!("Names for {}", row.field.label);
    menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    menu.response.on_hover_text("Data sets by name, or a file of your own");
    changed.then_some(toml::Value::String(text))
}

/// Below the field: a button that fetches what is not on disk yet, or how far that is.
pub(super) fn download_ui(ui: &mut Ui, name: &str, downloads: &Downloads, actions: &mut Vec<Action>) {
    match downloads.stand(name) {
        Stand::Here => {}
        Stand::Missing => {
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.horizontal(|ui| {
                if ui
                    .button(format!("Download {name}"))
                    .on_hover_text("Fetches it once, into the cache")
                    .clicked()
                {
                    actions.push(Action::Download(name.to_owned()));
                }
                ui.add(egui::Label::new(RichText::new("not on disk yet").small().color(muted)).truncate());
            });
        }
        Stand::Coming { share, words } => {
            ui.horizontal(|ui| {
                let bar = ProgressBar::new(share)
                    .desired_width((ui.available_width() - 70.0).max(40.0))
                    .text(words);
                ui.add(bar);
                if ui
                    .add(Button::new("Cancel").small())
                    .on_hover_text("What has come stays for the next try")
                    .clicked()
                {
                    actions.push(Action::CancelDownload);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;

    use super::*;

    #[test]
    fn the_names_are_those_of_the_lab() {
        let of = |lab: &str| names(&CATALOGUE.method(lab).unwrap());
        assert_eq!(
            of("oscillation"),
            ["digits", "mnist", "fashion-mnist", "cifar10"],
            "known to the program"
        );
        let tables = of("quantiles");
        assert!(
            tables.iter().any(|name| name == "engel") && tables.iter().any(|name| name == "synth5"),
            "{tables:?}"
        );
        assert!(!tables.iter().any(|name| name == "mnist"), "no pictures for a lab of tables: {tables:?}");
        assert!(of("inspect").iter().any(|name| name == "llama"), "a base that comes with the program");
    }
}
