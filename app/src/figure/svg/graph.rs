//! Graphs: nodes as boxes, edges as arrows whose thickness is their weight.

use super::Page;
use super::canvas::{Canvas, Close, Pen, TextStyle, path_of};
use super::geometry::Rect;
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::model::Ink;
use crate::figure::model::{Anchor, Edge, Emphasis, GraphBody, Node};
use crate::figure::palette;
use crate::theme::Rgba;

/// Distance between edges that join the same nodes, as a multiple of the text size.
const BEND: f64 = 2.6;
/// Width of an edge of weight 1 as a multiple of the normal line.
const HEAVIEST: f64 = 3.2;
/// Width of an edge of weight 0.
const LIGHTEST: f64 = 0.4;

/// Draws a graph, fitted to the area.
pub(super) fn draw(canvas: &mut Canvas, page: Page<'_>, graph: &GraphBody, area: Rect) {
    let boxes = node_boxes(page, graph, area);
    // Pale edges first, so that the chosen ones lie on top.
    for emphasis in [Emphasis::Faint, Emphasis::Normal, Emphasis::Strong] {
        for (index, edge) in graph.edges.iter().enumerate().filter(|(_, edge)| edge.emphasis == emphasis) {
            if let (Some(from), Some(to)) = (boxes.get(edge.from), boxes.get(edge.to)) {
                draw_edge(canvas, page, edge, (*from, *to), bend(graph, index) * page.style.tick_size);
            }
        }
    }
    for (node, rect) in graph.nodes.iter().zip(&boxes) {
        draw_node(canvas, page, node, *rect);
    }
}

