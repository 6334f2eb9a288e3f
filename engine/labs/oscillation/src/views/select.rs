//! What clicks and buttons select among the traced weights.

use weightscope_frame::lab::Picked;
use weightscope_frame::record::{Data, Pick, Record};

use crate::channels as ch;

/// Most weights that one click or button selects.
pub(super) const MOST_PICKED: usize = 12;

/// Traced weights by their number of flips up to `step`, most first.
pub(super) fn most_flips(record: &Record, layer: Option<&str>, step: f64) -> Picked {
    let Some(trace) = record.vector(ch::TRACE.id()) else { return Picked::default() };
    let mut ranked: Vec<(usize, u64)> = trace
        .components
        .iter()
        .filter(|component| layer.is_none_or(|layer| component.group == layer))
        .map(|component| (flips_of(record, component.id, step), component.id))
        .collect();
    ranked.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    Picked { ids: ranked.into_iter().take(MOST_PICKED).map(|(_, id)| id).collect(), ..Picked::default() }
}

fn flips_of(record: &Record, id: u64, step: f64) -> usize {
    match record.get(ch::FLIPS.id()).map(|channel| &channel.data) {
        Some(Data::Marks(marks)) => {
            marks.marks.iter().filter(|mark| mark.id == id && mark.step <= step).count()
        }
        _ => 0,
    }
}

/// Traced weights of a layer by a measure of their value at the step: those inside the brushed range, the most flips first, or those
/// nearest to the click.
pub(super) fn by_value(
    record: &Record,
    layer: Option<&str>,
    pick: &Pick,
    measure: impl Fn(f64) -> f64,
) -> Picked {
    let Some(trace) = record.vector(ch::TRACE.id()) else { return Picked::default() };
    let step = pick.step as f64;
    let of_layer = trace.components.iter().filter(|one| layer.is_none_or(|layer| one.group == layer));
    let measured = of_layer.filter_map(|one| Some((one.id, measure(one.series.at(step)?.y))));
    let ids = if let Some([low, high, _, _]) = pick.region {
        let inside = measured.filter(|(_, value)| (low..=high).contains(value));
        let mut ranked: Vec<(usize, u64)> = inside.map(|(id, _)| (flips_of(record, id, step), id)).collect();
        ranked.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        ranked.into_iter().take(MOST_PICKED).map(|(_, id)| id).collect()
    } else {
        let mut ranked: Vec<(f64, u64)> = measured.map(|(id, value)| ((value - pick.x).abs(), id)).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().take(MOST_PICKED / 3).map(|(_, id)| id).collect()
    };
    Picked { ids, group: layer.map(str::to_owned), ..Picked::default() }
}
