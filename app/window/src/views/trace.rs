//! Picked components of a vector channel over steps, with reference lines and marks in the colour of their category.

use std::collections::HashMap;

use weightscope_frame::record::{Component, Data, Detail, Marks, Vector, ViewSpec};

use super::lines::{self, CHANNEL_DASHES};
use super::options::ViewOptions;
use super::{Source, axis, flips, references, run_ink};
use crate::figure::model::{
    Body, Dash, Ink, Item, Legend, Line, Orientation, Panel, PanelsBody, Plot, Rule, Stroke,
};

/// Components that a view shows when the person picked none.
const SHOWN_AT_FIRST: usize = 4;
/// A component that has flipped so often is seen to oscillate; one or two flips are the way to another level.
const OFTEN: usize = 8;
/// Steps beside the components in which levels are drawn, and the most levels that are.
const BESIDE: f64 = 1.0;
const MOST_LEVELS: usize = 20;
/// Up to so many levels the boundaries between them stand out.
const FEW_LEVELS: usize = 8;
/// Most panels side by side.
const MOST_COLUMNS: usize = 4;

/// The picked components in one plot, or each in a panel of its own, most telling first as they were picked.
pub(super) fn trace(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Body> {
    let source = sources.first()?;
    let vector = source.record.vector(spec.channels.first()?)?;
    let marks = flips::events(source.record, spec.marks.as_deref());
    let shown = shown(vector, marks, options);
    let many = sources.len() > 1;
    if many && marks.is_some() {
        notes.push(format!("flips are marked for {} only", source.label));
    }
    // Where all are shown there is nothing to pick.
    notes.extend(unpicked(marks, &shown, options).filter(|_| shown.len() < vector.components.len()));
    notes.extend(without(spec, sources, &shown));
    if !options.apart || shown.len() < 2 {
        return Some(Body::Plot(plot(spec, sources, &shown, options)?));
    }
    let mut panels = Vec::new();
    for component in &shown {
        let mut body = plot(spec, sources, &[component], options)?;
        // The heading of the panel names the only line of a run.
        body.legend = if many { body.legend } else { Legend::None };
        panels.push(Panel { title: component.label.clone(), body: Body::Plot(body) });
    }
    let columns = ((shown.len() as f64).sqrt().ceil() as usize).min(MOST_COLUMNS);
    Some(Body::Panels(PanelsBody { columns, panels }))
}

/// How many of the other runs have recorded none of the components.
fn without(spec: &ViewSpec, sources: &[Source<'_>], shown: &[&Component]) -> Option<String> {
    let id = spec.channels.first()?;
    let has = |source: &&Source<'_>| {
        let vector = source.record.vector(id);
        vector.is_some_and(|vector| shown.iter().any(|component| vector.position(component.id).is_some()))
    };
    let others = sources.get(1..).unwrap_or_default();
    let without = others.iter().filter(|source| !has(source)).count();
    let all = others.len();
    (without > 0).then(|| format!("{without} of {all} ticked runs have recorded none of these"))
}

/// Some components in one plot.
fn plot(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    shown: &[&Component],
    options: &ViewOptions,
) -> Option<Plot> {
    let source = sources.first()?;
    let id = spec.channels.first()?;
    if shown.is_empty() {
        return None;
    }
    let ends = || shown.iter().filter_map(|component| component.series.last());
    let x = axis(&spec.x, options.x_scale, options, ends().map(|point| point.x));
    let y = axis(&spec.y, options.y_scale, options, ends().map(|point| point.y));
    let x_scale = x.scale;
    let mut plot = Plot::new(x, y);
    references(&mut plot, &spec.references, options);
    plot.items.extend(levels(spec, source, shown));
    let many = sources.len() > 1;
    let name = |source: &Source<'_>, component: &Component| {
        if many { format!("{} · {}", source.label, component.label) } else { component.label.clone() }
    };
    for (run, source) in sources.iter().enumerate() {
        let Some(vector) = source.record.vector(id) else { continue };
        for (number, component) in shown.iter().enumerate() {
            // The same weights of the other runs.
            let Some(component) = vector.position(component.id).and_then(|at| vector.components.get(at))
            else {
                continue;
            };
            let points = lines::points(&component.series, options.resolution, Detail::Full, x_scale);
            let name = name(source, component);
            let line = if many {
                let dash = CHANNEL_DASHES.get(number % CHANNEL_DASHES.len()).copied().unwrap_or_default();
                Line { dash, source: Some(run), ..Line::new(name, points, run_ink(options, run)) }
            } else {
                Line::new(name, points, Ink::Series(number))
            };
            plot = plot.with(Line { stroke: Stroke::Thin, ..line });
        }
    }
    let owned: Vec<(&Component, String)> =
        shown.iter().map(|component| (*component, name(source, component))).collect();
    Some(flips::with_marks(plot, spec, source.record, &owned))
}

