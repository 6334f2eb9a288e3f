//! One pre-norm block of the vision transformer as passes.
//!
//! Contract: with one query an image, the query is the first token, and what comes out is that token alone.

use weightscope_compute::number::Number as _;
use weightscope_compute::ops::gates::Gate;
use weightscope_compute::pass::Pass;

use super::attention::{AttentionSizes, Side};
use super::mlp::tensors;
use super::transform::{HostTransform, Rows, Seen, at};
use super::vit::{first_rows, norm};
use crate::transform::Place;
use crate::vit::Block;

/// Images, tokens of an image, and how many of them ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) images: usize,
    pub(super) tokens: usize,
    pub(super) queries: usize,
}

impl Sizes {
    fn is_narrowed(self) -> bool {
        self.queries < self.tokens
    }

    fn heads(self, heads: usize) -> AttentionSizes {
        AttentionSizes { images: self.images, heads, queries: self.queries, tokens: self.tokens }
    }

    /// Rows of what asks.
    fn asking(self) -> usize {
        self.images * self.queries
    }

    /// Adds the slopes of the rows that ask to those of all rows.
    fn widen(self, slopes: &[f32], all: &mut [f32], width: usize) {
        let (queries, tokens) = (self.queries * width, self.tokens * width);
        for (all, slopes) in all.chunks_exact_mut(tokens).zip(slopes.chunks_exact(queries)) {
            all.iter_mut().zip(slopes).for_each(|(all, slope)| *all += *slope);
        }
    }
}

/// What the way back needs of a block.
#[derive(Debug)]
pub(super) struct BlockTape {
    input: Vec<f32>,
    scales: [Vec<f32>; 2],
    normed: Seen,
    /// The rows of the attention's input that ask, where not all do.
    asking: Option<Vec<f32>>,
    /// Queries, absent where one product stands for queries and keys.
    query: Option<Seen>,
    /// Keys, or the projections by the query-key product.
    key: Seen,
    maps: Seen,
    value: Seen,
    mixed: Seen,
    middle: Vec<f32>,
    hidden: Seen,
    sums: Vec<f32>,
    inner: Seen,
}

/// A block with its sizes and sites.
struct At<'a, H> {
    block: &'a Block,
    transform: &'a H,
    sizes: Sizes,
}

impl<H: HostTransform> At<'_, H> {
    fn width(&self) -> usize {
        self.block.attention.width()
    }

    fn heads(&self) -> usize {
        self.block.attention.heads
    }

    fn rows(&self, place: Place, width: usize) -> Rows {
        let Sizes { images, tokens, queries } = self.sizes;
        let period = match place {
            Place::AttentionInput | Place::Key | Place::QueryKey | Place::Value => tokens,
            _ => queries,
        };
        Rows { site: at(self.block.attention.layer, place), images, width, period }
    }

    fn see(&self, pass: &mut Pass<'_, f32>, place: Place, width: usize, values: Vec<f32>) -> Seen {
        Seen::new(pass, self.transform, self.rows(place, width), values)
    }

    fn back(&self, pass: &mut Pass<'_, f32>, (place, width): (Place, usize), seen: Seen, slopes: &mut [f32]) {
        seen.back(pass, self.transform, self.rows(place, width), slopes);
        seen.give(pass);
    }

    /// Where queries and keys lie, entries of a head that meet, and the scale of logits.
    fn sides(&self) -> (Side, Side, usize, f32) {
        let (width, heads) = (self.width(), self.heads());
        let head = self.block.attention.head_width();
        let scale = 1.0 / (head as f32).sqrt();
        let Sizes { tokens, queries, .. } = self.sizes;
        if self.transform.query_key(self.block.attention.layer).is_some() {
            let query = Side { stride: width, step: 0, rows: queries };
            let key = Side { stride: heads * width, step: width, rows: tokens };
            (query, key, width, scale)
        } else {
            let side = |rows| Side { stride: width, step: head, rows };
            (side(queries), side(tokens), head, scale)
        }
    }
}

