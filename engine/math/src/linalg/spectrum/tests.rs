use std::time::{Duration, Instant};

use super::*;
use crate::linalg::Matrix;
use crate::linalg::svd::singular_values;
use crate::rng::stream;

fn random(name: &str, rows: usize, columns: usize) -> Vec<f32> {
    let mut values = vec![0.0; rows * columns];
    stream(5, name).fill_normal(&mut values);
    values
}

fn always() -> bool {
    true
}

/// A product of two Gaussian factors: of this rank to rounding.
fn of_rank(rank: usize, rows: usize, columns: usize) -> Vec<f32> {
    let single = |name: &str, a, b| Matrix::from_singles(a, b, &random(name, a, b)).unwrap();
    let product = single("left", rows, rank).times(&single("right", rank, columns)).unwrap();
    product.values().iter().map(|value| *value as f32).collect()
}

#[test]
fn singular_values_agree_with_a_decomposition_of_the_matrix_itself() {
    for (rows, columns) in [(1, 1), (3, 1), (1, 4), (40, 30), (30, 47), (600, 300), (270, 700)] {
        let values = random("plain", rows, columns);
        let found = Spectrum::of(&values, rows, columns, &mut always).unwrap();
        let direct = singular_values(&Matrix::from_singles(rows, columns, &values).unwrap()).unwrap();
        assert_eq!(found.singular_values.len(), rows.min(columns));
        for (a, b) in found.singular_values.iter().zip(&direct) {
            assert!((a - b).abs() < 1e-7 * direct[0], "{rows} × {columns}: {a} and {b}");
        }
        let relative = found.spectral_norm() / direct[0] - 1.0;
        assert!(relative.abs() < 1e-13, "{relative}");
        let norm: f64 = direct.iter().map(|value| value * value).sum();
        assert!((found.squared_norm / norm - 1.0).abs() < 1e-12);
    }
}

#[test]
fn the_borders_of_the_pieces_do_not_count() {
    for (rows, columns) in [(700, 90), (90, 700)] {
        let values = random("pieces", rows, columns);
        let whole = Spectrum::of(&values, rows, columns, &mut always).unwrap();
        for length in [1, 77, 8192] {
            let mut gram = Gram::new(rows, columns).unwrap();
            values.chunks(length).for_each(|piece| gram.push(piece, &mut always).unwrap());
            assert_eq!(gram.spectrum(&mut always).unwrap(), whole, "the same bits");
        }
    }
}

#[test]
fn what_is_no_matrix_is_refused() {
    assert!(Gram::new(0, 3).is_err() && Gram::new(usize::MAX, 2).is_err());
    let mut gram = Gram::new(2, 2).unwrap();
    let error = gram.push(&[1.0, f32::NAN], &mut always).unwrap_err().to_string();
    assert_eq!(error, "spectrum: value 1 is not finite; leave such values out first");
    gram.push(&[1.0], &mut always).unwrap();
    assert!(gram.push(&[1.0; 4], &mut always).is_err(), "too many");
    assert!(gram.spectrum(&mut always).is_err(), "too few");
    assert!(leading_singular_values(&[1.0; 3], (2, 2), Leading::new(1), &mut always).is_err());
    assert!(eigenvalues(faer::Mat::zeros(2, 3), &mut always).is_err());
    assert_eq!(eigenvalues(faer::Mat::zeros(0, 0), &mut always), Ok(Vec::new()));
}

#[test]
fn a_matrix_of_zeros_has_a_spectrum_and_no_ranks() {
    let found = Spectrum::of(&[0.0; 12], 3, 4, &mut always).unwrap();
    assert_eq!(found.singular_values, [0.0; 3]);
    assert_eq!((found.stable_rank(), found.effective_rank(), found.count_above(0.0)), (None, None, 0));
}

