//! The lab's channels, each declared once: recorded while networks train, drawn by the views.

/// Members of families that tell the network from its twin.
pub(crate) const COMPANDER: &str = "compander";
/// The same for the twin.
pub(crate) const TWIN: &str = "twin";
/// The part of a network that is all of it.
pub(crate) const ALL_LAYERS: &str = "all";

weightscope_frame::channels! {
    LOSS: Family<OfScalars> = "loss", "loss", "nat", "Training loss of the batch, with label smoothing where it is set, first repeat.";
    LEARNING_RATE: Scalar = "learning_rate", "learning rate", "", "Learning rate of the weights.";
    ACCURACY_TEST: Scalar = "accuracy/test", "test", "", "Share of the test rows that are classified right, first repeat.";
    ACCURACY_TRAIN: Scalar = "accuracy/train", "train", "", "Share of the training rows that are classified as labelled, first repeat.";
    TWIN_ACCURACY_TEST: Scalar = "accuracy/twin_test", "twin, test", "", "Share of the test rows that the twin classifies right, first repeat.";
    TWIN_ACCURACY_TRAIN: Scalar = "accuracy/twin_train", "twin, train", "", "Share of the training rows that the twin classifies as labelled, first repeat.";
    NEAR_ZERO: Family<OfScalars> = "near_zero", "near zero", "", "Share of weights with |w| below 0.1 of the layer's standard deviation, first repeat.";
    KURTOSIS: Family<OfScalars> = "kurtosis", "kurtosis", "", "Fourth standardised moment of the effective weights, 3 for a Gaussian; the whole is pooled from layers in their own standard deviation, first repeat.";
    LARGEST: Family<OfScalars> = "largest", "largest", "std", "Largest |w| over the layer's standard deviation, first repeat.";
    PARTICIPATION: Family<OfScalars> = "participation", "participation", "", "Mean over units of (Σ|w|)²/(n Σw²), then over layers; 1 if a unit uses all its weights alike, first repeat.";
    TOP_TENTH: Family<OfScalars> = "top_tenth", "top tenth", "", "Share of Σ|w·∂L/∂w| that the most salient tenth of the weights holds; L is the training loss with label smoothing 0.1, first repeat.";
    GINI: Family<OfScalars> = "gini", "Gini", "", "Gini coefficient of |w·∂L/∂w| over the weights; L is the training loss with label smoothing 0.1, first repeat.";
    AMPLITUDE: Family<OfScalars> = "amplitude", "amplitude a", "std", "Amplitude a of the layer's function in standard deviations of its initial weights, first repeat.";
    WIDTH: Family<OfScalars> = "width", "width b", "std", "Width b of the layer's function in standard deviations of its initial weights, first repeat.";
    SLOPE: Family<OfScalars> = "slope_at_zero", "slope at zero", "", "Slope a/b of the layer's function at zero, first repeat.";
    BEYOND: Family<OfScalars> = "beyond_knee", "share beyond the knee", "", "Share of the layer's latent weights with |v| above b, first repeat.";
    NORM: Family<OfScalars> = "norm", "norm", "", "Euclidean norm over all weight matrices, first repeat.";
    UPDATE: Family<OfScalars> = "update", "update", "", "Euclidean norm of what one step changes, over all weight matrices, first repeat.";
    LATENT: Family<OfHistograms> = "latent", "latent weights", "std", "Number of latent weights v in each bin, in standard deviations of the layer's initial weights, first repeat; those beyond the last edge are left out.";
    WEIGHTS: Family<OfHistograms> = "weights", "effective weights", "std", "Number of effective weights w in each bin, in standard deviations of the layer's initial weights, first repeat; those beyond the last edge are left out.";
    TWIN_WEIGHTS: Family<OfHistograms> = "twin_weights", "twin's weights", "std", "Number of the twin's weights in each bin, in standard deviations of the layer's initial weights, first repeat; those beyond the last edge are left out.";
    LAYERS: Declared<OfChoices> = "layers", "layers", "", "The weight matrices of the network.";
    WHOLE: Declared<OfChoices> = "parts", "parts", "", "The network as a whole, and its weight matrices.";
    ACCURACY_CURVE: Family<OfCurves> = "accuracy_curve", "accuracy", "", "Accuracy over steps: the mean over the repeats that are done, with the range from the lowest to the highest.";
    GAIN: Declared<OfPoints> = "gain", "gain", "", "Test accuracy of each network minus that of its twin, by seed.";
    GAIN_MEAN: Declared<OfCurves> = "gain_mean", "mean gain", "", "Mean of the gains over the seeds.";
    GAIN_LOW: Declared<OfCurves> = "gain_low", "low", "", "Lower end of Student's 95 % interval of the mean gain.";
    GAIN_HIGH: Declared<OfCurves> = "gain_high", "high", "", "Upper end of Student's 95 % interval of the mean gain.";
    GAIN_WORDS: Declared<OfText> = "gain_words", "gain in words", "", "The mean gain with its interval over the seeds, and what it shows.";
    LORENZ: Family<OfCurves> = "lorenz", "Lorenz curve", "", "Share of Σ|w·∂L/∂w| held by the least salient share of the weights, mean over the repeats, with their range.";
    EVEN: Declared<OfCurves> = "lorenz_even", "all weights alike", "", "The diagonal: each weight matters as much as any other.";
    PRUNING: Family<OfCurves> = "pruning", "accuracy", "", "Test accuracy after removing a share of each layer's weights: mean over the repeats, with their range.";
    NOISE: Family<OfCurves> = "noise", "accuracy", "", "Test accuracy with Gaussian noise on the inputs: mean over the repeats, with their range.";
    PERTURBATION: Family<OfCurves> = "perturbation", "loss", "nat", "Training loss after a random change of all weights of this share of their norm: mean over the repeats, with their range.";
    MOTION: Family<OfCurves> = "motion", "mean |Δw|", "std", "Mean change of a weight in one step by its size, over the recorded steps of the first repeat.";
    REVIVAL: Family<OfGrids> = "revival", "share", "", "Share of the weights of each size at the start that have each size at this step, each in the layer's standard deviation at that moment, over the repeats.";
    NETWORKS: Declared<OfTables> = "networks", "networks", "", "Figures of each network and of its twin.";
    FUNCTION: Family<OfCurves> = "function", "function", "", "The function of the weights, its slope, and the densities of latent and effective weights, in standard deviations of the layer's initial weights.";
    FIGURE: Family<OfScalars> = "figure", "figure", "", "The chosen figure of the weights over steps, of the network and of its twin, first repeat.";
    FIGURE_WORDS: Declared<OfText> = "figure_words", "name of the figure", "", "The chosen figure in words.";
    ARMS: Family<OfTables> = "arms", "arms", "", "Gain over the twin in each run, paired by seed, sorted; runs of this lab that are ticked.";
    ARMS_TEXT: Family<OfText> = "arms_text", "arms as text", "", "The table of arms as text for a paper.";
}
