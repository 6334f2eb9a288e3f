//! The metrics of a cell: names, units, explanations, and how a picture colours them.

/// One metric, a mean over the seeds or pairs of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Cross-entropy on the training rows.
    TrainLoss,
    /// Accuracy there.
    TrainAccuracy,
    /// Cross-entropy on the test rows.
    TestLoss,
    /// Accuracy there.
    TestAccuracy,
    /// Training minus test accuracy.
    Gap,
    /// Mode connectivity, train error.
    Connectivity,
    /// Mode connectivity, train loss.
    ConnectivityLoss,
    /// Mode connectivity, test error.
    ConnectivityTest,
    /// The same rule on a straight line.
    Linear,
    /// Barrier of the loss on a straight line.
    Barrier,
    /// The similarity that decides.
    Cka,
    /// Softmax, mixed-up rows.
    CkaSoftmax,
    /// Logits, mean over batches.
    CkaLogits,
    /// Logits, debiased.
    CkaDebiased,
    /// Logarithm of the largest eigenvalue.
    LogLambda,
    /// Logarithm of the trace.
    LogTrace,
    /// Trace with its sign.
    Trace,
    /// Logarithm of the largest eigenvalue, test rows.
    LogLambdaTest,
    /// Logarithm of the trace, test rows.
    LogTraceTest,
    /// Norm of the parameters.
    Norm,
    /// Distance of two seeds.
    Distance,
    /// Share of equal answers.
    Agreement,
    /// Jensen–Shannon divergence of two seeds.
    Divergence,
    /// Cosine of their outputs.
    Cosine,
    /// Accuracy of the mean softmax.
    Ensemble,
    /// Over the mean of the single ones.
    EnsembleGain,
    /// Accuracy of the mean of the parameters.
    Average,
    /// The same after weight matching.
    MatchedAverage,
    /// Spectral exponent, mean over the layers.
    Exponent,
    /// Accuracy after pruning.
    Pruned,
    /// Accuracy of the mean over the last epochs, over the single one.
    EpochAverageGain,
    /// Accuracy after fine-tuning to other classes.
    Tuned,
}

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

const fn words(id: &'static str, label: &'static str, unit: &'static str, about: &'static str) -> Words {
    Words { id, label, unit, about, diverging: false }
}

const fn diverging(id: &'static str, label: &'static str, unit: &'static str, about: &'static str) -> Words {
    Words { id, label, unit, about, diverging: true }
}

impl Metric {
    /// All metrics in the order of menus.
    pub const ALL: [Self; 32] = [
        Self::TestAccuracy,
        Self::TrainLoss,
        Self::TrainAccuracy,
        Self::TestLoss,
        Self::Gap,
        Self::Connectivity,
        Self::ConnectivityLoss,
        Self::ConnectivityTest,
        Self::Linear,
        Self::Barrier,
        Self::Cka,
        Self::CkaSoftmax,
        Self::CkaLogits,
        Self::CkaDebiased,
        Self::LogLambda,
        Self::LogTrace,
        Self::Trace,
        Self::LogLambdaTest,
        Self::LogTraceTest,
        Self::Norm,
        Self::Distance,
        Self::Agreement,
        Self::Divergence,
        Self::Cosine,
        Self::Ensemble,
        Self::EnsembleGain,
        Self::Average,
        Self::MatchedAverage,
        Self::Exponent,
        Self::Pruned,
        Self::EpochAverageGain,
        Self::Tuned,
    ];

