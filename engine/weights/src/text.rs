//! Names and sizes from files as people may safely see them.

use std::fmt::Write as _;
use std::path::Path;

/// Longer names are shortened in the middle.
const LONGEST_SHOWN: usize = 160;

/// A name from a file as it may be shown on a screen, in a terminal or in a log.
///
/// Control characters, marks that turn the direction of text and other invisible ones are written as `\u{1b}`; names of more than
/// 160 characters lose their middle to `…`. What remains is one line of harmless text.
pub fn shown(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST_SHOWN {
        return escaped(name.chars());
    }
    let half = LONGEST_SHOWN / 2;
    let mut text = escaped(name.chars().take(half));
    text.push('…');
    text.push_str(&escaped(name.chars().skip(length - half)));
    text
}

/// A path as it may be shown: as [`shown`], but never shortened.
pub fn shown_path(path: &Path) -> String {
    escaped(path.to_string_lossy().chars())
}

fn escaped(characters: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for character in characters {
        if is_invisible(character) {
            // Writing into a string cannot fail.
            let _ = write!(text, "{}", character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

/// Control characters, zero-width ones, direction marks, separators of lines, the byte-order mark, tags.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A number of bytes for people: `812 bytes`, `3.4 kB`, `100 MB`, `9.98 GB` (powers of ten).
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let value = bytes as f64 / unit as f64;
            let digits = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
            return format!("{value:.digits$} {name}");
        }
    }
    format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" })
}

/// `1 tensor`, `12 tensors`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_codes_and_direction_marks_are_written_out() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c\0"), "a\\u{1b}[31mb\\u{202e}c\\u{0}");
        assert_eq!(shown("encoder.Wörter.0"), "encoder.Wörter.0");
    }

    #[test]
    fn long_names_lose_their_middle() {
        let name = format!("{}{}", "a".repeat(500), "z".repeat(500));
        let text = shown(&name);
        assert_eq!(text.chars().count(), LONGEST_SHOWN + 1);
        assert!(text.starts_with("aaa") && text.ends_with("zzz") && text.contains('…'));
    }

    #[test]
    fn sizes_have_three_digits_or_fewer_before_the_point() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(812), "812 bytes");
        assert_eq!(size(3_400), "3.40 kB");
        assert_eq!(size(100_000_000), "100 MB");
        assert_eq!(size(12_340_000_000), "12.3 GB");
    }
}
