//! Tables that are part of the program: two from textbooks, two synthetic ones whose true quantiles are known in closed form.

use std::io::Read as _;

use super::cell::CellFormat;
use super::kinds::{Column, Table};
use crate::error::{DataError, Problem};
use crate::read::Read;

/// A table in the program.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Name.
    pub name: &'static str,
    /// What it is and where it comes from.
    pub about: &'static str,
    bytes: &'static [u8],
}

/// All of them; the target of each is called `y`.
pub const EMBEDDED: &[Embedded] = &[
    Embedded {
        name: "engel",
        about: "235 households: food expenditure by income (Engel 1857, as in Koenker and Bassett 1982).",
        bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/data/engel.csv.gz")),
    },
    Embedded {
        name: "diabetes",
        about: "442 patients, ten measurements: progression of diabetes after a year (Efron et al. 2004).",
        bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/data/diabetes.csv.gz")),
    },
    Embedded {
        name: "synth1",
        about: "1,000 rows, one feature: y = sin(1.5x) + 0.4x + (0.15 + 0.35|x|)·N(0, 1), x uniform on (−3, 3).",
        bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/data/synth1.csv.gz")),
    },
    Embedded {
        name: "synth5",
        about: "2,000 rows, five features: normal noise where x3 < 0, shifted exponential noise elsewhere; x5 is noise.",
        bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/data/synth5.csv.gz")),
    },
];

/// The embedded table with this name.
pub fn embedded(name: &str) -> Option<&'static Embedded> {
    EMBEDDED.iter().find(|table| table.name == name)
}

impl Embedded {
    /// Unpacks it.
    ///
    /// # Errors
    /// Only if the program's own copy is damaged.
    pub fn table(&self) -> Result<Table, DataError> {
        let damaged = || DataError::Unusable {
            problem: Problem::Told("the program's own copy is damaged; install it anew".to_owned()),
            place: self.name.to_owned(),
        };
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(self.bytes).read_to_string(&mut text).map_err(|_| damaged())?;
        let mut lines = text.lines();
        let names: Vec<String> = lines.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines.filter(|line| !line.is_empty()) {
            for (cell, column) in line.split(',').zip(&mut columns) {
                column.push(cell.parse::<f64>().map_err(|_| damaged())?);
            }
        }
        let rows = columns.first().map_or(0, Vec::len);
        let mut table = Table { place: self.name.to_owned(), rows, ..Table::default() };
        for (name, values) in names.iter().zip(columns) {
            table.add(name, Column::Numbers(values), &CellFormat::default(), None);
        }
        let form = "table that is part of the program".to_owned();
        table.read = Read { place: self.name.to_owned(), form, rows, hash: table.hash(), ..Read::default() };
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_table_opens() {
        let sizes: Vec<(usize, usize)> = EMBEDDED
            .iter()
            .map(|one| one.table().map(|table| (table.rows, table.names.len())).unwrap())
            .collect();
        assert_eq!(sizes, [(235, 2), (442, 11), (1000, 2), (2000, 6)]);
        assert!(EMBEDDED.iter().all(|one| one.table().unwrap().position("y").is_some()));
    }
}
