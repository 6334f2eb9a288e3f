//! The lab's channels, each declared once: recorded while adapters train, drawn by the views.

/// Members of families.
pub(crate) const TRAIN: &str = "train";
pub(crate) const VALIDATION: &str = "validation";
pub(crate) const FULL: &str = "full";

weightscope_frame::channels! {
    LOSS: Family<OfScalars> = "loss", "loss", "nat", "Loss of the batch before its step, and mean loss over the fixed validation windows or test rows.";
    FIRST_STEPS: Family<OfCurves> = "first_steps", "loss", "nat", "Training loss of each of the first hundred steps.";
    LEARNING_RATE: Scalar = "learning_rate", "learning rate", "", "Learning rate of the adapter, of LoRA+ that of A.";
    ACCURACY: Scalar = "accuracy/test", "test", "", "Share of the test rows that are classified right.";
    RELATIVE: Components = "relative_change", "‖ΔW‖/‖W‖", "", "Frobenius norm of the update of each adapted matrix over that of its weights.";
    ALIGNMENT: Family<OfScalars> = "alignment", "cosine", "", "Cosine, over all adapted matrices together, of a step's change of the weights with the negative gradient of its batch, or of the whole update with that of full fine-tuning.";
    ALONG_FULL: Family<OfCurves> = "alignment_full", "cosine with full", "", "Cosine, over all adapted matrices together, of the update of this run or of a ticked one with that of full fine-tuning on the same base.";
    GUIDE: Components = "guide_share", "guide share", "", "Share of the update that goes through the old weights: ‖W·B‖/(‖W·B‖ + ‖B‖), for each adapted matrix.";
    CONDITION: Components = "condition", "condition of I + B", "", "Largest ratio of singular values of I + B over the blocks of each adapted matrix.";
    GRADIENT_NORMS: Family<OfCurves> = "gradient_norms", "gradient norm", "", "Euclidean norm of the gradient by all parameters of an adapter before the first step, on the first batch, by its block or rank.";
    NORM_BARS: Declared<OfBars> = "gradient_norm_bars", "gradient norm", "", "Gradient norms before the first step of the chosen method, by its block or rank.";
    NORM_OF_FULL: Declared<OfCurves> = "gradient_norm_full", "full fine-tuning", "", "Gradient norm of full fine-tuning before the first step, on the same batch.";
    MATRICES: Declared<OfChoices> = "matrices", "matrices", "", "The adapted matrices.";
    DELTA: Family<OfGrids> = "delta", "update ΔW", "", "What training has added to a matrix; large ones as means of neighbouring entries.";
    WEIGHT: Family<OfGrids> = "weight", "weights W", "", "A matrix of the base; large ones as means of neighbouring entries.";
    SHOWN: Family<OfGrids> = "matrix_shown", "matrix", "", "The chosen matrix: its update, its weights, or both together.";
    SPECTRA: Family<OfCurves> = "spectra", "singular values of ΔW", "", "Singular values of the update of each matrix, in order.";
    BASE_SPECTRA: Family<OfCurves> = "base_spectra", "singular values of W", "", "Singular values of each matrix of the base, in order.";
    SPECTRUM: Family<OfCurves> = "spectrum_shown", "singular values", "", "Singular values of the chosen matrix: of its update and of its weights.";
    EXPRESSIVENESS: Family<OfCurves> = "expressiveness", "residual", "", "What a method cannot say of the update of full fine-tuning: ‖ΔW − nearest‖/‖ΔW‖ over all adapted matrices together, by its number of parameters.";
    MERGING: Declared<OfTables> = "merging", "merging", "", "What merging, taking apart, a second adapter and the conversion to a LoRA cost, in numbers.";
    SAMPLES: Declared<OfText> = "samples", "samples", "", "Text sampled from the base, from the adapted model, and from its merged weights.";
    SEEDS: Declared<OfTables> = "seeds", "networks", "", "Accuracy and losses of each network, by its seed.";
    RATE_MAP: Family<OfGrids> = "rate_map", "validation loss", "nat", "Validation loss of each method at each learning rate, over this run and the ticked ones; the best of a method by its first half of windows has a ring.";
    STABLE_RATE: Family<OfCurves> = "stable_rate", "2/λ", "", "Two over the largest eigenvalue of the loss's second derivative by the adapter's parameters at the start, for each method whose run measured it.";
    LEFT_OUT: Declared<OfText> = "left_out", "runs left out", "", "Ticked runs of which the folder or a part of it cannot be read, and why.";
    TRADEOFF: Family<OfPoints> = "tradeoff", "runs", "nat", "Trainable parameters and validation loss of each run, its size and colour as chosen.";
    TRADEOFF_AXIS: Declared<OfText> = "tradeoff_axis", "vertical axis", "", "What stands on the vertical axis of the comparison.";
    METHODS: Family<OfTables> = "methods", "methods", "", "Each method over this run and the ticked ones: at the common rate, and at its own best one.";
    METHODS_TEXT: Family<OfText> = "methods_text", "methods as text", "", "The table of methods as text for a paper.";
}
