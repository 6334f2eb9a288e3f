//! Published claims, and the desk protocol's figures, beside ours.

use weightscope_frame::lab::{Comparability, ReferenceRow};

const TABLES: Comparability = Comparability::NotComparable(
    "34 UCI and OpenML tables that must be downloaded; the desk runs use four small ones",
);

const SPLIT: Comparability = Comparability::NotComparable(
    "mean of three given splits of synth5; one run has one split, and the program's own splits differ",
);

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let published = |quantity, published, source| ReferenceRow {
        quantity,
        published,
        source,
        result: None,
        value: None,
        comparability: TABLES,
    };
    let desk = |quantity, published, value, result| ReferenceRow {
        quantity,
        published,
        source: "own run in Python of the desk protocol, three splits, test WIS after sort",
        result: Some(result),
        value: Some(value),
        comparability: SPLIT,
    };
    vec![
        published(
            "local fine weights against QRA and FQRA",
            "never worse on 34 tables",
            "paper, figures 1 and 6, as reported in public notes",
        ),
        published(
            "choice of the operator",
            "relative WIS 0.90 to 1.10",
            "paper, figure 8, as reported in public notes",
        ),
        published(
            "width after calibration at 80 %",
            "0 to 30 % wider, at most 75 %",
            "paper, figures 10 and 11, as reported in public notes",
        ),
        desk("WIS of the average, synth5", "0.2403", 0.2403, "wis_average"),
        desk("WIS of the conditional Gaussian net, synth5", "0.2184", 0.2184, "wis_conditional_gaussian"),
        desk("WIS of global medium weights, synth5", "0.2171", 0.2171, "wis_global_medium"),
        desk("WIS of local fine weights, synth5", "0.2156", 0.2156, "wis_local_fine"),
    ]
}
