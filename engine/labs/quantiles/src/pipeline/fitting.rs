//! One fit of one base model, with fixed settings or the best of random draws.

use burn::tensor::Device;

use super::store::Chosen;
use crate::base::boosting::{self, BoostingSettings};
use crate::base::forest::{self, ForestSettings, Variety};
use crate::base::nets::{self, NetSettings, Rows};
use crate::base::{Fitted, Kind, Progress, linear, neighbours};
use crate::method::pinball;
use weightscope_frame::run::RunError;
use weightscope_math::rng::{Stream, stream};

/// What all fits of a run share.
pub(super) struct Bench<'a> {
    pub(super) taus: &'a [f64],
    pub(super) seed: u64,
    pub(super) device: &'a Device,
    /// Rows in a batch.
    pub(super) batch: usize,
    /// Most steps of a net.
    pub(super) net_steps: usize,
    /// Draws of the random search; 0 keeps the fixed settings.
    pub(super) draws: usize,
}

impl Bench<'_> {
    /// The fixed settings of a kind.
    fn desk(&self, kind: Kind) -> Chosen {
        match kind {
            Kind::Linear => Chosen::None,
            Kind::Knn => Chosen::Neighbours(0),
            Kind::RandomForest | Kind::ExtraTrees => Chosen::Forest(ForestSettings::default()),
            Kind::Boosting => Chosen::Boosting(BoostingSettings::default()),
            _ => Chosen::Net(NetSettings { most_steps: self.net_steps, ..NetSettings::desk(kind) }),
        }
    }

    /// Fits with given settings; the second value is the number of steps of the best state.
    pub(super) fn fit(
        &self,
        kind: Kind,
        chosen: Chosen,
        rows: Rows<'_>,
        validation: Option<Rows<'_>>,
        steps: Option<usize>,
        purpose: &str,
        progress: Progress<'_>,
    ) -> Result<(Fitted, usize), RunError> {
        let origin = (self.seed, purpose);
        progress.check()?;
        Ok(match (kind, chosen) {
            (Kind::Knn, Chosen::Neighbours(k)) => (Fitted::Neighbours(neighbours::fit(rows.x, rows.y, k)), 0),
            (Kind::RandomForest | Kind::ExtraTrees, Chosen::Forest(settings)) => {
                let variety = if kind == Kind::RandomForest { Variety::Random } else { Variety::Extra };
                (Fitted::Forest(forest::fit(rows.x, rows.y, variety, &settings, origin, progress)?), 0)
            }
            (Kind::Boosting, Chosen::Boosting(settings)) => {
                (Fitted::Boosting(boosting::fit(rows.x, rows.y, self.taus, &settings, origin, progress)?), 0)
            }
            (_, Chosen::Net(settings)) => {
                let limits = (self.batch, steps);
                let (net, steps) = nets::fit(
                    kind,
                    rows,
                    validation,
                    self.taus,
                    &settings,
                    limits,
                    origin,
                    self.device,
                    progress,
                )?;
                (Fitted::Net(net), steps)
            }
            _ => (Fitted::Linear(linear::fit(rows.x, rows.y, self.taus, progress)?), 0),
        })
    }

    /// The fit on all training rows: with fixed settings, or the draw with the smallest pinball loss on the validation rows.
    pub(super) fn choose(
        &self,
        kind: Kind,
        rows: Rows<'_>,
        validation: Rows<'_>,
        progress: Progress<'_>,
    ) -> Result<(Fitted, Chosen, usize), RunError> {
        let purpose = format!("base/{}", kind.key());
        if self.draws == 0 || kind == Kind::Linear {
            let chosen = self.desk(kind);
            let (fitted, steps) = self.fit(kind, chosen, rows, Some(validation), None, &purpose, progress)?;
            return Ok((fitted, chosen, steps));
        }
        let singles: Vec<f32> = self.taus.iter().map(|tau| *tau as f32).collect();
        let mut random = stream(self.seed, &format!("search/{}", kind.key()));
        let mut best: Option<(f64, Fitted, Chosen, usize)> = None;
        let mut tried: Vec<Chosen> = Vec::new();
        for draw in 0..self.draws {
            let chosen = if draw == 0 { self.desk(kind) } else { self.draw(kind, rows.y.len(), &mut random) };
            if tried.contains(&chosen) {
                continue;
            }
            tried.push(chosen);
            let (fitted, steps) = self.fit(kind, chosen, rows, Some(validation), None, &purpose, progress)?;
            let q = fitted.predict(validation.x, self.taus, self.device);
            let score = pinball::mean(&q, validation.y, &singles);
            if best.as_ref().is_none_or(|(least, ..)| score < *least) {
                best = Some((score, fitted, chosen, steps));
            }
        }
        best.map(|(_, fitted, chosen, steps)| (fitted, chosen, steps))
            .ok_or_else(|| RunError::Defect(format!("no draw of {} has a score", kind.key())))
    }

    /// One draw from the published grids (sheet §3).
    fn draw(&self, kind: Kind, rows: usize, random: &mut Stream) -> Chosen {
        fn of<T: Copy>(random: &mut Stream, values: &[T]) -> T {
            values[random.below(values.len())]
        }
        match kind {
            Kind::Linear => Chosen::None,
            Kind::Knn => {
                let k =
                    neighbours::default_k(rows) as f64 * of(random, &[0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0]);
                Chosen::Neighbours((k.round() as usize).clamp(2, rows.max(2)))
            }
            Kind::RandomForest | Kind::ExtraTrees => Chosen::Forest(ForestSettings {
                trees: 50,
                least_split: of(random, &[8, 16, 64]),
                least_leaf: of(random, &[8, 16, 64]),
            }),
            Kind::Boosting => Chosen::Boosting(BoostingSettings {
                leaves: of(random, &[10, 50, 100]),
                least_leaf: of(random, &[3, 9, 15]),
                row_share: of(random, &[0.4, 0.6, 0.8]),
                feature_share: of(random, &[0.4, 0.6]),
                l1: of(random, &[0.1, 1.0, 5.0]),
                l2: of(random, &[0.1, 1.0, 5.0]),
                ..BoostingSettings::default()
            }),
            _ => Chosen::Net(NetSettings {
                hidden: of(random, &[64, 128]),
                layers: of(random, &[2, 3]),
                dropout: of(random, &[0.0, 0.05, 0.1]),
                learning_rate: of(random, &[1e-3, 3e-4]),
                weight_decay: of(random, &[1e-5, 1e-7]),
                smoothing: of(random, &[0.0, 0.01]),
                most_steps: self.net_steps,
            }),
        }
    }
}
