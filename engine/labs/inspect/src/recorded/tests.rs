//! Recordings and event files as the lab takes them in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Catalogue, Derive, Entry};
use weightscope_frame::record::{Channel, ControlValue, Controls, Data, Record};
use weightscope_frame::run::{self, Comparison, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_frame::store::{self, Status};
use weightscope_logs::events;
use weightscope_logs::recording::{Recording, Start, Tensor, Writer};
use weightscope_math::quantize::{Bits, statsq};
use weightscope_math::{Stream, stream};

use super::*;
use crate::Config;

const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

/// A training of two tensors that walk at random, of which all weights are recorded.
struct Training {
    draws: Stream,
    tensors: Vec<Tensor>,
    weights: Vec<Vec<f32>>,
    writer: Writer,
    step: u64,
    history: Vec<Vec<f32>>,
}

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let count = shape.iter().product();
    let rows = if shape.len() > 1 { (0..shape[0]).collect() } else { Vec::new() };
    Tensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        dtype: "F32".to_owned(),
        places: (0..count).collect(),
        rows,
    }
}

impl Training {
    fn begin(folder: &Path, seed: u64) -> Self {
        let mut draws = stream(seed, "tests/recording");
        let tensors = vec![tensor("layer.weight", &[4, 6]), tensor("layer.bias", &[5])];
        let weights = tensors
            .iter()
            .map(|tensor| tensor.places.iter().map(|_| 0.3 * draws.normal()).collect())
            .collect();
        let writer = Writer::create(folder, seed as u32, &tensors, &Start::default()).unwrap();
        Self { draws, tensors, weights, writer, step: 0, history: Vec::new() }
    }

    fn steps(&mut self, count: u64) {
        for _ in 0..count {
            for weight in self.weights.iter_mut().flatten() {
                *weight += 0.02 * self.draws.normal();
            }
            let weights = &self.weights;
            self.writer.append_weights(self.step, &self.tensors, |tensor| &weights[tensor]).unwrap();
            let loss = 1.0 / (1.0 + self.step as f64);
            self.writer.metrics(self.step, 0.0, &[("loss", loss)]).unwrap();
            self.history.push(self.weights[0].clone());
            self.step += 1;
        }
    }
}

fn experiment(folder: &Path, settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::new(OWN.first());
    let folder = ("folder", folder.to_str().unwrap());
    for (key, value) in std::iter::once(&folder).chain(settings) {
        experiment.set_typed(key, value).unwrap_or_else(|problem| panic!("{problem}"));
    }
    experiment
}

fn run_in(place: Place, folder: &Path, settings: &[(&str, &str)]) -> Outcome {
    let experiment = experiment(folder, settings);
    let request = RunRequest { experiment, asked: None, origin: "test".to_owned(), place };
    run::run(&request, &mut Nobody, &Control::default()).unwrap()
}

fn curve(record: &Record, id: &str) -> Vec<f64> {
    match &record.get(id).unwrap_or_else(|| panic!("no {id}")).data {
        Data::Curve(curves) => curves.last().unwrap().1.y.clone(),
        _ => panic!("{id} is no curve"),
    }
}

fn derived(folder: &Path, record: &Record, view: &str, controls: &[(&str, ControlValue)]) -> Vec<Channel> {
    let experiment = experiment(folder, &[]).resolved();
    let mut turned = Controls::default();
    controls.iter().for_each(|(id, value)| turned.set(id, value.clone()));
    let turned = turned.complete(&experiment.method.views(), record);
    let control = Control::default();
    experiment.method.derive(&Derive::new(view, record, &turned, &control)).unwrap()
}

