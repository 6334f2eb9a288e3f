//! Whether the values of a tensor stand on few levels: what is left of weights that were rounded to some bits.
//!
//! Two signs of it are looked for, in the whole tensor, in each row, and in groups of 128, 64 and 32 of a row. Few distinct values: at
//! most [`MOST_LEVELS`] in a group, and at most half as many as there are values that are not zero (so that a tensor with most of its
//! weights cut off has none). Or a grid: the values of each group are whole multiples of one step, at most [`MOST_MULTIPLE`] of them;
//! that holds also where a group has hardly more values than levels.
//!
//! Contract: pairs come in pieces whose borders do not count; at most `LONGEST` of them are kept. A grouping is given up at the first
//! group that contradicts it, so that a tensor without levels costs next to nothing. Pairs with a value that is not finite keep their
//! place and count for nothing. The state before must not stand on such levels already, nor come to when it is rounded to half precision
//! (bf16), whose own levels are few where values lie close together.

use super::quantization::Grouping;

/// The most distinct values of a group that count as levels: those of 8 bits.
pub const MOST_LEVELS: usize = 256;

/// The highest level of a grid, counted in steps: asymmetric levels of 8 bits reach so far.
pub const MOST_MULTIPLE: u32 = 255;

/// Groups up to this length are kept until they are complete; of longer ones the distinct values are gathered alone.
const LONGEST: usize = 1024;

/// Rows shorter than this say too little.
const SHORTEST: usize = 4;

/// Values that are not zero after which many distinct ones end a grouping.
const PATIENCE: u64 = 4096;

/// Values beyond the first of each group that a grid must hold for, at least: each is on one by chance in at most a third of all cases.
const LEAST_CONSTRAINTS: u64 = 64;

/// A value lies on a grid if it is nearer to it than this share of a step; with coarser types that says nothing of fine grids.
const MOST_TOLERANCE: f64 = 0.05;

/// A narrower grouping is the one that was rounded if it has at most so many times the distinct values of a wider one, all in all.
const MOST_SHARED: f64 = 1.1;

/// Few levels that were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Which values share their levels.
    pub grouping: Grouping,
    /// The most distinct values in one group, zero among them.
    pub distinct: usize,
    /// Whether it is the grid that shows them, and not their small number alone.
    pub is_grid: bool,
}

/// The levels of one grouping.
#[derive(Clone, Copy, Debug)]
struct Found {
    levels: Levels,
    is_on_grid: bool,
    groups: u64,
    /// Distinct values that are not zero, over all groups.
    total: u64,
}

/// A search that goes on.
#[derive(Clone, Debug)]
pub(super) struct LevelsPass {
    columns: usize,
    column: usize,
    /// The widest first.
    searches: Vec<Search>,
}

/// One grouping.
#[derive(Clone, Debug)]
struct Search {
    grouping: Grouping,
    /// Elements of a group; `None` for the whole tensor.
    width: Option<usize>,
    after: Side,
    before: Side,
    /// Values after that are not zero.
    non_zero: u64,
    /// Groups that have such a value.
    groups: u64,
    has_few: bool,
    constraints: u64,
}

/// The values of one side of the comparison.
#[derive(Clone, Debug)]
struct Side {
    /// Values of the group that is not complete yet, if it is short enough to be kept.
    kept: Vec<f32>,
    /// Its distinct values otherwise, ascending by their bits.
    distinct: Vec<u32>,
    /// Distinct values that are not zero, summed over complete groups.
    total: u64,
    /// Distinct values, the most in one group.
    most: usize,
    /// Whether all groups so far lie on grids.
    is_on_grid: bool,
    /// The same for the values as half precision would store them.
    is_on_halved_grid: bool,
    /// Relative error of a stored value.
    unit: f64,
    /// Whether distinct values are counted as half precision would store them.
    is_halved: bool,
}

