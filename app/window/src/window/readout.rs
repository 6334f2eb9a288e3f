//! What stands near the pointer: the nearest series with exact value and step, the cell of a heat map; and a view in one sentence.

use egui::{RichText, Sense, Ui, vec2};

use super::plot::line_sample;
use crate::figure::model::{Body, Dash, Figure, GraphBody, Ink, Item, Plot, PointInk};
use crate::figure::number::{count, plural, significant};
use crate::figure::palette;

/// Most series in a readout.
const MOST: usize = 5;
/// Digits of a readout.
const DIGITS: usize = 4;
/// Edges of a graph that a summary names.
const MOST_EDGES: usize = 12;

/// How many digits a readout has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// Enough to read.
    Short,
    /// All that there are, in plain digits: for the clipboard.
    Full,
}

impl Precision {
    fn number(self, value: f64) -> String {
        match self {
            Self::Short => significant(value, DIGITS),
            Self::Full => value.to_string(),
        }
    }
}

/// What is near the pointer: where it stands, and the series there in the order of the legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Readout {
    head: String,
    lines: Vec<Read>,
}

/// One series at the pointer.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    /// What its line looks like; nothing for dots.
    sample: Option<(Ink, Dash)>,
    text: String,
    /// The nearest one.
    is_nearest: bool,
}

impl Readout {
    fn words(head: String) -> Self {
        Self { head, lines: Vec::new() }
    }

    /// As text, for cards and the clipboard.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| line.text.as_str());
        std::iter::once(self.head.as_str()).chain(lines).collect::<Vec<_>>().join("\n")
    }

    /// With a sample of each line before its value, the nearest one strong.
    pub(super) fn ui(&self, ui: &mut Ui) {
        ui.label(&self.head);
        for line in &self.lines {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                let (rect, _) = ui.allocate_exact_size(vec2(18.0, 10.0), Sense::hover());
                if let Some((ink, dash)) = line.sample {
                    line_sample(ui, rect, ink, dash);
                }
                let text = RichText::new(&line.text);
                ui.label(if line.is_nearest { text.strong() } else { text });
            });
        }
    }
}

/// What is near a position in data units.
pub(super) fn readout(plot: &Plot, x: f64, y: f64, precision: Precision) -> Option<Readout> {
    if let Some(text) = plot.items.iter().find_map(|item| cell(plot, item, x, y, precision)) {
        return Some(Readout::words(text));
    }
    if plot.bare {
        return nearest_words(plot, x, y).map(Readout::words);
    }
    // Between two steps there is nothing to be read.
    let x = if plot.x.whole { x.round() } else { x };
    let found = plot.items.iter().enumerate();
    let found = found.filter_map(|(index, item)| Some((index, item, nearest(plot, item, x, y, precision)?)));
    let mut near: Vec<(usize, &Item, (f64, String))> = found.collect();
    near.sort_by(|a, b| a.2.0.total_cmp(&b.2.0));
    near.truncate(MOST);
    let first = near.first()?.0;
    // The nearest ones, in the order of the legend.
    near.sort_by_key(|(index, ..)| *index);
    let lines = near.into_iter().map(|(index, item, (_, text))| {
        let sample = match item {
            Item::Line(line) => Some((line.ink, palette::dash(line.ink, line.dash))),
            _ => None,
        };
        Read { sample, text, is_nearest: index == first }
    });
    let label = if plot.x.label.is_empty() { "x" } else { &plot.x.label };
    let at = match precision {
        Precision::Short if x.fract() == 0.0 => place(x),
        _ => precision.number(x),
    };
    Some(Readout { head: format!("{label} {at}"), lines: lines.collect() })
}

/// Rows and columns in words.
fn size(rows: usize, columns: usize) -> String {
    format!("{rows} {} and {columns} {}", plural(rows, "row"), plural(columns, "column"))
}

