//! Moments, extremes, zeros and the histogram of a tensor, in two passes.
//!
//! The first pass sums blocks of 4,096 elements, each about its own mean, and joins them (Pébay, Sandia report SAND2008-6212, 2008); the
//! second counts what needs the deviation of the whole: values near zero, outliers, the histogram over `w/σ`.

use multiversion::multiversion;

/// Elements of one block.
const BLOCK: usize = 4096;

/// Partial sums that run side by side, so that the compiler can use wide registers.
const LANES: usize = 8;

/// Bins of the histogram over `w/σ`.
pub const BINS: usize = 160;

/// The histogram reaches from `−EDGE` to `EDGE` in units of σ.
pub const EDGE: f64 = 8.0;

/// Where values begin to count as near zero or as outliers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// A value with `|w|` below this many σ is near zero.
    pub near_zero: f64,
    /// A value with `|w − mean|` above this many σ is an outlier.
    pub outlier_sigma: f64,
}

impl Default for Settings {
    /// 0.001 σ and 6 σ.
    fn default() -> Self {
        Self { near_zero: 1e-3, outlier_sigma: 6.0 }
    }
}

/// What the values of a tensor are like. Not-a-number where there is nothing to say: no finite value, or a kurtosis without deviation.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Number of elements.
    pub parameters: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation over n.
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Fourth standardised moment: 3 for a normal distribution.
    pub kurtosis: f64,
    /// Exact zeros.
    pub zeros: u64,
    /// Values nearer to zero than [`Settings::near_zero`], exact zeros among them.
    pub near_zero: u64,
    /// Values that are infinite or not a number.
    pub non_finite: u64,
    /// Values further from the mean than [`Settings::outlier_sigma`].
    pub outliers: u64,
    /// `√Σw²`.
    pub frobenius_norm: f64,
    /// Mean magnitude.
    pub mean_magnitude: f64,
    /// Counts over `w/σ`: below `−8`, [`BINS`] bins of equal width, above 8. Empty if there is no deviation.
    pub histogram: Vec<u64>,
}

impl Statistics {
    /// Both passes over a tensor in one piece.
    pub fn of(values: &[f32], settings: Settings) -> Self {
        let mut first = FirstPass::default();
        first.push(values);
        let mut second = first.finish(settings);
        second.push(values);
        second.finish()
    }

    /// Number of finite values.
    pub fn finite(&self) -> u64 {
        self.parameters - self.non_finite
    }

    /// The largest magnitude; 0 without values.
    pub fn largest_magnitude(&self) -> f64 {
        self.max.max(-self.min).max(0.0)
    }

    /// Root mean square; 0 without values.
    pub fn rms(&self) -> f64 {
        self.frobenius_norm / (self.finite().max(1) as f64).sqrt()
    }
}

/// The first pass: moments and extremes.
#[derive(Clone, Debug)]
pub struct FirstPass {
    waiting: Vec<f32>,
    parameters: u64,
    total: Block,
    min: f32,
    max: f32,
}

/// Sums of a block about its mean, or of blocks that were joined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Block {
    count: f64,
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
    squares: f64,
    magnitudes: f64,
    zeros: f64,
}

impl Default for FirstPass {
    fn default() -> Self {
        let (min, max) = (f32::INFINITY, f32::NEG_INFINITY);
        Self { waiting: Vec::with_capacity(BLOCK), parameters: 0, total: Block::default(), min, max }
    }
}

impl FirstPass {
    /// Takes the next elements.
    pub fn push(&mut self, values: &[f32]) {
        self.parameters += values.len() as u64;
        let mut rest = values;
        if !self.waiting.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(BLOCK - self.waiting.len()));
            self.waiting.extend_from_slice(head);
            rest = tail;
            if self.waiting.len() < BLOCK {
                return;
            }
            let full = std::mem::take(&mut self.waiting);
            self.take(&full);
            self.waiting = full;
            self.waiting.clear();
        }
        let blocks = rest.chunks_exact(BLOCK);
        let left = blocks.remainder();
        blocks.for_each(|block| self.take(block));
        self.waiting.extend_from_slice(left);
    }

    fn take(&mut self, values: &[f32]) {
        let (low, high, finite) = extremes(values);
        if !finite {
            let kept: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
            return self.take_finite(&kept);
        }
        self.min = if low < self.min { low } else { self.min };
        self.max = if high > self.max { high } else { self.max };
        self.total.join(&sums(values));
    }

    fn take_finite(&mut self, kept: &[f32]) {
        if !kept.is_empty() {
            self.take(kept);
        }
    }

    /// Ends the first pass and starts the second.
    pub fn finish(mut self, settings: Settings) -> SecondPass {
        let rest = std::mem::take(&mut self.waiting);
        if !rest.is_empty() {
            self.take(&rest);
        }
        let total = self.total;
        let known = total.count > 0.0;
        let or_nothing = |value: f64| if known { value } else { f64::NAN };
        let variance = total.second / total.count;
        // Deviations that are rounding errors of the mean are none.
        let varies = variance.sqrt() > f64::EPSILON * total.mean.abs();
        let kurtosis = if varies { total.fourth / total.count / (variance * variance) } else { f64::NAN };
        let statistics = Statistics {
            parameters: self.parameters,
            mean: or_nothing(total.mean),
            std: or_nothing(if varies { variance.sqrt() } else { 0.0 }),
            min: or_nothing(f64::from(self.min)),
            max: or_nothing(f64::from(self.max)),
            kurtosis,
            zeros: total.zeros as u64,
            near_zero: 0,
            non_finite: self.parameters - total.count as u64,
            outliers: 0,
            frobenius_norm: total.squares.sqrt(),
            mean_magnitude: or_nothing(total.magnitudes / total.count),
            histogram: if varies { vec![0; BINS + 2] } else { Vec::new() },
        };
        SecondPass { statistics, settings }
    }
}

