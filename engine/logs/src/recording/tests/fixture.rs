//! A recording that `weightscope_recorder.py` wrote.
//!
//! How it was made, with PyTorch on the CPU: a network of `first = Linear(6, 8)` and `second = Linear(8, 3, bias=False)` after
//! `torch.manual_seed(11)`; `Recorder(net, folder, sample=6)`; eight steps that each add 0.01 · sign(w) to all weights and record
//! `loss = 1/step` and `accuracy = step/10` (NaN at step 3). Then the weights of step 4 are loaded again, a second recorder goes on in
//! the same folder, and steps 5 to 11 each add -0.02 · sign(w) and record `loss = 2/step`.

use std::path::Path;

use super::{sentence, steps};
use crate::recording::{Recording, is_recording};

fn fixture() -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/recording/fixtures/small");
    assert!(is_recording(&path));
    Recording::open(&path).unwrap()
}

fn near(read: f32, expected: f32) -> bool {
    (read - expected).abs() <= 1e-6 * expected.abs()
}

#[test]
fn tensors_are_those_of_the_network() {
    let recording = fixture();
    let tensors: Vec<_> =
        recording.tensors().iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice())).collect();
    assert_eq!(
        tensors,
        [("first.weight", [8, 6].as_slice()), ("first.bias", &[8]), ("second.weight", &[3, 8])]
    );
    assert_eq!(recording.tensors()[0].places, [25, 31, 32, 36, 38, 39]);
    assert_eq!(recording.tensors()[0].rows, [6]);
    assert_eq!(recording.tensors()[2].rows, [2]);
    assert_eq!(recording.tensors()[1].dtype, "F32");
    assert_eq!(recording.id(), 0x6750_fd18);
}

#[test]
fn the_steps_after_the_checkpoint_are_superseded() {
    let recording = fixture();
    assert_eq!(steps(&recording), (0..=11).collect::<Vec<_>>());
    let sessions = recording.sessions();
    assert_eq!((sessions[0].first, sessions[0].frames, sessions[0].superseded), (0, 5, 4));
    assert_eq!((sessions[1].first, sessions[1].frames, sessions[1].superseded), (5, 7, 0));
    assert_eq!((sessions[1].first_step, sessions[1].last_step), (Some(5), Some(11)));
    assert_eq!(recording.frame_at(4).unwrap(), 4);
    assert_eq!(recording.frame_at(5).unwrap(), 5);
    sentence(&recording.said(), "4 frames left out");
    sentence(&recording.said(), "started again on vm at step 5");
}

#[test]
fn numbers_are_those_that_pytorch_printed() {
    let recording = fixture();
    let frames = recording.read(0, 1, 12).unwrap();
    // Step 4, as printed from the saved weights: places 1, 2, 3, 4, 5 and 7 of first.bias.
    let bias = [-0.297_127_1, -0.046_527_073, 0.217_252_79, -0.074_424_05, -0.157_055_51, 0.183_047_83];
    assert_eq!(frames.values(4, 1).as_ref(), bias);
    // Step 11: places 25, 31, 32, 36, 38 and 39 of first.weight, and figures of the whole tensor.
    let weight = [-0.259_657_26, -0.175_467_97, -0.109_182_85, 0.300_108_5, -0.000_786_915_4, 0.009_551_406];
    assert_eq!(frames.values(11, 0).as_ref(), weight);
    let statistics = frames.statistics(11, 0).unwrap();
    assert_eq!(statistics.max, 0.300_108_5);
    assert!(near(statistics.mean, 0.111_932_896) && near(statistics.norm, 0.993_389_9), "{statistics:?}");
    let statistics = frames.statistics(11, 2).unwrap();
    assert_eq!(statistics.max, 0.242_283_42);
    assert!(near(statistics.mean, 0.097_879_02) && near(statistics.norm, 0.627_968_9), "{statistics:?}");
    // Row 2 of second.weight, its eight weights as printed.
    let (max, mean) = frames.row(11, 2, 0).unwrap();
    let last_row = [
        0.002_488_255_5,
        0.112_283_57,
        0.009_583_082,
        0.111_667_41,
        0.005_112_16,
        0.005_387_965_6,
        0.174_040_76,
        0.215_825_38_f32,
    ];
    assert_eq!(max, 0.215_825_38);
    assert!(near(mean, last_row.iter().sum::<f32>() / 8.0), "{mean}");
    assert_eq!(frames.row(11, 1, 0), None);
}

#[test]
fn metrics_are_those_that_were_given() {
    let recording = fixture();
    let mut metrics = recording.metrics();
    let batch = metrics.poll(recording.sessions()).unwrap();
    assert_eq!(batch.lines.iter().map(|line| line.step).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    assert_eq!(metrics.names(), ["loss", "accuracy"]);
    assert_eq!(batch.lines[3].values, [("loss".to_owned(), 0.25), ("accuracy".to_owned(), 0.4)]);
    assert!(batch.lines[2].values[1].1.is_nan());
    assert_eq!(
        (batch.lines[4].session, batch.lines[4].values.as_slice()),
        (1, [("loss".to_owned(), 0.4)].as_slice())
    );
    sentence(&metrics.said(), "4 lines of the metrics left out");
}

/// Another one: `Linear(20, 10)` after `torch.manual_seed(0)` with `sample=12`, two steps by the recorder of version 1, then two by that of
/// version 2 in the same folder. Each step rounds all weights to 64ths and adds one 64th.
#[test]
fn a_recording_of_version_1_goes_on_as_one_of_version_2() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/recording/fixtures/continued");
    let recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), [0, 1, 2, 3, 4]);
    assert_eq!(recording.sessions().iter().map(|session| session.part).collect::<Vec<_>>(), [0, 1]);
    let frames = recording.read(0, 1, 5).unwrap();
    // The bias after step 4, as PyTorch printed it: all of it is recorded, and its figures are not.
    let bias =
        [0.078125, 0.203125, -0.109375, -0.09375, -0.0625, 0.21875, -0.015625, 0.25, 0.140625, 0.09375_f32];
    assert_eq!(frames.values(4, 1).as_ref(), bias);
    let statistics = frames.statistics(4, 1).unwrap();
    assert_eq!((statistics.max, statistics.mean), (0.25, 1.265_625 / 10.0));
    let squares: f32 = bias.iter().map(|weight| weight * weight).sum();
    assert!(near(statistics.norm, squares.sqrt()), "{statistics:?}");
    // Of the matrix they are, and were before; of the bias at step 2 they are recorded.
    assert!(near(frames.statistics(4, 0).unwrap().mean, 0.117_031_25));
    let (recorded, values) = (frames.statistics(2, 1).unwrap(), frames.values(2, 1));
    let mean = values.iter().map(|weight| weight.abs()).sum::<f32>() / 10.0;
    assert!(near(recorded.mean, mean), "{recorded:?}, {mean}");
    // Another hash than with the figures, and none that depends on where it is asked.
    assert_eq!(recording.hash(5).unwrap(), Recording::open(&path).unwrap().hash(5).unwrap());
}
