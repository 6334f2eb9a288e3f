//! Files in the run folder: architectures, trail of the weights, flips, any-time curves.

use std::fmt::Write as _;

use weightscope_frame::record::{Cell, Data, Table};
use weightscope_frame::run::RunError;

use super::search::Spent;
use super::{Run, black_box, tables};
use crate::channels as ch;
use crate::method::table::Row;
use crate::truth::{Known, write::quoted};

/// All architectures.
pub(crate) const ARCHITECTURES: &str = "architectures.csv";
/// Weights of the options over steps.
const TRAIL: &str = "trail.csv";
/// Changes of the arg-max.
const FLIPS: &str = "flips.csv";
/// Regret over steps and seconds.
pub(crate) const ANY_TIME: &str = "any_time.csv";

/// Writes all of them; what a run has nothing of is a file with its head alone.
pub(super) fn write(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let ranking = run.state.answer.as_ref().and_then(|answer| answer.ranking.clone());
    let table = csv(&tables::architectures(run, ranking.as_ref()));
    let (trail, flips, any_time) = (trail(run), flips(run), any_time(run));
    for (name, text) in [(ARCHITECTURES, table), (TRAIL, trail), (FLIPS, flips), (ANY_TIME, any_time)] {
        run.context.write_file(name, text.as_bytes())?;
    }
    Ok(())
}

/// A table as CSV; what is no number is left empty.
fn csv(table: &Table) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Text(words) => quoted(words),
        Cell::Number(number) if number.is_nan() => String::new(),
        Cell::Number(number) => number.to_string(),
    };
    let line = |cells: &[Cell]| cells.iter().map(cell).collect::<Vec<_>>().join(",");
    let head = table.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
    let mut text = format!("{head}\n");
    for row in &table.rows {
        let _ = writeln!(text, "{}", line(row));
    }
    text
}

fn trail(run: &mut Run<'_, '_>) -> String {
    let decisions =
        if run.state.progress.is_some() { run.shared.space.decisions().to_vec() } else { Vec::new() };
    let record = run.context.record();
    let mut text = "step,decision,option,weight\n".to_owned();
    let mut rows: Vec<(f64, usize, usize, String)> = Vec::new();
    for (place, decision) in decisions.iter().enumerate() {
        let Some(Data::Vector(vector)) =
            record.get(&ch::WEIGHTS.id(&decision.name)).map(|channel| &channel.data)
        else {
            continue;
        };
        for (option, component) in vector.components.iter().enumerate() {
            let name = quoted(&decision.name);
            let words = quoted(&component.label);
            rows.extend(
                component
                    .series
                    .iter()
                    .map(|point| (point.x, place, option, format!("{},{name},{words},{}", point.x, point.y))),
            );
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    for (.., line) in rows {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn flips(run: &Run<'_, '_>) -> String {
    let mut text = "step,decision,from,to\n".to_owned();
    let Some(progress) = run.state.progress.as_ref() else { return text };
    for flip in &progress.flips {
        let decision = run.shared.space.decisions().get(flip.decision);
        let option = |option: usize| {
            decision
                .and_then(|decision| decision.options.get(option))
                .map(|words| quoted(words))
                .unwrap_or_default()
        };
        let name = decision.map(|decision| quoted(&decision.name)).unwrap_or_default();
        let _ = writeln!(text, "{},{name},{},{}", flip.step, option(flip.from), option(flip.to));
    }
    text
}

/// Regret of the answer over steps and seconds; of searches on a table the median over the repeats.
fn any_time(run: &Run<'_, '_>) -> String {
    let mut text = "label,steps,seconds,regret\n".to_owned();
    let Some(truth) = run.state.truth.as_ref() else { return text };
    let best = truth.table.accuracies().into_iter().fold(f64::NEG_INFINITY, f64::max);
    if let Some(answer) = &run.state.answer {
        // The curve goes on to the end of the budget, where the answer stands.
        let steps = run.settings.steps as f64;
        let scored = if run.settings.trains_supernet() { answer.evaluations as f64 } else { 0.0 };
        let last = Spent { steps: steps + scored, seconds: answer.seconds, picks: answer.picks.clone() };
        for spent in answer.spent.iter().chain([&last]) {
            let options = Known::of(&*run.shared.space, &spent.picks).options();
            let own = truth.place(&options).and_then(|place| truth.table.rows.get(place)).map(Row::accuracy);
            if let Some(own) = own {
                let label = run.settings.method.key();
                let _ = writeln!(text, "{label},{},{},{}", spent.steps, spent.seconds, best - own);
            }
        }
        return text;
    }
    for (kind, repeats) in black_box::by_searcher(run.settings, &run.state.searches) {
        let last = repeats.iter().map(|repeat| repeat.evaluations).max().unwrap_or(0);
        let mut moments: Vec<usize> =
            repeats.iter().flat_map(|repeat| repeat.better.iter().map(|(spent, ..)| *spent)).collect();
        moments.push(last);
        moments.sort_unstable();
        moments.dedup();
        for spent in moments {
            let seconds = repeats.iter().filter_map(|repeat| seconds_at(repeat, spent));
            let regrets = repeats.iter().filter_map(|repeat| repeat.regret(spent));
            let pair = (black_box::median(seconds.collect()), black_box::median(regrets.collect()));
            if let (Some(seconds), Some(regret)) = pair {
                let _ = writeln!(text, "{},{spent},{seconds},{regret}", kind.key());
            }
        }
    }
    text
}

/// Seconds spent when the best of that moment was found.
fn seconds_at(repeat: &black_box::Searched, spent: usize) -> Option<f64> {
    repeat.better.iter().take_while(|(at, ..)| *at <= spent).last().map(|(_, seconds, _)| *seconds)
}
