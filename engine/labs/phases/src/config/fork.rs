//! What a fork may change: it may extend the grid and measure more or otherwise, but the networks that are done must still mean the
//! same. Which single settings may change follows from the stages that first read them; here stand the rules between two grids.

use super::{Config, Values};
use weightscope_frame::experiment::{Problem, number};

impl Config {
    /// Why a grid with these settings cannot go on from a checkpoint of one with the settings `parent`: it must keep all its cells and
    /// networks.
    pub(crate) fn fork_problems(&self, parent: &Self) -> Vec<Problem> {
        let mut problems = Vec::new();
        // With other axes the values cannot be compared, and the axes are named already.
        if self.load == parent.load {
            keeps_values(&mut problems, self.load_key(), &self.load_axis(), &parent.load_axis());
        }
        if self.temperature == parent.temperature {
            let values = (self.temperature_axis(), parent.temperature_axis());
            keeps_values(&mut problems, self.temperature_key(), &values.0, &values.1);
        }
        if self.seeds < parent.seeds {
            let message = "a fork keeps the networks of its parent, and this drops some";
            let allowed = format!("{} or more", parent.seeds);
            problems.push(Problem::error("seeds", message).allowing(allowed));
        }
        problems
    }

    fn load_key(&self) -> &'static str {
        match self.load_values {
            Values::Range => "load_values",
            Values::List => self.load.list_key(),
        }
    }

    fn temperature_key(&self) -> &'static str {
        match self.temperature_values {
            Values::Range => "temperature_values",
            Values::List => self.temperature.list_key(),
        }
    }
}

fn keeps_values(problems: &mut Vec<Problem>, key: &str, now: &[f64], before: &[f64]) {
    let gone: Vec<String> =
        before.iter().filter(|value| !now.contains(value)).map(|value| number(*value)).collect();
    if !gone.is_empty() {
        let message = format!("a fork keeps the cells of its parent, and {} would be gone", gone.join(", "));
        let all: Vec<String> = before.iter().map(|value| number(*value)).collect();
        problems.push(Problem::error(key, message).allowing(format!("{} and more", all.join(", "))));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;
    use weightscope_frame::experiment::{Experiment, fork_problems};

    fn refused(change: impl Fn(&mut Config)) -> Vec<String> {
        let parent = Experiment::new(crate::OWN.method("phases").unwrap());
        let mut child = parent.clone();
        change(child.method.settings_mut::<Config>().unwrap());
        fork_problems(&child, &parent).into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn a_grid_may_grow_and_networks_keep_their_meaning() {
        assert!(refused(|child| child.widths.push(256)).is_empty());
        assert!(refused(|child| child.seeds = 5).is_empty());
        assert!(refused(|child| child.downstream = true).is_empty());
        assert!(refused(|child| child.threshold_cka = 0.6).is_empty());
        assert_eq!(refused(|child| child.widths = vec![4, 6]), ["widths"]);
        assert_eq!(refused(|child| child.seeds = 2), ["seeds"]);
        assert_eq!(refused(|child| child.learning_rate = 0.1), ["learning_rate"]);
        assert_eq!(refused(|child| child.train_rows = 300), ["train_rows"]);
        assert_eq!(refused(|child| child.epochs_min = 10), ["epochs_min"]);
    }

    #[test]
    fn another_axis_is_refused_by_its_name() {
        let axis = refused(|child| child.load = Load::DataShare);
        assert!(axis.contains(&"load".to_owned()), "{axis:?}");
        let range = refused(|child| {
            child.load_values = Values::Range;
            (child.load_from, child.load_to, child.load_count) = (4.0, 64.0, 5);
        });
        assert_eq!(range, ["load_values"], "a range that leaves values out");
    }
}
