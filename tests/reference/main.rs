//! Reference vectors: inputs and outputs of each method, from an implementation in double precision that was checked against the published code.
//!
//! The vectors lie in `$WEIGHTSCOPE_VECTORS`, else in `tests/vectors`: one folder per area, one JSON file per vector.
//! An area is one file beside this one, one line in [`AREAS`] and one test below.
//! Contract: a file, an area or an expected field that no test knows is a failure, and so is an empty folder.

mod block_affine;
mod compander;
mod entangled_search;
mod oscillation;
mod phases;
mod quantiles;
mod vector;
mod weight_generation;

use vector::{Area, check_everything_is_known, run_area};

/// Every area that has tests.
const AREAS: &[Area] = &[
    block_affine::AREA,
    compander::AREA,
    entangled_search::AREA,
    oscillation::AREA,
    phases::AREA,
    quantiles::AREA,
    weight_generation::AREA,
];

/// Areas that the tests of their own crate compare in full: `engine/weights/tests/vectors.rs`.
const ELSEWHERE: &[&str] = &["weights"];

#[test]
fn every_file_belongs_to_a_test() {
    check_everything_is_known(AREAS, ELSEWHERE);
}

#[test]
fn block_affine() {
    run_area(&block_affine::AREA);
}

#[test]
fn compander() {
    run_area(&compander::AREA);
}

#[test]
fn entangled_search() {
    run_area(&entangled_search::AREA);
}

#[test]
fn oscillation() {
    run_area(&oscillation::AREA);
}

#[test]
fn phases() {
    run_area(&phases::AREA);
}

#[test]
fn quantiles() {
    run_area(&quantiles::AREA);
}

#[test]
fn weight_generation() {
    run_area(&weight_generation::AREA);
}
