//! How a column of cells that are no plain numbers is to be read: as numbers written another way, as dates, or as words.
//!
//! Contract: a column becomes numbers only if the whole column agrees on one way of writing; where two ways would do, the likelier is taken
//! and the doubt is said with the cell.

use super::cell::{CellFormat, Grouping, is_affix, split_affix};
use super::date::DateOrder;
use super::options::{ColumnChoice, DecimalMark, TableOptions, ThousandsMark};

/// A distinct text of a column.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    /// How many rows hold it.
    pub(super) count: usize,
    /// Line of the first.
    pub(super) line: u64,
}

/// How a column is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// As numbers of this format, with what is doubtful about it.
    Numbers(CellFormat, Option<Doubtful>),
    /// As categories, with what is doubtful about it.
    Words(Option<Doubtful>),
    /// Most cells are numbers of a format, and this one (by its place among the words) is none.
    Slip(usize, CellFormat),
}

/// What is doubtful about a reading: the cell by its place among the words, why, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doubtful {
    pub(super) word: usize,
    pub(super) why: String,
    pub(super) remedy: String,
}

/// What is known of the whole file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileWide {
    /// A column with decimal commas beyond doubt was found, or the delimiter is the one of countries that write them.
    pub(super) has_decimal_commas: bool,
}

/// Decides by the words of a column, most of which are no plain numbers or a choice was made about it.
pub(super) fn decide(
    name: &str,
    words: &[Word],
    choice: Option<ColumnChoice>,
    options: &TableOptions,
    file: FileWide,
) -> Decision {
    use ColumnChoice::{Calendar, Category, Date, DateDayFirst, DateMonthFirst, Number};
    match choice {
        Some(Category) => return Decision::Words(None),
        Some(Date | Calendar) => return dates(name, words, &DateOrder::ALL, true),
        Some(DateDayFirst) => return dates(name, words, &[DateOrder::DayFirst], true),
        Some(DateMonthFirst) => return dates(name, words, &[DateOrder::MonthFirst], true),
        _ => {}
    }
    if choice != Some(Number)
        && let found @ (Decision::Numbers(..) | Decision::Words(Some(_))) =
            dates(name, words, &[DateOrder::YearFirst, DateOrder::DayFirst, DateOrder::MonthFirst], false)
    {
        return found;
    }
    numbers(name, words, choice == Some(Number), options, file)
}

/// The place of the word that comes first in the file among those that are meant.
fn first(words: &[Word], is_meant: impl Fn(&Word) -> bool) -> usize {
    let meant = words.iter().enumerate().filter(|(_, word)| is_meant(word));
    meant.min_by_key(|(_, word)| word.line).map_or(0, |(place, _)| place)
}

/// The first order in which every word is a date.
fn dates(name: &str, words: &[Word], orders: &[DateOrder], wanted: bool) -> Decision {
    let fits = |order: &DateOrder| words.iter().all(|word| order.days(&word.text).is_some());
    let fitting: Vec<DateOrder> = orders.iter().copied().filter(fits).collect();
    match fitting.as_slice() {
        [] if wanted => {
            let format = CellFormat { date: orders.first().copied(), ..CellFormat::default() };
            let is_none = |word: &Word| orders.iter().all(|order| order.days(&word.text).is_none());
            Decision::Slip(first(words, is_none), format)
        }
        [] => Decision::Words(None),
        // Days and months below 13 fit both ways.
        [DateOrder::DayFirst, DateOrder::MonthFirst, ..] => {
            let why = "may be day or month first".to_owned();
            let remedy = format!(
                "it is taken as a category; set columns = {{ {name} = \"date_day_first\" }} or \"date_month_first\""
            );
            Decision::Words(Some(Doubtful { word: first(words, |_| true), why, remedy }))
        }
        [order, ..] => {
            let format = CellFormat { date: Some(*order), ..CellFormat::default() };
            let why = format!("is read as {}", format.words());
            let remedy = format!("set columns = {{ {name} = \"category\" }} or \"ignore\" if it is none");
            Decision::Numbers(
                format,
                (!wanted).then_some(Doubtful { word: first(words, |_| true), why, remedy }),
            )
        }
    }
}

