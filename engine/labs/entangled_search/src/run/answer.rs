//! The answer of a search: the arg-max, or what random search, evolution or trainings from scratch prefer; and what it is judged by.

use std::time::Instant;

use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::stream;

use super::search::{Ranking, Spent};
use super::{Run, Shared, defect, judge, rank, table, tables};
use crate::config::{Config, Method, Stop};
use crate::method::black_box::{self, Searcher};
use crate::method::methods::Answer as How;
use crate::method::score::{Score, inherited, score};
use crate::method::space::{self, Mixing};
use crate::method::train::{self, Recipe};
use crate::truth::Known;

/// What a search found.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Answer {
    pub(crate) picks: Vec<usize>,
    /// Tensors of the pick as a network of its own.
    pub(crate) tensors: Vec<Vec<f32>>,
    /// Tensors of the supernet at that moment; none where none is trained.
    pub(crate) supernet: Vec<Vec<f32>>,
    pub(crate) mixture: Option<Score>,
    pub(crate) inherited: Option<Score>,
    pub(crate) ranking: Option<Ranking>,
    /// The answers over the budget.
    pub(crate) spent: Vec<Spent>,
    pub(crate) seconds: f64,
    pub(crate) evaluations: usize,
}

/// An architecture that was trained from scratch.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    picks: Vec<usize>,
    tensors: Vec<Vec<f32>>,
    score: Score,
    seconds: f64,
}

/// Steps of the stage.
pub(super) fn steps(_: &Config) -> u64 {
    1
}

/// Finds the answer, judges it, and shows it.
pub(super) fn find(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    if run.state.answer.is_some() {
        return Ok(());
    }
    let answer = match run.settings.method().answer() {
        How::ArgMax => arg_max(run)?,
        How::RandomInherited => scored(run, Searcher::Random)?,
        How::EvolutionInherited => scored(run, Searcher::Evolution)?,
        How::Trained => trained(run)?,
    };
    missing_rows(run, &answer)?;
    run.begin_step(0.0)?;
    run.state.answer = Some(answer);
    tables::enter(run)?;
    show(run);
    super::results::report(run)?;
    run.end_step()
}

/// The arg-max at the end, or at the best mixture.
fn arg_max(run: &Run<'_, '_>) -> Result<Answer, RunError> {
    let (shared, config) = (run.shared, run.settings);
    let Some(progress) = run.state.progress.as_ref() else { return Err(nothing()) };
    let best = progress.best.as_ref().filter(|_| config.stop == Stop::BestMixture);
    let (tensors, picks, alphas) = match best {
        Some(best) => (&best.tensors, &best.picks, &best.alphas),
        None => (&progress.search.tensors, &progress.picks, &progress.search.alphas),
    };
    let weights: Vec<Vec<f64>> = alphas.iter().map(|alpha| shared.settings.sampler.mean(alpha)).collect();
    let (mixture, own) = judge::both(shared, tensors, &weights, picks)?;
    let ranking = if best.is_some() {
        Some(rank::of(shared, run.state.truth.as_ref(), tensors, &weights)?)
    } else {
        progress.ranking.clone()
    };
    Ok(Answer {
        picks: space::canonical(&*shared.space, picks),
        tensors: extracted(shared, tensors, picks)?,
        supernet: tensors.clone(),
        mixture: Some(mixture),
        inherited: Some(own),
        ranking,
        spent: progress.spent.clone(),
        seconds: progress.seconds,
        evaluations: 0,
    })
}

fn nothing() -> RunError {
    RunError::Defect("there is no supernet to answer from".to_owned())
}

fn extracted(shared: &Shared, tensors: &[Vec<f32>], picks: &[usize]) -> Result<Vec<Vec<f32>>, RunError> {
    let picks = space::canonical(&*shared.space, picks);
    space::extract(&*shared.space, shared.settings.mixing, tensors, &picks).map_err(defect)
}

/// Black-box search by inherited loss.
fn scored(run: &Run<'_, '_>, searcher: Searcher) -> Result<Answer, RunError> {
    let (shared, config) = (run.shared, run.settings);
    let Some(progress) = run.state.progress.as_ref() else { return Err(nothing()) };
    let (space, tensors) = (&*shared.space, &progress.search.tensors);
    let counts: Vec<usize> = space.decisions().iter().map(|decision| decision.options.len()).collect();
    let canonical = |picks: &[usize]| Some(space::canonical(space, picks));
    let mut random = stream(shared.seed, "answer");
    let began = Instant::now();
    let (mut best, mut spent, mut count) = (f64::INFINITY, progress.spent.clone(), 0_usize);
    let (steps, before) = (config.steps as f64, progress.seconds);
    let control = run.context.control();
    let score = |picks: &[usize]| -> Result<f64, RunError> {
        control.check()?;
        let found =
            inherited(space, shared.settings.mixing, tensors, picks, shared.material.architecture.batch());
        let loss = found.map_err(defect)?.loss;
        count += 1;
        if loss < best {
            best = loss;
            let seconds = before + began.elapsed().as_secs_f64();
            spent.push(Spent { steps: steps + count as f64, seconds, picks: picks.to_vec() });
        }
        Ok(-loss)
    };
    let trace =
        black_box::search(searcher, &counts, &canonical, config.evaluations as usize, &mut random, score)?;
    let picks = trace.best().map(<[usize]>::to_vec).unwrap_or_default();
    let own = inherited(space, shared.settings.mixing, tensors, &picks, shared.material.architecture.batch());
    Ok(Answer {
        tensors: extracted(shared, tensors, &picks)?,
        supernet: tensors.clone(),
        mixture: None,
        inherited: Some(own.map_err(defect)?),
        ranking: progress.ranking.clone(),
        seconds: before + began.elapsed().as_secs_f64(),
        evaluations: trace.evaluations.len(),
        picks,
        spent,
    })
}

