//! Only what differs: the settings (and, if wanted, the results) of the ticked runs side by side, for the eye and for a paper.

use std::path::PathBuf;

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};
use weightscope_frame::lab::Catalogue;

use super::action::RunsAction;
use super::groups::mean_and_deviation;
use super::layout::RunsLayout;
use super::list::Runs;
use super::model::{Keys, Row, Value, family_key};
use super::overlay::labels;
use crate::figure::model::Ink;
use crate::figure::told::told;
use crate::window::command::Action;
use crate::window::style::{self, color, tokens};

/// Letters of a name that stand in a column at first sight.
const LETTERS: usize = 17;

/// What differs between runs: one line for each key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Differences {
    runs: Vec<String>,
    /// The same names as short as tells them apart.
    short: Vec<String>,
    /// Folders of the runs of each column.
    folders: Vec<Vec<PathBuf>>,
    lines: Vec<(String, Vec<String>)>,
}

impl Differences {
    /// Between these runs, in their order; joined, runs that differ only in their seed are one column, with mean ± standard deviation
    /// of what differs within it. The catalogue says what settings are called.
    #[expect(clippy::fn_params_excessive_bools, reason = "the two tick boxes above the table")]
    pub(super) fn of(rows: &[&Row], with_results: bool, joined: bool, catalogue: Option<Catalogue>) -> Self {
        // What is a result of some of these runs and a setting of others is told for these alone.
        let mut owned: Vec<Row> = rows.iter().map(|row| (*row).clone()).collect();
        let keys = Keys::of(&owned);
        owned.iter_mut().for_each(|row| row.set_mixed(&keys.mixed));
        let rows: &[&Row] = &owned.iter().collect::<Vec<_>>();
        let columns = columns(rows, joined);
        let labels = labels(rows, catalogue);
        let name = |column: &Vec<&Row>| {
            let place = column.first().and_then(|first| rows.iter().position(|row| row.path == first.path));
            let (label, family) = place.and_then(|place| labels.get(place)).cloned().unwrap_or_default();
            if joined && column.len() > 1 { format!("{family} (n = {})", column.len()) } else { label }
        };
        let names: Vec<String> = columns.iter().map(name).collect();
        let whole: Vec<&str> = names.iter().map(String::as_str).collect();
        let short = told(&whole, |text| text.chars().count() <= LETTERS);
        let of_column = |column: &Vec<&Row>| column.iter().map(|row| row.path.clone()).collect();
        let folders = columns.iter().map(of_column).collect();
        let settings = std::iter::once("lab")
            .chain((!joined).then_some("seed"))
            .chain(keys.settings.iter().map(String::as_str))
            .chain(std::iter::once("parent"));
        let mut lines = lines(&columns, settings);
        if with_results {
            lines.extend(self::lines(&columns, keys.results.iter().map(String::as_str)));
        }
        Self { runs: names, short, folders, lines }
    }

    /// As a Markdown table.
    pub(super) fn markdown(&self) -> String {
        let escape = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
        let line = |first: &str, rest: &[String]| {
            let cells = std::iter::once(first).chain(rest.iter().map(String::as_str)).map(escape);
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut text = line("key", &self.runs);
        text.push_str("|---|");
        text.push_str(&"---|".repeat(self.runs.len()));
        text.push('\n');
        text.extend(self.lines.iter().map(|(key, values)| line(key, values)));
        text
    }

    /// As a LaTeX `tabular` with the rules of the booktabs package.
    pub(super) fn latex(&self) -> String {
        let line = |first: &str, rest: &[String]| {
            let cells = std::iter::once(first).chain(rest.iter().map(String::as_str)).map(latex);
            format!("{} \\\\\n", cells.collect::<Vec<_>>().join(" & "))
        };
        let mut text = format!("\\begin{{tabular}}{{l{}}}\n\\toprule\n", "r".repeat(self.runs.len()));
        text.push_str(&line("", &self.runs));
        text.push_str("\\midrule\n");
        text.extend(self.lines.iter().map(|(key, values)| line(key, values)));
        text.push_str("\\bottomrule\n\\end{tabular}\n");
        text
    }
}

/// The columns: each run by itself, or with its repeats of other seeds.
fn columns<'a>(rows: &[&'a Row], joined: bool) -> Vec<Vec<&'a Row>> {
    let mut columns: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in rows {
        let family = family_key(row);
        match columns.iter_mut().find(|(known, _)| joined && *known == family) {
            Some((_, members)) => members.push(row),
            None => columns.push((family, vec![row])),
        }
    }
    columns.into_iter().map(|(_, members)| members).collect()
}

