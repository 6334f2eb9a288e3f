//! The command line: the same engine as the window, for scripts.
//!
//! Contract: exit codes 0 done, 1 the run failed, 2 the request was wrong, 130 cancelled; of `sweep run` also 75, not now: the task is in
//! work elsewhere, or saved because its time was up. With `--json` standard output holds
//! one JSON object per line and nothing else; messages and progress go to standard error.

mod args;
mod cluster;
mod data;
mod events;
mod export;
mod list;
mod load;
mod open;
mod output;
mod pack;
mod parquet;
mod produce;
mod progress;
mod recorder;
mod run;
mod sweep;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::run::{Resuming, default_runs_folder};

use args::{Arguments, Command, DataCommand};

/// Why a command ended badly, with its exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request was wrong.
    Request(anyhow::Error),
    /// The run failed.
    Run(anyhow::Error),
    /// Not now: the same command does it later.
    Later(anyhow::Error),
    /// The person cancelled.
    Cancelled,
}

impl Failure {
    /// A wrong request.
    pub(crate) fn request(error: impl Into<anyhow::Error>) -> Self {
        Self::Request(error.into())
    }

    /// A failed run.
    pub(crate) fn run(error: impl Into<anyhow::Error>) -> Self {
        Self::Run(error.into())
    }
}

/// Parses the command line, carries it out, reports.
pub(crate) fn main() -> ExitCode {
    let takers = CATALOGUE.methods().filter(|method| method.table().is_some());
    let takers: Vec<String> = takers
        .map(|method| format!("  weightscope {} FILE  {}", method.name(), method.about().claim))
        .collect();
    let command = Arguments::command().after_help(format!("Files of one's own:\n{}", takers.join("\n")));
    let parsed = command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap writes help and version to standard output, mistakes to standard error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let quiet = match &arguments.command {
        Some(Command::Run(run)) => run.report.quiet,
        Some(Command::Fork(fork)) => fork.report.quiet,
        Some(Command::Resume { report, .. } | Command::Verify { report, .. }) => report.quiet,
        Some(Command::Sweep { command }) => command.is_quiet(),
        Some(Command::Open(words)) => words.iter().any(|word| word == "--quiet"),
        _ => false,
    };
    output::start_log(quiet);
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Request(error)) => {
            output::error(&error);
            ExitCode::from(2)
        }
        Err(Failure::Run(error)) => {
            output::error(&error);
            ExitCode::from(1)
        }
        Err(Failure::Later(error)) => {
            output::error(&error);
            // EX_TEMPFAIL of sysexits.h.
            ExitCode::from(75)
        }
        Err(Failure::Cancelled) => ExitCode::from(130),
    }
}

/// Opens the window.
#[cfg(feature = "window")]
fn window(runs: &std::path::Path) -> Result<(), Failure> {
    weightscope_window::window::open(CATALOGUE, runs).map_err(Failure::run)
}

/// Says that there is none.
#[cfg(not(feature = "window"))]
fn window(_runs: &std::path::Path) -> Result<(), Failure> {
    Err(Failure::request(anyhow::anyhow!(
        "this program was built without its window; weightscope --help lists what it does without one, such as weightscope run oscillation/quick"
    )))
}

fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let runs = arguments.runs.unwrap_or_else(default_runs_folder);
    match arguments.command {
        None => window(&runs),
        Some(Command::List { what, json }) => {
            list::list(what, json, &runs);
            Ok(())
        }
        Some(Command::Check { experiment, json }) => list::check(&experiment, json),
        Some(Command::Run(arguments)) => run::run(&arguments, &runs),
        Some(Command::Resume { run_dir, data, accept_changed_data, report }) => {
            run::resume(&run_dir, &Resuming { data, accept_changed_data }, report)
        }
        Some(Command::Fork(arguments)) => run::fork(&arguments, &runs),
        Some(Command::Card { run_dir }) => run::card(&run_dir),
        Some(Command::Verify { run_dir, files: true, report }) => run::verify_files(&run_dir, report),
        Some(Command::Verify { run_dir, report, .. }) => run::verify(&run_dir, report),
        Some(Command::Pack(arguments)) => pack::pack(&arguments),
        Some(Command::Unpack { file, data }) => pack::unpack(&file, data.as_deref(), &runs),
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Views { run_dir, json }) => export::views(&run_dir, json),
        Some(Command::Predict { run_dir, data, method, out }) => {
            export::predict(&run_dir, &data, method.as_deref(), &out)
        }
        Some(Command::Produce { run_dir, product, out }) => {
            produce::produce(&run_dir, product.as_deref(), out.as_deref())
        }
        Some(Command::Sweep { command }) => cluster::sweep(command),
        Some(Command::Levels { run_dir, out }) => export::levels(&run_dir, &out),
        Some(Command::Data { command: DataCommand::List { json } }) => {
            data::list(json);
            Ok(())
        }
        Some(Command::Data { command: DataCommand::Get { name } }) => data::get(&name),
        Some(Command::Recorder { out }) => recorder::recorder(out.as_deref()),
        Some(Command::Open(words)) => open::open(&words),
    }
}
