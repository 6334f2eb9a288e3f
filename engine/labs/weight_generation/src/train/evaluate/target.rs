//! One's own task: networks for images of one's own, judged on the rest of them, with what is simpler beside it.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Metric;
use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::Work;
use super::baselines::{Baseline, Baselines};
use crate::config::Config;
use crate::data::Material;
use crate::metrics;

/// Baselines and the results under which they stand.
const BESIDE: [(Baseline, &Metric); 5] = [
    (Baseline::Random, &metrics::TARGET_RANDOM),
    (Baseline::Mean, &metrics::TARGET_MEAN),
    (Baseline::Nearest, &metrics::TARGET_NEAREST),
    (Baseline::NearestMean(5), &metrics::TARGET_NEAREST_MEAN),
    (Baseline::Ridge, &metrics::TARGET_RIDGE),
];

/// Judges, if there is a task of one's own. Each draw has its own condition images; all other rows test it.
pub(super) fn judge(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    if !run.settings.has_target() {
        return Ok(());
    }
    let work = Work::new(run)?;
    let outputs = work.prepared.sizes.last().copied().unwrap_or(0);
    let target = Material::open_target(work.config, work.shared.material.columns, outputs)?;
    run.context.message(&format!(
        "one's own task: {} rows of {}, hash {}",
        target.read().rows,
        work.config.target_data,
        target.read().hash
    ));
    let baselines = Baselines::new(&work)?;
    let mut sums = vec![0.0; BESIDE.len() + 1];
    let draws = work.config.draws as usize;
    for draw in 0..draws {
        run.context.check()?;
        let mut random = stream(work.seed, &format!("target {draw}"));
        let (condition, rest) = target.divided(work.config.images_per_class as usize, &mut random)?;
        let conditions = [condition];
        let (made, exploded) = work.generate(draw, &conditions)?;
        if exploded > 0 {
            run.context
                .warn("a draw for one's own task exploded; it is evaluated at its last finite estimate");
        }
        let accuracy = |networks: &[Vec<f32>]| {
            let network = networks.first().map_or(&[][..], Vec::as_slice);
            work.shared.bench.accuracy_on(&rest, network)
        };
        let mut found = vec![accuracy(&made)?];
        for (kind, _) in BESIDE {
            found.push(accuracy(&baselines.networks(kind, draw, &conditions)?)?);
        }
        sums.iter_mut().zip(found).for_each(|(sum, value)| *sum += value / draws as f64);
    }
    let names = std::iter::once(&metrics::TARGET).chain(BESIDE.iter().map(|(_, metric)| *metric));
    run.state.evaluation.target = names.map(|metric| metric.name.to_owned()).zip(sums).collect();
    Ok(())
}