/// The cell of a heat map.
fn cell(plot: &Plot, item: &Item, x: f64, y: f64, precision: Precision) -> Option<String> {
    let Item::Heat(heat) = item else { return None };
    let column = heat
        .x_edges
        .partition_point(|edge| *edge <= x)
        .checked_sub(1)
        .filter(|column| *column < heat.cols)?;
    let row =
        heat.y_edges.partition_point(|edge| *edge <= y).checked_sub(1).filter(|row| *row < heat.rows)?;
    let value = heat.values.get(row * heat.cols + column).copied()?;
    let name = |names: &Option<Vec<String>>, index: usize, at: f64| {
        names.as_ref().and_then(|names| names.get(index).cloned()).unwrap_or_else(|| significant(at, DIGITS))
    };
    let text = match heat.category(value) {
        Some(name) => name.to_owned(),
        None if value.is_nan() => "no data".to_owned(),
        // As it was stored: a wider number would show digits that were never measured.
        None if precision == Precision::Full => value.to_string(),
        None => significant(f64::from(value), DIGITS),
    };
    let mark = heat.mark(row, column).map(|(_, name)| format!(", {name}")).unwrap_or_default();
    let ring = if heat.is_ringed(row, column) { format!(", {}", heat.ring_name) } else { String::new() };
    let sure = heat
        .sureness(row, column)
        .map_or_else(String::new, |sure| format!(", confidence {}", significant(f64::from(sure), DIGITS)));
    let text = format!("{text}{mark}{ring}{sure}");
    Some(format!(
        "{} {}\n{} {}\n{text}",
        plot.y.label,
        name(&plot.y.categories, row, y),
        plot.x.label,
        name(&plot.x.categories, column, x)
    ))
}

/// What is said of the nearest point of a line whose coordinates mean nothing by themselves, within a reach of the picture.
fn nearest_words(plot: &Plot, x: f64, y: f64) -> Option<String> {
    /// Of the picture's larger side.
    const REACH: f64 = 0.05;
    let side = |range: Option<(f64, f64)>| range.map_or(1.0, |(from, to)| (to - from).abs());
    let reach = REACH * side(plot.x.range).max(side(plot.y.range));
    let lines = plot.items.iter().filter_map(|item| match item {
        Item::Line(line) if !line.words.is_empty() => Some(line),
        _ => None,
    });
    let points = lines.flat_map(|line| line.points.iter().zip(&line.words).map(move |point| (line, point)));
    let near = points.map(|(line, (at, words))| ((at[0] - x).hypot(at[1] - y), line, words));
    let (_, line, words) =
        near.filter(|(distance, ..)| *distance <= reach).min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(if line.name.is_empty() { words.clone() } else { format!("{}: {words}", line.name) })
}

/// A named series at the pointer's x, with its distance in y (axis space).
fn nearest(plot: &Plot, item: &Item, x: f64, y: f64, precision: Precision) -> Option<(f64, String)> {
    let (name, points): (&str, &[[f64; 2]]) = match item {
        Item::Line(line) if !line.name.is_empty() => (&line.name, &line.points),
        Item::Points(points) => match &points.ink {
            PointInk::Mapped { values, .. } => {
                return nearest_dot(plot, &points.points, values, (x, y), precision);
            }
            PointInk::One(_) => return None,
        },
        _ => return None,
    };
    let after = points.partition_point(|point| point[0] < x);
    let around =
        [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|index| points.get(index));
    let best = around.min_by(|a, b| (a[0] - x).abs().total_cmp(&(b[0] - x).abs()))?;
    let distance = (plot.y.scale.to_axis(best[1]) - plot.y.scale.to_axis(y)).abs();
    let at = match precision {
        Precision::Short if best[0] == x => String::new(),
        Precision::Short => format!(" @ {}", place(best[0])),
        Precision::Full => format!(" @ {}", best[0]),
    };
    distance.is_finite().then(|| (distance, format!("{name}: {}{at}", precision.number(best[1]))))
}

/// A position on the horizontal axis: steps are whole numbers and read as such.
fn place(value: f64) -> String {
    if value >= 0.0 && value.fract() == 0.0 && value < 1e15 {
        count(value as u64)
    } else {
        significant(value, 6)
    }
}

fn nearest_dot(
    plot: &Plot,
    points: &[[f64; 2]],
    values: &[f64],
    (x, y): (f64, f64),
    precision: Precision,
) -> Option<(f64, String)> {
    let distance = |point: &[f64; 2]| (point[0] - x).powi(2) + (point[1] - y).powi(2) * 1e-3;
    let (index, point) = points.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    let color = plot.color_bar.as_ref().map_or("value", |bar| bar.label.as_str());
    let value = values.get(index).copied().unwrap_or(f64::NAN);
    Some((
        distance(point),
        format!(
            "({}, {}): {color} {}",
            precision.number(point[0]),
            precision.number(point[1]),
            precision.number(value)
        ),
    ))
}

