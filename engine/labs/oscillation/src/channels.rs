//! The lab's channels, each declared once: recorded by the training loop, drawn by the views.

/// Distance from an interior boundary that counts as near, in steps.
pub(crate) const NEAR: f32 = 0.05;
/// Categories of [`FLIPS`], by index.
pub(crate) const FLIP_CATEGORIES: [&str; 2] = ["weight-driven flip", "scale-driven flip"];

weightscope_frame::channels! {
    LOSS_TRAIN: Scalar = "loss/train", "train", "nat", "Mean training loss since the last recorded point.";
    LOSS_TEST: Scalar = "loss/test", "test", "nat", "Cross-entropy to the labels on the test rows, after each epoch.";
    ACCURACY_TRAIN: Scalar = "accuracy/train", "train", "", "Share of right answers in the training batches since the last recorded point.";
    ACCURACY_TEST: Scalar = "accuracy/test", "test", "", "Share of right answers on the test rows, after each epoch.";
    ACCURACY_TEACHER: Scalar = "accuracy/teacher", "float teacher, test", "", "Test accuracy of the float network.";
    LEARNING_RATE: Scalar = "learning_rate", "learning rate", "", "Learning rate of the weights.";
    OSCILLATING_LAYER: Family<OfScalars> = "oscillating_share_layer", "oscillating share", "", "Share of oscillating weights of the layer.";
    SCALE: Family<OfScalars> = "scale", "scale", "", "Mean scale over the rows of the layer; learned steps as they are, also below the floor at which they act.";
    ROW_SCALE: Family<OfScalars> = "row_scale", "scale of row 0", "", "Scale of the layer's first row.";
    NEGATIVE_STEPS: Scalar = "negative_steps", "steps below zero", "", "Number of learned LSQ steps below zero, which act at their floor; recorded from the first of them on.";
    OSCILLATING_ALL: Scalar = "oscillating_share/all", "all layers", "", "Share of oscillating weights, all layers.";
    SWITCHES: Scalar = "switches_per_weight_step", "all", "", "Level changes per weight and step since the last recorded point.";
    SWITCHES_WEIGHT: Scalar = "flips/weight_driven", "weight-driven", "", "Level changes that the weight's own motion causes, per weight and step.";
    SWITCHES_SCALE: Scalar = "flips/scale_driven", "scale-driven", "", "Level changes that vanish under the previous scale, per weight and step.";
    SCALE_DRIVEN: Scalar = "scale_driven_share", "scale-driven share", "", "Share of the level changes that the scale causes.";
    NEAR_BOUNDARY: Scalar = "near_boundary_share", "near a boundary", "", "Share of weights within 0.05 step of an interior decision boundary.";
    FROZEN: Scalar = "frozen_share", "frozen", "", "Share of weights that iterative freezing has pinned to a level.";
    FREE: Scalar = "free_weights", "free weights", "", "Number of weights within the boundary range, which annealing leaves free.";
    TRACE: Components = "trace", "latent weight", "steps", "Latent weights of the traced connections in quantization steps, at each step.";
    FLIPS: Events = "flips", "flips", "", "Level changes of the traced weights, by cause.";
    FLIP_SHIFTS: Events = "flip_shifts", "moved by the scale", "steps", "How far the scale alone moved a traced weight in the step of its level change.";
    LATENT: Family<OfHistograms> = "latent", "latent weights", "steps", "Number of weights in each bin; those beyond the last edge are left out.";
    DISTANCE: Family<OfHistograms> = "distance", "distance", "steps", "Number of weights in each bin; those beyond the last edge are left out.";
    STRIP: Family<OfPoints> = "strip", "row 0", "steps", "Latent weights of the first row in quantization steps, by column.";
    RESTLESS: Declared<OfTables> = "restless", "traced weights", "", "The traced weights by their level changes.";
    LAYERS: Declared<OfTables> = "layers", "layers", "", "Figures of each quantized matrix.";
}
