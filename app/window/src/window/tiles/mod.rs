//! The centre: one tile per view, arranged by the person; each tile caches its figure until data or options change.

use std::collections::BTreeMap;

mod body;
mod color_bar;
pub(super) mod controls;
mod data;
mod derivation;
mod graph;
mod layout;
mod menu;
mod panels;
mod shares;
mod table;
mod title;

use egui::style::ScrollAnimation;
use egui::{Response, Ui, WidgetText};
use egui_material_icons::icons;
use egui_tiles::{Behavior, EditAction, SimplificationOptions, Tabs, TileId, Tiles, UiResponse};
use weightscope_frame::record::{Channel, Controls};

use self::data::Records;
use self::derivation::Derivation;
pub(super) use self::layout::{Layout, Pane};
pub(super) use self::shares::Shares;
pub(super) use self::table::Jump;
use self::table::TableState;
use super::command::Action;
use super::plot::Prepared;
use super::runs::OverlaySet;
use super::shown::Shown;
use super::style::{self, color, tokens};
use super::watch::Watch;
use crate::exporting::Dressing;
use crate::figure::model::{Axis, Body, Figure, Ink};
use crate::views::{TableOrder, ViewOptions};

/// What a tile remembers.
#[derive(Default)]
pub(super) struct TileState {
    pub(super) options: ViewOptions,
    /// What its figure wears when it is exported.
    pub(super) dressing: Dressing,
    /// Set for one frame to show all data.
    fit: bool,
    /// Data beyond the limits of the view are shown too.
    whole: bool,
    visible: Option<(f64, f64)>,
    /// Set for one frame: the range in x that another tile was zoomed to.
    moved: Option<(f64, f64)>,
    cache: Option<Cache>,
    derivation: Derivation,
    /// The numbers are shown in place of the drawing.
    data: bool,
    /// Order of these numbers on the screen.
    data_order: Option<TableOrder>,
    /// A readout that a click pinned, with its place in data units.
    pinned: Option<Pinned>,
    /// Order and filter of a table.
    table: TableState,
}

/// A readout that stays.
struct Pinned {
    at: (f64, f64),
    text: String,
    /// The same with all digits, for the clipboard.
    exact: String,
}

/// A figure with the key it was built for.
struct Cache {
    version: u64,
    generation: u64,
    /// Of the runs laid over each other; 0 for one run.
    overlay: u64,
    options: ViewOptions,
    dark: bool,
    figure: Option<Figure>,
    /// One for a plot, one for each panel of several; none for tables and words.
    prepared: Vec<Prepared>,
    summary: String,
    /// What is said below a plot: a look at all its values, which no frame can afford.
    notes: Vec<String>,
    /// What the colours say, and the limits that hold its data.
    quantity: Option<(String, (f64, f64))>,
    /// The numbers behind the figure, once they were asked for.
    records: Option<Records>,
}

/// Draws the tiles for one frame.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct TileBehavior<'a> {
    pub(super) shown: &'a Shown,
    /// Where the next start reads what the program died of.
    pub(super) watch: &'a Watch,
    pub(super) states: &'a mut BTreeMap<String, TileState>,
    pub(super) focus: &'a str,
    pub(super) cursor: Option<f64>,
    /// One tile fills the centre.
    pub(super) maximised: bool,
    /// Tiles over steps show the same steps.
    pub(super) linked: bool,
    /// The run goes on, and its lab can be asked for something.
    pub(super) in_work: bool,
    /// The step that all tiles look at; `None` is the newest.
    pub(super) step: Option<u64>,
    /// Values of all controls.
    pub(super) controls: &'a Controls,
    /// Ticked runs beside the one that is shown.
    pub(super) overlay: &'a OverlaySet,
    /// The run among them that is selected, by its place; the run that is shown has place 0.
    pub(super) selected: Option<usize>,
    /// Colour limits that tiles share.
    pub(super) shares: &'a mut Shares,
    /// Set when the person moves or resizes a tile.
    pub(super) arranged: bool,
    pub(super) actions: &'a mut Vec<Action>,
}

impl TileBehavior<'_> {
    /// Where the tab is noted that comes into sight in this frame.
    fn coming() -> egui::Id {
        egui::Id::unique("tab that comes into sight")
    }
}

