//! CSV files of exactly what a figure shows, at full precision and before any thinning (RFC 4180, UTF-8).
//!
//! A plot is written in long format, one line per point, with a column for each kind of value that its items have:
//! `kind,series,x,y,lower,upper,from,to,value,text,confidence,mark,size`; columns that no item fills are left out, and units stand in the
//! header (`x [step]`). A table is written as it is, with all digits. Numbers read back exactly; a value that is
//! missing is an empty field, one that is not finite is `NaN`, `inf` or `-inf`.

use super::error::ExportError;
use super::model::{
    Axis, Body, Cell, Figure, GraphBody, Heat, Item, Orientation, PanelsBody, Plot, PointInk, Points, Rule,
    Span, TableBody, heading,
};

/// Writes the data of a figure as CSV text.
pub fn write(figure: &Figure) -> Result<String, ExportError> {
    let records = body_records(&figure.body);
    // Panels may differ in their columns.
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for record in records {
        writer.write_record(record)?;
    }
    let bytes =
        writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn body_records(body: &Body) -> Vec<Vec<String>> {
    match body {
        Body::Plot(plot) => plot_records(plot),
        Body::Table(table) => table_records(table),
        Body::Text(text) => vec![vec!["text".to_owned()], vec![text.clone()]],
        Body::Graph(graph) => graph_records(graph),
        Body::Panels(panels) => panels_records(panels),
    }
}

/// The panels one after the other, each with its own header line, and the panel's title in the first column of all.
fn panels_records(panels: &PanelsBody) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for panel in &panels.panels {
        for (index, record) in body_records(&panel.body).into_iter().enumerate() {
            let first = if index == 0 { "panel".to_owned() } else { panel.title.clone() };
            all.push([vec![first], record].concat());
        }
    }
    all
}

/// Columns of the long format, in order.
const KIND: usize = 0;
const SERIES: usize = 1;
const X: usize = 2;
const Y: usize = 3;
const LOWER: usize = 4;
const UPPER: usize = 5;
const FROM: usize = 6;
const TO: usize = 7;
const VALUE: usize = 8;
const TEXT: usize = 9;
const CONFIDENCE: usize = 10;
const MARK: usize = 11;
const SIZE: usize = 12;
const COLUMNS: usize = 13;

type Record = [String; COLUMNS];

fn plot_records(plot: &Plot) -> Vec<Vec<String>> {
    let mut records: Vec<Record> = Vec::new();
    for item in &plot.items {
        item_records(plot, item, &mut records);
    }
    let used: Vec<usize> = (0..COLUMNS)
        .filter(|column| {
            matches!(*column, SERIES | X | Y) || records.iter().any(|record| !record[*column].is_empty())
        })
        .filter(|column| *column != KIND || has_several_kinds(&records))
        .collect();
    let header = header(plot);
    let mut out = vec![used.iter().map(|column| header[*column].clone()).collect()];
    out.extend(
        records
            .into_iter()
            .map(|mut record| used.iter().map(|column| std::mem::take(&mut record[*column])).collect()),
    );
    out
}

fn has_several_kinds(records: &[Record]) -> bool {
    records.windows(2).any(|pair| matches!(pair, [a, b] if a[KIND] != b[KIND]))
}

fn header(plot: &Plot) -> Record {
    let mut header: Record = [
        "kind",
        "series",
        "x",
        "y",
        "lower",
        "upper",
        "from",
        "to",
        "value",
        "text",
        "confidence",
        "mark",
        "size",
    ]
    .map(str::to_owned);
    header[X] = heading("x", axis_name(&plot.x));
    for column in [Y, LOWER, UPPER] {
        header[column] = heading(&header[column], axis_name(&plot.y));
    }
    if let Some(bar) = &plot.color_bar {
        header[VALUE] = heading("value", if bar.unit.is_empty() { &bar.label } else { &bar.unit });
    }
    header
}

/// What stands in brackets: the unit, else the name of the quantity.
fn axis_name(axis: &Axis) -> &str {
    if axis.unit.is_empty() { &axis.label } else { &axis.unit }
}

