//! The trained networks against those of the host, and their gradients' halves.

use weightscope_math::linalg::Dense;
use weightscope_math::stream;
use weightscope_population::{Lane, lane};

use super::{autoencoder, denoiser};
use crate::config::{Config, Encoder, Reconstruction};
use crate::data::Condition;
use crate::method::attention::{Attention, Linear, Norm, Pooling};
use crate::method::recipe::{Block, CONDITION_WIDTH, Denoiser, Gated, Sizes};

fn normal(count: usize, name: &str) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(3, name).fill_normal(&mut values);
    values
}

/// Tensors of a plan by name.
struct Tensors(std::collections::BTreeMap<String, (usize, usize, Vec<f32>)>);

impl Tensors {
    fn of(plan: &weightscope_population::graph::Plan, packed: &[Lane]) -> Self {
        let named = plan.tensors().iter().zip(plan.unpack(packed));
        Self(
            named
                .map(|(tensor, values)| (tensor.name.clone(), (tensor.rows, tensor.columns, values)))
                .collect(),
        )
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        self.0[name].2.iter().map(|value| f64::from(*value)).collect()
    }

    fn matrix(&self, name: &str) -> Dense<f64> {
        let (rows, columns, _) = self.0[name];
        Dense::new(rows, columns, self.vector(name)).unwrap()
    }

    /// A layer; parts of several inputs stand beside each other.
    fn linear(&self, name: &str) -> Linear<f64> {
        let weight = if self.0.contains_key(&format!("{name}.weight")) {
            self.matrix(&format!("{name}.weight"))
        } else {
            let mut parts = (0..).map_while(|part| {
                let name = format!("{name}.{part}.weight");
                self.0.contains_key(&name).then(|| self.matrix(&name))
            });
            let first = parts.next().unwrap();
            parts.fold(first, |all, part| crate::method::recipe::beside(&all, &part).unwrap())
        };
        Linear { weight, bias: self.vector(&format!("{name}.bias")) }
    }

    fn norm(&self, name: &str) -> Norm<f64> {
        Norm { weight: self.vector(&format!("{name}.weight")), bias: self.vector(&format!("{name}.bias")) }
    }

    fn attention(&self, name: &str) -> Attention<f64> {
        let part = |part: &str| self.linear(&format!("{name}.{part}"));
        Attention {
            query: part("query"),
            key: part("key"),
            value: part("value"),
            output: part("output"),
            norms: None,
            heads: 4,
        }
    }
}

fn near(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(worst < 2e-4, "{worst}");
}

fn condition(classes: usize, each: usize, columns: usize, name: &str) -> Condition {
    Condition { images: normal(classes * each * columns, name), classes, each }
}

#[test]
fn the_denoiser_is_the_hosts_with_an_index_and_without() {
    for rows in [1, 3] {
        let sizes = Sizes { row: 20, rows, latent: 5, width: 24 };
        let config = Config { images_per_class: 2, ..Config::default() };
        let net = denoiser::Net::new(&config, sizes, 4, 3);
        assert_eq!(net.plan.parameters() - net.encoder_parameters, sizes.denoiser_parameters());
        let packed = net.plan.initial(&mut stream(1, "denoiser"));
        let tensors = Tensors::of(&net.plan, &packed);
        let gated =
            |names: &[String]| Gated { layers: names.iter().map(|name| tensors.linear(name)).collect() };
        let host = Denoiser {
            step: gated(&["step.0".to_owned(), "step.1".to_owned()]),
            input: tensors.linear("input"),
            blocks: (0..3)
                .map(|block| Block {
                    norm: tensors.norm(&format!("block.{block}.norm")),
                    layers: gated(&[format!("block.{block}.0"), format!("block.{block}.1")]),
                    step: tensors.linear(&format!("block.{block}.step")),
                })
                .collect(),
            output: tensors.linear("output"),
        };
        let (x, c) = (normal(2 * rows * 5, "x"), normal(2 * rows * CONDITION_WIDTH, "c"));
        let places: Vec<u32> = (0..2 * rows as u32).map(|row| row % rows as u32).collect();
        let found = net.predict(&packed, &x, 17.0, &c, &places);
        let wide = |values: &[f32], columns: usize| {
            let values = values.iter().map(|value| f64::from(*value)).collect();
            Dense::new(2 * rows, columns, values).unwrap()
        };
        let mut condition = wide(&c, CONDITION_WIDTH);
        if rows > 1 {
            let index = super::one_hot(&places, rows).to_rows();
            condition = crate::method::recipe::beside(&condition, &wide(&index, rows)).unwrap();
        }
        let expected = host.forward(&wide(&x, 5), 17, &condition).unwrap();
        near(&found, expected.values());
    }
}

