//! The body of a tile: the figure as it stands, and what follows from the pointer.

use std::borrow::Cow;

use egui::{RichText, Ui};
use weightscope_frame::record::{ControlKind, ControlSpec, ControlValue, Pick, Record, ViewKind, ViewSpec};
use weightscope_frame::store::Status;

use super::color_bar::{self, Turned, color_bar_column};
use super::data::Records;
use super::derivation::Basis;
use super::graph::graph_ui;
use super::menu;
use super::panels::panels_ui;
use super::{Cache, Pinned, TileBehavior, TileState};
use crate::figure::model::{Body, Figure, Plot};
use crate::views::{self, Resolution};
use crate::window::command::Action;
use crate::window::plot::{Prepared, Showing, Surround, Touched};
use crate::window::readout::{self, Precision, Readout};
use crate::window::runs::RunsAction;
use crate::window::shown::Shown;
use crate::window::style::{color, tokens};

/// Height below which a plot keeps its room for the drawing and leaves the headings of its axes out, points.
const FLAT: f32 = 84.0;
/// Longest line of the words in an empty tile, points.
const EMPTY_WIDTH: f32 = 420.0;
/// Room that the key to the colours takes beside a plot, points.
const BAR_ROOM: f32 = color_bar::WIDTH + 10.0;

impl TileBehavior<'_> {
    pub(super) fn body_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        let state = self.states.entry(spec.id.clone()).or_default();
        let width = ui.available_width().max(1.0);
        let (from, to) = state.visible.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        state.options.resolution = Resolution::Screen { from, to, columns: width as usize };
        state.options.step = self.step;
        state.options.controls = self.controls.only(&views::control_ids(spec));
        let from =
            Basis { shown: self.shown, overlay: self.overlay, controls: self.controls, watch: self.watch };
        state.derivation.follow(spec, &from, ui.ctx());
        state.options.overlay = self.overlay.options(spec);
        rebuild(state, &from, spec, ui.ctx());
        let Some(Cache { figure: Some(figure), prepared, summary, notes, records, quantity, .. }) =
            &mut state.cache
        else {
            return empty_ui(ui, &nothing(state, spec, self.shown));
        };
        let summary = summary.as_str();
        if state.data {
            let records = records.get_or_insert_with(|| Records::of(figure));
            records.ui(ui, &mut state.data_order, &spec.id);
            return;
        }
        match (&figure.body, prepared.as_slice()) {
            (Body::Plot(plot), [prepared]) => {
                let hidden = state.options.hidden.clone();
                let regions: Vec<[f64; 4]> =
                    brushes(spec).filter_map(|control| self.controls.region(&control.id)).collect();
                let showing = Showing {
                    id: &spec.id,
                    plot,
                    hidden: &hidden,
                    cursor: views::is_over_steps(spec).then_some(self.cursor).flatten(),
                    fit: state.fit,
                    follow: state.visible.is_none(),
                    whole: state.whole,
                    moved: state.moved.take(),
                    readout: hover_text(ui, plot),
                    pinned: state.pinned.as_ref().map(|pinned| (pinned.at, pinned.text.as_str())),
                    selected: self.selected,
                    surround: if ui.available_height() < FLAT { Surround::Compact } else { Surround::Full },
                    brush: spec.picks_into.is_some() || brushes(spec).next().is_some(),
                    brushed: &regions,
                };
                state.fit = false;
                let focused = self.focus == spec.id;
                let share = quantity
                    .as_ref()
                    .map(|(quantity, _)| quantity)
                    .filter(|quantity| self.shares.is_on(quantity) || self.shares.has_company(quantity));
                let share = share.map(|quantity| (quantity.as_str(), self.shares.is_on(quantity)));
                let (touched, turned) = plot_ui(ui, notes, plot, prepared, &showing, share);
                let quantity = quantity.as_ref().map_or("", |(quantity, _)| quantity.as_str());
                if let Some(Turned::Share(on)) = turned {
                    self.actions.push(Action::ShareLimits(quantity.to_owned(), on));
                } else if let Some(limits) = turned.map(limits)
                    && !self.shares.fix(quantity, limits)
                {
                    state.options.limits = limits;
                }
                touched.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, summary));
                if let Some(at) = touched.clicked {
                    state.pinned = pin(plot, touched.mark.as_deref(), at);
                }
                let hit = touched.hit.and_then(|run| self.overlay.path(run));
                self.actions.extend(hit.map(|path| Action::Runs(RunsAction::Select(path.to_owned()))));
                copy_pinned(ui, focused, state.pinned.as_ref());
                remember_pointer(ui, plot, &touched);
                if touched.all {
                    (state.visible, state.whole, state.fit) = (None, true, true);
                }
                if let Some(hidden) = &touched.legend.hidden {
                    state.options.hidden.clone_from(hidden);
                }
                let (response, pointer) = (&touched.response, touched.pointer);
                menu::menu_ui(response, spec, figure, pointer, &mut state.options, self.actions);
                after(spec, state, &touched, ui, self.actions, self.shown, self.linked);
            }
            (Body::Panels(panels), prepared) => {
                let picked = panels_ui(ui, panels, prepared, summary, &spec.id);
                if let Some((title, x, y)) = picked {
                    self.actions.push(Action::Focus(spec.id.clone()));
                    let pick = panel_pick(spec, self.shown.record(), &title, (x, y), state.options.step);
                    self.actions.push(Action::Pick(pick));
                }
            }
            (Body::Graph(graph), _) => graph_ui(ui, graph, summary),
            (Body::Table(table), _) => {
                let order = &mut state.options.order;
                if let Some(row) = state.table.table_ui(ui, table, &spec.id, order) {
                    self.actions.push(Action::Focus(spec.id.clone()));
                    let pick = pick(spec, state, self.shown, (0.0, row as f64), None);
                    self.actions.push(Action::Pick(pick));
                }
            }
            (Body::Text(text), _) => text_ui(ui, text),
            _ => {
                ui.label(summary);
            }
        }
    }
}