impl LevelsPass {
    /// For a matrix of this shape, and the unit roundoffs of its types before and after.
    pub(super) fn new(rows: usize, columns: usize, units: (f64, f64)) -> Self {
        let groups =
            [(Grouping::Row, columns), (Grouping::Of128, 128), (Grouping::Of64, 64), (Grouping::Of32, 32)];
        let is_new = |(grouping, width): &(Grouping, usize)| {
            *width >= SHORTEST && (*grouping == Grouping::Row || *width < columns)
        };
        let mut searches = vec![Search::new(Grouping::Tensor, None, units)];
        // The only row is the tensor, and has its turn of its own where it is kept.
        searches.extend(
            groups
                .into_iter()
                .filter(is_new)
                .filter(|(_, width)| rows > 1 || *width <= LONGEST)
                .map(|(grouping, width)| Search::new(grouping, Some(width), units)),
        );
        Self { columns: columns.max(1), column: 0, searches }
    }

    /// Takes the next pairs in the order of rows.
    pub(super) fn push(&mut self, before: &[f32], after: &[f32]) {
        if self.searches.is_empty() {
            return;
        }
        for (before, after) in before.iter().zip(after) {
            let pair = (before.is_finite() && after.is_finite()).then_some((*before, *after));
            self.column += 1;
            let ends_row = self.column == self.columns;
            for search in &mut self.searches {
                if let Some(pair) = pair {
                    search.take(pair);
                }
                if search.width.is_some_and(|width| ends_row || self.column.is_multiple_of(width)) {
                    search.end_group();
                }
            }
            if ends_row {
                self.column = 0;
            }
            if self.searches.iter().any(Search::is_over) {
                self.searches.retain(|search| !search.is_over());
                if self.searches.is_empty() {
                    return;
                }
            }
        }
    }

    /// The levels that were found.
    pub(super) fn finish(self) -> Option<Levels> {
        let mut found: Option<Found> = None;
        for next in self.searches.into_iter().filter_map(Search::finish) {
            let is_narrower = found.as_ref().is_none_or(|found| {
                // Groups within that have no level in common, nor a step, are what was rounded.
                !found.is_on_grid
                    && next.groups > found.groups
                    && next.total as f64 <= MOST_SHARED * found.total as f64
            });
            found = if is_narrower { Some(next) } else { found };
        }
        found.map(|found| found.levels)
    }
}

impl Search {
    fn new(grouping: Grouping, width: Option<usize>, (before, after): (f64, f64)) -> Self {
        let is_kept = width.is_some_and(|width| width <= LONGEST);
        let side = |unit: f64, is_halved: bool| Side {
            kept: Vec::new(),
            distinct: Vec::new(),
            total: 0,
            most: 0,
            is_on_grid: is_kept,
            is_on_halved_grid: is_kept && is_halved,
            unit: unit.max(f64::from(f32::EPSILON) / 2.0),
            is_halved,
        };
        let (after, before) = (side(after, false), side(before, true));
        Self { grouping, width, after, before, non_zero: 0, groups: 0, has_few: true, constraints: 0 }
    }

    fn take(&mut self, (before, after): (f32, f32)) {
        self.non_zero += u64::from(after != 0.0);
        if self.width.is_some_and(|width| width <= LONGEST) {
            self.before.kept.push(before);
            self.after.kept.push(after);
            return;
        }
        self.after.meet(after, MOST_LEVELS);
        // What was there before must have twice as many at least; more need not be counted.
        self.before.meet(before, 2 * MOST_LEVELS);
        self.has_few &= self.after.distinct.len() <= MOST_LEVELS;
    }

    fn end_group(&mut self) {
        let members = self.after.end_group();
        self.before.end_group();
        self.groups += u64::from(members > 0);
        self.constraints += members.saturating_sub(1) as u64;
        let is_crowded = self.after.most > MOST_LEVELS || self.after.total * 2 > self.non_zero;
        self.has_few &= self.non_zero < PATIENCE || !is_crowded;
    }

    /// Whether nothing can come of it any more.
    fn is_over(&self) -> bool {
        !(self.has_few || self.after.is_on_grid)
    }

