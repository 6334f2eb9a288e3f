//! The command line as typed. Its words are a contract with scripts.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use weightscope_engine::device::DeviceChoice;

use super::cluster::args::SweepCommand;
use weightscope_window::exporting::Format;
use weightscope_window::figure::style::Page;

/// What `--version` says: version, commit, and what was built in.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("WEIGHTSCOPE_COMMIT"),
    "; ",
    env!("WEIGHTSCOPE_FEATURES"),
    ")"
);

/// An oscilloscope for the weights of neural networks.
///
/// Without a command the window opens.
#[derive(Debug, Parser)]
#[command(name = "weightscope", version = VERSION, about, long_about = None)]
pub(super) struct Arguments {
    /// Folder of all runs (default: the user's data directory)
    #[arg(long, global = true, value_name = "DIR", env = "WEIGHTSCOPE_RUNS")]
    pub runs: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List labs, presets or runs
    List {
        /// What to list
        what: Listed,
        /// One JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Check an experiment file and open its data: problems with key, reason, allowed range
    Check {
        /// The file, or a preset's name
        experiment: String,
        /// One JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Run an experiment without a window; prints the run folder last
    Run(RunArguments),
    /// Go on with an interrupted run from its last checkpoint
    Resume {
        /// The run folder
        run_dir: PathBuf,
        /// Where the data are now, if they were moved; their content must be that of the run
        #[arg(long, value_name = "FILE")]
        data: Option<String>,
        /// Go on although the data have changed; the manifest says so
        #[arg(long)]
        accept_changed_data: bool,
        /// How to report
        #[command(flatten)]
        report: Report,
    },
    /// Go on from a checkpoint of a run as a child of it, with some settings changed
    Fork(ForkArguments),
    /// Print the reproduction card of a run as Markdown: published figures beside ours
    Card {
        /// The run folder
        run_dir: PathBuf,
    },
    /// Run again and compare the metric stream bit for bit
    Verify {
        /// The run folder
        run_dir: PathBuf,
        /// Run nothing: compare the run's files with the hashes that were kept when it was done
        #[arg(long)]
        files: bool,
        /// How to report
        #[command(flatten)]
        report: Report,
    },
    /// Write a run as one file, to be handed on
    Pack(PackArguments),
    /// Make a run folder of a packed run; a run that is here already is left as it is
    Unpack {
        /// The file
        file: PathBuf,
        /// Where what the run read is here, if it did not come along; its content must be that of the run
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
    },
    /// Export views of a run as figures or data
    Export(ExportArguments),
    /// Predict new rows with a finished run: quantiles and calibrated intervals as CSV
    Predict {
        /// The run folder
        run_dir: PathBuf,
        /// The new rows; needs the run's feature columns by name
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Base model or aggregator of the run (default: the best on its validation rows)
        #[arg(long, value_name = "NAME")]
        method: Option<String>,
        /// Where the predictions go
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make something of a run for others, such as the model zoo of a phases run; without a product, list what can be made
    Produce {
        /// The run folder
        run_dir: PathBuf,
        /// What to make
        product: Option<String>,
        /// Where it goes; must be new or empty
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// List the views that a run can show, with their ids
    Views {
        /// The run folder
        run_dir: PathBuf,
        /// One JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Data sets: list those known here, or download one into the cache
    Data {
        /// What to do
        #[command(subcommand)]
        command: DataCommand,
    },
    /// A lab that looks at a file of one's own: `weightscope inspect FILE`
    #[command(external_subcommand)]
    Open(Vec<String>),
    /// Print the recorder: one Python file that puts a PyTorch training on the scope
    Recorder {
        /// Write it into this folder instead, under its own name
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Sweeps on a cluster or beside each other on one machine: plan, run, status, retry
    Sweep {
        /// What to do
        #[command(subcommand)]
        command: SweepCommand,
    },
    /// Export the integer levels and scales of a run's quantized weights
    Levels {
        /// The run folder
        run_dir: PathBuf,
        /// The file; its ending (.safetensors or .npz) decides the format
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// What `list` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    /// The labs.
    Labs,
    /// The presets.
    Presets,
    /// The runs on disk.
    Runs,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    /// A preset's name (lab/preset) or an experiment file
    pub experiment: String,
    /// Change a setting; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Run folder; must be new or empty (a sweep makes one folder per run in it)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_name = "cpu|gpu")]
    pub device: Option<DeviceWord>,
    /// Worker threads; 0 takes all cores
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,
    /// Runs of a sweep at once (default: 2 where one alone would leave cores idle; 1 with --json or one worker thread)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// How to report
    #[command(flatten)]
    pub report: Report,
}

/// Arguments of `fork`.
#[derive(Debug, clap::Args)]
pub(super) struct ForkArguments {
    /// The parent's run folder
    pub run_dir: PathBuf,
    /// Step of the checkpoint (default: the newest)
    #[arg(long, value_name = "N")]
    pub step: Option<u64>,
    /// Change a setting; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Folder of the child; must be new or empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How to report
    #[command(flatten)]
    pub report: Report,
}

/// Arguments of `pack`.
#[derive(Debug, clap::Args)]
pub(super) struct PackArguments {
    /// The run folder
    pub run_dir: PathBuf,
    /// The file; new, and ending in .weightscope so that the window knows it
    pub file: PathBuf,
    /// Pack the files that the run read too
    #[arg(long)]
    pub with_data: bool,
    /// Pack data of more than 50 MB too
    #[arg(long, requires = "with_data")]
    pub yes: bool,
}

/// How a command reports.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Report {
    /// One JSON object per line on standard output
    #[arg(long)]
    pub json: bool,
    /// No progress and no messages on standard error
    #[arg(long)]
    pub quiet: bool,
}

/// The device's word on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceWord {
    /// burn flex.
    Cpu,
    /// burn-wgpu.
    Gpu,
}

impl From<DeviceWord> for DeviceChoice {
    fn from(word: DeviceWord) -> Self {
        match word {
            DeviceWord::Cpu => Self::Cpu,
            DeviceWord::Gpu => Self::Gpu,
        }
    }
}

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArguments {
    /// The run folder
    pub run_dir: PathBuf,
    /// A view's id (see `views`), all, or channels:ID,ID for any channels of the record
    #[arg(long, value_name = "ID|all")]
    pub view: Option<String>,
    /// A figure exported before: its views, scales, controls and words are taken
    #[arg(long, value_name = "FIGURE", conflicts_with = "view")]
    pub like: Option<PathBuf>,
    /// File format
    #[arg(long)]
    pub format: FormatWord,
    /// Size and fonts
    #[arg(long, default_value = "column")]
    pub style: StyleWord,
    /// Turn a control of the view, as in the window; may be repeated
    #[arg(long = "control", value_name = "ID=VALUE")]
    pub control: Vec<String>,
    /// Another run, drawn beside it and taken in by views across runs; may be repeated
    #[arg(long = "with", value_name = "RUN_DIR")]
    pub with: Vec<PathBuf>,
    /// File, or with --view all a folder
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatWord {
    /// Scalable vector graphics.
    Svg,
    /// Portable document format.
    Pdf,
    /// Pixels.
    Png,
    /// The plotted data.
    Csv,
    /// What is plotted, with axes, units and origin, for programs that ask.
    Json,
    /// All numbers and histograms of the run as a TensorBoard event file; of no single view.
    Events,
}

impl FormatWord {
    /// The format of a figure; none for what is made of a whole run.
    pub(super) fn figure(self) -> Option<Format> {
        match self {
            Self::Svg => Some(Format::Svg),
            Self::Pdf => Some(Format::Pdf),
            Self::Png => Some(Format::Png),
            Self::Csv => Some(Format::Csv),
            Self::Json => Some(Format::Json),
            Self::Events => None,
        }
    }
}

/// Figure styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StyleWord {
    /// One column of a paper.
    Column,
    /// Both columns.
    Double,
    /// A slide.
    Slide,
    /// A poster.
    Poster,
}

/// What `data` does.
#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// Data sets known here
    List {
        /// One JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Download one into the cache
    Get {
        /// Its name
        name: String,
    },
}

impl From<StyleWord> for Page {
    fn from(word: StyleWord) -> Self {
        match word {
            StyleWord::Column => Self::Column,
            StyleWord::Double => Self::Double,
            StyleWord::Slide => Self::Slide,
            StyleWord::Poster => Self::Poster,
        }
    }
}
