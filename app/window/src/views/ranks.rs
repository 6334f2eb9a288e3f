//! Mean ranks of methods with the critical difference: ranks on x, a lane for each method, below them a bar for each group of methods
//! that do not differ (Demšar, JMLR 7, 2006, figure 1).

use weightscope_frame::record::{Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels};
use crate::figure::model::{Axis, Ink, Legend, Line, Plot, Points, Stroke};

/// The diagram.
pub(super) fn ranks(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Ranks(timeline) = &channel.data else { return None };
    let (_, ranks) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let count = ranks.methods.len();
    notes.push(ranks.headline.clone());
    let mut lanes: Vec<String> =
        ranks.critical.map(|_| "critical difference".to_owned()).into_iter().collect();
    let above = lanes.len();
    lanes.extend(ranks.methods.iter().map(|(name, _)| name.clone()));
    lanes.extend(ranks.groups.iter().map(|_| "do not differ".to_owned()));
    let mut x = axis(&spec.x, options.x_scale, options, ranks.methods.iter().map(|(_, rank)| *rank));
    // Ranks go from one to the number of methods, whatever was reached.
    x.range = x.range.or(Some((0.5, count as f64 + 0.5)));
    // High enough that each lane has its name.
    let aspect = (0.2 + 0.038 * lanes.len() as f64).clamp(0.5, 1.3);
    let mut plot = Plot::new(x, Axis::categorical(spec.y.label.clone(), lanes).inverted());
    plot.legend = Legend::None;
    plot.aspect = Some(aspect);
    let middle = |lane: usize| lane as f64 + 0.5;
    let bar = |name: &str, (from, to): (f64, f64), lane: usize, ink: Ink| {
        let points = vec![[from, middle(lane)], [to, middle(lane)]];
        Line { stroke: Stroke::Bold, ..Line::new(name, points, ink) }
    };
    if let Some(critical) = ranks.critical {
        plot = plot.with(bar("critical difference", (1.0, 1.0 + critical), 0, Ink::Accent));
    }
    for (index, (name, rank)) in ranks.methods.iter().enumerate() {
        plot = plot.with(Points::new(name.clone(), vec![[*rank, middle(above + index)]], Ink::Series(0)));
    }
    for (index, group) in ranks.groups.iter().enumerate() {
        plot = plot.with(bar("do not differ", *group, above + count + index, Ink::Foreground));
    }
    Some(plot)
}

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{Channel, Ranks, Record, Timeline, ViewKind};

    use super::*;
    use crate::figure::model::Item;

    #[test]
    fn each_method_and_each_group_has_a_lane() {
        let ranks = Ranks {
            methods: vec![("a".to_owned(), 1.2), ("b".to_owned(), 1.8), ("c".to_owned(), 3.0)],
            groups: vec![(1.2, 1.8)],
            critical: Some(1.0),
            headline: "p = 0.01".to_owned(),
        };
        let mut record = Record::default();
        record.insert(Channel {
            id: "ranks".to_owned(),
            label: String::new(),
            unit: String::new(),
            about: String::new(),
            clock: false,
            run: None,
            data: Data::Ranks(Timeline::one(ranks)),
        });
        let spec = ViewSpec::new("ranks", "Ranks", ViewKind::Ranks, &["ranks"]);
        let sources = [Source { origin: None, label: "", record: &record }];
        let mut notes = Vec::new();
        let plot = super::ranks(&spec, &sources, &ViewOptions::default(), &mut notes).unwrap();
        assert_eq!(notes, ["p = 0.01"], "the verdict stands below");
        let lanes = plot.y.categories.clone().unwrap();
        assert_eq!(lanes, ["critical difference", "a", "b", "c", "do not differ"]);
        let points = |name: &str| match plot.items.iter().find(|item| item.name() == name) {
            Some(Item::Points(points)) => points.points.clone(),
            _ => Vec::new(),
        };
        assert_eq!(points("b"), [[1.8, 2.5]]);
        let Some(Item::Line(group)) = plot.items.iter().find(|item| item.name() == "do not differ") else {
            panic!("the group has no bar");
        };
        assert_eq!(group.points, [[1.2, 4.5], [1.8, 4.5]]);
    }
}
