//! The base models: what they are, how they are fitted and asked. All of them see standardised features and observations.
//!
//! Contract: a fit is a function of (rows, settings, seed, purpose) alone; it reports points of its training curve and ends early when told to.

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
use weightscope_frame::run::{Job, RunError};

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
    /// True for the three nets.
    pub fn is_net(self) -> bool {
        matches!(self, Self::ConditionalGaussian | Self::SimultaneousQuantile | Self::JointQuantile)
    }
}

/// A point of a training curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Training steps done.
    pub step: usize,
    /// Mean training loss since the point before.
    pub train: f64,
    /// Loss on the validation rows; not-a-number without them.
    pub validation: f64,
    /// Mean crossing penalty since the point before.
    pub crossing: f64,
}

/// The hand of a fit: where it reports points of its training curve, and what ends it early.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    job: Option<&'a Job<'a, CurvePoint>>,
}

impl<'a> Progress<'a> {
    /// The hand of a fit that is a job of a run.
    pub fn of(job: &'a Job<'a, CurvePoint>) -> Self {
        Self { job: Some(job) }
    }

    /// The hand of a fit outside of runs: nobody listens, and nothing ends it.
    pub fn alone() -> Self {
        Self { job: None }
    }

    /// Reports a point of the training curve; waits while many are unread.
    pub fn tell(self, point: CurvePoint) -> Result<(), RunError> {
        self.job.map_or(Ok(()), |job| job.tell(point))
    }

    /// For loops between reports: waits while the run is held, fails when the run has ended.
    pub fn check(self) -> Result<(), RunError> {
        self.job.map_or(Ok(()), Job::check)
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