impl Behavior<Pane> for TileBehavior<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile: TileId, pane: &mut Pane) -> UiResponse {
        let mut response = UiResponse::None;
        let Some(spec) = self.shown.view(&pane.view) else { return response };
        let _drawing = self.watch.drawing(self.shown.folder.as_deref(), &spec.id);
        let background = color(tokens(ui.ctx()).background);
        egui::Frame::new().fill(background).inner_margin(6.0).show(ui, |ui| {
            let title = self.title_ui(ui, spec);
            self.controls_ui(ui, spec);
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

    fn top_bar_right_ui(
        &mut self,
        _tiles: &Tiles<Pane>,
        ui: &mut Ui,
        group: TileId,
        tabs: &Tabs,
        _scroll_offset: &mut f32,
    ) {
        // The tabs are drawn after this, and while they are nobody can ask which of them is open.
        let key = egui::Id::unique(("open tab", group));
        let before: Option<TileId> = ui.data(|data| data.get_temp(key));
        if let Some(open) = tabs.active.filter(|open| before != Some(*open)) {
            ui.data_mut(|data| {
                data.insert_temp(key, open);
                data.insert_temp(Self::coming(), open);
            });
        }
        let button = ui.add(egui::Button::new(style::icon(icons::ICON_ADD)).small().frame(false));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Add view to this group"));
        if button.on_hover_text("Add any channel as a view of this group").clicked() {
            self.actions.push(Action::AddTo(group));
        }
    }

    /// A tab that was opened from elsewhere comes into sight among those of its group.
    fn on_tab_button(&mut self, _tiles: &mut Tiles<Pane>, tile: TileId, button: Response) -> Response {
        let coming = Self::coming();
        if button.ctx.data(|data| data.get_temp(coming)) == Some(tile) {
            button.ctx.data_mut(|data| data.remove::<TileId>(coming));
            button.scroll_to_me_animation(None, ScrollAnimation::none());
        }
        button
    }

    fn on_edit(&mut self, edit: EditAction) {
        self.arranged |= matches!(edit, EditAction::TileResized | EditAction::TileDropped);
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: false, ..SimplificationOptions::default() }
    }
}

impl TileState {
    /// Goes back to what the view shows of itself; from there to all data, where some lie beyond its limits, and back.
    pub(super) fn fit(&mut self) {
        self.whole = self.visible.is_none() && !self.whole && self.has_limits();
        self.visible = None;
        self.fit = true;
    }

    /// Shows the range in x that a linked tile shows; none for what that one shows of itself.
    pub(super) fn move_to(&mut self, range: Option<(f64, f64)>) {
        if let Some(range) = range {
            (self.visible, self.moved) = (Some(range), Some(range));
        } else {
            (self.visible, self.fit) = (None, true);
        }
    }

    /// True if an axis of the view has limits that data may lie beyond.
    fn has_limits(&self) -> bool {
        let figure = self.cache.as_ref().and_then(|cache| cache.figure.as_ref());
        let Some(Body::Plot(plot)) = figure.map(|figure| &figure.body) else { return false };
        let has = |axis: &Axis| axis.range.is_some() && axis.categories.is_none();
        has(&plot.x) || has(&plot.y)
    }

    /// True if the person chose what part is seen, so that new data do not move it.
    fn is_zoomed(&self) -> bool {
        self.visible.is_some() || self.whole
    }

    /// The options that the next start takes up: not the weights or the step of a run.
    pub(super) fn kept_options(&self) -> ViewOptions {
        let fresh = ViewOptions::default();
        ViewOptions {
            shown: fresh.shown,
            hidden: fresh.hidden,
            step: fresh.step,
            controls: fresh.controls,
            overlay: fresh.overlay,
            resolution: fresh.resolution,
            ..self.options.clone()
        }
    }

    /// The channels that the lab derived for this view.
    pub(super) fn derived(&self) -> &[Channel] {
        self.derivation.channels()
    }

    /// True while newer channels than those it shows are made.
    pub(super) fn is_deriving(&self) -> bool {
        self.derivation.is_in_work()
    }

    /// What the colours of its figure say, and the limits that hold its data.
    fn quantity(&self) -> Option<(&str, (f64, f64))> {
        let (quantity, limits) = self.cache.as_ref()?.quantity.as_ref()?;
        Some((quantity.as_str(), *limits))
    }

    /// The named series of its figure in their order, each with its colour if it has one.
    pub(super) fn series(&self) -> Vec<(String, Option<Ink>)> {
        let figure = self.cache.as_ref().and_then(|cache| cache.figure.as_ref());
        figure.map(Figure::series).unwrap_or_default()
    }

    /// True if a table is drawn here as one.
    pub(super) fn is_table(&self) -> bool {
        let figure = self.cache.as_ref().and_then(|cache| cache.figure.as_ref());
        !self.data && figure.is_some_and(|figure| matches!(figure.body, Body::Table(_)))
    }

    /// Goes to another row of the table with the next frame, as a click on it would.
    pub(super) fn go_to_row(&mut self, jump: Jump) {
        self.table.ask(jump);
    }

    /// Puts the keyboard into the words that filter the table.
    pub(super) fn filter_rows(&mut self) {
        self.table.ask_for_filter();
    }

    /// Takes a pinned readout away.
    pub(super) fn unpin(&mut self) {
        self.pinned = None;
    }

    /// Forgets what belongs to the run that was shown before: its figure, its zoom, its weights; the filter and the chosen row of a table
    /// if another run is shown now.
    pub(super) fn forget_run(&mut self, is_other: bool) {
        if is_other {
            self.table.forget_run();
        }
        self.cache = None;
        self.derivation = Derivation::default();
        self.pinned = None;
        self.options.shown.clear();
        (self.visible, self.whole, self.fit) = (None, false, true);
    }
}
