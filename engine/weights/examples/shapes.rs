//! How much time and memory the figures of one tensor of 75 million values (300 MB) take in odd shapes, read from a file in pieces of a
//! megavalue: `cargo run -p weightscope-weights --features kit --example shapes -- FOLDER SHAPE`, with SHAPE `1d`, `1xn`, `nx1`, `2xn`,
//! `nx2` or `square`; the file in FOLDER is made when it is not there. Each figure's time stands by itself, with the peak so far.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "run by hand, its output is the report")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use weightscope_math::linalg::spectrum::Spectrum;
use weightscope_math::stream;
use weightscope_weights::measure::{
    ChangePass, FirstPass, Maxima, Picture, QuantizationPass, Scale, Settings, matrix_of,
};
use weightscope_weights::{Element, Source, open};

const COUNT: usize = 75_000_000;
const PIECE: usize = 1 << 20;

fn main() {
    let mut words = std::env::args().skip(1);
    let (folder, word) = (PathBuf::from(words.next().unwrap()), words.next().unwrap());
    let shape = match word.as_str() {
        "1d" => vec![COUNT],
        "1xn" => vec![1, COUNT],
        "nx1" => vec![COUNT, 1],
        "2xn" => vec![2, COUNT / 2],
        "nx2" => vec![COUNT / 2, 2],
        _ => vec![7500, 10_000],
    };
    let path = folder.join(format!("{word}.safetensors"));
    if !path.is_file() {
        write(&path, &shape);
    }
    let source = open(&path).unwrap();
    let (rows, columns) = matrix_of(&shape);
    let begun = Instant::now();
    let mut first = FirstPass::default();
    timed("moments", || pieces(source.as_ref(), |piece| first.push(piece)));
    let mut second = first.finish(Settings::default());
    timed("counts", || pieces(source.as_ref(), |piece| second.push(piece)));
    let statistics = second.finish();
    let (largest, mean) = (statistics.largest_magnitude(), statistics.mean_magnitude);
    let mut quantized = QuantizationPass::of_matrix((rows, columns), largest, mean, Scale::Max);
    timed("quantization", || pieces(source.as_ref(), |piece| quantized.push(piece)));
    let quantized = quantized.finish();
    let mut maxima = Maxima::new(rows, columns);
    timed("maxima", || {
        pieces(source.as_ref(), |piece| maxima.push(piece));
        let (by_row, by_column) = maxima.over_median();
        eprintln!("  {} rows and {} columns told", by_row.len(), by_column.len());
    });
    eprintln!(
        "statistics in all: {:.1?}, {:.2} s of the processor, {} MB",
        begun.elapsed(),
        processor(),
        peak()
    );
    drop((quantized, maxima));
    let mut change = ChangePass::new(rows, columns, (Element::F32, Element::F32));
    let mut picture = Picture::new(rows, columns);
    timed("change", || {
        pieces(source.as_ref(), |piece| {
            let after: Vec<f32> = piece.iter().map(|value| value * 1.01 + 1e-3).collect();
            change.push(piece, &after);
        });
    });
    timed("picture", || pieces(source.as_ref(), |piece| picture.push(piece)));
    drop((change.finish(), picture));
    if rows.min(columns) <= 2 {
        let mut all = Vec::with_capacity(COUNT);
        pieces(source.as_ref(), |piece| all.extend_from_slice(piece));
        timed("spectrum of the whole matrix", || {
            let spectrum = Spectrum::of(&all, rows, columns, &mut || true).unwrap();
            eprintln!("  {:?}", spectrum.singular_values);
        });
    }
}

fn timed(what: &str, work: impl FnOnce()) {
    let (begun, before) = (Instant::now(), processor());
    work();
    let (took, used) = (begun.elapsed(), processor() - before);
    eprintln!("{what}: {took:.2?}, {used:.2} s of the processor, peak {} MB", peak());
}

fn pieces(source: &dyn Source, mut take: impl FnMut(&[f32])) {
    let mut values = Vec::new();
    for first in (0..COUNT).step_by(PIECE) {
        source.read(0, first, PIECE.min(COUNT - first), &mut values).unwrap();
        take(&values);
    }
}

/// Seconds that the processor worked for this process, which others do not lengthen; 0 where the system does not tell.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().map(|rest| rest.split_whitespace().skip(11).take(2));
    ticks.into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that the process had so far, in megabytes; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn write(path: &Path, shape: &[usize]) {
    let header =
        format!("{{\"w\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[0,{}]}}}}", COUNT * 4);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let (mut numbers, mut values) = (stream(1, "shapes"), vec![0.0_f32; 75_000]);
    for _ in 0..COUNT / values.len() {
        numbers.fill_normal(&mut values);
        let bytes: Vec<u8> = values.iter().flat_map(|value| (value * 0.02).to_le_bytes()).collect();
        file.write_all(&bytes).unwrap();
    }
    file.flush().unwrap();
}
