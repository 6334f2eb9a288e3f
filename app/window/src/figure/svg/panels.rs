//! Several bodies on one page: a grid of equal cells, each with a letter and a heading.

use super::canvas::{Canvas, TextStyle};
use super::geometry::Rect;
use super::metrics::{self, Weight};
use super::plot::{self, Sides};
use super::{LINE_SPACING, Page};
use crate::figure::error::ExportError;
use crate::figure::model::{Anchor, Axis, Body, Panel, PanelsBody, Plot};

/// Height over width of a panel where the page leaves it open: room for the words around a nearly square drawing.
const PANEL_RATIO: f64 = 0.82;

/// Narrowest panel in which labels, drawing and legend have room, as a multiple of the text size; and narrowest heat map, which
/// has no legend and is read by its colours: four of them stand on a double column, as the papers print them.
const LEAST_WIDTH: f64 = 20.0;
const LEAST_MAP_WIDTH: f64 = 15.0;
/// Height over width up to which panels are put below each other to make them wider.
const MOST_HEIGHT: f64 = 2.0;

/// Draws the panels below `area.y` and gives back their height.
pub(super) fn draw(
    canvas: &mut Canvas,
    page: Page<'_>,
    body: &PanelsBody,
    area: Rect,
    room: Option<f64>,
) -> Result<f64, ExportError> {
    let gap = page.style.gap * 2.0;
    let columns = if room.is_some() {
        body.columns.clamp(1, body.panels.len().max(1))
    } else {
        columns(page, body, area.width, gap)
    };
    let rows = body.panels.len().div_ceil(columns);
    let width = (area.width - gap * (columns - 1) as f64) / columns as f64;
    let title_height = page.style.tick_size * LINE_SPACING + page.style.gap;
    let fixed =
        room.map(|room| (room - gap * rows.saturating_sub(1) as f64) / rows.max(1) as f64 - title_height);
    let panels = shared(&body.panels, columns);
    let cell = Rect { x: 0.0, y: 0.0, width, height: 0.0 };
    let height = fixed.unwrap_or(width * PANEL_RATIO);
    let sides = sides(page, &panels, columns, (cell, height));
    let mut top = area.y;
    for (row, panels) in panels.chunks(columns).enumerate() {
        let mut tallest: f64 = 0.0;
        for (column, panel) in panels.iter().enumerate() {
            let x = area.x + column as f64 * (width + gap);
            let title = format!("({}) {}", letters(row * columns + column), panel.title);
            let title = metrics::shorten(&title, width, page.style.tick_size, Weight::SemiBold);
            let style = TextStyle {
                size: page.style.tick_size,
                weight: Weight::SemiBold,
                color: page.tokens.text,
                anchor: Anchor::Start,
            };
            canvas.text(x, top + page.style.tick_size, &title, style);
            let cell = Rect { x, y: top + title_height, width, height: 0.0 };
            let drawn = match &panel.body {
                Body::Panels(_) => continue,
                Body::Plot(plot) => {
                    let sides = sides.get(row * columns + column).copied().unwrap_or_default();
                    plot::draw_within(canvas, page, plot, cell, (Some(height), sides))?
                }
                other => page.body(canvas, other, cell, Some(height))?,
            };
            tallest = tallest.max(drawn.max(height));
        }
        top += title_height + tallest + gap;
    }
    Ok(room.unwrap_or((top - gap - area.y).max(0.0)))
}

/// The panels with what neighbours say alike said once: the label of the vertical axis at the left of a row, that of the horizontal
/// axis below a column, where all panels of the row or of the column have the same.
fn shared(panels: &[Panel], columns: usize) -> Vec<Panel> {
    let mut shared = panels.to_vec();
    let plot = |index: usize| match panels.get(index).map(|panel| &panel.body) {
        Some(Body::Plot(plot)) => Some(plot),
        _ => None,
    };
    for (index, panel) in shared.iter_mut().enumerate() {
        let Body::Plot(own) = &mut panel.body else { continue };
        let row = index - index % columns;
        let alike = |other: usize, axis: fn(&Plot) -> &Axis| {
            plot(index).zip(plot(other)).is_some_and(|(a, b)| axis(a).heading() == axis(b).heading())
        };
        let in_row = || row..(row + columns).min(panels.len());
        if index > row && in_row().all(|other| alike(other, |plot| &plot.y)) {
            (own.y.label, own.y.unit) = (String::new(), String::new());
        }
        let in_column = || (index % columns..panels.len()).step_by(columns);
        if index + columns < panels.len() && in_column().all(|other| alike(other, |plot| &plot.x)) {
            (own.x.label, own.x.unit) = (String::new(), String::new());
        }
    }
    shared
}

