//! Ranks with ties.

/// Ranks of values, 1 for the smallest; equal values share their mean rank.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let shared = (start + end + 1) as f64 / 2.0;
        order[start..end].iter().for_each(|index| ranks[*index] = shared);
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[]), Vec::<f64>::new());
        assert_eq!(ranks(&[f64::NAN, 1.0]), [2.0, 1.0], "what is not a number comes last");
    }

    proptest::proptest! {
        #[test]
        fn ranks_sum_to_what_they_must(values in proptest::collection::vec(-3_i8..3, 0..30)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let count = values.len() as f64;
            proptest::prop_assert_eq!(ranks(&values).iter().sum::<f64>(), count * (count + 1.0) / 2.0);
        }
    }
}
