//! The run: statistics of each tensor, singular values of each matrix, then what a second file or a folder of checkpoints adds.
//!
//! Contract: figures depend on the files and the settings alone; work is split over tensors, never inside a sum, so that one and two
//! threads give the same bits. What is done stands in the state, and a run that goes on does the rest.

mod change;
mod copies;
mod counts;
mod first;
mod folder;
mod kernel;
mod layer;
mod listed;
mod over_checkpoints;
mod pictures;
mod recording;
mod spectra;
mod statistics;
mod ties;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::{Running, Stage};
use weightscope_frame::run::{Context, Request, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::stats::power_law::spectral::FEW_VALUES;
use weightscope_weights::{Readable, Source, Tensor};

use crate::channels as ch;
use crate::config::{ALL, Config, Spectra};
use crate::files;
use crate::metrics;
pub(crate) use change::{Changed, are_of_one_model, compared_directions};
pub(crate) use copies::{carry_over, kept};
pub(crate) use folder::Way;
pub(crate) use layer::{Layer, Measured, Whole};

/// Stages.
pub(crate) const STATISTICS: &str = "statistics";
pub(crate) const SPECTRA: &str = "singular values";
pub(crate) const CHANGE: &str = "changes";
pub(crate) const FOLDER: &str = "checkpoints";
pub(crate) const RECORDING: &str = "recording";
/// The button that ends the watching of a folder.
pub(crate) const STOP: &str = "stop_watching";

/// What steps read: the open files and what is to be done with them.
pub struct Shared {
    pub(crate) source: Arc<dyn Source>,
    /// Places in the source of the tensors that are looked at: the rows of all tables and grids.
    pub(crate) tensors: Vec<usize>,
    /// Places in the source of the tensors of whole numbers and truth values: the rows of the table behind those above.
    pub(crate) whole: Vec<usize>,
    /// Matrices in the order of their cost, by row, and whether all singular values are computed.
    pub(crate) spectra: Vec<(usize, bool)>,
    /// The second file, with the pairs of tensors.
    pub(crate) against: Option<change::Against>,
    /// The checkpoints of the folder.
    pub(crate) folder: Option<listed::Followed>,
}

/// What was measured so far.
#[derive(Default)]
pub struct State {
    pub(crate) layers: Vec<Layer>,
    /// Tensors of whole numbers.
    pub(crate) whole: Vec<Option<Whole>>,
    pub(crate) changes: Vec<Option<Changed>>,
    pub(crate) path: Way,
    pub(crate) seconds: Seconds,
    /// For each row the earlier one that it is tied to, once statistics tell which can be.
    pub(crate) ties: Option<Vec<Option<usize>>>,
    /// The person wants to watch no longer.
    stops: bool,
}

/// Wall time of the stages.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seconds {
    pub(crate) statistics: f64,
    pub(crate) spectra: f64,
}

impl Saved for State {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value("layers.cbor", &mut self.layers)?;
        // Checkpoints of older programs have none: they are measured again.
        if codec.has("whole.cbor") {
            codec.value("whole.cbor", &mut self.whole)?;
        }
        codec.value("changes.cbor", &mut self.changes)?;
        codec.value("path.cbor", &mut self.path)?;
        codec.value("seconds.cbor", &mut self.seconds)?;
        // Checkpoints of older programs have none: they are looked for again.
        if codec.has("ties.cbor") {
            codec.value("ties.cbor", &mut self.ties)?;
        }
        Ok(())
    }
}

impl State {
    /// The earlier row that a row is tied to, as far as that is known.
    pub(crate) fn tied_to(&self, row: usize) -> Option<usize> {
        self.ties.as_ref()?.get(row).copied().flatten()
    }
}

impl Shared {
    /// The tensor of a row.
    pub(crate) fn tensor(&self, row: usize) -> Option<&Tensor> {
        self.source.tensors().get(*self.tensors.get(row)?)
    }
}

