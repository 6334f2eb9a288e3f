//! Conversions between recorded rows and what views draw.

use weightscope_weights::measure::statistics::{BINS, EDGE};

/// Bins of the histogram that make one column of the map.
const POOLED: usize = 2;
/// What a bin without weights counts as, so that its logarithm can be drawn.
const EMPTY: f64 = -7.0;

/// Names of the map's columns: below, the middles of the bins in standard deviations, above.
pub(crate) fn bin_names() -> Vec<String> {
    let count = BINS / POOLED;
    let middle = |bin: usize| EDGE * ((2.0 * bin as f64 + 1.0) / count as f64 - 1.0);
    let mut names = vec![format!("< −{EDGE}")];
    names.extend((0..count).map(|bin| format!("{:.1}", middle(bin))));
    names.push(format!("> {EDGE}"));
    names
}

/// The counts of a histogram in the map's columns: below, neighbouring bins together, above. Counts that are pooled stay as they are.
pub(crate) fn pooled(histogram: &[u64]) -> Vec<u64> {
    let ends = histogram.split_first().and_then(|(below, rest)| Some((below, rest.split_last()?)));
    let Some((below, (above, bins))) = ends.filter(|_| histogram.len() == BINS + 2) else {
        return histogram.to_vec();
    };
    let mut columns = vec![*below];
    columns.extend(bins.chunks(POOLED).map(|pool| pool.iter().sum::<u64>()));
    columns.push(*above);
    columns
}

/// Decimal logarithms of the shares of the weights in the map's columns; columns without any stand at the floor.
pub(crate) fn log_shares(columns: &[u64]) -> Vec<f32> {
    let total: u64 = columns.iter().sum();
    let log = |count: &u64| {
        let share = *count as f64 / total.max(1) as f64;
        (if share > 0.0 { share.log10().max(EMPTY) } else { EMPTY }) as f32
    };
    columns.iter().map(log).collect()
}

/// Density over w/σ from the map's columns, the ends left out: middles of the bins and shares per standard deviation.
pub(crate) fn density(shares: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let count = BINS / POOLED;
    let width = 2.0 * EDGE / count as f64;
    let bins = shares.iter().skip(1).take(count).enumerate();
    bins.map(|(bin, share)| {
        let middle = EDGE * ((2.0 * bin as f64 + 1.0) / count as f64 - 1.0);
        let share = f64::from(*share);
        (middle, if share > EMPTY { 10.0_f64.powf(share) / width } else { 0.0 })
    })
    .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_map_give_the_density_back() {
        let mut histogram = vec![0_u64; BINS + 2];
        histogram[1 + BINS / 2] = 60;
        histogram[BINS / 2] = 40;
        let (x, y) = density(&log_shares(&pooled(&histogram)));
        let width = 2.0 * EDGE / (BINS / POOLED) as f64;
        let total: f64 = y.iter().map(|y| y * width).sum();
        assert!((total - 1.0).abs() < 1e-6, "all weights: {total}");
        assert_eq!(x.len(), BINS / POOLED);
        assert!((x[0] + EDGE - 0.5 * width).abs() < 1e-9, "the first middle: {}", x[0]);
        assert_eq!(bin_names().len(), log_shares(&pooled(&histogram)).len());
    }
}
