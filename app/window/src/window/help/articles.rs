//! What the help knows: terms of the glossary, and what labs, views, settings, results and commands say of themselves.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use egui::Context;
use serde::Deserialize;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Catalogue, Method};

use super::super::command::Command;
use super::super::guide;

/// What an article is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Term,
    Lab,
    View,
    Setting,
    Result,
    Command,
    Page,
}

impl Kind {
    /// Its word in the list.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::Lab => "lab",
            Self::View => "view",
            Self::Setting => "setting",
            Self::Result => "result",
            Self::Command => "command",
            Self::Page => "page",
        }
    }
}

/// One entry of the help.
pub(super) struct Article {
    pub(super) kind: Kind,
    pub(super) title: String,
    /// Title of its lab; empty for what is of the whole program.
    pub(super) lab: &'static str,
    /// Other words for it.
    also: String,
    /// The text, in Markdown.
    pub(super) text: String,
}

impl Article {
    fn new(kind: Kind, lab: &'static str, title: &str, text: String) -> Self {
        Self { kind, title: title.to_owned(), lab, also: String::new(), text }
    }

    /// How well it answers some words; smaller is better, none if it does not.
    pub(super) fn answers(&self, words: &[String]) -> Option<u8> {
        let (title, also) = (self.title.to_lowercase(), self.also.to_lowercase());
        let of_word = |word: &String| {
            let starts = |text: &str| {
                text.split(|symbol: char| !symbol.is_alphanumeric()).any(|own| own.starts_with(word.as_str()))
            };
            if title == *word {
                Some(0)
            } else if title.starts_with(word.as_str()) || also.split(", ").any(|own| own == word) {
                Some(1)
            } else if starts(&title) || starts(&also) {
                Some(2)
            } else if self.lab.to_lowercase().contains(word.as_str()) {
                Some(3)
            } else {
                self.text.to_lowercase().contains(word.as_str()).then_some(4)
            }
        };
        let ranks: Option<Vec<u8>> = words.iter().map(of_word).collect();
        ranks.map(|ranks| ranks.into_iter().max().unwrap_or_default())
    }
}

/// A term as it stands in the glossary.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    name: String,
    #[serde(default)]
    also: Vec<String>,
    sentence: String,
    #[serde(default)]
    formula: String,
    place: String,
    mark: Mark,
}

/// How sure it is what a term says.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Established,
    Inferred,
    Unconfirmed,
}

impl Mark {
    fn words(self) -> &'static str {
        match self {
            Self::Established => "established: read in the paper or its code",
            Self::Inferred => "inferred: our own conclusion or choice",
            Self::Unconfirmed => "unconfirmed: not checked against the paper",
        }
    }
}

#[derive(Deserialize)]
struct Glossary {
    #[serde(default)]
    term: Vec<Term>,
}

/// The terms of the labs of a catalogue.
fn terms(catalogue: Catalogue) -> Vec<Article> {
    let of_lab = |method: Method| {
        let glossary: Glossary = toml::from_str(method.glossary()).unwrap_or(Glossary { term: Vec::new() });
        let title = method.about().title;
        glossary.term.into_iter().map(move |term| article(title, &term))
    };
    catalogue.methods().flat_map(of_lab).collect()
}

/// A term of a lab with this title.
fn article(lab: &'static str, term: &Term) -> Article {
    let mut text = format!("{}\n\n", term.sentence);
    if !term.formula.is_empty() {
        let _ = write!(text, "`{}`\n\n", term.formula);
    }
    if !term.also.is_empty() {
        let _ = write!(text, "Also: {}.\n\n", term.also.join(", "));
    }
    let _ = write!(text, "**Where.** {}.\n\n**{}**", term.place, term.mark.words());
    Article { also: term.also.join(", "), ..Article::new(Kind::Term, lab, &term.name, text) }
}

