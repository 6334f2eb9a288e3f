//! The RWKV-6-like model as passes; its definition on the host is [`method::rwkv`](crate::method::rwkv).

use super::layout::Layout;
use super::number::Number;
use super::ops::decay::{Scan, ScanGradient};
use super::ops::gates::Gate;
use super::pass::{NormPlace, Pass};
use crate::method::error::Result;
use crate::method::rwkv::{Config, HEAD_NORM_EPSILON, NORM_EPSILON};

/// Tensors of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) norms: [NormPlace; 2],
    pub(crate) head_norm: NormPlace,
    /// Mixes r, k, v, g, w of the time mix.
    pub(crate) mixes: [usize; 5],
    /// Projections r, k, v, g, o.
    pub(crate) projections: [usize; 5],
    pub(crate) decay: usize,
    pub(crate) decay_a: usize,
    pub(crate) decay_b: usize,
    pub(crate) bonus: usize,
    /// Mixes r and k of the channel mix.
    pub(crate) channel_mixes: [usize; 2],
    /// Projections r, k, v of the channel mix.
    pub(crate) channel: [usize; 3],
}

/// The model: which tensor is what.
#[derive(Clone, Debug)]
pub(crate) struct Rwkv {
    pub(crate) embedding: usize,
    pub(crate) head: usize,
    pub(crate) norm_in: NormPlace,
    pub(crate) norm_out: NormPlace,
    pub(crate) blocks: Vec<Block>,
    pub(crate) width: usize,
    pub(crate) head_width: usize,
}

/// What the way back needs of a time mix.
struct TimeTape<T> {
    input: Vec<T>,
    scales: Vec<T>,
    normed: Vec<T>,
    mixed: [Vec<T>; 5],
    /// r, k, v.
    rkv: [Vec<T>; 3],
    gate: Vec<T>,
    inner: Vec<T>,
    bent: Vec<T>,
    exponent: Vec<T>,
    decay: Vec<T>,
    seen: Vec<T>,
    head_scales: Vec<T>,
    head_normed: Vec<T>,
    opened: Vec<T>,
    product: Vec<T>,
}

/// What the way back needs of a channel mix.
struct ChannelTape<T> {
    input: Vec<T>,
    scales: Vec<T>,
    normed: Vec<T>,
    mixed: [Vec<T>; 2],
    gate: Vec<T>,
    opened: Vec<T>,
    key: Vec<T>,
    inner: Vec<T>,
    value: Vec<T>,
}

impl Rwkv {
    /// The model of a configuration.
    pub(crate) fn new(config: &Config, layout: &Layout) -> Result<Self> {
        let norm = |name: &str, group: usize, epsilon: f64| -> Result<NormPlace> {
            let bias = Some(layout.find(&format!("{name}.bias"))?);
            Ok(NormPlace { weight: layout.find(&format!("{name}.weight"))?, bias, group, epsilon })
        };
        let head_width = config.width / config.heads.max(1);
        let block = |number: usize| -> Result<Block> {
            let find = |part: &str| layout.find(&format!("blocks.{number}.{part}"));
            let name = |part: &str| format!("blocks.{number}.{part}");
            Ok(Block {
                norms: [norm(&name("ln1"), 0, NORM_EPSILON)?, norm(&name("ln2"), 0, NORM_EPSILON)?],
                head_norm: norm(&name("att.ln_x"), head_width, HEAD_NORM_EPSILON)?,
                mixes: [
                    find("att.mix_r")?,
                    find("att.mix_k")?,
                    find("att.mix_v")?,
                    find("att.mix_g")?,
                    find("att.mix_w")?,
                ],
                projections: [
                    find("att.receptance.weight")?,
                    find("att.key.weight")?,
                    find("att.value.weight")?,
                    find("att.gate.weight")?,
                    find("att.output.weight")?,
                ],
                decay: find("att.decay")?,
                decay_a: find("att.decay_a")?,
                decay_b: find("att.decay_b")?,
                bonus: find("att.bonus")?,
                channel_mixes: [find("ffn.mix_r")?, find("ffn.mix_k")?],
                channel: [find("ffn.receptance.weight")?, find("ffn.key.weight")?, find("ffn.value.weight")?],
            })
        };
        Ok(Self {
            embedding: layout.find("emb.weight")?,
            head: layout.find("head.weight")?,
            norm_in: norm("ln_in", 0, NORM_EPSILON)?,
            norm_out: norm("ln_out", 0, NORM_EPSILON)?,
            blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
            width: config.width,
            head_width,
        })
    }

