//! A column while its cells are read for the first time.

use super::cell::plain;
use super::kinds::{MISSING, UNKNOWN};
use super::options::{TableOptions, ThousandsMark};

/// What a column is taken for.
#[derive(Clone, Debug)]
pub(super) enum Want {
    /// To be found out.
    Any,
    /// Numbers of a format.
    Numbers(super::cell::CellFormat),
    /// Words of this list, ascending; others count as unknown.
    Words(Vec<String>),
    /// Not used.
    Skip,
}

/// Values and counts of a column.
#[derive(Debug, Default)]
pub(super) struct Building {
    pub(super) values: Vec<f64>,
    pub(super) codes: Vec<u32>,
    pub(super) present: usize,
    /// Cells that are no plain numbers, or no words of the list.
    pub(super) odd: usize,
    pub(super) first_odd: Option<(u64, String)>,
    /// Words outside the list, with their number and first line.
    pub(super) unknown: std::collections::BTreeMap<String, (usize, u64)>,
    /// Words of missing cells that are not empty, with their number.
    pub(super) missing_words: Vec<(String, usize)>,
    /// Cells with a point that could group thousands, the first of them, and whether any other speaks against it.
    grouped: usize,
    pub(super) first_grouped: Option<(u64, String)>,
    ungrouped: bool,
    /// Whole numbers below a thousand, without a point: beside grouped ones they are what is left of the column.
    pub(super) small: usize,
    /// Cells of several digits that begin with zero, the first of them.
    pub(super) leading_zeros: usize,
    pub(super) first_zero: Option<(u64, String)>,
}

impl Building {
    /// Takes a cell in; the reason if it cannot be used at all.
    pub(super) fn push(
        &mut self,
        text: &str,
        want: &Want,
        line: u64,
        options: &TableOptions,
    ) -> Result<(), String> {
        let missing = options.is_missing(text);
        if missing {
            self.count_missing(text);
        } else {
            self.present += 1;
        }
        match want {
            Want::Words(words) => self.push_word(text, words, missing, line),
            _ if missing => self.values.push(f64::NAN),
            Want::Numbers(format) => match format.parse(text) {
                Some(value) if value.is_finite() => self.values.push(value),
                _ => self.push_odd(text, line),
            },
            _ => match plain(text) {
                Some(value) if value.is_infinite() => {
                    return Err(format!(
                        "holds \"{text}\", which is not finite; correct it or leave the cell empty"
                    ));
                }
                Some(value) => {
                    self.look(text, value, line);
                    self.values.push(value);
                }
                None if is_infinity(text) => {
                    return Err(format!(
                        "holds \"{text}\", which is not finite; correct it or leave the cell empty"
                    ));
                }
                None => self.push_odd(text, line),
            },
        }
        Ok(())
    }

    /// Missing cells.
    pub(super) fn missing(&self) -> usize {
        self.values.len().max(self.codes.len()) - self.present
    }

    /// True if all points of the column group thousands, as far as can be told.
    pub(super) fn is_grouped(&self, options: &TableOptions) -> bool {
        match options.thousands {
            ThousandsMark::Point => self.grouped > 0,
            ThousandsMark::Auto => self.grouped > 0 && !self.ungrouped,
            _ => false,
        }
    }

    fn push_odd(&mut self, text: &str, line: u64) {
        self.odd += 1;
        self.first_odd.get_or_insert_with(|| (line, text.to_owned()));
        self.values.push(f64::NAN);
    }

    fn push_word(&mut self, text: &str, words: &[String], missing: bool, line: u64) {
        let found = words.binary_search_by(|word| word.as_str().cmp(text));
        let code = found.map_or(UNKNOWN, |code| code as u32);
        if !missing && code == UNKNOWN {
            self.odd += 1;
            self.unknown.entry(text.to_owned()).or_insert((0, line)).0 += 1;
        }
        self.codes.push(if missing { MISSING } else { code });
    }

    fn count_missing(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.missing_words.iter_mut().find(|(word, _)| word == text) {
            Some((_, count)) => *count += 1,
            None => self.missing_words.push((text.to_owned(), 1)),
        }
    }

    /// What a plain number looks like: a point before exactly three digits may group thousands, a zero in front may belong to a code.
    fn look(&mut self, text: &str, value: f64, line: u64) {
        let bytes = text.as_bytes();
        if let [b'0', second, ..] = bytes
            && second.is_ascii_digit()
        {
            self.leading_zeros += 1;
            self.first_zero.get_or_insert_with(|| (line, text.to_owned()));
        }
        if self.ungrouped {
            return;
        }
        let Some(point) = bytes.iter().position(|byte| *byte == b'.') else {
            // A thousand without a point speaks against grouping, and so does an exponent.
            self.ungrouped = value.abs() >= 1000.0 || value.fract() != 0.0;
            self.small += usize::from(!self.ungrouped);
            return;
        };
        let whole = text.get(..point).unwrap_or_default().trim_start_matches('-');
        let digits = text.get(point + 1..).unwrap_or_default();
        let is_group = digits.len() == 3
            && (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_group {
            self.grouped += 1;
            self.first_grouped.get_or_insert_with(|| (line, text.to_owned()));
        } else {
            self.ungrouped = true;
        }
    }
}

/// The words of other programs for an infinite number.
fn is_infinity(text: &str) -> bool {
    let word = text.trim_start_matches(['-', '+']);
    word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("infinity")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> Building {
        let mut building = Building::default();
        for (text, line) in texts.iter().zip(2..) {
            building.push(text, &Want::Any, line, &TableOptions::default()).unwrap();
        }
        building
    }

    #[test]
    fn points_that_may_group_and_zeros_in_front_are_noticed() {
        let options = TableOptions::default();
        assert!(column(&["416", "7.933", "2.624"]).is_grouped(&options), "all points before three digits");
        assert!(!column(&["1416", "7.933"]).is_grouped(&options), "a thousand without a point");
        assert!(!column(&["7.933", "2.62"]).is_grouped(&options), "two digits");
        assert!(!column(&["0.933", "2.624"]).is_grouped(&options), "no thousands begin with zero");
        assert_eq!(column(&["007", "12", "0"]).leading_zeros, 1);
        let missing = column(&["NA", "", "NA", "1"]);
        assert_eq!((missing.missing(), missing.missing_words), (3, vec![("NA".to_owned(), 2)]));
    }
}
