//! Fine-tuning of a finished network: the last layer is drawn anew for another task, and the network learns that task's rows, at their
//! true labels, for a few epochs. The other layers carry over what they learned.
//!
//! The model zoo fine-tunes to another data set (arXiv 2504.18072, CIFAR-10 to STL-10). The other two tasks are our choice: the upper
//! half of the classes, and the images turned by a quarter.

use super::training::{JUDGED, Network, pack};
use crate::config::{Config, TuningTask};
use crate::material::{Material, Tuning};
use crate::plan::Knobs;
use weightscope_data::ImageShape;
use weightscope_frame::run::{Control, RunError};
use weightscope_math::Stream;
use weightscope_population::{Machine, Protocol, Rates, Samples, Schedule, Shape, Targets, train};

/// Rows in a step.
const BATCH: usize = 16;

/// Test accuracy on the task of the settings; nothing where the task has no rows.
pub(super) fn tune(
    config: &Config,
    material: &Material,
    knobs: &Knobs,
    shape: &Shape,
    network: &Network,
    random: &mut Stream,
    control: &Control,
) -> Result<Option<f64>, RunError> {
    let Some(task) = task(config, material, knobs)? else { return Ok(None) };
    if task.train.rows() == 0 || task.test.rows() == 0 || task.classes == 0 {
        return Ok(None);
    }
    let mut sizes = shape.sizes().to_vec();
    if let Some(last) = sizes.last_mut() {
        *last = task.classes;
    }
    let tuned = Shape::new(&sizes, shape.activation(), shape.objective())
        .map_err(|error| RunError::Defect(error.to_string()))?;
    let mut flat = train::initial(&tuned, random);
    let kept = shape.tensors().iter().rev().nth(1).map_or(0, |tensor| tensor.range.start);
    flat[..kept].copy_from_slice(&network.weights[..kept]);
    let mut weights = pack(&tuned, &flat)?;
    let rates = Rates {
        learning_rate: config.tuning_learning_rate as f32,
        momentum: config.momentum as f32,
        weight_decay: config.weight_decay as f32,
    };
    let protocol =
        Protocol { batch: BATCH, epochs: config.tuning_epochs as usize, rates, schedule: Schedule::Constant };
    let mut machine = Machine::new(&tuned, BATCH.max(JUDGED));
    train::train(&mut machine, &mut weights, &task.train, &protocol, random, |_, _| {
        control.check().map_err(RunError::from)
    })?;
    Ok(Some(machine.judge(&weights, &task.test).accuracy))
}

/// The rows of the task.
fn task(config: &Config, material: &Material, knobs: &Knobs) -> Result<Option<Tuning>, RunError> {
    let training = material.training(knobs)?;
    let test_labels = material.test.labels().unwrap_or_default();
    Ok(match config.tuning_task {
        TuningTask::UpperHalf => {
            let classes = material.classes;
            let train = upper_half(&training.samples, &training.clean_labels, classes);
            let test = upper_half(&material.test, test_labels, classes);
            train.zip(test).map(|(train, test)| Tuning { train, test, classes: classes - classes / 2 })
        }
        TuningTask::Turned => material.image.and_then(|image| {
            let train = turned(&training.samples, &training.clean_labels, image)?;
            let test = turned(&material.test, test_labels, image)?;
            Some(Tuning { train, test, classes: material.classes })
        }),
        TuningTask::Dataset => material.tuning.clone(),
    })
}

/// The rows of the upper half of the classes, counted from 0.
fn upper_half(samples: &Samples, labels: &[u32], classes: usize) -> Option<Samples> {
    let first = classes as u32 / 2;
    let rows: Vec<usize> = (0..samples.rows()).filter(|row| labels[*row] >= first).collect();
    let moved = rows.iter().map(|row| labels[*row] - first).collect();
    samples.select(&rows).with_labels(moved)
}

/// Square images turned by a quarter, against the clock.
fn turned(samples: &Samples, labels: &[u32], image: ImageShape) -> Option<Samples> {
    let side = image.width;
    let mut rows = samples.to_rows();
    let mut before = vec![0.0; side * side];
    for plane in rows.chunks_exact_mut(side * side) {
        before.copy_from_slice(plane);
        for (place, value) in plane.iter_mut().enumerate() {
            let (row, column) = (place / side, place % side);
            *value = before[column * side + side - 1 - row];
        }
    }
    Samples::new(&rows, samples.columns(), Targets::Classes(labels.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarters_are_a_whole_turn() {
        let image = ImageShape { channels: 2, height: 3, width: 3 };
        let values: Vec<f32> = (0_u8..36).map(f32::from).collect();
        let samples = Samples::new(&values, 18, Targets::Classes(vec![0, 1])).unwrap();
        let once = turned(&samples, &[0, 1], image).unwrap();
        assert_eq!(once.to_rows()[..9], [2.0, 5.0, 8.0, 1.0, 4.0, 7.0, 0.0, 3.0, 6.0], "against the clock");
        let mut back = once;
        for _ in 0..3 {
            back = turned(&back, &[0, 1], image).unwrap();
        }
        assert_eq!(back.to_rows(), values);
    }
}
