//! What is watched while the search runs: spread of the weights of each decision, changes of the arg-max, agreement with the table.

use weightscope_math::stats::inequality::entropy;

use super::kernel::arg_max;

/// Spread of the weights of one decision.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Spread {
    /// Entropy, nats.
    pub entropy: f64,
    /// Entropy over that of equal weights; 0 for one option.
    pub normalised: f64,
    /// Largest weight less the second largest; 1 for one option.
    pub margin: f64,
}

/// Spread of a row of weights.
pub fn spread(weights: &[f64]) -> Spread {
    let entropy = entropy(weights).unwrap_or(0.0);
    let most = (weights.len() as f64).ln();
    let best = arg_max(weights);
    let others = weights.iter().enumerate().filter(|(place, _)| *place != best).map(|(_, weight)| *weight);
    let second = others.fold(0.0, f64::max);
    let margin = weights.get(best).map_or(0.0, |first| first - second);
    Spread { entropy, normalised: if most > 0.0 { entropy / most } else { 0.0 }, margin }
}

/// How a pick stands among all architectures.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Standing {
    /// Best true value less that of the pick.
    pub regret: f64,
    /// 1 for the best; one more than the number of architectures that are better.
    pub rank: usize,
}

/// Standing of the architecture in this place; none beyond the list.
pub fn standing(truth: &[f64], pick: usize) -> Option<Standing> {
    let own = *truth.get(pick)?;
    let best = truth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(Standing { regret: best - own, rank: 1 + truth.iter().filter(|value| **value > own).count() })
}

/// Share of the k best by score that are among the k best by truth; first places win ties. None if k is 0 or beyond the list.
pub fn top_precision(truth: &[f64], score: &[f64], k: usize) -> Option<f64> {
    if k == 0 || k > truth.len() || truth.len() != score.len() {
        return None;
    }
    let best = |values: &[f64]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        let at = |place: &usize| values.get(*place).copied().unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|a, b| at(b).total_cmp(&at(a)));
        order.truncate(k);
        order
    };
    let (truly, scored) = (best(truth), best(score));
    Some(scored.iter().filter(|place| truly.contains(place)).count() as f64 / k as f64)
}

/// A change of the arg-max of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Flip {
    /// Step after which it was seen.
    pub step: usize,
    /// The decision.
    pub decision: usize,
    /// Option before.
    pub from: usize,
    /// Option now.
    pub to: usize,
}

/// Changes from one arg-max to the next.
pub fn flips(step: usize, before: &[usize], now: &[usize]) -> Vec<Flip> {
    let both = before.iter().zip(now).enumerate();
    both.filter(|(_, (from, to))| from != to)
        .map(|(decision, (from, to))| Flip { step, decision, from: *from, to: *to })
        .collect()
}

/// `Σ ln a` over the active decisions: how the weights themselves rank an architecture.
pub fn log_weight(weights: &[Vec<f64>], picks: &[usize], active: &[bool]) -> f64 {
    let rows = weights.iter().zip(picks).zip(active).filter(|(_, active)| **active);
    rows.map(|((row, pick), _)| row.get(*pick).copied().unwrap_or(0.0).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_runs_from_equal_weights_to_one_option() {
        let equal = spread(&[0.25; 4]);
        assert!((equal.normalised - 1.0).abs() < 1e-12 && equal.margin == 0.0);
        let sure = spread(&[0.0, 1.0, 0.0]);
        assert_eq!((sure.entropy, sure.normalised, sure.margin), (0.0, 0.0, 1.0));
        assert_eq!(spread(&[1.0]).margin, 1.0, "one option is certain");
    }

    #[test]
    fn the_best_architecture_has_rank_one_and_no_regret() {
        let truth = [0.5, 0.9, 0.7, 0.9];
        assert_eq!(standing(&truth, 3), Some(Standing { regret: 0.0, rank: 1 }));
        let third = standing(&truth, 2).unwrap();
        assert!((third.regret - 0.2).abs() < 1e-12 && third.rank == 3);
        assert_eq!(standing(&truth, 4), None);
    }

    #[test]
    fn precision_counts_the_common_best() {
        let truth = [4.0, 3.0, 2.0, 1.0];
        assert_eq!(top_precision(&truth, &[4.0, 1.0, 3.0, 2.0], 2), Some(0.5));
        assert_eq!(top_precision(&truth, &truth, 4), Some(1.0));
        assert!(top_precision(&truth, &truth, 5).is_none() && top_precision(&truth, &truth, 0).is_none());
    }

    #[test]
    fn flips_name_the_decision_and_its_options() {
        let found = flips(7, &[0, 1, 2], &[0, 2, 1]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Flip { step: 7, decision: 1, from: 1, to: 2 });
    }
}
