//! How fast this machine trains small networks, beside the one on which the estimates of time were measured.
//!
//! Contract: it is measured once, at the first need, in about three thousandths of a second, and then stays the same for as long as
//! the program runs. Estimates rest on it; no result does.

use std::sync::OnceLock;
use std::time::Instant;

use super::cost;
use weightscope_population::{Activation, Machine, Objective, Rates, Samples, Shape, Targets};

/// Rows and columns of the data of the probe, its classes, and rows in a step.
const ROWS: usize = 64;
const COLUMNS: usize = 64;
const CLASSES: usize = 10;
const BATCH: usize = 16;
/// Steps between two looks at the clock, and how often they are done: the shortest counts, in which nothing else took the core.
const STEPS: usize = 16;
const TIMES: usize = 8;
/// Farthest that a machine is taken to be from the measured one.
const FARTHEST: f64 = 30.0;

/// Seconds here over seconds there.
pub(super) fn pace() -> f64 {
    static PACE: OnceLock<f64> = OnceLock::new();
    *PACE.get_or_init(|| measured().unwrap_or(1.0).clamp(1.0 / FARTHEST, FARTHEST))
}

/// The shortest time of the probe's steps over that on the measured machine; none where the clock is too coarse to tell.
fn measured() -> Option<f64> {
    let sizes = [COLUMNS, 64, 64, CLASSES];
    let shape = Shape::new(&sizes, Activation::Relu, Objective::CrossEntropy).ok()?;
    let features: Vec<f32> = (0..ROWS * COLUMNS).map(|place| (place % 17) as f32 / 17.0).collect();
    let labels = (0..ROWS).map(|row| (row % CLASSES) as u32).collect();
    let samples = Samples::new(&features, COLUMNS, Targets::Classes(labels))?;
    let flat: Vec<f32> = (0..shape.parameters()).map(|place| (place % 13) as f32 / 65.0 - 0.1).collect();
    let mut weights = shape.pack(&flat).ok()?;
    let mut velocity = shape.zeros();
    let mut machine = Machine::new(&shape, BATCH);
    let rates = Rates { learning_rate: 1e-3, momentum: 0.9, weight_decay: 0.0 };
    let rows: Vec<u32> = (0..BATCH as u32).collect();
    let mut shortest = f64::INFINITY;
    for _ in 0..TIMES {
        let begun = Instant::now();
        for _ in 0..STEPS {
            machine.descend(&mut weights, &mut velocity, &samples, &rows, rates);
        }
        shortest = shortest.min(begun.elapsed().as_secs_f64());
    }
    let expected = STEPS as f64 * cost::step(&shape, BATCH);
    (shortest > 0.0).then_some(shortest / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_measured_once() {
        let first = pace();
        assert!((1.0 / FARTHEST..=FARTHEST).contains(&first), "{first}");
        assert_eq!(pace().to_bits(), first.to_bits(), "and stays");
        assert!(measured().is_some_and(|again| again > 0.0));
    }
}
