//! Tests of whole files: made by the kit, opened, and read back.

mod damage;
mod folders;
mod kinds;
mod numpy;
mod safetensors;
mod tied;
mod torch;

use std::path::Path;

use crate::source::{Readable, Source};

/// All values of the tensor of this name, read in pieces of 7 and whole, which must be the same.
pub(crate) fn read(source: &dyn Source, name: &str) -> Vec<f32> {
    let at = source.tensors().iter().position(|tensor| tensor.name == name).unwrap_or_else(|| {
        panic!("no {name} in {:?}", source.tensors().iter().map(|t| &t.name).collect::<Vec<_>>())
    });
    let count = source.tensors()[at].parameters();
    let mut whole = Vec::new();
    source.read(at, 0, count, &mut whole).unwrap();
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    for first in (0..count).step_by(7) {
        source.read(at, first, 7.min(count - first), &mut piece).unwrap();
        pieces.extend_from_slice(&piece);
    }
    assert_eq!(bits(&whole), bits(&pieces), "{name} read in pieces");
    assert!(source.read(at, count, 1, &mut piece).is_err(), "{name} beyond its end");
    whole
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Why the tensor of this name cannot be read.
pub(crate) fn reason(source: &dyn Source, name: &str) -> String {
    let at = source.tensors().iter().position(|tensor| tensor.name == name).unwrap();
    let Readable::No(reason) = &source.tensors()[at].readable else { panic!("{name} is readable") };
    let error = source.read(at, 0, 1, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains(reason.as_str()), "{error}");
    reason.clone()
}

/// The sentence with which opening is refused; it must end with the path.
pub(crate) fn refusal(path: &Path) -> String {
    let Err(error) = crate::open(path) else { panic!("{} opens", path.display()) };
    let text = error.to_string();
    assert!(text.ends_with(&crate::text::shown_path(path)), "{text}");
    text
}

pub(crate) fn names(source: &dyn Source) -> Vec<&str> {
    source.tensors().iter().map(|tensor| tensor.name.as_str()).collect()
}

/// Far beyond the limit of two seconds, which the example `limits` measures: only a reader that reads everything takes so long.
pub(crate) const RUNAWAY_SECONDS: f64 = 30.0;

/// Opens a file three times and gives the shortest time, because other tests run beside this one.
pub(crate) fn opened_soon(path: &Path) -> (Box<dyn Source>, f64) {
    let mut shortest = f64::INFINITY;
    for _ in 0..2 {
        let begin = std::time::Instant::now();
        crate::open(path).unwrap();
        shortest = shortest.min(begin.elapsed().as_secs_f64());
    }
    let begin = std::time::Instant::now();
    let source = crate::open(path).unwrap();
    (source, shortest.min(begin.elapsed().as_secs_f64()))
}
