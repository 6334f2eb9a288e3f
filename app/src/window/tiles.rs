//! The centre: one tile per view, arranged by the person; each tile caches its figure until data or options change.

use std::collections::BTreeMap;

use egui::{RichText, Ui, WidgetText};
use egui_tiles::{Behavior, SimplificationOptions, TileId, Tree, UiResponse};
use serde::{Deserialize, Serialize};
use weightscope_engine::record::{Pick, ViewKind, ViewSpec};

use super::command::Action;
use super::plot::{Prepared, Showing, Touched};
use super::readout;
use super::shown::Shown;
use super::style::{self, color, tokens};
use crate::figure::colormap::ColorScale;
use crate::figure::model::{Body, ColorBar, Figure, TableBody};
use crate::figure::number::significant;
use crate::views::{self, Resolution, Source, ViewOptions};

/// One tile: a view by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pane {
    pub(super) view: String,
}

/// What a tile remembers.
#[derive(Default)]
pub(super) struct TileState {
    pub(super) options: ViewOptions,
    /// Set for one frame to show all data.
    fit: bool,
    visible: Option<(f64, f64)>,
    cache: Option<Cache>,
}

/// A figure with the key it was built for.
struct Cache {
    version: u64,
    options: ViewOptions,
    dark: bool,
    figure: Option<Figure>,
    prepared: Option<Prepared>,
    summary: String,
}

/// The default arrangement: rows of two, the first ones larger.
pub(super) fn default_tree(views: &[ViewSpec]) -> Tree<Pane> {
    let mut tiles = egui_tiles::Tiles::default();
    let panes: Vec<TileId> =
        views.iter().map(|view| tiles.insert_pane(Pane { view: view.id.clone() })).collect();
    // Nine tiles fit a screen; the rest join the last ones as tabs.
    let columns = 3;
    let cells = panes.len().min(9);
    let mut groups: Vec<Vec<TileId>> = vec![Vec::new(); cells];
    for (index, pane) in panes.into_iter().enumerate() {
        let group = if index < cells { index } else { cells - 1 - (index - cells) % columns };
        if let Some(group) = groups.get_mut(group) {
            group.push(pane);
        }
    }
    let cells: Vec<TileId> = groups
        .into_iter()
        .map(|group| match group.as_slice() {
            [only] => *only,
            _ => tiles.insert_tab_tile(group),
        })
        .collect();
    let rows: Vec<TileId> =
        cells.chunks(columns).map(|row| tiles.insert_horizontal_tile(row.to_vec())).collect();
    let root = tiles.insert_vertical_tile(rows);
    Tree::new(egui::Id::unique("views"), root, tiles)
}

/// Draws the tiles for one frame.
pub(super) struct TileBehavior<'a> {
    pub(super) shown: &'a Shown,
    pub(super) states: &'a mut BTreeMap<String, TileState>,
    pub(super) focus: &'a str,
    pub(super) cursor: Option<f64>,
    pub(super) actions: &'a mut Vec<Action>,
}

impl Behavior<Pane> for TileBehavior<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile: TileId, pane: &mut Pane) -> UiResponse {
        let mut response = UiResponse::None;
        let Some(spec) = self.shown.view(&pane.view) else { return response };
        let background = color(tokens(ui.ctx()).background);
        egui::Frame::new().fill(background).inner_margin(6.0).show(ui, |ui| {
            let title = self.title_ui(ui, spec);
            if title.drag_started() {
                response = UiResponse::DragStarted;
            }
            ui.push_id(tile, |ui| self.body_ui(ui, spec));
        });
        response
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        self.shown.view(&pane.view).map_or(pane.view.clone(), |view| view.title.clone()).into()
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: false, ..SimplificationOptions::default() }
    }
}

