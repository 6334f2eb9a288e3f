//! Views: from a record to a [`Figure`], one file per kind. The same functions serve window, export and command line.
//!
//! Contract: a view is a function of (specification, records, options); it computes no result and changes nothing.

mod alike;
mod bands;
mod bars;
mod derived;
mod flips;
mod grid;
pub mod groups;
mod heat_map;
mod lines;
mod marks;
mod matching;
mod options;
pub mod own;
mod pictures;
mod quantity;
mod ranks;
mod ridge;
mod simplex;
mod smooth;
mod table;
mod trace;
mod turned;

use std::borrow::Cow;

use serde_json::json;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, Coordinate, Data, Quantity, Record, Reference, ReferenceAxis,
    ReferenceStyle, ViewKind, ViewSpec,
};
use weightscope_frame::store::Manifest;

pub use derived::{control_ids, derived, derived_beside, lay_over, peers, place};
pub use groups::SeedGroups;
pub use options::{Overlay, Resolution, RunStyle, TableOrder, ViewOptions};
pub use quantity::quantity;
pub(crate) use table::compare as compare_cells;

use crate::figure::axis::Scale;
use crate::figure::model::{
    Axis, Body, Dash, Figure, Handle, Ink, Item, Line, Orientation, Plot, Rule, Stroke,
};
use crate::figure::provenance::{DataOrigin, Provenance, RunOrigin};

/// One run that a view draws.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Words for legends when several runs are drawn.
    pub label: &'a str,
    /// Which run it is, for the origin of the figure; `None` for the one that the figure is made of.
    pub origin: Option<&'a RunOrigin>,
    /// Its record.
    pub record: &'a Record,
}

/// Builds the figure of a view; `None` while there is nothing to draw.
pub fn figure(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    provenance: &Provenance,
) -> Option<Figure> {
    let mut notes = Vec::new();
    let nothing = Record::default();
    let sources = &alike::alike(spec, sources, &nothing, &mut notes)[..];
    let mut provenance = provenance.clone();
    provenance.view.clone_from(&spec.id);
    add_runs(&mut provenance, spec, sources, options);
    provenance.view_state = serde_json::to_value(options).unwrap_or_else(|_| json!({}));
    let sources = if draws_several(spec) { sources } else { alone(spec, sources, &mut notes) };
    notes.extend(derived::left_out(spec, sources.len()));
    let spec = &worded(spec, sources);
    let body = match spec.kind {
        ViewKind::Lines => Body::Plot(lines::lines(spec, sources, options, &mut notes)?),
        ViewKind::Stacked => Body::Plot(lines::stacked(spec, sources, options)?),
        ViewKind::Trace => trace::trace(spec, sources, options, &mut notes)?,
        ViewKind::HeatMap => Body::Plot(heat_map::over_steps(spec, sources, options)?),
        ViewKind::Grid => Body::Plot(grid::grid(spec, sources, options)?),
        ViewKind::Panels => Body::Panels(grid::panels(spec, sources, options)?),
        ViewKind::Bars => Body::Plot(bars::bars(spec, sources, options)?),
        ViewKind::Ridge => Body::Plot(ridge::ridge(spec, sources, options, &mut notes)?),
        ViewKind::Scatter => Body::Plot(pictures::scatter(spec, sources, options, &mut notes)?),
        ViewKind::Bands => Body::Plot(bands::bands(spec, sources, options)?),
        ViewKind::Curve => Body::Plot(pictures::curve(spec, sources, options)?),
        ViewKind::Graph => Body::Graph(pictures::graph(spec, sources, options)?),
        ViewKind::Matching => Body::Plot(matching::matching(spec, sources, options, &mut notes)?),
        ViewKind::Simplex => Body::Plot(simplex::simplex(spec, sources, options, &mut notes)?),
        ViewKind::Ranks => Body::Plot(ranks::ranks(spec, sources, options, &mut notes)?),
        ViewKind::Table => Body::Table(table::table(spec, sources, options, &mut notes)?),
        ViewKind::Text => Body::Text(table::text(spec, sources)?),
    };
    let body = with_handles(body, spec, options);
    let said = |id: &String| words(sources, id);
    notes.splice(0..0, spec.note.as_ref().and_then(said).map(|text| of_first(sources, &text)));
    notes.extend(turned::note(spec, options));
    let title = sources
        .first()
        .map_or_else(|| spec.title.clone(), |first| spec.titled(first.record, &options.controls));
    let title = match chosen(spec, sources, options) {
        Some(channel) if spec.one_channel => format!("{title} – {}", channel.label),
        _ => title,
    };
    Some(Figure { notes, ..Figure::new(title, body, provenance) })
}

