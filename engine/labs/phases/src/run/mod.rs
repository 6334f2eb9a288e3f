//! The experiment as stages: training, comparing the seeds, curvature, and using the networks.
//!
//! Contract: a job depends on the settings and the seed only; jobs are committed in the order of the plan, one step each, so that
//! neither threads nor a resume change a number. Nothing here looks at a clock but for the seconds of the stages.

pub(super) mod afterwards;
pub(super) mod book;
pub(super) mod checkpoint;
pub(super) mod curvature;
pub(super) mod files;
pub(super) mod jobs;
mod measured;
pub(super) mod pictures;
pub(super) mod seeds;
mod stages;
pub(super) mod training;
mod tuning;
mod whole;

pub(super) use stages::{REFINE, REGION};
pub(super) use whole::{data_problems, run};