impl BlockTape {
    /// The block's output, `[images, queries, width]`, from its input, `[images, tokens, width]`.
    pub(super) fn forward<H: HostTransform>(
        pass: &mut Pass<'_, f32>,
        block: &Block,
        transform: &H,
        sizes: Sizes,
        input: Vec<f32>,
    ) -> (Vec<f32>, Self) {
        let here = At { block, transform, sizes };
        let (width, attention) = (here.width(), &block.attention);
        let (normed, scales) = pass.norm(&input, norm(&block.attention_norm));
        let normed = here.see(pass, Place::AttentionInput, width, normed);
        let rows = sizes.images * sizes.tokens;
        let asking = sizes.is_narrowed().then(|| first_rows(pass, normed.values(), (sizes.tokens, width)));
        let asks = asking.as_deref().unwrap_or(normed.values());
        let linear = |pass: &mut Pass<'_, f32>, x: &[f32], rows, layer| {
            let (weight, bias) = tensors(layer);
            pass.linear(x, rows, weight, bias)
        };
        let (query, key) = if let Some(product) = transform.query_key(attention.layer) {
            let projected = pass.linear(normed.values(), rows, product, None);
            (None, here.see(pass, Place::QueryKey, attention.heads * width, projected))
        } else {
            let query = linear(pass, asks, sizes.asking(), &attention.query);
            let query = here.see(pass, Place::Query, width, query);
            let key = linear(pass, normed.values(), rows, &attention.key);
            (Some(query), here.see(pass, Place::Key, width, key))
        };
        let heads = sizes.heads(attention.heads);
        let (query_side, key_side, inner, scale) = here.sides();
        let queries = query.as_ref().map_or(asks, Seen::values);
        let maps = heads.maps_of(pass, (queries, query_side), (key.values(), key_side), (inner, scale));
        let maps = here.see(pass, Place::AttentionMap, sizes.tokens, maps);
        let value = linear(pass, normed.values(), rows, &attention.value);
        let value = here.see(pass, Place::Value, width, value);
        let mixed = heads.mix(pass, maps.values(), value.values(), width);
        let mixed = here.see(pass, Place::ProjectionInput, width, mixed);
        let mut middle = linear(pass, mixed.values(), sizes.asking(), &attention.projection);
        for (middle, input) in
            middle.chunks_exact_mut(sizes.queries * width).zip(input.chunks_exact(sizes.tokens * width))
        {
            middle.iter_mut().zip(input).for_each(|(sum, value)| *sum += *value);
        }
        let (hidden, scales2) = pass.norm(&middle, norm(&block.mlp_norm));
        let hidden = here.see(pass, Place::HiddenInput, width, hidden);
        let sums = linear(pass, hidden.values(), sizes.asking(), &block.fc1);
        let mut inner = pass.pool.take(sums.len());
        f32::apply(Gate::Gelu, &sums, &mut inner);
        let inner = here.see(pass, Place::OutputInput, block.fc2.inputs, inner);
        let mut output = linear(pass, inner.values(), sizes.asking(), &block.fc2);
        output.iter_mut().zip(&middle).for_each(|(sum, value)| *sum += *value);
        let scales = [scales, scales2];
        let tape = Self {
            input,
            scales,
            normed,
            asking,
            query,
            key,
            maps,
            value,
            mixed,
            middle,
            hidden,
            sums,
            inner,
        };
        (output, tape)
    }

    /// Slopes by the block's input from those by its output.
    pub(super) fn backward<H: HostTransform>(
        self,
        pass: &mut Pass<'_, f32>,
        block: &Block,
        transform: &H,
        sizes: Sizes,
        mut slopes: Vec<f32>,
    ) -> Vec<f32> {
        let here = At { block, transform, sizes };
        let (width, attention) = (here.width(), &block.attention);
        let Self {
            input,
            scales,
            normed,
            asking,
            query,
            key,
            maps,
            value,
            mixed,
            middle,
            hidden,
            sums,
            inner,
        } = self;
        let mut by_inner = pass.pool.take(sums.len());
        let target = Some((&mut by_inner[..], false));
        pass.linear_back(inner.values(), &slopes, sizes.asking(), tensors(&block.fc2), target);
        here.back(pass, (Place::OutputInput, block.fc2.inputs), inner, &mut by_inner);
        f32::apply_back(Gate::Gelu, &sums, &mut by_inner);
        let mut by_hidden = pass.pool.take(slopes.len());
        let target = Some((&mut by_hidden[..], false));
        pass.linear_back(hidden.values(), &by_inner, sizes.asking(), tensors(&block.fc1), target);
        here.back(pass, (Place::HiddenInput, width), hidden, &mut by_hidden);
        pass.norm_back(&middle, &scales[1], &by_hidden, &mut slopes, norm(&block.mlp_norm));
        pass.give([by_inner, sums, middle]);
        // From here the slopes are those by the sum of the input and the attention's output.
        let mut by_mixed = by_hidden;
        let target = Some((&mut by_mixed[..], false));
        pass.linear_back(mixed.values(), &slopes, sizes.asking(), tensors(&attention.projection), target);
        here.back(pass, (Place::ProjectionInput, width), mixed, &mut by_mixed);
        let heads = sizes.heads(attention.heads);
        let [mut by_maps, mut by_value] =
            heads.mix_back(pass, (maps.values(), value.values(), width), &by_mixed);
        here.back(pass, (Place::Value, width), value, &mut by_value);
        maps.back(pass, transform, here.rows(Place::AttentionMap, sizes.tokens), &mut by_maps);
        let (query_side, key_side, inner, scale) = here.sides();
        f32::softmax_back(maps.raw(), &mut by_maps, sizes.tokens, scale);
        maps.give(pass);
        let rows = sizes.images * sizes.tokens;
        let mut by_normed = pass.pool.take(input.len());
        let target = Some((&mut by_normed[..], false));
        pass.linear_back(normed.values(), &by_value, rows, tensors(&attention.value), target);
        let asks = asking.as_deref().unwrap_or(normed.values());
        let mut by_asks = pass.pool.zeros(asks.len());
        let mut by_key = pass.pool.zeros(key.values().len());
        if let Some(query) = query {
            let mut by_query = pass.pool.zeros(asks.len());
            heads.maps_back(
                pass,
                &by_maps,
                (query.values(), query_side, &mut by_query),
                (key.values(), key_side, &mut by_key),
                inner,
            );
            here.back(pass, (Place::Query, width), query, &mut by_query);
            here.back(pass, (Place::Key, width), key, &mut by_key);
            let target = Some((&mut by_asks[..], false));
            pass.linear_back(asks, &by_query, sizes.asking(), tensors(&attention.query), target);
            let target = Some((&mut by_normed[..], true));
            pass.linear_back(normed.values(), &by_key, rows, tensors(&attention.key), target);
            pass.pool.give(by_query);
        } else if let Some(product) = transform.query_key(attention.layer) {
            heads.maps_back(
                pass,
                &by_maps,
                (asks, query_side, &mut by_asks),
                (key.values(), key_side, &mut by_key),
                inner,
            );
            here.back(pass, (Place::QueryKey, attention.heads * width), key, &mut by_key);
            let target = Some((&mut by_normed[..], true));
            pass.linear_back(normed.values(), &by_key, rows, (product, None), target);
        }
        sizes.widen(&by_asks, &mut by_normed, width);
        here.back(pass, (Place::AttentionInput, width), normed, &mut by_normed);
        let mut by_input = pass.pool.zeros(input.len());
        sizes.widen(&slopes, &mut by_input, width);
        pass.norm_back(&input, &scales[0], &by_normed, &mut by_input, norm(&block.attention_norm));
        let [first, second] = scales;
        pass.give([input, first, second, slopes, by_mixed, by_maps, by_value]);
        pass.give([by_normed, by_asks, by_key]);
        if let Some(asking) = asking {
            pass.pool.give(asking);
        }
        by_input
    }

    /// Gives the memory back.
    pub(super) fn give(self, pass: &mut Pass<'_, f32>) {
        let Self {
            input,
            scales,
            normed,
            asking,
            query,
            key,
            maps,
            value,
            mixed,
            middle,
            hidden,
            sums,
            inner,
        } = self;
        let [first, second] = scales;
        pass.give([input, first, second, middle, sums]);
        for seen in [normed, key, maps, value, mixed, hidden, inner].into_iter().chain(query) {
            seen.give(pass);
        }
        if let Some(asking) = asking {
            pass.pool.give(asking);
        }
    }
}
