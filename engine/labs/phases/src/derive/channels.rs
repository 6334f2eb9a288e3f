//! Channels that views derive and no run records. The phases stand here again: under the thresholds of the controls they take the place
//! of the recorded ones.

weightscope_frame::channels! {
    PHASE: Declared<OfGrids> = crate::channels::PHASE.id(), "phase", "", "The phase of each cell by the thresholds of the controls.";
    BORDERS: Declared<OfCurves> = "borders", "borders", "", "Borders of the phases.";
    THRESHOLDS: Declared<OfText> = "thresholds", "thresholds", "", "The thresholds in use.";
    CONFIDENCE: Declared<OfGrids> = "confidence", "confidence", "", "Share of the pairs of seeds that alone would give the cell's phase.";
    STUCK: Declared<OfGrids> = "stuck", "stuck", "", "Hot cells whose curves find nothing better: not undertrained but stuck.";
    LOSS_HISTOGRAM: Declared<OfBars> = "histogram/loss_histogram", "cells", "", "Number of cells by the value of the metric, stacked by phase.";
    CONNECTIVITY_HISTOGRAM: Declared<OfBars> = "histogram/connectivity_histogram", "cells", "", "Number of cells by the value of the metric, stacked by phase.";
    CKA_HISTOGRAM: Declared<OfBars> = "histogram/cka_histogram", "cells", "", "Number of cells by the value of the metric, stacked by phase.";
    TRANSECT: Declared<OfCurves> = "transect", "transect", "", "A metric along a line through the grid.";
    TRANSECT_PLACE: Declared<OfText> = "transect_place", "axis", "", "Words of the horizontal axis.";
    TRANSECT_METRIC: Declared<OfText> = "transect_metric", "axis", "", "Words of the vertical axis.";
    LEARNING: Family<OfCurves> = "learning", "learning", "", "At the epochs that were judged: dense at first, then ever rarer.";
    LINE: Family<OfCurves> = "landscape_line", "line", "nat", "Training loss along a random direction scaled to the network's filters.";
    PLANE: Declared<OfGrids> = "landscape/loss", "train loss", "nat", "Training loss over a plane through the first network of the cell.";
    PLANE_AXES: Declared<OfText> = "landscape/axes", "axes", "", "What the axes are.";
    PLANE_PATH: Declared<OfCurves> = "landscape/path", "training", "", "Checkpoints of training, projected into the plane; the loss beneath is the plane's, not theirs.";
    DENSITY: Family<OfCurves> = "spectrum/density", "density", "", "Density of the Hessian's eigenvalues, by stochastic Lanczos quadrature, plus 1e-7.";
    EIGENVALUES: Declared<OfBars> = "spectrum/largest", "eigenvalues", "", "Largest Ritz values of a Lanczos run by magnitude: eigenvalues, the first ones to many digits.";
    CONNECTION: Family<OfCurves> = "connection", "connection", "", "Along a Bézier curve of low loss, and along the straight line between two seeds.";
    CHECKPOINTS: Declared<OfPoints> = "trajectory/checkpoints", "checkpoints", "", "Checkpoints of the first network, coloured by their own training loss.";
    TRAJECTORY: Declared<OfCurves> = "trajectory/line", "training", "", "The order of the checkpoints.";
    EXPLAINED: Declared<OfText> = "trajectory/explained", "explained", "", "How much of the motion the axes hold.";
    WEIGHTS: Declared<OfBars> = "weights/histogram", "weights", "", "Number of weights by value, stacked by layer; biases left out.";
    SIMILARITY: Declared<OfGrids> = "similarity/cka", "CKA", "", "Linear CKA of softmax outputs on mixed-up training rows; empty for constant outputs.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_phases_are_recorded_as_well() {
        let recorded = |id: &str| crate::channels::ALL.iter().any(|channel| channel.covers(id));
        let both: Vec<&str> =
            ALL.iter().map(|channel| channel.words().id).filter(|id| recorded(id)).collect();
        assert_eq!(both, ["phase"]);
    }
}
