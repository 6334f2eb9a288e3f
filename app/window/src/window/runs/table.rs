//! The runs table: only the lines that are seen are drawn, however many there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Button, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder, TableRow};
use egui_material_icons::icons;

use super::action::RunsAction;
use super::arrange::Line;
use super::cells::{self, Context as CellContext};
use super::list::Runs;
use super::menu;
use super::model::Row;
use super::state::Going;
use crate::window::command::Action;
use crate::window::style::{self, color, tokens};

/// A column on its way to another place.
struct Dragged(String);

/// Columns before the ones that can be chosen: tick, star, status, buttons.
pub(super) const FIXED: usize = 4;

/// How far from the left a menu stands that a key opens, points.
const MENU_INDENT: f32 = 120.0;

/// What a header did.
enum Headed {
    Sort(String),
    Hide(String),
    Group(String),
    Shift(String, bool),
    Drop(String, String),
}

impl Runs {
    /// The tab. `going` holds what is in work and what waits.
    pub(in crate::window) fn ui(
        &mut self,
        ui: &mut Ui,
        open: Option<&Path>,
        going: &BTreeMap<PathBuf, Going>,
        actions: &mut Vec<Action>,
    ) {
        self.update();
        self.head_ui(ui, actions);
        self.plan_ui(ui, actions);
        self.hidden_ui(ui, actions);
        if self.rows.is_empty() {
            let text = if self.is_read() {
                "Finished and interrupted runs appear here. Press Run to make the first one."
            } else {
                "Reading the runs…"
            };
            ui.label(text);
            return;
        }
        if self.lines.is_empty() {
            ui.label("No run passes the filter.");
            return;
        }
        let columns = self.layout.columns(&self.rows);
        let headed = self.table_ui(ui, &columns, open, going, actions);
        self.after_header(headed);
    }

