//! The settings of the lab, each written once; the rules between them stand in `check`.

mod check;
mod cost;

use std::path::PathBuf;

use weightscope_frame::experiment::Mark;
use weightscope_frame::{choices, settings};

pub(crate) use cost::cost;

use crate::run::{FOLDER, RECORDING, SPECTRA, STATISTICS};
use crate::{demo, files};

choices! {
    /// Which matrices get their singular values.
    pub enum Spectra {
        /// Cheapest first, whole until the budget is spent, then the leading ones.
        Auto = "auto", "Within the budget";
        /// All of them, whole.
        All = "all", "All, whole";
        /// None.
        None = "none", "None";
    }
}

choices! {
    /// What shares one quantization step.
    pub enum Grouping {
        /// The whole tensor.
        Tensor = "tensor", "Tensor";
        /// Each row.
        Row = "row", "Row";
        /// 32 neighbours of a row.
        Of32 = "32", "Groups of 32";
        /// 64 neighbours of a row.
        Of64 = "64", "Groups of 64";
        /// 128 neighbours of a row.
        Of128 = "128", "Groups of 128";
    }
}

choices! {
    /// How the quantization step follows from the weights.
    pub enum Scale {
        /// Largest magnitude over the largest level.
        Max = "max", "Largest magnitude";
        /// Twice the mean magnitude (StatsQ).
        StatsQ = "statsq", "StatsQ";
        /// Twice the mean magnitude over the root of the largest level (the start of LSQ).
        Lsq = "lsq", "Start of LSQ";
    }
}

choices! {
    /// How the checkpoints of a folder are ordered.
    pub enum Order {
        /// By the numbers in their names.
        Numbers = "numbers", "Numbers in names";
        /// By the time at which they were written.
        Time = "time", "Time written";
    }
}

choices! {
    /// Which weights are traced over the checkpoints of a folder.
    pub enum Traced {
        /// Those nearest to a decision boundary of the quantizer in the first checkpoint.
        Boundary = "boundary", "Nearest to a boundary";
        /// Those that moved most between the first two checkpoints.
        Moved = "moved", "Moved most";
        /// Drawn by the seed.
        Random = "random", "Random";
    }
}

choices! {
    /// What the folder holds.
    pub enum Holds {
        /// Told by what lies in it when the run begins.
        Auto = "auto", "Whatever lies in it";
        /// Checkpoints.
        Checkpoints = "checkpoints", "Checkpoints";
        /// A recording of sampled weights.
        Recording = "recording", "A recording";
        /// A recording beside which checkpoints were written.
        RecordingAndCheckpoints = "recording_and_checkpoints", "A recording with checkpoints";
        /// TensorBoard event files.
        Events = "events", "TensorBoard event files";
    }
}

