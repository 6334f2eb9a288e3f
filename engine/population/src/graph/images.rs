//! Images as rows: a row for each place, a column for each channel. What convolutions read of them, and norms over groups of channels.
//!
//! A convolution is a layer over [`Tape::patches`]: sums of products run in one place, and there is one way back.

use multiversion::multiversion;

use super::elementwise::{add_parameter_slopes, affine};
use super::panels::Panels;
use super::plan::Norm;
use super::tape::{Id, Op, Tape};
use crate::lane::{LANES, Lane, flat, flat_mut, panels};

/// Side of a kernel.
const KERNEL: usize = 3;
/// Entries of a kernel.
pub const ENTRIES: usize = KERNEL * KERNEL;
/// Stands for a place outside of the image, which is zero.
const OUTSIDE: u32 = u32::MAX;

/// Which places of a square image a kernel of 3 × 3 reads, for each place of the image that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Places of an image that is read.
    read: usize,
    /// Places of an image that is made.
    made: usize,
    /// For each entry of the kernel, row after row, and for each place that is made, the place that is read.
    sources: Vec<u32>,
}

impl Window {
    /// The image keeps its side; zeros lie around it.
    pub fn same(side: usize) -> Self {
        Self::new(side, side, |place, entry| (place + entry).checked_sub(1).filter(|at| *at < side))
    }

    /// Every second place, so that the side is halved; one row and one column of zeros follow the image, none come before it.
    pub fn halving(side: usize) -> Self {
        Self::new(side, side / 2, |place, entry| Some(2 * place + entry).filter(|at| *at < side))
    }

    /// The side is doubled first, each place standing for four; zeros lie around the result.
    pub fn doubling(side: usize) -> Self {
        let within = move |at: &usize| *at < 2 * side;
        Self::new(side, 2 * side, |place, entry| {
            (place + entry).checked_sub(1).filter(within).map(|at| at / 2)
        })
    }

    /// `at` says which line is read for a line that is made and one of the kernel; rows and columns are alike.
    fn new(side: usize, made: usize, at: impl Fn(usize, usize) -> Option<usize>) -> Self {
        let entries = (0..ENTRIES).map(|entry| (entry / KERNEL, entry % KERNEL));
        let sources = entries.flat_map(|(down, across)| {
            let at = &at;
            (0..made * made).map(move |place| {
                let line = at(place / made, down).zip(at(place % made, across));
                line.map_or(OUTSIDE, |(y, x)| (y * side + x) as u32)
            })
        });
        let sources = sources.collect();
        Self { read: side * side, made: made * made, sources }
    }

    /// Calls for each number that a patch takes: with unit and row of the image, unit and row of the patch. A unit is a panel of the image
    /// where panels stay whole in patches, else a column.
    fn each(&self, images: usize, units: usize, mut call: impl FnMut([usize; 2], [usize; 2])) {
        for (entry, sources) in self.sources.chunks_exact(self.made.max(1)).enumerate() {
            for unit in 0..units {
                for image in 0..images {
                    let (read, made) = (image * self.read, image * self.made);
                    for (place, source) in sources.iter().enumerate().filter(|(_, at)| **at != OUTSIDE) {
                        call([unit, read + *source as usize], [entry * units + unit, made + place]);
                    }
                }
            }
        }
    }

    fn patches(&self, x: &Panels) -> Panels {
        let (rows, columns) = (x.rows(), x.columns());
        let images = rows / self.read.max(1);
        let mut patches = Panels::zeros(images * self.made, ENTRIES * columns);
        let (made, values) = (images * self.made, patches.lanes_mut());
        if columns.is_multiple_of(LANES) {
            self.each(images, columns / LANES, |[panel, from], [target, to]| {
                values[target * made + to] = x.lanes()[panel * rows + from];
            });
        } else {
            self.each(images, columns, |[column, from], [target, to]| {
                let value = x.lanes()[column / LANES * rows + from].0[column % LANES];
                values[target / LANES * made + to].0[target % LANES] = value;
            });
        }
        patches
    }

    /// Gradient by an image of so many rows and columns, from that by its patches.
    pub(super) fn back(&self, (rows, columns): (usize, usize), slope: &Panels) -> Panels {
        let mut below = Panels::zeros(rows, columns);
        let (images, made, values) = (rows / self.read.max(1), slope.rows(), below.lanes_mut());
        if columns.is_multiple_of(LANES) {
            self.each(images, columns / LANES, |[panel, from], [target, to]| {
                values[panel * rows + from].add(&slope.lanes()[target * made + to]);
            });
        } else {
            self.each(images, columns, |[column, from], [target, to]| {
                let value = slope.lanes()[target / LANES * made + to].0[target % LANES];
                values[column / LANES * rows + from].0[column % LANES] += value;
            });
        }
        below
    }
}

