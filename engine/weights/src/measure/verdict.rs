//! The form of a change in a word and a sentence with its numbers and thresholds.

use std::fmt::Write as _;

use weightscope_math::linalg::spectrum::{Spectrum, difference_noise, rank_limit};

use super::change::{Change, WHOLE_SHARE};
use super::guided::{Guided, Sharing};
use super::levels::{Levels, MOST_LEVELS, MOST_MULTIPLE};
use super::pattern;
use super::quantization::Grouping;
use crate::Element;

/// From this share of unchanged elements on a change is sparse.
pub const SPARSE_SHARE: f64 = 0.9;

/// From this share of elements that became zero on a tensor was pruned, whatever the others did.
pub const PRUNED_SHARE: f64 = 0.05;

/// Share of zeros of the pattern 2:4.
const PATTERN_SHARE: f64 = 0.5;

/// A pattern of zeros is claimed up to this share of zeros beyond its own.
pub const PATTERN_EXCESS: f64 = 0.05;

/// A pattern of zeros is claimed if chance gives it less often than this.
pub const PATTERN_CHANCE: f64 = 1e-6;

/// A rank of at most this share of the smaller side is low.
pub const LOW_RANK_SHARE: f64 = 0.25;

/// The form of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Equal, up to rounding where the types differ.
    Unchanged,
    /// Finite elements are equal, and infinities or what is not a number came, went or changed.
    NonFinite,
    /// Everything became zero.
    AllZero,
    /// Elements were rounded to few levels.
    Quantized,
    /// `W₁ = c·W₀`.
    Scaled,
    /// Elements were set to zero.
    Pruned,
    /// Elements were set to zero so that of four neighbours two are zero.
    PrunedTwoOfFour,
    /// Few elements changed.
    Sparse,
    /// `ΔW` repeats block by block, or is an affine function of the old blocks.
    BlockAffine,
    /// `ΔW` has a low rank.
    LowRank,
    /// None of the forms before, and whether the rank is low is not known.
    DenseOrLowRank,
    /// None of these.
    Dense,
}

impl Form {
    /// The word in tables: `unchanged`, `non-finite values changed`, `all zero`, `quantized`, `scaled`, `pruned`, `pruned 2:4`,
    /// `sparse`, `block-affine`, `low rank`, `dense or low rank` (where the rank is not known), `dense`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::NonFinite => "non-finite values changed",
            Self::AllZero => "all zero",
            Self::Quantized => "quantized",
            Self::Scaled => "scaled",
            Self::Pruned => "pruned",
            Self::PrunedTwoOfFour => "pruned 2:4",
            Self::Sparse => "sparse",
            Self::BlockAffine => "block-affine",
            Self::LowRank => "low rank",
            Self::DenseOrLowRank => "dense or low rank",
            Self::Dense => "dense",
        }
    }
}

/// A form with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The form.
    pub form: Form,
    /// Rank of ΔW over the noise of storing, where its spectrum was given; a lower bound if `rank_is_least`.
    pub rank: Option<usize>,
    /// Whether the rank is only a lower bound, because all known singular values count.
    pub rank_is_least: bool,
    /// The numbers and thresholds, for people.
    pub sentence: String,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The comparison of the elements.
    pub change: &'a Change,
    /// Types before and after.
    pub types: (Element, Element),
    /// The spectrum of ΔW (of [`super::change::difference`]), if it was computed.
    pub spectrum: Option<&'a Spectrum>,
    /// The best fit by old blocks, if it was computed.
    pub guided: Option<Guided>,
}

