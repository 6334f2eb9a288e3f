//! Numbers in cells as people write them: with thousands, decimal commas, percent, currency, units; and dates.

use serde::{Deserialize, Serialize};

use super::date::DateOrder;

/// How the cells of a column of numbers are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CellFormat {
    /// True if the decimal mark is a comma.
    pub comma: bool,
    /// What groups thousands, if anything does.
    pub thousands: Option<Grouping>,
    /// What stands around each number, as `before…behind`: a currency, a unit, a percent sign; `()` for brackets; empty for nothing.
    pub affix: String,
    /// Dates in this order, as days since 1970-01-01.
    pub date: Option<DateOrder>,
}

/// What groups thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// 1,234,567
    Comma,
    /// 1.234.567
    Point,
    /// 1 234 567, 1'234'567
    Blank,
}

impl Grouping {
    fn is(self, letter: char) -> bool {
        match self {
            Self::Comma => letter == ',',
            Self::Point => letter == '.',
            Self::Blank => matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’'),
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Comma => "commas",
            Self::Point => "points",
            Self::Blank => "blanks",
        }
    }
}

impl CellFormat {
    /// Numbers as programs write them.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The number of a cell, its text without blanks around it. A cell that is not written this way is still read where it is a plain
    /// number.
    pub fn parse(&self, text: &str) -> Option<f64> {
        self.strict(text).or_else(|| plain(text))
    }

    /// The number of a cell that is written exactly this way.
    pub(super) fn strict(&self, text: &str) -> Option<f64> {
        if let Some(order) = self.date {
            return order.days(text);
        }
        let (affix, core, is_negative) = split_affix(text);
        // Among numbers in brackets those above zero stand without.
        let is_bare = affix.is_empty() && self.affix == "()";
        if affix != self.affix && !is_bare {
            return None;
        }
        let value = self.number(core)?;
        Some(if is_negative { -value } else { value })
    }

    fn number(&self, core: &str) -> Option<f64> {
        let mark = if self.comma { ',' } else { '.' };
        let (whole, rest) = match core.find(mark) {
            Some(place) => (core.get(..place)?, core.get(place + 1..)?),
            None => (core, ""),
        };
        // What groups thousands stands in the whole part alone.
        let whole = match self.thousands {
            Some(grouping) if whole.contains(|letter| grouping.is(letter)) => ungrouped(whole, grouping)?,
            // Beside decimal commas a point is no decimal mark.
            _ if self.comma && whole.contains('.') => return None,
            _ => whole.to_owned(),
        };
        if rest.contains([',', '.', ' ']) {
            return None;
        }
        plain(&if rest.is_empty() { whole } else { format!("{whole}.{rest}") })
    }

    /// In words, for what was read; empty for plain numbers.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(order) = self.date {
            let order = match order {
                DateOrder::YearFirst | DateOrder::Compact => "year first",
                DateOrder::DayFirst => "day first",
                DateOrder::MonthFirst => "month first",
            };
            parts.push(format!("dates ({order}) as days since 1970-01-01"));
        }
        if self.comma {
            parts.push("decimal commas".to_owned());
        }
        if let Some(grouping) = self.thousands {
            parts.push(format!("thousands grouped by {}", grouping.words()));
        }
        match self.affix.as_str() {
            "" => {}
            "()" => parts.push("brackets as minus".to_owned()),
            affix => parts.push(format!("\"{}\" taken off", affix.trim_matches('…'))),
        }
        parts.join(", ")
    }
}

/// A finite or infinite number as programs write it; the words for infinity and for no number are none.
pub(super) fn plain(text: &str) -> Option<f64> {
    let last = text.bytes().last()?;
    if last.is_ascii_digit() || last == b'.' { text.parse().ok() } else { None }
}

/// Digits without what groups them in threes; `None` if a group has another length, or the first begins with a zero.
fn ungrouped(whole: &str, grouping: Grouping) -> Option<String> {
    let (sign, digits) = match whole.strip_prefix(['-', '+']) {
        Some(rest) => (whole.get(..1)?, rest),
        None => ("", whole),
    };
    let mut groups = digits.split(|letter| grouping.is(letter));
    let first = groups.next()?;
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=3).contains(&first.len()) || first.starts_with('0') || !is_digits(first) {
        return None;
    }
    let mut out = format!("{sign}{first}");
    for group in groups {
        if group.len() != 3 || !is_digits(group) {
            return None;
        }
        out.push_str(group);
    }
    Some(out)
}

