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
    assert_eq!((verdict.form, change.unchanged_share(), change.relative_change), (Form::Unchanged, 1.0, 0.0));
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
    assert_eq!((verdict.form, verdict.form.name()), (Form::NonFinite, "non-finite values changed"));
    assert!(verdict.sentence.contains("1 pairs hold a value that is not finite"), "{}", verdict.sentence);
    assert!(change.unchanged_share() < 1.0);
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
    let half: Vec<f32> = before.iter().map(|value| if value.abs() < 0.0337 { 0.0 } else { *value }).collect();
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
    assert_eq!(judged(&before, &zeroed, F32).1.form, Form::AllZero);
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
    assert_eq!((verdict.form, verdict.rank), (Form::DenseOrLowRank, None));
    assert!(verdict.sentence.contains("not computed"));
    let as_vector = Change::of(&before, &after, (1, before.len()), F32);
    let verdict = Verdict::of(Evidence { change: &as_vector, types: F32, spectrum: None, guided: None });
    assert_eq!(verdict.form, Form::Dense, "a vector has no rank");
    assert_eq!(
        (percent(0.999_999), percent(1.0), percent(0.5)),
        ("99.99 %".into(), "100.00 %".into(), "50.00 %".into())
    );
}

#[test]
fn values_that_are_not_finite_come_and_go_with_their_counts() {
    let mut before = random("before", 0.05);
    (before[1], before[2], before[3], before[9]) = (f32::NAN, f32::INFINITY, f32::INFINITY, f32::NAN);
    let mut after = before.clone();
    // One goes, one becomes another kind, three come, and one stays.
    (after[1], after[2], after[4], after[5], after[6]) =
        (0.5, f32::NAN, f32::NEG_INFINITY, f32::NAN, f32::NAN);
    let (change, verdict) = judged(&before, &after, F32);
    let counts =
        (change.non_finite, change.non_finite_changed, change.non_finite_came, change.non_finite_went);
    assert_eq!((verdict.form, counts), (Form::NonFinite, (7, 5, 3, 1)));
    let words = "5 of them changed: 3 came, 1 went, 1 became another kind";
    assert!(verdict.sentence.contains(words), "{}", verdict.sentence);
    let same = before.len() - 5;
    assert_eq!(change.unchanged_share(), same as f64 / before.len() as f64);
    let broken = vec![f32::NAN; before.len()];
    let (change, verdict) = judged(&broken, &broken, F32);
    assert_eq!((verdict.form, change.unchanged_share()), (Form::Unchanged, 1.0));
    let (change, verdict) = judged(&random("before", 0.05), &broken, F32);
    assert_eq!((verdict.form, change.unchanged_share()), (Form::NonFinite, 0.0));
    // Where finite values changed too, their form counts.
    after.iter_mut().for_each(|value| *value += 0.01);
    assert_ne!(judged(&before, &after, F32).1.form, Form::NonFinite);
}

#[test]
fn zeros_by_chance_are_no_pattern_and_zeros_alone_are_all_zero() {
    let before = random("before", 0.05);
    let places = random("places", 1.0);
    let cut = |share: f32| -> Vec<f32> {
        let limit = (share * before.len() as f32) as usize;
        let mut order: Vec<usize> = (0..before.len()).collect();
        order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
        let mut after = before.clone();
        order[..limit].iter().for_each(|place| after[*place] = 0.0);
        after
    };
    for share in [0.5, 0.8, 0.99, 0.999] {
        let (change, verdict) = judged(&before, &cut(share), F32);
        assert_eq!((verdict.form, change.levels), (Form::Pruned, None), "{share}: {}", verdict.sentence);
    }
    // Every group has two zeros, but so many more that it is no pattern.
    let mut after = before.clone();
    after.chunks_mut(4).for_each(|group| group[..3].fill(0.0));
    let (change, verdict) = judged(&before, &after, F32);
    assert_eq!((verdict.form, change.two_of_four), (Form::Pruned, Some(1.0)));
    // Two groups of four may have two zeros each by chance.
    let few = Change::of(
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        &[0.0, 0.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0],
        (2, 4),
        F32,
    );
    let verdict = Verdict::of(Evidence { change: &few, types: F32, spectrum: None, guided: None });
    assert_eq!((verdict.form, few.two_of_four), (Form::Pruned, Some(1.0)));
    let mut nearly = vec![0.0; before.len()];
    assert!(judged(&before, &nearly, F32).1.sentence.starts_with("all elements are zero"));
    nearly[9] = 0.5;
    assert_eq!(judged(&before, &nearly, F32).1.form, Form::Pruned);
    nearly[9] = f32::NAN;
    assert_ne!(judged(&before, &nearly, F32).1.form, Form::AllZero);
}

