//! The claims beside our figures. The paper's tables were not to be had: no figure of them is quoted.

use weightscope_frame::lab::{Comparability, ReferenceRow};

use crate::metrics;

/// Why the paper's own figures cannot be set beside ours.
const OTHER_SIZE: &str =
    "other networks and data; the paper's tables were not available, so no figure of theirs is quoted";
/// The sheet's desk study.
const STUDY: &str = "desk study of the method sheet (own PyTorch code, digits, 100 seen and 20 unseen tasks, one seed), preset common";

/// The rows.
pub(crate) fn rows() -> Vec<ReferenceRow> {
    let study =
        |quantity, published, value: f64, metric: &weightscope_frame::record::Metric, within| ReferenceRow {
            quantity,
            published,
            source: STUDY,
            result: Some(metric.name),
            value: Some(value),
            comparability: Comparability::Within(within),
        };
    let claim = |quantity, published, source, result| ReferenceRow {
        quantity,
        published,
        source,
        result,
        value: None,
        comparability: Comparability::NotComparable(OTHER_SIZE),
    };
    vec![
        study("networks of the zoo", ".967", 0.967, &metrics::ZOO_ACCURACY, 0.02),
        study("reconstruction of the zoo", ".965", 0.965, &metrics::RECONSTRUCTION, 0.02),
        study(
            "reconstruction of networks of unseen tasks",
            ".953",
            0.953,
            &metrics::RECONSTRUCTION_UNSEEN,
            0.05,
        ),
        study("generated, seen tasks", ".947", 0.947, &metrics::GENERATED_SEEN, 0.04),
        study("generated, unseen tasks", ".915", 0.915, &metrics::GENERATED_UNSEEN, 0.05),
        study(
            "ridge regression from data to weights, unseen tasks: what generation must be compared with",
            ".940",
            0.940,
            &metrics::RIDGE,
            0.04,
        ),
        study("nearest network, unseen tasks", ".843", 0.843, &metrics::NEAREST, 0.06),
        study("overlap of wrong rows with the zoo", ".61", 0.61, &metrics::WRONG_IOU, 0.2),
        claim(
            "generated weights for known data sets are on par with or above the pretrained zoo",
            "stated without a figure here",
            "arXiv 2402.18153, abstract of the ICLR version",
            Some(metrics::GENERATED_SEEN.name),
        ),
        claim("few-shot learning", "+6 %", "arXiv 2402.18153, abstract of the ICLR version", None),
        claim(
            "LLaMA-3.2-1B-Instruct on hard mathematics",
            "+3 %",
            "arXiv 2402.18153, abstract of the ICLR version",
            None,
        ),
        claim(
            "LLaMA-3.2-1B-Instruct, average of the open leaderboard",
            "+0.36 %",
            "arXiv 2402.18153, abstract of the ICLR version",
            None,
        ),
    ]
}
