//! Whole drawings.

use super::super::examples;
use super::super::model::{
    Axis, Body, Cell, Column, Edge, Emphasis, Figure, GraphBody, Ink, Legend, Line, Node, Plot, TableBody,
};
use super::super::provenance::Provenance;
use super::super::render;
use super::super::style::Page as PageStyle;
use super::write;
use crate::theme::Theme;

fn svg(figure: &Figure, page: PageStyle) -> String {
    write(figure, &page.style(), Theme::Print.tokens()).unwrap()
}

fn plot_figure(plot: Plot) -> Figure {
    Figure::new("Title", Body::Plot(plot), Provenance::new("lab", "view"))
}

/// Boxes of all texts as the renderer lays them out, in points.
fn text_boxes(svg: &str) -> Vec<(String, resvg::usvg::Rect)> {
    fn collect(group: &resvg::usvg::Group, out: &mut Vec<(String, resvg::usvg::Rect)>) {
        for node in group.children() {
            match node {
                resvg::usvg::Node::Group(group) => collect(group, out),
                resvg::usvg::Node::Text(text) => {
                    let words = text.chunks().iter().map(resvg::usvg::TextChunk::text).collect();
                    out.push((words, text.abs_bounding_box()));
                }
                _ => {}
            }
        }
    }
    let tree = render::tree(svg).unwrap();
    let mut out = Vec::new();
    collect(tree.root(), &mut out);
    let page = tree.size();
    for (text, rect) in &out {
        let inside = rect.left() >= -0.5
            && rect.top() >= -0.5
            && rect.right() <= page.width() + 0.5
            && rect.bottom() <= page.height() + 0.5;
        assert!(inside, "{text:?} is cut off: {rect:?} on {page:?}");
    }
    out
}

fn assert_no_overlap(svg: &str) {
    let boxes = text_boxes(svg);
    for (index, (a_text, a)) in boxes.iter().enumerate() {
        for (b_text, b) in boxes.iter().skip(index + 1) {
            // Bounding boxes include ascent and descent, so that lines may touch by a fraction of a point.
            let slack = 1.6;
            let apart = a.right() <= b.left() + slack
                || b.right() <= a.left() + slack
                || a.bottom() <= b.top() + slack
                || b.bottom() <= a.top() + slack;
            assert!(apart, "{a_text:?} {a:?} overlaps {b_text:?} {b:?}");
        }
    }
}

#[test]
fn line_figure_matches_its_snapshot() {
    insta::assert_snapshot!("lines", svg(&examples::lines(), PageStyle::Column));
}

#[test]
fn heat_map_matches_its_snapshot() {
    insta::assert_snapshot!("heat_map", svg(&examples::checkerboard(), PageStyle::Column));
}

#[test]
fn a_million_points_fit_into_two_hundred_kilobytes() {
    let points = (0..1_000_000)
        .map(|i| {
            let x = f64::from(i);
            [x, (x * 1e-4).sin() + (x * 12.9898).sin() * 0.3]
        })
        .collect();
    let plot =
        Plot::new(Axis::new("step"), Axis::new("value")).with(Line::new("noise", points, Ink::Series(0)));
    for page in [PageStyle::Column, PageStyle::Double] {
        let size = svg(&plot_figure(plot.clone()), page).len();
        assert!(size < 200_000, "{} takes {size} bytes", page.id());
    }
}

#[test]
fn no_text_is_cut_off_or_overlaps() {
    let names = (0..14).map(|row| format!("layers.{row}.attention.output.weight")).collect();
    let mut many = Plot::new(
        Axis::new("number of optimiser steps since the beginning of the second training stage of the run")
            .range(0.0, 1e6),
        Axis::new("a rather long description of the quantity that is shown on this vertical axis")
            .unit("nat"),
    );
    for series in 0..12 {
        let height = 1e-5 * f64::from(series as u32);
        let points = vec![[0.0, height], [1e6, 5e-5]];
        many = many.with(Line::new(format!("series number {series}"), points, Ink::Series(series)));
    }
    let categories = Plot::new(Axis::categorical("layer", names), Axis::new("y").range(-12_000.0, 98_000.0));
    for page in PageStyle::ALL {
        for legend in [Legend::Best, Legend::Below, Legend::Right, Legend::TopLeft] {
            many.legend = legend;
            assert_no_overlap(&svg(&plot_figure(many.clone()), page));
        }
        assert_no_overlap(&svg(&examples::lines(), page));
        assert_no_overlap(&svg(&examples::checkerboard(), page));
        text_boxes(&svg(&plot_figure(categories.clone()), page));
    }
}

#[test]
fn wide_tables_are_fitted_to_the_page() {
    let columns = ["run", "configuration", "learning rate", "validation accuracy", "remarks of the author"];
    let table = TableBody {
        columns: columns.iter().map(|name| Column::text(*name)).collect(),
        rows: (0..60)
            .map(|row| (0..5).map(|cell| Cell::Text(format!("cell {cell} of row {row}"))).collect())
            .collect(),
        emphasised: vec![1],
        ..TableBody::default()
    };
    let figure = Figure::new("Runs", Body::Table(table), Provenance::new("lab", "view"));
    for page in PageStyle::ALL {
        assert_no_overlap(&svg(&figure, page));
    }
    assert!(svg(&figure, PageStyle::Slide).contains("more rows"), "a slide cannot grow");
}