/// Architectures trained from scratch for as many steps in all, judged by the architecture rows.
fn trained(run: &mut Run<'_, '_>) -> Result<Answer, RunError> {
    let (shared, config) = (run.shared, run.settings);
    let space = &*shared.space;
    let candidates: Vec<Vec<usize>> = if config.method == Method::Largest {
        vec![space::canonical(space, &space::largest(space))]
    } else {
        let mut random = stream(shared.seed, "random architectures");
        let mut all: Vec<Vec<usize>> = shared.known.iter().map(|known| known.picks.clone()).collect();
        random.shuffle(&mut all);
        all.truncate(config.random_trainings as usize);
        all
    };
    let steps = config.steps as usize / candidates.len().max(1);
    let mut found: Vec<Candidate> = Vec::new();
    run.jobs::<Candidate, ()>(
        &Jobs::new("architecture", candidates.len()),
        |number, job| {
            let picks = candidates.get(number).cloned().unwrap_or_default();
            let began = Instant::now();
            let tensors = by_steps(config, shared, &picks, steps, number, &|| job.check())?;
            let score =
                score(space, Mixing::Alone, &tensors, &[], &picks, shared.material.architecture.batch());
            Ok(Candidate {
                picks,
                tensors,
                score: score.map_err(defect)?,
                seconds: began.elapsed().as_secs_f64(),
            })
        },
        |_, news| {
            if let News::Next(_, candidate) = news {
                found.push(candidate);
            }
            Ok(())
        },
    )?;
    let (mut best, mut spent, mut seconds) = (None::<Candidate>, Vec::new(), 0.0);
    for (number, candidate) in found.into_iter().enumerate() {
        run.finite("the loss of an architecture that was trained from scratch", candidate.score.loss)?;
        seconds += candidate.seconds;
        if best.as_ref().is_none_or(|best| candidate.score.loss < best.score.loss) {
            spent.push(Spent {
                steps: ((number + 1) * steps) as f64,
                seconds,
                picks: candidate.picks.clone(),
            });
            best = Some(candidate);
        }
    }
    let count = candidates.len();
    let best = best.ok_or_else(|| RunError::Defect("no architecture was trained".to_owned()))?;
    Ok(Answer {
        picks: best.picks,
        tensors: best.tensors,
        supernet: Vec::new(),
        mixture: None,
        inherited: Some(best.score),
        ranking: None,
        spent,
        seconds,
        evaluations: count,
    })
}

/// Trains a network for so many steps on the training rows.
fn by_steps(
    config: &Config,
    shared: &Shared,
    picks: &[usize],
    steps: usize,
    number: usize,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Vec<Vec<f32>>, RunError> {
    let rows = shared.material.train.labels.len();
    let each = rows.div_ceil(config.batch_size.max(1) as usize).max(1);
    let recipe = Recipe {
        learning_rate: config.learning_rate,
        weight_decay: config.weight_decay,
        floor: super::FLOOR,
        batch: config.batch_size as usize,
        epochs: (steps / each).max(1),
    };
    let mut weights = stream(shared.seed, &format!("random training/{number}"));
    let mut order = stream(shared.seed, &format!("random training order/{number}"));
    let mut held = Ok(());
    let batch = shared.material.train.batch();
    let tensors =
        train::train(&*shared.space, picks, recipe, None, batch, (&mut weights, &mut order), |_| {
            held = check();
            held.is_ok()
        });
    held?;
    tensors.map_err(defect)
}

/// Trains what was picked and has no row in a table that was computed for some architectures only.
fn missing_rows(run: &mut Run<'_, '_>, answer: &Answer) -> Result<(), RunError> {
    let (config, shared, seed) = (run.settings, run.shared, run.context.seed);
    if !config.computes_table() {
        return Ok(());
    }
    let best = run
        .state
        .progress
        .as_ref()
        .and_then(|progress| progress.best.as_ref())
        .map(|best| best.picks.clone());
    for picks in std::iter::once(answer.picks.clone()).chain(best) {
        let known = Known::of(&*shared.space, &picks);
        if run.state.truth.as_ref().is_none_or(|truth| truth.place(&known.options()).is_some()) {
            continue;
        }
        let control = run.context.control();
        let check = || Ok(control.check()?);
        let each = (0..config.table_seeds)
            .map(|own| training_of(config, shared, &known, seed.wrapping_add(own), &check));
        let seeds = each.collect::<Result<Vec<f64>, RunError>>()?;
        if let Some(truth) = run.state.truth.as_mut() {
            truth.add(&known, seeds);
        }
    }
    Ok(())
}

fn training_of(
    config: &Config,
    shared: &Shared,
    known: &Known,
    seed: u64,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<f64, RunError> {
    table::training(config, shared, known, seed, check)
}

/// The answer as a drawing and a way.
fn show(run: &mut Run<'_, '_>) {
    let Some(answer) = run.state.answer.clone() else { return };
    let before = answer.spent.iter().rev().map(|spent| &spent.picks).find(|picks| **picks != answer.picks);
    let before = before.cloned().unwrap_or_else(|| answer.picks.clone());
    let graph = super::pictures::graph(run.shared, run.settings.space, &answer.picks, &before);
    let trail = super::pictures::trail(run, &answer.spent);
    run.show(&crate::channels::CHOSEN, graph);
    run.show_only(&crate::channels::TRAIL, trail);
    if let Some(ranking) = &answer.ranking {
        rank::show(run, ranking);
    }
}
