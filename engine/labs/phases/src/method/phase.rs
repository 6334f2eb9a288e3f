//! The phase of a cell from its metrics (Yang et al., arXiv 2107.11228; model zoo, arXiv 2504.18072).
//!
//! Both papers draw the borders by hand and give no number; the rule below, a vote of thresholds, reproduces the drawn
//! picture on the released figures. Hot (high loss, rugged) and poorly connected is I, hot alone II, poorly connected
//! alone III, neither is IV: B if the seeds are similar, A if not.

/// A phase of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Underfitted and undersized.
    I,
    /// Underfitted.
    II,
    /// Undersized.
    III,
    /// Overfitted: trained and connected, but the seeds differ.
    IvA,
    /// Generalising.
    IvB,
    /// Trained and connected, similarity unknown.
    Iv,
    /// A needed metric is missing.
    Unknown,
    /// A seed ran into infinity.
    Diverged,
}

impl Phase {
    /// All phases, in the order of legends.
    pub const ALL: [Self; 8] =
        [Self::I, Self::II, Self::III, Self::IvA, Self::IvB, Self::Iv, Self::Unknown, Self::Diverged];

    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::IvA => "IV-A",
            Self::IvB => "IV-B",
            Self::Iv => "IV",
            Self::Unknown => "unknown",
            Self::Diverged => "diverged",
        }
    }

    /// What the papers call it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::I => "underfitted and undersized",
            Self::II => "underfitted",
            Self::III => "undersized",
            Self::IvA => "overfitted",
            Self::IvB => "generalising",
            Self::Iv => "trained, similarity unknown",
            Self::Unknown => "unknown",
            Self::Diverged => "diverged",
        }
    }

    /// Position in [`Phase::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|phase| *phase == self).unwrap_or(0)
    }

    /// On which side of the border between hot and cold it lies.
    pub const fn is_hot(self) -> Option<bool> {
        match self {
            Self::I | Self::II => Some(true),
            Self::III | Self::Iv | Self::IvA | Self::IvB => Some(false),
            Self::Unknown | Self::Diverged => None,
        }
    }
}

/// What is known of a cell's phase: before its seeds are connected, only the side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The rule decides.
    Phase(Phase),
    /// The votes say hot, the connectivity is missing: I or II.
    Hot,
    /// The votes say cold, the connectivity is missing: III or IV.
    Cold,
}

impl Reading {
    /// What is known of a cell.
    pub fn of(metrics: &Metrics, thresholds: &Thresholds) -> Self {
        match (classify(metrics, thresholds), is_hot(metrics, thresholds)) {
            (Phase::Unknown, Some(true)) => Self::Hot,
            (Phase::Unknown, Some(false)) => Self::Cold,
            (phase, _) => Self::Phase(phase),
        }
    }

    /// The phase, if it is decided.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Phase(phase) => phase,
            Self::Hot | Self::Cold => Phase::Unknown,
        }
    }

    const fn is_hot(self) -> Option<bool> {
        match self {
            Self::Phase(phase) => phase.is_hot(),
            Self::Hot => Some(true),
            Self::Cold => Some(false),
        }
    }

    /// True if a border runs between two cells, as far as is known.
    pub fn is_apart(self, other: Self) -> bool {
        match (self, other) {
            (Self::Phase(Phase::Unknown), _) | (_, Self::Phase(Phase::Unknown)) => false,
            (Self::Phase(one), Self::Phase(other)) => one != other,
            _ => matches!((self.is_hot(), other.is_hot()), (Some(one), Some(other)) if one != other),
        }
    }
}

/// Metrics that the rule reads; `None` where unknown. Logarithms are natural, mode connectivity is in percentage points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Cross-entropy on the training set.
    pub train_loss: Option<f64>,
    /// Logarithm of the largest Hessian eigenvalue.
    pub log_lambda: Option<f64>,
    /// Logarithm of the Hessian trace.
    pub log_trace: Option<f64>,
    /// Mode connectivity.
    pub connectivity: Option<f64>,
    /// Similarity of the seeds.
    pub cka: Option<f64>,
}

/// Thresholds of the rule; a vote whose threshold is absent is not cast.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Above: hot.
    pub log_lambda: Option<f64>,
    /// Above: hot.
    pub log_trace: Option<f64>,
    /// Above: hot.
    pub train_loss: Option<f64>,
    /// Below minus this: poorly connected.
    pub connectivity: f64,
    /// At or above: similar.
    pub cka: f64,
}

