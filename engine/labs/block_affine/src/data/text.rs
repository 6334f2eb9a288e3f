//! Texts as tokens: a vocabulary of 96 characters, or ids from a file; windows that train and windows that validate.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use weightscope_data::{Doubt, Read};
use weightscope_frame::experiment::Problem;
use weightscope_math::Stream;

use crate::config::{Config, Vocabulary};

/// Characters of the vocabulary: the line feed and 95 printable ones.
pub(crate) const LETTERS: usize = 96;
/// Fewest characters of a text after those without a token are left out.
const FEWEST: usize = 100;
/// Share of a text that validates: its end.
const VALIDATES: f64 = 0.15;
/// Windows by which a model is judged.
pub(crate) const WINDOWS: usize = 64;
/// Share of characters without a token from which a warning is due.
const MANY_LEFT_OUT: f64 = 0.01;

/// Texts that are part of the program.
const SHIPPED: [(&str, &[u8]); 2] = [
    ("genesis", include_bytes!("../../../../../assets/text/genesis.txt.gz")),
    ("jargon", include_bytes!("../../../../../assets/text/jargon.txt.gz")),
];

/// The token of a character.
pub(crate) fn token(letter: char) -> Option<u32> {
    match letter {
        '\n' => Some(0),
        ' '..='~' => Some(letter as u32 - ' ' as u32 + 1),
        _ => None,
    }
}

/// The character of a token.
pub(crate) fn letter(token: u32) -> char {
    match token {
        0 => '\n',
        token => char::from_u32(token - 1 + ' ' as u32)
            .filter(|letter| (' '..='~').contains(letter))
            .unwrap_or('?'),
    }
}

/// A text as tokens, in a part that trains and one that validates.
#[derive(Clone, Debug)]
pub(crate) struct Corpus {
    /// What was read.
    pub(crate) read: Read,
    /// Tokens that train.
    pub(crate) train: Vec<u32>,
    /// Tokens that validate.
    pub(crate) validate: Vec<u32>,
    /// Tokens of a row.
    pub(crate) context: usize,
    /// The setting that names it.
    pub(crate) key: &'static str,
}

impl Corpus {
    /// What the settings name.
    pub(crate) fn open(config: &Config) -> Result<Self, Vec<Problem>> {
        let context = config.context as usize;
        match config.vocabulary {
            Vocabulary::Printable => Self::of_text(&config.text, "text", context),
            Vocabulary::Ids => Self::of_ids(&config.tokens, context),
        }
    }

