//! Black-box search: random, evolution, local search, on anything that scores an architecture.
//!
//! Contract: an architecture is scored once; scores are remembered, and only new architectures count as evaluations. A larger score is better.

use std::collections::BTreeMap;

use weightscope_math::Stream;

/// A searcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Searcher {
    /// Architectures at random, without repetition.
    Random,
    /// Population 30, the best 10 stay; 10 children by crossover, 10 by mutation with chance .2 a decision (the toy scheme of the paper's
    /// code). Of fewer than 60 evaluations half are the first population, and a third of it stays: else it would be random search.
    Evolution,
    /// From a random architecture to its best neighbour, which differs in one decision; anew from a local optimum.
    LocalSearch,
}

/// Architectures in the order in which they were scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Architecture and score.
    pub evaluations: Vec<(Vec<usize>, f64)>,
}

impl Trace {
    /// The best score after each evaluation.
    pub fn best_so_far(&self) -> Vec<f64> {
        let mut best = f64::NEG_INFINITY;
        let step = |(_, score): &(Vec<usize>, f64)| {
            best = best.max(*score);
            best
        };
        self.evaluations.iter().map(step).collect()
    }

    /// The best architecture, the first among equals.
    pub fn best(&self) -> Option<&[usize]> {
        let scores: Vec<f64> = self.evaluations.iter().map(|(_, score)| *score).collect();
        self.evaluations.get(super::kernel::arg_max(&scores)).map(|(picks, _)| picks.as_slice())
    }
}

/// Population of the evolution.
const POPULATION: usize = 30;
/// Those that stay.
const PARENTS: usize = 10;
/// Children by crossover, and as many by mutation.
const CHILDREN: usize = 10;
/// Chance that a decision mutates.
const MUTATION: f64 = 0.2;
/// Draws without a new architecture after which a search ends: the space is used up.
const PATIENCE: usize = 2000;

/// One search under way.
struct Run<'a, F, E> {
    /// Options of each decision.
    counts: &'a [usize],
    canonical: &'a dyn Fn(&[usize]) -> Option<Vec<usize>>,
    score: F,
    budget: usize,
    known: BTreeMap<Vec<usize>, f64>,
    trace: Trace,
    error: Option<E>,
    idle: usize,
}

