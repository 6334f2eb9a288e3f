//! The claims beside our figures. No published number is quoted: the paper's tables could not be read.

use crate::metrics;
use weightscope_frame::lab::{Comparability, ReferenceRow};

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let row = |quantity, claim, result, why| ReferenceRow {
        quantity,
        published: claim,
        source: "the paper's abstract; its numbers could not be read",
        result,
        value: None,
        comparability: Comparability::NotComparable(why),
    };
    vec![
        row(
            "near-zero share of the weights, beside the twin's",
            "fewer weights near zero",
            Some(metrics::NEAR_ZERO.name),
            "shows here; with a direct start most of the change stands before the first step, so compare near_zero_share_start too",
        ),
        row(
            "near-zero share before the first step",
            "no claim: what the start alone does",
            Some(metrics::NEAR_ZERO_START.name),
            "an inverse start has the twin's; a direct one is changed by the function before any training",
        ),
        row(
            "kurtosis of the weights (a Gaussian has 3)",
            "bounded weights, large ones compressed",
            Some(metrics::KURTOSIS.name),
            "shows here; with a direct start it begins at about 2",
        ),
        row(
            "largest weight over the standard deviation",
            "bounded weights",
            Some(metrics::LARGEST.name),
            "follows from the function: the bound is a times its limit",
        ),
        row(
            "participation ratio, beside the twin's",
            "a more democratic use of the weights",
            Some(metrics::PARTICIPATION.name),
            "shows here; the measure is ours",
        ),
        row(
            "saliency held by the top tenth, beside the twin's",
            "a more democratic use of the weights",
            Some(metrics::TOP_TENTH.name),
            "shows here; the measure is ours",
        ),
        row(
            "gain in test accuracy over the twin",
            "better generalisation beside other regularisers",
            Some(metrics::ACCURACY_GAIN.name),
            "desk networks on 200 digits: with noisy labels and a tight bound a gain shows, with clean labels no difference does; the paper's networks are ImageNet-size",
        ),
        row(
            "gain, lower end of the 95 % interval",
            "better generalisation beside other regularisers",
            Some(metrics::ACCURACY_GAIN_LOW.name),
            "a gain is claimed only where this lies above 0; it depends on the seeds, the data and the number of settings that were tried",
        ),
        row(
            "amplitude at the end, beside its setting",
            "the function's parameters are learned with the network",
            Some(metrics::AMPLITUDE_END.name),
            "fixed unless parameters = learned; by the training loss it opens the bound, and accuracy falls: the claim does not show here",
        ),
        row(
            "accuracy after the smallest 70 % are removed, beside the twin's",
            "no claim of the abstract",
            Some(metrics::PRUNED.name),
            "with a direct start it is worse than the twin's, as it must be when fewer weights are superfluous; with an inverse start about the same",
        ),
        row(
            "form of the function",
            "not known to us",
            None,
            "the arctan form is not confirmed against the paper",
        ),
    ]
}
