//! The reproduction card of a run: published figures beside ours, with whether they can be compared; for window and files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Comparability, ReferenceRow};
use weightscope_frame::store::Manifest;

use crate::figure::number::significant;

/// What a line of the card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ours lies within the stated distance.
    Within,
    /// Ours lies outside it.
    Off,
    /// The two cannot be compared, and why.
    NotComparable(&'static str),
    /// The two cannot be compared; what this run shows of the claim.
    Shown(String),
    /// We have no figure yet.
    Missing,
}

impl Verdict {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Within => "within the tolerance".to_owned(),
            Self::Off => "off".to_owned(),
            Self::NotComparable(why) => format!("not comparable: {why}"),
            Self::Shown(words) => words.clone(),
            Self::Missing => "no figure of ours yet".to_owned(),
        }
    }
}

/// Ours for a line, and what follows.
pub fn judge(row: &ReferenceRow, results: &BTreeMap<String, f64>) -> (Option<f64>, Verdict) {
    let ours = row.result.and_then(|name| results.get(name)).copied();
    let verdict = match (&row.comparability, ours, row.value) {
        (Comparability::NotComparable(why), _, _) => Verdict::NotComparable(why),
        (Comparability::Shown(_), _, _) if results.is_empty() => Verdict::Missing,
        (Comparability::Shown(words), _, _) => Verdict::Shown(words(results)),
        (Comparability::Within(distance), Some(ours), Some(published)) => {
            if (ours - published).abs() <= *distance { Verdict::Within } else { Verdict::Off }
        }
        (Comparability::Within(_), _, _) => Verdict::Missing,
    };
    (ours, verdict)
}

/// Whether a run has been repeated, in words.
pub fn badge(manifest: &Manifest) -> &'static str {
    match &manifest.verified {
        Some(verified) if verified.identical => "reproduced",
        Some(_) => "differs",
        None => "not verified",
    }
}

/// The card as Markdown.
pub fn markdown(manifest: &Manifest, experiment: &Experiment) -> String {
    let about = experiment.method.about();
    let mut text = format!("# Reproduction card: {}\n\n{}\n\n", about.title, about.paper);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    line("run", &manifest.id);
    line("from", &manifest.origin);
    if let Some(parent) = &manifest.parent {
        line("forked from", &format!("{} at step {}", parent.id, parent.step));
    }
    line("seed", &manifest.seed.to_string());
    line("status", manifest.status.word());
    line("version", &manifest.version);
    line("device", &manifest.device);
    line("experiment (blake3)", &manifest.config_hash);
    if let Some(hash) = &manifest.dataset_hash {
        line("data (blake3)", hash);
    }
    if let Some(hash) = &manifest.stream_hash {
        line("metric stream (blake3)", hash);
    }
    let repeated = manifest.verified.as_ref().map_or_else(
        || badge(manifest).to_owned(),
        |verified| format!("{} by version {} at {}", badge(manifest), verified.version, verified.at),
    );
    line("repeated", &repeated);
    text.push_str("\n| quantity | published | source | ours | verdict |\n|---|---|---|---|---|\n");
    for row in experiment.method.reference() {
        let (ours, verdict) = judge(&row, &manifest.results);
        let ours = ours.map_or_else(|| "–".to_owned(), |value| significant(value, 4));
        let cells = [row.quantity, row.published, row.source, &ours, &verdict.words()]
            .map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_says_where_a_figure_is_from_and_whether_it_can_be_compared() {
        let experiment = Experiment::new(weightscope_engine::CATALOGUE.method("oscillation").unwrap());
        let mut manifest = Manifest { id: "run-7".to_owned(), ..Manifest::default() };
        let text = markdown(&manifest, &experiment);
        assert!(
            text.contains("no figure of ours yet") && text.contains("not comparable: ImageNet"),
            "{text}"
        );
        assert!(text.contains("not verified") && text.contains("README of nbasyl/OFQ"), "{text}");
        manifest.results.insert("test_accuracy".to_owned(), 0.97);
        assert!(markdown(&manifest, &experiment).contains("within the tolerance"), "close enough");
        manifest.results.insert("test_accuracy".to_owned(), 0.5);
        assert!(
            markdown(&manifest, &experiment).contains("| 0.5000 | off |"),
            "{}",
            markdown(&manifest, &experiment)
        );
    }
}