    /// A text by its name or path.
    pub(crate) fn of_text(name: &str, key: &'static str, context: usize) -> Result<Self, Vec<Problem>> {
        let refuse = |why: String| vec![Problem::error(key, why)];
        let bytes = match SHIPPED.iter().find(|(own, _)| *own == name) {
            Some((_, packed)) => unpacked(packed).map_err(|error| refuse(format!("{error}: {name}")))?,
            None => std::fs::read(name).map_err(|error| {
                refuse(format!(
                    "the text cannot be read ({error}); choose genesis, jargon, or the path of a text: {name}"
                ))
            })?,
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            refuse(format!("the text is not UTF-8 (byte {}); convert it: {name}", error.valid_up_to()))
        })?;
        let all = text.chars().count();
        let tokens: Vec<u32> = text.chars().filter_map(token).collect();
        let left_out = all - tokens.len();
        if tokens.len() < FEWEST {
            let count = tokens.len();
            return Err(refuse(format!(
                "the text has {count} characters of the vocabulary, fewer than {FEWEST}: {name}"
            )));
        }
        let mut read = Read {
            place: name.to_owned(),
            bytes: (!SHIPPED.iter().any(|(own, _)| *own == name)).then_some(bytes.len() as u64),
            form: "text, a token for each of 96 characters".to_owned(),
            hash: blake3::hash(&bytes).to_hex().to_string(),
            rows: tokens.len(),
            ..Read::default()
        };
        if left_out > 0 {
            read.left_out = vec![("character outside the vocabulary".to_owned(), left_out)];
            let share = left_out as f64 / all as f64;
            if share > MANY_LEFT_OUT {
                let first = text.chars().find(|letter| token(*letter).is_none()).unwrap_or_default();
                read.doubts.push(Doubt {
                    why: format!(
                        "{:.1} % of the characters are outside the vocabulary and left out, the first is {first:?}",
                        100.0 * share
                    ),
                    remedy: "write them in plain letters, or bring a tokenizer of one's own (vocabulary = ids)".to_owned(),
                    ..Doubt::default()
                });
            }
        }
        Self::divided(read, tokens, context, key)
    }

    fn of_ids(path: &str, context: usize) -> Result<Self, Vec<Problem>> {
        let refuse = |why: String| vec![Problem::error("tokens", format!("{why}: {path}"))];
        let bytes = std::fs::read(Path::new(path))
            .map_err(|error| refuse(format!("the token ids cannot be read ({error})")))?;
        let tokens = ids(&bytes).map_err(refuse)?;
        let read = Read {
            place: path.to_owned(),
            bytes: Some(bytes.len() as u64),
            form: "token ids".to_owned(),
            hash: blake3::hash(&bytes).to_hex().to_string(),
            rows: tokens.len(),
            ..Read::default()
        };
        Self::divided(read, tokens, context, "tokens")
    }

    fn divided(
        read: Read,
        mut tokens: Vec<u32>,
        context: usize,
        key: &'static str,
    ) -> Result<Self, Vec<Problem>> {
        let place = read.place.clone();
        let trains = tokens.len() - (tokens.len() as f64 * VALIDATES) as usize;
        let validate = tokens.split_off(trains);
        // A row needs its tokens and the one that comes next.
        let least = context + 1;
        if validate.len() < least || tokens.len() < least {
            let count = tokens.len() + validate.len();
            let needed = (least as f64 / VALIDATES).ceil();
            let text = format!(
                "{count} tokens are too few for a context of {context}: the last 15 % must hold a row; it takes {needed} or more: {place}"
            );
            return Err(vec![
                Problem::error(key, text.clone()),
                Problem::error("context", text).allowing("a shorter context"),
            ]);
        }
        Ok(Self { read, train: tokens, validate, context, key })
    }

    /// The largest token.
    pub(crate) fn largest(&self) -> usize {
        self.train.iter().chain(&self.validate).copied().max().unwrap_or(0) as usize
    }

    /// Rows at random places of the part that trains, with the tokens that come next.
    pub(crate) fn draw(&self, rows: usize, random: &mut Stream) -> (Vec<u32>, Vec<u32>) {
        let mut batch = (Vec::with_capacity(rows * self.context), Vec::with_capacity(rows * self.context));
        for _ in 0..rows {
            let start = random.below(self.train.len() - self.context);
            let row = self.train.get(start..=start + self.context).unwrap_or_default();
            batch.0.extend(row.iter().take(self.context));
            batch.1.extend(row.iter().skip(1));
        }
        batch
    }

    /// The fixed windows by which a model is judged, evenly over the part that validates, with the tokens that come next.
    pub(crate) fn windows(&self) -> (Vec<u32>, Vec<u32>) {
        let last = self.validate.len() - self.context - 1;
        let count = WINDOWS.min(last + 1);
        let mut all = (Vec::new(), Vec::new());
        for window in 0..count {
            let start = if count > 1 { window * last / (count - 1) } else { 0 };
            let row = self.validate.get(start..=start + self.context).unwrap_or_default();
            all.0.extend(row.iter().take(self.context));
            all.1.extend(row.iter().skip(1));
        }
        all
    }
}

fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the text is damaged ({error})"))?;
    Ok(bytes)
}

