//! The stages, one after the other over the whole grid: each does what is missing, in the order of the plan.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use super::book::{Book, missing};
use super::jobs::News;
use super::seeds::Cellmates;
use super::training::{Network, Recipe};
use super::{afterwards, checkpoint, curvature, files, jobs, pictures};
use crate::channels as ch;
use crate::config::{Config, HessianRows};
use crate::material::Material;
use crate::metric::Metric;
use crate::plan::{Plan, refined};
use crate::zoo;
use weightscope_frame::run::{Context, Control, Request, RunError};

/// Button that refines a brushed region, and the region's control.
pub(crate) const REFINE: &str = "refine";
pub(crate) const REGION: &str = "region";

const STAGES: [&str; 4] = ["training", "curves", "curvature", "afterwards"];

/// Seconds of a stage, those before a resume included.
struct StageClock {
    begun: Instant,
    before: f64,
    stage: usize,
}

impl StageClock {
    fn new(book: &Book, stage: usize) -> Self {
        Self { begun: Instant::now(), before: book.seconds[stage], stage }
    }

    fn write(&self, book: &mut Book) {
        book.seconds[self.stage] = self.before + self.begun.elapsed().as_secs_f64();
    }
}

fn put<T>(entries: &mut [Option<T>], index: usize, value: T) {
    if let Some(place) = entries.get_mut(index) {
        *place = Some(value);
    }
}

/// What all stages work with.
pub(super) struct Stages<'a> {
    pub(super) config: &'a Config,
    pub(super) seed: u64,
    pub(super) folder: Option<PathBuf>,
    pub(super) material: Material,
    pub(super) plan: Plan,
}

