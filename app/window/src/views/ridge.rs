//! Histograms over steps as a ridge: one outline per recorded step, the newest in front.

use weightscope_frame::record::{Data, ReferenceAxis, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels, of_first, references, run_ink};
use crate::figure::model::{Area, Axis, Cover, Dash, Ink, Legend, Line, Plot, Stroke};
use crate::figure::number::count;

/// Most outlines that are drawn.
const MOST_OUTLINES: usize = 30;
/// Height of the tallest outline over the distance of two.
const OVERLAP: f64 = 4.0;

pub(super) fn ridge(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let first = *sources.first()?;
    let channel = *channels(spec, first, options).first()?;
    let Data::Histogram(histograms) = &channel.data else { return None };
    let limit = options.step.unwrap_or(u64::MAX);
    let mut frames: Vec<(u64, &Vec<u32>)> =
        histograms.counts.iter().filter(|(step, _)| *step <= limit).collect();
    if frames.is_empty() {
        frames.extend(histograms.counts.iter().next());
    }
    let (newest, _) = *frames.last()?;
    let (oldest, _) = *frames.first()?;
    let stride = frames.len().div_ceil(MOST_OUTLINES).max(1);
    // Counted from the newest, so that it is always drawn.
    let drawn: Vec<(u64, &Vec<u32>)> = frames.iter().rev().step_by(stride).copied().collect();
    let centers: Vec<f64> = histograms.edges.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0).collect();
    let tallest = drawn.iter().flat_map(|(_, counts)| counts.iter()).copied().max().unwrap_or(1).max(1);
    let spacing = if drawn.len() > 1 { (newest - oldest) as f64 / (drawn.len() - 1) as f64 } else { 1.0 };
    let height = spacing.max(1e-9) * OVERLAP / f64::from(tallest);
    let x_range = histograms.edges.first().copied().zip(histograms.edges.last().copied());
    let x = Axis {
        range: spec.x.limits.or(x_range),
        ..axis(&spec.x, options.x_scale, options, std::iter::empty())
    };
    let top =
        if drawn.len() > 1 { newest as f64 + spacing * (OVERLAP * 0.3) } else { newest as f64 + OVERLAP };
    // Steps grow downwards, so that the newest outline stands in front without hiding the older ones.
    let mut y = Axis {
        range: Some((oldest as f64 - spacing * OVERLAP, top)),
        ..axis(&spec.y, None, options, std::iter::empty())
    };
    y.inverted = true;
    let mut plot = Plot::new(x, y);
    plot.legend = Legend::None;
    // Older first: later items hide earlier ones.
    for (step, counts) in drawn.iter().rev() {
        let baseline = *step as f64;
        let outline = counts.iter().map(|count| baseline - f64::from(*count) * height).collect();
        let ink = if *step == newest { Ink::Accent } else { Ink::Muted };
        let name = if *step == newest && sources.len() > 1 { first.label } else { "" };
        plot = plot.with(Area {
            name: name.to_owned(),
            x: centers.clone(),
            y: outline,
            baseline,
            ink,
            opacity: 0.25,
            cover: Cover::Hides,
        });
    }
    if spec.with_start
        && let Some((start, counts)) = histograms.counts.iter().next().filter(|(start, _)| *start < newest)
    {
        let points =
            centers.iter().zip(counts).map(|(x, count)| [*x, newest as f64 - f64::from(*count) * height]);
        // What tells it from the newest one comes first, where the name is cut off.
        let whose = if sources.len() > 1 { format!(" of {}", first.label) } else { String::new() };
        let name = format!("at step {start}{whose}");
        let line = Line::new(name, points.collect(), Ink::Foreground);
        plot = plot.with(Line { dash: Dash::Dashed, stroke: Stroke::Thin, ..line });
        plot.legend = Legend::Best;
    }
    if sources.len() > 1 {
        let own: u64 =
            drawn.first().map_or(0, |(_, counts)| counts.iter().map(|count| u64::from(*count)).sum());
        let newest = Newest { step: newest, total: own, height };
        for (run, source) in sources.iter().enumerate().skip(1) {
            plot = beside(plot, spec, (run, *source), &newest, options);
        }
        plot.legend = Legend::Best;
        notes.push("Outlines: the newest histogram of each other run, drawn with the same area".to_owned());
    }
    let lines: Vec<_> =
        spec.references.iter().filter(|line| line.axis == ReferenceAxis::X).cloned().collect();
    references(&mut plot, &lines, options);
    let total: u64 =
        drawn.first().map_or(0, |(_, counts)| counts.iter().map(|count| u64::from(*count)).sum());
    let (total, newest, tallest) = (count(total), count(newest), count(tallest.into()));
    let words =
        format!("Step {newest}: {total} weights within the axis, {tallest} of them in the tallest bin");
    notes.push(of_first(sources, &words));
    Some(plot)
}

/// The outline in front, to which those of other runs are fitted.
struct Newest {
    step: u64,
    total: u64,
    /// Of one count, in steps.
    height: f64,
}

/// The newest histogram of another run over that of the run that is shown.
fn beside(
    plot: Plot,
    spec: &ViewSpec,
    (run, source): (usize, Source<'_>),
    newest: &Newest,
    options: &ViewOptions,
) -> Plot {
    let all = channels(spec, source, options);
    let Some(Data::Histogram(histograms)) = all.first().map(|channel| &channel.data) else { return plot };
    let Some((_, counts)) = histograms.counts.at(options.step.unwrap_or(u64::MAX)) else { return plot };
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    // Runs may count different numbers of weights.
    let height = newest.height * newest.total as f64 / total.max(1) as f64;
    let centers = histograms.edges.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    let points = centers.zip(counts).map(|(x, count)| [x, newest.step as f64 - f64::from(*count) * height]);
    let line = Line::new(source.label, points.collect(), run_ink(options, run));
    plot.with(Line { source: Some(run), ..line })
}