/// Which numbers of an image are brought to one mean and deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grouped {
    /// Rows of an image.
    pub places: usize,
    /// Groups of neighbouring channels; they divide the channels.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl Grouped {
    /// Means over the groups, at each of their columns, from sums over the places of one image.
    fn means(self, sums: &[Lane], columns: usize) -> Vec<Lane> {
        let width = columns / self.groups.max(1);
        let mut means = vec![Lane::ZERO; sums.len()];
        for first in (0..width * self.groups).step_by(width.max(1)) {
            let sum: f32 = flat(sums)[first..first + width].iter().sum();
            flat_mut(&mut means)[first..first + width].fill(sum / (self.places * width) as f32);
        }
        means
    }
}

/// Images at mean 0 and deviation 1 in each group, and 1/deviation for each image and column.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn normalised(x: &Panels, by: Grouped) -> (Panels, Vec<Lane>) {
    let (rows, columns) = (x.rows(), x.columns());
    let mut unit = x.clone();
    let mut inverses = Vec::with_capacity(rows / by.places.max(1) * panels(columns));
    let mut sums = vec![Lane::ZERO; panels(columns)];
    for first in (0..rows).step_by(by.places.max(1)) {
        for (panel, sum) in sums.iter_mut().enumerate() {
            *sum = Lane::ZERO;
            x.lanes()[panel * rows + first..][..by.places].iter().for_each(|lane| sum.add(lane));
        }
        let means = by.means(&sums, columns);
        for (panel, (sum, mean)) in sums.iter_mut().zip(&means).enumerate() {
            *sum = Lane::ZERO;
            for lane in &mut unit.lanes_mut()[panel * rows + first..][..by.places] {
                for slot in 0..LANES {
                    lane.0[slot] -= mean.0[slot];
                    sum.0[slot] += lane.0[slot] * lane.0[slot];
                }
            }
        }
        for (panel, variance) in by.means(&sums, columns).into_iter().enumerate() {
            let inverse = Lane(variance.0.map(|variance| 1.0 / (variance + by.epsilon).sqrt()));
            for lane in &mut unit.lanes_mut()[panel * rows + first..][..by.places] {
                for slot in 0..LANES {
                    lane.0[slot] *= inverse.0[slot];
                }
            }
            inverses.push(inverse);
        }
    }
    (unit, inverses)
}

/// Gradient by the images, from that by the normalised ones times their factors; those of factors and shifts are added.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn normalised_back(
    (unit, inverses): (&Panels, &[Lane]),
    by: Grouped,
    gradient: &Panels,
    factor: &[Lane],
    factor_gradient: &mut [Lane],
    shift_gradient: &mut [Lane],
) -> Panels {
    let (rows, columns) = (unit.rows(), unit.columns());
    add_parameter_slopes(unit, gradient, factor_gradient, shift_gradient);
    let mut below = gradient.clone();
    let (mut sums, mut along) = (vec![Lane::ZERO; panels(columns)], vec![Lane::ZERO; panels(columns)]);
    let images = (0..rows).step_by(by.places.max(1));
    for (first, inverses) in images.zip(inverses.chunks_exact(panels(columns).max(1))) {
        for panel in 0..panels(columns) {
            (sums[panel], along[panel]) = (Lane::ZERO, Lane::ZERO);
            let lanes = panel * rows + first..panel * rows + first + by.places;
            for (lane, unit) in below.lanes_mut()[lanes.clone()].iter_mut().zip(&unit.lanes()[lanes]) {
                for slot in 0..LANES {
                    lane.0[slot] *= factor[panel].0[slot];
                    sums[panel].0[slot] += lane.0[slot];
                    along[panel].0[slot] += lane.0[slot] * unit.0[slot];
                }
            }
        }
        let (means, shares) = (by.means(&sums, columns), by.means(&along, columns));
        for panel in 0..panels(columns) {
            let (mean, share, inverse) = (means[panel].0, shares[panel].0, inverses[panel].0);
            let lanes = panel * rows + first..panel * rows + first + by.places;
            for (lane, unit) in below.lanes_mut()[lanes.clone()].iter_mut().zip(&unit.lanes()[lanes]) {
                for slot in 0..LANES {
                    lane.0[slot] = inverse[slot] * (lane.0[slot] - mean[slot] - unit.0[slot] * share[slot]);
                }
            }
        }
    }
    below
}

/// A norm over groups as the way back needs it.
pub(super) struct GroupNorm {
    norm: Norm,
    pub(super) x: Id,
    by: Grouped,
    unit: Panels,
    inverses: Vec<Lane>,
}

