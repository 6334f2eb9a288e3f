//! The stage of a second file: how much each tensor changed, and in which form.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use weightscope_data::Read;
use weightscope_frame::lab::Running;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Data, Grid, Table, Timeline};
use weightscope_frame::run::{Job, Jobs, News, RunError};
use weightscope_math::linalg::spectrum::{SpectrumError, leave, predicted_seconds};
use weightscope_weights::measure::change::WHOLE_SHARE;
use weightscope_weights::measure::picture::GRID;
use weightscope_weights::measure::{
    Change, Evidence, Form, Picture, Verdict, difference, directions, guided, matrix_of,
};
use weightscope_weights::names::{How, match_names};
use weightscope_weights::{Source, Tensor};

use super::pictures::number;
use super::spectra::spectrum_of;
use super::{Shared, State};
use crate::channels as ch;
use crate::config::{Config, Spectra};
use crate::files;
use crate::metrics;

/// Sides of the recorded picture of a change.
pub(crate) const BLOCKS: usize = GRID;
/// Directions after a change that are looked at, and the most before it that they are compared with; of a smaller matrix all.
pub(crate) const DIRECTIONS: (usize, usize) = (10, 1024);
/// Of a matrix with a larger smaller side so many are compared with: more would be subspace iteration on the whole matrix.
pub(crate) const FEWER_DIRECTIONS: usize = 256;
/// With more tensors than this, pictures of all their changes would fill the memory.
const MOST_PICTURES: usize = 2000;

/// The second file, and which of its tensors belongs to which row.
pub(crate) struct Against {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) read: Read,
    /// Row of the first file, place in the second, and how they were matched.
    pub(crate) pairs: Vec<(usize, usize, How)>,
    /// What is in one file alone, or of another shape: its name and why.
    unmatched: Vec<(String, String)>,
}

/// How one tensor changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changed {
    pub(crate) name: String,
    pub(crate) relative_change: f64,
    pub(crate) cosine: f64,
    pub(crate) unchanged_share: f64,
    pub(crate) rank: Option<usize>,
    pub(crate) rank_is_least: bool,
    /// Width and share of the blocks that repeat.
    pub(crate) block: Option<(usize, f64)>,
    pub(crate) verdict: String,
    /// The numbers and thresholds behind it.
    pub(crate) sentence: String,
    pub(crate) differs: bool,
    /// Singular values of the change, largest first; empty where not computed.
    pub(crate) singular_values: Vec<f64>,
    /// For each leading direction after the change the best match before it; empty where not computed.
    #[serde(default)]
    pub(crate) overlaps: Vec<f64>,
    /// Singular values below it are rounding of both files' types.
    pub(crate) noise: f64,
    /// Mean magnitudes of blocks, and how many rows and columns of them there are.
    pub(crate) picture: Vec<f32>,
    pub(crate) picture_shape: (usize, usize),
}

/// True if the second file that the settings name is meant to be compared with the first: half of the tensors of the smaller one have
/// their match in the other. So it is, too, with a file that cannot be opened: why is then said of it.
pub(crate) fn are_of_one_model(config: &Config) -> bool {
    let Ok(first) = files::open_at("model", &config.model) else { return false };
    let Ok(second) = files::open_against(config, &first) else { return true };
    let listed = |source: &dyn Source| -> Vec<Tensor> {
        let chosen = files::chosen(source, &config.select).into_iter();
        chosen.filter_map(|place| source.tensors().get(place).cloned()).collect()
    };
    let (left, right) = (listed(first.as_ref()), listed(second.as_ref()));
    2 * match_names(&left, &right).pairs.len() >= left.len().min(right.len()).max(1)
}

