//! k-means on standardised features, for slices of rows that are alike: seeding by squared distances (Arthur and Vassilvitskii, SODA
//! 2007), then Lloyd's steps.
//!
//! Contract: a function of rows, k and the stream alone. Centres are found on at most [`MOST_FITTED`] evenly taken rows; all rows are
//! assigned. Clusters are numbered by size, the largest first; none is empty unless rows repeat.

use rayon::prelude::*;

use weightscope_math::rng::Stream;

/// Rows that the centres are found on.
pub const MOST_FITTED: usize = 4000;
/// Most steps of Lloyd.
const MOST_STEPS: usize = 50;

/// Clusters of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clusters {
    /// Centres, `[clusters, columns]`.
    pub centres: Vec<Vec<f32>>,
    /// Rows of each cluster, ascending.
    pub members: Vec<Vec<usize>>,
}

/// Splits rows `[rows, columns]` into at most `k` clusters.
pub fn k_means(rows: &[&[f32]], k: usize, random: &mut Stream) -> Clusters {
    if rows.is_empty() {
        return Clusters::default();
    }
    let stride = rows.len().div_ceil(MOST_FITTED);
    let sample: Vec<&[f32]> = rows.iter().step_by(stride).copied().collect();
    let mut centres = seeds(&sample, k, random);
    let mut before: Vec<usize> = Vec::new();
    for _ in 0..MOST_STEPS {
        let now: Vec<usize> = sample.iter().map(|row| nearest(row, &centres)).collect();
        if now == before {
            break;
        }
        move_centres(&sample, &now, &mut centres);
        before = now;
    }
    let assigned: Vec<usize> = rows.par_iter().map(|row| nearest(row, &centres)).collect();
    let mut members = vec![Vec::new(); centres.len()];
    assigned.iter().enumerate().for_each(|(row, cluster)| members[*cluster].push(row));
    let mut order: Vec<usize> = (0..centres.len()).filter(|cluster| !members[*cluster].is_empty()).collect();
    order.sort_by_key(|cluster| (std::cmp::Reverse(members[*cluster].len()), *cluster));
    Clusters {
        centres: order.iter().map(|cluster| centres[*cluster].clone()).collect(),
        members: order.iter().map(|cluster| std::mem::take(&mut members[*cluster])).collect(),
    }
}

/// First centres: a row at random, then rows in proportion to their squared distance from the nearest centre.
fn seeds(sample: &[&[f32]], k: usize, random: &mut Stream) -> Vec<Vec<f32>> {
    let mut centres = vec![sample[random.below(sample.len())].to_vec()];
    let mut distances = vec![f64::INFINITY; sample.len()];
    while centres.len() < k.min(sample.len()) {
        if let Some(last) = centres.last() {
            for (distance, row) in distances.iter_mut().zip(sample) {
                *distance = distance.min(squared_distance(row, last));
            }
        }
        let total: f64 = distances.iter().sum();
        if total.is_nan() || total <= 0.0 {
            break;
        }
        let mut left = f64::from(random.unit()) * total;
        let chosen = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        // Rounding may leave a little over: then the farthest row.
        let farthest = || (0..sample.len()).max_by(|a, b| distances[*a].total_cmp(&distances[*b]));
        let Some(chosen) = chosen.or_else(farthest) else { break };
        centres.push(sample[chosen].to_vec());
    }
    centres
}

/// Each centre to the mean of its rows; one without rows stays.
fn move_centres(sample: &[&[f32]], assigned: &[usize], centres: &mut [Vec<f32>]) {
    let columns = sample.first().map_or(0, |row| row.len());
    let mut sums = vec![vec![0.0_f64; columns]; centres.len()];
    let mut counts = vec![0_usize; centres.len()];
    for (row, cluster) in sample.iter().zip(assigned) {
        counts[*cluster] += 1;
        sums[*cluster].iter_mut().zip(*row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    for ((centre, sum), count) in centres.iter_mut().zip(sums).zip(counts).filter(|(_, count)| *count > 0) {
        centre.iter_mut().zip(sum).for_each(|(value, sum)| *value = (sum / count as f64) as f32);
    }
}

fn nearest(row: &[f32], centres: &[Vec<f32>]) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (cluster, centre) in centres.iter().enumerate() {
        let distance = squared_distance(row, centre);
        if distance < best.0 {
            best = (distance, cluster);
        }
    }
    best.1
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from((a - b) * (a - b))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::rng::stream;

    #[test]
    fn separate_groups_are_found_and_numbered_by_size() {
        let mut random = stream(3, "groups");
        let places = [(0.0, 30), (10.0, 60), (20.0, 10)];
        let rows: Vec<[f32; 2]> = places
            .iter()
            .flat_map(|(at, count)| (0..*count).map(move |_| *at))
            .map(|at: f32| [at + 0.1 * random.normal(), -at + 0.1 * random.normal()])
            .collect();
        let rows: Vec<&[f32]> = rows.iter().map(<[f32; 2]>::as_slice).collect();
        let found = k_means(&rows, 3, &mut stream(1, "k"));
        let sizes: Vec<usize> = found.members.iter().map(Vec::len).collect();
        assert_eq!(sizes, [60, 30, 10]);
        assert!((found.centres[0][0] - 10.0).abs() < 0.1, "{:?}", found.centres);
        assert_eq!(found, k_means(&rows, 3, &mut stream(1, "k")), "the same again");
    }

    #[test]
    fn rows_that_repeat_and_too_few_rows_are_no_trouble() {
        let same = [[1.0_f32, 2.0]; 5];
        let rows: Vec<&[f32]> = same.iter().map(<[f32; 2]>::as_slice).collect();
        assert_eq!(k_means(&rows, 3, &mut stream(1, "k")).members, vec![vec![0, 1, 2, 3, 4]]);
        assert_eq!(k_means(&[], 3, &mut stream(1, "k")), Clusters::default());
        let infinite = [[f32::INFINITY], [0.0], [1.0]];
        let rows: Vec<&[f32]> = infinite.iter().map(<[f32; 1]>::as_slice).collect();
        let found = k_means(&rows, 2, &mut stream(1, "k"));
        assert_eq!(found.members.iter().map(Vec::len).sum::<usize>(), 3, "every row has a cluster");
    }
}
