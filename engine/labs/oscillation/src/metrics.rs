//! The lab's final figures.

weightscope_frame::metrics! {
    TEST_ACCURACY = "test_accuracy", "test accuracy", "", "Share of right answers on the test rows, at the end.";
    FLOAT_TEST_ACCURACY = "float_test_accuracy", "float test accuracy", "", "Test accuracy of the float network from which the quantized one starts.";
    OSCILLATING_SHARE = "oscillating_share", "oscillating share", "", "Share of weights whose oscillation frequency lies above the threshold, over the last window.";
    SWITCHES_PER_WEIGHT_STEP = "switches_per_weight_step", "level changes per weight and step", "", "Level changes per weight and step, over the last window.";
    SCALE_DRIVEN_SHARE = "scale_driven_share", "scale-driven share", "", "Share of the level changes that vanish under the scale of the step before, over the last window.";
    NEAR_BOUNDARY_SHARE = "near_boundary_share", "near a boundary", "", "Share of weights within 0.05 step of an interior decision boundary, at the end.";
    FROZEN_SHARE = "frozen_share", "frozen share", "", "Share of weights that do not move any more: pinned by freezing, or masked by annealing.";
    NEGATIVE_STEPS = "negative_steps", "learned steps below zero", "", "Most learned LSQ steps below zero at one recorded point; they act at their floor. Absent if there was none.";
    STEPS_PER_SECOND = "steps_per_second", "speed", "steps/s", "Training steps a second of the quantized stage, of the whole run without one.", clock;
}