/// A format in which every word is a number, the likeliest first.
fn numbers(name: &str, words: &[Word], wanted: bool, options: &TableOptions, file: FileWide) -> Decision {
    let affix = common_affix(words);
    let mut best: Option<(CellFormat, usize)> = None;
    for format in candidates(affix.as_deref().unwrap_or_default(), options, file) {
        let rows = |word: &&Word| format.strict(&word.text).is_some();
        let good: usize = words.iter().filter(rows).map(|word| word.count).sum();
        if best.as_ref().is_none_or(|(_, most)| good > *most) {
            best = Some((format, good));
        }
    }
    let all: usize = words.iter().map(|word| word.count).sum();
    let Some((format, good)) = best else { return Decision::Words(None) };
    if good == all && all > 0 {
        let doubt = doubtful(name, words, &format, options);
        return Decision::Numbers(format, doubt);
    }
    let odd = first(words, |word| format.strict(&word.text).is_none());
    if wanted || 2 * good > all {
        return Decision::Slip(odd, format);
    }
    Decision::Words(mixed_units(name, words))
}

/// What stands around all of the numbers alike; `None` if they differ or it is no affix.
fn common_affix(words: &[Word]) -> Option<String> {
    let mut affixes = words.iter().map(|word| split_affix(&word.text).0);
    let first = affixes.next()?;
    // Brackets are a minus, so that others stand without.
    if first == "()" || first.is_empty() {
        let bracketed = words.iter().map(|word| split_affix(&word.text).0);
        let fits = bracketed.clone().all(|affix| affix.is_empty() || affix == "()");
        return fits.then(|| {
            if bracketed.clone().any(|affix| affix == "()") { "()".to_owned() } else { String::new() }
        });
    }
    (is_affix(&first) && affixes.all(|affix| affix == first)).then_some(first)
}

fn candidates(affix: &str, options: &TableOptions, file: FileWide) -> Vec<CellFormat> {
    use Grouping::{Blank, Comma, Point};
    let ways: [(bool, Option<Grouping>); 6] = if file.has_decimal_commas {
        [
            (true, None),
            (true, Some(Point)),
            (true, Some(Blank)),
            (false, None),
            (false, Some(Blank)),
            (false, Some(Comma)),
        ]
    } else {
        [
            (false, None),
            (false, Some(Comma)),
            (false, Some(Blank)),
            (true, None),
            (true, Some(Point)),
            (true, Some(Blank)),
        ]
    };
    let is_wanted = |(comma, thousands): &(bool, Option<Grouping>)| {
        let decimal = match options.decimal {
            DecimalMark::Auto => true,
            DecimalMark::Point => !comma,
            DecimalMark::Comma => *comma,
        };
        let grouping = match options.thousands {
            ThousandsMark::Auto => true,
            ThousandsMark::None => thousands.is_none(),
            ThousandsMark::Comma => *thousands == Some(Comma),
            ThousandsMark::Point => *thousands == Some(Point),
            ThousandsMark::Blank => *thousands == Some(Blank),
        };
        decimal && grouping
    };
    let ways = ways.into_iter().filter(is_wanted);
    ways.map(|(comma, thousands)| CellFormat { comma, thousands, affix: affix.to_owned(), date: None })
        .collect()
}

/// What is doubtful about numbers that are written another way than programs write them: that they are, and which of two ways it is.
fn doubtful(name: &str, words: &[Word], format: &CellFormat, options: &TableOptions) -> Option<Doubtful> {
    let other = match (format.comma, format.thousands) {
        (false, Some(Grouping::Comma)) => Some(CellFormat { comma: true, thousands: None, ..format.clone() }),
        (true, None) => Some(CellFormat { comma: false, thousands: Some(Grouping::Comma), ..format.clone() }),
        _ => None,
    };
    let is_said = options.decimal != DecimalMark::Auto || options.thousands != ThousandsMark::Auto;
    let word = first(words, |word| super::cell::plain(&word.text).is_none());
    let both = |other: &CellFormat| words.iter().all(|word| other.strict(&word.text).is_some());
    if let Some(other) = other.filter(both).filter(|_| !is_said) {
        let (why, set) = if format.comma {
            (format!("is read with {}, and could be thousands", format.words()), "thousands = \"comma\"")
        } else {
            (
                format!("is read with {}, and could be {}", format.words(), other.words()),
                "decimal = \"comma\"",
            )
        };
        return Some(Doubtful { word, why, remedy: format!("set {set} if it is") });
    }
    if format.is_plain() || is_said && format.affix.is_empty() {
        return None;
    }
    let why = format!("is read as a number: {}", format.words());
    Some(Doubtful { word, why, remedy: format!("set columns = {{ {name} = \"category\" }} if it is none") })
}

