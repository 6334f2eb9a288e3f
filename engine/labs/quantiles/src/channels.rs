//! The channels that a run records, each declared once. Predictions and observations are standardised; the views bring them into units.
//! Channels that follow from these are declared by the view that derives them.

weightscope_frame::channels! {
    SCALES: Declared<OfTables> = "scales", "scales", "", "Mean and standard deviation of each feature over the training rows, by which it is standardised; the last line is the target.";
    METHODS: Declared<OfChoices> = "methods", "methods", "", "Methods of the run, aggregators first.";
    SECONDS: Declared<OfChoices> = "seconds", "second methods", "", "Methods that can be shown beside another one, after none.";
    WEIGHTED: Declared<OfChoices> = "weighted", "weighted", "", "Aggregators that have a table of weights.";
    FEATURES: Declared<OfChoices> = "features", "features", "", "Features of the rows, as they are encoded.";
    ORDERS: Declared<OfChoices> = "orders", "orders", "", "What the rows of the fan chart can be ordered by.";
    TEST_ROWS: Declared<OfGrids> = "rows/test", "test rows", "", "Standardised features, the observation last.";
    CALIBRATION_ROWS: Declared<OfGrids> = "rows/calibration", "calibration rows", "", "Standardised features, the observation last.";
    TRUTH: Declared<OfGrids> = "truth", "truth", "", "True quantiles of the test rows, standardised.";
    RAW: Family<OfGrids> = "raw", "test predictions", "", "Predicted quantiles of the test rows, standardised, before any operator.";
    CALIBRATION: Family<OfGrids> = "calibration", "calibration predictions", "", "Predicted quantiles of the calibration rows, standardised, before any operator.";
    CALIBRATED: Family<OfGrids> = "calibrated", "calibrated predictions", "", "Quantiles of the test rows calibrated by CV+, standardised.";
    OFFSETS: Family<OfGrids> = "offsets", "offsets", "", "By how much calibration moves the ends of each interval, widest first, standardised.";
    TABLE: Family<OfGrids> = "table", "weights", "", "Weights of the table; a column adds up to one.";
    NETWORK: Family<OfGrids> = "network", "network", "", "Parameters of the network that gives a row's weights.";
    WIDTHS: Family<OfTables> = "network_widths", "widths of the network", "", "Units of each layer of the network that gives a row's weights, inputs first.";
    BOUND: Family<OfGrids> = "bound", "optimal weights", "", "Weights of the exact optimum on the simplex, by linear programming.";
    CURVE_TRAIN: Family<OfCurves> = "curve/train", "training loss", "", "Mean training loss since the last look; of the Gaussian net the negative log-likelihood.";
    CURVE_VALIDATION: Family<OfCurves> = "curve/validation", "validation loss", "", "Mean pinball loss of the validation rows, after the operator for aggregators.";
    CURVE_CROSSING: Family<OfCurves> = "curve/crossing", "crossing penalty", "", "Mean crossing penalty since the last look.";
    SCORE: Family<OfScalars> = "score/validation", "validation score", "", "Weighted interval score of the validation rows after the operator.";
    FOLD_SCORE: Family<OfScalars> = "score/fold", "out-of-fold score", "", "Weighted interval score of the rows of a fold that the fit did not see.";
    SCORES: Declared<OfTables> = "scores", "scores", "", "Scores of each method at each stage on the test rows, standardised target.";
    BOARD_AT: Family<OfTables> = "board_at", "leaderboard", "", "Scores on the test rows, standardised target.";
    PARTS_AT: Family<OfBars> = "parts_at", "weighted interval score", "", "The score in parts that add up to it.";
    SPEED: Declared<OfTables> = "speed", "speed", "", "Seconds of work on this machine; fits run side by side, so that their sum exceeds the time of the run.", clock;
    CHOSEN: Declared<OfTables> = "chosen", "settings", "", "Settings of each fitted model: the fixed ones, or the best of the random search.";
}

/// The method whose numbers a channel holds, by its word, if it is a channel that every method has for itself.
pub(crate) fn method_of(id: &str) -> Option<&str> {
    let mut grids = [&RAW, &CALIBRATION, &CALIBRATED, &OFFSETS, &TABLE, &NETWORK].into_iter();
    let of_grids = grids.find_map(|family| family.name(id));
    of_grids.or_else(|| WIDTHS.name(id)).or_else(|| FOLD_SCORE.name(id)).or_else(|| curve_of(id))
}

/// The method whose training curve a channel holds, by its word.
pub(crate) fn curve_of(id: &str) -> Option<&str> {
    [&CURVE_TRAIN, &CURVE_VALIDATION, &CURVE_CROSSING].into_iter().find_map(|family| family.name(id))
}
