//! The settings of what is measured on finished networks, with their words.

use super::{Config, HessianRows, TuningTask};
use weightscope_frame::experiment::{Field, Slot, Visitor};

impl Config {
    pub(super) fn visit_curves(&mut self, v: &mut dyn Visitor) {
        let shown = self.measures() && (self.seeds > 1 || !self.trains());
        v.section("Curves and similarity");
        v.field(
            Field::new(
                "curve_epochs",
                "Curve epochs",
                "Epochs of the curve between two seeds. At most half of the networks' own budget: a longer search calls small networks undertrained.",
            )
            .range(1.0, 10_000.0)
            .only_if(shown)
            .published("50", "Yang et al.; 10 in the model zoo"),
            Slot::Integer(&mut self.curve_epochs),
        );
        v.field(
            Field::new("curve_batch", "Curve batch", "Rows in a step of the curve.")
                .range(1.0, 65_536.0)
                .only_if(shown)
                .published("128", "model zoo and Yang et al."),
            Slot::Integer(&mut self.curve_batch),
        );
        v.field(
            Field::new("curve_learning_rate", "Curve learning rate", "Before its fall over the second half.")
                .range(1e-7, 10.0)
                .logarithmic()
                .only_if(shown)
                .published("0.01", "Yang et al.; 0.1 in the model zoo"),
            Slot::Float(&mut self.curve_learning_rate),
        );
        v.field(
            Field::new(
                "curve_weight_decay",
                "Curve decay",
                "Decay of the network at the drawn place of the curve.",
            )
            .range(0.0, 1.0)
            .only_if(shown)
            .published("5e-4", "model zoo and Yang et al."),
            Slot::Float(&mut self.curve_weight_decay),
        );
        v.field(
            Field::new(
                "curve_compounded",
                "Compounding factors",
                "The zoo's code multiplies the curve's rate factors up from epoch to epoch; the published method does not.",
            )
            .only_if(shown),
            Slot::Switch(&mut self.curve_compounded),
        );
        v.field(
            Field::new("curve_points", "Curve points", "Places of the curve that are judged, ends included.")
                .range(2.0, 101.0)
                .only_if(shown)
                .published("5", "model zoo and Yang et al."),
            Slot::Integer(&mut self.curve_points),
        );
        v.field(
            Field::new(
                "line_points",
                "Line points",
                "Places of the straight line that are judged, ends included.",
            )
            .range(2.0, 101.0)
            .only_if(shown),
            Slot::Integer(&mut self.line_points),
        );
        v.field(
            Field::new(
                "similarity",
                "Similarity",
                "Which similarity of the seeds parts IV-A from IV-B; all are measured.",
            )
            .only_if(shown)
            .published("softmax_mixup", "Yang et al.; logits_batches in the model zoo"),
            Slot::Choice(&mut self.similarity),
        );
    }

    pub(super) fn visit_curvature(&mut self, v: &mut dyn Visitor) {
        let shown = self.measures();
        let measured = shown && self.hessian != HessianRows::None;
        v.section("Curvature");
        v.field(
            Field::new(
                "hessian",
                "Hessian",
                "On which rows the curvature of the loss is measured, all of them at once.",
            )
            .only_if(shown),
            Slot::Choice(&mut self.hessian),
        );
        v.field(
            Field::new(
                "power_iterations",
                "Power iterations",
                "Most Hessian products for the largest eigenvalue.",
            )
            .range(2.0, 10_000.0)
            .only_if(measured)
            .published("100", "PyHessian"),
            Slot::Integer(&mut self.power_iterations),
        );
        v.field(
            Field::new(
                "power_tolerance",
                "Tolerance",
                "Relative change of the eigenvalue that ends the iteration.",
            )
            .range(1e-12, 0.1)
            .logarithmic()
            .only_if(measured)
            .published("1e-3", "PyHessian"),
            Slot::Float(&mut self.power_tolerance),
        );
        v.field(
            Field::new(
                "trace_samples",
                "Trace samples",
                "Most random vectors for the trace; 20 suffice where the standard error falls below 2 %.",
            )
            .range(1.0, 10_000.0)
            .only_if(measured)
            .published("100", "PyHessian"),
            Slot::Integer(&mut self.trace_samples),
        );
        v.field(
            Field::new(
                "eigenvalues",
                "Eigenvalues",
                "Largest Hessian eigenvalues of each network, by power iteration one after the other; each costs as much as the first.",
            )
            .range(1.0, 20.0)
            .only_if(measured)
            .published("1", "model zoo and Yang et al."),
            Slot::Integer(&mut self.eigenvalues),
        );
    }

