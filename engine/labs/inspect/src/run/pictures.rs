//! Tables and grids over all tensors, made from the state whenever someone looks on, and once more when a stage is done.

use weightscope_frame::lab::Running;
use weightscope_frame::record::declared::{Declaration, Of, PictureKind};
use weightscope_frame::record::{Cell, Channel, Data, Dot, Grid, Table, Timeline};
use weightscope_frame::run::RunError;
use weightscope_weights::Tensor;
use weightscope_weights::measure::Grouping;
use weightscope_weights::measure::quantization::BITS;

use super::{Layer, Shared, State, Whole};
use crate::channels as ch;
use crate::config::Config;
use crate::values;

/// Headings of the table of tensors: fixed names for scripts.
const COLUMNS: [&str; 25] = [
    "name",
    "shape",
    "type",
    "parameters",
    "mean",
    "std",
    "min",
    "max",
    "kurtosis",
    "zeros",
    "near_zero",
    "non_finite",
    "outliers",
    "frobenius_norm",
    "spectral_norm",
    "stable_rank",
    "rank",
    "alpha",
    "alpha_distance",
    "alpha_xmin",
    "few_values",
    "error_2",
    "error_3",
    "error_4",
    "error_8",
];
/// Headings behind all others.
const LAST_COLUMNS: [&str; 2] = ["singular_values", "tied_to"];
/// Headings that a comparison adds.
const CHANGE_COLUMNS: [&str; 6] =
    ["relative_change", "cosine", "unchanged_share", "change_rank", "block_share", "verdict"];
/// With more tensors, the grids of levels, boundaries and outliers are left out: they would take hundreds of megabytes.
const MOST_DETAILED: usize = 20_000;
/// Fewer tensors than this more are no reason to draw again.
const LEAST_NEWS: usize = 8;

/// When pictures of an unfinished stage are worth drawing: with each tenth more, so that 100,000 tensors cost no more than a hundred
/// pictures.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    done: usize,
    next: usize,
}

impl Rhythm {
    /// Shows what is known so far to whoever looks on, if it is time.
    pub(super) fn show(&mut self, run: &mut Running<'_, '_, Config>) {
        self.done += 1;
        if self.done >= self.next && run.context.is_publish_due() {
            self.next = self.done + (self.done / 10).max(LEAST_NEWS);
            show(run);
        }
    }
}

/// Pictures of a row for each tensor: what is large of 100,000.
const LARGE: [&dyn Declaration; 4] = [&ch::LAYERS, &ch::MAP, &ch::ERRORS, &ch::SPECTRA];

/// Records the pictures as they stand now, in the place of those before: these go first, so that there is room for one set of them.
pub(super) fn show(run: &mut Running<'_, '_, Config>) {
    let step = run.context.step();
    let record = run.context.record();
    LARGE.iter().filter_map(|declared| declared.channel()).for_each(|empty| record.insert(empty));
    let channels = channels(run.shared, run.state, step);
    channels.into_iter().for_each(|channel| run.context.record().insert(channel));
}

/// True if there are few enough tensors for pictures of each one's levels, boundaries and outliers.
pub(super) fn has_details(shared: &Shared) -> bool {
    shared.tensors.len() <= MOST_DETAILED
}

/// Writes the table of tensors as it was shown last into the run folder as CSV, line by line.
pub(super) fn write_table(run: &mut Running<'_, '_, Config>, name: &str) -> Result<(), RunError> {
    let shown = run.context.record().get(ch::LAYERS.id()).map(|channel| channel.data.clone());
    let Some(Data::Table(tables)) = shown else { return Ok(()) };
    let lines = || tables.last().into_iter().flat_map(|(_, table)| table.csv_lines());
    run.write_file_by(name, |out| lines().try_for_each(|line| out.write_all(line.as_bytes())))
}

fn one<K: PictureKind>(declared: &impl Of<K>, step: u64, picture: K::Picture) -> Channel {
    let mut channel = declared.channel();
    if let Some(timeline) = K::timeline(&mut channel.data) {
        *timeline = Timeline::default();
        timeline.push(step, picture);
    }
    channel
}

