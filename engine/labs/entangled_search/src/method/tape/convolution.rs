//! Convolution with stride 1, zero padding, dilation and groups, by patches.

use weightscope_math::MathError;
use weightscope_math::real::Real;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add_scaled, products};

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

/// Sizes of one convolution, and where each entry of a patch comes from.
struct Plan {
    /// Entries of one group of one image.
    image: usize,
    /// Places of the output of one channel.
    places: usize,
    /// Entries of a patch.
    patch: usize,
    /// Output channels of a group.
    channels: usize,
    groups: usize,
    /// `[places, patch]`: entry of the image, or a number beyond it for the padding.
    sources: Vec<usize>,
    shape: [usize; 4],
}

/// The source of an entry that lies in the padding.
const OUTSIDE: usize = usize::MAX;

impl Plan {
    fn new(x: [usize; 4], w: [usize; 4], way: Convolution) -> Result<Self, MathError> {
        let [images, channels, height, width] = x;
        let [outputs, depth, rows, columns] = w;
        let fits = way.groups > 0 && depth > 0 && depth * way.groups == channels && outputs % way.groups == 0;
        let reach = |size: usize, kernel: usize| {
            (size + 2 * way.padding + 1).checked_sub(way.dilation * (kernel.checked_sub(1)?) + 1)
        };
        let (Some(high), Some(wide), true) = (reach(height, rows), reach(width, columns), fits) else {
            let found = format!("{x:?} by {w:?}, {way:?}");
            return Err(unfit("a convolution", "a kernel that fits channels and image", found));
        };
        let patch = depth * rows * columns;
        let mut sources = Vec::with_capacity(high * wide * patch);
        for (top, left) in (0..high).flat_map(|top| (0..wide).map(move |left| (top, left))) {
            for (channel, row) in (0..depth).flat_map(|channel| (0..rows).map(move |row| (channel, row))) {
                let y = (top + row * way.dilation).checked_sub(way.padding).filter(|y| *y < height);
                sources.extend((0..columns).map(|column| {
                    let x = (left + column * way.dilation).checked_sub(way.padding).filter(|x| *x < width);
                    y.zip(x).map_or(OUTSIDE, |(y, x)| (channel * height + y) * width + x)
                }));
            }
        }
        Ok(Self {
            image: depth * height * width,
            places: high * wide,
            patch,
            channels: outputs / way.groups,
            groups: way.groups,
            sources,
            shape: [images, outputs, high, wide],
        })
    }

    fn gather<T: Real>(&self, image: &[T], patches: &mut [T]) {
        for (place, source) in patches.iter_mut().zip(&self.sources) {
            *place = image.get(*source).copied().unwrap_or_default();
        }
    }

    fn scatter<T: Real>(&self, patches: &[T], image: &mut [T]) {
        for (value, source) in patches.iter().zip(&self.sources) {
            if let Some(place) = image.get_mut(*source) {
                *place += *value;
            }
        }
    }

    /// Number of the group of the i-th block of images by groups, and its weights.
    fn weights<'a, T>(&self, all: &'a [T], block: usize) -> &'a [T] {
        let size = self.channels * self.patch;
        let start = block % self.groups * size;
        all.get(start..start + size).unwrap_or_default()
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
        let mut patches = vec![T::ZERO; plan.sources.len()];
        let mut outputs = vec![T::ZERO; plan.channels];
        let images = tape.values(self.input).chunks_exact(plan.image.max(1));
        let blocks = values.chunks_exact_mut((plan.channels * plan.places).max(1));
        for (block, (image, out)) in images.zip(blocks).enumerate() {
            plan.gather(image, &mut patches);
            let weights = plan.weights(tape.values(self.weight), block);
            for (place, patch) in patches.chunks_exact(plan.patch).enumerate() {
                products(patch, weights, &mut outputs);
                let channels = out.chunks_exact_mut(plan.places);
                for (channel, value) in channels.zip(&outputs) {
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

    /// Adds the gradient of the weights; the patches are gathered anew.
    fn weight_gradient<T: Real>(&self, tape: &Tape<T>, upstream: &[T], slot: &mut [T]) {
        let plan = &self.plan;
        let mut patches = vec![T::ZERO; plan.sources.len()];
        let images = tape.values(self.input).chunks_exact(plan.image.max(1));
        let above = upstream.chunks_exact((plan.channels * plan.places).max(1));
        let size = plan.channels * plan.patch;
        for (block, (image, above)) in images.zip(above).enumerate() {
            plan.gather(image, &mut patches);
            let start = block % plan.groups * size;
            let Some(group) = slot.get_mut(start..start + size) else { continue };
            for (kernel, above) in group.chunks_exact_mut(plan.patch).zip(above.chunks_exact(plan.places)) {
                for (patch, above) in patches.chunks_exact(plan.patch).zip(above) {
                    if *above != T::ZERO {
                        add_scaled(kernel, *above, patch);
                    }
                }
            }
        }
    }

    fn input_gradient<T: Real>(&self, tape: &Tape<T>, upstream: &[T], slot: &mut [T]) {
        let plan = &self.plan;
        let mut patches = vec![T::ZERO; plan.sources.len()];
        let above = upstream.chunks_exact((plan.channels * plan.places).max(1));
        for (block, (image, above)) in slot.chunks_exact_mut(plan.image.max(1)).zip(above).enumerate() {
            patches.fill(T::ZERO);
            let weights = plan.weights(tape.values(self.weight), block);
            for (kernel, above) in weights.chunks_exact(plan.patch).zip(above.chunks_exact(plan.places)) {
                for (patch, above) in patches.chunks_exact_mut(plan.patch).zip(above) {
                    if *above != T::ZERO {
                        add_scaled(patch, *above, kernel);
                    }
                }
            }
            plan.scatter(&patches, image);
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
