//! What stands in the row of a group: its name, how many runs, and mean ± standard deviation of what is a number.

use std::collections::BTreeMap;

use egui::{Button, Ui};
use egui_extras::TableRow;
use egui_material_icons::icons;

use super::action::RunsAction;
use super::list::Runs;
use super::model::{Row, Value};
use crate::figure::number::{count, significant};
use crate::window::command::Action;
use crate::window::style::{self, color, tokens};

/// Columns of numbers of which a mean says nothing.
const NO_MEAN: [&str; 2] = ["seed", "steps"];

/// What was worked out for groups, by value and column; forgotten when the lines are made again.
pub(super) type Summaries = BTreeMap<(String, String), Option<String>>;

/// Mean and standard deviation of the runs that have a number under a key, in words.
pub(super) fn mean_and_deviation<'a>(rows: impl Iterator<Item = &'a Row>, key: &str) -> Option<String> {
    let numbers: Vec<f64> = rows
        .filter_map(|row| match row.value(key) {
            Value::Number(number) => Some(number),
            _ => None,
        })
        .collect();
    let count = numbers.len() as f64;
    if numbers.is_empty() {
        return None;
    }
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    let deviation = if numbers.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
    if deviation == 0.0 {
        return Some(Value::Number(mean).display().into_owned());
    }
    Some(format!("{} ± {}", significant(mean, 4), significant(deviation, 2)))
}

/// Widest gap between two cells, points.
const GAP: f32 = 12.0;

/// The part of a heading that lies in a cell and in the gap before it: each cell draws its own, since the next one draws its ground over
/// what reaches into it. `drawn` is how far the cells before it came.
fn piece(ui: &Ui, at: egui::Pos2, text: &str, drawn: &mut f32) {
    let mut clip = ui.clip_rect();
    if clip.min.x - *drawn < GAP {
        clip.min.x = *drawn;
    }
    *drawn = clip.max.x;
    let font = egui::TextStyle::Body.resolve(ui.style());
    let paint = color(tokens(ui.ctx()).text);
    // A painter made with another clip would keep to the cell.
    let mut painter = ui.painter().clone();
    painter.set_clip_rect(clip);
    painter.text(at, egui::Align2::LEFT_CENTER, text, font, paint);
}

impl Runs {
    /// The row of a group.
    pub(super) fn group_row_ui(
        &mut self,
        row: &mut TableRow<'_, '_>,
        (value, members): (&str, &[usize]),
        columns: &[String],
        actions: &mut Vec<Action>,
    ) {
        let key = self.layout.group.clone().unwrap_or_default();
        let folded = self.layout.folded.contains(value);
        let plural = if members.len() == 1 { "" } else { "s" };
        let heading = self.layout.words.heading(&key);
        let text = format!("{heading} {value} · {} run{plural}", members.len());
        let (mut turned, mut at, mut drawn) = (false, egui::Pos2::ZERO, f32::INFINITY);
        row.set_overline(true);
        row.col(|ui| self.group_tick_ui(ui, value, members, actions));
        row.col(|ui| {
            let icon = if folded { icons::ICON_CHEVRON_RIGHT } else { icons::ICON_EXPAND_MORE };
            let response = ui.add(Button::new(style::icon(icon)).small().frame(false));
            let name = format!("{} group {value}", if folded { "Unfold" } else { "Fold" });
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            turned = response.clicked();
            at = egui::pos2(response.rect.right() + 4.0, response.rect.center().y);
            drawn = response.rect.right();
            piece(ui, at, &text, &mut drawn);
        });
        for _ in 2..super::table::FIXED {
            row.col(|ui| piece(ui, at, &text, &mut drawn));
        }
        // The heading runs over the cells up to the first number.
        let mut is_over = false;
        for column in columns {
            row.col(|ui| {
                if let Some(text) = self.summary(value, members, column) {
                    is_over = true;
                    let label = ui.add(egui::Label::new(&text).truncate().selectable(false));
                    let runs = count(members.len() as u64);
                    label.on_hover_text(format!("{text}\nMean ± standard deviation of up to {runs} runs"));
                } else if !is_over {
                    piece(ui, at, &text, &mut drawn);
                }
            });
        }
        if turned && !self.layout.folded.remove(value) {
            self.layout.folded.insert(value.to_owned());
        }
    }

    /// The box that ticks all runs of a group.
    fn group_tick_ui(&self, ui: &mut Ui, value: &str, members: &[usize], actions: &mut Vec<Action>) {
        let rows = || members.iter().filter_map(|index| self.rows.get(*index));
        let ticked = rows().filter(|row| self.layout.ticked.contains(&row.path)).count();
        let mut on = ticked == members.len() && ticked > 0;
        let partly = ticked > 0 && !on;
        let response = ui.add(egui::Checkbox::without_text(&mut on).indeterminate(partly));
        let name = format!("Tick group {value}");
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, &name));
        if response.on_hover_text("Draws all runs of the group, or none").changed() {
            let paths = rows().map(|row| row.path.clone()).collect();
            actions.push(Action::Runs(RunsAction::Tick(paths, on)));
        }
    }

    /// What stands in a column of a group; worked out once.
    fn summary(&mut self, value: &str, members: &[usize], column: &str) -> Option<String> {
        if NO_MEAN.contains(&column) || self.layout.group.as_deref() == Some(column) {
            return None;
        }
        let key = (value.to_owned(), column.to_owned());
        if let Some(known) = self.summaries.get(&key) {
            return known.clone();
        }
        let rows = members.iter().filter_map(|index| self.rows.get(*index));
        let text = mean_and_deviation(rows, column);
        self.summaries.insert(key, text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    #[test]
    fn a_group_has_mean_and_deviation_of_its_numbers() {
        let mut rows = samples(4);
        for (row, value) in rows.iter_mut().zip([0.5, 0.7, 0.9]) {
            row.manifest.results.insert("test_accuracy".to_owned(), value);
        }
        rows[3].manifest.results.clear();
        let of = |key: &str| mean_and_deviation(rows.iter(), key);
        assert_eq!(
            of("test_accuracy").as_deref(),
            Some("0.7000 ± 0.20"),
            "the run without one counts for nothing"
        );
        assert_eq!(of("weight_bits").as_deref(), Some("2"), "all the same");
        assert_eq!(of("quantizer"), None, "words have no mean");
    }
}
