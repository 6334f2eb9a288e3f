//! A zoo that other runs made in parts: one network after the other as a single run would have trained it.
//!
//! Contract: networks and accuracies are those of the parts, bit for bit. What one run would have trained otherwise is refused before.

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Cut, PARTS, Parts, RunError};

use super::zoo::{self, Made, Zoo};
use super::{ZOO, product};
use crate::config::Config;
use crate::method::tasks::Tasks;
use crate::method::vectors::Layout;

/// How a zoo is cut: by networks. What is learned of them may differ.
const CUT: Cut<Config> = Cut {
    catalogue: crate::OWN,
    part: Config::part,
    stages: &[ZOO],
    aside: &[
        "align",
        "normalise",
        "chunk",
        "autoencoder",
        "latent",
        "image_side",
        "image_channels",
        "channel_factors",
        "image_blocks",
        "latent_channels",
        "width",
        "kl_weight",
        "reconstruction",
        "batch_size",
        "encoder",
        "images_per_class",
        "condition_draws",
        "class_position",
        "alignment",
        "alignment_steps",
        "generator",
        "schedule",
        "noise_steps",
        "record_every",
    ],
};

/// The networks of all parts.
pub(crate) struct Joined {
    /// The runs that made them.
    pub(super) parts: Parts,
    /// What was read.
    pub(super) read: Read,
    /// Each network with its accuracy, by the number of its job.
    networks: Vec<(Vec<f32>, f64)>,
}

impl Joined {
    /// What a job of the zoo brings.
    pub(super) fn made(&self, number: usize) -> Result<Made, RunError> {
        let found = self.networks.get(number).cloned();
        let found = found.ok_or_else(|| RunError::Defect("a network of the parts is missing".to_owned()))?;
        Ok(vec![found])
    }
}

/// Refuses more parts than networks; the zoo out of its parts if the settings name them.
pub(super) fn open(
    config: &Config,
    data: &Read,
    tasks: &Tasks,
    sizes: &[usize],
) -> Result<Option<Joined>, RunError> {
    let refuse = |problem| RunError::Problems(vec![problem]);
    let all = zoo::jobs(config, tasks.seen.len(), tasks.unseen.len());
    config.part().fits(all, "networks").map_err(refuse)?;
    let Some(folder) = config.parts() else { return Ok(None) };
    let parts = CUT.find(folder, config, std::slice::from_ref(data)).map_err(refuse)?;
    let length = Layout::of_sizes(sizes).length();
    let mut networks = vec![(Vec::new(), f64::NAN); all];
    for (run, jobs) in parts.shares(all) {
        let found = networks_of(product::stored_zoo(run)?);
        if found.len() != jobs.len() || found.iter().any(|(network, _)| network.len() != length) {
            let why = format!(
                "a part holds {} networks, not {} of {length} weights; make it again: {}",
                found.len(),
                jobs.len(),
                run.display()
            );
            return Err(refuse(Problem::error(PARTS, why)));
        }
        for (job, network) in jobs.into_iter().zip(found) {
            if let Some(slot) = networks.get_mut(job) {
                *slot = network;
            }
        }
    }
    let read = Read {
        place: folder.to_owned(),
        form: format!("zoo of networks in {} parts", parts.runs.len()),
        hash: hash(&networks),
        rows: all,
        of: "networks".to_owned(),
        ..Read::default()
    };
    Ok(Some(Joined { parts, read, networks }))
}

/// The networks of a part in the order of its jobs: those of seen tasks come first.
fn networks_of(zoo: Zoo) -> Vec<(Vec<f32>, f64)> {
    let own = zoo.networks.into_iter().zip(zoo.accuracies);
    own.chain(zoo.scratch.into_iter().zip(zoo.scratch_accuracies)).collect()
}

fn hash(networks: &[(Vec<f32>, f64)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (network, accuracy) in networks {
        hasher.update(&accuracy.to_le_bytes());
        network.iter().for_each(|value| {
            hasher.update(&value.to_le_bytes());
        });
    }
    hasher.finalize().to_hex().to_string()
}
