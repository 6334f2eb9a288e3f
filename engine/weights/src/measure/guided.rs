//! Updates that are an affine function of the old blocks: `ΔW[a, c] = W[a, c]·B + B` in blocks of `b × b`, with one B for each block of
//! rows a or for each block of columns c (Bone and Bat, arXiv 2409.15371).
//!
//! B is found by least squares within its group. Its share of the energy of ΔW is 1 for such an update; of any other it explains what
//! its free numbers explain by chance: `b/columns`, or `b/rows`.

use weightscope_math::Matrix;
use weightscope_math::linalg::solve::Cholesky;

/// The largest blocks that are tried. All common divisors of both sides are, from 2 on, where chance explains at most [`MOST_CHANCE`].
pub const MOST_SIDE: usize = 128;

/// Beyond this share of chance a fit says too little.
pub const MOST_CHANCE: f64 = 0.25;

/// Members of the first groups that are looked at before the rest, and the share that must be explained of them: a block whose first
/// members are not explained is given up. Chance explains an eighth of so many, and of a change that is guided all is explained but
/// for rounding.
const FIRST_MEMBERS: usize = 8;
const FIRST_SHARE: f64 = 0.9;

/// Groups that are looked at in whole before the rest.
const FIRST_GROUPS: usize = 2;

/// Which blocks have one B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Those of one block of rows (outputs).
    Outputs,
    /// Those of one block of columns (inputs).
    Inputs,
}

/// How well old blocks explain a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guided {
    /// Side of a block.
    pub block: usize,
    /// Which blocks have one B.
    pub sharing: Sharing,
    /// Share of the energy of ΔW that is explained.
    pub share: f64,
    /// What chance would explain.
    pub chance: f64,
}

/// The first block and sharing that explains at least `enough` of the energy of a change; both matrices row-major `[rows, columns]`.
/// `None` if there is none, no block fits, or nothing changed.
pub fn guided(
    before: &[f32],
    change: &[f32],
    (rows, columns): (usize, usize),
    enough: f64,
) -> Option<Guided> {
    if before.len() != change.len() || rows.checked_mul(columns) != Some(before.len()) {
        return None;
    }
    let pair = Pair { before, change, columns };
    let energy: f64 = change.iter().map(|value| f64::from(*value).powi(2)).sum();
    if !(energy.is_finite() && energy > 0.0) {
        return None;
    }
    let divides = |side: &usize| rows.is_multiple_of(*side) && columns.is_multiple_of(*side);
    for block in (2..=MOST_SIDE.min(rows).min(columns)).filter(divides) {
        for sharing in [Sharing::Outputs, Sharing::Inputs] {
            let (groups, length) = match sharing {
                Sharing::Outputs => (rows / block, columns),
                Sharing::Inputs => (columns / block, rows),
            };
            let chance = block as f64 / length as f64;
            if chance > MOST_CHANCE {
                continue;
            }
            if let Some(share) = pair.share(block, sharing, groups, length / block, energy, enough) {
                return Some(Guided { block, sharing, share, chance });
            }
        }
    }
    None
}

struct Pair<'a> {
    before: &'a [f32],
    change: &'a [f32],
    columns: usize,
}

