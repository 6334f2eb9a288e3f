//! The tables of cells, networks, pairs and profiles. Each column is named once, for those who fill a table and for those who read it;
//! before the columns stand load and temperature of the cell.

use std::marker::PhantomData;

use super::book::Book;
use crate::channels as ch;
use crate::config::Config;
use crate::method::phase::Phase;
use crate::metric::{Metric, Values};
use crate::plan::{Place, Plan};
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Data, Record, Table};
use weightscope_frame::run::Context;

/// Columns before those of a list: load and temperature.
const AXES: usize = 2;

/// The columns of a table behind its axes.
pub(crate) trait Column: Copy + 'static {
    /// The table.
    const TABLE: Declared<OfTables>;
    /// All columns in their order.
    const ALL: &'static [Self];
    /// The words at its head.
    fn heading(self) -> &'static str;
    /// Place among the columns of the list.
    fn place(self) -> usize;
}

macro_rules! columns {
    ($($(#[$meta:meta])* $name:ident of $table:ident { $($variant:ident = $heading:literal;)+ })+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(crate) enum $name {
                $(#[doc = $heading] $variant,)+
            }

            impl Column for $name {
                const TABLE: Declared<OfTables> = ch::$table;
                const ALL: &'static [Self] = &[$(Self::$variant),+];

                fn heading(self) -> &'static str {
                    match self { $(Self::$variant => $heading,)+ }
                }

                fn place(self) -> usize {
                    self as usize
                }
            }
        )+
    };
}

columns! {
    /// Columns of the table of cells, before one for each metric.
    OfCell of CELL_TABLE {
        Phase = "phase";
    }

    /// Columns of the table of networks.
    OfNetwork of NETWORK_TABLE {
        Seed = "seed";
        TrainLoss = "train loss [nat]";
        TrainAccuracy = "train accuracy";
        TestLoss = "test loss [nat]";
        TestAccuracy = "test accuracy";
        Norm = "norm";
        Epochs = "epochs";
        Steps = "steps";
        Lambda = "λ max";
        Trace = "trace";
        TraceError = "trace error";
        Further = "further λ";
        LambdaTest = "λ max (test)";
        TraceTest = "trace (test)";
    }

    /// Columns of the table of pairs: what the rule of the phases reads of each two seeds.
    OfPair of PAIR_TABLE {
        First = "first";
        Second = "second";
        TrainLoss = "train loss [nat]";
        LogLambda = "ln λ max";
        LogTrace = "ln trace";
        Connectivity = "mode connectivity [pp]";
        Cka = "CKA";
        Distance = "distance";
    }

    /// Columns of the table of profiles: places of curves and lines between each two seeds.
    OfProfile of PROFILE_TABLE {
        First = "first";
        Second = "second";
        OnLine = "on a line";
        At = "place";
        TrainLoss = "train loss [nat]";
        TrainError = "train error [%]";
        TestError = "test error [%]";
    }
}

/// A row of a table whose columns are those of `C`.
pub(crate) struct Row<'a, C> {
    cells: &'a [Cell],
    columns: PhantomData<C>,
}

impl<C: Column> Row<'_, C> {
    fn at(&self, place: usize) -> f64 {
        match self.cells.get(place) {
            Some(Cell::Number(value)) => *value,
            _ => f64::NAN,
        }
    }

    /// The cell that the row belongs to.
    pub(crate) fn place(&self) -> Place {
        Place { load: self.at(0), temperature: self.at(1) }
    }

    /// The number in a column; NaN where there is none.
    pub(crate) fn number(&self, column: C) -> f64 {
        self.at(AXES + column.place())
    }

    /// The number in a column, if it is known.
    pub(crate) fn known(&self, column: C) -> Option<f64> {
        Some(self.number(column)).filter(|value| value.is_finite())
    }
}

