//! JSON of exactly what a figure shows, at full precision and before any thinning, with axes, units and origin: for programs that ask.
//!
//! One object: `format` (always `weightscope view`), `version`, `title`, `caption`, `remarks`, `provenance`, and `body`, whose `kind` says
//! what else it has: `plot` (axes `x` and `y`, `items`), `table` (`columns`, `rows`), `text`, `graph` (`nodes`, `edges`), `panels`.
//! Items say their `kind` and their `name`. Numbers read back exactly; one that is not finite is the word `nan`, `inf` or `-inf`, a
//! missing one `null`. Further keys may come; those that are here stay.

use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::model::{
    Axis, Bars, Body, Cell, Figure, GraphBody, Heat, Item, Line, Orientation, Plot, PointInk, Points,
    TableBody,
};

/// Version of the form.
const VERSION: u64 = 1;

/// Writes the data of a figure as JSON text, one object.
///
/// # Errors
/// If the origin cannot be written as JSON.
pub fn write(figure: &Figure) -> Result<String, ExportError> {
    let object = json!({
        "format": "weightscope view",
        "version": VERSION,
        "title": figure.title,
        "caption": figure.caption,
        "remarks": figure.remarks(),
        "provenance": serde_json::to_value(&figure.provenance)?,
        "body": body(&figure.body),
    });
    Ok(object.to_string() + "\n")
}

fn body(of: &Body) -> Value {
    match of {
        Body::Plot(plot) => plot_of(plot),
        Body::Table(table) => table_of(table),
        Body::Text(text) => json!({ "kind": "text", "text": text }),
        Body::Graph(graph) => graph_of(graph),
        Body::Panels(panels) => {
            let panels = panels.panels.iter().map(|panel| {
                let mut value = body(&panel.body);
                if let Some(object) = value.as_object_mut() {
                    object.insert("title".to_owned(), json!(panel.title));
                }
                value
            });
            json!({ "kind": "panels", "panels": panels.collect::<Vec<_>>() })
        }
    }
}

fn plot_of(plot: &Plot) -> Value {
    let color = plot.color_bar.as_ref().map(|bar| json!({ "label": bar.label, "unit": bar.unit }));
    json!({
        "kind": "plot",
        "x": axis(&plot.x),
        "y": axis(&plot.y),
        "color": color,
        "items": plot.items.iter().map(item).collect::<Vec<_>>(),
    })
}

fn axis(axis: &Axis) -> Value {
    json!({
        "label": axis.label,
        "unit": axis.unit,
        "scale": format!("{:?}", axis.scale).to_lowercase(),
        "categories": axis.categories,
    })
}

fn item(of: &Item) -> Value {
    match of {
        Item::Line(line) => line_of(line),
        Item::Points(points) => points_of(points),
        Item::Band(band) => json!({
            "kind": "band", "name": band.name,
            "x": numbers(&band.x), "lower": numbers(&band.lower), "upper": numbers(&band.upper),
        }),
        Item::Area(area) => json!({
            "kind": "area", "name": area.name,
            "x": numbers(&area.x), "y": numbers(&area.y), "baseline": number(area.baseline),
        }),
        Item::Heat(heat) => heat_of(heat),
        Item::Rule(rule) => json!({
            "kind": "rule", "name": rule.label, "axis": across(rule.orientation), "value": number(rule.value),
        }),
        Item::Span(span) => json!({
            "kind": "span", "name": span.label, "axis": across(span.orientation),
            "from": number(span.from), "to": number(span.to),
        }),
        Item::Label(label) => {
            json!({ "kind": "label", "name": label.text, "at": numbers(&label.at) })
        }
        Item::Bars(bars) => bars_of(bars),
        Item::Handle(handle) => {
            json!({ "kind": "handle", "name": handle.label, "at": numbers(&handle.at) })
        }
    }
}

fn line_of(line: &Line) -> Value {
    let (x, y) = columns(&line.points);
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!("line"));
    object.insert("name".to_owned(), json!(line.name));
    object.insert("x".to_owned(), x);
    object.insert("y".to_owned(), y);
    if !line.words.is_empty() {
        object.insert("words".to_owned(), json!(line.words));
    }
    Value::Object(object)
}

fn points_of(points: &Points) -> Value {
    let (x, y) = columns(&points.points);
    let values = match &points.ink {
        PointInk::One(_) => Value::Null,
        PointInk::Mapped { values, .. } => numbers(values),
    };
    let sizes = if points.sizes.is_empty() { Value::Null } else { numbers(&points.sizes) };
    json!({ "kind": "points", "name": points.name, "x": x, "y": y, "values": values, "sizes": sizes })
}

