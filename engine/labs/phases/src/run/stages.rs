//! The stages over the grid: each does what is missing, in the order of the plan, one step a job.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::afterwards::{self, Afterwards};
use super::book::{Book, Seconds, missing};
use super::curvature::{self, Bends};
use super::grid::Grid;
use super::parts::Joined;
use super::pictures::Pictures;
use super::seeds::{Cellmates, Together};
use super::training::{Network, Recipe};
use super::{Run, files, parts, tables};
use crate::channels as ch;
use crate::config::Config;
use crate::metric::Metric;
use crate::zoo;
use weightscope_frame::run::{Control, Jobs, News, RunError};

/// One kind of result over the grid.
struct Kind<T> {
    /// What one job is, for messages.
    job: &'static str,
    /// Where the results stand.
    entries: fn(&mut Book) -> &mut Vec<Option<T>>,
    /// Where the seconds that they took stand.
    seconds: fn(&mut Seconds) -> &mut f64,
    /// Whether a result is that of a whole cell, not of one network.
    of_cell: bool,
    /// Passes over the rows that a result took, for the metric stream; 0 for what is no training.
    epochs: fn(&T) -> f64,
    /// Records a result that stands in the book, by its number there.
    record: fn(&mut Run<'_, '_>, usize),
}

const NETWORKS: Kind<Network> = Kind {
    job: "network",
    entries: |book| &mut book.networks,
    seconds: |seconds| &mut seconds.training,
    of_cell: false,
    epochs: |network| network.epochs as f64,
    record: |run, index| {
        let Some(Some(network)) = run.state.book.networks.get(index) else { return };
        let (train, test) = (network.train, network.test);
        run.scalar(&ch::NETWORK_TRAIN_LOSS, train.loss);
        run.scalar(&ch::NETWORK_TEST_ACCURACY, test.accuracy);
    },
};

const COMPARISONS: Kind<Together> = Kind {
    job: "comparison of seeds",
    entries: |book| &mut book.together,
    seconds: |seconds| &mut seconds.curves,
    of_cell: true,
    epochs: |_| 0.0,
    record: |run, cell| {
        let values = run.state.book.values(run.settings, cell);
        for (channel, metric) in
            [(&ch::CELL_CONNECTIVITY, Metric::Connectivity), (&ch::CELL_CKA, Metric::Cka)]
        {
            if let Some(value) = values.get(metric) {
                run.scalar(channel, value);
            }
        }
    },
};

const CURVATURES: Kind<Bends> = Kind {
    job: "curvature",
    entries: |book| &mut book.bends,
    seconds: |seconds| &mut seconds.curvature,
    of_cell: false,
    epochs: |_| 0.0,
    record: |run, index| {
        let bends = run.state.book.bends.get(index).and_then(Option::as_ref);
        let Some(bend) = bends.and_then(|bends| bends.train.as_ref()) else { return };
        let (lambda, trace) = (bend.lambda, bend.trace);
        run.scalar(&ch::NETWORK_LAMBDA, lambda);
        run.scalar(&ch::NETWORK_TRACE, trace);
    },
};

const USES: Kind<Afterwards> = Kind {
    job: "use of a network",
    entries: |book| &mut book.afterwards,
    seconds: |seconds| &mut seconds.afterwards,
    of_cell: false,
    epochs: |_| 0.0,
    record: |run, index| {
        let after = run.state.book.afterwards.get(index).and_then(Option::as_ref);
        if let Some(accuracy) = after.and_then(|after| after.pruned) {
            run.scalar(&ch::NETWORK_PRUNED, accuracy);
        }
    },
};

/// What jobs work with.
struct Bench<'a> {
    config: &'a Config,
    seed: u64,
    folder: Option<PathBuf>,
    grid: Arc<Grid>,
    /// Where networks come from that other runs have trained.
    joined: Option<&'a Joined>,
}

impl<'a> Bench<'a> {
    fn new(run: &Run<'a, '_>) -> Result<Self, RunError> {
        let folder = run.folder().map(ToOwned::to_owned);
        let joined = run.shared.joined.as_ref();
        Ok(Self { config: run.settings, seed: run.seed, folder, grid: run.state.grid()?, joined })
    }

    fn recipe(&self, index: usize) -> Result<Recipe<'_>, RunError> {
        self.grid.recipe(self.config, self.seed, index)
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
}

/// A network from the zoo, or from the run that made its part, or trained; written into the zoo, and without its learning curve, which
/// the zoo keeps.
fn network(bench: &Bench<'_>, index: usize, control: &Control) -> Result<Network, RunError> {
    let recipe = bench.recipe(index)?;
    let shape = recipe.shape()?;
    let params = zoo::own::params(bench.config, &shape, &recipe.knobs, bench.seed, recipe.seed);
    let own = bench.folder.as_ref().map(|run| zoo::own::folder(run, &recipe.knobs, recipe.seed));
    let known = own.as_ref().and_then(|folder| zoo::own::read(folder, &params, &shape));
    let network = if let Some(network) = known {
        network
    } else {
        let run = bench.joined.and_then(|joined| joined.run_of(index / bench.grid.plan.seeds));
        let network = match run {
            Some(run) => parts::network(run, &recipe, &params, &shape)?,
            None => recipe.train(control, |_, _| {})?,
        };
        if let Some(folder) = &own {
            zoo::own::write(folder, &params, &shape, &network)?;
        }
        network
    };
    Ok(Network { curve: Vec::new(), ..network })
}

