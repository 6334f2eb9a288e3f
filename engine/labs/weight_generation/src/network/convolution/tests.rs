//! The convolutional autoencoder against plain loops over channels, lines and columns, and its gradients against differences.

use std::collections::BTreeMap;

use weightscope_math::stream;
use weightscope_population::{Lane, lane};

use crate::config::Reconstruction;
use crate::method::images::Images;
use crate::method::recipe::Sizes;
use crate::network::autoencoder::{Half, Loss, Net};

/// Channels, lines, columns.
type Image = Vec<Vec<Vec<f64>>>;

fn normal(count: usize, name: &str) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(3, name).fill_normal(&mut values);
    values
}

/// Weights away from their start, where all norms would do the same.
fn weights(net: &Net, name: &str) -> Vec<Lane> {
    let mut values = net.plan.unpack(&net.plan.initial(&mut stream(1, name)));
    for (number, tensor) in values.iter_mut().enumerate() {
        let moves = normal(tensor.len(), &format!("{name} {number}"));
        tensor.iter_mut().zip(moves).for_each(|(value, by)| *value += 0.1 * by);
    }
    net.plan.pack(&values).unwrap()
}

/// The network in plain loops.
struct Plain {
    /// Columns and values by name.
    tensors: BTreeMap<String, (usize, Vec<f64>)>,
    images: Images,
    rows: usize,
}

fn image(channels: usize, side: usize, value: impl Fn(usize, usize, usize) -> f64) -> Image {
    let lines = |c: usize| (0..side).map(|y| (0..side).map(|x| value(c, y, x)).collect()).collect();
    (0..channels).map(lines).collect()
}

