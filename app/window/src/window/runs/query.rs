//! The filter language of the runs table: `lab:oscillation quantizer=statsq test_accuracy>0.9 tag:paper star note~"fc2 again"`.
//!
//! Terms are joined by "and"; `-` in front negates one. `key:value` takes words that contain the value, `key=value` and
//! `key!=value` compare exactly, `> >= < <=` compare numbers (and times as text), `key~value` looks inside. Without a key a word
//! is looked for in name, preset, status, tags, note and the words of the settings. Case does not matter.

use super::model::{Keys, Row, Value};

/// How a key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Like,
    Equal,
    Different,
    More,
    AtLeast,
    Less,
    AtMost,
    Contains,
}

/// Longer signs before the shorter ones that they begin with.
const SIGNS: [(&str, Relation); 8] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("!=", Relation::Different),
    (">", Relation::More),
    ("<", Relation::Less),
    ("=", Relation::Equal),
    (":", Relation::Like),
    ("~", Relation::Contains),
];

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Words(String),
    Star,
    Tag(String),
    Key { key: String, relation: Relation, text: String, number: Option<f64> },
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    wanted: bool,
    test: Test,
}

/// A filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query(Vec<Term>);

impl Query {
    /// Reads a filter; the reason if it cannot be read.
    pub fn parse(text: &str, keys: &Keys) -> Result<Self, String> {
        tokens(text)?.into_iter().map(|token| term(&token, keys)).collect::<Result<_, _>>().map(Self)
    }

    /// True if a run passes all terms.
    pub fn matches(&self, row: &Row) -> bool {
        self.0.iter().all(|term| term.test.holds(row) == term.wanted)
    }
}

/// Parts between blanks; blanks inside quotes do not part.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                token.push(letter);
            }
            letter if letter.is_whitespace() && !quoted => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
            }
            letter => token.push(letter),
        }
    }
    if quoted {
        return Err("a quotation mark is not closed; add \" at the end of the words".to_owned());
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    Ok(tokens)
}

fn term(token: &str, keys: &Keys) -> Result<Term, String> {
    let (wanted, rest) = match token.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (false, rest),
        _ => (true, token),
    };
    let is = |test| Ok(Term { wanted, test });
    if rest == "star" {
        return is(Test::Star);
    }
    // The first sign outside quotes parts key and value.
    let key_end = rest.find(|letter: char| "><=!:~\"".contains(letter)).unwrap_or(rest.len());
    let (key, tail) = rest.split_at(key_end);
    let Some((sign, relation)) = SIGNS.iter().find(|(sign, _)| tail.starts_with(sign)) else {
        return is(Test::Words(plain(rest)));
    };
    // The column of the origin is headed "Preset"; both words are meant.
    let key = if key == "preset" && !keys.knows(key) { "origin" } else { key };
    let text = plain(tail.strip_prefix(sign).unwrap_or_default());
    if text.is_empty() {
        return Err(format!("{key}{sign} needs a value after it"));
    }
    if matches!(key, "tag" | "tags") && *relation != Relation::Contains {
        return is(Test::Tag(text));
    }
    if !keys.knows(key) {
        return Err(unknown(key, keys));
    }
    let number: Option<f64> = text.parse().ok();
    let ordered = matches!(relation, Relation::More | Relation::AtLeast | Relation::Less | Relation::AtMost);
    if ordered && number.is_none() && key != "started" {
        return Err(format!("{key}{sign}{text}: \"{text}\" is no number"));
    }
    is(Test::Key { key: key.to_owned(), relation: *relation, text, number })
}

/// Without quotes, in lower case.
fn plain(text: &str) -> String {
    text.replace('"', "").to_lowercase()
}

fn unknown(key: &str, keys: &Keys) -> String {
    let near = keys.all().map(|known| (shared(known, key), known)).max_by_key(|(shared, known)| {
        // Of equally near keys the shorter one is meant.
        (*shared, usize::MAX - known.len())
    });
    match near {
        Some((shared, near)) if shared >= 3 => format!("no run has \"{key}\"; did you mean {near}?"),
        _ => format!("no run has \"{key}\"; the menu Columns lists all keys"),
    }
}

/// Length of the longest piece of `wanted` that stands in `known`.
fn shared(known: &str, wanted: &str) -> usize {
    let letters: Vec<char> = wanted.chars().collect();
    (1..=letters.len())
        .rev()
        .find(|length| {
            letters.windows(*length).any(|piece| known.contains(&piece.iter().collect::<String>()))
        })
        .unwrap_or(0)
}

