//! How long figures of tensors take, and how soon a large spectrum stops: `cargo run -p weightscope-weights --example times`.
//!
//! The limits stand beside the measurements; a machine that is busy with something else misses them.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "run by hand, its output is the report")]

use std::time::{Duration, Instant};

use weightscope_math::linalg::spectrum::{Leading, Spectrum, predicted_seconds};
use weightscope_math::stats::power_law::spectral::PowerLawTail;
use weightscope_math::stream;
use weightscope_weights::Element;
use weightscope_weights::measure::{
    Change, FirstPass, Grouping, Maxima, QuantizationPass, Scale, Settings, difference, guided,
};

fn main() {
    spectra_of_a_small_transformer();
    one_large_spectrum_and_its_exponent();
    statistics_of_an_eighth_of_a_gigabyte();
    a_large_spectrum_stops_within_a_fifth_of_a_second();
    pairs_of_a_tenth_of_a_gigabyte();
}

fn random(name: &str, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(1, name).fill_normal(&mut values);
    values.iter_mut().for_each(|value| *value *= 0.02);
    values
}

fn spectra_of_a_small_transformer() {
    let mut shapes = vec![(30522, 384), (512, 384)];
    for _ in 0..6 {
        shapes.extend([(384, 384), (384, 384), (384, 384), (384, 384), (1536, 384), (384, 1536)]);
    }
    shapes.push((384, 384));
    let matrices: Vec<(Vec<f32>, usize, usize)> =
        shapes.iter().map(|(rows, columns)| (random("matrix", rows * columns), *rows, *columns)).collect();
    let predicted: f64 = shapes.iter().map(|(rows, columns)| predicted_seconds(*rows, *columns)).sum();
    let start = Instant::now();
    for (values, rows, columns) in &matrices {
        let spectrum = Spectrum::of(values, *rows, *columns, &mut || true).unwrap();
        let tail = PowerLawTail::of(&spectrum.eigenvalues());
        assert!(tail.fit.is_some());
    }
    let parameters: usize = matrices.iter().map(|(values, ..)| values.len()).sum();
    eprintln!(
        "{} matrices, {parameters} parameters: {:?} on one thread, {predicted:.2} s predicted",
        matrices.len(),
        start.elapsed()
    );
}

fn one_large_spectrum_and_its_exponent() {
    for size in [1024, 2048, 4096] {
        let values = random("large", size * size);
        let start = Instant::now();
        let spectrum = Spectrum::of(&values, size, size, &mut || true).unwrap();
        let whole = start.elapsed();
        let start = Instant::now();
        let tail = PowerLawTail::of(&spectrum.eigenvalues());
        let fitted = start.elapsed();
        let start = Instant::now();
        let method = Leading::new(1);
        let leading = Spectrum::leading(&values, (size, size), method, &mut || true).unwrap();
        let ratio = |place: usize| leading.singular_values[place] / spectrum.singular_values[place];
        eprintln!(
            "{size}²: whole {whole:?} ({:.2} s predicted), exponent of {} values {fitted:?}, leading {:?}, their share of the exact ones: \
             {:.5} first, {:.5} 64th, {:.5} 256th",
            predicted_seconds(size, size),
            tail.values.len(),
            start.elapsed(),
            ratio(0),
            ratio(63),
            ratio(255)
        );
    }
}

fn statistics_of_an_eighth_of_a_gigabyte() {
    let (rows, columns) = (8192, 4096);
    let values = random("statistics", rows * columns);
    let piece = 1 << 20;
    let start = Instant::now();
    let mut first = FirstPass::default();
    values.chunks(piece).for_each(|piece| first.push(piece));
    let mut second = first.finish(Settings::default());
    let moments = start.elapsed();
    values.chunks(piece).for_each(|piece| second.push(piece));
    let statistics = second.finish();
    let both = start.elapsed();
    let mut maxima = Maxima::new(rows, columns);
    values.chunks(piece).for_each(|piece| maxima.push(piece));
    let all = start.elapsed();
    eprintln!(
        "{} values: moments {moments:?}, counts {:?}, maxima {:?}",
        values.len(),
        both.saturating_sub(moments),
        all.saturating_sub(both)
    );
    for scale in [Scale::Max, Scale::StatsQ, Scale::LsqStart] {
        let start = Instant::now();
        let (largest, mean) = (statistics.largest_magnitude(), statistics.mean_magnitude);
        let mut pass = QuantizationPass::new(columns, largest, mean, scale);
        values.chunks(piece).for_each(|piece| pass.push(piece));
        let found = pass.finish();
        let took = start.elapsed();
        let error = found.at(4, Grouping::Row).unwrap().relative_error;
        eprintln!(
            "{scale:?}: {took:?}, {:.1} ns a value for 35 cells; 4 bits by row {error:.4}",
            took.as_secs_f64() * 1e9 / values.len() as f64
        );
    }
}

fn a_large_spectrum_stops_within_a_fifth_of_a_second() {
    let size = 4096;
    let values = random("stop", size * size);
    let mut slowest = Duration::ZERO;
    for (whole, after) in [(true, 50), (true, 1500), (true, 6000), (true, 9000), (false, 300), (false, 1500)]
    {
        let start = Instant::now();
        let mut stopped = None;
        let mut go_on = || {
            let late = start.elapsed() > Duration::from_millis(after);
            if late {
                stopped.get_or_insert(start.elapsed());
            }
            !late
        };
        let found = if whole {
            Spectrum::of(&values, size, size, &mut go_on)
        } else {
            Spectrum::leading(&values, (size, size), Leading::new(1), &mut go_on)
        };
        let took = start.elapsed().saturating_sub(Duration::from_millis(after));
        assert!(found.is_err(), "it was over before it was stopped");
        eprintln!("stopped after {after} ms (whole: {whole}): {took:?} from the wish to the end");
        slowest = slowest.max(took);
    }
    assert!(slowest < Duration::from_millis(200), "{slowest:?}");
}

fn pairs_of_a_tenth_of_a_gigabyte() {
    // 5,040 has more divisors than any other number of its size, and each is tried.
    for (rows, columns) in [(8192, 4096), (5040, 5040), (1280, 20_480)] {
        let (before, after) = (random("before", rows * columns), random("after", rows * columns));
        let start = Instant::now();
        let found = Change::of(&before, &after, (rows, columns), (Element::F32, Element::F32));
        let took = start.elapsed();
        let delta = difference(&before, &after);
        let start = Instant::now();
        let none = guided(&before, &delta, (rows, columns), 0.99);
        eprintln!(
            "{rows} × {columns}: {} pairs and {} widths {took:?}, relative change {:.3}; old blocks tried {:?}, {none:?}",
            found.count,
            found.block_shares.len(),
            found.relative_change,
            start.elapsed()
        );
    }
}
