//! The lab's final figures, all on the test rows and of the standardised target unless they say otherwise.

weightscope_frame::metrics! {
    WIS = "wis", "WIS (uncrossed)", "", "Mean over rows and levels of twice the pinball loss, after uncrossing, of the method that is best on the validation rows.";
    COVERAGE_80 = "coverage_80", "coverage at 80 % (calibrated)", "", "Share of the rows in the calibrated 80 % interval of the method that is best on the validation rows.";
    WIDTH_80 = "width_80", "width at 80 % (calibrated)", "", "Mean width of the calibrated 80 % interval of the method that is best on the validation rows.";
    WIS_OF = "wis_", "WIS (uncrossed)", "", "Mean over rows and levels of twice the pinball loss of a method, after uncrossing.", family;
    COVERAGE_80_OF = "coverage_80_", "coverage at 80 % (calibrated)", "", "Share of the rows in the calibrated 80 % interval of a method.", family;
    TRAIN_WIS = "_train_wis", "WIS of trained weights", "", "Weighted interval score of the trained weights of an aggregator on the out-of-fold predictions of the training rows.", suffix;
    TRAIN_WIS_OPTIMUM = "_train_wis_optimum", "WIS of optimal weights", "", "The least weighted interval score that weights of this aggregator can have on the out-of-fold predictions of the training rows, by linear programming.", suffix;
    EXCLUDED = "excluded_", "left out", "", "1 for a model that was left out of all results because its predictions are not finite.", family;
}
