//! Numbers as printed text: U+2212 as minus, thin spaces between thousands, powers of ten with real superscripts.
//!
//! Everything here is for reading by people; files of data use the shortest text that reads back exactly.

/// Thin space between groups of three digits.
const GROUP: char = '\u{2009}';
/// Minus sign.
const MINUS: char = '−';
/// Numbers from here on are printed as mantissa and power of ten.
const LARGE: f64 = 1e6;
/// Numbers below this are printed as mantissa and power of ten.
const SMALL: f64 = 1e-3;

/// A value with a fixed number of decimals: `−12 345.60`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if let Some(word) = not_a_number(value) {
        return word;
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + 4);
    // A value that rounds to zero has no sign.
    if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A count with thin spaces: `2 000`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    out
}

/// The word for so many of something: `row` for one, `rows` for none and for several.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// A value with so many significant digits, scientific where plain digits would be long: `0.0132`, `3.1×10⁻⁷`.
pub fn significant(value: f64, digits: usize) -> String {
    if let Some(word) = not_a_number(value) {
        return word;
    }
    let digits = digits.max(1);
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = exponent_after_rounding(value, digits);
    if value.abs() >= LARGE || value.abs() < SMALL {
        return scientific(value, exponent, digits - 1);
    }
    fixed(value, (digits as i32 - 1 - exponent).max(0) as usize)
}

/// `mantissa×10^exponent` with a fixed number of decimals in the mantissa; zero is `0`.
pub fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    if let Some(word) = not_a_number(value) {
        return word;
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Two factors, because 10^exponent alone may lie outside the range of a double.
    let half = exponent / 2;
    let mantissa = value / 10f64.powi(half) / 10f64.powi(exponent - half);
    format!("{}×{}", fixed(mantissa, decimals), power_of_ten(exponent))
}

/// `10⁻³`.
pub fn power_of_ten(exponent: i32) -> String {
    let mut out = String::from("10");
    for symbol in exponent.to_string().chars() {
        out.push(superscript(symbol));
    }
    out
}

/// The decimal exponent that a value has when rounded to so many significant digits (9.996 with 3 digits is 10.0).
pub fn exponent_after_rounding(value: f64, digits: usize) -> i32 {
    let text = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

fn not_a_number(value: f64) -> Option<String> {
    match value {
        value if value.is_nan() => Some("–".to_owned()),
        f64::INFINITY => Some("∞".to_owned()),
        f64::NEG_INFINITY => Some("−∞".to_owned()),
        _ => None,
    }
}

const fn superscript(symbol: char) -> char {
    match symbol {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_numbers_have_real_minus_signs_and_thin_spaces() {
        assert_eq!(fixed(-12345.6, 2), "−12\u{2009}345.60");
        assert_eq!(fixed(999.0, 0), "999");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(f64::NAN, 2), "–");
        assert_eq!(fixed(f64::NEG_INFINITY, 2), "−∞");
    }

    #[test]
    fn significant_numbers_switch_to_powers_of_ten() {
        assert_eq!(significant(0.013_249, 3), "0.0132");
        assert_eq!(significant(9.996, 3), "10.0");
        assert_eq!(significant(3.1e-7, 2), "3.1×10⁻⁷");
        assert_eq!(significant(9.99e6, 2), "1.0×10⁷");
        assert_eq!(significant(1234.0, 4), "1\u{2009}234");
        assert_eq!(significant(5e-324, 2), "4.9×10⁻³²⁴");
    }

    #[test]
    fn words_follow_their_number() {
        assert_eq!([0, 1, 2].map(|count| plural(count, "row")), ["rows", "row", "rows"]);
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1\u{2009}234\u{2009}567");
    }
}
