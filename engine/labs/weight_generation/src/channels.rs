//! The lab's channels, each declared once: recorded while the stages work, drawn by the views.

weightscope_frame::channels! {
    ZOO_ACCURACY: Scalar = "zoo/accuracy", "networks of the zoo", "", "Share of its task's test rows that a network of the zoo gets right.";
    SCRATCH_ACCURACY: Scalar = "zoo/unseen_accuracy", "networks of unseen tasks", "", "The same of a network that was trained on an unseen task: the ceiling of what can be generated for it.";
    AUTOENCODER_LOSS: Scalar = "loss/autoencoder", "autoencoder", "", "Loss of the autoencoder: reconstruction and divergence, mean of the batches since the last point.";
    RECONSTRUCTION_ERROR: Scalar = "loss/square", "reconstruction", "", "Mean squared error of the scaled weights, mean of the batches since the last point.";
    DIVERGENCE: Scalar = "loss/divergence", "divergence", "nat", "Divergence of the latents of a row from the standard normal, mean of the batches since the last point.";
    ALIGNMENT_LOSS: Scalar = "loss/alignment", "alignment", "nat", "Loss that brings the embedding of a condition to the latents of networks, mean of the batches since the last point.";
    DIFFUSION_LOSS: Scalar = "loss/denoiser", "denoiser", "", "Mean squared error of the predicted noise (of the velocity for flow matching), mean of the batches since the last point; 1 is what knowing nothing gives.";
    RECONSTRUCTED: Scalar = "reconstruction/zoo", "zoo, reconstructed", "", "Accuracy of networks of the zoo after the autoencoder, up to a hundred of them.";
    RECONSTRUCTED_UNSEEN: Scalar = "reconstruction/unseen", "unseen tasks, reconstructed", "", "Accuracy of networks of unseen tasks after the autoencoder, which never saw them: it predicts how good generated ones can become.";
    LARGEST_LATENT: Scalar = "reconstruction/largest_latent", "largest latent", "", "Largest magnitude of a latent number among these networks, before scaling.";
    DRAW_ACCURACY: Scalar = "generated/accuracy", "draw", "", "Accuracy of one draw of generated networks, mean over unseen tasks (seen ones where there are no others).";
    FUNNEL: Declared<OfBars> = "funnel", "accuracy", "", "Mean test accuracy from the zoo over its reconstruction to generated networks.";
    FUNNEL_WORDS: Declared<OfText> = "funnel_words", "largest loss", "", "Which stage loses most accuracy.";
    TASKS: Declared<OfChoices> = "tasks", "tasks", "", "The tasks that are evaluated.";
    TASKS_BACK: Declared<OfChoices> = "tasks_back", "tasks, the last first", "", "The same tasks from the last to the first, for the second of two.";
    LATENTS: Family<OfPoints> = "latents", "latents", "", "Latents of networks along the two directions in which those of the zoo vary most.";
    TRAJECTORY: Family<OfCurves> = "trajectory", "reverse process", "", "The estimate of the latent over the reverse process of one draw, along the same directions.";
    LATENT_MAP: Family<OfPoints> = "latent_map", "latents", "", "Latents of networks in the chosen colours.";
    DENOISED: Family<OfGrids> = "denoised", "histograms", "", "Histogram of a layer's scaled weights at each step of the reverse process of one draw, the estimate decoded: rows are steps, the last one is the end.";
    DENOISED_ZOO: Family<OfCurves> = "denoised_zoo", "zoo", "", "Histogram of the same layer in the networks of the zoo.";
    DENOISED_FIGURES: Declared<OfTables> = "denoised_figures", "figures", "", "Distance from the zoo, spread and accuracy of the decoded estimate at each step of the reverse process.";
    DENOISING: Family<OfCurves> = "denoising", "denoising", "", "Weights of a layer at the chosen step of the reverse process, beside those of the zoo.";
    DENOISING_WORDS: Declared<OfText> = "denoising_words", "step", "", "The chosen step in words.";
    REVERSE_ACCURACY: Family<OfCurves> = "reverse_accuracy", "accuracy", "", "Test accuracy of the decoded estimate over the reverse process, first draw, one line for each task.";
    FIRST_LAYER: Family<OfGrids> = "first_layer", "first layer", "", "Weights of the first layer of one network for each task, a row for each unit.";
    TILES: Family<OfGrids> = "tiles", "first layer", "", "Weights of the first layer as images, one for each unit, all in the same colours.";
    METHODS: Family<OfBars> = "methods", "accuracy", "", "Mean test accuracy of every way to get networks without training on the task, with its spread in its name.";
    FINE_TUNING: Family<OfCurves> = "fine_tuning", "accuracy", "", "Test accuracy over steps of fine-tuning on unseen tasks: the mean, with the range from the tenth to the ninetieth percentile of the tasks.";
    NOVELTY: Family<OfPoints> = "novelty", "networks", "", "Test accuracy over the largest overlap of wrong rows with a network of the zoo, on seen tasks.";
    NOVELTY_WORDS: Declared<OfText> = "novelty_words", "verdict", "", "Whether generated networks are copies, with the numbers.";
    DISTANCES: Family<OfCurves> = "distances", "share", "", "Share of the networks by their distance to the nearest other network of the zoo, in scaled weights.";
    CONDITIONS: Declared<OfGrids> = "conditions", "accuracy", "", "Accuracy of the network made for the condition of the row on the test rows of the task of the column.";
    BETWEEN: Family<OfCurves> = "between", "accuracy", "", "Accuracy of networks made between and beyond two conditions.";
    BETWEEN_WORDS: Declared<OfText> = "between_words", "share", "", "What the network at the chosen share gets right.";
    ALIGNMENT: Declared<OfGraphs> = "alignment", "matching", "", "Which hidden unit of the first layer of a network stands where in the mean of the zoo.";
    ALIGNMENT_BARRIER: Declared<OfCurves> = "alignment_barrier", "accuracy", "", "Accuracy on the straight way from a network to the mean network of its task in the zoo, and on to the mean of the zoo.";
    ALIGNMENT_WORDS: Declared<OfText> = "alignment_words", "similarity", "", "Similarity of a network to the mean of the zoo before and after matching.";
    REFINEMENT: Family<OfCurves> = "refinement", "loss", "nat", "Loss on the condition images over the chunks of the search, mean over tasks.";
    SCALE: Family<OfTables> = "scale", "runs", "", "Parameters, memory, seconds and accuracies of the runs that are ticked, by the size of the network.";
    MODELS: Declared<OfTables> = "models", "networks", "", "Generated networks with their accuracy and their nearest network of the zoo.";
    METHOD_TABLE: Declared<OfTables> = "method_table", "methods", "", "Accuracies of every method on seen and unseen tasks, with spread.";
}