    fn table_ui(
        &mut self,
        ui: &mut Ui,
        columns: &[String],
        open: Option<&Path>,
        going: &BTreeMap<PathBuf, Going>,
        actions: &mut Vec<Action>,
    ) -> Option<Headed> {
        let height = ui.text_style_height(&egui::TextStyle::Body) + 6.0;
        let mut headed = None;
        egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            let mut table = TableBuilder::new(ui)
                .id_salt(("runs", columns))
                .striped(true)
                .sense(Sense::click())
                .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
                .auto_shrink(false)
                .min_scrolled_height(40.0)
                .column(Column::exact(22.0))
                .column(Column::exact(20.0))
                .column(Column::exact(98.0).clip(true))
                .column(Column::exact(58.0));
            for key in columns {
                table = table.column(cells::column(key));
            }
            if let Some(line) = self.revealed() {
                table = table.scroll_to_row(line, None);
            }
            table
                .header(height, |mut header| {
                    header.col(|ui| self.tick_all_ui(ui, actions));
                    header.col(|_| {});
                    let mut head = |header: &mut TableRow<'_, '_>, key: &str| {
                        header.col(|ui| {
                            if let Some(did) = self.header_ui(ui, key) {
                                headed = Some(did);
                            }
                        });
                    };
                    head(&mut header, "status");
                    header.col(|_| {});
                    columns.iter().for_each(|key| head(&mut header, key));
                })
                .body(|body| {
                    let count = self.lines.len();
                    body.rows(height, count, |mut row| match self.lines.get(row.index()).cloned() {
                        Some(Line::Run(index)) => {
                            self.run_ui(&mut row, index, columns, open, going, actions);
                        }
                        Some(Line::Group { value, members }) => {
                            let members: Arc<[usize]> = members;
                            self.group_row_ui(&mut row, (&value, &members), columns, actions);
                        }
                        None => {}
                    });
                });
        });
        headed
    }

    fn header_ui(&self, ui: &mut Ui, key: &str) -> Option<Headed> {
        let mut did = None;
        let sorted = self.layout.sort == key;
        let words = self.layout.words.heading(key);
        ui.spacing_mut().item_spacing.x = 2.0;
        let text = RichText::new(&*words).strong();
        let button = Button::new(text).frame(false).truncate().sense(Sense::click_and_drag());
        let response = ui.add(button);
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Sort by {words}")));
        if sorted {
            let icon =
                if self.layout.descending { icons::ICON_ARROW_DOWNWARD } else { icons::ICON_ARROW_UPWARD };
            ui.label(style::icon(icon).small().color(color(tokens(ui.ctx()).accent)));
        }
        if response.clicked() && key != "curve" {
            did = Some(Headed::Sort(key.to_owned()));
        }
        if key == "status" {
            return did;
        }
        response.dnd_set_drag_payload(Dragged(key.to_owned()));
        if response.dnd_hover_payload::<Dragged>().is_some() {
            let stroke = egui::Stroke::new(2.0, color(tokens(ui.ctx()).accent));
            ui.painter().vline(response.rect.left() - 3.0, response.rect.y_range(), stroke);
        }
        if let Some(dragged) = response.dnd_release_payload::<Dragged>()
            && dragged.0 != key
        {
            did = Some(Headed::Drop(dragged.0.clone(), key.to_owned()));
        }
        let hint = format!(
            "{words}. {}\nA click sorts, a drag moves, a right click offers more",
            self.layout.words.hint(key)
        );
        response.on_hover_text(hint).context_menu(|ui| {
            let own = || key.to_owned();
            let choices = [
                ("Move left", Headed::Shift(own(), true)),
                ("Move right", Headed::Shift(own(), false)),
                ("Group by it", Headed::Group(own())),
                ("Hide", Headed::Hide(own())),
            ];
            for (words, choice) in choices {
                if ui.button(words).clicked() {
                    did = Some(choice);
                    ui.close();
                }
            }
        });
        did
    }

    fn after_header(&mut self, headed: Option<Headed>) {
        match headed {
            Some(Headed::Sort(key)) => self.layout.sort_by(&key),
            Some(Headed::Hide(key)) => self.layout.toggle(&key, &self.rows),
            Some(Headed::Group(key)) => self.layout.group = Some(key),
            Some(Headed::Shift(key, left)) => self.layout.shift(&key, left, &self.rows),
            Some(Headed::Drop(key, before)) => self.layout.move_before(&key, &before, &self.rows),
            None => {}
        }
    }

    fn run_ui(
        &mut self,
        row: &mut TableRow<'_, '_>,
        index: usize,
        columns: &[String],
        open: Option<&Path>,
        going: &BTreeMap<PathBuf, Going>,
        actions: &mut Vec<Action>,
    ) {
        let Some(run) = self.rows.get(index) else { return };
        let path = run.path.clone();
        let is_open = open == Some(path.as_path());
        let now = going.get(&path).copied();
        row.set_selected(is_open);
        // The run of a curve that was clicked.
        if self.selected.as_ref() == Some(&path) {
            row.set_hovered(true);
        }
        let mut shifted = None;
        row.col(|ui| shifted = cells::tick_ui(ui, run, &self.layout));
        row.col(|ui| cells::star_ui(ui, run, actions));
        row.col(|ui| cells::status_ui(ui, run, now));
        row.col(|ui| cells::buttons_ui(ui, run, (is_open, now), actions));
        let mut editing = self.editing.take();
        for key in columns {
            row.col(|ui| {
                let spark = &mut self.sparks;
                let mut context = CellContext {
                    words: &self.layout.words,
                    editing: &mut editing,
                    sparks: spark,
                    metric: self.layout.metric.as_ref(),
                    color: self.layout.drawn_color(&path),
                    going: now,
                };
                cells::cell_ui(ui, run, key, &mut context, actions);
            });
        }
        self.editing = editing;
        let response = row.response();
        let modifiers = response.ctx.input(|input| input.modifiers);
        if response.clicked() && (modifiers.shift || modifiers.command) {
            let on = modifiers.shift || !self.layout.ticked.contains(&path);
            shifted = Some((on, modifiers.shift));
        } else if response.clicked() {
            self.selected = None;
            self.anchor = Some(path.clone());
            if !is_open && self.rows.get(index).is_some_and(Row::is_begun) {
                actions.push(Action::OpenRun(path.clone()));
            }
        }
        self.row_menu_ui(&response, index, (is_open, now), actions);
        if let Some(on) = shifted {
            self.tick_to(index, on, actions);
        }
    }

    /// The menu of a row, by a right click or by its key.
    fn row_menu_ui(
        &mut self,
        response: &egui::Response,
        index: usize,
        state: (bool, Option<Going>),
        actions: &mut Vec<Action>,
    ) {
        let Some(run) = self.rows.get(index) else { return };
        let mut popup = egui::Popup::context_menu(response);
        if response.secondary_clicked() {
            self.menu_of = None;
        }
        if let Some((of, fresh)) = &mut self.menu_of
            && *of == run.path
        {
            // Where no pointer says where, it stands at the row; a row of which nothing is drawn has no place.
            let row = response.rect.is_finite().then(|| response.rect.left_bottom());
            let window = response.ctx.content_rect();
            popup = popup.at_position(row.map_or(window.center(), |at| at + egui::vec2(MENU_INDENT, 0.0)));
            if std::mem::take(fresh) {
                popup = popup.open_memory(Some(egui::SetOpenCommand::Bool(true)));
            } else if !popup.is_open() {
                self.menu_of = None;
            }
        }
        let is_one = self.layout.ticked.contains(&run.path);
        popup.show(|ui| {
            let ticked = if is_one { self.ticked_paths() } else { Vec::new() };
            menu::menu_ui(ui, run, state, &ticked, actions);
        });
    }

    /// The box in the head, which ticks all runs that are listed.
    fn tick_all_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let listed = self.listed();
        let ticked = listed.iter().filter(|path| self.layout.ticked.contains(**path)).count();
        let mut on = ticked == listed.len() && ticked > 0;
        let partly = ticked > 0 && !on;
        let response = ui.add(egui::Checkbox::without_text(&mut on).indeterminate(partly));
        let name = "Tick all that are listed";
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, name));
        if response.on_hover_text("Draws all runs that are listed, or none").changed() {
            let paths = listed.into_iter().cloned().collect();
            actions.push(Action::Runs(RunsAction::Tick(paths, on)));
        }
    }

    /// Ticks the clicked run; with shift all from the last clicked one.
    fn tick_to(&mut self, index: usize, (on, range): (bool, bool), actions: &mut Vec<Action>) {
        let Some(path) = self.rows.get(index).map(|row| row.path.clone()) else { return };
        let order = self.listed();
        let place = |wanted: &PathBuf| order.iter().position(|path| *path == wanted);
        let ends = self.anchor.as_ref().filter(|_| range).and_then(place).zip(place(&path));
        let paths = match ends {
            Some((a, b)) => order
                .get(a.min(b)..=a.max(b))
                .unwrap_or_default()
                .iter()
                .map(|path| (*path).clone())
                .collect(),
            None => vec![path.clone()],
        };
        self.anchor = Some(path);
        actions.push(Action::Runs(RunsAction::Tick(paths, on)));
    }
}
