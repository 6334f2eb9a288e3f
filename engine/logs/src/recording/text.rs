//! Names from files as people may safely see them.

use std::path::Path;

/// Longer names lose their end.
const LONGEST_SHOWN: usize = 120;

/// A name from a file as it may be shown on a screen, in a terminal or in a log: one line, with marks that control a terminal or turn
/// the direction of text written out.
pub(super) fn shown(name: &str) -> String {
    let mut text = escaped(name.chars().take(LONGEST_SHOWN));
    if name.chars().nth(LONGEST_SHOWN).is_some() {
        text.push('…');
    }
    text
}

/// A path as it may be shown: as [`shown`], but never shortened.
pub(super) fn shown_path(path: &Path) -> String {
    escaped(path.to_string_lossy().chars())
}

fn escaped(characters: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for character in characters {
        if is_invisible(character) {
            text.extend(character.escape_unicode());
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
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