impl Verdict {
    /// Decides in this order: unchanged, non-finite, all zero, quantized, scaled, pruned, sparse, block-affine, low rank, dense.
    pub fn of(evidence: Evidence<'_>) -> Self {
        let change = evidence.change;
        let (rank, rank_is_least, small) = evidence.rank();
        let broken = evidence.broken();
        let verdict =
            |form: Form, sentence: String| Self { form, rank, rank_is_least, sentence: sentence + &broken };
        let (unchanged, changed) = (change.unchanged_share(), change.count - change.unchanged);
        if changed == 0 && change.non_finite_changed == 0 {
            return verdict(Form::Unchanged, evidence.unchanged());
        }
        if changed == 0 {
            return verdict(Form::NonFinite, evidence.unchanged());
        }
        if change.not_zero == 0 {
            return verdict(Form::AllZero, evidence.zeroed());
        }
        if let Some(levels) = change.levels {
            return verdict(Form::Quantized, evidence.quantized(levels));
        }
        if change.scaling.1 >= WHOLE_SHARE && change.became_zero < changed {
            let (factor, share) = change.scaling;
            let limit = percent(WHOLE_SHARE);
            let sentence = format!(
                "{} of the energy of ΔW lies along W₀ (from {limit} on): W₁ = {factor:.6}·W₀",
                percent(share)
            );
            return verdict(Form::Scaled, sentence);
        }
        let zeroed = change.became_zero as f64 / change.count as f64;
        let only_zeroed = change.became_zero as f64 >= WHOLE_SHARE * changed as f64;
        if zeroed >= PRUNED_SHARE || (only_zeroed && change.became_zero > 0) {
            return evidence.pruned(verdict);
        }
        if unchanged >= SPARSE_SHARE {
            let limit = percent(SPARSE_SHARE);
            let sentence = format!("{} of the elements are unchanged (from {limit} on)", percent(unchanged));
            return verdict(Form::Sparse, sentence);
        }
        if let Some(sentence) = evidence.blocks() {
            return verdict(Form::BlockAffine, sentence);
        }
        let low = |rank: usize| rank > 0 && !rank_is_least && rank as f64 <= LOW_RANK_SHARE * small as f64;
        // A vector has no rank; of a large matrix the leading singular values may all count, and tell no more than that.
        let may_be_low = match rank {
            None => change.rows.min(change.columns) > 1,
            Some(rank) => rank_is_least && rank as f64 <= LOW_RANK_SHARE * small as f64,
        };
        match rank {
            Some(rank) if low(rank) => verdict(Form::LowRank, evidence.low(rank, small)),
            _ if may_be_low => verdict(Form::DenseOrLowRank, evidence.dense(rank, rank_is_least, small)),
            _ => verdict(Form::Dense, evidence.dense(rank, rank_is_least, small)),
        }
    }
}