/// What the frame of each panel leaves around it: at its sides as much as those below each other, below it as much as those beside it;
/// of maps, all frames are as wide as each other.
fn sides(page: Page<'_>, panels: &[Panel], columns: usize, (cell, height): (Rect, f64)) -> Vec<Sides> {
    let of = |panel: &Panel| match &panel.body {
        Body::Plot(plot) if !plot.bare => Sides::of(page, plot, cell, height),
        _ => Sides::default(),
    };
    let own: Vec<Sides> = panels.iter().map(of).collect();
    let widest = |all: &mut dyn Iterator<Item = &Sides>| all.copied().fold(Sides::default(), Sides::max);
    let is_map = |panel: &Panel| matches!(&panel.body, Body::Plot(plot) if plot.has_heat());
    let all_maps = panels.iter().all(is_map);
    let around = |index: usize| {
        let stride = if all_maps { 1 } else { columns };
        let across = widest(&mut own.iter().skip(if all_maps { 0 } else { index % columns }).step_by(stride));
        let row = widest(&mut own.iter().skip(index - index % columns).take(columns));
        Sides { bottom: row.bottom, ..across }
    };
    (0..panels.len()).map(around).collect()
}

/// Panels in a row: as many as wanted, fewer where they would be too narrow for their words, unless the page became too high.
fn columns(page: Page<'_>, body: &PanelsBody, width: f64, gap: f64) -> usize {
    let most = body.columns.clamp(1, body.panels.len().max(1));
    let each = |columns: usize| (width - gap * (columns - 1) as f64) / columns as f64;
    let is_low = |columns: &usize| {
        let rows = body.panels.len().div_ceil(*columns) as f64;
        rows * (each(*columns) * PANEL_RATIO + gap) <= width * MOST_HEIGHT
    };
    // Names of rows and a label beside them take the room that a heat map has to spare.
    let is_spare = |axis: &Axis| axis.categories.is_none() || axis.label.is_empty();
    let is_map =
        |panel: &Panel| matches!(&panel.body, Body::Plot(plot) if plot.has_heat() && is_spare(&plot.y));
    let least = if body.panels.iter().all(is_map) { LEAST_MAP_WIDTH } else { LEAST_WIDTH };
    let least = page.style.tick_size * least;
    let readable = (1..=most).rev().find(|columns| each(*columns) >= least).unwrap_or(1);
    (readable..=most).find(is_low).unwrap_or(most)
}

/// a, b … z, aa, ab …
fn letters(index: usize) -> String {
    let last = char::from(b'a' + (index % 26) as u8);
    if index < 26 { last.to_string() } else { format!("{}{last}", letters(index / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::examples;
    use crate::figure::model::Figure;
    use crate::figure::style::Page as PageStyle;
    use crate::theme::Theme;

    #[test]
    fn panels_have_letters_and_separate_clips() {
        let panels: Vec<Panel> = [examples::lines(), examples::checkerboard(), examples::lines()]
            .into_iter()
            .map(|figure| Panel { title: figure.title, body: figure.body })
            .collect();
        let figure =
            Figure::new("All", Body::Panels(PanelsBody { columns: 2, panels }), examples::lines().provenance);
        let svg =
            crate::figure::svg::write(&figure, &PageStyle::Double.style(), Theme::Print.tokens()).unwrap();
        assert!(svg.contains("(a) Loss of two runs") && svg.contains("(c) Loss"), "letters before headings");
        let clips: Vec<&str> =
            svg.match_indices("<clipPath id=\"").map(|(at, _)| &svg[at + 14..at + 32]).collect();
        let mut distinct = clips.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(clips.len(), distinct.len(), "one clip for each panel: {clips:?}");
    }

    #[test]
    fn eight_maps_stand_in_two_rows_on_a_double_column() {
        let map = examples::checkerboard();
        let panels = vec![Panel { title: map.title.clone(), body: map.body.clone() }; 8];
        let figure = Figure::new("All", Body::Panels(PanelsBody { columns: 4, panels }), map.provenance);
        let rows = |style: PageStyle| {
            let svg = crate::figure::svg::write(&figure, &style.style(), Theme::Print.tokens()).unwrap();
            let heights = (0..8).filter_map(|panel| {
                let at = svg.find(&format!(">({}) ", letters(panel)))?;
                let y = svg[..at].rfind(" y=\"")? + 4;
                svg[y..].split('"').next().map(str::to_owned)
            });
            heights.collect::<std::collections::BTreeSet<String>>().len()
        };
        assert_eq!(rows(PageStyle::Double), 2, "as the papers print them");
        assert_eq!(rows(PageStyle::Column), 4, "two in a row of one column");
    }

    #[test]
    fn maps_with_named_rows_and_a_label_stand_below_each_other_in_one_column() {
        let mut map = examples::checkerboard();
        let rows = |figure: &Figure| {
            let svg =
                crate::figure::svg::write(figure, &PageStyle::Column.style(), Theme::Print.tokens()).unwrap();
            let place = |letter: &str| {
                let at = svg.find(&format!(">({letter}) ")).unwrap();
                let y = svg[..at].rfind(" y=\"").unwrap() + 4;
                svg[y..].split('"').next().unwrap().to_owned()
            };
            usize::from(place("a") != place("b")) + 1
        };
        let two = |map: &Figure| {
            let panels = vec![Panel { title: "map".to_owned(), body: map.body.clone() }; 2];
            Figure::new("Two", Body::Panels(PanelsBody { columns: 2, panels }), map.provenance.clone())
        };
        assert_eq!(rows(&two(&map)), 1, "names alone have room");
        let Body::Plot(plot) = &mut map.body else { panic!("a map is a plot") };
        plot.y.label = "size at the start".to_owned();
        assert_eq!(rows(&two(&map)), 2);
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 27].map(letters), ["a", "z", "aa", "ab"]);
    }
}
