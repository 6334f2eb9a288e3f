//! Convolution with stride 1, zero padding, dilation and groups, by unfolding one image at a time.

use std::ops::Range;

use weightscope_math::MathError;
use weightscope_math::real::Real;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add, add_combination, add_scaled, products};

/// How a kernel is laid over an image; stride 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Zeros around the image on each side.
    pub padding: usize,
    /// Distance between neighbours of the kernel.
    pub dilation: usize,
    /// Groups of channels that see only themselves.
    pub groups: usize,
}

impl Convolution {
    /// One group, no dilation.
    pub fn plain(padding: usize) -> Self {
        Self { padding, dilation: 1, groups: 1 }
    }
}

/// Sizes of one convolution, and where each entry of the unfolded image comes from.
struct Plan {
    /// Entries of one group of one image.
    image: usize,
    /// Places of the output of one channel.
    places: usize,
    /// Entries under the kernel at one place.
    patch: usize,
    /// Output channels of a group.
    channels: usize,
    groups: usize,
    /// Whether the unfolded image is `[patch, places]`, which is faster for kernels smaller than the output; else `[places, patch]`.
    by_kernel: bool,
    /// Entry of the image for each entry of the unfolded image; the one behind the last is the padding.
    sources: Vec<u32>,
    shape: [usize; 4],
}

impl Plan {
    fn new(x: [usize; 4], w: [usize; 4], way: Convolution) -> Result<Self, MathError> {
        let [images, channels, height, width] = x;
        let [outputs, depth, rows, columns] = w;
        let fits = way.groups > 0 && depth > 0 && depth * way.groups == channels && outputs % way.groups == 0;
        let reach = |size: usize, kernel: usize| {
            (size + 2 * way.padding + 1)
                .checked_sub(way.dilation * (kernel.checked_sub(1)?) + 1)
                .filter(|reach| *reach > 0)
        };
        let (Some(high), Some(wide), true) = (reach(height, rows), reach(width, columns), fits) else {
            let found = format!("{x:?} by {w:?}, {way:?}");
            return Err(unfit("a convolution", "a kernel that fits channels and image", found));
        };
        let (image, patch, places) = (depth * height * width, depth * rows * columns, high * wide);
        let Ok(outside) = u32::try_from(image) else {
            return Err(unfit("a convolution", "images of less than 2³² numbers", image));
        };
        let source = |place: usize, entry: usize| {
            let (top, left) = (place / wide, place % wide);
            let (channel, row, column) = (entry / (rows * columns), entry / columns % rows, entry % columns);
            let y = (top + row * way.dilation).checked_sub(way.padding).filter(|y| *y < height);
            let x = (left + column * way.dilation).checked_sub(way.padding).filter(|x| *x < width);
            y.zip(x).map_or(outside, |(y, x)| ((channel * height + y) * width + x) as u32)
        };
        let by_kernel = patch < places;
        let sources = if by_kernel {
            (0..patch)
                .flat_map(|entry| (0..places).map(move |place| (place, entry)))
                .map(|(p, e)| source(p, e))
                .collect()
        } else {
            (0..places)
                .flat_map(|place| (0..patch).map(move |entry| (place, entry)))
                .map(|(p, e)| source(p, e))
                .collect()
        };
        let (channels, groups, shape) = (outputs / way.groups, way.groups, [images, outputs, high, wide]);
        Ok(Self { image, places, patch, channels, groups, by_kernel, sources, shape })
    }

    /// Entries of the output of one group of one image.
    fn output(&self) -> usize {
        self.channels * self.places
    }

    /// Unfolds an image; `padded` is a scratch that ends in the padding.
    fn unfold<T: Real>(&self, image: &[T], padded: &mut Vec<T>, unfolded: &mut [T]) {
        padded.clear();
        padded.extend_from_slice(image);
        padded.push(T::ZERO);
        for (place, source) in unfolded.iter_mut().zip(&self.sources) {
            *place = padded.get(*source as usize).copied().unwrap_or_default();
        }
    }

    /// Adds an unfolded gradient to that of the image.
    fn fold<T: Real>(&self, unfolded: &[T], padded: &mut Vec<T>, image: &mut [T]) {
        padded.clear();
        padded.resize(image.len() + 1, T::ZERO);
        for (value, source) in unfolded.iter().zip(&self.sources) {
            if let Some(place) = padded.get_mut(*source as usize) {
                *place += *value;
            }
        }
        add(image, padded);
    }

    /// The stretch of the weights of the group of the i-th block of images by groups.
    fn group(&self, block: usize) -> Range<usize> {
        let size = self.channels * self.patch;
        let start = block % self.groups * size;
        start..start + size
    }
}

struct Convolve {
    input: Node,
    weight: Node,
    bias: Option<Node>,
    plan: Plan,
}

