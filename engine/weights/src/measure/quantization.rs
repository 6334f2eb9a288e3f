//! What rounding to 2 to 8 bits would do to a tensor, for every grouping at once.
//!
//! Levels, steps and positions are those of [`weightscope_math::quantize`], in double precision. A tensor is taken row by row; a group of
//! 32, 64 or 128 lies within a row, its last one may be shorter.

use multiversion::multiversion;
use weightscope_math::quantize::{Bits, LevelRange, Sign, lsq, max, statsq};
use weightscope_math::real::Real as _;

/// Bit widths that are tried.
pub const BITS: [u8; 7] = [2, 3, 4, 5, 6, 7, 8];

/// A position nearer to a decision boundary than this many steps counts as lying on it.
pub const AT_BOUNDARY: f64 = 0.05;

/// Partial sums that run side by side.
const LANES: usize = 8;

/// Which elements share a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// All of them.
    Tensor,
    /// Those of a row.
    Row,
    /// 32 neighbours in a row.
    Of32,
    /// 64 neighbours in a row.
    Of64,
    /// 128 neighbours in a row.
    Of128,
}

impl Grouping {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] = [Self::Tensor, Self::Row, Self::Of32, Self::Of64, Self::Of128];

    /// The name in settings: `tensor`, `row`, `32`, `64`, `128`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tensor => "tensor",
            Self::Row => "row",
            Self::Of32 => "32",
            Self::Of64 => "64",
            Self::Of128 => "128",
        }
    }

    /// Elements of a group in a row of this length; `None` for the whole tensor.
    fn width(self, columns: usize) -> Option<usize> {
        let width = match self {
            Self::Tensor => return None,
            Self::Row => columns,
            Self::Of32 => 32,
            Self::Of64 => 64,
            Self::Of128 => 128,
        };
        Some(width.min(columns).max(1))
    }
}

/// Where the step of a group comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// The largest magnitude: [`weightscope_math::quantize::max`].
    Max,
    /// Twice the mean magnitude, levels without a zero: [`weightscope_math::quantize::statsq`].
    StatsQ,
    /// The step that learned step size starts from: [`weightscope_math::quantize::lsq`].
    LsqStart,
}

/// What one bit width and one grouping do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// `‖W_q − W‖_F / ‖W‖_F`; not-a-number for a tensor of zeros.
    pub relative_error: f64,
    /// The largest `|w_q − w|`.
    pub largest_error: f64,
    /// Elements at level zero; 0 for StatsQ, which has none.
    pub at_zero: u64,
    /// Elements whose position lies within [`AT_BOUNDARY`] of a boundary between two levels.
    pub at_boundary: u64,
    /// Elements counted: the finite ones.
    pub count: u64,
}

impl Cell {
    /// Share of the elements at level zero; not-a-number without elements.
    pub fn zero_share(&self) -> f64 {
        self.at_zero as f64 / self.count as f64
    }

    /// Share of the elements at a boundary; not-a-number without elements.
    pub fn boundary_share(&self) -> f64 {
        self.at_boundary as f64 / self.count as f64
    }
}

/// All bit widths and groupings of one tensor for one kind of scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// Where steps came from.
    pub scale: Scale,
    /// By [`Grouping::ALL`], then by [`BITS`].
    pub cells: [[Cell; 7]; 5],
}

impl Quantization {
    /// Of a matrix in one piece; `largest` and `mean_magnitude` are those of the whole tensor (see
    /// [`Statistics`](super::Statistics)).
    pub fn of(values: &[f32], columns: usize, largest: f64, mean_magnitude: f64, scale: Scale) -> Self {
        let mut pass = QuantizationPass::new(columns, largest, mean_magnitude, scale);
        pass.push(values);
        pass.finish()
    }

    /// The cell of a bit width (2 to 8) and a grouping.
    pub fn at(&self, bits: u8, grouping: Grouping) -> Option<&Cell> {
        let column = BITS.iter().position(|known| *known == bits)?;
        self.cells.get(Grouping::ALL.iter().position(|known| *known == grouping)?)?.get(column)
    }
}

/// Sums of one cell.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    squared_error: f64,
    largest_error: f64,
    at_zero: f64,
    at_boundary: f64,
}

/// A tensor that is being quantized, row by row.
#[derive(Clone, Debug)]
pub struct QuantizationPass {
    columns: usize,
    scale: Scale,
    /// Largest and mean magnitude of the tensor.
    whole: (f64, f64),
    waiting: Vec<f32>,
    finite: Vec<f32>,
    squares: f64,
    count: u64,
    sums: [[Sums; 7]; 5],
}

impl QuantizationPass {
    /// For rows of this length, and the largest and mean magnitude of the tensor's finite values.
    pub fn new(columns: usize, largest: f64, mean_magnitude: f64, scale: Scale) -> Self {
        Self {
            columns: columns.max(1),
            scale,
            whole: (largest, mean_magnitude),
            waiting: Vec::new(),
            finite: Vec::new(),
            squares: 0.0,
            count: 0,
            sums: Default::default(),
        }
    }

