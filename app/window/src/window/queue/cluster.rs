//! "Send to cluster…" in the sweep dialog: the sweep as a plan for Slurm, and the command that submits it.
//!
//! Contract: the plan is written by the program's own `sweep plan`, so that window and command line give the same files and the same
//! words; nothing is submitted from here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use egui::{Context, DragValue, RichText, TextEdit, Ui};
use weightscope_frame::experiment::{Comments, Experiment, to_toml};
use weightscope_frame::run::default_cache_folder;

use crate::window::style::{color, field_label, tokens};
use crate::window::task::Task;

/// Width of the words before a field, points.
const WORDS: f32 = 84.0;

/// What was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Planned {
    folder: String,
    /// The command that submits the plan.
    command: String,
    /// What the program said about it.
    said: String,
}

/// The part of the dialog that writes a plan.
pub(super) struct ClusterPlan {
    program: Option<PathBuf>,
    folder: String,
    time: String,
    partition: String,
    pack: u32,
    work: Option<Task<Result<Planned, String>>>,
    outcome: Option<Result<Planned, String>>,
}

impl ClusterPlan {
    /// For the program that runs.
    pub(super) fn new() -> Self {
        Self::of(std::env::current_exe().ok())
    }

    fn of(program: Option<PathBuf>) -> Self {
        Self {
            program,
            folder: String::new(),
            time: "1:00:00".to_owned(),
            partition: String::new(),
            pack: 1,
            work: None,
            outcome: None,
        }
    }

    /// Draws the fields, and what came of them; the folder of the plan if it is to be followed.
    pub(super) fn ui(&mut self, ui: &mut Ui, experiment: Option<&Experiment>) -> Option<PathBuf> {
        self.poll();
        ui.label("The runs as tasks of a job array for Slurm. The plan is written here; the command beneath submits it.");
        let text = |ui: &mut Ui, words: &str, value: &mut String, hint: &str, about: &str| {
            ui.horizontal(|ui| {
                let label = field_label(ui, words, WORDS);
                let edit = TextEdit::singleline(value).desired_width(400.0).hint_text(hint);
                ui.add(edit).labelled_by(label.id).on_hover_text(about);
            });
        };
        text(
            ui,
            "Plan folder",
            &mut self.folder,
            "/shared/me/my-sweep",
            "A new folder on a drive that the nodes see; all runs of the plan lie in it",
        );
        text(
            ui,
            "Time limit",
            &mut self.time,
            "1:00:00",
            "Of an element of the array, as Slurm writes it; before it is up a task saves and is queued again",
        );
        text(ui, "Partition", &mut self.partition, "the cluster's own", "Partition of the cluster");
        ui.horizontal(|ui| {
            let label = field_label(ui, "Pack", WORDS);
            let drag = ui.add(DragValue::new(&mut self.pack).range(1..=10_000)).labelled_by(label.id);
            drag.on_hover_text("Tasks that one element of the array does, one after the other");
        });
        let why = match (experiment, self.folder.trim().is_empty()) {
            (None, _) => Some("Mend what is marked first"),
            (_, true) => Some("Name the plan's folder first"),
            _ if self.work.is_some() => Some("The plan is being written"),
            _ => None,
        };
        let write = ui.add_enabled(why.is_none(), egui::Button::new("Write plan"));
        if write.on_disabled_hover_text(why.unwrap_or_default()).clicked()
            && let Some(experiment) = experiment
        {
            self.begin(ui.ctx(), experiment);
        }
        match &self.outcome {
            Some(Ok(planned)) => return planned_ui(ui, planned),
            Some(Err(why)) => {
                ui.label(RichText::new(why).color(color(tokens(ui.ctx()).error)));
            }
            None if self.work.is_some() => {
                ui.label("Checking the members and their data…");
            }
            None => {}
        }
        None
    }

    fn begin(&mut self, context: &Context, experiment: &Experiment) {
        self.outcome = None;
        let Some(program) = self.program.clone() else {
            self.outcome =
                Some(Err("the program cannot find itself; plan on the command line: weightscope sweep plan"
                    .to_owned()));
            return;
        };
        let (text, folder) = (to_toml(experiment, Comments::Each), self.folder.trim().to_owned());
        let mut options = vec![format!("--pack={}", self.pack), format!("--time={}", self.time.trim())];
        if !self.partition.trim().is_empty() {
            options.push(format!("--partition={}", self.partition.trim()));
        }
        self.work = Task::spawn("plan", context, move || plan(&program, &text, &folder, &options));
        if self.work.is_none() {
            self.outcome = Some(Err("no thread for the plan could be started; try again".to_owned()));
        }
    }

