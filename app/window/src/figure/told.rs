//! Names that are too long for their place, cut so that they can still be told apart: `0.k_proj` of
//! `model.layers.0.self_attn.k_proj.weight`.
//!
//! Contract: where all names fit they stand as they are; else all are shortened in one way, the one that leaves the most of them
//! different, and of those the one that leaves the most without dots.

use std::collections::BTreeSet;

/// Text between the parts of a name.
const BETWEEN: [char; 4] = ['.', '/', '·', ','];
const DOTS: &str = "…";

/// A part of a name, and what stands before it.
struct Part<'a> {
    before: &'a str,
    text: &'a str,
}

/// One way to make a name shorter.
#[derive(Clone, Copy)]
enum Way {
    /// Without the parts that all begin or end with, cut at the end.
    Inner,
    /// Parts with digits and the last few parts, cut at the end.
    Last(usize),
    /// Its end.
    End,
    /// Its two ends.
    Ends,
}

/// In the order in which they are liked.
const WAYS: [Way; 6] = [Way::Inner, Way::Last(1), Way::Last(2), Way::Last(3), Way::End, Way::Ends];

/// The names as they are written where only what `fits` can stand.
pub(crate) fn told(names: &[&str], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let whole = || names.iter().map(|name| (*name).to_owned()).collect();
    if names.iter().all(|name| fits(name)) {
        return whole();
    }
    let parted: Vec<Vec<Part<'_>>> = names.iter().map(|name| parts(name)).collect();
    let (first, last) = common(&parted);
    let mut best: Option<((usize, usize), Vec<String>)> = None;
    for way in WAYS {
        let inner = |parts: &[Part<'_>]| {
            let end = parts.len().saturating_sub(if parts.len() > first + last { last } else { 0 });
            let start = if parts.len() > first + last { first } else { 0 };
            joined(parts.get(start..end).unwrap_or_default().iter())
        };
        let cut = |(name, parts): (&&str, &Vec<Part<'_>>)| match way {
            Way::Inner => cut_end(&inner(parts), &fits),
            Way::Last(count) => {
                let kept = parts.len().saturating_sub(last.min(parts.len().saturating_sub(1)));
                let parts = parts.get(..kept).unwrap_or_default();
                cut_end(&numbered(parts, count), &fits)
            }
            Way::Ends => ends(name, &fits),
            Way::End => cut_start(name, &fits),
        };
        let written: Vec<String> = names.iter().zip(&parted).map(cut).collect();
        let different = written.iter().collect::<BTreeSet<_>>().len();
        let uncut = written.iter().filter(|name| !name.contains(DOTS)).count();
        if best.as_ref().is_none_or(|(most, _)| (different, uncut) > *most) {
            best = Some(((different, uncut), written));
        }
    }
    best.map_or_else(whole, |(_, written)| written)
}

/// A name in its parts. Neither a decimal point nor what stands in brackets separates.
fn parts(name: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut before) = (0_usize, 0, "");
    let mut last = None;
    for (at, letter) in name.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let end = at + letter.len_utf8();
        let next = name.get(end..).and_then(|rest| rest.chars().next());
        let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
        let is_point = letter == '.' && is_digit(last) && is_digit(next);
        last = Some(letter);
        if depth > 0 || is_point || !BETWEEN.contains(&letter) {
            continue;
        }
        let own = name.get(start..at).unwrap_or_default();
        let text = own.trim_end();
        // Spaces beside a separator belong to it.
        let space = name.get(end..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        found.push(Part { before, text });
        before = name.get(start + text.len()..end + space).unwrap_or_default();
        start = end + space;
    }
    found.push(Part { before, text: name.get(start..).unwrap_or_default() });
    found.retain(|part| !part.text.is_empty());
    found
}

/// How many parts all names of several parts begin and end with; one part at least is left of each.
fn common(names: &[Vec<Part<'_>>]) -> (usize, usize) {
    let of_parts: Vec<&Vec<Part<'_>>> = names.iter().filter(|parts| parts.len() > 1).collect();
    let Some((model, others)) = of_parts.split_first().filter(|(_, others)| !others.is_empty()) else {
        return (0, 0);
    };
    let shortest = of_parts.iter().map(|parts| parts.len()).min().unwrap_or(1);
    let alike = |place: usize, back: bool| {
        let at = |parts: &Vec<Part<'_>>| {
            let place = if back { parts.len().checked_sub(place + 1) } else { Some(place) };
            place.and_then(|place| parts.get(place)).map(|part| part.text.to_owned())
        };
        others.iter().all(|parts| at(parts) == at(model))
    };
    let first = (0..shortest - 1).take_while(|place| alike(*place, false)).count();
    let last = (0..shortest - 1 - first).take_while(|place| alike(*place, true)).count();
    (first, last)
}

