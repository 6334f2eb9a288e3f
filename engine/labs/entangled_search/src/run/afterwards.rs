//! What becomes of the architecture that was found: judged with inherited weights, trained on, trained anew; and how alike its layers are.

use weightscope_frame::record::Grid;
use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::linalg::cka;
use weightscope_math::stream;

use super::{Run, Shared, defect};
use crate::channels as ch;
use crate::config::{Config, Finish};
use crate::method::score::score;
use crate::method::space::{self, Mixing};
use crate::method::train::{self, Recipe};

/// Steps of the stage.
pub(super) const STEPS: u64 = 1;
/// Test rows on which layers are compared.
const ROWS: usize = 200;
/// Share of the learning rate of the table with which inherited weights are trained on.
const FINE: f64 = 0.25;

/// One network.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Network {
    pub(crate) kind: Kind,
    /// Test accuracy.
    pub(crate) accuracy: f64,
    pub(crate) tensors: Vec<Vec<f32>>,
}

/// Where its weights come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Kind {
    /// The supernet, or the training from scratch that found it.
    Inherited,
    /// The same, trained on.
    FineTuned,
    /// Training from scratch.
    Retrained,
}

impl Kind {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Inherited => "inherited",
            Self::FineTuned => "trained on",
            Self::Retrained => "trained anew",
        }
    }
}

/// The networks of the pick, and of the arg-max at the best mixture.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Afterwards {
    pub(crate) pick: Vec<Network>,
    pub(crate) mixture: Vec<Network>,
}

/// True if anything is to be done.
pub(super) fn is_wanted(config: &Config) -> bool {
    config.finish != Finish::Table
}

fn kinds(config: &Config) -> &'static [Kind] {
    match config.finish {
        Finish::Table => &[],
        Finish::Inherit => &[Kind::Inherited],
        Finish::FineTune => &[Kind::Inherited, Kind::FineTuned],
        Finish::Retrain => &[Kind::Inherited, Kind::FineTuned, Kind::Retrained],
    }
}

/// Trains all networks that are wanted, one job each.
pub(super) fn train(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    if !run.state.afterwards.pick.is_empty() {
        return Ok(());
    }
    let (config, shared) = (run.settings, run.shared);
    let Some(answer) = run.state.answer.clone() else { return Ok(()) };
    let mut starts = vec![(answer.picks.clone(), answer.tensors)];
    if let Some(best) = run.state.progress.as_ref().and_then(|progress| progress.best.as_ref()) {
        let picks = space::canonical(&*shared.space, &best.picks);
        let tensors = space::extract(&*shared.space, shared.settings.mixing, &best.tensors, &picks);
        starts.push((picks, tensors.map_err(defect)?));
    }
    let kinds = kinds(config);
    let work: Vec<(usize, Kind)> =
        (0..starts.len()).flat_map(|start| kinds.iter().map(move |kind| (start, *kind))).collect();
    let mut found = Afterwards::default();
    run.jobs::<Network, ()>(
        &Jobs::new("network", work.len()),
        |number, job| {
            let own = work.get(number).and_then(|(start, kind)| Some((starts.get(*start)?, *kind)));
            let Some(((picks, tensors), kind)) = own else {
                return Err(RunError::Defect("a network is missing".to_owned()));
            };
            network(config, shared, (picks, tensors), kind, &|| job.check())
        },
        |_, news| {
            if let News::Next(number, network) = news {
                let is_pick = work.get(number).is_some_and(|(start, _)| *start == 0);
                if is_pick { found.pick.push(network) } else { found.mixture.push(network) }
            }
            Ok(())
        },
    )?;
    run.begin_step(0.0)?;
    let grids = alike(shared, &answer.picks, &found.pick)?;
    for (name, words, grid) in grids {
        run.show_only(&ch::CKA.labelled(&name, &words), grid);
    }
    run.state.afterwards = found;
    super::results::report(run)?;
    run.end_step()
}

fn network(
    config: &Config,
    shared: &Shared,
    (picks, start): (&[usize], &[Vec<f32>]),
    kind: Kind,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Network, RunError> {
    check()?;
    let (space, test) = (&*shared.space, shared.material.test.batch());
    let base = Recipe { epochs: config.finish_epochs as usize, ..config.table_recipe() };
    let (recipe, begin) = match kind {
        Kind::Inherited => (None, Some(start.to_vec())),
        Kind::FineTuned => {
            (Some(Recipe { learning_rate: FINE * base.learning_rate, ..base }), Some(start.to_vec()))
        }
        Kind::Retrained => (Some(base), None),
    };
    let tensors = match recipe {
        None => start.to_vec(),
        Some(recipe) => {
            let mut weights = stream(shared.seed, "afterwards weights");
            let mut order = stream(shared.seed, "afterwards order");
            let mut held = Ok(());
            let batch = shared.material.both.batch();
            let tensors =
                train::train(space, picks, recipe, begin, batch, (&mut weights, &mut order), |_| {
                    held = check();
                    held.is_ok()
                });
            held?;
            tensors.map_err(defect)?
        }
    };
    let found = score(space, Mixing::Alone, &tensors, &[], picks, test).map_err(defect)?;
    Ok(Network { kind, accuracy: found.accuracy, tensors })
}

/// CKA between the layers of each two of the networks.
fn alike(
    shared: &Shared,
    picks: &[usize],
    networks: &[Network],
) -> Result<Vec<(String, String, Grid)>, RunError> {
    let (space, rows) = (&*shared.space, shared.material.test.first(ROWS));
    let names = space.hidden(picks);
    let count = rows.labels.len().max(1);
    let mut hidden = Vec::with_capacity(networks.len());
    for network in networks {
        let outputs = space::outputs(space, Mixing::Alone, &network.tensors, &[], picks, rows.rows);
        hidden.push(outputs.map_err(defect)?.hidden);
    }
    let mut grids = Vec::new();
    for (first, one) in networks.iter().enumerate() {
        for (second, other) in networks.iter().enumerate().skip(first + 1) {
            let (Some(own), Some(theirs)) = (hidden.get(first), hidden.get(second)) else { continue };
            let rows_of = |values: &Vec<f32>| values.len() / count;
            let value = |a: &Vec<f32>, b: &Vec<f32>| {
                let (own, theirs) = (
                    cka::Rows { values: a, features: rows_of(a) },
                    cka::Rows { values: b, features: rows_of(b) },
                );
                cka::linear(own, theirs).map_or(f32::NAN, |value| value as f32)
            };
            let values = own.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
            let grid = Grid {
                rows: names.clone(),
                columns: names.clone(),
                values: values.map(|(a, b)| value(a, b)).collect(),
                limits: Some((0.0, 1.0)),
                ..Grid::default()
            };
            let id = format!("{first}-{second}");
            grids.push((id, format!("{} and {}", one.kind.words(), other.kind.words()), grid));
        }
    }
    Ok(grids)
}
