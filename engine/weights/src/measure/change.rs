//! How a tensor differs from another of the same shape, in one pass over both.
//!
//! Block share for blocks of c columns: `ΔW` is cut into `columns/c` blocks, their mean is taken; its energy times the number of blocks
//! over the energy of ΔW is 1 for an update that repeats every c columns (MiSS), and about `c/columns` for any other.

use crate::Element;

use super::maxima::Maxima;

/// Widths of blocks that are tried, where they divide the columns and are fewer.
pub const BLOCKS: [usize; 8] = [2, 4, 8, 16, 32, 64, 128, 256];

/// A block share from here on says that the update repeats; also the share of the energy that lies along the old weights from which an
/// update counts as a new scale.
pub const WHOLE_SHARE: f64 = 0.99;

/// How one tensor differs from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Pairs of finite values that were compared.
    pub count: u64,
    /// Pairs with a value that is not finite, left out of everything else.
    pub non_finite: u64,
    /// Those of them that differ: one value is finite, or they are different infinities.
    pub non_finite_changed: u64,
    /// `‖W₁ − W₀‖_F / ‖W₀‖_F`; not-a-number if both are zero, infinite if the first is.
    pub relative_change: f64,
    /// `⟨W₀, W₁⟩ / (‖W₀‖·‖W₁‖)`; not-a-number if one is zero.
    pub cosine: f64,
    /// Elements that are equal; where the types differ, up to the rounding of the coarser one.
    pub unchanged: u64,
    /// Elements that became exactly zero.
    pub became_zero: u64,
    /// Exact zeros before and after.
    pub zeros: (u64, u64),
    /// Share of groups of four in a row with at least two zeros, after; `None` where four does not divide the columns.
    pub two_of_four: Option<f64>,
    /// The factor c of the nearest `c·W₀`, and the share of the energy of ΔW that lies along W₀.
    pub scaling: (f64, f64),
    /// Width and share for each of [`BLOCKS`] that fits.
    pub block_shares: Vec<(usize, f64)>,
    /// `‖ΔW‖_F`.
    pub norm: f64,
    /// Root mean square after the change, for the noise of its type.
    pub rms: f64,
    /// Number of columns.
    pub columns: usize,
    /// The energy of ΔW that rounding to the two types makes up, on average: `n·rms²·(0.72²/3)·(u₀² + u₁²)`.
    pub rounding_energy: f64,
    /// The coarser type, if the two differ.
    pub rounding: Option<Element>,
}

impl Change {
    /// Of two matrices in one piece, of this number of columns and these types.
    pub fn of(before: &[f32], after: &[f32], shape: (usize, usize), types: (Element, Element)) -> Self {
        let mut pass = ChangePass::new(shape.0, shape.1, types);
        pass.push(before, after);
        pass.finish()
    }

    /// Share of the elements that are unchanged; not-a-number without elements.
    pub fn unchanged_share(&self) -> f64 {
        self.unchanged as f64 / self.count as f64
    }

    /// A share of the energy of ΔW as it would be without rounding, which adds its own energy and what chance explains of it. The share
    /// itself where rounding makes up more than half of ΔW.
    pub fn beyond_rounding(&self, share: f64, chance: f64) -> f64 {
        let (energy, noise) = (self.norm * self.norm, self.rounding_energy);
        if 2.0 * noise > energy {
            return share;
        }
        ((share * energy - chance * noise) / (energy - noise)).min(1.0)
    }

    /// The first width whose share beyond rounding reaches [`WHOLE_SHARE`], with that share.
    pub fn repeats(&self) -> Option<(usize, f64)> {
        let mut shares = self.block_shares.iter().map(|(width, share)| {
            (*width, self.beyond_rounding(*share, *width as f64 / self.columns as f64))
        });
        shares.find(|(_, share)| *share >= WHOLE_SHARE)
    }

    /// The width of the blocks that repeat: the smallest whose share reaches [`WHOLE_SHARE`], else that whose share stands furthest
    /// above chance (`c/columns`). `None` where no width fits.
    pub fn block(&self) -> Option<(usize, f64)> {
        let repeats = self.repeats();
        let whole = repeats.and_then(|(width, _)| self.block_shares.iter().find(|known| known.0 == width));
        // Relative to chance c/columns, whose factor 1/columns is the same for all.
        let over_chance = |(width, share): &&(usize, f64)| share / *width as f64;
        let furthest = || self.block_shares.iter().max_by(|a, b| over_chance(a).total_cmp(&over_chance(b)));
        whole.or_else(furthest).copied()
    }
}

/// `W₁ − W₀` in single precision, for its spectrum; pairs with a value that is not finite give 0.
pub fn difference(before: &[f32], after: &[f32]) -> Vec<f32> {
    let both = before.iter().zip(after);
    both.map(|(before, after)| after - before)
        .map(|value| if value.is_finite() { value } else { 0.0 })
        .collect()
}

/// The type of two that stores less finely, if they differ.
pub fn coarser(types: (Element, Element)) -> Option<Element> {
    let (first, second) = types;
    if first == second || first.unit_roundoff() == second.unit_roundoff() {
        return None;
    }
    Some(if first.unit_roundoff() > second.unit_roundoff() { first } else { second })
}

