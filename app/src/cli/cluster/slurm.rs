//! What Slurm says of the present job, and what is asked of it.

use std::env;
use std::process::Command;

/// The job of which this process is a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slurm {
    /// Its number, of an array element as `JOB_TASK`: that, and never the whole array, is queued again.
    pub job: String,
    /// How often it was begun again.
    pub restarts: u32,
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

    /// True if a person has ended the job, as far as Slurm can be asked: then it must not be queued again.
    pub(super) fn is_cancelled(&self) -> bool {
        let output = Command::new("scontrol").args(["show", "job", "--oneliner", &self.job]).output();
        output.is_ok_and(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.split_ascii_whitespace().any(|word| word.starts_with("JobState=CANCELLED"))
        })
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
}