/// The rows of the newest table of these columns.
pub(crate) fn rows<C: Column>(record: &Record) -> impl Iterator<Item = Row<'_, C>> {
    let table = record.get(C::TABLE.id()).and_then(|channel| match &channel.data {
        Data::Table(timeline) => timeline.last(),
        _ => None,
    });
    let rows = table.map(|(_, table)| &table.rows).into_iter().flatten();
    rows.map(|cells| Row { cells, columns: PhantomData })
}

/// Records the tables of what the book says, and the choice of cells.
pub(super) fn show(context: &mut Context<'_>, config: &Config, plan: &Plan, book: &Book) {
    let thresholds = config.thresholds();
    let cells = 0..plan.cells.len();
    let values: Vec<Values> = cells.clone().map(|cell| book.values(config, cell)).collect();
    let phases: Vec<Phase> = cells.map(|cell| book.phase(config, &thresholds, cell)).collect();
    show_values(context, config, plan, book, &values, &phases);
}

/// Records the tables of cells whose metrics and phases do not come from the book alone, and the choice of cells.
pub(crate) fn show_values(
    context: &mut Context<'_>,
    config: &Config,
    plan: &Plan,
    book: &Book,
    values: &[Values],
    phases: &[Phase],
) {
    let order = plan.table_order();
    context.choices(&ch::CELLS, choices(plan, &order));
    let source = Source { config, plan, book, order: &order };
    context.show_only(&ch::CELL_TABLE, source.cells(values, phases));
    context.show_only(&ch::NETWORK_TABLE, source.networks());
    context.show_only(&ch::PAIR_TABLE, source.pairs());
    context.show_only(&ch::PROFILE_TABLE, source.profiles());
}

/// The cells as choices. The first is the cell that is looked at before one is chosen: the one in the middle.
fn choices(plan: &Plan, order: &[usize]) -> Vec<(String, String)> {
    let middle = order.iter().position(|index| {
        plan.cells
            .get(*index)
            .is_some_and(|cell| (cell.row, cell.column) == (plan.temperature.len() / 2, plan.load.len() / 2))
    });
    let mut listed = order.to_vec();
    if let Some(front) = listed.get_mut(..=middle.unwrap_or(0)) {
        front.rotate_right(1);
    }
    let keys = listed.iter().filter_map(|cell| plan.cells.get(*cell)).map(|cell| cell.place().key());
    keys.map(|key| (key.clone(), key)).collect()
}

fn number(value: Option<f64>) -> Cell {
    Cell::Number(value.unwrap_or(f64::NAN))
}

/// A row from what stands in each column.
fn row<C: Column>(place: Place, cell: impl Fn(C) -> Cell) -> Vec<Cell> {
    let axes = [Cell::Number(place.load), Cell::Number(place.temperature)];
    axes.into_iter().chain(C::ALL.iter().map(|column| cell(*column))).collect()
}

/// What tables are filled from.
struct Source<'a> {
    config: &'a Config,
    plan: &'a Plan,
    book: &'a Book,
    /// The cells in the order of the rows.
    order: &'a [usize],
}

