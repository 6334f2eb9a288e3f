//! Scales of weights: a constant, or mean and standard deviation of each tensor, and the transform of running variances.
//!
//! D2NWG divides by a constant (established); p-diff scales each tensor by mean and deviation averaged over checkpoints (established:
//! `dataset/__init__.py`, arXiv 2402.13144); this lab's recipe takes both over all values of a tensor in the zoo. A tensor that is
//! constant has no deviation: it is shifted but not divided, and named.

use std::cmp::Ordering;

use weightscope_math::real::Real;
use weightscope_math::stats::moments::Moments;

use super::error::{GenerationError, Result, check_length};
use super::vectors::Layout;

/// Least deviation of a layer in the loss of hyper-representations (established).
const LEAST_LAYER_DEVIATION: f64 = 1e-4;

/// Share of the mean that running variances are divided by, what is added before the logarithm, and the least variance that comes back
/// (all established: p-diff).
const VARIANCE_SHARE: f64 = 0.95;
const VARIANCE_OFFSET: f64 = 0.05;
const LEAST_VARIANCE: f64 = 0.001;

/// Shift and factor of every tensor of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Scales {
    /// What is subtracted, one per tensor.
    pub means: Vec<f64>,
    /// What is divided by, one per tensor; 0 or not-a-number where the tensor is constant or a single value.
    pub deviations: Vec<f64>,
}

impl Scales {
    /// No shift, one divisor for all tensors; refused unless it is positive.
    pub fn constant(layout: &Layout, divisor: f64) -> Result<Self> {
        if !(divisor.is_finite() && divisor > 0.0) {
            let needed = "it must be positive".to_owned();
            let found = divisor.to_string();
            return Err(GenerationError::Range { what: "the scale of the weights", needed, found });
        }
        let count = layout.tensors().len();
        Ok(Self { means: vec![0.0; count], deviations: vec![divisor; count] })
    }

    /// Mean over the networks of each network's mean and unbiased standard deviation of a tensor (p-diff).
    pub fn averaged<R: Real>(layout: &Layout, networks: &[Vec<R>]) -> Result<Self> {
        let mut means = vec![Moments::default(); layout.tensors().len()];
        let mut deviations = means.clone();
        for network in networks {
            for ((part, mean), deviation) in
                layout.split(network)?.iter().zip(&mut means).zip(&mut deviations)
            {
                let moments = moments(part);
                mean.push(moments.mean().unwrap_or(f64::NAN));
                deviation.push(moments.variance().map_or(0.0, f64::sqrt));
            }
        }
        let known = |moments: Vec<Moments>| {
            moments.iter().map(|moments| moments.mean().unwrap_or(f64::NAN)).collect::<Vec<f64>>()
        };
        Ok(Self { means: known(means), deviations: known(deviations) })
    }

    /// Mean and unbiased standard deviation of all values of a tensor in all networks (this lab's recipe).
    pub fn pooled<R: Real>(layout: &Layout, networks: &[Vec<R>]) -> Result<Self> {
        let mut all = vec![Moments::default(); layout.tensors().len()];
        for network in networks {
            for (part, sum) in layout.split(network)?.iter().zip(&mut all) {
                part.iter().for_each(|value| sum.push(value.to_f64()));
            }
        }
        Ok(Self {
            means: all.iter().map(|moments| moments.mean().unwrap_or(f64::NAN)).collect(),
            deviations: all.iter().map(|moments| moments.variance().map_or(0.0, f64::sqrt)).collect(),
        })
    }

    /// Positions of the tensors that are not divided because they do not vary.
    pub fn constant_tensors(&self) -> Vec<usize> {
        let constant =
            |(index, deviation): (usize, &f64)| (divisor(*deviation) != *deviation).then_some(index);
        self.deviations.iter().enumerate().filter_map(constant).collect()
    }

    /// `(x − mean)/deviation`, tensor by tensor.
    pub fn apply<R: Real>(&self, layout: &Layout, network: &[R]) -> Result<Vec<R>> {
        self.each(layout, network, |value, mean, deviation| (value - mean) / deviation)
    }

    /// `x·deviation + mean`, tensor by tensor: what [`Self::apply`] was given.
    pub fn undo<R: Real>(&self, layout: &Layout, network: &[R]) -> Result<Vec<R>> {
        self.each(layout, network, |value, mean, deviation| value * deviation + mean)
    }

    fn each<R: Real>(&self, layout: &Layout, network: &[R], change: impl Fn(R, R, R) -> R) -> Result<Vec<R>> {
        check_length(
            "the list of scales",
            layout.tensors().len(),
            self.means.len().min(self.deviations.len()),
        )?;
        let mut changed = Vec::with_capacity(network.len());
        for ((part, mean), deviation) in layout.split(network)?.iter().zip(&self.means).zip(&self.deviations)
        {
            let (mean, deviation) = (R::from_f64(*mean), R::from_f64(divisor(*deviation)));
            changed.extend(part.iter().map(|value| change(*value, mean, deviation)));
        }
        Ok(changed)
    }
}

