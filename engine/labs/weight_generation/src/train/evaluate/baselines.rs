//! Networks without a generator: untrained, averaged, retrieved, by regression, from densities of latents, noised.

use weightscope_frame::run::RunError;
use weightscope_math::linalg::{Dense, Matrix};
use weightscope_math::stream;

use super::Work;
use crate::config::Initialisation;
use crate::data::Condition;
use crate::method::kde::{self, BANDWIDTH, BEST_QUANTILE};
use crate::method::noise::noised;
use crate::method::retrieval::nearest;
use crate::method::ridge::Ridge;
use crate::train::defect;
use crate::train::prepared::mean;

/// Strengths of the noise on zoo networks, in deviations of each tensor.
pub(crate) const NOISES: [f64; 2] = [0.15, 0.5];
/// Bootstrapping: latents drawn in a round, kept, rounds.
const BOOTSTRAP: (usize, usize, usize) = (40, 8, 3);

/// One way to get networks without a generator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Baseline {
    Random,
    Mean,
    Nearest,
    NearestMean(usize),
    Ridge,
    Density,
    DensityOfBest,
    Bootstrapped,
    Normal,
    Noised(usize),
}

impl Baseline {
    /// All of them, in the order of tables.
    pub(crate) const ALL: [Self; 12] = [
        Self::Ridge,
        Self::NearestMean(5),
        Self::NearestMean(2),
        Self::Nearest,
        Self::Noised(0),
        Self::Noised(1),
        Self::Mean,
        Self::Bootstrapped,
        Self::DensityOfBest,
        Self::Density,
        Self::Normal,
        Self::Random,
    ];

    /// Its word in files and its words in legends.
    pub(crate) fn words(self) -> (String, String) {
        let pair = |id: &str, label: &str| (id.to_owned(), label.to_owned());
        match self {
            Self::Random => pair("random", "random start"),
            Self::Mean => pair("mean", "zoo mean"),
            Self::Nearest => pair("nearest", "nearest"),
            Self::NearestMean(count) => (format!("nearest_mean_{count}"), format!("mean of {count} nearest")),
            Self::Ridge => pair("ridge", "ridge regression"),
            Self::Density => pair("kde", "S_KDE"),
            Self::DensityOfBest => pair("kde30", "S_KDE30"),
            Self::Bootstrapped => pair("kde_bootstrapped", "KDE, bootstrapped"),
            Self::Normal => pair("normal", "N(0, 1) latents"),
            Self::Noised(which) => {
                let strength = NOISES.get(which).copied().unwrap_or(0.0);
                (format!("noised_{strength}"), format!("nearest + {strength} noise"))
            }
        }
    }
}

/// What the baselines stand on: made once for a part.
pub(crate) struct Baselines<'w, 'r> {
    work: &'w Work<'r>,
    signatures: Matrix,
    task_means: Vec<Vec<f32>>,
    ridge: Ridge,
    /// Scaled latents of the zoo, a row for each network.
    latents: Dense<f32>,
    mean: Vec<f32>,
}

impl<'w, 'r> Baselines<'w, 'r> {
    /// For the zoo of the work.
    pub(crate) fn new(work: &'w Work<'r>) -> Result<Self, RunError> {
        let signatures = work.signatures()?;
        let task_means = work.task_means();
        let scaled = work.prepared.scaled(&task_means).map_err(defect)?;
        let wide: Vec<f64> = scaled.iter().flatten().map(|value| f64::from(*value)).collect();
        let unmatched = |error: weightscope_math::MathError| RunError::Defect(error.to_string());
        let weights = Matrix::new(scaled.len(), work.prepared.length(), wide).map_err(unmatched)?;
        let ridge = Ridge::fit(&signatures, &weights, work.config.ridge).map_err(defect)?;
        let length = work.generator.latent_length();
        let latents = Dense::new(work.prepared.networks.len(), length, work.learned.latents.clone())
            .map_err(unmatched)?;
        let mean = mean(&work.prepared.networks);
        Ok(Self { work, signatures, task_means, ridge, latents, mean })
    }

    fn means(condition: &Condition) -> Vec<f64> {
        condition.means().into_iter().map(f64::from).collect()
    }

