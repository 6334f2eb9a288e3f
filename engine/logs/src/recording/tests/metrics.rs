//! Lines of metrics: read on as they come, broken ones skipped, superseded ones taken back.

use super::{append, append_bytes, folder, refusal, sentence, start, two, written};
use crate::recording::{Line, MOST_NAMES, Metrics, Recording, Superseded};

fn line(step: u64, session: usize, values: &[(&str, f64)]) -> Line {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Line { step, time: 100.0 + step as f64, session, values }
}

fn write(path: &std::path::Path, step: u64, session: usize) {
    let text = format!(
        "{{\"step\": {step}, \"time\": {}, \"session\": {session}, \"metrics\": {{\"loss\": {step}.5}}}}\n",
        100 + step
    );
    append_bytes(&path.join("metrics.jsonl"), text.as_bytes());
}

fn steps(lines: &[Line]) -> Vec<(u64, usize)> {
    lines.iter().map(|line| (line.step, line.session)).collect()
}

#[test]
fn lines_come_once_each_in_their_order() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    let mut metrics = Recording::open(&path).unwrap().metrics();
    assert!(metrics.poll(&[]).unwrap().lines.is_empty());
    writer.metrics(1, 101.0, &[("loss", 1.5), ("\"odd\" \n name", 1e-300)]).unwrap();
    writer.metrics(2, 102.0, &[("accuracy", 0.1), ("loss", -0.0)]).unwrap();
    let batch = metrics.poll(&[]).unwrap();
    let second = line(2, 0, &[("accuracy", 0.1), ("loss", -0.0)]);
    assert_eq!(batch.lines, [line(1, 0, &[("loss", 1.5), ("\"odd\" \n name", 1e-300)]), second]);
    assert_eq!(metrics.names(), ["loss", "\"odd\" \n name", "accuracy"]);
    assert!(!batch.is_behind && batch.superseded.is_empty());
    assert!(metrics.poll(&[]).unwrap().lines.is_empty());
    assert_eq!(metrics.said(), Vec::<String>::new());
}

#[test]
fn numbers_that_are_not_finite_are_read_as_their_words() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    writer.metrics(1, 101.0, &[("a", f64::NAN), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY)]).unwrap();
    let text = std::fs::read_to_string(path.join("metrics.jsonl")).unwrap();
    assert!(text.contains("{\"a\": \"nan\", \"b\": \"inf\", \"c\": \"-inf\"}"), "{text}");
    let values = Metrics::new(&path).poll(&[]).unwrap().lines.remove(0).values;
    assert!(values[0].1.is_nan());
    assert_eq!((values[1].1, values[2].1), (f64::INFINITY, f64::NEG_INFINITY));
}

#[test]
fn a_last_line_without_its_end_waits() {
    let (_kept, path) = folder();
    written(&path, []);
    let mut metrics = Metrics::new(&path);
    let text = b"{\"step\": 1, \"time\": 101, \"session\": 0, \"metrics\": {\"loss\": 0.5}}\n";
    for byte in text {
        assert!(metrics.poll(&[]).unwrap().lines.is_empty());
        append_bytes(&path.join("metrics.jsonl"), &[*byte]);
    }
    assert_eq!(metrics.poll(&[]).unwrap().lines, [line(1, 0, &[("loss", 0.5)])]);
    assert_eq!(metrics.said(), Vec::<String>::new());
}

