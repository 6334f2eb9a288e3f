//! The lab's final figures.

weightscope_frame::metrics! {
    TENSORS = "tensors", "tensors", "", "Tensors of the file that were looked at.";
    PARAMETERS = "parameters", "parameters", "", "Numbers in all those tensors together.";
    NON_FINITE = "non_finite", "not finite", "", "Numbers that are not-a-number or infinite, in all tensors together.";
    CHANGED_TENSORS = "changed_tensors", "changed tensors", "", "Tensors that differ between the two files in at least one number.";
    MATRICES = "matrices", "matrices with spectra", "", "Matrices whose singular values were computed, whole or leading.";
    MEDIAN_ALPHA = "median_alpha", "median alpha", "", "Median exponent over the matrices with at least 20 eigenvalues.";
    CHECKPOINTS = "checkpoints", "checkpoints", "", "Files of the folder that were taken in.";
    LAST_DISTANCE = "last_distance", "distance of the last", "", "Frobenius distance of the last checkpoint from the first, over the norm of the first.";
    SECONDS_STATISTICS = "seconds_statistics", "statistics", "s", "Wall time of the statistics of all tensors.", clock;
    SECONDS_SPECTRA = "seconds_spectra", "spectra", "s", "Wall time of the singular values of all matrices.", clock;
}
