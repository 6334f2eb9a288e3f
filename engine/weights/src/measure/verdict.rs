//! The form of a change in a word and a sentence with its numbers and thresholds.

use weightscope_math::linalg::spectrum::{Spectrum, difference_noise, rank_limit};

use super::change::{Change, WHOLE_SHARE};
use super::guided::{Guided, Sharing};
use crate::Element;

/// From this share of unchanged elements on a change is sparse.
pub const SPARSE_SHARE: f64 = 0.9;

/// From this share of elements that became zero on a tensor was pruned, whatever the others did.
pub const PRUNED_SHARE: f64 = 0.05;

/// A rank of at most this share of the smaller side is low.
pub const LOW_RANK_SHARE: f64 = 0.25;

/// The form of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Equal, up to rounding where the types differ.
    Unchanged,
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
    /// None of these.
    Dense,
}

impl Form {
    /// The word in tables: `unchanged`, `scaled`, `pruned`, `pruned 2:4`, `sparse`, `block-affine`, `low rank`, `dense`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Scaled => "scaled",
            Self::Pruned => "pruned",
            Self::PrunedTwoOfFour => "pruned 2:4",
            Self::Sparse => "sparse",
            Self::BlockAffine => "block-affine",
            Self::LowRank => "low rank",
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
    /// Decides in this order: unchanged, scaled, pruned, sparse, block-affine, low rank, dense.
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
            return verdict(Form::Dense, "all finite elements are equal".to_owned());
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
        match rank {
            Some(rank) if low(rank) => verdict(Form::LowRank, evidence.low(rank, small)),
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
            (pairs, changed) => {
                format!("; {pairs} pairs hold a value that is not finite, {changed} of them changed")
            }
        }
    }

    fn unchanged(&self) -> String {
        match self.change.rounding {
            Some(coarser) => format!("all elements are equal up to the rounding of {}", coarser.name()),
            None => "all elements are equal".to_owned(),
        }
    }

    fn pruned(&self, verdict: impl Fn(Form, String) -> Verdict) -> Verdict {
        let change = self.change;
        let zeros = change.zeros.1 as f64 / change.count as f64;
        let zeroed = change.became_zero as f64 / change.count as f64;
        let others = change.count - change.unchanged - change.became_zero;
        let mut sentence = format!(
            "{} of the elements became zero (from {} on, or nothing else changed), {} are zero now",
            percent(zeroed),
            percent(PRUNED_SHARE),
            percent(zeros)
        );
        let pattern = change.two_of_four == Some(1.0);
        if pattern {
            sentence.push_str("; in each group of four neighbours at least two are");
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
mod tests {
    use super::super::change::difference;
    use super::super::guided::guided;
    use super::*;
    use weightscope_math::stream;

    const SHAPE: (usize, usize) = (96, 64);
    const F32: (Element, Element) = (Element::F32, Element::F32);

    fn random(name: &str, size: f32) -> Vec<f32> {
        let mut values = vec![0.0; SHAPE.0 * SHAPE.1];
        stream(6, name).fill_normal(&mut values);
        values.iter_mut().for_each(|value| *value *= size);
        values
    }

    fn plus(before: &[f32], change: impl Fn(usize) -> f32) -> Vec<f32> {
        before.iter().enumerate().map(|(index, value)| value + change(index)).collect()
    }

    fn bf16(values: &[f32]) -> Vec<f32> {
        let rounded = |value: &f32| {
            let bits = value.to_bits();
            f32::from_bits((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
        };
        values.iter().map(rounded).collect()
    }

    fn judged(before: &[f32], after: &[f32], types: (Element, Element)) -> (Change, Verdict) {
        let change = Change::of(before, after, SHAPE, types);
        let delta = difference(before, after);
        let spectrum = Spectrum::of(&delta, SHAPE.0, SHAPE.1, &mut || true).unwrap();
        let guided = guided(before, &delta, SHAPE, WHOLE_SHARE);
        let evidence = Evidence { change: &change, types, spectrum: Some(&spectrum), guided };
        let verdict = Verdict::of(evidence);
        (change, verdict)
    }

    #[test]
    fn equal_tensors_are_unchanged_also_across_types() {
        let before = random("before", 0.05);
        let (change, verdict) = judged(&before, &before, F32);
        assert_eq!(
            (verdict.form, change.unchanged_share(), change.relative_change),
            (Form::Unchanged, 1.0, 0.0)
        );
        let (change, verdict) = judged(&before, &bf16(&before), (Element::F32, Element::Bf16));
        assert_eq!((verdict.form, verdict.rank), (Form::Unchanged, Some(0)));
        assert!(change.relative_change > 1e-4 && verdict.sentence.contains("bf16"), "{}", verdict.sentence);
        let (_, verdict) = judged(&before, &bf16(&before), F32);
        assert_eq!(verdict.form, Form::Dense, "of one type every difference counts");
    }

    #[test]
    fn a_rank_is_found_in_single_and_in_half_precision() {
        let (before, left, right) = (random("before", 0.05), random("left", 0.1), random("right", 0.1));
        let low = |index: usize| -> f32 {
            let (row, column) = (index / SHAPE.1, index % SHAPE.1);
            (0..5).map(|k| left[k * SHAPE.0 + row] * right[k * SHAPE.1 + column]).sum()
        };
        let after = plus(&before, low);
        let (_, verdict) = judged(&before, &after, F32);
        assert_eq!((verdict.form, verdict.rank), (Form::LowRank, Some(5)), "{}", verdict.sentence);
        let (_, verdict) = judged(&bf16(&before), &bf16(&after), (Element::Bf16, Element::Bf16));
        assert_eq!((verdict.form, verdict.rank), (Form::LowRank, Some(5)), "{}", verdict.sentence);
    }

    #[test]
    fn blocks_that_repeat_are_block_affine() {
        let (before, slab) = (random("before", 0.05), random("slab", 0.01));
        let after = plus(&before, |index| slab[index / SHAPE.1 * SHAPE.1 + index % 16]);
        let (change, verdict) = judged(&before, &after, F32);
        assert_eq!(verdict.form, Form::BlockAffine);
        let (width, share) = change.block().unwrap();
        assert!(width == 16 && share > 0.9999, "{width}, {share}");
        assert!(verdict.sentence.contains("16 columns"), "{}", verdict.sentence);
        let small = change.block_shares.iter().find(|(width, _)| *width == 4).unwrap().1;
        assert!((0.1..0.5).contains(&small), "{small}");
    }

    #[test]
    fn rounding_hides_no_block_and_makes_none() {
        let (before, slab) = (random("before", 0.05), random("slab", 0.001));
        let after = plus(&before, |index| slab[index / SHAPE.1 * SHAPE.1 + index % 8]);
        let halves = (Element::Bf16, Element::Bf16);
        let (change, verdict) = judged(&bf16(&before), &bf16(&after), halves);
        assert_eq!(verdict.form, Form::BlockAffine, "{}", verdict.sentence);
        let raw = change.block().unwrap();
        assert!(raw.0 == 8 && raw.1 < WHOLE_SHARE, "{raw:?}");
        let noise = random("noise", 0.001);
        let (change, verdict) = judged(&bf16(&before), &bf16(&plus(&before, |index| noise[index])), halves);
        assert_eq!((verdict.form, change.repeats()), (Form::Dense, None));
    }

    #[test]
    fn a_change_below_the_noise_of_storing_is_no_low_rank() {
        let (before, noise) = (random("before", 0.05), random("noise", 1.0));
        // Three of ten elements move by their last bit, up or down.
        let moved = |(value, noise): (&f32, &f32)| match noise {
            up if *up > 1.04 => value.next_up(),
            down if *down < -1.04 => value.next_down(),
            _ => *value,
        };
        let after: Vec<f32> = before.iter().zip(&noise).map(moved).collect();
        let (change, verdict) = judged(&before, &after, F32);
        assert_eq!((verdict.form, verdict.rank), (Form::Dense, Some(0)));
        assert!((change.unchanged_share() - 0.7).abs() < 0.03);
        assert!(verdict.sentence.contains("noise of storing"), "{}", verdict.sentence);
    }

    #[test]
    fn a_value_that_broke_is_a_change() {
        let before = random("before", 0.05);
        let mut after = before.clone();
        after[5] = f32::NAN;
        let (change, verdict) = judged(&before, &after, F32);
        assert_eq!((change.non_finite, change.non_finite_changed), (1, 1));
        assert_eq!(verdict.form, Form::Dense);
        assert!(verdict.sentence.contains("1 pairs hold a value that is not finite"), "{}", verdict.sentence);
        assert_eq!(judged(&after, &after, F32).1.form, Form::Unchanged);
    }

    #[test]
    fn noise_is_dense_and_its_block_shares_are_chance() {
        let (before, noise) = (random("before", 0.05), random("noise", 0.003));
        let (change, verdict) = judged(&before, &plus(&before, |index| noise[index]), F32);
        assert_eq!((verdict.form, verdict.rank), (Form::Dense, Some(64)), "{}", verdict.sentence);
        for (width, share) in &change.block_shares {
            let chance = *width as f64 / SHAPE.1 as f64;
            assert!((share / chance - 1.0).abs() < 0.3, "{width}: {share}");
        }
        assert!((change.relative_change - 0.06).abs() < 0.003 && change.cosine > 0.99);
    }

    #[test]
    fn zeroed_elements_are_pruned_and_the_pattern_is_named() {
        let before = random("before", 0.05);
        let half: Vec<f32> =
            before.iter().map(|value| if value.abs() < 0.0337 { 0.0 } else { *value }).collect();
        let (change, verdict) = judged(&before, &half, F32);
        assert_eq!(verdict.form, Form::Pruned, "{}", verdict.sentence);
        assert!((change.zeros.1 as f64 / change.count as f64 - 0.5).abs() < 0.03);
        let mut pattern = before.clone();
        for group in pattern.chunks_mut(4) {
            group[1] = 0.0;
            group[3] = 0.0;
        }
        let (change, verdict) = judged(&before, &pattern, F32);
        assert_eq!(
            (verdict.form, change.zeros.1 * 2, change.two_of_four),
            (Form::PrunedTwoOfFour, change.count, Some(1.0))
        );
        let retrained = plus(&half, |index| if half[index] == 0.0 { 0.0 } else { 1e-3 });
        let (_, verdict) = judged(&before, &retrained, F32);
        assert!(
            verdict.form == Form::Pruned && verdict.sentence.contains("changed otherwise"),
            "{}",
            verdict.sentence
        );
    }

    #[test]
    fn scaled_and_sparse_changes_are_told() {
        let before = random("before", 0.05);
        let scaled: Vec<f32> = before.iter().map(|value| value * 0.9).collect();
        let (change, verdict) = judged(&before, &scaled, F32);
        assert_eq!(verdict.form, Form::Scaled);
        assert!((change.scaling.0 - 0.9).abs() < 1e-7 && (change.cosine - 1.0).abs() < 1e-12);
        let sparse = plus(&before, |index| if index % 20 == 3 { 0.02 } else { 0.0 });
        let (change, verdict) = judged(&before, &sparse, F32);
        assert_eq!(verdict.form, Form::Sparse, "{}", verdict.sentence);
        assert!((change.unchanged_share() - 0.95).abs() < 0.001);
        let zeroed = vec![0.0; before.len()];
        assert_eq!(judged(&before, &zeroed, F32).1.form, Form::PrunedTwoOfFour);
    }

    #[test]
    fn the_borders_of_the_pieces_do_not_count_and_broken_pairs_are_left_out() {
        let (mut before, after) = (random("before", 0.05), random("after", 0.05));
        before[7] = f32::NAN;
        let whole = Change::of(&before, &after, SHAPE, F32);
        assert_eq!((whole.non_finite, whole.count), (1, 96 * 64 - 1));
        for length in [1, 63, 1000] {
            let mut pass = super::super::ChangePass::new(SHAPE.0, SHAPE.1, F32);
            before.chunks(length).zip(after.chunks(length)).for_each(|(a, b)| pass.push(a, b));
            assert_eq!(pass.finish(), whole, "the same bits");
        }
        assert_eq!(difference(&before, &after)[7], 0.0);
    }

    #[test]
    fn without_a_spectrum_there_is_no_rank_and_shares_are_never_rounded_to_whole() {
        let (before, after) = (random("before", 0.05), random("after", 0.05));
        let change = Change::of(&before, &after, SHAPE, F32);
        let verdict = Verdict::of(Evidence { change: &change, types: F32, spectrum: None, guided: None });
        assert_eq!((verdict.form, verdict.rank), (Form::Dense, None));
        assert!(verdict.sentence.contains("not computed"));
        assert_eq!(
            (percent(0.999_999), percent(1.0), percent(0.5)),
            ("99.99 %".into(), "100.00 %".into(), "50.00 %".into())
        );
    }
}
