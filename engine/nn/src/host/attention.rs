//! A transformer's attention among the few tokens of an image, both ways.
//!
//! Contract: buffers are `[images, tokens, …]`; maps are `[images, heads, queries, tokens]`. Queries are all tokens, or the first alone.

use weightscope_compute::number::Number as _;
use weightscope_compute::ops::tile::Left;
use weightscope_compute::pass::Pass;

/// One side of a product over heads: where a head's entries lie in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// Entries of a row, all heads.
    pub(super) stride: usize,
    /// Distance of the first entries of two heads; 0 where all heads read the same.
    pub(super) step: usize,
    /// Rows of an image.
    pub(super) rows: usize,
}

impl Side {
    fn first(self, image: usize, head: usize) -> usize {
        image * self.rows * self.stride + head * self.step
    }
}

/// Sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AttentionSizes {
    /// Images.
    pub(super) images: usize,
    /// Heads.
    pub(super) heads: usize,
    /// Queries of an image.
    pub(super) queries: usize,
    /// Tokens of an image.
    pub(super) tokens: usize,
}

impl AttentionSizes {
    /// Entries of all maps.
    pub(super) fn maps(self) -> usize {
        self.images * self.heads * self.queries * self.tokens
    }

    fn each(self) -> impl Iterator<Item = (usize, usize, usize)> {
        let size = self.queries * self.tokens;
        (0..self.images * self.heads)
            .map(move |number| (number / self.heads, number % self.heads, number * size))
    }

    /// Softmax of the scaled logits: for each query its weights over the tokens. `inner` entries of a head meet.
    pub(super) fn maps_of(
        self,
        pass: &mut Pass<'_, f32>,
        (query, query_side): (&[f32], Side),
        (key, key_side): (&[f32], Side),
        (inner, scale): (usize, f32),
    ) -> Vec<f32> {
        let mut maps = pass.pool.take(self.maps());
        for (image, head, first) in self.each() {
            let left = Left {
                values: &query[query_side.first(image, head)..],
                stride: query_side.stride,
                turned: false,
            };
            let right = (&key[key_side.first(image, head)..], key_side.stride, true);
            let out = (&mut maps[first..][..self.queries * self.tokens], self.tokens);
            pass.product(left, self.queries, right, (inner, self.tokens), out, false);
        }
        f32::softmax(&mut maps, self.tokens, scale);
        maps
    }

    /// The way back of the products of [`Self::maps_of`]: slopes by logits to those by queries and keys, which are added.
    pub(super) fn maps_back(
        self,
        pass: &mut Pass<'_, f32>,
        slopes: &[f32],
        (query, query_side, by_query): (&[f32], Side, &mut [f32]),
        (key, key_side, by_key): (&[f32], Side, &mut [f32]),
        inner: usize,
    ) {
        for (image, head, first) in self.each() {
            let slopes = &slopes[first..][..self.queries * self.tokens];
            let (at_query, at_key) = (query_side.first(image, head), key_side.first(image, head));
            let left = Left { values: slopes, stride: self.tokens, turned: false };
            let right = (&key[at_key..], key_side.stride, false);
            let out = (&mut by_query[at_query..], query_side.stride);
            pass.product(left, self.queries, right, (self.tokens, inner), out, true);
            let left = Left { values: slopes, stride: self.tokens, turned: true };
            let right = (&query[at_query..], query_side.stride, false);
            let out = (&mut by_key[at_key..], key_side.stride);
            pass.product(left, self.tokens, right, (self.queries, inner), out, true);
        }
    }

    /// Values mixed by maps, `[images, queries, width]`.
    pub(super) fn mix(self, pass: &mut Pass<'_, f32>, maps: &[f32], value: &[f32], width: usize) -> Vec<f32> {
        let inner = width / self.heads.max(1);
        let mut mixed = pass.pool.take(self.images * self.queries * width);
        for (image, head, first) in self.each() {
            let left = Left { values: &maps[first..], stride: self.tokens, turned: false };
            let right = (&value[image * self.tokens * width + head * inner..], width, false);
            let out = (&mut mixed[image * self.queries * width + head * inner..], width);
            pass.product(left, self.queries, right, (self.tokens, inner), out, false);
        }
        mixed
    }

    /// The way back of [`Self::mix`]: slopes by maps and by values.
    pub(super) fn mix_back(
        self,
        pass: &mut Pass<'_, f32>,
        (maps, value, width): (&[f32], &[f32], usize),
        slopes: &[f32],
    ) -> [Vec<f32>; 2] {
        let inner = width / self.heads.max(1);
        let mut by_maps = pass.pool.take(maps.len());
        let mut by_value = pass.pool.take(value.len());
        for (image, head, first) in self.each() {
            let at_value = image * self.tokens * width + head * inner;
            let slopes = &slopes[image * self.queries * width + head * inner..];
            let left = Left { values: slopes, stride: width, turned: false };
            let out = (&mut by_maps[first..][..self.queries * self.tokens], self.tokens);
            pass.product(
                left,
                self.queries,
                (&value[at_value..], width, true),
                (inner, self.tokens),
                out,
                false,
            );
            let left = Left { values: &maps[first..], stride: self.tokens, turned: true };
            let out = (&mut by_value[at_value..], width);
            pass.product(left, self.tokens, (slopes, width, false), (self.queries, inner), out, false);
        }
        [by_maps, by_value]
    }
}
