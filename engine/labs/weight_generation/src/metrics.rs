//! The lab's final figures.

weightscope_frame::metrics! {
    ZOO_ACCURACY = "zoo_accuracy", "zoo accuracy", "", "Mean test accuracy of the networks of the zoo, each on its task.";
    RECONSTRUCTION = "reconstruction_accuracy", "reconstruction accuracy", "", "Mean accuracy of the networks of the zoo after the autoencoder.";
    RECONSTRUCTION_UNSEEN = "reconstruction_unseen_accuracy", "reconstruction accuracy, unseen", "", "Mean accuracy of networks of unseen tasks after the autoencoder, which did not learn from them.";
    GENERATED_SEEN = "generated_seen_accuracy", "generated accuracy, seen", "", "Mean accuracy of generated networks on seen tasks over all draws, without training.";
    GENERATED_UNSEEN = "generated_unseen_accuracy", "generated accuracy, unseen", "", "Mean accuracy of generated networks on unseen tasks over all draws, without training.";
    GENERATED_SPREAD = "generated_unseen_spread", "spread over draws", "", "Standard deviation of the accuracy over the draws of an unseen task, mean over tasks.";
    BEST_OF_DRAWS = "best_of_draws_unseen_accuracy", "best of draws, unseen", "", "Accuracy on unseen tasks of the draw with the least loss on the condition images; no test row chooses.";
    TOP_THREE = "top_three_unseen_accuracy", "top 3 by test accuracy, as published", "", "Mean of the three draws of an unseen task with the best test accuracy, as the published script reports: test rows choose, so it is no figure that a person could reach.";
    RANDOM = "random_unseen_accuracy", "random start, unseen", "", "Accuracy of untrained networks on unseen tasks.";
    MEAN = "mean_unseen_accuracy", "zoo mean, unseen", "", "Accuracy of the mean of all networks of the zoo on unseen tasks.";
    NEAREST = "nearest_unseen_accuracy", "nearest network, unseen", "", "Accuracy on unseen tasks of a zoo network of the task whose class means are nearest to the condition images.";
    NEAREST_MEAN = "nearest_mean_unseen_accuracy", "mean of the nearest, unseen", "", "Accuracy on unseen tasks of the mean of the mean networks of the five nearest tasks.";
    RIDGE = "ridge_unseen_accuracy", "ridge regression, unseen", "", "Accuracy on unseen tasks of weights by ridge regression from the class means of the condition images.";
    KDE = "kde_unseen_accuracy", "density of latents, unseen", "", "Accuracy on unseen tasks of networks drawn from the kernel density of the zoo's latents, without a condition.";
    GENERATED_5 = "generated_after_5", "generated, after 5 steps", "", "Accuracy of generated networks on unseen tasks after five steps of fine-tuning.";
    RANDOM_5 = "random_after_5", "random start, after 5 steps", "", "Accuracy of untrained networks on unseen tasks after five steps.";
    NEAREST_5 = "nearest_after_5", "nearest network, after 5 steps", "", "Accuracy of the nearest networks on unseen tasks after five steps.";
    RIDGE_5 = "ridge_after_5", "ridge regression, after 5 steps", "", "Accuracy of the networks of ridge regression on unseen tasks after five steps.";
    WRONG_IOU = "novelty_wrong_iou", "overlap of wrong rows", "", "Largest overlap of a generated network's wrong rows with those of a zoo network of its task, mean over seen tasks; 1 for a copy.";
    DISTANCE_RATIO = "novelty_distance_ratio", "distance to the zoo", "", "Distance of generated networks to the nearest network of the zoo over that of zoo networks to their nearest other; seen tasks, scaled weights.";
    EXPLODED = "exploded_draws", "exploded draws", "", "Draws that stopped at their last finite estimate, or ended more than 20 deviations from what was learned (our own bound).";
    DIFFUSION_LOSS = "diffusion_loss", "denoiser's loss", "", "Loss of the denoiser, mean of its last 200 steps.";
    LATENT_SPREAD = "latent_spread", "latent spread", "", "Standard deviation of all latent numbers of the zoo before scaling.";
    GENERATOR_PARAMETERS = "generator_parameters", "generator's parameters", "", "Parameters of autoencoder and denoiser, without the encoder of conditions.";
    ENCODER_PARAMETERS = "encoder_parameters", "encoder's parameters", "", "Parameters of the encoder of conditions.";
    NETWORK_PARAMETERS = "network_parameters", "network's parameters", "", "Weights and biases of one network of the zoo.";
    TARGET = "target_accuracy", "own task", "", "Mean accuracy of generated networks on one's own data over all draws.";
    TARGET_RANDOM = "target_random_accuracy", "own task, random start", "", "Accuracy of untrained networks on one's own data.";
    TARGET_MEAN = "target_mean_accuracy", "own task, zoo mean", "", "Accuracy of the mean of the zoo on one's own data.";
    TARGET_NEAREST = "target_nearest_accuracy", "own task, nearest network", "", "Accuracy on one's own data of the nearest network of the zoo, mean over the conditions of the draws.";
    TARGET_NEAREST_MEAN = "target_nearest_mean_accuracy", "own task, mean of the nearest", "", "Accuracy on one's own data of the mean of the five nearest tasks' networks.";
    TARGET_RIDGE = "target_ridge_accuracy", "own task, ridge regression", "", "Accuracy on one's own data of the weights by ridge regression.";
    REFINED = "refined_unseen_accuracy", "refined, unseen", "", "Accuracy on unseen tasks after the search chunk by chunk with candidates of the generator.";
    REFINED_NOISE = "refined_noise_unseen_accuracy", "refined by noise, unseen", "", "The same search with noise of equal size as candidates.";
    KEPT_SHARE = "refine_kept_share", "kept chunks", "", "Share of the chunks whose best candidate was kept, mean over tasks.";
    SECONDS_ZOO = "seconds_zoo", "zoo", "s", "Seconds of the stage zoo.", clock;
    SECONDS_AUTOENCODER = "seconds_autoencoder", "autoencoder", "s", "Seconds of the stage autoencoder.", clock;
    SECONDS_DIFFUSION = "seconds_diffusion", "diffusion", "s", "Seconds of the stage diffusion.", clock;
    SECONDS_EVALUATION = "seconds_evaluation", "evaluation", "s", "Seconds of the stage evaluation.", clock;
    SECONDS_DRAW = "seconds_draw", "one draw", "s", "Seconds of one draw for all evaluated unseen tasks.", clock;
    PEAK = "peak_mebibytes", "peak memory", "MiB", "Largest memory of the program so far, where the system tells it.", clock;
}
