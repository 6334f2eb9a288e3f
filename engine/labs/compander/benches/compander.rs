//! Speed of a step under the function beside the same step without: 64-64-64-10, 50 rows, AdamW.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop by panicking, and its groups are made by a macro"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope_compander::Compander;
use weightscope_compander::method::form::{Form, Pair};
use weightscope_math::stream;
use weightscope_population::{
    Activation, Advance, DecayOn, Elementwise, Learner, Objective, Plain, Regularizers, Rule, Samples, Shape,
    Targets,
};

const ROWS: usize = 200;
const BATCH: usize = 50;

/// One pair for all layers.
struct Function(&'static dyn Form, Pair);

impl Elementwise for Function {
    fn values(&self, _layer: usize, latent: &[f32], effective: &mut [f32]) {
        self.0.values(self.1, latent, effective);
    }

    fn slopes(&self, _layer: usize, latent: &[f32], effective: &[f32], gradient: &mut [f32]) {
        self.0.slopes(self.1, latent, effective, gradient);
    }
}

fn samples() -> Samples {
    let mut random = stream(1, "bench");
    let mut features = vec![0.0; ROWS * 64];
    random.fill_normal(&mut features);
    let labels = (0..ROWS).map(|_| random.below(10) as u32).collect();
    Samples::new(&features, 64, Targets::Classes(labels)).unwrap()
}

fn steps(criterion: &mut Criterion) {
    let samples = samples();
    let shape = Shape::new(&[64, 64, 64, 10], Activation::Relu, Objective::CrossEntropy).unwrap();
    let mut start = vec![0.0; shape.parameters()];
    stream(2, "init").fill_normal(&mut start);
    start.iter_mut().for_each(|value| *value *= 0.18);
    let rows: Vec<u32> = (0..BATCH as u32).collect();
    let by = Advance { learning_rate: 1e-3, weight_decay: 0.0, decay_on: DecayOn::Latent, rule: Rule::AdamW };
    let mut group = criterion.benchmark_group("step");
    let fresh = || Learner::new(&shape, shape.pack(&start).unwrap(), BATCH, Regularizers::default());
    let mut random = stream(3, "dropout");
    let mut plain = fresh();
    group.bench_function("twin", |bencher| {
        bencher.iter(|| plain.step(&samples, &rows, &mut random, &by, &Plain));
    });
    for word in Compander::FORMS {
        let function = Function(word.form().unwrap(), Pair { amplitude: 0.39, width: 0.25 });
        let mut learner = fresh();
        group.bench_function(word.key(), |bencher| {
            bencher.iter(|| learner.step(&samples, &rows, &mut random, &by, &function));
        });
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
