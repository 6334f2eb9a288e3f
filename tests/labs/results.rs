//! Results: those by which a lab is judged are given by its runs.

use std::collections::BTreeMap;

use crate::kit;
use crate::runs::{named, unbroken};

/// The results by which runs of the lab are judged, in the smallest run.
pub(crate) fn headlines_are_results_of_a_run(lab: &str) {
    let results = unbroken(lab).results;
    for headline in kit::about(lab).headlines {
        let value = results.get(*headline);
        assert!(value.is_some_and(|value| value.is_finite()), "{lab}: {headline}: {value:?} in {results:?}");
    }
}

/// The results that the reproduction card compares, in some short run.
pub(crate) fn reference_rows_name_results_of_a_run(lab: &str) {
    let mut given: BTreeMap<String, f64> = BTreeMap::new();
    for (name, _) in crate::experiments::experiments(lab) {
        given.extend(named(lab, name).results);
    }
    for row in kit::reference(&kit::smallest(lab)) {
        assert!(!row.quantity.is_empty() && !row.published.is_empty() && !row.source.is_empty(), "{row:?}");
        if let Some(result) = row.result {
            assert!(given.contains_key(result), "{lab}: \"{}\" compares {result}: {given:?}", row.quantity);
        }
    }
}
