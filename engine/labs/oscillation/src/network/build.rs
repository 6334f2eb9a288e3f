//! Building the plan of a perceptron or a transformer, with the quantizers' own parameters.
//!
//! Perceptron: all weight matrices, and the input of each layer. Transformer: everything in the blocks,
//! patch embedding and head only on request (8 bits).
//! Contract: build after the float weights are in place: LSQ steps of weights start from them.
//! Steps of activations start at 1 and wait for a [`super::pass::Calibration`].

use crate::method::bits::{Bits, LevelRange, Sign};
use crate::method::groups::Groups;
use crate::method::lsq;
use crate::method::qkr::ProductShape;
use weightscope_nn::layer::Linear;
use weightscope_nn::mlp::Mlp;
use weightscope_nn::parameters::{ParameterError, Parameters, Role};
use weightscope_nn::transform::{Place, Site};
use weightscope_nn::vit::{Block, Vit};

use super::activation::{ActivationPlan, Sharing, Shifts};
use super::plan::{OuterLayers, Plan, QueryKey, Scheme, WeightMethod};
use super::weight::{Part, Rule, Source, WeightPlan};

/// Plans a perceptron. The attention settings of the scheme have no effect.
///
/// # Errors
/// Parameter names that are taken: a set of parameters is planned once.
pub fn plan_mlp(network: &Mlp, scheme: Scheme, parameters: &mut Parameters) -> Result<Plan, ParameterError> {
    let mut builder = Builder { plan: Plan::default(), parameters };
    for (layer, linear) in network.layers.iter().enumerate() {
        if let Some(method) = scheme.weights {
            builder.matrix(&format!("layers.{layer}"), Part::Layer, layer, linear, method)?;
        }
        if let Some(bits) = scheme.activations {
            // Behind ReLU there is nothing negative.
            let sign = if layer == 0 { Sign::Signed } else { Sign::AllPositive };
            let site = Site { layer, place: Place::LayerInput };
            let request =
                Request { bits, sign, sharing: Sharing::Whole, steps: 1, channels: Some(linear.inputs) };
            builder.activation(&format!("layers.{layer}.input"), site, request)?;
        }
    }
    Ok(builder.plan)
}

/// Plans a transformer.
///
/// # Errors
/// Parameter names that are taken: a set of parameters is planned once.
pub fn plan_vit(network: &Vit, scheme: Scheme, parameters: &mut Parameters) -> Result<Plan, ParameterError> {
    let mut scheme = scheme;
    if scheme.weights.is_none() {
        // The product exists to be quantized once; with float weights the two forms are the same network.
        scheme.query_key = QueryKey::Separate;
    }
    let mut builder = Builder { plan: Plan::default(), parameters };
    let outer = scheme.outer_layers == OuterLayers::EightBit;
    if outer {
        builder.outer_layer("embed", Part::Embedding, Place::PatchInput, &network.embed)?;
    }
    for block in &network.blocks {
        builder.block_weights(block, scheme)?;
        builder.block_activations(block, scheme, network.shape.tokens())?;
    }
    if outer {
        builder.outer_layer("head", Part::Head, Place::HeadInput, &network.head)?;
    }
    Ok(builder.plan)
}

/// What an activation quantizer needs to know.
#[derive(Clone, Copy)]
struct Request {
    bits: Bits,
    sign: Sign,
    sharing: Sharing,
    steps: usize,
    /// Channels of the shifts; `None` for no shifts.
    channels: Option<usize>,
}

struct Builder<'a> {
    plan: Plan,
    parameters: &'a mut Parameters,
}

