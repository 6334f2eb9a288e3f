//! How unevenly the weights matter: |w·∂L/∂w|, the change of the loss that removing a weight would make to first order.

use weightscope_math::stats::inequality::gini;

/// Points of a Lorenz curve, ends included.
const POINTS: usize = 51;

/// Saliencies of the weights of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saliency {
    /// |w·∂L/∂w|, ascending.
    sorted: Vec<f64>,
}

impl Saliency {
    /// From weights and the gradient with respect to them, in any order.
    pub fn new<'a>(pairs: impl Iterator<Item = (&'a f32, &'a f32)>) -> Self {
        let mut sorted: Vec<f64> = pairs.map(|(w, g)| (f64::from(*w) * f64::from(*g)).abs()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// Share of the sum that the most salient tenth holds (the number rounded, at least one); not-a-number if the sum is 0.
    pub fn top_tenth(&self) -> f64 {
        let count = ((self.sorted.len() as f64 / 10.0).round() as usize).max(1);
        let total: f64 = self.sorted.iter().sum();
        let top: f64 = self.sorted.iter().rev().take(count).sum();
        if total > 0.0 { top / total } else { f64::NAN }
    }

    /// Gini coefficient; not-a-number if the sum is 0.
    pub fn gini(&self) -> f64 {
        gini(&self.sorted).unwrap_or(f64::NAN)
    }

    /// Lorenz curve: share of the weights, least salient first, and the share of the sum that they hold.
    pub fn lorenz(&self) -> (Vec<f64>, Vec<f64>) {
        let total: f64 = self.sorted.iter().sum();
        let mut cumulated = Vec::with_capacity(self.sorted.len() + 1);
        let mut sum = 0.0;
        cumulated.push(0.0);
        for part in &self.sorted {
            sum += part;
            cumulated.push(sum);
        }
        let at = |point: usize| {
            let share = point as f64 / (POINTS - 1) as f64;
            let place = (share * self.sorted.len() as f64).round() as usize;
            let held = cumulated.get(place).copied().unwrap_or(sum);
            (share, if total > 0.0 { held / total } else { f64::NAN })
        };
        (0..POINTS).map(at).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_saliencies_are_shared_equally() {
        let weights = vec![0.5_f32; 200];
        let found = Saliency::new(weights.iter().zip(&weights));
        assert!((found.top_tenth() - 0.1).abs() < 1e-12 && found.gini().abs() < 1e-12);
        let (x, y) = found.lorenz();
        assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-12), "the diagonal");
    }

    #[test]
    fn one_weight_that_does_all_holds_all() {
        let mut gradient = vec![0.0_f32; 100];
        gradient[17] = -3.0;
        let found = Saliency::new([1.0_f32; 100].iter().zip(&gradient));
        assert_eq!(found.top_tenth(), 1.0);
        assert!((found.gini() - 0.99).abs() < 1e-12);
        let (_, y) = found.lorenz();
        assert_eq!((y[0], y[49], y[50]), (0.0, 0.0, 1.0));
        assert!(Saliency::new([0.0_f32; 3].iter().zip(&[1.0; 3])).top_tenth().is_nan());
    }
}