    fn finish(mut self) -> Option<Found> {
        let is_open = !(self.after.kept.is_empty() && self.after.distinct.is_empty());
        if self.width.is_none() || is_open {
            self.end_group();
        }
        let Self { after, before, .. } = &self;
        // One value a group is a constant, and no level among others.
        let varies = after.total > self.groups || after.most > 1 && self.groups == 1;
        let few = self.has_few
            && after.most <= MOST_LEVELS
            && 2 * after.total <= self.non_zero
            && before.total >= 2 * after.total;
        let was_on_grid = before.is_on_grid || before.is_on_halved_grid;
        let grid = after.is_on_grid && !was_on_grid && self.constraints >= LEAST_CONSTRAINTS;
        let levels = Levels { grouping: self.grouping, distinct: after.most, is_grid: !few };
        (varies && (few || grid)).then_some(Found {
            levels,
            is_on_grid: after.is_on_grid,
            groups: self.groups,
            total: after.total,
        })
    }
}

impl Side {
    /// Notes a value whose group is too long to be kept, up to one distinct value more than `most`.
    fn meet(&mut self, value: f32, most: usize) {
        if self.distinct.len() > most {
            return;
        }
        let bits = bits_of(value, self.is_halved);
        if let Err(place) = self.distinct.binary_search(&bits) {
            self.distinct.insert(place, bits);
        }
    }

    /// Ends a group; the number of its values that are not zero, where they were kept.
    fn end_group(&mut self) -> usize {
        let zero = 0.0_f32.to_bits();
        if self.kept.is_empty() {
            let has_zero = usize::from(self.distinct.first() == Some(&zero));
            self.most = self.most.max(self.distinct.len());
            let non_zero = self.distinct.len() - has_zero;
            self.total += non_zero as u64;
            self.distinct.clear();
            return non_zero;
        }
        let members = self.kept.iter().filter(|value| **value != 0.0).count();
        let mut kept = std::mem::take(&mut self.kept);
        if self.is_on_grid {
            self.is_on_grid = on_grid(&kept, self.unit);
        }
        if self.is_on_halved_grid {
            let halves: Vec<f32> = kept.iter().map(|value| halved(*value)).collect();
            self.is_on_halved_grid = on_grid(&halves, self.unit);
        }
        let is_halved = self.is_halved;
        self.distinct.extend(kept.iter().map(|value| bits_of(*value, is_halved)));
        kept.clear();
        self.kept = kept;
        self.distinct.sort_unstable();
        self.distinct.dedup();
        self.end_group();
        members
    }
}

/// A value as its bits, those of zero of either sign the same.
fn bits_of(value: f32, is_halved: bool) -> u32 {
    (if is_halved { halved(value) } else { value } + 0.0).to_bits()
}

