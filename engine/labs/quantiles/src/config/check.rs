//! Rules between settings.

use super::{Config, Conformal, Placement, Split};
use crate::base::Kind;
use crate::method::isotonize::Isotonization;
use crate::names::Method;
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
        if self.base_models.is_empty() {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
            problems.push(Problem::error("base_models", "there is no base model").allowing(kinds.join(", ")));
        }
        if self.placement == Placement::Inside && self.isotonization == Isotonization::None {
            problems.push(
                Problem::error("placement", "there is no operator to stand inside the loss")
                    .allowing("isotonization = \"sort\", \"pava\" or \"sweep\""),
            );
        }
        if self.is_nested() {
            let folds = self.folds.max(2);
            problems.push(Problem::warning(
                "conformal",
                format!(
                    "nested CV+ fits each base model {} more times and each aggregator {folds} more times",
                    folds * (folds - 1) / 2
                ),
            ));
        }
        if self.conformal == Conformal::CvPlus && self.aggregators.iter().any(|one| one.learns()) {
            problems.push(Problem::warning(
                "conformal",
                "trained aggregators have seen all folds: CV+ guarantees nothing for them; nested_cv_plus does",
            ));
        }
        if let Err(problem) = Split::read(&self.split) {
            problems.push(problem);
        }
        let methods = self.methods();
        if !methods.contains(&self.relative_to) {
            let words: Vec<&str> = methods.into_iter().map(Method::key).collect();
            let why = format!("\"{}\" is none of this run's methods", self.relative_to.key());
            problems.push(Problem::error("relative_to", why).allowing(words.join(", ")));
        }
        problems
    }
}
