//! Rules between settings.

use super::{Config, Conformal, Placement};
use crate::base::Kind;
use crate::ensemble::Aggregator;
use crate::method::isotonize::Isotonization;
use weightscope_frame::experiment::Problem;

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match self.grid() {
            Err(why) => problems.push(
                Problem::error("levels", why).allowing("19, 99, or ascending levels between 0 and 1"),
            ),
            Ok(levels) if !levels.is_symmetric() && self.conformal != Conformal::None => problems.push(
                Problem::error("levels", "conformal intervals need mirrored levels and the median")
                    .allowing("19, 99, a symmetric list, or conformal = \"none\""),
            ),
            Ok(levels) if !levels.is_symmetric() => problems.push(Problem::warning(
                "levels",
                "the levels are not symmetric around the median: interval scores, coverage and the parts of WIS are left out",
            )),
            Ok(_) => {}
        }
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
        words("base_models", &self.base_models, &kinds, &mut problems);
        let aggregators: Vec<&str> = Aggregator::ALL.iter().map(|one| one.key()).collect();
        words("aggregators", &self.aggregators, &aggregators, &mut problems);
        if self.base_models.is_empty() {
            problems.push(Problem::error("base_models", "there is no base model").allowing(kinds.join(", ")));
        }
        if self.placement == Placement::Inside && self.isotonization == Isotonization::None {
            problems.push(
                Problem::error("placement", "there is no operator to stand inside the loss")
                    .allowing("isotonization = \"sort\", \"pava\" or \"sweep\""),
            );
        }
        if self.conformal == Conformal::NestedCvPlus {
            let folds = self.folds.max(2);
            problems.push(Problem::warning(
                "conformal",
                format!(
                    "nested CV+ fits each base model {} more times and each aggregator {folds} more times",
                    folds * (folds - 1) / 2
                ),
            ));
        }
        if self.conformal == Conformal::CvPlus && self.combinations().iter().any(|one| one.learns()) {
            problems.push(Problem::warning(
                "conformal",
                "trained aggregators have seen all folds: CV+ guarantees nothing for them; nested_cv_plus does",
            ));
        }
        if let Some((_, part)) = self.split.rsplit_once(".csv:")
            && !part.starts_with("part")
        {
            problems.push(
                Problem::error("split", format!("\"{part}\" names no part column"))
                    .allowing("a seed, or FILE.csv:part3 with folds in the column fold3"),
            );
        } else if !self.split.contains(".csv:") && self.split.trim().parse::<u64>().is_err() {
            problems.push(
                Problem::error("split", format!("\"{}\" is neither a seed nor a file", self.split))
                    .allowing("a whole number, or FILE.csv:part3"),
            );
        }
        if !self.methods().contains(&self.relative_to) {
            problems.push(
                Problem::error(
                    "relative_to",
                    format!("\"{}\" is none of this run's methods", self.relative_to),
                )
                .allowing(self.methods().join(", ")),
            );
        }
        problems
    }
}

/// Each word must be known and stand once.
fn words(key: &str, list: &[String], known: &[&str], problems: &mut Vec<Problem>) {
    for (index, word) in list.iter().enumerate() {
        if !known.contains(&word.as_str()) {
            problems
                .push(Problem::error(key, format!("\"{word}\" is not a choice")).allowing(known.join(", ")));
        } else if list[..index].contains(word) {
            problems.push(Problem::error(key, format!("\"{word}\" stands twice; name it once")));
        }
    }
}
