//! The stage of a folder of checkpoints: norms, distances and followed weights of each file in order; new files are waited for.
//!
//! The clock decides when to stop waiting, never a number: the manifest lists the files that were taken in, and a repetition takes in
//! those.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use weightscope_frame::lab::Running;
use weightscope_frame::record::{Component, Mark, Series};
use weightscope_frame::run::RunError;
use weightscope_weights::names::match_names;
use weightscope_weights::{Source, Tensor};

use super::copies::{self, Copies};
use super::first::{self, Original};
use super::listed::{Found, Item, MOST_FILES};
use super::{over_checkpoints, spectra};
use crate::channels as ch;
use crate::config::{Config, Traced};
use crate::files;
use crate::follow::{Follow, Standing, UNKNOWN};
use crate::metrics;

/// How often a watched folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Values that are hashed at once.
const HASHED_AT_ONCE: usize = 1 << 14;
/// Names of the events.
const FLIP: [&str; 1] = ["level crossed"];

/// What was found so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Way {
    /// Files that were taken in, by name.
    pub(crate) taken: Vec<Taken>,
    /// The weights that are followed, once they are chosen.
    pub(crate) follow: Option<Follow>,
    /// The first checkpoint, and what became of its file while the run watched.
    #[serde(default)]
    pub(crate) lost: Option<(String, String)>,
    /// It cannot be read any more.
    #[serde(default)]
    pub(crate) is_first_gone: bool,
}

/// A checkpoint that was taken in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) step: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) hash: String,
    /// The earlier checkpoint that it equals.
    pub(crate) equals: Option<String>,
    /// Distance from the first, over the norm of the first.
    pub(crate) distance: f64,
    /// Step of the run at which it was taken in.
    #[serde(default)]
    pub(crate) run_step: u64,
    /// Where the followed weights stand, tensor after tensor.
    pub(crate) standing: Standing,
    /// Evenly spread weights of each tensor, each times the root of how many it stands for: squares of differences add up to an estimate
    /// of the squared distance.
    #[serde(default)]
    pub(crate) sample: Vec<f32>,
}

/// The checkpoints of a folder while they are taken in.
pub(super) struct Following {
    found: Found,
    original: Original,
    /// Files that are none of the data that the run began with.
    foreign: Vec<String>,
    components: Components,
    /// Where a run that watches keeps what it takes in.
    copies: Option<Copies>,
    /// When distances are computed again.
    rhythm: over_checkpoints::Rhythm,
    /// No more is waited for.
    is_ending: bool,
}

impl Following {
    /// Begins with what lay there when the run began; none without a folder of checkpoints.
    pub(super) fn begin(run: &mut Running<'_, '_, Config>) -> Option<Self> {
        let found = run.shared.folder.as_ref()?.found.clone();
        run.categories(&ch::FLIPS, &FLIP);
        let mut components = Components::default();
        components.join(run);
        let original = Original::of(run);
        let watches = run.settings.watch_seconds > 0.0 && !run.context.is_repeated();
        let folder = run.context.folder().filter(|_| watches);
        let copies = folder.and_then(|folder| Copies::of(run.shared.folder.as_ref()?, folder));
        let (rhythm, foreign) = (over_checkpoints::Rhythm::default(), Vec::new());
        Some(Self { found, original, foreign, components, copies, rhythm, is_ending: false })
    }

    /// Takes one checkpoint in, as a step; false if there is none.
    pub(super) fn take(&mut self, run: &mut Running<'_, '_, Config>) -> Result<bool, RunError> {
        let is_foreign = |item: &Item| self.foreign.contains(&item.name);
        let mut items = self.found.items.iter();
        let next = items.find(|item| is_new(item, &run.state.path) && !is_foreign(item)).cloned();
        let Some(item) = next.filter(|_| run.state.path.taken.len() < MOST_FILES) else { return Ok(false) };
        if self.waits_for_another(run, &item) {
            return Ok(false);
        }
        if run.context.is_repeated() && !is_expected(run, &item) {
            let text =
                format!("{} is none of the checkpoints that the run began with, and is left out", item.name);
            run.context.message(&text);
            self.foreign.push(item.name);
            return Ok(true);
        }
        run.begin_step(item.step.unwrap_or_default() as f64)?;
        self.take_in(run, &item)?;
        self.rhythm.show(run, &self.found.left_out);
        run.end_step()?;
        Ok(true)
    }

