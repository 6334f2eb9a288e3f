//! Files in the run folder: the figures of each network, and the curves.

use std::fmt::Write as _;

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;

use super::figures::{Figures, Finished};
use super::robustness::{CHANGES, NOISES};
use crate::channels as ch;
use crate::config::Config;
use crate::method::thinning::SHARES;

/// Figures of each network.
pub(crate) const NETWORKS: &str = "networks.csv";
/// Curves of each network.
pub(crate) const CURVES: &str = "curves.csv";
/// Columns of [`NETWORKS`].
const COLUMNS: &str = "seed,arm,test_accuracy,train_accuracy,near_zero_share,largest_over_std,kurtosis,participation_ratio,saliency_top_tenth,pruned_accuracy_70,deleted_accuracy_40,noisy_accuracy";

/// Writes both files.
pub(super) fn write(run: &Running<'_, '_, Config>) -> Result<(), RunError> {
    let finished = &run.state.finished;
    run.context.write_file(NETWORKS, networks(finished).as_bytes())?;
    run.context.write_file(CURVES, curves(finished).as_bytes())
}

/// Seed, arm and figures of each network.
fn rows(finished: &[Finished]) -> impl Iterator<Item = (u64, &'static str, &Figures)> {
    finished.iter().flat_map(|one| {
        let twin = one.twin.as_ref().map(|twin| (one.seed, ch::TWIN, twin));
        std::iter::once((one.seed, ch::COMPANDER, &one.own)).chain(twin)
    })
}

fn networks(finished: &[Finished]) -> String {
    let mut text = format!("{COLUMNS}\n");
    for (seed, arm, figures) in rows(finished) {
        let values = [
            figures.test_accuracy,
            figures.train_accuracy,
            figures.end.near_zero,
            figures.end.largest,
            figures.end.kurtosis,
            figures.end.participation,
            figures.top_tenth,
            figures.pruned_70(),
            figures.deleted_40(),
            figures.noisy_30(),
        ];
        let _ = write!(text, "{seed},{arm}");
        for value in values {
            // What does not apply is absent.
            let _ = if value.is_finite() { write!(text, ",{value}") } else { write!(text, ",") };
        }
        text.push('\n');
    }
    text
}

fn curves(finished: &[Finished]) -> String {
    let mut text = "seed,arm,curve,x,value\n".to_owned();
    for (seed, arm, figures) in rows(finished) {
        let lists: [(&str, &[f64], &[f64]); 4] = [
            ("pruning", &SHARES, &figures.bears.pruned),
            ("deletion", &SHARES, &figures.bears.deleted),
            ("noise", &NOISES, &figures.bears.noisy),
            ("perturbation_loss", &CHANGES, &figures.bears.changed),
        ];
        for (name, x, y) in lists {
            for (x, y) in x.iter().zip(y).filter(|(_, y)| y.is_finite()) {
                let _ = writeln!(text, "{seed},{arm},{name},{x},{y}");
            }
        }
    }
    text
}