#[test]
fn broken_lines_are_skipped_and_the_first_is_named() {
    let (_kept, path) = folder();
    written(&path, []);
    write(&path, 1, 0);
    let broken = [
        "{\"step\": 2, \"time\": 102, \"session\": 0, \"metr",
        "{\"step\": -2, \"time\": 102, \"session\": 0, \"metrics\": {}}",
        "{\"step\": 2, \"time\": \"noon\", \"session\": 0, \"metrics\": {}}",
        "{\"step\": 2, \"time\": 1, \"session\": 0, \"metrics\": [1]}",
        "{\"step\": 2, \"time\": 1, \"session\": 99999999, \"metrics\": {}}",
        "{\"step\": 2, \"time\": 1, \"session\": 0, \"metrics\": {\"a\": NaN}}",
        "[]",
    ];
    for text in broken {
        append_bytes(&path.join("metrics.jsonl"), format!("{text}\n").as_bytes());
    }
    append_bytes(&path.join("metrics.jsonl"), b"\xff\xfe\n\n");
    write(&path, 3, 0);
    let mut metrics = Metrics::new(&path);
    assert_eq!(steps(&metrics.poll(&[]).unwrap().lines), [(1, 0), (3, 0)]);
    assert!(
        sentence(&metrics.said(), "8 lines of the metrics cannot be read").contains("the first is line 2")
    );
}

#[test]
fn values_of_other_kinds_are_left_out_and_counted() {
    let (_kept, path) = folder();
    written(&path, []);
    let text = b"{\"step\": 1, \"time\": 101, \"session\": 0, \"metrics\": {\"a\": true, \"loss\": 2, \"b\": \"high\", \"c\": [1], \"d\": null}, \"more\": 1}\n";
    append_bytes(&path.join("metrics.jsonl"), text);
    let mut metrics = Metrics::new(&path);
    assert_eq!(metrics.poll(&[]).unwrap().lines, [line(1, 0, &[("loss", 2.0)])]);
    sentence(&metrics.said(), "4 values of the metrics left out");
}

#[test]
fn names_without_end_are_left_out() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    for number in 0..MOST_NAMES as u64 + 5 {
        writer.metrics(number, 1.0, &[(&format!("name {number}"), 1.0)]).unwrap();
    }
    writer.metrics(5000, 1.0, &[(&"n".repeat(500), 1.0), ("name 3", 4.0)]).unwrap();
    let mut metrics = Metrics::new(&path);
    let lines = metrics.poll(&[]).unwrap().lines;
    assert_eq!((lines.len(), metrics.names().len()), (MOST_NAMES + 6, MOST_NAMES));
    assert_eq!(lines.last().unwrap().values, [("name 3".to_owned(), 4.0)]);
    sentence(&metrics.said(), "6 values of the metrics left out");
}

#[test]
fn what_a_later_session_supersedes_is_left_out_or_taken_back() {
    let (_kept, path) = folder();
    written(&path, []);
    let mut metrics = Metrics::new(&path);
    (1..=8).for_each(|step| write(&path, step, 0));
    let mut held = metrics.poll(&[]).unwrap().lines;
    (9..=10).for_each(|step| write(&path, step, 0));
    (5..=7).for_each(|step| write(&path, step, 1));
    let batch = metrics.poll(&[]).unwrap();
    assert_eq!(batch.superseded, [Superseded { session: 1, step: 5 }]);
    assert_eq!(steps(&batch.lines), [(5, 1), (6, 1), (7, 1)]);
    held.retain(|line| batch.keeps(line));
    assert_eq!(steps(&held), [(1, 0), (2, 0), (3, 0), (4, 0)]);
    sentence(&metrics.said(), "2 lines of the metrics left out");
    // Who reads from the beginning sees the same at once.
    let mut again = Metrics::new(&path);
    let batch = again.poll(&[]).unwrap();
    assert_eq!(steps(&batch.lines), [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (6, 1), (7, 1)]);
    assert!(batch.superseded.is_empty());
    sentence(&again.said(), "6 lines of the metrics left out");
}

