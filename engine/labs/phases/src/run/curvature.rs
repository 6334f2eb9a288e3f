//! The job of one network's curvature: largest eigenvalues and trace of the Hessian.

use serde::{Deserialize, Serialize};

use super::training::{Network, pack, shape};
use crate::config::{Config, HessianRows};
use crate::material::Material;
use crate::method::hessian::{PowerLimits, largest, trace};
use crate::plan::Knobs;
use weightscope_frame::run::{Control, RunError};
use weightscope_math::{Stream, stream};
use weightscope_population::{Curvature, Lane, Samples, Shape};

/// Curvature on some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bend {
    /// Largest eigenvalue by magnitude.
    pub(crate) lambda: f64,
    /// Further ones in falling magnitude, as many as the settings ask for.
    pub(crate) further: Vec<f64>,
    /// Hessian products it took.
    pub(crate) products: usize,
    /// Whether the tolerance was reached.
    pub(crate) converged: bool,
    /// Trace.
    pub(crate) trace: f64,
    /// Its standard error.
    pub(crate) trace_error: f64,
}

/// Curvature of one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bends {
    /// On the training rows.
    pub(crate) train: Option<Bend>,
    /// On the test rows.
    pub(crate) test: Option<Bend>,
}

/// Measures what the settings ask for; nothing for a network that is not finite.
pub(crate) fn measure(
    config: &Config,
    material: &Material,
    knobs: &Knobs,
    (run_seed, seed): (u64, usize),
    network: &Network,
    control: &Control,
) -> Result<Bends, RunError> {
    if !network.finite || config.hessian == HessianRows::None {
        return Ok(Bends::default());
    }
    let shape = shape(config, material, knobs)?;
    let weights = pack(&shape, &network.weights)?;
    let name = knobs.name(seed);
    let mut random = stream(run_seed, &format!("phases/hessian/{name}"));
    let mut further = stream(run_seed, &format!("phases/hessian/further/{name}"));
    let mut bend =
        |samples: &Samples| bend(config, &shape, &weights, samples, [&mut random, &mut further], control);
    let train = Some(bend(&material.training(knobs)?.samples)?);
    let test = if config.hessian == HessianRows::Both { Some(bend(&material.test)?) } else { None };
    Ok(Bends { train, test })
}

fn bend(
    config: &Config,
    shape: &Shape,
    weights: &[Lane],
    samples: &Samples,
    [random, further]: [&mut Stream; 2],
    control: &Control,
) -> Result<Bend, RunError> {
    let mut curvature = Curvature::new(shape, weights, samples);
    let mut product = |direction: &[Lane], image: &mut [Lane]| -> Result<(), RunError> {
        control.check()?;
        curvature.product(direction, image);
        Ok(())
    };
    let limits =
        PowerLimits { iterations: config.power_iterations as usize, tolerance: config.power_tolerance };
    // Further eigenvalues draw from a stream of their own, so that asking for them changes no other number.
    let mut starts = vec![normal(shape, random)];
    starts.extend((1..config.eigenvalues).map(|_| normal(shape, further)));
    let top = largest(&mut product, &starts, limits)?;
    let trace = trace(&mut product, || signs(shape, random), config.trace_samples as usize)?;
    let (lambda, products, converged) =
        top.first().map_or((f64::NAN, 0, false), |top| (top.value, top.quotients.len(), top.converged));
    let further = top.iter().skip(1).map(|found| found.value).collect();
    Ok(Bend { lambda, further, products, converged, trace: trace.mean, trace_error: trace.standard_error })
}

/// A packed vector of standard normal numbers.
pub(crate) fn normal(shape: &Shape, random: &mut Stream) -> Vec<Lane> {
    let mut flat = vec![0.0; shape.parameters()];
    random.fill_normal(&mut flat);
    shape.pack(&flat).unwrap_or_else(|_| shape.zeros())
}

/// A packed vector of −1 and 1.
pub(crate) fn signs(shape: &Shape, random: &mut Stream) -> Vec<Lane> {
    let mut bits = 0;
    let flat: Vec<f32> = (0..shape.parameters())
        .map(|index| {
            if index % 32 == 0 {
                bits = random.next_u32();
            }
            if (bits >> (index % 32)) & 1 == 0 { -1.0 } else { 1.0 }
        })
        .collect();
    shape.pack(&flat).unwrap_or_else(|_| shape.zeros())
}