#[test]
fn numbers_of_crowded_tables_are_whole_or_left_out() {
    let mut columns = vec![Column::text("name of the tensor")];
    columns.extend(
        (0..24_u8).map(|column| Column::number(format!("quantity {}", char::from(b'a' + column)), "")),
    );
    let row = |row: u32| {
        let numbers = (0..24).map(|column| Cell::Number(3.116_3e-5 * f64::from(row * 24 + column + 1)));
        let name = Cell::Text(format!("model.layers.{row}.self_attn.attention.output.dense.weight"));
        std::iter::once(name).chain(numbers).collect::<Vec<Cell>>()
    };
    let table =
        TableBody { columns, rows: (0..30).map(row).collect(), emphasised: vec![2], ..TableBody::default() };
    let whole: Vec<String> = table.rows.iter().flatten().map(|cell| cell.display(4)).collect();
    let figure = Figure::new("Tensors", Body::Table(table), Provenance::new("lab", "view"));
    for page in PageStyle::ALL {
        let drawing = svg(&figure, page);
        assert_no_overlap(&drawing);
        let boxes = text_boxes(&drawing);
        let numbers: Vec<&String> = boxes
            .iter()
            .map(|(text, _)| text)
            .filter(|text| text.starts_with(|symbol: char| symbol.is_ascii_digit()))
            .collect();
        assert!(numbers.len() >= 20, "{}: some columns stand", page.id());
        for text in numbers {
            assert!(whole.contains(text), "{}: {text:?} is cut", page.id());
        }
        let said: String = boxes.into_iter().map(|(text, _)| text + " ").collect();
        // A page on which all columns stand has nothing to say.
        let all_stand = said.matches("quantity").count() >= 24 && !said.contains("more columns");
        let is_told = said.contains("more columns, in the data file") && said.contains("quantity x");
        assert!(all_stand || is_told, "{}: {said}", page.id());
    }
}

#[test]
fn texts_and_graphs_stay_on_the_page() {
    let text = "First paragraph with more words than one line of a column can hold.\n\nSecond.";
    let nodes = (0..4)
        .map(|i| Node {
            x: f64::from(i),
            y: f64::from(i % 2),
            label: format!("node {i}"),
            emphasis: Emphasis::Normal,
        })
        .collect();
    let edge = |to, weight| Edge { from: 0, to, weight, label: "op".to_owned(), emphasis: Emphasis::Strong };
    let graph = GraphBody { nodes, edges: vec![edge(1, 0.2), edge(3, f64::NAN), edge(9, 1.0), edge(0, 1.0)] };
    for body in [Body::Text(text.to_owned()), Body::Graph(graph)] {
        let figure = Figure::new("", body, Provenance::new("lab", "view"));
        assert!(!text_boxes(&svg(&figure, PageStyle::Column)).is_empty());
    }
}

#[test]
fn one_symbol_does_not_change_the_font_of_its_line() {
    let width = |text: &str| {
        let figure = Figure::new("", Body::Text(text.to_owned()), Provenance::new("lab", "view"));
        text_boxes(&svg(&figure, PageStyle::Double))[0].1.width()
    };
    // With the fallback of the renderer the second text is about 10 % wider than the first and the symbol.
    let difference = width("∇ diverged in all the runs of this sweep") - width("∇ ");
    assert!((difference - width("diverged in all the runs of this sweep")).abs() < 4.0, "{difference}");
}

#[test]
fn hidden_points_are_reported() {
    assert!(svg(&examples::lines(), PageStyle::Column).contains("1 point ≤ 0 hidden"));
    assert!(svg(&examples::checkerboard(), PageStyle::Column).contains("grey: no data"));
}

#[test]
fn extreme_values_do_not_break_the_drawing() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0, -0.0];
    let points: Vec<[f64; 2]> = wild.iter().flat_map(|x| wild.iter().map(|y| [*x, *y])).collect();
    for scale in [
        crate::figure::axis::Scale::Linear,
        crate::figure::axis::Scale::Log,
        crate::figure::axis::Scale::SymLog { linear_threshold: 0.0 },
    ] {
        let plot = Plot::new(Axis::new("x").scale(scale), Axis::new("y").scale(scale)).with(Line::new(
            "wild",
            points.clone(),
            Ink::Series(0),
        ));
        let drawing = svg(&plot_figure(plot), PageStyle::Column);
        assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{scale:?}");
        assert!(render::tree(&drawing).is_ok());
    }
}

#[test]
fn the_drawing_has_no_scripts_and_no_links() {
    let drawing = svg(&examples::checkerboard(), PageStyle::Column);
    assert!(!drawing.contains("<script"));
    let links = drawing.matches("href=").count();
    assert_eq!(links, drawing.matches("href=\"data:image/png;base64,").count());
    assert_eq!(links, 1, "one bitmap per heat map");
}