impl Builder<'_> {
    fn matrix(
        &mut self,
        name: &str,
        part: Part,
        layer: usize,
        linear: &Linear,
        method: WeightMethod,
    ) -> Result<(), ParameterError> {
        let name = format!("{name}.weight");
        let groups = Groups::rows(linear.outputs, linear.inputs);
        let rule = match method {
            WeightMethod::StatsQ(bits) => Rule::StatsQ { bits },
            WeightMethod::Lsq(bits) => {
                let range = LevelRange::new(bits, Sign::Signed);
                let steps =
                    lsq::initial_step(self.parameters.get(linear.weight), groups, range, Sign::Signed);
                let step =
                    self.parameters.add(format!("{name}.step"), [linear.outputs], Role::Step, &steps)?;
                Rule::Lsq { bits, step }
            }
        };
        self.plan.add_weight(WeightPlan {
            name,
            part,
            layer,
            source: Source::Matrix(linear.weight),
            rule,
            groups,
        });
        Ok(())
    }

    fn activation(&mut self, name: &str, site: Site, request: Request) -> Result<(), ParameterError> {
        let Request { bits, sign, sharing, steps, channels } = request;
        let step = self.parameters.add(format!("{name}.step"), [steps], Role::Step, &vec![1.0; steps])?;
        let shifts = match channels {
            None => None,
            Some(channels) => {
                let zeros = vec![0.0; channels];
                let before =
                    self.parameters.add(format!("{name}.shift_before"), [channels], Role::Shift, &zeros)?;
                let after =
                    self.parameters.add(format!("{name}.shift_after"), [channels], Role::Shift, &zeros)?;
                Some(Shifts { before, after })
            }
        };
        let range = LevelRange::new(bits, sign);
        self.plan.add_activation(site, ActivationPlan { range, sign, sharing, step, shifts });
        Ok(())
    }

    fn outer_layer(
        &mut self,
        name: &str,
        part: Part,
        place: Place,
        linear: &Linear,
    ) -> Result<(), ParameterError> {
        self.matrix(name, part, 0, linear, WeightMethod::Lsq(Bits::EIGHT))?;
        let request = Request {
            bits: Bits::EIGHT,
            sign: Sign::Signed,
            sharing: Sharing::Whole,
            steps: 1,
            channels: Some(linear.inputs),
        };
        self.activation(&format!("{name}.input"), Site { layer: 0, place }, request)
    }

    fn block_weights(&mut self, block: &Block, scheme: Scheme) -> Result<(), ParameterError> {
        let Some(method) = scheme.weights else {
            return Ok(());
        };
        let (attention, layer) = (&block.attention, block.attention.layer);
        let name = format!("blocks.{layer}");
        let part = |part: &str| format!("{name}.{part}");
        match scheme.query_key {
            QueryKey::Separate => {
                self.matrix(&part("attention.query"), Part::Query, layer, &attention.query, method)?;
                self.matrix(&part("attention.key"), Part::Key, layer, &attention.key, method)?;
            }
            QueryKey::Reparameterized => {
                let bits = match method {
                    WeightMethod::Lsq(bits) | WeightMethod::StatsQ(bits) => bits,
                };
                let shape = ProductShape { width: attention.width(), heads: attention.heads };
                let (query, key) = (attention.query.weight, attention.key.weight);
                self.plan.add_weight(WeightPlan {
                    name: part("attention.query_key"),
                    part: Part::QueryKey,
                    layer,
                    source: Source::Product { query, key, shape },
                    rule: Rule::StatsQ { bits },
                    groups: shape.groups(),
                });
            }
        }
        self.matrix(&part("attention.value"), Part::Value, layer, &attention.value, method)?;
        self.matrix(&part("attention.projection"), Part::Projection, layer, &attention.projection, method)?;
        self.matrix(&part("mlp.fc1"), Part::Hidden, layer, &block.fc1, method)?;
        self.matrix(&part("mlp.fc2"), Part::Output, layer, &block.fc2, method)
    }

    fn block_activations(
        &mut self,
        block: &Block,
        scheme: Scheme,
        tokens: usize,
    ) -> Result<(), ParameterError> {
        let Some(bits) = scheme.activations else {
            return Ok(());
        };
        let attention = &block.attention;
        let (width, heads) = (attention.width(), attention.heads);
        let per_token = |channels| Request {
            bits,
            sign: Sign::Signed,
            sharing: Sharing::Axis(1),
            steps: tokens,
            channels: Some(channels),
        };
        let map = Request {
            sign: Sign::AllPositive,
            sharing: Sharing::Axis(2),
            channels: None,
            ..per_token(width)
        };
        let value = Request { sharing: Sharing::Axis(2), steps: width, ..per_token(width) };
        let output = Request { sign: Sign::AllPositive, ..per_token(block.fc2.inputs) };
        let mut requests = vec![("attention.input", Place::AttentionInput, per_token(width))];
        match scheme.query_key {
            QueryKey::Separate => requests.extend([
                ("attention.query_output", Place::Query, per_token(width)),
                ("attention.key_output", Place::Key, per_token(width)),
            ]),
            QueryKey::Reparameterized => {
                let sharing = Sharing::TokenAndHead { heads };
                let request = Request { sharing, steps: tokens * heads, ..per_token(heads * width) };
                requests.push(("attention.query_key_output", Place::QueryKey, request));
            }
        }
        requests.extend([
            ("attention.map", Place::AttentionMap, map),
            ("attention.value_output", Place::Value, value),
            ("attention.mixed", Place::ProjectionInput, per_token(width)),
            ("mlp.input", Place::HiddenInput, per_token(width)),
            ("mlp.hidden", Place::OutputInput, output),
        ]);
        for (name, place, request) in requests {
            self.activation(&format!("blocks.{}.{name}", attention.layer), attention.site(place), request)?;
        }
        Ok(())
    }
}
