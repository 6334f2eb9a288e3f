//! The metrics of a cell: names, units, explanations, and how a picture colours them. Each is recorded as a picture of the grid, as the
//! member of the family of metrics under its name.

use std::borrow::Cow;

use weightscope_frame::record::Channel;
use weightscope_frame::record::declared::{Of, kinds::OfGrids};

use crate::channels as ch;
use crate::method::phase;

/// Words about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Name in files and channels.
    pub id: &'static str,
    /// Words for legends.
    pub label: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether zero is the middle of the colours.
    pub diverging: bool,
}

impl Words {
    /// The label with its unit, for the head of a column or an axis.
    pub(super) fn heading(&self) -> String {
        if self.unit.is_empty() { self.label.to_owned() } else { format!("{} [{}]", self.label, self.unit) }
    }
}

macro_rules! metrics {
    ($($(#[$meta:meta])* $name:ident = $id:literal, $label:literal, $unit:literal, $diverging:literal, $about:literal;)+) => {
        /// One metric, a mean over the seeds or pairs of a cell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$meta])* $name,)+
        }

        impl Metric {
            /// All metrics in the order of menus.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Words about it.
            pub const fn words(self) -> Words {
                match self {
                    $(Self::$name => Words { id: $id, label: $label, unit: $unit, about: $about, diverging: $diverging },)+
                }
            }
        }
    };
}

metrics! {
    /// Accuracy on the test rows.
    TestAccuracy = "test_accuracy", "test accuracy", "", false,
        "Share of right answers on the test rows; mean over the seeds.";
    /// Cross-entropy on the training rows.
    TrainLoss = "train_loss", "train loss", "nat", false,
        "Mean cross-entropy on the training rows, without weight decay; mean over the seeds.";
    /// Accuracy on the training rows.
    TrainAccuracy = "train_accuracy", "train accuracy", "", false,
        "Share of right answers on the training rows, moved labels included; mean over the seeds.";
    /// Cross-entropy on the test rows.
    TestLoss = "test_loss", "test loss", "nat", false,
        "Mean cross-entropy on the test rows; mean over the seeds.";
    /// Training minus test accuracy.
    Gap = "gap", "generalisation gap", "", true,
        "Training minus test accuracy; mean over the seeds.";
    /// Mode connectivity, train error.
    Connectivity = "mode_connectivity", "mode connectivity", "pp", true,
        "Mean train error of the ends of a Bézier curve between two seeds minus its error at the most deviating point, percentage points: negative is a barrier; mean over the pairs.";
    /// Mode connectivity, train loss.
    ConnectivityLoss = "mode_connectivity_loss", "mode connectivity (loss)", "nat", true,
        "The rule of mode connectivity on the training loss along the curves; mean over the pairs.";
    /// Mode connectivity, test error.
    ConnectivityTest = "mode_connectivity_test", "mode connectivity (test)", "pp", true,
        "The rule of mode connectivity on the test error along the curves; mean over the pairs.";
    /// Mode connectivity along a straight line.
    Linear = "linear_mode_connectivity", "linear mode connectivity", "pp", true,
        "The rule of mode connectivity on the straight line between two seeds.";
    /// Barrier of the loss on a straight line.
    Barrier = "barrier", "linear barrier", "nat", false,
        "Largest rise of the training loss above the straight line between its ends.";
    /// The similarity that decides between IV-A and IV-B.
    Cka = "cka", "CKA", "", false,
        "Similarity of two seeds, of the kind chosen in the settings; mean over the pairs.";
    /// Similarity of softmax outputs on mixed-up training rows.
    CkaSoftmax = "cka_softmax", "CKA (softmax, mixed up)", "", false,
        "Linear CKA of softmax outputs on mixed-up training rows (Yang et al.).";
    /// Similarity of logits, mean over batches of test rows.
    CkaLogits = "cka_logits", "CKA (logits, batches)", "", false,
        "Linear CKA of logits, mean over batches of test rows (model zoo).";
    /// Debiased similarity of logits.
    CkaDebiased = "cka_debiased", "CKA (logits, debiased)", "", false,
        "Debiased linear CKA of logits on the test rows; may be negative.";
    /// Logarithm of the largest eigenvalue.
    LogLambda = "log_lambda_max", "ln λ max", "", false,
        "Natural logarithm of the mean over the seeds of the Hessian's largest eigenvalue by magnitude, on the training rows.";
    /// Logarithm of the trace.
    LogTrace = "log_trace", "ln trace", "", false,
        "Natural logarithm of the magnitude of the mean Hessian trace on the training rows.";
    /// Trace with its sign.
    Trace = "trace", "Hessian trace", "", true,
        "Mean over the seeds of Hutchinson's estimate of the Hessian trace on the training rows, with its sign.";
    /// Logarithm of the largest eigenvalue on the test rows.
    LogLambdaTest = "log_lambda_max_test", "ln λ max (test)", "", false,
        "Natural logarithm of the mean over the seeds of the Hessian's largest eigenvalue by magnitude, on the test rows.";
    /// Logarithm of the trace, test rows.
    LogTraceTest = "log_trace_test", "ln trace (test)", "", false,
        "Natural logarithm of the magnitude of the mean Hessian trace on the test rows.";
    /// Norm of the parameters.
    Norm = "weight_norm", "weight norm", "", false,
        "Euclidean norm of all parameters; mean over the seeds.";
    /// Distance of two seeds.
    Distance = "distance", "distance", "", false,
        "Euclidean distance of the parameters of two seeds; mean over the pairs.";
    /// Share of equal answers.
    Agreement = "agreement", "agreement", "", false,
        "Share of test rows on which two seeds answer the same.";
    /// Jensen–Shannon divergence of two seeds.
    Divergence = "divergence", "Jensen–Shannon divergence", "nat", false,
        "Divergence of the softmax outputs of two seeds on the test rows.";
    /// Cosine of the outputs of two seeds.
    Cosine = "cosine", "cosine of logits", "", false,
        "Cosine of the flattened logits of two seeds on the test rows.";
    /// Accuracy of the mean softmax.
    Ensemble = "ensemble_accuracy", "ensemble accuracy", "", false,
        "Test accuracy of the mean softmax of all seeds.";
    /// Accuracy of the ensemble over that of its members.
    EnsembleGain = "ensemble_gain", "ensemble gain", "", true,
        "Ensemble accuracy minus the mean test accuracy of its members.";
    /// Accuracy of the mean of the parameters.
    Average = "average_accuracy", "accuracy of the average", "", false,
        "Test accuracy of the network whose parameters are the mean of the seeds'.";
    /// Accuracy of the mean of the parameters after weight matching.
    MatchedAverage = "matched_average_accuracy", "accuracy of the matched average", "", false,
        "Test accuracy of the mean of the parameters, after the hidden units of each seed were matched to those of the first.";
    /// Spectral exponent, mean over the layers.
    Exponent = "spectral_exponent", "spectral exponent", "", false,
        "Hill estimate of the tail of the eigenvalues of W·Wᵀ, mean over layers and seeds: smaller is heavier.";
    /// Accuracy after pruning.
    Pruned = "pruned_accuracy", "accuracy after pruning", "", false,
        "Test accuracy after the smallest weights were set to 0; mean over the seeds.";
    /// Accuracy of the mean over the last epochs, over the single one.
    EpochAverageGain = "epoch_average_gain", "gain by averaging epochs", "", true,
        "Test accuracy of the mean of the last five epochs' parameters minus that of the last epoch.";
    /// Accuracy after fine-tuning to another task.
    Tuned = "tuned_accuracy", "accuracy after fine-tuning", "", false,
        "Accuracy on the test rows of the tuning task after fine-tuning, with a new last layer; mean over the seeds.";
}

impl Metric {
    /// Position in [`Metric::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|metric| *metric == self).unwrap_or(0)
    }
}