/// Everything that the help knows, in the order of the list.
pub(super) fn all(catalogue: Catalogue, context: &Context) -> Vec<Article> {
    let mut found = terms(catalogue);
    let mut said = BTreeSet::new();
    for method in catalogue.methods() {
        let about = method.about();
        let text = format!("{}\n\n**Paper.** {}\n\n<{}>", about.claim, about.paper, about.link);
        found.push(Article::new(Kind::Lab, about.title, about.title, text));
        for view in method.views() {
            found.push(Article::new(Kind::View, about.title, &view.title, view.help.clone()));
        }
        for (field, _) in Experiment::new(method.clone()).settings() {
            let mut text = format!("{}\n\nKey: `{}`", field.help, field.key);
            if !field.unit.is_empty() {
                let _ = write!(text, ", in {}", field.unit);
            }
            if let Some(allowed) = field.allowed_text() {
                let _ = write!(text, "\n\n**Allowed.** {allowed}");
            }
            if let Some(published) = field.published {
                let _ = write!(text, "\n\n**Published.** {} – {}", published.value, published.source);
            }
            // What labs share stands once.
            if said.insert((field.label, text.clone())) {
                found.push(Article::new(Kind::Setting, about.title, field.label, text));
            }
        }
        for metric in method.metrics() {
            let unit = if metric.unit.is_empty() { String::new() } else { format!(", in {}", metric.unit) };
            let text = format!("{}\n\nName in files: `{}`{unit}", metric.about, metric.name);
            let article = Article::new(Kind::Result, about.title, metric.label, text);
            found.push(Article { also: metric.name.to_owned(), ..article });
        }
    }
    for command in Command::ALL {
        let (words, about) = command.words();
        let keys =
            command.keys_text(context).map_or_else(String::new, |keys| format!("\n\nKeys: **{keys}**"));
        found.push(Article::new(Kind::Command, "", words, format!("{about}.{keys}")));
    }
    for page in guide::pages(catalogue) {
        found.push(Article::new(Kind::Page, "", page.title, page.text.to_owned()));
    }
    found
}

/// The first sentence of a text in Markdown, without its marks and without a heading in front of it.
pub(in crate::window) fn first_sentence(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.take(1).collect::<String>();
    // "**What it shows.** The text" begins with a heading of its own.
    let body = first
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("**"))
        .map_or(first.as_str(), |(_, body)| body);
    let plain: String = body.trim().chars().filter(|symbol| !matches!(symbol, '*' | '`')).collect();
    let end =
        plain.match_indices(". ").map(|(at, _)| at + 1).find(|at| plain.get(..*at).is_some_and(is_whole));
    end.and_then(|at| plain.get(..at)).unwrap_or(&plain).to_owned()
}

/// False for a text that ends in a short form ("e.g.", "Fig.").
fn is_whole(text: &str) -> bool {
    !["e.g.", "i.e.", "Fig.", "eq.", "cf.", "vs."].iter().any(|short| text.ends_with(short))
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;

    use super::*;

    #[test]
    fn the_glossary_is_read_whole_and_has_terms_of_every_lab() {
        let mut names = BTreeSet::new();
        for method in CATALOGUE.methods() {
            let glossary: Glossary = toml::from_str(method.glossary()).unwrap();
            assert!(glossary.term.len() >= 3, "{}: {} terms", method.name(), glossary.term.len());
            for term in glossary.term {
                let (name, sentence) = (&term.name, &term.sentence);
                let is_one = sentence.ends_with('.') && !sentence.trim_end_matches('.').contains(". ");
                assert!(is_one, "{name}: one sentence");
                assert!(!term.place.is_empty() && !term.place.ends_with('.'), "{name}: where");
                assert!(names.insert(name.to_lowercase()), "{name} stands twice");
            }
        }
    }

    #[test]
    fn words_are_found_best_first() {
        let context = Context::default();
        let articles = all(CATALOGUE, &context);
        for (words, wanted) in [
            ("wis", "WIS"),
            ("pava", "PAVA"),
            ("cka", "CKA"),
            ("git re-basin", "Weight matching"),
            ("lsq", "LSQ"),
        ] {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            let ranked = articles.iter().filter_map(|article| Some((article.answers(&words)?, article)));
            let best = ranked.min_by_key(|(rank, article)| (*rank, article.kind)).unwrap().1;
            assert_eq!(best.title, wanted, "{words:?}");
        }
        assert!(
            articles.iter().all(|article| article.answers(&["qqqq".to_owned()]).is_none()),
            "nothing for nonsense"
        );
    }

    #[test]
    fn the_first_sentence_is_told_from_the_heading() {
        let text = "**What is plotted.** The loss of `fc0`, e.g. by step. More of it.\n\nElse.";
        assert_eq!(first_sentence(text), "The loss of fc0, e.g. by step.");
        for view in CATALOGUE.methods().flat_map(|method| method.views()) {
            let sentence = first_sentence(&view.help);
            assert!(sentence.len() > 15 && sentence.ends_with(['.', ':', ')']), "{}: {sentence}", view.id);
        }
    }
}