/// What stands around a number, the number's own text, and whether brackets or a sign outside make it negative.
///
/// A sign, a digit, a point, a comma and what may group thousands belong to the number.
pub(super) fn split_affix(text: &str) -> (String, &str, bool) {
    let is_core =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '+' | '-' | '\u{2212}');
    let (Some(begin), Some(end)) = (text.find(is_core), text.rfind(|letter: char| letter.is_ascii_digit()))
    else {
        return (text.to_owned(), "", false);
    };
    let after = end + 1;
    let (Some(before), Some(core), Some(behind)) =
        (text.get(..begin), text.get(begin..after), text.get(after..))
    else {
        return (text.to_owned(), "", false);
    };
    // An exponent, or a point at the end, is part of the number.
    let behind = behind.strip_prefix('.').unwrap_or(behind);
    let (before, behind) = (before.trim(), behind.trim());
    if (before, behind) == ("(", ")") {
        return ("()".to_owned(), core, true);
    }
    // A minus before the currency, or one of typography.
    let (core, is_negative) = match core.strip_prefix('\u{2212}') {
        Some(rest) => (rest, true),
        None => (core, false),
    };
    let affix =
        if before.is_empty() && behind.is_empty() { String::new() } else { format!("{before}…{behind}") };
    (affix, core.trim_matches(' '), is_negative)
}

/// True if what stands around a number can be taken off: a currency, a percent sign, a short unit. Longer words mean something else.
pub(super) fn is_affix(affix: &str) -> bool {
    const LONGEST: usize = 6;
    const CURRENCIES: [&str; 12] =
        ["EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "AUD", "CAD"];
    let is_currency = |part: &str| {
        CURRENCIES.contains(&part)
            || part.chars().all(|letter| matches!(letter, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩'))
    };
    let is_unit = |part: &str| {
        let letters = part.chars().count();
        letters <= LONGEST
            && part.chars().all(|letter| {
                letter.is_alphabetic()
                    || matches!(letter, '%' | '‰' | '°' | '/' | '²' | '³' | '·' | '^' | 'µ' | '"')
            })
    };
    match affix.split_once('…') {
        Some((before, behind)) => {
            (before.is_empty() || is_currency(before)) && (is_currency(behind) || is_unit(behind))
        }
        None => affix == "()",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(comma: bool, thousands: Option<Grouping>, affix: &str) -> CellFormat {
        CellFormat { comma, thousands, affix: affix.to_owned(), date: None }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let commas = format(false, Some(Grouping::Comma), "");
        assert_eq!(commas.strict("1,219,200.5"), Some(1_219_200.5));
        assert_eq!(commas.strict("-12,000"), Some(-12_000.0));
        assert_eq!(commas.strict("950"), Some(950.0), "below a thousand nothing is grouped");
        assert_eq!(commas.strict("1,21"), None, "no group of two");
        assert_eq!(commas.strict("0,219"), None, "no thousands begin with zero");
        assert_eq!(commas.strict("1.5,000"), None, "no groups behind the decimal mark");
        let points = format(true, Some(Grouping::Point), "");
        assert_eq!(points.strict("1.234,5"), Some(1234.5));
        assert_eq!(points.strict("2.155"), Some(2155.0));
        assert_eq!(points.strict("2.15"), None);
        assert_eq!(points.parse("2.15"), Some(2.15), "a plain number is still one");
        assert_eq!(format(true, None, "").strict("1,5"), Some(1.5));
        assert_eq!(format(true, Some(Grouping::Blank), "").strict("1 234,5"), Some(1234.5));
        assert_eq!(format(false, Some(Grouping::Blank), "").strict("1'234'567"), Some(1_234_567.0));
        assert_eq!(format(false, Some(Grouping::Blank), "").strict("1\u{202f}234"), Some(1234.0));
    }

    #[test]
    fn what_stands_around_a_number_is_taken_off_where_it_is_expected() {
        assert_eq!(format(false, None, "$…").strict("$1779.78"), Some(1779.78));
        assert_eq!(format(false, None, "…%").strict("8%"), Some(8.0), "in percent");
        assert_eq!(format(false, None, "…kg").strict("12.0 kg"), Some(12.0));
        assert_eq!(format(false, None, "…kg").strict("12.0 g"), None, "another unit");
        assert_eq!(format(false, Some(Grouping::Comma), "()").strict("(1,250)"), Some(-1250.0));
        assert_eq!(format(false, None, "").strict("\u{2212}3.5"), Some(-3.5), "a minus of typography");
        assert_eq!(format(false, None, "").strict("1e-5"), Some(1e-5));
        assert_eq!(format(false, None, "").strict("nan"), None);
        assert!(["…%", "€…", "USD…", "…km/h", "…°C", "()"].into_iter().all(is_affix));
        assert!(!is_affix("room…") && !is_affix("…apartment") && !is_affix("…#"), "words are no units");
        assert_eq!(split_affix("room 12"), ("room…".to_owned(), "12", false));
    }
}
