//! The lab's final figures: means over the repeats.

/// The figures that the twin has too, with those of the twin behind.
macro_rules! figures {
    ($($name:ident, $twin:ident = $id:literal, $twin_id:literal, $label:literal, $twin_label:literal, $unit:literal, $about:literal;)+ @ $($own:tt)+) => {
        weightscope_frame::metrics! {
            $(
                $name = $id, $label, $unit, $about;
                $twin = $twin_id, $twin_label, $unit, concat!("Of the twin. ", $about);
            )+
            $($own)+
        }
    };
}

figures! {
    TEST_ACCURACY, TWIN_TEST_ACCURACY = "test_accuracy", "twin_test_accuracy", "test accuracy", "twin's test accuracy", "", "Share of the test rows that are classified right at the end, mean over the repeats.";
    TRAIN_ACCURACY, TWIN_TRAIN_ACCURACY = "train_accuracy", "twin_train_accuracy", "train accuracy", "twin's train accuracy", "", "Share of the training rows that are classified as labelled at the end, mean over the repeats.";
    NEAR_ZERO, TWIN_NEAR_ZERO = "near_zero_share", "twin_near_zero_share", "near-zero share", "twin's near-zero share", "", "Share of weights with |w| below 0.1 of the layer's standard deviation at the end, mean over the repeats.";
    NEAR_ZERO_START, TWIN_NEAR_ZERO_START = "near_zero_share_start", "twin_near_zero_share_start", "near-zero share, start", "twin's near-zero share, start", "", "The near-zero share before the first step, mean over the repeats.";
    KURTOSIS, TWIN_KURTOSIS = "kurtosis", "twin_kurtosis", "kurtosis", "twin's kurtosis", "", "Fourth standardised moment of the weights at the end, layers in their own standard deviation, mean over the repeats; 3 for a Gaussian.";
    KURTOSIS_START, TWIN_KURTOSIS_START = "kurtosis_start", "twin_kurtosis_start", "kurtosis, start", "twin's kurtosis, start", "", "The kurtosis before the first step, mean over the repeats.";
    LARGEST, TWIN_LARGEST = "largest_over_std", "twin_largest_over_std", "largest weight", "twin's largest weight", "std", "Largest |w| over the layer's standard deviation at the end, mean over the repeats.";
    PARTICIPATION, TWIN_PARTICIPATION = "participation_ratio", "twin_participation_ratio", "participation ratio", "twin's participation ratio", "", "Mean over units, then over layers, of (Σ|w|)²/(n Σw²) at the end, mean over the repeats.";
    TOP_TENTH, TWIN_TOP_TENTH = "saliency_top_tenth", "twin_saliency_top_tenth", "saliency of the top tenth", "twin's saliency of the top tenth", "", "Share of Σ|w·∂L/∂w| held by the most salient tenth of the weights at the end, mean over the repeats.";
    PRUNED, TWIN_PRUNED = "pruned_accuracy_70", "twin_pruned_accuracy_70", "accuracy, 70 % pruned", "twin's accuracy, 70 % pruned", "", "Test accuracy after the smallest 70 % of each layer's weights are removed, mean over the repeats.";
    DELETED, TWIN_DELETED = "deleted_accuracy_40", "twin_deleted_accuracy_40", "accuracy, 40 % deleted", "twin's accuracy, 40 % deleted", "", "Test accuracy after a random 40 % of each layer's weights are removed, mean over the repeats.";
    NOISY, TWIN_NOISY = "noisy_accuracy", "twin_noisy_accuracy", "accuracy under noise", "twin's accuracy under noise", "", "Test accuracy with Gaussian noise of standard deviation 0.3 on the inputs, mean over the repeats.";
    @
    ACCURACY_GAIN = "accuracy_gain", "gain over the twin", "", "Mean over the seeds of test accuracy minus that of the twin.";
    ACCURACY_GAIN_LOW = "accuracy_gain_low", "gain, lower end", "", "Lower end of Student's 95 % interval of the mean gain.";
    ACCURACY_GAIN_HIGH = "accuracy_gain_high", "gain, upper end", "", "Upper end of Student's 95 % interval of the mean gain.";
    ACCURACY_GAIN_WINS = "accuracy_gain_wins", "seeds with a gain", "", "Number of seeds whose network is more accurate than its twin.";
    AMPLITUDE_END = "amplitude_end", "amplitude at the end", "std", "Amplitude a in standard deviations of the layer's initial weights, mean over layers and repeats.";
    WIDTH_END = "width_end", "width at the end", "std", "Width b in standard deviations of the layer's initial weights, mean over layers and repeats.";
    SLOPE_END = "slope_at_zero_end", "slope at zero at the end", "", "Slope a/b of the function at zero, mean over layers and repeats.";
    CLIPPED_SHARE = "clipped_share", "clipped share", "", "Share of the initial weights that an inverse start clipped at 0.95 of the bound, mean over the repeats.";
    STEPS_PER_SECOND = "steps_per_second", "speed", "steps/s", "Training steps of all networks and twins a second of the whole run, figures and curves included.", clock;
}