/// Lines at the levels that a channel names, dashed ones at the decision boundaries halfway between them: those among which the
/// components move, and none where they would be no more than a hatching.
fn levels(spec: &ViewSpec, source: &Source<'_>, shown: &[&Component]) -> Vec<Item> {
    let curve = spec.levels.as_ref().and_then(|id| match &source.record.get(id)?.data {
        Data::Curve(timeline) => timeline.last().map(|(_, curve)| curve),
        _ => None,
    });
    let Some(curve) = curve else { return Vec::new() };
    let ranges = || shown.iter().filter_map(|component| component.series.value_range());
    let low = ranges().map(|(low, _)| low).fold(f64::INFINITY, f64::min) - BESIDE;
    let high = ranges().map(|(_, high)| high).fold(f64::NEG_INFINITY, f64::max) + BESIDE;
    let levels: Vec<f64> = curve.y.iter().copied().filter(|level| (low..=high).contains(level)).collect();
    if levels.len() > MOST_LEVELS {
        return Vec::new();
    }
    let rule = |value, dash, ink| {
        let orientation = Orientation::Horizontal;
        Item::from(Rule { orientation, value, label: String::new(), dash, ink, control: None })
    };
    // Many boundaries step back, or they would be brighter than the weights.
    let ink = if levels.len() > FEW_LEVELS { Ink::Muted } else { Ink::Foreground };
    let between = levels.windows(2).filter_map(|pair| match pair {
        [low, high] => Some(rule(0.5 * (low + high), Dash::Dashed, ink)),
        _ => None,
    });
    levels.iter().map(|level| rule(*level, Dash::Solid, Ink::Muted)).chain(between).collect()
}

/// The components that are drawn: those picked, else the first ones that flipped [`OFTEN`] times, in the order in which they came to it.
/// While fewer have, others stand in for the missing ones; what flipped so often early keeps its place, however often others flip later.
fn shown<'a>(vector: &'a Vector, marks: Option<&Marks>, options: &ViewOptions) -> Vec<&'a Component> {
    let of = |id: u64| vector.components.get(vector.position(id)?);
    if !options.shown.is_empty() {
        return options.shown.iter().filter_map(|id| of(*id)).collect();
    }
    let (mut counts, mut often, mut once) = (HashMap::new(), Vec::new(), Vec::new());
    for mark in marks.into_iter().flat_map(|marks| marks.marks.iter()) {
        let count = counts.entry(mark.id).or_insert(0_usize);
        *count += 1;
        if *count == 1 {
            once.extend(of(mark.id));
        }
        if *count == OFTEN {
            often.extend(of(mark.id));
        }
        if often.len() == SHOWN_AT_FIRST {
            break;
        }
    }
    let mut chosen: Vec<&Component> = Vec::new();
    for component in often.into_iter().chain(once).chain(&vector.components) {
        if chosen.len() < SHOWN_AT_FIRST && !chosen.iter().any(|known| known.id == component.id) {
            chosen.push(component);
        }
    }
    chosen
}

