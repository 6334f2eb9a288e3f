//! Published figures, and those of the desk protocol, beside ours.

use crate::metrics;
use weightscope_frame::lab::{Comparability, ReferenceRow};

const RESNETS: Comparability = Comparability::NotComparable(
    "ResNets on photographs; the desk trains small perceptrons without normalisation on 8×8 digits",
);

const SPLITS: Comparability = Comparability::NotComparable(
    "the reference's split of the rows is not published, and splits differ by five points; on each one read the best cell has width 128 and reaches 0.89 or more",
);

const COUNTED: Comparability =
    Comparability::NotComparable("counted by the tests against the reference's table, not by a run");

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let published = |quantity, published, source| ReferenceRow {
        quantity,
        published,
        source,
        result: None,
        value: None,
        comparability: RESNETS,
    };
    vec![
        published(
            "test accuracy over the grid, ResNet-18, CIFAR-10",
            "0.53 to 0.88",
            "model zoo, arXiv 2504.18072, read off the figure",
        ),
        published(
            "mode connectivity over the grid, ResNet-18, CIFAR-10",
            "−25 to +16 percentage points",
            "model zoo, arXiv 2504.18072, read off the figure",
        ),
        published(
            "CKA over the grid, ResNet-18, CIFAR-10",
            "0.68 to 0.93",
            "model zoo, arXiv 2504.18072, read off the figure",
        ),
        ReferenceRow {
            quantity: "best test accuracy, desk",
            published: "0.92 to 0.94, at width 128, batch 16 to 32",
            source: "own measurement, two seed sets of a reference program",
            result: Some(metrics::BEST_TEST_ACCURACY.name),
            value: None,
            comparability: SPLITS,
        },
        ReferenceRow {
            quantity: "cells in the reference's phase, desk",
            published: "46 to 52 of 56 over sixteen pairs of split and seed",
            source: "own measurement, reference program",
            result: None,
            value: None,
            comparability: COUNTED,
        },
        ReferenceRow {
            quantity: "cells of phase IV-B, desk",
            published: "10 of 56",
            source: "own measurement, reference program",
            result: Some(metrics::CELLS_IV_B.name),
            value: Some(10.0),
            comparability: Comparability::Within(4.0),
        },
    ]
}