    /// `x + (x of the time before − x)·μ`.
    fn mix<T: Number>(&self, pass: &mut Pass<'_, T>, x: &[T], times: usize, mix: usize) -> Vec<T> {
        let width = self.width;
        let mu = pass.tensor(mix);
        let mut mixed = pass.pool.take(x.len());
        for (row, (out, now)) in mixed.chunks_exact_mut(width).zip(x.chunks_exact(width)).enumerate() {
            if row % times == 0 {
                for ((out, now), mu) in out.iter_mut().zip(now).zip(mu) {
                    *out = *now - *now * *mu;
                }
            } else {
                let before = &x[(row - 1) * width..row * width];
                for (((out, now), before), mu) in out.iter_mut().zip(now).zip(before).zip(mu) {
                    *out = *now + (*before - *now) * *mu;
                }
            }
        }
        mixed
    }

    /// Adds the slopes by x, and takes the gradient by μ.
    fn mix_back<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        (x, slopes): (&[T], &[T]),
        x_slopes: &mut [T],
        times: usize,
        mix: usize,
    ) {
        let width = self.width;
        let mu = pass.tensor(mix);
        let mut own = pass.pool.zeros(width);
        for row in 0..x.len() / width {
            let (here, slopes) = (&x[row * width..][..width], &slopes[row * width..][..width]);
            if row % times == 0 {
                let out = &mut x_slopes[row * width..][..width];
                for ((((out, slope), mu), own), now) in
                    out.iter_mut().zip(slopes).zip(mu).zip(&mut own).zip(here)
                {
                    *out += *slope - *slope * *mu;
                    *own -= *slope * *now;
                }
            } else {
                let before = &x[(row - 1) * width..][..width];
                let (earlier, now_slopes) =
                    x_slopes[(row - 1) * width..(row + 1) * width].split_at_mut(width);
                for c in 0..width {
                    let through = slopes[c] * mu[c];
                    now_slopes[c] += slopes[c] - through;
                    earlier[c] += through;
                    own[c] += slopes[c] * (before[c] - here[c]);
                }
            }
        }
        pass.add_gradient(mix, &own);
        pass.pool.give(own);
    }

    fn time_mix<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        input: Vec<T>,
        times: usize,
    ) -> (Vec<T>, TimeTape<T>) {
        let rows = input.len() / self.width;
        let (normed, scales) = pass.norm(&input, block.norms[0]);
        let mixed = block.mixes.map(|mix| self.mix(pass, &normed, times, mix));
        let [r, k, v, g, o] = block.projections;
        let rkv = [
            pass.linear(&mixed[0], rows, r, None),
            pass.linear(&mixed[1], rows, k, None),
            pass.linear(&mixed[2], rows, v, None),
        ];
        let gate = pass.linear(&mixed[3], rows, g, None);
        let inner = pass.linear(&mixed[4], rows, block.decay_a, None);
        let mut bent = pass.pool.take(inner.len());
        T::apply(Gate::Tanh, &inner, &mut bent);
        let exponent = pass.linear(&bent, rows, block.decay_b, Some(block.decay));
        let mut decay = pass.pool.take(exponent.len());
        T::apply(Gate::Decay, &exponent, &mut decay);
        let mut seen = pass.pool.take(input.len());
        let bonus = pass.tensor(block.bonus);
        for (start, bonus) in self.heads(rows, times, bonus) {
            T::scan(self.scan(times, start, [&rkv[0], &rkv[1], &rkv[2], &decay], bonus), &mut seen[start..]);
        }
        let (head_normed, head_scales) = pass.norm(&seen, block.head_norm);
        let mut opened = pass.pool.take(gate.len());
        T::apply(Gate::Silu, &gate, &mut opened);
        let mut product = pass.pool.take(gate.len());
        times_each(&head_normed, &opened, &mut product);
        let mut output = pass.linear(&product, rows, o, None);
        output.iter_mut().zip(&input).for_each(|(sum, value)| *sum += *value);
        let tape = TimeTape {
            input,
            scales,
            normed,
            mixed,
            rkv,
            gate,
            inner,
            bent,
            exponent,
            decay,
            seen,
            head_scales,
            head_normed,
            opened,
            product,
        };
        (output, tape)
    }

    /// Where each head of each row of tokens begins, with its part of the bonus.
    fn heads<'t, T>(
        &self,
        rows: usize,
        times: usize,
        bonus: &'t [T],
    ) -> impl Iterator<Item = (usize, &'t [T])> {
        let (width, head) = (self.width, self.head_width);
        (0..rows / times.max(1)).flat_map(move |sequence| {
            (0..width / head.max(1)).map(move |number| {
                (sequence * times * width + number * head, &bonus[number * head..][..head])
            })
        })
    }

    fn scan<'t, T>(&self, times: usize, start: usize, of: [&'t [T]; 4], bonus: &'t [T]) -> Scan<'t, T> {
        let [receptance, key, value, decay] = of.map(|list| &list[start..]);
        Scan { times, width: self.head_width, stride: self.width, receptance, key, value, decay, bonus }
    }

    fn time_mix_back<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        tape: TimeTape<T>,
        mut slopes: Vec<T>,
        times: usize,
    ) -> Vec<T> {
        let TimeTape {
            input,
            scales,
            normed,
            mixed,
            rkv,
            gate,
            inner,
            bent,
            exponent,
            decay,
            seen,
            head_scales,
            head_normed,
            opened,
            product,
        } = tape;
        let rows = input.len() / self.width;
        let [r, k, v, g, o] = block.projections;
        let mut by_product = pass.pool.take(product.len());
        pass.linear_back(&product, &slopes, rows, (o, None), Some((&mut by_product, false)));
        let (mut by_head, mut by_gate) = (pass.pool.take(product.len()), pass.pool.take(product.len()));
        times_each(&by_product, &opened, &mut by_head);
        times_each(&by_product, &head_normed, &mut by_gate);
        T::apply_back(Gate::Silu, &gate, &mut by_gate);
        let mut by_seen = pass.pool.zeros(seen.len());
        pass.norm_back(&seen, &head_scales, &by_head, &mut by_seen, block.head_norm);
        let mut by = [(); 4].map(|()| pass.pool.take(seen.len()));
        let mut by_bonus = pass.pool.zeros(self.width);
        let mut states = pass.pool.take((times + 1) * self.head_width * self.head_width);
        let bonus = pass.tensor(block.bonus);
        for (place, (start, bonus)) in self.heads(rows, times, bonus).enumerate() {
            let scan = self.scan(times, start, [&rkv[0], &rkv[1], &rkv[2], &decay], bonus);
            let first = place % (self.width / self.head_width.max(1)) * self.head_width;
            let [receptance, key, value, decay] = by.each_mut().map(|list| &mut list[start..]);
            let bonus = &mut by_bonus[first..first + self.head_width];
            let gradient = ScanGradient { receptance, key, value, decay, bonus };
            T::scan_back(scan, &by_seen[start..], &mut states, gradient);
        }
        pass.add_gradient(block.bonus, &by_bonus);
        T::apply_back(Gate::Decay, &exponent, &mut by[3]);
        let mut by_bent = pass.pool.take(bent.len());
        pass.linear_back(
            &bent,
            &by[3],
            rows,
            (block.decay_b, Some(block.decay)),
            Some((&mut by_bent, false)),
        );
        T::apply_back(Gate::Tanh, &inner, &mut by_bent);
        let mut by_normed = pass.pool.zeros(normed.len());
        let mut by_mixed = pass.pool.take(normed.len());
        let parts = [(r, &by[0]), (k, &by[1]), (v, &by[2]), (g, &by_gate), (block.decay_a, &by_bent)];
        for ((mix, mixed), (tensor, by)) in block.mixes.into_iter().zip(&mixed).zip(parts) {
            pass.linear_back(mixed, by, rows, (tensor, None), Some((&mut by_mixed, false)));
            self.mix_back(pass, (&normed, &by_mixed), &mut by_normed, times, mix);
        }
        pass.norm_back(&input, &scales, &by_normed, &mut slopes, block.norms[0]);
        pass.give([
            input,
            scales,
            normed,
            gate,
            inner,
            bent,
            exponent,
            decay,
            seen,
            head_scales,
            head_normed,
        ]);
        pass.give([opened, product, by_product, by_head, by_gate, by_seen, by_bonus, states, by_bent]);
        pass.give([by_normed, by_mixed]);
        pass.give(mixed);
        pass.give(rkv);
        pass.give(by);
        slopes
    }

    fn channel_mix<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        input: Vec<T>,
        times: usize,
    ) -> (Vec<T>, ChannelTape<T>) {
        let rows = input.len() / self.width;
        let (normed, scales) = pass.norm(&input, block.norms[1]);
        let mixed = block.channel_mixes.map(|mix| self.mix(pass, &normed, times, mix));
        let [r, k, v] = block.channel;
        let gate = pass.linear(&mixed[0], rows, r, None);
        let mut opened = pass.pool.take(gate.len());
        T::apply(Gate::Sigmoid, &gate, &mut opened);
        let key = pass.linear(&mixed[1], rows, k, None);
        let mut inner = pass.pool.take(key.len());
        T::apply(Gate::SquaredRelu, &key, &mut inner);
        let value = pass.linear(&inner, rows, v, None);
        let mut output = pass.pool.take(input.len());
        times_each(&opened, &value, &mut output);
        output.iter_mut().zip(&input).for_each(|(sum, value)| *sum += *value);
        (output, ChannelTape { input, scales, normed, mixed, gate, opened, key, inner, value })
    }

    fn channel_mix_back<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        tape: ChannelTape<T>,
        mut slopes: Vec<T>,
        times: usize,
    ) -> Vec<T> {
        let ChannelTape { input, scales, normed, mixed, gate, opened, key, inner, value } = tape;
        let rows = input.len() / self.width;
        let [r, k, v] = block.channel;
        let (mut by_gate, mut by_value) = (pass.pool.take(gate.len()), pass.pool.take(value.len()));
        times_each(&slopes, &value, &mut by_gate);
        times_each(&slopes, &opened, &mut by_value);
        T::apply_back(Gate::Sigmoid, &gate, &mut by_gate);
        let mut by_inner = pass.pool.take(inner.len());
        pass.linear_back(&inner, &by_value, rows, (v, None), Some((&mut by_inner, false)));
        T::apply_back(Gate::SquaredRelu, &key, &mut by_inner);
        let mut by_normed = pass.pool.zeros(normed.len());
        let mut by_mixed = pass.pool.take(normed.len());
        let parts = [(r, &by_gate), (k, &by_inner)];
        for ((mix, mixed), (tensor, by)) in block.channel_mixes.into_iter().zip(&mixed).zip(parts) {
            pass.linear_back(mixed, by, rows, (tensor, None), Some((&mut by_mixed, false)));
            self.mix_back(pass, (&normed, &by_mixed), &mut by_normed, times, mix);
        }
        pass.norm_back(&input, &scales, &by_normed, &mut slopes, block.norms[1]);
        pass.give([input, scales, normed, gate, opened, key, inner, value]);
        pass.give([by_gate, by_value, by_inner, by_normed, by_mixed]);
        pass.give(mixed);
        slopes
    }

    /// Logits of rows of `times` tokens; with `slopes` those by the logits are asked for, and the gradient is taken.
    pub(crate) fn run<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        tokens: &[u32],
        times: usize,
        slopes: &mut dyn FnMut(&mut [T]) -> bool,
    ) {
        let embedded = pass.embed(self.embedding, tokens);
        let (mut stream, scales_in) = pass.norm(&embedded, self.norm_in);
        let mut tapes = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let (middle, time) = self.time_mix(pass, block, stream, times);
            let (output, channel) = self.channel_mix(pass, block, middle, times);
            tapes.push((time, channel));
            stream = output;
        }
        let (normed, scales) = pass.norm(&stream, self.norm_out);
        let mut logits = pass.linear(&normed, tokens.len(), self.head, None);
        if !slopes(&mut logits) {
            pass.give([embedded, scales_in, normed, scales, logits, stream]);
            tapes.into_iter().for_each(|(time, channel)| forget(pass, time, channel));
            return;
        }
        let mut by_normed = pass.pool.take(normed.len());
        pass.linear_back(&normed, &logits, tokens.len(), (self.head, None), Some((&mut by_normed, false)));
        let mut back = pass.pool.zeros(stream.len());
        pass.norm_back(&stream, &scales, &by_normed, &mut back, self.norm_out);
        for (block, (time, channel)) in self.blocks.iter().zip(tapes).rev() {
            back = self.channel_mix_back(pass, block, channel, back, times);
            back = self.time_mix_back(pass, block, time, back, times);
        }
        by_normed.fill(T::ZERO);
        pass.norm_back(&embedded, &scales_in, &back, &mut by_normed, self.norm_in);
        pass.embed_back(self.embedding, tokens, &by_normed);
        pass.give([embedded, scales_in, normed, scales, logits, stream, by_normed, back]);
    }
}

/// Gives back what a way back would have needed.
fn forget<T: Number>(pass: &mut Pass<'_, T>, time: TimeTape<T>, channel: ChannelTape<T>) {
    pass.give([time.input, time.scales, time.normed, time.gate, time.inner, time.bent, time.exponent]);
    pass.give([time.decay, time.seen, time.head_scales, time.head_normed, time.opened, time.product]);
    pass.give(time.mixed);
    pass.give(time.rkv);
    pass.give([channel.input, channel.scales, channel.normed, channel.gate, channel.opened]);
    pass.give([channel.key, channel.inner, channel.value]);
    pass.give(channel.mixed);
}

/// Products entry by entry.
fn times_each<T: Number>(a: &[T], b: &[T], out: &mut [T]) {
    for ((a, b), out) in a.iter().zip(b).zip(out) {
        *out = *a * *b;
    }
}