/// What is said of components that nobody picked: which they are, and which of them may still make room.
fn unpicked(marks: Option<&Marks>, shown: &[&Component], options: &ViewOptions) -> Option<String> {
    let marks = marks.filter(|_| options.shown.is_empty() && !shown.is_empty())?;
    let flips = |component: &&Component| {
        marks.marks.iter().filter(|mark| mark.id == component.id).take(OFTEN).count()
    };
    let counts: Vec<usize> = shown.iter().map(flips).collect();
    let all = shown.len();
    let often = counts.iter().filter(|count| **count == OFTEN).count();
    Some(match counts.iter().filter(|count| **count > 0).count() {
        0 => format!("Nothing has flipped yet: the first {all} recorded"),
        _ if often == all => {
            format!("The first {all} that flipped {OFTEN} times; others stay out until they are picked")
        }
        _ if often == 0 => format!("Nothing has flipped {OFTEN} times yet; {all} others stand in"),
        _ => format!(
            "The first that flipped {OFTEN} times ({often}); {} others stand in for the next ones",
            all - often
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::Mark;

    fn vector(ids: &[u64]) -> Vector {
        let component = |id: &u64| Component {
            label: format!("w{id}"),
            group: String::new(),
            id: *id,
            series: [(0.0, 0.0)].into_iter().collect(),
        };
        Vector { components: ids.iter().map(component).collect() }
    }

    fn marks(flips: &[(f64, u64)]) -> Marks {
        let mut marks = Marks::default();
        marks.marks.extend(flips.iter().map(|(step, id)| Mark {
            step: *step,
            value: 0.5,
            id: *id,
            category: 0,
        }));
        marks
    }

    fn ids(vector: &Vector, marks: &Marks, options: &ViewOptions) -> Vec<u64> {
        shown(vector, Some(marks), options).into_iter().map(|component| component.id).collect()
    }

    #[test]
    fn what_is_shown_unasked_oscillates_and_stays_while_a_run_goes_on() {
        let vector = vector(&[0, 1, 2, 3, 4, 5]);
        let options = ViewOptions::default();
        // The first in the record flips once on its way; the others come to oscillate one after the other, the last of them first.
        let mut flips = vec![(0.0, 0)];
        for id in [5, 3, 4, 2, 1] {
            flips.extend((0..OFTEN).map(|turn| (turn as f64 + 10.0 * (6 - id) as f64, id)));
        }
        // One that comes late flips more often than all.
        flips.extend((0..50).map(|turn| (100.0 + f64::from(turn), 1)));
        let told = |count: usize| {
            let marks = marks(&flips[..count]);
            let shown = shown(&vector, Some(&marks), &options);
            unpicked(Some(&marks), &shown, &options).unwrap()
        };
        let at = |count: usize| ids(&vector, &marks(&flips[..count]), &options);
        assert_eq!(at(0), [0, 1, 2, 3], "before the first flip");
        assert!(told(0).contains("Nothing has flipped yet"), "{}", told(0));
        assert!(told(1).contains("Nothing has flipped 8 times yet; 4 others"), "{}", told(1));
        let two = 1 + 2 * OFTEN;
        assert_eq!(at(two), [5, 3, 0, 1], "two oscillate, one has flipped once, one stands in");
        assert!(told(two).contains("(2); 2 others stand in for the next ones"), "{}", told(two));
        let four = 1 + 4 * OFTEN;
        for count in four..=flips.len() {
            assert_eq!(at(count), [5, 3, 4, 2], "after {count} flips they are the same");
        }
        assert!(told(flips.len()).starts_with("The first 4 that flipped 8 times"), "{}", told(flips.len()));
    }

    #[test]
    fn what_a_person_picked_is_shown_alone_and_without_a_word() {
        let (vector, marks) = (vector(&[0, 1, 2]), marks(&[(1.0, 0)]));
        let options = ViewOptions { shown: vec![2, 1], ..ViewOptions::default() };
        assert_eq!(ids(&vector, &marks, &options), [2, 1], "in the order in which they were picked");
        let chosen = shown(&vector, Some(&marks), &options);
        assert_eq!(unpicked(Some(&marks), &chosen, &options), None);
    }
}
