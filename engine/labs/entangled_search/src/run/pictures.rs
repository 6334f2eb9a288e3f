//! The arg-max as a drawing, its changes as a table, and its way as another.

use weightscope_frame::record::{Cell, Graph, Table};
use weightscope_frame::run::RunError;

use super::{Run, Shared};
use crate::channels as ch;
use crate::config::SpaceKind;
use crate::method::space::cell::OPERATIONS;
use crate::truth::Known;

/// Layers in one column of the drawing.
const LINE: usize = 7;

/// Takes a picture of the arg-max.
pub(super) fn take(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let Some(progress) = run.state.progress.as_ref() else { return Ok(()) };
    if run.settings.sampler() == crate::method::sampler::Sampler::Uniform {
        return Ok(());
    }
    let before = before(&progress.spent, &progress.picks);
    let graph = graph(run.shared, run.settings.space, &progress.picks, &before);
    run.show(&ch::CHOSEN, graph);
    if progress_is_new(run) {
        flipped(run);
        super::alarms::show(run);
    }
    Ok(())
}

fn progress_is_new(run: &Run<'_, '_>) -> bool {
    run.state.progress.as_ref().is_some_and(|progress| progress.search.step == 0)
}

/// The arg-max before the present one.
fn before(spent: &[super::search::Spent], now: &[usize]) -> Vec<usize> {
    spent
        .iter()
        .rev()
        .map(|spent| &spent.picks)
        .find(|picks| picks.as_slice() != now)
        .cloned()
        .unwrap_or_else(|| now.to_vec())
}

/// Shows flips and way as they stand.
pub(super) fn flipped(run: &mut Run<'_, '_>) {
    let (shared, kind) = (run.shared, run.settings.space);
    let Some(progress) = run.state.progress.as_ref() else { return };
    let graph = graph(shared, kind, &progress.picks, &before(&progress.spent, &progress.picks));
    let decisions = shared.space.decisions();
    let option = |decision: usize, option: usize| {
        let words = decisions.get(decision).and_then(|decision| decision.options.get(option));
        Cell::Text(words.cloned().unwrap_or_default())
    };
    let rows = progress.flips.iter().map(|flip| {
        let name = decisions.get(flip.decision).map(|decision| decision.name.clone()).unwrap_or_default();
        vec![
            Cell::Number(flip.step as f64),
            Cell::Text(name),
            option(flip.decision, flip.from),
            option(flip.decision, flip.to),
        ]
    });
    let columns = ["step", "decision", "from", "to"].map(str::to_owned).to_vec();
    let flips = Table { columns, rows: rows.collect() };
    let trail = trail(run, &progress.spent);
    run.show(&ch::CHOSEN, graph);
    run.show(&ch::FLIPS, flips);
    run.show_only(&ch::TRAIL, trail);
}

/// Answers over steps with their names, sizes and accuracies.
pub(super) fn trail(run: &Run<'_, '_>, spent: &[super::search::Spent]) -> Table {
    let truth = run.state.truth.as_ref();
    let row = |spent: &super::search::Spent| {
        let known = Known::of(&*run.shared.space, &spent.picks);
        let place = truth.and_then(|truth| truth.place(&known.options()));
        let accuracy = truth.zip(place).and_then(|(truth, place)| truth.table.rows.get(place));
        vec![
            Cell::Number(spent.steps),
            Cell::Text(known.name.clone()),
            Cell::Number(known.size.parameters as f64),
            Cell::Number(accuracy.map_or(f64::NAN, crate::method::table::Row::accuracy)),
        ]
    };
    let columns = ["step", "name", "parameters", "accuracy"].map(str::to_owned).to_vec();
    Table { columns, rows: spent.iter().map(row).collect() }
}

/// The network of these picks; what differs from the one before stands out.
pub(super) fn graph(shared: &Shared, kind: SpaceKind, picks: &[usize], before: &[usize]) -> Graph {
    if kind == SpaceKind::Cell { cell(picks, before) } else { layers(shared, picks, before) }
}

fn cell(picks: &[usize], before: &[usize]) -> Graph {
    let nodes = [("stem", 0.0, 0.5), ("node 1", 0.5, 0.0), ("node 2", 1.0, 0.5), ("head", 1.4, 0.5)];
    let mut graph =
        Graph { nodes: nodes.map(|(name, x, y)| (name.to_owned(), x, y)).to_vec(), ..Graph::default() };
    for (edge, (from, to)) in [(0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
        let pick = picks.get(edge).copied().unwrap_or(0);
        if before.get(edge).is_some_and(|before| *before != pick) {
            graph.chosen.push(edge);
        }
        graph.edges.push((from, to, 0.6));
        graph.edge_labels.push(OPERATIONS.get(pick).copied().unwrap_or_default().to_owned());
    }
    graph.edges.push((2, 3, 0.6));
    graph.edge_labels.push("max pool, linear".to_owned());
    graph
}

fn layers(shared: &Shared, picks: &[usize], before: &[usize]) -> Graph {
    let (now, then) = (Known::of(&*shared.space, picks), Known::of(&*shared.space, before));
    let is_used = |known: &Known, layer: &crate::method::space::Layer| {
        layer.factors().iter().all(|factor| known.active.get(factor.decision) == Some(&true))
    };
    let mut graph = Graph::default();
    // From the top down; what does not fit goes on in the next column, upwards and down in turn.
    let place = |count: usize| {
        let (column, row) = (count / LINE, count % LINE);
        let row = if column.is_multiple_of(2) { row } else { LINE - 1 - row };
        (column as f64, -(row as f64))
    };
    let [depth, height, width] = shared.shape.image;
    let (x, y) = place(0);
    graph.nodes.push((format!("{depth}×{height}×{width}"), x, y));
    for layer in shared.space.layers() {
        let Some(slice) = layer.slice(&now.picks).filter(|_| is_used(&now, layer)) else { continue };
        let (x, y) = place(graph.nodes.len());
        let kernel = if slice.kernel > 1 { format!(" {0}×{0}", slice.kernel) } else { String::new() };
        graph.nodes.push((format!("{}{kernel}: {}", layer.name(), slice.outputs), x, y));
        let most = layer.shape().first().copied().unwrap_or(1).max(1);
        let edge = graph.edges.len();
        graph.edges.push((edge, edge + 1, slice.outputs as f64 / most as f64));
        let old = layer.slice(&then.picks).filter(|_| is_used(&then, layer));
        if old != Some(slice) {
            graph.chosen.push(edge);
        }
        let was = old.filter(|old| *old != slice);
        graph.edge_labels.push(was.map_or_else(String::new, |old| {
            let kernel =
                if old.kernel == slice.kernel { String::new() } else { format!(", {0}×{0}", old.kernel) };
            format!("was {}{kernel}", old.outputs)
        }));
    }
    graph
}
