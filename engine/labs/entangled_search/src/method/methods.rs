//! The search methods: how options meet, how weights are sampled, and how the answer is found.

use super::sampler::Sampler;
use super::space::Mixing;

/// A search method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Method {
    /// Weight superposition with the Dirichlet sampler (the paper's choice).
    TangleNas,
    /// Weight superposition with softmax weights, first order.
    Darts,
    /// The same, the architecture gradient through one step of the weights.
    DartsSecond,
    /// Separate weights, outputs mixed, Dirichlet sampler.
    DrnasSeparate,
    /// Entangled weights, outputs mixed, Dirichlet sampler.
    DrnasOutput,
    /// Slices picked by straight-through Gumbel-softmax.
    Gdas,
    /// Uniform slices, then random search on inherited weights.
    SposRandom,
    /// Uniform slices, then evolution on inherited weights.
    SposEvolution,
    /// Random architectures, each trained from scratch for as many steps in all.
    RandomTraining,
    /// The largest architecture, trained once.
    Largest,
}

/// How a method finds its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The arg-max of each decision.
    ArgMax,
    /// Random architectures scored with inherited weights.
    RandomInherited,
    /// Evolution scored with inherited weights.
    EvolutionInherited,
    /// Architectures trained from scratch.
    Trained,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 10] = [
        Self::TangleNas,
        Self::Darts,
        Self::DartsSecond,
        Self::DrnasSeparate,
        Self::DrnasOutput,
        Self::Gdas,
        Self::SposRandom,
        Self::SposEvolution,
        Self::RandomTraining,
        Self::Largest,
    ];

    /// How options meet; none where no supernet is trained.
    pub fn mixing(self) -> Option<Mixing> {
        match self {
            Self::TangleNas | Self::Darts | Self::DartsSecond => Some(Mixing::Superposed),
            Self::DrnasSeparate => Some(Mixing::Separate),
            Self::DrnasOutput => Some(Mixing::Output),
            Self::Gdas | Self::SposRandom | Self::SposEvolution => Some(Mixing::Slice),
            Self::RandomTraining | Self::Largest => None,
        }
    }

    /// How weights follow from α; none where no supernet is trained.
    pub fn sampler(self) -> Option<Sampler> {
        match self {
            Self::TangleNas | Self::DrnasSeparate | Self::DrnasOutput => Some(Sampler::Dirichlet),
            Self::Darts | Self::DartsSecond => Some(Sampler::Softmax),
            Self::Gdas => Some(Sampler::Gumbel),
            Self::SposRandom | Self::SposEvolution => Some(Sampler::Uniform),
            Self::RandomTraining | Self::Largest => None,
        }
    }

    /// Whether the architecture gradient goes through a step of the weights.
    pub fn second_order(self) -> bool {
        self == Self::DartsSecond
    }

    /// How the answer is found.
    pub fn answer(self) -> Answer {
        match self {
            Self::SposRandom => Answer::RandomInherited,
            Self::SposEvolution => Answer::EvolutionInherited,
            Self::RandomTraining | Self::Largest => Answer::Trained,
            _ => Answer::ArgMax,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_trains_a_supernet_or_networks_from_scratch() {
        for method in Method::ALL {
            assert_eq!(method.mixing().is_none(), method.answer() == Answer::Trained);
            assert_eq!(method.mixing().is_some(), method.sampler().is_some());
            let picks = method.sampler().is_some_and(Sampler::picks);
            assert_eq!(picks, method.mixing() == Some(Mixing::Slice), "{method:?}");
        }
    }
}
