//! Seeded random streams, one per purpose.
//!
//! Contract: every random number of a run comes from a [`Stream`] made of the run's seed and the name of its
//! purpose (`"init"`, `"split"`, `"batches/epoch/7"`, …). Never use a thread-local generator, and never the
//! process-global generator of a compute backend: their numbers depend on what else ran.
//! Two purposes never share numbers, so that using more of one stream leaves the others untouched.
//!
//! The numbers are the same on every platform: `ChaCha8` is integer arithmetic, and the floating-point code here
//! uses only operations that IEEE 754 rounds correctly (`+ - * /` and the square root), never the platform's
//! logarithm or cosine. The algorithms below are part of the format of a run: changing one changes old results.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A stream of random numbers that is a pure function of seed, purpose and position.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

/// The stream of `purpose` in the run with this `seed`.
///
/// The `ChaCha8` key is the BLAKE3 hash of the seed (8 bytes, little-endian) followed by the purpose (UTF-8).
pub fn stream(seed: u64, purpose: &str) -> Stream {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(purpose.as_bytes());
    Stream { generator: ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()) }
}

impl Stream {
    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// The next 64 random bits: two words of the stream, the lower one first.
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on `[0, 1)`, a multiple of 2⁻²⁴: the upper 24 bits of one word.
    pub fn unit(&mut self) -> f32 {
        const STEP: f32 = 1.0 / (1_u32 << 24) as f32;
        (self.next_u32() >> 8) as f32 * STEP
    }

    /// Uniform on `[0, 1)`, a multiple of 2⁻⁵³: the upper 53 bits of two words.
    pub fn unit_f64(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 * STEP
    }

    /// Uniform between `low` and `high`: `low + (high − low) · unit`.
    ///
    /// `high` itself can appear where rounding to `f32` reaches it.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Standard normal, by the polar method (G. Marsaglia and T. A. Bray, "A convenient method for generating
    /// normal variables", SIAM Review 6(3), 1964).
    ///
    /// The second value of each accepted pair is dropped: the state of the stream is then its position alone.
    pub fn normal(&mut self) -> f32 {
        loop {
            let (u, v) = (self.symmetric(), self.symmetric());
            let square = u * u + v * v;
            // `symmetric` is never 0, hence neither is `square`.
            if square < 1.0 {
                return (u * (-2.0 * natural_logarithm(square) / square).sqrt()) as f32;
            }
        }
    }

    /// Fills `values` with what as many calls of [`Stream::uniform`] would give.
    pub fn fill_uniform(&mut self, values: &mut [f32], low: f32, high: f32) {
        values.fill_with(|| self.uniform(low, high));
    }

    /// Fills `values` with what as many calls of [`Stream::normal`] would give.
    pub fn fill_normal(&mut self, values: &mut [f32]) {
        values.fill_with(|| self.normal());
    }

    /// Uniform on `0..bound`, without bias; 0 when `bound` is 0.
    ///
    /// The upper half of a 64 × 64-bit product, with rejection (D. Lemire, "Fast random integer generation in
    /// an interval", ACM TOMACS 29(1), 2019). Takes 64 bits whatever the platform's `usize`.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            return 0;
        }
        let bound = bound as u64;
        let rejected_below = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= rejected_below {
                return (product >> 64) as usize;
            }
        }
    }

    /// Shuffles in place: Fisher–Yates from the last position down, `swap(i, below(i + 1))`.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    /// The numbers `0..count` in shuffled order.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        self.shuffle(&mut order);
        order
    }

    /// How many 32-bit words were taken so far: all that a checkpoint must keep besides seed and purpose.
    pub fn position(&self) -> u128 {
        self.generator.get_word_pos()
    }

    /// Goes to a position that [`Stream::position`] gave, to continue from a checkpoint.
    pub fn seek(&mut self, position: u128) {
        self.generator.set_word_pos(position);
    }

    /// Uniform on (−1, 1), an odd multiple of 2⁻³², so never 0.
    fn symmetric(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 31) as f64;
        (f64::from(self.next_u32() as i32) + 0.5) * STEP
    }
}

