//! Where the parts of a graph lie, for the page and for the window alike: boxes of the nodes, courses of the edges.
//!
//! Coordinates are those of the surface: origin at the upper left, y downwards, in points.

use super::model::{Edge, GraphBody, Node};
use super::svg::Rect;

/// Distance between edges that join the same nodes, as a multiple of the text size.
const BEND: f64 = 2.6;
/// Height of a box as a multiple of the text size.
const BOX: f64 = 1.9;
/// Distance of two boxes above one another, from middle to middle, as a multiple of their height: an arrow stands between them.
const APART: f64 = 1.5;
/// Rows that a scrolled graph is made high enough for, and boxes in a row that it is made wide enough for.
const MOST_ROWS: f64 = 40.0;
const MOST_BESIDE: usize = 40;
/// Space between two boxes of one row as a multiple of the text size: an arrow stands between them.
const BESIDE: f64 = 0.9;
/// Width of an edge of weight 1 as a multiple of the normal line.
const HEAVIEST: f64 = 3.2;
/// Width of an edge of weight 0.
const LIGHTEST: f64 = 0.4;

/// Sizes that the surface gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Text at edges.
    pub(crate) tick: f64,
    /// Width of a normal line.
    pub(crate) line: f64,
    /// Distance between an edge and the box it touches.
    pub(crate) gap: f64,
}

/// An edge between its boxes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Course {
    /// From box to box; the last point is the base of the head.
    pub(crate) points: Vec<[f64; 2]>,
    /// Tip and the two barbs of its head; nothing if the boxes leave no room.
    pub(crate) head: Option<[[f64; 2]; 3]>,
    /// Its middle, for the label.
    pub(crate) middle: [f64; 2],
    /// Width of the line.
    pub(crate) width: f64,
}

/// Boxes of the nodes; the outermost lie against the edges of the area. `width` measures a label in the type of nodes.
pub(crate) fn boxes(graph: &GraphBody, area: Rect, size: f64, width: &dyn Fn(&str) -> f64) -> Vec<Rect> {
    let widths = widths(graph, size, width);
    let widest = widths.iter().copied().fold(0.0, f64::max).min(area.width);
    let height = size * BOX;
    // Edges side by side bend out of the straight line: those along the border would leave the area.
    let most = (0..graph.edges.len()).map(|edge| bend(graph, edge).abs()).fold(0.0, f64::max);
    let room = (most * size).min(area.height / 4.0);
    let inner = Rect {
        x: area.x + widest / 2.0,
        y: area.y + height / 2.0 + size * 0.5 + room,
        width: area.width - widest,
        height: area.height - height - size - 2.0 * room,
    };
    let spread = |values: &mut dyn Iterator<Item = f64>| {
        values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (x_low, x_high) = spread(&mut graph.nodes.iter().map(|node| node.x));
    let (y_low, y_high) = spread(&mut graph.nodes.iter().map(|node| node.y));
    let share = |value: f64, low: f64, high: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    let place = |(node, width): (&Node, f64)| {
        let x = inner.x + share(node.x, x_low, x_high) * inner.width;
        let y = inner.y + share(node.y, y_low, y_high) * inner.height;
        Rect { x: x - width / 2.0, y: y - height / 2.0, width, height }
    };
    let mut boxes: Vec<Rect> = graph.nodes.iter().zip(widths).map(place).collect();
    rows(graph).iter().for_each(|row| part(row, &mut boxes, area, size * BESIDE));
    boxes
}

/// Widths of the boxes.
fn widths(graph: &GraphBody, size: f64, text: &dyn Fn(&str) -> f64) -> Vec<f64> {
    graph.nodes.iter().map(|node| (text(&node.label) + size * 1.2).max(size * 2.2)).collect()
}

/// The nodes at each height at which there are several, from left to right.
fn rows(graph: &GraphBody) -> Vec<Vec<usize>> {
    let placed = |node: &Node| node.x.is_finite() && node.y.is_finite();
    let mut order: Vec<(f64, f64, usize)> = graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| placed(node))
        .map(|(index, node)| (node.y, node.x, index))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let rows = order.chunk_by(|a, b| a.0 == b.0).filter(|row| row.len() > 1);
    rows.map(|row| row.iter().map(|(_, _, index)| *index).collect()).collect()
}

