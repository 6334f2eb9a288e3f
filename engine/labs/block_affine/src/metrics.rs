//! The lab's final figures.

weightscope_frame::metrics! {
    VALIDATION_LOSS = "validation_loss", "validation loss", "nat", "Mean loss over the fixed validation windows at the end; of tables over the test rows, mean over the repeats.";
    VALIDATION_LOSS_BEFORE = "validation_loss_before", "validation loss before", "nat", "The same of the base, before any adaptation.";
    SELECTION_LOSS = "selection_loss", "selection loss", "nat", "Mean loss over the first half of the validation windows: by it a rate is chosen.";
    REPORT_LOSS = "report_loss", "report loss", "nat", "Mean loss over the second half of the validation windows: what is said of the chosen rate.";
    INITIAL_LOSS_DIFFERENCE = "initial_loss_difference", "initial loss difference", "nat", "Magnitude of the difference between the validation losses of the base and of the adapted model before the first step.";
    TRAIN_LOSS = "train_loss", "train loss", "nat", "Mean training loss of the last ten steps.";
    TRAIN_LOSS_50 = "train_loss_50", "train loss near step 50", "nat", "Mean training loss of steps 45 to 55.";
    INITIAL_GRADIENT_NORM = "initial_gradient_norm", "initial gradient norm", "", "Euclidean norm of the gradient by all trained parameters before the first step, on the first batch.";
    FIRST_STEP_COSINE = "first_step_cosine", "first step's cosine", "", "Cosine of the first step's change of the adapted weights with their negative gradient.";
    FULL_COSINE = "full_cosine", "cosine with full", "", "Cosine of the update at the end with that of full fine-tuning beside it.";
    TRAINABLE_PARAMETERS = "trainable_parameters", "trainable parameters", "", "Numbers that are trained.";
    BLOCK_PARAMETERS = "block_parameters", "parameters of the block", "", "Numbers that Bone-col or MiSS with the block of the settings trains on the same layers, to which ranks are matched.";
    RANK = "rank", "rank", "", "Rank of the low-rank method.";
    RELATIVE_CHANGE = "relative_change", "relative change", "", "Frobenius norm of the update over that of the weights, all adapted matrices together.";
    EFFECTIVE_RANK = "effective_rank", "effective rank", "", "e to the entropy of the shares of the singular values of the update, mean over the adapted matrices.";
    STABLE_RANK = "stable_rank", "stable rank", "", "Squared Frobenius norm of the update over its largest squared singular value, mean over the adapted matrices.";
    GUIDE_SHARE = "guide_share", "guide share", "", "Share of the update that goes through the old weights, mean over the adapted matrices.";
    MERGE_ERROR = "merge_error", "merge error", "", "Largest difference of outputs between merged weights and weights with the update beside them.";
    UNMERGE_ERROR = "unmerge_error", "unmerge error", "", "Largest difference between the base's weights and those taken out of the merged ones.";
    ORDER_ERROR = "order_error", "second adapter's error", "", "Largest difference of the weights between two adapters put on in one order and in the other.";
    LORA_CONVERSION_ERROR = "lora_conversion_error", "conversion error", "", "Frobenius norm of what a conversion to LoRA loses over that of the update, all adapted matrices together.";
    LORA_VALIDATION_LOSS = "lora_validation_loss", "validation loss as LoRA", "nat", "Validation loss with the converted updates.";
    LORA_RANK = "lora_rank", "rank as LoRA", "", "Mean rank of the conversion to LoRA over the adapted matrices.";
    FORGETTING = "forgetting", "forgetting", "nat", "Loss on held-out windows of the base's text after the adaptation, minus that before.";
    HESSIAN_TOP = "hessian_top", "largest Hessian eigenvalue", "", "Largest eigenvalue of the second derivative of the loss by the trained parameters before the first step, on the first batch.";
    TEST_ACCURACY = "test_accuracy", "test accuracy", "", "Share of the test rows that are classified right at the end, mean over the repeats.";
    TEST_ACCURACY_BEFORE = "test_accuracy_before", "test accuracy before", "", "The same of the base on the new task.";
    BASE_ACCURACY = "base_accuracy", "base accuracy", "", "Share of the base's own test rows that it classifies right, mean over the repeats.";
    SMALLEST_VALIDATION_LOSS = "smallest_validation_loss", "smallest validation loss", "", "Smallest validation loss over the evaluations of a run, mean over the repeats.";
    SMALLEST_VALIDATION_LOSS_SPREAD = "smallest_validation_loss_spread", "its spread", "", "Standard deviation of the smallest validation loss over the repeats.";
    INIT_SECONDS = "init_seconds", "initialisation", "s", "Seconds that the start of the adapter took, the gradients of LoRA-GA included.", clock;
    STEP_SECONDS = "step_seconds", "seconds a step", "s", "Mean seconds of a step of the adapter alone, without judging and recording.", clock;
    STEPS_PER_SECOND = "steps_per_second", "speed", "steps/s", "Steps of the adapter alone in a second, without judging and recording.", clock;
    PEAK_MEBIBYTES = "peak_mebibytes", "peak memory", "MiB", "Memory of weights, gradients, optimizer and passes of the adaptation, counted by the program; what lies on a graphics card is not counted.", clock;
}
