//! Text that a model goes on with from a prompt, character by character.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_math::{Stream, stream};

use crate::channels as ch;
use crate::compute::model::{Input, Memory};
use crate::config::{Config, Vocabulary};
use crate::data::text::{letter, token};
use crate::device::Passes;

/// Tokens after a prompt, drawn at a temperature.
pub(super) fn sample(
    model: &Passes,
    weights: &[f32],
    config: &Config,
    random: &mut Stream,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<String, RunError> {
    let is_text = config.vocabulary == Vocabulary::Printable;
    let mut tokens: Vec<u32> =
        if is_text { config.prompt.chars().filter_map(token).collect() } else { Vec::new() };
    if tokens.is_empty() {
        tokens.push(0);
    }
    let given = tokens.len();
    let mut memory = Memory::default();
    for _ in 0..config.sample_length {
        check()?;
        let seen = &tokens[tokens.len().saturating_sub(config.context as usize)..];
        let logits = model.outputs(weights, Input::Tokens(seen), &mut memory);
        let last = &logits[logits.len() - logits.len() / seen.len()..];
        tokens.push(draw(last, config.temperature, random));
    }
    Ok(if is_text {
        tokens.iter().map(|token| letter(*token)).collect()
    } else {
        let words: Vec<String> = tokens.iter().skip(given).map(ToString::to_string).collect();
        words.join(" ")
    })
}

/// One token by its share at a temperature.
fn draw(logits: &[f32], temperature: f64, random: &mut Stream) -> u32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f64> =
        logits.iter().map(|logit| (f64::from(logit - largest) / temperature).exp()).collect();
    let mut left = random.unit_f64() * shares.iter().sum::<f64>();
    for (token, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return token as u32;
        }
    }
    shares.len().saturating_sub(1) as u32
}

/// Samples from the base, the adapted model, and merged weights that are rounded once more on their way through a file.
pub(super) fn show(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    if !config.is_language() {
        return Ok(());
    }
    let mut models = vec![("base", &run.state.base.weights)];
    models.extend(run.state.arm.as_ref().map(|arm| (config.method.short(), &arm.weights)));
    models.extend(run.state.beside.as_ref().map(|full| ("full fine-tuning beside it", &full.weights)));
    let control = run.context.control();
    let check = || Ok(control.check()?);
    // Each has the same random numbers of its own, so that they may go side by side.
    let one = |(name, weights): (&str, &Vec<f32>)| -> Result<String, RunError> {
        let mut random = stream(shared.seed, "samples");
        let text = sample(&shared.model, weights, config, &mut random, &check)?;
        Ok(format!("── {name} ──\n{text}\n"))
    };
    let text = models.into_par_iter().map(one).collect::<Result<Vec<String>, RunError>>()?;
    run.text(&ch::SAMPLES, text.join("\n"));
    Ok(())
}