impl Block {
    fn join(&mut self, other: &Self) {
        let (na, nb) = (self.count, other.count);
        let n = na + nb;
        if n == 0.0 {
            return;
        }
        let d = other.mean - self.mean;
        let (a2, a3, b2, b3) = (self.second, self.third, other.second, other.third);
        self.fourth += other.fourth
            + d.powi(4) * na * nb * (na * na - na * nb + nb * nb) / n.powi(3)
            + 6.0 * d * d * (na * na * b2 + nb * nb * a2) / (n * n)
            + 4.0 * d * (na * b3 - nb * a3) / n;
        self.third += b3 + d.powi(3) * na * nb * (na - nb) / (n * n) + 3.0 * d * (na * b2 - nb * a2) / n;
        self.second += b2 + d * d * na * nb / n;
        self.mean += d * nb / n;
        self.count = n;
        self.squares += other.squares;
        self.magnitudes += other.magnitudes;
        self.zeros += other.zeros;
    }
}

/// Smallest and largest value, and whether all are finite.
#[multiversion(targets("x86_64+avx2+fma"))]
fn extremes(values: &[f32]) -> (f32, f32, bool) {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let mut wrong = [0_u32; LANES];
    let mut step = |lane: usize, value: f32| {
        low[lane] = if value < low[lane] { value } else { low[lane] };
        high[lane] = if value > high[lane] { value } else { high[lane] };
        wrong[lane] |= u32::from(value.abs() > f32::MAX) | u32::from(value.is_nan());
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    }
    rest.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    let low = low.into_iter().fold(f32::INFINITY, f32::min);
    (low, high.into_iter().fold(f32::NEG_INFINITY, f32::max), wrong.iter().all(|wrong| *wrong == 0))
}

/// Sums of finite values about their mean.
#[multiversion(targets("x86_64+avx2+fma"))]
fn sums(values: &[f32]) -> Block {
    let count = values.len() as f64;
    let mut plain = [[0.0_f64; LANES]; 4];
    let mut step = |lane: usize, value: f32| {
        let value = f64::from(value);
        plain[0][lane] += value;
        plain[1][lane] += value * value;
        plain[2][lane] += value.abs();
        plain[3][lane] += if value == 0.0 { 1.0 } else { 0.0 };
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    }
    rest.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    let [sum, squares, magnitudes, zeros] = plain.map(|lanes| lanes.iter().sum::<f64>());
    let mean = sum / count;
    let mut central = [[0.0_f64; LANES]; 4];
    let mut step = |lane: usize, value: f32| {
        let d = f64::from(value) - mean;
        let square = d * d;
        central[0][lane] += d;
        central[1][lane] += square;
        central[2][lane] += square * d;
        central[3][lane] += square * square;
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    }
    rest.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    let [first, second, third, fourth] = central.map(|lanes| lanes.iter().sum::<f64>());
    // What rounding left of the first moment corrects the second.
    Block { count, mean, second: second - first * first / count, third, fourth, squares, magnitudes, zeros }
}

/// The second pass: what needs the mean and deviation of the whole.
#[derive(Clone, Debug)]
pub struct SecondPass {
    statistics: Statistics,
    settings: Settings,
}

impl SecondPass {
    /// What the first pass found; counts of the second are 0 so far.
    pub fn so_far(&self) -> &Statistics {
        &self.statistics
    }

    /// Takes the next elements, the same as in the first pass.
    pub fn push(&mut self, values: &[f32]) {
        let found = &mut self.statistics;
        let near = self.settings.near_zero * found.std;
        let far = self.settings.outlier_sigma * found.std;
        let (low, high) = (found.mean - far, found.mean + far);
        let (close, outside) = shares(values, near, low, high);
        found.near_zero += close;
        found.outliers += outside;
        if !found.histogram.is_empty() {
            count(values, BINS as f64 / (2.0 * EDGE * found.std), &mut found.histogram);
        }
    }

    /// Ends the second pass.
    pub fn finish(self) -> Statistics {
        self.statistics
    }
}