fn bars_of(bars: &Bars) -> Value {
    json!({
        "kind": "bars",
        "name": bars.name,
        "edges": numbers(&bars.edges),
        "heights": numbers(&bars.heights),
        "bases": if bars.bases.is_empty() { Value::Null } else { numbers(&bars.bases) },
        "axis": match bars.orientation {
            Orientation::Vertical => "x",
            Orientation::Horizontal => "y",
        },
    })
}

fn heat_of(heat: &Heat) -> Value {
    let rows = heat.values.chunks(heat.cols.max(1)).map(singles).collect::<Vec<_>>();
    json!({
        "kind": "heat",
        "x_edges": numbers(&heat.x_edges),
        "y_edges": numbers(&heat.y_edges),
        "values": rows,
        "categories": heat.categories,
        "confidence": if heat.confidence.is_empty() { Value::Null } else { singles(&heat.confidence) },
        "marks": heat.marks,
        "mark_names": heat.mark_names,
    })
}

fn table_of(table: &TableBody) -> Value {
    let columns = table.columns.iter().map(|column| json!({ "label": column.label, "unit": column.unit }));
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => json!(text),
        Cell::Number(value) => number(*value),
        Cell::Count(count) => json!(count),
        Cell::Missing => Value::Null,
    };
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>());
    json!({
        "kind": "table",
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

fn graph_of(graph: &GraphBody) -> Value {
    let nodes = graph.nodes.iter().map(|node| json!({ "label": node.label }));
    let edges = graph.edges.iter().map(|edge| {
        json!({ "from": edge.from, "to": edge.to, "label": edge.label, "weight": number(edge.weight) })
    });
    json!({ "kind": "graph", "nodes": nodes.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>() })
}

/// The axis on which the value of a rule or span lies.
fn across(orientation: Orientation) -> &'static str {
    match orientation {
        Orientation::Horizontal => "y",
        Orientation::Vertical => "x",
    }
}

fn columns(points: &[[f64; 2]]) -> (Value, Value) {
    let column = |at: usize| {
        let values = points.iter().map(|point| number(point.get(at).copied().unwrap_or(f64::NAN)));
        Value::Array(values.collect())
    };
    (column(0), column(1))
}

fn numbers(values: &[f64]) -> Value {
    Value::Array(values.iter().map(|value| number(*value)).collect())
}

/// The shortest text of each single-precision value, not that of the double it converts to.
fn singles(values: &[f32]) -> Value {
    let single = |value: &f32| {
        let text = value.to_string();
        text.parse()
            .ok()
            .filter(|_| value.is_finite())
            .map_or_else(|| number(f64::from(*value)), Value::Number)
    };
    Value::Array(values.iter().map(single).collect())
}

/// A number, or the word for one that JSON does not have.
fn number(value: f64) -> Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => json!("nan"),
        None if value > 0.0 => json!("inf"),
        None => json!("-inf"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::Ink;
    use crate::figure::provenance::Provenance;

    fn json_of(body: Body) -> Value {
        let text = write(&Figure::new("a title", body, Provenance::new("lab", "view"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn lines_are_exact_and_say_their_axes() {
        let points = vec![[0.1 + 0.2, 1.0 / 3.0], [1e-300, f64::NAN], [2.0, f64::NEG_INFINITY]];
        let plot = Plot::new(Axis::new("time").unit("step"), Axis::new("loss")).with(Line::new(
            "a",
            points,
            Ink::Series(0),
        ));
        let value = json_of(Body::Plot(plot));
        assert_eq!(value["title"], "a title");
        assert_eq!(value["provenance"]["lab"], "lab");
        assert_eq!(value["body"]["x"]["unit"], "step");
        let line = &value["body"]["items"][0];
        assert_eq!((&line["kind"], &line["name"]), (&json!("line"), &json!("a")));
        assert_eq!(line["x"][0].as_f64(), Some(0.1 + 0.2));
        assert_eq!(line["y"], json!([1.0 / 3.0, "nan", "-inf"]));
    }

    #[test]
    fn a_table_keeps_words_numbers_and_gaps() {
        let table = TableBody {
            columns: vec![crate::figure::model::Column::text("name")],
            rows: vec![vec![Cell::Text("x".to_owned())], vec![Cell::Number(0.25)], vec![Cell::Missing]],
            ..TableBody::default()
        };
        let value = json_of(Body::Table(table));
        assert_eq!(value["body"]["rows"], json!([["x"], [0.25], [null]]));
    }
}
