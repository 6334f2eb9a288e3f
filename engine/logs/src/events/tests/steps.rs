//! Where steps fall.

use super::{read_records, session, simple, summary, version};
use crate::events::{Fall, Steps};

/// The falls of these records, with the place of the entry.
fn falls(records: &[Vec<u8>]) -> (Vec<(usize, Fall)>, u64) {
    let (entries, _) = read_records(records);
    let mut steps = Steps::new();
    let falls = entries.iter().enumerate().filter_map(|(at, entry)| Some((at, steps.look(entry)?))).collect();
    (falls, steps.seams())
}

fn fall(tag: Option<&str>, before: i64, after: i64, is_new: bool) -> Fall {
    Fall { tag: tag.map(Into::into), before, after, is_new }
}

#[test]
fn each_tag_that_begins_again_falls_and_the_first_marks_the_seam() {
    let both = |step: i64| summary(step, &[simple("a", 1.0), simple("b", 1.0)]);
    let (falls, seams) = falls(&[version(), both(1), both(2), both(2), version(), both(1), both(3), both(2)]);
    let expected = [
        (8, fall(Some("a"), 2, 1, true)),
        (9, fall(Some("b"), 2, 1, false)),
        (12, fall(Some("a"), 3, 2, true)),
        (13, fall(Some("b"), 3, 2, false)),
    ];
    assert_eq!(falls, expected);
    assert_eq!(seams, 2);
}

#[test]
fn tags_that_are_written_behind_others_do_not_fall() {
    let one = |tag: &str, step: i64| summary(step, &[simple(tag, 1.0)]);
    let records = [version(), one("a", 10), one("b", 5), one("a", 20), one("b", 15), one("c", 1)];
    assert_eq!(falls(&records), (Vec::new(), 0));
}

#[test]
fn a_session_that_starts_at_an_earlier_step_is_a_seam() {
    let one = |tag: &str, step: i64| summary(step, &[simple(tag, 1.0)]);
    let (falls, seams) = falls(&[
        version(),
        session(0, 1),
        one("a", 10),
        session(10, 3),
        session(10, 1),
        one("a", 12),
        session(7, 1),
        one("a", 8),
        one("a", 9),
    ]);
    assert_eq!(falls, [(6, fall(None, 12, 7, true)), (7, fall(Some("a"), 12, 8, false))]);
    assert_eq!(seams, 1);
}
