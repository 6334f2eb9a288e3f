//! How a tensor differs from another of the same shape, in one pass over both.
//!
//! Block share for blocks of c columns: `ΔW` is cut into `columns/c` blocks, their mean is taken; its energy times the number of blocks
//! over the energy of ΔW is 1 for an update that repeats every c columns (MiSS), and about `c/columns` for any other. Every width that
//! divides the columns is tried, up to [`MOST_WIDTH`](super::blocks::MOST_WIDTH).
//!
//! Contract: pairs come in pieces whose borders do not count, and no row is kept, however long.

use crate::Element;

use super::blocks::Folds;
use super::levels::{Levels, LevelsPass};
use super::pattern::Pattern;

/// A block share from here on says that the update repeats; also the share of the energy that lies along the old weights from which an
/// update counts as a new scale.
pub const WHOLE_SHARE: f64 = 0.99;

/// Elements of ΔW that a repeating block must explain beyond its own numbers, at least: fewer may do so by chance.
const LEAST_EXPLAINED: usize = 16;

/// `⟨W₀, W₁⟩` is at least so much of `‖W₁‖²` where W₁ is W₀ rounded: a value that is rounded up is at least half its level, and most are
/// rounded both ways.
const ROUNDED_SHARE: f64 = 0.45;

/// Differences that are folded at once.
const PIECE: usize = 1024;

