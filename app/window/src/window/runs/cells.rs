//! The cells of the runs table.

use egui::{Button, RichText, Sense, Stroke, TextEdit, Ui};
use egui_extras::Column;
use egui_material_icons::{MaterialIcon, icons};
use weightscope_frame::store::Status;

use super::action::RunsAction;
use super::edit::{Editing, Remark, tags};
use super::layout::RunsLayout;
use super::model::{Row, Value};
use super::spark::Sparks;
use super::state::{self, Going, unverifiable};
use super::words::Words;
use crate::card;
use crate::figure::model::Ink;
use crate::figure::number::significant;
use crate::figure::palette;
use crate::plan::Standing;
use crate::theme::Rgba;
use crate::window::command::Action;
use crate::window::queue::QueueAction;
use crate::window::style::{self, color, tokens};

/// A filled and an empty star, from the font of symbols.
const STARRED: &str = "\u{2605}";
const NOT_STARRED: &str = "\u{2606}";

/// Why nothing can be done with a task of a plan that nobody has begun.
pub(super) const NOT_BEGUN: &str = "It has not begun";

/// What a cell needs besides its run.
pub(super) struct Context<'a> {
    /// What labs are called.
    pub(super) words: &'a Words,
    pub(super) editing: &'a mut Option<Editing>,
    pub(super) sparks: &'a mut Sparks,
    pub(super) metric: Option<&'a String>,
    /// Colour in which the run is drawn.
    pub(super) color: Option<usize>,
    /// What is on its way with the run.
    pub(super) going: Option<Going>,
}

/// The width of a column.
pub(super) fn column(key: &str) -> Column {
    let width = match key {
        "curve" => 76.0,
        "started" => 88.0,
        "name" => 190.0,
        "origin" => 150.0,
        "id" | "parent" | "device" | "reason" => 200.0,
        "seed" => 44.0,
        "lab" => 130.0,
        "note" => 140.0,
        "tags" => 80.0,
        "duration" => 60.0,
        _ => 120.0,
    };
    Column::initial(width).at_least(36.0).clip(true).resizable(true)
}

/// The tick, with the run's colour; what was clicked: on or off, and whether a range is meant.
pub(super) fn tick_ui(ui: &mut Ui, run: &Row, layout: &RunsLayout) -> Option<(bool, bool)> {
    let mut on = layout.ticked.contains(&run.path);
    let ready = run.is_begun();
    let response = ui.add_enabled(ready, egui::Checkbox::without_text(&mut on));
    let name = format!("Tick {}", run.manifest.id);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, ready, on, &name));
    if let Some(number) = layout.drawn_color(&run.path) {
        let paint = color(palette::color(tokens(ui.ctx()), Ink::Series(number)));
        let rect = response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom() + 1.0, Stroke::new(3.0, paint));
    }
    let range = ui.input(|input| input.modifiers.shift);
    let response = response.on_disabled_hover_text(NOT_BEGUN);
    let clicked =
        response.on_hover_text("Draws the run beside the one that is shown; shift for a range").changed();
    clicked.then_some((on, range))
}

pub(super) fn star_ui(ui: &mut Ui, run: &Row, actions: &mut Vec<Action>) {
    if !run.is_begun() {
        return;
    }
    let palette = tokens(ui.ctx());
    let star = run.manifest.star;
    let (text, paint) = if star { (STARRED, palette.warning) } else { (NOT_STARRED, palette.text_muted) };
    let response = ui.add(Button::new(RichText::new(text).color(color(paint))).frame(false).small());
    let name = format!("{} {}", if star { "Unstar" } else { "Star" }, run.manifest.id);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if response.clicked() {
        actions.push(Action::Runs(RunsAction::Remark(run.path.clone(), Remark::Star(!star))));
    }
}

