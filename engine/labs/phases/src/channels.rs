//! The lab's channels, each declared once: recorded by the stages, drawn by the views. What views derive stands in `derive/channels`.

weightscope_frame::channels! {
    NETWORK_TRAIN_LOSS: Scalar = "network/train_loss", "train loss", "nat", "Training loss of the network finished at this step.";
    NETWORK_TEST_ACCURACY: Scalar = "network/test_accuracy", "test accuracy", "", "Test accuracy of the network finished at this step.";
    CELL_CONNECTIVITY: Scalar = "cell/mode_connectivity", "mode connectivity", "pp", "Mean over the pairs of the cell finished at this step.";
    CELL_CKA: Scalar = "cell/cka", "CKA", "", "Mean over the pairs of the cell finished at this step.";
    NETWORK_LAMBDA: Scalar = "network/lambda_max", "λ max", "", "Largest Hessian eigenvalue of the network measured at this step.";
    NETWORK_TRACE: Scalar = "network/trace", "trace", "", "Hessian trace of the network measured at this step.";
    NETWORK_PRUNED: Scalar = "network/pruned_accuracy", "accuracy after pruning", "", "Test accuracy of the network pruned at this step.";
    METRIC: Family<OfGrids> = "metric", "metric", "", "A metric of the cells over load and temperature.";
    PHASE: Declared<OfGrids> = "phase", "phase", "", "The phase of each cell by the thresholds of the settings.";
    CELLS: Declared<OfChoices> = "cells", "cells", "", "The cells by load and temperature.";
    CELL_TABLE: Declared<OfTables> = "table/cells", "cells", "", "Means over the seeds of each cell.";
    NETWORK_TABLE: Declared<OfTables> = "table/networks", "networks", "", "Each network as numbers.";
    PAIR_TABLE: Declared<OfTables> = "table/pairs", "pairs", "", "What each two seeds alone would say.";
    PROFILE_TABLE: Declared<OfTables> = "table/profiles", "profiles", "", "Curves and lines between the seeds.";
}
