//! One pass: the weights it takes, the gradient it gives, the memory it works in, and the linear layers and norms that models are made of.

use weightscope_math::Stream;

use crate::layout::Layout;
use crate::number::Number;
use crate::ops::norms::Norm;
use crate::ops::tile::{LANES, Left, Right, TALLEST, pack};

/// Rows of the left side up to which the right one is read where it lies.
const FEW: usize = 4 * TALLEST;

/// Memory that passes take from and give back to, so that steps do not ask the system for it again.
#[derive(Debug)]
pub struct Pool<T> {
    free: Vec<Vec<T>>,
    panels: Vec<[T; LANES]>,
    /// Numbers that were ever made.
    made: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { free: Vec::new(), panels: Vec::new(), made: 0 }
    }
}

impl<T: Number> Pool<T> {
    /// So many numbers with any content.
    pub fn take(&mut self, length: usize) -> Vec<T> {
        let fits = |(_, list): &(usize, &Vec<T>)| list.len() >= length;
        let best = self.free.iter().enumerate().filter(fits).min_by_key(|(_, list)| list.len());
        // One that is much longer than needed is left to those who need it: what is cut off is written anew when it comes back.
        let best = best.filter(|(_, list)| list.len() <= length + length / 8 + 64).map(|(place, _)| place);
        if let Some(place) = best {
            let mut list = self.free.swap_remove(place);
            list.truncate(length);
            list
        } else {
            self.made += length;
            vec![T::ZERO; length]
        }
    }

    /// So many zeros.
    pub fn zeros(&mut self, length: usize) -> Vec<T> {
        let mut list = self.take(length);
        list.fill(T::ZERO);
        list
    }

    /// Takes memory back.
    pub fn give(&mut self, list: Vec<T>) {
        // What was cut off comes back within the capacity.
        let mut list = list;
        list.resize(list.capacity(), T::ZERO);
        self.free.push(list);
    }

    /// Bytes of all memory that passes were given at once.
    pub fn bytes(&self) -> usize {
        self.made * size_of::<T>() + self.panels.capacity() * size_of::<[T; LANES]>()
    }
}

/// Where the gradient goes, and by which tensors it is wanted.
#[derive(Debug)]
pub struct Gradient<'a, T> {
    /// In the layout of the weights; added to.
    pub values: &'a mut [T],
    /// One for each tensor.
    pub wanted: &'a [bool],
}

/// Updates whose layers see their inputs with some entries dropped: `y = x·Wᵀ + drop(x)·ΔWᵀ`.
#[derive(Debug)]
pub struct Dropped<'a, T> {
    /// The updates in the layout of the weights.
    pub delta: &'a [T],
    /// Which tensors have one.
    pub adapted: &'a [bool],
    /// Share of entries that are dropped.
    pub rate: f32,
    /// Where drops come from.
    pub random: Stream,
    /// Inputs after dropping and the factors that did it, by tensor.
    pub kept: Vec<Option<(Vec<T>, Vec<T>)>>,
}

/// One pass over some rows.
#[derive(Debug)]
pub struct Pass<'a, T: Number> {
    /// Where tensors lie.
    pub layout: &'a Layout,
    /// All weights.
    pub weights: &'a [T],
    /// The gradient, if one is wanted.
    pub gradient: Option<Gradient<'a, T>>,
    /// Dropped updates, if there are any.
    pub dropped: Option<Dropped<'a, T>>,
    /// Memory.
    pub pool: &'a mut Pool<T>,
}

/// The tensors of a norm.
#[derive(Clone, Copy, Debug)]
pub struct NormPlace {
    /// Factors.
    pub weight: usize,
    /// Summands, if the norm has them; then the mean is taken away too.
    pub bias: Option<usize>,
    /// Entries of one group; 0 for the whole row.
    pub group: usize,
    /// Added to the mean of squares.
    pub epsilon: f64,
}

