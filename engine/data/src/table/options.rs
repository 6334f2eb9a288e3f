//! What a person says about a table where the file alone does not tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a table is to be read. The default finds everything out and says what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableOptions {
    /// What columns are, by their names; others are found out.
    pub columns: BTreeMap<String, ColumnChoice>,
    /// Words that stand for a missing value, without regard to case, in place of the usual ones; an empty cell is always missing.
    pub missing_words: Option<Vec<String>>,
    /// The decimal mark of the numbers.
    pub decimal: DecimalMark,
    /// What groups the thousands of numbers.
    pub thousands: ThousandsMark,
}

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnChoice {
    /// Numbers; a cell that is none is refused.
    Number,
    /// Categories, whatever the words look like.
    Category,
    /// Dates, in the order that the cells show.
    Date,
    /// Dates with the day before the month.
    DateDayFirst,
    /// Dates with the month before the day.
    DateMonthFirst,
    /// Dates, with columns for month, day of the month and day of the week beside the days.
    Calendar,
    /// Not used.
    Ignore,
}

impl ColumnChoice {
    /// All of them with their words in files.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Number, "number"),
        (Self::Category, "category"),
        (Self::Date, "date"),
        (Self::DateDayFirst, "date_day_first"),
        (Self::DateMonthFirst, "date_month_first"),
        (Self::Calendar, "calendar"),
        (Self::Ignore, "ignore"),
    ];

    /// The word in files.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(choice, _)| *choice == self).map_or("", |(_, word)| word)
    }

    /// The choice of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, own)| *own == word).map(|(choice, _)| *choice)
    }
}

/// The decimal mark of a table's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// Found out from the cells.
    #[default]
    Auto,
    /// A point.
    Point,
    /// A comma.
    Comma,
}

/// What groups the thousands of a table's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThousandsMark {
    /// Found out from the cells.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// A comma.
    Comma,
    /// A point.
    Point,
    /// A blank of any kind, or an apostrophe.
    Blank,
}

/// Words that stand for a missing value unless others are named.
pub(super) const USUAL_MISSING: [&str; 6] = ["na", "n/a", "nan", "null", "none", "?"];

impl TableOptions {
    /// True if a cell's text, without blanks around it, stands for a missing value.
    pub fn is_missing(&self, text: &str) -> bool {
        if text.is_empty() {
            return true;
        }
        match &self.missing_words {
            None => text.len() <= 4 && USUAL_MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)),
            Some(words) => words.iter().any(|word| word.trim().eq_ignore_ascii_case(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_can_be_said() {
        let usual = TableOptions::default();
        assert!(usual.is_missing("") && usual.is_missing("NA") && usual.is_missing("NaN"));
        assert!(!usual.is_missing("-") && !usual.is_missing("NAM"));
        let own = TableOptions { missing_words: Some(vec!["-".to_owned()]), ..usual };
        assert!(own.is_missing("") && own.is_missing("-") && !own.is_missing("NA"), "only what was named");
        for (choice, word) in ColumnChoice::ALL {
            assert_eq!((ColumnChoice::from_word(word), choice.word()), (Some(choice), word));
        }
    }
}
