//! Estimates of time that learn: what finished runs took, over what was estimated for them, corrects the next estimate.

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::Catalogue;
use weightscope_frame::store::Status;

use super::app::App;
use super::runs::model::Row;
use crate::figure::number::plural;

/// Newest runs that are looked at.
const MOST: usize = 60;
/// Estimates below it say little of the speed: starting and ending count for more, seconds.
const SHORTEST: f64 = 0.5;
/// Farthest that the past may correct an estimate.
const FARTHEST: f64 = 20.0;

/// A finished run: what it was, and how much longer it took than was estimated.
struct Known {
    lab: String,
    origin: String,
    ratio: f64,
}

/// What finished runs of machines with as many cores say about time.
#[derive(Default)]
pub(super) struct Estimates {
    known: Vec<Known>,
    /// Runs in the list, finished ones among them, when they were looked at.
    seen: (usize, usize),
}

/// A correction of an estimate, and of how many runs it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Correction {
    pub(super) factor: f64,
    pub(super) runs: usize,
}

impl Estimates {
    /// Seconds of an experiment, corrected.
    pub(super) fn seconds(&self, experiment: &Experiment, origin: &str) -> f64 {
        let origin = origin.split(' ').next().unwrap_or_default();
        let factor = self.of(experiment.lab(), origin).map_or(1.0, |learned| learned.factor);
        factor * experiment.cost().seconds
    }

    /// The correction for an experiment: from runs of the same preset or file, else from all of its lab; none without a run.
    pub(super) fn of(&self, lab: &str, origin: &str) -> Option<Correction> {
        let of_lab = || self.known.iter().filter(|one| one.lab == lab);
        let mut ratios: Vec<f64> = of_lab().filter(|one| one.origin == origin).map(|one| one.ratio).collect();
        if ratios.is_empty() {
            ratios = of_lab().map(|one| one.ratio).collect();
        }
        ratios.sort_by(f64::total_cmp);
        let factor = ratios.get(ratios.len() / 2).copied()?;
        Some(Correction { factor: factor.clamp(1.0 / FARTHEST, FARTHEST), runs: ratios.len() })
    }
}

/// What an estimate rests on, in words.
pub(super) fn rests_on(learned: Option<Correction>) -> String {
    const SETTINGS: &str = "Estimated from the settings alone; a data set of your own is not opened for it";
    match learned {
        None => SETTINGS.to_owned(),
        Some(Correction { runs, .. }) => {
            let runs = format!("{runs} finished {}", plural(runs, "run"));
            format!("{SETTINGS}; the time is corrected by what {runs} here took")
        }
    }
}

/// What a run says about time, if it went through and was estimated.
fn known(catalogue: Catalogue, row: &Row, cores: usize) -> Option<Known> {
    let manifest = &row.manifest;
    if manifest.status != Status::Done || manifest.cores != cores || manifest.parent.is_some() {
        return None;
    }
    let mut experiment = Experiment::new(catalogue.method(&manifest.lab)?.defaults());
    // What an older run says otherwise is left as the default.
    let _ = experiment.apply(&row.settings);
    let estimated = experiment.cost().seconds;
    let ratio = manifest.seconds / estimated;
    let says = estimated >= SHORTEST && ratio.is_finite() && ratio > 0.0;
    // Members of a sweep carry their label behind the origin.
    let origin = manifest.origin.split(' ').next().unwrap_or_default().to_owned();
    says.then(|| Known { lab: manifest.lab.clone(), origin, ratio })
}

impl App {
    /// Looks at the list of runs again if it has changed.
    pub(super) fn learn(&mut self) {
        let runs = &self.runs.index.runs;
        let done = runs.iter().filter(|run| run.manifest.status == Status::Done).count();
        if self.estimates.seen == (runs.len(), done) {
            return;
        }
        self.estimates.seen = (runs.len(), done);
        let newest = runs.iter().filter_map(|run| self.runs.row(&run.path)).take(MOST);
        let known = newest.filter_map(|row| known(self.catalogue, row, self.cores)).collect();
        self.estimates.known = known;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use weightscope_engine::CATALOGUE;
    use weightscope_frame::store::Manifest;

    use super::*;

    fn row(origin: &str, factor: f64, cores: usize) -> Row {
        let text = CATALOGUE.preset("oscillation/quick").unwrap().text;
        let estimated = Experiment::from_toml(CATALOGUE, text).unwrap().cost().seconds;
        let manifest = Manifest {
            lab: "oscillation".to_owned(),
            origin: origin.to_owned(),
            status: Status::Done,
            seconds: estimated * factor,
            cores,
            ..Manifest::default()
        };
        Row::new(origin.into(), manifest, Arc::new(toml::from_str(text).unwrap()), "quick".into())
    }

    #[test]
    fn one_worker_takes_longer_where_work_is_spread() {
        let cores = std::thread::available_parallelism().unwrap().get();
        for (preset, is_spread) in
            [("block_affine/quick", true), ("phases/quick", true), ("inspect/quick", false)]
        {
            let mut experiment =
                Experiment::from_toml(CATALOGUE, CATALOGUE.preset(preset).unwrap().text).unwrap();
            let all = Estimates::default().seconds(&experiment, preset);
            experiment.threads = 1;
            let one = Estimates::default().seconds(&experiment, preset);
            assert_eq!(one > 1.3 * all, is_spread && cores > 1, "{preset}: {one} s after {all} s");
            experiment.threads = 4096;
            let many = Estimates::default().seconds(&experiment, preset);
            assert!((many - all).abs() < 1e-9 * all, "{preset}: there are no more cores than there are");
        }
    }

    #[test]
    fn runs_of_the_same_preset_say_more_than_others() {
        let rows = [
            row("oscillation/quick", 2.0, 2),
            row("oscillation/quick seed=1", 2.2, 2),
            row("oscillation/quick", 2.1, 2),
            row("mine.toml", 9.0, 2),
            row("oscillation/quick", 0.5, 16),
        ];
        let known = rows.iter().filter_map(|row| known(CATALOGUE, row, 2)).collect();
        let estimates = Estimates { known, ..Estimates::default() };
        let found = estimates.of("oscillation", "oscillation/quick").unwrap();
        assert!((found.factor - 2.1).abs() < 0.01 && found.runs == 3, "the middle of three: {found:?}");
        assert_eq!(
            estimates.of("oscillation", "another").unwrap().runs,
            4,
            "else all of the lab on such machines"
        );
        assert_eq!(estimates.of("phases", "phases/desk"), None, "nothing is known");
    }
}
