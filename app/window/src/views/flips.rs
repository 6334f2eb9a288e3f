//! Marks on the components of a trace, each with what happened there: from which level to which, how far it moved, and what of that its
//! scale did.

use std::fmt::Write as _;

use weightscope_frame::record::{
    Component, Data, Mark, Marks, Record, ReferenceAxis, ReferenceStyle, ViewSpec,
};

use crate::figure::model::{Ink, Item, Marker, Plot, Points};
use crate::figure::number::{count, significant};

/// Shapes of the kinds of marks, so that colour is not the only carrier.
const SHAPES: [Marker; 2] = [Marker::Circle, Marker::Diamond];
/// Size of a mark on a line, as a multiple of the usual one.
const SIZE: f64 = 0.9;

/// The events of a channel.
pub(super) fn events<'a>(record: &'a Record, id: Option<&str>) -> Option<&'a Marks> {
    match &record.get(id?)?.data {
        Data::Marks(marks) => Some(marks),
        _ => None,
    }
}

/// The plot with the marks of its components, each with the name of its line.
pub(super) fn with_marks(
    mut plot: Plot,
    spec: &ViewSpec,
    record: &Record,
    shown: &[(&Component, String)],
) -> Plot {
    let Some(marks) = events(record, spec.marks.as_deref()) else { return plot };
    let told = Told { levels: levels(spec, record), spec };
    let shape = |category: usize| SHAPES.get(category % SHAPES.len()).copied().unwrap_or_default();
    let kinds = marks.categories.iter().enumerate().map(|(category, name)| Points {
        marker: shape(category),
        size: SIZE,
        ..Points::new(name, Vec::new(), Ink::Mark(category))
    });
    let mut kinds: Vec<Points> = kinds.collect();
    // The two lists are recorded together, mark by mark.
    let shifts = events(record, spec.shifts.as_deref()).map(|shifts| shifts.marks.iter());
    let shifts = shifts.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
    for (mark, shift) in marks.marks.iter().zip(shifts) {
        let owner = shown.iter().find(|(component, _)| component.id == mark.id);
        let Some(((component, owner), points)) = owner.zip(kinds.get_mut(usize::from(mark.category))) else {
            continue;
        };
        points.points.push([mark.step, f64::from(mark.value)]);
        points.owners.push(owner.clone());
        points.words.push(told.words(&points.name, component, mark, shift));
    }
    plot.items.extend(kinds.into_iter().map(Item::from));
    plot
}

/// What is known about marks.
struct Told<'a> {
    levels: Vec<f64>,
    spec: &'a ViewSpec,
}

impl Told<'_> {
    /// What happened at a mark, in a few lines.
    fn words(&self, kind: &str, component: &Component, mark: &Mark, shift: Option<&Mark>) -> String {
        let step = count(mark.step.max(0.0) as u64);
        // Writing to a string cannot fail.
        let mut text = format!("{}: {kind} at step {step}", component.label);
        let now = f64::from(mark.value);
        let Some(before) = component.series.at(mark.step - 0.5).map(|point| point.y) else { return text };
        if let (Some(old), Some(new)) = (self.level(before), self.level(now)) {
            let _ = write!(text, "\nlevel {} → {}", short(old), short(new));
            if let Some(boundary) = self.boundary(old, new) {
                let _ = write!(text, " across {}", short(boundary));
            }
        }
        let unit = if self.spec.y.unit.is_empty() { String::new() } else { format!(" {}", self.spec.y.unit) };
        let _ = write!(text, "\nmoved by {}{unit}", signed(now - before));
        if let Some(shift) =
            shift.filter(|shift| shift.id == mark.id && shift.step == mark.step && shift.value.is_finite())
        {
            let scale = f64::from(shift.value);
            let own = now - before - scale;
            let _ = write!(text, ": the weight by {}, the scale by {}", signed(own), signed(scale));
            // The cause follows from this alone, however far the scale moved it.
            let alone = now - scale;
            if let (Some(old), Some(there)) = (self.level(before), self.level(alone)) {
                let crossed = if (old - there).abs() > f64::EPSILON { "crossed" } else { "did not cross" };
                let _ = write!(text, "\nby itself the weight came to {}: it {crossed}", short(alone));
            }
        }
        text
    }

    /// The level that a position belongs to.
    fn level(&self, position: f64) -> Option<f64> {
        let distance = |level: &&f64| (*level - position).abs();
        self.levels.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied()
    }

    /// The boundary between two levels, if they are neighbours.
    fn boundary(&self, old: f64, new: f64) -> Option<f64> {
        let (low, high) = (old.min(new), old.max(new));
        let between = self.levels.iter().filter(|level| **level > low && **level < high).count();
        (low < high && between == 0).then_some(0.5 * (low + high))
    }
}

