//! The form: one row for each setting, made from its description by a visitor; checked at each change.

mod choices;
mod data;
mod list;
pub(super) mod preset;

use egui::{DragValue, RichText, Ui};
use weightscope_frame::experiment::{
    Choice, Cost, Experiment, Field, Mark, Problem, Section, Severity, Slot, Spacing, Visitor, check, expand,
    get, number,
};
use weightscope_frame::lab::{Catalogue, Preset};

use super::command::Action;
use super::downloads::Downloads;
use super::estimates::Correction;
use super::style::{self, color, tokens};

/// The experiment as set up, with what the check says of it.
pub(super) struct Form {
    pub(super) experiment: Experiment,
    /// The preset or file that was put in, to mark what differs from it.
    pub(super) base: Experiment,
    pub(super) origin: String,
    pub(super) problems: Vec<Problem>,
    /// Why the last run of these settings could not begin, which only its files could tell; it stands until a setting changes, and
    /// does not keep from trying again.
    refused: Vec<Problem>,
    pub(super) cost: Cost,
    pub(super) runs: usize,
    /// Names that the lab's data can have.
    names: Vec<String>,
    /// Text being typed into list fields, until it can be read.
    typing: std::collections::BTreeMap<&'static str, String>,
}

impl Form {
    /// A form with a preset in it.
    pub(super) fn from_preset(catalogue: Catalogue, preset: &Preset) -> Result<Self, Vec<Problem>> {
        Ok(Self::new(Experiment::from_toml(catalogue, preset.text)?, preset.name))
    }

    /// A form with an experiment in it.
    pub(super) fn new(experiment: Experiment, origin: &str) -> Self {
        let mut form = Self {
            base: experiment.clone(),
            experiment,
            origin: origin.to_owned(),
            problems: Vec::new(),
            refused: Vec::new(),
            cost: Cost::default(),
            runs: 1,
            names: Vec::new(),
            typing: std::collections::BTreeMap::new(),
        };
        form.names = data::names(&form.experiment.method);
        form.check();
        form
    }

    /// Puts other settings in, for undo and session; what differs from the preset stays marked.
    pub(super) fn replace(&mut self, experiment: Experiment, origin: &str) {
        if origin != self.origin {
            let catalogue = experiment.method.catalogue();
            self.base = catalogue
                .preset(origin)
                .and_then(|preset| Experiment::from_toml(catalogue, preset.text).ok())
                .unwrap_or_else(|| experiment.clone());
            origin.clone_into(&mut self.origin);
        }
        if experiment.lab() != self.experiment.lab() {
            self.names = data::names(&experiment.method);
        }
        self.experiment = experiment;
        self.typing.clear();
        self.check();
    }

    /// The first error, if the experiment cannot run.
    pub(super) fn blocker(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.is_error())
    }

    /// Takes up why a run could not begin, if its settings are still those of the form.
    pub(super) fn refuse(&mut self, experiment: &Experiment, problems: Vec<Problem>) {
        if self.experiment.resolved() == experiment.resolved() {
            self.refused = problems;
        }
    }

    /// What stands beside Run: what keeps it from running, else why the last try failed.
    pub(super) fn sentence(&self) -> Option<&Problem> {
        self.blocker().or_else(|| self.refused.iter().find(|problem| problem.is_error()))
    }

    fn check(&mut self) {
        self.refused.clear();
        self.problems = check(&self.experiment);
        self.runs = expand(&self.experiment).map_or(1, |runs| runs.len());
        self.cost = self.experiment.cost().times(self.runs);
    }

    /// All settings.
    pub(super) fn ui(&mut self, ui: &mut Ui, downloads: &Downloads, actions: &mut Vec<Action>) {
        let before = self.experiment.clone();
        let base: Vec<(&'static str, toml::Value)> =
            self.base.settings().into_iter().map(|(field, value)| (field.key, value)).collect();
        let mut experiment = self.experiment.clone();
        let problems: Vec<Problem> = self.problems.iter().chain(&self.refused).cloned().collect();
        let mut visitor = FormVisitor {
            ui,
            names: &self.names,
            downloads,
            actions,
            base: &base,
            problems: &problems,
            typing: &mut self.typing,
            rows: Vec::new(),
        };
        experiment.visit(&mut visitor);
        visitor.finish(&mut experiment);
        if experiment != before {
            self.experiment = experiment;
            self.check();
        }
    }

    /// The command that runs the same without a window.
    pub(super) fn command_line(&self) -> String {
        let base = self.base.settings();
        let changed =
            self.experiment.settings().into_iter().zip(base).filter(|((_, now), (_, then))| now != then);
        let settings = changed.map(|((field, value), _)| format!("--set '{}={}'", field.key, typed(&value)));
        let words: Vec<String> =
            std::iter::once(format!("weightscope run {}", self.origin)).chain(settings).collect();
        words.join(" ")
    }

    /// The text of the setting with this mark, if the lab has one.
    pub(super) fn marked(&self, mark: Mark) -> Option<String> {
        let (_, value) = self.experiment.settings().into_iter().find(|(field, _)| field.mark == mark)?;
        value.as_str().map(str::to_owned)
    }

    /// Parameters, steps, time.
    pub(super) fn cost_text(&self, learned: Option<Correction>) -> String {
        let seconds = self.cost.seconds * learned.map_or(1.0, |learned| learned.factor);
        let time = if seconds < 90.0 {
            format!("{seconds:.0} s")
        } else {
            format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
        };
        let runs = if self.runs == 1 { String::new() } else { format!("{} runs · ", self.runs) };
        format!(
            "{runs}{} · {} steps · {:.0} MB · about {time}",
            self.cost.parameters_in_words(|count| si(count as f64)),
            si(self.cost.steps as f64),
            self.cost.memory_bytes as f64 / 1e6
        )
    }
}

