use super::*;
use weightscope_math::quantize::{Groups, boundary};
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