/// Icon and word: colour is not the only carrier.
pub(super) fn status_ui(ui: &mut Ui, run: &Row, going: Option<Going>) {
    let palette = tokens(ui.ctx());
    let task = run.task.as_ref().filter(|_| going.is_none()).map(|task| task.standing);
    let (icon, paint): (MaterialIcon, _) = match run.manifest.status {
        _ if task == Some(Standing::Waiting) => (icons::ICON_SCHEDULE, palette.text_muted),
        _ if task == Some(Standing::Running) => (icons::ICON_PLAY_CIRCLE, palette.accent),
        _ if task == Some(Standing::Paused) => (icons::ICON_PAUSE_CIRCLE, palette.warning),
        _ if task == Some(Standing::Failed) => (icons::ICON_ERROR, palette.error),
        _ if task == Some(Standing::Cancelled) => (icons::ICON_CANCEL, palette.warning),
        _ if task == Some(Standing::Preempted) => (icons::ICON_WARNING, palette.warning),
        _ if task == Some(Standing::OutOfTime) => (icons::ICON_TIMER_OFF, palette.warning),
        _ if matches!(going, Some(Going::Paused(_))) => (icons::ICON_PAUSE_CIRCLE, palette.warning),
        _ if going == Some(Going::Queued) => (icons::ICON_SCHEDULE, palette.text_muted),
        Status::Done => (icons::ICON_CHECK_CIRCLE, palette.ok),
        Status::Failed => (icons::ICON_ERROR, palette.error),
        Status::Running => (icons::ICON_PLAY_CIRCLE, palette.accent),
        Status::Cancelled => (icons::ICON_CANCEL, palette.warning),
        Status::Interrupted => (icons::ICON_WARNING, palette.warning),
    };
    ui.spacing_mut().item_spacing.x = 4.0;
    icon_ui(ui, icon, paint);
    let words = state::words(run.word(), going);
    let label =
        ui.add(egui::Label::new(RichText::new(words).color(color(paint))).truncate().selectable(false));
    if let Some(reason) = run.reason() {
        label.on_hover_text(reason);
    }
}

/// An icon that leaves a click to its row.
fn icon_ui(ui: &mut Ui, icon: MaterialIcon, paint: Rgba) -> egui::Response {
    ui.add(egui::Label::new(style::icon(icon).color(color(paint))).selectable(false))
}

/// A cell under a key.
pub(super) fn cell_ui(
    ui: &mut Ui,
    run: &Row,
    key: &str,
    context: &mut Context<'_>,
    actions: &mut Vec<Action>,
) {
    match key {
        // Of what nobody has begun there is nothing to say.
        "verified" | "duration" if !run.is_begun() => {}
        "curve" => spark_ui(ui, run, context),
        "tags" => edit_ui(ui, run, "tags", context, actions),
        "note" => edit_ui(ui, run, "note", context, actions),
        "verified" => badge_ui(ui, run, context.going),
        "name" => {
            if let Some(color) = context.color {
                style::patch(ui, Ink::Series(color));
            }
            text_ui(ui, &run.name(), Some(run.manifest.id.clone()));
        }
        "lab" => {
            let lab = &run.manifest.lab;
            text_ui(
                ui,
                context.words.lab(lab),
                Some(format!("{}\nKey in filters: lab={lab}", context.words.lab(lab))),
            );
        }
        "started" => {
            // The year stands in the hint: it is the same for nearly all.
            let full = run.manifest.started.replace('T', " ").replace('Z', "");
            text_ui(ui, full.get(5..16).unwrap_or(&full), Some(full.clone()));
        }
        "duration" => text_ui(ui, &format!("{:.1}", run.manifest.seconds), None),
        _ => {
            let value = run.value(key);
            let exact = matches!(value, Value::Number(_)).then(|| value.exact().into_owned());
            text_ui(ui, &value.display(), exact);
        }
    }
}

fn text_ui(ui: &mut Ui, text: &str, exact: Option<String>) {
    let label = ui.add(egui::Label::new(text).truncate().selectable(false));
    if let Some(exact) = exact.filter(|exact| exact != text) {
        label.on_hover_text(exact);
    }
}

/// Whether the run has been repeated: icon and words.
pub(super) fn badge_ui(ui: &mut Ui, run: &Row, going: Option<Going>) {
    let palette = tokens(ui.ctx());
    if let Some(words) = going.and_then(Going::verifying) {
        ui.add(
            egui::Label::new(RichText::new(words).color(color(palette.accent))).truncate().selectable(false),
        );
        return;
    }
    let (icon, paint) = match &run.manifest.verified {
        Some(verified) if verified.identical => (icons::ICON_VERIFIED, palette.ok),
        Some(_) => (icons::ICON_ERROR, palette.error),
        None => (icons::ICON_HELP, palette.text_muted),
    };
    ui.spacing_mut().item_spacing.x = 4.0;
    icon_ui(ui, icon, paint);
    let words = RichText::new(card::badge(&run.manifest)).color(color(paint));
    let label = ui.add(egui::Label::new(words).truncate().selectable(false));
    match &run.manifest.verified {
        Some(verified) => label.on_hover_text(format!("By version {} at {}", verified.version, verified.at)),
        None => label.on_hover_text("Verify repeats the run and compares its metric stream bit for bit"),
    };
}

