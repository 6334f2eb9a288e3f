//! Loss over the simplices of decisions at fixed weights of the network (inferred, not in the paper): a grid over two decisions, and the straight
//! path between two architectures.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::sampler::one_hot;
use super::score::score;
use super::space::{Mixing, Space};
use super::step::Batch;

/// Points of a simplex of so many options whose weights are multiples of 1/`steps`, the last option fastest.
pub fn simplex_grid(options: usize, steps: usize) -> Vec<Vec<f64>> {
    fn fill(options: usize, left: usize, steps: usize, start: &mut Vec<f64>, all: &mut Vec<Vec<f64>>) {
        let share = |count: usize| count as f64 / steps.max(1) as f64;
        if options <= 1 {
            all.push(start.iter().copied().chain([share(left)]).collect());
            return;
        }
        for count in (0..=left).rev() {
            start.push(share(count));
            fill(options - 1, left - count, steps, start, all);
            start.pop();
        }
    }
    let mut all = Vec::new();
    if options > 0 {
        fill(options, steps.max(1), steps.max(1), &mut Vec::with_capacity(options), &mut all);
    }
    all
}

/// Mixture losses `[first grid, second grid]` of two decisions, row-major; the other decisions keep `weights`. Refuses tensors and rows that do
/// not fit.
pub fn plane<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    weights: &[Vec<f64>],
    decisions: (usize, usize),
    grids: (&[Vec<f64>], &[Vec<f64>]),
    batch: Batch<'_, T>,
) -> Result<Vec<f64>, MathError> {
    let mut losses = Vec::with_capacity(grids.0.len() * grids.1.len());
    let mut weights = weights.to_vec();
    for first in grids.0 {
        for second in grids.1 {
            for (decision, point) in [(decisions.0, first), (decisions.1, second)] {
                weights.get_mut(decision).into_iter().for_each(|row| row.clone_from(point));
            }
            losses.push(score(space, mixing, tensors, &weights, &[], batch)?.loss);
        }
    }
    Ok(losses)
}

/// Weights on the straight way from one architecture (share 0) to another (share 1).
pub fn between<T: Number>(space: &dyn Space<T>, from: &[usize], to: &[usize], share: f64) -> Vec<Vec<f64>> {
    let ends = from.iter().zip(to).zip(space.decisions());
    ends.map(|((from, to), decision)| {
        let options = decision.options.len();
        let pairs = one_hot(*from, options).into_iter().zip(one_hot(*to, options));
        pairs.map(|(from, to)| (1.0 - share) * from + share * to).collect()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::score::inherited;
    use crate::method::space::conv_macro::{ConvMacro, Options};
    use crate::method::space::initial;
    use weightscope_math::stream;

    #[test]
    fn a_grid_holds_every_multiple_once() {
        let grid = simplex_grid(3, 4);
        assert_eq!((grid.len(), simplex_grid(1, 4), simplex_grid(0, 4).len()), (15, vec![vec![1.0]], 0));
        assert!(grid.iter().all(|point| (point.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(
            (grid[0].as_slice(), grid[14].as_slice()),
            ([1.0, 0.0, 0.0].as_slice(), [0.0, 0.0, 1.0].as_slice())
        );
    }

    #[test]
    fn corners_are_inherited_networks() {
        let space = ConvMacro::new(Options { image: [1, 4, 4], classes: 3, ..Options::small() }).unwrap();
        let space: &dyn Space<f64> = &space;
        let mut random = stream(2, "plane");
        let tensors = initial(&space.tensors(Mixing::Superposed, &[]), &mut random);
        let rows: Vec<f64> = (0..20 * 16).map(|_| f64::from(random.normal())).collect();
        let labels: Vec<usize> = (0..20).map(|row| row % 3).collect();
        let batch = Batch { rows: &rows, labels: &labels };
        let weights = between(space, &[1, 0, 1, 0, 1], &[1, 0, 1, 0, 1], 0.5);
        let (first, second) = (simplex_grid(3, 2), simplex_grid(3, 2));
        let losses =
            plane(space, Mixing::Superposed, &tensors, &weights, (1, 3), (&first, &second), batch).unwrap();
        assert_eq!(losses.len(), 36);
        let corner = |kernel1: usize, kernel2: usize| {
            inherited(space, Mixing::Superposed, &tensors, &[1, kernel1, 1, kernel2, 1], batch).unwrap().loss
        };
        assert!((losses[0] - corner(0, 0)).abs() < 1e-12 && (losses[35] - corner(2, 2)).abs() < 1e-12);
        assert!((losses[5] - corner(0, 2)).abs() < 1e-12);
    }
}
