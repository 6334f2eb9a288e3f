//! Convolution of images `[images, channels, height, width]` with stride 1, zero padding, dilation and groups, both ways.
//!
//! Images are copied once into padded ones with their channels innermost; products then read patches where they lie
//! ([`correlate`](crate::ops::correlate)). The way back to the images is a convolution too: of the slopes with the kernels turned around.

use std::ops::Range;

use crate::number::Number;
use crate::ops::correlate::Patches;
use crate::ops::tile::LANES;

/// Sizes of a convolution. The kernel fits the padded image, and groups divide both kinds of channels: else it is the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Images.
    pub images: usize,
    /// Channels of an image, all groups together.
    pub channels: usize,
    /// Height and width of an image.
    pub size: (usize, usize),
    /// Channels of the output, all groups together.
    pub outputs: usize,
    /// Height and width of a kernel.
    pub kernel: (usize, usize),
    /// Zeros around the image on each side.
    pub padding: usize,
    /// Distance between neighbours of the kernel.
    pub dilation: usize,
    /// Groups of channels that see only themselves.
    pub groups: usize,
}

/// Padded images of one group, channels innermost.
struct Padded<T> {
    values: Vec<T>,
    /// Height and width with the padding.
    size: (usize, usize),
    channels: usize,
}

impl<T: Number> Padded<T> {
    /// Some channels of images, moved down and to the right by `margin` in an image that is larger by twice that; it may be negative.
    fn new(
        values: &[T],
        (channels, (height, width)): (usize, (usize, usize)),
        own: Range<usize>,
        (top, left): (isize, isize),
    ) -> Self {
        let grown = |length: usize, margin: isize| length.saturating_add_signed(2 * margin);
        let (high, wide) = (grown(height, top), grown(width, left));
        let (plane, depth) = (height * width, own.len());
        let images = values.len() / (channels * plane).max(1);
        let mut padded = vec![T::ZERO; images * high * wide * depth];
        let cut = left.min(0).unsigned_abs();
        let (skip, kept) = (left.max(0).unsigned_abs(), width.saturating_sub(2 * cut));
        for (image, target) in values
            .chunks_exact((channels * plane).max(1))
            .zip(padded.chunks_exact_mut((high * wide * depth).max(1)))
        {
            for (channel, plane) in
                image[own.start * plane..own.end * plane].chunks_exact(plane.max(1)).enumerate()
            {
                for (y, row) in plane.chunks_exact(width).enumerate() {
                    let Some(y) = y.checked_add_signed(top).filter(|y| *y < high) else { continue };
                    let target = &mut target[(y * wide + skip) * depth + channel..];
                    let row = &row[cut..][..kept];
                    target.iter_mut().step_by(depth).zip(row).for_each(|(target, value)| *target = *value);
                }
            }
        }
        Self { values: padded, size: (high, wide), channels: depth }
    }
}

/// Where the stretches of a patch begin, and how long they are.
struct Stretches {
    starts: Vec<usize>,
    length: usize,
}

impl Convolution {
    /// Places of the output, down and across.
    pub fn places(&self) -> (usize, usize) {
        let (down, across) = self.reach();
        let (height, width) = self.size;
        (height + 2 * self.padding - down, width + 2 * self.padding - across)
    }

    /// Distance of the first and the last entry of a kernel.
    fn reach(&self) -> (usize, usize) {
        let (rows, columns) = self.kernel;
        (self.dilation * (rows - 1), self.dilation * (columns - 1))
    }

    /// Channels and outputs of a group.
    fn group(&self) -> (usize, usize) {
        (self.channels / self.groups, self.outputs / self.groups)
    }

    /// Weights of a group.
    fn weights(&self) -> usize {
        let (depth, outputs) = self.group();
        depth * outputs * self.kernel.0 * self.kernel.1
    }

    /// A row of a kernel is one stretch, unless places between are skipped.
    fn stretches<T>(&self, padded: &Padded<T>) -> Stretches {
        let (rows, columns) = self.kernel;
        let at = |y: usize, x: usize| self.dilation * (y * padded.size.1 + x) * padded.channels;
        if self.dilation == 1 {
            Stretches { starts: (0..rows).map(|y| at(y, 0)).collect(), length: columns * padded.channels }
        } else {
            let starts = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
            Stretches { starts: starts.map(|(y, x)| at(y, x)).collect(), length: padded.channels }
        }
    }

