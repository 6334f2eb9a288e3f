//! How long a million scalars take to be written to an event file and read back: `cargo run -p weightscope-logs --example events_speed`.
//!
//! The limit of reading is two seconds; a machine that is busy with something else misses it.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "run by hand, its output is the report")]

use std::time::Instant;

use weightscope_logs::events::{Folder, Reader, What, Writer, file_name};

const EVENTS: i64 = 1_000_000;
const TAGS: [&str; 5] = ["loss/train", "loss/test", "accuracy/train", "accuracy/test", "learning_rate"];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file_name(1_700_000_000, "speed", 0));
    let begin = Instant::now();
    let mut writer = Writer::create(&path, 1.7e9).unwrap();
    for event in 0..EVENTS {
        let tag = TAGS[event as usize % TAGS.len()];
        writer.scalar(1.7e9 + event as f64, event / TAGS.len() as i64, tag, event as f64).unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len() as f64;
    eprintln!("{EVENTS} scalars, {:.1} MB: written in {:.2} s", bytes / 1e6, begin.elapsed().as_secs_f64());

    let begin = Instant::now();
    let (mut reader, mut sum) = (Reader::open(&path).unwrap(), 0.0);
    while reader.has_more() {
        for entry in reader.poll().unwrap() {
            if let What::Scalar { value, .. } = entry.what {
                sum += value;
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(sum, (EVENTS * (EVENTS - 1) / 2) as f64);
    eprintln!("read as a file in {seconds:.2} s (limit 2 s)");

    let begin = Instant::now();
    let (mut followed, mut count) = (Folder::open(folder.path()).unwrap(), 0);
    while followed.has_more() {
        count += followed.poll().unwrap().iter().map(|batch| batch.entries.len()).sum::<usize>();
    }
    assert_eq!(count as i64, EVENTS + 1);
    eprintln!("read as a folder in {:.2} s (limit 2 s)", begin.elapsed().as_secs_f64());
}