    /// Takes the next elements in the order of rows. Keeps up to one row.
    pub fn push(&mut self, values: &[f32]) {
        let mut rest = values;
        if !self.waiting.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(self.columns - self.waiting.len()));
            self.waiting.extend_from_slice(head);
            rest = tail;
            if self.waiting.len() < self.columns {
                return;
            }
            let row = std::mem::take(&mut self.waiting);
            self.take(&row);
            self.waiting = row;
            self.waiting.clear();
        }
        let rows = rest.chunks_exact(self.columns);
        let left = rows.remainder();
        rows.for_each(|row| self.take(row));
        self.waiting.extend_from_slice(left);
    }

    fn take(&mut self, row: &[f32]) {
        let (largest, total, squares) = magnitudes(row);
        if largest.is_finite() && total.is_finite() {
            return self.take_finite(row, largest, total, squares);
        }
        let mut kept = std::mem::take(&mut self.finite);
        kept.clear();
        kept.extend(row.iter().copied().filter(|value| value.is_finite()));
        let (largest, total, squares) = magnitudes(&kept);
        self.take_finite(&kept, largest, total, squares);
        self.finite = kept;
    }

    fn take_finite(&mut self, row: &[f32], largest: f64, total: f64, squares: f64) {
        self.squares += squares;
        self.count += row.len() as u64;
        let (scale, whole, columns) = (self.scale, self.whole, self.columns);
        for (grouping, sums) in Grouping::ALL.into_iter().zip(&mut self.sums) {
            match grouping.width(columns) {
                None => round(row, scale, whole, sums),
                // Groups that would hold the whole row are the row: finish() copies its sums.
                Some(width) if grouping != Grouping::Row && width >= columns => {}
                Some(width) if width >= columns => {
                    round(row, scale, (largest, total / row.len().max(1) as f64), sums);
                }
                Some(width) => {
                    for group in row.chunks(width) {
                        let (largest, total, _) = magnitudes(group);
                        round(group, scale, (largest, total / group.len() as f64), sums);
                    }
                }
            }
        }
    }

    /// The figures of what was pushed; a last row that is not full counts as a row.
    pub fn finish(mut self) -> Quantization {
        let rest = std::mem::take(&mut self.waiting);
        if !rest.is_empty() {
            self.take(&rest);
        }
        let (norm, count) = (self.squares.sqrt(), self.count);
        let cell = |sums: Sums| Cell {
            relative_error: sums.squared_error.sqrt() / norm,
            largest_error: sums.largest_error,
            at_zero: sums.at_zero as u64,
            at_boundary: sums.at_boundary as u64,
            count,
        };
        let mut sums = self.sums;
        for (place, grouping) in Grouping::ALL.into_iter().enumerate().skip(2) {
            if grouping.width(self.columns) >= Some(self.columns) {
                sums[place] = sums[1];
            }
        }
        Quantization { scale: self.scale, cells: sums.map(|row| row.map(cell)) }
    }
}

/// Largest magnitude, sum of magnitudes, sum of squares. Not finite if a value is not.
#[multiversion(targets("x86_64+avx2+fma"))]
fn magnitudes(values: &[f32]) -> (f64, f64, f64) {
    let mut largest = [0.0_f32; LANES];
    let (mut total, mut squares) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut last = [0.0; LANES];
    last.iter_mut().zip(rest).for_each(|(target, value)| *target = *value);
    for chunk in chunks.iter().chain([&last]) {
        for lane in 0..LANES {
            let magnitude = chunk[lane].abs();
            largest[lane] = if magnitude > largest[lane] { magnitude } else { largest[lane] };
            total[lane] += f64::from(magnitude);
            squares[lane] += f64::from(magnitude) * f64::from(magnitude);
        }
    }
    let largest = largest.into_iter().fold(0.0, f32::max);
    (f64::from(largest), total.iter().sum(), squares.iter().sum())
}

/// How one group is rounded: positions of its values on the level axis, and values of levels.
trait Rule: Copy {
    /// Whether level zero stands for the value zero.
    const HAS_ZERO: bool;

    /// Whether a clipped position can lie beyond the outermost levels.
    const REACHES_BEYOND: bool;

    /// The clipped position of a value.
    fn position(self, value: f64) -> f64;

    /// The value of a level.
    fn value(self, level: f64) -> f64;

    /// Lowest and highest level.
    fn ends(self) -> (f64, f64);
}

/// Levels at whole multiples of a step.
#[derive(Clone, Copy)]
struct Uniform {
    step: f64,
    lowest: f64,
    highest: f64,
}

#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
impl Rule for Uniform {
    const HAS_ZERO: bool = true;
    const REACHES_BEYOND: bool = false;

