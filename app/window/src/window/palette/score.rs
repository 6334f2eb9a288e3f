//! How well a text answers a few typed letters.
//!
//! Contract: pure; a smaller score is better; every word of the query must be found. A beginning of the text comes before the
//! beginning of one of its words, that before letters inside a word, and those before letters that are scattered.

/// A word of the query at the start of the text, and what each weaker way of finding it costs more.
pub(super) const STEP: u32 = 100;
/// Scattered letters must lie within this many times their number, or long texts would answer everything.
const SPREAD: usize = 4;

/// The score of a text in lower case for a query in lower case; `None` if it is no answer.
pub(super) fn score(text: &str, query: &str) -> Option<u32> {
    let letters: Vec<char> = text.chars().collect();
    query.split_whitespace().map(|word| of_word(text, &letters, word)).sum()
}

fn of_word(text: &str, letters: &[char], word: &str) -> Option<u32> {
    if text == word {
        return Some(0);
    }
    if text.starts_with(word) {
        return Some(1);
    }
    // A word that is typed may go over several of the text: `phases/desk`.
    let is_inside = |at: usize| text.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    if text.match_indices(word).any(|(at, _)| !is_inside(at)) {
        return Some(STEP);
    }
    if text.contains(word) {
        return Some(2 * STEP);
    }
    let wanted: Vec<char> = word.chars().collect();
    let spans = (0..letters.len()).filter_map(|start| span(letters.get(start..)?, &wanted));
    let span = spans.min().filter(|span| *span <= SPREAD * wanted.len())?;
    Some(3 * STEP + (span - wanted.len()) as u32)
}

/// Letters from the first to the last wanted one, if all stand here in their order and the first one at once.
fn span(letters: &[char], wanted: &[char]) -> Option<usize> {
    let mut left = wanted.iter();
    let mut next = left.next()?;
    if letters.first() != Some(next) {
        return None;
    }
    for (place, letter) in letters.iter().enumerate() {
        if letter == next {
            match left.next() {
                Some(more) => next = more,
                None => return Some(place + 1),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_comes_before_a_word_before_a_part_before_scattered_letters() {
        let texts = ["light theme", "the light", "moonlight", "log histogram"];
        let scores: Vec<Option<u32>> = texts.iter().map(|text| score(text, "lig")).collect();
        assert_eq!(scores[0], Some(1), "at the start");
        assert!(scores[0] < scores[1] && scores[1] < scores[2], "{scores:?}");
        assert_eq!(score("log histogram", "lgi"), Some(3 * STEP + 3), "scattered, with its gaps");
        assert_eq!(score("light theme", "lgtth"), Some(3 * STEP + 3), "over two words");
        assert_eq!(score("run", "run"), Some(0), "a whole text comes before a longer one");
        assert!(score("run", "run") < score("runs and log", "run"));
    }

    #[test]
    fn every_word_counts_in_any_order_and_nothing_typed_fits_all() {
        assert!(score("use preset oscillation/quick", "quick osc").is_some(), "words in any order");
        assert_eq!(score("use preset oscillation/quick", "quick phases"), None, "each must be found");
        let whole = score("use preset oscillation/quick", "oscillation/quick");
        assert_eq!(whole, Some(STEP), "a name of several words is the beginning of one");
        assert_eq!(score("anything", "  "), Some(0), "nothing typed");
    }

    #[test]
    fn letters_far_apart_are_no_answer() {
        assert_eq!(score("open run 2026-11-25 phases of a long title", "oe"), Some(3 * STEP + 1));
        assert_eq!(score("o.........................x", "ox"), None, "too far apart");
        assert_eq!(score("längs", "ä"), Some(2 * STEP), "letters, not bytes");
    }
}