/// Boxes of the nodes on the page; the outermost lie against the edges of the area.
fn node_boxes(page: Page<'_>, graph: &GraphBody, area: Rect) -> Vec<Rect> {
    let size = page.style.label_size;
    let widths: Vec<f64> = graph
        .nodes
        .iter()
        .map(|node| (metrics::width(&node.label, size, Weight::SemiBold) + size * 1.2).max(size * 2.2))
        .collect();
    let widest = widths.iter().copied().fold(0.0, f64::max).min(area.width);
    let height = size * 1.9;
    let inner = Rect {
        x: area.x + widest / 2.0,
        y: area.y + height / 2.0 + size * 0.5,
        width: area.width - widest,
        height: area.height - height - size,
    };
    let spread = |values: &mut dyn Iterator<Item = f64>| {
        values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (x_low, x_high) = spread(&mut graph.nodes.iter().map(|node| node.x));
    let (y_low, y_high) = spread(&mut graph.nodes.iter().map(|node| node.y));
    let share = |value: f64, low: f64, high: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    graph
        .nodes
        .iter()
        .zip(widths)
        .map(|(node, width)| {
            let x = inner.x + share(node.x, x_low, x_high) * inner.width;
            let y = inner.y + share(node.y, y_low, y_high) * inner.height;
            Rect { x: x - width / 2.0, y: y - height / 2.0, width, height }
        })
        .collect()
}

/// How far an edge is bent aside, in text sizes: edges between the same two nodes fan out around the straight line.
fn bend(graph: &GraphBody, index: usize) -> f64 {
    let Some(edge) = graph.edges.get(index) else { return 0.0 };
    let is_parallel = |other: &Edge| {
        (other.from == edge.from && other.to == edge.to) || (other.from == edge.to && other.to == edge.from)
    };
    let before = graph.edges.iter().take(index).filter(|other| is_parallel(other)).count() as f64;
    let all = graph.edges.iter().filter(|other| is_parallel(other)).count() as f64;
    let offset = (before - (all - 1.0) / 2.0) * BEND;
    // The side is that of the direction, which differs between the two directions of a pair.
    if edge.from > edge.to { -offset } else { offset }
}

fn draw_edge(canvas: &mut Canvas, page: Page<'_>, edge: &Edge, (from, to): (Rect, Rect), bend: f64) {
    let (start, end) = (centre(from), centre(to));
    let length = (end[0] - start[0]).hypot(end[1] - start[1]);
    if length <= 0.0 || !length.is_finite() {
        return;
    }
    let normal = [-(end[1] - start[1]) / length, (end[0] - start[0]) / length];
    // The middle of a quadratic curve lies half as far out as its control point.
    let control = [
        f64::midpoint(start[0], end[0]) + normal[0] * bend * 2.0,
        f64::midpoint(start[1], end[1]) + normal[1] * bend * 2.0,
    ];
    let curve = |t: f64| {
        let u = 1.0 - t;
        [0, 1].map(|axis| u * u * start[axis] + 2.0 * u * t * control[axis] + t * t * end[axis])
    };
    let points: Vec<[f64; 2]> = (0..=48).map(|step| curve(f64::from(step) / 48.0)).collect();
    let gap = page.style.gap * 0.4;
    let is_outside =
        |point: &&[f64; 2]| [from, to].iter().all(|rect| !rect.grown(gap).is_crossed(**point, **point));
    let mut visible: Vec<[f64; 2]> = points.iter().filter(is_outside).copied().collect();
    let weight = if edge.weight.is_finite() { edge.weight.clamp(0.0, 1.0) } else { 0.0 };
    let width = page.style.line_width * (LIGHTEST + (HEAVIEST - LIGHTEST) * weight);
    let (color, opacity) = edge_ink(page, edge.emphasis);
    if let [.., before, tip] = visible.as_slice() {
        let head = arrow_head(*before, *tip, page.style.line_width * 2.2 + width * 1.3);
        let base = [f64::midpoint(head[1][0], head[2][0]), f64::midpoint(head[1][1], head[2][1])];
        canvas.path(&path_of(&head, Close::Closed), Some((color, opacity)), None);
        if let Some(last) = visible.last_mut() {
            *last = base;
        }
    }
    let pen = Pen { opacity, ..Pen::solid(color, width) };
    canvas.path(&path_of(&visible, Close::Open), None, Some(pen));
    if !edge.label.is_empty() {
        draw_edge_label(canvas, page, edge, curve(0.5));
    }
}

fn draw_edge_label(canvas: &mut Canvas, page: Page<'_>, edge: &Edge, at: [f64; 2]) {
    let size = page.style.tick_size;
    let weight = if edge.emphasis == Emphasis::Strong { Weight::SemiBold } else { Weight::Regular };
    let width = metrics::width(&edge.label, size, weight);
    let veil =
        Rect { x: at[0] - width / 2.0 - 1.0, y: at[1] - size * 0.6, width: width + 2.0, height: size * 1.2 };
    canvas.rect(veil, page.tokens.background, 0.85);
    let color = if edge.emphasis == Emphasis::Faint { page.tokens.text_muted } else { page.tokens.text };
    let text = TextStyle { size, weight, color, anchor: Anchor::Middle };
    canvas.text(at[0], at[1] + size * CAP_HEIGHT / 2.0, &edge.label, text);
}

fn draw_node(canvas: &mut Canvas, page: Page<'_>, node: &Node, rect: Rect) {
    let accent = palette::color(page.tokens, Ink::Accent);
    let (outline, width, weight, text) = match node.emphasis {
        Emphasis::Normal => (page.tokens.axis, 1.0, Weight::Regular, page.tokens.text),
        Emphasis::Strong => (accent, 2.0, Weight::SemiBold, page.tokens.text),
        Emphasis::Faint => (page.tokens.grid, 1.0, Weight::Regular, page.tokens.text_muted),
    };
    let pen = Pen::solid(outline, page.style.tick_width * width);
    canvas.box_with_outline(rect, page.style.gap, page.tokens.background, pen);
    let size = page.style.label_size;
    let label = metrics::shorten(&node.label, rect.width, size, weight);
    let style = TextStyle { size, weight, color: text, anchor: Anchor::Middle };
    let middle = centre(rect);
    canvas.text(middle[0], middle[1] + size * CAP_HEIGHT / 2.0, &label, style);
}

fn edge_ink(page: Page<'_>, emphasis: Emphasis) -> (Rgba, f64) {
    match emphasis {
        Emphasis::Normal => (page.tokens.text_muted, 0.8),
        Emphasis::Strong => (palette::color(page.tokens, Ink::Accent), 1.0),
        Emphasis::Faint => (page.tokens.text_muted, 0.3),
    }
}

/// Tip and the two barbs of an arrow head.
fn arrow_head(before: [f64; 2], tip: [f64; 2], size: f64) -> [[f64; 2]; 3] {
    let (dx, dy) = (tip[0] - before[0], tip[1] - before[1]);
    let length = dx.hypot(dy).max(1e-9);
    let (dx, dy) = (dx / length * size, dy / length * size);
    [tip, [tip[0] - dx - dy * 0.5, tip[1] - dy + dx * 0.5], [tip[0] - dx + dy * 0.5, tip[1] - dy - dx * 0.5]]
}

fn centre(rect: Rect) -> [f64; 2] {
    [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0]
}
