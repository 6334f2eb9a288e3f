//! Inputs made worse: flipped bits, extreme numbers, cut, repeated and mixed parts, odd words in texts.

use weightscope_engine::math::Stream;

/// Words that texts with numbers stumble over.
const WORDS: [&str; 16] = [
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "99999999999999999999",
    "1_000",
    "\"",
    "",
    "\u{feff}",
    "null",
    "[[[[[[[[",
    "a\tb",
    "é",
    "..",
];
/// Numbers that counts and lengths stumble over.
const NUMBERS: [u64; 10] =
    [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, u64::MAX];

/// One to five changes of a seed; now and then a part of another seed.
pub(crate) fn mutated(seeds: &[Vec<u8>], random: &mut Stream) -> Vec<u8> {
    let mut bytes = seeds[below(random, seeds.len())].clone();
    for _ in 0..=below(random, 5) {
        change(&mut bytes, seeds, random);
    }
    bytes
}

/// A whole number below `count`; 0 where there is none.
pub(crate) fn below(random: &mut Stream, count: usize) -> usize {
    (random.next_u64() % count.max(1) as u64) as usize
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Stream) {
    let length = bytes.len();
    let at = below(random, length);
    let most = 1 << below(random, 10);
    let part = at..(at + 1 + below(random, most)).min(length);
    match below(random, 10) {
        0 if length > 0 => bytes[at] ^= 1 << below(random, 8),
        1 if length > 0 => bytes[at] = [0, 0xff, 0x7f, 0x80, b'\n', b',', b'"', b' '][below(random, 8)],
        2 | 3 => number(bytes, at, random),
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(part)),
        6 => {
            let copy = bytes[part].to_vec();
            bytes.splice(at..at, copy);
        }
        7 => {
            let noise: Vec<u8> = (0..below(random, 16)).map(|_| random.next_u64() as u8).collect();
            bytes.splice(at..at, noise);
        }
        8 => {
            let other = &seeds[below(random, seeds.len())];
            let from = below(random, other.len());
            let to = (from + below(random, 256)).min(other.len());
            bytes.splice(part, other[from..to].iter().copied());
        }
        _ => word(bytes, at, random),
    }
}

/// Overwrites 1, 2, 4 or 8 bytes by an extreme number, or one near the length.
fn number(bytes: &mut [u8], at: usize, random: &mut Stream) {
    let near = (bytes.len() + below(random, 5)).saturating_sub(2) as u64;
    let number = if below(random, 3) == 0 { near } else { NUMBERS[below(random, NUMBERS.len())] };
    let width = 1 << below(random, 4);
    let (little, big) = (number.to_le_bytes(), number.to_be_bytes());
    let written = if below(random, 2) == 0 { &little[..width] } else { &big[8 - width..] };
    bytes.iter_mut().skip(at).zip(written).for_each(|(byte, new)| *byte = *new);
}

/// Puts a word in place of the one that stands there.
fn word(bytes: &mut Vec<u8>, at: usize, random: &mut Stream) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    let from = bytes[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |end| end + 1);
    let to = bytes.iter().skip(at).position(|byte| !is_part(byte)).map_or(bytes.len(), |end| at + end);
    bytes.splice(from..to.max(from), WORDS[below(random, WORDS.len())].bytes());
}