/// The parts with digits and the last `count` parts, in their order.
fn numbered(parts: &[Part<'_>], count: usize) -> String {
    let from = parts.len().saturating_sub(count);
    let is_told = |part: &Part<'_>| part.text.bytes().any(|byte| byte.is_ascii_digit());
    let kept = parts.iter().enumerate().filter(|(place, part)| *place >= from || is_told(part));
    joined(kept.map(|(_, part)| part))
}

fn joined<'a, 'b: 'a>(parts: impl Iterator<Item = &'a Part<'b>>) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push_str(part.before);
        }
        text.push_str(part.text);
    }
    text
}

/// As much of the beginning as fits with dots after it.
fn cut_end(text: &str, fits: &impl Fn(&str) -> bool) -> String {
    longest(text, fits, |letters, kept| {
        let start: String = letters.iter().take(kept).collect();
        format!("{}{DOTS}", start.trim_end())
    })
}

/// As much of the end as fits with dots before it.
fn cut_start(text: &str, fits: &impl Fn(&str) -> bool) -> String {
    longest(text, fits, |letters, kept| {
        let end: String = letters.iter().skip(letters.len() - kept).collect();
        format!("{DOTS}{}", end.trim_start())
    })
}

/// The beginning and the end of a text with dots between, as much as `fits` takes.
pub(crate) fn ends(text: &str, fits: &impl Fn(&str) -> bool) -> String {
    longest(text, fits, |letters, kept| {
        let start: String = letters.iter().take(kept.div_ceil(2)).collect();
        let end: String = letters.iter().skip(letters.len() - kept / 2).collect();
        format!("{}{DOTS}{}", start.trim_end(), end.trim_start())
    })
}

/// The text, or what is made of the most of its letters that fit.
fn longest(text: &str, fits: &impl Fn(&str) -> bool, made: impl Fn(&[char], usize) -> String) -> String {
    if fits(text) {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let mut shorter = (1..letters.len()).rev().map(|kept| made(&letters, kept));
    shorter.find(|text| fits(text)).unwrap_or_else(|| DOTS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(names: &[&str], most: usize) -> Vec<String> {
        told(names, |text| text.chars().count() <= most)
    }

    #[test]
    fn matrices_of_a_model_are_told_by_their_layer_and_their_own_name() {
        let names = [
            "lm_head.weight",
            "model.layers.0.self_attn.k_proj.weight",
            "model.layers.0.self_attn.v_proj.weight",
            "model.layers.1.mlp.down_proj.weight",
            "model.norm.weight",
        ];
        assert_eq!(cut(&names, 8), ["lm_head", "0.k_proj", "0.v_proj", "1.down_…", "norm"]);
        let with_biases = ["blocks.0.query.weight", "blocks.0.query.bias", "blocks.1.key.weight"];
        let written = cut(&with_biases, 16);
        assert_eq!(written, ["0.query.weight", "0.query.bias", "1.key.weight"], "its kind tells it too");
        assert_eq!(cut(&["b0.query", "b0.key", "b0.value"], 6), ["query", "key", "value"], "all in one way");
        assert_eq!(cut(&["b0.query", "b0.key", "b1.key"], 7), ["b0.que…", "b0.key", "b1.key"]);
    }

    #[test]
    fn runs_are_told_by_what_they_do_not_share() {
        let runs = ["mlp-lsq, bits 2 · s0", "mlp-lsq, bits 2 · s1", "mlp-lsq, bits 4 · s0"];
        assert_eq!(cut(&runs, 11), ["bits 2 · s0", "bits 2 · s1", "bits 4 · s0"]);
        let rates = ["quick, learning rate 0.003 · s0", "quick, learning rate 0.01 · s0"];
        assert_eq!(
            cut(&rates, 20),
            ["learning rate 0.003", "learning rate 0.01"],
            "a point in a number is none"
        );
    }

    #[test]
    fn what_has_no_parts_is_cut_where_it_differs() {
        assert_eq!(cut(&["step-0040", "step-1200"], 5), ["…0040", "…1200"]);
        assert_eq!(cut(&["Random forest", "Linear"], 8), ["Random…", "Linear"]);
        assert_eq!(cut(&["Random forest"], 40), ["Random forest"], "what fits stays");
        assert_eq!(cut(&["abc", "abd"], 1), ["…", "…"], "no room for any letter");
    }
}