impl Convolve {
    fn forward<T: Real>(&self, tape: &Tape<T>) -> Vec<T> {
        let plan = &self.plan;
        let mut values = vec![T::ZERO; plan.shape.iter().product()];
        let (mut padded, mut unfolded) = (Vec::new(), vec![T::ZERO; plan.sources.len()]);
        let mut outputs = vec![T::ZERO; plan.channels];
        let images = tape.values(self.input).chunks_exact(plan.image.max(1));
        for (block, (image, out)) in images.zip(values.chunks_exact_mut(plan.output().max(1))).enumerate() {
            plan.unfold(image, &mut padded, &mut unfolded);
            let weights = tape.values(self.weight).get(plan.group(block)).unwrap_or_default();
            if plan.by_kernel {
                for (kernel, out) in weights.chunks_exact(plan.patch).zip(out.chunks_exact_mut(plan.places)) {
                    add_combination(out, kernel, &unfolded);
                }
                continue;
            }
            for (place, patch) in unfolded.chunks_exact(plan.patch).enumerate() {
                products(patch, weights, &mut outputs);
                for (channel, value) in out.chunks_exact_mut(plan.places).zip(&outputs) {
                    channel.get_mut(place).into_iter().for_each(|place| *place = *value);
                }
            }
        }
        if let Some(bias) = self.bias {
            let bias = tape.values(bias).iter().cycle();
            for (channel, bias) in values.chunks_exact_mut(plan.places.max(1)).zip(bias) {
                channel.iter_mut().for_each(|value| *value += *bias);
            }
        }
        values
    }

    /// Adds the gradient of the weights; the images are unfolded anew.
    fn weight_gradient<T: Real>(&self, tape: &Tape<T>, upstream: &[T], slot: &mut [T]) {
        let plan = &self.plan;
        let (mut padded, mut unfolded) = (Vec::new(), vec![T::ZERO; plan.sources.len()]);
        let mut sums = vec![T::ZERO; plan.patch];
        let images = tape.values(self.input).chunks_exact(plan.image.max(1));
        for (block, (image, above)) in images.zip(upstream.chunks_exact(plan.output().max(1))).enumerate() {
            plan.unfold(image, &mut padded, &mut unfolded);
            let Some(group) = slot.get_mut(plan.group(block)) else { continue };
            for (kernel, above) in group.chunks_exact_mut(plan.patch).zip(above.chunks_exact(plan.places)) {
                if plan.by_kernel {
                    products(above, &unfolded, &mut sums);
                    add(kernel, &sums);
                } else {
                    add_combination(kernel, above, &unfolded);
                }
            }
        }
    }

    fn input_gradient<T: Real>(&self, tape: &Tape<T>, upstream: &[T], slot: &mut [T]) {
        let plan = &self.plan;
        let (mut padded, mut unfolded) = (Vec::new(), vec![T::ZERO; plan.sources.len()]);
        let above = upstream.chunks_exact(plan.output().max(1));
        for (block, (image, above)) in slot.chunks_exact_mut(plan.image.max(1)).zip(above).enumerate() {
            unfolded.fill(T::ZERO);
            let weights = tape.values(self.weight).get(plan.group(block)).unwrap_or_default();
            for (kernel, above) in weights.chunks_exact(plan.patch).zip(above.chunks_exact(plan.places)) {
                let (rows, along) = if plan.by_kernel { (kernel, above) } else { (above, kernel) };
                for (row, factor) in unfolded.chunks_exact_mut(along.len().max(1)).zip(rows) {
                    if *factor != T::ZERO {
                        add_scaled(row, *factor, along);
                    }
                }
            }
            plan.fold(&unfolded, &mut padded, image);
        }
    }
}

impl<T: Real> Operation<T> for Convolve {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let places = self.plan.places.max(1);
        if let Some(slot) = self.bias.and_then(|bias| gradients.slot(tape, bias)) {
            for image in upstream.chunks_exact((places * slot.len()).max(1)) {
                for (place, channel) in slot.iter_mut().zip(image.chunks_exact(places)) {
                    *place += channel.iter().copied().sum();
                }
            }
        }
        if let Some(slot) = gradients.slot(tape, self.weight) {
            self.weight_gradient(tape, upstream, slot);
        }
        if let Some(slot) = gradients.slot(tape, self.input) {
            self.input_gradient(tape, upstream, slot);
        }
    }
}

impl<T: Real> Tape<T> {
    /// Cross-correlation with stride 1: x `[images, in, h, w]`, W `[out, in/groups, kh, kw]`, b `[out]`. Refuses shapes that do not fit.
    pub fn convolve(
        &mut self,
        input: Node,
        weight: Node,
        bias: Option<Node>,
        way: Convolution,
    ) -> Result<Node, MathError> {
        let (x, w) = (self.dims("images of a convolution", input)?, self.dims("a kernel", weight)?);
        let plan = Plan::new(x, w, way)?;
        let outputs = w.first().copied().unwrap_or(0);
        if let Some(bias) = bias.filter(|bias| self.shape(*bias) != [outputs]) {
            return Err(unfit("the bias of a convolution", outputs, format!("{:?}", self.shape(bias))));
        }
        let operation = Convolve { input, weight, bias, plan };
        let values = operation.forward(self);
        let nodes: Vec<Node> = [input, weight].into_iter().chain(bias).collect();
        Ok(self.push(operation.plan.shape.to_vec(), values, &nodes, operation))
    }
}