impl<F: FnMut(&[usize]) -> Result<f64, E>, E> Run<'_, F, E> {
    fn done(&self) -> bool {
        self.trace.evaluations.len() >= self.budget || self.error.is_some() || self.idle >= PATIENCE
    }

    /// Scores an architecture, or remembers its score; none where it does not exist or the budget is spent.
    fn value(&mut self, picks: &[usize]) -> Option<(Vec<usize>, f64)> {
        let picks = (self.canonical)(picks);
        let Some(picks) = picks else {
            self.idle += 1;
            return None;
        };
        if let Some(score) = self.known.get(&picks).copied() {
            self.idle += 1;
            return Some((picks, score));
        }
        if self.done() {
            return None;
        }
        match (self.score)(&picks) {
            Ok(score) => {
                self.idle = 0;
                self.known.insert(picks.clone(), score);
                self.trace.evaluations.push((picks.clone(), score));
                Some((picks, score))
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    fn any(&self, random: &mut Stream) -> Vec<usize> {
        self.counts.iter().map(|count| random.below(*count)).collect()
    }

    fn random(&mut self, random: &mut Stream) {
        while !self.done() {
            let picks = self.any(random);
            self.value(&picks);
        }
    }

    fn evolution(&mut self, random: &mut Stream) {
        let size = POPULATION.min(self.budget / 2).max(2);
        let (stay, born) = (PARENTS.min(size / 3).max(1), CHILDREN.min(size / 3).max(1));
        let mut population: Vec<(Vec<usize>, f64)> = Vec::new();
        while population.len() < size && !self.done() {
            let picks = self.any(random);
            add_new(&mut population, self.value(&picks));
        }
        while !self.done() {
            population.sort_by(|a, b| b.1.total_cmp(&a.1));
            population.truncate(stay);
            let parents = population.clone();
            let (crossed, mutated) = (parents.len() + born, parents.len() + 2 * born);
            while population.len() < mutated && !self.done() {
                let (Some(first), Some(second)) =
                    (parents.get(random.below(parents.len())), parents.get(random.below(parents.len())))
                else {
                    return;
                };
                let child = if population.len() < crossed {
                    let genes = first.0.iter().zip(&second.0);
                    genes.map(|(a, b)| if random.below(2) == 0 { *a } else { *b }).collect()
                } else {
                    self.mutated(&first.0, random)
                };
                let child: Vec<usize> = child;
                // Parents of one kind have no other children; the next draw is at random then.
                let child = if self.idle > PATIENCE / 4 { self.any(random) } else { child };
                add_new(&mut population, self.value(&child));
            }
        }
    }

    fn mutated(&self, picks: &[usize], random: &mut Stream) -> Vec<usize> {
        let genes = picks.iter().zip(self.counts);
        genes
            .map(|(pick, count)| if random.unit_f64() < MUTATION { random.below(*count) } else { *pick })
            .collect()
    }

    fn local(&mut self, random: &mut Stream) {
        while !self.done() {
            let start = self.any(random);
            let Some(mut here) = self.value(&start) else { continue };
            loop {
                let mut best = here.clone();
                for (decision, option) in neighbours(self.counts, random) {
                    let mut other = here.0.clone();
                    match other.get_mut(decision) {
                        Some(pick) if *pick != option => *pick = option,
                        _ => continue,
                    }
                    if let Some(found) = self.value(&other).filter(|found| found.1 > best.1) {
                        best = found;
                    }
                }
                if best.0 == here.0 {
                    break;
                }
                here = best;
            }
        }
    }
}

fn add_new(population: &mut Vec<(Vec<usize>, f64)>, found: Option<(Vec<usize>, f64)>) {
    if let Some(found) = found.filter(|found| population.iter().all(|own| own.0 != found.0)) {
        population.push(found);
    }
}

/// All changes of one decision, in random order.
fn neighbours(counts: &[usize], random: &mut Stream) -> Vec<(usize, usize)> {
    let all = counts
        .iter()
        .enumerate()
        .flat_map(|(decision, count)| (0..*count).map(move |option| (decision, option)));
    let mut all: Vec<(usize, usize)> = all.collect();
    random.shuffle(&mut all);
    all
}

/// Searches with at most `budget` evaluations. `counts` holds the options of each decision; `canonical` gives the one form of an architecture,
/// or none where it does not exist. An error of `score` ends the search and is returned.
pub fn search<E>(
    searcher: Searcher,
    counts: &[usize],
    canonical: &dyn Fn(&[usize]) -> Option<Vec<usize>>,
    budget: usize,
    random: &mut Stream,
    score: impl FnMut(&[usize]) -> Result<f64, E>,
) -> Result<Trace, E> {
    let (known, trace) = (BTreeMap::new(), Trace::default());
    let mut run = Run { counts, canonical, score, budget, known, trace, error: None, idle: 0 };
    match searcher {
        Searcher::Random => run.random(random),
        Searcher::Evolution => run.evolution(random),
        Searcher::LocalSearch => run.local(random),
    }
    match run.error {
        Some(error) => Err(error),
        None => Ok(run.trace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    const COUNTS: [usize; 5] = [4, 4, 4, 4, 4];
    const ALL: [Searcher; 3] = [Searcher::Random, Searcher::Evolution, Searcher::LocalSearch];

    fn run(searcher: Searcher, budget: usize, seed: u64) -> Trace {
        let itself = |picks: &[usize]| Some(picks.to_vec());
        let score = |picks: &[usize]| Ok::<f64, ()>(picks.iter().map(|pick| *pick as f64).sum());
        search(searcher, &COUNTS, &itself, budget, &mut stream(seed, "black box"), score).unwrap()
    }

    #[test]
    fn budgets_are_kept_and_nothing_is_scored_twice() {
        for searcher in ALL {
            let trace = run(searcher, 100, 1);
            let distinct: std::collections::BTreeSet<_> =
                trace.evaluations.iter().map(|(picks, _)| picks.clone()).collect();
            assert_eq!((trace.evaluations.len(), distinct.len()), (100, 100), "{searcher:?}");
            assert!(trace.best_so_far().windows(2).all(|pair| pair[0] <= pair[1]));
            assert_eq!(trace, run(searcher, 100, 1));
        }
    }

    #[test]
    fn a_small_space_is_used_up_and_the_search_ends() {
        let itself = |picks: &[usize]| Some(picks.to_vec());
        for searcher in ALL {
            let score = |picks: &[usize]| Ok::<f64, ()>(-(picks[0] as f64));
            let trace = search(searcher, &[3, 2], &itself, 50, &mut stream(2, "small"), score).unwrap();
            assert_eq!(trace.evaluations.len(), 6, "{searcher:?}");
            assert_eq!(trace.best().map(|best| best[0]), Some(0));
        }
    }

    #[test]
    fn searches_that_learn_beat_chance() {
        let mean = |searcher: Searcher| -> f64 {
            (0..20)
                .map(|seed| run(searcher, 120, seed).best_so_far().last().copied().unwrap_or(0.0) / 20.0)
                .sum()
        };
        let (chance, evolution, local) = (mean(ALL[0]), mean(ALL[1]), mean(ALL[2]));
        assert!(evolution > chance + 0.5 && local > chance + 0.5, "{chance} {evolution} {local}");
    }

    #[test]
    fn a_short_evolution_is_no_random_search() {
        for budget in [12, 20, 40] {
            let mean = |searcher: Searcher| -> f64 {
                let best = |seed| run(searcher, budget, seed).best_so_far().last().copied().unwrap_or(0.0);
                (0..40).map(|seed| best(seed) / 40.0).sum()
            };
            let (chance, evolution) = (mean(Searcher::Random), mean(Searcher::Evolution));
            assert!(evolution > chance + 0.2, "{budget} evaluations: {chance} by chance, {evolution}");
        }
    }

    #[test]
    fn architectures_that_do_not_exist_are_not_scored_and_errors_end_the_search() {
        let even = |picks: &[usize]| (picks.iter().sum::<usize>() % 2 == 0).then(|| picks.to_vec());
        let score = |picks: &[usize]| {
            assert_eq!(picks.iter().sum::<usize>() % 2, 0);
            Ok::<f64, ()>(0.0)
        };
        let trace = search(Searcher::Evolution, &COUNTS, &even, 60, &mut stream(3, "even"), score);
        assert_eq!(trace.map(|trace| trace.evaluations.len()), Ok(60));
        let failing = |_: &[usize]| Err::<f64, _>("no such row");
        assert_eq!(
            search(Searcher::Random, &COUNTS, &even, 9, &mut stream(3, "even"), failing),
            Err("no such row")
        );
    }
}