/// A count with an SI prefix.
pub(super) fn si(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{:.1} G", v / 1e9),
        v if v >= 1e6 => format!("{:.1} M", v / 1e6),
        v if v >= 1e4 => format!("{:.1} k", v / 1e3),
        v => format!("{v:.0}"),
    }
}

/// Share of a row that its label takes.
const LABEL_SHARE: f32 = 0.52;
/// Room for the button that restores a value, points.
const UNDO: f32 = 32.0;

/// One row to be drawn: the visitor only collects them, so that sections can be folded.
struct Row {
    field: Field,
    value: toml::Value,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Integer,
    Float,
    Switch,
    Text,
    Choice(&'static [Choice]),
    Choices(&'static [Choice]),
    List(Items),
}

/// What a list holds.
#[derive(Clone, Copy)]
enum Items {
    Integers,
    Floats,
    Texts,
    /// Columns of a table with what they are.
    Columns,
}

struct FormVisitor<'a> {
    ui: &'a mut Ui,
    names: &'a [String],
    downloads: &'a Downloads,
    actions: &'a mut Vec<Action>,
    base: &'a [(&'static str, toml::Value)],
    problems: &'a [Problem],
    typing: &'a mut std::collections::BTreeMap<&'static str, String>,
    rows: Vec<(Section, Vec<Row>)>,
}

impl Visitor for FormVisitor<'_> {
    fn section(&mut self, section: Section) {
        self.rows.push((section, Vec::new()));
    }

    fn field(&mut self, field: Field, slot: Slot<'_>) {
        let value = get(&slot);
        let kind = match &slot {
            Slot::Integer(_) => Kind::Integer,
            Slot::Float(_) => Kind::Float,
            Slot::Switch(_) => Kind::Switch,
            Slot::Text(_) => Kind::Text,
            Slot::Choice(choice) => Kind::Choice(choice.choices()),
            Slot::Choices(choices) => Kind::Choices(choices.choices()),
            Slot::Integers(_) => Kind::List(Items::Integers),
            Slot::Floats(_) => Kind::List(Items::Floats),
            Slot::Texts(_) => Kind::List(Items::Texts),
            Slot::Columns(_) => Kind::List(Items::Columns),
        };
        if field.shown
            && let Some((_, rows)) = self.rows.last_mut()
        {
            rows.push(Row { field, value, kind });
        }
    }
}