fn swish(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

fn plus(a: &Image, b: &Image) -> Image {
    image(a.len(), a[0].len(), |c, y, x| a[c][y][x] + b[c][y][x])
}

impl Plain {
    fn of(net: &Net, packed: &[Lane], images: &Images) -> Self {
        let named = net.plan.tensors().iter().zip(net.plan.unpack(packed));
        let tensors = named.map(|(tensor, values)| {
            let values = values.into_iter().map(f64::from).collect();
            (tensor.name.clone(), (tensor.columns, values))
        });
        Self { tensors: tensors.collect(), images: images.clone(), rows: net.sizes.rows }
    }

    /// Weights of one or of several inputs of a layer, beside each other for each output.
    fn weight(&self, name: &str, output: usize) -> Vec<f64> {
        let part = |key: &str| {
            let (columns, values) = self.tensors.get(key)?;
            Some(values[output * columns..(output + 1) * columns].to_vec())
        };
        part(&format!("{name}.weight")).unwrap_or_else(|| {
            (0..2).flat_map(|number| part(&format!("{name}.{number}.weight")).unwrap()).collect()
        })
    }

    fn bias(&self, name: &str) -> &[f64] {
        &self.tensors[&format!("{name}.bias")].1
    }

    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let sum = |output: usize| self.weight(name, output).iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        self.bias(name).iter().enumerate().map(|(output, bias)| bias + sum(output)).collect()
    }

    /// 3 × 3, with so many zeros before; channels beyond those of the kernel are seen at their own place alone.
    fn convolved(&self, name: &str, x: &Image, (stride, before): (usize, usize)) -> Image {
        let (side, bias) = (x[0].len(), self.bias(name));
        let kernels: Vec<Vec<f64>> = (0..bias.len()).map(|output| self.weight(name, output)).collect();
        image(bias.len(), side / stride, |output, y, column| {
            let kernel = &kernels[output];
            // Nine numbers for each channel of the kernel, one for each beyond.
            let beyond = if self.rows > 1 && name == "decoder.conv_in" { self.rows } else { 0 };
            let own = x.len() - beyond;
            assert_eq!(kernel.len(), 9 * own + beyond);
            let mut sum = bias[output];
            for (channel, entry) in (0..own).flat_map(|channel| (0..9).map(move |entry| (channel, entry))) {
                let at = |place: usize, entry: usize| {
                    (stride * place + entry).checked_sub(before).filter(|at| *at < side)
                };
                if let (Some(y), Some(column)) = (at(y, entry / 3), at(column, entry % 3)) {
                    sum += kernel[entry * own + channel] * x[channel][y][column];
                }
            }
            (0..beyond).for_each(|channel| sum += kernel[9 * own + channel] * x[own + channel][y][column]);
            sum
        })
    }

    fn point(&self, name: &str, x: &Image) -> Image {
        let pixels = |y: usize, at: usize| x.iter().map(|channel| channel[y][at]).collect::<Vec<f64>>();
        image(self.bias(name).len(), x[0].len(), |output, y, at| self.linear(name, &pixels(y, at))[output])
    }

    fn norm(&self, name: &str, x: &Image) -> Image {
        let width = x.len() / 2;
        let moments = |group: usize| {
            let values: Vec<f64> =
                x[group * width..(group + 1) * width].iter().flatten().flatten().copied().collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            (mean, (square + 1e-6).sqrt())
        };
        let groups = [moments(0), moments(1)];
        let factors = &self.tensors[&format!("{name}.weight")].1;
        image(x.len(), x[0].len(), |c, y, at| {
            let (mean, deviation) = groups[c / width];
            (x[c][y][at] - mean) / deviation * factors[c] + self.bias(name)[c]
        })
    }

    fn gated(&self, name: &str, x: &Image) -> Image {
        let x = self.norm(name, x);
        image(x.len(), x[0].len(), |c, y, at| swish(x[c][y][at]))
    }

    fn block(&self, name: &str, x: &Image) -> Image {
        let more = self.convolved(&format!("{name}.conv1"), &self.gated(&format!("{name}.norm1"), x), (1, 1));
        let more =
            self.convolved(&format!("{name}.conv2"), &self.gated(&format!("{name}.norm2"), &more), (1, 1));
        let shortcut = format!("{name}.nin_shortcut");
        let changes = self.tensors.contains_key(&format!("{shortcut}.weight"));
        assert_eq!(changes, x.len() != more.len());
        if changes { plus(&self.point(&shortcut, x), &more) } else { plus(x, &more) }
    }

    fn middle(&self, name: &str, x: &Image) -> Image {
        let x = self.block(&format!("{name}.block_1"), x);
        let normed = self.norm(&format!("{name}.attn_1.norm"), &x);
        let [q, k, v] = ["q", "k", "v"].map(|part| self.point(&format!("{name}.attn_1.{part}"), &normed));
        let (channels, side) = (x.len(), x[0].len());
        let at = |image: &Image, place: usize| -> Vec<f64> {
            image.iter().map(|channel| channel[place / side][place % side]).collect()
        };
        let seen = |place: usize| {
            let query = at(&q, place);
            let logit = |other: usize| {
                let product: f64 = query.iter().zip(at(&k, other)).map(|(q, k)| q * k).sum();
                (product / (channels as f64).sqrt()).exp()
            };
            let logits: Vec<f64> = (0..side * side).map(logit).collect();
            let total: f64 = logits.iter().sum();
            let share = |other: usize| logits[other] / total;
            (0..channels)
                .map(|c| (0..side * side).map(|other| share(other) * at(&v, other)[c]).sum::<f64>())
                .collect::<Vec<f64>>()
        };
        let all: Vec<Vec<f64>> = (0..side * side).map(seen).collect();
        let seen = image(channels, side, |c, y, x| all[y * side + x][c]);
        let x = plus(&x, &self.point(&format!("{name}.attn_1.proj_out"), &seen));
        self.block(&format!("{name}.block_2"), &x)
    }

    fn one_hot(&self, place: usize) -> Vec<f64> {
        if self.rows == 1 {
            return Vec::new();
        }
        (0..self.rows).map(|row| f64::from(u8::from(row == place))).collect()
    }

    /// Place after place, the channels of a place beside each other.
    fn flat(x: &Image) -> Vec<f64> {
        let side = x[0].len();
        (0..side * side).flat_map(|place| x.iter().map(move |c| c[place / side][place % side])).collect()
    }

    /// Mean and log variance of a row's latent.
    fn encode(&self, row: &[f64], place: usize) -> [Vec<f64>; 2] {
        let side = self.images.side;
        let flat = self.linear("encoder.linear", &[row, &self.one_hot(place)].concat());
        let x = image(1, side, |_, y, x| {
            let value = flat[y * side + x];
            if value < 0.0 { 0.01 * value } else { value }
        });
        let mut x = self.convolved("encoder.conv_in", &x, (1, 1));
        for level in 0..self.images.factors.len() {
            for block in 0..self.images.blocks {
                x = self.block(&format!("encoder.down.{level}.block.{block}"), &x);
            }
            assert_eq!(x.len(), self.images.channels * self.images.factors[level]);
            if level + 1 < self.images.factors.len() {
                // Zeros follow the image, none come before it.
                x = self.convolved(&format!("encoder.down.{level}.downsample.conv"), &x, (2, 0));
            }
        }
        let x = self.gated("encoder.norm_out", &self.middle("encoder.mid", &x));
        let x = self.convolved("encoder.conv_out", &x, (1, 1));
        ["quant_conv.mean", "quant_conv.log_variance"].map(|name| Self::flat(&self.point(name, &x)))
    }

    fn decode(&self, latent: &[f64], place: usize) -> Vec<f64> {
        let (z, side) = (self.images.latent_channels, self.images.latent_side());
        let x = image(z, side, |c, y, x| latent[(y * side + x) * z + c]);
        let mut x = self.point("post_quant_conv", &x);
        x.extend(self.one_hot(place).into_iter().map(|value| vec![vec![value; side]; side]));
        x = self.middle("decoder.mid", &self.convolved("decoder.conv_in", &x, (1, 1)));
        for level in (0..self.images.factors.len()).rev() {
            for block in 0..=self.images.blocks {
                x = self.block(&format!("decoder.up.{level}.block.{block}"), &x);
            }
            if level > 0 {
                let twice = image(x.len(), 2 * x[0].len(), |c, y, at| x[c][y / 2][at / 2]);
                x = self.convolved(&format!("decoder.up.{level}.upsample.conv"), &twice, (1, 1));
            }
        }
        let x = self.convolved("decoder.conv_out", &self.gated("decoder.norm_out", &x), (1, 1));
        self.linear("decoder.linear", &Self::flat(&x))
    }
}