fn spark_ui(ui: &mut Ui, run: &Row, context: &mut Context<'_>) {
    let size = egui::vec2(ui.available_width().min(200.0), ui.available_height().max(12.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let Some(spark) = context.sparks.get(run, context.metric) else { return };
    let inner = rect.shrink2(egui::vec2(1.0, 3.0));
    let place =
        |[x, y]: &[f32; 2]| egui::pos2(inner.left() + x * inner.width(), inner.bottom() - y * inner.height());
    let ink = context.color.map_or(Ink::Foreground, Ink::Series);
    let paint = color(palette::color(tokens(ui.ctx()), ink));
    ui.painter().line(spark.points.iter().map(place).collect(), Stroke::new(1.0, paint));
    if !spark.metric.is_empty() {
        let (low, high) = spark.range;
        response.on_hover_text(format!(
            "{}: {} to {}",
            spark.metric,
            significant(low, 4),
            significant(high, 4)
        ));
    }
}

/// Tags and note: a click opens a field, Enter keeps, Escape forgets.
fn edit_ui(ui: &mut Ui, run: &Row, key: &'static str, context: &mut Context<'_>, actions: &mut Vec<Action>) {
    let name = format!("{} of {}", if key == "tags" { "Tags" } else { "Note" }, run.manifest.id);
    if !run.is_begun() {
        return;
    }
    let is_open = context.editing.as_ref().is_some_and(|open| open.path == run.path && open.key == key);
    if !is_open {
        let value = run.value(key).display().into_owned();
        let text = if value.is_empty() {
            RichText::new("add…").color(color(tokens(ui.ctx()).text_muted)).small()
        } else {
            RichText::new(&value)
        };
        let response = ui.add(Button::new(text).frame(false).truncate());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        let hint = if value.is_empty() { "Click to write".to_owned() } else { value.clone() };
        if response.on_hover_text(hint).clicked() {
            *context.editing = Some(Editing { path: run.path.clone(), key, text: value, fresh: true });
        }
        return;
    }
    let Some(open) = context.editing.as_mut() else { return };
    let hint = if key == "tags" { "a, b" } else { "what is worth knowing" };
    let edit = TextEdit::singleline(&mut open.text).desired_width(ui.available_width()).hint_text(hint);
    let response = ui.add(edit);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
    if open.fresh {
        response.request_focus();
        open.fresh = false;
    }
    if response.lost_focus() {
        let kept = !ui.input(|input| input.key_pressed(egui::Key::Escape));
        let text = open.text.trim().to_owned();
        *context.editing = None;
        if kept {
            let remark = if key == "tags" { Remark::Tags(tags(&text)) } else { Remark::Note(text) };
            actions.push(Action::Runs(RunsAction::Remark(run.path.clone(), remark)));
        }
    }
}

/// What can be done with a run.
pub(super) fn buttons_ui(
    ui: &mut Ui,
    run: &Row,
    (is_open, going): (bool, Option<Going>),
    actions: &mut Vec<Action>,
) {
    if !run.is_begun() {
        return;
    }
    let id = &run.manifest.id;
    ui.spacing_mut().item_spacing.x = 1.0;
    ui.spacing_mut().button_padding.x = 2.0;
    let button = |ui: &mut Ui, icon: MaterialIcon, words: &str, tip: Result<&str, &str>| {
        let ready = tip.is_ok();
        let response = ui.add_enabled(ready, Button::new(style::icon(icon)).small().frame(false));
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ready, format!("{words} {id}")));
        let tip = tip.unwrap_or_else(|why| why);
        let response = response.on_hover_text(format!("{words}: {tip}"));
        response.on_disabled_hover_text(tip).clicked()
    };
    if is_open {
        let accent = tokens(ui.ctx()).accent;
        icon_ui(ui, icons::ICON_VISIBILITY, accent).on_hover_text("This run is shown");
    } else if button(ui, icons::ICON_OPEN_IN_NEW, "Open", Ok("shows the run in the views")) {
        actions.push(Action::OpenRun(run.path.clone()));
    }
    if let Some(words) = going.and_then(Going::verifying) {
        // What was pressed says how far it is.
        let share = words.trim_start_matches("verifying ").replace("verify queued", "…");
        let label = egui::Label::new(RichText::new(share).small().color(color(tokens(ui.ctx()).accent)));
        ui.add(label.selectable(false)).on_hover_text(words);
        return;
    }
    let verify =
        unverifiable(run.manifest.status, going).map_or(Ok("repeats the run and compares bit for bit"), Err);
    if run.manifest.status != Status::Running && button(ui, icons::ICON_VERIFIED, "Verify", verify) {
        actions.push(Action::Queue(QueueAction::Verify(run.path.clone())));
    }
    if run.is_resumable()
        && going.is_none()
        && button(ui, icons::ICON_PLAY_ARROW, "Resume", Ok("goes on from the last checkpoint"))
    {
        actions.push(Action::ResumeRun(run.path.clone()));
    }
}
