//! Validation loss of each method at each learning rate, over several runs.

use weightscope_frame::experiment::Next;
use weightscope_frame::lab::{Derive, Picked, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    ActionSpec, Acts, AxisSpec, Channel, Controls, Curve, Data, Grid, Record, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::across::{self, Arm};
use crate::channels as ch;
use crate::config::{Config, Task};
use crate::metrics;

/// The line at two over the largest Hessian eigenvalue.
const STABLE: &str = "stable";
/// The button that fills the map.
const RATES: &str = "rates";

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::RATE_MAP.id("losses")],
        overlays: vec![ch::STABLE_RATE.id(STABLE)],
        note: Some(ch::LEFT_OUT.id().to_owned()),
        x: AxisSpec::new("learning rate", ""),
        y: AxisSpec::new("method", ""),
        color: Some(AxisSpec::new("validation loss", "nat")),
        actions: vec![ActionSpec {
            id: RATES.to_owned(),
            label: "Try rates".to_owned(),
            about: "Runs other methods at several learning rates, with the other settings of this run: they join the queue, and the map fills as they end."
                .to_owned(),
            acts: Acts::Always,
        }],
        empty: "Losses of this run and of the ticked ones, by method and learning rate, appear here when they are done.".to_owned(),
        help: include_str!("../help/rate_map.md").to_owned(),
        ..ViewSpec::of("rate_map", "Rates", ViewKind::Grid, &[&ch::RATE_MAP])
    })
    .derived(derive)
    .buttons(rates)
    .blocked_by(blocked)
}

/// Every comparison has PiSSA in it.
fn blocked(config: &Config, _: &Record, _: &Controls, _: &str) -> Option<String> {
    (config.dropout > 0.0).then(|| {
        "This run drops inputs, and PiSSA, which is compared, allows no dropout; run it with dropout 0 first".to_owned()
    })
}

/// The comparison that follows from a run: the sweep of its task's preset with the run's own settings. Full fine-tuning beside each
/// method would double the work for nothing that the map shows.
fn rates(config: &Config, _: &Record, _: &Controls, _: &str) -> Picked {
    let preset = match config.task {
        Task::RotatedDigits => "rotated-digits",
        Task::OddEvenDigits => "odd-even",
        Task::Sine => "sine",
        Task::Text | Task::Pretrain => "rates",
    };
    let settings = vec![("full_beside", false.to_string())];
    Picked { next: Some(Next { preset, settings }), ..Picked::default() }
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let (arms, left_out) = across::arms(config, job)?;
    let mut rates: Vec<f64> = arms.iter().map(|arm| arm.config.learning_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let groups = across::by_method(&arms);
    let (mut values, mut marks, mut rings) = (Vec::new(), Vec::new(), Vec::new());
    let mut stable = Curve::default();
    for (row, (_, arms)) in groups.iter().enumerate() {
        let best = across::best(arms);
        for (column, rate) in rates.iter().enumerate() {
            let here: Vec<&&Arm> = arms.iter().filter(|arm| arm.config.learning_rate == *rate).collect();
            let finite: Vec<f64> = here
                .iter()
                .map(|arm| arm.result(&metrics::VALIDATION_LOSS))
                .filter(|loss| loss.is_finite())
                .collect();
            let diverged = here.iter().any(|arm| arm.failed);
            let mean = finite.iter().sum::<f64>() / finite.len() as f64;
            values.push(mean as f32);
            marks.push(u8::from(diverged));
            if best.is_some_and(|best| best.config.learning_rate == *rate) && !finite.is_empty() {
                rings.push((row, column));
            }
        }
        let top = arms.iter().map(|arm| arm.result(&metrics::HESSIAN_TOP)).find(|top| *top > 0.0);
        if let Some(top) = top {
            stable.x.push(place(&rates, 2.0 / top));
            stable.y.push(row as f64 + 0.5);
        }
    }
    let grid = Grid {
        rows: groups.iter().map(|(words, _)| words.clone()).collect(),
        columns: rates.iter().map(|rate| format!("{rate:e}")).collect(),
        values,
        marks,
        mark_names: vec!["diverged".to_owned()],
        rings,
        ring_name: "best of the method, by the first half of the windows".to_owned(),
        ..Grid::default()
    };
    let mut timeline = Timeline::default();
    timeline.push(0, grid);
    let empty = ch::RATE_MAP.labelled("losses", "validation loss").channel();
    let mut all = vec![Channel { data: Data::Grid(timeline), ..empty }];
    if !stable.x.is_empty() {
        let empty = ch::STABLE_RATE.labelled(STABLE, "2/λ of the start").channel();
        all.push(Channel { data: Data::Curve(Timeline::one(stable)), ..empty });
    }
    all.extend(left_out.channel());
    Ok(all)
}

/// Where a rate lies among columns, between them by its logarithm, within half a column of the ends.
fn place(rates: &[f64], rate: f64) -> f64 {
    let after = rates.partition_point(|own| *own < rate);
    let (Some(first), Some(last)) = (rates.first(), rates.last()) else { return 0.0 };
    if rate <= *first {
        return 0.0;
    }
    if rate >= *last {
        return rates.len() as f64;
    }
    let (low, high) = (rates[after - 1], rates[after]);
    after as f64 - 0.5 + (rate / low).ln() / (high / low).ln()
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_rate_lies_between_its_neighbours_by_its_logarithm() {
        let rates = [1e-4, 1e-3, 1e-1];
        assert!((place(&rates, 1e-2) - 2.0).abs() < 1e-12);
        assert_eq!((place(&rates, 1e-9), place(&rates, 1.0)), (0.0, 3.0));
        assert!((place(&rates, 1e-3) - 1.5).abs() < 1e-12);
    }
}