/// The limits of colours that were dragged; none for those of the data.
fn limits(turned: Turned) -> Option<(f64, f64)> {
    if let Turned::Limits(low, high) = turned { Some((low, high)) } else { None }
}

/// What stands in a tile without a figure.
fn nothing(state: &TileState, spec: &ViewSpec, shown: &Shown) -> String {
    let words = || empty_words(spec, shown.status, shown.reason.as_deref());
    state.derivation.words().unwrap_or_else(words)
}

/// Words, with a button that copies them.
fn text_ui(ui: &mut Ui, text: &str) {
    if ui.button("Copy").on_hover_text("Puts the whole text on the clipboard").clicked() {
        ui.copy_text(text.to_owned());
    }
    ui.label(text);
}

/// What stands in an empty tile: what will appear there while the run goes on; afterwards that there is nothing, and what the view says
/// of itself besides.
fn empty_words(spec: &ViewSpec, status: Status, reason: Option<&str>) -> String {
    if status == Status::Running {
        // It has been pressed: what is told is what the tile waits for.
        let told = spec.empty.split_inclusive(". ").filter(|part| !part.starts_with("Press Run"));
        return told.collect::<String>().trim_end().to_owned();
    }
    if let (Status::Failed, Some(reason)) = (status, reason) {
        return format!("The run failed: {reason}");
    }
    let told = spec.empty.split(". ").flat_map(|sentence| sentence.split("; "));
    let told = told.map(|part| part.trim().trim_end_matches('.'));
    let stays = |part: &&str| !part.is_empty() && !part.contains("appear") && !part.starts_with("Press Run");
    told.filter(stays).fold("Nothing of this run.".to_owned(), |mut text, part| {
        let mut letters = part.chars();
        text.push(' ');
        text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        text.push_str(letters.as_str());
        text.push('.');
        text
    })
}

/// Words in the middle of the tile.
fn empty_ui(ui: &mut Ui, text: &str) {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let paint = color(tokens(ui.ctx()).text_muted);
    let width = (ui.available_width() - 24.0).clamp(40.0, EMPTY_WIDTH);
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), font, paint, width);
    job.halign = egui::Align::Center;
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let above = (ui.available_height() - galley.size().y).max(0.0) * 0.45;
    ui.add_space(above);
    ui.vertical_centered(|ui| ui.label(galley));
    // The tile keeps its whole room.
    ui.allocate_space(ui.available_size());
}

/// A point picked in the panel `title`, as the request that goes to the lab; the panel's channel is named.
fn panel_pick(spec: &ViewSpec, record: &Record, title: &str, at: (f64, f64), step: Option<u64>) -> Pick {
    let channels = views::choices(spec, record);
    let channel = channels.iter().find(|channel| channel.label == title);
    Pick {
        view: spec.id.clone(),
        channel: channel.map_or_else(String::new, |channel| channel.id.clone()),
        x: at.0.floor(),
        y: at.1.floor(),
        step: step.unwrap_or(u64::MAX),
        region: None,
    }
}

/// What is said below a plot: remarks on its data, and what its marks and lines say of themselves.
fn notes(figure: &Figure) -> Vec<String> {
    let Body::Plot(plot) = &figure.body else { return Vec::new() };
    let mut notes = figure.remarks();
    notes.extend(plot.explanations().map(str::to_owned));
    notes
}