/// How one tensor differs from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Pairs of finite values that were compared.
    pub count: u64,
    /// Pairs with a value that is not finite, left out of everything else.
    pub non_finite: u64,
    /// Those of them that differ: one value is finite, or they are different infinities.
    pub non_finite_changed: u64,
    /// Elements that were finite and are so no longer.
    pub non_finite_came: u64,
    /// Elements that were not finite and are so now.
    pub non_finite_went: u64,
    /// `‖W₁ − W₀‖_F / ‖W₀‖_F`; not-a-number if both are zero, infinite if the first is.
    pub relative_change: f64,
    /// `⟨W₀, W₁⟩ / (‖W₀‖·‖W₁‖)`; not-a-number if one is zero.
    pub cosine: f64,
    /// Finite elements that are equal; where the types differ, up to the rounding of the coarser one.
    pub unchanged: u64,
    /// Elements that became exactly zero.
    pub became_zero: u64,
    /// Exact zeros before and after.
    pub zeros: (u64, u64),
    /// Elements after that are not zero, those that are not finite among them.
    pub not_zero: u64,
    /// Share of groups of four in a row with at least two zeros, after; `None` where four does not divide the columns.
    pub two_of_four: Option<f64>,
    /// How many such groups there are.
    pub groups_of_four: u64,
    /// Few levels that the values stand on now and did not before: those of weights that were rounded to some bits.
    pub levels: Option<Levels>,
    /// The factor c of the nearest `c·W₀`, and the share of the energy of ΔW that lies along W₀.
    pub scaling: (f64, f64),
    /// Width and share for each width of [`widths`](super::blocks::widths).
    pub block_shares: Vec<(usize, f64)>,
    /// `‖ΔW‖_F`.
    pub norm: f64,
    /// Root mean square after the change, for the noise of its type.
    pub rms: f64,
    /// Number of rows.
    pub rows: usize,
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

    /// Share of all elements that are unchanged, those among them that are the same infinity or not a number on both sides;
    /// not-a-number without elements.
    pub fn unchanged_share(&self) -> f64 {
        let same = self.unchanged + (self.non_finite - self.non_finite_changed);
        same as f64 / (self.count + self.non_finite) as f64
    }

    /// Share of the finite elements that are zero after the change.
    pub fn zero_share(&self) -> f64 {
        self.zeros.1 as f64 / self.count as f64
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

    /// The first width whose share beyond rounding reaches [`WHOLE_SHARE`], with that share. Widths are passed over that leave so few
    /// elements to explain that chance may do it.
    pub fn repeats(&self) -> Option<(usize, f64)> {
        let explains =
            |width: usize| self.rows.saturating_mul(self.columns.saturating_sub(width)) >= LEAST_EXPLAINED;
        let mut shares =
            self.block_shares.iter().filter(|(width, _)| explains(*width)).map(|(width, share)| {
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
    rows: usize,
    columns: usize,
    column: usize,
    rounding: Option<Element>,
    relative: f64,
    absolute: f64,
    /// `u₀² + u₁²`.
    units: f64,
    /// Differences of a part of a row.
    piece: Vec<f64>,
    folds: Folds,
    zeros: Pattern,
    levels: LevelsPass,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: u64,
    non_finite: u64,
    non_finite_changed: u64,
    non_finite_came: u64,
    non_finite_went: u64,
    unchanged: u64,
    became_zero: u64,
    zeros: (u64, u64),
    not_zero: u64,
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
        let units = (types.0.unit_roundoff(), types.1.unit_roundoff());
        let columns = columns.max(1);
        Self {
            rows,
            columns,
            column: 0,
            rounding,
            relative: rounding.map_or(0.0, Element::unit_roundoff),
            absolute: rounding.map_or(0.0, least_error),
            units: units.0.powi(2) + units.1.powi(2),
            piece: Vec::with_capacity(PIECE),
            folds: Folds::new(columns),
            zeros: Pattern::new(columns),
            levels: LevelsPass::new(rows, columns, units),
            sums: Sums::default(),
        }
    }

    /// Takes the next elements of both, in the order of rows; what one list has more is passed over.
    pub fn push(&mut self, before: &[f32], after: &[f32]) {
        for (before, after) in before.chunks(PIECE).zip(after.chunks(PIECE)) {
            let length = before.len().min(after.len());
            let (mut before, mut after) =
                (before.get(..length).unwrap_or_default(), after.get(..length).unwrap_or_default());
            self.zeros.push(after);
            self.levels.push(before, after);
            while !before.is_empty() {
                let size = before.len().min(self.columns - self.column);
                let (first, second) = (before.split_at(size), after.split_at(size));
                self.push_within_row(first.0, second.0);
                (before, after) = (first.1, second.1);
            }
        }
    }

    fn push_within_row(&mut self, before: &[f32], after: &[f32]) {
        self.piece.clear();
        for (before, after) in before.iter().zip(after) {
            self.take(*before, *after);
        }
        self.folds.push(&self.piece, self.column);
        self.column += self.piece.len();
        if self.column == self.columns {
            self.folds.end_row();
            self.column = 0;
        }
    }

    fn take(&mut self, before: f32, after: f32) {
        let sums = &mut self.sums;
        sums.not_zero += u64::from(after != 0.0);
        if !(before.is_finite() && after.is_finite()) {
            sums.non_finite += 1;
            let same = before == after || (before.is_nan() && after.is_nan());
            sums.non_finite_changed += u64::from(!same);
            sums.non_finite_came += u64::from(before.is_finite());
            sums.non_finite_went += u64::from(after.is_finite());
            self.piece.push(0.0);
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
        self.piece.push(change);
    }

    /// The comparison of what was pushed; a last row that is not full adds nothing to the block shares.
    pub fn finish(self) -> Change {
        let sums = self.sums;
        let share = |energy: f64| if sums.change > 0.0 { energy / sums.change } else { 0.0 };
        let along = sums.along / sums.before;
        let energies = self.folds.energies();
        Change {
            count: sums.count,
            non_finite: sums.non_finite,
            non_finite_changed: sums.non_finite_changed,
            non_finite_came: sums.non_finite_came,
            non_finite_went: sums.non_finite_went,
            relative_change: (sums.change / sums.before).sqrt(),
            cosine: (sums.inner / (sums.before * sums.after).sqrt()).clamp(-1.0, 1.0),
            unchanged: sums.unchanged,
            became_zero: sums.became_zero,
            zeros: sums.zeros,
            not_zero: sums.not_zero,
            two_of_four: self.zeros.share(),
            groups_of_four: self.zeros.groups(),
            levels: self.levels.finish().filter(|_| sums.inner >= ROUNDED_SHARE * sums.after),
            scaling: (1.0 + along, share(along * sums.along)),
            block_shares: energies.into_iter().map(|(width, energy)| (width, share(energy))).collect(),
            norm: sums.change.sqrt(),
            rms: (sums.after / sums.count.max(1) as f64).sqrt(),
            rows: self.rows,
            columns: self.columns,
            rounding_energy: sums.after * self.units * 0.72 * 0.72 / 3.0,
            rounding: self.rounding,
        }
    }
}
