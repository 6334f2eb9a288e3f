//! Which runs may stand beside the first in a view: row 17 of another data set has nothing to do with its row 17.

use weightscope_frame::record::{Record, ViewSpec};

use super::Source;

/// The runs with nothing in place of those that have nothing to do with the first: their places stay.
pub(super) fn alike<'a>(
    spec: &ViewSpec,
    sources: &[Source<'a>],
    nothing: &'a Record,
    notes: &mut Vec<String>,
) -> Vec<Source<'a>> {
    let Some(first) = sources.first().map(|first| first.record) else { return Vec::new() };
    let is_alike = |other: &Record| {
        spec.agree.iter().all(|id| match (first.get(id), other.get(id)) {
            (Some(own), Some(theirs)) => own.data.agrees(&theirs.data),
            (own, theirs) => own.is_none() == theirs.is_none(),
        })
    };
    let unlike: Vec<usize> = (1..sources.len())
        .filter(|place| sources.get(*place).is_some_and(|source| !is_alike(source.record)))
        .collect();
    if !unlike.is_empty() {
        let (out, all) = (unlike.len(), sources.len());
        notes.push(format!("{out} of {all} runs left out: other data than those shown"));
    }
    let kept = |(place, source): (usize, &Source<'a>)| {
        if unlike.contains(&place) { Source { record: nothing, ..*source } } else { *source }
    };
    sources.iter().enumerate().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::{Channel, Data, Grid, Timeline, ViewKind};

    fn record(axis: &str, rows: &[f32]) -> Record {
        let mut record = Record::default();
        record.insert(Channel::new("axis", "", "", "", Data::Text(axis.to_owned())));
        let mut grids = Timeline::default();
        let grid = Grid { columns: vec!["x".to_owned()], values: rows.to_vec(), ..Grid::default() };
        grids.push(0, grid);
        record.insert(Channel::new("rows", "", "", "", Data::Grid(grids)));
        record
    }

    #[test]
    fn runs_that_disagree_leave_their_place_empty_and_are_counted() {
        let spec = ViewSpec {
            agree: vec!["axis".to_owned(), "rows".to_owned()],
            ..ViewSpec::new("one_row", "One row", ViewKind::Curve, &["q"])
        };
        let records = [
            record("age", &[1.0, 2.0]),
            record("age", &[1.0, 2.0]),
            record("age", &[1.0, 3.0]),
            record("size", &[1.0, 2.0]),
            Record::default(),
        ];
        let sources: Vec<Source<'_>> =
            records.iter().map(|record| Source { label: "", origin: None, record }).collect();
        let (nothing, mut notes) = (Record::default(), Vec::new());
        let left = alike(&spec, &sources, &nothing, &mut notes);
        let drawn: Vec<bool> = left.iter().map(|source| source.record.get("rows").is_some()).collect();
        assert_eq!(drawn, [true, true, false, false, false], "only the run with the same rows stays");
        assert!(notes.iter().any(|note| note.starts_with("3 of 5 runs left out")), "{notes:?}");
        let any = ViewSpec { agree: Vec::new(), ..spec };
        let (nothing, mut notes) = (Record::default(), Vec::new());
        let all = alike(&any, &sources, &nothing, &mut notes);
        assert!(all.iter().take(4).all(|source| source.record.get("rows").is_some()) && notes.is_empty());
    }
}
