//! What all parts of the evaluation work with.

use std::sync::Arc;

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_math::linalg::Matrix;
use weightscope_math::stream;

use crate::config::{Config, Generator as Kind};
use crate::data::Condition;
use crate::network::generator::{Drawn, Generator};
use crate::train::prepared::{Prepared, mean};
use crate::train::{Learned, Shared, defect};

/// The generator, the zoo as it was learned, and which tasks are evaluated.
pub(crate) struct Work<'r> {
    pub(crate) config: &'r Config,
    pub(crate) shared: &'r Shared,
    pub(crate) seed: u64,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) learned: Arc<Learned>,
    pub(crate) generator: Generator,
    /// Evaluated tasks by their places on the bench.
    pub(crate) tasks: Vec<usize>,
    /// How many of them are seen.
    pub(crate) seen: usize,
    /// Networks of each seen task, by their places in the zoo.
    pub(crate) groups: Vec<Vec<usize>>,
    pub(crate) start: Vec<f32>,
    pub(crate) accuracies: Vec<f64>,
}

impl<'r> Work<'r> {
    /// From a run whose generator is trained.
    pub(crate) fn new(run: &Running<'r, '_, Config>) -> Result<Self, RunError> {
        let (config, shared) = (run.settings, run.shared);
        let bench = &shared.bench;
        let seen = bench.seen.min(config.evaluated_seen as usize);
        Ok(Self {
            config,
            shared,
            seed: run.context.seed,
            prepared: run.state.prepared()?,
            learned: run.state.learned()?,
            generator: run.state.generator(config)?,
            tasks: (0..seen).chain(bench.seen..bench.tasks.len()).collect(),
            seen,
            groups: run.state.groups(bench.seen),
            start: run.state.zoo.start.clone(),
            accuracies: run.state.zoo.accuracies.clone(),
        })
    }

    /// Classes of a task.
    pub(crate) fn classes(&self, task: usize) -> &'r [usize] {
        self.shared.bench.tasks.get(task).map_or(&[], Vec::as_slice)
    }

    /// Places of the evaluated tasks by which figures are judged: the unseen ones, or the seen ones where there are no others.
    pub(crate) fn judged(&self) -> std::ops::Range<usize> {
        if self.seen < self.tasks.len() { self.seen..self.tasks.len() } else { 0..self.seen }
    }

    /// The images of a task in a draw.
    pub(crate) fn condition(&self, draw: usize, task: usize) -> Condition {
        let mut random = stream(self.seed, &format!("condition {draw} {task}"));
        let each = self.config.images_per_class as usize;
        self.shared.material.condition(self.classes(task), each, &mut random)
    }

    /// The images of all evaluated tasks in a draw.
    pub(crate) fn conditions(&self, draw: usize) -> Vec<Condition> {
        self.tasks.iter().map(|task| self.condition(draw, *task)).collect()
    }

    /// Draws a network for each condition; those of one draw begin with the same noise whatever the conditions are.
    pub(crate) fn draw(&self, draw: usize, conditions: &[Condition]) -> Result<Vec<Drawn>, RunError> {
        let views: Vec<&Condition> = conditions.iter().collect();
        let embeddings = self.generator.embed(&views);
        let mut random = stream(self.seed, &format!("draw {draw}"));
        self.generator.draw(self.config, &embeddings, &mut random, |_| {}).map_err(defect)
    }

    /// Networks made for conditions, and how many draws exploded.
    pub(crate) fn generate(
        &self,
        draw: usize,
        conditions: &[Condition],
    ) -> Result<(Vec<Vec<f32>>, u64), RunError> {
        if self.config.generator == Kind::Replica {
            return Ok((self.replicas(draw, conditions)?, 0));
        }
        let drawn = self.draw(draw, conditions)?;
        let exploded = drawn.iter().filter(|one| one.exploded).count() as u64;
        let latents: Vec<f32> = drawn.into_iter().flat_map(|one| one.latent).collect();
        Ok((self.generator.decode(&latents).map_err(defect)?, exploded))
    }

    /// Networks of the zoo for the nearest task, each draw the next of its networks.
    fn replicas(&self, draw: usize, conditions: &[Condition]) -> Result<Vec<Vec<f32>>, RunError> {
        let signatures = self.signatures()?;
        conditions
            .iter()
            .map(|condition| {
                let means: Vec<f64> = condition.means().into_iter().map(f64::from).collect();
                let task = crate::method::retrieval::nearest(&signatures, &means, 1).map_err(defect)?;
                let group = task.first().and_then(|task| self.groups.get(*task));
                let place = group.and_then(|group| group.get(draw % group.len().max(1)));
                Ok(place.and_then(|place| self.prepared.networks.get(*place)).cloned().unwrap_or_default())
            })
            .collect()
    }

    /// Class means of the training rows of each seen task, `[tasks, classes · columns]`.
    pub(crate) fn signatures(&self) -> Result<Matrix, RunError> {
        let seen = self.shared.bench.seen;
        let rows: Vec<Vec<f64>> =
            (0..seen).map(|task| self.shared.material.signature(self.classes(task))).collect();
        let columns = rows.first().map_or(0, Vec::len);
        Matrix::new(seen, columns, rows.concat()).map_err(|error| RunError::Defect(error.to_string()))
    }

    /// Mean network of each seen task.
    pub(crate) fn task_means(&self) -> Vec<Vec<f32>> {
        let of = |group: &Vec<usize>| {
            let networks: Vec<Vec<f32>> =
                group.iter().filter_map(|place| self.prepared.networks.get(*place)).cloned().collect();
            mean(&networks)
        };
        self.groups.iter().map(of).collect()
    }

    /// Accuracies of networks on the evaluated tasks, one each.
    pub(crate) fn judge(&self, networks: &[Vec<f32>]) -> Result<Vec<f64>, RunError> {
        let pairs: Vec<(usize, &[f32])> =
            self.tasks.iter().copied().zip(networks.iter().map(Vec::as_slice)).collect();
        self.shared.bench.accuracies(&pairs)
    }

    /// Name of an evaluated task.
    pub(crate) fn name(&self, place: usize) -> String {
        let task = self.tasks.get(place).copied().unwrap_or(0);
        crate::method::tasks::name(self.classes(task))
    }
}
