//! What the views across runs have in common: this run and the ticked ones with their results, and words about those that cannot be read.

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Derive, Peer};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Channel, Data};
use weightscope_frame::run::RunError;
use weightscope_frame::store;

use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

/// One run.
pub(super) struct Arm {
    /// Its settings.
    pub(super) config: Config,
    /// Its final figures by name; of a run in work those so far.
    results: std::collections::BTreeMap<String, f64>,
    /// True if it failed: its loss was not finite.
    pub(super) failed: bool,
}

impl Arm {
    /// A final figure; not-a-number if it has none.
    pub(super) fn result(&self, metric: &weightscope_frame::record::Metric) -> f64 {
        self.results.get(metric.name).copied().unwrap_or(f64::NAN)
    }

    /// The loss by which a rate is chosen.
    pub(super) fn selection(&self) -> f64 {
        self.result(&metrics::SELECTION_LOSS)
    }

    /// The loss that is reported of the chosen rate.
    pub(super) fn report(&self) -> f64 {
        self.result(&metrics::REPORT_LOSS)
    }
}

/// Ticked runs that are left out, each with the reason, as the sentence below a view; nothing where all were read.
#[derive(Debug, Default)]
pub(super) struct LeftOut(Vec<String>);

impl LeftOut {
    /// Names a run that cannot be read, or not as a whole.
    pub(super) fn add(&mut self, peer: &Peer, why: &store::StoreError) {
        self.0.push(format!("Left out, as far as it cannot be read: {} ({why})", peer.name));
    }

    /// The sentence.
    pub(super) fn channel(self) -> Option<Channel> {
        let text = self.0.join("; ");
        (!text.is_empty()).then(|| Channel { data: Data::Text(text), ..ch::LEFT_OUT.channel() })
    }
}

/// This run and the ticked ones of this lab that learn the same task, beside those that cannot be read; what is not finished has no
/// losses yet.
pub(super) fn arms(config: &Config, job: &Derive<'_>) -> Result<(Vec<Arm>, LeftOut), RunError> {
    let (mut all, mut left_out) = (Vec::new(), LeftOut::default());
    if let Some(folder) = job.folder {
        // Its own figures may not be written yet; then it stands without.
        all.extend(read(config.clone(), folder).ok());
    }
    if all.is_empty() {
        all.push(Arm { config: config.clone(), results: std::collections::BTreeMap::new(), failed: false });
    }
    for peer in job.peers {
        job.control.check()?;
        let Some(other) = settings(&peer.experiment) else { continue };
        if (other.task, other.model) == (config.task, config.model) {
            match read(other, &peer.folder) {
                Ok(arm) => all.push(arm),
                Err(error) => left_out.add(peer, &error),
            }
        }
    }
    Ok((all, left_out))
}

/// The settings of a run of this lab.
pub(super) fn settings(experiment: &Experiment) -> Option<Config> {
    experiment.method.settings::<Config>().cloned()
}

fn read(config: Config, folder: &std::path::Path) -> Result<Arm, store::StoreError> {
    let manifest = store::read_manifest(folder)?;
    let failed = manifest.status == store::Status::Failed;
    Ok(Arm { config, results: manifest.results, failed })
}

/// Arms by method, in the order of the settings, with the words of each.
pub(super) fn by_method(arms: &[Arm]) -> Vec<(String, Vec<&Arm>)> {
    let mut groups: Vec<(crate::config::Method, u64, String, Vec<&Arm>)> = Vec::new();
    let several = |arm: &Arm| {
        let same = arms.iter().filter(|other| other.config.method == arm.config.method);
        same.map(size).collect::<std::collections::BTreeSet<u64>>().len() > 1
    };
    for arm in arms {
        let (method, size) = (arm.config.method, size(arm));
        if let Some(group) = groups.iter_mut().find(|group| (group.0, group.1) == (method, size)) {
            group.3.push(arm);
            continue;
        }
        let short = method.short();
        let words = if several(arm) { format!("{short} {size}") } else { short.to_owned() };
        groups.push((method, size, words, vec![arm]));
    }
    groups.into_iter().map(|(_, _, words, arms)| (words, arms)).collect()
}

/// Block or rank of an arm: arms of one method and different sizes are different methods.
fn size(arm: &Arm) -> u64 {
    let config = &arm.config;
    if config.method.is_low_rank() && config.r#match == crate::config::Match::Rank {
        config.rank
    } else {
        config.block
    }
}

/// The arm with the smallest selection loss.
pub(super) fn best<'a>(arms: &[&'a Arm]) -> Option<&'a Arm> {
    let finite = arms.iter().filter(|arm| arm.selection().is_finite());
    finite.min_by(|a, b| a.selection().total_cmp(&b.selection())).copied()
}
