//! The legend of a plot on the screen: one place for each tile, the order of the series, a sample of what each looks like.
//!
//! Contract: it stands beside the drawing and never over it, and its place follows from the names and the room alone, so that it stays
//! where it is while data come in. A click hides a series or shows it again, Ctrl+click shows it alone.

use std::collections::BTreeSet;

use egui::{Rect, Sense, Stroke as Pen, TextStyle, Ui, UiBuilder, pos2, vec2};

use super::shape::{marker_path, stroke_weight};
use crate::figure::model::{Dash, Ink, Item, Legend as Wanted, Marker, Plot, PointInk, Stroke};
use crate::figure::palette;
use crate::figure::told::told;
use crate::theme::{Rgba, Tokens};
use crate::window::style::{color, faded, tokens};

/// Width of a sample and the gaps after it and after a name, points.
const SAMPLE: f32 = 22.0;
const GAP: f32 = 5.0;
const BETWEEN: f32 = 12.0;
/// Width of a letter, about.
const LETTER: f32 = 5.6;
/// Height of a row.
pub(super) const ROW: f32 = 15.0;
/// Largest share of the width that a column of names takes, and the room below which there is none.
const BESIDE_SHARE: f32 = 0.36;
const LEAST_BESIDE: f32 = 240.0;
/// Height below which a plot keeps all its room.
const LEAST_HEIGHT: f32 = 76.0;
/// A row of names for each so many points of height.
const HEIGHT_FOR_A_ROW: f32 = 64.0;
/// Most rows above a drawing.
const MOST_ROWS: usize = 3;
/// Opacity of what is hidden.
const HIDDEN: f32 = 0.45;

/// Names of series with what they look like.
pub(super) struct Legend {
    entries: Vec<Entry>,
    has_heat: bool,
}

struct Entry {
    name: String,
    samples: Vec<Sample>,
    /// Run of the series, where several are drawn.
    run: Option<usize>,
    /// The run's name, said once above the first of its series; then the names of those are the series' own.
    heading: Option<String>,
    /// Letters of the name that the heading says, in bytes.
    said: usize,
}

/// What stands before a name.
enum Sample {
    Line { ink: Ink, dash: Dash, stroke: Stroke },
    Marker { marker: Marker, paint: Paint },
    Fill { ink: Ink, opacity: f64 },
}

#[derive(Clone, Copy)]
enum Paint {
    Ink(Ink),
    Fixed(Rgba),
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// Nowhere: there is nothing to say, or no room.
    Nowhere,
    /// In rows above the drawing, of this height.
    Above(f32),
    /// In a column at the right, of this width.
    Beside(f32),
}

/// What was done with it.
#[derive(Default)]
pub(in crate::window) struct Touch {
    /// The series to hide from now on, where that changed.
    pub(in crate::window) hidden: Option<BTreeSet<String>>,
    /// The series under the pointer.
    pub(super) hovered: Option<String>,
}