/// How many finite values have a magnitude below `near`, and how many lie outside `low..=high`.
#[multiversion(targets("x86_64+avx2+fma"))]
fn shares(values: &[f32], near: f64, low: f64, high: f64) -> (u64, u64) {
    let (mut close, mut outside) = ([0_u64; LANES], [0_u64; LANES]);
    let mut step = |lane: usize, value: f32| {
        let finite = value.abs() <= f32::MAX;
        let value = f64::from(value);
        close[lane] += u64::from(value.abs() < near);
        outside[lane] += u64::from(finite) & (u64::from(value < low) | u64::from(value > high));
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    }
    rest.iter().enumerate().for_each(|(lane, value)| step(lane, *value));
    (close.iter().sum(), outside.iter().sum())
}

/// Counts finite values by `value · per_bin`, which is 0 in the middle.
fn count(values: &[f32], per_bin: f64, bins: &mut [u64]) {
    let last = bins.len() - 1;
    let middle = (BINS / 2) as f64;
    for value in values.iter().filter(|value| value.is_finite()) {
        // Below the first edge the sum is negative, and the cast stops at 0.
        let place = (f64::from(*value) * per_bin + middle + 1.0) as usize;
        if let Some(bin) = bins.get_mut(place.min(last)) {
            *bin += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    fn random(name: &str, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        stream(3, name).fill_normal(&mut values);
        values
    }

    /// Straight sums in two passes.
    fn directly(values: &[f32]) -> (f64, f64, f64) {
        let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let moment = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / count;
        (mean, moment(2).sqrt(), moment(4) / moment(2).powi(2))
    }

    #[test]
    fn joined_blocks_have_the_moments_of_the_whole() {
        for (count, shift, name) in [(1, 0.0, "one"), (100, 0.5, "few"), (50_001, 300.0, "many")] {
            let mut values = random(name, count);
            // A mean that drifts from block to block puts the joining to the test.
            values.iter_mut().enumerate().for_each(|(index, value)| *value += shift + index as f32 * 1e-3);
            let found = Statistics::of(&values, Settings::default());
            let (mean, std, kurtosis) = directly(&values);
            assert!((found.mean / mean - 1.0).abs() < 1e-12, "{name}: {} and {mean}", found.mean);
            assert!((found.std - std).abs() <= 1e-10 * std);
            assert!(count == 1 || (found.kurtosis / kurtosis - 1.0).abs() < 1e-9);
            assert_eq!(found.histogram.iter().sum::<u64>(), if count == 1 { 0 } else { count as u64 });
        }
    }

    #[test]
    fn the_borders_of_the_pieces_do_not_count() {
        let values = random("pieces", 20_000);
        let whole = Statistics::of(&values, Settings::default());
        for length in [1, 999, 4096, 5000] {
            let mut first = FirstPass::default();
            values.chunks(length).for_each(|piece| first.push(piece));
            let mut second = first.finish(Settings::default());
            values.chunks(length).for_each(|piece| second.push(piece));
            assert_eq!(second.finish(), whole, "the same bits");
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_and_left_out() {
        let values = random("broken", 10_000);
        let mut broken = values.clone();
        for index in [0, 4096, 9999] {
            broken.insert(index, [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][index % 3]);
        }
        let (clean, found) =
            (Statistics::of(&values, Settings::default()), Statistics::of(&broken, Settings::default()));
        assert_eq!((found.non_finite, found.parameters, found.finite()), (3, 10_003, 10_000));
        assert!((found.std / clean.std - 1.0).abs() < 1e-13 && found.max == clean.max);
        assert_eq!((found.outliers, found.near_zero), (clean.outliers, clean.near_zero));
        assert_eq!(found.histogram, clean.histogram);
    }

    #[test]
    fn counts_follow_their_thresholds() {
        let mut values = [1.0_f32, -1.0].repeat(500);
        values.extend([0.0, 0.0, 1e-4, -12.0]);
        let found = Statistics::of(&values, Settings { near_zero: 1e-3, outlier_sigma: 6.0 });
        assert_eq!((found.zeros, found.near_zero, found.outliers), (2, 3, 1));
        assert_eq!((found.min, found.max, found.largest_magnitude()), (-12.0, 1.0, 12.0));
        let wide = Statistics::of(&values, Settings { near_zero: 2.0, outlier_sigma: 20.0 });
        assert_eq!((wide.near_zero, wide.outliers), (1003, 0));
        assert_eq!(found.histogram[0], 1, "beyond eight deviations");
        let squares: f64 = 1000.0 + 1e-8 + 144.0;
        assert!((found.frobenius_norm - squares.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_equal_values_have_their_figures() {
        let none = Statistics::of(&[], Settings::default());
        assert!(none.mean.is_nan() && none.std.is_nan() && none.min.is_nan() && none.frobenius_norm == 0.0);
        assert_eq!(none.largest_magnitude(), 0.0);
        let equal = Statistics::of(&vec![0.1; 9000], Settings::default());
        assert_eq!((equal.std, equal.outliers, equal.near_zero), (0.0, 0, 0));
        assert!(equal.kurtosis.is_nan() && equal.histogram.is_empty());
        let broken = Statistics::of(&[f32::NAN; 5], Settings::default());
        assert_eq!((broken.non_finite, broken.finite()), (5, 0));
        assert!(broken.max.is_nan());
    }
}
