//! `sweep plan`, and the plan as it is read back.
//!
//! Contract: `plan.json` is written whole and never changed; whoever carries a task out reads it and nothing else of the
//! experiment. Every member is checked when the plan is made, its data once for each distinct value of the settings that name them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use weightscope_engine::experiment::{Comments, Experiment, Problem, SweepRun, expand, to_toml};
use weightscope_engine::run::{RunError, check_data, config_hash};
use weightscope_engine::store::{StoreError, write_atomically};
use weightscope_engine::{CATALOGUE, VERSION};

use super::args::PlanArguments;
use super::files::Folder;
use super::{Failure, script, storage, table};
use crate::cli::run::before_start;
use crate::cli::{load, output};

/// Longest name of a run folder, in bytes; most drives allow 255, and files beside it get endings.
const LONGEST_NAME: usize = 120;

/// What `plan.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Version of the program; no other one carries the tasks out.
    pub version: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Preset or file that it came from.
    pub origin: String,
    /// blake3 of what makes the plan: version, experiment, options, data.
    pub hash: String,
    /// Folder in which it was made: relative paths of the experiment start there.
    pub working_folder: String,
    /// How jobs are submitted.
    pub options: Options,
    /// blake3 of each source of data.
    pub data: Vec<String>,
    /// The whole experiment with its sweep.
    pub experiment: String,
    /// Keys that tell tasks apart, in the order of the columns.
    pub keys: Vec<String>,
    /// The tasks, in order.
    pub tasks: Vec<Task>,
}

/// How jobs are submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Options {
    /// Tasks of an element.
    pub pack: usize,
    /// Time limit of an element.
    pub time: String,
    /// Partition.
    pub partition: Option<String>,
    /// Cores of an element.
    pub cpus: u32,
    /// Seconds before the time limit.
    pub signal: u32,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    /// Its number, from 0.
    pub index: usize,
    /// What tells it from the others, fit for a folder name.
    pub label: String,
    /// The same as a person wrote it.
    pub name: String,
    /// Its run folder, inside the plan's.
    pub folder: String,
    /// The settings of the plan's keys.
    pub settings: toml::Table,
    /// Hash of its whole experiment.
    pub config_hash: String,
}

/// `sweep plan`.
pub(super) fn plan(arguments: &PlanArguments) -> Result<(), Failure> {
    let options = options(arguments)?;
    let folder = Folder::new(&arguments.out);
    let place = in_script(folder.path(), "the plan's folder")?;
    let program = std::env::current_exe().context("the program cannot find itself").map_err(Failure::run)?;
    let program = in_script(&program, "the program's path")?;
    let loaded = load::experiment(&arguments.experiment, &arguments.set)?;
    let found = check_data(&loaded.experiment).map_err(before_start)?;
    let (errors, warnings): (Vec<Problem>, Vec<Problem>) =
        found.problems.into_iter().partition(Problem::is_error);
    if !errors.is_empty() {
        return Err(before_start(RunError::Problems(errors)));
    }
    warnings.iter().for_each(|problem| output::note(&format!("warning: {problem}")));
    let data = found.read.into_iter().map(|read| read.hash).collect();
    let plan = Plan::new(&loaded.experiment, &loaded.origin, options, data)?;
    let is_new = !plan.is_there(&folder)?;
    let written = if is_new { plan.write(&folder) } else { Ok(()) };
    // What was deleted of an old plan is made again; what is there stays.
    written.and_then(|()| plan.write_rest(&folder, &program, &place)).map_err(storage)?;
    say(&plan, &folder, is_new);
    Ok(())
}

fn options(arguments: &PlanArguments) -> Result<Options, Failure> {
    let seconds = script::seconds(&arguments.time).ok_or_else(|| {
        let allowed = "allowed: minutes, minutes:seconds, hours:minutes:seconds, days-hours:minutes:seconds";
        Failure::request(anyhow!("--time: \"{}\" is no time limit ({allowed})", arguments.time))
    })?;
    if seconds != 0 && seconds <= u64::from(arguments.signal) {
        return Err(Failure::request(anyhow!(
            "--signal: tasks would be told to stop {} s before the end of the {seconds} s that --time gives them; give them more time",
            arguments.signal
        )));
    }
    let fits = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.,".contains(c))
    };
    if let Some(name) = arguments.partition.as_ref().filter(|name| !fits(name)) {
        return Err(Failure::request(anyhow!(
            "--partition: \"{name}\" is no name of a partition (allowed: letters, digits, - _ . ,)"
        )));
    }
    Ok(Options {
        pack: usize::try_from(arguments.pack).unwrap_or(1),
        time: arguments.time.clone(),
        partition: arguments.partition.clone(),
        cpus: arguments.cpus,
        signal: arguments.signal,
    })
}

