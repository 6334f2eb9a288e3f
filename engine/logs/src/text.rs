//! Names and paths from files as people may safely see them, and numbers of things.

use std::fmt::Write as _;
use std::path::Path;

/// Longer names lose their middle.
const LONGEST_SHOWN: usize = 120;

/// A name or tag as it may stand on a screen, in a terminal or in a log: one line of harmless text.
pub(crate) fn shown(name: &str) -> String {
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
pub(crate) fn shown_path(path: &Path) -> String {
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

/// `1 frame`, `12 frames`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