impl<'a, T: Number> Pass<'a, T> {
    /// Values of a tensor.
    pub fn tensor(&self, tensor: usize) -> &'a [T] {
        &self.weights[self.layout.place(tensor).range.clone()]
    }

    /// True if the gradient by this tensor is wanted.
    pub fn wants(&self, tensor: usize) -> bool {
        self.gradient.as_ref().is_some_and(|gradient| gradient.wanted[tensor])
    }

    /// Adds to the gradient by a tensor, if it is wanted.
    pub fn add_gradient(&mut self, tensor: usize, slopes: &[T]) {
        let range = self.layout.place(tensor).range.clone();
        if let Some(gradient) = self.gradient.as_mut().filter(|gradient| gradient.wanted[tensor]) {
            gradient.values[range].iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += *slope);
        }
    }

    /// `out = left·right`; see [`pack`] for the right side.
    pub fn product(
        &mut self,
        left: Left<'_, T>,
        rows: usize,
        (right, stride, turned): (&[T], usize, bool),
        sizes: (usize, usize),
        out: (&mut [T], usize),
        adds: bool,
    ) {
        let panels = &mut self.pool.panels;
        // Few tiles read the right side where it lies; many are served better by packed lanes.
        let right = if turned || rows > FEW {
            Right::packed(pack(right, stride, sizes, turned, panels))
        } else {
            Right::plain(right, stride, sizes, panels)
        };
        T::product(left, rows, right, sizes, out, adds);
    }

    /// `x·Wᵀ + bias` of so many rows.
    pub fn linear(&mut self, x: &[T], rows: usize, tensor: usize, bias: Option<usize>) -> Vec<T> {
        let place = self.layout.place(tensor);
        let (outputs, inputs) = (place.rows, place.columns);
        let mut y = self.pool.take(rows * outputs);
        if let Some(bias) = bias {
            let bias = self.tensor(bias);
            y.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
        }
        let weights = self.tensor(tensor);
        let out = (&mut y[..], outputs);
        if rows < outputs {
            // Packing the weights would take longer than packing the rows.
            let right = pack(x, inputs, (inputs, rows), true, &mut self.pool.panels);
            let left = Left { values: weights, stride: inputs, turned: false };
            T::product_across(left, outputs, right, (inputs, rows), out, bias.is_some());
        } else {
            let left = Left { values: x, stride: inputs, turned: false };
            self.product(left, rows, (weights, inputs, true), (inputs, outputs), out, bias.is_some());
        }
        if let Some(kept) = self.drop(x, tensor) {
            let delta = self.dropped.as_ref().map_or(&[][..], |dropped| dropped.delta);
            let delta = &delta[place.range.clone()];
            let left = Left { values: &kept.0, stride: inputs, turned: false };
            self.product(left, rows, (delta, inputs, true), (inputs, outputs), (&mut y, outputs), true);
            if let Some(dropped) = &mut self.dropped {
                dropped.kept[tensor] = Some(kept);
            }
        }
        y
    }

    /// The input of an update after dropping, and the factors.
    fn drop(&mut self, x: &[T], tensor: usize) -> Option<(Vec<T>, Vec<T>)> {
        let dropped = self.dropped.as_mut().filter(|dropped| dropped.adapted[tensor])?;
        let mut factors = self.pool.take(x.len());
        let keep = T::from_f64(1.0 / (1.0 - f64::from(dropped.rate)));
        for factor in &mut factors {
            *factor = if dropped.random.unit() < dropped.rate { T::ZERO } else { keep };
        }
        let mut values = self.pool.take(x.len());
        for ((value, x), factor) in values.iter_mut().zip(x).zip(&factors) {
            *value = *x * *factor;
        }
        Some((values, factors))
    }

    /// The way back of [`Self::linear`]: gradients by weights and bias; the slopes by x go to `x_slopes`, added if asked for.
    pub fn linear_back(
        &mut self,
        x: &[T],
        slopes: &[T],
        rows: usize,
        (tensor, bias): (usize, Option<usize>),
        x_slopes: Option<(&mut [T], bool)>,
    ) {
        let place = self.layout.place(tensor);
        let (outputs, inputs) = (place.rows, place.columns);
        let kept = self.dropped.as_mut().and_then(|dropped| dropped.kept[tensor].take());
        if self.wants(tensor) {
            let x = kept.as_ref().map_or(x, |(values, _)| values);
            let sizes = (rows, inputs);
            let panels = &mut self.pool.panels;
            let right = if outputs > FEW {
                Right::packed(pack(x, inputs, sizes, false, panels))
            } else {
                Right::plain(x, inputs, sizes, panels)
            };
            if let Some(gradient) = &mut self.gradient {
                let left = Left { values: slopes, stride: outputs, turned: true };
                let out = (&mut gradient.values[place.range.clone()], inputs);
                T::product(left, outputs, right, sizes, out, true);
            }
        }
        if let Some(bias) = bias.filter(|bias| self.wants(*bias)) {
            let mut sums = self.pool.zeros(outputs);
            for row in slopes.chunks_exact(outputs) {
                sums.iter_mut().zip(row).for_each(|(sum, slope)| *sum += *slope);
            }
            self.add_gradient(bias, &sums);
            self.pool.give(sums);
        }
        let Some((x_slopes, adds)) = x_slopes else { return };
        let left = Left { values: slopes, stride: outputs, turned: false };
        let weights = self.tensor(tensor);
        self.product(left, rows, (weights, inputs, false), (outputs, inputs), (x_slopes, inputs), adds);
        if let Some((mut values, factors)) = kept {
            let delta = self.dropped.as_ref().map_or(&[][..], |dropped| dropped.delta);
            let delta = &delta[place.range.clone()];
            self.product(left, rows, (delta, inputs, false), (outputs, inputs), (&mut values, inputs), false);
            for ((sum, value), factor) in x_slopes.iter_mut().zip(&values).zip(&factors) {
                *sum += *value * *factor;
            }
            self.pool.give(values);
            self.pool.give(factors);
        }
    }

    fn norm_spec(&self, at: NormPlace) -> Norm<'a, T> {
        let weight = self.tensor(at.weight);
        Norm {
            group: if at.group == 0 { weight.len() } else { at.group },
            centred: at.bias.is_some(),
            epsilon: at.epsilon,
            weight,
            bias: at.bias.map_or(&[][..], |bias| self.tensor(bias)),
        }
    }

    /// A norm of rows, and the scales that the way back needs.
    pub fn norm(&mut self, x: &[T], at: NormPlace) -> (Vec<T>, Vec<T>) {
        let norm = self.norm_spec(at);
        let rows = x.len() / norm.weight.len().max(1);
        let mut out = self.pool.take(x.len());
        let mut scales = self.pool.take(rows * 2 * (norm.weight.len() / norm.group.max(1)));
        T::norm(norm, x, &mut out, &mut scales);
        (out, scales)
    }

    /// The way back of [`Self::norm`]; the slopes by x are added.
    pub fn norm_back(&mut self, x: &[T], scales: &[T], slopes: &[T], x_slopes: &mut [T], at: NormPlace) {
        let norm = self.norm_spec(at);
        let mut by_weight = self.pool.zeros(norm.weight.len());
        let mut by_bias = self.pool.zeros(norm.bias.len());
        T::norm_back(norm, x, scales, slopes, x_slopes, (&mut by_weight, &mut by_bias));
        self.add_gradient(at.weight, &by_weight);
        if let Some(bias) = at.bias {
            self.add_gradient(bias, &by_bias);
        }
        self.pool.give(by_weight);
        self.pool.give(by_bias);
    }

    /// Gives several lists back.
    pub fn give<const N: usize>(&mut self, lists: [Vec<T>; N]) {
        lists.into_iter().for_each(|list| self.pool.give(list));
    }

    /// Rows of a tensor, one for each token.
    pub fn embed(&mut self, tensor: usize, tokens: &[u32]) -> Vec<T> {
        let width = self.layout.place(tensor).columns;
        let table = self.tensor(tensor);
        let mut rows = self.pool.zeros(tokens.len() * width);
        for (row, token) in rows.chunks_exact_mut(width).zip(tokens) {
            if let Some(values) = table.get(*token as usize * width..(*token as usize + 1) * width) {
                row.copy_from_slice(values);
            }
        }
        rows
    }

    /// The gradient by a table of rows.
    pub fn embed_back(&mut self, tensor: usize, tokens: &[u32], slopes: &[T]) {
        if !self.wants(tensor) {
            return;
        }
        let (width, start) = (self.layout.place(tensor).columns, self.layout.place(tensor).range.start);
        let Some(gradient) = &mut self.gradient else { return };
        for (row, token) in slopes.chunks_exact(width).zip(tokens) {
            let first = start + *token as usize * width;
            if let Some(sums) = gradient.values.get_mut(first..first + width) {
                sums.iter_mut().zip(row).for_each(|(sum, slope)| *sum += *slope);
            }
        }
    }
}
