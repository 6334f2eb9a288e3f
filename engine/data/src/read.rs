//! What was read: the account that a run gives of its data, in its log, its manifest and its window.
//!
//! Contract: everything that was dropped, folded, counted as missing or guessed stands here, with the first cell where it is doubtful.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was read from one source of data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Read {
    /// Path or name.
    pub place: String,
    /// Size of the file in bytes; none for data that are part of the program, and for folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What it is, in words: `table, delimiter ";"`, `images of 28 × 28`.
    pub form: String,
    /// blake3 of what was read, hexadecimal.
    pub hash: String,
    /// Rows that are used.
    pub rows: usize,
    /// What is counted where it is no rows: `tensors`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Rows that are left out, by the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<(String, usize)>,
    /// Columns of a table; empty for images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnRead>,
    /// Rows of each class, by name; empty for a regression.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<(String, usize)>,
    /// How features were scaled, in words; empty where they were not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scale: String,
    /// What is doubtful.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
}

/// How one column was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnRead {
    /// Its name.
    pub name: String,
    /// What it was taken for.
    pub kind: ReadAs,
    /// Smallest and largest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Distinct words of a category, or distinct numbers up to a hundred.
    pub distinct: usize,
    /// Cells that are missing.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing: usize,
    /// The words of the missing cells that are not empty, with their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_words: Vec<(String, usize)>,
    /// How its cells are written, where that is not the usual way, and what else is to be said; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What a column was taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadAs {
    /// Numbers.
    #[default]
    Number,
    /// Words of a list.
    Category,
    /// Dates, as days.
    Date,
    /// One value in all rows: of no weight.
    Constant,
    /// Not used.
    LeftOut,
}

impl ReadAs {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Date => "date",
            Self::Constant => "constant",
            Self::LeftOut => "left out",
        }
    }
}

/// Something that was read one way and could be meant another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubt {
    /// The column, or the array; empty for the whole source.
    pub column: String,
    /// Line of the first such cell, counted from 1; none where there are no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The cell's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How it was read, and why that is doubtful.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(out, "line {line}, ")?;
        }
        if !self.column.is_empty() {
            write!(out, "column \"{}\" ", self.column)?;
        }
        if let Some(text) = &self.text {
            write!(out, "holds \"{text}\", which ")?;
        }
        write!(out, "{}; {}", self.why, self.remedy)
    }
}

impl Doubt {
    /// About a column as a whole.
    pub fn of_column(column: &str, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { column: column.to_owned(), why: why.into(), remedy: remedy.into(), ..Self::default() }
    }
}

impl Read {
    /// What tells another reading of the same source apart, as a clause: the first thing that differs.
    pub fn difference(&self, now: &Self) -> String {
        if self.rows != now.rows {
            return format!("{} {} in place of {}", now.rows, now.counted(), self.rows);
        }
        if self.form != now.form {
            return format!("{} in place of {}", now.form, self.form);
        }
        let names = |read: &Self| read.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(self) != names(now) {
            return "other columns".to_owned();
        }
        if let Some((_, now)) = self.columns.iter().zip(&now.columns).find(|(before, now)| before != now) {
            return format!("column \"{}\" holds other values", now.name);
        }
        if self.classes != now.classes {
            return "other counts of the classes".to_owned();
        }
        match (self.bytes, now.bytes) {
            (Some(before), Some(now)) if before != now => format!("{now} bytes in place of {before}"),
            _ => "the same size and counts, other values or labels".to_owned(),
        }
    }

    /// What is counted, in words.
    pub fn counted(&self) -> &str {
        if self.of.is_empty() { "rows" } else { &self.of }
    }

    /// The account in lines, for the log: the whole, the columns that are not plain, the classes, the doubts.
    pub fn lines(&self) -> Vec<String> {
        let left: usize = self.left_out.iter().map(|(_, rows)| rows).sum();
        let mut first = format!("read {}: {}, {} {}", self.place, self.form, self.rows, self.counted());
        if left > 0 {
            let reasons: Vec<String> =
                self.left_out.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect();
            first = format!("{first}, {left} left out ({})", reasons.join(", "));
        }
        let mut lines = vec![first];
        lines.extend(
            self.columns.iter().filter(|column| !column.is_plain()).map(|column| format!("  {column}")),
        );
        if !self.classes.is_empty() {
            const MOST: usize = 20;
            let named: Vec<String> =
                self.classes.iter().take(MOST).map(|(name, rows)| format!("{name}: {rows}")).collect();
            let more = self.classes.len().saturating_sub(MOST);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(format!("  classes {}{more}", named.join(", ")));
        }
        if !self.scale.is_empty() {
            lines.push(format!("  {}", self.scale));
        }
        lines
    }
}

impl ColumnRead {
    /// A column of numbers without holes, of which nothing needs to be said.
    pub fn is_plain(&self) -> bool {
        self.kind == ReadAs::Number && self.missing == 0 && self.note.is_empty()
    }
}

impl fmt::Display for ColumnRead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.name, self.kind.words())?;
        if self.kind == ReadAs::Category {
            write!(out, " of {} words", self.distinct)?;
        }
        if let Some((low, high)) = self.range {
            write!(out, ", {low} to {high}")?;
        }
        if self.missing > 0 {
            let quoted: Vec<String> =
                self.missing_words.iter().map(|(word, cells)| format!("\"{word}\" {cells}")).collect();
            let quoted = if quoted.is_empty() { String::new() } else { format!(" ({})", quoted.join(", ")) };
            write!(out, ", {} cells missing{quoted}", self.missing)?;
        }
        if !self.note.is_empty() {
            write!(out, ", {}", self.note)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_names_what_is_not_plain() {
        let plain = ColumnRead {
            name: "a".to_owned(),
            range: Some((0.0, 1.0)),
            distinct: 2,
            ..ColumnRead::default()
        };
        let region = ColumnRead {
            name: "region".to_owned(),
            kind: ReadAs::Category,
            distinct: 2,
            missing: 60,
            missing_words: vec![("NA".to_owned(), 60)],
            ..ColumnRead::default()
        };
        let read = Read {
            place: "r.csv".to_owned(),
            form: "table".to_owned(),
            rows: 100,
            left_out: vec![("with holes".to_owned(), 60)],
            columns: vec![plain, region],
            ..Read::default()
        };
        let lines = read.lines();
        assert_eq!(lines[0], "read r.csv: table, 100 rows, 60 left out (60 with holes)");
        assert_eq!(lines[1], "  region: category of 2 words, 60 cells missing (\"NA\" 60)");
        assert_eq!(lines.len(), 2, "the plain column needs no line");
        let doubt = Doubt {
            column: "price".to_owned(),
            line: Some(2),
            text: Some("$5".to_owned()),
            why: "is read as a number".to_owned(),
            remedy: "say so".to_owned(),
        };
        assert_eq!(
            doubt.to_string(),
            "line 2, column \"price\" holds \"$5\", which is read as a number; say so"
        );
    }
}
