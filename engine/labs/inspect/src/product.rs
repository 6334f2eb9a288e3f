//! What can be taken away: the table of tensors, and the adapter that explains a change best.

use std::path::Path;
use std::sync::Arc;

use weightscope_frame::lab::Product;
use weightscope_frame::record::{Data, Record};
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store;
use weightscope_weights::Source;
use weightscope_weights::measure::{best_factors, difference, matrix_of};
use weightscope_weights::names::match_names;
use weightscope_weights::write::{self, LowRank};

use crate::channels as ch;
use crate::config::Config;
use crate::files;

const TABLE: &str = "table";
/// Adapters by their rank.
const ADAPTERS: [(&str, usize, &str); 4] = [
    ("adapter-4", 4, "Adapter of rank 4"),
    ("adapter-8", 8, "Adapter of rank 8"),
    ("adapter-16", 16, "Adapter of rank 16"),
    ("adapter-64", 64, "Adapter of rank 64"),
];
const README: &str = "README.md";

/// What can be made of a run with these settings.
pub(crate) fn products(config: &Config) -> Vec<Product> {
    let mut all = Vec::new();
    if config.has_tensors() {
        all.push(Product {
            id: TABLE,
            label: "Table of tensors",
            about: "layers.csv: one row for each tensor with all figures, under fixed names.",
        });
    }
    if config.compares() {
        all.extend(ADAPTERS.map(|(id, _, label)| Product {
            id,
            label,
            about: "The low-rank adapter that explains the change of each matrix best, in the layout of peft, with the share of the energy that it explains.",
        }));
    }
    all
}

/// Makes one of them.
pub(crate) fn produce(
    config: &Config,
    id: &str,
    run: &Path,
    out: &Path,
    control: &Control,
) -> Result<(), RunError> {
    if let Some((_, rank, _)) = ADAPTERS.into_iter().find(|(known, ..)| *known == id) {
        let (record, _) = store::read_record(run)?;
        return adapter(config, &record, rank, out, control);
    }
    let (record, _) = store::read_record(run)?;
    let Some(Data::Table(tables)) = record.get(ch::LAYERS.id()).map(|channel| &channel.data) else {
        return Err(RunError::setting("product", "the run has no table of tensors; run it to its end"));
    };
    store::new_folder(out)?;
    let table = tables.last().map(|(_, table)| table.csv()).unwrap_or_default();
    write_file(&out.join("layers.csv"), &table)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    Ok(store::write_atomically(path, "the product", |out| out.write_all(bytes))?)
}

/// The best factors of the change of each matrix that changed.
fn adapter(
    config: &Config,
    record: &Record,
    rank: usize,
    out: &Path,
    control: &Control,
) -> Result<(), RunError> {
    let failed = |error: weightscope_weights::WeightsError| RunError::setting("product", error.to_string());
    let before: Arc<dyn Source> = files::open_at("model", &config.model)?;
    let after = files::open_against(config, &before)?;
    // The adapter is of the files that the run compared, not of what lies there now.
    for (key, source, held) in [
        ("model", &before, files::recorded_state(record)),
        ("against", &after, files::recorded_second(record)),
    ] {
        if held.is_some_and(|held| held != files::state_of(source.as_ref())) {
            let place = if key == "model" { &config.model } else { &config.against };
            let text = format!("the file has changed since the run; compare again: {place}");
            return Err(RunError::setting(key, text));
        }
    }
    let chosen = files::chosen(before.as_ref(), &config.select);
    let matches = match_names(before.tensors(), after.tensors());
    let mut made = Vec::new();
    let (mut lines, mut left_out) = (Vec::new(), Vec::new());
    for pair in matches.pairs.iter().filter(|pair| chosen.contains(&pair.left)) {
        let Some(tensor) = before.tensors().get(pair.left).filter(|tensor| tensor.matrix().is_some()) else {
            continue;
        };
        if !tensor.element.is_floating() {
            continue;
        }
        let check = || Ok(control.check()?);
        let (old, new) = (
            files::whole(before.as_ref(), pair.left, check)?,
            files::whole(after.as_ref(), pair.right, check)?,
        );
        let delta = difference(&old, &new);
        if delta.iter().all(|value| *value == 0.0) {
            continue;
        }
        // An adapter changes whole modules: a matrix that is no module's weight has no place in it.
        if !tensor.name.ends_with(".weight") {
            left_out.push(tensor.name.clone());
            continue;
        }
        let shape = matrix_of(&tensor.shape);
        let factors = best_factors(&delta, shape, rank, 0, &mut || control.check().is_ok())
            .map_err(|error| RunError::setting("product", format!("{}: {error}", tensor.name)))?;
        control.check()?;
        lines.push(format!("| {} | {} | {:.6} |", tensor.name, factors.rank, factors.explained));
        made.push((tensor.name.clone(), tensor.shape.clone(), factors));
    }
    if made.is_empty() {
        return Err(RunError::setting(
            "product",
            if left_out.is_empty() {
                "no matrix changed between the two files; there is nothing to make an adapter of".to_owned()
            } else {
                format!(
                    "an adapter changes the weights of modules, and none of the changed matrices is named NAME.weight: {}",
                    left_out.join(", ")
                )
            },
        ));
    }
    let parts: Vec<LowRank<'_>> = made
        .iter()
        .map(|(name, shape, factors)| LowRank {
            base: name,
            shape,
            rank: factors.rank,
            b: &factors.b,
            a: &factors.a,
        })
        .collect();
    write::adapter(out, Some(&config.model), &parts).map_err(failed)?;
    let text = format!(
        "# Adapter of rank {rank}\n\nThe factors B·A that explain the change from `{}` to `{}` best, matrix by matrix (leading singular vectors). Changes of vectors are not part of it.{}\n\n| matrix | rank | share of the energy |\n|---|---|---|\n{}\n",
        config.model,
        config.against,
        left_out_words(&left_out),
        lines.join("\n")
    );
    write_file(&out.join(README), text.as_bytes())
}

/// A sentence on changed matrices that have no place in an adapter.
fn left_out_words(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(
        " **Left out**, because they changed and are no module's weight (`NAME.weight`): {}.",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    )
}