/// The levels that a view draws lines at.
fn levels(spec: &ViewSpec, record: &Record) -> Vec<f64> {
    let derived = spec.levels.as_ref().and_then(|id| match &record.get(id)?.data {
        Data::Curve(timeline) => timeline.last().map(|(_, curve)| curve.y.clone()),
        _ => None,
    });
    let fixed = || {
        let is_level = |axis, style| axis == ReferenceAxis::Y && style == ReferenceStyle::Level;
        let lines = spec.references.iter().filter(|line| is_level(line.axis, line.style));
        lines.map(|line| line.value).collect()
    };
    derived.unwrap_or_else(fixed)
}

/// A level or a move, no longer than it must be.
fn short(value: f64) -> String {
    let rounded = (value * 1e3).round() / 1e3;
    if value != 0.0 && value.abs() < 0.01 {
        significant(value, 2)
    } else {
        rounded.to_string().replace('-', "−")
    }
}

fn signed(value: f64) -> String {
    let text = short(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::{Channel, Reference, Series, Vector, ViewKind};

    fn mark(value: f32) -> Mark {
        Mark { step: 12.0, value, id: 3, category: 1 }
    }

    fn marks(value: f32) -> Data {
        let mut marks =
            Marks { categories: vec!["by weight".to_owned(), "by scale".to_owned()], ..Marks::default() };
        marks.marks.extend([mark(value)]);
        Data::Marks(marks)
    }

    fn record(with_shifts: bool) -> Record {
        let series: Series = [(10.0, 0.1), (11.0, 0.4), (12.0, 0.6)].into_iter().collect();
        let component =
            |id| Component { label: format!("w{id}"), group: String::new(), id, series: series.clone() };
        let vector = Vector { components: vec![component(3), component(4)] };
        let mut record = Record::default();
        record.insert(Channel::new("trace", "trace", "", "", Data::Vector(vector)));
        record.insert(Channel::new("flips", "flips", "", "", marks(0.6)));
        if with_shifts {
            record.insert(Channel::new("shifts", "shifts", "", "", marks(0.15)));
        }
        record
    }

    fn drawn(with_shifts: bool) -> Points {
        let record = record(with_shifts);
        let level = |value| Reference::new(ReferenceAxis::Y, value, ReferenceStyle::Level);
        let spec = ViewSpec {
            marks: Some("flips".to_owned()),
            shifts: Some("shifts".to_owned()),
            references: [-1.0, 0.0, 1.0].map(level).to_vec(),
            ..ViewSpec::new("trace", "Trace", ViewKind::Trace, &["trace"])
        };
        let vector = record.vector("trace").unwrap();
        let shown = [(&vector.components[0], "w3".to_owned())];
        let plot = with_marks(
            Plot::new(crate::figure::model::Axis::new("x"), crate::figure::model::Axis::new("y")),
            &spec,
            &record,
            &shown,
        );
        let scale_driven = plot.items.into_iter().nth(1).unwrap();
        match scale_driven {
            crate::figure::model::Item::Points(points) => points,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flip_says_from_where_to_where_and_who_moved() {
        let points = drawn(true);
        assert_eq!((points.points.len(), points.owners[0].as_str()), (1, "w3"), "it goes with its line");
        assert_eq!(
            points.words[0],
            "w3: by scale at step 12\nlevel 0 → 1 across 0.5\nmoved by +0.2: the weight by +0.05, the scale by +0.15\n\
             by itself the weight came to 0.45: it did not cross"
        );
        assert!(drawn(false).words[0].ends_with("moved by +0.2"), "an older run tells what it knows");
    }
}