/// Opens everything that the settings name.
fn open(
    config: &Config,
    kept: Option<PathBuf>,
    expects: Option<&dyn Fn(&str) -> bool>,
) -> Result<(Shared, Vec<Read>), RunError> {
    if !config.has_tensors() {
        return Ok((nothing(None), recording::reads(config)?));
    }
    let mut folder =
        if config.checkpoints().is_some() { Some(listed::Followed::open(config, kept)?) } else { None };
    if let (Some(folder), Some(expects)) = (&mut folder, expects) {
        folder.keep(&config.select, expects);
    }
    let first = folder.as_ref().map(|folder| (folder.first().cloned(), folder.nothing()));
    let (key, place, shown) = match first {
        Some((Some(first), _)) => ("folder", first.place, first.shown),
        Some((None, read)) => return Ok((nothing(folder), vec![read])),
        None => ("model", config.model.clone(), config.model.clone()),
    };
    let source = files::open_at(key, &place)?;
    let tensors = files::chosen(source.as_ref(), &config.select);
    if tensors.is_empty() {
        return Err(RunError::setting(key, nothing_chosen(source.as_ref(), config, &shown)));
    }
    let mut reads = vec![files::read_of(source.as_ref(), &shown, &tensors)?];
    let against = if config.compares() {
        let against = change::Against::open(config, &source, &tensors)?;
        reads.push(against.read.clone());
        Some(against)
    } else {
        None
    };
    if let Some(folder) = &folder {
        reads.extend(folder.reads(&config.select)?);
    }
    if config.records() {
        reads.extend(recording::reads(config)?);
    }
    let spectra = spectra::plan(config, source.as_ref(), &tensors);
    let whole = files::whole_numbers(source.as_ref(), &config.select);
    Ok((Shared { source, tensors, whole, spectra, against, folder }, reads))
}

/// Without tensors: a recording, or a folder that has no checkpoint.
fn nothing(folder: Option<listed::Followed>) -> Shared {
    let source: Arc<dyn Source> = Arc::new(files::Nothing);
    Shared { source, tensors: Vec::new(), whole: Vec::new(), spectra: Vec::new(), against: None, folder }
}

fn nothing_chosen(source: &dyn Source, config: &Config, place: &str) -> String {
    let count = source.tensors().len();
    if matches!(config.select.trim(), "" | ALL) {
        // A download that was cut off has all its tensors, and reasons why none can be read.
        let why = source.tensors().iter().find_map(|tensor| match &tensor.readable {
            Readable::No(reason) => Some(format!(" ({}: {reason})", tensor.name)),
            Readable::Yes => None,
        });
        format!(
            "none of the {count} tensors holds floating-point numbers that can be read{}; name a file of weights, or get it again: {place}",
            why.unwrap_or_default()
        )
    } else {
        format!(
            "no name of the {count} tensors contains any of \"{}\"; change select, or set it to all: {place}",
            config.select
        )
    }
}

/// What is read of the files, or what is wrong with them.
pub(crate) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    open(config, None, None).map(|(_, reads)| reads).map_err(|error| error.into_problems("model", "model"))
}

/// Opens the files and says what was read.
pub(crate) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, State), RunError> {
    first::wait(config, context)?;
    let kept = first::keep(config, context)?;
    // Checkpoints that came after the run began are none of its data.
    let expects = |hash: &str| context.expects(hash);
    let (shared, reads) =
        open(config, kept, context.is_repeated().then_some(&expects as &dyn Fn(&str) -> bool))?;
    for read in &reads {
        context.read(read)?;
    }
    if let Some(late) = shared.folder.as_ref().map(listed::Followed::late).filter(|late| *late > 0) {
        context.message(&format!(
            "{late} checkpoints of the folder came after the run had begun or were written anew, and are left out: a run that goes on or is repeated has the data that it began with; run again to follow the folder"
        ));
    }
    context.text(&ch::FILE, files::state_of(shared.source.as_ref()));
    context.text(&ch::FIRST_LOOK, first_look(&shared).to_string());
    if let Some(against) = &shared.against {
        context.text(&ch::SECOND_FILE, files::state_of(against.source.as_ref()));
    }
    let tensors = shared.tensors.len();
    let pairs = shared.against.as_ref().map_or(0, |against| against.pairs.len());
    let state = State {
        layers: vec![Layer::default(); tensors],
        whole: vec![None; shared.whole.len()],
        changes: vec![None; pairs],
        ..State::default()
    };
    Ok((shared, state))
}

