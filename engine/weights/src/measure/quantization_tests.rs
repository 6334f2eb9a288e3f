use super::*;
use proptest::prelude::*;
use weightscope_math::quantize::{Bits, Groups, LevelRange, Sign, boundary, lsq, max, statsq};
use weightscope_math::stream;

fn random(name: &str, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(3, name).fill_normal(&mut values);
    values
}

fn measured(values: &[f32], columns: usize, scale: Scale) -> Quantization {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
    let total: f64 = values.iter().map(|value| f64::from(value.abs())).sum();
    Quantization::of(values, columns, largest, total / values.len() as f64, scale)
}

/// The figures of one cell with the quantizers of the labs, group by group.
fn directly(values: &[f32], columns: usize, bits: u8, grouping: Grouping, scale: Scale) -> Cell {
    let bits = Bits::new(bits).unwrap();
    let range = LevelRange::new(bits, Sign::Signed);
    let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let lines: Vec<&[f64]> = match grouping.width(columns) {
        None => vec![&values],
        Some(width) => values.chunks(columns).flat_map(|row| row.chunks(width)).collect(),
    };
    let (mut squares, mut worst, mut zeros, mut near) = (0.0, 0.0_f64, 0, 0);
    for group in lines {
        let whole = Groups::whole(group.len());
        let (found, positions): (Vec<f64>, Vec<f64>) = match scale {
            Scale::Max => {
                let step = max::steps(group, whole, bits)[0];
                (max::quantize(group, whole, bits), group.iter().map(|value| value / step).collect())
            }
            Scale::LsqStart => {
                let steps = lsq::initial_step(group, whole, range, Sign::Signed);
                (lsq::quantize(group, &steps, whole, range).value, lsq::positions(group, &steps, whole))
            }
            Scale::StatsQ => {
                let found = statsq::quantize(group, whole, bits);
                (found.value, found.position)
            }
        };
        for ((found, value), position) in found.iter().zip(group).zip(&positions) {
            squares += (found - value).powi(2);
            worst = worst.max((found - value).abs());
            zeros += u64::from(*found == 0.0);
            near += u64::from(boundary::distance(*position, range) < AT_BOUNDARY);
        }
    }
    let norm: f64 = values.iter().map(|value| value * value).sum();
    Cell {
        relative_error: (squares / norm).sqrt(),
        largest_error: worst,
        at_zero: zeros,
        at_boundary: near,
        count: values.len() as u64,
    }
}

