//! The methods of a run, base models and aggregators: their words in files and settings, and what they are called in pictures.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::base::Kind;
use super::ensemble::Aggregator;
use weightscope_frame::experiment::{Choice, ChoiceValue, Choosable, Setting, Slot};

/// A base model or an aggregator: whatever predicts quantiles and is scored. In files it is its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Method {
    /// A base model.
    Base(Kind),
    /// An aggregator of base models.
    Joined(Aggregator),
}

/// How many base models there are.
const KINDS: usize = Kind::LIST.len();
/// All methods, base models first.
const LIST: [Choice; KINDS + Aggregator::LIST.len()] = {
    let mut all = [Choice { key: "", label: "" }; KINDS + Aggregator::LIST.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < KINDS { Kind::LIST[place] } else { Aggregator::LIST[place - KINDS] };
        place += 1;
    }
    all
};

impl Method {
    /// The word in files and settings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Base(kind) => kind.key(),
            Self::Joined(aggregator) => aggregator.key(),
        }
    }

    /// The words in the form.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Base(kind) => kind.label(),
            Self::Joined(aggregator) => aggregator.label(),
        }
    }

    /// The method with this word.
    pub fn by_key(key: &str) -> Option<Self> {
        Self::at(LIST.iter().position(|choice| choice.key == key)?)
    }

    /// The name in pictures, short enough for an axis and a legend.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base(Kind::Linear) => "Linear",
            Self::Base(Kind::Knn) => "Nearest neighbours",
            Self::Base(Kind::RandomForest) => "Random forest",
            Self::Base(Kind::ExtraTrees) => "Extra trees",
            Self::Base(Kind::Boosting) => "Boosting",
            Self::Base(Kind::ConditionalGaussian) => "Gaussian net",
            Self::Base(Kind::SimultaneousQuantile) => "Simultaneous net",
            Self::Base(Kind::JointQuantile) => "Joint net",
            Self::Joined(Aggregator::Qra) => "QRA",
            Self::Joined(aggregator) => aggregator.label(),
        }
    }
}

/// The name in pictures of the method with this word; what is no method's word stands for itself.
pub(super) fn name(word: &str) -> &str {
    match Method::by_key(word) {
        Some(method) => method.name(),
        None => word,
    }
}

/// By their words, as in the files of older programs.
impl Ord for Method {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl PartialOrd for Method {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Choosable for Method {
    const LIST: &'static [Choice] = &LIST;

    fn at(position: usize) -> Option<Self> {
        match position.checked_sub(KINDS) {
            None => Kind::at(position).map(Self::Base),
            Some(place) => Aggregator::at(place).map(Self::Joined),
        }
    }
}

impl ChoiceValue for Method {
    fn choices(&self) -> &'static [Choice] {
        &LIST
    }

    fn index(&self) -> usize {
        match self {
            Self::Base(kind) => kind.index(),
            Self::Joined(aggregator) => KINDS + aggregator.index(),
        }
    }

    fn set_index(&mut self, index: usize) {
        if let Some(method) = Self::at(index) {
            *self = method;
        }
    }
}

impl Setting for Method {
    fn slot(&mut self) -> Slot<'_> {
        Slot::Choice(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_word_and_its_place() {
        for (place, choice) in LIST.iter().enumerate() {
            let method = Method::at(place).unwrap();
            assert_eq!((method.index(), method.key(), method.label()), (place, choice.key, choice.label));
            assert_eq!(Method::by_key(choice.key), Some(method));
            let stored = serde_json::to_string(&method).unwrap();
            assert_eq!(stored, format!("\"{}\"", choice.key), "in files it is its word");
            assert_eq!(serde_json::from_str::<Method>(&stored).unwrap(), method);
        }
        assert_eq!(Method::at(LIST.len()), None);
        assert_eq!((name("joint_quantile"), name("observed")), ("Joint net", "observed"));
    }
}
