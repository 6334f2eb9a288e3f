//! The lab's final figures.

weightscope_frame::metrics! {
    TENSORS = "tensors", "tensors", "", "Tensors of the file that were looked at.";
    PARAMETERS = "parameters", "parameters", "", "Numbers in all those tensors together; tied ones are counted once.";
    WHOLE_TENSORS = "whole_number_tensors", "tensors of whole numbers", "", "Tensors of whole numbers and of truth values: they stand in the table, and all other figures are without them.";
    NON_FINITE = "non_finite", "not finite", "", "Numbers that are not-a-number or infinite, in all tensors together.";
    CHANGED_TENSORS = "changed_tensors", "changed tensors", "", "Tensors that differ between the two files in at least one number.";
    MATRICES = "matrices", "matrices with spectra", "", "Matrices whose singular values were computed, whole or leading.";
    MEDIAN_ALPHA = "median_alpha", "median alpha", "", "Median exponent over the matrices with at least 20 eigenvalues.";
    CHECKPOINTS = "checkpoints", "checkpoints", "", "Files of the folder that were taken in.";
    LAST_DISTANCE = "last_distance", "distance of the last", "", "Frobenius distance of the last checkpoint from the first, over the norm of the first.";
    RECORDED_FRAMES = "recorded_frames", "recorded frames", "", "Frames of the recording that were taken in, broken ones left out.";
    RECORDED_WEIGHTS = "recorded_weights", "recorded weights", "", "Sampled weights of the recording whose level is known under the quantizer of the settings.";
    OSCILLATING_SHARE = "oscillating_share", "oscillating share", "", "Share of the sampled weights with more oscillations per frame than the threshold, over the last window.";
    SWITCHES = "switches_per_weight_step", "level changes", "per step", "Level changes per sampled weight and step of the training over the last window.";
    SCALE_DRIVEN_SHARE = "scale_driven_share", "scale-driven share", "", "Share of those level changes that vanish under the scale of the frame before.";
    HIGH_RATIO_SHARE = "path_ratio_above_16", "path ratio above 16", "", "Share of the sampled weights that went at least 16 times as far on the levels as beneath them (arXiv 2502.20853).";
    SECONDS_STATISTICS = "seconds_statistics", "statistics", "s", "Wall time of the statistics of all tensors.", clock;
    SECONDS_SPECTRA = "seconds_spectra", "spectra", "s", "Wall time of the singular values of all matrices.", clock;
}
