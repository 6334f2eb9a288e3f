//! Lines over steps, and shares stacked over steps.

use std::collections::BTreeSet;

use weightscope_frame::record::{Channel, Data, Detail, Query, Series, ViewSpec};

use super::options::{Resolution, ViewOptions};
use super::{Source, axis, channels, groups, references, run_ink, series_ink, smooth};
use crate::figure::axis::Scale;
use crate::figure::model::{Axis, Band, Dash, Ink, Line, Plot, Stroke};

/// With more series than this a column of pixels gets two points instead of four.
const MANY: usize = 10;

/// Dashes that tell the channels of a run apart when several runs are drawn; colours tell the runs apart then.
pub(super) const CHANNEL_DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Dash and stroke of a channel of one of several runs: with more channels than dashes the next ones are thin.
pub(super) fn channel_style(number: usize) -> (Dash, Stroke) {
    let dash = CHANNEL_DASHES.get(number % CHANNEL_DASHES.len()).copied().unwrap_or_default();
    (dash, if number < CHANNEL_DASHES.len() { Stroke::Normal } else { Stroke::Thin })
}

/// One line to be drawn, before it is thinned out for the screen.
struct Strand<'a> {
    name: String,
    /// What the legend says of the channel behind the name of a run; empty where a run draws one line.
    label: String,
    /// Channel, to find its like in the other runs.
    channel: String,
    run: usize,
    ink: Ink,
    dash: Dash,
    stroke: Stroke,
    series: &'a Series,
    /// Step from which it is drawn.
    from: Option<f64>,
}

/// Scalar channels, and the components of vector channels, as lines.
pub(super) fn lines(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let mut strands = strands(spec, sources, options);
    strands.retain(|strand| !strand.series.is_empty());
    if strands.is_empty() {
        return None;
    }
    let detail = if strands.len() > MANY { Detail::Extremes } else { Detail::Full };
    let last = || strands.iter().filter_map(|strand| strand.series.last());
    let x = axis(&spec.x, options.x_scale, options, last().map(|point| point.x));
    let y = axis(&spec.y, options.y_scale, options, last().map(|point| point.y));
    let x_scale = x.scale;
    let mut plot = Plot::new(x, y);
    references(&mut plot, &spec.references, options);
    if sources.len() > 1 && options.overlay.seeds.joined {
        plot = families(plot, &mut strands, options, notes);
    }
    let many = sources.len() > 1;
    for strand in strands {
        let Strand { name, run, ink, dash, stroke, series, from, .. } = strand;
        let source = many.then_some(run);
        let drawn = |resolution| after(points(series, resolution, detail, x_scale), series, from);
        if options.smoothing > 0.0 && stroke != Stroke::Ghost {
            let raw = drawn(options.resolution);
            let smoothed = smooth::smooth(&drawn(Resolution::Full), options.smoothing);
            let name =
                if name.is_empty() { name } else { format!("{name} (smoothed {})", options.smoothing) };
            if options.envelope {
                plot = plot.with(smooth::envelope(&raw, ink));
            }
            plot = plot
                .with(Line { stroke: Stroke::Ghost, dash, source, ..Line::new(String::new(), raw, ink) })
                .with(Line { dash, stroke, source, ..Line::new(name, smoothed, ink) });
        } else {
            let points = drawn(options.resolution);
            plot = plot.with(Line { dash, stroke, source, ..Line::new(name, points, ink) });
        }
    }
    if options.smoothing > 0.0 {
        let behind =
            if options.envelope { ", range of the raw values behind" } else { ", raw values behind" };
        notes.push(format!("smoothed with weight {}{behind}", options.smoothing));
    }
    Some(plot)
}

