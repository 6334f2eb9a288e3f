//! Ids of the lab's channels.

/// Training loss of the network that was committed last.
pub(super) const NETWORK_TRAIN_LOSS: &str = "network/train_loss";
/// Test accuracy of the network that was committed last.
pub(super) const NETWORK_TEST_ACCURACY: &str = "network/test_accuracy";
/// Mean mode connectivity of the cell that was committed last.
pub(super) const CELL_CONNECTIVITY: &str = "cell/mode_connectivity";
/// Mean similarity of the cell that was committed last.
pub(super) const CELL_CKA: &str = "cell/cka";
/// Largest eigenvalue of the network that was committed last.
pub(super) const NETWORK_LAMBDA: &str = "network/lambda_max";
/// Trace of the network that was committed last.
pub(super) const NETWORK_TRACE: &str = "network/trace";
/// Test accuracy after pruning, of the network that was committed last.
pub(super) const NETWORK_PRUNED: &str = "network/pruned_accuracy";

/// The phases as a picture.
pub(super) const PHASE: &str = "phase";
/// Share of the pairs that agree with the cell's phase.
pub(super) const CONFIDENCE: &str = "confidence";
/// Cells of phase II whose curves find nothing better.
pub(super) const STUCK: &str = "stuck";
/// The borders of the phases.
pub(super) const BORDERS: &str = "borders";
/// Names of the cells, one in a line.
pub(super) const CELLS: &str = "cells";
/// One row for each cell.
pub(super) const CELL_TABLE: &str = "table/cells";
/// One row for each network.
pub(super) const NETWORK_TABLE: &str = "table/networks";
/// One row for each two seeds: what they alone would say.
pub(super) const PAIR_TABLE: &str = "table/pairs";
/// Profiles between seeds.
pub(super) const PROFILE_TABLE: &str = "table/profiles";
/// The thresholds in words.
pub(super) const THRESHOLDS: &str = "thresholds";
