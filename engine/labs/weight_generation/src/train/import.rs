//! A zoo from disk: safetensors files with an `index.csv` of file and task, as this lab writes it, or a zoo of the lab phases, whose
//! models all have the task of all classes.
//!
//! Models that cannot be read are named with the reason; they are left out only if the person says so. Of a zoo of phases the models of
//! other widths are left out and told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::Blob;
use weightscope_math::stream;

use crate::config::Config;
use crate::data::Material;
use crate::method::tasks::{Order, Task, Tasks, name};
use crate::method::vectors::Layout;

/// One line for each model.
pub(crate) const INDEX: &str = "index.csv";
/// The common start of the zoo, where it has one.
pub(crate) const START: &str = "start.safetensors";
/// Weights of a model in the layout of the phases lab.
pub(crate) const WEIGHTS: &str = "checkpoints.safetensors";
/// Fewest networks that say anything of their distribution.
const FEWEST: usize = 3;
/// Models that are named one by one.
const MOST_NAMED: usize = 8;

/// A zoo as read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imported {
    pub(crate) networks: Vec<Vec<f32>>,
    /// Task of each, by its place in the list of tasks.
    pub(crate) task_of: Vec<usize>,
    pub(crate) start: Option<Vec<f32>>,
    tasks: Vec<Task>,
    /// What is told of models that were left out.
    notes: Vec<String>,
}

/// A model of the index: its file, and the task that it says.
struct Listed {
    file: PathBuf,
    label: String,
    task: Result<Task, String>,
}

impl Imported {
    /// Reads the zoo that the settings name.
    pub(crate) fn open(config: &Config, material: &Material) -> Result<Self, RunError> {
        let folder = PathBuf::from(config.zoo.trim());
        let refuse = |why: String| {
            let problem = Problem::error("zoo", format!("{why}: {}", folder.display()));
            RunError::Problems(vec![problem.allowing("train, checkpoints, or the folder of a zoo")])
        };
        if !folder.is_dir() {
            return Err(refuse("there is no such folder".to_owned()));
        }
        let (listed, of_phases) = match from_index(&folder, material.classes()).map_err(refuse)? {
            Some(listed) => (listed, false),
            None => (from_models(&folder, material.classes()), true),
        };
        if listed.is_empty() {
            return Err(refuse(
                "it has neither an index.csv with the columns file and task nor models with params.json"
                    .to_owned(),
            ));
        }
        let mut found = Self::default();
        let mut places: BTreeMap<Task, usize> = BTreeMap::new();
        let (mut damaged, mut others) = (Vec::new(), Vec::new());
        for model in listed {
            match model.read(config, material) {
                Ok((task, network)) => {
                    let next = places.len();
                    let place = *places.entry(task.clone()).or_insert_with(|| {
                        found.tasks.push(task);
                        next
                    });
                    found.task_of.push(place);
                    found.networks.push(network);
                }
                Err(Refused::Shape(why)) if of_phases => others.push(format!("{} ({why})", model.label)),
                Err(Refused::Shape(why) | Refused::Damaged(why)) => {
                    damaged.push(format!("{} ({why})", model.label));
                }
            }
        }
        if !damaged.is_empty() && !config.leave_out_damaged {
            let text = format!("models that cannot be used: {}", shortened(&damaged));
            let problem = Problem::error("zoo", format!("{text}: {}", folder.display()));
            let rest = found.networks.len();
            return Err(RunError::Problems(vec![
                problem.allowing(format!("leave_out_damaged = true uses the other {rest}")),
            ]));
        }
        found.note("cannot be used", &damaged);
        found.note("have other widths than hidden_widths", &others);
        if of_phases {
            let text = "models of the lab phases were trained on standardised inputs; here they are judged on values divided by the largest, so that their accuracies are lower than there";
            found.notes.push(text.to_owned());
        }
        if found.networks.len() < FEWEST {
            let why = format!(
                "it has {} usable networks of the widths {:?}, and {FEWEST} or more are needed; {}",
                found.networks.len(),
                config.hidden_widths,
                shortened(&others)
            );
            return Err(refuse(why));
        }
        if found.tasks.iter().any(|task| task.len() != found.tasks[0].len()) {
            return Err(refuse("its tasks have different numbers of classes".to_owned()));
        }
        let sizes = sizes(config, material, found.tasks.first().map_or(0, Vec::len));
        found.start = read_network(&folder.join(START), &Layout::of_sizes(&sizes)).ok();
        Ok(found)
    }

    fn note(&mut self, what: &str, names: &[String]) {
        if !names.is_empty() {
            self.notes.push(format!(
                "{} models of the zoo {what} and are left out: {}",
                names.len(),
                shortened(names)
            ));
        }
    }

    /// Says what was left out.
    pub(crate) fn tell(&self, context: &mut Context<'_>) {
        for note in &self.notes {
            context.warn(note);
        }
        let text = format!("the zoo on disk: networks {}, tasks {}", self.networks.len(), self.tasks.len());
        context.message(&text);
    }

