//! The right panel: what is selected and focused, the view's options, the reproduction card, results.

use egui::{RichText, Ui};
use weightscope_frame::data::Read;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::record::{AxisScale, Metric, ViewKind, ViewSpec};

use super::shown::Shown;
use super::style::{color, tokens};
use super::tiles::TileState;
use crate::card::{Verdict, judge};
use crate::figure::colormap::ColorMap;
use crate::figure::number::{count, significant};

/// Everything about the focused view and the run.
pub(super) fn ui(
    ui: &mut Ui,
    (shown, state): (&Shown, &str),
    form: &Experiment,
    focus: &str,
    tile: &mut TileState,
) {
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.heading("Inspector");
        let folder = shown.folder.as_ref().map_or_else(String::new, |folder| folder.display().to_string());
        ui.add(egui::Label::new(&shown.title).truncate()).on_hover_text(folder);
        let reason = shown.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        if shown.is_file {
            ui.label("A file that was opened, no run");
            ui.separator();
            view_options(ui, shown, focus, tile);
            return;
        }
        ui.label(format!("{state}{reason}"));
        if shown.experiment != *form {
            ui.label(
                RichText::new("The form differs from this run; Run starts a new one.")
                    .small()
                    .color(color(tokens(ui.ctx()).warning)),
            );
        }
        ui.separator();
        view_options(ui, shown, focus, tile);
        ui.separator();
        results(ui, shown);
        ui.separator();
        card(ui, shown);
        ui.separator();
        read(ui, shown);
        changed(ui, shown);
    });
}

fn view_options(ui: &mut Ui, shown: &Shown, focus: &str, tile: &mut TileState) {
    let title = shown.view(focus).map_or("no view", |view| view.title.as_str());
    ui.strong(format!("View: {title}"));
    let is_drawn = |view: &ViewSpec| !matches!(view.kind, ViewKind::Table | ViewKind::Text | ViewKind::Graph);
    if !shown.view(focus).is_none_or(is_drawn) {
        return;
    }
    scale_ui(ui, "x scale", &mut tile.options.x_scale);
    scale_ui(ui, "y scale", &mut tile.options.y_scale);
    ui.horizontal(|ui| {
        let label = ui.label("Smoothing");
        ui.add(egui::Slider::new(&mut tile.options.smoothing, 0.0..=0.99).max_decimals(2))
            .labelled_by(label.id);
    });
    ui.checkbox(&mut tile.options.envelope, "Envelope of the raw values")
        .on_hover_text("Behind a smoothed line: from the smallest to the largest raw value");
    if tile.options.y_scale == Some(AxisScale::Symlog) || tile.options.x_scale == Some(AxisScale::Symlog) {
        ui.horizontal(|ui| {
            let label =
                ui.label("Linear up to").on_hover_text("Where symlog turns from linear to logarithmic");
            let mut threshold = tile.options.linear_threshold.unwrap_or(1.0);
            let speed = threshold * 0.02;
            let drag = egui::DragValue::new(&mut threshold).speed(speed).range(1e-12..=1e12);
            if ui.add(drag).labelled_by(label.id).changed() {
                tile.options.linear_threshold = Some(threshold);
            }
            if tile.options.linear_threshold.is_some() && ui.small_button("Auto").clicked() {
                tile.options.linear_threshold = None;
            }
        });
    }
    ui.horizontal(|ui| {
        let label = ui.label("Colours");
        egui::ComboBox::from_id_salt("colour map")
            .selected_text(tile.options.map.clone())
            .show_ui(ui, |ui| {
                for map in ColorMap::ALL {
                    ui.selectable_value(&mut tile.options.map, map.name().to_owned(), map.name());
                }
            })
            .response
            .labelled_by(label.id);
        ui.checkbox(&mut tile.options.reversed, "reversed");
        if tile.options.limits.is_some() && ui.small_button("Fit limits").clicked() {
            tile.options.limits = None;
        }
    });
}

