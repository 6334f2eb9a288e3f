//! What the filter hides: ticked runs that are drawn all the same, and runs that have just begun.

use std::path::PathBuf;

use egui::{Button, RichText, Ui};

use super::action::RunsAction;
use super::arrange::Line;
use super::list::Runs;
use super::model::Row;
use crate::figure::number::count;
use crate::window::command::Action;
use crate::window::style::{color, tokens};

impl Runs {
    /// Says how many ticked runs the filter hides, with a way out.
    pub(super) fn hidden_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let hidden = self.hidden;
        if hidden == 0 {
            return;
        }
        ui.horizontal(|ui| {
            let (runs, are) = if hidden == 1 { ("run", "is") } else { ("runs", "are") };
            let text = format!("{} ticked {runs} {are} hidden by the filter", count(hidden as u64));
            ui.label(RichText::new(text).small().color(color(tokens(ui.ctx()).warning)));
            let button = ui.add(Button::new("Clear the filter").small());
            if button.on_hover_text("Lists all runs again").clicked() {
                actions.push(Action::Runs(RunsAction::ClearFilter));
            }
        });
    }

    /// Ticked runs that the filter hides.
    pub(super) fn count_hidden(&self) -> usize {
        self.ticked().into_iter().filter(|row| !self.query.matches(row)).count()
    }

    /// What to say of runs that were not there before and that the filter hides.
    pub(super) fn hidden_news(&self, news: &[&Row]) -> Option<String> {
        let hidden: Vec<&&Row> = news.iter().filter(|row| !self.query.matches(row)).collect();
        match hidden.as_slice() {
            [] => None,
            [one] => Some(format!("The new run {} is hidden by the filter of the list", one.name())),
            many => {
                Some(format!("{} new runs are hidden by the filter of the list", count(many.len() as u64)))
            }
        }
    }

    /// Folders of the runs that are listed, in their order.
    pub(super) fn listed(&self) -> Vec<&PathBuf> {
        let lines = self.lines.iter().filter_map(|line| match line {
            Line::Run(index) => self.rows.get(*index).map(|row| &row.path),
            Line::Group { .. } => None,
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    #[test]
    fn what_the_filter_hides_is_named() {
        let mut runs = Runs::with_rows(samples(8));
        let paths: Vec<PathBuf> = runs.rows.iter().map(|row| row.path.clone()).collect();
        paths.iter().take(4).for_each(|path| runs.tick(path, true));
        runs.layout.filter = "quantizer=lsq".to_owned();
        runs.update();
        assert_eq!((runs.listed().len(), runs.hidden), (2, 3), "one of the four ticked ones is listed");
        runs.tick(&paths[1], false);
        runs.update();
        assert_eq!(runs.hidden, 2, "counted again after a tick");
        runs.set_ticks(paths.iter().skip(1).take(3).cloned().collect());
        runs.update();
        assert_eq!(runs.hidden, 3, "and where an undo set them");
        let rows = samples(8);
        let news = |places: &[usize]| {
            let new: Vec<&Row> = places.iter().map(|place| &rows[*place]).collect();
            runs.hidden_news(&new)
        };
        assert_eq!(news(&[0]), None, "it is listed");
        assert_eq!(news(&[1]).unwrap(), "The new run mlp-statsq · s0 is hidden by the filter of the list");
        assert_eq!(news(&[0, 1, 2]).unwrap(), "2 new runs are hidden by the filter of the list");
    }
}