impl TileBehavior<'_> {
    /// Title, chooser, buttons of the view, help, export.
    fn title_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) -> egui::Response {
        let focused = self.focus == spec.id;
        let palette = tokens(ui.ctx());
        let row = ui.horizontal(|ui| {
            let mut text = RichText::new(&spec.title).strong();
            if focused {
                text = text.color(color(palette.accent));
            }
            let title = ui.add(
                egui::Label::new(text).truncate().selectable(false).sense(egui::Sense::click_and_drag()),
            );
            if title.clicked() {
                self.actions.push(Action::Focus(spec.id.clone()));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.buttons_ui(ui, spec));
            title
        });
        row.inner
    }

    fn buttons_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        use egui_material_icons::icons;
        let icon = |ui: &mut Ui, glyph: egui_material_icons::MaterialIcon, words: String| {
            let response = ui.add(egui::Button::new(style::icon(glyph)).small().frame(false));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
            response.on_hover_text(words)
        };
        if icon(ui, icons::ICON_DOWNLOAD, format!("Export {}", spec.title)).clicked() {
            self.actions.push(Action::Export(spec.id.clone()));
        }
        let help = icon(ui, icons::ICON_HELP, format!("What is {}?", spec.title));
        egui::Popup::from_toggle_button_response(&help).show(|ui| {
            ui.set_max_width(420.0);
            let mut cache = egui_commonmark::CommonMarkCache::default();
            egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, &spec.help);
        });
        for action in &spec.actions {
            if ui.small_button(&action.label).on_hover_text(&action.about).clicked() {
                self.actions.push(Action::Button { view: spec.id.clone(), action: action.id.clone() });
            }
        }
        if spec.one_channel {
            let state = self.states.entry(spec.id.clone()).or_default();
            let all = views::choices(spec, self.shown.record());
            let now = all
                .iter()
                .find(|channel| Some(&channel.id) == state.options.channel.as_ref())
                .or_else(|| all.first());
            let text = now.map_or("–", |channel| channel.label.as_str());
            let chooser = egui::ComboBox::from_id_salt(("channel", &spec.id))
                .selected_text(text)
                .width(72.0)
                .show_ui(ui, |ui| {
                    for channel in &all {
                        ui.selectable_value(
                            &mut state.options.channel,
                            Some(channel.id.clone()),
                            &channel.label,
                        );
                    }
                });
            let words = format!("Layer of {}", spec.title);
            chooser.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &words));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        let state = self.states.entry(spec.id.clone()).or_default();
        let width = ui.available_width().max(1.0);
        let (from, to) = state.visible.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        state.options.resolution = Resolution::Screen { from, to, columns: width as usize };
        rebuild(state, self.shown, spec, ui.ctx());
        let Some(Cache { figure: Some(figure), prepared, summary, .. }) = &state.cache else {
            ui.centered_and_justified(|ui| {
                ui.label(RichText::new(&spec.empty).color(color(tokens(ui.ctx()).text_muted)))
            });
            return;
        };
        match (&figure.body, prepared) {
            (Body::Plot(plot), Some(prepared)) => {
                let cursor = (spec.x.label == "step").then_some(self.cursor).flatten();
                let notes = figure.remarks();
                let note_height = if notes.is_empty() { 0.0 } else { 16.0 };
                let bar_width = if plot.color_bar.is_some() { 76.0 } else { 0.0 };
                let size = egui::vec2(ui.available_width() - bar_width, ui.available_height() - note_height);
                let showing = Showing {
                    id: &spec.id,
                    cursor,
                    fit: state.fit,
                    follow: state.visible.is_none(),
                    readout: TileState::hover_text(ui, plot),
                };
                state.fit = false;
                let touched = ui
                    .horizontal(|ui| {
                        let touched = ui.allocate_ui(size, |ui| prepared.show(ui, &showing)).inner;
                        if let Some(bar) = &plot.color_bar {
                            color_bar(ui, bar, size.y);
                        }
                        touched
                    })
                    .inner;
                touched.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, summary));
                if !notes.is_empty() {
                    ui.label(
                        RichText::new(notes.join(" · ")).small().color(color(tokens(ui.ctx()).text_muted)),
                    );
                }
                after(ui, spec, state, &touched, self.actions, self.shown);
            }
            (Body::Table(table), _) => table_ui(ui, table, &spec.id),
            (Body::Text(text), _) => {
                ui.label(text);
            }
            _ => {
                ui.label(summary);
            }
        }
    }
}

impl TileState {
    /// Shows all data from the next frame on.
    pub(super) fn fit(&mut self) {
        self.visible = None;
        self.fit = true;
    }

    /// Forgets what belongs to the run that was shown before: its figure, its zoom, its weights.
    pub(super) fn forget_run(&mut self) {
        self.cache = None;
        self.options.shown.clear();
        self.fit();
    }

    /// Readout of the last pointer position over this tile.
    fn hover_text(ui: &Ui, plot: &crate::figure::model::Plot) -> Option<String> {
        let id = egui::Id::unique(("pointer", &plot.y.label, &plot.x.label, ui.scope_id()));
        let at: Option<(f64, f64)> = ui.data(|data| data.get_temp(id));
        at.and_then(|(x, y)| readout::readout(plot, x, y))
    }
}