fn strands<'a>(spec: &'a ViewSpec, sources: &[Source<'a>], options: &ViewOptions) -> Vec<Strand<'a>> {
    let many = sources.len() > 1;
    let mut strands = Vec::new();
    for (run, source) in sources.iter().enumerate() {
        let all: Vec<_> = channels(spec, *source, options)
            .into_iter()
            .flat_map(|channel| {
                members(channel).into_iter().map(move |(label, series)| (channel, label, series))
            })
            .collect();
        let alone = all.len() == 1;
        let solids = all.iter().filter(|(channel, ..)| !spec.is_dashed(&channel.id)).count();
        // A dashed channel has the colour of the one that it stands beside.
        let (mut solid, mut beside) = (0, 0);
        for (number, (channel, label, series)) in all.into_iter().enumerate() {
            let is_dashed = !many && spec.is_dashed(&channel.id);
            let counted = if is_dashed { &mut beside } else { &mut solid };
            let series_number = *counted;
            *counted += 1;
            let style = options.overlay.runs.get(run).filter(|_| many);
            let (own, stroke) = channel_style(number);
            strands.push(Strand {
                name: match (many, alone) {
                    (false, _) => label.clone(),
                    (true, true) => source.label.to_owned(),
                    (true, false) => format!("{} · {label}", source.label),
                },
                channel: format!("{} {label}", channel.id),
                label: if alone { String::new() } else { label },
                run,
                ink: if many {
                    run_ink(options, run)
                } else {
                    series_ink(options, channel, series_number, solids)
                },
                dash: match (many, is_dashed) {
                    (true, _) => own,
                    (false, true) => Dash::Dashed,
                    (false, false) => Dash::Solid,
                },
                stroke: if many { stroke } else { Stroke::Normal },
                series,
                from: style.and_then(|style| style.from),
            });
        }
    }
    strands
}

/// Joins the runs of each family, channel by channel; what was joined leaves the strands, or steps back behind the line.
fn families(
    mut plot: Plot,
    strands: &mut Vec<Strand<'_>>,
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Plot {
    let family = |strand: &Strand<'_>| {
        options.overlay.runs.get(strand.run).map(|style| (style.family.clone(), strand.channel.clone()))
    };
    // In the order of the series, as in the legend of one run.
    let mut groups: Vec<((String, String), Vec<usize>)> = Vec::new();
    for (index, strand) in strands.iter().enumerate() {
        let Some(key) = family(strand) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(index),
            None => groups.push((key, vec![index])),
        }
    }
    let limit = match options.resolution {
        Resolution::Full => usize::MAX,
        Resolution::Screen { columns, .. } => 4 * columns.max(1),
    };
    let mut joined: BTreeSet<usize> = BTreeSet::new();
    let mut unlike = false;
    for ((family, _), members) in groups.iter().filter(|(_, members)| members.len() > 1) {
        let parts: Vec<&Strand<'_>> = members.iter().filter_map(|index| strands.get(*index)).collect();
        let series: Vec<&Series> = parts.iter().map(|strand| strand.series).collect();
        let (Some(first), Some(summary)) = (parts.first(), groups::summarize(&series, options.overlay.seeds))
        else {
            unlike = true;
            continue;
        };
        let between = if first.label.is_empty() { "" } else { " · " };
        let (label, words) = (&first.label, summary.words(options.overlay.seeds));
        let name = format!("{family}{between}{label} ({words})");
        plot = with_summary(plot, &summary.thinned(limit), name, first, options.smoothing);
        joined.extend(members);
    }
    if unlike {
        notes.push("some seeds share no step and stand by themselves".to_owned());
    }
    let traces = options.overlay.seeds.traces;
    let mut index = 0;
    strands.retain_mut(|strand| {
        let is_joined = joined.contains(&index);
        index += 1;
        if is_joined {
            strand.stroke = Stroke::Ghost;
            strand.name.clear();
        }
        traces || !is_joined
    });
    plot
}

fn with_summary(
    mut plot: Plot,
    summary: &groups::Summary,
    name: String,
    like: &Strand<'_>,
    smoothing: f64,
) -> Plot {
    const OPACITY: f64 = 0.22;
    // A band cannot hold a gap: one for each piece between non-finite values.
    let edges: Vec<[f64; 3]> = summary
        .x
        .iter()
        .zip(summary.lower.iter().zip(&summary.upper))
        .map(|(x, (lower, upper))| [*x, *lower, *upper])
        .collect();
    for piece in edges.split(|[_, lower, _]| !lower.is_finite()).filter(|piece| piece.len() > 1) {
        plot = plot.with(Band {
            name: String::new(),
            x: piece.iter().map(|[x, _, _]| *x).collect(),
            lower: piece.iter().map(|[_, lower, _]| *lower).collect(),
            upper: piece.iter().map(|[_, _, upper]| *upper).collect(),
            ink: like.ink,
            opacity: OPACITY,
        });
    }
    let mut center: Vec<[f64; 2]> = summary.x.iter().zip(&summary.center).map(|(x, y)| [*x, *y]).collect();
    if smoothing > 0.0 {
        center = smooth::smooth(&center, smoothing);
    }
    plot.with(Line { dash: like.dash, source: Some(like.run), ..Line::new(name, center, like.ink) })
}

