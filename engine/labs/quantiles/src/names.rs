//! What methods are called in pictures: short enough for an axis and a legend. Files and settings use their words.

use super::base::Kind;
use super::ensemble::Aggregator;

/// The name of a method; what is no method's word stands for itself.
pub(super) fn name(word: &str) -> &str {
    match Kind::by_key(word) {
        Some(Kind::Linear) => "Linear",
        Some(Kind::Knn) => "Nearest neighbours",
        Some(Kind::RandomForest) => "Random forest",
        Some(Kind::ExtraTrees) => "Extra trees",
        Some(Kind::Boosting) => "Boosting",
        Some(Kind::ConditionalGaussian) => "Gaussian net",
        Some(Kind::SimultaneousQuantile) => "Simultaneous net",
        Some(Kind::JointQuantile) => "Joint net",
        None => match Aggregator::by_key(word) {
            Some(Aggregator::Qra) => "QRA",
            Some(aggregator) => aggregator.label(),
            None => word,
        },
    }
}