    fn patches<'a, T>(
        padded: &'a Padded<T>,
        stretches: &'a Stretches,
        places: (usize, usize),
    ) -> Patches<'a, T> {
        let (high, wide) = padded.size;
        Patches {
            values: &padded.values,
            image: high * wide * padded.channels,
            row: wide * padded.channels,
            step: padded.channels,
            places,
            starts: &stretches.starts,
            stretch: stretches.length,
        }
    }

    /// Panels of kernels that read `depth` channels and give `columns`; `weight` finds an entry by column, channel and place in the kernel.
    fn panels<T: Number>(
        &self,
        (depth, columns): (usize, usize),
        weight: impl Fn(usize, usize, usize) -> T,
    ) -> Vec<[T; LANES]> {
        let area = self.kernel.0 * self.kernel.1;
        let mut panels = vec![[T::ZERO; LANES]; columns.div_ceil(LANES) * area * depth];
        for (panel, lanes) in panels.chunks_exact_mut((area * depth).max(1)).enumerate() {
            let first = panel * LANES;
            for (entry, lane) in lanes.iter_mut().enumerate() {
                let (place, channel) = (entry / depth, entry % depth);
                for (column, value) in (first..columns).zip(lane) {
                    *value = weight(column, channel, place);
                }
            }
        }
        panels
    }

    /// The channels that a group gives.
    fn own(&self, group: usize) -> Range<usize> {
        let outputs = self.group().1;
        group * outputs..(group + 1) * outputs
    }

    /// Puts `x * weights + bias` into `out`, `[images, outputs, height, width]`; weights are `[outputs, channels of a group, rows, columns]`,
    /// and an empty bias is none.
    pub fn forward<T: Number>(&self, x: &[T], weights: &[T], bias: &[T], out: &mut [T]) {
        let (depth, outputs) = self.group();
        let places = self.places();
        let plane = places.0 * places.1;
        let area = self.kernel.0 * self.kernel.1;
        let margin = self.padding as isize;
        let mut sums = vec![T::ZERO; self.images * plane * outputs];
        for group in 0..self.groups {
            let own = group * depth..(group + 1) * depth;
            let padded = Padded::new(x, (self.channels, self.size), own, (margin, margin));
            let stretches = self.stretches(&padded);
            let kernels = &weights[group * self.weights()..][..self.weights()];
            let panels = self.panels((depth, outputs), |output, channel, place| {
                kernels[(output * depth + channel) * area + place]
            });
            T::correlate(Self::patches(&padded, &stretches, places), &panels, outputs, &mut sums);
            let images = out.chunks_exact_mut((self.outputs * plane).max(1));
            for (out, sums) in images.zip(sums.chunks_exact((plane * outputs).max(1))) {
                for (number, channel) in self.own(group).enumerate() {
                    let bias = bias.get(channel).copied().unwrap_or_default();
                    let sums = sums[number..].iter().step_by(outputs);
                    let out = &mut out[channel * plane..][..plane];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum + bias);
                }
            }
        }
    }

    /// Adds the slopes by the weights to `target`, from those by the output.
    pub fn by_weights<T: Number>(&self, x: &[T], slopes: &[T], target: &mut [T]) {
        let (depth, outputs) = self.group();
        let places = self.places();
        let plane = places.0 * places.1;
        let area = self.kernel.0 * self.kernel.1;
        let margin = self.padding as isize;
        let mut sums = vec![T::ZERO; area * depth * outputs];
        let mut lanes = vec![[T::ZERO; LANES]; outputs.div_ceil(LANES) * self.images * plane];
        for group in 0..self.groups {
            let own = group * depth..(group + 1) * depth;
            let padded = Padded::new(x, (self.channels, self.size), own, (margin, margin));
            let stretches = self.stretches(&padded);
            for (image, slopes) in slopes.chunks_exact((self.outputs * plane).max(1)).enumerate() {
                for (number, channel) in self.own(group).enumerate() {
                    let first = (number / LANES * self.images + image) * plane;
                    let slopes = &slopes[channel * plane..][..plane];
                    for (lane, slope) in lanes[first..][..plane].iter_mut().zip(slopes) {
                        lane[number % LANES] = *slope;
                    }
                }
            }
            sums.fill(T::ZERO);
            T::correlate_by_kernel(Self::patches(&padded, &stretches, places), &lanes, outputs, &mut sums);
            let kernels = &mut target[group * self.weights()..][..self.weights()];
            for (output, kernel) in kernels.chunks_exact_mut((depth * area).max(1)).enumerate() {
                for (number, slope) in kernel.iter_mut().enumerate() {
                    let (channel, place) = (number / area, number % area);
                    *slope += sums[(place * depth + channel) * outputs + output];
                }
            }
        }
    }

    /// Adds the slopes by the images to `target`, from those by the output.
    pub fn by_images<T: Number>(&self, weights: &[T], slopes: &[T], target: &mut [T]) {
        let (depth, outputs) = self.group();
        let plane = self.size.0 * self.size.1;
        let area = self.kernel.0 * self.kernel.1;
        let reach = self.reach();
        let margin = |reach: usize| reach as isize - self.padding as isize;
        let mut sums = vec![T::ZERO; self.images * plane * depth];
        for group in 0..self.groups {
            let shape = (self.outputs, self.places());
            let padded = Padded::new(slopes, shape, self.own(group), (margin(reach.0), margin(reach.1)));
            let stretches = self.stretches(&padded);
            let kernels = &weights[group * self.weights()..][..self.weights()];
            let panels = self.panels((outputs, depth), |channel, output, place| {
                kernels[(output * depth + channel) * area + (area - 1 - place)]
            });
            T::correlate(Self::patches(&padded, &stretches, self.size), &panels, depth, &mut sums);
            let images = target.chunks_exact_mut((self.channels * plane).max(1));
            for (target, sums) in images.zip(sums.chunks_exact((plane * depth).max(1))) {
                let target = &mut target[group * depth * plane..][..depth * plane];
                for (channel, target) in target.chunks_exact_mut(plane.max(1)).enumerate() {
                    let sums = sums[channel..].iter().step_by(depth);
                    target.iter_mut().zip(sums).for_each(|(target, sum)| *target += *sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    /// Calls with image, output, place of the output, and the places in images and weights that meet there.
    fn each(sizes: Convolution, mut call: impl FnMut(usize, usize, usize)) {
        let ((high, wide), (depth, outputs)) = (sizes.places(), sizes.group());
        let (height, width) = sizes.size;
        let (rows, columns) = sizes.kernel;
        for (image, output) in (0..sizes.images).flat_map(|i| (0..sizes.outputs).map(move |o| (i, o))) {
            for (y, x) in (0..high).flat_map(|y| (0..wide).map(move |x| (y, x))) {
                let out = ((image * sizes.outputs + output) * high + y) * wide + x;
                for (channel, row, column) in
                    (0..depth).flat_map(|c| (0..rows).flat_map(move |r| (0..columns).map(move |k| (c, r, k))))
                {
                    let at = |place: usize, entry: usize, size: usize| {
                        (place + entry * sizes.dilation).checked_sub(sizes.padding).filter(|at| *at < size)
                    };
                    let (Some(y), Some(x)) = (at(y, row, height), at(x, column, width)) else { continue };
                    let own = output / outputs * depth + channel;
                    let from = ((image * sizes.channels + own) * height + y) * width + x;
                    call(out, from, ((output * depth + channel) * rows + row) * columns + column);
                }
            }
        }
    }

    #[test]
    fn values_and_slopes_are_those_of_the_plain_loop() {
        let plain = Convolution {
            images: 3,
            channels: 4,
            size: (5, 6),
            outputs: 18,
            kernel: (3, 3),
            padding: 1,
            dilation: 1,
            groups: 1,
        };
        for sizes in [
            plain,
            Convolution { channels: 1, kernel: (5, 5), padding: 2, size: (8, 8), ..plain },
            Convolution { kernel: (1, 3), padding: 3, outputs: 2, ..plain },
            Convolution { dilation: 2, groups: 2, ..plain },
            Convolution { padding: 0, kernel: (5, 2), groups: 4, outputs: 4, ..plain },
        ] {
            let mut random = stream(3, "convolution");
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| f64::from(random.normal())).collect() };
            let (high, wide) = sizes.places();
            let x = draw(sizes.images * sizes.channels * sizes.size.0 * sizes.size.1);
            let weights = draw(sizes.groups * sizes.weights());
            let bias = draw(sizes.outputs);
            let slopes = draw(sizes.images * sizes.outputs * high * wide);
            let mut out = vec![0.0; slopes.len()];
            let (mut by_weights, mut by_images) = (vec![1.0; weights.len()], vec![1.0; x.len()]);
            sizes.forward(&x, &weights, &bias, &mut out);
            sizes.by_weights(&x, &slopes, &mut by_weights);
            sizes.by_images(&weights, &slopes, &mut by_images);
            let mut expected: Vec<f64> =
                (0..out.len()).map(|place| bias[place / (high * wide) % sizes.outputs]).collect();
            let (mut of_weights, mut of_images) = (vec![1.0; weights.len()], vec![1.0; x.len()]);
            each(sizes, |out, from, weight| {
                expected[out] += x[from] * weights[weight];
                of_weights[weight] += x[from] * slopes[out];
                of_images[from] += weights[weight] * slopes[out];
            });
            for (found, expected) in [(out, expected), (by_weights, of_weights), (by_images, of_images)] {
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < 1e-11, "{sizes:?}: {found}, {expected}");
                }
            }
        }
    }
}
