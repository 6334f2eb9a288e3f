//! Causal attention over rows of tokens with its way back.

use crate::number::Number;
use crate::ops::tile::Left;
use crate::pass::Pass;

/// Sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Times of a row of tokens.
    pub times: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divide the query heads.
    pub groups: usize,
    /// Entries of a head.
    pub width: usize,
}

impl Attention {
    fn factor<T: Number>(&self) -> T {
        T::from_f64(1.0 / (self.width as f64).sqrt())
    }

    /// Each row of tokens with each head: where queries and keys begin.
    fn each(self, rows: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let shared = (self.heads / self.groups.max(1)).max(1);
        (0..rows / self.times.max(1) * self.heads).map(move |number| {
            let (sequence, head) = (number / self.heads, number % self.heads);
            let first = sequence * self.times;
            let query = first * self.heads * self.width + head * self.width;
            let key = first * self.groups * self.width + head / shared * self.width;
            (number, query, key)
        })
    }
}

/// What heads see, `[rows, heads·width]`, and the weights with which they see it.
pub fn attend<T: Number>(pass: &mut Pass<'_, T>, heads: Attention, [q, k, v]: [&[T]; 3]) -> (Vec<T>, Vec<T>) {
    let Attention { times, width, .. } = heads;
    let (wide, narrow) = (heads.heads * width, heads.groups * width);
    let rows = q.len() / wide.max(1);
    let mut seen = pass.pool.take(q.len());
    let mut weights = pass.pool.take(rows * heads.heads * times);
    for (number, query, key) in heads.each(rows) {
        let scores = &mut weights[number * times * times..][..times * times];
        let left = Left { values: &q[query..], stride: wide, turned: false };
        pass.product(left, times, (&k[key..], narrow, true), (width, times), (scores, times), false);
        T::causal_softmax(scores, times, heads.factor());
        let left = Left { values: scores, stride: times, turned: false };
        pass.product(
            left,
            times,
            (&v[key..], narrow, false),
            (times, width),
            (&mut seen[query..], wide),
            false,
        );
    }
    (seen, weights)
}

/// Slopes by q, k and v from those by what was seen.
pub fn attend_back<T: Number>(
    pass: &mut Pass<'_, T>,
    heads: Attention,
    [q, k, v]: [&[T]; 3],
    weights: &[T],
    slopes: &[T],
) -> [Vec<T>; 3] {
    let Attention { times, width, .. } = heads;
    let (wide, narrow) = (heads.heads * width, heads.groups * width);
    let rows = q.len() / wide.max(1);
    let mut by_q = pass.pool.take(q.len());
    let (mut by_k, mut by_v) = (pass.pool.zeros(k.len()), pass.pool.zeros(v.len()));
    let mut scores = pass.pool.take(times * times);
    for (number, query, key) in heads.each(rows) {
        let weights = &weights[number * times * times..][..times * times];
        let left = Left { values: &slopes[query..], stride: wide, turned: false };
        pass.product(left, times, (&v[key..], narrow, true), (width, times), (&mut scores, times), false);
        T::softmax_back(weights, &mut scores, times, heads.factor());
        let turned = Left { values: weights, stride: times, turned: true };
        let slopes = (&slopes[query..], wide, false);
        pass.product(turned, times, slopes, (times, width), (&mut by_v[key..], narrow), true);
        let left = Left { values: &scores, stride: times, turned: false };
        pass.product(
            left,
            times,
            (&k[key..], narrow, false),
            (times, width),
            (&mut by_q[query..], wide),
            false,
        );
        let turned = Left { values: &scores, stride: times, turned: true };
        pass.product(
            turned,
            times,
            (&q[query..], wide, false),
            (times, width),
            (&mut by_k[key..], narrow),
            true,
        );
    }
    pass.pool.give(scores);
    [by_q, by_k, by_v]
}