#[test]
fn figures_are_those_of_the_labs_quantizers() {
    for (rows, columns) in [(40, 200), (9, 64), (300, 3), (1, 1000)] {
        let values = random("figures", rows * columns);
        for scale in [Scale::Max, Scale::StatsQ, Scale::LsqStart] {
            let found = measured(&values, columns, scale);
            for grouping in Grouping::ALL {
                for bits in BITS {
                    let (a, b) = (
                        found.at(bits, grouping).unwrap(),
                        directly(&values, columns, bits, grouping, scale),
                    );
                    let place =
                        format!("{rows} × {columns}, {scale:?}, {grouping:?}, {bits} bits: {a:?} and {b:?}");
                    assert!((a.relative_error / b.relative_error - 1.0).abs() < 1e-9, "{place}");
                    assert!((a.largest_error - b.largest_error).abs() < 1e-12, "{place}");
                    assert_eq!(
                        (a.at_zero, a.at_boundary, a.count),
                        (b.at_zero, b.at_boundary, b.count),
                        "{place}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_borders_of_the_pieces_do_not_count() {
    let values = random("pieces", 5000);
    let whole = measured(&values, 250, Scale::Max);
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
    let total: f64 = values.iter().map(|value| f64::from(value.abs())).sum();
    for length in [1, 249, 250, 1111] {
        let mut pass = QuantizationPass::new(250, largest, total / 5000.0, Scale::Max);
        values.chunks(length).for_each(|piece| pass.push(piece));
        assert_eq!(pass.finish(), whole, "the same bits");
    }
}

#[test]
fn a_long_row_is_not_kept_and_has_the_figures_of_a_kept_one() {
    let values = random("long", 300_000);
    for scale in [Scale::Max, Scale::StatsQ, Scale::LsqStart] {
        let (largest, total) = (magnitudes(&values).largest, magnitudes(&values).total);
        let mean = total / values.len() as f64;
        let mut pass = QuantizationPass::of_matrix((1, values.len()), largest, mean, scale);
        for piece in values.chunks(1000) {
            pass.push(piece);
            assert!(pass.waiting.len() < TAKEN && pass.waiting.capacity() <= 2 * TAKEN);
        }
        let (found, kept) = (pass.finish(), Quantization::of(&values, values.len(), largest, mean, scale));
        for (bits, grouping) in BITS.into_iter().flat_map(|bits| Grouping::ALL.map(|one| (bits, one))) {
            let (a, b) = (found.at(bits, grouping).unwrap(), kept.at(bits, grouping).unwrap());
            assert!(same(a, b), "{scale:?}, {bits} bits, {grouping:?}: {a:?} and {b:?}");
        }
    }
}

#[test]
fn zeros_and_broken_values_are_no_error() {
    let zeros = measured(&[0.0; 128], 64, Scale::Max);
    let cell = zeros.at(4, Grouping::Row).unwrap();
    assert!(cell.relative_error.is_nan() && cell.at_zero == 128 && cell.at_boundary == 0);
    let values = random("broken", 640);
    let mut broken = values.clone();
    broken.splice(64..64, [f32::NAN; 64]);
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
    let found = Quantization::of(&broken, 64, largest, 0.8, Scale::Max);
    assert_eq!(found, Quantization::of(&values, 64, largest, 0.8, Scale::Max));
    assert_eq!(found.at(9, Grouping::Row), None);
}

/// A plain recount: each group in its place, values that are not finite passed over.
fn recounted(values: &[f32], columns: usize, bits: u8, grouping: Grouping, scale: Scale) -> Cell {
    let bits = Bits::new(bits).unwrap();
    let range = LevelRange::new(bits, Sign::Signed);
    let lines: Vec<&[f32]> = match grouping.width(columns) {
        None => vec![values],
        Some(width) => values.chunks(columns).flat_map(|row| row.chunks(width)).collect(),
    };
    let mut cell = Cell { relative_error: 0.0, largest_error: 0.0, at_zero: 0, at_boundary: 0, count: 0 };
    let mut norm = 0.0;
    for line in lines {
        let finite: Vec<f64> =
            line.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value)).collect();
        let largest = finite.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let mean = finite.iter().map(|value| value.abs()).sum::<f64>() / finite.len() as f64;
        for value in finite {
            let (position, found) = match scale {
                Scale::Max => {
                    let step = max::step_of(largest, bits);
                    (value / step, max::level_of(value, step, bits) * step)
                }
                Scale::LsqStart => {
                    let step = lsq::floored(2.0 * mean / f64::from(range.highest).sqrt());
                    (value / step, lsq::level_of(value, step, range) * step)
                }
                Scale::StatsQ => {
                    let level = statsq::level_of(value, 2.0 * mean, bits);
                    (statsq::position_of(value, 2.0 * mean, bits), statsq::value_of(level, 2.0 * mean, bits))
                }
            };
            norm += value * value;
            cell.relative_error += (found - value).powi(2);
            cell.largest_error = cell.largest_error.max((found - value).abs());
            cell.at_zero += u64::from(found == 0.0);
            cell.at_boundary += u64::from(boundary::distance(position, range) < AT_BOUNDARY);
            cell.count += 1;
        }
    }
    cell.relative_error = (cell.relative_error / norm).sqrt();
    cell
}

/// Values of which about one in `every` is not finite.
fn broken(count: usize, every: usize, seed: u64) -> Vec<f32> {
    let (mut values, mut places) = (vec![0.0; count], vec![0.0; count]);
    stream(seed, "values").fill_normal(&mut values);
    stream(seed, "places").fill_normal(&mut places);
    for (value, place) in values.iter_mut().zip(&places) {
        let place = (place.abs() * 1e5) as usize;
        if place.is_multiple_of(every) {
            *value = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][place / every % 3];
        }
    }
    values
}

fn same(found: &Cell, expected: &Cell) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 + 1e-9 * b.abs() || (a.is_nan() && b.is_nan());
    near(found.relative_error, expected.relative_error)
        && near(found.largest_error, expected.largest_error)
        && (found.at_zero, found.at_boundary, found.count)
            == (expected.at_zero, expected.at_boundary, expected.count)
}

#[test]
fn a_value_that_is_not_finite_keeps_its_place_in_its_group() {
    // The largest value stands in the second group, and would move into the first if the broken one left its place.
    let mut values = vec![0.25_f32; 64];
    (values[3], values[32]) = (f32::NAN, 100.0);
    values[63] = 1.0;
    let found = Quantization::of(&values, 64, 100.0, 1.0, Scale::Max);
    let cell = found.at(4, Grouping::Of32).unwrap();
    // The first group has one value and is exact; of the second all but the largest fall to zero.
    let lost = (30.0 * 0.0625 + 1.0_f64) / (61.0 * 0.0625 + 1.0 + 1e4);
    assert!((cell.relative_error - lost.sqrt()).abs() < 1e-12, "{cell:?}");
    assert_eq!((cell.at_zero, cell.count), (31, 63));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_figure_is_that_of_a_plain_recount_also_with_values_that_are_not_finite(
        shape in prop_oneof![
            (1_usize..40, 1_usize..300),
            (1_usize..3000, 1_usize..4),
            (1_usize..=1, 1_usize..9000),
            (1_usize..200, 30_usize..70),
        ],
        every in prop_oneof![Just(1_usize), Just(2), Just(7), Just(50), Just(1000)],
        seed in any::<u64>(),
        bits in 2_u8..=8,
        piece in 1_usize..5000,
        scale in prop_oneof![Just(Scale::Max), Just(Scale::StatsQ), Just(Scale::LsqStart)],
        knows_rows in any::<bool>(),
    ) {
        let (rows, columns) = shape;
        let values = broken(rows * columns, every, seed);
        let finite: Vec<f64> =
            values.iter().filter(|value| value.is_finite()).map(|value| f64::from(value.abs())).collect();
        let largest = finite.iter().copied().fold(0.0, f64::max);
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        let mut pass = if knows_rows {
            QuantizationPass::of_matrix(shape, largest, mean, scale)
        } else {
            QuantizationPass::new(columns, largest, mean, scale)
        };
        values.chunks(piece).for_each(|piece| pass.push(piece));
        let found = pass.finish();
        for grouping in Grouping::ALL {
            let (cell, expected) =
                (found.at(bits, grouping).unwrap(), recounted(&values, columns, bits, grouping, scale));
            prop_assert!(same(cell, &expected), "{grouping:?}: {cell:?} instead of {expected:?}");
        }
    }
}
