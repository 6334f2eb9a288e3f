//! Attention inside small groups of rows: the elements of a set, the classes of a data set, the places of an image.
//!
//! `O = softmax(q·kᵀ/√width)·v` for every head, with the **whole** width under the root; set transformers add the projected q (as D2NWG has
//! it: arXiv 1810.00825; `stage2/set_transformer/modules.py`). Plain loops: groups have a handful of rows.

use super::panels::Panels;

/// How rows belong together: `queries` rows of q and `keys` rows of k and v make a group, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Rows of q in a group.
    pub queries: usize,
    /// Rows of k and v in a group.
    pub keys: usize,
    /// Heads; they divide the width.
    pub heads: usize,
    /// Whether q is added to what is seen.
    pub adds_query: bool,
}

/// Row-major q, k and v with their groups.
struct Sizes {
    groups: usize,
    width: usize,
    head: usize,
    factor: f32,
}

impl Groups {
    fn sizes(self, q: &Panels) -> Sizes {
        let width = q.columns();
        Sizes {
            groups: q.rows() / self.queries.max(1),
            width,
            head: width / self.heads.max(1),
            factor: 1.0 / (width as f32).sqrt(),
        }
    }

    /// Calls with the group, the head's first column and the index of the shares' first value, in order.
    fn each(self, sizes: &Sizes, mut call: impl FnMut(usize, usize, usize)) {
        let mut at = 0;
        for group in 0..sizes.groups {
            for head in 0..self.heads {
                call(group, head * sizes.head, at);
                at += self.queries * self.keys;
            }
        }
    }

    /// The output, and the shares of attention `[groups, heads, queries, keys]`.
    pub(super) fn forward(self, q: &Panels, k: &Panels, v: &Panels) -> (Panels, Vec<f32>) {
        let sizes = self.sizes(q);
        let (width, head) = (sizes.width, sizes.head);
        let (q, k, v) = (q.to_rows(), k.to_rows(), v.to_rows());
        let mut output = if self.adds_query { q.clone() } else { vec![0.0; q.len()] };
        let mut shares = vec![0.0; sizes.groups * self.heads * self.queries * self.keys];
        self.each(&sizes, |group, column, at| {
            for i in 0..self.queries {
                let row = (group * self.queries + i) * width + column;
                let own = &mut shares[at + i * self.keys..][..self.keys];
                for (j, share) in own.iter_mut().enumerate() {
                    let key = (group * self.keys + j) * width + column;
                    *share = sizes.factor * dot(&q[row..row + head], &k[key..key + head]);
                }
                softmax(own);
                for (j, share) in own.iter().enumerate() {
                    let key = (group * self.keys + j) * width + column;
                    add(&mut output[row..row + head], *share, &v[key..key + head]);
                }
            }
        });
        (Panels::from_rows(&output, width), shares)
    }

    /// Gradients by q, k and v.
    pub(super) fn backward(
        self,
        (q, k, v): (&Panels, &Panels, &Panels),
        shares: &[f32],
        gradient: &Panels,
    ) -> (Panels, Panels, Panels) {
        let sizes = self.sizes(q);
        let (width, head) = (sizes.width, sizes.head);
        let (q, k, v, g) = (q.to_rows(), k.to_rows(), v.to_rows(), gradient.to_rows());
        let mut dq = if self.adds_query { g.clone() } else { vec![0.0; g.len()] };
        let (mut dk, mut dv) = (vec![0.0; k.len()], vec![0.0; v.len()]);
        let mut slopes = vec![0.0; self.keys];
        self.each(&sizes, |group, column, at| {
            for i in 0..self.queries {
                let row = (group * self.queries + i) * width + column;
                let own = &shares[at + i * self.keys..][..self.keys];
                for (j, slope) in slopes.iter_mut().enumerate() {
                    let key = (group * self.keys + j) * width + column;
                    *slope = dot(&g[row..row + head], &v[key..key + head]);
                    add(&mut dv[key..key + head], own[j], &g[row..row + head]);
                }
                let mean = dot(&slopes, own);
                for (j, slope) in slopes.iter().enumerate() {
                    let key = (group * self.keys + j) * width + column;
                    let logit = sizes.factor * own[j] * (slope - mean);
                    add(&mut dq[row..row + head], logit, &k[key..key + head]);
                    add(&mut dk[key..key + head], logit, &q[row..row + head]);
                }
            }
        });
        let panels = |values: &[f32]| Panels::from_rows(values, width);
        (panels(&dq), panels(&dk), panels(&dv))
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side, so that compilers use wide registers.
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for slot in 0..8 {
            sums[slot] += a[slot] * b[slot];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn add(target: &mut [f32], factor: f32, values: &[f32]) {
    target.iter_mut().zip(values).for_each(|(target, value)| *target += factor * value);
}

fn softmax(logits: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - largest).exp());
    let total: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|share| *share /= total);
}