/// The phase of a cell (method sheet, section 2). On a tie of the votes the last one decides: the train loss, if it votes.
pub fn classify(metrics: &Metrics, thresholds: &Thresholds) -> Phase {
    let (Some(hot), Some(connectivity)) = (is_hot(metrics, thresholds), metrics.connectivity) else {
        return Phase::Unknown;
    };
    let poor = connectivity < -thresholds.connectivity;
    match (hot, poor) {
        (true, true) => Phase::I,
        (true, false) => Phase::II,
        (false, true) => Phase::III,
        (false, false) => match metrics.cka {
            Some(cka) if cka >= thresholds.cka => Phase::IvB,
            Some(_) => Phase::IvA,
            None => Phase::Iv,
        },
    }
}

/// The majority of the votes; nothing without a training loss or without a vote.
fn is_hot(metrics: &Metrics, thresholds: &Thresholds) -> Option<bool> {
    let loss = metrics.train_loss?;
    let vote = |value: Option<f64>, threshold: Option<f64>| Some(value? > threshold?);
    let votes: Vec<bool> = [
        vote(metrics.log_lambda, thresholds.log_lambda),
        vote(metrics.log_trace, thresholds.log_trace),
        vote(Some(loss), thresholds.train_loss),
    ]
    .into_iter()
    .flatten()
    .collect();
    let last = votes.last()?;
    let ayes = votes.iter().filter(|vote| **vote).count();
    Some(if 2 * ayes == votes.len() { *last } else { 2 * ayes > votes.len() })
}

/// True for a cell of phase II whose curve finds nothing better either: not undertrained but stuck.
pub fn is_stuck(phase: Phase, metrics: &Metrics, thresholds: &Thresholds) -> bool {
    phase == Phase::II && metrics.connectivity.is_some_and(|mc| mc <= thresholds.connectivity)
}

/// Share of the readings (one for each seed or pair) that agree with the cell's phase; 1 without readings.
pub fn confidence(phase: Phase, readings: &[Metrics], thresholds: &Thresholds) -> f64 {
    if readings.is_empty() {
        return 1.0;
    }
    let agreeing = readings.iter().filter(|reading| classify(reading, thresholds) == phase).count();
    agreeing as f64 / readings.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: Thresholds =
        Thresholds { log_lambda: None, log_trace: None, train_loss: Some(0.1), connectivity: 2.0, cka: 0.75 };

    fn cell(loss: f64, connectivity: f64, cka: Option<f64>) -> Metrics {
        Metrics { train_loss: Some(loss), connectivity: Some(connectivity), cka, ..Metrics::default() }
    }

    #[test]
    fn borders_belong_to_the_better_side() {
        assert_eq!(classify(&cell(0.1, -2.0, Some(0.75)), &DESK), Phase::IvB);
        assert_eq!(classify(&cell(0.1, -2.001, Some(0.75)), &DESK), Phase::III);
        assert_eq!(classify(&cell(0.2, 1.0, None), &DESK), Phase::II);
    }

    #[test]
    fn stuck_and_sure() {
        let stuck = cell(2.3, 0.5, None);
        assert!(is_stuck(Phase::II, &stuck, &DESK));
        assert!(!is_stuck(Phase::II, &cell(2.0, 9.0, None), &DESK));
        let readings = [cell(0.2, 1.0, None), cell(0.05, 1.0, None), cell(0.3, -9.0, None)];
        assert_eq!(confidence(Phase::II, &readings, &DESK), 1.0 / 3.0);
    }

    #[test]
    fn without_a_vote_nothing_is_known() {
        let silent = Thresholds { train_loss: None, ..DESK };
        assert_eq!(classify(&cell(0.1, 0.0, Some(0.9)), &silent), Phase::Unknown);
    }

    #[test]
    fn before_the_seeds_are_connected_the_side_is_known() {
        let early = |loss: f64| Metrics { train_loss: Some(loss), ..Metrics::default() };
        assert_eq!(Reading::of(&early(0.2), &DESK), Reading::Hot);
        assert_eq!(Reading::of(&early(0.1), &DESK), Reading::Cold, "at the threshold");
        let two = Reading::Phase(Phase::II);
        assert!(Reading::Hot.is_apart(Reading::Cold) && Reading::Cold.is_apart(two));
        assert!(!Reading::Hot.is_apart(two), "II may be what it turns out to be");
        assert!(Reading::Phase(Phase::I).is_apart(two));
        assert!(!Reading::Phase(Phase::Unknown).is_apart(two), "nothing is known there");
    }
}