fn near(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    let size = expected.iter().map(|value| value.abs()).fold(0.0, f64::max);
    assert!(worst < 1e-4 && size > 0.1, "{worst} of {size}");
}

#[test]
fn both_ways_are_those_of_plain_loops() {
    let one = Images { side: 8, channels: 4, factors: vec![1, 2], blocks: 1, latent_channels: 2 };
    let other = Images { side: 8, channels: 16, factors: vec![1, 1, 2], blocks: 2, latent_channels: 3 };
    for (images, rows) in [(&one, 1), (&one, 3), (&other, 3)] {
        let latent = images.latent();
        let sizes = Sizes { row: 21, rows, latent, width: 0 };
        let net = Net::new(sizes, Some(images));
        let packed = weights(&net, "convolutional");
        let plain = Plain::of(&net, &packed, images);
        let places: Vec<u32> = (0..10).map(|row| row % rows as u32).collect();
        let (rows, latents) = (normal(10 * 21, "rows"), normal(10 * latent, "latents"));
        let (means, deviations) =
            (net.encode(&packed, &rows, &places), net.deviations(&packed, &rows, &places));
        let decoded = net.decode(&packed, &latents, &places);
        // One of the first piece of rows that a worker takes, and one of another.
        for row in [1, 9] {
            let wide = |all: &[f32], width: usize| -> Vec<f64> {
                all[row * width..(row + 1) * width].iter().map(|value| f64::from(*value)).collect()
            };
            let place = places[row] as usize;
            let [mean, log_variance] = plain.encode(&wide(&rows, 21), place);
            let deviation: Vec<f64> = log_variance.iter().map(|value| (0.5 * value).exp()).collect();
            near(&means[row * latent..(row + 1) * latent], &mean);
            near(&deviations[row * latent..(row + 1) * latent], &deviation);
            near(&decoded[row * 21..(row + 1) * 21], &plain.decode(&wide(&latents, latent), place));
        }
    }
}

