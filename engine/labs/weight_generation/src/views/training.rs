//! Losses of the stages, and the early warning.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::{Autoencoder, Config};

/// Losses.
pub(super) fn view(config: &Config) -> View<Config> {
    let spec = if config.autoencoder == Autoencoder::None {
        ViewSpec::of("training", "Training", ViewKind::Lines, &[&ch::DIFFUSION_LOSS])
    } else {
        ViewSpec::of(
            "training",
            "Training",
            ViewKind::Lines,
            &[&ch::AUTOENCODER_LOSS, &ch::RECONSTRUCTION_ERROR, &ch::ALIGNMENT_LOSS, &ch::DIFFUSION_LOSS],
        )
    };
    View::new(ViewSpec {
        x: AxisSpec::steps(),
        y: AxisSpec::new("loss", "").scale(AxisScale::Log),
        empty: "Losses of the autoencoder and of the denoiser appear here when the zoo is trained."
            .to_owned(),
        help: include_str!("../help/training.md").to_owned(),
        ..spec
    })
}

/// Accuracy of reconstructed networks.
pub(super) fn reconstruction(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::steps(),
        y: AxisSpec::new("accuracy", ""),
        tab_of: Some("training".to_owned()),
        empty: "Accuracy of reconstructed networks appears here while the autoencoder learns.".to_owned(),
        help: include_str!("../help/reconstruction.md").to_owned(),
        ..ViewSpec::of(
            "reconstruction",
            "Reconstruction",
            ViewKind::Lines,
            &[&ch::RECONSTRUCTED, &ch::RECONSTRUCTED_UNSEEN],
        )
    })
}
