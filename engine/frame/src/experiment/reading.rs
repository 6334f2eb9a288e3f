//! Settings that say how a table is to be read: the same four in every lab that opens one.

use std::collections::BTreeMap;

use toml::{Table, Value};
use weightscope_data::table::{ColumnChoice, DecimalMark, TableOptions, ThousandsMark};

use super::config::Experiment;
use super::problem::Problem;
use crate::choices;

choices! {
    /// The decimal mark of a table's numbers.
    pub enum Decimal {
        /// Found out from the cells.
        Auto = "auto", "Found out";
        /// A point.
        Point = "point", "Point: 1.5";
        /// A comma.
        Comma = "comma", "Comma: 1,5";
    }
}

choices! {
    /// What groups the thousands of a table's numbers.
    pub enum Thousands {
        /// Found out from the cells.
        Auto = "auto", "Found out";
        /// Nothing.
        None = "none", "Nothing: 1234";
        /// A comma.
        Comma = "comma", "Comma: 1,234";
        /// A point.
        Point = "point", "Point: 1.234";
        /// A blank or an apostrophe.
        Blank = "blank", "Blank: 1 234";
    }
}

/// Words that stand for a missing value unless a person names others.
pub fn usual_missing_words() -> Vec<String> {
    ["NA", "N/A", "NaN", "null", "none", "?"].map(str::to_owned).to_vec()
}

/// True for the path of a table: the settings of this file mean nothing for data sets that the program knows, for images and for arrays.
pub fn is_table(dataset: &str) -> bool {
    let name = dataset.trim().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".csv", ".tsv", ".txt"].iter().any(|end| name.ends_with(end))
}

/// The settings as the reader of tables takes them.
pub fn table_options(
    columns: &BTreeMap<String, ColumnChoice>,
    missing_words: &[String],
    decimal: Decimal,
    thousands: Thousands,
) -> TableOptions {
    TableOptions {
        columns: columns.clone(),
        missing_words: (missing_words != usual_missing_words()).then(|| missing_words.to_vec()),
        decimal: match decimal {
            Decimal::Auto => DecimalMark::Auto,
            Decimal::Point => DecimalMark::Point,
            Decimal::Comma => DecimalMark::Comma,
        },
        thousands: match thousands {
            Thousands::Auto => ThousandsMark::Auto,
            Thousands::None => ThousandsMark::None,
            Thousands::Comma => ThousandsMark::Comma,
            Thousands::Point => ThousandsMark::Point,
            Thousands::Blank => ThousandsMark::Blank,
        },
    }
}

/// What an experiment says about its table; nothing of a lab that reads none.
pub fn options_of(experiment: &Experiment) -> TableOptions {
    let text = |key: &str| experiment.get(key).and_then(|value| value.as_str().map(str::to_owned));
    let choice = |word: &Value| word.as_str().and_then(ColumnChoice::from_word);
    let columns = experiment.get(COLUMNS).and_then(|value| value.as_table().cloned()).unwrap_or_default();
    let columns = columns.iter().filter_map(|(name, word)| Some((name.clone(), choice(word)?))).collect();
    let words = experiment.get("missing_words").and_then(|value| value.as_array().cloned());
    let words: Option<Vec<String>> =
        words.map(|words| words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect());
    let decimal = text("decimal").and_then(|word| Decimal::ALL.iter().find(|own| own.key() == word).copied());
    let thousands =
        text("thousands").and_then(|word| Thousands::ALL.iter().find(|own| own.key() == word).copied());
    table_options(
        &columns,
        &words.unwrap_or_else(usual_missing_words),
        decimal.unwrap_or(Decimal::Auto),
        thousands.unwrap_or(Thousands::Auto),
    )
}

/// Says what a column is; `None` leaves it to be found out.
///
/// # Errors
/// A lab whose settings say nothing about columns.
pub fn set_column(
    experiment: &mut Experiment,
    name: &str,
    choice: Option<ColumnChoice>,
) -> Result<(), Problem> {
    let mut columns = options_of(experiment).columns;
    match choice {
        Some(choice) => columns.insert(name.to_owned(), choice),
        None => columns.remove(name),
    };
    let words = columns.into_iter().map(|(name, choice)| (name, Value::String(choice.word().to_owned())));
    let table: Table = [(COLUMNS.to_owned(), Value::Table(words.collect()))].into_iter().collect();
    experiment.apply(&table).into_iter().next().map_or(Ok(()), Err)
}

/// The key of the setting that says what columns are.
const COLUMNS: &str = "columns";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_need_not_be_named() {
        let none = BTreeMap::new();
        let usual = table_options(&none, &usual_missing_words(), Decimal::Auto, Thousands::Auto);
        assert_eq!(usual, TableOptions::default(), "as the reader finds out by itself");
        let own = table_options(&none, &[], Decimal::Comma, Thousands::Point);
        assert_eq!(own.missing_words, Some(Vec::new()), "no word at all");
        assert!(is_table("a/b.CSV") && is_table("x.csv.gz") && !is_table("digits") && !is_table("x.npz"));
    }
}