    /// Takes this checkpoint in, from its copy if one is made; why none is made is said.
    fn take_in(&mut self, run: &mut Running<'_, '_, Config>, item: &Item) -> Result<(), RunError> {
        let next = after(&self.found, item).cloned();
        // One that cannot be opened is named when it is taken.
        let kept = copies::keep(&mut self.copies, item).unwrap_or_else(|_| (item.clone(), None));
        kept.1.iter().for_each(|text| run.warn(text));
        take(run, &kept.0, &mut self.components, next.as_ref())
    }

    /// True while a checkpoint must wait for the one after it, by which it is chosen what is followed: so a repetition, which has both,
    /// chooses the same.
    fn waits_for_another(&self, run: &Running<'_, '_, Config>, item: &Item) -> bool {
        let is_chosen = run.state.path.follow.is_some() || run.settings.traced != Traced::Moved;
        !is_chosen && !self.is_ending && after(&self.found, item).is_none()
    }

    /// Nothing more is waited for; true if that was so before.
    fn ends(&mut self) -> bool {
        std::mem::replace(&mut self.is_ending, true)
    }

    /// Looks whether more has come; a folder that cannot be looked at stays as it was.
    pub(super) fn look(&mut self, run: &mut Running<'_, '_, Config>) {
        self.original.look(run);
        let Some(followed) = &run.shared.folder else { return };
        if let Ok(now) = followed.found_now(Some(&self.found)) {
            self.found = now;
        }
    }

    /// The table with what is left out, and the pictures over all checkpoints.
    pub(super) fn show(&self, run: &mut Running<'_, '_, Config>) {
        over_checkpoints::show(run, &self.found.left_out);
    }
}

/// Takes the checkpoints in, one a step, and waits for more.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let Some(mut following) = Following::begin(run) else { return Ok(()) };
    if run.shared.tensors.is_empty() {
        // No checkpoint has come; what is left out stands in the table.
        following.show(run);
        return Ok(());
    }
    let (mut last_news, mut has_saved) = (Instant::now(), false);
    loop {
        if following.take(run)? {
            (last_news, has_saved) = (Instant::now(), false);
            continue;
        }
        if run.context.is_repeated() || last_news.elapsed().as_secs_f64() >= run.settings.watch_seconds {
            if following.ends() {
                break;
            }
            continue;
        }
        if !has_saved {
            // Whatever happens while nothing comes, the work so far is not done again.
            following.show(run);
            run.checkpoint()?;
            // The last steps may have come too fast to be shown.
            run.context.show_passing(|_| ());
            has_saved = true;
        }
        if super::wait(run, LOOK_EVERY)? {
            if following.ends() {
                break;
            }
            continue;
        }
        following.look(run);
    }
    following.show(run);
    Ok(())
}

/// True for a checkpoint of the data that the run began with, and for one that cannot be read: that is said when it is taken.
fn is_expected(run: &Running<'_, '_, Config>, item: &Item) -> bool {
    let Ok(source) = files::open_at("folder", &item.place) else { return true };
    let chosen = files::chosen(source.as_ref(), &run.settings.select);
    files::read_of(source.as_ref(), &item.shown, &chosen).is_ok_and(|read| run.context.expects(&read.hash))
}

fn is_new(item: &Item, path: &Way) -> bool {
    !path.taken.iter().any(|taken| taken.name == item.name)
}

/// Places of the tensors' components in their vector channels.
#[derive(Default)]
struct Components {
    norms: Vec<Option<u32>>,
    distances: Vec<Option<u32>>,
    traces: Vec<Option<u32>>,
    /// Rows whose exponents are followed, with the components of exponent and distance.
    exponents: Vec<(usize, Option<u32>, Option<u32>)>,
}

impl Components {
    /// Joins a component for each tensor.
    fn join(&mut self, run: &mut Running<'_, '_, Config>) {
        for row in 0..run.shared.tensors.len() {
            let Some(name) = run.shared.tensor(row).map(|tensor| tensor.name.clone()) else { continue };
            let component = || Component {
                label: name.clone(),
                group: name.clone(),
                id: row as u64,
                series: Series::default(),
            };
            self.norms.push(run.join(&ch::NORM, component()));
            self.distances.push(run.join(&ch::FROM_FIRST, component()));
        }
        for row in spectra::followed(run.settings, run.shared) {
            let name = run.shared.tensor(row).map(|tensor| tensor.name.clone()).unwrap_or_default();
            let component = |label: String, id: usize| Component {
                label,
                group: name.clone(),
                id: id as u64,
                series: Series::default(),
            };
            let alpha = run.join(&ch::EXPONENT_PATH, component(format!("alpha of {name}"), 2 * row));
            let distance = run.join(&ch::EXPONENT_PATH, component(format!("D of {name}"), 2 * row + 1));
            self.exponents.push((row, alpha, distance));
        }
        if let Some(follow) = run.state.path.follow.clone() {
            self.join_traces(run, &follow);
        }
    }