fn scale_ui(ui: &mut Ui, name: &str, scale: &mut Option<AxisScale>) {
    ui.horizontal(|ui| {
        ui.label(name);
        ui.selectable_value(scale, None, "auto").on_hover_text("As the view suggests");
        for (value, word) in
            [(AxisScale::Linear, "lin"), (AxisScale::Log, "log"), (AxisScale::Symlog, "symlog")]
        {
            ui.selectable_value(scale, Some(value), word);
        }
    });
}

fn results(ui: &mut Ui, shown: &Shown) {
    ui.strong("Results");
    if shown.results.is_empty() {
        ui.label("They appear when the run has ended.");
    }
    let metric = |name: &str| Metric::find(shown.experiment.method.metrics(), name);
    let written = |name: &str, value: f64| {
        let unit = metric(name).map_or("", |metric| metric.unit);
        format!("{} {unit}", readable(value)).trim_end().to_owned()
    };
    // Names have the room that the numbers leave: most of them are longer.
    let room = ui.available_width() - 2.0 * ui.spacing().item_spacing.x;
    let numbers = shown.results.iter().map(|(name, value)| text_width(ui, &written(name, *value)));
    let beside = numbers.fold(0.0, f32::max).min((1.0 - NAME_SHARE) * room).ceil();
    let widest = room - beside;
    // What runs of the lab are judged by comes first.
    let headlines = shown.experiment.method.about().headlines;
    let first = headlines.iter().filter_map(|name| shown.results.get_key_value(*name));
    let others = shown.results.iter().filter(|(name, _)| !headlines.contains(&name.as_str()));
    egui::Grid::new("results").num_columns(2).striped(true).show(ui, |ui| {
        for (name, value) in first.chain(others) {
            let metric = metric(name);
            let of = shown.results_of.get(name);
            let label = metric.map_or_else(|| name.clone(), |metric| label_of(metric, name));
            let words = of.map_or_else(|| label.clone(), |of| format!("{label} ({of})"));
            let about = metric.map_or_else(String::new, |metric| {
                format!("{}: {}\nName in files: {name}", metric.label, metric.about)
            });
            cut_label(ui, &words, widest, &about);
            let unit = metric.map_or("", |metric| metric.unit);
            let exact = format!("{value} {unit}");
            cut_label(ui, &written(name, *value), beside, exact.trim_end());
            ui.end_row();
        }
    });
}

/// Words for a result; of a family the member comes first, since what is cut off is alike for all of them.
fn label_of(metric: &Metric, name: &str) -> String {
    if !metric.family {
        return metric.label.to_owned();
    }
    let member = if metric.suffix { name.strip_suffix(metric.name) } else { name.strip_prefix(metric.name) };
    format!("{}: {}", member.unwrap_or(name).replace('_', " "), metric.label)
}

/// A count as such, a measurement with four digits.
fn readable(value: f64) -> String {
    let is_count = value.fract() == 0.0 && (0.0..MOST_PLAIN).contains(&value);
    if is_count { count(value as u64) } else { significant(value, 4) }
}

/// Whole numbers below it are written out.
const MOST_PLAIN: f64 = 1e9;
/// Share of the panel's width that the name of a result has at least.
const NAME_SHARE: f32 = 0.64;

fn text_width(ui: &Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::PLACEHOLDER).size().x
}

/// Words that must not widen the panel: cut with dots, whole on hover.
fn cut_label(ui: &mut Ui, text: &str, widest: f32, about: &str) {
    ui.scope(|ui| {
        ui.set_max_width(widest);
        let label = ui.add(egui::Label::new(text).truncate());
        if !about.is_empty() {
            label.on_hover_text(format!("{text}\n{about}"));
        }
    });
}