    /// Networks for conditions in a draw.
    pub(crate) fn networks(
        &self,
        kind: Baseline,
        draw: usize,
        conditions: &[Condition],
    ) -> Result<Vec<Vec<f32>>, RunError> {
        let work = self.work;
        let mut random = stream(work.seed, &format!("{} {draw}", kind.words().0));
        match kind {
            Baseline::Random => Ok((0..conditions.len())
                .map(|place| match work.config.initialisation {
                    Initialisation::Common => work.start.clone(),
                    Initialisation::Independent => {
                        work.shared.bench.start(work.config, work.seed, &format!("random {draw} {place}"))
                    }
                })
                .collect()),
            Baseline::Mean => Ok(vec![self.mean.clone(); conditions.len()]),
            Baseline::Nearest => conditions.iter().map(|one| self.nearest(one)).collect(),
            Baseline::NearestMean(count) => conditions
                .iter()
                .map(|one| {
                    let tasks = nearest(&self.signatures, &Self::means(one), count).map_err(defect)?;
                    let chosen: Vec<Vec<f32>> =
                        tasks.iter().filter_map(|task| self.task_means.get(*task)).cloned().collect();
                    Ok(mean(&chosen))
                })
                .collect(),
            Baseline::Ridge => conditions
                .iter()
                .map(|one| {
                    let weights = self.ridge.predict(&Self::means(one)).map_err(defect)?;
                    let scaled: Vec<f32> = weights.into_iter().map(|value| value as f32).collect();
                    work.prepared.scales.undo(&work.prepared.layout, &scaled).map_err(defect)
                })
                .collect(),
            Baseline::Noised(which) => {
                let strength = NOISES.get(which).copied().unwrap_or(0.0);
                conditions
                    .iter()
                    .map(|one| {
                        let network = self.nearest(one)?;
                        let mut noise = vec![0.0; network.len()];
                        random.fill_normal(&mut noise);
                        noised(&work.prepared.layout, &network, &noise, strength).map_err(defect)
                    })
                    .collect()
            }
            Baseline::Normal => {
                let mut latents = vec![0.0; conditions.len() * work.generator.latent_length()];
                random.fill_normal(&mut latents);
                work.generator.decode(&latents).map_err(defect)
            }
            Baseline::Density => {
                let drawn = kde::draw(&self.latents, conditions.len(), BANDWIDTH, &mut random);
                work.generator.decode(drawn.map_err(defect)?.values()).map_err(defect)
            }
            Baseline::DensityOfBest => {
                let best = kde::rows_of(&self.latents, &kde::best(&work.accuracies, BEST_QUANTILE));
                let drawn = kde::draw(&best.map_err(defect)?, conditions.len(), BANDWIDTH, &mut random);
                work.generator.decode(drawn.map_err(defect)?.values()).map_err(defect)
            }
            Baseline::Bootstrapped => {
                conditions.iter().map(|one| self.bootstrapped(one, &mut random)).collect()
            }
        }
    }

    /// The first network of the nearest task.
    fn nearest(&self, condition: &Condition) -> Result<Vec<f32>, RunError> {
        let tasks = nearest(&self.signatures, &Self::means(condition), 1).map_err(defect)?;
        let group = tasks.first().and_then(|task| self.work.groups.get(*task));
        let place = group.and_then(|group| group.first());
        Ok(place.and_then(|place| self.work.prepared.networks.get(*place)).cloned().unwrap_or_default())
    }

    /// The best of latents drawn again and again around those that do best on the condition images.
    fn bootstrapped(
        &self,
        condition: &Condition,
        random: &mut weightscope_math::Stream,
    ) -> Result<Vec<f32>, RunError> {
        let samples = condition.samples()?;
        let work = self.work;
        let score = |latents: &Dense<f32>| {
            let networks = work.generator.decode(latents.values())?;
            Ok(networks
                .iter()
                .map(|network| work.shared.bench.loss_on(&samples, network).map_or(f64::NAN, |loss| -loss))
                .collect())
        };
        let kept = kde::bootstrapped(&self.latents, BOOTSTRAP, BANDWIDTH, random, score).map_err(defect)?;
        let best = kept.part(0, 0, 1, kept.columns()).map_err(|error| RunError::Defect(error.to_string()))?;
        let mut networks = work.generator.decode(best.values()).map_err(defect)?;
        Ok(networks.pop().unwrap_or_default())
    }
}
