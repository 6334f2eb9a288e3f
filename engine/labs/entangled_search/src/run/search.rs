//! The search, step by step: the two-level loop with its streams, what is recorded, and when it is judged and ranked.

use std::time::Instant;

use weightscope_frame::lab::Step;
use weightscope_frame::run::RunError;
use weightscope_math::{Stream, stream};

use super::{Run, Shared, alarms::Raised, defect, judge, pictures, rank, tables};
use crate::channels as ch;
use crate::method::monitor::{self, Flip};
use crate::method::score::Score;
use crate::method::search::Search;
use crate::method::step::Batch;
use crate::method::train::{Order, gather};

/// Purposes of the streams.
const SAMPLER: &str = "sampler";
const TRAIN: &str = "training batches";
const VALID: &str = "architecture batches";

/// The arg-max changed, or an answer got better: what it is truly worth from then on.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spent {
    /// Steps of the search, and evaluations behind them.
    pub(crate) steps: f64,
    /// Seconds of the search.
    pub(crate) seconds: f64,
    /// The answer at that moment.
    pub(crate) picks: Vec<usize>,
}

/// The mixture with the least validation loss so far.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Best {
    pub(crate) step: usize,
    pub(crate) score: Score,
    pub(crate) tensors: Vec<Vec<f32>>,
    pub(crate) alphas: Vec<Vec<f64>>,
    pub(crate) picks: Vec<usize>,
}

/// A ranking of the known architectures.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Ranking {
    /// Figures of each with inherited weights, in the order of the known ones.
    pub(crate) scores: Vec<Score>,
    /// Σ ln a of each.
    pub(crate) logs: Vec<f64>,
    pub(crate) tau: Option<f64>,
    pub(crate) log_tau: Option<f64>,
    pub(crate) top: Option<f64>,
    pub(crate) seconds: f64,
}

/// A search under way.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Progress {
    pub(crate) search: Search<f32>,
    orders: [Order; 2],
    /// Positions of the streams of sampler, training and architecture batches: upper and lower half.
    positions: [(u64, u64); 3],
    /// Training losses since the last judgement.
    pub(crate) losses: Vec<f64>,
    newest: Newest,
    pub(crate) picks: Vec<usize>,
    pub(crate) flips: Vec<Flip>,
    pub(crate) alarms: Vec<Raised>,
    /// Largest expected parameters so far.
    pub(crate) most: f64,
    /// α when it began to move.
    pub(crate) start: Option<Vec<Vec<f64>>>,
    pub(crate) best: Option<Best>,
    pub(crate) spent: Vec<Spent>,
    pub(crate) seconds: f64,
    pub(crate) watch_seconds: f64,
    /// Mixture and inherited arg-max, as last judged.
    pub(crate) judged: Option<(Score, Score)>,
    pub(crate) ranking: Option<Ranking>,
    pub(crate) kept_bytes: usize,
}

/// Figures of the newest step.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Newest {
    train: f64,
    valid: Option<f64>,
    gradient: f64,
}

/// A stream of the run where it stood.
fn opened(seed: u64, purpose: &str, position: (u64, u64)) -> Stream {
    let mut stream = stream(seed, purpose);
    stream.seek(u128::from(position.0) << 64 | u128::from(position.1));
    stream
}

fn position(stream: &Stream) -> (u64, u64) {
    let position = stream.position();
    ((position >> 64) as u64, position as u64)
}

impl Progress {
    /// A search before its first step.
    pub(super) fn new(shared: &Shared) -> Self {
        let (mut weights, mut architecture) =
            (stream(shared.seed, "weights"), stream(shared.seed, "architecture"));
        let search = Search::new(&*shared.space, &shared.settings, &mut weights, &mut architecture);
        let rows = [shared.material.train.labels.len(), shared.material.architecture.labels.len()];
        Self {
            orders: rows.map(Order::new),
            positions: [(0, 0); 3],
            losses: Vec::new(),
            newest: Newest::default(),
            picks: search.picks(),
            flips: Vec::new(),
            alarms: Vec::new(),
            most: 0.0,
            start: None,
            best: None,
            spent: Vec::new(),
            seconds: 0.0,
            watch_seconds: 0.0,
            judged: None,
            ranking: None,
            kept_bytes: 0,
            search,
        }
    }

    /// The weights of the decisions without chance.
    pub(crate) fn weights(&self, shared: &Shared) -> Vec<Vec<f64>> {
        self.search.mean_weights(shared.settings.sampler)
    }