impl Test {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Words(words) => row.words().contains(words.as_str()),
            Self::Star => row.manifest.star,
            Self::Tag(tag) => row.manifest.tags.iter().any(|own| own.to_lowercase() == *tag),
            Self::Key { key, relation, text, number } => compare(&row.any(key), *relation, text, *number),
        }
    }
}

fn compare(value: &Value<'_>, relation: Relation, text: &str, number: Option<f64>) -> bool {
    match (value, number) {
        // A run without the key differs from every value and meets no other condition.
        (Value::Missing, _) => relation == Relation::Different,
        (Value::Number(own), Some(number)) => match relation {
            Relation::Like | Relation::Equal => *own == number,
            Relation::Different => *own != number,
            Relation::More => *own > number,
            Relation::AtLeast => *own >= number,
            Relation::Less => *own < number,
            Relation::AtMost => *own <= number,
            Relation::Contains => value.exact().contains(text),
        },
        (Value::Flag(own), _) => {
            let same = matches!(
                (own, text),
                (true, "yes" | "true" | "on" | "1") | (false, "no" | "false" | "off" | "0")
            );
            if relation == Relation::Different { !same } else { same }
        }
        (Value::Text(own), _) => {
            let own = own.to_lowercase();
            match relation {
                Relation::Like | Relation::Contains => own.contains(text),
                Relation::Equal => own == text,
                Relation::Different => own != text,
                Relation::More => own.as_str() > text,
                Relation::AtLeast => own.as_str() >= text,
                Relation::Less => own.as_str() < text,
                Relation::AtMost => own.as_str() <= text,
            }
        }
        (Value::Number(_), None) => match relation {
            Relation::Different => true,
            Relation::Contains => value.exact().contains(text),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let rows = samples(40);
        let query = Query::parse(text, &Keys::of(&rows)).unwrap();
        rows.iter().enumerate().filter(|(_, row)| query.matches(row)).map(|(index, _)| index).collect()
    }

    fn error(text: &str) -> String {
        Query::parse(text, &Keys::of(&samples(4))).unwrap_err()
    }

    #[test]
    fn terms_narrow_the_list() {
        assert_eq!(found("").len(), 40, "nothing typed");
        assert_eq!(found("lab:oscillation quantizer=statsq test_accuracy>0.8"), [33, 37], "three terms");
        assert_eq!(found("quantizer=lsq").len(), 10, "exactly, not lsq_fixed");
        assert_eq!(found("quantizer:lsq").len(), 20, "words that contain it");
        assert_eq!(found("star tag:paper"), [0, 15, 30], "marks");
        assert_eq!(found("note~\"FC2 again\""), [7], "quoted words, any case");
        let statsq = found("preset:mlp-statsq");
        assert!(
            !statsq.is_empty() && statsq == found("origin:mlp-statsq"),
            "by the heading of the column too"
        );
        assert_eq!(found("cancelled"), [0, 9, 18, 27, 36], "bare words");
        assert_eq!(found("statsq -star").len(), 8, "negated");
        assert_eq!(found("seed<=0 seed!=1"), [0, 1, 2, 3], "numbers");
        assert_eq!(found("started>=2026-11-28"), [27], "times as text");
    }

    #[test]
    fn a_run_without_the_key_passes_only_a_difference() {
        let mut rows = samples(2);
        rows[0].manifest.results.clear();
        let keys = Keys::of(&rows);
        let passes = |text: &str| Query::parse(text, &keys).unwrap().matches(&rows[0]);
        assert!(!passes("test_accuracy>=0") && !passes("test_accuracy<9"), "no figure, no comparison");
        assert!(passes("test_accuracy!=0"), "but it is different");
    }

    #[test]
    fn errors_say_what_to_do() {
        assert!(error("acuracy>0.9").contains("did you mean test_accuracy?"), "{}", error("acuracy>0.9"));
        assert!(error("test_accuracy>high").contains("\"high\" is no number"), "a word for a number");
        assert!(error("lab:").contains("needs a value"), "nothing after the sign");
        assert!(error("note~\"open").contains("not closed"), "a quotation mark");
        assert!(error("zzz=1").contains("Columns lists all keys"), "{}", error("zzz=1"));
    }
}