    pub(super) fn visit_downstream(&mut self, v: &mut dyn Visitor) {
        let shown = self.trains();
        let on = shown && self.downstream;
        v.section("Afterwards");
        v.field(
            Field::new(
                "downstream",
                "Use the networks",
                "Prunes, averages and fine-tunes the finished networks, as further metrics of the diagram.",
            )
            .only_if(shown),
            Slot::Switch(&mut self.downstream),
        );
        v.field(
            Field::new(
                "pruned_share",
                "Pruned share",
                "Share of the weights, smallest first over all layers, that pruning sets to 0.",
            )
            .range(0.0, 0.99)
            .only_if(on),
            Slot::Float(&mut self.pruned_share),
        );
        v.field(
            Field::new(
                "tuning_task",
                "Tuning task",
                "What fine-tuning learns, with a new last layer. Another data set is the published task; half of the classes and turned images are our choice, for data sets that have no companion of equal inputs.",
            )
            .only_if(on)
            .published("another data set (CIFAR-10 to STL-10)", "model zoo, arXiv 2504.18072"),
            Slot::Choice(&mut self.tuning_task),
        );
        v.field(
            Field::new(
                "tuning_dataset",
                "Tuning data set",
                "A name or a path, as for the data set; it must have as many inputs (mnist and fashion-mnist have).",
            )
            .only_if(on && self.tuning_task == TuningTask::Dataset),
            Slot::Text(&mut self.tuning_dataset),
        );
        v.field(
            Field::new("tuning_epochs", "Tuning epochs", "Epochs of fine-tuning.")
                .range(1.0, 1000.0)
                .only_if(on),
            Slot::Integer(&mut self.tuning_epochs),
        );
        v.field(
            Field::new("tuning_learning_rate", "Tuning learning rate", "Constant during fine-tuning.")
                .range(1e-7, 10.0)
                .logarithmic()
                .only_if(on),
            Slot::Float(&mut self.tuning_learning_rate),
        );
    }

    pub(super) fn visit_thresholds(&mut self, v: &mut dyn Visitor) {
        v.section("Phases");
        v.field(
            Field::new(
                "vote_train_loss",
                "Loss votes",
                "The training loss votes on hot or cold. Networks without normalisation are flat where they are hottest, so at the desk it votes alone.",
            ),
            Slot::Switch(&mut self.vote_train_loss),
        );
        v.field(
            Field::new("threshold_train_loss", "Loss threshold", "Above it a cell is hot.")
                .unit("nat")
                .range(0.0, 100.0)
                .logarithmic()
                .only_if(self.vote_train_loss),
            Slot::Float(&mut self.threshold_train_loss),
        );
        v.field(
            Field::new(
                "vote_log_lambda",
                "Eigenvalue votes",
                "The largest Hessian eigenvalue votes on hot or cold.",
            ),
            Slot::Switch(&mut self.vote_log_lambda),
        );
        v.field(
            Field::new(
                "threshold_log_lambda",
                "Eigenvalue threshold",
                "On the natural logarithm; above it a cell is hot.",
            )
            .range(-20.0, 20.0)
            .only_if(self.vote_log_lambda),
            Slot::Float(&mut self.threshold_log_lambda),
        );
        v.field(
            Field::new("vote_log_trace", "Trace votes", "The Hessian trace votes on hot or cold."),
            Slot::Switch(&mut self.vote_log_trace),
        );
        v.field(
            Field::new(
                "threshold_log_trace",
                "Trace threshold",
                "On the natural logarithm; above it a cell is hot.",
            )
            .range(-20.0, 20.0)
            .only_if(self.vote_log_trace),
            Slot::Float(&mut self.threshold_log_trace),
        );
        v.field(
            Field::new(
                "threshold_connectivity",
                "Connectivity threshold",
                "A cell whose mode connectivity lies below minus this is poorly connected.",
            )
            .unit("percentage points")
            .range(0.0, 100.0),
            Slot::Float(&mut self.threshold_connectivity),
        );
        v.field(
            Field::new(
                "threshold_cka",
                "Similarity threshold",
                "From here on the seeds of a cell are similar: IV-B.",
            )
            .range(-1.0, 1.0),
            Slot::Float(&mut self.threshold_cka),
        );
    }
}