fn item_records(plot: &Plot, item: &Item, records: &mut Vec<Record>) {
    let mut add = |kind: &str, series: &str, fields: &[(usize, String)]| {
        let mut record = Record::default();
        kind.clone_into(&mut record[KIND]);
        series.clone_into(&mut record[SERIES]);
        for (column, text) in fields {
            record[*column].clone_from(text);
        }
        records.push(record);
    };
    match item {
        Item::Line(line) => {
            for (index, [x, y]) in line.points.iter().enumerate() {
                let words = line.words.get(index).cloned().unwrap_or_default();
                add("line", &line.name, &[(X, number(*x)), (Y, number(*y)), (TEXT, words)]);
            }
        }
        Item::Points(points) => {
            for (index, [x, y]) in points.points.iter().enumerate() {
                add(
                    "points",
                    &points.name,
                    &[
                        (X, number(*x)),
                        (Y, number(*y)),
                        (VALUE, mapped(points, index)),
                        (SIZE, size(points, index)),
                        (TEXT, points.words.get(index).cloned().unwrap_or_default()),
                    ],
                );
            }
        }
        Item::Band(band) => {
            for (x, (lower, upper)) in band.x.iter().zip(band.lower.iter().zip(&band.upper)) {
                add("band", &band.name, &[(X, number(*x)), (LOWER, number(*lower)), (UPPER, number(*upper))]);
            }
        }
        Item::Area(area) => {
            let baseline = number(area.baseline);
            for (x, y) in area.x.iter().zip(&area.y) {
                let fields = [(X, number(*x)), (Y, number(*y)), (LOWER, baseline.clone())];
                add("area", &area.name, &fields);
            }
        }
        Item::Bars(bars) => {
            let (axis, across) = match bars.orientation {
                Orientation::Vertical => (&plot.x, Y),
                Orientation::Horizontal => (&plot.y, X),
            };
            for [from, to, base, end] in bars.boxes() {
                // A bar of a category is named, not measured.
                let name = axis.categories.as_ref().and_then(|names| names.get(from.max(0.0) as usize));
                let place = match name {
                    Some(name) => [(TEXT, name.clone()), (TO, String::new())],
                    None => [(FROM, number(from)), (TO, number(to))],
                };
                add("bars", &bars.name, &[place.as_slice(), &[(across, number(end - base))]].concat());
            }
        }
        Item::Heat(heat) => heat_records(plot, heat, &mut add),
        Item::Rule(Rule { orientation, value, label, .. }) => {
            let column = if *orientation == Orientation::Horizontal { Y } else { X };
            add("rule", "", &[(column, number(*value)), (TEXT, label.clone())]);
        }
        Item::Span(Span { orientation, from, to, label, .. }) => {
            let kind = if *orientation == Orientation::Horizontal { "y span" } else { "x span" };
            add(kind, "", &[(FROM, number(*from)), (TO, number(*to)), (TEXT, label.clone())]);
        }
        Item::Label(label) => {
            let fields = [(X, number(label.at[0])), (Y, number(label.at[1])), (TEXT, label.text.clone())];
            add("label", "", &fields);
        }
        Item::Handle(handle) => {
            let fields = [(X, number(handle.at[0])), (Y, number(handle.at[1])), (TEXT, handle.label.clone())];
            add("handle", "", &fields);
        }
    }
}

/// One record per cell, at its centre on the axis or under the name of its category.
fn heat_records(plot: &Plot, heat: &Heat, add: &mut impl FnMut(&str, &str, &[(usize, String)])) {
    let place = |axis: &Axis, edges: &[f64], index: usize| {
        if let Some(name) = axis.categories.as_ref().and_then(|names| names.get(index)) {
            return name.clone();
        }
        let edge = |index: usize| axis.scale.to_axis(edges.get(index).copied().unwrap_or(f64::NAN));
        number(axis.scale.from_axis(f64::midpoint(edge(index), edge(index + 1))))
    };
    for row in 0..heat.rows {
        for col in 0..heat.cols {
            let value = heat.value(row, col).unwrap_or(f32::NAN);
            let category = heat.category(value).map(str::to_owned);
            let fields = [
                (X, place(&plot.x, &heat.x_edges, col)),
                (Y, place(&plot.y, &heat.y_edges, row)),
                // The shortest text of the single-precision value, not that of the double it converts to.
                (VALUE, category.unwrap_or_else(|| value.to_string())),
                (CONFIDENCE, heat.sureness(row, col).map(|sure| sure.to_string()).unwrap_or_default()),
                (MARK, marks_of(heat, row, col)),
            ];
            add("heat", "", &fields);
        }
    }
}

/// Names of the mark over a cell and of the ring around it.
fn marks_of(heat: &Heat, row: usize, col: usize) -> String {
    let mark = heat.mark(row, col).map(|(_, name)| name);
    let ring = heat.is_ringed(row, col).then_some(heat.ring_name.as_str());
    mark.into_iter().chain(ring).collect::<Vec<_>>().join("; ")
}

fn size(points: &Points, index: usize) -> String {
    points.sizes.get(index).map_or_else(String::new, |size| number(*size))
}

fn mapped(points: &Points, index: usize) -> String {
    match &points.ink {
        PointInk::One(_) => String::new(),
        PointInk::Mapped { values, .. } => values.get(index).map_or_else(String::new, |value| number(*value)),
    }
}

fn table_records(table: &TableBody) -> Vec<Vec<String>> {
    let mut records = vec![table.columns.iter().map(super::model::Column::heading).collect::<Vec<_>>()];
    for row in &table.rows {
        let cells = (0..table.columns.len()).map(|index| match row.get(index) {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Number(value)) => number(*value),
            Some(Cell::Count(count)) => count.to_string(),
            Some(Cell::Missing) | None => String::new(),
        });
        records.push(cells.collect());
    }
    records
}