/// Numbers with different units cannot be one column of numbers, and are hardly categories.
fn mixed_units(name: &str, words: &[Word]) -> Option<Doubtful> {
    let affixes: Vec<String> = words.iter().map(|word| split_affix(&word.text).0).collect();
    let first = affixes.first().filter(|affix| is_affix(affix))?;
    let other = affixes
        .iter()
        .position(|affix| affix != first)
        .filter(|_| affixes.iter().all(|affix| is_affix(affix)))?;
    let why = format!(
        "is a number with \"{}\", others have \"{}\"",
        affixes.get(other)?.trim_matches('…'),
        first.trim_matches('…')
    );
    let remedy = format!("\"{name}\" is taken as a category; give all cells one unit");
    Some(Doubtful { word: other, why, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Vec<Word> {
        texts.iter().zip(2..).map(|(text, line)| Word { text: (*text).to_owned(), count: 1, line }).collect()
    }

    fn decided(texts: &[&str]) -> Decision {
        decide("c", &words(texts), None, &TableOptions::default(), FileWide::default())
    }

    fn format_of(decision: &Decision) -> &CellFormat {
        match decision {
            Decision::Numbers(format, _) => format,
            other => panic!("not numbers: {other:?}"),
        }
    }

    #[test]
    fn a_column_becomes_numbers_when_it_agrees() {
        let thousands = decided(&["1,219,200", "56", "8,258"]);
        assert_eq!(format_of(&thousands).thousands, Some(Grouping::Comma));
        let Decision::Numbers(_, Some(doubt)) = &thousands else { panic!("it is said") };
        assert!(
            doubt.why.contains("thousands grouped by commas") && doubt.remedy.contains("category"),
            "{doubt:?}"
        );
        assert_eq!(format_of(&decided(&["$1,779.78", "$836.58"])).affix, "$…");
        assert_eq!(format_of(&decided(&["8%", "12%"])).affix, "…%");
        assert!(format_of(&decided(&["1,5", "2,25", "3"])).comma, "decimal commas");
        assert_eq!(format_of(&decided(&["(1.5)", "2"])).affix, "()");
        assert_eq!(format_of(&decided(&["2024-01-01", "2024-12-31"])).date, Some(DateOrder::YearFirst));
        assert_eq!(format_of(&decided(&["31.1.2024", "1.2.2024"])).date, Some(DateOrder::DayFirst));
    }

    #[test]
    fn what_fits_two_ways_is_said() {
        let Decision::Numbers(format, Some(doubt)) = decided(&["1,681", "2,104", "599"]) else {
            panic!("numbers")
        };
        assert_eq!((format.thousands, format.comma), (Some(Grouping::Comma), false));
        assert!(
            doubt.why.contains("could be decimal commas") && doubt.remedy.contains("decimal"),
            "{doubt:?}"
        );
        let Decision::Words(Some(doubt)) = decided(&["1/2/2024", "3/4/2024"]) else { panic!("not guessed") };
        assert!(
            doubt.why.contains("day or month first") && doubt.remedy.contains("date_day_first"),
            "{doubt:?}"
        );
        let said = TableOptions { decimal: DecimalMark::Comma, ..TableOptions::default() };
        let Decision::Numbers(format, doubt) =
            decide("c", &words(&["1,681", "2,104"]), None, &said, FileWide::default())
        else {
            panic!("numbers")
        };
        assert!(format.comma && doubt.is_none(), "what was said is no doubt: {doubt:?}");
    }

    #[test]
    fn words_stay_words_and_slips_are_slips() {
        assert_eq!(decided(&["red", "blue"]), Decision::Words(None));
        assert_eq!(decided(&["room 12", "room 7"]), Decision::Words(None));
        assert!(matches!(decided(&["1,200", "2,300", "x"]), Decision::Slip(2, _)), "one of three is a slip");
        let Decision::Words(Some(doubt)) = decided(&["12 kg", "500 g"]) else { panic!("not one unit") };
        assert!(doubt.why.contains("\"g\"") && doubt.why.contains("\"kg\""), "{doubt:?}");
        let category = decide(
            "c",
            &words(&["1,200", "2,300"]),
            Some(ColumnChoice::Category),
            &TableOptions::default(),
            FileWide::default(),
        );
        assert_eq!(category, Decision::Words(None), "as the person says");
        let number = decide(
            "c",
            &words(&["red", "2"]),
            Some(ColumnChoice::Number),
            &TableOptions::default(),
            FileWide::default(),
        );
        assert!(matches!(number, Decision::Slip(0, _)), "refused as the person says it is numbers");
    }
}