/// All pictures over tensors.
fn channels(shared: &Shared, state: &State, step: u64) -> Vec<Channel> {
    let names = || -> Vec<String> {
        (0..shared.tensors.len()).filter_map(|row| Some(shared.tensor(row)?.name.clone())).collect()
    };
    let cells: Vec<String> = Grouping::ALL
        .iter()
        .flat_map(|grouping| BITS.iter().map(move |bits| format!("{} · {bits}", grouping.name())))
        .collect();
    let over = |columns: Vec<String>, of: &dyn Fn(&Layer) -> Option<Vec<f32>>| {
        let width = columns.len();
        let mut values = Vec::with_capacity(width * state.layers.len());
        for layer in &state.layers {
            let row = of(layer).unwrap_or_default();
            values.extend((0..width).map(|column| row.get(column).copied().unwrap_or(f32::NAN)));
        }
        Grid { rows: names(), columns, values, ..Grid::default() }
    };
    let measured =
        |of: fn(&super::Measured) -> &[f32]| move |layer: &Layer| Some(of(layer.measured.as_ref()?).to_vec());
    let numbers = |count: usize| (1..=count).map(|number| number.to_string()).collect::<Vec<_>>();
    let parts = super::statistics::PARTS;
    let mut all = vec![
        one(&ch::LAYERS, step, table_of(shared, state)),
        one(
            &ch::MAP,
            step,
            over(values::bin_names(), &|layer| {
                Some(values::log_shares(&layer.measured.as_ref()?.histogram.list()))
            }),
        ),
        one(&ch::ERRORS, step, over(cells.clone(), &measured(|measured| &measured.errors))),
    ];
    if has_details(shared) {
        all.extend([
            one(&ch::ZERO_LEVEL, step, over(cells.clone(), &measured(|measured| &measured.zero_level))),
            one(&ch::BOUNDARY, step, over(cells, &measured(|measured| &measured.boundary))),
            one(&ch::ROW_PEAKS, step, over(numbers(parts), &measured(|measured| &measured.row_peaks))),
            one(&ch::COLUMN_PEAKS, step, over(numbers(parts), &measured(|measured| &measured.column_peaks))),
        ]);
    }
    let most = state.layers.iter().filter_map(|layer| Some(layer.measured.as_ref()?.kernel.len())).max();
    if let Some(most) = most.filter(|most| *most > 0) {
        all.push(one(&ch::KERNELS, step, over(numbers(most), &measured(|measured| &measured.kernel))));
    }
    let most = state.layers.iter().filter_map(|layer| layer.spectrum.as_ref());
    let most = most.map(|spectrum| spectrum.singular_values.len()).max().unwrap_or(0);
    if most > 0 {
        let values = |layer: &Layer| Some(layer.spectrum.as_ref()?.singular_values.to_vec());
        all.push(one(&ch::SPECTRA, step, over(numbers(most), &values)));
        let (dots, few) = exponents(state);
        all.push(one(&ch::EXPONENTS, step, dots));
        all.push(one(&ch::FEW, step, few));
    }
    all
}

/// Exponents over depth, and the matrices with too few values for one.
fn exponents(state: &State) -> (Vec<Dot>, Vec<Dot>) {
    let parameters =
        |layer: &Layer| layer.measured.as_ref().map_or(1.0, |measured| measured.parameters as f64);
    let most = state.layers.iter().map(parameters).fold(1.0, f64::max);
    let (mut dots, mut few) = (Vec::new(), Vec::new());
    for (row, layer) in state.layers.iter().enumerate() {
        let Some(spectrum) = &layer.spectrum else { continue };
        // Areas follow the parameters up to twice the usual diameter; small matrices beside a large embedding are still to be seen.
        let size = 2.0 * (parameters(layer) / most).sqrt().max(0.4) as f32;
        if let (Some(alpha), Some(distance)) = (spectrum.alpha, spectrum.alpha_distance) {
            dots.push(Dot::new(row as f64, alpha, distance, row as u64).sized(size));
        } else if spectrum.few_values {
            few.push(Dot::new(row as f64, 0.0, 0.0, row as u64));
        }
    }
    (dots, few)
}

