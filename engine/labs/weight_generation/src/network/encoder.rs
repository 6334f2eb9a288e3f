//! What reads a condition: the means of its classes, a two-level set transformer, or the published cheap encoder.

use weightscope_population::graph::{Dense, Groups, Id, Plan, Rows, Tape};

use super::panels;
use crate::config::{Config, Encoder};
use crate::data::Condition;
use crate::method::recipe::CONDITION_WIDTH;

/// Heads of the set transformer.
const HEADS: usize = 4;
/// Outputs of the published encoder's mix, for each feature.
const MIXED: usize = 4;
/// Slope of its gate for negative values.
const SLOPE: f32 = 0.01;

/// A multi-head attention block: projections and the layer after attention.
#[derive(Clone, Copy, Debug)]
struct Block {
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
}

impl Block {
    fn new(plan: &mut Plan, name: &str, (queries, keys): (usize, usize)) -> Self {
        let mut layer =
            |part: &str, inputs| plan.dense(&format!("{name}.{part}"), &[inputs], CONDITION_WIDTH);
        Self {
            query: layer("query", queries),
            key: layer("key", keys),
            value: layer("value", keys),
            output: layer("output", CONDITION_WIDTH),
        }
    }

    fn forward(self, tape: &mut Tape<'_>, queries: Id, keys: Id, groups: Groups) -> Id {
        let q = tape.dense(self.query, &[queries]);
        let (k, v) = (tape.dense(self.key, &[keys]), tape.dense(self.value, &[keys]));
        let seen = tape.attention(groups, q, k, v);
        let more = tape.dense(self.output, &[seen]);
        let more = tape.relu(more);
        tape.sum(seen, more)
    }
}

#[derive(Clone, Debug)]
enum Parts {
    ClassMean([Dense; 2]),
    /// Attention in a class, pooling to its token, attention among classes, pooling, a last layer.
    Set {
        inside: Block,
        token: Rows,
        pool: Block,
        among: Block,
        data: Rows,
        whole: Block,
        last: Dense,
    },
    Flat {
        mix: Dense,
        last: Dense,
    },
}

/// The encoder's part of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    parts: Parts,
    columns: usize,
    position: bool,
}

impl Net {
    /// Adds the encoder for conditions of these sizes to a plan.
    pub(crate) fn new(plan: &mut Plan, config: &Config, columns: usize, classes: usize) -> Self {
        let position = config.encoder == Encoder::SetTransformer && config.class_position;
        let each = config.images_per_class as usize;
        let parts = match config.encoder {
            Encoder::ClassMean => Parts::ClassMean([
                plan.dense("condition.0", &[classes * columns], 256),
                plan.dense("condition.1", &[256], CONDITION_WIDTH),
            ]),
            Encoder::SetTransformer => {
                let features = columns + if position { classes } else { 0 };
                let width = CONDITION_WIDTH;
                Parts::Set {
                    inside: Block::new(plan, "condition.inside", (features, features)),
                    token: plan.rows("condition.token", 1, width),
                    pool: Block::new(plan, "condition.pool", (width, width)),
                    among: Block::new(plan, "condition.among", (width, width)),
                    data: plan.rows("condition.data", 1, width),
                    whole: Block::new(plan, "condition.whole", (width, width)),
                    last: plan.dense("condition.last", &[width], width),
                }
            }
            Encoder::PublishedMlp => Parts::Flat {
                mix: plan.dense("condition.mix", &[each * classes], MIXED),
                last: plan.dense("condition.last", &[columns * MIXED], CONDITION_WIDTH),
            },
        };
        Self { parts, columns, position }
    }

    /// Embeddings of conditions of one size, `[conditions, 128]`.
    pub(crate) fn forward(&self, tape: &mut Tape<'_>, conditions: &[&Condition]) -> Id {
        let (classes, each) = conditions.first().map_or((0, 0), |one| (one.classes, one.each));
        match &self.parts {
            Parts::ClassMean([first, second]) => {
                let means: Vec<f32> = conditions.iter().flat_map(|one| one.means()).collect();
                let input = tape.input(panels(&means, classes * self.columns));
                let hidden = tape.dense(*first, &[input]);
                let hidden = tape.silu(hidden);
                tape.dense(*second, &[hidden])
            }
            Parts::Set { inside, token, pool, among, data, whole, last } => {
                let sets = conditions.len() * classes;
                let width = self.columns + if self.position { classes } else { 0 };
                let input = tape.input(panels(&self.images(conditions, classes, each), width));
                let groups = |queries, keys| Groups { queries, keys, heads: HEADS, adds_query: true };
                let x = inside.forward(tape, input, input, groups(each, each));
                let seeds = tape.repeat(*token, sets);
                let tokens = pool.forward(tape, seeds, x, groups(1, each));
                let tokens = among.forward(tape, tokens, tokens, groups(classes, classes));
                let seeds = tape.repeat(*data, conditions.len());
                let one = whole.forward(tape, seeds, tokens, groups(1, classes));
                tape.dense(*last, &[one])
            }
            Parts::Flat { mix, last } => {
                let input = tape.input(panels(&self.by_feature(conditions, classes, each), each * classes));
                let mixed = tape.dense(*mix, &[input]);
                let mixed = tape.leaky(mixed, SLOPE);
                let flat = tape.reshape(mixed, self.columns * MIXED);
                tape.dense(*last, &[flat])
            }
        }
    }

    /// All images, with the place of their class behind their features if that is asked for.
    fn images(&self, conditions: &[&Condition], classes: usize, each: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for condition in conditions {
            for (index, image) in condition.images.chunks_exact(self.columns.max(1)).enumerate() {
                all.extend_from_slice(image);
                if self.position {
                    let class = index / each.max(1);
                    all.extend((0..classes).map(|place| f32::from(u8::from(place == class))));
                }
            }
        }
        all
    }

    /// For every feature its values in all images, the sample outermost: `[conditions · features, samples · classes]`.
    fn by_feature(&self, conditions: &[&Condition], classes: usize, each: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for condition in conditions {
            for feature in 0..self.columns {
                for sample in 0..each {
                    for class in 0..classes {
                        let at = (class * each + sample) * self.columns + feature;
                        all.push(condition.images.get(at).copied().unwrap_or(0.0));
                    }
                }
            }
        }
        all
    }
}