impl Of<OfGrids> for Metric {
    fn id(&self) -> Cow<'_, str> {
        Cow::Owned(ch::METRIC.id(self.words().id))
    }

    fn channel(&self) -> Channel {
        let words = self.words();
        let member = ch::METRIC.labelled(words.id, words.label).channel();
        Channel { unit: words.unit.to_owned(), about: words.about.to_owned(), ..member }
    }
}

/// Values of all metrics, in the order of [`Metric::ALL`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values([Option<f64>; Metric::ALL.len()]);

impl Default for Values {
    fn default() -> Self {
        Self([None; Metric::ALL.len()])
    }
}

impl Values {
    /// A metric, if it is known.
    pub(super) fn get(&self, metric: Metric) -> Option<f64> {
        self.0.get(metric.index()).copied().flatten()
    }

    /// Sets a metric; what is no finite number stays unknown.
    pub(super) fn set(&mut self, metric: Metric, value: Option<f64>) {
        if let Some(place) = self.0.get_mut(metric.index()) {
            *place = value.filter(|value| value.is_finite());
        }
    }

    /// Takes over what is not known here.
    pub(super) fn complete(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = own.or(*other);
        }
    }

    /// What the rule of the phases reads.
    pub(super) fn for_rule(&self) -> phase::Metrics {
        phase::Metrics {
            train_loss: self.get(Metric::TrainLoss),
            log_lambda: self.get(Metric::LogLambda),
            log_trace: self.get(Metric::LogTrace),
            connectivity: self.get(Metric::Connectivity),
            cka: self.get(Metric::Cka),
        }
    }
}