/// Moves the boxes of a row as far apart as `gap`, and no farther than the area reaches; where they have no room, they stay as they are.
fn part(row: &[usize], boxes: &mut [Rect], area: Rect, gap: f64) {
    let wide: f64 = row.iter().filter_map(|index| boxes.get(*index)).map(|rect| rect.width).sum();
    if wide + gap * (row.len() - 1) as f64 > area.width + 1e-6 {
        return;
    }
    let mut from = area.x;
    for index in row {
        if let Some(rect) = boxes.get_mut(*index) {
            rect.x = rect.x.max(from);
            from = rect.x + rect.width + gap;
        }
    }
    let mut to = area.x + area.width;
    for index in row.iter().rev() {
        if let Some(rect) = boxes.get_mut(*index) {
            rect.x = rect.x.min(to - rect.width);
            to = rect.x - gap;
        }
    }
}

/// The least width of an area in which the boxes of each row stand apart; no more than [`MOST_BESIDE`] in a row are made room for.
pub(crate) fn least_width(graph: &GraphBody, size: f64, text: &dyn Fn(&str) -> f64) -> f64 {
    let widths = widths(graph, size, text);
    let wide = |row: &Vec<usize>| {
        let row = row.iter().take(MOST_BESIDE).filter_map(|index| widths.get(*index));
        row.map(|width| width + size * BESIDE).sum::<f64>() - size * BESIDE
    };
    rows(graph).iter().map(wide).fold(0.0, f64::max)
}

/// The least height of an area of this width in which no box stands on another that is above it; no more than [`MOST_ROWS`] rows are made
/// room for. Boxes side by side may stand at heights as near to one another as they like.
pub(crate) fn least_height(graph: &GraphBody, width: f64, size: f64, text: &dyn Fn(&str) -> f64) -> f64 {
    let placed = boxes(graph, Rect { x: 0.0, y: 0.0, width, height: 0.0 }, size, text);
    let heights = graph.nodes.iter().map(|node| node.y).filter(|y| y.is_finite());
    let (low, high) =
        heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let all: Vec<(f64, Rect)> = graph.nodes.iter().map(|node| node.y).zip(placed).collect();
    let mut closest: f64 = 1.0;
    for (place, (y, one)) in all.iter().enumerate() {
        for (other_y, other) in all.iter().skip(place + 1) {
            let apart = (y - other_y).abs() / (high - low);
            if apart > 0.0 && one.x < other.x + other.width && other.x < one.x + one.width {
                closest = closest.min(apart);
            }
        }
    }
    let height = size * BOX;
    let most = (0..graph.edges.len()).map(|edge| bend(graph, edge).abs()).fold(0.0, f64::max);
    let around = height + size + 2.0 * most * size;
    if high > low { around + APART * height / closest.max(1.0 / MOST_ROWS) } else { around }
}

