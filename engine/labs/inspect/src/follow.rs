//! Single weights that are followed over the checkpoints of a folder.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::symmetric;
use weightscope_math::stream;
use weightscope_weights::measure::matrix_of;

use crate::config::{Config, Grouping, Traced};
use crate::files;
use crate::levels::{Quantizer, group_of, magnitudes};
use crate::run::Shared;

/// A level that is not known: the weight is not finite, or missing in a checkpoint.
pub(crate) const UNKNOWN: i16 = i16::MIN;
/// Places that are looked at for the choice, of a tensor: all up to here, evenly spread ones of larger tensors.
const MOST_LOOKED_AT: usize = 1 << 20;

/// The weights that are followed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Follow {
    pub(crate) weights: Vec<Followed>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// Row of its tensor.
    pub(crate) row: usize,
    /// Place in C order.
    pub(crate) place: usize,
}

/// Where the followed weights of one checkpoint stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) weights: Vec<f32>,
    /// On the axis of levels.
    pub(crate) positions: Vec<f32>,
    /// [`UNKNOWN`] where there is none.
    pub(crate) levels: Vec<i16>,
}

impl Follow {
    /// Chooses weights of each tensor; `second` gives the values of a tensor in the next checkpoint, for those that moved most.
    pub(crate) fn choose(
        config: &Config,
        shared: &Shared,
        seed: u64,
        second: &mut dyn FnMut(usize) -> Result<Option<Vec<f32>>, RunError>,
        check: &mut dyn FnMut() -> Result<(), RunError>,
    ) -> Result<Self, RunError> {
        let mut follow = Self::default();
        let Some(quantizer) = Quantizer::new(config.scale, config.bits) else { return Ok(follow) };
        for (row, place) in shared.tensors.iter().enumerate() {
            let values = files::whole(shared.source.as_ref(), *place, &mut *check)?;
            let columns = shared.tensor(row).map_or(1, |tensor| matrix_of(&tensor.shape).1);
            let other = if config.traced == Traced::Moved { second(row)? } else { None };
            let stride = values.len().div_ceil(MOST_LOOKED_AT).max(1);
            let mut steps = Steps::new(config, quantizer, &values, columns);
            let mut draws = stream(seed, &format!("inspect/traces/{row}"));
            let mut ranked: Vec<(f64, usize)> = (0..values.len())
                .step_by(stride)
                .map(|place| {
                    let key = match (config.traced, &other) {
                        (Traced::Moved, Some(other)) => {
                            let moved = other.get(place).zip(values.get(place));
                            -moved.map_or(0.0, |(now, then)| f64::from((now - then).abs()))
                        }
                        (Traced::Random, _) => draws.unit_f64(),
                        _ => steps
                            .standing(place)
                            .map_or(f64::INFINITY, |(position, _)| quantizer.to_boundary(position)),
                    };
                    (if key.is_nan() { f64::INFINITY } else { key }, place)
                })
                .collect();
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            ranked.truncate(config.traces as usize);
            ranked.sort_by_key(|(_, place)| *place);
            follow.weights.extend(ranked.into_iter().map(|(_, place)| Followed { row, place }));
        }
        Ok(follow)
    }

    /// Adds where the followed weights of a tensor stand; of a tensor without values they are unknown.
    pub(crate) fn stand(
        &self,
        config: &Config,
        row: usize,
        values: &[f32],
        columns: usize,
        into: &mut Standing,
    ) {
        let Some(quantizer) = Quantizer::new(config.scale, config.bits) else { return };
        let mut steps = Steps::new(config, quantizer, values, columns);
        for followed in self.weights.iter().filter(|followed| followed.row == row) {
            let found = steps.standing(followed.place);
            into.weights.push(values.get(followed.place).copied().unwrap_or(f32::NAN));
            into.positions.push(found.map_or(f32::NAN, |(position, _)| position as f32));
            into.levels.push(found.map_or(UNKNOWN, |(_, level)| level));
        }
    }
}

/// The weights of a tensor on the axis of levels. The step of a group is computed once for places that come in order.
struct Steps<'a> {
    quantizer: Quantizer,
    grouping: Grouping,
    values: &'a [f32],
    columns: usize,
    group: Range<usize>,
    step: f64,
}

impl<'a> Steps<'a> {
    fn new(config: &Config, quantizer: Quantizer, values: &'a [f32], columns: usize) -> Self {
        Self { quantizer, grouping: config.grouping, values, columns, group: 0..0, step: f64::NAN }
    }

    /// Position and level of one weight; none for one that is not there or not finite.
    fn standing(&mut self, place: usize) -> Option<(f64, i16)> {
        let weight = f64::from(*self.values.get(place)?);
        if !self.group.contains(&place) {
            self.group = group_of(place, self.columns, self.values.len(), self.grouping);
            let (largest, mean) = magnitudes(self.values.get(self.group.clone())?);
            self.step = self.quantizer.step(largest, mean);
        }
        let position = self.quantizer.position(weight, self.step);
        Some((position, self.quantizer.level(position)?))
    }
}

/// Points in the plane of their two main directions, by the eigenvectors of their Gram matrix.
pub(crate) fn plane(points: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let (count, length) = (points.len(), points.iter().map(Vec::len).min().unwrap_or(0));
    if count < 2 || length == 0 {
        return points.iter().map(|_| (0.0, 0.0)).collect();
    }
    let mean: Vec<f64> = (0..length)
        .map(|place| points.iter().filter_map(|point| point.get(place)).sum::<f64>() / count as f64)
        .collect();
    let away: Vec<Vec<f64>> = points
        .iter()
        .map(|point| point.iter().zip(&mean).map(|(value, mean)| value - mean).map(finite).collect())
        .collect();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram: Vec<f64> = away.iter().flat_map(|a| away.iter().map(move |b| product(a, b))).collect();
    let Some(found) = symmetric::eigen(&gram, count) else {
        return points.iter().map(|_| (0.0, 0.0)).collect();
    };
    // Eigenvalues ascend: the main direction stands last.
    let coordinates = |from_last: usize| -> Vec<f64> {
        let place = count - 1 - from_last;
        let length = found.values.get(place).copied().unwrap_or(0.0).max(0.0).sqrt();
        found
            .vectors
            .get(place)
            .map(|vector| vector.iter().map(|part| length * part).collect())
            .unwrap_or_default()
    };
    coordinates(0).into_iter().zip(coordinates(1)).collect()
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}