/// A path as the batch file can hold it.
fn in_script(path: &Path, what: &str) -> Result<String, Failure> {
    let fits = |text: &&str| !text.chars().any(|c| c.is_control() || "\"\\".contains(c));
    path.to_str().filter(fits).map(str::to_owned).ok_or_else(|| {
        let text = "has letters that a batch file cannot hold (quotes, backslashes, line ends, no UTF-8)";
        Failure::request(anyhow!("{what} {text}; choose another: {}", path.display()))
    })
}

fn say(plan: &Plan, folder: &Folder, is_new: bool) {
    let (tasks, elements) = (plan.tasks.len(), plan.elements());
    let what = if is_new { "planned" } else { "this very plan is there already, and nothing was changed:" };
    output::note(&format!(
        "{what} {tasks} task{} in {elements} element{} of a job array; `weightscope sweep run DIR --all --jobs 2` does them here",
        plural(tasks),
        plural(elements)
    ));
    if elements > script::USUAL_ELEMENTS {
        output::note(&format!(
            "warning: many clusters take {} elements at most; --pack {} makes few enough",
            script::USUAL_ELEMENTS,
            tasks.div_ceil(script::USUAL_ELEMENTS)
        ));
    }
    output::line(&script::submit(&folder.script(), None));
}

/// The ending of a counted word.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl Plan {
    fn new(
        experiment: &Experiment,
        origin: &str,
        options: Options,
        data: Vec<String>,
    ) -> Result<Self, Failure> {
        let members = expand(experiment).map_err(|problems| load::refused(origin, &problems))?;
        let working_folder = std::env::current_dir().unwrap_or_default();
        let working_folder = in_script(&working_folder, "the working folder")?;
        let keys = keys(experiment);
        let width = members.len().saturating_sub(1).to_string().len();
        let tasks =
            members.into_iter().enumerate().map(|(index, member)| Task::new(index, width, member, &keys));
        let mut plan = Self {
            version: VERSION.to_owned(),
            made: super::now(),
            origin: origin.to_owned(),
            hash: String::new(),
            working_folder,
            options,
            data,
            experiment: to_toml(experiment, Comments::None),
            tasks: tasks.collect(),
            keys,
        };
        plan.hash = plan.own_hash();
        Ok(plan)
    }

    fn own_hash(&self) -> String {
        let parts = serde_json::json!([self.version, self.experiment, self.options, self.data]);
        blake3::hash(parts.to_string().as_bytes()).to_hex().to_string()
    }

    /// Reads the plan of a folder, whatever version made it.
    pub(super) fn read(folder: &Folder) -> Result<Self, Failure> {
        let path = folder.plan();
        let text = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let text = "no plan lies in this folder; make one with `weightscope sweep plan EXPERIMENT --out DIR`";
                Failure::request(anyhow!("{text}: {}", folder.path().display()))
            }
            _ => Failure::request(StoreError::io("the plan", &path, error)),
        })?;
        serde_json::from_slice(&text).map_err(|error| {
            let text = "the plan is damaged, and its runs are untouched; plan again into another folder";
            Failure::request(anyhow!("{text} ({error}): {}", path.display()))
        })
    }

    /// Reads the plan of a folder to work on it: made by this version, and as it was made.
    pub(super) fn read_own(folder: &Folder) -> Result<Self, Failure> {
        let plan = Self::read(folder)?;
        let place = folder.path().display();
        if plan.version != VERSION {
            return Err(Failure::request(anyhow!(
                "the plan was made by version {} of this program, and this is version {VERSION}: results of two versions cannot stand in one table; use version {0}, or plan again into another folder: {place}",
                plan.version
            )));
        }
        if plan.hash != plan.own_hash() {
            return Err(Failure::request(anyhow!(
                "plan.json was changed after it was made, and its tasks are no longer what it says; plan again into another folder: {place}"
            )));
        }
        Ok(plan)
    }

    /// True if the folder holds this very plan already, false if it is free; anything else there is refused.
    fn is_there(&self, folder: &Folder) -> Result<bool, Failure> {
        if !folder.plan().exists() {
            return free(folder).map(|()| false);
        }
        let there = Self::read(folder)?;
        if there.hash == self.hash && there.hash == there.own_hash() {
            return Ok(true);
        }
        let what = if there.version != self.version {
            format!("a plan of version {}, and this is version {}", there.version, self.version)
        } else if there.experiment != self.experiment {
            format!("another plan ({} tasks of {})", there.tasks.len(), there.origin)
        } else if there.data != self.data {
            "a plan of the same experiment on other data".to_owned()
        } else {
            "a plan of the same experiment with other options; sbatch takes them too, as in `sbatch --time=2:00:00 …`"
                .to_owned()
        };
        Err(Failure::request(anyhow!(
            "the folder holds {what}; name another folder with --out: {}",
            folder.path().display()
        )))
    }

    fn write(&self, folder: &Folder) -> Result<(), StoreError> {
        for path in [folder.path().to_owned(), folder.states(), folder.logs()] {
            fs::create_dir_all(&path).map_err(|error| StoreError::io("the plan's folder", &path, error))?;
        }
        write_atomically(&folder.plan(), "the plan", |out| {
            serde_json::to_writer(&mut *out, self).map_err(std::io::Error::from)?;
            out.write_all(b"\n")
        })
    }

    /// Writes what people and Slurm read, where it is not there.
    fn write_rest(&self, folder: &Folder, program: &str, place: &str) -> Result<(), StoreError> {
        for path in [folder.states(), folder.logs()] {
            fs::create_dir_all(&path).map_err(|error| StoreError::io("the plan's folder", &path, error))?;
        }
        if !folder.script().exists() {
            let text = script::text(self, program, place);
            write_atomically(&folder.script(), "the batch file", |out| out.write_all(text.as_bytes()))?;
        }
        if !folder.tasks().exists() {
            table::tasks(self, &folder.tasks())?;
        }
        Ok(())
    }

    /// Elements of the job array.
    pub(super) fn elements(&self) -> usize {
        self.tasks.len().div_ceil(self.options.pack.max(1))
    }

    /// The tasks of an element; none beyond the array.
    pub(super) fn pack(&self, element: usize) -> &[Task] {
        self.tasks.chunks(self.options.pack.max(1)).nth(element).unwrap_or_default()
    }

    /// The experiment of which all tasks are members.
    pub(super) fn base(&self) -> Result<Experiment, Failure> {
        let mut base = Experiment::from_toml(CATALOGUE, &self.experiment)
            .map_err(|problems| load::refused(&self.origin, &problems))?;
        base.sweep = None;
        Ok(base)
    }
}