impl FormVisitor<'_> {
    /// Draws the collected rows and writes what changed.
    fn finish(mut self, experiment: &mut Experiment) {
        let mut changes: Vec<(&'static str, toml::Value)> = Vec::new();
        for (section, rows) in std::mem::take(&mut self.rows) {
            if rows.is_empty() {
                continue;
            }
            let troubled =
                rows.iter().any(|row| self.problems.iter().any(|problem| problem.key == row.field.key));
            let title = section.title;
            let header =
                egui::CollapsingHeader::new(RichText::new(title).strong()).id_salt(("section", title));
            let header =
                if troubled { header.open(Some(true)) } else { header.default_open(section.is_core) };
            let (base, problems, typing) = (self.base, self.problems, &mut *self.typing);
            let (names, downloads, actions) = (self.names, self.downloads, &mut *self.actions);
            header.show(self.ui, |ui| {
                for row in &rows {
                    let mut at = At { names, typing, actions };
                    if let Some(value) = row_ui(ui, row, base, problems, &mut at) {
                        changes.push((row.field.key, value));
                    }
                    if row.field.mark == Mark::DataSet {
                        data::download_ui(ui, row.value.as_str().unwrap_or_default(), downloads, actions);
                    }
                }
            });
        }
        for (key, value) in changes {
            let table: toml::Table = [(key.to_owned(), value)].into_iter().collect();
            // The widgets give values of the right type; a refusal would leave the setting as it was.
            let _ = experiment.apply(&table);
        }
    }
}

/// What a row needs besides its setting.
struct At<'a> {
    names: &'a [String],
    typing: &'a mut std::collections::BTreeMap<&'static str, String>,
    actions: &'a mut Vec<Action>,
}

