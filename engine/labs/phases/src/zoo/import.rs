//! A zoo from disk as a grid: settings and metrics of each model; what its files lack is computed from its weights where that can be.
//!
//! Models that cannot be read are named with the reason and left out; the rest is drawn.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::measure;
use super::model::{self, Model};
use crate::config::Config;
use crate::method::phase::{Phase, classify};
use crate::metric::{Metric, Values};
use crate::metrics;
use crate::plan::{Cell, Knobs, Place, Plan};
use crate::run::pictures::Pictures;
use crate::run::state::Shared;
use crate::run::{Run, files, results, tables};
use weightscope_frame::lab::Stage;
use weightscope_frame::run::RunError;
use weightscope_frame::store::StoreError;

/// The stages.
pub(super) const READING: &str = "reading the zoo";
pub(super) const MEASURING: &str = "measuring";

/// Reads one of the settings.
type Knob = fn(&Knobs) -> f64;

/// Models that cannot be read are named one by one up to here.
const MOST_NAMED: u64 = 50;

/// The models of a zoo as a grid.
pub(crate) struct ZooGrid {
    /// The cells with their axes.
    pub(super) plan: Plan,
    /// The models of each cell, by seed.
    pub(super) cells: Vec<Vec<Model>>,
    /// The metrics of each cell as the files have them.
    pub(super) values: Vec<Values>,
}

impl ZooGrid {
    fn new(models: Vec<Model>) -> Self {
        let (plan, cells) = arrange(models);
        let values = cells.iter().map(|models| of_cell(models)).collect();
        Self { plan, cells, values }
    }

    /// The phase of each cell by these metrics.
    fn phases(&self, config: &Config, values: &[Values]) -> Vec<Phase> {
        let thresholds = config.thresholds();
        let of = |(values, models): (&Values, &Vec<Model>)| {
            let diverged = models.iter().any(|model| model.diverged);
            if diverged { Phase::Diverged } else { classify(&values.for_rule(), &thresholds) }
        };
        values.iter().zip(&self.cells).map(of).collect()
    }
}

/// The folders of the models of the settings' zoo, by name.
pub(crate) fn folders(config: &Config) -> Result<Vec<PathBuf>, RunError> {
    let root = root(config);
    let entries = fs::read_dir(&root).map_err(|error| StoreError::io("the zoo", &root, error))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn root(config: &Config) -> PathBuf {
    PathBuf::from(config.zoo_folder.trim())
}

/// Reading, and measuring what the files lack if the settings ask for it; how much that is, reading tells.
pub(crate) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    let mut stages = vec![Stage::whole(READING, shared.models.len() as u64, read)];
    if config.measure_missing {
        stages.push(Stage::whole(MEASURING, 0, measure::missing));
    }
    stages
}

/// Reads all models, one step each. A run that goes on reads them again; steps that were done stay done.
fn read(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let (done, mut left_out) = (run.step(), 0_u64);
    let mut found = Vec::new();
    for (index, folder) in run.shared.models.iter().enumerate() {
        let is_fresh = index as u64 >= done;
        if is_fresh {
            run.begin_step(0.0)?;
        } else {
            run.check()?;
        }
        match model::read(folder) {
            Ok(model) => found.push(model),
            Err(why) => {
                left_out += 1;
                if left_out <= MOST_NAMED {
                    run.warn(&format!("a model is left out: {why}: {}", folder.display()));
                }
            }
        }
        if is_fresh {
            run.end_step()?;
        }
    }
    if left_out > MOST_NAMED {
        run.warn(&format!("{} further models are left out", left_out - MOST_NAMED));
    }
    if found.is_empty() {
        return Err(no_model(root(run.settings), ""));
    }
    let count = found.len();
    let grid = Arc::new(ZooGrid::new(found));
    run.state.book.fit(&grid.plan);
    show(run, &grid, &grid.values);
    let zoo = run.state.zoo()?;
    (zoo.left_out, zoo.read, zoo.grid) = (left_out, count, Some(grid));
    Ok(())
}