    /// One step of both levels.
    fn step(&mut self, shared: &Shared, batch: usize) -> Result<(), RunError> {
        let began = Instant::now();
        let [mut sampler, mut train, mut valid] =
            [(SAMPLER, 0), (TRAIN, 1), (VALID, 2)].map(|(purpose, at)| {
                opened(shared.seed, purpose, self.positions.get(at).copied().unwrap_or_default())
            });
        let settings = &shared.settings;
        let [train_order, valid_order] = &mut self.orders;
        let rows = gather(shared.material.train.batch(), train_order.next(batch, &mut train));
        // Where α rests, the architecture's rows rest too.
        let judged = if settings.moves_architecture(self.search.step) {
            self.start.get_or_insert_with(|| self.search.alphas.clone());
            gather(shared.material.architecture.batch(), valid_order.next(batch, &mut valid))
        } else {
            (Vec::new(), Vec::new())
        };
        let report = self
            .search
            .step(
                &*shared.space,
                settings,
                Batch { rows: &judged.0, labels: &judged.1 },
                Batch { rows: &rows.0, labels: &rows.1 },
                &mut sampler,
            )
            .map_err(defect)?;
        self.positions = [&sampler, &train, &valid].map(position);
        self.newest =
            Newest { train: report.train_loss, valid: report.valid_loss, gradient: report.gradient_norm };
        self.losses.push(report.train_loss);
        self.kept_bytes = report.kept_bytes;
        self.seconds += began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Flips of the last step; the answer of the moment is written down where it changed.
    fn look(&mut self) -> Vec<Flip> {
        let now = self.search.picks();
        let found = monitor::flips(self.search.step, &self.picks, &now);
        if !found.is_empty() || self.spent.is_empty() {
            self.spent.push(Spent {
                steps: self.search.step as f64,
                seconds: self.seconds,
                picks: now.clone(),
            });
        }
        self.picks = now;
        self.flips.extend(found.iter().copied());
        found
    }
}

/// Names things for views, and shows the start.
pub(super) fn enter(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    tables::enter(run)?;
    record(run)?;
    pictures::take(run)
}

/// One step of the search, with what is due behind it.
pub(super) fn step(run: &mut Run<'_, '_>, at: &Step<'_>) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    let learns = config.sampler() != crate::method::sampler::Sampler::Uniform;
    let Some(progress) = run.state.progress.as_mut() else { return Ok(()) };
    progress.step(shared, config.batch_size as usize)?;
    let newest = progress.newest;
    let flips = if learns { progress.look() } else { Vec::new() };
    let finite = progress.search.alphas.iter().flatten().all(|alpha| alpha.is_finite());
    run.finite("the training loss", newest.train)?;
    run.finite("the gradient of the weights", newest.gradient)?;
    run.finite("the loss of the architecture", newest.valid.unwrap_or(0.0))?;
    run.finite("an architecture parameter", if finite { 0.0 } else { f64::NAN })?;
    if !flips.is_empty() {
        pictures::flipped(run);
    }
    let done = at.index + 1;
    let is_due = |every: u64| done.is_multiple_of(every.max(1)) || done == at.count;
    let ranked = is_due(config.rank_every);
    if ranked {
        rank::rank(run)?;
    }
    if is_due(config.monitor_every) && learns {
        judge::judge(run, ranked)?;
    }
    Ok(())
}

/// Records scalars and the weights of the decisions.
pub(super) fn record(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let shared = run.shared;
    let Some(progress) = run.state.progress.as_ref() else { return Ok(()) };
    let learns = shared.settings.sampler != crate::method::sampler::Sampler::Uniform;
    let weights = progress.weights(shared);
    let (newest, begun) = (progress.newest, progress.search.step > 0);
    let expected = shared.sizes.value(&weights) * shared.most_parameters;
    let options: Vec<Option<usize>> = crate::truth::Known::of(&*shared.space, &progress.picks).options();
    let truth = run.state.truth.as_ref();
    let accuracy = truth.and_then(|truth| {
        Some((truth.table.rows.get(truth.place(&options)?)?.accuracy(), truth.table.best()?, truth))
    });
    let accuracy = accuracy.map(|(own, best, truth)| {
        (own, truth.table.rows.get(best).map_or(f64::NAN, crate::method::table::Row::accuracy) - own)
    });
    let context = &mut *run.context;
    if begun {
        context.scalar(&ch::TRAIN_LOSS, newest.train);
        context.scalar(&ch::GRADIENT, newest.gradient);
        if let Some(loss) = newest.valid {
            context.scalar(&ch::VALID_LOSS, loss);
        }
    }
    context.scalar(&ch::EXPECTED, expected);
    if let Some((own, regret)) = accuracy.filter(|_| learns) {
        context.scalar(&ch::TRUE_ACCURACY, own);
        context.scalar(&ch::REGRET, regret);
    }
    let mut all: Vec<(String, f64)> = Vec::new();
    for (decision, row) in shared.space.decisions().iter().zip(&weights) {
        let named: Vec<(&str, f64)> =
            decision.options.iter().map(String::as_str).zip(row.iter().copied()).collect();
        context.components(&ch::WEIGHTS.member(&decision.name), &named);
        all.extend(named.iter().map(|(option, weight)| (format!("{} {option}", decision.name), *weight)));
        if row.len() > 1 {
            let spread = monitor::spread(row);
            context.scalar(&ch::ENTROPY.member(&decision.name), spread.normalised);
            context.scalar(&ch::MARGIN.member(&decision.name), spread.margin);
        }
    }
    let named: Vec<(&str, f64)> = all.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    context.components(&ch::OPTIONS, &named);
    Ok(())
}