/// An edge in words: from, to, weight.
pub(super) fn edge_words(graph: &GraphBody, edge: usize) -> Option<String> {
    let edge = graph.edges.get(edge)?;
    let (from, to) = (graph.nodes.get(edge.from)?, graph.nodes.get(edge.to)?);
    let label = if edge.label.is_empty() { String::new() } else { format!(" ({})", edge.label) };
    Some(format!("{} to {}: {}{label}", from.label, to.label, significant(edge.weight, DIGITS)))
}

/// A view in one sentence, for readers of the accessibility tree.
pub(super) fn summary(figure: &Figure) -> String {
    match &figure.body {
        Body::Plot(plot) => {
            let series: Vec<String> = plot
                .items
                .iter()
                .filter_map(|item| match item {
                    Item::Line(line) if !line.name.is_empty() => {
                        let last = line.points.last().map_or_else(String::new, |point| {
                            format!(" now {}", significant(point[1], DIGITS))
                        });
                        Some(format!("{}{last}", line.name))
                    }
                    Item::Heat(heat) => Some(format!("heat map of {}", size(heat.rows, heat.cols))),
                    Item::Points(points) => {
                        let count = points.points.len();
                        Some(format!("{count} {} {}", plural(count, "point"), points.name))
                    }
                    _ => None,
                })
                .take(12)
                .collect();
            format!("{}: {} over {}. {}", figure.title, plot.y.heading(), plot.x.heading(), series.join("; "))
        }
        Body::Table(table) => {
            format!("{}: table of {}", figure.title, size(table.rows.len(), table.columns.len()))
        }
        Body::Text(text) => format!("{}: {text}", figure.title),
        Body::Panels(panels) => {
            let titles: Vec<&str> = panels.panels.iter().map(|panel| panel.title.as_str()).collect();
            let (count, word) = (titles.len(), plural(titles.len(), "panel"));
            format!("{}: {count} {word}: {}", figure.title, titles.join(", "))
        }
        Body::Graph(graph) => {
            let edges: Vec<String> =
                (0..graph.edges.len()).take(MOST_EDGES).filter_map(|edge| edge_words(graph, edge)).collect();
            let (nodes, all) = (graph.nodes.len(), graph.edges.len());
            let words = (plural(nodes, "node"), plural(all, "edge"));
            format!(
                "{}: graph of {nodes} {} and {all} {}. {}",
                figure.title,
                words.0,
                words.1,
                edges.join("; ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Axis, Line};

    #[test]
    fn a_readout_is_short_on_the_screen_and_whole_on_the_clipboard() {
        let mut plot = Plot::new(Axis::new("step").whole(), Axis::new("loss"));
        let line = |name: &str, offset: f64| {
            let points = vec![[0.0, 1.0 / 3.0 + offset], [1200.0, 2.0 / 3.0 + offset]];
            Item::from(Line::new(name.to_owned(), points, Ink::Series(0)))
        };
        plot.items = (0..7).map(|index| line(&format!("run {index}"), f64::from(index))).collect();
        let read = |plot: &Plot, x: f64, y: f64, precision| readout(plot, x, y, precision).unwrap().text();
        let short = read(&plot, 1199.0, 0.7, Precision::Short);
        assert_eq!(short.lines().count(), 1 + MOST, "the nearest five: {short}");
        assert!(short.lines().nth(1).unwrap().starts_with("run 0: 0.6667 @ 1"), "as in the legend: {short}");
        let upper = readout(&plot, 1199.0, 6.7, Precision::Short).unwrap();
        let names: Vec<&str> = upper.lines.iter().map(|line| &line.text[..5]).collect();
        assert_eq!(
            names,
            ["run 2", "run 3", "run 4", "run 5", "run 6"],
            "the legend's order, wherever it points"
        );
        let nearest: Vec<bool> = upper.lines.iter().map(|line| line.is_nearest).collect();
        assert_eq!(nearest, [false, false, false, false, true], "and which is nearest");
        assert!(
            upper.lines.iter().all(|line| line.sample == Some((Ink::Series(0), Dash::Solid))),
            "as drawn"
        );
        let full = read(&plot, 1199.0, 0.7, Precision::Full);
        assert!(full.contains("run 0: 0.6666666666666666 @ 1200"), "every digit: {full}");
        let between = read(&plot, 1199.7, 0.7, Precision::Short);
        assert_eq!(between.lines().nth(1), Some("run 0: 0.6667"), "the step itself, as the first line says");
        plot.x = Axis::new("width");
        let between = read(&plot, 12.57, 0.7, Precision::Short);
        assert!(between.starts_with("width 12.57\n"), "other axes have no whole numbers only: {between}");
    }
}
