//! Drawing samples from noise: the reverse process over the rows of a batch, and what to do when one explodes.
//!
//! A row whose estimate of the clean sample stops being finite ends there: its last finite estimate is its result, and it is counted. A row
//! that stays finite but ends far outside what was learned is counted too (own rules; a diffusion model that does not fit shows as this).

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::diffusion::{Implicit, ancestral, estimate};
use super::error::{GenerationError, Result};
use super::schedule::{Schedule, Step};

/// Magnitude of a value of the result, in standard deviations of what was learned, from which a row counts as exploded.
pub const EXPLODED: f64 = 20.0;

/// The result of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw<R> {
    /// The sample, or the last finite estimate of it.
    pub sample: Vec<R>,
    /// Step of the schedule at which the estimate stopped being finite.
    pub stopped: Option<usize>,
    /// Largest magnitude of the result.
    pub largest: f64,
}

impl<R> Draw<R> {
    /// Whether the row stopped early or ended far outside what was learned.
    pub fn exploded(&self) -> bool {
        self.stopped.is_some() || self.largest > EXPLODED
    }
}

/// What one step of the process shows to the recorder: the step, and x and the estimate `x̂₀` of every row that is still running (the last
/// finite ones of the others).
pub struct Progress<'a, R> {
    /// Step of the schedule.
    pub t: usize,
    /// The samples, `[rows, width]`.
    pub x: &'a Dense<R>,
    /// Estimates of the clean samples, `[rows, width]`.
    pub estimates: &'a Dense<R>,
}

