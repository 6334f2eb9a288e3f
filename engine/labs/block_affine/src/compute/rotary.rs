//! Rotary positions.

use super::number::Number;
use crate::method::network::Pairs;

/// Cosines and sines of rotary positions, `[times, width/2]` each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rotation<T> {
    pairs: Pairs,
    width: usize,
    cos: Vec<T>,
    sin: Vec<T>,
}

impl<T: Number> Rotation<T> {
    /// Angles `t·theta^(−2i/width)`.
    pub(crate) fn new(pairs: Pairs, width: usize, theta: f64, times: usize) -> Self {
        let angle = |time: usize, pair: usize| time as f64 * theta.powf(-2.0 * pair as f64 / width as f64);
        let all = |of: fn(f64) -> f64| {
            let places = (0..times * (width / 2)).map(|place| (place / (width / 2), place % (width / 2)));
            places.map(|(time, pair)| T::from_f64(of(angle(time, pair)))).collect()
        };
        Self { pairs, width, cos: all(f64::cos), sin: all(f64::sin) }
    }

    /// Entries of a head.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The two entries of a head that turn together.
    pub(crate) fn entries(&self, pair: usize) -> (usize, usize) {
        match self.pairs {
            Pairs::Halves => (pair, pair + self.width / 2),
            Pairs::Adjacent => (2 * pair, 2 * pair + 1),
        }
    }

    /// Cosine and sine of a pair at a time.
    pub(crate) fn angle(&self, time: usize, pair: usize) -> (T, T) {
        let place = time * (self.width / 2) + pair;
        (self.cos[place], self.sin[place])
    }

    /// Turns all heads of rows in place, backwards on the way back.
    pub(crate) fn turn(&self, rows: &mut [T], row_width: usize, times: usize, back: bool) {
        let half = self.width / 2;
        for (row, values) in rows.chunks_exact_mut(row_width.max(1)).enumerate() {
            let first = row % times * half;
            let (cos, sin) = (&self.cos[first..first + half], &self.sin[first..first + half]);
            for head in values.chunks_exact_mut(self.width) {
                for pair in 0..half {
                    let (one, other) = self.entries(pair);
                    let (a, b) = (head[one], head[other]);
                    let sin = if back { -sin[pair] } else { sin[pair] };
                    head[one] = a * cos[pair] - b * sin;
                    head[other] = b * cos[pair] + a * sin;
                }
            }
        }
    }
}
