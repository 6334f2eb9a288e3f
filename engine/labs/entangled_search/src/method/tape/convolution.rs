//! Convolution with stride 1, zero padding, dilation and groups.

use weightscope_compute::convolution::Convolution as Sizes;
use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape, unfit};

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

    /// Sizes for images and kernels of these shapes. Refuses what does not fit.
    fn sizes(self, x: [usize; 4], w: [usize; 4]) -> Result<Sizes, MathError> {
        let [images, channels, height, width] = x;
        let [outputs, depth, rows, columns] = w;
        let Self { padding, dilation, groups } = self;
        let reaches = |size: usize, kernel: usize| {
            kernel > 0 && dilation > 0 && size > 0 && dilation * (kernel - 1) < size + 2 * padding
        };
        let divides = groups > 0 && depth > 0 && depth * groups == channels && outputs % groups == 0;
        if divides && reaches(height, rows) && reaches(width, columns) {
            let (size, kernel) = ((height, width), (rows, columns));
            Ok(Sizes { images, channels, size, outputs, kernel, padding, dilation, groups })
        } else {
            let found = format!("{x:?} by {w:?}, {self:?}");
            Err(unfit("a convolution", "a kernel that fits channels and image", found))
        }
    }
}

struct Convolve {
    input: Node,
    weight: Node,
    bias: Option<Node>,
    sizes: Sizes,
}

impl<T: Number> Operation<T> for Convolve {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let (high, wide) = self.sizes.places();
        let places = (high * wide).max(1);
        if let Some(slot) = self.bias.and_then(|bias| gradients.slot(tape, bias)) {
            for image in upstream.chunks_exact((places * slot.len()).max(1)) {
                for (place, channel) in slot.iter_mut().zip(image.chunks_exact(places)) {
                    *place += channel.iter().copied().sum();
                }
            }
        }
        if let Some(slot) = gradients.slot(tape, self.weight) {
            self.sizes.by_weights(tape.values(self.input), upstream, slot);
        }
        if let Some(slot) = gradients.slot(tape, self.input) {
            self.sizes.by_images(tape.values(self.weight), upstream, slot);
        }
    }
}

impl<T: Number> Tape<T> {
    /// Cross-correlation with stride 1: x `[images, in, h, w]`, W `[out, in/groups, kh, kw]`, b `[out]`. Refuses shapes that do not fit.
    pub fn convolve(
        &mut self,
        input: Node,
        weight: Node,
        bias: Option<Node>,
        way: Convolution,
    ) -> Result<Node, MathError> {
        let (x, w) = (self.dims("images of a convolution", input)?, self.dims("a kernel", weight)?);
        let sizes = way.sizes(x, w)?;
        if let Some(bias) = bias.filter(|bias| self.shape(*bias) != [sizes.outputs]) {
            return Err(unfit("the bias of a convolution", sizes.outputs, format!("{:?}", self.shape(bias))));
        }
        let (high, wide) = sizes.places();
        let shape = vec![sizes.images, sizes.outputs, high, wide];
        let mut values = vec![T::ZERO; shape.iter().product()];
        let own = bias.map_or(&[][..], |bias| self.values(bias));
        sizes.forward(self.values(input), self.values(weight), own, &mut values);
        let nodes: Vec<Node> = [input, weight].into_iter().chain(bias).collect();
        Ok(self.push(shape, values, &nodes, Convolve { input, weight, bias, sizes }))
    }
}
