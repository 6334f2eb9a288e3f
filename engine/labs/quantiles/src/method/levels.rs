//! The grid of levels τ: ascending, inside (0, 1); scores by intervals also need it symmetric with the median.

/// Mirrored levels differ by no more than this from 1 − τ.
const MIRROR: f64 = 1e-9;

/// A checked grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels(Vec<f64>);

/// A central interval: two mirrored levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Position of the lower level.
    pub lower: usize,
    /// Position of the upper level.
    pub upper: usize,
    /// Nominal miss rate α = 2τ of the lower level.
    pub alpha: f64,
}

impl Pair {
    /// The nominal coverage in percent, as exact as levels are typed: 97.5, not 98.
    pub fn coverage_percent(&self) -> f64 {
        (1e9 * (1.0 - self.alpha)).round() / 1e7
    }
}

impl Levels {
    /// `count` levels k/(count + 1): 19 gives 0.05 … 0.95, 99 gives 0.01 … 0.99.
    pub fn even(count: usize) -> Self {
        Self((1..=count).map(|k| k as f64 / (count + 1) as f64).collect())
    }

    /// A list of levels.
    ///
    /// # Errors
    /// In words: no level, not ascending, repeated, or outside (0, 1).
    pub fn new(values: Vec<f64>) -> Result<Self, String> {
        if values.is_empty() {
            return Err("there is no level; give 19, 99 or a list such as 0.1, 0.5, 0.9".to_owned());
        }
        if let Some(bad) = values.iter().find(|value| !(**value > 0.0 && **value < 1.0)) {
            return Err(format!("the level {bad} does not lie between 0 and 1"));
        }
        for pair in values.windows(2) {
            if pair[0] == pair[1] {
                return Err(format!("the level {} is repeated; name each level once", pair[0]));
            }
            if pair[0] > pair[1] {
                return Err(format!(
                    "{} stands before {}; list the levels in ascending order",
                    pair[0], pair[1]
                ));
            }
        }
        Ok(Self(values))
    }

    /// What a person writes: a count (`19`, `99`) or a list (`0.1, 0.5, 0.9`).
    ///
    /// # Errors
    /// As [`Levels::new`], and words that are no numbers.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        let words: Vec<&str> = inner.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if let [word] = words.as_slice()
            && let Ok(count) = word.parse::<usize>()
        {
            return match count {
                1..=999 => Ok(Self::even(count)),
                _ => Err(format!("{count} levels cannot be used; take 1 to 999, 19 and 99 are usual")),
            };
        }
        let values = words.iter().map(|word| {
            word.parse::<f64>()
                .map_err(|_| format!("\"{word}\" is no number; give 19, 99 or a list such as 0.1, 0.5, 0.9"))
        });
        Self::new(values.collect::<Result<_, _>>()?)
    }

    /// The levels, ascending.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true: a grid holds at least one level.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The levels in single precision.
    pub fn singles(&self) -> Vec<f32> {
        self.0.iter().map(|value| *value as f32).collect()
    }

    /// True if each level has its mirror image and the median is one of them: what intervals and WIS need.
    pub fn is_symmetric(&self) -> bool {
        let mirrored =
            self.0.iter().zip(self.0.iter().rev()).all(|(low, high)| (low + high - 1.0).abs() <= MIRROR);
        mirrored && self.0.len() % 2 == 1
    }

    /// The central intervals, widest first; none on a grid that is not symmetric.
    pub fn pairs(&self) -> Vec<Pair> {
        if !self.is_symmetric() {
            return Vec::new();
        }
        let last = self.0.len() - 1;
        (0..self.0.len() / 2).map(|k| Pair { lower: k, upper: last - k, alpha: 2.0 * self.0[k] }).collect()
    }

    /// The central interval of this nominal coverage, if the grid has it.
    pub fn pair_at(&self, coverage: f64) -> Option<Pair> {
        self.pairs().into_iter().find(|pair| (1.0 - pair.alpha - coverage).abs() < 1e-6)
    }

    /// Position of the level nearest to one half; the lower one of two.
    pub fn middle(&self) -> usize {
        let distance = |index: &usize| (self.0[*index] - 0.5).abs();
        (0..self.0.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_read_and_bad_ones_named() {
        assert_eq!(Levels::parse("19").unwrap().values()[0], 0.05);
        assert_eq!(Levels::parse("0.1, 0.5,0.9").unwrap().len(), 3);
        for (text, words) in [
            ("0.5, 0.1", "ascending"),
            ("0.5,0.5", "repeated"),
            ("0, 0.5", "between 0 and 1"),
            ("0.1, x", "no number"),
            ("", "no level"),
            ("0", "1 to 999"),
        ] {
            let problem = Levels::parse(text).unwrap_err();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }

    #[test]
    fn pairs_are_mirrored() {
        let levels = Levels::even(19);
        assert!(levels.is_symmetric());
        assert_eq!(levels.pairs().len(), 9);
        assert!((levels.pair_at(0.8).unwrap().alpha - 0.2).abs() < 1e-12);
        assert_eq!(levels.middle(), 9);
        assert!(Levels::new(vec![0.1, 0.5, 0.8]).unwrap().pairs().is_empty());
        assert!(!Levels::even(2).is_symmetric(), "no median");
    }
}