    fn poll(&mut self) {
        let Some(done) = self.work.as_ref().and_then(Task::poll) else { return };
        self.work = None;
        self.outcome =
            Some(done.unwrap_or_else(|()| Err("the plan could not be written; the log says why".to_owned())));
    }
}

/// What was planned, with its commands; the folder of the plan if the list is to follow it.
fn planned_ui(ui: &mut Ui, planned: &Planned) -> Option<PathBuf> {
    ui.label(&planned.said);
    for (what, command) in [
        ("Submit it", planned.command.clone()),
        ("Follow it elsewhere", format!("weightscope --runs {}", quoted(&planned.folder))),
    ] {
        ui.horizontal(|ui| {
            let copy = ui.button("Copy").on_hover_text(format!("{what}: copies the command"));
            if copy.clicked() {
                ui.ctx().copy_text(command.clone());
            }
            ui.label(format!("{what}:"));
            ui.add(egui::Label::new(RichText::new(&command).monospace()).truncate()).on_hover_text(&command);
        });
    }
    let follow = ui.button("Follow it here");
    let follow = follow.on_hover_text("Its tasks appear in the list of runs, with how each of them stands");
    follow.clicked().then(|| PathBuf::from(&planned.folder))
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Lets the program write the plan.
fn plan(program: &Path, experiment: &str, folder: &str, options: &[String]) -> Result<Planned, String> {
    // Two plans at once have a folder each.
    static PLANS: AtomicU64 = AtomicU64::new(0);
    let number = PLANS.fetch_add(1, Ordering::Relaxed);
    let passing = default_cache_folder().join(format!("plan-{}-{number}", std::process::id()));
    let failed = |error: std::io::Error| {
        format!("the plan could not be written ({error}); is there room?: {}", passing.display())
    };
    std::fs::create_dir_all(&passing).map_err(failed)?;
    let file = passing.join("sweep.toml");
    std::fs::write(&file, experiment).map_err(failed)?;
    let output = Command::new(program)
        .args(["sweep", "plan"])
        .arg(&file)
        .arg("--out")
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .output();
    let _ = std::fs::remove_dir_all(&passing);
    let output = output
        .map_err(|error| format!("the program could not be started ({error}): {}", program.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let said = text(&output.stderr);
    if !output.status.success() {
        return Err(said.strip_prefix("error: ").unwrap_or(&said).to_owned());
    }
    Ok(Planned { folder: folder.to_owned(), command: text(&output.stdout), said })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Mutex;

    use super::*;

    /// A script that another thread's new process still holds open for writing cannot be started: one test at a time makes and starts one.
    static ONE: Mutex<()> = Mutex::new(());

    /// A program that says what it was asked for.
    fn program(folder: &Path, code: u8) -> PathBuf {
        let path = folder.join("program");
        let script = format!(
            "#!/bin/sh\necho \"sbatch $*\"\necho 'error: the folder holds another plan' >&2\ntest -s \"$3\" || exit 9\nexit {code}\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_program_is_asked_and_its_command_is_shown() {
        let _one = ONE.lock();
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), 0);
        let planned = plan(&program, "lab = 1", "/x/it's", &["--pack=3".to_owned()]).unwrap();
        assert!(
            planned.command.starts_with("sbatch sweep plan ")
                && planned.command.ends_with("--out /x/it's --pack=3"),
            "{planned:?}"
        );
        assert_eq!(quoted(&planned.folder), "'/x/it'\\''s'");
    }

    #[test]
    fn a_refusal_is_said_in_the_programs_own_words() {
        let _one = ONE.lock();
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), 2);
        let refused = plan(&program, "lab = 1", "/x", &[]);
        assert_eq!(refused.unwrap_err(), "the folder holds another plan");
        let gone = plan(&folder.path().join("gone"), "lab = 1", "/x", &[]).unwrap_err();
        assert!(gone.starts_with("the program could not be started"), "{gone}");
    }
}
