//! Rules between settings. What depends on the data or on a zoo from disk is checked where those are opened.

use weightscope_frame::experiment::Problem;

use super::{Align, Autoencoder, Config, Encoder, Generator, Refine, Sampler, Schedule};
use crate::network::convolution::GROUPS;

/// Shortest chunk: below, a network is mostly indices.
pub(crate) const LEAST_CHUNK: u64 = 8;

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = self.zoo_problems();
        problems.extend(self.share().check().err());
        problems.extend(self.network_problems());
        problems.extend(self.sampling_problems());
        problems
    }

    fn zoo_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.zoo.trim().is_empty() {
            problems
                .push(Problem::error("zoo", "no zoo is named").allowing("train, checkpoints, or a folder"));
        }
        if self.zoo.trim() == "train" && self.seen_tasks < 2 {
            let text = format!("{} seen task gives no generator for others", self.seen_tasks);
            problems.push(Problem::error("seen_tasks", text).allowing("2 or more, or zoo = checkpoints"));
        }
        if self.zoo.trim() == "train" && self.seen_tasks * self.models_per_task < 3 {
            let text = "a zoo of fewer than three networks has no spread to learn";
            problems.push(Problem::error("models_per_task", text).allowing("2 or more"));
        }
        if self.keeps_checkpoints() && self.models_per_task < 3 {
            let text = format!("{} checkpoints are no zoo", self.models_per_task);
            problems.push(Problem::error("models_per_task", text).allowing("3 or more"));
        }
        if self.hidden_widths.is_empty() && self.align == Align::WeightMatching {
            let text = "without a hidden layer there are no units to permute";
            problems.push(Problem::error("align", text).allowing("none"));
        }
        problems
    }

    fn network_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.chunk > 0 && self.chunk < LEAST_CHUNK {
            let text = format!("a chunk of {} weights is too short to be learned", self.chunk);
            problems.push(Problem::error("chunk", text).allowing(format!("0, or {LEAST_CHUNK} or more")));
        }
        problems.extend(self.image_problems());
        let latent = self.latent_width(usize::MAX);
        if self.autoencoder != Autoencoder::None && self.chunk > 0 && latent as u64 > self.chunk {
            let text = format!("{latent} numbers for a chunk of {} compress nothing", self.chunk);
            problems
                .push(Problem::error(self.latent_key(), text).allowing(self.latents(self.chunk as usize)));
        }
        if self.class_order == super::ClassOrder::Shuffled
            && self.encoder == Encoder::SetTransformer
            && !self.class_position
        {
            let text = "the set transformer does not see the order of the classes, so with shuffled classes it cannot know which output is which; class_position tells it";
            problems.push(Problem::warning("class_order", text));
        }
        problems
    }

    /// What the setting of the latent may be, so that no more than so many numbers stand for a row.
    pub(crate) fn latents(&self, most: usize) -> String {
        match self.images() {
            Some(images) => match most / images.latent_side().pow(2).max(1) {
                0 => "a smaller side of the image".to_owned(),
                1 => "1".to_owned(),
                most => format!("1 to {most}"),
            },
            None => format!("1 to {most}"),
        }
    }

    /// Sizes of the convolutional autoencoder that do not divide each other.
    fn image_problems(&self) -> Vec<Problem> {
        let Some(images) = self.images() else { return Vec::new() };
        let mut problems = Vec::new();
        if images.factors.is_empty() {
            problems.push(
                Problem::error("channel_factors", "there is no level")
                    .allowing("a factor for each level, such as 1, 1, 2"),
            );
        }
        let halved = images.divisor().filter(|divisor| images.side.is_multiple_of(*divisor));
        if halved.is_none() {
            let (levels, times) = (images.factors.len(), images.halvings());
            let halving = format!("{levels} levels halve a side of {} {times} times", images.side);
            let fewer = "fewer channel factors";
            problems.push(match images.divisor() {
                Some(divisor) => {
                    Problem::error("image_side", format!("{halving}, but {divisor} does not divide it"))
                        .allowing(format!("a multiple of {divisor}, or {fewer}"))
                }
                None => Problem::error("channel_factors", format!("{halving}, which no side allows"))
                    .allowing(fewer),
            });
        }
        let split = |level: &usize| !images.channels_at(*level).is_multiple_of(GROUPS);
        if let Some(level) = (0..images.factors.len()).find(split) {
            let text = format!(
                "{} channels at level {level} are not divided by the {GROUPS} groups of a norm",
                images.channels_at(level)
            );
            problems.push(Problem::error("image_channels", text).allowing(format!("a multiple of {GROUPS}")));
        }
        problems
    }

    fn sampling_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.generator != Generator::Replica && self.guidance != 1.0 && self.condition_dropout == 0.0 {
            let text = "guidance needs a denoiser that was also learned without conditions";
            problems.push(Problem::error("guidance", text).allowing("1, or condition_dropout above 0"));
            problems.push(Problem::error("condition_dropout", text).allowing("above 0, such as 0.1"));
        }
        let implicit = self.generator == Generator::Diffusion && self.sampler == Sampler::Ddim;
        if implicit && self.sampling_steps > self.noise_steps {
            let text = format!("{} steps of {} cannot be visited", self.sampling_steps, self.noise_steps);
            problems
                .push(Problem::error("sampling_steps", text).allowing(format!("1 to {}", self.noise_steps)));
        } else if implicit
            && self.visits == super::Visited::Published
            && (self.sampling_steps - 1) * (self.noise_steps / self.sampling_steps) + 1 >= self.noise_steps
        {
            let text = format!(
                "the published visits of {} steps would leave a process of {}",
                self.sampling_steps, self.noise_steps
            );
            problems.push(Problem::error("visits", text).allowing("even, or fewer sampling steps"));
        }
        if self.generator == Generator::Diffusion && self.schedule == Schedule::RootLinear {
            let largest = 0.0155 * 1024.0 / self.noise_steps as f64;
            if largest >= 1.0 {
                let text = format!("{} noise steps would each have to replace the signal", self.noise_steps);
                problems.push(Problem::error("noise_steps", text).allowing("20 or more"));
            }
        }
        if self.refine == Refine::Sequential && self.generator == Generator::Replica {
            let text = "the replica has no candidates";
            problems.push(Problem::error("refine", text).allowing("none"));
        }
        if self.has_target()
            && !self.target_classes.is_empty()
            && self.target_classes.len() as u64 != self.classes_per_task
            && !self.reads_zoo()
        {
            let text = format!(
                "{} classes for networks that tell {} apart",
                self.target_classes.len(),
                self.classes_per_task
            );
            problems.push(
                Problem::error("target_classes", text)
                    .allowing(format!("{} different classes", self.classes_per_task)),
            );
        }
        let mut once = self.target_classes.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() != self.target_classes.len() {
            problems.push(Problem::error("target_classes", "a class is named twice"));
        }
        problems
    }
}
