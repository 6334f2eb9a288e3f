//! The batch file for Slurm, and the commands that submit it.
//!
//! Contract: the program takes the place of the shell (`exec`), so that the signal before the end, which Slurm sends to the batch script
//! alone (`B:`), reaches it.

use std::fmt::Write as _;
use std::path::Path;

use weightscope_window::plan::Plan;

/// Elements of a job array that Slurm takes where nobody has raised the limit (`MaxArraySize` is 1001).
pub(super) const USUAL_ELEMENTS: usize = 1000;

/// The batch file of a plan. `program` and `folder` are absolute.
pub(super) fn text(plan: &Plan, program: &str, folder: &str) -> String {
    let options = &plan.options;
    let packed = options.pack > 1;
    let (count, elements) = (plan.tasks.len(), plan.elements());
    let mut lines = vec![
        "#!/bin/bash".to_owned(),
        format!("# {count} tasks of {}, planned by weightscope {}.", one_line(&plan.origin), plan.version),
        format!("#SBATCH --job-name={}", job_name(&plan.origin)),
        format!("#SBATCH --array=0-{}", elements.saturating_sub(1)),
        format!("#SBATCH --time={}", options.time),
        format!("#SBATCH --cpus-per-task={}", options.cpus),
        format!("#SBATCH --signal=B:USR1@{}", options.signal),
        "#SBATCH --requeue".to_owned(),
        "#SBATCH --open-mode=append".to_owned(),
        format!("#SBATCH --output=\"{}/logs/%A_%a.txt\"", folder.replace('%', "%%")),
        format!("#SBATCH --chdir=\"{}\"", plan.working_folder),
    ];
    if let Some(partition) = &options.partition {
        lines.insert(5, format!("#SBATCH --partition={partition}"));
    }
    let which = if packed { "--pack" } else { "--task" };
    lines.push(
        "# The program takes the place of this shell, so that it gets the signal before the end itself; one that comes before it listens does not kill it."
            .to_owned(),
    );
    lines.push("trap '' USR1".to_owned());
    lines.push(format!(
        "exec {} sweep run {} {which} \"$SLURM_ARRAY_TASK_ID\"",
        quoted(program),
        quoted(folder)
    ));
    lines.join("\n") + "\n"
}

/// The command that submits all elements, or those that are named.
pub(super) fn submit(script: &Path, elements: Option<&[usize]>) -> String {
    let script = quoted(&script.display().to_string());
    match elements {
        None => format!("sbatch {script}"),
        Some(elements) => format!("sbatch --array={} {script}", ranges(elements)),
    }
}

/// Increasing numbers as Slurm writes them: `1,4-6`.
fn ranges(numbers: &[usize]) -> String {
    let mut text = String::new();
    let mut rest = numbers.iter().copied().peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while let Some(next) = rest.next_if(|next| *next == last + 1) {
            last = next;
        }
        let comma = if text.is_empty() { "" } else { "," };
        let _ = if first == last {
            write!(text, "{comma}{first}")
        } else {
            write!(text, "{comma}{first}-{last}")
        };
    }
    text
}

/// Seconds of a time limit as Slurm writes it: minutes, `minutes:seconds`, `hours:minutes:seconds`, and after days and a dash hours,
/// `hours:minutes`, `hours:minutes:seconds`.
pub(super) fn seconds(time: &str) -> Option<u64> {
    let (days, rest) = match time.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, time),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match (days, parts.as_slice()) {
        (None, [minutes]) => (0, *minutes, 0),
        (None, [minutes, seconds]) => (0, *minutes, *seconds),
        (Some(_), [hours]) => (*hours, 0, 0),
        (Some(_), [hours, minutes]) => (*hours, *minutes, 0),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    Some(((days.unwrap_or(0) * 24 + hours) * 60 + minutes) * 60 + seconds)
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn job_name(origin: &str) -> String {
    let name = origin.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".toml");
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    format!("weightscope-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_read_as_slurm_reads_them() {
        for (text, seconds) in [
            ("90", 5400),
            ("1:30", 90),
            ("1:00:00", 3600),
            ("2-0", 172_800),
            ("1-2:30", 95_400),
            ("1-00:00:05", 86_405),
            ("0", 0),
        ] {
            assert_eq!(super::seconds(text), Some(seconds), "{text}");
        }
        for text in ["", "an hour", "1:2:3:4", "-1", "1-", "1:", "1.5", "+3", "99999999", "1-1:1:1:1"] {
            assert_eq!(super::seconds(text), None, "{text}");
        }
    }

    #[test]
    fn elements_are_written_as_ranges() {
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
    }

    #[test]
    fn words_for_the_shell_keep_every_letter() {
        assert_eq!(quoted("/a b/it's $HOME"), "'/a b/it'\\''s $HOME'");
        assert_eq!(
            submit(Path::new("/p/sweep.sbatch"), Some(&[1, 2])),
            "sbatch --array=1-2 '/p/sweep.sbatch'"
        );
    }
}