#[test]
fn the_set_transformer_is_the_hosts() {
    let config = Config {
        encoder: Encoder::SetTransformer,
        images_per_class: 3,
        class_position: true,
        ..Config::default()
    };
    let net = denoiser::Net::new(&config, Sizes { row: 9, rows: 1, latent: 4, width: 16 }, 5, 3);
    let packed = net.plan.initial(&mut stream(2, "denoiser"));
    let tensors = Tensors::of(&net.plan, &packed);
    let one = condition(3, 3, 5, "images");
    let other = condition(3, 3, 5, "others");
    let found = net.embed(&packed, &[&other, &one]);
    let classes: Vec<Dense<f64>> = one
        .images
        .chunks(3 * 5)
        .map(|class| Dense::new(3, 5, class.iter().map(|value| f64::from(*value)).collect()).unwrap())
        .collect();
    let classes = crate::method::encoder::with_class_position(&classes, 3).unwrap();
    let pool = |rows: &str, block: &str| Pooling {
        seeds: tensors.matrix(rows),
        attention: tensors.attention(block),
    };
    let inside = tensors.attention("condition.inside");
    let tokens: Vec<f64> = classes
        .iter()
        .flat_map(|class| {
            let seen = inside.on_itself(class).unwrap();
            pool("condition.token", "condition.pool").forward(&seen).unwrap().into_values()
        })
        .collect();
    let tokens = Dense::new(3, CONDITION_WIDTH, tokens).unwrap();
    let among = tensors.attention("condition.among").on_itself(&tokens).unwrap();
    let whole = pool("condition.data", "condition.whole").forward(&among).unwrap();
    let expected = tensors.linear("condition.last").forward(&whole).unwrap();
    near(&found[CONDITION_WIDTH..], expected.values());
}

#[test]
fn the_cheap_encoder_is_the_published_one() {
    let config = Config { encoder: Encoder::PublishedMlp, images_per_class: 2, ..Config::default() };
    let net = denoiser::Net::new(&config, Sizes { row: 9, rows: 1, latent: 4, width: 16 }, 5, 3);
    let packed = net.plan.initial(&mut stream(2, "denoiser"));
    let tensors = Tensors::of(&net.plan, &packed);
    let one = condition(3, 2, 5, "images");
    let found = net.embed(&packed, &[&one]);
    let classes: Vec<Dense<f64>> = one
        .images
        .chunks(2 * 5)
        .map(|class| Dense::new(2, 5, class.iter().map(|value| f64::from(*value)).collect()).unwrap())
        .collect();
    let host = crate::method::encoder::Flat {
        mix: tensors.linear("condition.mix"),
        output: tensors.linear("condition.last"),
    };
    near(&found, &host.forward(&classes).unwrap());
}

/// The loss of the autoencoder over both halves of a batch, and the sum of its gradients.
fn learned(net: &autoencoder::Net, packed: &[Lane], kind: Reconstruction) -> (f64, Vec<Lane>) {
    let (rows, noise) = (normal(6 * 12, "rows"), normal(6 * 3, "noise"));
    let places = [0, 1, 1, 0, 1, 0];
    let factors: Vec<f32> = normal(2 * 12, "factors").iter().map(|value| value.abs()).collect();
    let loss = autoencoder::Loss { kind, kl_weight: 0.3, factors: &factors };
    let mut sum = vec![Lane::ZERO; net.plan.lanes()];
    let mut total = 0.0;
    for (from, to) in [(0, 2), (2, 6)] {
        let half = autoencoder::Half {
            rows: &rows[from * 12..to * 12],
            places: &places[from..to],
            noise: &noise[from * 3..to * 3],
            total: 6,
        };
        let (said, slopes) = net.learn(&half, &loss, packed);
        total += said.reconstruction + 0.3 * said.divergence;
        lane::add_scaled(&mut sum, 1.0, &slopes.gradient(&net.plan));
    }
    (total, sum)
}

#[test]
fn gradients_of_the_autoencoders_losses_are_those_of_differences() {
    let net = autoencoder::Net::new(Sizes { row: 12, rows: 2, latent: 3, width: 10 }, None);
    assert_eq!(
        net.plan.parameters(),
        Sizes { row: 12, rows: 2, latent: 3, width: 10 }.autoencoder_parameters()
    );
    let packed = net.plan.initial(&mut stream(5, "autoencoder"));
    for kind in [Reconstruction::Square, Reconstruction::Layerwise, Reconstruction::Published] {
        let (_, gradient) = learned(&net, &packed, kind);
        let (values, slopes) = (net.plan.unpack(&packed), net.plan.unpack(&gradient));
        let largest = slopes.iter().flatten().fold(0.0_f32, |most, slope| most.max(slope.abs()));
        for tensor in 0..values.len() {
            for index in (0..values[tensor].len()).step_by(17) {
                let at = |by: f32| {
                    let mut moved = values.clone();
                    moved[tensor][index] += by;
                    learned(&net, &net.plan.pack(&moved).unwrap(), kind).0
                };
                let expected = (at(2e-3) - at(-2e-3)) / 4e-3;
                let error = (f64::from(slopes[tensor][index]) - expected).abs();
                assert!(error < 4e-3 * f64::from(largest), "{kind:?} {tensor} {index}: {error}");
            }
        }
    }
}