/// The points from a step on, the last one before it included so that the line leaves where it should.
fn after(mut points: Vec<[f64; 2]>, series: &Series, from: Option<f64>) -> Vec<[f64; 2]> {
    if let Some(from) = from {
        let start = series.at(from).map_or(from, |point| point.x);
        points.retain(|[x, _]| *x >= start);
    }
    points
}

/// Shares that add up to one, stacked in the order of their components.
pub(super) fn stacked(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let source = *sources.first()?;
    let members: Vec<(String, &Series)> =
        channels(spec, source, options).into_iter().flat_map(members).collect();
    let x: Vec<f64> = members.first()?.1.iter().map(|point| point.x).collect();
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, x.iter().copied()),
        Axis { range: Some((0.0, 1.0)), ..axis(&spec.y, None, options, std::iter::empty()) },
    );
    let mut lower = vec![0.0; x.len()];
    for (number, (name, series)) in members.into_iter().enumerate() {
        let upper: Vec<f64> = lower.iter().zip(series.iter()).map(|(below, point)| below + point.y).collect();
        plot = plot.with(Band {
            name,
            x: x.clone(),
            lower,
            upper: upper.clone(),
            ink: Ink::Series(number),
            opacity: 0.8,
        });
        lower = upper;
    }
    Some(plot)
}

/// The series of a channel with their legends.
fn members(channel: &Channel) -> Vec<(String, &Series)> {
    match &channel.data {
        Data::Scalar(series) => vec![(channel.label.clone(), series)],
        Data::Vector(vector) => {
            vector.components.iter().map(|part| (part.label.clone(), &part.series)).collect()
        }
        _ => Vec::new(),
    }
}

