//! Each method over several runs in one table: at the common rate, at its own best one, and what it costs; and as text for a paper.

use std::fmt::Write as _;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    Cell, Channel, ControlKind, ControlSpec, Data, Table, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::across::{self, Arm, LeftOut};
use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

const FORMAT: &str = "format";
const MARKDOWN: &str = "markdown";
const LATEX: &str = "latex";

/// Headings.
const COLUMNS: [&str; 12] = [
    "method",
    "parameters",
    "common rate",
    "loss at it",
    "best rate",
    "loss at it (other half)",
    "rates tried",
    "accuracy (best)",
    "forgetting",
    "init (s)",
    "step (s)",
    "memory (MiB)",
];

/// The table.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::METHODS.id("all")],
        note: Some(ch::LEFT_OUT.id().to_owned()),
        empty: "Methods of this run and of the ticked ones appear here when they are done.".to_owned(),
        help: include_str!("../help/methods.md").to_owned(),
        ..ViewSpec::of("methods", "Methods", ViewKind::Table, &[&ch::METHODS])
    })
    .derived(|config, job| {
        let (table, left_out) = table(config, job)?;
        let empty = ch::METHODS.labelled("all", "methods").channel();
        let rows = Channel { data: Data::Table(Timeline::one(table)), ..empty };
        Ok(std::iter::once(rows).chain(left_out.channel()).collect())
    })
}

/// The table as text.
pub(super) fn text(_: &Config) -> View<Config> {
    let options = vec![(MARKDOWN.to_owned(), "Markdown".to_owned()), (LATEX.to_owned(), "LaTeX".to_owned())];
    let kind = ControlKind::Choice { options, initial: MARKDOWN.to_owned() };
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::METHODS_TEXT.id("all")],
        note: Some(ch::LEFT_OUT.id().to_owned()),
        controls: vec![ControlSpec::new(
            FORMAT,
            "Format",
            "The notation of the table, to be copied into a text.",
            kind,
        )],
        derives: vec![FORMAT.to_owned()],
        tab_of: Some("methods".to_owned()),
        empty: "The table of methods as text appears here when runs are done.".to_owned(),
        help: include_str!("../help/methods.md").to_owned(),
        ..ViewSpec::of("methods_text", "Methods as text", ViewKind::Text, &[&ch::METHODS_TEXT])
    })
    .derived(|config, job| {
        let (table, left_out) = table(config, job)?;
        let text = if job.controls.word(FORMAT) == Some(LATEX) { latex(&table) } else { markdown(&table) };
        let empty = ch::METHODS_TEXT.labelled("all", "methods as text").channel();
        let text = Channel { data: Data::Text(text), ..empty };
        Ok(std::iter::once(text).chain(left_out.channel()).collect())
    })
}

/// The rate that most methods were tried at; of several the smallest.
fn common_rate(groups: &[(String, Vec<&Arm>)]) -> f64 {
    let mut rates: Vec<f64> =
        groups.iter().flat_map(|(_, arms)| arms.iter().map(|arm| arm.config.learning_rate)).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let count = |rate: f64| {
        groups.iter().filter(|(_, arms)| arms.iter().any(|arm| arm.config.learning_rate == rate)).count()
    };
    let most = rates.iter().map(|rate| count(*rate)).max().unwrap_or(0);
    // 1e-3 is the rate of the lab's own comparisons.
    let candidates: Vec<f64> = rates.into_iter().filter(|rate| count(*rate) == most).collect();
    candidates
        .iter()
        .copied()
        .find(|rate| *rate == 1e-3)
        .or_else(|| candidates.first().copied())
        .unwrap_or(f64::NAN)
}

fn table(config: &Config, job: &Derive<'_>) -> Result<(Table, LeftOut), RunError> {
    let (arms, left_out) = across::arms(config, job)?;
    let groups = across::by_method(&arms);
    let common = common_rate(&groups);
    let mut rows = Vec::new();
    for (words, arms) in &groups {
        let mut tried: Vec<f64> = arms.iter().map(|arm| arm.config.learning_rate).collect();
        tried.sort_by(f64::total_cmp);
        tried.dedup();
        let at_common = arms.iter().find(|arm| arm.config.learning_rate == common);
        let best = across::best(arms);
        let of = |arm: Option<&Arm>, metric| arm.map_or(f64::NAN, |arm: &Arm| arm.result(metric));
        let at_best = |metric| of(best, metric);
        let accuracy = arms.iter().map(|arm| arm.result(&metrics::TEST_ACCURACY)).fold(f64::NAN, f64::max);
        let mut row = vec![Cell::Text(words.clone())];
        row.extend(
            [
                of(arms.first().copied(), &metrics::TRAINABLE_PARAMETERS),
                common,
                at_common.map_or(f64::NAN, |arm| arm.result(&metrics::VALIDATION_LOSS)),
                best.map_or(f64::NAN, |best| best.config.learning_rate),
                best.map_or(f64::NAN, Arm::report),
                tried.len() as f64,
                accuracy,
                at_best(&metrics::FORGETTING),
                at_best(&metrics::INIT_SECONDS),
                at_best(&metrics::STEP_SECONDS),
                at_best(&metrics::PEAK_MEBIBYTES),
            ]
            .map(Cell::Number),
        );
        rows.push(row);
    }
    Ok((Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows }, left_out))
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) if number.is_nan() => "–".to_owned(),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() >= 1.0 => format!("{number:.0}"),
        Cell::Number(number) if number.abs() < 0.1 => format!("{number:.2e}"),
        Cell::Number(number) => format!("{number:.4}"),
    }
}

/// What the picture supports stands with the table.
const NOTE: &str = "Rates are chosen on the first half of the validation windows, losses at the best rate are those of the second half.";

fn markdown(table: &Table) -> String {
    let mut text = format!("| {} |\n|{}\n", table.columns.join(" | "), "---|".repeat(table.columns.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|own| cell(own).replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let _ = write!(text, "\n{NOTE}\n");
    text
}

fn latex(table: &Table) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" & ");
    let columns = "r".repeat(table.columns.len().saturating_sub(1));
    let mut text = format!("% {NOTE}\n\\begin{{tabular}}{{l{columns}}}\n\\toprule\n");
    let _ = writeln!(text, "{} \\\\\n\\midrule", line(table.columns.clone()));
    for row in &table.rows {
        let _ = writeln!(text, "{} \\\\", line(row.iter().map(cell).collect()));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text
}

/// Special characters of LaTeX as commands.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '–' => out.push_str("--"),
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_written_in_both_notations() {
        let table = Table {
            columns: vec!["method".to_owned(), "best_rate".to_owned()],
            rows: vec![vec![Cell::Text("Bone-col".to_owned()), Cell::Number(0.001)]],
        };
        assert!(markdown(&table).contains("| Bone-col | 1.00e-3 |"));
        let text = latex(&table);
        assert!(text.contains("Bone-col & 1.00e-3") && text.contains("best\\_rate"), "{text}");
    }
}