#[test]
fn figures_are_those_of_a_plain_recount() {
    let folder = tempfile::tempdir().unwrap();
    let mut training = Training::begin(&folder.path().join("r"), 3);
    training.steps(300);
    let settings = [("bits", "2"), ("scale", "statsq"), ("grouping", "row"), ("select", "all")];
    let outcome = run_in(Place::Memory, &folder.path().join("r"), &settings);
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(outcome.results["recorded_frames"], 300.0);
    assert_eq!(outcome.results["recorded_weights"], 29.0, "all rows are recorded, a vector is one row");
    // The matrix alone, by hand.
    let levels: Vec<Vec<f32>> = training
        .history
        .iter()
        .map(|weights| {
            let groups = weightscope_math::quantize::Groups::rows(4, 6);
            statsq::quantize(weights, groups, Bits::TWO).level
        })
        .collect();
    let flips: usize = levels
        .windows(2)
        .map(|pair| pair[0].iter().zip(&pair[1]).filter(|(before, now)| before != now).count())
        .sum();
    assert!(flips > 50, "the walk crosses boundaries: {flips}");
    let (track, _, sessions) = pictures::track(&outcome.record, "layer.weight").unwrap();
    let chosen = placed::Chosen::new(crate::Scale::StatsQ, 2, crate::Grouping::Row).unwrap();
    let found = figures(&track, &place(&track, chosen), chosen, &sessions, 400);
    assert_eq!(found.flips.len(), flips);
    assert_eq!(found.known(), 24);
    for flip in &found.flips {
        let (row, before) = (flip.weight / 6, &training.history[flip.frame - 1]);
        let mean: f64 =
            before[row * 6..row * 6 + 6].iter().map(|weight| f64::from(weight.abs())).sum::<f64>() / 6.0;
        let weight = training.history[flip.frame][flip.weight];
        let stays =
            statsq::level_of(weight, (2.0 * mean) as f32, Bits::TWO) == levels[flip.frame - 1][flip.weight];
        assert_eq!(flip.is_by_scale, stays, "step {}, weight {}", flip.frame, flip.weight);
    }
    assert_eq!(curve(&outcome.record, "metrics/loss").len(), 300);
}

#[test]
fn the_quantizer_is_turned_in_the_view_without_reading_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r");
    Training::begin(&place, 4).steps(120);
    let outcome = run_in(Place::Memory, &place, &[]);
    std::fs::remove_dir_all(&place).unwrap();
    // The folder is gone: what it held stands in the settings of the run.
    let holds = [("holds", "recording")];
    let experiment = experiment(&place, &holds);
    let control = Control::default();
    let flips = |bits: u8| {
        let mut controls = Controls::default();
        controls.set("recorded_bits", ControlValue::Word(bits.to_string()));
        let controls = controls.complete(&experiment.method.views(), &outcome.record);
        let job = Derive::new("recorded_trace", &outcome.record, &controls, &control);
        let channels = experiment.method.derive(&job).unwrap();
        let marks = channels.iter().find_map(|channel| match &channel.data {
            Data::Marks(marks) => Some(marks.marks.iter().count()),
            _ => None,
        });
        let levels = channels.iter().find(|channel| channel.id == "levels").unwrap();
        let Data::Curve(levels) = &levels.data else { panic!("levels are a curve") };
        (marks.unwrap(), levels.last().unwrap().1.y.len())
    };
    let (two, four, eight) = (flips(2), flips(4), flips(8));
    assert_eq!((two.1, four.1, eight.1), (4, 16, 256));
    assert!(two.0 < four.0 && four.0 < eight.0, "more levels, more crossings: {two:?} {four:?} {eight:?}");
}

#[test]
fn a_long_recording_is_thinned_by_its_length_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut training = Training::begin(folder.path().join("r").as_path(), 5);
    training.steps(100);
    let take = |recording: &Recording, taken: &mut Taken| {
        taken.take(recording, usize::MAX, &mut || Ok(())).unwrap();
    };
    let mut recording = Recording::open(&folder.path().join("r")).unwrap();
    let mut grown = Taken::holding(&recording, 1000);
    take(&recording, &mut grown);
    training.steps(57);
    recording.refresh().unwrap();
    take(&recording, &mut grown);
    let mut whole = Taken::holding(&recording, 1000);
    take(&recording, &mut whole);
    assert_eq!(grown, whole, "what was taken in bit by bit is what is taken in at once");
    assert!(whole.stride > 1 && whole.stride.is_power_of_two());
    let expected: Vec<u64> =
        (0..157).step_by(whole.stride).filter(|step| *step != 156).chain([156]).collect();
    assert_eq!(whole.steps, expected, "each so many, and the newest");
    for at in [whole.steps.len() - 2, whole.steps.len() - 1] {
        let weight = 7;
        assert_eq!(whole.tracks[0].weights[weight][at], training.history[expected[at] as usize][weight]);
    }
}