#[test]
fn rounded_weights_are_quantized_and_not_pruned() {
    use weightscope_math::quantize::{Bits, Groups, max};
    let before = random("before", 0.05);
    for (width, group) in [(before.len(), "the tensor"), (64, "each row"), (32, "each 32 neighbours")] {
        for bits in 2..=8 {
            let groups = Groups::rows(before.len() / width, width);
            let after = max::quantize(&before, groups, Bits::new(bits).unwrap());
            let (change, verdict) = judged(&before, &after, F32);
            let place = format!("{bits} bits by {width}: {}", verdict.sentence);
            assert_eq!(verdict.form, Form::Quantized, "{place}");
            assert!(verdict.sentence.contains(group), "{place}");
            assert!(change.levels.unwrap().distinct < 1 << bits, "{place}");
        }
    }
    let mut distinct = max::quantize(&before, Groups::whole(before.len()), Bits::new(4).unwrap());
    distinct.sort_by(f32::total_cmp);
    distinct.dedup();
    let after = max::quantize(&before, Groups::whole(before.len()), Bits::new(4).unwrap());
    assert!(judged(&before, &after, F32).1.sentence.contains(&format!("holds {} distinct", distinct.len())));
    // Values that took one number for each row, or of which few are left, were not rounded.
    let other = random("other", 0.05);
    let by_row: Vec<f32> = (0..before.len()).map(|index| other[index / SHAPE.1]).collect();
    assert_ne!(judged(&before, &by_row, F32).1.form, Form::Quantized);
    // What was on levels and moved among them was not rounded either.
    let moved: Vec<f32> =
        after.iter().zip(&other).map(|(value, other)| if *other > 0.05 { -value } else { *value }).collect();
    assert_ne!(judged(&after, &moved, F32).1.form, Form::Quantized);
}

#[test]
fn blocks_of_every_width_that_divides_the_columns_are_block_affine() {
    let (rows, columns) = (200, 384);
    let (mut before, mut slab) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
    stream(6, "wide").fill_normal(&mut before);
    stream(6, "slab").fill_normal(&mut slab);
    for width in [2, 3, 6, 12, 24, 48, 64, 96, 128, 192] {
        let after: Vec<f32> = (0..before.len())
            .map(|index| before[index] + 0.05 * slab[index / columns * columns + index % columns % width])
            .collect();
        let change = Change::of(&before, &after, (rows, columns), F32);
        let delta = difference(&before, &after);
        let spectrum = Spectrum::of(&delta, rows, columns, &mut || true).unwrap();
        let evidence = Evidence { change: &change, types: F32, spectrum: Some(&spectrum), guided: None };
        let verdict = Verdict::of(evidence);
        assert_eq!(verdict.form, Form::BlockAffine, "{width}: {}", verdict.sentence);
        assert_eq!(change.block().map(|(width, _)| width), Some(width));
        assert!(verdict.sentence.contains(&format!("blocks of {width} columns")), "{}", verdict.sentence);
    }
}

#[test]
fn a_few_numbers_that_repeat_are_chance() {
    let change = Change::of(&[1.0, 2.0, 3.0, 4.0], &[1.1, 2.1, 3.1, 4.1], (1, 4), F32);
    assert!(change.block_shares.iter().any(|(_, share)| *share > 0.99), "{:?}", change.block_shares);
    assert_eq!(change.repeats(), None);
}