/// No file, no folder.
pub(crate) const NONE: &str = "none";
/// Every tensor.
pub(crate) const ALL: &str = "all";

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Files" core {
            model: String = "llama".to_owned(), "Weights",
                "A weight file, or the folder of a sharded model or an adapter: safetensors, PyTorch checkpoint (.pt, .pth, .bin, .ckpt), .npz, .npy; or a small base that comes with the program: llama, rwkv, gpt. The kind is told by the first bytes; nothing in a file is executed.",
                .mark(Mark::DataSet).fixed("the file is read before the first step");
            against: String = NONE.to_owned(), "Compare with",
                "A second weight file, the changed one, or an adapter's folder; none for no comparison. Tensors are matched by name, then without wrapper prefixes, then by order and shape, which is said.",
                .fixed("the file is read before the first step");
            folder: String = NONE.to_owned(), "Folder of checkpoints",
                "A folder into which a training writes: checkpoints from any framework, a recording of the recorder that comes with the program, or TensorBoard event files; or digits and digits-recording, which come with the program; none for no folder. The weights above are then those of its first checkpoint.",
                .fixed("the files are read before the first step");
            first: String = NONE.to_owned(), "Copy of the first one",
                "A folder with a copy of the first checkpoint under its own name, which stands for the one in the folder where a training overwrites or deletes it. A run that watches keeps such a copy in its own folder and uses it when it is repeated or goes on; none for the one in the folder.",
                .fixed("the files are read before the first step"),
                if |s| s.follows();
            holds: Holds = Holds::Auto, "It holds",
                "What lies in the folder; auto is written out when the run begins.",
                .fixed("the files are read before the first step"),
                if |s| s.follows();
            order: Order = Order::Numbers, "Order",
                "What orders the checkpoints of the folder.",
                if |s| s.follows();
            watch_seconds: f64 = 0.0, "Watch for",
                "How long to wait for more, or for the first checkpoint, before the run ends; 0 takes what is there.",
                .unit("s").range(0.0, 1e7).stage(FOLDER),
                if |s| s.follows();
            select: String = ALL.to_owned(), "Names",
                "Only tensors whose name contains one of these words, separated by commas; all for all of them.",
                .fixed("the tensors are chosen before the first step");
        }
        section "Figures" core {
            outlier_sigma: f64 = 6.0, "Outlier threshold",
                "A weight is an outlier if its magnitude exceeds this many standard deviations of its tensor.",
                .unit("std").range(1.0, 100.0).stage(STATISTICS);
            near_zero: f64 = 1e-3, "Near zero",
                "A weight is near zero if its magnitude is below this many standard deviations of its tensor.",
                .unit("std").range(0.0, 1.0).stage(STATISTICS);
            spectra: Spectra = Spectra::Auto, "Singular values",
                "Of which matrices the singular values are computed.",
                .stage(SPECTRA);
            budget_seconds: f64 = 60.0, "Budget",
                "Predicted cost up to which singular values are computed whole: 2·m·n² + 9·n³ operations a matrix at 20 GFLOP/s, cheapest first. It is no clock: the same matrices on every machine. Past it, and above a smaller side of 4096, the leading 256 are computed.",
                .unit("s").range(0.0, 1e7).stage(SPECTRA),
                if |s| s.spectra == Spectra::Auto;
        }
        section "Quantization" core {
            bits: u64 = 4, "Bits",
                "Width of the integer levels at which views begin and traces are drawn.",
                .range(2.0, 8.0).stage(STATISTICS);
            grouping: Grouping = Grouping::Row, "Grouping",
                "What shares one quantization step where views begin; the errors of all groupings are computed.",
                .stage(STATISTICS);
            scale: Scale = Scale::Max, "Scale",
                "How the quantization step follows from the weights.",
                .stage(STATISTICS);
        }
        section "Traces" {
            traced: Traced = Traced::Boundary, "Traced weights",
                "Which weights are followed over the checkpoints of a folder.",
                .stage(FOLDER),
                if |s| s.follows();
            traces: u64 = 64, "Number of traces",
                "How many weights of each tensor are followed over checkpoints; a recording has its own.",
                .range(1.0, 256.0).stage(FOLDER),
                if |s| s.follows();
            window: u64 = 400, "Window",
                "Frames of a recording over which oscillations are counted; the final figures are those of the last window.",
                .unit("frames").range(10.0, 65_535.0).stage(RECORDING),
                if |s| s.follows();
            oscillation_threshold: f64 = 0.005, "Oscillation threshold",
                "A sampled weight oscillates if it has more oscillations per frame of the window.",
                .unit("events/frame").range(1e-6, 1.0).logarithmic().published("0.005", "Nagel et al. 2022; Quantization-Variation").stage(RECORDING),
                if |s| s.follows();
        }
    }
}

impl Config {
    /// True if a second file is compared.
    pub(crate) fn compares(&self) -> bool {
        names(&self.against)
    }

    /// True if a folder is followed.
    pub(crate) fn follows(&self) -> bool {
        names(&self.folder)
    }

    /// What the folder holds, by what lies in it if the settings do not say.
    pub(crate) fn holds(&self) -> Holds {
        if self.follows() && self.holds == Holds::Auto { files::holds(&self.folder) } else { self.holds }
    }

    /// True if a recording is followed.
    pub(crate) fn records(&self) -> bool {
        self.follows() && matches!(self.holds(), Holds::Recording | Holds::RecordingAndCheckpoints)
    }

    /// True if event files are followed.
    pub(crate) fn logs(&self) -> bool {
        self.follows() && self.holds() == Holds::Events
    }

    /// The folder of checkpoints that is followed, if one is.
    pub(crate) fn checkpoints(&self) -> Option<PathBuf> {
        let folder = demo::folder(&self.folder);
        match self.holds() {
            _ if !self.follows() => None,
            Holds::Recording | Holds::Events => None,
            Holds::RecordingAndCheckpoints => Some(folder.join(files::CHECKPOINTS)),
            Holds::Auto | Holds::Checkpoints => Some(folder),
        }
    }

    /// The folder with a copy of the first checkpoint, if one is named.
    pub(crate) fn first(&self) -> Option<PathBuf> {
        names(&self.first).then(|| PathBuf::from(self.first.trim()))
    }

    /// True if there are tensors whose statistics are computed.
    pub(crate) fn has_tensors(&self) -> bool {
        !self.follows() || self.checkpoints().is_some()
    }
}

/// True for a setting that names a file or a folder.
fn names(place: &str) -> bool {
    !matches!(place.trim(), "" | NONE)
}