/// The course of an edge; nothing if one of its nodes is missing or has no place.
pub(crate) fn course(graph: &GraphBody, index: usize, boxes: &[Rect], sizes: &Sizes) -> Option<Course> {
    let edge = graph.edges.get(index)?;
    let (from, to) = (*boxes.get(edge.from)?, *boxes.get(edge.to)?);
    let (start, end) = (centre(from), centre(to));
    let length = (end[0] - start[0]).hypot(end[1] - start[1]);
    if length <= 0.0 || !length.is_finite() {
        return None;
    }
    let bend = bend(graph, index) * sizes.tick;
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
    let gap = sizes.gap * 0.4;
    let is_outside =
        |point: &[f64; 2]| [from, to].iter().all(|rect| !rect.grown(gap).is_crossed(*point, *point));
    let mut points: Vec<[f64; 2]> =
        (0..=48).map(|step| curve(f64::from(step) / 48.0)).filter(is_outside).collect();
    let width = sizes.line * (LIGHTEST + (HEAVIEST - LIGHTEST) * weight(edge));
    let mut head = None;
    if let [.., before, tip] = points.as_slice() {
        let barbs = arrow_head(*before, *tip, sizes.line * 2.2 + width * 1.3);
        let base = [f64::midpoint(barbs[1][0], barbs[2][0]), f64::midpoint(barbs[1][1], barbs[2][1])];
        head = Some(barbs);
        if let Some(last) = points.last_mut() {
            *last = base;
        }
    }
    Some(Course { points, head, middle: curve(0.5), width })
}

/// Where the label of an edge stands, `[width, height]` large: at the middle of the edge, or above or below the boxes that would hide it
/// there; at the middle all the same where it is free nowhere. `area` is what it must not leave.
pub(crate) fn label_at(middle: [f64; 2], [width, height]: [f64; 2], boxes: &[Rect], area: Rect) -> [f64; 2] {
    let hides = |at: [f64; 2]| {
        move |rect: &&Rect| {
            let centre = centre(**rect);
            (centre[0] - at[0]).abs() * 2.0 < rect.width + width
                && (centre[1] - at[1]).abs() * 2.0 < rect.height + height
        }
    };
    let Some(hiding) = boxes.iter().find(hides(middle)) else { return middle };
    // A point apart: what touches stands free, whatever the rounding.
    let beside = [hiding.y - height / 2.0 - 1.0, hiding.bottom() + height / 2.0 + 1.0];
    let beside = beside.map(|y| [middle[0], y]);
    let is_free = |at: &[f64; 2]| {
        let is_inside = at[1] - height / 2.0 >= area.y && at[1] + height / 2.0 <= area.bottom();
        is_inside && !boxes.iter().any(|rect| hides(*at)(&rect))
    };
    beside.into_iter().find(is_free).unwrap_or(middle)
}

