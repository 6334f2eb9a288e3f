//! A table of architectures out of a CSV file: decision columns, `accuracy`, and further columns of numbers.
//!
//! Decision columns are those before `accuracy`; all others hold numbers. Options are sorted as numbers where all of them are numbers, else in
//! the order in which they appear.

use std::collections::BTreeMap;

use super::space::Decision;

/// Column that must be there.
pub const ACCURACY: &str = "accuracy";

/// A table that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Decisions with their options.
    pub decisions: Vec<Decision>,
    /// Architectures, in the order of the file.
    pub picks: Vec<Vec<usize>>,
    /// Accuracy of each.
    pub accuracy: Vec<f64>,
    /// Further columns, by name, in the order of the file.
    pub columns: Vec<(String, Vec<f64>)>,
    /// Combinations of options that have no row.
    pub missing: usize,
}

impl Imported {
    /// Row of each architecture.
    pub fn places(&self) -> BTreeMap<Vec<usize>, usize> {
        self.picks.iter().cloned().zip(0..).collect()
    }

    /// Name of a row: its options, one after the other.
    pub fn name(&self, row: usize) -> String {
        let picks = self.picks.get(row).map(Vec::as_slice).unwrap_or_default();
        let options = picks.iter().zip(&self.decisions);
        let words: Vec<&str> =
            options.filter_map(|(pick, decision)| decision.options.get(*pick)).map(String::as_str).collect();
        words.join("-")
    }
}

/// Why a table is refused: what, and the line (from 1, the header being 1) if it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong and what to do.
    pub problem: String,
    /// Line of the file.
    pub line: Option<usize>,
}

fn refuse<T>(problem: impl Into<String>, line: Option<usize>) -> Result<T, Refusal> {
    Err(Refusal { problem: problem.into(), line })
}

/// Reads a table. Refuses no `accuracy`, no decision column, no rows, doubled rows, words in a column of numbers, lines of another length.
pub fn read(text: &str) -> Result<Imported, Refusal> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return refuse("the table is empty; give a header and rows", None);
    };
    let header = cells(header);
    let Some(place) = header.iter().position(|name| name == ACCURACY) else {
        return refuse("there is no column `accuracy`; name the column of accuracies so", Some(1));
    };
    if place == 0 {
        return refuse("no decision column stands before `accuracy`; put the decisions first", Some(1));
    }
    let rows: Vec<(usize, Vec<String>)> = lines.map(|(number, line)| (number + 1, cells(line))).collect();
    if rows.is_empty() {
        return refuse("the table holds no rows; give one row for each architecture", None);
    }
    if let Some((line, row)) = rows.iter().find(|(_, row)| row.len() != header.len()) {
        return refuse(
            format!("{} cells instead of {}; make all lines as long as the header", row.len(), header.len()),
            Some(*line),
        );
    }
    let column = |at: usize| rows.iter().filter_map(move |(_, row)| row.get(at)).map(String::as_str);
    let names = header.iter().take(place).enumerate();
    let decisions: Vec<Decision> =
        names.map(|(at, name)| Decision { name: name.clone(), options: options(column(at)) }).collect();
    let picks = picks(&rows, &decisions)?;
    let mut numbers = Vec::with_capacity(header.len() - place);
    for (at, name) in header.iter().enumerate().skip(place) {
        numbers.push((name.clone(), numbers_of(&rows, at, name)?));
    }
    let (_, accuracy) = numbers.remove(0);
    let all = decisions.iter().map(|decision| decision.options.len()).fold(1_usize, usize::saturating_mul);
    Ok(Imported { decisions, missing: all.saturating_sub(picks.len()), picks, accuracy, columns: numbers })
}

/// Cells of a line; a cell in quotation marks may hold commas, and marks doubled.
fn cells(line: &str) -> Vec<String> {
    let (mut all, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.trim_end_matches('\r').chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                cell.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut cell).trim().to_owned()),
            other => cell.push(other),
        }
    }
    all.push(cell.trim().to_owned());
    all
}

fn options<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut all: Vec<String> = values.filter(|value| seen.insert(*value)).map(str::to_owned).collect();
    let numbers: Option<Vec<f64>> =
        all.iter().map(|value| value.parse().ok().filter(|n: &f64| n.is_finite())).collect();
    if let Some(numbers) = numbers {
        let mut pairs: Vec<(f64, String)> = numbers.into_iter().zip(all).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        all = pairs.into_iter().map(|(_, value)| value).collect();
    }
    all
}

fn picks(rows: &[(usize, Vec<String>)], decisions: &[Decision]) -> Result<Vec<Vec<usize>>, Refusal> {
    let places: Vec<BTreeMap<&str, usize>> = decisions
        .iter()
        .map(|decision| decision.options.iter().map(String::as_str).zip(0..).collect())
        .collect();
    let mut seen: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        let picks: Vec<usize> = row
            .iter()
            .zip(&places)
            .filter_map(|(cell, options)| options.get(cell.as_str()).copied())
            .collect();
        if let Some(first) = seen.insert(picks.clone(), *line) {
            return refuse(
                format!("the same architecture as in line {first}; leave one of them out"),
                Some(*line),
            );
        }
        all.push(picks);
    }
    Ok(all)
}

fn numbers_of(rows: &[(usize, Vec<String>)], at: usize, name: &str) -> Result<Vec<f64>, Refusal> {
    let number = |(line, row): &(usize, Vec<String>)| {
        let cell = row.get(at).map(String::as_str).unwrap_or_default();
        match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => refuse(
                format!(
                    "`{cell}` in the column `{name}` is no finite number; mend it or leave the column out"
                ),
                Some(*line),
            ),
        }
    };
    rows.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_sorted_as_numbers_and_missing_rows_are_counted() {
        let table = read("width,op,accuracy,latency\n16,\"a,b\",0.5,3\n4,c,0.25,2\r\n8,c,0.75,1\n").unwrap();
        assert_eq!(table.decisions[0].options, ["4", "8", "16"]);
        assert_eq!(table.decisions[1].options, ["a,b", "c"]);
        assert_eq!(table.picks, [vec![2, 0], vec![0, 1], vec![1, 1]]);
        assert_eq!((table.missing, table.accuracy.as_slice()), (3, [0.5, 0.25, 0.75].as_slice()));
        assert_eq!(table.columns, [("latency".to_owned(), vec![3.0, 2.0, 1.0])]);
        assert_eq!((table.name(0).as_str(), table.places()[&vec![1, 1]]), ("16-a,b", 2));
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        let line = |text: &str| read(text).map_err(|refusal| refusal.line);
        assert_eq!(line(""), Err(None));
        assert_eq!(line("a,b\n1,2\n"), Err(Some(1)), "no accuracy");
        assert_eq!(line("accuracy,b\n1,2\n"), Err(Some(1)), "no decision");
        assert_eq!(line("a,accuracy\n"), Err(None), "no rows");
        assert_eq!(line("a,accuracy\n1,0.5\n2\n"), Err(Some(3)), "a short line");
        assert_eq!(line("a,accuracy\n1,0.5\n\n1,0.6\n"), Err(Some(4)), "a doubled row");
        assert_eq!(line("a,accuracy\n1,good\n"), Err(Some(2)), "a word");
        assert_eq!(line("a,accuracy\n1,NaN\n"), Err(Some(2)), "no finite number");
    }
}