    /// Its tasks, and unseen ones beside them; a zoo of one task has none.
    pub(crate) fn tasks(&self, config: &Config, classes: usize, order: Order) -> Tasks {
        let unseen = if self.tasks.len() < 2 { 0 } else { config.unseen_tasks as usize };
        let mut random = stream(config.task_seed, "tasks");
        Tasks::beside(classes, self.tasks.clone(), unseen, order, &mut random)
    }
}

fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMED { format!("{shown} and {} more", names.len() - MOST_NAMED) } else { shown }
}

fn sizes(config: &Config, material: &Material, outputs: usize) -> Vec<usize> {
    let mut sizes = vec![material.columns];
    sizes.extend(config.hidden_widths.iter().map(|width| *width as usize));
    sizes.push(outputs);
    sizes
}

/// Why a model is not taken.
enum Refused {
    /// Another shape than that of the settings.
    Shape(String),
    /// It cannot be read.
    Damaged(String),
}

impl Listed {
    fn read(&self, config: &Config, material: &Material) -> Result<(Task, Vec<f32>), Refused> {
        let task = self.task.clone().map_err(Refused::Damaged)?;
        let layout = Layout::of_sizes(&sizes(config, material, task.len()));
        let network = read_network(&self.file, &layout)?;
        if network.iter().any(|value| !value.is_finite()) {
            return Err(Refused::Damaged("a weight is no finite number".to_owned()));
        }
        Ok((task, network))
    }
}

/// The models of an index with the columns file and task; `None` if there is no such index.
fn from_index(folder: &Path, classes: usize) -> Result<Option<Vec<Listed>>, String> {
    let path = folder.join(INDEX);
    if !path.is_file() {
        return Ok(None);
    }
    let unreadable = |error: csv::Error| format!("its {INDEX} cannot be read ({error})");
    let mut reader = csv::Reader::from_path(&path).map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let place = |wanted: &str| headers.iter().position(|header| header.trim() == wanted);
    let (Some(file), Some(task)) = (place("file"), place("task")) else { return Ok(None) };
    let mut listed = Vec::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let label = row.get(file).unwrap_or_default().trim().to_owned();
        // A path that leads out of the folder is no part of the zoo.
        let inside = Path::new(&label)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
        let task = if inside {
            parse_task(row.get(task).unwrap_or_default(), classes)
        } else {
            Err("its path leads out of the folder".to_owned())
        };
        listed.push(Listed { file: folder.join(&label), label, task });
    }
    Ok(Some(listed))
}

/// A task as `1-4-7`.
fn parse_task(text: &str, classes: usize) -> Result<Task, String> {
    let parts: Result<Task, _> = text.trim().split('-').map(str::parse).collect();
    let task = parts.map_err(|_| format!("\"{}\" is no task such as 1-4-7", text.trim()))?;
    let mut once = task.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() != task.len() || task.len() < 2 {
        return Err(format!("the task {} does not tell two or more classes apart", name(&task)));
    }
    match task.iter().find(|class| **class >= classes) {
        Some(class) => Err(format!("the data have no class {class}")),
        None => Ok(task),
    }
}

/// The models of a zoo of the lab phases, sorted by name: the newest checkpoint of each folder with params.json.
fn from_models(folder: &Path, classes: usize) -> Vec<Listed> {
    let mut models: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("params.json").is_file())
        .collect();
    models.sort();
    let listed = |model: PathBuf| {
        let label = model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut checkpoints: Vec<PathBuf> = fs::read_dir(&model)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join(WEIGHTS))
            .filter(|path| path.is_file())
            .collect();
        checkpoints.sort();
        let task = if checkpoints.is_empty() {
            Err(format!("it has no {WEIGHTS}"))
        } else {
            Ok((0..classes).collect())
        };
        Listed { file: checkpoints.pop().unwrap_or(model), label, task }
    };
    models.into_iter().map(listed).collect()
}

/// A network of this layout from a safetensors file.
fn read_network(path: &Path, layout: &Layout) -> Result<Vec<f32>, Refused> {
    let bytes = fs::read(path).map_err(|error| Refused::Damaged(error.to_string()))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| Refused::Damaged(format!("no whole safetensors file: {error}")))?;
    if file.len() != layout.tensors().len() {
        return Err(Refused::Shape(format!("{} tensors", file.len())));
    }
    let mut flat = Vec::with_capacity(layout.length());
    for tensor in layout.tensors() {
        let view =
            file.tensor(&tensor.name).map_err(|_| Refused::Shape(format!("no tensor {}", tensor.name)))?;
        if view.shape() != tensor.shape {
            return Err(Refused::Shape(format!("{} is {:?}", tensor.name, view.shape())));
        }
        let blob = Blob { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: view.data().to_vec() };
        let values = blob.to_f32();
        flat.extend(values.ok_or_else(|| Refused::Damaged(format!("{} is not in 32 bits", tensor.name)))?);
    }
    Ok(flat)
}
