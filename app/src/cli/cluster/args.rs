//! The words of `weightscope sweep`. They are a contract with scripts.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::args::Report;

/// What `sweep` does.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SweepCommand {
    /// Write the tasks of a sweep as a table, and a batch file for Slurm
    Plan(PlanArguments),
    /// Carry out a task of a plan, a pack of tasks, or all of them; what is done is never done again
    Run(RunArguments),
    /// How the tasks of a plan stand
    Status {
        /// The plan's folder
        dir: PathBuf,
        /// One JSON object for each task on a line
        #[arg(long)]
        json: bool,
        /// Write settings and results of all finished tasks into this CSV file
        #[arg(long, value_name = "FILE")]
        table: Option<PathBuf>,
    },
    /// Let tasks be tried again that failed, were cancelled, were killed or ran out of time; prints how to submit just them
    Retry {
        /// The plan's folder
        dir: PathBuf,
    },
}

impl SweepCommand {
    /// True if nothing but errors goes to standard error.
    pub(in crate::cli) fn is_quiet(&self) -> bool {
        matches!(self, Self::Run(run) if run.report.quiet)
    }
}

/// Arguments of `sweep plan`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PlanArguments {
    /// A preset's name (lab/preset) or an experiment file
    pub experiment: String,
    /// Folder of the plan and of all its runs; must be new or empty, or hold this very plan
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Change a setting; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Cut what the experiment makes (a zoo, a table, a grid of networks) into so many parts, a task each; a run with `--set parts=DIR`
    /// joins them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub parts: Option<u32>,
    /// Tasks that one element of the job array does, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub pack: u32,
    /// Time limit of an element, as Slurm writes it
    #[arg(long, value_name = "TIME", default_value = "1:00:00")]
    pub time: String,
    /// Partition of the cluster (default: the cluster's own)
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// Cores of an element
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub cpus: u32,
    /// Seconds before the time limit at which a task is told to save and to be queued again
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..65536))]
    pub signal: u32,
}

/// Arguments of `sweep run`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArguments {
    /// The plan's folder
    pub dir: PathBuf,
    /// Which tasks
    #[command(flatten)]
    pub which: Which,
    /// Tasks at once, with --all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), requires = "all")]
    pub jobs: u32,
    /// Worker threads of a task whose experiment leaves them open (default: what Slurm has granted, else the cores that the process may use)
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Ends in order when standard input closes, and asks for no requeue: so `--all` starts its tasks
    #[arg(long, hide = true)]
    pub child: bool,
    /// How to report
    #[command(flatten)]
    pub report: Report,
}

/// Which tasks are carried out.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Which {
    /// This task
    #[arg(long, value_name = "K")]
    pub task: Option<usize>,
    /// The tasks of this element of the job array
    #[arg(long, value_name = "K")]
    pub pack: Option<usize>,
    /// All of them, on this machine
    #[arg(long)]
    pub all: bool,
}