/// Records the pictures of the cells, and returns their phases.
fn show(run: &mut Run<'_, '_>, grid: &ZooGrid, values: &[Values]) -> Vec<Phase> {
    let phases = grid.phases(run.settings, values);
    let known: Vec<Option<Phase>> = phases.iter().copied().map(Some).collect();
    Pictures::of_values(&grid.plan, values, &known).show(run.context);
    phases
}

/// The grid with what was measured, its tables and final figures.
pub(crate) fn finish(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let grid = run.state.zoo_grid()?;
    let mut values = grid.values.clone();
    for (cell, values) in values.iter_mut().enumerate() {
        values.complete(&run.state.book.values(run.settings, cell));
    }
    let phases = show(run, &grid, &values);
    let (config, book) = (run.settings, &run.state.book);
    tables::show_values(run.context, config, &grid.plan, book, &values, &phases);
    let counts: Vec<usize> = grid.cells.iter().map(Vec::len).collect();
    let text = files::grid_text(config, &grid.plan, &counts, &values, &phases);
    run.context.write_file(files::GRID, text.as_bytes())?;
    let measured = book.networks.iter().flatten().count();
    let zoo = run.state.zoo()?;
    run.context.result(&metrics::MODELS_READ, zoo.read as f64);
    run.context.result(&metrics::MODELS_LEFT_OUT, zoo.left_out as f64);
    run.context.result(&metrics::MODELS_MEASURED, measured as f64);
    results::count(run.context, &phases);
    Ok(())
}

/// Looks whether the folder of the settings holds a model that can be read.
pub(crate) fn open(config: &Config) -> Result<(), RunError> {
    let mut example = String::new();
    for folder in folders(config)? {
        match model::read(&folder) {
            Ok(_) => return Ok(()),
            Err(why) if example.is_empty() => {
                let name = folder.file_name().unwrap_or(folder.as_os_str());
                example = format!("; {}: {why}", name.display());
            }
            Err(_) => {}
        }
    }
    Err(no_model(root(config), &example))
}

/// The refusal of a folder without models, with why the first of its folders is none.
fn no_model(root: PathBuf, example: &str) -> RunError {
    RunError::Store(StoreError::Damaged {
        what: "the zoo",
        why: format!("no folder in it holds a model with params.json and result.json{example}"),
        advice: "choose the folder that holds the models' folders",
        path: root,
    })
}

/// The models of one cell of the zoo, by seed.
pub(crate) fn models_at(config: &Config, at: Place) -> Result<Vec<Model>, RunError> {
    let found: Vec<Model> = folders(config)?
        .into_iter()
        .filter_map(|folder| {
            let (params, knobs) = model::settings(&folder).ok()?;
            let values = Values::default();
            Some(Model { folder, params, knobs, values, cell: None, curvature_known: false, diverged: false })
        })
        .collect();
    let (plan, cells) = arrange(found);
    let place = plan.cells.iter().position(|cell| cell.load == at.load && cell.temperature == at.temperature);
    Ok(place.and_then(|place| cells.into_iter().nth(place)).unwrap_or_default())
}