/// Half the distance of the smallest numbers of a type: what rounding can do at most beside `u·|w|`.
fn least_error(element: Element) -> f64 {
    let exponent = match element {
        Element::F16 => -25,
        Element::F8E4M3 => -10,
        Element::F8E5M2 => -17,
        _ => return 0.0,
    };
    2.0_f64.powi(exponent)
}

/// Two tensors that are being compared.
#[derive(Clone, Debug)]
pub struct ChangePass {
    columns: usize,
    rounding: Option<Element>,
    relative: f64,
    absolute: f64,
    /// `u₀² + u₁²`.
    units: f64,
    row: Vec<f64>,
    folded: Vec<f64>,
    block_energy: Vec<(usize, f64)>,
    zeros: Maxima,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: u64,
    non_finite: u64,
    non_finite_changed: u64,
    unchanged: u64,
    became_zero: u64,
    zeros: (u64, u64),
    before: f64,
    after: f64,
    inner: f64,
    along: f64,
    change: f64,
}

impl ChangePass {
    /// For matrices of this shape, stored in these types.
    pub fn new(rows: usize, columns: usize, types: (Element, Element)) -> Self {
        let rounding = coarser(types);
        let fits = |width: &usize| columns.is_multiple_of(*width) && 2 * width <= columns;
        Self {
            columns: columns.max(1),
            rounding,
            relative: rounding.map_or(0.0, Element::unit_roundoff),
            absolute: rounding.map_or(0.0, least_error),
            units: types.0.unit_roundoff().powi(2) + types.1.unit_roundoff().powi(2),
            row: Vec::new(),
            folded: Vec::new(),
            block_energy: BLOCKS.into_iter().filter(fits).map(|width| (width, 0.0)).collect(),
            zeros: Maxima::new(rows, columns),
            sums: Sums::default(),
        }
    }

    /// Takes the next elements of both, in the order of rows; what one list has more is passed over.
    pub fn push(&mut self, before: &[f32], after: &[f32]) {
        let length = before.len().min(after.len());
        self.zeros.push(after.get(..length).unwrap_or_default());
        let mut rest = (before.get(..length).unwrap_or_default(), after.get(..length).unwrap_or_default());
        while !rest.0.is_empty() {
            let size = rest.0.len().min(self.columns - self.row.len());
            let (first, second) = (rest.0.split_at(size), rest.1.split_at(size));
            for (before, after) in first.0.iter().zip(second.0) {
                self.take(*before, *after);
            }
            rest = (first.1, second.1);
            if self.row.len() == self.columns {
                self.fold();
            }
        }
    }

    fn take(&mut self, before: f32, after: f32) {
        let sums = &mut self.sums;
        if !(before.is_finite() && after.is_finite()) {
            sums.non_finite += 1;
            let same = before == after || (before.is_nan() && after.is_nan());
            sums.non_finite_changed += u64::from(!same);
            self.row.push(0.0);
            return;
        }
        let (a, b) = (f64::from(before), f64::from(after));
        let change = b - a;
        let rounding = (self.relative * a.abs().max(b.abs())).max(self.absolute);
        sums.count += 1;
        sums.unchanged += u64::from(change.abs() <= rounding);
        sums.became_zero += u64::from(b == 0.0 && a != 0.0 && change.abs() > rounding);
        sums.zeros.0 += u64::from(a == 0.0);
        sums.zeros.1 += u64::from(b == 0.0);
        sums.before += a * a;
        sums.after += b * b;
        sums.inner += a * b;
        sums.along += a * change;
        sums.change += change * change;
        self.row.push(change);
    }

    /// Adds the energy of the mean block of one row, for each width.
    fn fold(&mut self) {
        for (width, energy) in &mut self.block_energy {
            self.folded.clear();
            self.folded.resize(*width, 0.0);
            for block in self.row.chunks_exact(*width) {
                self.folded.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
            }
            let blocks = (self.columns / *width) as f64;
            *energy += self.folded.iter().map(|sum| sum * sum).sum::<f64>() / blocks;
        }
        self.row.clear();
    }

    /// The comparison of what was pushed; a last row that is not full adds nothing to the block shares.
    pub fn finish(self) -> Change {
        let sums = self.sums;
        let share = |energy: f64| if sums.change > 0.0 { energy / sums.change } else { 0.0 };
        let along = sums.along / sums.before;
        Change {
            count: sums.count,
            non_finite: sums.non_finite,
            non_finite_changed: sums.non_finite_changed,
            relative_change: (sums.change / sums.before).sqrt(),
            cosine: (sums.inner / (sums.before * sums.after).sqrt()).clamp(-1.0, 1.0),
            unchanged: sums.unchanged,
            became_zero: sums.became_zero,
            zeros: sums.zeros,
            two_of_four: self.zeros.two_of_four(),
            scaling: (1.0 + along, share(along * sums.along)),
            block_shares: self.block_energy.iter().map(|(width, energy)| (*width, share(*energy))).collect(),
            norm: sums.change.sqrt(),
            rms: (sums.after / sums.count.max(1) as f64).sqrt(),
            columns: self.columns,
            rounding_energy: sums.after * self.units * 0.72 * 0.72 / 3.0,
            rounding: self.rounding,
        }
    }
}
