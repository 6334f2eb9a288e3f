//! The claims and figures of the paper beside ours.

use weightscope_frame::lab::{Comparability, ReferenceRow};

use crate::metrics;

/// Why no figure of the paper can be compared.
const SIZE: &str = "other data and another space; the desk run shows the phenomenon, not the figure";

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let row = |quantity, published, source, result, why| ReferenceRow {
        quantity,
        published,
        source,
        result,
        value: None,
        comparability: Comparability::NotComparable(why),
    };
    vec![
        row(
            "regret of the pick",
            "toy conv-macro: 83.02 of at best 84.41, rank 56 of 6561",
            "table 12; rank by the released table",
            Some(metrics::REGRET.name),
            SIZE,
        ),
        row(
            "regret of the largest architecture, beside that of the pick",
            "most published picks are the largest or next to it; toy conv-macro's largest has 81.50, rank 606",
            "appendix G; released table",
            Some(metrics::LARGEST_REGRET.name),
            "no difference shown: at this size the pick, the largest architecture and uniform sampling lie within the noise of a training",
        ),
        row(
            "rank correlation of supernet and table",
            "not given",
            "-",
            Some(metrics::RANK_TAU.name),
            "read it beside the noise ceiling; entangled weights rank steadily, separate ones do not",
        ),
        row(
            "noise ceiling of the table",
            "not given",
            "-",
            Some(metrics::NOISE_CEILING.name),
            "tables of single trainings, as the paper's, have no ceiling at all",
        ),
        row(
            "bytes kept for backward",
            "25.28 % less than DrNAS with separate weights on NB201, 35.54 % on DARTS",
            "section 5",
            Some(metrics::SAVED_BYTES.name),
            "counted on this program's own tape; the preset costs sets it beside the other ways of mixing",
        ),
        row(
            "superposition and output mixing give one result",
            "claimed as equivalent for linear operations",
            "section 3",
            None,
            "exact for linear and convolutional layers, in outputs and gradients; not where a normalisation stands inside",
        ),
        row(
            "discretisation gap",
            "not given",
            "-",
            Some(metrics::DISCRETISATION_GAP.name),
            "small in a short search; it grows when rows are memorised",
        ),
        row(
            "ImageNet, AutoFormer-T, top-1",
            "78.842 (8.981M parameters), which is the largest architecture",
            "table 6",
            None,
            "needs ImageNet and a day of many accelerators",
        ),
        row(
            "DARTS space, test error on CIFAR-10",
            "2.556 ± .034 against 2.625 (DrNAS) and 2.965 (SPOS + RS)",
            "table 3",
            None,
            "needs 50 epochs of a large supernet and long retraining",
        ),
        row(
            "language model, TinyStories, loss",
            "1.412 ± .011 against 1.433 (SPOS + RS)",
            "table 8",
            None,
            "needs a language model of 87M parameters",
        ),
        row(
            "samplers on toy conv-macro",
            "DrNAS 83.02, DARTS 81.61, second order 81.49, GDAS 10 (degenerate)",
            "table 14",
            None,
            "GDAS is erratic at desk size too",
        ),
    ]
}
