//! Published figures, and those of the desk protocol, beside ours.

use crate::metrics;
use weightscope_frame::lab::{Comparability, ReferenceRow};

const IMAGENET: Comparability = Comparability::NotComparable(
    "ImageNet with 300 epochs of a 5-million-parameter network; the desk runs train a small one on 8×8 digits",
);

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let published = |quantity, published, source| ReferenceRow {
        quantity,
        published,
        source,
        result: None,
        value: None,
        comparability: IMAGENET,
    };
    vec![
        published("DeiT-T, W2A2, top-1", "64.33 %", "README of nbasyl/OFQ"),
        published("DeiT-T, W3A3, top-1", "72.72 %", "README of nbasyl/OFQ"),
        published("DeiT-T, W4A4, top-1", "75.46 %", "README of nbasyl/OFQ"),
        published("DeiT-S, W2A2, top-1", "75.72 %", "README of nbasyl/OFQ"),
        published("Swin-T, W2A2, top-1", "78.52 %", "README of nbasyl/OFQ"),
        ReferenceRow {
            quantity: "test accuracy, mlp-lsq (desk protocol)",
            published: "0.976 ± 0.006",
            source: "own measurement in PyTorch, 3 seeds, 400 steps windowed",
            result: Some(metrics::TEST_ACCURACY.name),
            value: Some(0.976),
            comparability: Comparability::Within(0.02),
        },
        ReferenceRow {
            quantity: "oscillating share, mlp-lsq (desk protocol)",
            published: "3.3 %",
            source: "own measurement in PyTorch, 3 seeds, 400 steps windowed",
            result: Some(metrics::OSCILLATING_SHARE.name),
            value: Some(0.033),
            comparability: Comparability::NotComparable(
                "depends on the arm, the learning rate and the window; compare the mlp-lsq preset only",
            ),
        },
        ReferenceRow {
            quantity: "scale-driven share of flips, mlp-lsq (desk protocol)",
            published: "28 %",
            source: "own measurement in PyTorch, 3 seeds, 400 steps windowed",
            result: Some(metrics::SCALE_DRIVEN_SHARE.name),
            value: Some(0.28),
            comparability: Comparability::NotComparable(
                "depends on the arm: fixed 0 %, StatsQ 9 %, LSQ 28 %, LSQ with tenfold step rate 88 %",
            ),
        },
    ]
}
