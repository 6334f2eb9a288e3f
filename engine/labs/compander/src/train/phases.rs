//! Which settings were in force at each step: a fork changes them in the middle, and the other repeats must be trained the same way.

use crate::config::Config;

use super::duo::steps_per_epoch;

/// Settings with the step from which they hold.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Phases(Vec<(u64, Config)>);

/// Settings without those that change no number of a network.
fn training(config: &Config) -> Config {
    let defaults = Config::default();
    Config { repeats: defaults.repeats, record_every: defaults.record_every, ..config.clone() }
}

impl Phases {
    /// One phase: no fork yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self(vec![(0, config.clone())])
    }

    /// True if these settings train as the newest ones do.
    pub(crate) fn goes_on_with(&self, config: &Config) -> bool {
        self.0.last().is_some_and(|(_, last)| training(last) == training(config))
    }

    /// From this step on these settings hold; phases that would have begun later are forgotten.
    pub(crate) fn change(&mut self, step: u64, config: &Config) {
        self.0.retain(|(from, _)| *from < step || *from == 0);
        if step == 0 {
            self.0.clear();
        }
        self.0.push((step, config.clone()));
    }

    /// The settings of a step, counted from 0.
    pub(crate) fn at(&self, step: u64) -> &Config {
        let after = self.0.partition_point(|(from, _)| *from <= step);
        // There is always a phase from step 0 on.
        &self.0[after.saturating_sub(1)].1
    }

    /// True if amplitude or width change at this step.
    pub(crate) fn turns(&self, step: u64) -> bool {
        step > 0 && self.0.iter().any(|(from, _)| *from == step) && {
            let (before, now) = (self.at(step - 1), self.at(step));
            (before.amplitude, before.width) != (now.amplitude, now.width)
        }
    }

    /// Steps in all, by the newest settings.
    pub(crate) fn steps(&self) -> u64 {
        self.0.last().map_or(0, |(_, config)| config.epochs * steps_per_epoch(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_from_the_step_of_their_fork() {
        let first = Config::default();
        let mut phases = Phases::new(&first);
        assert!(phases.goes_on_with(&Config { repeats: 9, record_every: 3, ..first.clone() }));
        let second = Config { amplitude: 1.2, ..first.clone() };
        assert!(!phases.goes_on_with(&second));
        phases.change(100, &second);
        assert_eq!((phases.at(99).amplitude, phases.at(100).amplitude), (2.2, 1.2));
        assert!(phases.turns(100) && !phases.turns(99) && !phases.turns(101));
        phases.change(200, &Config { learning_rate: 1e-3, ..second.clone() });
        assert!(!phases.turns(200), "the function stays");
        phases.change(150, &second);
        assert_eq!(phases.at(250).learning_rate, 3e-3, "a fork from before forgets what came after");
        phases.change(0, &second);
        assert_eq!((phases.at(0).amplitude, phases.steps()), (1.2, 480));
    }
}