#[test]
fn the_first_frame_of_a_session_supersedes_lines_too() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..=10);
    let mut recording = Recording::open(&path).unwrap();
    let mut metrics = recording.metrics();
    (1..=10).for_each(|step| write(&path, step, 0));
    let mut held = metrics.poll(recording.sessions()).unwrap().lines;
    writer.restart(&two(), &start(2000.0)).unwrap();
    append(&mut writer, &two(), 4..=9);
    recording.refresh().unwrap();
    // No line of the second session is there yet, but its frames are.
    let batch = metrics.poll(recording.sessions()).unwrap();
    assert_eq!(batch.superseded, [Superseded { session: 1, step: 4 }]);
    held.retain(|line| batch.keeps(line));
    assert_eq!(steps(&held), [(1, 0), (2, 0), (3, 0)]);
    // The line at step 8 was written each 8 steps; that of session 0 at step 5 stays superseded by the frames.
    write(&path, 8, 1);
    let batch = metrics.poll(recording.sessions()).unwrap();
    assert_eq!((steps(&batch.lines), batch.superseded.len()), (vec![(8, 1)], 0));
    let lines = recording.metrics().poll(recording.sessions()).unwrap().lines;
    assert_eq!(steps(&lines), [(1, 0), (2, 0), (3, 0), (8, 1)]);
}

#[test]
fn steps_and_clocks_that_go_back_within_a_session_are_counted() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    for (step, time) in [(1, 50.0), (2, 40.0), (2, 41.0), (1, 42.0), (3, 43.0)] {
        writer.metrics(step, time, &[("loss", 0.0)]).unwrap();
    }
    let mut metrics = Metrics::new(&path);
    let lines = metrics.poll(&[]).unwrap().lines;
    assert_eq!(steps(&lines), [(1, 0), (2, 0), (2, 0), (3, 0)]);
    sentence(&metrics.said(), "1 line of the metrics left out, because their step is smaller");
    sentence(&metrics.said(), "The clock went back within a session, at 1 line");
}

#[test]
fn long_files_come_in_pieces_and_lines_without_end_are_skipped() {
    let (_kept, path) = folder();
    written(&path, []);
    let file = path.join("metrics.jsonl");
    write(&path, 1, 0);
    append_bytes(&file, &vec![b'x'; 11 << 20]);
    append_bytes(&file, b"\n");
    let line =
        |step| format!("{{\"step\": {step}, \"time\": 1, \"session\": 0, \"metrics\": {{\"loss\": 1}}}}");
    let many = (2..80_000).map(line).chain([String::new()]).collect::<Vec<_>>().join("\n");
    append_bytes(&file, many.as_bytes());
    append_bytes(&file, &vec![b'y'; 2 << 20]);
    append_bytes(&file, b"\n");
    write(&path, 80_000, 0);
    let mut metrics = Metrics::new(&path);
    let (mut lines, mut polls) = (Vec::new(), 0);
    loop {
        let batch = metrics.poll(&[]).unwrap();
        lines.extend(batch.lines.iter().map(|line| line.step));
        polls += 1;
        if !batch.is_behind {
            break;
        }
    }
    assert_eq!(lines, (1..=80_000).collect::<Vec<_>>());
    assert!(polls >= 4, "{polls}");
    assert!(
        sentence(&metrics.said(), "2 lines of the metrics cannot be read").contains("the first is line 2")
    );
}

#[test]
fn a_file_of_metrics_that_is_cut_swapped_or_gone_is_refused() {
    let (_kept, path) = folder();
    written(&path, []);
    let file = path.join("metrics.jsonl");
    (1..=8).for_each(|step| write(&path, step, 0));
    let whole = std::fs::read(&file).unwrap();
    let mut metrics = Metrics::new(&path);
    metrics.poll(&[]).unwrap();
    std::fs::write(&file, &whole[..100]).unwrap();
    assert!(refusal(metrics.poll(&[]), &file).contains("was cut off or swapped"));
    std::fs::write(&file, vec![b'\n'; whole.len() * 2]).unwrap();
    assert!(refusal(metrics.poll(&[]), &file).contains("was swapped"));
    std::fs::remove_file(&file).unwrap();
    assert!(refusal(metrics.poll(&[]), &file).contains("no such file"));
    std::fs::write(&file, &whole).unwrap();
    write(&path, 9, 0);
    assert_eq!(steps(&metrics.poll(&[]).unwrap().lines), [(9, 0)]);
}