impl Task {
    fn new(index: usize, width: usize, member: SweepRun, keys: &[String]) -> Self {
        let SweepRun { label, name, experiment } = member;
        let settings =
            experiment.settings().into_iter().filter(|(field, _)| keys.iter().any(|key| key == field.key));
        let settings = settings.map(|(field, value)| (field.key.to_owned(), value)).collect();
        let what = if label.is_empty() { experiment.lab() } else { &label };
        let folder = short(&format!("{index:0width$}_{what}"));
        let name = if name.is_empty() { experiment.lab().to_owned() } else { name };
        Self { index, folder, settings, config_hash: config_hash(&experiment), label, name }
    }

    /// The task's own experiment, which is that of the plan to the last setting.
    pub(super) fn experiment(&self, base: &Experiment) -> Result<Experiment, Failure> {
        let mut experiment = base.clone();
        let problems = experiment.apply(&self.settings);
        if !problems.is_empty() || config_hash(&experiment) != self.config_hash {
            return Err(Failure::request(anyhow!(
                "the settings of task {} in plan.json are not those that were planned; plan again into another folder",
                self.index
            )));
        }
        Ok(experiment)
    }
}

/// Keys in which members differ: of the arms, of the axes, the seed.
fn keys(experiment: &Experiment) -> Vec<String> {
    let Some(sweep) = &experiment.sweep else { return Vec::new() };
    let of_arms = sweep.arms.iter().flat_map(|arm| arm.keys()).filter(|key| *key != "name");
    let seed = (!sweep.seeds.is_empty()).then_some("seed");
    let mut keys: Vec<String> = Vec::new();
    for key in of_arms.chain(sweep.axes.keys()).map(String::as_str).chain(seed) {
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// A folder name that every drive takes; what is cut stays different by a few digits of its hash.
fn short(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let kept: String = name
        .chars()
        .scan(0, |bytes, letter| {
            *bytes += letter.len_utf8();
            (*bytes <= LONGEST_NAME - 13).then_some(letter)
        })
        .collect();
    format!("{kept}~{}", hash.get(..12).unwrap_or_default())
}

/// Refuses a folder that holds anything but the beginnings of a plan.
fn free(folder: &Folder) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder.path()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(storage(StoreError::io("the plan's folder", folder.path(), error))),
    };
    let known = ["state", "logs", "plan.json.tmp"];
    let foreign = entries.flatten().any(|entry| !known.iter().any(|name| entry.file_name() == **name));
    if foreign {
        return Err(Failure::request(StoreError::NotEmpty(folder.path().to_owned())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_short_and_stay_different() {
        let long = |end: &str| short(&format!("0001_{}{end}", "ä".repeat(200)));
        assert!(long("a").len() <= LONGEST_NAME && long("a") != long("b"), "{}", long("a"));
        assert_eq!(short("3_seed=1"), "3_seed=1");
    }
}
