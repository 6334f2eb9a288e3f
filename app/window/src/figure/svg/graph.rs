//! Graphs: nodes as boxes, edges as arrows whose thickness is their weight.

use super::Page;
use super::canvas::{Canvas, Close, Pen, TextStyle, path_of};
use super::geometry::Rect;
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::graph::{self, Course, Sizes, centre};
use crate::figure::model::{Anchor, Edge, Emphasis, GraphBody, Ink, Node};
use crate::figure::palette;
use crate::theme::Rgba;

/// Draws a graph, fitted to the area.
pub(super) fn draw(canvas: &mut Canvas, page: Page<'_>, body: &GraphBody, area: Rect) {
    let style = page.style;
    let width = |label: &str| metrics::width(label, style.label_size, Weight::SemiBold);
    let boxes = graph::boxes(body, area, style.label_size, &width);
    let sizes = Sizes { tick: style.tick_size, line: style.line_width, gap: style.gap };
    // Pale edges first, so that the chosen ones lie on top.
    for emphasis in [Emphasis::Faint, Emphasis::Normal, Emphasis::Strong] {
        for (index, edge) in body.edges.iter().enumerate().filter(|(_, edge)| edge.emphasis == emphasis) {
            if let Some(course) = graph::course(body, index, &boxes, &sizes) {
                draw_edge(canvas, page, edge, &course, (&boxes, area));
            }
        }
    }
    for (node, rect) in body.nodes.iter().zip(&boxes) {
        draw_node(canvas, page, node, *rect);
    }
}

fn draw_edge(canvas: &mut Canvas, page: Page<'_>, edge: &Edge, course: &Course, among: (&[Rect], Rect)) {
    let (color, opacity) = edge_ink(page, edge.emphasis);
    if let Some(head) = course.head {
        canvas.path(&path_of(&head, Close::Closed), Some((color, opacity)), None);
    }
    let pen = Pen { opacity, ..Pen::solid(color, course.width) };
    canvas.path(&path_of(&course.points, Close::Open), None, Some(pen));
    if !edge.label.is_empty() {
        draw_edge_label(canvas, page, edge, course.middle, among);
    }
}

/// The label of an edge, near its middle.
fn draw_edge_label(
    canvas: &mut Canvas,
    page: Page<'_>,
    edge: &Edge,
    middle: [f64; 2],
    (boxes, area): (&[Rect], Rect),
) {
    let size = page.style.tick_size;
    let weight = if edge.emphasis == Emphasis::Strong { Weight::SemiBold } else { Weight::Regular };
    let width = metrics::width(&edge.label, size, weight);
    let at = graph::label_at(middle, [width + 2.0, size * 1.2], boxes, area);
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