#[test]
fn shapes_are_those_of_the_released_code() {
    let images = Images { side: 64, channels: 128, factors: vec![1, 1, 2], blocks: 2, latent_channels: 4 };
    let net = Net::new(Sizes { row: 2864, rows: 1, latent: 1024, width: 0 }, Some(&images));
    let shape = |name: &str| {
        let found = net.plan.tensors().iter().find(|tensor| tensor.name == name);
        found.map(|tensor| (tensor.rows, tensor.columns))
    };
    for (name, expected) in [
        ("encoder.linear.weight", (4096, 2864)),
        ("encoder.conv_in.weight", (128, 9)),
        ("encoder.down.0.block.1.conv2.weight", (128, 9 * 128)),
        ("encoder.down.1.downsample.conv.weight", (128, 9 * 128)),
        ("encoder.down.2.block.0.nin_shortcut.weight", (256, 128)),
        ("encoder.mid.attn_1.proj_out.weight", (256, 256)),
        ("encoder.conv_out.weight", (8, 9 * 256)),
        ("quant_conv.mean.weight", (4, 8)),
        ("post_quant_conv.weight", (4, 4)),
        ("decoder.conv_in.weight", (256, 9 * 4)),
        ("decoder.up.2.block.2.conv1.weight", (256, 9 * 256)),
        ("decoder.up.2.upsample.conv.weight", (256, 9 * 256)),
        ("decoder.up.1.block.0.nin_shortcut.weight", (128, 256)),
        ("decoder.up.0.block.2.conv2.weight", (128, 9 * 128)),
        ("decoder.conv_out.weight", (1, 9 * 128)),
        ("decoder.linear.weight", (2864, 4096)),
    ] {
        assert_eq!(shape(name), Some(expected), "{name}");
    }
    for name in ["encoder.down.2.downsample.conv.weight", "decoder.up.0.upsample.conv.weight"] {
        assert_eq!(shape(name), None, "{name}");
    }
}

/// The loss over both halves of a batch, and the sum of its gradients.
fn learned(net: &Net, packed: &[Lane], kind: Reconstruction) -> (f64, Vec<Lane>) {
    let Sizes { row, latent, .. } = net.sizes;
    let (rows, noise) = (normal(4 * row, "rows"), normal(4 * latent, "noise"));
    let places = [0, 1, 1, 0];
    let ones = vec![1.0; 2 * row];
    let loss = Loss { kind, kl_weight: 0.3, factors: &ones };
    let mut sum = vec![Lane::ZERO; net.plan.lanes()];
    let mut total = 0.0;
    for (from, to) in [(0, 1), (1, 4)] {
        let half = Half {
            rows: &rows[from * row..to * row],
            places: &places[from..to],
            noise: &noise[from * latent..to * latent],
            total: 4,
        };
        let (said, slopes) = net.learn(&half, &loss, packed);
        total += said.reconstruction + 0.3 * said.divergence;
        lane::add_scaled(&mut sum, 1.0, &slopes.gradient(&net.plan));
    }
    (total, sum)
}

#[test]
fn gradients_through_all_convolutions_are_those_of_differences() {
    let images = Images { side: 4, channels: 4, factors: vec![1, 2], blocks: 1, latent_channels: 2 };
    let net = Net::new(Sizes { row: 10, rows: 2, latent: images.latent(), width: 0 }, Some(&images));
    let packed = weights(&net, "tiny");
    for kind in [Reconstruction::Square, Reconstruction::Published] {
        let (_, gradient) = learned(&net, &packed, kind);
        let (values, slopes) = (net.plan.unpack(&packed), net.plan.unpack(&gradient));
        let largest = slopes.iter().flatten().fold(0.0_f32, |most, slope| most.max(slope.abs()));
        for (tensor, named) in net.plan.tensors().iter().enumerate() {
            for index in (0..values[tensor].len()).step_by(13) {
                let at = |by: f32| {
                    let mut moved = values.clone();
                    moved[tensor][index] += by;
                    learned(&net, &net.plan.pack(&moved).unwrap(), kind).0
                };
                let expected = (at(1e-3) - at(-1e-3)) / 2e-3;
                let error = (f64::from(slopes[tensor][index]) - expected).abs();
                assert!(error < 4e-3 * f64::from(largest), "{kind:?} {} {index}: {error}", named.name);
            }
        }
    }
}
