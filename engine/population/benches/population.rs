//! Speed of the population kernel: steps of gradient descent, Hessian products and judging, over widths and batches.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop by panicking, and its groups are made by a macro"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use weightscope_math::stream;
use weightscope_population::{
    Activation, Curvature, Machine, Objective, Rates, Samples, Shape, Targets, train,
};

const ROWS: usize = 512;

fn samples() -> Samples {
    let mut random = stream(1, "bench");
    let mut features = vec![0.0; ROWS * 64];
    random.fill_normal(&mut features);
    let labels = (0..ROWS).map(|_| random.below(10) as u32).collect();
    Samples::new(&features, 64, Targets::Classes(labels)).unwrap()
}

fn shape(width: usize) -> Shape {
    Shape::new(&[64, width, width, 10], Activation::Relu, Objective::CrossEntropy).unwrap()
}

/// Multiplications with a weight: forward, gradient, and backward in all layers but the first; two operations each.
fn operations(shape: &Shape, batch: usize) -> u64 {
    let first = shape.sizes()[0] * shape.sizes()[1];
    (2 * batch * (3 * shape.products() - first)) as u64
}

fn steps(criterion: &mut Criterion) {
    let samples = samples();
    let rates = Rates { learning_rate: 0.01, momentum: 0.9, weight_decay: 5e-4 };
    let mut group = criterion.benchmark_group("step");
    for width in [4, 8, 16, 32, 64, 128] {
        let shape = shape(width);
        for batch in [4, 16, 64, 256] {
            let mut weights = shape.pack(&train::initial(&shape, &mut stream(2, "init"))).unwrap();
            let mut velocity = shape.zeros();
            let mut machine = Machine::new(&shape, batch);
            let rows: Vec<u32> = (0..batch as u32).collect();
            group.throughput(Throughput::Elements(operations(&shape, batch)));
            group.bench_function(BenchmarkId::new(format!("width {width}"), batch), |bencher| {
                bencher.iter(|| machine.descend(&mut weights, &mut velocity, &samples, &rows, rates));
            });
        }
    }
    group.finish();
}

fn curvature(criterion: &mut Criterion) {
    let samples = samples();
    let mut group = criterion.benchmark_group("rows 512");
    for width in [4, 16, 64, 128] {
        let shape = shape(width);
        let weights = shape.pack(&train::initial(&shape, &mut stream(2, "init"))).unwrap();
        let mut curvature = Curvature::new(&shape, &weights, &samples);
        let mut out = shape.zeros();
        group.bench_function(BenchmarkId::new("Hessian product", width), |bencher| {
            bencher.iter(|| curvature.product(&weights, &mut out));
        });
        let mut machine = Machine::new(&shape, 128);
        group.bench_function(BenchmarkId::new("judge", width), |bencher| {
            bencher.iter(|| machine.judge(&weights, &samples));
        });
    }
    group.finish();
}

criterion_group!(benches, steps, curvature);
criterion_main!(benches);