/// Weight as drawn.
fn weight(edge: &Edge) -> f64 {
    if edge.weight.is_finite() { edge.weight.clamp(0.0, 1.0) } else { 0.0 }
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

/// Tip and the two barbs of an arrow head.
fn arrow_head(before: [f64; 2], tip: [f64; 2], size: f64) -> [[f64; 2]; 3] {
    let (dx, dy) = (tip[0] - before[0], tip[1] - before[1]);
    let length = dx.hypot(dy).max(1e-9);
    let (dx, dy) = (dx / length * size, dy / length * size);
    [tip, [tip[0] - dx - dy * 0.5, tip[1] - dy + dx * 0.5], [tip[0] - dx + dy * 0.5, tip[1] - dy - dx * 0.5]]
}

/// Middle of a box.
pub(crate) fn centre(rect: Rect) -> [f64; 2] {
    [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0]
}

#[cfg(test)]
mod tests {
    use super::super::model::Emphasis;
    use super::*;

    #[test]
    fn boxes_above_one_another_do_not_touch_from_the_least_height_on() {
        let node = |y: f64| Node { x: 0.0, y, label: "conv".to_owned(), emphasis: Emphasis::Normal };
        let edge = |from: usize| Edge {
            from,
            to: from + 1,
            weight: 1.0,
            label: String::new(),
            emphasis: Emphasis::Normal,
        };
        let graph = GraphBody {
            nodes: [0.0, 1.0, 2.5, 3.0, 7.0].map(node).to_vec(),
            edges: (0..4).map(edge).collect(),
        };
        let nearest = |height: f64| {
            let area = Rect { x: 0.0, y: 0.0, width: 200.0, height };
            let boxes = boxes(&graph, area, 14.0, &|_| 40.0);
            boxes.windows(2).map(|pair| pair[1].y - pair[0].y - pair[0].height).fold(f64::INFINITY, f64::min)
        };
        let least = least_height(&graph, 200.0, 14.0, &|_| 40.0);
        assert!((nearest(least) - 14.0 * BOX * (APART - 1.0)).abs() < 1e-9, "{}", nearest(least));
        assert!(nearest(least / 3.0) < 0.0, "they would overlap in a third of it");
        let mut aside = graph.clone();
        aside.nodes.push(Node { x: 1.0, ..node(3.1) });
        assert_eq!(least_height(&aside, 200.0, 14.0, &|_| 40.0), least, "one that stands beside them");
        let narrow = least_height(&aside, 60.0, 14.0, &|_| 40.0);
        assert!(narrow > least, "and in less width over one: {narrow}");
    }

    #[test]
    fn a_label_that_boxes_would_hide_stands_above_them_or_below() {
        let rect = |x: f64, y: f64| Rect { x, y, width: 50.0, height: 20.0 };
        let area = Rect { x: 0.0, y: 0.0, width: 200.0, height: 100.0 };
        let row = |y: f64| [rect(0.0, y), rect(62.0, y)];
        let at = |boxes: &[Rect], width: f64| label_at([56.0, boxes[0].y + 10.0], [width, 12.0], boxes, area);
        assert_eq!(at(&row(40.0), 10.0), [56.0, 50.0], "it fits between them");
        assert_eq!(at(&row(40.0), 80.0), [56.0, 33.0], "above");
        assert_eq!(at(&row(5.0), 80.0), [56.0, 32.0], "below, as there is no room above");
        let crowded = [row(40.0), row(15.0), row(65.0)].concat();
        assert_eq!(at(&crowded, 80.0), [56.0, 50.0], "nowhere");
    }

    #[test]
    fn boxes_of_one_row_stand_apart_from_the_least_width_on() {
        let node =
            |label: &str, x: f64, y: f64| Node { x, y, label: label.to_owned(), emphasis: Emphasis::Normal };
        // As the cell of a search is drawn.
        let nodes = vec![
            node("stem", 0.0, 0.5),
            node("node 1", 0.5, 0.0),
            node("node 2", 1.0, 0.5),
            node("head", 1.4, 0.5),
        ];
        let graph = GraphBody { nodes, edges: Vec::new() };
        let text = |label: &str| 7.0 * label.len() as f64;
        let placed = |width: f64| {
            let area = Rect { x: 3.0, y: 0.0, width, height: 200.0 };
            let boxes = boxes(&graph, area, 14.0, &text);
            let row = [boxes[0], boxes[2], boxes[3]];
            let gaps: Vec<f64> = row.windows(2).map(|pair| pair[1].x - pair[0].x - pair[0].width).collect();
            (gaps, row[0].x >= 3.0 - 1e-6 && row[2].x + row[2].width <= 3.0 + width + 1e-6)
        };
        let least = least_width(&graph, 14.0, &text);
        for width in [least, least + 20.0, 260.0, 600.0] {
            let (gaps, is_inside) = placed(width);
            assert!(gaps.iter().all(|gap| *gap >= 14.0 * BESIDE - 1e-6), "{gaps:?} in {width}");
            assert!(is_inside, "none leaves the area of width {width}");
        }
        assert!(placed(least - 10.0).0.iter().any(|gap| *gap < 14.0 * BESIDE), "there is no room for it");
        let own = |place: usize| {
            boxes(&graph, Rect { x: 0.0, y: 0.0, width: 600.0, height: 200.0 }, 14.0, &text)[place]
        };
        let apart = centre(own(3))[0] - centre(own(2))[0];
        assert!(
            (apart - (600.0 - own(1).width) * 0.4 / 1.4).abs() < 1e-9,
            "with room they stay where they are"
        );
    }
}