/// A plot with its colour key and what is said below it.
fn plot_ui(
    ui: &mut Ui,
    notes: &[String],
    plot: &Plot,
    prepared: &Prepared,
    showing: &Showing<'_>,
    share: Option<(&str, bool)>,
) -> (Touched, Option<Turned>) {
    let note_height = if notes.is_empty() { 0.0 } else { 16.0 };
    let bar_width = if plot.color_bar.is_some() { BAR_ROOM } else { 0.0 };
    let size = egui::vec2(ui.available_width() - bar_width, ui.available_height() - note_height);
    let shown = ui
        .horizontal(|ui| {
            let touched = ui.allocate_ui(size, |ui| prepared.show(ui, showing)).inner;
            (touched, plot.color_bar.as_ref().and_then(|bar| color_bar_column(ui, bar, size.y, share)))
        })
        .inner;
    if !notes.is_empty() {
        let text = RichText::new(notes.join(" · ")).small().color(color(tokens(ui.ctx()).text_muted));
        ui.add(egui::Label::new(text).truncate());
    }
    shown
}

/// What is read at a click, with what a mark there says of itself.
fn pin(plot: &Plot, mark: Option<&str>, at: (f64, f64)) -> Option<Pinned> {
    let read = |precision| {
        let found = readout::readout(plot, at.0, at.1, precision).map(|found| found.text());
        let words: Vec<String> = mark.map(str::to_owned).into_iter().chain(found).collect();
        (!words.is_empty()).then(|| words.join("\n"))
    };
    Some(Pinned { at, text: read(Precision::Short)?, exact: read(Precision::Full)? })
}

/// The pinned readout of the focused tile goes to the clipboard with the usual keys.
fn copy_pinned(ui: &Ui, focused: bool, pinned: Option<&Pinned>) {
    let wanted = ui.input(|input| input.events.contains(&egui::Event::Copy));
    if let Some(pinned) = pinned.filter(|_| focused && wanted && !ui.ctx().egui_wants_keyboard_input()) {
        ui.copy_text(pinned.exact.clone());
    }
}

fn pointer_key(ui: &Ui, plot: &Plot) -> egui::Id {
    egui::Id::unique(("pointer", &plot.y.label, &plot.x.label, ui.scope_id()))
}

/// Readout of the last pointer position over this tile.
fn hover_text(ui: &Ui, plot: &Plot) -> Option<Readout> {
    let at: Option<(f64, f64)> = ui.data(|data| data.get_temp(pointer_key(ui, plot)));
    at.and_then(|(x, y)| readout::readout(plot, x, y, Precision::Short))
}

fn remember_pointer(ui: &Ui, plot: &Plot, touched: &Touched) {
    let key = pointer_key(ui, plot);
    ui.data_mut(|data| match touched.pointer {
        Some(at) => {
            data.insert_temp(key, at);
        }
        None => data.remove::<(f64, f64)>(key),
    });
}

/// What follows from the pointer: focus, linked cursor, controls, picks, zoom.
fn after(
    spec: &ViewSpec,
    state: &mut TileState,
    touched: &Touched,
    ui: &Ui,
    actions: &mut Vec<Action>,
    shown: &Shown,
    linked: bool,
) {
    if let Some((x, _)) = touched.pointer.filter(|_| views::is_over_steps(spec)) {
        actions.push(Action::Cursor(Some(x)));
    }
    if touched.response.clicked() || touched.response.dragged() {
        actions.push(Action::Focus(spec.id.clone()));
    }
    if !touched.turned.is_empty() {
        let turns = touched.turned.iter().map(|(control, value)| {
            let range = spec.controls.iter().find(|own| own.id == *control).map(|own| &own.kind);
            let value = match range {
                Some(ControlKind::Number { low, high, .. }) => value.max(*low).min(*high),
                _ => *value,
            };
            Action::Turn(control.clone(), ControlValue::Number(value))
        });
        actions.extend(turns);
        return;
    }
    if let Some(region) = touched.brushed {
        let turned = |control: &ControlSpec| Action::Turn(control.id.clone(), ControlValue::Region(region));
        actions.extend(brushes(spec).map(turned));
        let [left, right, bottom, top] = region;
        let middle = (f64::midpoint(left, right), f64::midpoint(bottom, top));
        actions.push(Action::Pick(pick(spec, state, shown, middle, Some(region))));
        return;
    }
    let zoomed = (touched.response.dragged() && !touched.brushing)
        || touched.response.hovered() && ui.input(|input| input.smooth_scroll_delta.y != 0.0);
    if zoomed || state.visible.is_some() {
        state.visible = Some(touched.visible);
    }
    let over_steps = views::is_over_steps(spec);
    if zoomed && linked && over_steps {
        actions.push(Action::MoveSteps(spec.id.clone(), Some(touched.visible)));
    }
    if touched.response.double_clicked() {
        state.fit();
        if linked && over_steps {
            actions.push(Action::MoveSteps(spec.id.clone(), None));
        }
    }
    if let Some((x, y)) = touched.clicked {
        actions.push(Action::Pick(pick(spec, state, shown, (x, y), None)));
    }
}

