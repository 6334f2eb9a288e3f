//! Rules between settings.

use weightscope_frame::experiment::Problem;

use super::{Config, Finish, Mixing, Order, Sampler, Shape, SpaceKind, Task};
use crate::method::methods::Answer;
use crate::method::sampler::Sampler as Own;
use crate::method::space::{self, layer};

/// Most architectures of a space that is searched: all of them are ranked.
const MOST: usize = 20_000;

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = self.lists();
        if self.has_networks() && problems.is_empty() {
            problems.extend(self.whole_space());
        }
        if self.searches() && self.trains_supernet() {
            problems.extend(self.ways());
            problems.extend(self.rates());
        }
        problems.extend(self.share().check().err());
        if self.space == SpaceKind::Table {
            if self.searchers.is_empty() {
                let allowed = "evolution, random_training, local_search";
                problems.push(Problem::error("searchers", "no search is named").allowing(allowed));
            }
            if self.table == "compute" {
                let why = "a table of architectures without networks cannot be trained";
                problems.push(Problem::error("table", why).allowing("shipped, or the path of a CSV file"));
            }
        } else if self.table == "shipped"
            && !self.is_of_shipped_table()
            && self.space != SpaceKind::Vit
            && self.task != Task::Costs
        {
            let why = "no table is shipped for this space with these data, so figures that need one are absent; compute makes it";
            if self.task == Task::Table {
                problems.push(Problem::error("table", why).allowing("compute, or the path of a CSV file"));
            } else {
                problems.push(Problem::warning("table", why));
            }
        }
        problems
    }

    fn lists(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let ascending = |key: &'static str, list: &[f64]| {
            let why = if list.is_empty() {
                "there is no option; one is enough".to_owned()
            } else if list.iter().any(|value| *value <= 0.0) {
                "an option is 0".to_owned()
            } else if let Some([a, b]) = list.windows(2).find(|pair| matches!(pair, [a, b] if a >= b)) {
                format!("{a} before {b}: options nest, so they ascend and differ")
            } else {
                return None;
            };
            Some(Problem::error(key, why).allowing("ascending numbers above 0, each once"))
        };
        let whole = |list: &[u64]| -> Vec<f64> { list.iter().map(|value| *value as f64).collect() };
        match self.space {
            SpaceKind::ConvMacro if self.own_lists() => {
                for (key, list) in [
                    ("channels1", &self.channels1),
                    ("kernels1", &self.kernels1),
                    ("channels2", &self.channels2),
                    ("kernels2", &self.kernels2),
                    ("hidden", &self.hidden),
                ] {
                    problems.extend(ascending(key, &whole(list)));
                }
                for (key, list) in [("kernels1", &self.kernels1), ("kernels2", &self.kernels2)] {
                    problems.extend(odd_sides(key, list));
                }
            }
            SpaceKind::Mlp => {
                problems.extend(ascending("embedding", &whole(&self.embedding)));
                problems.extend(ascending("ratios", &self.ratios));
                problems.extend(ascending("depths", &whole(&self.depths)));
                problems.extend(product("ratios", &self.embedding, &self.ratios));
            }
            SpaceKind::Vit => {
                problems.extend(ascending("vit_embedding", &whole(&self.vit_embedding)));
                problems.extend(ascending("heads", &whole(&self.heads)));
                problems.extend(ascending("vit_ratios", &self.vit_ratios));
                problems.extend(ascending("vit_depths", &whole(&self.vit_depths)));
                problems.extend(product("vit_ratios", &self.vit_embedding, &self.vit_ratios));
                problems.extend(self.divided_heads());
            }
            SpaceKind::ConvMacro | SpaceKind::Cell | SpaceKind::Table => {}
        }
        problems
    }

    fn divided_heads(&self) -> Vec<Problem> {
        let (Some(most), Some(heads)) = (self.vit_embedding.last(), self.heads.last()) else {
            return Vec::new();
        };
        if *heads == 0 || most.is_multiple_of(*heads) {
            return Vec::new();
        }
        let text = format!("{heads} heads do not divide an embedding of {most}");
        vec![
            Problem::error("heads", text.clone()).allowing(format!("a divisor of {most} as the largest")),
            Problem::error("vit_embedding", text).allowing(format!("a multiple of {heads} as the largest")),
        ]
    }

    /// What only the space as a whole can say.
    fn whole_space(&self) -> Vec<Problem> {
        let key = match self.space {
            SpaceKind::ConvMacro => "channels1",
            SpaceKind::Mlp => "embedding",
            SpaceKind::Vit => "vit_embedding",
            SpaceKind::Cell | SpaceKind::Table => "space",
        };
        let image = if self.space == SpaceKind::Vit {
            // The side of the images is not known here; what does not fit them is said when they are read.
            [1, self.patch as usize * 2, self.patch as usize * 2]
        } else {
            Shape::DIGITS.image
        };
        match self.space_of(Shape { image, ..Shape::DIGITS }) {
            Err(error) => vec![Problem::error(key, error.to_string())],
            Ok(space) => {
                let counts: Vec<usize> =
                    space.decisions().iter().map(|decision| decision.options.len()).collect();
                let joint = counts.iter().fold(1_usize, |product, count| product.saturating_mul(*count));
                if joint > MOST * 8
                    || layer::joint_options(&counts).len() > MOST
                        && space::architectures(&*space).len() > MOST
                {
                    let why = format!("{joint} combinations of options are more than can be ranked");
                    vec![Problem::error(key, why).allowing(format!("at most {MOST} architectures"))]
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// Mixing, sampler and order fit together.
    fn ways(&self) -> Vec<Problem> {
        let (mixing, sampler) = (self.mixing(), self.sampler());
        let mut problems = Vec::new();
        let one = mixing == space::Mixing::Slice;
        if one != sampler.picks() {
            let (why, mixings, samplers) = if one {
                (
                    "a slice is one option, and this sampler gives weights to all",
                    "superposed, output, separate",
                    "gumbel, uniform",
                )
            } else {
                (
                    "this sampler picks one option, and a mixture needs weights for all",
                    "slice",
                    "dirichlet, softmax, sparsemax",
                )
            };
            let typed = self.mixing != Mixing::Method || self.sampler == Sampler::Method;
            if typed {
                problems.push(Problem::error("mixing", why).allowing(mixings));
            }
            if self.sampler != Sampler::Method || !typed {
                problems.push(Problem::error("sampler", why).allowing(samplers));
            }
        }
        if self.second_order() && sampler == Own::Uniform {
            let key = if self.order == Order::Second { "order" } else { "sampler" };
            let why = "a uniform sampler has no gradient of the architecture that could go through a step";
            problems.push(Problem::error(key, why).allowing("first, or another sampler"));
        }
        if sampler == Own::Uniform && self.method().answer() == Answer::ArgMax {
            let why = "under uniform sampling α does not move, so that its arg-max says nothing";
            problems.push(Problem::warning("sampler", why));
        }
        problems
    }

    fn rates(&self) -> Vec<Problem> {
        let Some(rate) = self.architecture_rate() else {
            let why =
                format!("\"{}\" is neither auto nor a number in range", self.architecture_learning_rate);
            return vec![Problem::error("architecture_learning_rate", why).allowing("auto, or 1e-8 to 10")];
        };
        let reach = rate * self.steps as f64;
        let mut problems = Vec::new();
        if reach < 1.0 && self.sampler() != Own::Uniform {
            let why =
                format!("the architecture cannot move: {} steps at {rate} reach {reach:.3}", self.steps);
            problems.push(
                Problem::warning("architecture_learning_rate", why)
                    .allowing("about 8 to 10 over the steps, or auto"),
            );
        }
        if self.size_penalty > 0.0 && self.sampler() == Own::Uniform {
            let why = "under uniform sampling nothing is learned that a price on size could move";
            problems.push(Problem::warning("size_penalty", why));
        }
        if self.finish != Finish::Table && self.finish_epochs == 0 {
            problems.push(Problem::error("finish_epochs", "0 epochs train nothing").allowing("1 or more"));
        }
        problems
    }
}

/// Kernels whose differences are odd have no common centre; even ones no centre at all.
fn odd_sides(key: &'static str, list: &[u64]) -> Option<Problem> {
    let most = list.last()?;
    if let Some(side) = list.iter().find(|side| most.abs_diff(**side) % 2 == 1) {
        let why = format!(
            "kernels {side} and {most} differ by an odd number, so that the smaller one has no place in the middle"
        );
        return Some(Problem::error(key, why).allowing("sides that differ by even numbers"));
    }
    if most.is_multiple_of(2) {
        let why = format!("a kernel of side {most} changes the size of the image");
        return Some(Problem::error(key, why).allowing("odd sides"));
    }
    None
}

/// The smallest hidden width holds something.
fn product(key: &'static str, embedding: &[u64], ratios: &[f64]) -> Option<Problem> {
    let (least, ratio) = (embedding.first()?, ratios.first()?);
    let width = *least as f64 * ratio;
    (width < 1.0).then(|| {
        let why = format!("{ratio} times an embedding of {least} is a hidden width below 1");
        Problem::error(key, why).allowing(format!("{} or more", 1.0 / (*least).max(1) as f64))
    })
}