/// The points of a series at the wanted resolution.
pub(super) fn points(
    series: &Series,
    resolution: Resolution,
    detail: Detail,
    x_scale: Scale,
) -> Vec<[f64; 2]> {
    match resolution {
        Resolution::Full => series.iter().map(|point| [point.x, point.y]).collect(),
        Resolution::Screen { from, to, columns } => {
            let to_axis = |x: f64| x_scale.to_axis(x);
            // Nothing zoomed yet: the whole series.
            let (first, last) =
                (series.first().map_or(0.0, |point| point.x), series.last().map_or(0.0, |point| point.x));
            let query = Query { from: from.max(first), to: to.min(last), columns, detail, to_axis: &to_axis };
            series.query(&query).into_iter().map(|point| [point.x, point.y]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::{Overlay, RunStyle, lines_of};
    use weightscope_frame::record::{Record, ViewKind};

    fn record(offset: f64) -> Record {
        let mut record = Record::default();
        for (id, factor) in [("loss/train", 1.0), ("loss/test", 2.0)] {
            let series: Series = (0..10).map(|step| (f64::from(step), offset + factor)).collect();
            record.insert(Channel::new(id.to_owned(), id[5..].to_owned(), "", "", Data::Scalar(series)));
        }
        record
    }

    fn drawn(families: &[&str], from: Option<f64>, traces: bool) -> (Vec<String>, Vec<Line>) {
        let records: Vec<Record> = (0..families.len()).map(|index| record(index as f64)).collect();
        let sources: Vec<Source<'_>> =
            records.iter().map(|record| Source { label: "run · s0", origin: None, record }).collect();
        let runs = families.iter().enumerate().map(|(color, family)| RunStyle {
            color,
            from: from.filter(|_| color > 0),
            family: (*family).to_owned(),
        });
        let overlay = Overlay { runs: runs.collect(), ..Overlay::default() };
        let mut options = ViewOptions { overlay, ..ViewOptions::default() };
        options.overlay.seeds.traces = traces;
        let spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"]);
        let plot = lines(&spec, &sources, &options, &mut Vec::new()).unwrap();
        let lines: Vec<Line> = lines_of(&plot).into_iter().cloned().collect();
        (lines.iter().map(|line| line.name.clone()).collect(), lines)
    }

    #[test]
    fn runs_are_told_apart_by_colour_and_channels_by_dash() {
        let (names, lines) = drawn(&["a", "b"], None, false);
        let of_a_run = ["run · s0 · train", "run · s0 · test"];
        assert_eq!(names, [of_a_run, of_a_run].concat(), "legend");
        assert_eq!(lines[0].ink, lines[1].ink, "one colour for a run");
        assert_ne!(lines[0].ink, lines[2].ink, "another for the next");
        assert_eq!((lines[0].dash, lines[1].dash), (Dash::Solid, Dash::Dashed), "dash by channel");
    }

    #[test]
    fn a_dashed_channel_has_the_colour_of_the_one_beside_it() {
        let record = record(0.0);
        let mut spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"]);
        spec.dashed = vec!["loss/te*".to_owned()];
        let source = Source { label: "run", origin: None, record: &record };
        let plot = lines(&spec, &[source], &ViewOptions::default(), &mut Vec::new()).unwrap();
        let drawn: Vec<(Ink, Dash)> = lines_of(&plot).iter().map(|line| (line.ink, line.dash)).collect();
        assert_eq!(drawn, [(Ink::Series(0), Dash::Solid), (Ink::Series(0), Dash::Dashed)]);
    }

    #[test]
    fn the_only_series_of_a_run_has_the_colour_of_the_run_and_of_several_each_its_own() {
        let record = record(0.0);
        let run = RunStyle { color: 5, ..RunStyle::default() };
        let overlay = Overlay { runs: vec![run], ..Overlay::default() };
        let options = ViewOptions { overlay, ..ViewOptions::default() };
        let inks = |channels: &[&str], options: &ViewOptions| {
            let spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, channels);
            let source = Source { label: "", origin: None, record: &record };
            let plot = lines(&spec, &[source], options, &mut Vec::new()).unwrap();
            lines_of(&plot).iter().map(|line| line.ink).collect::<Vec<_>>()
        };
        assert_eq!(inks(&["loss/test"], &options), [Ink::Series(5)], "as in the list of runs");
        assert_eq!(
            inks(&["loss/*"], &options),
            [Ink::Series(0), Ink::Series(1)],
            "hues tell the series apart"
        );
        assert_eq!(inks(&["loss/test"], &ViewOptions::default()), [Ink::Series(0)], "without ticks");
    }

    #[test]
    fn what_is_of_one_run_in_a_view_across_runs_has_its_colour() {
        let mut record = record(0.0);
        for (id, run) in [("loss/train", 1), ("loss/test", 0)] {
            let own = record.get(id).unwrap().clone();
            record.insert(Channel { run: Some(run), ..own });
        }
        let runs = [6, 2].map(|color| RunStyle { color, ..RunStyle::default() }).to_vec();
        let overlay = Overlay { runs, ..Overlay::default() };
        let options = ViewOptions { overlay, ..ViewOptions::default() };
        let mut spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/train", "loss/test"]);
        spec.across = true;
        let source = Source { label: "", origin: None, record: &record };
        let plot = lines(&spec, &[source], &options, &mut Vec::new()).unwrap();
        let inks: Vec<(String, Ink)> =
            lines_of(&plot).iter().map(|line| (line.name.clone(), line.ink)).collect();
        assert!(inks.contains(&("train".to_owned(), Ink::Series(2))), "the second run: {inks:?}");
        assert!(inks.contains(&("test".to_owned(), Ink::Series(6))), "the first: {inks:?}");
    }

    #[test]
    fn seeds_become_one_line_and_traces_stay_behind_it() {
        let (names, _) = drawn(&["a", "a", "b"], None, false);
        let joined: Vec<&String> = names.iter().filter(|name| name.contains("n = 2")).collect();
        let words = ["a · train (mean min–max, n = 2)", "a · test (mean min–max, n = 2)"];
        assert_eq!(joined, words, "named after the family, not after one of its seeds");
        assert_eq!(names.len(), 4, "the run without a sibling stands by itself");
        let (_, lines) = drawn(&["a", "a"], None, true);
        let ghosts = lines.iter().filter(|line| line.stroke == Stroke::Ghost).count();
        assert_eq!(ghosts, 4, "two runs, two channels");
    }

    #[test]
    fn a_fork_leaves_its_parent_at_its_step() {
        let (_, lines) = drawn(&["a", "b"], Some(6.0), false);
        assert_eq!(lines[0].points.len(), 10, "the parent whole");
        assert_eq!(lines[2].points.first(), Some(&[6.0, 2.0]), "the child from the fork");
    }
}