    /// Words about it.
    pub const fn words(self) -> Words {
        match self {
            Self::TrainLoss => words(
                "train_loss",
                "train loss",
                "nat",
                "Mean cross-entropy on the training rows, without weight decay; mean over the seeds.",
            ),
            Self::TrainAccuracy => words(
                "train_accuracy",
                "train accuracy",
                "",
                "Share of right answers on the training rows, moved labels included; mean over the seeds.",
            ),
            Self::TestLoss => words(
                "test_loss",
                "test loss",
                "nat",
                "Mean cross-entropy on the test rows; mean over the seeds.",
            ),
            Self::TestAccuracy => words(
                "test_accuracy",
                "test accuracy",
                "",
                "Share of right answers on the test rows; mean over the seeds.",
            ),
            Self::Gap => diverging(
                "gap",
                "generalisation gap",
                "",
                "Training minus test accuracy; mean over the seeds.",
            ),
            Self::Connectivity => diverging(
                "mode_connectivity",
                "mode connectivity",
                "pp",
                "Mean train error of the ends of a Bézier curve between two seeds minus its error at the most deviating point, percentage points: negative is a barrier; mean over the pairs.",
            ),
            Self::ConnectivityLoss => diverging(
                "mode_connectivity_loss",
                "mode connectivity (loss)",
                "nat",
                "The same rule on the training loss.",
            ),
            Self::ConnectivityTest => diverging(
                "mode_connectivity_test",
                "mode connectivity (test)",
                "pp",
                "The same rule on the test error.",
            ),
            Self::Linear => diverging(
                "linear_mode_connectivity",
                "linear mode connectivity",
                "pp",
                "The rule of mode connectivity on the straight line between two seeds.",
            ),
            Self::Barrier => words(
                "barrier",
                "linear barrier",
                "nat",
                "Largest rise of the training loss above the straight line between its ends.",
            ),
            Self::Cka => words(
                "cka",
                "CKA",
                "",
                "Similarity of two seeds, of the kind chosen in the settings; mean over the pairs.",
            ),
            Self::CkaSoftmax => words(
                "cka_softmax",
                "CKA (softmax, mixed up)",
                "",
                "Linear CKA of softmax outputs on mixed-up training rows (Yang et al.).",
            ),
            Self::CkaLogits => words(
                "cka_logits",
                "CKA (logits, batches)",
                "",
                "Linear CKA of logits, mean over batches of test rows (model zoo).",
            ),
            Self::CkaDebiased => words(
                "cka_debiased",
                "CKA (logits, debiased)",
                "",
                "Debiased linear CKA of logits on the test rows; may be negative.",
            ),
            Self::LogLambda => words(
                "log_lambda_max",
                "ln λ max",
                "",
                "Natural logarithm of the mean over the seeds of the Hessian's largest eigenvalue by magnitude, on the training rows.",
            ),
            Self::LogTrace => words(
                "log_trace",
                "ln trace",
                "",
                "Natural logarithm of the magnitude of the mean Hessian trace on the training rows.",
            ),
            Self::Trace => diverging(
                "trace",
                "Hessian trace",
                "",
                "Mean over the seeds of Hutchinson's estimate of the Hessian trace on the training rows, with its sign.",
            ),
            Self::LogLambdaTest => {
                words("log_lambda_max_test", "ln λ max (test)", "", "The same on the test rows.")
            }
            Self::LogTraceTest => {
                words("log_trace_test", "ln trace (test)", "", "The same on the test rows.")
            }
            Self::Norm => words(
                "weight_norm",
                "weight norm",
                "",
                "Euclidean norm of all parameters; mean over the seeds.",
            ),
            Self::Distance => words(
                "distance",
                "distance",
                "",
                "Euclidean distance of the parameters of two seeds; mean over the pairs.",
            ),
            Self::Agreement => {
                words("agreement", "agreement", "", "Share of test rows on which two seeds answer the same.")
            }
            Self::Divergence => words(
                "divergence",
                "Jensen–Shannon divergence",
                "nat",
                "Divergence of the softmax outputs of two seeds on the test rows.",
            ),
            Self::Cosine => words(
                "cosine",
                "cosine of logits",
                "",
                "Cosine of the flattened logits of two seeds on the test rows.",
            ),
            Self::Ensemble => words(
                "ensemble_accuracy",
                "ensemble accuracy",
                "",
                "Test accuracy of the mean softmax of all seeds.",
            ),
            Self::EnsembleGain => diverging(
                "ensemble_gain",
                "ensemble gain",
                "",
                "Ensemble accuracy minus the mean test accuracy of its members.",
            ),
            Self::Average => words(
                "average_accuracy",
                "accuracy of the average",
                "",
                "Test accuracy of the network whose parameters are the mean of the seeds'.",
            ),
            Self::MatchedAverage => words(
                "matched_average_accuracy",
                "accuracy of the matched average",
                "",
                "The same after the hidden units of each seed were matched to those of the first.",
            ),
            Self::Exponent => words(
                "spectral_exponent",
                "spectral exponent",
                "",
                "Hill estimate of the tail of the eigenvalues of W·Wᵀ, mean over layers and seeds: smaller is heavier.",
            ),
            Self::Pruned => words(
                "pruned_accuracy",
                "accuracy after pruning",
                "",
                "Test accuracy after the smallest weights were set to 0; mean over the seeds.",
            ),
            Self::EpochAverageGain => diverging(
                "epoch_average_gain",
                "gain by averaging epochs",
                "",
                "Test accuracy of the mean of the last five epochs' parameters minus that of the last epoch.",
            ),
            Self::Tuned => words(
                "tuned_accuracy",
                "accuracy after fine-tuning",
                "",
                "Test accuracy after fine-tuning to the other half of the classes, with a new last layer.",
            ),
        }
    }

    /// Position in [`Metric::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|metric| *metric == self).unwrap_or(0)
    }

    /// Id of its channel.
    pub fn channel(self) -> String {
        format!("metric/{}", self.words().id)
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

    /// What the rule of the phases reads.
    pub(super) fn for_rule(&self) -> super::method::phase::Metrics {
        super::method::phase::Metrics {
            train_loss: self.get(Metric::TrainLoss),
            log_lambda: self.get(Metric::LogLambda),
            log_trace: self.get(Metric::LogTrace),
            connectivity: self.get(Metric::Connectivity),
            cka: self.get(Metric::Cka),
        }
    }
}
