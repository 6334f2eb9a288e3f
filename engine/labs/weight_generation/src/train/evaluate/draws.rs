//! The draws: networks for all evaluated tasks, each draw with images of its own.

use std::time::Instant;

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;

use super::Work;
use crate::channels as ch;
use crate::config::{Autoencoder, Config};

/// Draws and judges.
pub(super) fn draw(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    let choices: Vec<(String, String)> = (0..work.tasks.len())
        .map(|place| {
            let word = if place < work.seen { "seen" } else { "unseen" };
            (work.name(place), format!("{} ({word})", work.name(place)))
        })
        .collect();
    run.context.choices(&ch::TASKS_BACK, choices.iter().rev().cloned().collect());
    run.context.choices(&ch::TASKS, choices);
    let (mut accuracies, mut generated, mut exploded) = (Vec::new(), Vec::new(), 0);
    for draw in 0..work.config.draws as usize {
        run.context.check()?;
        let conditions = work.conditions(draw);
        let begun = Instant::now();
        let judged = work.judged();
        if draw == 0 {
            // Timed for the tasks by which figures are judged alone: what the slider between two conditions has to wait for.
            work.generate(0, conditions.get(judged.clone()).unwrap_or_default())?;
            run.state.evaluation.seconds_draw = begun.elapsed().as_secs_f64();
        }
        let (networks, burst) = work.generate(draw, &conditions)?;
        exploded += burst;
        let own = work.judge(&networks)?;
        let part = own.get(judged).unwrap_or_default();
        run.context.scalar(&ch::DRAW_ACCURACY, part.iter().sum::<f64>() / part.len().max(1) as f64);
        accuracies.push(own);
        generated.extend(networks);
    }
    if exploded > 0 {
        let of = generated.len();
        let why = if work.config.autoencoder == Autoencoder::None {
            "; without a latent the denoiser is narrower than what it has to predict"
        } else {
            ""
        };
        run.context.warn(&format!(
            "exploding estimates in {exploded} of {of} draws: they stopped at their last finite estimate or ended more than 20 deviations from what was learned (our own bound), and are evaluated as they are{why}"
        ));
    }
    let evaluation = &mut run.state.evaluation;
    evaluation.tasks.clone_from(&work.tasks);
    (evaluation.accuracies, evaluation.generated, evaluation.exploded) = (accuracies, generated, exploded);
    Ok(())
}
