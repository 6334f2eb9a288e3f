//! Names of the lab's channels: written by the training loop, read by the views.

/// Trace of picked weights, in quantization steps.
pub(super) const TRACE: &str = "trace";
/// Level changes of the traced weights.
pub(super) const FLIPS: &str = "flips";
/// Categories of [`FLIPS`], by index.
pub(super) const FLIP_CATEGORIES: [&str; 2] = ["weight-driven flip", "scale-driven flip"];
/// Share of oscillating weights, all layers.
pub(super) const OSCILLATING_ALL: &str = "oscillating_share/all";
/// Family of the same by layer.
pub(super) const OSCILLATING_LAYER: &str = "oscillating_share_layer/";
/// Level changes per weight and step.
pub(super) const SWITCHES: &str = "switches_per_weight_step";
/// The part of them that the weight's own motion causes.
pub(super) const SWITCHES_WEIGHT: &str = "flips/weight_driven";
/// The part that the motion of the scale causes.
pub(super) const SWITCHES_SCALE: &str = "flips/scale_driven";
/// Share of the flips that the scale causes.
pub(super) const SCALE_DRIVEN: &str = "scale_driven_share";
/// Share of weights near an interior decision boundary.
pub(super) const NEAR_BOUNDARY: &str = "near_boundary_share";
/// Share of frozen weights.
pub(super) const FROZEN: &str = "frozen_share";
/// Number of weights that annealing leaves free.
pub(super) const FREE: &str = "free_weights";
/// Distance from an interior boundary that counts as near, in steps.
pub(super) const NEAR: f32 = 0.05;
/// Family: mean scale by layer.
pub(super) const SCALE: &str = "scale/";
/// Family: scale of the first row by layer.
pub(super) const ROW_SCALE: &str = "row_scale/";
/// Family: latent weights in steps, by layer.
pub(super) const LATENT: &str = "latent/";
/// Family: distance to the nearest interior boundary, by layer.
pub(super) const DISTANCE: &str = "distance/";
/// Family: the weights of one row on the level axis, by layer.
pub(super) const STRIP: &str = "strip/";
/// Table of the layers.
pub(super) const LAYERS: &str = "layers";
/// Family of losses.
pub(super) const LOSS_TRAIN: &str = "loss/train";
/// Test loss.
pub(super) const LOSS_TEST: &str = "loss/test";
/// Accuracy of the training batches since the last point.
pub(super) const ACCURACY_TRAIN: &str = "accuracy/train";
/// Test accuracy.
pub(super) const ACCURACY_TEST: &str = "accuracy/test";
/// Test accuracy of the float teacher.
pub(super) const ACCURACY_TEACHER: &str = "accuracy/teacher";
/// Learning rate.
pub(super) const LEARNING_RATE: &str = "learning_rate";
