//! Everything that the lab records. Figures of each tensor are rows of a few tables and grids, not a channel each: a file may hold
//! 100,000 tensors.

weightscope_frame::channels! {
    STD: Scalar = "tensor/std", "std", "", "Standard deviation of the weights of each tensor over n, by the step at which it was measured.";
    KURTOSIS: Scalar = "tensor/kurtosis", "kurtosis", "", "Fourth standardised moment of each tensor, by the step at which it was measured; 3 for a normal.";
    FROBENIUS: Scalar = "tensor/frobenius_norm", "Frobenius norm", "", "Root of the sum of squares of each tensor, by the step at which it was measured.";
    SPECTRAL: Scalar = "matrix/spectral_norm", "spectral norm", "", "Largest singular value of each matrix, by the step at which it was measured.";
    ALPHA: Scalar = "matrix/alpha", "alpha", "", "Exponent of the power law fitted to the squared singular values of each matrix, by the step at which it was measured.";
    LAYERS: Declared<OfTables> = "layers", "tensors", "", "One row for each tensor with all its figures; empty where not computed.";
    MAP: Declared<OfGrids> = "map", "log10 share", "", "Share of the weights of each tensor between two multiples of its standard deviation, as a decimal logarithm.";
    ERRORS: Declared<OfGrids> = "quantization/error", "relative error", "", "Frobenius norm of the quantization error over that of the weights, for each tensor, grouping and number of bits.";
    ZERO_LEVEL: Declared<OfGrids> = "quantization/zero_level", "share at zero", "", "Share of the weights that fall on level zero, for each tensor, grouping and number of bits; levels without a zero (StatsQ) have none.";
    BOUNDARY: Declared<OfGrids> = "quantization/boundary", "share at a boundary", "", "Share of the weights within 0.05 step of a decision boundary, for each tensor, grouping and number of bits.";
    ROW_PEAKS: Declared<OfGrids> = "outliers/rows", "rows", "×", "Largest magnitude in each of up to 64 parts of a tensor's rows, over the median of the rows.";
    COLUMN_PEAKS: Declared<OfGrids> = "outliers/columns", "columns", "×", "Largest magnitude in each of up to 64 parts of a tensor's columns, over the median of the columns.";
    SPECTRA: Declared<OfGrids> = "spectra", "singular values", "", "Singular values of each matrix, largest first.";
    EXPONENTS: Declared<OfPoints> = "exponents", "alpha", "", "Exponent of each matrix over its place in the file; the size grows with its parameters, the colour says the distance D of the fit.";
    FEW: Declared<OfPoints> = "exponents_few", "too few values", "", "Matrices with fewer than 20 eigenvalues, whose exponent says nothing.";
    RELATIVE_CHANGE: Scalar = "change/relative_change", "relative change", "", "Frobenius norm of the change of each tensor over that of the first file, by the step at which it was measured.";
    COSINE: Scalar = "change/cosine", "cosine", "", "Cosine between the weights of each tensor in both files, by the step at which it was measured.";
    UNCHANGED: Scalar = "change/unchanged_share", "unchanged", "", "Share of the weights of each tensor that are the same in both files, by the step at which it was measured.";
    CHANGES: Declared<OfTables> = "changes", "changes", "", "One row for each tensor that both files hold: how much changed and in which form.";
    DELTA_SPECTRA: Declared<OfGrids> = "delta_spectra", "singular values of the change", "", "Singular values of the change of each matrix, largest first.";
    DELTAS: Declared<OfGrids> = "deltas", "change by blocks", "", "Mean magnitude of the change in each of up to 64 × 64 blocks, row after row, one line for each tensor.";
    UNMATCHED: Declared<OfText> = "unmatched", "unmatched", "", "Tensors that only one of the files holds, or that differ in shape.";
    NORM: Components = "path/frobenius_norm", "Frobenius norm", "", "Root of the sum of squares of each tensor in each checkpoint.";
    FROM_FIRST: Components = "path/from_first", "distance to the first", "", "Frobenius norm of the difference of each tensor from its first checkpoint, over the norm there.";
    TRACE: Components = "trace", "level", "step", "Followed weights in units of the quantization step of the checkpoint that they lie in.";
    FLIPS: Declared<OfMarks> = "flips", "flips", "", "A followed weight crossed to another level between two checkpoints.";
    FLIP_SHARE: Scalar = "path/flip_share", "flip share", "", "Share of the followed weights whose level differs from that in the checkpoint before.";
    DISTANCES: Declared<OfGrids> = "distances", "distance", "", "Frobenius distance of each pair of checkpoints over the norm of the first one, all compared tensors together, estimated from up to 1,024 evenly spread weights of each tensor; exact for smaller ones.";
    PLACES: Declared<OfPoints> = "places", "checkpoints", "", "Checkpoints in the plane of the two main directions of evenly spread weights, up to 1,024 of each tensor.";
    CHECKPOINT_STEPS: Declared<OfCurves> = "checkpoint_steps", "step of the training", "", "Step of the training at which each checkpoint was written, by the step of the run at which it was taken in; its place where its name says none.";
    CHECKPOINTS: Declared<OfTables> = "checkpoints", "checkpoints", "", "The files of the folder in order, with what was left out and why.";
    RECORDED_TENSORS: Declared<OfChoices> = "recording/tensors", "tensor", "", "Tensors of which a recording holds sampled weights.";
    RECORDED_STEPS: Declared<OfCurves> = "recording/steps", "session", "", "Session of the training over its steps, for each frame of a recording that is held.";
    RECORDED_PLACES: Family<OfPoints> = "recording/places", "places", "", "Column and row of each sampled weight of a tensor; the value says which of the sampled rows it lies in, not-a-number for none.";
    RECORDED_WEIGHTS: Family<OfGrids> = "recording/weights", "weights", "", "Sampled weights of a tensor, one a row, over the frames of a recording, one a column.";
    RECORDED_STATISTICS: Family<OfGrids> = "recording/statistics", "statistics", "", "Largest magnitude, mean magnitude and norm of a tensor over the frames of a recording.";
    RECORDED_ROWS: Family<OfGrids> = "recording/rows", "rows", "", "Largest and mean magnitude of each sampled row of a tensor over the frames of a recording, two rows each.";
    RECORDING: Declared<OfTables> = "recording", "recording", "", "Sessions of a recording with their steps, and what was left out.";
    METRICS: Family<OfCurves> = "metrics", "metrics", "", "A number that the training wrote, by the training's own steps.";
    LOGGED: Family<OfHistograms> = "logged", "logged histogram", "", "A histogram that the training wrote, on common edges, by the training's own steps.";
    LEVELS: Declared<OfCurves> = "levels", "levels", "step", "Levels of the quantizer that is looked through.";
    FLIP_SHIFTS: Declared<OfMarks> = "flip_shifts", "moved by the scale", "steps", "How far the scale alone moved a followed weight into the frame of its level change.";
    RESTLESS: Declared<OfTables> = "restless", "sampled weights", "", "Sampled weights of a recording by how often they oscillate under the quantizer that is looked through.";
    RECORDED_DISTANCE: Declared<OfHistograms> = "recorded_distance", "distance", "step", "Number of sampled weights by their distance to the nearest decision boundary.";
    FILE: Declared<OfText> = "file", "file", "", "Identity of the file that figures were made of: header, length and time.";
    SECOND_FILE: Declared<OfText> = "second_file", "second file", "", "Identity of the second file: header, length and time.";
    SHOWN: Family<OfCurves> = "shown", "shown", "", "A curve of the tensor that is looked at.";
    SHOWN_GRID: Declared<OfGrids> = "shown_grid", "shown", "", "A picture of the tensor that is looked at.";
    SHOWN_POINTS: Declared<OfPoints> = "shown_points", "weights", "", "Weights of the row that is looked at, on the axis of the quantization levels.";
}