/// The row at which views stand before one is chosen: of the first matrix with values enough for an exponent, else of the first matrix.
fn first_look(shared: &Shared) -> usize {
    let smaller_side = |row: usize| {
        let sides = shared.tensor(row).and_then(Tensor::matrix);
        sides.map_or(0, |(rows, columns)| rows.min(columns))
    };
    let first = |least: usize| (0..shared.tensors.len()).find(|row| smaller_side(*row) >= least);
    first(FEW_VALUES).or_else(|| first(2)).unwrap_or(0)
}

/// The stages: what the settings ask for.
pub(crate) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    let mut stages = Vec::new();
    if config.has_tensors() {
        stages.push(Stage::whole(
            STATISTICS,
            (shared.tensors.len() + shared.whole.len()) as u64,
            statistics::work,
        ));
    }
    if config.has_tensors() && config.spectra != Spectra::None {
        stages.push(Stage::whole(SPECTRA, shared.spectra.len() as u64, spectra::work));
    }
    if let Some(against) = &shared.against {
        stages.push(Stage::whole(CHANGE, against.pairs.len() as u64, change::work));
    }
    if config.records() || config.logs() {
        stages.push(Stage::whole(RECORDING, 1, recording::work));
    } else if let Some(folder) = &shared.folder {
        stages.push(Stage::whole(FOLDER, folder.count() as u64, folder::work));
    }
    stages
}

/// Waits for news of a folder; true if the person wants no more of it.
fn wait(run: &mut Running<'_, '_, Config>, how_long: Duration) -> Result<bool, RunError> {
    let until = Instant::now() + how_long;
    while Instant::now() < until {
        run.check()?;
        run.answer()?;
        if run.state.stops {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(run.state.stops)
}

/// Ends the watching of a folder: the run goes on to its end with what it has.
pub(crate) fn asked(run: &mut Running<'_, '_, Config>, request: &Request) {
    if matches!(request, Request::Action { id, .. } if id == STOP) {
        run.state.stops = true;
    }
}

/// Path of the first checkpoint of the folder, if there is one.
pub(crate) fn first_checkpoint(config: &Config) -> Result<Option<String>, RunError> {
    Ok(listed::Followed::open(config, None)?.first().map(|first| first.place.clone()))
}

/// Final figures.
pub(crate) fn finish(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    ties::find(run)?;
    let layers = &run.state.layers;
    let measured = || layers.iter().filter_map(|layer| layer.measured.as_ref());
    let non_finite: u64 = measured().map(|measured| measured.non_finite).sum();
    let is_tied = |row: usize| run.state.tied_to(row).is_some();
    let counted = layers.iter().enumerate().filter(|(row, _)| !is_tied(*row));
    let parameters: u64 =
        counted.filter_map(|(_, layer)| layer.measured.as_ref()).map(|measured| measured.parameters).sum();
    let mut alphas: Vec<f64> = layers.iter().filter_map(|layer| layer.spectrum.as_ref()?.alpha).collect();
    alphas.sort_by(f64::total_cmp);
    let matrices = layers.iter().filter(|layer| layer.spectrum.is_some()).count();
    let (count, seconds) = (layers.len(), run.state.seconds);
    if !run.settings.has_tensors() {
        return Ok(());
    }
    run.result(&metrics::TENSORS, count as f64);
    run.result(&metrics::PARAMETERS, parameters as f64);
    let whole = run.shared.whole.len();
    if whole > 0 {
        run.result(&metrics::WHOLE_TENSORS, whole as f64);
    }
    run.result(&metrics::NON_FINITE, non_finite as f64);
    run.result(&metrics::SECONDS_STATISTICS, seconds.statistics);
    if run.settings.spectra != Spectra::None {
        run.result(&metrics::MATRICES, matrices as f64);
        run.result(&metrics::SECONDS_SPECTRA, seconds.spectra);
        if !alphas.is_empty() {
            let median = weightscope_math::stats::order::quantile_of_sorted(&alphas, 0.5);
            run.result(&metrics::MEDIAN_ALPHA, median);
        }
    }
    change::finish(run);
    folder::finish(run);
    pictures::show(run);
    pictures::write_table(run, "layers.csv")
}
