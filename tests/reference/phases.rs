//! Vectors of the phases lab: similarity, curvature, curves between networks, landscapes, the rule of the phases.
//!
//! Networks of the vectors run through the population kernel in single precision; everything else is compared in double precision.

mod curvature;
mod curves;
mod landscape;
mod rules;
mod similarity;

use weightscope_engine::population::{Activation, Lane, Objective, Samples, Shape, Targets};

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "phases", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "cka" => similarity::cka,
        "pair_metrics" => similarity::pairs,
        "weight_matching" => similarity::matching,
        "hessian_tanh" | "hessian_relu" => curvature::hessian,
        "slq" => curvature::quadrature,
        "connectivity" => curves::connectivity,
        "mc_profiles" => curves::profiles,
        "schedules" => curves::schedules,
        "filter_norm" => landscape::scaling,
        "surface" => landscape::surface,
        "trajectory_pca" => landscape::trajectory,
        "esd_alpha" => landscape::spectral,
        "phase_cases" => rules::cases,
        "published_grid" => rules::published,
        _ => return None,
    })
}

/// A vector's network and rows.
struct Setting {
    shape: Shape,
    samples: Samples,
}

impl Setting {
    fn read(case: &Case) -> Result<Self, String> {
        let sizes: Vec<usize> = case.numbers("dims")?.into_iter().map(|size| size as usize).collect();
        let activation = match case.input("activation")?.as_str() {
            Some("tanh") => Activation::Tanh,
            Some("relu") => Activation::Relu,
            other => return Err(format!("no activation {other:?}")),
        };
        let shape =
            Shape::new(&sizes, activation, Objective::CrossEntropy).map_err(|error| error.to_string())?;
        let labels = case.numbers("y")?.into_iter().map(|label| label as u32).collect();
        let samples = Samples::new(&case.singles("X")?, shape.inputs(), Targets::Classes(labels))
            .ok_or("X and y do not fit together")?;
        Ok(Self { shape, samples })
    }

    /// An input of all parameters, packed.
    fn packed(&self, case: &Case, key: &str) -> Result<Vec<Lane>, String> {
        self.shape.pack(&case.singles(key)?).map_err(|error| error.to_string())
    }

    /// An input of several parameter vectors, packed.
    fn all_packed(&self, case: &Case, key: &str) -> Result<Vec<Vec<Lane>>, String> {
        let values = case.singles(key)?;
        let vectors = values.chunks_exact(self.shape.parameters());
        vectors.map(|vector| self.shape.pack(vector).map_err(|error| error.to_string())).collect()
    }
}
