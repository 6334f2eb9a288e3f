//! Flow matching (Lipman et al., arXiv 2210.02747, section 4.1, the straight path; over weights: arXiv 2601.05052): the network learns the
//! velocity of the straight way from noise to data. Time runs from 0, noise, to 1, data.

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::Result;

/// The place on the way at `time`: `(1 − time)·noise + time·data`.
pub fn place<R: Real>(data: &[R], noise: &[R], time: f64) -> Vec<R> {
    let (here, there) = (R::from_f64(time), R::from_f64(1.0 - time));
    data.iter().zip(noise).map(|(data, noise)| there * *noise + here * *data).collect()
}

/// What the network learns at every place of the way: `data − noise`.
pub fn velocity<R: Real>(data: &[R], noise: &[R]) -> Vec<R> {
    data.iter().zip(noise).map(|(data, noise)| *data - *noise).collect()
}

/// The end of the way that a velocity implies: `x + (1 − time)·velocity`.
pub fn estimate<R: Real>(x: &[R], velocity: &[R], time: f64) -> Vec<R> {
    let rest = R::from_f64(1.0 - time);
    x.iter().zip(velocity).map(|(x, velocity)| *x + rest * *velocity).collect()
}

/// Walks from noise `x [rows, width]` to data in `steps` even steps of Euler's method; `predict` gives the velocity at a time.
pub fn walk<R: Real>(
    mut x: Dense<R>,
    steps: usize,
    mut predict: impl FnMut(&Dense<R>, f64) -> Result<Dense<R>>,
) -> Result<Dense<R>> {
    let length = R::from_f64(1.0 / steps.max(1) as f64);
    for step in 0..steps {
        let velocity = predict(&x, step as f64 / steps as f64)?;
        x.add_scaled(length, &velocity)?;
    }
    Ok(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_way_is_walked_in_any_number_of_steps() {
        let (data, noise) = ([2.0, -1.0], [0.5, 0.25]);
        let straight = velocity(&data, &noise);
        for steps in [1, 3, 50] {
            let start = Dense::new(1, 2, noise.to_vec()).unwrap();
            let end = walk(start, steps, |_, _| Ok(Dense::new(1, 2, straight.clone())?)).unwrap();
            assert!(end.values().iter().zip(data).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-12));
        }
        let middle = place(&data, &noise, 0.3);
        assert!(estimate(&middle, &straight, 0.3).iter().zip(data).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!((place(&data, &noise, 0.0), place(&data, &noise, 1.0)), (noise.to_vec(), data.to_vec()));
    }
}