/// A value rounded to the eight leading bits that bf16 stores.
fn halved(value: f32) -> f32 {
    let bits = value.to_bits();
    f32::from_bits((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
}

/// Whether all values are whole multiples, up to [`MOST_MULTIPLE`], of a step, as far as their type can tell.
fn on_grid(values: &[f32], unit: f64) -> bool {
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(f64::from(value.abs())));
    if largest == 0.0 {
        return true;
    }
    // The largest is the k-th multiple; value and largest are both rounded.
    (1..=MOST_MULTIPLE).any(|highest| {
        let highest = f64::from(highest);
        let tolerance = 2.5 * highest * unit;
        tolerance <= MOST_TOLERANCE
            && values.iter().all(|value| {
                let place = f64::from(*value) * highest / largest;
                (place - place.round()).abs() <= tolerance
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::quantize::{Bits, Groups, max, statsq};
    use weightscope_math::stream;

    const F32: f64 = 5.960_464_477_539_063e-8;

    fn random(name: &str, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        stream(9, name).fill_normal(&mut values);
        values.iter_mut().for_each(|value| *value *= 0.02);
        values
    }

    fn found(before: &[f32], after: &[f32], columns: usize) -> Option<Levels> {
        let search = |piece: usize| {
            let mut pass = LevelsPass::new(before.len() / columns, columns, (F32, F32));
            before.chunks(piece).zip(after.chunks(piece)).for_each(|(a, b)| pass.push(a, b));
            pass.finish()
        };
        let whole = search(before.len());
        assert_eq!(search(777), whole, "the borders of the pieces do not count");
        whole
    }

    #[test]
    fn rounded_weights_have_levels_in_the_grouping_they_were_rounded_by() {
        let (rows, columns) = (64, 384);
        let before = random("rounded", rows * columns);
        let widths = [
            (Grouping::Tensor, rows * columns),
            (Grouping::Row, columns),
            (Grouping::Of128, 128),
            (Grouping::Of32, 32),
        ];
        for (grouping, width) in widths {
            for bits in 2..=8 {
                let groups = Groups::rows(before.len() / width, width);
                let after = max::quantize(&before, groups, Bits::new(bits).unwrap());
                let levels = found(&before, &after, columns).unwrap();
                assert_eq!(levels.grouping, grouping, "{bits} bits by {width}: {levels:?}");
                assert!(levels.distinct < (1 << bits) && levels.distinct > 2, "{levels:?}");
                assert_eq!(found(&after, &after, columns), None, "they were there before");
            }
            let groups = Groups::rows(before.len() / width, width);
            let after = statsq::quantize(&before, groups, Bits::new(4).unwrap()).value;
            assert_eq!(found(&before, &after, columns).map(|levels| levels.grouping), Some(grouping));
        }
    }

    #[test]
    fn weights_that_were_cut_off_or_changed_have_none() {
        let (rows, columns) = (64, 384);
        let (before, other) = (random("before", rows * columns), random("other", rows * columns));
        assert_eq!(found(&before, &other, columns), None);
        for kept in [0.01_f32, 0.04, 0.055, 0.08] {
            let after: Vec<f32> =
                before.iter().map(|value| if value.abs() < kept { 0.0 } else { *value }).collect();
            assert_eq!(found(&before, &after, columns), None, "cut off below {kept}");
        }
        let constant = vec![1.0; before.len()];
        assert_eq!(found(&before, &constant, columns), None, "one value for all");
        let bf16: Vec<f32> =
            before.iter().map(|value| f32::from_bits(value.to_bits() & 0xffff_0000)).collect();
        let mut pass = LevelsPass::new(rows, columns, (F32, 2.0_f64.powi(-8)));
        pass.push(&before, &bf16);
        assert_eq!(pass.finish(), None, "a copy in half precision has too many values");
    }

    #[test]
    fn close_values_in_half_precision_are_not_taken_for_rounded_ones() {
        // Weights of a normalization lie near one, where bf16 has 256 numbers from 1/2 to 1 and 128 from there to 2.
        let count = 4096;
        for (middle, width) in [(1.0, 0.1), (0.8, 0.03)] {
            let near = |name| -> Vec<f32> {
                random(name, count).iter().map(|value| middle + width * 50.0 * value).collect()
            };
            let before = near("norm");
            let after: Vec<f32> =
                near("norm").iter().zip(near("trained")).map(|(a, b)| halved(a + 0.1 * b)).collect();
            for columns in [count, 256, 64] {
                assert_eq!(found(&before, &after, columns), None);
                let four_bits = max::quantize(&before, Groups::whole(count), Bits::new(4).unwrap());
                assert!(
                    found(&before, &four_bits, columns).is_some()
                        || four_bits.iter().all(|value| *value == four_bits[0])
                );
            }
        }
    }

    #[test]
    fn a_palette_is_few_values_and_values_that_are_not_finite_count_for_nothing() {
        let (rows, columns) = (32, 320);
        let before = random("palette", rows * columns);
        let palette = random("colours", 16);
        let nearest = |value: &f32| {
            *palette.iter().min_by(|a, b| (*a - value).abs().total_cmp(&(*b - value).abs())).unwrap()
        };
        let mut after: Vec<f32> = before.iter().map(nearest).collect();
        after[77] = f32::NAN;
        let levels = found(&before, &after, columns).unwrap();
        assert_eq!((levels.grouping, levels.is_grid), (Grouping::Tensor, false));
        assert!(levels.distinct <= 16 && levels.distinct > 8);
    }
}