/// What stands in a column under a key.
fn cell(column: &[&Row], key: &str) -> String {
    let mut values: Vec<Value<'_>> = column.iter().map(|row| row.value(key)).collect();
    values.dedup();
    match values.as_slice() {
        [only] => only.display().into_owned(),
        _ => mean_and_deviation(column.iter().copied(), key)
            .unwrap_or_else(|| values.iter().map(Value::display).collect::<Vec<_>>().join(", ")),
    }
}

/// The keys under which not all columns have the same value.
fn lines<'a>(columns: &[Vec<&Row>], keys: impl Iterator<Item = &'a str>) -> Vec<(String, Vec<String>)> {
    keys.filter(|key| {
        let mut values = columns.iter().flatten().map(|row| row.value(key));
        let first = values.next().unwrap_or(Value::Missing);
        values.any(|value| value != first)
    })
    .map(|key| (key.to_owned(), columns.iter().map(|column| cell(column, key)).collect()))
    .collect()
}

/// Text for LaTeX: its special characters as commands, others as they are.
fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', letter]),
            '–' => out.push_str("--"),
            '±' => out.push_str("$\\pm$"),
            letter => out.push(letter),
        }
    }
    out
}

/// What a table was made of: the ticked runs with their versions, the tick boxes, the version of the list.
type Made = (Vec<(std::path::PathBuf, u64)>, (bool, bool), u64);

/// The tab; remembers the table until ticks or runs change.
#[derive(Default)]
pub(in crate::window) struct CompareTab {
    made: Option<Made>,
    differences: Differences,
}

impl CompareTab {
    /// Draws the tab.
    pub(in crate::window) fn ui(&mut self, ui: &mut Ui, runs: &mut Runs, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.checkbox(&mut runs.layout.compare_results, "With results");
            let tip = "Runs that differ only in their seed are one column: mean ± standard deviation";
            ui.checkbox(&mut runs.layout.compare_joined, "Join seeds").on_hover_text(tip);
            let ready = runs.layout.ticked.len() > 1;
            for (words, is_latex) in [("Copy as Markdown", false), ("Copy as LaTeX", true)] {
                if ui.add_enabled(ready, egui::Button::new(words)).clicked() {
                    let text = if is_latex { self.differences.latex() } else { self.differences.markdown() };
                    actions.push(Action::Runs(RunsAction::Copy(text)));
                }
            }
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.label(RichText::new("Only what differs between the ticked runs").color(muted));
        });
        let ticked = runs.ticked();
        if ticked.len() < 2 {
            ui.label("Tick two or more runs in the tab Runs; what differs between them appears here.");
            return;
        }
        let key = ticked.iter().map(|row| (row.path.clone(), row.manifest.step)).collect();
        let (results, joined) = (runs.layout.compare_results, runs.layout.compare_joined);
        // A name that was given since stands in the heading.
        let key = Some((key, (results, joined), runs.version));
        if self.made != key {
            self.differences = Differences::of(&ticked, results, joined, runs.layout.catalogue);
            self.made = key;
        }
        table_ui(ui, &self.differences, &runs.layout);
    }
}

/// The colour of a column: that of the run whose colour its curves have, the first that is drawn.
fn ink(folders: &[PathBuf], layout: &RunsLayout) -> Option<Ink> {
    let shown = folders.iter().find(|folder| layout.shown.as_ref() == Some(*folder));
    let first = shown.or_else(|| folders.first())?;
    layout.drawn_color(first).map(Ink::Series)
}

