//! The table of arms as text for a paper: Markdown or LaTeX.

use std::fmt::Write as _;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Channel, ControlKind, ControlSpec, Data, Table, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::arms::table;
use crate::channels as ch;
use crate::config::Config;

/// The control.
const FORMAT: &str = "format";
const MARKDOWN: &str = "markdown";
const LATEX: &str = "latex";

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let options = vec![(MARKDOWN.to_owned(), "Markdown".to_owned()), (LATEX.to_owned(), "LaTeX".to_owned())];
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::ARMS_TEXT.id("gains")],
        controls: vec![ControlSpec::new(
            FORMAT,
            "Format",
            "The notation of the table, to be copied into a text.",
            ControlKind::Choice { options, initial: MARKDOWN.to_owned() },
        )],
        derives: vec![FORMAT.to_owned()],
        tab_of: Some("arms".to_owned()),
        empty: "The table of arms as text appears here when repeats are done.".to_owned(),
        help: include_str!("../help/arms_text.md").to_owned(),
        ..ViewSpec::of("arms_text", "Arms as text", ViewKind::Text, &[&ch::ARMS_TEXT])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let table = table(config, job)?;
    let text = if job.controls.word(FORMAT) == Some(LATEX) { latex(&table) } else { markdown(&table) };
    let empty = ch::ARMS_TEXT.labelled("gains", "gains by arm").channel();
    Ok(vec![Channel { data: Data::Text(text), ..empty }])
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) if number.is_nan() => "–".to_owned(),
        Cell::Number(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Cell::Number(number) => format!("{number:.4}"),
    }
}

/// How many arms were tried stands with the table: the best of several is no finding by itself.
fn tried(table: &Table) -> String {
    let arms = if table.rows.len() == 1 { "arm" } else { "arms" };
    format!(
        "{} {arms} compared; gains are over the twin of the same seed, with Student's 95 % interval.",
        table.rows.len()
    )
}

fn markdown(table: &Table) -> String {
    let mut text = format!("| {} |\n|{}\n", table.columns.join(" | "), "---|".repeat(table.columns.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|own| cell(own).replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let _ = write!(text, "\n{}\n", tried(table));
    text
}

fn latex(table: &Table) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" & ");
    let mut text = format!(
        "% {}\n\\begin{{tabular}}{{ll{}}}\n\\toprule\n",
        tried(table),
        "r".repeat(table.columns.len().saturating_sub(2))
    );
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
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
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

    fn example() -> Table {
        Table {
            columns: vec!["run".to_owned(), "gain".to_owned()],
            rows: vec![vec![Cell::Text("a_b|c 5 %".to_owned()), Cell::Number(0.03125)]],
        }
    }

    #[test]
    fn the_table_is_written_in_both_notations() {
        let text = markdown(&example());
        assert!(
            text.contains("| a_b\\|c 5 % | 0.0312 |") || text.contains("| a_b\\|c 5 % | 0.0313 |"),
            "{text}"
        );
        assert!(text.contains("1 arm compared"), "{text}");
        let text = latex(&example());
        assert!(text.contains("a\\_b|c 5 \\% & 0.031"), "{text}");
        assert!(text.starts_with("% ") && text.trim_end().ends_with("\\end{tabular}"), "{text}");
    }
}
