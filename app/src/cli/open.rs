//! `weightscope LAB FILE`: a lab that takes files of one's own looks at one, with its table as CSV or Parquet if it is asked for.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Parser;
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::{Experiment, Mark, Problem, check, opened};
use weightscope_engine::record::{Data, Table};
use weightscope_engine::run::{self, Place, RunRequest};

use super::args::Report;
use super::progress::Terminal;
use super::run::{before_start, finish, interruptible};
use super::{Failure, load, output, parquet};

/// Keys of settings with their values as typed.
type Settings = Vec<(String, String)>;
/// Options that are no settings.
const OWN: [&str; 6] = ["table", "out", "json", "quiet", "help", "version"];

/// Looks at a file of one's own: a weight file, a folder of checkpoints, a recording, event files.
#[derive(Debug, Parser)]
#[command(name = "weightscope LAB", disable_help_subcommand = true)]
struct Arguments {
    /// The file or folder
    file: PathBuf,
    /// Write the lab's table there; the ending (.csv or .parquet) decides the format
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Keep the run in this folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to report
    #[command(flatten)]
    report: Report,
}

/// Carries the words out: the lab's name, the file, options, settings.
pub(super) fn open(words: &[String]) -> Result<(), Failure> {
    let (lab, rest) = words.split_first().map_or(("", &[] as &[String]), |(lab, rest)| (lab.as_str(), rest));
    let known = CATALOGUE.method(lab);
    let Some((table, method)) = known.and_then(|method| Some((method.table()?, method))) else {
        let takers = CATALOGUE.methods().filter(|method| method.table().is_some());
        let takers: Vec<&str> = takers.map(|method| method.name()).collect();
        return Err(Failure::request(anyhow!(
            "\"{lab}\" is no command; `weightscope --help` lists them, and `weightscope {} FILE` looks at a file of one's own",
            takers.join(" FILE`, `")
        )));
    };
    let defaults = Experiment::new(method);
    let (settings, others) = split(&defaults, rest)?;
    let typed = std::iter::once(format!("weightscope {lab}")).chain(others);
    let arguments = match Arguments::try_parse_from(typed) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            // The word "error" is put before every error.
            let text = error.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            return Err(Failure::request(anyhow!("{}", text.trim_end())));
        }
        Err(help) => {
            output::line(help.to_string().trim_end());
            output::line(&settings_help(&defaults));
            return Ok(());
        }
    };
    let experiment = experiment_of(defaults, lab, &arguments.file, &settings)?;
    let origin = format!("{lab} {}", arguments.file.display());
    let place = arguments.out.clone().map_or(Place::Memory, Place::New);
    if let Some(path) = &arguments.table {
        format_of(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let text = format!("there is no folder for the table; make it first: {}", folder.display());
            return Err(Failure::request(anyhow!(text)));
        }
    }
    let request = RunRequest { experiment, asked: None, origin, place };
    let report = arguments.report;
    let outcome = run::run(&request, &mut Terminal::new(report), &interruptible()).map_err(before_start)?;
    if let Some(path) = &arguments.table {
        let Some(Data::Table(tables)) = outcome.record.get(table).map(|channel| &channel.data) else {
            return Err(Failure::run(anyhow!("the run made no table: {}", path.display())));
        };
        let nothing = Table::default();
        write(tables.last().map_or(&nothing, |(_, table)| table), path)?;
    }
    if outcome.folder.is_none() {
        report_results(&outcome, report);
    }
    finish(&outcome, report)
}

/// The settings of the lab as options, each with its sentence.
fn settings_help(defaults: &Experiment) -> String {
    let line = |(field, value): &(weightscope_engine::experiment::Field, _)| {
        format!("  --{} <VALUE>  {} [default: {value}]", field.key, field.help)
    };
    let lines: Vec<String> = defaults.settings().iter().map(line).collect();
    format!("\nSettings:\n{}", lines.join("\n"))
}

