//! `export --format events`: all numbers and histograms of a run as a TensorBoard event file.
//!
//! Scalars come from the metric stream, with the second at which each was recorded; histograms, which the stream does not hold, from the
//! record, with the second of the last scalar of their step. Values are those of the run, rounded to single precision by the format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weightscope_engine::record::Data;
use weightscope_engine::store::{self, StoredRun};
use weightscope_logs::events::{Writer, file_name};

use super::args::ExportArguments;
use super::{Failure, output};

/// Writes the file into a folder of its own beside the figures, or into the folder that is named: TensorBoard reads folders.
pub(super) fn export(arguments: &ExportArguments, run: &StoredRun) -> Result<(), Failure> {
    if arguments.view.as_deref().is_some_and(|view| view != "all") || arguments.like.is_some() {
        let text = "event files hold a whole run, not one view; leave --view and --like away";
        return Err(Failure::request(anyhow!(text)));
    }
    let manifest = &run.manifest;
    let started = OffsetDateTime::parse(&manifest.started, &Rfc3339)
        .map_err(|error| Failure::run(anyhow!("the start of the run cannot be read: {error}")))?
        .unix_timestamp();
    let folder = arguments.out.clone().unwrap_or_else(|| run.path.join("figures").join("events"));
    let path = free_path(&folder, started.unsigned_abs(), &manifest.host)?;
    write(run, &path, started as f64).map_err(Failure::run)?;
    output::line(&path.display().to_string());
    Ok(())
}

/// A name in the folder that is not taken.
fn free_path(folder: &Path, started: u64, host: &str) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let text = format!("the folder cannot be made: {error}; choose another place: {}", folder.display());
        Failure::run(anyhow!(text))
    })?;
    let host = if host.is_empty() { "weightscope" } else { host };
    let mut names = (0..1000).map(|number| folder.join(file_name(started, host, number)));
    names.find(|path| !path.exists()).ok_or_else(|| {
        let text = format!("the folder holds 1,000 exports of this run; empty it: {}", folder.display());
        Failure::request(anyhow!(text))
    })
}

fn write(run: &StoredRun, path: &Path, started: f64) -> anyhow::Result<()> {
    let mut writer = Writer::create(path, started)?;
    let mut seconds: BTreeMap<u64, f64> = BTreeMap::new();
    for row in store::read_metrics(&run.path)? {
        seconds.insert(row.step, row.seconds);
        writer.scalar(started + row.seconds, step_of(row.step), &row.channel, row.value)?;
    }
    for channel in run.record.channels() {
        let Data::Histogram(histograms) = &channel.data else { continue };
        for (step, counts) in histograms.counts.iter() {
            let at = seconds.range(..=step).next_back().map_or(0.0, |(_, seconds)| *seconds);
            let counts: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
            writer.histogram(started + at, step_of(step), &channel.id, &histograms.edges, &counts)?;
        }
    }
    writer.finish()?;
    Ok(())
}

fn step_of(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