/// The implicit process (DDIM) from the last place to the first. `predict` gives the noise in x at a step, `[rows, width]`; `noise` fills a row
/// with fresh noise and is asked only where η is above 0; `watch` sees every step. Starts from noise `x [rows, width]`.
pub fn implicit<R: Real>(
    places: &[Implicit],
    x: Dense<R>,
    eta: f64,
    mut predict: impl FnMut(&Dense<R>, usize) -> Result<Dense<R>>,
    mut noise: impl FnMut(&mut [R]),
    watch: impl FnMut(Progress<'_, R>),
) -> Result<Vec<Draw<R>>> {
    let mut fresh = vec![R::ZERO; x.columns()];
    walk(
        places.iter().rev().map(|place| (place.t, *place)),
        x,
        watch,
        |x, t| predict(x, t),
        |place, x, predicted| {
            if eta > 0.0 {
                noise(&mut fresh);
            }
            (place.estimate(x, predicted), place.back(x, predicted, &fresh, eta))
        },
    )
}

/// The ancestral process over all steps of a schedule, the last one first; `noise` fills a row with fresh noise, but not at step 0.
pub fn all_steps<R: Real>(
    schedule: &Schedule,
    x: Dense<R>,
    mut predict: impl FnMut(&Dense<R>, usize) -> Result<Dense<R>>,
    mut noise: impl FnMut(&mut [R]),
    watch: impl FnMut(Progress<'_, R>),
) -> Result<Vec<Draw<R>>> {
    let mut fresh = vec![R::ZERO; x.columns()];
    let steps = schedule.steps().iter().copied().enumerate().rev();
    walk(
        steps,
        x,
        watch,
        |x, t| predict(x, t),
        |step: Step, x, predicted| {
            if step.kept_before < 1.0 {
                noise(&mut fresh);
            }
            (estimate(step, x, predicted), ancestral(step, x, predicted, &fresh))
        },
    )
}

/// Walks all rows through the places; `back` gives a row's estimate and the row one place further on.
fn walk<R: Real, P: Copy>(
    places: impl Iterator<Item = (usize, P)>,
    mut x: Dense<R>,
    mut watch: impl FnMut(Progress<'_, R>),
    mut predict: impl FnMut(&Dense<R>, usize) -> Result<Dense<R>>,
    mut back: impl FnMut(P, &[R], &[R]) -> (Vec<R>, Vec<R>),
) -> Result<Vec<Draw<R>>> {
    let mut estimates = Dense::zeros(x.rows(), x.columns());
    let mut stopped: Vec<Option<usize>> = vec![None; x.rows()];
    for (t, place) in places {
        let predicted = predict(&x, t)?;
        if predicted.shape() != x.shape() {
            let (needed, found) = (format!("{:?}", x.shape()), format!("{:?}", predicted.shape()));
            return Err(GenerationError::Range { what: "the shape of the predicted noise", needed, found });
        }
        for (row, stopped) in stopped.iter_mut().enumerate() {
            // Fresh noise is taken for stopped rows too, so that no row depends on how others end.
            let (estimate, next) = back(place, x.row(row), predicted.row(row));
            if stopped.is_some() {
                continue;
            }
            if is_finite(&estimate) && is_finite(&next) {
                estimates.row_mut(row).copy_from_slice(&estimate);
                x.row_mut(row).copy_from_slice(&next);
            } else {
                *stopped = Some(t);
                x.row_mut(row).copy_from_slice(estimates.row(row));
            }
        }
        watch(Progress { t, x: &x, estimates: &estimates });
    }
    let draw = |(sample, stopped): (&[R], Option<usize>)| {
        let largest = sample.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
        Draw { sample: sample.to_vec(), stopped, largest }
    };
    Ok(x.each_row().zip(stopped).map(draw).collect())
}

fn is_finite<R: Real>(values: &[R]) -> bool {
    values.iter().all(|value| value.to_f64().is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::diffusion::{Visits, implicit_places};
    use super::super::schedule::Betas;
    use super::*;
    use weightscope_math::stream;

    const CLEAN: [f64; 3] = [0.5, -2.0, 1.5];

    /// The best prediction where every clean sample is the same.
    fn exact(schedule: &Schedule) -> impl Fn(&Dense<f64>, usize) -> Result<Dense<f64>> {
        move |x, t| {
            let step = schedule.step(t)?;
            let mut predicted = x.clone();
            for row in predicted.values_mut().chunks_exact_mut(3) {
                row.iter_mut()
                    .zip(CLEAN)
                    .for_each(|(x, clean)| *x = (*x - step.signal() * clean) / step.noise());
            }
            Ok(predicted)
        }
    }

    fn start(rows: usize) -> Dense<f64> {
        let mut random = stream(3, "start");
        Dense::new(rows, 3, (0..rows * 3).map(|_| f64::from(random.normal())).collect()).unwrap()
    }

    fn assert_clean(draws: &[Draw<f64>]) {
        for draw in draws {
            assert!(draw.sample.iter().zip(CLEAN).all(|(a, b)| (a - b).abs() < 1e-9), "{draw:?}");
            assert!(!draw.exploded() && (draw.largest - 2.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_exact_prediction_finds_the_clean_sample() {
        let schedule = Schedule::rescaled(Betas::PUBLISHED, 100).unwrap();
        let places = implicit_places(&schedule, 10, Visits::Even).unwrap();
        let (mut random, mut seen) = (stream(4, "noise"), Vec::new());
        let mut noise =
            |row: &mut [f64]| row.iter_mut().for_each(|value| *value = f64::from(random.normal()));
        for eta in [0.0, 1.0] {
            seen.clear();
            let draws = implicit(&places, start(4), eta, exact(&schedule), &mut noise, |progress| {
                seen.push((progress.t, progress.estimates.row(0)[1]));
            });
            assert_clean(&draws.unwrap());
            assert!(seen.len() == 10 && seen.iter().all(|(_, estimate)| (estimate + 2.0).abs() < 1e-9));
            assert!(seen.is_sorted_by(|a, b| a.0 > b.0));
        }
        assert_clean(&all_steps(&schedule, start(4), exact(&schedule), &mut noise, |_| {}).unwrap());
    }

    #[test]
    fn a_row_that_explodes_keeps_its_last_estimate_and_leaves_the_others_alone() {
        let schedule = Schedule::rescaled(Betas::PUBLISHED, 100).unwrap();
        let places = implicit_places(&schedule, 10, Visits::Even).unwrap();
        let bad_from = places[4].t;
        let predict = |x: &Dense<f64>, t: usize| {
            let mut predicted = exact(&schedule)(x, t)?;
            if t <= bad_from {
                predicted.row_mut(1)[0] = f64::INFINITY;
            }
            Ok(predicted)
        };
        let draws = implicit(&places, start(3), 0.0, predict, |_| {}, |_| {}).unwrap();
        assert_eq!(draws[1].stopped, Some(bad_from));
        assert!(draws[1].exploded() && draws[1].sample.iter().zip(CLEAN).all(|(a, b)| (a - b).abs() < 1e-9));
        assert_clean(&[draws[0].clone(), draws[2].clone()]);
    }

    #[test]
    fn rows_do_not_depend_on_how_others_end() {
        let schedule = Schedule::rescaled(Betas::PUBLISHED, 100).unwrap();
        let run = |bad: bool| {
            let mut random = stream(9, "noise");
            let noise =
                |row: &mut [f64]| row.iter_mut().for_each(|value| *value = f64::from(random.normal()));
            let predict = |x: &Dense<f64>, t: usize| {
                let mut predicted = exact(&schedule)(x, t)?.scaled(0.9);
                if bad && t == 50 {
                    predicted.row_mut(0)[1] = f64::NAN;
                }
                Ok(predicted)
            };
            all_steps(&schedule, start(2), predict, noise, |_| {}).unwrap()
        };
        let (good, bad) = (run(false), run(true));
        assert!(bad[0].stopped == Some(50) && good[1].sample == bad[1].sample);
    }

    #[test]
    fn a_result_far_outside_counts_as_exploded() {
        let far = Draw { sample: vec![1e3], stopped: None, largest: 1e3 };
        assert!(far.exploded());
        let schedule = Schedule::new(Betas::PUBLISHED, 10).unwrap();
        let wrong = |_: &Dense<f64>, _| Ok(Dense::zeros(1, 1));
        assert!(all_steps(&schedule, start(2), wrong, |_| {}, |_| {}).is_err());
    }
}
