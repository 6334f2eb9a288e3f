//! A graph in a tile: the same boxes and courses as on the page, with what lies under the pointer in words.
//!
//! Contract: boxes above one another and side by side never touch: a tile that is too low or too narrow for them is scrolled.

use egui::{Color32, Pos2, Sense, Shape, Stroke, Ui};

use crate::figure::graph::{self, Course, Sizes, centre};
use crate::figure::model::{Emphasis, GraphBody, Ink, Node};
use crate::figure::palette;
use crate::figure::svg::Rect;
use crate::theme::Tokens;
use crate::window::readout::edge_words;
use crate::window::style::{color, faded, tokens};

/// Width of a normal line, points.
const LINE: f64 = 1.5;
/// Space between an edge and its boxes, and the rounding of boxes, points.
const GAP: f64 = 4.0;
/// Space around the graph, points.
const MARGIN: f32 = 6.0;
/// Distance in points within which an edge is under the pointer.
const REACH: f32 = 6.0;
/// Edges of a node that a hint names.
const MOST_NAMED: usize = 8;

/// What lies under the pointer.
#[derive(Clone, Copy, PartialEq)]
enum Under {
    Nothing,
    Node(usize),
    Edge(usize),
}

/// Draws the graph in the space that is left; scrolled, where its boxes do not find room above one another or side by side.
pub(super) fn graph_ui(ui: &mut Ui, graph: &GraphBody, summary: &str) {
    let room = ui.available_rect_before_wrap().intersect(ui.clip_rect());
    let size = f64::from(egui::TextStyle::Body.resolve(ui.style()).size);
    let text = text_width(ui);
    let width = (graph::least_width(graph, size, &text) as f32 + 2.0 * MARGIN).max(room.width());
    let height = graph::least_height(graph, f64::from(width - 2.0 * MARGIN), size, &text);
    let height = (height as f32 + 2.0 * MARGIN).max(room.height());
    let scrolled = [width > room.width(), height > room.height()];
    if scrolled == [false, false] {
        let response = ui.allocate_rect(room, Sense::hover());
        return draw(ui, graph, summary, &response);
    }
    egui::ScrollArea::new(scrolled).auto_shrink(false).show(ui, |ui| {
        let width = if width > room.width() { width } else { ui.available_width() };
        let response = ui.allocate_response(egui::vec2(width, height), Sense::hover());
        draw(ui, graph, summary, &response);
    });
}

/// Width of a label in the type of nodes, points.
fn text_width(ui: &Ui) -> impl Fn(&str) -> f64 + use<> {
    let (painter, font) = (ui.painter().clone(), egui::TextStyle::Body.resolve(ui.style()));
    move |label| {
        let galley = painter.layout_no_wrap(label.to_owned(), font.clone(), Color32::PLACEHOLDER);
        f64::from(galley.size().x)
    }
}

/// Draws the graph where there is room for it.
fn draw(ui: &Ui, graph: &GraphBody, summary: &str, response: &egui::Response) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, summary));
    let tokens = tokens(ui.ctx());
    let font = egui::TextStyle::Body.resolve(ui.style());
    let small = egui::TextStyle::Small.resolve(ui.style());
    let inner = response.rect.shrink(MARGIN);
    let area = Rect {
        x: f64::from(inner.left()),
        y: f64::from(inner.top()),
        width: f64::from(inner.width()),
        height: f64::from(inner.height()),
    };
    let boxes = graph::boxes(graph, area, f64::from(font.size), &text_width(ui));
    let sizes = Sizes { tick: f64::from(small.size), line: LINE, gap: GAP };
    let courses: Vec<Option<Course>> =
        (0..graph.edges.len()).map(|edge| graph::course(graph, edge, &boxes, &sizes)).collect();
    let under = response.hover_pos().map_or(Under::Nothing, |at| under(&boxes, &courses, at));
    for emphasis in [Emphasis::Faint, Emphasis::Normal, Emphasis::Strong] {
        for (index, edge) in graph.edges.iter().enumerate().filter(|(_, edge)| edge.emphasis == emphasis) {
            let Some(Some(course)) = courses.get(index) else { continue };
            let is_meant = match under {
                Under::Edge(meant) => meant == index,
                Under::Node(node) => edge.from == node || edge.to == node,
                Under::Nothing => false,
            };
            draw_edge(ui, course, edge_paint(tokens, if is_meant { Emphasis::Strong } else { emphasis }));
            if !edge.label.is_empty() {
                let galley =
                    ui.painter().layout_no_wrap(edge.label.clone(), small.clone(), color(tokens.text));
                let size = galley.size() + egui::vec2(2.0, 0.0);
                let place = graph::label_at(course.middle, [size.x, size.y].map(f64::from), &boxes, area);
                let veil = egui::Rect::from_center_size(pos(place), size);
                ui.painter().rect_filled(veil, 0.0, faded(tokens.background, 0.85));
                ui.painter().galley(veil.min, galley, color(tokens.text));
            }
        }
    }
    for (index, (node, rect)) in graph.nodes.iter().zip(&boxes).enumerate() {
        draw_node(ui, tokens, node, *rect, under == Under::Node(index));
    }
    if let Some(words) = words(graph, under) {
        response.clone().on_hover_text_at_pointer(words);
    }
}