impl Stages<'_> {
    /// Tells the person what is to do: the steps so far count as the first stage's.
    pub(super) fn announce(&self, context: &mut Context<'_>, book: &Book) {
        let count = |missing: Vec<usize>| missing.len() as u64;
        let mut stages = vec![
            (STAGES[0], context.step() + count(missing(&book.networks))),
            (STAGES[1], count(missing(&book.together))),
        ];
        if self.config.hessian != HessianRows::None {
            stages.push((STAGES[2], count(missing(&book.bends))));
        }
        if self.config.downstream {
            stages.push((STAGES[3], count(missing(&book.afterwards))));
        }
        context.plan(&stages);
    }

    pub(super) fn recipe(&self, index: usize) -> Result<Recipe<'_>, RunError> {
        let (cell, seed) = (index / self.plan.seeds, index % self.plan.seeds);
        let cell = self.plan.cells.get(cell).ok_or_else(|| RunError::Defect("no such cell".to_owned()))?;
        Ok(Recipe {
            config: self.config,
            material: &self.material,
            knobs: cell.knobs,
            run_seed: self.seed,
            seed,
        })
    }

    /// A network from the zoo, or trained and written there.
    fn network(&self, index: usize, control: &Control) -> Result<super::training::Network, RunError> {
        let recipe = self.recipe(index)?;
        let Some(run) = &self.folder else { return recipe.train(control, |_, _| {}) };
        let shape = recipe.shape()?;
        let params = zoo::own::params(self.config, &shape, &recipe.knobs, self.seed, recipe.seed);
        let folder = zoo::own::folder(run, &recipe.knobs, recipe.seed);
        if let Some(network) = zoo::own::read(&folder, &params, &shape) {
            return Ok(network);
        }
        let network = recipe.train(control, |_, _| {})?;
        zoo::own::write(&folder, &params, &shape, &network)?;
        Ok(network)
    }

    /// The parameters of networks that a checkpoint knows: from the zoo, or made again.
    pub(super) fn recover(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        let entries = book.networks.iter().enumerate();
        let known: Vec<usize> =
            entries.filter_map(|(index, network)| network.as_ref().map(|_| index)).collect();
        let work = |job: usize, control: &Control| self.network(known[job], control);
        jobs::in_order(context, known.len(), &work, |_, news| {
            if let News::Next(job, network) = news
                && let Some(place) = book.networks.get_mut(known[job])
            {
                *place = Some(Network { curve: Vec::new(), ..network });
            }
            Ok(())
        })
    }

    /// Trains what is not trained.
    pub(super) fn train(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        context.enter_stage(0);
        let (missing, clock) = (missing(&book.networks), StageClock::new(book, 0));
        let work = |job: usize, control: &Control| self.network(missing[job], control);
        jobs::in_order(context, missing.len(), &work, |context, news| match news {
            News::Next(job, network) => {
                context.begin_step(network.epochs as f64);
                context.scalar(ch::NETWORK_TRAIN_LOSS, network.train[0]);
                context.scalar(ch::NETWORK_TEST_ACCURACY, network.test[1]);
                put(&mut book.networks, missing[job], Network { curve: Vec::new(), ..network });
                clock.write(book);
                self.end_step(context, book, self.ends_cell(missing[job]))
            }
            News::Early(early) => {
                self.glance(context, book, early, &missing, |book| &mut book.networks);
                Ok(())
            }
        })?;
        self.end_stage(context, book)
    }

    /// Compares the seeds of cells where it is not done.
    pub(super) fn compare(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        context.enter_stage(1);
        let (missing, clock) = (missing(&book.together), StageClock::new(book, 1));
        let networks = book.networks.clone();
        let work = |job: usize, control: &Control| {
            let start = missing[job] * self.plan.seeds;
            let seeds = networks.get(start..start + self.plan.seeds).unwrap_or_default().iter().enumerate();
            let cellmates = Cellmates {
                config: self.config,
                material: &self.material,
                knobs: self.recipe(start)?.knobs,
                run_seed: self.seed,
                networks: seeds.filter_map(|(seed, network)| Some((seed, network.as_ref()?))).collect(),
            };
            cellmates.compare(control)
        };
        jobs::in_order(context, missing.len(), &work, |context, news| match news {
            News::Next(job, together) => {
                context.begin_step(0.0);
                put(&mut book.together, missing[job], together);
                let values = book.values(self.config, missing[job]);
                for (channel, metric) in
                    [(ch::CELL_CONNECTIVITY, Metric::Connectivity), (ch::CELL_CKA, Metric::Cka)]
                {
                    if let Some(value) = values.get(metric) {
                        context.scalar(channel, value);
                    }
                }
                clock.write(book);
                self.end_step(context, book, true)
            }
            News::Early(early) => {
                self.glance(context, book, early, &missing, |book| &mut book.together);
                Ok(())
            }
        })?;
        self.end_stage(context, book)
    }

    /// Measures the curvature of networks where it is not done.
    pub(super) fn bend(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        if self.config.hessian == HessianRows::None {
            return Ok(());
        }
        context.enter_stage(2);
        let (missing, clock) = (missing(&book.bends), StageClock::new(book, 2));
        let networks = book.networks.clone();
        let work = |job: usize, control: &Control| {
            let (recipe, network) = self.made(&networks, missing[job])?;
            let seeds = (self.seed, recipe.seed);
            curvature::measure(self.config, &self.material, &recipe.knobs, seeds, network, control)
        };
        jobs::in_order(context, missing.len(), &work, |context, news| match news {
            News::Next(job, bends) => {
                context.begin_step(0.0);
                if let Some(bend) = &bends.train {
                    context.scalar(ch::NETWORK_LAMBDA, bend.lambda);
                    context.scalar(ch::NETWORK_TRACE, bend.trace);
                }
                put(&mut book.bends, missing[job], bends);
                clock.write(book);
                self.end_step(context, book, self.ends_cell(missing[job]))
            }
            News::Early(early) => {
                self.glance(context, book, early, &missing, |book| &mut book.bends);
                Ok(())
            }
        })?;
        self.end_stage(context, book)
    }

    /// Uses networks where it is not done.
    pub(super) fn use_networks(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        if !self.config.downstream {
            return Ok(());
        }
        // Without curvature the stage stands one place earlier in the plan.
        context.enter_stage(if self.config.hessian == HessianRows::None { 2 } else { 3 });
        let (missing, clock) = (missing(&book.afterwards), StageClock::new(book, 3));
        let networks = book.networks.clone();
        let work = |job: usize, control: &Control| {
            let (recipe, network) = self.made(&networks, missing[job])?;
            let seeds = (self.seed, recipe.seed);
            afterwards::measure(self.config, &self.material, &recipe.knobs, seeds, network, control)
        };
        jobs::in_order(context, missing.len(), &work, |context, news| match news {
            News::Next(job, after) => {
                context.begin_step(0.0);
                if let Some(accuracy) = after.pruned {
                    context.scalar(ch::NETWORK_PRUNED, accuracy);
                }
                put(&mut book.afterwards, missing[job], after);
                clock.write(book);
                self.end_step(context, book, self.ends_cell(missing[job]))
            }
            News::Early(early) => {
                self.glance(context, book, early, &missing, |book| &mut book.afterwards);
                Ok(())
            }
        })?;
        self.end_stage(context, book)
    }

    /// A finished network with what it was made from.
    fn made<'n>(
        &self,
        networks: &'n [Option<Network>],
        index: usize,
    ) -> Result<(Recipe<'_>, &'n Network), RunError> {
        let network = networks.get(index).and_then(Option::as_ref);
        let network = network.ok_or_else(|| RunError::Defect("no such network".to_owned()))?;
        Ok((self.recipe(index)?, network))
    }

    fn ends_cell(&self, index: usize) -> bool {
        (index + 1).is_multiple_of(self.plan.seeds)
    }

    /// Shows what is finished before its turn; nothing of it is kept, so that the record does not depend on who was faster.
    fn glance<T>(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        early: &mut BTreeMap<usize, T>,
        missing: &[usize],
        entries: impl Fn(&mut Book) -> &mut Vec<Option<T>>,
    ) {
        let jobs: Vec<usize> = early.keys().copied().collect();
        for (job, value) in std::mem::take(early) {
            put(entries(book), missing[job], value);
        }
        let step = context.step();
        context.show_passing(|record| pictures::show(record, step, self.config, &self.plan, book));
        for job in jobs {
            if let Some(value) = entries(book).get_mut(missing[job]).and_then(Option::take) {
                early.insert(job, value);
            }
        }
    }

    /// Shows the grid as it stands, takes requests, and ends the step.
    fn end_step(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        cell_complete: bool,
    ) -> Result<(), RunError> {
        let step = context.step();
        pictures::show(context.record(), step, self.config, &self.plan, book);
        if cell_complete {
            pictures::tables(context.record(), self.config, &self.plan, book);
        }
        self.take_requests(context, book);
        context.end_step(|| checkpoint::save(book))
    }

    /// Cells of a brushed region join the queue.
    fn take_requests(&self, context: &mut Context<'_>, book: &mut Book) {
        for request in context.requests() {
            let Request::Action { id, controls } = request else { continue };
            let Some([left, right, bottom, top]) = controls.region(REGION).filter(|_| id == REFINE) else {
                continue;
            };
            let plan = Plan::new(self.config, &book.wanted);
            let wanted = refined(&plan, self.config, (left, right), (bottom, top));
            context.message(&format!("{} cells join the queue", wanted.len()));
            book.wanted.extend(wanted);
        }
    }

    /// Tables and `grid.csv` as they stand.
    pub(super) fn end_stage(&self, context: &mut Context<'_>, book: &Book) -> Result<(), RunError> {
        pictures::tables(context.record(), self.config, &self.plan, book);
        context.write_file(files::GRID, files::grid_csv(self.config, &self.plan, book).as_bytes())
    }
}
