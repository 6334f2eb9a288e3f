//! Distance of a weight from the nearest decision boundary, in quantization steps.
//!
//! Contract: only interior boundaries count, `k + 0.5` for each level `k` but the highest;
//! the outer edge of the clip is no boundary, because no level changes there.

use super::bits::LevelRange;
use crate::real::Real;

/// Distance of each position on the level axis from the nearest interior boundary.
/// Infinite where the range has a single level.
pub fn distances<R: Real>(positions: &[R], range: LevelRange) -> Vec<R> {
    positions.iter().map(|position| distance(*position, range)).collect()
}

/// Distance of one position from the nearest interior boundary.
pub fn distance<R: Real>(position: R, range: LevelRange) -> R {
    if range.highest <= range.lowest {
        return R::from_f64(f64::INFINITY);
    }
    let half = R::from_f64(0.5);
    let first = R::from_f64(f64::from(range.lowest));
    let last = R::from_f64(f64::from(range.highest - 1));
    let nearest = (position - half).clip(first, last).round_half_even();
    (position - nearest - half).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: LevelRange = LevelRange { lowest: -2, highest: 1 };

    #[test]
    fn the_outer_edge_is_no_boundary() {
        assert_eq!(distances(&[-2.5, 1.5, -0.5, 0.0, 0.25], RANGE), [1.0, 1.0, 0.0, 0.5, 0.25]);
        assert_eq!(distance(0.3, LevelRange { lowest: 0, highest: 0 }), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn nothing_between_two_boundaries_is_further_than_half_a_step(position in -1.5_f64..0.5) {
            let found = distance(position, RANGE);
            let naive = [-1.5, -0.5, 0.5].iter().map(|b: &f64| (position - b).abs()).fold(f64::INFINITY, f64::min);
            prop_assert!(found <= 0.5);
            prop_assert!((found - naive).abs() < 1e-12);
        }
    }
}
