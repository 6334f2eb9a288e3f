//! Letters that the shipped fonts do not have: they are named, never drawn as empty boxes without a word.
//!
//! The fonts cover Latin, Greek, Cyrillic and mathematics; names of columns and runs may hold any script.

use std::collections::BTreeSet;

use super::model::{Body, Cell, Figure, Item, Plot};
use super::svg::has_glyph;

/// Most letters that the remark names.
const MOST_NAMED: usize = 8;

/// The remark on a figure whose words hold letters that none of its fonts has; `None` if all can be drawn.
pub(super) fn remark(figure: &Figure) -> Option<String> {
    let mut letters = BTreeSet::new();
    let mut add = |text: &str| {
        if !text.is_ascii() {
            letters.extend(text.chars().filter(|letter| !letter.is_whitespace() && !has_glyph(*letter)));
        }
    };
    add(&figure.title);
    figure.caption.iter().chain(&figure.notes).for_each(|text| add(text));
    body(&figure.body, &mut add);
    let named: Vec<String> =
        letters.iter().take(MOST_NAMED).map(|letter| format!("U+{:04X}", *letter as u32)).collect();
    let more = letters.len() - named.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = if letters.len() == 1 { "a letter" } else { "letters" };
    (!letters.is_empty()).then(|| {
        format!(
            "drawn as □: {what} that the fonts of figures lack, {}{rest}; the data file holds the names in full",
            named.join(" ")
        )
    })
}

fn body(of: &Body, add: &mut impl FnMut(&str)) {
    match of {
        Body::Plot(of) => plot(of, add),
        Body::Table(table) => {
            table.columns.iter().for_each(|column| add(&column.heading()));
            for cell in table.rows.iter().flatten() {
                if let Cell::Text(text) = cell {
                    add(text);
                }
            }
        }
        Body::Text(text) => add(text),
        Body::Graph(graph) => {
            graph.nodes.iter().for_each(|node| add(&node.label));
            graph.edges.iter().for_each(|edge| add(&edge.label));
        }
        Body::Panels(panels) => {
            for panel in &panels.panels {
                add(&panel.title);
                body(&panel.body, add);
            }
        }
    }
}

fn plot(plot: &Plot, add: &mut impl FnMut(&str)) {
    for axis in [&plot.x, &plot.y] {
        add(&axis.heading());
        axis.categories.iter().flatten().for_each(|name| add(name));
    }
    if let Some(bar) = &plot.color_bar {
        add(&bar.label);
    }
    for item in &plot.items {
        match item {
            Item::Line(line) => add(&line.name),
            Item::Points(points) => add(&points.name),
            Item::Band(band) => add(&band.name),
            Item::Area(area) => add(&area.name),
            Item::Heat(heat) => {
                heat.categories.iter().chain(&heat.mark_names).for_each(|name| add(name));
                add(&heat.ring_name);
            }
            Item::Rule(rule) => add(&rule.label),
            Item::Span(span) => add(&span.label),
            Item::Handle(handle) => add(&handle.label),
            Item::Label(label) => add(&label.text),
            Item::Bars(bars) => add(&bars.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Axis, Ink, Line};
    use super::super::provenance::Provenance;
    use super::*;

    fn figure(name: &str, axis: &str) -> Figure {
        let line = Line::new(name, vec![[0.0, 1.0], [1.0, 2.0]], Ink::Series(0));
        let plot = Plot::new(Axis::new(axis), Axis::new("loss")).with(line);
        Figure::new("Loss", Body::Plot(plot), Provenance::new("lab", "loss"))
    }

    #[test]
    fn latin_greek_cyrillic_and_mathematics_can_be_drawn() {
        assert_eq!(remark(&figure("Größe Łódź ñ ő", "μ ± σ ≤ ∇Ω потери Ελληνικά ∂²ℓ")), None);
        assert!(figure("потери", "Größe").remarks().is_empty());
    }

    #[test]
    fn letters_without_a_glyph_are_named_in_the_page() {
        let figure = figure("🌧 rain", "温度");
        let expected = "drawn as □: letters that the fonts of figures lack, U+5EA6 U+6E29 U+1F327; the data file holds the names in full";
        assert_eq!(figure.remarks(), [expected]);
        let svg = super::super::svg::write(
            &figure,
            &super::super::style::Page::Column.style(),
            crate::theme::Theme::Light.tokens(),
        );
        assert!(svg.unwrap().contains("U+1F327"), "the note stands on the page");
    }
}
