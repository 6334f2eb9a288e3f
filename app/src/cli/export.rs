//! `export`, `views`, `levels`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::json;
use weightscope_engine::record::{Controls, ViewSpec};
use weightscope_engine::run::Control;
use weightscope_engine::store::{self, StoredRun};

use super::args::ExportArguments;
use super::{Failure, output};
use crate::exporting;
use crate::views::{self, Source, ViewOptions};

/// `export RUN_DIR --view ID|all --format …`.
pub(super) fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let run = read(&arguments.run_dir)?;
    let specs = run.experiment.method.views();
    let all = arguments.view == "all";
    let chosen: Vec<_> = specs.iter().filter(|spec| all || spec.id == arguments.view).collect();
    if chosen.is_empty() {
        let ids: Vec<&str> = specs.iter().map(|spec| spec.id.as_str()).collect();
        return Err(Failure::request(anyhow!(
            "no view \"{}\"; this run has {}",
            arguments.view,
            ids.join(", ")
        )));
    }
    let provenance = views::provenance(&run.manifest);
    let page = arguments.style.into();
    let controls = controls(&specs, &arguments.control)?.complete(&specs, &run.record);
    for spec in chosen {
        let derived = views::derived(
            &run.experiment.method,
            spec,
            &run.record,
            &controls,
            Some(&run.path),
            &Control::default(),
        )
        .map_err(Failure::run)?;
        let record = views::lay_over(&run.record, &derived);
        let source = Source { label: "", record: &record };
        let options =
            ViewOptions { controls: controls.only(&views::control_ids(spec)), ..ViewOptions::default() };
        let Some(figure) = views::figure(spec, &[source], &options, &provenance) else {
            let text = format!("the view {} has no data in this run", spec.id);
            if all {
                output::note(&format!("skipped: {text}"));
                continue;
            }
            return Err(Failure::run(anyhow!("{text}")));
        };
        let path = destination(arguments, &spec.id, all);
        exporting::write(&figure, arguments.format, page, &path).map_err(Failure::run)?;
        output::line(&path.display().to_string());
    }
    Ok(())
}

/// What was typed after `--control`.
fn controls(specs: &[ViewSpec], typed: &[String]) -> Result<Controls, Failure> {
    let mut controls = Controls::default();
    let all = || specs.iter().flat_map(|spec| &spec.controls);
    for text in typed {
        let (id, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::request(anyhow!("--control wants ID=VALUE, found \"{text}\"")))?;
        let control = all().find(|control| control.id == id).ok_or_else(|| {
            let ids: std::collections::BTreeSet<&str> = all().map(|control| control.id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            Failure::request(anyhow!("no control \"{id}\"; this run has {}", ids.join(", ")))
        })?;
        let value = control
            .parse(value)
            .ok_or_else(|| Failure::request(anyhow!("\"{value}\" is no value of the control {id}")))?;
        controls.set(id, value);
    }
    Ok(controls)
}

/// One file, or one per view in a folder.
fn destination(arguments: &ExportArguments, id: &str, all: bool) -> PathBuf {
    let name = format!("{id}.{}", arguments.format.extension());
    match (&arguments.out, all) {
        (Some(out), true) => out.join(name),
        (Some(out), false) => out.clone(),
        (None, _) => arguments.run_dir.join("figures").join(name),
    }
}

/// `views RUN_DIR`.
pub(super) fn views(path: &Path, as_json: bool) -> Result<(), Failure> {
    let run = read(path)?;
    for spec in run.experiment.method.views() {
        let drawn = !run.record.select(&spec.channels).is_empty();
        if as_json {
            output::json(
                &json!({ "id": spec.id, "title": spec.title, "kind": spec.kind, "channels": spec.channels, "has_data": drawn }),
            );
        } else {
            output::line(&format!(
                "{:<22} {}{}",
                spec.id,
                spec.title,
                if drawn { "" } else { " (no data in this run)" }
            ));
        }
    }
    Ok(())
}

/// `levels RUN_DIR --out FILE`: integer levels and scales of the newest checkpoint.
pub(super) fn levels(path: &Path, out: &Path) -> Result<(), Failure> {
    let run = read(path)?;
    let newest = store::checkpoints(path).pop().ok_or_else(|| {
        Failure::request(anyhow!("this run has no checkpoint to take levels from: {}", path.display()))
    })?;
    let checkpoint = store::read_checkpoint(&newest).map_err(Failure::run)?;
    let levels =
        run.experiment.method.levels(&checkpoint.state).ok_or_else(|| {
            Failure::request(anyhow!("this run has no quantized weights: {}", path.display()))
        })?;
    store::write_artifact(out, &levels).map_err(Failure::request)?;
    output::line(&out.display().to_string());
    Ok(())
}

fn read(path: &Path) -> Result<StoredRun, Failure> {
    let (run, warnings) = store::read_run(path).map_err(Failure::request)?;
    warnings.iter().for_each(|warning| output::note(&format!("warning: {warning}")));
    Ok(run)
}