fn pos([x, y]: [f64; 2]) -> Pos2 {
    Pos2::new(x as f32, y as f32)
}

/// A node before an edge, the nearest edge before others.
fn under(boxes: &[Rect], courses: &[Option<Course>], at: Pos2) -> Under {
    let point = [f64::from(at.x), f64::from(at.y)];
    // Later nodes lie on top.
    if let Some(node) = boxes.iter().rposition(|rect| rect.is_crossed(point, point)) {
        return Under::Node(node);
    }
    let mut best = (REACH, Under::Nothing);
    for (index, course) in courses.iter().enumerate() {
        let points = course.iter().flat_map(|course| &course.points);
        let distance = points.map(|point| pos(*point).distance(at)).fold(f32::INFINITY, f32::min);
        if distance < best.0 {
            best = (distance, Under::Edge(index));
        }
    }
    best.1
}

fn words(graph: &GraphBody, under: Under) -> Option<String> {
    match under {
        Under::Nothing => None,
        Under::Edge(edge) => edge_words(graph, edge),
        Under::Node(node) => {
            let touching = |edge: &usize| {
                graph.edges.get(*edge).is_some_and(|edge| edge.from == node || edge.to == node)
            };
            let all: Vec<usize> = (0..graph.edges.len()).filter(touching).collect();
            let mut lines = vec![graph.nodes.get(node)?.label.clone()];
            lines.extend(all.iter().take(MOST_NAMED).filter_map(|edge| edge_words(graph, *edge)));
            if all.len() > MOST_NAMED {
                lines.push(format!("and {} more", all.len() - MOST_NAMED));
            }
            Some(lines.join("\n"))
        }
    }
}

fn edge_paint(tokens: &Tokens, emphasis: Emphasis) -> Color32 {
    match emphasis {
        Emphasis::Normal => faded(tokens.text_muted, 0.8),
        Emphasis::Strong => color(palette::color(tokens, Ink::Accent)),
        Emphasis::Faint => faded(tokens.text_muted, 0.3),
    }
}

fn draw_edge(ui: &Ui, course: &Course, paint: Color32) {
    let points = course.points.iter().map(|point| pos(*point)).collect();
    ui.painter().line(points, Stroke::new(course.width as f32, paint));
    if let Some(head) = course.head {
        let corners = head.iter().map(|point| pos(*point)).collect();
        ui.painter().add(Shape::convex_polygon(corners, paint, Stroke::NONE));
    }
}

fn draw_node(ui: &Ui, tokens: &Tokens, node: &Node, rect: Rect, is_meant: bool) {
    let accent = palette::color(tokens, Ink::Accent);
    let (outline, width, text) = match node.emphasis {
        _ if is_meant => (accent, 2.0, tokens.text),
        Emphasis::Normal => (tokens.axis, 1.0, tokens.text),
        Emphasis::Strong => (accent, 2.0, tokens.text),
        Emphasis::Faint => (tokens.grid, 1.0, tokens.text_muted),
    };
    let place =
        egui::Rect::from_center_size(pos(centre(rect)), egui::vec2(rect.width as f32, rect.height as f32));
    let stroke = Stroke::new(width, color(outline));
    ui.painter().rect(place, GAP as f32, color(tokens.background), stroke, egui::StrokeKind::Middle);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    painter.text(place.center(), egui::Align2::CENTER_CENTER, &node.label, font, color(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::Edge;

    #[test]
    fn what_lies_under_the_pointer_is_a_node_else_the_nearest_edge() {
        let node =
            |label: &str, x: f64| Node { x, y: 0.0, label: label.to_owned(), emphasis: Emphasis::Normal };
        let edge = Edge { from: 0, to: 1, weight: 0.25, label: String::new(), emphasis: Emphasis::Normal };
        let graph = GraphBody { nodes: vec![node("a", 0.0), node("b", 1.0)], edges: vec![edge] };
        let area = Rect { x: 0.0, y: 0.0, width: 400.0, height: 100.0 };
        let boxes = graph::boxes(&graph, area, 12.0, &|_| 10.0);
        let sizes = Sizes { tick: 10.0, line: 1.0, gap: 4.0 };
        let courses = vec![graph::course(&graph, 0, &boxes, &sizes)];
        let at = |x: f64, y: f64| under(&boxes, &courses, pos([x, y]));
        let [from, to] = [centre(boxes[0]), centre(boxes[1])];
        let middle = f64::midpoint(from[0], to[0]);
        assert!(at(from[0], from[1]) == Under::Node(0) && at(to[0], to[1]) == Under::Node(1));
        assert!(at(middle, from[1] + 4.0) == Under::Edge(0), "near the edge");
        assert!(at(middle, from[1] + 20.0) == Under::Nothing, "far from it");
        assert_eq!(words(&graph, Under::Edge(0)).as_deref(), Some("a to b: 0.2500"));
        assert_eq!(words(&graph, Under::Node(1)).as_deref(), Some("b\na to b: 0.2500"));
    }
}