/// What follows from the pointer: focus, linked cursor, picks, zoom.
fn after(
    ui: &Ui,
    spec: &ViewSpec,
    state: &mut TileState,
    touched: &Touched,
    actions: &mut Vec<Action>,
    shown: &Shown,
) {
    if let Some(Cache { figure: Some(Figure { body: Body::Plot(plot), .. }), .. }) = &state.cache {
        let id = egui::Id::unique(("pointer", &plot.y.label, &plot.x.label, ui.scope_id()));
        ui.data_mut(|data| match touched.pointer {
            Some(at) => {
                data.insert_temp(id, at);
            }
            None => data.remove::<(f64, f64)>(id),
        });
    }
    if let Some((x, _)) = touched.pointer.filter(|_| spec.x.label == "step") {
        actions.push(Action::Cursor(Some(x)));
    }
    if touched.response.clicked() || touched.response.dragged() {
        actions.push(Action::Focus(spec.id.clone()));
    }
    let zoomed = touched.response.dragged()
        || touched.response.hovered() && ui.input(|input| input.smooth_scroll_delta.y != 0.0);
    if zoomed || state.visible.is_some() {
        state.visible = Some(touched.visible);
    }
    if touched.response.double_clicked() {
        state.fit();
    }
    let Some((x, y)) = touched.clicked.filter(|_| spec.picks_into.is_some()) else { return };
    let channel = state
        .options
        .channel
        .clone()
        .or_else(|| views::choices(spec, shown.record()).first().map(|channel| channel.id.clone()));
    let row = if spec.kind == ViewKind::HeatMap { y.floor() } else { y };
    let step =
        if spec.x.label == "step" { x.max(0.0) as u64 } else { state.options.step.unwrap_or(u64::MAX) };
    actions.push(Action::Pick(Pick {
        view: spec.id.clone(),
        channel: channel.unwrap_or_default(),
        x,
        y: row,
        step,
    }));
}

/// Builds the figure again if data, options or theme changed.
fn rebuild(state: &mut TileState, shown: &Shown, spec: &ViewSpec, context: &egui::Context) {
    let dark = context.theme() == egui::Theme::Dark;
    let fresh = state.cache.as_ref().is_some_and(|cache| {
        cache.version == shown.version && cache.options == state.options && cache.dark == dark
    });
    if fresh {
        return;
    }
    let source = Source { label: "", record: shown.record() };
    let figure = views::figure(spec, &[source], &state.options, &shown.provenance);
    let prepared = match figure.as_ref().map(|figure| &figure.body) {
        Some(Body::Plot(plot)) => Some(Prepared::new(plot, context, &spec.id)),
        _ => None,
    };
    let summary = figure.as_ref().map(readout::summary).unwrap_or_default();
    state.cache = Some(Cache {
        version: shown.version,
        options: state.options.clone(),
        dark,
        figure,
        prepared,
        summary,
    });
}

/// The colours of a map with their numbers.
fn color_bar(ui: &mut Ui, bar: &ColorBar, height: f32) {
    const STRIPES: usize = 64;
    let ColorScale { map, limits, .. } = bar.scale;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(66.0, height), egui::Sense::hover());
    let strip = egui::Rect::from_min_size(
        rect.min + egui::vec2(4.0, 14.0),
        egui::vec2(12.0, (rect.height() - 44.0).max(10.0)),
    );
    let palette = tokens(ui.ctx());
    let step = strip.height() / STRIPES as f32;
    for stripe in 0..STRIPES {
        let share = (stripe as f64 + 0.5) / STRIPES as f64;
        let top = strip.bottom() - (stripe + 1) as f32 * step;
        let cell =
            egui::Rect::from_min_size(egui::pos2(strip.left(), top), egui::vec2(strip.width(), step + 0.5));
        ui.painter().rect_filled(cell, 0.0, color(map.at(share)));
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    for (share, value) in [(0.0, limits.0), (0.5, f64::midpoint(limits.0, limits.1)), (1.0, limits.1)] {
        let at = egui::pos2(strip.right() + 3.0, strip.bottom() - share * strip.height());
        ui.painter().text(
            at,
            egui::Align2::LEFT_CENTER,
            significant(value, 2),
            font.clone(),
            color(palette.text),
        );
    }
}

/// A table of the record.
fn table_ui(ui: &mut Ui, table: &TableBody, id: &str) {
    egui::ScrollArea::both().id_salt(("table", id)).auto_shrink(false).show(ui, |ui| {
        egui::Grid::new(("grid", id)).striped(true).show(ui, |ui| {
            for column in &table.columns {
                ui.strong(column.heading());
            }
            ui.end_row();
            for row in &table.rows {
                for (cell, column) in row.iter().zip(&table.columns) {
                    ui.label(cell.display(column.digits));
                }
                ui.end_row();
            }
        });
    });
}
