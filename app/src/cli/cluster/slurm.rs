//! What Slurm says of the present job, and what is asked of it.

use std::env;
use std::process::Command;

use super::script;

/// The job of which this process is a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slurm {
    /// Its number, of an array element as `JOB_TASK`: that, and never the whole array, is queued again.
    pub job: String,
    /// How often it was begun again.
    pub restarts: u32,
}

/// Why a job is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A person has cancelled it: it must not be queued again.
    Cancelled,
    /// Its time was up, and the signal before that has not come.
    TimeUp,
    /// Its node is wanted for something else, and Slurm has queued it again by itself.
    Queued,
    /// Its node is wanted for something else, or nobody knows.
    Preempted,
}

impl Slurm {
    /// The job of this process, if Slurm has started it.
    pub(super) fn here() -> Option<Self> {
        Self::of(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let own = variable("SLURM_JOB_ID")?;
        let job = match (variable("SLURM_ARRAY_JOB_ID"), variable("SLURM_ARRAY_TASK_ID")) {
            (Some(array), Some(task)) => format!("{array}_{task}"),
            _ => own,
        };
        let restarts = variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
        Some(Self { job, restarts })
    }

    /// Asks for the job to be queued again; why not, in words.
    pub(super) fn requeue(&self) -> Result<(), String> {
        let output = Command::new("scontrol").args(["requeue", &self.job]).output();
        let output = output.map_err(|error| {
            format!("scontrol cannot be started on this node ({error}), so the job was not queued again")
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(format!("Slurm refused to queue the job again ({said})"))
    }

    /// Why the job is told to end.
    pub(super) fn ending(&self) -> Ending {
        let output = Command::new("scontrol").args(["show", "job", "--oneliner", &self.job]).output();
        output.map_or(Ending::Preempted, |output| self.ending_of(&String::from_utf8_lossy(&output.stdout)))
    }

    /// While a job ends, Slurm calls it COMPLETING whatever the reason, which shows in other fields only.
    fn ending_of(&self, text: &str) -> Ending {
        let field = |name: &str| {
            let mut words = text.split_ascii_whitespace();
            words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        let seconds = |name: &str| field(name).and_then(script::seconds);
        let ends = field("JobState").is_some_and(|state| state.starts_with("COMPLETING"));
        if field("Restarts")
            .and_then(|count| count.parse().ok())
            .is_some_and(|count: u32| count > self.restarts)
        {
            Ending::Queued
        } else if seconds("TimeLimit").is_some_and(|limit| limit > 0 && seconds("RunTime") >= Some(limit)) {
            Ending::TimeUp
        } else if field("JobState").is_some_and(|state| state.starts_with("CANCELLED"))
            || ends && field("PreemptTime").is_none_or(|time| time == "None")
        {
            Ending::Cancelled
        } else {
            Ending::Preempted
        }
    }
}

/// True unless Slurm says that a job, which was to be begun again, no longer will be: somebody has cancelled it while it waited.
pub(super) fn is_queued(job: &str) -> bool {
    let Ok(output) = Command::new("scontrol").args(["show", "job", "--oneliner", job]).output() else {
        return true;
    };
    if !output.status.success() {
        return !String::from_utf8_lossy(&output.stderr).contains("Invalid job id");
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut states = text.split_ascii_whitespace().filter_map(|word| word.strip_prefix("JobState="));
    let open = ["PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "REQUEUE"];
    states.any(|state| open.iter().any(|word| state.starts_with(word)))
}

/// Worker threads of a task whose experiment leaves them open: what Slurm has granted, else (0) the cores that the process may use.
pub(super) fn threads() -> usize {
    let granted = env::var("SLURM_CPUS_PER_TASK").ok();
    granted.and_then(|granted| granted.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_of_an_array_is_named_by_job_and_task() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Slurm::of(|name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(of(&[]), None, "no Slurm");
        let element = of(&[
            ("SLURM_JOB_ID", "41"),
            ("SLURM_ARRAY_JOB_ID", "38"),
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_RESTART_COUNT", "2"),
        ]);
        assert_eq!(element, Some(Slurm { job: "38_3".to_owned(), restarts: 2 }));
        assert_eq!(of(&[("SLURM_JOB_ID", "41")]), Some(Slurm { job: "41".to_owned(), restarts: 0 }));
    }

    #[test]
    fn a_job_that_ends_says_why_in_its_fields() {
        let slurm = Slurm { job: "1".to_owned(), restarts: 0 };
        let completing = "JobId=1 JobState=COMPLETING Reason=None Requeue=1 Restarts=0 ExitCode=0:0";
        for (text, ending) in [
            ("", Ending::Preempted),
            (
                "JobState=RUNNING Restarts=0 RunTime=00:00:09 TimeLimit=00:10:00 PreemptTime=None",
                Ending::Preempted,
            ),
            ("JobState=CANCELLED Restarts=0 RunTime=00:00:09 TimeLimit=00:10:00", Ending::Cancelled),
            (
                &format!("{completing} RunTime=00:00:02 TimeLimit=00:10:00 PreemptTime=None"),
                Ending::Cancelled,
            ),
            (
                &format!("{completing} RunTime=00:00:02 TimeLimit=UNLIMITED PreemptTime=None"),
                Ending::Cancelled,
            ),
            (&format!("{completing} RunTime=00:10:03 TimeLimit=00:10:00 PreemptTime=None"), Ending::TimeUp),
            (
                &format!(
                    "{completing} RunTime=00:00:04 TimeLimit=1-00:00:00 PreemptTime=2026-11-29T14:07:07"
                ),
                Ending::Preempted,
            ),
            ("JobState=COMPLETING Restarts=1 RunTime=00:00:00 TimeLimit=00:10:00", Ending::Queued),
        ] {
            assert_eq!(slurm.ending_of(text), ending, "{text}");
        }
    }
}