#[test]
fn the_newest_frame_of_a_thinned_recording_is_seen_at_once_and_gives_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut training = Training::begin(folder.path().join("r").as_path(), 5);
    training.steps(161);
    let mut recording = Recording::open(&folder.path().join("r")).unwrap();
    let mut taken = Taken::holding(&recording, 1000);
    let mut look = |recording: &Recording| {
        let is_news = taken.take(recording, usize::MAX, &mut || Ok(())).unwrap();
        let lengths: Vec<usize> = taken.tracks.iter().map(|track| track.weights[0].len()).collect();
        assert!(lengths.iter().all(|length| *length == taken.steps.len()), "{lengths:?}");
        (is_news, taken.stride, taken.strided(), taken.steps.last().copied())
    };
    let (_, stride, held, _) = look(&recording);
    assert!(stride > 2, "{stride}");
    assert_eq!(look(&recording), (false, stride, held, Some(160)), "nothing came");
    training.steps(1);
    recording.refresh().unwrap();
    assert_eq!(look(&recording), (true, stride, held, Some(161)), "one step came");
    training.steps(1);
    recording.refresh().unwrap();
    assert_eq!(look(&recording), (true, stride, held, Some(162)), "and one in its place");
}

#[test]
fn frames_that_a_later_session_wrote_again_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r");
    let mut training = Training::begin(&place, 12);
    training.steps(40);
    let mut recording = Recording::open(&place).unwrap();
    let mut watched = Taken::new(&recording);
    watched.take(&recording, usize::MAX, &mut || Ok(())).unwrap();
    training.writer.restart(&training.tensors, &Start::default()).unwrap();
    training.step = 30;
    training.steps(20);
    recording.refresh().unwrap();
    watched.take(&recording, usize::MAX, &mut || Ok(())).unwrap();
    let mut whole = Taken::new(&recording);
    whole.take(&recording, usize::MAX, &mut || Ok(())).unwrap();
    assert_eq!(watched, whole, "as if it had been looked at for the first time");
    assert_eq!(watched.sessions.iter().filter(|session| **session == 1).count(), 20);
}

#[test]
fn a_broken_frame_shifts_none_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r");
    let mut training = Training::begin(&place, 11);
    training.steps(60);
    let traces = place.join("traces.f32");
    let mut bytes = std::fs::read(&traces).unwrap();
    let size = bytes.len() / 60;
    bytes[5 * size + 40] ^= 1;
    std::fs::write(&traces, bytes).unwrap();
    let mut recording = Recording::open(&place).unwrap();
    let mut grown = Taken::holding(&recording, 5000);
    grown.take(&recording, usize::MAX, &mut || Ok(())).unwrap();
    assert_eq!((grown.stride, grown.broken, grown.steps.len()), (1, 1, 59));
    training.steps(100);
    recording.refresh().unwrap();
    grown.take(&recording, usize::MAX, &mut || Ok(())).unwrap();
    let expected: Vec<u64> = (0..160).step_by(grown.stride).filter(|step| *step != 5).collect();
    let expected: Vec<u64> = expected.into_iter().chain([159]).collect();
    assert!(grown.stride > 1);
    assert_eq!(grown.steps, expected);
}

#[test]
fn a_part_is_read_whole_from_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r");
    let mut training = Training::begin(&place, 6);
    training.steps(500);
    let outcome = run_in(Place::Memory, &place, &[]);
    let part = [
        ("recorded_part", ControlValue::Word("200".to_owned())),
        ("recorded_middle", ControlValue::Number(50.0)),
    ];
    let channels = derived(&place, &outcome.record, "recorded_statistics", &part);
    let Data::Curve(curve) = &channels[0].data else { panic!("a curve") };
    let steps = &curve.last().unwrap().1.x;
    assert_eq!((steps.len(), steps[0], steps[199]), (200, 150.0, 349.0));
}

