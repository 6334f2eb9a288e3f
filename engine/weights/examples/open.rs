//! Opens weight files and prints what they hold, how long it took, and the most memory that the process had: for the limits of
//! reading. With `--hashes` each tensor is printed with the hash of its values; with `--values` all numbers are read too, and their
//! sum is printed; with `--list` that of each tensor.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::path::Path;
use std::time::Instant;

use weightscope_weights::hash::tensor_hash;
use weightscope_weights::{Readable, Source, Tensor, open, text};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    for path in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let begin = Instant::now();
        match open(Path::new(path)) {
            Ok(source) => {
                let seconds = begin.elapsed().as_secs_f64();
                let parameters: usize = source.tensors().iter().map(Tensor::parameters).sum();
                println!(
                    "{path}: {}, {} tensors, {parameters} parameters, {seconds:.3} s",
                    source.format(),
                    source.tensors().len()
                );
                source.said().iter().for_each(|sentence| println!("  {sentence}"));
                if has("--hashes") {
                    hashes(&*source);
                }
                if has("--list") || has("--values") {
                    values(&*source, has("--list"));
                }
            }
            Err(error) => println!("refused: {error}"),
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}

fn hashes(source: &dyn Source) {
    for (at, tensor) in source.tensors().iter().enumerate() {
        let hash = tensor_hash(source, at, &|| false).unwrap_or_else(|error| error.to_string());
        println!("  {} {:?} {} {hash}", text::shown(&tensor.name), tensor.shape, tensor.element.name());
    }
}

/// Prints each tensor, or the sum of all values and the time it took.
fn values(source: &dyn Source, is_listed: bool) {
    let begin = Instant::now();
    let (mut total, mut piece) = (0.0, Vec::new());
    for (at, tensor) in source.tensors().iter().enumerate() {
        if tensor.readable != Readable::Yes {
            continue;
        }
        let mut sum = 0.0;
        for first in (0..tensor.parameters()).step_by(1 << 20) {
            let count = (tensor.parameters() - first).min(1 << 20);
            if let Err(error) = source.read(at, first, count, &mut piece) {
                println!("  {error}");
                break;
            }
            sum += piece.iter().map(|value| f64::from(*value).abs()).sum::<f64>();
        }
        if is_listed {
            println!(
                "  {} {:?} {} {sum:.9e}",
                text::shown(&tensor.name),
                tensor.shape,
                tensor.element.name()
            );
        }
        total += sum;
    }
    println!("  sum of magnitudes {total:.9e} in {:.3} s", begin.elapsed().as_secs_f64());
}
