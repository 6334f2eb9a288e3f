//! Pooling of images `[images, channels, h, w]`.

use weightscope_math::MathError;
use weightscope_math::real::Real;

use super::{Gradients, Node, Operation, Tape};

struct Most {
    input: Node,
    sources: Vec<usize>,
}

impl<T: Real> Operation<T> for Most {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.input) else { return };
        for (source, above) in self.sources.iter().zip(upstream) {
            if let Some(place) = slot.get_mut(*source) {
                *place += *above;
            }
        }
    }

    fn kept(&self) -> usize {
        self.sources.len()
    }
}

struct Mean {
    input: Node,
    /// Entries of an image under the window of each place.
    windows: Vec<Vec<usize>>,
}

/// Entries under the window of three around each place, cut off at the border.
fn windows(height: usize, width: usize) -> Vec<Vec<usize>> {
    let around = |at: usize, size: usize| at.saturating_sub(1)..(at + 2).min(size);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let window = |(y, x): (usize, usize)| {
        around(y, height).flat_map(|row| around(x, width).map(move |column| row * width + column)).collect()
    };
    places.map(window).collect()
}

impl<T: Real> Operation<T> for Mean {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.input) else { return };
        let size = self.windows.len().max(1);
        let shares: Vec<T> =
            self.windows.iter().map(|window| T::from_f64(1.0 / window.len() as f64)).collect();
        for (image, above) in slot.chunks_exact_mut(size).zip(upstream.chunks_exact(size)) {
            for ((above, window), share) in above.iter().zip(&self.windows).zip(&shares) {
                let part = *above * *share;
                for source in window {
                    image.get_mut(*source).into_iter().for_each(|place| *place += part);
                }
            }
        }
    }
}

impl<T: Real> Tape<T> {
    /// Largest value of each square of 2×2, the first one among equals; a last row or column without partner is left out.
    pub fn max_pool2(&mut self, input: Node) -> Result<Node, MathError> {
        let [images, channels, height, width] = self.dims("images of a pooling", input)?;
        let (high, wide) = (height / 2, width / 2);
        let all = self.values(input);
        let at = |source: usize| all.get(source).copied().unwrap_or_default();
        let mut sources = Vec::with_capacity(images * channels * high * wide);
        for image in 0..images * channels {
            for (y, x) in (0..high).flat_map(|y| (0..wide).map(move |x| (y, x))) {
                let first = (image * height + 2 * y) * width + 2 * x;
                let others = [first + 1, first + width, first + width + 1];
                sources.push(
                    others
                        .into_iter()
                        .fold(first, |best, other| if at(other) > at(best) { other } else { best }),
                );
            }
        }
        let values = sources.iter().map(|source| at(*source)).collect();
        Ok(self.push(vec![images, channels, high, wide], values, &[input], Most { input, sources }))
    }

    /// Mean of the 3×3 window around each place, without the padding (as `count_include_pad=False`).
    pub fn mean_pool3(&mut self, input: Node) -> Result<Node, MathError> {
        let [_, _, height, width] = self.dims("images of a pooling", input)?;
        let windows = windows(height, width);
        let shares: Vec<T> = windows.iter().map(|window| T::from_f64(1.0 / window.len() as f64)).collect();
        let mut values = Vec::with_capacity(self.values(input).len());
        for image in self.values(input).chunks_exact(windows.len().max(1)) {
            values.extend(windows.iter().zip(&shares).map(|(window, share)| {
                window.iter().filter_map(|source| image.get(*source).copied()).sum::<T>() * *share
            }));
        }
        let shape = self.shape(input).to_vec();
        Ok(self.push(shape, values, &[input], Mean { input, windows }))
    }
}