/// What was read of the data, as the log and the manifest have it: one section, whatever the number of sources.
fn read(ui: &mut Ui, shown: &Shown) {
    if shown.data.is_empty() {
        return;
    }
    let doubts: usize = shown.data.iter().map(|read| read.doubts.len()).sum();
    let sources = match shown.data.len() {
        1 => String::new(),
        several => format!(", {} sources", count(several as u64)),
    };
    let doubtful =
        if doubts == 0 { String::new() } else { format!(" ({} to look at)", count(doubts as u64)) };
    egui::CollapsingHeader::new(format!("What was read{sources}{doubtful}"))
        .id_salt("what was read")
        .default_open(doubts > 0)
        .show(ui, |ui| {
            let warning = color(tokens(ui.ctx()).warning);
            for (line, is_doubt) in lines_read(&shown.data) {
                let text = RichText::new(line).small();
                let text = if is_doubt { text.color(warning) } else { text };
                ui.add(egui::Label::new(text).wrap());
            }
        });
    ui.separator();
}

/// Sources that are told one by one beside those with a doubt; more stand in log and manifest.
const MOST_TOLD: usize = 8;

/// What is said of the sources, and which of it is doubtful. A doubt that several share is said once.
fn lines_read(data: &[Read]) -> Vec<(String, bool)> {
    let mut lines: Vec<(String, bool)> = Vec::new();
    let mut left = 0;
    for (place, read) in data.iter().enumerate() {
        let doubts: Vec<String> = read.doubts.iter().map(ToString::to_string).collect();
        let is_new = |doubt: &String| !lines.iter().any(|(line, is_doubt)| *is_doubt && line == doubt);
        let fresh: Vec<String> = doubts.into_iter().filter(is_new).collect();
        if place >= MOST_TOLD && fresh.is_empty() {
            left += 1;
            continue;
        }
        lines.extend(read.lines().into_iter().map(|line| (line, false)));
        lines.extend(fresh.into_iter().map(|doubt| (doubt, true)));
    }
    if left > 0 {
        lines.push((format!("and {} more, in log.txt and manifest.json", count(left)), false));
    }
    lines
}

fn card(ui: &mut Ui, shown: &Shown) {
    ui.strong("Reproduction card");
    let rows = shown.experiment.method.reference();
    let judged: Vec<_> = rows.iter().map(|row| (row, judge(row, &shown.results))).collect();
    for (place, (row, (ours, verdict))) in judged.iter().enumerate() {
        let ours = ours.map_or_else(String::new, |value| format!(", ours {}", significant(value, 4)));
        ui.label(format!("{}: published {}{ours}", row.quantity, row.published)).on_hover_text(row.source);
        // Why several lines in a row cannot be compared is said once, below them.
        let next = judged.get(place + 1).map(|(_, (_, verdict))| verdict);
        if next != Some(verdict) || !matches!(verdict, Verdict::NotComparable(_)) {
            verdict_ui(ui, verdict);
        }
    }
}

fn verdict_ui(ui: &mut Ui, verdict: &Verdict) {
    let tokens = tokens(ui.ctx());
    let paint = match verdict {
        Verdict::Within => tokens.ok,
        Verdict::Off => tokens.warning,
        Verdict::NotComparable(_) | Verdict::Shown(_) | Verdict::Missing => tokens.text_muted,
    };
    ui.label(RichText::new(verdict.words()).small().color(color(paint)));
}

/// Settings that differ from the lab's defaults.
fn changed(ui: &mut Ui, shown: &Shown) {
    ui.strong("Settings (changed only)");
    let defaults = Experiment::new(shown.experiment.method.defaults()).settings();
    let widest = ui.available_width() * 0.5;
    egui::Grid::new("changed settings").num_columns(2).striped(true).show(ui, |ui| {
        for ((field, value), (_, default)) in shown.experiment.settings().into_iter().zip(defaults) {
            if value != default {
                cut_label(ui, field.key, widest, "");
                cut_label(ui, &value.to_string(), widest, "");
                ui.end_row();
            }
        }
    });
}