/// One setting: label, widget, restore dot; problems below.
fn row_ui(
    ui: &mut Ui,
    row: &Row,
    base: &[(&'static str, toml::Value)],
    problems: &[Problem],
    at: &mut At<'_>,
) -> Option<toml::Value> {
    let mut changed = None;
    let mine: Vec<&Problem> = problems.iter().filter(|problem| problem.key == row.field.key).collect();
    let palette = tokens(ui.ctx());
    let error = mine.iter().any(|problem| problem.severity == Severity::Error);
    let stands_below = is_wide(ui, row);
    let mut named = egui::Id::NULL;
    ui.horizontal(|ui| {
        // A name or a path asks for more room than a number.
        let share = if row.field.mark == Mark::DataSet { 0.34 } else { LABEL_SHARE };
        let width = if stands_below { ui.available_width() - UNDO } else { ui.available_width() * share };
        let left = egui::Layout::left_to_right(egui::Align::Center);
        let label = ui
            .allocate_ui_with_layout(egui::vec2(width, 18.0), left, |ui| {
                ui.set_min_width(width);
                ui.add(egui::Label::new(row.field.label).wrap())
            })
            .inner;
        let label = label.on_hover_text(help(&row.field));
        named = label.id;
        if !stands_below {
            changed = framed_ui(ui, row, named, at, error);
        }
        if !row.field.unit.is_empty() {
            ui.label(RichText::new(row.field.unit).small().color(color(palette.text_muted)));
        }
        let original = base.iter().find(|(key, _)| *key == row.field.key).map(|(_, value)| value);
        if let Some(original) = original.filter(|original| **original != row.value) {
            let dot = ui.add(
                egui::Button::new(style::icon(egui_material_icons::icons::ICON_UNDO)).small().frame(false),
            );
            let text = format!("Restore {} to {}", row.field.label, short(original));
            dot.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
            if dot.on_hover_text(&text).clicked() {
                changed = Some(original.clone());
                at.typing.remove(row.field.key);
            }
        }
    });
    if stands_below {
        ui.horizontal(|ui| changed = framed_ui(ui, row, named, at, error).or(changed.take()));
    }
    for problem in mine {
        let paint = if problem.is_error() { palette.error } else { palette.warning };
        let allowed =
            problem.allowed.as_ref().map_or_else(String::new, |allowed| format!(" – allowed: {allowed}"));
        ui.label(RichText::new(format!("{}{allowed}", problem.message)).small().color(color(paint)));
    }
    changed
}

/// True for a choice whose words do not fit beside its label: it stands below, as wide as the panel.
fn is_wide(ui: &Ui, row: &Row) -> bool {
    /// Arrow and padding of a choice.
    const AROUND: f32 = 34.0;
    let words = match &row.kind {
        Kind::Choice(_) => chosen_words(row).to_owned(),
        Kind::Choices(choices) => choices::words(row, choices),
        _ => return false,
    };
    let font = egui::TextStyle::Button.resolve(ui.style());
    let width = ui.painter().layout_no_wrap(words, font, egui::Color32::PLACEHOLDER).size().x;
    width + AROUND > ui.available_width() * (1.0 - LABEL_SHARE) - UNDO
}

/// The words of the choice at which a setting stands.
fn chosen_words(row: &Row) -> &str {
    let now = row.value.as_str().unwrap_or_default();
    match &row.kind {
        Kind::Choice(choices) => {
            choices.iter().find(|choice| choice.key == now).map_or(now, |choice| choice.label)
        }
        _ => now,
    }
}

/// The widget, framed where its value cannot be.
fn framed_ui(ui: &mut Ui, row: &Row, label: egui::Id, at: &mut At<'_>, error: bool) -> Option<toml::Value> {
    if error {
        let paint = color(tokens(ui.ctx()).error);
        let widgets = &mut ui.visuals_mut().widgets;
        for widget in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
            widget.bg_stroke = egui::Stroke::new(1.5, paint);
        }
    }
    widget_ui(ui, row, label, at)
}

fn widget_ui(ui: &mut Ui, row: &Row, label: egui::Id, at: &mut At<'_>) -> Option<toml::Value> {
    match &row.kind {
        Kind::Switch => {
            let mut on = row.value.as_bool().unwrap_or(false);
            ui.checkbox(&mut on, "").labelled_by(label).changed().then_some(toml::Value::Boolean(on))
        }
        Kind::Integer => {
            if let Some(allowed) = row.field.allowed {
                return allowed_ui(ui, row, allowed, label);
            }
            let mut value = row.value.as_integer().unwrap_or(0);
            let speed = (value as f64 * 0.01).max(0.1);
            let drag = DragValue::new(&mut value).speed(speed);
            ui.add(drag).labelled_by(label).changed().then_some(toml::Value::Integer(value.max(0)))
        }
        Kind::Float => {
            let mut value = row.value.as_float().unwrap_or(0.0);
            let speed =
                if row.field.spacing == Spacing::Logarithmic { value.abs() * 0.01 + 1e-12 } else { 0.005 };
            let drag = DragValue::new(&mut value)
                .speed(speed)
                .custom_formatter(|value, _| short_number(value))
                .custom_parser(|text| text.trim().parse().ok());
            ui.add(drag).labelled_by(label).changed().then_some(toml::Value::Float(value))
        }
        Kind::Choice(choices) => {
            let now = row.value.as_str().unwrap_or_default();
            let mut chosen = None;
            egui::ComboBox::from_id_salt(row.field.key)
                .selected_text(chosen_words(row))
                .width(ui.available_width() - UNDO)
                .wrap()
                .show_ui(ui, |ui| {
                    for choice in *choices {
                        if style::row(ui, choice.key == now, choice.label).clicked() {
                            chosen = Some(toml::Value::String(choice.key.to_owned()));
                        }
                    }
                })
                .response
                .labelled_by(label);
            chosen
        }
        Kind::Text if row.field.mark == Mark::DataSet => data::data_ui(ui, row, label, at.names, at.actions),
        Kind::Text => {
            let mut text = row.value.as_str().unwrap_or_default().to_owned();
            let edit = egui::TextEdit::singleline(&mut text).desired_width(ui.available_width() - UNDO);
            ui.add(edit).labelled_by(label).changed().then_some(toml::Value::String(text))
        }
        Kind::Choices(choices) => choices::choices_ui(ui, row, choices, label),
        Kind::List(items) => list::list_ui(ui, row, *items, label, at.typing),
    }
}

/// A number from a short list, as a row of choices.
fn allowed_ui(ui: &mut Ui, row: &Row, allowed: &[i64], label: egui::Id) -> Option<toml::Value> {
    let now = row.value.as_integer().unwrap_or(0);
    let words = |value: i64| if value == 0 { "float".to_owned() } else { value.to_string() };
    let mut chosen = None;
    egui::ComboBox::from_id_salt(row.field.key)
        .selected_text(words(now))
        .width(64.0)
        .show_ui(ui, |ui| {
            for value in allowed {
                if style::row(ui, *value == now, &words(*value)).clicked() {
                    chosen = Some(toml::Value::Integer(*value));
                }
            }
        })
        .response
        .labelled_by(label);
    chosen
}

fn help(field: &Field) -> String {
    let mut text = format!("{} ({})", field.help, field.key);
    if let Some(allowed) = field.allowed_text() {
        text.push_str("\nAllowed: ");
        text.push_str(&allowed);
    }
    if let Some(published) = field.published {
        text = format!("{text}\nPublished: {} – {}", published.value, published.source);
    }
    text
}

/// A value as one types it after `--set key=`.
fn typed(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn short(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Float(value) => short_number(*value),
        other => other.to_string(),
    }
}

/// A number as people write learning rates: 0.001 or 1e-5.
fn short_number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { number(value) }
}