impl Against {
    /// Opens the second file and matches its tensors.
    pub(crate) fn open(
        config: &Config,
        first: &Arc<dyn Source>,
        tensors: &[usize],
    ) -> Result<Self, RunError> {
        let source = files::open_against(config, first)?;
        let chosen = files::chosen(source.as_ref(), &config.select);
        let listed = |source: &dyn Source, places: &[usize]| {
            places.iter().filter_map(|place| source.tensors().get(*place).cloned()).collect::<Vec<_>>()
        };
        let (left, right) = (listed(first.as_ref(), tensors), listed(source.as_ref(), &chosen));
        let matches = match_names(&left, &right);
        let pairs =
            matches.pairs.iter().filter_map(|pair| Some((pair.left, *chosen.get(pair.right)?, pair.how)));
        let pairs: Vec<(usize, usize, How)> = pairs.collect();
        let name =
            |of: &[Tensor], place: usize| of.get(place).map(|tensor| tensor.name.clone()).unwrap_or_default();
        let mut unmatched = Vec::new();
        unmatched.extend(
            matches.only_left.iter().map(|place| (name(&left, *place), "only in the first file".to_owned())),
        );
        unmatched.extend(
            matches
                .only_right
                .iter()
                .map(|place| (name(&right, *place), "only in the second file".to_owned())),
        );
        unmatched.extend(matches.other_shape.iter().map(|pair| {
            let shape = |of: &[Tensor], place: usize| {
                let shape = of.get(place).map(|tensor| tensor.shape.clone()).unwrap_or_default();
                shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
            };
            let why =
                format!("of another shape: {} and {}", shape(&left, pair.left), shape(&right, pair.right));
            (name(&left, pair.left), why)
        }));
        if pairs.is_empty() {
            let text = format!(
                "none of its {} tensors matches one of the {} of the first file by name or shape; compare two states of one model: {}",
                right.len(),
                left.len(),
                config.against
            );
            return Err(RunError::setting("against", text));
        }
        let read = files::read_of(source.as_ref(), &config.against, &chosen)?;
        Ok(Self { source, read, pairs, unmatched })
    }

    /// What is not compared, and how the others were matched, in lines.
    fn words(&self) -> String {
        let guessed = self.pairs.iter().filter(|(_, _, how)| *how == How::Order).count();
        let prefixed = self.pairs.iter().filter(|(_, _, how)| *how == How::Prefix).count();
        let mut lines = vec![format!("{} compared", count(self.pairs.len(), "tensor"))];
        if prefixed > 0 {
            lines.push(format!("{prefixed} of them were matched without a wrapper's prefix"));
        }
        if guessed > 0 {
            lines.push(format!(
                "{guessed} of them were matched by shape and order, because the names differ: a guess"
            ));
        }
        lines.extend(self.unmatched.iter().map(|(name, why)| format!("{name}: {why}")));
        lines.join("\n")
    }
}

/// Compares the pairs that are not compared yet.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let Some(against) = &run.shared.against else { return Ok(()) };
    let words = against.words();
    if !against.unmatched.is_empty() {
        let text = format!(
            "{} are not compared; they stand at the end of the view \"Changes\"",
            count(against.unmatched.len(), "tensor")
        );
        run.warn(&text);
    }
    run.text(&ch::UNMATCHED, words);
    let missing: Vec<usize> = run
        .state
        .changes
        .iter()
        .enumerate()
        .filter(|(_, change)| change.is_none())
        .map(|(place, _)| place)
        .collect();
    let (shared, settings, seed) = (run.shared, run.settings, run.context.seed);
    run.jobs(
        &Jobs::new("tensor", missing.len()),
        |number, job: &Job<'_, ()>| {
            let pair = missing.get(number).copied().unwrap_or_default();
            compare(shared, settings, pair, seed, job)
        },
        |run, news| {
            let News::Next(number, changed) = news else { return Ok(()) };
            run.begin_step(0.0)?;
            run.scalar(&ch::RELATIVE_CHANGE, changed.relative_change);
            run.scalar(&ch::COSINE, changed.cosine);
            run.scalar(&ch::UNCHANGED, changed.unchanged_share);
            if let Some(place) = missing.get(number).and_then(|pair| run.state.changes.get_mut(*pair)) {
                *place = Some(changed);
            }
            run.end_step()
        },
    )?;
    show(run);
    Ok(())
}