fn table_of(shared: &Shared, state: &State) -> Table {
    let changes = super::change::by_row(shared, state);
    let mut columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    if shared.against.is_some() {
        columns.extend(CHANGE_COLUMNS.iter().map(|name| (*name).to_owned()));
    }
    columns.extend(LAST_COLUMNS.iter().map(|name| (*name).to_owned()));
    let width = columns.len();
    let rows = state.layers.iter().enumerate().filter_map(|(row, layer)| {
        let text = |text: &str| Cell::Text(text.to_owned());
        let mut cells = Vec::with_capacity(width);
        cells.extend(first_cells(shared.tensor(row)?));
        cells.extend(measured_cells(layer));
        cells.extend(spectral_cells(layer));
        let errors = layer.measured.as_ref().map_or([f64::NAN; 4], |measured| measured.table_errors);
        cells.extend(errors.map(number));
        if shared.against.is_some() {
            cells.extend(super::change::cells(changes.get(row).copied().flatten()));
        }
        // Leading values alone are approximate, and so are the norm and the stable rank that follow from them.
        let computed =
            layer.spectrum.as_ref().map_or("", |found| if found.whole { "whole" } else { "leading" });
        let tied = state.tied_to(row).and_then(|row| shared.tensor(row));
        cells.extend([text(computed), text(tied.map_or("", |tensor| tensor.name.as_str()))]);
        Some(cells)
    });
    let whole = shared.whole.iter().zip(&state.whole).filter_map(|(place, whole)| {
        let mut cells = first_cells(shared.source.tensors().get(*place)?).to_vec();
        cells.extend(whole_cells(whole.as_ref()));
        cells.resize(width, Cell::Text(String::new()));
        Some(cells)
    });
    Table { rows: rows.chain(whole).collect(), columns }
}

/// What a tensor is.
fn first_cells(tensor: &Tensor) -> [Cell; 4] {
    let shape: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
    [
        Cell::Text(tensor.name.clone()),
        Cell::Text(shape.join("x")),
        Cell::Text(tensor.element.name().to_owned()),
        Cell::Number(tensor.parameters() as f64),
    ]
}

/// What is measured of whole numbers, as far as the column of zeros.
fn whole_cells(whole: Option<&Whole>) -> Vec<Cell> {
    let Some(whole) = whole else { return Vec::new() };
    vec![
        number(whole.mean),
        number(whole.std),
        number(whole.min),
        number(whole.max),
        // The fourth moment of numbers that are no weights says nothing.
        Cell::Text(String::new()),
        number(whole.zeros.map_or(f64::NAN, |zeros| zeros as f64)),
    ]
}

/// A number, or an empty cell where there is none.
pub(super) fn number(value: f64) -> Cell {
    if value.is_nan() { Cell::Text(String::new()) } else { Cell::Number(value) }
}

fn measured_cells(layer: &Layer) -> Vec<Cell> {
    let Some(measured) = &layer.measured else { return vec![Cell::Text(String::new()); 10] };
    vec![
        number(measured.mean),
        number(measured.std),
        number(measured.min),
        number(measured.max),
        number(measured.kurtosis),
        number(measured.zeros as f64),
        number(measured.near_zero as f64),
        number(measured.non_finite as f64),
        number(measured.outliers as f64),
        number(measured.frobenius_norm),
    ]
}

fn spectral_cells(layer: &Layer) -> Vec<Cell> {
    let Some(spectrum) = &layer.spectrum else { return vec![Cell::Text(String::new()); 7] };
    let maybe = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
    vec![
        number(spectrum.norm),
        maybe(spectrum.stable_rank),
        maybe(spectrum.rank.map(|rank| rank as f64)),
        maybe(spectrum.alpha),
        maybe(spectrum.alpha_distance),
        maybe(spectrum.alpha_xmin),
        // Of the leading values alone it is not known.
        Cell::Text(if spectrum.whole { spectrum.few_values.to_string() } else { String::new() }),
    ]
}