    /// Joins a component for each followed weight.
    fn join_traces(&mut self, run: &mut Running<'_, '_, Config>, follow: &Follow) {
        for (id, followed) in follow.weights.iter().enumerate() {
            let Some(tensor) = run.shared.tensor(followed.row) else { continue };
            let component = Component {
                label: format!("{}[{}]", tensor.name, followed.place),
                group: tensor.name.clone(),
                id: id as u64,
                series: Series::default(),
            };
            self.traces.push(run.join(&ch::TRACE, component));
        }
    }
}

/// Takes one checkpoint in.
fn take(
    run: &mut Running<'_, '_, Config>,
    item: &Item,
    components: &mut Components,
    next: Option<&Item>,
) -> Result<(), RunError> {
    let name = item.name.clone();
    let source = match files::open_at("folder", &item.place) {
        Ok(source) => source,
        Err(error) => {
            run.warn(&format!("{name} is left out: {error}"));
            run.state.path.taken.push(Taken { name, distance: f64::NAN, ..Taken::default() });
            return Ok(());
        }
    };
    let chosen = files::chosen(source.as_ref(), &run.settings.select);
    let read = files::read_of(source.as_ref(), &item.shown, &chosen)?;
    run.context.read(&read)?;
    let by_row = matched(run, source.as_ref(), &chosen);
    let mut taken = Taken {
        name,
        step: item.step,
        run_step: run.step(),
        bytes: read.bytes.unwrap_or_default(),
        ..Taken::default()
    };
    if run.state.path.follow.is_none() {
        let control = run.context.control();
        let mut check = || Ok(control.check()?);
        let mut second = |row| next_values(run, next, row);
        let follow = Follow::choose(run.settings, run.shared, run.context.seed, &mut second, &mut check)?;
        components.join_traces(run, &follow);
        run.state.path.follow = Some(follow);
    }
    let (mut squared_distance, mut squared_norm) = (0.0, 0.0);
    // Of long files the identity is that of pieces; whether two are equal is asked of all values.
    let mut content = blake3::Hasher::new();
    for (row, place) in by_row.iter().enumerate() {
        let first = first::values(run, row)?;
        let values = match place {
            Some(place) => files::whole(source.as_ref(), *place, || run.context.check())?,
            None => Vec::new(),
        };
        for piece in values.chunks(HASHED_AT_ONCE) {
            let bytes: Vec<u8> = piece.iter().flat_map(|value| value.to_le_bytes()).collect();
            content.update(&bytes);
        }
        content.update(&(values.len() as u64).to_le_bytes());
        let count = run.shared.tensor(row).map_or(0, Tensor::parameters);
        taken.sample.extend(over_checkpoints::spread(&values, count, by_row.len()));
        if place.is_some() {
            let norm = root_of_squares(values.iter().map(|value| f64::from(*value)));
            record(run, &ch::NORM, components.norms.get(row), norm);
            let first = first.unwrap_or_else(|| vec![f32::NAN]);
            let start = root_of_squares(first.iter().map(|value| f64::from(*value)));
            let away = root_of_squares(first.iter().zip(&values).map(|(a, b)| f64::from(*b) - f64::from(*a)));
            squared_distance += away * away;
            squared_norm += start * start;
            // Of a tensor of zeros nothing is a share: biases often start so.
            if start > 0.0 {
                record(run, &ch::FROM_FIRST, components.distances.get(row), away / start);
            }
        }
        follow_exponent(run, components, row, &values)?;
        let columns = run.shared.tensor(row).map_or(1, columns_of);
        if let Some(follow) = &run.state.path.follow {
            follow.stand(run.settings, row, &values, columns, &mut taken.standing);
        }
    }
    taken.hash = content.finalize().to_hex().to_string();
    taken.equals =
        run.state.path.taken.iter().find(|other| other.hash == taken.hash).map(|other| other.name.clone());
    taken.distance = (squared_distance / squared_norm).sqrt();
    trace(run, components, &taken);
    run.state.path.taken.push(taken);
    Ok(())
}