/// A number of things.
fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// One pair.
fn compare(
    shared: &Shared,
    config: &Config,
    pair: usize,
    seed: u64,
    job: &Job<'_, ()>,
) -> Result<Changed, RunError> {
    let Some(against) = &shared.against else { return Ok(Changed::default()) };
    let Some((row, place, _)) = against.pairs.get(pair).copied() else { return Ok(Changed::default()) };
    let (Some(first), Some(tensor), Some(other)) =
        (shared.tensors.get(row).copied(), shared.tensor(row), against.source.tensors().get(place))
    else {
        return Ok(Changed::default());
    };
    let before = files::whole(shared.source.as_ref(), first, || job.check())?;
    let after = match files::whole(against.source.as_ref(), place, || job.check()) {
        Ok(after) => after,
        Err(error) => {
            leave(before);
            return Err(error);
        }
    };
    let types = (tensor.element, other.element);
    let shape = matrix_of(&tensor.shape);
    let change = Change::of(&before, &after, shape, types);
    let is_changed = change.unchanged < change.count;
    let wanted = config.spectra != Spectra::None && tensor.matrix().is_some() && is_changed;
    let whole =
        config.spectra == Spectra::All || predicted_seconds(shape.0, shape.1) <= config.budget_seconds;
    let overlaps = match (wanted && whole, tensor.matrix()) {
        (true, _) => match overlaps((&before, &after), shape, seed, job) {
            Ok(found) => found,
            Err(error) => {
                leave((before, after));
                return Err(error);
            }
        },
        // The directions of an unchanged matrix are their own best match.
        (false, Some(_)) if !is_changed => vec![1.0; DIRECTIONS.0.min(shape.0.min(shape.1))],
        _ => Vec::new(),
    };
    let delta = difference(&before, &after);
    drop(after);
    let spectrum = if wanted {
        match spectrum_of(&delta, shape, whole, seed, &mut || job.check().is_ok()) {
            Ok(spectrum) => Some(spectrum),
            Err(SpectrumError::Stopped) => {
                leave((before, delta));
                return job.check().map(|()| Changed::default());
            }
            Err(SpectrumError::Math(_)) => None,
        }
    } else {
        None
    };
    // An update through the old blocks looks dense to everything else.
    let by_blocks = if tensor.matrix().is_some() && is_changed {
        guided(&before, &delta, shape, WHOLE_SHARE)
    } else {
        None
    };
    let evidence = Evidence { change: &change, types, spectrum: spectrum.as_ref(), guided: by_blocks };
    let verdict = Verdict::of(evidence);
    let picture = Picture::of(&delta, shape.0, shape.1);
    let unit_roundoff = types.0.unit_roundoff().max(types.1.unit_roundoff());
    Ok(Changed {
        name: tensor.name.clone(),
        relative_change: change.relative_change,
        cosine: change.cosine,
        unchanged_share: change.unchanged_share(),
        rank: verdict.rank,
        rank_is_least: verdict.rank_is_least,
        block: change.block(),
        differs: verdict.form != Form::Unchanged,
        verdict: verdict.form.name().to_owned(),
        sentence: verdict.sentence,
        singular_values: spectrum.map(|spectrum| spectrum.singular_values).unwrap_or_default(),
        overlaps,
        noise: 2.0
            * weightscope_math::linalg::spectrum::difference_noise(
                unit_roundoff,
                change.rms,
                shape.0,
                shape.1,
            ),
        picture_shape: picture.grid,
        picture: picture.mean_magnitudes().into_iter().map(|mean| mean as f32).collect(),
    })
}

/// The best match before the change of each leading direction after it.
fn overlaps(
    (before, after): (&[f32], &[f32]),
    shape: (usize, usize),
    seed: u64,
    job: &Job<'_, ()>,
) -> Result<Vec<f64>, RunError> {
    let (count, among) = (DIRECTIONS.0, compared_directions(shape));
    match directions((before, after), shape, (count, among), seed, &mut || job.check().is_ok()) {
        Ok(found) => Ok(found.into_iter().map(|direction| direction.overlap).collect()),
        Err(SpectrumError::Stopped) => job.check().map(|()| Vec::new()),
        Err(SpectrumError::Math(_)) => Ok(Vec::new()),
    }
}

/// With how many directions of the first file those of the changed matrix are compared.
pub(crate) fn compared_directions((rows, columns): (usize, usize)) -> usize {
    let side = rows.min(columns);
    if side <= DIRECTIONS.1 { side } else { FEWER_DIRECTIONS }
}

/// Rows of what is not compared, with the reason as the verdict.
fn unmatched(shared: &Shared) -> impl Iterator<Item = Vec<Cell>> {
    let lines = shared.against.iter().flat_map(|against| &against.unmatched);
    lines.map(|(name, why)| {
        let mut row = vec![Cell::Text(name.clone()), Cell::Text("not compared".to_owned())];
        row.extend((0..6).map(|_| number(f64::NAN)));
        row.push(Cell::Text(why.clone()));
        row
    })
}

/// The change of each row of the table, where it has one.
pub(super) fn by_row<'s>(shared: &Shared, state: &'s State) -> Vec<Option<&'s Changed>> {
    let mut rows = vec![None; shared.tensors.len()];
    let pairs = shared.against.iter().flat_map(|against| &against.pairs);
    for ((row, ..), changed) in pairs.zip(&state.changes) {
        if let Some(place) = rows.get_mut(*row) {
            *place = changed.as_ref();
        }
    }
    rows
}

/// The cells that a comparison adds to the table of tensors.
pub(super) fn cells(changed: Option<&Changed>) -> [Cell; 6] {
    let Some(changed) = changed else { return std::array::from_fn(|_| Cell::Text(String::new())) };
    [
        number(changed.relative_change),
        number(changed.cosine),
        number(changed.unchanged_share),
        number(changed.rank.map_or(f64::NAN, |rank| rank as f64)),
        number(changed.block.map_or(f64::NAN, |(_, share)| share)),
        Cell::Text(changed.verdict.clone()),
    ]
}