/// Ids of a `.npy` file, version 1 or 2: one dimension, little-endian, 16 or 32 bits without sign.
fn ids(bytes: &[u8]) -> Result<Vec<u32>, String> {
    let damaged = || "this is no whole .npy file".to_owned();
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(damaged)?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(damaged)?;
    let (length, rest) = if version.first() == Some(&1) {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let (header, values) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let header = String::from_utf8_lossy(header);
    let ids: Vec<u32> = if header.contains("'<u2'") {
        values.as_chunks::<2>().0.iter().map(|bytes| u32::from(u16::from_le_bytes(*bytes))).collect()
    } else if header.contains("'<u4'") {
        values.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
    } else {
        return Err("the ids are not of 16 or 32 bits without sign (dtype uint16 or uint32)".to_owned());
    };
    let shape: String = header
        .split("'shape':")
        .nth(1)
        .and_then(|rest| rest.split(')').next())
        .unwrap_or_default()
        .to_owned();
    let sizes: Vec<usize> =
        shape.trim_start_matches([' ', '(']).split(',').filter_map(|size| size.trim().parse().ok()).collect();
    if sizes != [ids.len()] {
        return Err(format!(
            "the ids are no list of one dimension, or the file is cut off: shape {sizes:?}, {} ids",
            ids.len()
        ));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_tokens_are_each_others_inverse() {
        assert_eq!(
            (0..LETTERS as u32).filter_map(|id| token(letter(id))).collect::<Vec<_>>(),
            (0..96).collect::<Vec<_>>()
        );
        assert_eq!((token('é'), token('\t'), token('\r')), (None, None, None));
    }

    #[test]
    fn a_text_that_loses_many_letters_is_doubtful_and_says_which() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mixed.txt");
        std::fs::write(&path, "hello world ж ".repeat(300)).unwrap();
        let read = Corpus::of_text(path.to_str().unwrap(), "text", 16).unwrap().read;
        assert_eq!(read.left_out, [("character outside the vocabulary".to_owned(), 300)]);
        assert!(
            read.doubts[0].why.contains("7.1 %") && read.doubts[0].why.contains('ж'),
            "{:?}",
            read.doubts
        );
        assert!(Corpus::of_text("genesis", "text", 64).unwrap().read.doubts.is_empty());
    }

    #[test]
    fn the_shipped_texts_are_divided_and_windows_follow_each_other() {
        let corpus = Corpus::of_text("genesis", "text", 64).unwrap();
        assert_eq!((corpus.train.len(), corpus.validate.len()), (102_000, 18_000));
        let (tokens, targets) = corpus.windows();
        assert_eq!((tokens.len(), targets.len()), (64 * 64, 64 * 64));
        assert_eq!(tokens[1..64], targets[..63]);
        assert_eq!(targets.last(), corpus.validate.get(17_999 - 1 + 1));
        let (batch, next) = corpus.draw(3, &mut weightscope_math::stream(1, "windows"));
        assert_eq!((batch.len(), &batch[65..128]), (192, &next[64..127]));
        assert_eq!(Corpus::of_text("jargon", "text", 64).unwrap().read.rows, 800_000);
    }

    #[test]
    fn what_cannot_be_learned_from_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let refused = |path: &str, context| {
            let problems = Corpus::of_text(path, "text", context).unwrap_err();
            (problems[0].key.clone(), problems[0].message.clone())
        };
        let (key, why) = refused(&write("latin", &[b'a', 0xe9, b'b']), 16);
        assert!(key == "text" && why.contains("UTF-8") && why.contains("byte 1"), "{why}");
        let (_, why) = refused(&write("few", "é".repeat(500).as_bytes()), 16);
        assert!(why.contains("0 characters") && why.contains("100"), "{why}");
        let (_, why) = refused(&write("short", "ab ".repeat(100).as_bytes()), 64);
        assert!(why.contains("300 tokens") && why.contains("context of 64"), "{why}");
        assert!(refused("/nowhere/text", 16).1.ends_with("/nowhere/text"));
    }

    #[test]
    fn token_ids_are_read_and_a_cut_file_is_not() {
        let npy = |kind: &str, count: usize, bytes: &[u8]| {
            let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({count},), }}\n");
            let mut all = b"\x93NUMPY\x01\x00".to_vec();
            all.extend((header.len() as u16).to_le_bytes());
            all.extend(header.as_bytes());
            all.extend(bytes);
            all
        };
        assert_eq!(ids(&npy("<u2", 2, &[1, 0, 0, 1])).unwrap(), [1, 256]);
        assert_eq!(ids(&npy("<u4", 1, &[7, 0, 0, 0])).unwrap(), [7]);
        assert!(ids(&npy("<u2", 3, &[1, 0, 0, 1])).unwrap_err().contains("cut off"));
        assert!(ids(&npy("<i8", 1, &[0; 8])).unwrap_err().contains("uint16"));
        assert!(ids(b"nothing").is_err());
    }
}