/// Words about the first run alone: where several are drawn they say of which run they are.
fn of_first(sources: &[Source<'_>], words: &str) -> String {
    match sources {
        [first, _, ..] => format!("{}: {words}", first.label),
        _ => words.to_owned(),
    }
}

/// What a text channel of the first run says.
fn words(sources: &[Source<'_>], channel: &str) -> Option<String> {
    match &sources.first()?.record.get(channel)?.data {
        Data::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// The specification with the words of its axes as the data stand.
fn worded<'a>(spec: &'a ViewSpec, sources: &[Source<'_>]) -> Cow<'a, ViewSpec> {
    let words = |axis: &AxisSpec| words(sources, axis.named_by.as_deref()?);
    let mut worded = Cow::Borrowed(spec);
    if let Some(words) = words(&spec.x) {
        worded.to_mut().x.label = words;
    }
    if let Some(words) = words(&spec.y) {
        worded.to_mut().y.label = words;
    }
    worded
}

/// True if a view draws all runs that it is given.
pub fn draws_several(spec: &ViewSpec) -> bool {
    use ViewKind::{Bars, Curve, Lines, Ridge, Trace};
    !spec.across && matches!(spec.kind, Lines | Trace | Curve | Bars | Ridge)
}

/// True if the horizontal axis counts steps of the run: a cursor there is one in every such view. A picture without axes has none.
pub(crate) fn is_over_steps(spec: &ViewSpec) -> bool {
    spec.x.quantity == Quantity::RunSteps && spec.kind != ViewKind::Simplex
}

/// The first run only, with words about it. A view across runs is made from all of them although it draws one record.
fn alone<'a, 'b>(spec: &ViewSpec, sources: &'b [Source<'a>], notes: &mut Vec<String>) -> &'b [Source<'a>] {
    match sources {
        [first, _, ..] if !spec.across => {
            notes.push(format!("Only {} is shown: views of this kind draw one run", first.label));
            std::slice::from_ref(first)
        }
        [first, ..] => std::slice::from_ref(first),
        [] => sources,
    }
}

/// Names the runs of which a figure shows something.
fn add_runs(provenance: &mut Provenance, spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) {
    let others = sources.iter().skip(1).filter(|source| {
        spec.across || (draws_several(spec) && !channels(spec, **source, options).is_empty())
    });
    others.filter_map(|source| source.origin).for_each(|origin| provenance.add(origin));
}

/// The colour of one of several runs.
fn run_ink(options: &ViewOptions, run: usize) -> Ink {
    Ink::Series(options.overlay.runs.get(run).map_or(run, |style| style.color))
}

/// The colour of a series of the only run that a view draws. Where runs have colours, the only series has that of its run, or it would be
/// taken for another one; of several each has its own, and in a view across runs what is of one run has the colour of that run.
fn series_ink(options: &ViewOptions, channel: &Channel, number: usize, count: usize) -> Ink {
    match (options.overlay.runs.as_slice(), channel.run) {
        ([], _) => Ink::Series(number),
        (_, Some(run)) => run_ink(options, run),
        ([shown, ..], None) if count == 1 && number == 0 => Ink::Series(shown.color),
        _ => Ink::Series(number),
    }
}

/// Provenance of a stored or running run.
pub fn provenance(manifest: &Manifest) -> Provenance {
    Provenance {
        program: "weightscope".to_owned(),
        version: manifest.version.clone(),
        lab: manifest.lab.clone(),
        run_ids: vec![manifest.id.clone()],
        runs: vec![RunOrigin::of(manifest)],
        config_hash: manifest.config_hash.clone(),
        seed: Some(manifest.seed),
        data: manifest.data.first().map(|read| DataOrigin {
            place: read.place.clone(),
            bytes: read.bytes,
            hash: read.hash.clone(),
        }),
        view: String::new(),
        view_state: serde_json::Value::Null,
        dressing: serde_json::Value::Null,
        note: manifest.device.clone(),
    }
}

/// The channels that a view can show one at a time, for its chooser.
pub fn choices<'a>(spec: &'a ViewSpec, record: &'a Record) -> Vec<&'a Channel> {
    record.select(&spec.channels)
}

/// The channel that a view with a chooser shows now.
fn chosen<'a>(spec: &'a ViewSpec, sources: &[Source<'a>], options: &ViewOptions) -> Option<&'a Channel> {
    let record = sources.first()?.record;
    let all = record.select(&spec.channels);
    let wanted = options.channel.as_deref();
    all.iter().find(|channel| Some(channel.id.as_str()) == wanted).or_else(|| all.first()).copied()
}

/// The channels that are drawn together.
fn channels<'a>(spec: &'a ViewSpec, source: Source<'a>, options: &ViewOptions) -> Vec<&'a Channel> {
    if spec.one_channel {
        chosen(spec, &[source], options).into_iter().collect()
    } else {
        source.record.select(&spec.channels)
    }
}

/// An axis as the specification wants it and the person changed it.
fn axis(
    spec: &AxisSpec,
    changed: Option<AxisScale>,
    options: &ViewOptions,
    values: impl Iterator<Item = f64>,
) -> Axis {
    let scale = match (changed.unwrap_or(spec.scale), options.linear_threshold) {
        (AxisScale::Linear, _) => Scale::Linear,
        (AxisScale::Log, _) => Scale::Log,
        (AxisScale::Symlog, Some(linear_threshold)) => Scale::SymLog { linear_threshold },
        (AxisScale::Symlog, None) => Scale::sym_log_for(values),
    };
    let whole = spec.quantity == Quantity::RunSteps;
    Axis { range: spec.limits, whole, ..Axis::new(spec.label.clone()).unit(spec.unit.clone()).scale(scale) }
}

/// Curves that the data are to be compared with, under their names: what would be ideal, what is true.
fn guides(plot: &mut Plot, spec: &ViewSpec, source: Source<'_>, options: &ViewOptions) {
    for channel in source.record.select(&spec.overlays) {
        let Data::Curve(curves) = &channel.data else { continue };
        let Some((_, curve)) = curves.at(options.step.unwrap_or(u64::MAX)) else { continue };
        let points = curve.x.iter().zip(&curve.y).map(|(x, y)| [*x, *y]).collect();
        let line = Line::new(channel.label.clone(), points, Ink::Foreground);
        // A curve that jumps from row to row steps back, or it would hide what is compared with it.
        let (stroke, dash) =
            if is_jagged(&curve.y) { (Stroke::Ghost, Dash::Solid) } else { (Stroke::Thin, Dash::Dashed) };
        plot.items.push(Item::from(Line { dash, stroke, ..line }));
    }
}

/// True if a curve goes up and down over much more than its range.
fn is_jagged(y: &[f64]) -> bool {
    const TIMES: f64 = 6.0;
    let way: f64 = y.iter().zip(y.iter().skip(1)).map(|(a, b)| (b - a).abs()).sum();
    let (low, high) = y.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(*y), h.max(*y)));
    way > TIMES * (high - low)
}

/// Curves over a grid or a scatter, such as the borders between regions.
fn overlays(
    plot: &mut Plot,
    spec: &ViewSpec,
    source: Source<'_>,
    options: &ViewOptions,
    (ink, stroke): (Ink, Stroke),
) {
    for channel in source.record.select(&spec.overlays) {
        let Data::Curve(curves) = &channel.data else { continue };
        let Some((_, curve)) = curves.at(options.step.unwrap_or(u64::MAX)) else { continue };
        let points = curve.x.iter().zip(&curve.y).map(|(x, y)| [*x, *y]).collect();
        let line = Line::new(String::new(), points, ink);
        plot.items.push(Item::from(Line { stroke, ..line }));
    }
}

/// The handles of a view on top of its plot, each where its controls put it.
fn with_handles(body: Body, spec: &ViewSpec, options: &ViewOptions) -> Body {
    let Body::Plot(mut plot) = body else { return body };
    let turn = |coordinate: &Coordinate| match coordinate {
        Coordinate::At(_) => None,
        Coordinate::Control { id, factor } => Some((id.clone(), *factor)),
    };
    let handles = spec.handles.iter().filter_map(|handle| {
        let at = [handle.x.place(&options.controls)?, handle.y.place(&options.controls)?];
        Some(Item::from(Handle { at, label: handle.label.clone(), x: turn(&handle.x), y: turn(&handle.y) }))
    });
    plot.items.extend(handles);
    Body::Plot(plot)
}

/// Reference lines, each at its control's value if it has one.
fn references(plot: &mut Plot, references: &[Reference], options: &ViewOptions) {
    let rules = references.iter().map(|reference| {
        let orientation = match reference.axis {
            ReferenceAxis::X => Orientation::Vertical,
            ReferenceAxis::Y => Orientation::Horizontal,
        };
        let (dash, ink) = match reference.style {
            ReferenceStyle::Level => (Dash::Solid, Ink::Muted),
            ReferenceStyle::Boundary => (Dash::Dashed, Ink::Foreground),
        };
        let turned = reference.control.as_ref().and_then(|control| options.controls.number(control));
        Item::from(Rule {
            orientation,
            value: turned.unwrap_or(reference.value),
            label: reference.label.clone(),
            dash,
            ink: if reference.control.is_some() { Ink::Accent } else { ink },
            control: reference.control.clone(),
        })
    });
    plot.items.extend(rules);
}

/// The lines of a plot.
#[cfg(test)]
fn lines_of(plot: &Plot) -> Vec<&Line> {
    plot.items
        .iter()
        .filter_map(|item| match item {
            Item::Line(line) => Some(line),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computed_view_says_how_many_ticked_runs_it_draws() {
        let records: Vec<Record> = (0..11)
            .map(|_| {
                let mut record = Record::default();
                let series = [(0.0, 1.0), (1.0, 2.0)].into_iter().collect();
                record.insert(Channel::new("loss", "loss", "", "", Data::Scalar(series)));
                record
            })
            .collect();
        let sources: Vec<Source<'_>> =
            records.iter().map(|record| Source { label: "run", origin: None, record }).collect();
        let of = |spec: &ViewSpec, count: usize| {
            let sources = sources.get(..count).unwrap();
            figure(spec, sources, &ViewOptions::default(), &Provenance::new("lab", "")).unwrap().notes
        };
        let spec = ViewSpec::new("v", "v", ViewKind::Lines, &["loss"]);
        assert!(of(&spec, 11).is_empty(), "what was recorded is drawn of all");
        let computed = ViewSpec { derives: vec!["turned".to_owned()], ..spec };
        assert!(computed.is_derived());
        assert!(of(&computed, 9).is_empty(), "eight beside the one that is shown");
        assert_eq!(of(&computed, 11), ["8 of 10 ticked runs are drawn: no more are computed"]);
    }

    #[test]
    fn of_several_runs_each_line_and_each_sentence_says_whose_it_is() {
        use weightscope_frame::record::{Curve, Timeline};
        let record = |height: f64| {
            let mut record = Record::default();
            for id in 0..6 {
                let curve = Curve { x: vec![0.0, 1.0], y: vec![height, f64::from(id)], band: None };
                let data = Data::Curve(Timeline::one(curve));
                record.insert(Channel::new(format!("c/{id}"), format!("curve {id}"), "", "", data));
            }
            record.insert(Channel::new("note", "", "", "", Data::Text("half are small".to_owned())));
            record
        };
        let records = [record(1.0), record(2.0)];
        let sources: Vec<Source<'_>> = ["one", "two"]
            .iter()
            .zip(&records)
            .map(|(label, record)| Source { label, origin: None, record })
            .collect();
        let spec =
            ViewSpec { note: Some("note".to_owned()), ..ViewSpec::new("v", "v", ViewKind::Curve, &["c/*"]) };
        let drawn = figure(&spec, &sources, &ViewOptions::default(), &Provenance::new("lab", "")).unwrap();
        assert_eq!(drawn.notes, ["one: half are small"], "the other run may have no such note");
        let Body::Plot(plot) = drawn.body else { panic!("a plot") };
        let lines = lines_of(&plot);
        assert_eq!(lines.len(), 12);
        for (place, line) in lines.iter().enumerate() {
            let run = ["one", "two"][place / 6];
            assert!(line.name.starts_with(run), "{}", line.name);
            let looks =
                |other: &&&Line| (other.ink, other.dash, other.stroke) == (line.ink, line.dash, line.stroke);
            assert_eq!(lines.iter().filter(looks).count(), 1, "{} looks like no other", line.name);
        }
        let alone =
            figure(&spec, &sources[..1], &ViewOptions::default(), &Provenance::new("lab", "")).unwrap();
        assert_eq!(alone.notes, ["half are small"], "of one run it needs no name");
    }

    #[test]
    fn a_cursor_over_steps_is_drawn_where_steps_are_counted() {
        let of = |kind| is_over_steps(&ViewSpec::new("v", "v", kind, &[]));
        assert!(of(ViewKind::Lines) && of(ViewKind::HeatMap));
        assert!(
            !of(ViewKind::Simplex),
            "its corners lie at fixed places; a cursor would stretch it to the step"
        );
    }
}
