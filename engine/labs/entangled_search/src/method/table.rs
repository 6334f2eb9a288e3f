//! The table of architectures with their true accuracy, and what follows from it: noise ceiling, main effects, Pareto front.

use std::collections::BTreeMap;

use weightscope_math::stats::correlation::kendall;

/// One architecture with its trainings.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// Name.
    pub name: String,
    /// Option of each decision; none where the decision means nothing.
    pub picks: Vec<Option<usize>>,
    /// Accuracy of each training seed.
    pub seeds: Vec<f64>,
    /// Trained numbers, or another size; not-a-number if unknown.
    pub parameters: f64,
}

impl Row {
    /// Mean accuracy over seeds; not-a-number without seeds.
    pub fn accuracy(&self) -> f64 {
        self.seeds.iter().sum::<f64>() / self.seeds.len() as f64
    }

    /// Sample standard deviation over seeds; none for fewer than two.
    pub fn spread(&self) -> Option<f64> {
        let mean = self.accuracy();
        let square: f64 = self.seeds.iter().map(|value| (value - mean).powi(2)).sum();
        (self.seeds.len() > 1).then(|| (square / (self.seeds.len() as f64 - 1.0)).sqrt())
    }
}

/// All architectures of a space.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Table {
    /// One row for each.
    pub rows: Vec<Row>,
}

/// What one decision explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Mean accuracy of each option over the architectures in which the decision means something; not-a-number without any.
    pub means: Vec<f64>,
    /// Variance of the option means, weighted by their numbers, over the variance of those architectures; 0 if they do not vary.
    pub share: f64,
}

impl Table {
    /// Mean accuracies, in the order of the rows.
    pub fn accuracies(&self) -> Vec<f64> {
        self.rows.iter().map(Row::accuracy).collect()
    }

    /// Place of the best architecture, the first among equals; none for an empty table.
    pub fn best(&self) -> Option<usize> {
        if self.rows.is_empty() { None } else { Some(super::kernel::arg_max(&self.accuracies())) }
    }

    /// Kendall's τ between the tables of two seeds, for each pair of seeds in order; pairs without correlation are left out.
    pub fn ceilings(&self) -> Vec<f64> {
        let seeds = self.rows.iter().map(|row| row.seeds.len()).min().unwrap_or(0);
        let of = |seed: usize| -> Vec<f64> {
            self.rows.iter().filter_map(|row| row.seeds.get(seed).copied()).collect()
        };
        let pairs = (0..seeds).flat_map(|first| (first + 1..seeds).map(move |second| (first, second)));
        pairs.filter_map(|(first, second)| kendall(&of(first), &of(second)).ok().flatten()).collect()
    }

    /// The noise ceiling: the mean of [`Table::ceilings`]; none with fewer than two seeds.
    pub fn ceiling(&self) -> Option<f64> {
        let all = self.ceilings();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// What a decision of so many options explains.
    pub fn effect(&self, decision: usize, options: usize) -> Effect {
        let own = self.rows.iter().filter_map(|row| Some(((*row.picks.get(decision)?)?, row.accuracy())));
        let pairs: Vec<(usize, f64)> = own.collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let all: Vec<f64> = pairs.iter().map(|(_, value)| *value).collect();
        let grand = mean(&all);
        let total: f64 = all.iter().map(|value| (value - grand).powi(2)).sum();
        let (mut means, mut between) = (Vec::with_capacity(options), 0.0);
        for option in 0..options {
            let group: Vec<f64> =
                pairs.iter().filter(|(pick, _)| *pick == option).map(|(_, value)| *value).collect();
            let own = mean(&group);
            if !group.is_empty() {
                between += group.len() as f64 * (own - grand).powi(2);
            }
            means.push(own);
        }
        Effect { means, share: if total > 0.0 { between / total } else { 0.0 } }
    }

    /// Places of the architectures than which none is both at most as large and better, the smallest first.
    pub fn pareto(&self) -> Vec<usize> {
        let sizes: Vec<f64> = self.rows.iter().map(|row| row.parameters).collect();
        pareto(&sizes, &self.accuracies())
    }

    /// Places by name.
    pub fn places(&self) -> BTreeMap<&str, usize> {
        self.rows.iter().enumerate().map(|(place, row)| (row.name.as_str(), place)).collect()
    }
}

/// Places of the front of small costs and large values, cheapest first; of equal costs only the best, of equal values only the cheapest.
pub fn pareto(costs: &[f64], values: &[f64]) -> Vec<usize> {
    let mut order: Vec<(f64, f64, usize)> =
        costs.iter().zip(values).enumerate().map(|(place, (cost, value))| (*cost, *value, place)).collect();
    order.retain(|(cost, value, _)| !cost.is_nan() && !value.is_nan());
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let mut best = f64::NEG_INFINITY;
    let mut front = Vec::new();
    for (_, value, place) in order {
        if value > best {
            best = value;
            front.push(place);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |picks: [Option<usize>; 2], seeds: [f64; 2], parameters: f64| Row {
            name: format!("{picks:?}"),
            picks: picks.to_vec(),
            seeds: seeds.to_vec(),
            parameters,
        };
        Table {
            rows: vec![
                row([Some(0), None], [0.1, 0.3], 10.0),
                row([Some(1), Some(0)], [0.5, 0.7], 30.0),
                row([Some(1), Some(1)], [0.6, 0.8], 20.0),
            ],
        }
    }

    #[test]
    fn means_spread_and_best_are_those_of_the_seeds() {
        let table = table();
        assert!((table.rows[0].accuracy() - 0.2).abs() < 1e-12);
        assert!((table.rows[0].spread().unwrap() - 0.02_f64.sqrt()).abs() < 1e-12);
        assert_eq!((table.best(), table.ceiling()), (Some(2), Some(1.0)));
        assert_eq!((Table::default().best(), Table::default().ceiling()), (None, None));
    }

    #[test]
    fn a_decision_that_separates_everything_explains_everything() {
        let table = table();
        let second = table.effect(1, 2);
        assert!((second.share - 1.0).abs() < 1e-12, "one architecture for each option");
        assert!((second.means[1] - 0.7).abs() < 1e-12);
        let first = table.effect(0, 3);
        // Means .2 and .65 around .5: between (.09 + 2·.0225) of (.09 + .01 + .04).
        assert!((first.share - 0.135 / 0.14).abs() < 1e-12 && first.means[2].is_nan());
    }

    #[test]
    fn the_front_rises_with_size() {
        assert_eq!(table().pareto(), [0, 2]);
        assert_eq!(pareto(&[1.0, 1.0, 2.0, 3.0], &[0.1, 0.2, 0.2, f64::NAN]), [1]);
    }
}
