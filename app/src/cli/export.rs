//! `export`, `views`, `levels`, `predict`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::json;
use weightscope_engine::CATALOGUE;
use weightscope_engine::record::{Controls, Record, ViewSpec};
use weightscope_engine::run::Control;
use weightscope_engine::store::{self, StoredRun};

use super::args::ExportArguments;
use super::{Failure, events, output};
use weightscope_window::exporting::{self, Beside, Dressing, Format, Job, Unnamed};
use weightscope_window::figure::provenance::RunOrigin;
use weightscope_window::views::{self, ViewOptions, own};

/// `export RUN_DIR --view ID|all --format …`.
pub(super) fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let run = read(&arguments.run_dir)?;
    let Some(format) = arguments.format.figure() else { return events::export(arguments, &run) };
    if arguments.view.is_none() && arguments.like.is_none() {
        let ids: Vec<String> = run.experiment.method.views().into_iter().map(|view| view.id).collect();
        let text = format!("no view is named; add --view all, or one of {}", ids.join(", "));
        return Err(Failure::request(anyhow!(text)));
    }
    let all = arguments.view.as_deref() == Some("all");
    let Wanted { pages, dressing, controls } = wanted(arguments, &run)?;
    let others = arguments.with.iter().map(|folder| read(folder)).collect::<Result<Vec<_>, _>>()?;
    let (label, beside) = named(&run, &others);
    let mut provenance = views::provenance(&run.manifest);
    if others.iter().any(|other| other.manifest.id == run.manifest.id) {
        provenance.name_first(&label);
    }
    let runs = || std::iter::once(&run).chain(&others);
    let labels = std::iter::once(label.as_str()).chain(beside.iter().map(|run| run.label.as_str()));
    let told: Vec<(&str, Option<usize>)> = labels.zip(runs().map(|run| run.manifest.color)).collect();
    for mut page in pages {
        // As on the screen: colours that a person chose for the runs stand.
        for (_, options) in page.iter_mut().filter(|_| !others.is_empty()) {
            options.overlay = std::mem::take(&mut options.overlay).complete(&told);
        }
        let id = page.iter().map(|(spec, _)| spec.id.as_str()).collect::<Vec<_>>().join("+");
        let job = Job {
            experiment: run.experiment.clone(),
            record: run.record.clone(),
            folder: Some(run.path.clone()),
            label: label.clone(),
            beside: beside.clone(),
            controls: controls.clone(),
            provenance: provenance.clone(),
            views: page,
            dressing: dressing.clone(),
            page: arguments.style.into(),
        };
        let path = destination(arguments, &id, all, format);
        let figure = match job.figure() {
            Ok(figure) => figure,
            // A view may have nothing to show in this run; with all of them asked for, that is no failure.
            Err(error) if all => {
                output::note(&format!("skipped: {id}: {error:#}"));
                continue;
            }
            Err(error) => return Err(Failure::run(error)),
        };
        if let Some(remark) = figure.lacking_letters() {
            output::note(&format!("{id}: {remark}"));
        }
        let bytes = exporting::bytes(&figure, format, &job.dressing.style(job.page));
        bytes.and_then(|bytes| exporting::write(&bytes, &path)).map_err(Failure::run)?;
        output::line(&path.display().to_string());
    }
    Ok(())
}

/// What is to be drawn: the views of each page with their options, words and letters, controls.
struct Wanted {
    pages: Vec<Vec<(ViewSpec, ViewOptions)>>,
    dressing: Dressing,
    controls: Controls,
}

fn wanted(arguments: &ExportArguments, run: &StoredRun) -> Result<Wanted, Failure> {
    let mut specs = run.experiment.method.views();
    let typed = |specs: &[ViewSpec]| controls(specs, &arguments.control);
    if let Some(path) = &arguments.like {
        let figure = exporting::Like::read(path).map_err(Failure::request)?;
        if figure.lab != run.experiment.lab() {
            return Err(Failure::request(anyhow!(
                "the figure is of the lab {}, the run of {}; name a run of that lab: {}",
                figure.lab,
                run.experiment.lab(),
                path.display()
            )));
        }
        let mut page = Vec::new();
        for (id, options) in &figure.views {
            page.push((view(id, &mut specs, &run.record)?, options.clone()));
        }
        let mut controls = typed(&specs)?;
        for (id, value) in figure.views.iter().flat_map(|(_, options)| &options.controls.0) {
            if !controls.0.contains_key(id) {
                controls.set(id, value.clone());
            }
        }
        let controls = controls.complete(&specs, &run.record);
        return Ok(Wanted { pages: vec![page], dressing: figure.dressing, controls });
    }
    let id = arguments.view.as_deref().unwrap_or("all");
    let chosen = if id == "all" { specs.clone() } else { vec![view(id, &mut specs, &run.record)?] };
    let controls = typed(&specs)?.complete(&specs, &run.record);
    let pages = chosen.into_iter().map(|spec| vec![(spec, ViewOptions::default())]).collect();
    Ok(Wanted { pages, dressing: Dressing::default(), controls })
}

