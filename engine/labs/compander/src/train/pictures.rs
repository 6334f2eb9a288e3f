//! Pictures of the first repeat while it trains: histograms of the weights of each layer, and how they move by size.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::record::declared::{Family, kinds::OfHistograms};
use weightscope_frame::run::{Context, RunError};

use super::arm::Arm;
use crate::channels as ch;
use crate::config::Config;

/// Half the range of a histogram, in standard deviations of the layer's initial weights.
const REACH: f64 = 6.0;
/// Bins of a histogram.
const BINS: usize = 160;
/// Fewest weights in a bin of sizes for a mean motion.
const FEWEST: u64 = 20;

/// Takes all pictures.
pub(super) fn take(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let duo = &run.state.duo;
    let context = &mut *run.context;
    let effective = duo.own.effective();
    histograms(context, &ch::LATENT, &duo.own, &duo.own.network.latent(), "v, ");
    histograms(context, &ch::WEIGHTS, &duo.own, &effective, "w, ");
    if let Some(twin) = &duo.twin {
        // The unit is that of the network beside it, also for a twin whose start was scaled.
        histograms(context, &ch::TWIN_WEIGHTS, &duo.own, &twin.effective(), "twin, ");
    }
    let curve = |(x, y)| Curve { x, y, band: None };
    context
        .show(&ch::MOTION.labelled(ch::COMPANDER, "compander"), curve(run.state.live.motion.curve(FEWEST)));
    if duo.twin.is_some() {
        context.show(&ch::MOTION.labelled(ch::TWIN, "twin"), curve(run.state.live.twin_motion.curve(FEWEST)));
    }
    Ok(())
}

fn histograms(
    context: &mut Context<'_>,
    family: &Family<OfHistograms>,
    arm: &Arm,
    values: &[f32],
    words: &str,
) {
    let edges: Vec<f64> = (0..=BINS).map(|bin| REACH * (2.0 * bin as f64 / BINS as f64 - 1.0)).collect();
    for (layer, deviation) in arm.network.layers().iter().zip(&arm.deviations) {
        let mut counts = vec![0_u32; BINS];
        let (bins, middle) = (BINS as f64 / (2.0 * REACH * deviation), 0.5 * BINS as f64);
        for value in values.get(layer.range.clone()).unwrap_or_default() {
            let place = bins.mul_add(f64::from(*value), middle);
            if place >= 0.0
                && let Some(count) = counts.get_mut(place as usize)
            {
                *count += 1;
            }
        }
        let member = family.labelled(&layer.label, &format!("{words}{}", layer.label));
        context.histogram(&member, counts, || (edges.clone(), Vec::new()));
    }
}