impl Pair<'_> {
    /// The explained share of all groups; `None` if it is not enough.
    fn share(
        &self,
        block: usize,
        sharing: Sharing,
        groups: usize,
        members: usize,
        energy: f64,
        enough: f64,
    ) -> Option<f64> {
        for group in 0..groups.min(FIRST_GROUPS) {
            let (own, whole) = self.group(block, sharing, group, members.min(FIRST_MEMBERS))?;
            if own < FIRST_SHARE * whole {
                return None;
            }
        }
        let (mut explained, mut seen) = (0.0, 0.0);
        for group in 0..groups {
            let (own, whole) = self.group(block, sharing, group, members)?;
            explained += own;
            seen += whole;
            if group + 1 == FIRST_GROUPS && explained < enough * seen {
                return None;
            }
        }
        let share = (explained / energy).min(1.0);
        (share >= enough).then_some(share)
    }

    /// Explained and whole energy of the blocks with one B, or of the first of them.
    fn group(&self, block: usize, sharing: Sharing, group: usize, members: usize) -> Option<(f64, f64)> {
        let mut normal = Matrix::zeros(block, block);
        let mut right = vec![vec![0.0; block]; block];
        let (mut line, mut energy) = (vec![0.0; block], 0.0);
        for member in 0..members {
            let (a, c) = match sharing {
                Sharing::Outputs => (group, member),
                Sharing::Inputs => (member, group),
            };
            for i in 0..block {
                let start = (a * block + i) * self.columns + c * block;
                let before = self.before.get(start..start + block)?;
                let change = self.change.get(start..start + block)?;
                line.iter_mut().zip(before).for_each(|(entry, value)| *entry = f64::from(*value));
                // W·B + B = (W + 1)·B.
                if let Some(entry) = line.get_mut(i) {
                    *entry += 1.0;
                }
                for (place, entry) in line.iter().enumerate() {
                    normal
                        .row_mut(place)
                        .iter_mut()
                        .zip(&line)
                        .for_each(|(sum, other)| *sum += entry * other);
                }
                for (column, value) in right.iter_mut().zip(change) {
                    let value = f64::from(*value);
                    energy += value * value;
                    column.iter_mut().zip(&line).for_each(|(sum, entry)| *sum += entry * value);
                }
            }
        }
        let Ok(factor) = Cholesky::new(&normal) else { return Some((0.0, energy)) };
        let mut explained = 0.0;
        for column in &right {
            let solution = factor.solve(column).ok()?;
            explained += solution.iter().zip(column).map(|(x, r)| x * r).sum::<f64>();
        }
        Some((explained, energy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    fn random(name: &str, count: usize, size: f32) -> Vec<f32> {
        let mut values = vec![0.0; count];
        stream(8, name).fill_normal(&mut values);
        values.iter_mut().for_each(|value| *value *= size);
        values
    }

    /// `W·B + B` in blocks.
    fn update(before: &[f32], (rows, columns): (usize, usize), block: usize, sharing: Sharing) -> Vec<f32> {
        let groups = if sharing == Sharing::Outputs { rows / block } else { columns / block };
        let bone = random("bone", groups * block * block, 0.01);
        (0..rows * columns)
            .map(|index| {
                let (row, column) = (index / columns, index % columns);
                let group = if sharing == Sharing::Outputs { row / block } else { column / block };
                let entry = |k: usize| f64::from(bone[(group * block + k) * block + column % block]);
                let start = row * columns + column / block * block;
                let guided: f64 = (0..block).map(|k| f64::from(before[start + k]) * entry(k)).sum();
                (guided + entry(row % block)) as f32
            })
            .collect()
    }

    #[test]
    fn an_affine_function_of_old_blocks_is_found_for_every_common_divisor() {
        for (rows, columns, block) in
            [(48, 64, 8), (96, 144, 3), (96, 144, 6), (96, 144, 12), (96, 192, 24), (384, 480, 96)]
        {
            let before = random("before", rows * columns, 0.1);
            for sharing in [Sharing::Outputs, Sharing::Inputs] {
                let change = update(&before, (rows, columns), block, sharing);
                let found = guided(&before, &change, (rows, columns), 0.99).unwrap();
                assert_eq!((found.block, found.sharing), (block, sharing));
                assert!(found.share > 1.0 - 1e-9 && found.chance <= 0.25);
            }
        }
    }

    #[test]
    fn groups_that_did_not_change_hide_no_others() {
        let (rows, columns, block) = (96, 144, 12);
        let before = random("before", rows * columns, 0.1);
        let mut change = update(&before, (rows, columns), block, Sharing::Outputs);
        change[..2 * block * columns].fill(0.0);
        let found = guided(&before, &change, (rows, columns), 0.99).unwrap();
        assert_eq!((found.block, found.sharing), (block, Sharing::Outputs));
    }

    #[test]
    fn noise_and_nothing_are_no_function_of_old_blocks() {
        let (rows, columns) = (48, 64);
        let before = random("before", rows * columns, 0.1);
        let noise = random("noise", rows * columns, 0.01);
        assert_eq!(guided(&before, &noise, (rows, columns), 0.99), None);
        assert_eq!(guided(&before, &[0.0; 48 * 64], (rows, columns), 0.99), None);
        assert_eq!(guided(&before, &noise, (rows, columns + 1), 0.99), None);
    }
}