impl Source<'_> {
    fn headings<C: Column>(&self) -> Vec<String> {
        let axes = [self.config.load.label().to_lowercase(), self.config.temperature.label().to_lowercase()];
        axes.into_iter().chain(C::ALL.iter().map(|column| column.heading().to_owned())).collect()
    }

    /// Numbers of the cells in the order of the rows, with their places.
    fn places(&self) -> impl Iterator<Item = (usize, Place)> {
        self.order.iter().filter_map(|index| Some((*index, self.plan.cells.get(*index)?.place())))
    }

    fn cells(&self, values: &[Values], phases: &[Phase]) -> Table {
        let mut columns = self.headings::<OfCell>();
        columns.extend(Metric::ALL.iter().map(|metric| metric.words().heading()));
        let known = self.places().filter_map(|(index, place)| {
            let (values, phase) = (values.get(index)?, phases.get(index)?);
            let mut row = row(place, |OfCell::Phase| Cell::Text(phase.word().to_owned()));
            row.extend(Metric::ALL.iter().map(|metric| number(values.get(*metric))));
            Some(row)
        });
        Table { rows: known.collect(), columns }
    }

    fn networks(&self) -> Table {
        let mut rows = Vec::new();
        for (index, place) in self.places() {
            for (seed, network) in self.book.networks_of(index) {
                let bends = self.book.bends_of(index, seed);
                let train = bends.and_then(|bends| bends.train.as_ref());
                let test = bends.and_then(|bends| bends.test.as_ref());
                let further = train.map_or_else(Vec::new, |bend| {
                    bend.further.iter().map(|value| format!("{value:.4}")).collect()
                });
                rows.push(row(place, |column| match column {
                    OfNetwork::Seed => Cell::Number(seed as f64),
                    OfNetwork::TrainLoss => Cell::Number(network.train.loss),
                    OfNetwork::TrainAccuracy => Cell::Number(network.train.accuracy),
                    OfNetwork::TestLoss => Cell::Number(network.test.loss),
                    OfNetwork::TestAccuracy => Cell::Number(network.test.accuracy),
                    OfNetwork::Norm => Cell::Number(network.norm),
                    OfNetwork::Epochs => Cell::Number(network.epochs as f64),
                    OfNetwork::Steps => Cell::Number(network.steps as f64),
                    OfNetwork::Lambda => number(train.map(|bend| bend.lambda)),
                    OfNetwork::Trace => number(train.map(|bend| bend.trace)),
                    OfNetwork::TraceError => number(train.map(|bend| bend.trace_error)),
                    OfNetwork::Further => Cell::Text(further.join(", ")),
                    OfNetwork::LambdaTest => number(test.map(|bend| bend.lambda)),
                    OfNetwork::TraceTest => number(test.map(|bend| bend.trace)),
                }));
            }
        }
        Table { columns: self.headings::<OfNetwork>(), rows }
    }

    fn pairs(&self) -> Table {
        let mut rows = Vec::new();
        for (index, place) in self.places() {
            let pairs = self.book.together_of(index).map(|together| &together.pairs);
            let readings = self.book.readings(self.config, index);
            for (pair, reading) in pairs.into_iter().flatten().zip(readings) {
                rows.push(row(place, |column| match column {
                    OfPair::First => Cell::Number(pair.first as f64),
                    OfPair::Second => Cell::Number(pair.second as f64),
                    OfPair::TrainLoss => number(reading.train_loss),
                    OfPair::LogLambda => number(reading.log_lambda),
                    OfPair::LogTrace => number(reading.log_trace),
                    OfPair::Connectivity => number(reading.connectivity),
                    OfPair::Cka => number(reading.cka),
                    OfPair::Distance => Cell::Number(pair.distance),
                }));
            }
        }
        Table { columns: self.headings::<OfPair>(), rows }
    }

    fn profiles(&self) -> Table {
        let mut rows = Vec::new();
        for (index, place) in self.places() {
            let pairs = self.book.together_of(index).map(|together| &together.pairs);
            for pair in pairs.into_iter().flatten() {
                for (on_line, profile) in [(0.0, &pair.curve), (1.0, &pair.line)] {
                    let last = profile.len().saturating_sub(1).max(1) as f64;
                    for (point, judged) in profile.iter().enumerate() {
                        rows.push(row(place, |column| {
                            Cell::Number(match column {
                                OfProfile::First => pair.first as f64,
                                OfProfile::Second => pair.second as f64,
                                OfProfile::OnLine => on_line,
                                OfProfile::At => point as f64 / last,
                                OfProfile::TrainLoss => judged.train_loss,
                                OfProfile::TrainError => judged.train_error,
                                OfProfile::TestError => judged.test_error,
                            })
                        }));
                    }
                }
            }
        }
        Table { columns: self.headings::<OfProfile>(), rows }
    }
}