#[test]
fn a_recording_that_grows_is_followed_and_its_run_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let (place, out) = (folder.path().join("r"), folder.path().join("run"));
    let mut training = Training::begin(&place, 7);
    training.steps(50);
    let writer = std::thread::Builder::new().name("training".to_owned()).spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        training.steps(30);
        training
    });
    let outcome = run_in(Place::New(out.clone()), &place, &[("watch_seconds", "4")]);
    assert_eq!(outcome.results["recorded_frames"], 80.0);
    let mut training = writer.unwrap().join().unwrap();
    training.steps(40);
    let again = run::verify(OWN, &out, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(again, Comparison::Identical { .. }), "what came later is none of it: {again:?}");
    let manifest = store::read_manifest(&out).unwrap();
    assert!(manifest.data.iter().any(|read| read.of == "frames" && read.rows == 80));
    // Another training under the same name is another one.
    std::fs::remove_dir_all(&place).unwrap();
    Training::begin(&place, 8).steps(80);
    let other = run::verify(OWN, &out, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(other, Comparison::DataChanged(_)), "{other:?}");
}

#[test]
fn a_folder_that_is_deleted_while_it_is_watched_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (place, out) = (folder.path().join("r"), folder.path().join("run"));
    Training::begin(&place, 9).steps(60);
    let gone = place.clone();
    let remover = std::thread::Builder::new().name("remover".to_owned()).spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        std::fs::remove_dir_all(gone).unwrap();
    });
    let outcome = run_in(Place::New(out.clone()), &place, &[("watch_seconds", "4")]);
    remover.unwrap().join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(outcome.results["recorded_frames"], 60.0);
    let log = std::fs::read_to_string(out.join("log.txt")).unwrap();
    assert!(log.contains("no such file") || log.contains("gone"), "{log}");
}

#[test]
fn a_later_session_takes_over_where_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r");
    let mut training = Training::begin(&place, 10);
    training.steps(40);
    training.writer.restart(&training.tensors, &Start::default()).unwrap();
    training.step = 30;
    training.steps(20);
    let outcome = run_in(Place::Memory, &place, &[("grouping", "tensor")]);
    assert_eq!(outcome.results["recorded_frames"], 50.0, "ten are superseded");
    let (_, steps, sessions) = pictures::track(&outcome.record, "layer.bias").unwrap();
    assert_eq!((steps[29], steps[30]), (29.0, 30.0));
    assert_eq!((sessions[29], sessions[30]), (0, 1));
    let losses = curve(&outcome.record, "metrics/loss");
    assert_eq!(losses.len(), 50);
    let Data::Table(tables) = &outcome.record.get("recording").unwrap().data else { panic!("a table") };
    let rows = &tables.last().unwrap().1.rows;
    assert!(rows.len() > 2, "two sessions and what is said of them");
}

#[test]
fn event_files_are_followed_as_curves_and_histograms() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("logs");
    std::fs::create_dir_all(&place).unwrap();
    let path: PathBuf = place.join(events::file_name(1_700_000_000, "host", 0));
    let mut writer = events::Writer::create(&path, 1.7e9).unwrap();
    for step in 0..100_i64 {
        writer.scalar(1.7e9, step, "loss/train", 1.0 / (step as f64 + 1.0)).unwrap();
    }
    writer.histogram(1.7e9, 10, "weights", &[-1.0, 0.0, 1.0], &[3.0, 5.0]).unwrap();
    writer.finish().unwrap();
    let outcome = run_in(Place::Memory, &place, &[]);
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let losses = curve(&outcome.record, "metrics/loss/train");
    assert_eq!((losses.len(), losses[3]), (100, 0.25));
    let Data::Histogram(histograms) = &outcome.record.get("logged/weights").unwrap().data else {
        panic!("a histogram");
    };
    assert_eq!(histograms.counts.last().unwrap().1.iter().sum::<u32>(), 8);
    assert!(!outcome.results.contains_key("tensors"), "no weights were looked at");
}

#[test]
fn a_folder_of_checkpoints_stays_one_when_event_files_lie_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let path: PathBuf = place.join(events::file_name(1_700_000_000, "host", 0));
    events::Writer::create(&path, 1.7e9).unwrap().finish().unwrap();
    let named = place.to_str().unwrap();
    assert_eq!(crate::files::holds(named), crate::Holds::Events);
    let values: Vec<u8> = (0..16_u8).flat_map(|value| f32::from(value).to_le_bytes()).collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![4, 4], &values).unwrap();
    let bytes = safetensors::serialize([("w", view)], None).unwrap();
    std::fs::write(place.join("step-1.safetensors"), bytes).unwrap();
    assert_eq!(crate::files::holds(named), crate::Holds::Checkpoints);
}
