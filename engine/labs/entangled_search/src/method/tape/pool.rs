//! Pooling of images `[images, channels, h, w]`.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape};

struct Most {
    input: Node,
    /// Height and width of an image.
    size: (usize, usize),
    /// Which of its square each place took, row by row.
    choices: Vec<u8>,
}

impl<T: Number> Operation<T> for Most {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.input) else { return };
        let (height, width) = self.size;
        let wide = (width / 2).max(1);
        let pairs = slot
            .chunks_exact_mut((height * width).max(1))
            .flat_map(|image| image.chunks_exact_mut((2 * width).max(1)));
        let rows = upstream.chunks_exact(wide).zip(self.choices.chunks_exact(wide));
        for (pair, (above, choices)) in pairs.zip(rows) {
            let (top, bottom) = pair.split_at_mut(width);
            let squares = top.as_chunks_mut::<2>().0.iter_mut().zip(bottom.as_chunks_mut::<2>().0);
            for (([a, b], [c, d]), (above, choice)) in squares.zip(above.iter().zip(choices)) {
                let place = match choice {
                    0 => a,
                    1 => b,
                    2 => c,
                    _ => d,
                };
                *place += *above;
            }
        }
    }

    fn kept(&self) -> usize {
        self.choices.len().div_ceil(size_of::<T>())
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

impl<T: Number> Operation<T> for Mean {
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

impl<T: Number> Tape<T> {
    /// Largest value of each square of 2×2, the first one among equals; a last row or column without partner is left out.
    pub fn max_pool2(&mut self, input: Node) -> Result<Node, MathError> {
        let [images, channels, height, width] = self.dims("images of a pooling", input)?;
        let (high, wide) = (height / 2, width / 2);
        let count = images * channels * high * wide;
        let (mut values, mut choices) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let planes = self.values(input).chunks_exact((height * width).max(1));
        for pair in planes.flat_map(|image| image.chunks_exact((2 * width).max(1))) {
            let (top, bottom) = pair.split_at(width);
            for ([a, b], [c, d]) in top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0) {
                let (mut most, mut choice) = (*a, 0);
                for (other, number) in [(*b, 1), (*c, 2), (*d, 3)] {
                    (most, choice) = if other > most { (other, number) } else { (most, choice) };
                }
                values.push(most);
                choices.push(choice);
            }
        }
        let operation = Most { input, size: (height, width), choices };
        Ok(self.push(vec![images, channels, high, wide], values, &[input], operation))
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