/// Records the exponent of a matrix with the distance of its fit, if it is one that is followed.
fn follow_exponent(
    run: &mut Running<'_, '_, Config>,
    components: &Components,
    row: usize,
    values: &[f32],
) -> Result<(), RunError> {
    let followed = components.exponents.iter().find(|(followed, ..)| *followed == row);
    let Some((_, alpha, distance)) = followed.filter(|_| !values.is_empty()) else { return Ok(()) };
    let Some(shape) = run.shared.tensor(row).and_then(Tensor::matrix) else { return Ok(()) };
    let control = run.context.control();
    if let Some((exponent, away)) = spectra::exponent(values, shape, &|| Ok(control.check()?))? {
        record(run, &ch::EXPONENT_PATH, Some(alpha), exponent);
        record(run, &ch::EXPONENT_PATH, Some(distance), away);
    }
    Ok(())
}

/// The checkpoint after this one, if there is one.
fn after<'f>(found: &'f Found, item: &Item) -> Option<&'f Item> {
    found.items.iter().skip_while(|other| other.name != item.name).nth(1)
}

/// The values of a tensor in the checkpoint after this one, if there is one.
fn next_values(
    run: &Running<'_, '_, Config>,
    next: Option<&Item>,
    row: usize,
) -> Result<Option<Vec<f32>>, RunError> {
    let Some(next) = next else { return Ok(None) };
    let Ok(source) = files::open_at("folder", &next.place) else { return Ok(None) };
    let chosen = files::chosen(source.as_ref(), &run.settings.select);
    let Some(Some(place)) = matched(run, source.as_ref(), &chosen).get(row).copied() else { return Ok(None) };
    files::whole(source.as_ref(), place, || run.check()).map(Some)
}

fn columns_of(tensor: &Tensor) -> usize {
    weightscope_weights::measure::matrix_of(&tensor.shape).1
}

pub(super) fn root_of_squares(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

fn record(
    run: &mut Running<'_, '_, Config>,
    channel: &weightscope_frame::record::declared::Components,
    component: Option<&Option<u32>>,
    value: f64,
) {
    if let Some(Some(component)) = component {
        run.component(channel, *component, value as f32);
    }
}

/// Positions of the followed weights on the level axis, and their flips since the checkpoint before.
fn trace(run: &mut Running<'_, '_, Config>, components: &Components, taken: &Taken) {
    let step = run.step() as f64;
    let before = run.state.path.taken.iter().rev().find(|before| !before.standing.levels.is_empty());
    let before: Vec<i16> = before.map(|before| before.standing.levels.clone()).unwrap_or_default();
    let (mut compared, mut marks) = (0_u64, Vec::new());
    for (id, (position, now)) in taken.standing.positions.iter().zip(&taken.standing.levels).enumerate() {
        record(run, &ch::TRACE, components.traces.get(id), f64::from(*position));
        let then = before.get(id).copied().unwrap_or(UNKNOWN);
        if *now != UNKNOWN && then != UNKNOWN {
            compared += 1;
            if *now != then {
                marks.push(Mark { step, value: *position, id: id as u64, category: 0 });
            }
        }
    }
    if compared > 0 {
        run.scalar(&ch::FLIP_SHARE, marks.len() as f64 / compared as f64);
        run.marks(&ch::FLIPS, &marks);
    }
}

/// For each row the place of its tensor in another file.
fn matched(run: &Running<'_, '_, Config>, source: &dyn Source, chosen: &[usize]) -> Vec<Option<usize>> {
    let left: Vec<Tensor> =
        (0..run.shared.tensors.len()).filter_map(|row| run.shared.tensor(row).cloned()).collect();
    let right: Vec<Tensor> =
        chosen.iter().filter_map(|place| source.tensors().get(*place).cloned()).collect();
    let mut rows = vec![None; left.len()];
    for pair in match_names(&left, &right).pairs {
        if let Some(row) = rows.get_mut(pair.left) {
            *row = chosen.get(pair.right).copied();
        }
    }
    rows
}

/// Final figures of the folder.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) {
    if run.shared.folder.is_none() {
        return;
    }
    let taken = &run.state.path.taken;
    let (count, last) =
        (taken.len(), taken.iter().rev().find(|taken| taken.distance.is_finite()).map(|t| t.distance));
    run.result(&metrics::CHECKPOINTS, count as f64);
    if let Some(last) = last {
        run.result(&metrics::LAST_DISTANCE, last);
    }
}
