//! Alarms of a search: what was seen, by which rule, and nothing that the record does not show (sheet §12, inferred).

use super::sampler::Sampler;

/// Kind of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Alarm {
    /// Expected parameters fell below a share of their largest value while the train loss is below a share of the validation loss.
    Shrink,
    /// The arg-max is the largest option of every decision.
    Largest,
    /// Skip is the arg-max on more than half of the edges.
    Skip,
    /// α has hardly moved after a share of the steps.
    Frozen,
    /// Weights are nearly certain early.
    EarlyCertainty,
    /// An option was not sampled for many steps.
    Starved,
    /// Mixture and inherited arg-max differ in accuracy.
    Gap,
    /// The supernet ranks architectures against the table.
    RankNegative,
}

impl Alarm {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Shrink,
        Self::Largest,
        Self::Skip,
        Self::Frozen,
        Self::EarlyCertainty,
        Self::Starved,
        Self::Gap,
        Self::RankNegative,
    ];

    /// Name in settings and results.
    pub fn key(self) -> &'static str {
        match self {
            Self::Shrink => "shrink",
            Self::Largest => "largest",
            Self::Skip => "skip",
            Self::Frozen => "frozen",
            Self::EarlyCertainty => "early_certainty",
            Self::Starved => "starved",
            Self::Gap => "gap",
            Self::RankNegative => "rank_negative",
        }
    }

    /// What can be done.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Shrink => {
                "Stop at the best mixture, train for fewer steps, or use more data or weight decay: the supernet memorises its training rows."
            }
            Self::Largest => "Compare with training the largest architecture alone, or set a price on size.",
            Self::Skip => {
                "Compare with uniform sampling, start the architecture later, or leave skip out of the options."
            }
            Self::Frozen => {
                "Raise the learning rate of the architecture: times the steps it should be about 8 to 10."
            }
            Self::EarlyCertainty => {
                "Lower the learning rate of the architecture or start it later: the choice was made before the weights had learned."
            }
            Self::Starved => {
                "Sample uniformly for longer or raise the temperature: an option that is not sampled cannot be judged."
            }
            Self::Gap => "Judge the architecture by its inherited or retrained accuracy, not by the mixture.",
            Self::RankNegative => "Do not pick by this supernet: its order contradicts the table.",
        }
    }
}

/// Thresholds of the rules.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Thresholds {
    /// Expected parameters over their largest value in the run.
    pub shrink_size: f64,
    /// Train loss over validation loss.
    pub shrink_loss: f64,
    /// Share of edges with skip as the arg-max that is exceeded.
    pub skip_share: f64,
    /// Largest change of α that counts as none.
    pub frozen_change: f64,
    /// Share of the steps after which that is asked.
    pub frozen_after: f64,
    /// Normalised entropy of every decision that counts as certain.
    pub certain_entropy: f64,
    /// Share of the steps before which that is early.
    pub certain_before: f64,
    /// Steps without a sample.
    pub starved_steps: usize,
    /// Difference of accuracies.
    pub gap: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            shrink_size: 0.5,
            shrink_loss: 0.5,
            skip_share: 0.5,
            frozen_change: 1e-3,
            frozen_after: 0.1,
            certain_entropy: 0.05,
            certain_before: 0.2,
            starved_steps: 50,
            gap: 0.05,
        }
    }
}

/// What the rules look at, at one moment; what was not measured at it is none.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// Steps done and steps of the whole search.
    pub steps: (usize, usize),
    /// Sampler of the search.
    pub sampler: Sampler,
    /// The arg-max of each decision and its number of options.
    pub picks: &'a [(usize, usize)],
    /// Decisions that choose the operation of an edge, with the option that is the skip.
    pub skips: &'a [(usize, usize)],
    /// Expected parameters now and their largest value so far.
    pub parameters: Option<(f64, f64)>,
    /// Train and validation loss.
    pub losses: Option<(f64, f64)>,
    /// Largest change of an α since the architecture started to move.
    pub change: Option<f64>,
    /// Normalised entropy of each decision with more than one option.
    pub entropies: &'a [f64],
    /// Largest number of steps for which an option was not sampled.
    pub unpicked: usize,
    /// Accuracy of the mixture and of the inherited arg-max.
    pub accuracies: Option<(f64, f64)>,
    /// Rank correlation of supernet and table.
    pub rank_tau: Option<f64>,
}