fn graph_records(graph: &GraphBody) -> Vec<Vec<String>> {
    let name = |index: usize| graph.nodes.get(index).map_or_else(String::new, |node| node.label.clone());
    let mut records = vec![["from", "to", "edge", "weight"].map(str::to_owned).to_vec()];
    records.extend(
        graph
            .edges
            .iter()
            .map(|edge| vec![name(edge.from), name(edge.to), edge.label.clone(), number(edge.weight)]),
    );
    records
}

/// The shortest text that reads back as the same number.
fn number(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::colormap::{ColorMap, ColorScale};
    use crate::figure::model::{Band, ColorBar, Column, Ink, Line};
    use crate::figure::provenance::Provenance;

    fn csv_of(body: Body) -> String {
        write(&Figure::new("", body, Provenance::new("lab", "view"))).unwrap()
    }

    #[test]
    fn lines_are_exact_and_keep_every_point() {
        let points = vec![[0.1 + 0.2, 1.0 / 3.0], [1e-300, f64::NAN], [2.0, -0.0]];
        let plot = Plot::new(Axis::new("time").unit("step"), Axis::new("loss")).with(Line::new(
            "a, \"b\"",
            points,
            Ink::Series(0),
        ));
        let csv = csv_of(Body::Plot(plot));
        let mut lines = csv.split("\r\n");
        assert_eq!(lines.next(), Some("series,x [step],y [loss]"));
        assert_eq!(lines.next(), Some("\"a, \"\"b\"\"\",0.30000000000000004,0.3333333333333333"));
        assert!(lines.next().unwrap().ends_with(",NaN"));
        assert_eq!(lines.next(), Some("\"a, \"\"b\"\"\",2,-0"));
    }

    #[test]
    fn a_long_line_is_not_thinned() {
        let points = (0..50_000).map(|i| [f64::from(i), 0.5]).collect();
        let plot = Plot::new(Axis::new("x"), Axis::new("y")).with(Line::new("a", points, Ink::Series(0)));
        assert_eq!(csv_of(Body::Plot(plot)).lines().count(), 50_001);
    }

    #[test]
    fn mixed_items_say_what_they_are() {
        let band = Band {
            name: "seeds".to_owned(),
            x: vec![1.0],
            lower: vec![0.25],
            upper: vec![0.75],
            ink: Ink::Series(0),
            opacity: 0.2,
        };
        let plot = Plot::new(Axis::new("x"), Axis::new("y").unit("nat")).with(band).with(Line::new(
            "mean",
            vec![[1.0, 0.5]],
            Ink::Series(0),
        ));
        let expected = "kind,series,x [x],y [nat],lower [nat],upper [nat]\r\n\
                        band,seeds,1,,0.25,0.75\r\nline,mean,1,0.5,,\r\n";
        assert_eq!(csv_of(Body::Plot(plot)), expected);
    }

    #[test]
    fn heat_maps_name_their_categories() {
        let scale = ColorScale::new(ColorMap::Viridis, (0.0, 1.0));
        let rows = Axis::categorical("layer", vec!["conv1".to_owned(), "fc".to_owned()]);
        let mut plot = Plot::new(Axis::new("step"), rows).with(Heat::on_unit_grid(
            2,
            2,
            vec![0.1, 0.2, f32::NAN, 0.4],
            scale,
        ));
        plot.color_bar = Some(ColorBar { scale, label: "share".to_owned(), unit: String::new() });
        let expected = "series,x [step],y [layer],value [share]\r\n,0.5,conv1,0.1\r\n,1.5,conv1,0.2\r\n\
                        ,0.5,fc,NaN\r\n,1.5,fc,0.4\r\n";
        assert_eq!(csv_of(Body::Plot(plot)), expected);
    }

    #[test]
    fn cells_say_how_sure_they_are_and_what_marks_them() {
        let heat = Heat {
            confidence: vec![1.0, f32::NAN],
            marks: vec![0, 1],
            mark_names: vec!["stuck".to_owned()],
            ..Heat::on_unit_grid(1, 2, vec![0.25, 0.5], ColorScale::new(ColorMap::Viridis, (0.0, 1.0)))
        };
        let plot = Plot::new(Axis::new("w"), Axis::new("b")).with(heat);
        let expected =
            "series,x [w],y [b],value,confidence,mark\r\n,0.5,0.5,0.25,1,\r\n,1.5,0.5,0.5,,stuck\r\n";
        assert_eq!(csv_of(Body::Plot(plot)), expected);
    }

    #[test]
    fn tables_keep_all_digits() {
        let table = TableBody {
            columns: vec![Column::text("run"), Column::number("time", "s")],
            rows: vec![vec!["a".into(), (1.0 / 3.0).into()], vec!["b".into(), Cell::Missing]],
            ..TableBody::default()
        };
        assert_eq!(csv_of(Body::Table(table)), "run,time [s]\r\na,0.3333333333333333\r\nb,\r\n");
    }
}
