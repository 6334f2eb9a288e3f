//! The lab's final figures.

use crate::method::phase::Phase;

weightscope_frame::metrics! {
    BEST_TEST_ACCURACY = "best_test_accuracy", "best test accuracy", "", "Test accuracy of the best cell, mean over its seeds.";
    MODELS_TRAINED = "models_trained", "networks trained", "", "Number of networks of the grid that are trained.";
    CELLS_I = "cells_i", "cells of phase I (thresholds as set)", "", "Number of cells in phase I: underfitted and undersized; by the thresholds of the settings, not by dragged ones.";
    CELLS_II = "cells_ii", "cells of phase II (thresholds as set)", "", "Number of cells in phase II: underfitted; by the thresholds of the settings, not by dragged ones.";
    CELLS_III = "cells_iii", "cells of phase III (thresholds as set)", "", "Number of cells in phase III: undersized; by the thresholds of the settings, not by dragged ones.";
    CELLS_IV_A = "cells_iv_a", "cells of phase IV-A (thresholds as set)", "", "Number of cells in phase IV-A: overfitted; by the thresholds of the settings, not by dragged ones.";
    CELLS_IV_B = "cells_iv_b", "cells of phase IV-B (thresholds as set)", "", "Number of cells in phase IV-B: generalising; by the thresholds of the settings, not by dragged ones.";
    CELLS_IV = "cells_iv", "cells of phase IV (thresholds as set)", "", "Number of cells in phase IV: trained and connected, of unknown similarity; by the thresholds of the settings, not by dragged ones.";
    CELLS_UNKNOWN = "cells_unknown", "cells of unknown phase (thresholds as set)", "", "Number of cells whose phase is unknown: a needed metric is missing; by the thresholds of the settings, not by dragged ones.";
    CELLS_DIVERGED = "cells_diverged", "diverged cells", "", "Number of cells that diverged: a network ran into infinity.";
    TRAIN_SECONDS = "train_seconds", "time of training", "s", "Wall time of the training of all networks.", clock;
    CURVE_SECONDS = "curve_seconds", "time of comparing seeds", "s", "Wall time of the comparison of the seeds of all cells.", clock;
    HESSIAN_SECONDS = "hessian_seconds", "time of curvature", "s", "Wall time of the curvature of all networks; 0 if it is not measured.", clock;
    DOWNSTREAM_SECONDS = "downstream_seconds", "time of pruning and fine-tuning", "s", "Wall time of pruning and fine-tuning all networks; 0 if they are not used.", clock;
    NETWORK_STEPS_PER_SECOND = "network_steps_per_second", "speed", "steps/s", "Training steps a second, over all workers.", clock;
    MODELS_READ = "models_read", "models read", "", "Number of models of the zoo that could be read.";
    MODELS_LEFT_OUT = "models_left_out", "models left out", "", "Number of folders of the zoo that hold no model that can be read.";
    MODELS_MEASURED = "models_measured", "models measured", "", "Number of models of which metrics were computed from their weights.";
}

/// The figure that counts the cells of a phase.
pub(crate) const fn cells(phase: Phase) -> &'static weightscope_frame::record::Metric {
    match phase {
        Phase::I => &CELLS_I,
        Phase::II => &CELLS_II,
        Phase::III => &CELLS_III,
        Phase::IvA => &CELLS_IV_A,
        Phase::IvB => &CELLS_IV_B,
        Phase::Iv => &CELLS_IV,
        Phase::Unknown => &CELLS_UNKNOWN,
        Phase::Diverged => &CELLS_DIVERGED,
    }
}