/// The controls that a brushed rectangle of the view turns.
fn brushes(spec: &ViewSpec) -> impl Iterator<Item = &ControlSpec> {
    spec.controls.iter().filter(|control| control.kind == ControlKind::Region)
}

/// A click, or a brushed rectangle, in the words of the lab.
fn pick(
    spec: &ViewSpec,
    state: &TileState,
    shown: &Shown,
    (x, y): (f64, f64),
    region: Option<[f64; 4]>,
) -> Pick {
    let channel = state
        .options
        .channel
        .clone()
        .or_else(|| views::choices(spec, shown.record()).first().map(|channel| channel.id.clone()));
    let in_cells = matches!(spec.kind, ViewKind::HeatMap | ViewKind::Grid);
    let step =
        if views::is_over_steps(spec) { x.max(0.0) as u64 } else { state.options.step.unwrap_or(u64::MAX) };
    Pick {
        view: spec.id.clone(),
        channel: channel.unwrap_or_default(),
        x: if spec.kind == ViewKind::Grid { x.floor() } else { x },
        y: if in_cells { y.floor() } else { y },
        step,
        region,
    }
}

/// Builds the figure again if data, controls, options or theme changed.
fn rebuild(state: &mut TileState, from: &Basis<'_>, spec: &ViewSpec, context: &egui::Context) {
    let (shown, others) = (from.shown, from.overlay);
    let overlay = others.key(spec);
    let dark = context.theme() == egui::Theme::Dark;
    let generation = state.derivation.generation();
    let fresh = state.cache.as_ref().is_some_and(|cache| {
        cache.version == shown.version
            && cache.generation == generation
            && cache.overlay == overlay
            && cache.options == state.options
            && cache.dark == dark
    });
    if fresh {
        return;
    }
    // What only grew was drawn before.
    let is_new = state.cache.as_ref().is_none_or(|cache| {
        cache.generation != generation || cache.overlay != overlay || cache.options != state.options
    });
    let _working = is_new.then(|| from.watch.working(shown.folder.as_deref(), Some(&spec.id))).flatten();
    let record = views::lay_over(shown.record(), state.derivation.channels());
    let beside: Vec<Cow<'_, Record>> = others
        .beside()
        .map(|run| match state.derivation.beside(&run.folder) {
            [] => Cow::Borrowed(&run.record),
            derived => Cow::Owned(views::lay_over(&run.record, derived)),
        })
        .collect();
    let sources = others.sources(&record, &beside);
    let all = views::figure(spec, &sources, &state.options, &shown.provenance);
    // The legend keeps the names of what it hides.
    let figure = all.clone().map(|figure| figure.without(&state.options.hidden));
    let bodies = figure.as_ref().zip(all.as_ref()).map(|(figure, all)| (&figure.body, &all.body));
    let prepared = match bodies {
        Some((Body::Plot(plot), Body::Plot(all))) => vec![Prepared::new(plot, all, context, &spec.id)],
        Some((Body::Panels(panels), _)) => panels
            .panels
            .iter()
            .enumerate()
            .filter_map(|(index, panel)| match &panel.body {
                Body::Plot(plot) => Some(Prepared::new(plot, plot, context, &format!("{}/{index}", spec.id))),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let summary = figure.as_ref().map(readout::summary).unwrap_or_default();
    let notes = figure.as_ref().map(notes).unwrap_or_default();
    let quantity = figure.as_ref().and_then(|figure| views::quantity(spec, figure));
    state.table.renew();
    state.cache = Some(Cache {
        version: shown.version,
        generation,
        overlay,
        options: state.options.clone(),
        dark,
        figure,
        prepared,
        summary,
        notes,
        quantity,
        records: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_view_of_a_finished_run_asks_for_no_run() {
        let says = |empty: &str, status| {
            let spec = ViewSpec { empty: empty.to_owned(), ..ViewSpec::new("v", "v", ViewKind::Curve, &[]) };
            empty_words(&spec, status, None)
        };
        let text = "Values appear here; vectors have none. Press Run, or drop a file.";
        assert_eq!(says(text, Status::Running), "Values appear here; vectors have none.", "while it waits");
        assert_eq!(says(text, Status::Done), "Nothing of this run. Vectors have none.");
        let text = "Set Plane to Computed to see the loss.";
        assert_eq!(says(text, Status::Failed), "Nothing of this run. Set Plane to Computed to see the loss.");
        assert_eq!(says("", Status::Done), "Nothing of this run.");
        let spec = ViewSpec::new("v", "v", ViewKind::Curve, &[]);
        let failed = empty_words(&spec, Status::Failed, Some("the loss is no number"));
        assert_eq!(failed, "The run failed: the loss is no number");
    }
}