/// 1 in place of a deviation that nothing can be divided by.
fn divisor(deviation: f64) -> f64 {
    if deviation.is_finite() && deviation > 0.0 { deviation } else { 1.0 }
}

fn moments<R: Real>(values: &[R]) -> Moments {
    let mut moments = Moments::default();
    values.iter().for_each(|value| moments.push(value.to_f64()));
    moments
}

/// Unbiased standard deviation of all values of each tensor in all networks, at least 10⁻⁴: the divisors of the layer-wise loss of
/// hyper-representations (arXiv 2209.14733, established).
pub fn layer_deviations<R: Real>(layout: &Layout, networks: &[Vec<R>]) -> Result<Vec<f64>> {
    let pooled = Scales::pooled(layout, networks)?;
    Ok(pooled.deviations.into_iter().map(|deviation| deviation.max(LEAST_LAYER_DEVIATION)).collect())
}

/// Running variances of a batch norm as p-diff learns them: logarithms, brought to mean 0 and deviation 1 (established).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceTransform {
    /// 0.95 of the mean variance.
    pub divisor: f64,
    /// Mean of the logarithms.
    pub mean: f64,
    /// Unbiased standard deviation of the logarithms.
    pub deviation: f64,
}

impl VarianceTransform {
    /// Fitted to one list of variances; refused unless there are two or more, and all are positive.
    pub fn fit<R: Real>(variances: &[R]) -> Result<Self> {
        if variances.len() < 2
            || variances.iter().any(|value| value.partial_cmp(&R::ZERO).is_none_or(Ordering::is_le))
        {
            let needed = "there must be two or more, all positive".to_owned();
            let found = format!("a list of {}", variances.len());
            return Err(GenerationError::Range { what: "the list of running variances", needed, found });
        }
        let mean = moments(variances).mean().unwrap_or(f64::NAN);
        let mut transform = Self { divisor: VARIANCE_SHARE * mean, mean: 0.0, deviation: 1.0 };
        let logarithms = moments(&transform.logarithms(variances));
        transform.mean = logarithms.mean().unwrap_or(f64::NAN);
        transform.deviation = divisor(logarithms.variance().map_or(0.0, f64::sqrt));
        Ok(transform)
    }

    /// `ln(v/divisor + 0.05)`.
    pub fn logarithms<R: Real>(&self, variances: &[R]) -> Vec<R> {
        let log = |value: &R| R::from_f64((value.to_f64() / self.divisor + VARIANCE_OFFSET).ln());
        variances.iter().map(log).collect()
    }

    /// The logarithms with mean 0 and deviation 1.
    pub fn apply<R: Real>(&self, variances: &[R]) -> Vec<R> {
        let (mean, deviation) = (R::from_f64(self.mean), R::from_f64(self.deviation));
        self.logarithms(variances).into_iter().map(|value| (value - mean) / deviation).collect()
    }

    /// The variances of what [`Self::apply`] gave, at least 0.001.
    pub fn undo<R: Real>(&self, normalised: &[R]) -> Vec<R> {
        let back = |value: &R| {
            let ratio = (value.to_f64() * self.deviation + self.mean).exp() - VARIANCE_OFFSET;
            R::from_f64((ratio * self.divisor).max(LEAST_VARIANCE))
        };
        normalised.iter().map(back).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_tensor_is_shifted_and_named() {
        let layout = Layout::of_sizes(&[2, 1]);
        let networks = vec![vec![1.0, 3.0, 5.0], vec![2.0, 6.0, 5.0]];
        for scales in [Scales::averaged(&layout, &networks), Scales::pooled(&layout, &networks)] {
            let scales = scales.unwrap();
            assert_eq!(scales.constant_tensors(), [1]);
            let normalised = scales.apply(&layout, &networks[0]).unwrap();
            assert_eq!(normalised[2], 0.0);
            let back = scales.undo(&layout, &normalised).unwrap();
            assert!(back.iter().zip(&networks[0]).all(|(a, b): (&f64, &f64)| (a - b).abs() < 1e-12));
        }
        assert!(Scales::constant(&layout, 0.0).is_err());
        assert!(Scales::pooled(&layout, &[vec![1.0]]).is_err());
    }

    #[test]
    fn small_variances_come_back_as_the_least() {
        let transform = VarianceTransform::fit(&[0.5, 1.0, 4.0]).unwrap();
        assert_eq!(transform.undo(&[-100.0]), [0.001]);
        assert!(VarianceTransform::fit(&[1.0]).is_err() && VarianceTransform::fit(&[1.0, 0.0]).is_err());
    }
}
