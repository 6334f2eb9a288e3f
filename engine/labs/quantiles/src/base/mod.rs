//! The base models: what they are, how they are fitted and asked. All of them see standardised features and observations.
//!
//! Contract: a fit is a function of (rows, settings, seed, purpose) alone; it reports its progress and ends early when told to.

pub mod boosting;
pub mod forest;
pub mod interior;
pub mod linear;
pub mod matrix;
pub mod neighbours;
pub mod nets;
pub mod network;
pub mod program;
pub mod tree;
pub mod watch;

use serde::{Deserialize, Serialize};

pub use matrix::Matrix;

weightscope_frame::choices! {
    /// A kind of base model.
    pub enum Kind {
        /// Linear quantile regression.
        Linear = "linear", "Linear quantile regression";
        /// Nearest neighbours.
        Knn = "knn", "Nearest neighbours";
        /// Quantile random forest.
        RandomForest = "random_forest", "Quantile random forest";
        /// Quantile extra trees.
        ExtraTrees = "extra_trees", "Quantile extra trees";
        /// Quantile gradient boosting.
        Boosting = "boosting", "Quantile boosting";
        /// Conditional Gaussian net.
        ConditionalGaussian = "conditional_gaussian", "Conditional Gaussian net";
        /// Simultaneous quantile net: the level is an input.
        SimultaneousQuantile = "simultaneous_quantile", "Simultaneous quantile net";
        /// Joint quantile net: one output a level.
        JointQuantile = "joint_quantile", "Joint quantile net";
    }
}

impl Kind {
    /// The kind with this word.
    pub fn by_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.key() == key)
    }

    /// True for the three nets.
    pub fn is_net(self) -> bool {
        matches!(self, Self::ConditionalGaussian | Self::SimultaneousQuantile | Self::JointQuantile)
    }
}

/// The work was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt;

/// News of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum News {
    /// Done share, 0 to 1.
    Share(f64),
    /// A point of a training curve.
    Point {
        /// Steps done.
        step: usize,
        /// Mean training loss since the last point.
        train: f64,
        /// Loss on the validation rows; not-a-number without.
        validation: f64,
        /// Mean crossing penalty since the last point.
        crossing: f64,
    },
}

/// Where a fit reports.
pub struct Progress<'a> {
    report: &'a mut dyn FnMut(News) -> Result<(), Halt>,
    stop: Option<&'a std::sync::atomic::AtomicBool>,
}

impl<'a> Progress<'a> {
    /// Reports to a function; `stop` ends the work between reports.
    pub fn new(
        report: &'a mut dyn FnMut(News) -> Result<(), Halt>,
        stop: Option<&'a std::sync::atomic::AtomicBool>,
    ) -> Self {
        Self { report, stop }
    }

    /// Reports a done share.
    pub fn share(&mut self, share: f64) -> Result<(), Halt> {
        (self.report)(News::Share(share))
    }

    /// Reports anything.
    pub fn tell(&mut self, news: News) -> Result<(), Halt> {
        (self.report)(news)
    }

    /// For loops between reports.
    pub fn check(&self) -> Result<(), Halt> {
        let stopped = self.stop.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed));
        if stopped { Err(Halt) } else { Ok(()) }
    }
}

/// A fitted base model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fitted {
    /// Coefficients.
    Linear(linear::Linear),
    /// Training rows.
    Neighbours(neighbours::Neighbours),
    /// Trees with members.
    Forest(forest::Forest),
    /// Trees with values.
    Boosting(boosting::Boosting),
    /// A net.
    Net(nets::Net),
}

impl Fitted {
    /// Quantiles of each row at the levels of the fit, `[rows, levels]`.
    pub fn predict(&self, x: &Matrix, taus: &[f64], device: &burn::tensor::Device) -> Vec<f32> {
        match self {
            Self::Linear(model) => model.predict(x),
            Self::Neighbours(model) => model.predict(x, taus),
            Self::Forest(model) => model.predict(x, taus),
            Self::Boosting(model) => model.predict(x),
            Self::Net(model) => model.predict(x, taus, device),
        }
    }
}
