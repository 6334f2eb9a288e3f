//! Times of a long recording: opening it, reading 4,000 frames of it, finding a step, looking again.
//!
//! `cargo run --release -p weightscope-logs --example recording_speed -- FOLDER [FRAMES]` writes a recording of 22 tensors into FOLDER,
//! 10⁶ frames if not said otherwise (6.4 GB), where there is none yet; delete it afterwards.

#![expect(clippy::print_stdout, reason = "printing the times is all that it does")]

use std::path::Path;
use std::time::Instant;

use weightscope_logs::recording::{Measured, Recording, RecordingError, Start, Statistics, Tensor, Writer};

const TENSORS: usize = 22;
const SAMPLE: usize = 64;

fn main() -> Result<(), RecordingError> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().unwrap_or_else(|| "recording_speed".to_owned());
    let frames = words.next().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let folder = Path::new(&folder);
    if !folder.join("recording.json").exists() {
        time("writing", || write(folder, frames))?;
    }
    let mut recording = time("opening", || Recording::open(folder))?;
    let all = recording.frames();
    println!("{all} frames, {} bytes", recording.bytes());
    let stride = (all / 4000).max(1);
    for _ in 0..2 {
        time("4,000 frames spread over it", || recording.read(0, stride, 4000))?;
        time("4,000 neighbouring frames", || recording.read(all / 2, 1, 4000))?;
        time("4,000 frames, every second", || recording.read(all / 3, 2, 4000))?;
    }
    time("finding 100 steps", || (0..100).try_for_each(|at| recording.frame_at(at * 7919).map(|_| ())))?;
    time("a fingerprint", || recording.hash(all))?;
    time("looking again", || recording.refresh())?;
    println!("{:?}", recording.said());
    Ok(())
}

fn time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = work();
    println!("{what}: {:.2} ms", begin.elapsed().as_secs_f64() * 1e3);
    result
}

fn write(folder: &Path, frames: u64) -> Result<(), RecordingError> {
    let tensor = |number: usize| Tensor {
        name: format!("layers.{number}.weight"),
        shape: vec![64, 64],
        dtype: "F32".to_owned(),
        places: (0..SAMPLE).map(|place| place * 61 + number).collect(),
        rows: vec![number],
    };
    let tensors: Vec<Tensor> = (0..TENSORS).map(tensor).collect();
    let mut writer = Writer::create(folder, 0x5eed, &tensors, &Start::default())?;
    let mut measured = vec![
        Measured {
            values: vec![0.5; SAMPLE],
            statistics: Statistics { max: 1.0, mean: 0.5, norm: 32.0 },
            rows: vec![(0.9, 0.4)],
        };
        TENSORS
    ];
    for step in 0..frames {
        for (number, value) in measured.iter_mut().flat_map(|measured| &mut measured.values).enumerate() {
            *value = (number as f32 + step as f32) / 65536.0;
        }
        writer.append(step, &measured)?;
    }
    writer.finish()
}
