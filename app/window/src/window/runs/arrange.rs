//! From all runs to the lines of the table: filtered, sorted, grouped. Done when something changed, not once a frame.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::model::{Row, Value};
use super::query::Query;

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The heading of a group.
    Group {
        /// Its value, as shown.
        value: String,
        /// Its runs by their places in the list.
        members: Arc<[usize]>,
    },
    /// A run by its place in the list.
    Run(usize),
}

/// What decides the lines besides the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrangement<'a> {
    /// The filter.
    pub query: &'a Query,
    /// Key of the order.
    pub sort: &'a str,
    /// Largest first.
    pub descending: bool,
    /// Key of the groups.
    pub group: Option<&'a str>,
    /// Groups that are folded, by value.
    pub folded: &'a BTreeSet<String>,
}

/// The lines; runs that are equal under the order stay newest first.
pub fn arrange(rows: &[Row], arrangement: &Arrangement<'_>) -> Vec<Line> {
    let mut passing: Vec<(Value<'_>, usize)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| arrangement.query.matches(row))
        .map(|(index, row)| (row.value(arrangement.sort), index))
        .collect();
    passing.sort_by(|(a, i), (b, j)| a.order(b, arrangement.descending).then(i.cmp(j)));
    let Some(key) = arrangement.group else {
        return passing.into_iter().map(|(_, index)| Line::Run(index)).collect();
    };
    // Groups stand where their first run does.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (_, index) in passing {
        let Some(row) = rows.get(index) else { continue };
        let value = row.value(key).display().into_owned();
        let place = *places.entry(value.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((value, vec![index]));
        } else if let Some((_, members)) = groups.get_mut(place) {
            members.push(index);
        }
    }
    let mut lines = Vec::new();
    for (value, members) in groups {
        let folded = arrangement.folded.contains(&value);
        lines.push(Line::Group { value, members: members.as_slice().into() });
        if !folded {
            lines.extend(members.into_iter().map(Line::Run));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::model::{Keys, samples};
    use super::*;

    fn lines(sort: &str, descending: bool, group: Option<&str>, folded: &[&str]) -> Vec<Line> {
        let rows = samples(8);
        let query = Query::parse("-run-5", &Keys::of(&rows)).unwrap();
        let folded = folded.iter().map(|value| (*value).to_owned()).collect();
        arrange(&rows, &Arrangement { query: &query, sort, descending, group, folded: &folded })
    }

    #[test]
    fn order_and_groups() {
        let runs = |lines: &[Line]| {
            lines
                .iter()
                .filter_map(|line| if let Line::Run(index) = line { Some(*index) } else { None })
                .collect::<Vec<_>>()
        };
        assert_eq!(runs(&lines("test_accuracy", true, None, &[])), [7, 6, 4, 3, 2, 1, 0], "best first");
        assert_eq!(runs(&lines("seed", false, None, &[])), [0, 1, 2, 3, 4, 6, 7], "ties as they were");
        let grouped = lines("test_accuracy", true, Some("quantizer"), &["float"]);
        let Some(Line::Group { value, members }) = grouped.first() else { panic!("{grouped:?}") };
        assert_eq!((value.as_str(), members.len()), ("float", 2), "where the best run stands");
        assert_eq!(runs(&grouped), [6, 2, 4, 0, 1], "a folded group hides its runs");
    }

    #[test]
    fn runs_without_the_key_come_last_both_ways() {
        let mut rows = samples(3);
        rows[1].manifest.results.clear();
        let query = Query::default();
        for descending in [true, false] {
            let arrangement = Arrangement {
                query: &query,
                sort: "test_accuracy",
                descending,
                group: None,
                folded: &BTreeSet::new(),
            };
            assert_eq!(arrange(&rows, &arrangement).last(), Some(&Line::Run(1)), "descending: {descending}");
        }
    }
}