#[test]
fn the_rank_counts_what_stands_above_the_rounding() {
    let (rows, columns) = (200, 120);
    let values = of_rank(8, rows, columns);
    let noise_of = |values: &[f32], unit| {
        let rms =
            (values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        rounding_noise(unit, rms, rows, columns)
    };
    let found = Spectrum::of(&values, rows, columns, &mut always).unwrap();
    let noise = noise_of(&values, 2.0_f64.powi(-24));
    assert_eq!(found.count_above(rank_limit(noise, found.spectral_norm())), 8);
    // Rounded to the upper half of a single: the noise is real, and predicted within a fifth.
    let coarse: Vec<f32> = values
        .iter()
        .map(|value| {
            let bits = value.to_bits();
            f32::from_bits((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
        })
        .collect();
    let found = Spectrum::of(&coarse, rows, columns, &mut always).unwrap();
    let noise = noise_of(&coarse, 2.0_f64.powi(-8));
    assert_eq!(found.count_above(rank_limit(noise, found.spectral_norm())), 8);
    let ratio = found.singular_values[8] / noise;
    assert!((0.8..1.2).contains(&ratio), "{ratio}");
}

#[test]
fn leading_values_are_those_of_the_whole_spectrum() {
    for (rows, columns) in [(400, 310), (310, 400)] {
        // A spectrum that falls by a factor of e every twelve values: the columns of a Gaussian matrix, scaled.
        let mut values = random("leading", rows, columns);
        for (index, value) in values.iter_mut().enumerate() {
            *value *= (-((index % columns) as f32) / 12.0).exp();
        }
        let whole = Spectrum::of(&values, rows, columns, &mut always).unwrap();
        let method = Leading { count: 32, ..Leading::new(3) };
        let found = Spectrum::leading(&values, (rows, columns), method, &mut always).unwrap();
        assert!(!found.whole && found.singular_values.len() == 32 && found.effective_rank().is_none());
        for (rank, (a, b)) in found.singular_values.iter().zip(&whole.singular_values).enumerate() {
            assert!(
                *a <= b * (1.0 + 1e-12) && *a > b * if rank < 8 { 1.0 - 1e-9 } else { 0.99 },
                "{rank}: {a}, {b}"
            );
        }
        let again = Spectrum::leading(&values, (rows, columns), method, &mut always).unwrap();
        assert_eq!(again, found, "the same seed, the same bits");
    }
    let small =
        leading_singular_values(&random("small", 5, 3), (5, 3), Leading::new(1), &mut always).unwrap();
    assert_eq!(small.len(), 3);
}

#[test]
fn the_largest_value_of_a_flat_spectrum_is_right() {
    let (rows, columns) = (700, 600);
    let values = random("flat", rows, columns);
    let whole = Spectrum::of(&values, rows, columns, &mut always).unwrap();
    let method = Leading { count: 24, ..Leading::new(7) };
    let found = Spectrum::leading(&values, (rows, columns), method, &mut always).unwrap();
    let share = |place: usize| found.singular_values[place] / whole.singular_values[place];
    assert!((share(0) - 1.0).abs() < 1e-4, "{}", share(0));
    assert!(share(23) < 1.0 && share(23) > 0.8, "the others are lower bounds: {}", share(23));
    let stable = found.stable_rank().unwrap() / whole.stable_rank().unwrap();
    assert!((stable - 1.0).abs() < 2e-4);
}

#[test]
fn triplets_rebuild_a_matrix_of_low_rank() {
    for (rows, columns) in [(90, 60), (60, 90), (1100, 1030)] {
        let values = of_rank(4, rows, columns);
        let Triplets { values: singular, left, right } =
            leading_triplets(&values, (rows, columns), 6, 2, &mut always).unwrap();
        assert_eq!(singular.len(), 6);
        assert!(singular[3] > 1.0 && singular[4] < 1e-4 * singular[0]);
        let mut worst = 0.0_f64;
        for (index, value) in values.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let rebuilt: f64 = (0..4).map(|k| singular[k] * left[k][row] * right[k][column]).sum();
            worst = worst.max((rebuilt - f64::from(*value)).abs());
        }
        assert!(worst < 1e-5, "{worst}");
        for vectors in [&left, &right] {
            let length: f64 = vectors[2].iter().map(|entry| entry * entry).sum();
            assert!((length - 1.0).abs() < 1e-9, "{length}");
        }
    }
}

#[test]
fn a_long_call_is_abandoned_within_a_fifth_of_a_second() {
    let size = 1600;
    let values = random("stop", size, size);
    let mut gram = Gram::new(size, size).unwrap();
    gram.push(&values, &mut always).unwrap();
    let lower = gram.finish(&mut always).unwrap();
    let (start, mut stopped) = (Instant::now(), None);
    let mut stop = || {
        let late = start.elapsed() > Duration::from_millis(60);
        if late {
            stopped.get_or_insert_with(Instant::now);
        }
        !late
    };
    assert_eq!(eigenvalues(lower, &mut stop), Err(SpectrumError::Stopped));
    assert!(stopped.unwrap().elapsed() < Duration::from_millis(200));
    assert_eq!(Spectrum::of(&values, size, size, &mut || false), Err(SpectrumError::Stopped));
    let method = Leading::new(1);
    assert_eq!(Spectrum::leading(&values, (size, size), method, &mut || false), Err(SpectrumError::Stopped));
}

#[test]
fn a_random_matrix_keeps_to_its_law() {
    for (rows, columns) in [(500, 300), (400, 400)] {
        let values: Vec<f32> = random("law", rows, columns).iter().map(|value| value * 0.25).collect();
        let found = Spectrum::of(&values, rows, columns, &mut always).unwrap();
        let law = MarchenkoPastur::new(rows, columns, 0.25).unwrap();
        let expected = law.expected(rows.min(columns));
        for (rank, (a, b)) in found.singular_values.iter().zip(&expected).enumerate() {
            assert!((a - b).abs() < 0.02 * law.upper_edge, "{rows} × {columns}, {rank}: {a}, {b}");
        }
        assert!(law.count_above(&found.singular_values) <= 2);
        let steps = 20_000;
        let width = (law.upper_edge - law.lower_edge) / f64::from(steps);
        let total: f64 = (0..steps)
            .map(|step| law.density(law.lower_edge + (f64::from(step) + 0.5) * width) * width)
            .sum();
        assert!((total - 1.0).abs() < 1e-3, "{total}");
    }
    assert!(MarchenkoPastur::new(0, 3, 1.0).is_none() && MarchenkoPastur::new(3, 3, f64::NAN).is_none());
}

#[test]
fn ranks_of_a_spectrum_are_its_definitions() {
    let spectrum = Spectrum {
        rows: 3,
        columns: 3,
        singular_values: vec![2.0, 1.0, 0.5],
        whole: true,
        squared_norm: 5.25,
    };
    // `numpy.exp(-sum(p*log(p)))`, p = [4, 1, .25]/5.25 (2.4.6).
    assert!(
        (spectrum.effective_rank().unwrap() - 1.950367504492245).abs() < 1e-13,
        "{:?}",
        spectrum.effective_rank()
    );
    assert_eq!(spectrum.stable_rank(), Some(1.3125));
    assert_eq!(spectrum.eigenvalues(), [0.25, 1.0, 4.0]);
    assert_eq!(predicted_operations(1000, 10), 2.0 * 1e5 + 9e3);
    assert_eq!(predicted_seconds(10, 1000), 209e3 / 20e9);
}