/// Table, spectra and pictures of all changes.
fn show(run: &mut Running<'_, '_, Config>) {
    let rows = by_row(run.shared, run.state);
    let columns = [
        "tensor",
        "verdict",
        "relative change",
        "cosine",
        "unchanged share",
        "rank",
        "block width",
        "block share",
        "why",
    ];
    let cells = |changed: &&Changed| {
        vec![
            Cell::Text(changed.name.clone()),
            Cell::Text(changed.verdict.clone()),
            number(changed.relative_change),
            number(changed.cosine),
            number(changed.unchanged_share),
            number(changed.rank.map_or(f64::NAN, |rank| rank as f64)),
            number(changed.block.map_or(f64::NAN, |(width, _)| width as f64)),
            number(changed.block.map_or(f64::NAN, |(_, share)| share)),
            Cell::Text(changed.sentence.clone()),
        ]
    };
    let mut changed: Vec<&Changed> = rows.iter().copied().flatten().collect();
    changed.sort_by(|a, b| most_first(a, b));
    let table = Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: changed.iter().map(cells).chain(unmatched(run.shared)).collect(),
    };
    let names: Vec<String> =
        (0..rows.len()).filter_map(|row| Some(run.shared.tensor(row)?.name.clone())).collect();
    let most = rows.iter().flatten().map(|changed| changed.singular_values.len()).max().unwrap_or(0).max(1);
    let spectra = grid(
        &names,
        most,
        rows.iter().map(|changed| {
            changed.map(|changed| changed.singular_values.iter().map(|value| *value as f32).collect())
        }),
    );
    let overlaps = grid(
        &names,
        DIRECTIONS.0,
        rows.iter().map(|changed| {
            changed.map(|changed| changed.overlaps.iter().map(|overlap| *overlap as f32).collect())
        }),
    );
    let side = if rows.len() > MOST_PICTURES { 1 } else { BLOCKS };
    let pictures = grid(
        &names,
        side * side,
        rows.iter().map(|changed| {
            changed.filter(|_| side > 1).map(|changed| padded(&changed.picture, changed.picture_shape))
        }),
    );
    run.show_only(&ch::CHANGES, table);
    let grids = [
        (ch::DELTA_SPECTRA.channel(), spectra),
        (ch::DELTAS.channel(), pictures),
        (ch::OVERLAPS.channel(), overlaps),
    ];
    for (channel, grid) in grids {
        let data = Data::Grid(Timeline::one(grid));
        run.context.record().insert(weightscope_frame::record::Channel { data, ..channel });
    }
}

/// What differs before what does not, the largest relative change first; those that are no number before all numbers.
fn most_first(a: &Changed, b: &Changed) -> std::cmp::Ordering {
    let size = |changed: &Changed| {
        let change = changed.relative_change;
        if change.is_nan() { f64::INFINITY } else { change }
    };
    b.differs.cmp(&a.differs).then(size(b).total_cmp(&size(a)))
}

/// One row for each tensor, as wide as `width`, not-a-number where nothing is known.
fn grid(names: &[String], width: usize, rows: impl Iterator<Item = Option<Vec<f32>>>) -> Grid {
    let values = rows.flat_map(|row| {
        let row = row.unwrap_or_default();
        (0..width).map(move |column| row.get(column).copied().unwrap_or(f32::NAN)).collect::<Vec<_>>()
    });
    Grid {
        rows: names.to_vec(),
        columns: (1..=width).map(|number| number.to_string()).collect(),
        values: values.collect(),
        ..Grid::default()
    }
}

/// A picture in the corner of the largest one, so that rows of one grid hold pictures of several shapes.
fn padded(picture: &[f32], (rows, columns): (usize, usize)) -> Vec<f32> {
    let mut all = vec![f32::NAN; BLOCKS * BLOCKS];
    for row in 0..rows.min(BLOCKS) {
        for column in 0..columns.min(BLOCKS) {
            if let (Some(place), Some(value)) =
                (all.get_mut(row * BLOCKS + column), picture.get(row * columns + column))
            {
                *place = *value;
            }
        }
    }
    all
}

/// Final figures of the comparison.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) {
    if run.shared.against.is_none() {
        return;
    }
    let changed = run.state.changes.iter().flatten().filter(|changed| changed.differs).count();
    run.result(&metrics::CHANGED_TENSORS, changed as f64);
}