impl Evidence<'_> {
    /// Unit roundoff of the coarser type.
    fn unit(&self) -> f64 {
        self.types.0.unit_roundoff().max(self.types.1.unit_roundoff())
    }

    /// The limit of the rank of ΔW: twice `√2·ν`, or `10⁻⁶` of its largest singular value.
    fn limit(&self, spectrum: &Spectrum) -> f64 {
        let noise = difference_noise(self.unit(), self.change.rms, spectrum.rows, spectrum.columns);
        rank_limit(noise, spectrum.spectral_norm())
    }

    /// Rank, whether it is a lower bound, and the smaller side.
    fn rank(&self) -> (Option<usize>, bool, usize) {
        let Some(spectrum) = self.spectrum else { return (None, false, 0) };
        let rank = spectrum.count_above(self.limit(spectrum));
        let is_least = !spectrum.whole && rank == spectrum.singular_values.len();
        (Some(rank), is_least, spectrum.rows.min(spectrum.columns))
    }

    /// What there is to say of values that are not finite.
    fn broken(&self) -> String {
        match (self.change.non_finite, self.change.non_finite_changed) {
            (0, _) => String::new(),
            (pairs, 0) => format!("; {pairs} pairs hold a value that is not finite, none of them changed"),
            (pairs, changed) => {
                let (came, went) = (self.change.non_finite_came, self.change.non_finite_went);
                let kind = match changed - came - went {
                    0 => String::new(),
                    other => format!(", {other} became another kind"),
                };
                format!(
                    "; {pairs} pairs hold a value that is not finite, {changed} of them changed: {came} came, {went} went{kind}"
                )
            }
        }
    }

    fn unchanged(&self) -> String {
        match self.change.rounding {
            Some(coarser) => format!("all elements are equal up to the rounding of {}", coarser.name()),
            None if self.change.non_finite > 0 => "all finite elements are equal".to_owned(),
            None => "all elements are equal".to_owned(),
        }
    }

    fn zeroed(&self) -> String {
        let change = self.change;
        format!("all elements are zero; {} were before", percent(change.zeros.0 as f64 / change.count as f64))
    }

    fn quantized(&self, levels: Levels) -> String {
        let group = match levels.grouping {
            Grouping::Tensor => "the tensor".to_owned(),
            Grouping::Row => "each row".to_owned(),
            grouping => format!("each {} neighbours of a row", grouping.name()),
        };
        let found = if levels.is_grid {
            format!(
                "the values of {group} are whole multiples of one step, at most {MOST_MULTIPLE} of them, with {} distinct ones or fewer",
                levels.distinct
            )
        } else {
            format!(
                "{group} holds {} distinct values or fewer (up to {MOST_LEVELS}, and half as many as there are values)",
                levels.distinct
            )
        };
        format!("{found}, and did not before; {} are zero now", percent(self.change.zero_share()))
    }

    fn pruned(&self, verdict: impl Fn(Form, String) -> Verdict) -> Verdict {
        let change = self.change;
        let zeros = change.zero_share();
        let zeroed = change.became_zero as f64 / change.count as f64;
        let others = change.count - change.unchanged - change.became_zero;
        let mut sentence = format!(
            "{} of the elements became zero (from {} on, or nothing else changed), {} are zero now",
            percent(zeroed),
            percent(PRUNED_SHARE),
            percent(zeros)
        );
        let pattern = change.two_of_four == Some(1.0)
            && zeros <= PATTERN_SHARE + PATTERN_EXCESS
            && pattern::chance(zeros, change.groups_of_four) < PATTERN_CHANCE;
        if pattern {
            let limit = percent(PATTERN_SHARE + PATTERN_EXCESS);
            let _ = write!(
                sentence,
                "; in each group of four neighbours at least two are (a pattern up to {limit} of zeros)"
            );
        }
        if others > 0 {
            let share = percent(others as f64 / change.count as f64);
            sentence = format!("{sentence}; {share} changed otherwise");
        }
        verdict(if pattern { Form::PrunedTwoOfFour } else { Form::Pruned }, sentence)
    }

    fn blocks(&self) -> Option<String> {
        let limit = percent(WHOLE_SHARE);
        if let Some((width, share)) = self.change.repeats() {
            return Some(format!(
                "the mean of the blocks of {width} columns holds {} of the energy of ΔW beyond rounding (from {limit} on)",
                percent(share)
            ));
        }
        let guided = self.guided.filter(|guided| guided.share >= WHOLE_SHARE)?;
        let (block, sharing) = (guided.block, guided.sharing);
        let common = match sharing {
            Sharing::Outputs => "one B for each block of rows",
            Sharing::Inputs => "one B for each block of columns",
        };
        Some(format!(
            "W·B + B in blocks of {block} × {block}, {common}, explains {} of the energy of ΔW (from {limit} on; by chance {})",
            percent(guided.share),
            percent(guided.chance)
        ))
    }

    fn low(&self, rank: usize, small: usize) -> String {
        let limit = self.spectrum.map_or(0.0, |spectrum| self.limit(spectrum));
        format!(
            "{rank} of {small} singular values of ΔW lie above {limit:.3e}, twice the noise of storing or 10⁻⁶ of the largest (low \
             up to {})",
            (LOW_RANK_SHARE * small as f64) as usize
        )
    }

    fn dense(&self, rank: Option<usize>, is_least: bool, small: usize) -> String {
        let least = if is_least { "at least " } else { "" };
        let rank = match rank {
            Some(0) => "no singular value of ΔW stands above the noise of storing".to_owned(),
            Some(rank) => {
                let low = (LOW_RANK_SHARE * small as f64) as usize;
                format!("ΔW has rank {least}{rank} of {small} (low up to {low})")
            }
            None => "the rank of ΔW was not computed".to_owned(),
        };
        let blocks = match self.change.block() {
            Some((width, share)) => {
                format!("; blocks of {width} columns hold {} of its energy", percent(share))
            }
            None => String::new(),
        };
        format!("{rank}{blocks}; {} of the elements are unchanged", percent(self.change.unchanged_share()))
    }
}

/// A share in per cent, never rounded up to 100.
fn percent(share: f64) -> String {
    let cut = if share < 1.0 { share.min(0.9999) } else { share };
    format!("{:.2} %", 100.0 * cut)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