fn heading_ui(ui: &mut Ui, whole: &str, short: &str, ink: Option<Ink>) {
    if let Some(ink) = ink {
        style::patch(ui, ink);
    }
    let text = RichText::new(whole).strong();
    let font = egui::TextStyle::Body.resolve(ui.style());
    let wide = ui.painter().layout_no_wrap(whole.to_owned(), font, egui::Color32::PLACEHOLDER).size().x;
    if wide <= ui.available_width() {
        ui.add(egui::Label::new(text));
    } else {
        let label = ui
            .add(egui::Label::new(RichText::new(short).strong()).truncate().show_tooltip_when_elided(false));
        label.on_hover_text(whole);
    }
}

fn table_ui(ui: &mut Ui, differences: &Differences, layout: &RunsLayout) {
    let words = &layout.words;
    if differences.lines.is_empty() {
        ui.label("The ticked runs do not differ.");
        return;
    }
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
        TableBuilder::new(ui)
            .id_salt("differences")
            .striped(true)
            .auto_shrink(false)
            .min_scrolled_height(110.0)
            .column(Column::initial(210.0).clip(true).resizable(true))
            .columns(Column::initial(170.0).clip(true).resizable(true), differences.runs.len())
            .header(height, |mut header| {
                header.col(|ui| {
                    ui.strong("Key");
                });
                let names = differences.runs.iter().zip(&differences.short);
                for ((whole, short), folders) in names.zip(&differences.folders) {
                    header.col(|ui| {
                        ui.horizontal_centered(|ui| heading_ui(ui, whole, short, ink(folders, layout)));
                    });
                }
            })
            .body(|body| {
                body.rows(height, differences.lines.len(), |mut row| {
                    let Some((key, values)) = differences.lines.get(row.index()) else { return };
                    row.col(|ui| {
                        let label = ui.add(egui::Label::new(words.heading(key).into_owned()).truncate());
                        label.on_hover_text(words.hint(key));
                    });
                    for value in values {
                        row.col(|ui| {
                            ui.add(egui::Label::new(value).truncate());
                        });
                    }
                });
            });
    });
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    #[test]
    fn repeats_are_one_column_with_mean_and_deviation() {
        // 0 and 28 differ in their seed alone; 1 is of another arm.
        let rows = samples(29);
        let some = [&rows[0], &rows[1], &rows[28]];
        let joined = Differences::of(&some, true, true, None);
        assert_eq!(joined.runs.len(), 2, "{:?}", joined.runs);
        assert_eq!(joined.runs[0], "mlp-lsq (n = 2)");
        assert_eq!(joined.runs[1], "mlp-statsq · s0");
        let of =
            |key: &str| joined.lines.iter().find(|(own, _)| own == key).map(|(_, values)| values[0].clone());
        let accuracy = of("test_accuracy").unwrap();
        assert!(accuracy.contains(" ± "), "{accuracy}");
        assert_eq!(of("quantizer").as_deref(), Some("lsq"), "what is the same stands as it is");
        assert_eq!(of("seed"), None, "the number of runs says it");
        assert_eq!(Differences::of(&some, true, false, None).runs.len(), 3, "each by itself");
        assert!(joined.latex().contains(" $\\pm$ "), "{}", joined.latex());
    }

    #[test]
    fn only_what_differs_is_listed_and_escaped() {
        let rows = samples(2);
        let differences = Differences::of(&rows.iter().collect::<Vec<_>>(), false, false, None);
        let keys: Vec<&str> = differences.lines.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["learning_rate", "quantizer"], "the seed is the same here");
        let with = Differences::of(&rows.iter().collect::<Vec<_>>(), true, false, None);
        assert!(with.lines.iter().any(|(key, _)| key == "test_accuracy"), "results when wanted");
        assert!(
            differences.markdown().contains("| quantizer | lsq | statsq |"),
            "{}",
            differences.markdown()
        );
        let text = differences.latex();
        assert!(text.contains("learning\\_rate & 0.001 & 0.002 \\\\"), "{text}");
        assert!(text.starts_with("\\begin{tabular}{lrr}") && text.ends_with("\\end{tabular}\n"), "{text}");
        assert_eq!(
            latex("50 % {a}~\\"),
            "50 \\% \\{a\\}\\textasciitilde{}\\textbackslash{}",
            "special characters"
        );
    }
}