impl Legend {
    /// The named series of a plot in their order.
    pub(super) fn of(plot: &Plot) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let has_heat = plot.has_heat();
        let named = plot.items.iter().filter(|item| !item.name().is_empty() && plot.legend != Wanted::None);
        // What explains hatching stands below the plot.
        let named = named.filter(|item| !(has_heat && plot.explanations().any(|name| name == item.name())));
        for item in named {
            let Some(sample) = sample(item) else { continue };
            match entries.iter_mut().find(|entry| entry.name == item.name()) {
                Some(entry) => {
                    let kind = std::mem::discriminant(&sample);
                    if !entry.samples.iter().any(|known| std::mem::discriminant(known) == kind) {
                        entry.samples.push(sample);
                    }
                }
                None => entries.push(Entry {
                    name: item.name().to_owned(),
                    samples: vec![sample],
                    run: run(item),
                    heading: None,
                    said: 0,
                }),
            }
        }
        // One series that is called as its axis says nothing.
        if let [only] = entries.as_slice()
            && only.name == plot.y.label
        {
            entries.clear();
        }
        head(&mut entries);
        Self { entries, has_heat }
    }

    /// Where it stands in a tile of this size.
    pub(super) fn place(&self, ui: &Ui, room: egui::Vec2) -> Place {
        if self.entries.is_empty() || room.y < LEAST_HEIGHT {
            return Place::Nowhere;
        }
        let heading = |entry: &Entry| entry.heading.as_ref().map(|words| width(ui, words) - SAMPLE - GAP);
        let of =
            |entry: &Entry| heading(entry).into_iter().chain([width(ui, entry.words())]).collect::<Vec<_>>();
        let widths: Vec<f32> = self.entries.iter().flat_map(of).collect();
        let rows = rows(&widths, room.x);
        let most = ((room.y / HEIGHT_FOR_A_ROW) as usize).clamp(1, MOST_ROWS);
        let widest = widths.iter().copied().fold(0.0, f32::max);
        let beside = Place::Beside((widest + 6.0).min(room.x * BESIDE_SHARE));
        let has_width = room.x >= LEAST_BESIDE;
        if has_width && (self.has_heat || rows > most) {
            beside
        } else {
            Place::Above(rows.min(most) as f32 * ROW)
        }
    }

    /// Draws it; what does not fit is scrolled to.
    pub(super) fn show(&self, ui: &mut Ui, rect: Rect, place: Place, hidden: &BTreeSet<String>) -> Touch {
        let mut touch = Touch::default();
        let mut area = ui.new_child(
            UiBuilder::new()
                .max_rect(rect)
                .id_salt("legend")
                .layout(egui::Layout::top_down(egui::Align::Min)),
        );
        area.set_clip_rect(rect.intersect(ui.clip_rect()));
        area.spacing_mut().scroll = egui::style::ScrollStyle::thin();
        // A strip of a row or two scrolls too, which areas below 64 points do not of themselves.
        let scroll = egui::ScrollArea::vertical().auto_shrink([false, false]).min_scrolled_height(0.0);
        scroll.show(&mut area, |ui| {
            ui.spacing_mut().item_spacing = vec2(BETWEEN, 0.0);
            ui.spacing_mut().interact_size.y = ROW;
            // The few rows above a drawing are for its series; a column has room for a long name.
            let lines = if matches!(place, Place::Beside(_)) { 2 } else { 1 };
            let mut each = |ui: &mut Ui, most: f32| {
                let letters = ((most - SAMPLE - GAP) / LETTER).max(1.0) as usize;
                let names: Vec<&str> = self.entries.iter().map(Entry::words).collect();
                // Whether all stand whole is measured; how far they are cut is not, since that would be asked of each letter.
                let whole = names.iter().all(|name| width(ui, name) - BETWEEN <= most);
                let written = told(&names, |name| whole || name.chars().count() <= letters);
                for (entry, words) in self.entries.iter().zip(&written) {
                    entry.heading_ui(ui, most, lines);
                    entry.show(ui, (words.as_str(), most), hidden, &self.entries, &mut touch);
                }
            };
            if matches!(place, Place::Beside(_)) {
                ui.vertical(|ui| each(ui, rect.width() - 4.0));
            } else {
                // Beside the bar, where there is one.
                let most = ui.available_width();
                ui.horizontal_wrapped(|ui| each(ui, most));
            }
        });
        touch
    }
}

/// The run of a series, where several are drawn.
fn run(item: &Item) -> Option<usize> {
    match item {
        Item::Line(line) => line.source,
        _ => None,
    }
}

/// Takes what the names of all series of a run begin with, up to a separator, into one heading: cut off at the end, they would look alike.
fn head(entries: &mut [Entry]) {
    const PART: &str = " · ";
    for series in entries.chunk_by_mut(|a, b| a.run == b.run) {
        let [first, .., _] = series else { continue };
        if first.run.is_none() {
            continue;
        }
        let name = first.name.clone();
        let mut ends = name.rmatch_indices(PART).map(|(at, part)| (at, at + part.len()));
        let shared = ends.find_map(|(at, end)| {
            let start = name.get(..end)?;
            series.iter().all(|entry| entry.name.starts_with(start)).then_some((at, end))
        });
        let Some((at, end)) = shared else { continue };
        series.iter_mut().for_each(|entry| entry.said = end);
        if let Some(first) = series.first_mut() {
            first.heading = name.get(..at).map(str::to_owned);
        }
    }
}

impl Entry {
    /// What stands beside the sample.
    fn words(&self) -> &str {
        self.name.get(self.said..).unwrap_or(&self.name)
    }

