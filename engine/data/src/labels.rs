//! Turning a column of labels, numbers or words, into a [`Target`].

use std::collections::BTreeSet;

use super::dataset::Target;
use super::error::Problem;
use super::open::TargetKind;
use super::read::Doubt;

/// Labels beyond ± this are no list of classes; beyond 2⁵³ neighbouring whole numbers fall together.
const LARGEST_LABEL: f64 = 9.0e15;

/// Labels that are class numbers: class `k` is called "k", and there are as many as the largest label says.
pub(super) fn from_class_numbers(labels: Vec<u32>) -> Target {
    let classes = labels.iter().max().map_or(0, |largest| *largest as usize + 1);
    Target::Classes { labels, names: (0..classes).map(|class| class.to_string()).collect() }
}

/// Targets from numbers of any type, with what is doubtful about them.
///
/// As classes they must be whole; every distinct number is a class, called by it, in ascending order. Numbers that are not 0, 1, … may be
/// codes of something else, which is said.
pub(super) fn from_numbers(numbers: &[f64], kind: TargetKind) -> Result<(Target, Option<Doubt>), Problem> {
    if kind == TargetKind::Values {
        return Ok((Target::Values(numbers.iter().map(|number| *number as f32).collect()), None));
    }
    let is_class = |number: f64| number.fract() == 0.0 && number.abs() < LARGEST_LABEL;
    if let Some((row, label)) = numbers.iter().enumerate().find(|(_, number)| !is_class(**number)) {
        return Err(Problem::NotAClass { row: row + 1, label: *label });
    }
    let whole: Vec<i64> = numbers.iter().map(|number| *number as i64).collect();
    let target = classes_from_distinct(&whole, ToString::to_string);
    let Target::Classes { names, .. } = &target else { return Ok((target, None)) };
    let counted = names.iter().enumerate().all(|(class, name)| class.to_string() == *name);
    let doubt = (!counted).then(|| {
        const MOST: usize = 6;
        let listed = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
        let more = if names.len() > MOST { ", …" } else { "" };
        let why = format!(
            "the labels are {listed}{more}, not 0 to {}: each distinct label is a class",
            names.len().saturating_sub(1)
        );
        Doubt { why, remedy: "number the classes from 0 if some are missing".to_owned(), ..Doubt::default() }
    });
    Ok((target, doubt))
}

/// Classes from the words of a table's column.
///
/// Every distinct word is a class. If all of them are whole numbers they are ordered by value ("2" before "10",
/// "1.0" is "1"), else by Unicode. So a column that holds 0, 1, …, n − 1 keeps its numbers.
pub(super) fn classes_from_words(words: &[String]) -> Result<Target, Problem> {
    let numbers: Option<Vec<f64>> =
        words.iter().map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect();
    let Some(numbers) = numbers else {
        return Ok(classes_from_distinct(words, String::clone));
    };
    // Beyond 2⁵³ neighbouring whole numbers fall together.
    let is_whole = |number: f64| number.fract() == 0.0 && number.abs() < LARGEST_LABEL;
    if let Some((row, label)) = numbers.iter().enumerate().find(|(_, number)| !is_whole(**number)) {
        return Err(Problem::NotAClass { row: row + 1, label: *label });
    }
    let whole: Vec<i64> = numbers.iter().map(|number| *number as i64).collect();
    Ok(classes_from_distinct(&whole, ToString::to_string))
}

/// Numbers the distinct items in ascending order.
fn classes_from_distinct<T: Ord>(items: &[T], name: impl Fn(&T) -> String) -> Target {
    let distinct: Vec<&T> = items.iter().collect::<BTreeSet<_>>().into_iter().collect();
    // Every item is among the distinct ones, so the search always finds it.
    let labels = items.iter().map(|item| distinct.partition_point(|other| *other < item) as u32).collect();
    Target::Classes { labels, names: distinct.into_iter().map(name).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    fn classes(labels: &[u32], names: &[&str]) -> Target {
        Target::Classes { labels: labels.to_vec(), names: words(names) }
    }

    #[test]
    fn whole_numbers_are_ordered_by_value() {
        let target = classes_from_words(&words(&["10", "2", "2.0", "-1"])).unwrap();
        assert_eq!(target, classes(&[2, 1, 1, 0], &["-1", "2", "10"]));
    }

    #[test]
    fn words_are_ordered_by_unicode() {
        let target = classes_from_words(&words(&["virginica", "3", "setosa", "3"])).unwrap();
        assert_eq!(target, classes(&[2, 0, 1, 0], &["3", "setosa", "virginica"]));
    }

    #[test]
    fn fractions_are_no_classes() {
        let wanted = "row 2 has label 3.5, which is not a class; \
                      read the target as values for a regression, or give whole numbers from 0 up";
        assert_eq!(classes_from_words(&words(&["1", "3.5"])).unwrap_err().to_string(), wanted);
        assert_eq!(from_numbers(&[1.0, 3.5], TargetKind::Classes).unwrap_err().to_string(), wanted);
    }

    #[test]
    fn distinct_numbers_are_classes_and_codes_are_said() {
        let (target, doubt) = from_numbers(&[2.0, 0.0, -1.0], TargetKind::Classes).unwrap();
        assert_eq!(target, classes(&[2, 1, 0], &["-1", "0", "2"]));
        assert!(doubt.unwrap().why.contains("-1, 0, 2"), "it is said");
        assert!(from_numbers(&[1.0, 0.0], TargetKind::Classes).unwrap().1.is_none(), "counted from 0");
        assert!(from_numbers(&[f64::NAN], TargetKind::Classes).is_err());
        assert!(from_numbers(&[1e18], TargetKind::Classes).is_err());
    }

    #[test]
    fn the_same_numbers_can_be_values() {
        let (target, doubt) = from_numbers(&[1.0, 3.5], TargetKind::Values).unwrap();
        assert_eq!((target, doubt), (Target::Values(vec![1.0, 3.5]), None));
    }
}