impl GroupNorm {
    /// Gradients by the images and by the norm's two tensors, which come with their numbers in the plan.
    pub(super) fn back(&self, factor: &[Lane], slope: &Panels) -> (Panels, [(usize, Vec<Lane>); 2]) {
        let mut factors = vec![Lane::ZERO; factor.len()];
        let mut shifts = factors.clone();
        let unit = (&self.unit, self.inverses.as_slice());
        let below = normalised_back(unit, self.by, slope, factor, &mut factors, &mut shifts);
        (below, [(self.norm.factor, factors), (self.norm.shift, shifts)])
    }

    /// The tensor of its factors.
    pub(super) fn factor(&self) -> usize {
        self.norm.factor
    }
}

impl<'p> Tape<'p> {
    /// What a kernel reads for each place: rows of nine times as many columns, those of the kernel's first entry first. The rows of `x`
    /// are images one after the other, as the window has them.
    pub fn patches(&mut self, x: Id, window: &'p Window) -> Id {
        let patches = window.patches(self.value(x));
        let learns = self.learns(x);
        self.push(patches, Op::Patches(x, window), learns)
    }

    /// Group norm: each image at mean 0 and deviation 1 in every group of channels, then a factor and a shift for each channel.
    pub fn group_norm(&mut self, norm: Norm, x: Id, by: Grouped) -> Id {
        let (unit, inverses) = normalised(self.value(x), by);
        let output = affine(&unit, self.own(norm.factor), self.own(norm.shift));
        self.push(output, Op::GroupNorm(Box::new(GroupNorm { norm, x, by, unit, inverses })), true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::random;
    use super::super::{Dense, Groups, Plan};
    use super::*;
    use weightscope_math::stream;

    /// A channel of an image as lines, from rows of places.
    fn lines(rows: &[f32], (channels, channel): (usize, usize), side: usize) -> Vec<Vec<f32>> {
        let at = |y: usize, x: usize| rows[(y * side + x) * channels + channel];
        (0..side).map(|y| (0..side).map(|x| at(y, x)).collect()).collect()
    }

    /// Zeros before and behind, in both directions.
    fn padded(image: &[Vec<f32>], before: usize, behind: usize) -> Vec<Vec<f32>> {
        let side = before + image.len() + behind;
        let mut all = vec![vec![0.0; side]; side];
        for (y, line) in image.iter().enumerate() {
            all[y + before][before..before + line.len()].copy_from_slice(line);
        }
        all
    }

    #[test]
    fn patches_are_what_a_kernel_meets_on_the_padded_image() {
        let twice = |image: &[Vec<f32>]| -> Vec<Vec<f32>> {
            let line = |line: &Vec<f32>| line.iter().flat_map(|value| [*value; 2]).collect::<Vec<f32>>();
            image.iter().flat_map(|own| [line(own), line(own)]).collect()
        };
        let side = 4;
        for channels in [3, 16, 32] {
            let x = random(2 * side * side, channels, "image");
            let rows = x.to_rows();
            for (window, made, stride) in [
                (Window::same(side), side, 1),
                (Window::halving(side), side / 2, 2),
                (Window::doubling(side), 2 * side, 1),
            ] {
                let found = window.patches(&x);
                assert_eq!((found.rows(), found.columns()), (2 * made * made, ENTRIES * channels));
                let found = found.to_rows();
                for (image, channel) in (0..2).flat_map(|image| (0..channels).map(move |c| (image, c))) {
                    let own = &rows[image * side * side * channels..];
                    let own = lines(own, (channels, channel), side);
                    let whole = match (made, stride) {
                        (_, 2) => padded(&own, 0, 1),
                        (8, _) => padded(&twice(&own), 1, 1),
                        _ => padded(&own, 1, 1),
                    };
                    for (place, entry) in (0..made * made).flat_map(|p| (0..ENTRIES).map(move |e| (p, e))) {
                        let (y, x) =
                            (stride * (place / made) + entry / 3, stride * (place % made) + entry % 3);
                        let at =
                            (image * made * made + place) * ENTRIES * channels + entry * channels + channel;
                        assert_eq!(found[at], whole[y][x], "{made} {stride} {place} {entry}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_group_of_an_image_gets_mean_0_and_deviation_1() {
        let (places, by) = (5, Grouped { places: 5, groups: 2, epsilon: 1e-6 });
        for columns in [2, 12, 34] {
            let x = random(3 * places, columns, "x");
            let mut plan = Plan::default();
            let norm = plan.norm("norm", columns);
            let (factors, shifts) = (random(1, columns, "factors"), random(1, columns, "shifts"));
            let (factors, shifts) = (factors.to_rows(), shifts.to_rows());
            let weights = plan.pack(&[factors.clone(), shifts.clone()]).unwrap();
            let mut tape = Tape::new(&plan, &weights);
            let input = tape.input(x.clone());
            let output = tape.group_norm(norm, input, by);
            let (rows, found) = (x.to_rows(), tape.take(output));
            let width = columns / 2;
            for (image, group) in (0..3).flat_map(|image| (0..2).map(move |group| (image, group))) {
                let members = || {
                    let places = image * places..(image + 1) * places;
                    places.flat_map(move |row| (group * width..(group + 1) * width).map(move |c| (row, c)))
                };
                let count = (places * width) as f64;
                let value = |(row, column): (usize, usize)| f64::from(rows[row * columns + column]);
                let mean = members().map(value).sum::<f64>() / count;
                let square = members().map(|at| (value(at) - mean).powi(2)).sum::<f64>() / count;
                for (row, column) in members() {
                    let unit = (value((row, column)) - mean) / (square + 1e-6).sqrt();
                    let expected = unit * f64::from(factors[column]) + f64::from(shifts[column]);
                    let found = f64::from(found.to_rows()[row * columns + column]);
                    assert!((found - expected).abs() < 1e-5, "{columns} {row} {column}: {found} {expected}");
                }
            }
            let beyond = |(panel, slot): (usize, usize)| panel * LANES + slot >= columns;
            for (lane, slot) in (0..found.lanes().len()).flat_map(|lane| (0..LANES).map(move |s| (lane, s))) {
                let value = found.lanes()[lane].0[slot];
                assert!(!beyond((lane / (3 * places), slot)) || value == 0.0, "columns beyond the last");
            }
        }
    }

    /// Two images of 4 × 4 through all windows, norms over groups, attention among places that adds nothing of its own.
    struct Net {
        plan: Plan,
        windows: [Window; 3],
        layers: [Dense; 3],
        norms: [Norm; 2],
        qkv: [Dense; 3],
    }

    impl Net {
        fn new(width: usize) -> Self {
            let mut plan = Plan::default();
            let layers = [("first", 1, width), ("down", width, width), ("up", width, 2)];
            let layers = layers.map(|(name, from, to)| plan.dense(name, &[ENTRIES * from], to));
            let norms = ["one", "two"].map(|name| plan.norm(name, width));
            let qkv = ["q", "k", "v"].map(|name| plan.dense(name, &[width], width));
            let windows = [Window::same(4), Window::halving(4), Window::doubling(2)];
            Self { plan, windows, layers, norms, qkv }
        }

        fn forward<'p>(&'p self, weights: &'p [Lane]) -> (Tape<'p>, Id) {
            let mut tape = Tape::new(&self.plan, weights);
            let mut x = tape.input(random(2 * 16, 1, "images"));
            let by = |places| Grouped { places, groups: 2, epsilon: 1e-6 };
            for step in 0..2 {
                x = tape.patches(x, &self.windows[step]);
                x = tape.dense(self.layers[step], &[x]);
                x = tape.group_norm(self.norms[step], x, by(if step == 0 { 16 } else { 4 }));
                x = tape.silu(x);
            }
            let [q, k, v] = self.qkv.map(|layer| tape.dense(layer, &[x]));
            let seen = tape.attention(Groups { queries: 4, keys: 4, heads: 1, adds_query: false }, q, k, v);
            x = tape.sum(x, seen);
            x = tape.patches(x, &self.windows[2]);
            let y = tape.dense(self.layers[2], &[x]);
            (tape, y)
        }

        fn loss(&self, weights: &[Lane]) -> f64 {
            let (tape, y) = self.forward(weights);
            0.5 * tape.value(y).squares()
        }
    }

    #[test]
    fn gradients_over_images_are_those_of_differences() {
        for width in [6, 16] {
            let net = Net::new(width);
            let weights = net.plan.initial(&mut stream(1, "weights"));
            let (tape, y) = net.forward(&weights);
            let slope = tape.value(y).clone();
            let gradient = tape.backward([(y, slope)]).gradient(&net.plan);
            let (values, slopes) = (net.plan.unpack(&weights), net.plan.unpack(&gradient));
            let largest = slopes.iter().flatten().fold(0.0_f32, |most, slope| most.max(slope.abs()));
            for (tensor, named) in net.plan.tensors().iter().enumerate() {
                // Shares of attention do not depend on what is added to all keys.
                let learns = slopes[tensor].iter().any(|slope| slope.abs() > 1e-4 * largest);
                assert_eq!(learns, named.name != "k.bias", "{}", named.name);
                for index in (0..values[tensor].len()).step_by(5) {
                    let at = |by: f32| {
                        let mut moved = values.clone();
                        moved[tensor][index] += by;
                        net.loss(&net.plan.pack(&moved).unwrap())
                    };
                    let step = 4e-3;
                    let expected = (at(step) - at(-step)) / (2.0 * f64::from(step));
                    let found = f64::from(slopes[tensor][index]);
                    let error = (found - expected).abs();
                    assert!(error < 2e-3 * f64::from(largest), "{} {index}: {found} {expected}", named.name);
                }
            }
        }
    }
}
