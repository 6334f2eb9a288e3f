//! The linear assignment problem: who takes what so that the sum of gains is largest.

/// The assignment of columns to rows with the largest sum, for a square matrix, row-major. Jonker and Volgenant's shortest augmenting
/// paths (Computing 38, 1987), O(n³).
pub fn assign(gains: &[f64], size: usize) -> Vec<usize> {
    let cost = |row: usize, column: usize| -gains[row * size + column];
    // Column 0 is a helper: rows and columns count from 1.
    let (mut of_row, mut of_column) = (vec![0.0; size + 1], vec![0.0; size + 1]);
    let mut row_at = vec![0_usize; size + 1];
    for row in 1..=size {
        row_at[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; size + 1];
        let mut before = vec![0_usize; size + 1];
        let mut used = vec![false; size + 1];
        while row_at[column] != 0 {
            used[column] = true;
            let present = row_at[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=size).filter(|other| !used[*other]) {
                let reduced = cost(present - 1, other - 1) - of_row[present] - of_column[other];
                if reduced < least[other] {
                    least[other] = reduced;
                    before[other] = column;
                }
                if least[other] < step {
                    step = least[other];
                    next = other;
                }
            }
            if next == 0 {
                break;
            }
            for other in 0..=size {
                if used[other] {
                    of_row[row_at[other]] += step;
                    of_column[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_at[column] = row_at[before[column]];
            column = before[column];
        }
    }
    let mut assigned: Vec<usize> = (0..size).collect();
    for (column, row) in row_at.iter().skip(1).enumerate() {
        if let Some(place) = row.checked_sub(1).and_then(|row| assigned.get_mut(row)) {
            *place = column;
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn an_assignment_is_the_best_of_all() {
        let mut random = stream(6, "gains");
        for size in 1..=6_usize {
            let gains: Vec<f64> = (0..size * size).map(|_| f64::from(random.normal())).collect();
            let total = |p: &[usize]| -> f64 { p.iter().enumerate().map(|(i, j)| gains[i * size + j]).sum() };
            let found = assign(&gains, size);
            let mut best = f64::NEG_INFINITY;
            let mut orders = vec![vec![]];
            for _ in 0..size {
                orders = orders
                    .into_iter()
                    .flat_map(|order: Vec<usize>| {
                        (0..size)
                            .filter(|j| !order.contains(j))
                            .map(|j| [&order[..], &[j]].concat())
                            .collect::<Vec<_>>()
                    })
                    .collect();
            }
            for order in &orders {
                best = best.max(total(order));
            }
            assert!((total(&found) - best).abs() < 1e-9, "{size}: {found:?}");
        }
    }
}
