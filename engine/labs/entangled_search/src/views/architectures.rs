//! All architectures, filtered by words, by conditions on columns, and by what was brushed in the ranking.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    Cell, Channel, ControlKind, ControlSpec, Data, Table, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::{number, table, words};
use crate::channels as ch;
use crate::config::Config;

/// The filter.
pub(super) const FILTER: &str = "filter";
/// The rectangle of the ranking.
pub(super) const BRUSHED: &str = "brushed";
/// Most letters of a filter.
const MOST: usize = 120;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let mut derives = vec![FILTER.to_owned()];
    if config.searches() && config.trains_supernet() && super::knows_truth(config) {
        derives.push(BRUSHED.to_owned());
    }
    View::new(ViewSpec {
        controls: vec![ControlSpec::new(
            FILTER,
            "Filter",
            "Names or options, and conditions such as rank<=10 or parameters<5000; all must hold.",
            ControlKind::Text { initial: String::new(), most: MOST },
        )],
        derives,
        empty: "All architectures appear here with sizes, accuracies and inherited losses.".to_owned(),
        help: include_str!("../help/architectures.md").to_owned(),
        ..ViewSpec::of("architectures", "Architectures", ViewKind::Table, &[&ch::LISTED])
    })
    .derived(derive)
}

/// A part of a filter.
enum Term {
    Words(String),
    Condition(usize, String, f64),
    Equal(usize, String),
}

fn terms(filter: &str, columns: &[String]) -> Vec<Term> {
    let column = |name: &str| columns.iter().position(|own| own == name);
    let term = |part: &str| {
        for sign in ["<=", ">=", "<", ">"] {
            if let Some((name, value)) = part.split_once(sign)
                && let (Some(column), Ok(value)) = (column(name), value.parse())
            {
                return Term::Condition(column, sign.to_owned(), value);
            }
        }
        if let Some((name, value)) = part.split_once('=')
            && let Some(column) = column(name)
        {
            return Term::Equal(column, value.to_owned());
        }
        Term::Words(part.to_owned())
    };
    filter.split_whitespace().map(term).collect()
}

fn holds(term: &Term, row: &[Cell]) -> bool {
    match term {
        Term::Words(part) => {
            row.iter().any(|cell| matches!(cell, Cell::Text(text) if text.contains(part.as_str())))
        }
        Term::Equal(column, value) => words(row.get(*column)) == *value,
        Term::Condition(column, sign, value) => {
            let own = number(row.get(*column));
            match sign.as_str() {
                "<=" => own <= *value,
                ">=" => own >= *value,
                "<" => own < *value,
                _ => own > *value,
            }
        }
    }
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(all) = table(job.record, ch::ARCHITECTURES.id()) else { return Ok(Vec::new()) };
    let terms = terms(job.controls.word(FILTER).unwrap_or_default(), &all.columns);
    let column = |name: &str| all.columns.iter().position(|own| own == name);
    let place = column("inherited_loss").zip(column("table_accuracy"));
    let region = job.controls.region(BRUSHED).zip(place);
    let inside = |row: &[Cell]| {
        region.is_none_or(|([left, right, bottom, top], (loss, accuracy))| {
            let (loss, accuracy) = (number(row.get(loss)), number(row.get(accuracy)));
            (left..=right).contains(&loss) && (bottom..=top).contains(&accuracy)
        })
    };
    let kept = all.rows.iter().filter(|row| inside(row) && terms.iter().all(|term| holds(term, row)));
    let mut rows: Vec<Vec<Cell>> = kept.cloned().collect();
    job.control.check()?;
    if rows.is_empty() {
        // A table without rows would look as if nothing had come yet.
        let mut row = vec![Cell::Text("no architecture fits".to_owned())];
        row.resize(all.columns.len(), Cell::Text(String::new()));
        rows.push(row);
    }
    let mut timeline = Timeline::default();
    timeline.push(0, Table { columns: all.columns.clone(), rows });
    Ok(vec![Channel { data: Data::Table(timeline), ..ch::LISTED.channel() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_words_and_conditions() {
        let columns = ["name", "rank", "op"].map(str::to_owned).to_vec();
        let row = |name: &str, rank: f64, op: &str| {
            vec![Cell::Text(name.to_owned()), Cell::Number(rank), Cell::Text(op.to_owned())]
        };
        let rows = [row("012", 3.0, "skip"), row("112", 12.0, "conv 3"), row("212", f64::NAN, "skip")];
        let found = |filter: &str| -> Vec<usize> {
            let terms = terms(filter, &columns);
            (0..3).filter(|place| terms.iter().all(|term| holds(term, &rows[*place]))).collect()
        };
        assert_eq!(found(""), [0, 1, 2]);
        assert_eq!(found("rank<=10"), [0], "what is no number is not below");
        assert_eq!(found("12"), [0, 1, 2]);
        assert_eq!(found("op=skip 01"), [0]);
        assert_eq!(found("conv rank>3"), [1]);
        assert!(found("nothing").is_empty());
    }
}
