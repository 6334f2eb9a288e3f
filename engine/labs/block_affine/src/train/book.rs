//! What a run has noted so far, for figures at the end and for files.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Metric;

use crate::config::Config;
use crate::metrics;

/// Notes of the run's own network.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Book {
    /// Training losses of the base.
    pub(crate) base_losses: Vec<f64>,
    /// Training losses of the adaptation.
    pub(crate) losses: Vec<f64>,
    /// Step, validation loss and test accuracy (not-a-number without) of each judgement of the adaptation.
    pub(crate) judged: Vec<(u64, f64, f64)>,
    /// Final figures that were known before the end, by name: a run that goes on from a checkpoint reports them too.
    pub(crate) early: Vec<(String, f64)>,
    /// Validation loss of the base.
    pub(crate) before: f64,
    /// Test accuracy of the base on the new task.
    pub(crate) accuracy_before: f64,
    /// Test accuracy of the base on its own task.
    pub(crate) base_accuracy: f64,
    /// Loss on held-out windows of the base's text, before.
    pub(crate) old_text_before: f64,
}

/// Figures of one network of the small tasks.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Finished {
    /// Its seed.
    pub(crate) seed: u64,
    /// Test accuracy at the end; not-a-number for values.
    pub(crate) accuracy: f64,
    /// Test accuracy of the base on the new task.
    pub(crate) accuracy_before: f64,
    /// Test accuracy of the base on its own.
    pub(crate) base_accuracy: f64,
    /// Validation loss at the end.
    pub(crate) loss: f64,
    /// Validation loss of the base.
    pub(crate) loss_before: f64,
    /// Smallest validation loss of all judgements.
    pub(crate) smallest: f64,
    /// Gradient norm before the first step.
    pub(crate) gradient_norm: f64,
}

/// Reports a figure that is known before the end, and notes it.
pub(super) fn early(run: &mut Running<'_, '_, Config>, metric: &Metric, value: f64) {
    run.result(metric, value);
    run.state.book.early.push((metric.name.to_owned(), value));
}

/// Reports the noted figures again.
pub(super) fn again(run: &mut Running<'_, '_, Config>) {
    for (name, value) in run.state.book.early.clone() {
        if let Some(metric) = metrics::ALL.iter().find(|metric| metric.name == name) {
            run.result(metric, value);
        }
    }
}
