//! Tables and choices that views work on: architectures, option means, references, names of decisions, layers and columns.

use std::collections::BTreeMap;

use weightscope_frame::record::{Cell, Table};
use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::Run;
use super::search::Ranking;
use crate::channels as ch;
use crate::method::table::Row;
use crate::truth::{Known, PARAMETERS, Truth};

/// Headings behind the sizes.
const FIGURES: [&str; 6] =
    ["table_accuracy", "table_spread", "rank", "inherited_loss", "inherited_accuracy", "score"];

/// Names things for views, and shows what is known before a search.
pub(super) fn enter(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    describe(run);
    show(run);
    Ok(())
}

fn describe(run: &mut Run<'_, '_>) {
    let shared = run.shared;
    let named = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
    let decisions = match run.state.truth.as_ref().filter(|_| !run.settings.has_networks()) {
        Some(truth) => truth.decisions.clone(),
        None => shared.space.decisions().to_vec(),
    };
    run.choices(&ch::DECISIONS, named(decisions.iter().map(|decision| decision.name.clone()).collect()));
    let layers = shared.space.layers().into_iter().filter(|layer| !layer.factors().is_empty());
    run.choices(&ch::LAYERS, named(layers.map(|layer| layer.name().to_owned()).collect()));
    let [depth, height, width] = shared.shape.image;
    run.text(&ch::SHAPE, format!("{depth} {height} {width} {}", shared.shape.classes));
}

/// Shows the tables as they stand.
pub(super) fn show(run: &mut Run<'_, '_>) {
    let ranking = run.state.answer.as_ref().and_then(|answer| answer.ranking.clone());
    let ranking =
        ranking.or_else(|| run.state.progress.as_ref().and_then(|progress| progress.ranking.clone()));
    let architectures = architectures(run, ranking.as_ref());
    let columns: Vec<(String, String)> = match run.state.truth.as_ref() {
        Some(truth) => truth.columns.iter().map(|(name, _)| (name.clone(), name.replace('_', " "))).collect(),
        None => vec![(PARAMETERS.to_owned(), PARAMETERS.to_owned())],
    };
    let columns = if columns.is_empty() { vec![("rank".to_owned(), "rank".to_owned())] } else { columns };
    run.choices(&ch::COLUMNS, columns);
    run.show_only(&ch::ARCHITECTURES, architectures);
    if let Some(means) = means(run) {
        run.show_only(&ch::MEANS, means);
    }
    let references = references(run);
    run.show_only(&ch::REFERENCES, references);
}

/// Ranks of accuracies, 1 for the best.
fn ranks(accuracies: &[f64]) -> Vec<f64> {
    let mut sorted = accuracies.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    accuracies.iter().map(|own| 1.0 + sorted.partition_point(|other| other > own) as f64).collect()
}

/// All architectures with all that is known of them.
pub(super) fn architectures(run: &Run<'_, '_>, ranking: Option<&Ranking>) -> Table {
    let shared = run.shared;
    let bare;
    let truth = if let Some(truth) = run.state.truth.as_ref() {
        truth
    } else {
        bare = Truth::of(&*shared.space, &shared.known, &vec![Vec::new(); shared.known.len()]);
        &bare
    };
    let places: BTreeMap<Vec<Option<usize>>, usize> =
        shared.known.iter().map(Known::options).zip(0..).collect();
    let ranks = ranks(&truth.table.accuracies());
    let mut columns = vec!["name".to_owned()];
    columns.extend(truth.decisions.iter().map(|decision| decision.name.clone()));
    columns.extend(truth.columns.iter().map(|(name, _)| name.clone()));
    columns.extend(FIGURES.map(str::to_owned));
    let row = |(place, row): (usize, &Row)| {
        let mut cells = vec![Cell::Text(row.name.clone())];
        cells.extend(truth.words(row).into_iter().map(Cell::Text));
        cells.extend(truth.columns.iter().map(|(_, column)| number(column.get(place))));
        let known = places.get(&row.picks);
        let inherited = ranking.zip(known).and_then(|(ranking, known)| ranking.scores.get(*known));
        let log = ranking.zip(known).and_then(|(ranking, known)| ranking.logs.get(*known));
        let rank = ranks.get(place).filter(|_| !row.seeds.is_empty());
        cells.extend([
            Cell::Number(row.accuracy()),
            Cell::Number(row.spread().unwrap_or(f64::NAN)),
            number(rank),
            Cell::Number(inherited.map_or(f64::NAN, |score| score.loss)),
            Cell::Number(inherited.map_or(f64::NAN, |score| score.accuracy)),
            number(log),
        ]);
        cells
    };
    Table { columns, rows: truth.table.rows.iter().enumerate().map(row).collect() }
}

fn number(value: Option<&f64>) -> Cell {
    Cell::Number(value.copied().unwrap_or(f64::NAN))
}

/// Mean accuracy of each option, share of the variance of its decision, its learned weight.
fn means(run: &Run<'_, '_>) -> Option<Table> {
    let truth = run.state.truth.as_ref()?;
    let weights = run.state.progress.as_ref().map(|progress| progress.weights(run.shared));
    let mut rows = Vec::new();
    for (place, decision) in truth.decisions.iter().enumerate() {
        let effect = truth.table.effect(place, decision.options.len());
        for (option, words) in decision.options.iter().enumerate() {
            let weight = weights.as_ref().and_then(|weights| weights.get(place)?.get(option).copied());
            rows.push(vec![
                Cell::Text(decision.name.clone()),
                Cell::Text(words.clone()),
                number(effect.means.get(option)),
                Cell::Number(effect.share),
                number(weight.as_ref()),
            ]);
        }
    }
    let columns = ["decision", "option", "mean accuracy", "variance share", "weight"];
    Some(Table { columns: columns.map(str::to_owned).to_vec(), rows })
}

/// The architectures that a pick is compared with.
fn references(run: &Run<'_, '_>) -> Table {
    let mut rows = Vec::new();
    let columns = ["role", "name", "parameters", "accuracy"].map(str::to_owned).to_vec();
    let Some(truth) = run.state.truth.as_ref() else { return Table { columns, rows } };
    let count = truth.table.rows.len();
    let random = stream(run.context.seed, "random reference").below(count);
    let mut add = |role: &str, place: Option<usize>| {
        if let Some(row) = place.and_then(|place| truth.table.rows.get(place)) {
            rows.push(vec![
                Cell::Text(role.to_owned()),
                Cell::Text(row.name.clone()),
                Cell::Number(row.parameters),
                Cell::Number(row.accuracy()),
            ]);
        }
    };
    add("best", truth.table.best());
    add("largest", truth.largest());
    add("random", (count > 0).then_some(random));
    add("pick", super::results::pick(run).and_then(|options| truth.place(&options)));
    Table { columns, rows }
}