    #[inline(always)]
    fn position(self, value: f64) -> f64 {
        (value / self.step).clip(self.lowest, self.highest)
    }

    #[inline(always)]
    fn value(self, level: f64) -> f64 {
        level * self.step
    }

    #[inline(always)]
    fn ends(self) -> (f64, f64) {
        (self.lowest, self.highest)
    }
}

/// The levels of [`statsq`]. Its half number of levels is a power of two, so that its inverse is exact and a product saves a division.
#[derive(Clone, Copy)]
struct Statistical {
    scale: f64,
    half: f64,
    inverse_half: f64,
}

#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
impl Rule for Statistical {
    const HAS_ZERO: bool = false;
    const REACHES_BEYOND: bool = true;

    #[inline(always)]
    fn position(self, value: f64) -> f64 {
        (value / self.scale).clip(-1.0, statsq::UPPER_CLIP) * self.half - 0.5
    }

    #[inline(always)]
    fn value(self, level: f64) -> f64 {
        self.scale * (level + 0.5) * self.inverse_half
    }

    #[inline(always)]
    fn ends(self) -> (f64, f64) {
        (-self.half, self.half - 1.0)
    }
}

/// Adds what all bit widths do to one group of finite values with this largest and mean magnitude.
fn round(values: &[f32], scale: Scale, (largest, mean): (f64, f64), sums: &mut [Sums; 7]) {
    for (bits, sums) in BITS.into_iter().filter_map(|bits| Bits::new(bits).ok()).zip(sums) {
        let LevelRange { lowest, highest } = LevelRange::new(bits, Sign::Signed);
        let uniform = |step: f64| Uniform { step, lowest: f64::from(lowest), highest: f64::from(highest) };
        match scale {
            // A group of zeros stays zero: no error, no boundary.
            Scale::Max if largest <= 0.0 => sums.at_zero += values.len() as f64,
            Scale::Max => add_uniform(values, uniform(max::step_of(largest, bits)), sums),
            Scale::LsqStart => {
                let step = 2.0 * mean / f64::from(highest).sqrt();
                add_uniform(values, uniform(lsq::floored(step)), sums);
            }
            Scale::StatsQ => {
                let (scale, half) = ((2.0 * mean).max(statsq::SCALE_FLOOR), f64::from(bits.half_levels()));
                add_statistical(values, Statistical { scale, half, inverse_half: 1.0 / half }, sums);
            }
        }
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_uniform(values: &[f32], rule: Uniform, sums: &mut Sums) {
    add(values, rule, sums);
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_statistical(values: &[f32], rule: Statistical, sums: &mut Sums) {
    add(values, rule, sums);
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
fn add<R: Rule>(values: &[f32], rule: R, sums: &mut Sums) {
    let mut lanes = Lanes::default();
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.add(chunk, rule, LANES);
    }
    let mut last = [0.0; LANES];
    last.iter_mut().zip(rest).for_each(|(target, value)| *target = *value);
    lanes.add(&last, rule, rest.len());
    let Lanes { squares, worst, zeros, near } = lanes;
    sums.squared_error += squares.iter().sum::<f64>();
    sums.largest_error = worst.into_iter().fold(sums.largest_error, f64::max);
    sums.at_zero += if R::HAS_ZERO { zeros.iter().sum::<f64>() } else { 0.0 };
    sums.at_boundary += near.iter().sum::<f64>();
}

/// Partial sums side by side.
#[derive(Clone, Copy, Default)]
struct Lanes {
    squares: [f64; LANES],
    worst: [f64; LANES],
    zeros: [f64; LANES],
    near: [f64; LANES],
}

impl Lanes {
    /// Adds the first `count` values.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
    #[expect(
        clippy::needless_range_loop,
        reason = "this form becomes wide registers, iterators over lanes did not: 1.3 and 7 ns"
    )]
    fn add<R: Rule>(&mut self, values: &[f32; LANES], rule: R, count: usize) {
        let (lowest, highest) = rule.ends();
        for lane in 0..count {
            let value = f64::from(values[lane]);
            let position = rule.position(value);
            let level = position.round_half_even();
            let error = rule.value(level) - value;
            let size = error.abs();
            self.squares[lane] += error * error;
            self.worst[lane] = if size > self.worst[lane] { size } else { self.worst[lane] };
            self.zeros[lane] += if level == 0.0 { 1.0 } else { 0.0 };
            // Between the outermost levels the nearest boundary is half a step from the level; beyond them there is none.
            let beyond = R::REACHES_BEYOND && (position < lowest || position > highest);
            let distance = if beyond { 1.0 } else { 0.5 - (position - level).abs() };
            self.near[lane] += if distance < AT_BOUNDARY { 1.0 } else { 0.0 };
        }
    }
}

#[cfg(test)]
#[path = "quantization_tests.rs"]
mod tests;
