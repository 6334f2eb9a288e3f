//! Tables as CSV.

use std::fmt::Write as _;

use super::{Truth, read::SEED};

impl Truth {
    /// The table as CSV: one column for each decision, accuracy, its trainings, further columns. It opens again as the same table.
    pub(crate) fn to_csv(&self) -> String {
        let trainings = self.table.rows.iter().map(|row| row.seeds.len()).min().unwrap_or(0);
        let mut head: Vec<String> = self.decisions.iter().map(|decision| quoted(&decision.name)).collect();
        head.push("accuracy".to_owned());
        if trainings > 1 {
            head.extend((0..trainings).map(|seed| format!("{SEED}{seed}")));
        }
        // What is no number cannot stand in a column of numbers.
        let columns: Vec<_> =
            self.columns.iter().filter(|(_, column)| column.iter().all(|value| value.is_finite())).collect();
        head.extend(columns.iter().map(|(name, _)| quoted(name)));
        let mut text = format!("{}\n", head.join(","));
        for (place, row) in self.table.rows.iter().enumerate() {
            let words: Vec<String> = self.words(row).iter().map(|word| quoted(word)).collect();
            let _ = write!(text, "{},{}", words.join(","), row.accuracy());
            if trainings > 1 {
                for value in row.seeds.iter().take(trainings) {
                    let _ = write!(text, ",{value}");
                }
            }
            for (_, column) in &columns {
                let _ = write!(text, ",{}", column.get(place).copied().unwrap_or(f64::NAN));
            }
            text.push('\n');
        }
        text
    }
}

/// A cell of CSV.
pub(crate) fn quoted(word: &str) -> String {
    if word.contains([',', '"', '\n']) {
        format!("\"{}\"", word.replace('"', "\"\""))
    } else {
        word.to_owned()
    }
}