impl Moment<'_> {
    /// Whether the rule of an alarm holds.
    pub fn shows(&self, alarm: Alarm, limits: &Thresholds) -> bool {
        let (step, total) = self.steps;
        let progress = step as f64 / total.max(1) as f64;
        // Without an architecture that learns, its picks and its α say nothing.
        let learns = self.sampler != Sampler::Uniform;
        match alarm {
            Alarm::Shrink => {
                let small = self.parameters.is_some_and(|(now, most)| now < limits.shrink_size * most);
                small && self.losses.is_some_and(|(train, valid)| train < limits.shrink_loss * valid)
            }
            Alarm::Largest => {
                let last = |(pick, options): &(usize, usize)| pick + 1 == *options;
                learns && step > 0 && !self.picks.is_empty() && self.picks.iter().all(last)
            }
            Alarm::Skip => {
                let skip = |(decision, option): &&(usize, usize)| {
                    self.picks.get(*decision).is_some_and(|(pick, _)| pick == option)
                };
                let count = self.skips.iter().filter(skip).count() as f64;
                learns && step > 0 && count > limits.skip_share * self.skips.len() as f64
            }
            Alarm::Frozen => {
                learns
                    && progress >= limits.frozen_after
                    && self.change.is_some_and(|most| most < limits.frozen_change)
            }
            Alarm::EarlyCertainty => {
                let certain = self.entropies.iter().all(|entropy| *entropy < limits.certain_entropy);
                learns && progress < limits.certain_before && !self.entropies.is_empty() && certain
            }
            Alarm::Starved => self.sampler.picks() && self.unpicked >= limits.starved_steps,
            Alarm::Gap => self.accuracies.is_some_and(|(mixture, own)| (mixture - own).abs() > limits.gap),
            Alarm::RankNegative => self.rank_tau.is_some_and(|tau| tau < 0.0),
        }
    }

    /// The alarms whose rules hold.
    pub fn alarms(&self, limits: &Thresholds) -> Vec<Alarm> {
        Alarm::ALL.into_iter().filter(|alarm| self.shows(*alarm, limits)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm() -> Moment<'static> {
        Moment {
            steps: (50, 100),
            sampler: Sampler::Dirichlet,
            picks: &[(0, 3), (2, 3)],
            skips: &[],
            parameters: Some((80.0, 100.0)),
            losses: Some((0.1, 0.9)),
            change: Some(0.4),
            entropies: &[0.7, 0.01],
            unpicked: 0,
            accuracies: Some((0.8, 0.79)),
            rank_tau: Some(0.5),
        }
    }

    #[test]
    fn a_calm_search_has_no_alarm_and_each_rule_has_one() {
        let limits = Thresholds::default();
        assert!(calm().alarms(&limits).is_empty());
        let cases = [
            (Moment { parameters: Some((40.0, 100.0)), ..calm() }, Alarm::Shrink),
            (Moment { picks: &[(2, 3), (2, 3)], ..calm() }, Alarm::Largest),
            (Moment { skips: &[(0, 0)], ..calm() }, Alarm::Skip),
            (Moment { change: Some(5e-4), ..calm() }, Alarm::Frozen),
            (Moment { steps: (10, 100), entropies: &[0.01, 0.02], ..calm() }, Alarm::EarlyCertainty),
            (Moment { sampler: Sampler::Gumbel, unpicked: 50, ..calm() }, Alarm::Starved),
            (Moment { accuracies: Some((0.7, 0.8)), ..calm() }, Alarm::Gap),
            (Moment { rank_tau: Some(-0.01), ..calm() }, Alarm::RankNegative),
        ];
        for (moment, alarm) in cases {
            assert_eq!(moment.alarms(&limits), [alarm]);
        }
    }

    #[test]
    fn shrinking_without_memorising_is_no_alarm() {
        let moment = Moment { parameters: Some((40.0, 100.0)), losses: Some((0.8, 0.9)), ..calm() };
        assert!(moment.alarms(&Thresholds::default()).is_empty());
    }

    #[test]
    fn half_of_the_edges_is_not_more_than_half() {
        let moment = Moment { picks: &[(0, 4), (0, 4), (3, 4), (3, 4)], ..calm() };
        let skips = [(0, 0), (1, 0), (2, 0), (3, 0)];
        assert!(Moment { skips: &skips, ..moment.clone() }.alarms(&Thresholds::default()).is_empty());
        let most = Moment { skips: &skips[..3], ..moment };
        assert_eq!(most.alarms(&Thresholds::default()), [Alarm::Skip]);
    }

    #[test]
    fn uniform_sampling_has_no_choice_that_could_alarm() {
        let moment = Moment {
            sampler: Sampler::Uniform,
            picks: &[(2, 3)],
            change: Some(0.0),
            skips: &[(0, 2)],
            ..calm()
        };
        assert!(moment.alarms(&Thresholds::default()).is_empty());
    }
}