/// The parameters of networks that a checkpoint knows: from the zoo, or made again.
pub(super) fn recover(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let entries = run.state.book.networks.iter().enumerate();
    let known: Vec<usize> = entries.filter_map(|(index, network)| network.as_ref().map(|_| index)).collect();
    let bench = Bench::new(run)?;
    run.jobs::<_, ()>(
        &Jobs::new(NETWORKS.job, known.len()),
        |job, hand| network(&bench, known[job], hand.control()),
        |run, news| {
            if let News::Next(job, network) = news {
                put(&mut run.state.book.networks, known[job], network);
            }
            Ok(())
        },
    )
}

/// Trains what is not trained.
pub(super) fn train(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    do_missing(run, &NETWORKS, network)
}

/// Compares the seeds of cells where it is not done.
pub(super) fn compare(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let networks = run.state.book.networks.clone();
    do_missing(run, &COMPARISONS, |bench, cell, control| {
        let seeds = bench.grid.plan.seeds;
        let start = cell * seeds;
        let networks = networks.get(start..start + seeds).unwrap_or_default().iter().enumerate();
        let cellmates = Cellmates {
            config: bench.config,
            material: &bench.grid.material,
            knobs: bench.recipe(start)?.knobs,
            run_seed: bench.seed,
            networks: networks.filter_map(|(seed, network)| Some((seed, network.as_ref()?))).collect(),
        };
        cellmates.compare(control)
    })
}

/// Measures the curvature of networks where it is not done.
pub(super) fn bend(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let networks = run.state.book.networks.clone();
    do_missing(run, &CURVATURES, |bench, index, control| {
        let (recipe, network) = bench.made(&networks, index)?;
        let seeds = (bench.seed, recipe.seed);
        curvature::measure(bench.config, &bench.grid.material, &recipe.knobs, seeds, network, control)
    })
}

/// Uses networks where it is not done.
pub(super) fn use_networks(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let networks = run.state.book.networks.clone();
    do_missing(run, &USES, |bench, index, control| {
        let (recipe, network) = bench.made(&networks, index)?;
        let seeds = (bench.seed, recipe.seed);
        afterwards::measure(bench.config, &bench.grid.material, &recipe.knobs, seeds, network, control)
    })
}

/// Does the jobs of a kind whose results are missing, and takes the results in the order of the plan.
fn do_missing<T: Send>(
    run: &mut Run<'_, '_>,
    kind: &Kind<T>,
    work: impl Fn(&Bench<'_>, usize, &Control) -> Result<T, RunError> + Sync,
) -> Result<(), RunError> {
    let bench = Bench::new(run)?;
    let missing = missing((kind.entries)(&mut run.state.book));
    let (begun, before) = (Instant::now(), *(kind.seconds)(&mut run.state.book.seconds));
    run.jobs::<_, ()>(
        &Jobs::new(kind.job, missing.len()),
        |job, hand| work(&bench, missing[job], hand.control()),
        |run, news| {
            match news {
                News::Next(job, value) => {
                    let index = missing[job];
                    run.begin_step((kind.epochs)(&value))?;
                    put((kind.entries)(&mut run.state.book), index, value);
                    (kind.record)(run, index);
                    // What was spent before a resume counts too.
                    *(kind.seconds)(&mut run.state.book.seconds) = before + begun.elapsed().as_secs_f64();
                    show(run, &bench.grid, kind.of_cell || bench.grid.ends_cell(index));
                    run.end_step()?;
                }
                News::Early(early) => glance(run, &bench.grid, kind, &missing, early),
                News::Told(..) => {}
            }
            Ok(())
        },
    )?;
    write_tables(run, &bench.grid)
}

fn put<T>(entries: &mut [Option<T>], index: usize, value: T) {
    if let Some(place) = entries.get_mut(index) {
        *place = Some(value);
    }
}

/// Shows the grid as it stands, with its tables when a cell is complete.
fn show(run: &mut Run<'_, '_>, grid: &Grid, with_tables: bool) {
    Pictures::of(run.settings, &grid.plan, &run.state.book).show(run.context);
    if with_tables {
        tables::show(run.context, run.settings, &grid.plan, &run.state.book);
    }
}

/// Shows what is finished before its turn; nothing of it is kept, so that the record does not depend on who was faster.
fn glance<T>(
    run: &mut Run<'_, '_>,
    grid: &Grid,
    kind: &Kind<T>,
    missing: &[usize],
    early: &mut BTreeMap<usize, T>,
) {
    let jobs: Vec<usize> = early.keys().copied().collect();
    for (job, value) in std::mem::take(early) {
        put((kind.entries)(&mut run.state.book), missing[job], value);
    }
    let pictures = Pictures::of(run.settings, &grid.plan, &run.state.book);
    let step = run.step();
    run.show_passing(|record| pictures.put(record, step));
    for job in jobs {
        let entries = (kind.entries)(&mut run.state.book);
        if let Some(value) = entries.get_mut(missing[job]).and_then(Option::take) {
            early.insert(job, value);
        }
    }
}

/// Tables and `grid.csv` as they stand.
pub(super) fn write_tables(run: &mut Run<'_, '_>, grid: &Grid) -> Result<(), RunError> {
    tables::show(run.context, run.settings, &grid.plan, &run.state.book);
    run.write_file(files::GRID, files::grid_csv(run.settings, &grid.plan, &run.state.book).as_bytes())
}
