//! `sweep plan`, and the plan as it is read back to be worked on.
//!
//! Contract: every member is checked when the plan is made, its data once for each distinct value of the settings that name them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use weightscope_engine::experiment::{Comments, Experiment, Problem, SweepRun, check, expand, to_toml};
use weightscope_engine::run::{PART, RunError, check_data, config_hash};
use weightscope_engine::store::{StoreError, write_atomically};
use weightscope_engine::{CATALOGUE, VERSION};

use super::args::PlanArguments;
use super::{Failure, script, storage, table};
use crate::cli::run::before_start;
use crate::cli::{load, output};
use weightscope_window::plan::{Folder, Options, Plan, Task};

/// Longest name of a run folder, in bytes; most drives allow 255, and files beside it get endings.
const LONGEST_NAME: usize = 120;

/// `sweep plan`.
pub(super) fn plan(arguments: &PlanArguments) -> Result<(), Failure> {
    let options = options(arguments)?;
    let folder = Folder::new(&arguments.out);
    let place = in_script(folder.path(), "the plan's folder")?;
    let program = std::env::current_exe().context("the program cannot find itself").map_err(Failure::run)?;
    let program = in_script(&program, "the program's path")?;
    let mut loaded = load::experiment(&arguments.experiment, &arguments.set)?;
    if let Some(parts) = arguments.parts {
        cut(&mut loaded.experiment, parts, &loaded.origin)?;
    }
    let found = check_data(&loaded.experiment).map_err(before_start)?;
    let (errors, warnings): (Vec<Problem>, Vec<Problem>) =
        found.problems.into_iter().partition(Problem::is_error);
    if !errors.is_empty() {
        return Err(before_start(RunError::Problems(errors)));
    }
    warnings.iter().for_each(|problem| output::note(&format!("warning: {problem}")));
    let data = found.read.into_iter().map(|read| read.hash).collect();
    let plan = made(&loaded.experiment, &loaded.origin, options, data)?;
    let is_new = !is_there(&plan, &folder)?;
    let written = if is_new { write(&plan, &folder) } else { Ok(()) };
    // What was deleted of an old plan is made again; what is there stays.
    written.and_then(|()| write_rest(&plan, &folder, &program, &place)).map_err(storage)?;
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

/// Cuts what an experiment makes into parts: an axis of its sweep.
fn cut(experiment: &mut Experiment, parts: u32, origin: &str) -> Result<(), Failure> {
    if !experiment.settings().iter().any(|(field, _)| field.key == PART && field.shown) {
        return Err(Failure::request(anyhow!(
            "--parts: this experiment makes nothing that is cut into parts (no setting `{PART}` counts in it): {origin}"
        )));
    }
    let values = (1..=parts).map(|number| toml::Value::String(format!("{number}/{parts}"))).collect();
    let sweep = experiment.sweep.get_or_insert_default();
    if sweep.axes.insert(PART.to_owned(), toml::Value::Array(values)).is_some() {
        return Err(Failure::request(anyhow!("--parts: its sweep goes over `{PART}` already: {origin}")));
    }
    let problems: Vec<Problem> = check(experiment).into_iter().filter(Problem::is_error).collect();
    if problems.is_empty() { Ok(()) } else { Err(load::refused(origin, &problems)) }
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

/// The plan of an experiment.
fn made(experiment: &Experiment, origin: &str, options: Options, data: Vec<String>) -> Result<Plan, Failure> {
    let members = expand(experiment).map_err(|problems| load::refused(origin, &problems))?;
    let working_folder = std::env::current_dir().unwrap_or_default();
    let working_folder = in_script(&working_folder, "the working folder")?;
    let keys = keys(experiment);
    let width = members.len().saturating_sub(1).to_string().len();
    let tasks = members.into_iter().enumerate().map(|(index, member)| task(index, width, member, &keys));
    let mut plan = Plan {
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
    plan.hash = own_hash(&plan);
    Ok(plan)
}

fn own_hash(plan: &Plan) -> String {
    let parts = serde_json::json!([plan.version, plan.experiment, plan.options, plan.data]);
    blake3::hash(parts.to_string().as_bytes()).to_hex().to_string()
}

/// Reads the plan of a folder to work on it: made by this version, and as it was made.
pub(super) fn read_own(folder: &Folder) -> Result<Plan, Failure> {
    let plan = Plan::read(folder).map_err(Failure::request)?;
    let place = folder.path().display();
    if plan.version != VERSION {
        return Err(Failure::request(anyhow!(
            "the plan was made by version {} of this program, and this is version {VERSION}: results of two versions cannot stand in one table; use version {0}, or plan again into another folder: {place}",
            plan.version
        )));
    }
    if plan.hash != own_hash(&plan) {
        return Err(Failure::request(anyhow!(
            "plan.json was changed after it was made, and its tasks are no longer what it says; plan again into another folder: {place}"
        )));
    }
    Ok(plan)
}

/// True if the folder holds this very plan already, false if it is free; anything else there is refused.
fn is_there(plan: &Plan, folder: &Folder) -> Result<bool, Failure> {
    if !folder.plan().exists() {
        return free(folder).map(|()| false);
    }
    let there = Plan::read(folder).map_err(Failure::request)?;
    if there.hash == plan.hash && there.hash == own_hash(&there) {
        return Ok(true);
    }
    let what = if there.version != plan.version {
        format!("a plan of version {}, and this is version {}", there.version, plan.version)
    } else if there.experiment != plan.experiment {
        format!("another plan ({} tasks of {})", there.tasks.len(), there.origin)
    } else if there.data != plan.data {
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

fn write(plan: &Plan, folder: &Folder) -> Result<(), StoreError> {
    for path in [folder.path().to_owned(), folder.states(), folder.logs()] {
        fs::create_dir_all(&path).map_err(|error| StoreError::io("the plan's folder", &path, error))?;
    }
    write_atomically(&folder.plan(), "the plan", |out| {
        serde_json::to_writer(&mut *out, plan).map_err(std::io::Error::from)?;
        out.write_all(b"\n")
    })
}

/// Writes what people and Slurm read, where it is not there.
fn write_rest(plan: &Plan, folder: &Folder, program: &str, place: &str) -> Result<(), StoreError> {
    for path in [folder.states(), folder.logs()] {
        fs::create_dir_all(&path).map_err(|error| StoreError::io("the plan's folder", &path, error))?;
    }
    if !folder.script().exists() {
        let text = script::text(plan, program, place);
        write_atomically(&folder.script(), "the batch file", |out| out.write_all(text.as_bytes()))?;
    }
    if !folder.tasks().exists() {
        table::tasks(plan, &folder.tasks())?;
    }
    Ok(())
}

/// The experiment of which all tasks are members.
pub(super) fn base(plan: &Plan) -> Result<Experiment, Failure> {
    let mut base = Experiment::from_toml(CATALOGUE, &plan.experiment)
        .map_err(|problems| load::refused(&plan.origin, &problems))?;
    base.sweep = None;
    Ok(base)
}

fn task(index: usize, width: usize, member: SweepRun, keys: &[String]) -> Task {
    let SweepRun { label, name, experiment } = member;
    let settings =
        experiment.settings().into_iter().filter(|(field, _)| keys.iter().any(|key| key == field.key));
    let settings = settings.map(|(field, value)| (field.key.to_owned(), value)).collect();
    let what = if label.is_empty() { experiment.lab() } else { &label };
    let folder = short(&format!("{index:0width$}_{what}"));
    let name = if name.is_empty() { experiment.lab().to_owned() } else { name };
    Task { index, folder, settings, config_hash: config_hash(&experiment), label, name }
}

/// The experiment of a task, which is that of the plan to the last setting.
pub(super) fn member(task: &Task, base: &Experiment) -> Result<Experiment, Failure> {
    let mut experiment = base.clone();
    let problems = experiment.apply(&task.settings);
    if !problems.is_empty() || config_hash(&experiment) != task.config_hash {
        return Err(Failure::request(anyhow!(
            "the settings of task {} in plan.json are not those that were planned; plan again into another folder",
            task.index
        )));
    }
    Ok(experiment)
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