/// The view of that id; one of channels is made and added to those that are known.
fn view(id: &str, specs: &mut Vec<ViewSpec>, record: &Record) -> Result<ViewSpec, Failure> {
    if own::is_own(id) {
        let spec = own_view(id, specs, record)?;
        specs.push(spec);
    }
    specs.iter().find(|spec| spec.id == id).cloned().ok_or_else(|| {
        let ids: Vec<&str> = specs.iter().map(|spec| spec.id.as_str()).collect();
        Failure::request(anyhow!("no view \"{id}\"; this run has {}", ids.join(", ")))
    })
}

/// A view of channels, such as `channels:loss/train,loss/test`.
fn own_view(id: &str, lab: &[ViewSpec], record: &Record) -> Result<ViewSpec, Failure> {
    let names = own::members(id);
    let known = || record.channels().map(|channel| channel.id.as_str()).collect::<Vec<_>>().join(", ");
    match names.iter().find(|name| record.get(name).is_none()) {
        Some(name) => Err(Failure::request(anyhow!("no channel \"{name}\"; this run has {}", known()))),
        None if names.is_empty() => Err(Failure::request(anyhow!(
            "channels: wants ids with commas between them; this run has {}",
            known()
        ))),
        None => Ok(own::spec(id, lab, record)),
    }
}

/// A name for the run and the runs that were named after `--with`, no two alike, and what is drawn of them. A run whose id another has
/// too stands in the origin of the figure by its name.
fn named(run: &StoredRun, others: &[StoredRun]) -> (String, Vec<Beside>) {
    let all: Vec<&StoredRun> = std::iter::once(run).chain(others).collect();
    let unnamed: Vec<Unnamed<'_>> = all
        .iter()
        .map(|run| {
            // A name that a person gave stands in the legend.
            let own = Some(&run.manifest.name).filter(|name| !name.is_empty());
            Unnamed { id: own.unwrap_or(&run.manifest.id), folder: &run.path, experiment: &run.experiment }
        })
        .collect();
    let mut names = exporting::names_apart(&unnamed).into_iter();
    let label = names.next().unwrap_or_default();
    let is_shared = |id: &str| all.iter().filter(|run| run.manifest.id == id).count() > 1;
    let beside = others.iter().zip(names).map(|(run, label)| {
        let mut origin = RunOrigin::of(&run.manifest);
        if is_shared(&origin.id) {
            origin.name.clone_from(&label);
        }
        Beside { label, origin, record: run.record.clone(), folder: run.path.clone() }
    });
    (label, beside.collect())
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
fn destination(arguments: &ExportArguments, id: &str, all: bool, format: Format) -> PathBuf {
    let name = format!("{}.{}", own::file_name(id), format.extension());
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
        let drawn = spec.is_derived() || !run.record.select(&spec.channels).is_empty();
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
    let method = store::read_experiment(CATALOGUE, path).map_err(Failure::request)?.method;
    let levels = method.levels(path).ok_or_else(|| {
        Failure::request(anyhow!(
            "runs of the lab {} have no quantized weights; take a run of a lab that quantizes: {}",
            method.name(),
            path.display()
        ))
    })?;
    let levels = levels.map_err(Failure::request)?;
    store::write_artifact(out, &levels).map_err(Failure::request)?;
    output::line(&out.display().to_string());
    Ok(())
}

/// `predict RUN_DIR --data FILE --out FILE`.
pub(super) fn predict(run_dir: &Path, data: &Path, method: Option<&str>, out: &Path) -> Result<(), Failure> {
    let experiment = store::read_experiment(CATALOGUE, run_dir).map_err(Failure::request)?;
    let control = Control::default();
    let predictions = experiment.method.predict(run_dir, data, method, &control).map_err(Failure::request)?;
    exporting::write(&predictions.csv, out).map_err(Failure::run)?;
    predictions.warnings.iter().for_each(|warning| output::note(&format!("warning: {warning}")));
    output::line(&out.display().to_string());
    Ok(())
}

fn read(path: &Path) -> Result<StoredRun, Failure> {
    let (run, warnings) = store::read_run(CATALOGUE, path).map_err(Failure::request)?;
    warnings.iter().for_each(|warning| output::note(&format!("warning: {warning}")));
    Ok(run)
}