    /// The name of the run above its series, in as many lines as it needs up to so many.
    fn heading_ui(&self, ui: &mut Ui, most: f32, most_lines: usize) {
        let Some(heading) = &self.heading else { return };
        let font = TextStyle::Small.resolve(ui.style());
        let paint = color(tokens(ui.ctx()).text_muted);
        let mut job = egui::text::LayoutJob::simple(heading.clone(), font, paint, most);
        job.wrap = egui::text::TextWrapping {
            max_width: most,
            max_rows: most_lines,
            break_anywhere: true,
            ..egui::text::TextWrapping::default()
        };
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let size = vec2(galley.size().x, galley.rows.len() as f32 * ROW);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, heading));
        ui.painter().galley(rect.min, galley, paint);
        response.on_hover_text(heading);
    }

    /// The sample with the words that stand beside it, in a room of so many points.
    fn show(
        &self,
        ui: &mut Ui,
        (words, most): (&str, f32),
        hidden: &BTreeSet<String>,
        all: &[Self],
        touch: &mut Touch,
    ) {
        let is_on = !hidden.contains(&self.name);
        let wanted = (width(ui, words) - BETWEEN).min(most);
        let (rect, response) = ui.allocate_exact_size(vec2(wanted, ROW), Sense::click());
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, &self.name));
        if !ui.is_rect_visible(rect) {
            return;
        }
        let theme = tokens(ui.ctx());
        let strength = if is_on { 1.0 } else { HIDDEN };
        let key = Rect::from_min_size(rect.min, vec2(SAMPLE, ROW));
        for sample in &self.samples {
            sample.draw(ui, key, theme, strength);
        }
        let font = TextStyle::Small.resolve(ui.style());
        let paint = color(if is_on { theme.text } else { theme.text_muted });
        let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font, paint);
        job.wrap = egui::text::TextWrapping::truncate_at_width((rect.width() - SAMPLE - GAP).max(8.0));
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let at = pos2(key.right() + GAP, rect.center().y - galley.size().y / 2.0);
        let end = at + vec2(galley.size().x, galley.size().y / 2.0);
        ui.painter().galley(at, galley, paint);
        if !is_on {
            ui.painter().line_segment([pos2(at.x, end.y), end], Pen::new(1.0, paint));
        }
        if response.has_focus() {
            let outline = Pen::new(1.0, color(theme.accent));
            ui.painter().rect_stroke(rect, 2.0, outline, egui::StrokeKind::Inside);
        }
        if response.hovered() && is_on {
            touch.hovered = Some(self.name.clone());
        }
        if response.clicked() {
            let alone = ui.input(|input| input.modifiers.command);
            touch.hidden = Some(self.after_click(hidden, all, alone));
        }
        response
            .on_hover_text(format!("{}\nA click hides or shows it, Ctrl+click shows it alone", self.name));
    }

    /// What is hidden after a click on this name.
    fn after_click(&self, hidden: &BTreeSet<String>, all: &[Self], alone: bool) -> BTreeSet<String> {
        let others = || all.iter().filter(|entry| entry.name != self.name);
        let mut next = hidden.clone();
        if !alone {
            if !next.remove(&self.name) {
                next.insert(self.name.clone());
            }
            return next;
        }
        let is_alone = !hidden.contains(&self.name) && others().all(|entry| hidden.contains(&entry.name));
        if is_alone {
            return BTreeSet::new();
        }
        next.extend(others().map(|entry| entry.name.clone()));
        next.remove(&self.name);
        next
    }
}

impl Sample {
    fn draw(&self, ui: &Ui, key: Rect, theme: &Tokens, strength: f32) {
        let painter = ui.painter();
        match self {
            Self::Line { ink, dash, stroke } => {
                let (width, opacity) = stroke_weight(*stroke);
                let paint = faded(palette::color(theme, *ink), opacity * f64::from(strength));
                painter.extend(line(key, Pen::new(width.max(1.0), paint), *dash));
            }
            Self::Marker { marker, paint } => {
                let rgba = match paint {
                    Paint::Ink(ink) => palette::color(theme, *ink),
                    Paint::Fixed(rgba) => *rgba,
                };
                painter.extend(marker_path(*marker, key.center(), 4.0, faded(rgba, f64::from(strength))));
            }
            Self::Fill { ink, opacity } => {
                let paint = faded(palette::color(theme, *ink), opacity.max(0.2) * f64::from(strength));
                painter.rect_filled(key.shrink2(vec2(1.0, 3.0)), 1.0, paint);
            }
        }
    }
}

/// A piece of a line across a rectangle.
fn line(key: Rect, pen: Pen, dash: Dash) -> Vec<egui::Shape> {
    let ends = [key.left_center(), key.right_center()];
    match dash {
        Dash::Solid => vec![egui::Shape::line_segment(ends, pen)],
        Dash::Dashed => egui::Shape::dashed_line(&ends, pen, 6.0, 3.0),
        Dash::Dotted => egui::Shape::dotted_line(&ends, pen.color, 4.0, 1.2),
        Dash::DashDot => egui::Shape::dashed_line_with_offset(&ends, pen, &[8.0, 2.0], &[2.5, 2.5], 0.0),
    }
}

/// A piece of a series' line, for words about it.
pub(in crate::window) fn line_sample(ui: &Ui, key: Rect, ink: Ink, dash: Dash) {
    let paint = color(palette::color(tokens(ui.ctx()), ink));
    ui.painter().extend(line(key, Pen::new(2.0, paint), dash));
}