/// Takes `--KEY VALUE` and `--KEY=VALUE` of the lab's settings out of the words; a beginning of a key that fits one alone will do.
fn split(defaults: &Experiment, words: &[String]) -> Result<(Settings, Vec<String>), Failure> {
    let keys: Vec<&str> = defaults.settings().into_iter().map(|(field, _)| field.key).collect();
    let key_of = |word: &str| {
        let word = word.replace('-', "_");
        if keys.contains(&word.as_str()) {
            return Some(word);
        }
        let mut fitting = keys.iter().filter(|key| key.starts_with(&word));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) if word.len() >= 4 => Some((*key).to_owned()),
            _ => None,
        }
    };
    let (mut settings, mut others) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix("--").filter(|option| !option.is_empty()) else {
            others.push(word.clone());
            continue;
        };
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        if OWN.contains(&name) {
            others.push(word.clone());
            continue;
        }
        let Some(key) = key_of(name) else {
            return Err(Failure::request(anyhow!(
                "--{name} is no option; there are --table, --out, --json, --quiet, and one for each setting: {}",
                keys.join(", ")
            )));
        };
        let value = match value {
            Some(value) => value.to_owned(),
            None => {
                words.next().cloned().ok_or_else(|| Failure::request(anyhow!("--{name} needs a value")))?
            }
        };
        settings.push((key, value));
    }
    Ok((settings, others))
}

/// The experiment that looks at the file, with the settings that were typed.
fn experiment_of(
    defaults: Experiment,
    lab: &str,
    file: &Path,
    settings: &[(String, String)],
) -> Result<Experiment, Failure> {
    let name = file.display().to_string();
    let found = opened(CATALOGUE, None, file, false).into_iter().map(|(experiment, _)| experiment);
    let mut experiment = if let Some(experiment) =
        found.into_iter().find(|experiment| experiment.lab() == lab)
    {
        experiment
    } else {
        // What is wrong with the file is then said by whoever opens it.
        let mut experiment = defaults;
        experiment.set_marked(Mark::DataSet, &name).map_err(|problem| load::refused(&name, &[problem]))?;
        experiment
    };
    let mut problems = Vec::new();
    for (key, value) in settings {
        problems.extend(experiment.set_typed(key, value).err());
    }
    problems.extend(check(&experiment));
    if problems.iter().any(Problem::is_error) {
        return Err(load::refused(&name, &problems));
    }
    problems.iter().for_each(|problem| output::note(&format!("warning: {problem}")));
    Ok(experiment)
}

/// Formats of tables.
#[derive(Clone, Copy)]
enum TableFormat {
    Csv,
    Parquet,
}

fn format_of(path: &Path) -> Result<TableFormat, Failure> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "csv" => Ok(TableFormat::Csv),
        "parquet" => Ok(TableFormat::Parquet),
        _ => Err(Failure::request(anyhow!(
            "a table is written as .csv or .parquet; give the file one of these endings: {}",
            path.display()
        ))),
    }
}

fn write(table: &Table, path: &Path) -> Result<(), Failure> {
    let written = match format_of(path)? {
        TableFormat::Csv => write_csv(table, path),
        TableFormat::Parquet => std::fs::write(path, parquet::bytes(table).map_err(Failure::run)?),
    };
    written.map_err(|error| {
        Failure::run(anyhow!(
            "the table cannot be written ({error}); check folder and rights: {}",
            path.display()
        ))
    })
}

/// Line by line: the table of a large model is tens of megabytes.
fn write_csv(table: &Table, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for line in table.csv_lines() {
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

/// Final figures of a run that is not kept.
fn report_results(outcome: &run::Outcome, report: Report) {
    if report.json {
        output::json(&serde_json::json!({
            "event": "results", "status": outcome.status.word(), "results": outcome.results
        }));
    } else {
        outcome.results.iter().for_each(|(name, value)| output::line(&format!("{name} = {value}")));
    }
}