/// ln x for a positive normal `x`, with the same bits on every platform; relative error below 1e-14.
///
/// x = m · 2ᵉ with m in [√½, √2), and ln m = 2 artanh s, s = (m − 1)/(m + 1), |s| < 0.1716.
fn natural_logarithm(x: f64) -> f64 {
    const FRACTION_BITS: u32 = 52;
    const EXPONENT_BIAS: i64 = 1023;
    // s²ᵏ/(2k + 1) falls below 1e-17 at k = 11.
    const TERMS: u32 = 11;
    let bits = x.to_bits();
    let mut exponent = ((bits >> FRACTION_BITS) as i64 & 0x7ff) - EXPONENT_BIAS;
    let mut mantissa =
        f64::from_bits(bits & ((1 << FRACTION_BITS) - 1) | ((EXPONENT_BIAS as u64) << FRACTION_BITS));
    if mantissa >= std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = (0..TERMS).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 200_000;

    /// The expected values come from a second implementation, written from the specifications of BLAKE3 and `ChaCha`.
    #[test]
    fn first_values_are_pinned() {
        let mut init = stream(7, "init");
        let words = [(); 4].map(|()| init.next_u32());
        assert_eq!(words, [2_174_987_256, 401_843_177, 228_146_269, 2_243_466_811]);
        let mut normals = [0.0; 4];
        stream(7, "init").fill_normal(&mut normals);
        assert_eq!(normals.map(f32::to_bits), [1_026_826_877, 3_213_982_329, 3_211_462_495, 3_202_873_178]);
        let mut uniforms = [0.0; 3];
        stream(7, "init").fill_uniform(&mut uniforms, -1.0, 1.0);
        assert_eq!(uniforms.map(f32::to_bits), [1_011_996_032, 3_209_697_466, 3_211_054_472]);
        assert_eq!(stream(7, "split").permutation(10), [1, 9, 0, 3, 7, 2, 5, 4, 8, 6]);
        let mut below = stream(7, "noise");
        assert_eq!([3, 10, 1000, 1 << 30].map(|bound| below.below(bound)), [1, 9, 570, 1039338060]);
    }

    #[test]
    fn streams_differ_by_seed_and_by_purpose() {
        let first = |seed, purpose| {
            let mut stream = stream(seed, purpose);
            [stream.next_u64(), stream.next_u64()]
        };
        assert_eq!(first(1, "init"), first(1, "init"));
        assert_ne!(first(1, "init"), first(2, "init"));
        assert_ne!(first(1, "batches/epoch/1"), first(1, "batches/epoch/2"));
        assert_ne!(first(1, "init"), first(1, ""));
    }

    #[test]
    fn purposes_are_uncorrelated() {
        let (mut a, mut b) = (stream(3, "init"), stream(3, "noise"));
        let sum: f64 = (0..DRAWS).map(|_| f64::from(a.normal()) * f64::from(b.normal())).sum();
        // The mean product of independent standard normals has standard deviation 1/√n.
        assert!((sum / DRAWS as f64).abs() < 4.0 / (DRAWS as f64).sqrt());
    }

    #[test]
    fn normal_has_the_moments_of_the_standard_normal() {
        let mut stream = stream(11, "moments");
        let mut power_sums = [0.0_f64; 4];
        let mut within_one = 0;
        for _ in 0..DRAWS {
            let z = f64::from(stream.normal());
            within_one += usize::from(z.abs() < 1.0);
            for (power, sum) in (1..).zip(&mut power_sums) {
                *sum += z.powi(power);
            }
        }
        let count = DRAWS as f64;
        // E zᵏ and four standard errors √((E z²ᵏ − (E zᵏ)²)/n) for k = 1..4.
        for (sum, (moment, variance)) in
            power_sums.iter().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0_f64)])
        {
            assert!((sum / count - moment).abs() < 4.0 * (variance / count).sqrt());
        }
        assert!((within_one as f64 / count - 0.682_689).abs() < 0.005);
    }

    #[test]
    fn uniform_stays_in_range_and_fills_it() {
        let mut stream = stream(5, "uniform");
        let mut values = vec![0.0; DRAWS];
        stream.fill_uniform(&mut values, -2.0, 6.0);
        let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!((-2.0..-1.99).contains(&low) && high > 5.99 && high <= 6.0);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / DRAWS as f64;
        assert!((mean - 2.0).abs() < 4.0 * (64.0 / 12.0 / DRAWS as f64).sqrt());
        assert!((0..1000).map(|_| stream.unit_f64()).all(|u| (0.0..1.0).contains(&u)));
    }

    #[test]
    fn below_is_uniform_and_takes_the_edges() {
        let mut stream = stream(5, "below");
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
        let mut counts = [0_i64; 6];
        for _ in 0..60_000 {
            counts[stream.below(6)] += 1;
        }
        // Chi-square with 5 degrees of freedom: 20.5 is the 99.9 % point.
        let chi_square: f64 = counts.iter().map(|c| ((c - 10_000) as f64).powi(2) / 10_000.0).sum();
        assert!(chi_square < 20.5, "{counts:?}");
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut stream = stream(9, "shuffle");
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            *counts.entry(stream.permutation(4)).or_insert(0_i64) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (count - 1000).abs() < 160), "{counts:?}");
    }

    #[test]
    fn a_stream_goes_on_from_a_saved_position() {
        let mut original = stream(1, "noise");
        let _ = (original.normal(), original.below(10), original.next_u32());
        let mut restored = stream(1, "noise");
        restored.seek(original.position());
        for _ in 0..100 {
            assert_eq!(original.normal().to_bits(), restored.normal().to_bits());
        }
    }

    #[test]
    fn the_logarithm_agrees_with_the_platform() {
        let mut stream = stream(2, "logarithm");
        for _ in 0..10_000 {
            let x = stream.unit_f64() + 1e-18;
            assert!((natural_logarithm(x) - x.ln()).abs() <= 1e-14 * x.ln().abs().max(1e-2), "{x}");
        }
        assert_eq!(natural_logarithm(1.0), 0.0);
        assert_eq!(natural_logarithm(2.0), std::f64::consts::LN_2);
    }
}