fn sample(item: &Item) -> Option<Sample> {
    /// Opacity of bars in a sample.
    const BARS: f64 = 0.7;
    match item {
        Item::Line(line) => Some(Sample::Line {
            ink: line.ink,
            dash: palette::dash(line.ink, line.dash),
            stroke: line.stroke,
        }),
        Item::Points(points) => {
            let paint = match &points.ink {
                PointInk::One(ink) => Paint::Ink(*ink),
                PointInk::Mapped { scale, .. } => Paint::Fixed(scale.map.at(0.5)),
            };
            Some(Sample::Marker { marker: points.marker, paint })
        }
        Item::Band(band) => Some(Sample::Fill { ink: band.ink, opacity: band.opacity }),
        Item::Area(area) => Some(Sample::Fill { ink: area.ink, opacity: area.opacity.max(0.3) }),
        Item::Bars(bars) => Some(Sample::Fill { ink: bars.ink, opacity: BARS }),
        Item::Heat(_) | Item::Rule(_) | Item::Span(_) | Item::Label(_) | Item::Handle(_) => None,
    }
}

/// Width of an entry with the gap after it.
fn width(ui: &Ui, name: &str) -> f32 {
    let font = TextStyle::Small.resolve(ui.style());
    let text = ui.painter().layout_no_wrap(name.to_owned(), font, egui::Color32::PLACEHOLDER).size().x;
    SAMPLE + GAP + text + BETWEEN
}

/// Rows that entries of these widths take in a room.
fn rows(widths: &[f32], room: f32) -> usize {
    let mut rows = 1;
    let mut taken = 0.0;
    for width in widths {
        if taken > 0.0 && taken + width - BETWEEN > room {
            rows += 1;
            taken = 0.0;
        }
        taken += width;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Axis, Line, Points};

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), samples: Vec::new(), run: None, heading: None, said: 0 }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_click_hides_and_a_click_with_control_leaves_one() {
        let all = [entry("a"), entry("b"), entry("c")];
        assert_eq!(all[0].after_click(&set(&[]), &all, false), set(&["a"]));
        assert_eq!(all[0].after_click(&set(&["a"]), &all, false), set(&[]), "and back");
        assert_eq!(all[1].after_click(&set(&["b"]), &all, true), set(&["a", "c"]), "alone");
        assert_eq!(all[1].after_click(&set(&["a", "c"]), &all, true), set(&[]), "and all again");
    }

    #[test]
    fn names_stand_in_the_order_of_the_series_and_once() {
        let mut plot = Plot::new(Axis::new("step"), Axis::new("loss"));
        for (name, ink) in [("z", 0), ("a", 1), ("z", 0)] {
            plot = plot.with(Line::new(name, vec![[0.0, 1.0]], Ink::Series(ink)));
        }
        plot = plot.with(Points::new("a", vec![[0.0, 1.0]], Ink::Mark(0)));
        let legend = Legend::of(&plot);
        let names: Vec<&str> = legend.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["z", "a"], "the order of the items, not of the alphabet");
        assert_eq!(legend.entries[1].samples.len(), 2, "line and marker of one series");
        plot.items.truncate(1);
        plot.y.label = "z".to_owned();
        assert!(Legend::of(&plot).entries.is_empty(), "the axis says it already");
    }

    #[test]
    fn what_all_series_of_a_run_begin_with_is_said_once_above_them() {
        let mut plot = Plot::new(Axis::new("v"), Axis::new("w"));
        plot = plot.with(Line::new("identity", vec![[0.0, 1.0]], Ink::Foreground));
        for (run, name) in ["quick · s0 · a folder", "quick · s0 · another folder"].iter().enumerate() {
            for channel in ["density of v", "density of w"] {
                let line = Line::new(format!("{name} · {channel}"), vec![[0.0, 1.0]], Ink::Series(run));
                plot = plot.with(Line { source: Some(run), ..line });
            }
        }
        plot = plot.with(Line { source: Some(2), ..Line::new("quick · s1", vec![], Ink::Series(2)) });
        let legend = Legend::of(&plot);
        let told: Vec<(Option<&str>, &str)> =
            legend.entries.iter().map(|entry| (entry.heading.as_deref(), entry.words())).collect();
        let wanted = [
            (None, "identity"),
            (Some("quick · s0 · a folder"), "density of v"),
            (None, "density of w"),
            (Some("quick · s0 · another folder"), "density of v"),
            (None, "density of w"),
            (None, "quick · s1"),
        ];
        assert_eq!(told, wanted, "the channel is the name that is cut last");
    }

    #[test]
    fn rows_are_counted_as_they_are_filled() {
        assert_eq!((rows(&[50.0, 50.0], 100.0), rows(&[60.0, 60.0, 10.0], 100.0)), (1, 2));
        assert_eq!(rows(&[500.0], 100.0), 1, "one that is too wide is cut, not put into a row of its own");
    }
}