/// The axes are what differs: width, else share of the data, else label noise; batch size, else learning rate, else weight decay.
fn arrange(models: Vec<Model>) -> (Plan, Vec<Vec<Model>>) {
    let axis = |of: Knob| {
        let mut values: Vec<f64> = models.iter().map(|model| of(&model.knobs)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let loads: [Knob; 3] = [|knobs| knobs.width as f64, |knobs| knobs.data_share, |knobs| knobs.label_noise];
    let temperatures: [(Knob, bool); 3] = [
        (|knobs| knobs.batch as f64, true),
        (|knobs| knobs.learning_rate, false),
        (|knobs| knobs.weight_decay, false),
    ];
    let load_of = loads.into_iter().find(|of| axis(*of).len() > 1).unwrap_or(loads[0]);
    let (temperature_of, small_is_hot) =
        temperatures.into_iter().find(|(of, _)| axis(*of).len() > 1).unwrap_or(temperatures[0]);
    let load = axis(load_of);
    let mut temperature = axis(temperature_of);
    if small_is_hot {
        temperature.reverse();
    }
    let position = |values: &[f64], value: f64| {
        values.iter().position(|other| other.to_bits() == value.to_bits()).unwrap_or(0)
    };
    let mut cells: BTreeMap<(usize, usize), Vec<Model>> = BTreeMap::new();
    for model in models {
        let row = position(&temperature, temperature_of(&model.knobs));
        let column = position(&load, load_of(&model.knobs));
        cells.entry((row, column)).or_default().push(model);
    }
    let planned = cells
        .iter()
        .filter_map(|((row, column), models)| {
            let knobs = models.first()?.knobs;
            Some(Cell {
                load: load[*column],
                temperature: temperature[*row],
                knobs,
                row: *row,
                column: *column,
            })
        })
        .collect();
    let seeds = cells.values().map(Vec::len).max().unwrap_or(0);
    let mut cells: Vec<Vec<Model>> = cells.into_values().collect();
    cells.iter_mut().for_each(|models| models.sort_by_key(Model::seed));
    (Plan { load, temperature, cells: planned, seeds }, cells)
}

/// The metrics of a cell as this program noted them, if all models of the cell are there and say the same; else their means.
fn of_cell(models: &[Model]) -> Values {
    if let Some((seeds, noted)) = models.first().and_then(|model| model.cell.as_ref())
        && *seeds == models.len()
        && models.iter().all(|model| model.cell.as_ref() == Some(&(*seeds, noted.clone())))
    {
        return noted.clone();
    }
    let mut values = Values::default();
    for metric in Metric::ALL.iter().copied() {
        let known: Vec<f64> = models.iter().filter_map(|model| model.values.get(metric)).collect();
        let sum: f64 = known.iter().sum();
        values.set(metric, (!known.is_empty()).then(|| sum / known.len() as f64));
    }
    values
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{PARAMS, RESULT};
    use super::*;

    fn model(root: &Path, name: &str, width: u64, batch: u64, lines: &str) {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let params =
            serde_json::json!({ "model::width": width, "training::batchsize": batch, "optim::lr": 0.1 });
        fs::write(folder.join(PARAMS), params.to_string()).unwrap();
        fs::write(folder.join(RESULT), lines).unwrap();
    }

    #[test]
    fn models_become_cells_and_broken_ones_are_named() {
        let root = tempfile::tempdir().unwrap();
        let lines = |accuracy: f64| {
            format!(
                "{{\"train_loss\": 2.0, \"test_acc\": 0.1}}\n{{\"train_loss\": 0.5, \"test_acc\": {accuracy}, \"curve_mc_train_error\": -3.0}}\n"
            )
        };
        model(root.path(), "a", 4, 8, &lines(0.5));
        model(root.path(), "b", 4, 8, &lines(70.0));
        model(root.path(), "c", 16, 64, &lines(0.9));
        model(root.path(), "d", 16, 64, "{ \"train_loss\": ");
        model(root.path(), "f", 16, 8, "{\"train_loss\": 2.0}\n{\"train_loss\": null}\n");
        fs::create_dir_all(root.path().join("e")).unwrap();
        let zoo_folder = root.path().display().to_string();
        let config = Config { zoo_folder, ..Config::default() };
        let read_all: Vec<_> = folders(&config).unwrap().iter().map(|folder| model::read(folder)).collect();
        let reasons: Vec<&String> = read_all.iter().filter_map(|model| model.as_ref().err()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[0].contains("line 1") && reasons[1].contains(PARAMS), "{reasons:?}");
        let found: Vec<Model> = read_all.into_iter().filter_map(Result::ok).collect();
        assert!(found.iter().any(|model| model.diverged), "a loss of null is no old loss");
        let (plan, cells) = arrange(found);
        assert_eq!((plan.load.len(), plan.temperature.clone()), (2, vec![64.0, 8.0]), "small batches on top");
        let cell = plan.cells.iter().position(|cell| (cell.row, cell.column) == (1, 0)).unwrap();
        let values = of_cell(&cells[cell]);
        assert_eq!(
            values.get(Metric::TestAccuracy).map(|value| (value * 100.0).round()),
            Some(60.0),
            "percentages are shares"
        );
        assert_eq!(values.get(Metric::Connectivity), Some(-3.0));
    }
}
