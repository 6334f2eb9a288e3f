//! Gradients against differences, packing, and the optimizer against the shared one.

use weightscope_math::stream;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, Decay, Group};

use super::*;
use crate::lane::{Lane, flat};

/// Normal numbers, `[rows, columns]`, the same for each name.
pub(super) fn random(rows: usize, columns: usize, name: &str) -> Panels {
    let mut values = vec![0.0; rows * columns];
    stream(2, name).fill_normal(&mut values);
    Panels::from_rows(&values, columns)
}

/// A network of all operations that are smooth: two inputs, norms, gates, attention, learned rows, a draw. Differences say nothing of a
/// kink, so the leaky gate has a test of its own.
struct Net {
    plan: Plan,
    first: Dense,
    norm: Norm,
    qkv: [Dense; 3],
    seeds: Rows,
    pool: [Dense; 3],
    heads: [Dense; 2],
    last: Dense,
}

fn net() -> Net {
    let mut plan = Plan::default();
    let first = plan.dense("first", &[5, 18], 20);
    let norm = plan.norm("norm", 20);
    let qkv = ["q", "k", "v"].map(|name| plan.dense(name, &[20], 8));
    let seeds = plan.rows("seeds", 1, 8);
    let pool = ["pq", "pk", "pv"].map(|name| plan.dense(name, &[8], 8));
    let heads = ["mean", "variance"].map(|name| plan.dense(name, &[16], 6));
    let last = plan.dense("last", &[6], 3);
    Net { plan, first, norm, qkv, seeds, pool, heads, last }
}

impl Net {
    /// Six rows in two groups of three, pooled to one each, two pooled rows side by side as one.
    fn forward<'p>(&'p self, weights: &'p [Lane]) -> (Tape<'p>, Id) {
        let mut tape = Tape::new(&self.plan, weights);
        let (a, b) = (tape.input(random(6, 5, "a")), tape.input(random(6, 18, "b")));
        let x = tape.dense(self.first, &[a, b]);
        let n = tape.norm(self.norm, x);
        let gate = tape.silu(n);
        let x = tape.sum(x, gate);
        let [q, k, v] = self.qkv.map(|layer| tape.dense(layer, &[x]));
        let x = tape.attention(Groups { queries: 3, keys: 3, heads: 2, adds_query: true }, q, k, v);
        let x = tape.silu(x);
        let s = tape.repeat(self.seeds, 2);
        let q = tape.dense(self.pool[0], &[s]);
        let (k, v) = (tape.dense(self.pool[1], &[x]), tape.dense(self.pool[2], &[x]));
        let x = tape.attention(Groups { queries: 1, keys: 3, heads: 4, adds_query: true }, q, k, v);
        let x = tape.reshape(x, 16);
        let [mean, variance] = self.heads.map(|layer| tape.dense(layer, &[x]));
        let z = tape.draw(mean, variance, random(1, 6, "noise"), (-30.0, 20.0));
        let y = tape.dense(self.last, &[z]);
        (tape, y)
    }

    fn loss(&self, weights: &[Lane]) -> f64 {
        let (tape, y) = self.forward(weights);
        0.5 * tape.value(y).squares()
    }
}

#[test]
fn gradients_are_those_of_differences() {
    let net = net();
    let weights = net.plan.initial(&mut stream(1, "weights"));
    let (tape, y) = net.forward(&weights);
    let slope = tape.value(y).clone();
    let gradient = tape.backward([(y, slope)]).gradient(&net.plan);
    let (values, slopes) = (net.plan.unpack(&weights), net.plan.unpack(&gradient));
    let largest = slopes.iter().flatten().fold(0.0_f32, |most, slope| most.max(slope.abs()));
    for (tensor, named) in net.plan.tensors().iter().enumerate() {
        for index in (0..values[tensor].len()).step_by(3) {
            let at = |by: f32| {
                let mut moved = values.clone();
                moved[tensor][index] += by;
                net.loss(&net.plan.pack(&moved).unwrap())
            };
            let step = 4e-3;
            let expected = (at(step) - at(-step)) / (2.0 * f64::from(step));
            let found = f64::from(slopes[tensor][index]);
            let error = (found - expected).abs();
            assert!(error < 2e-3 * f64::from(largest), "{} {index}: {found} and {expected}", named.name);
        }
    }
}

/// ∂(½Σy²)/∂W of y = leaky(x·Wᵀ + b), written out: Σ over the rows of slope(z)·y·x.
#[test]
fn the_gradient_through_a_leaky_gate_is_that_written_out() {
    for slope in [0.0_f32, 0.2] {
        let mut plan = Plan::default();
        let layer = plan.dense("layer", &[5], 19);
        let weights = plan.initial(&mut stream(6, "weights"));
        let mut tape = Tape::new(&plan, &weights);
        let x = random(7, 5, "x");
        let input = tape.input(x.clone());
        let z = tape.dense(layer, &[input]);
        let y = tape.leaky(z, slope);
        let (sums, values) = (tape.value(z).to_rows(), tape.value(y).to_rows());
        assert!(sums.iter().any(|z| *z < 0.0) && sums.iter().any(|z| *z > 0.0), "both sides");
        let from = tape.value(y).clone();
        let found = plan.unpack(&tape.backward([(y, from)]).gradient(&plan));
        let rows = x.to_rows();
        for output in 0..19 {
            let own = |row: usize| {
                let (z, y) = (sums[row * 19 + output], values[row * 19 + output]);
                assert_eq!(y, if z < 0.0 { slope * z } else { z });
                f64::from(if z > 0.0 { y } else { slope * y })
            };
            for input in 0..5 {
                let expected: f64 = (0..7).map(|row| own(row) * f64::from(rows[row * 5 + input])).sum();
                assert!((f64::from(found[0][output * 5 + input]) - expected).abs() < 1e-5);
            }
            let expected: f64 = (0..7).map(own).sum();
            assert!((f64::from(found[1][output]) - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn packing_gives_the_tensors_back_and_counts_them() {
    let net = net();
    let packed = net.plan.initial(&mut stream(1, "weights"));
    let tensors = net.plan.unpack(&packed);
    assert_eq!(net.plan.pack(&tensors).unwrap(), packed);
    assert_eq!(tensors.iter().map(Vec::len).sum::<usize>(), net.plan.parameters());
    assert!(net.plan.pack(&tensors[1..]).is_none());
    let rows = random(3, 19, "rows");
    assert_eq!(Panels::from_rows(&rows.to_rows(), 19), rows);
}

#[test]
fn a_step_is_that_of_the_shared_optimizer_and_the_average_follows() {
    let settings = AdamWSettings { weight_decay: 0.1, ..AdamWSettings::default() };
    let net = net();
    let mut values = net.plan.initial(&mut stream(4, "values"));
    let mut expected = flat(&values).to_vec();
    let mut average = values.clone();
    let lanes = net.plan.lanes();
    let (mut state, mut shared) = (adam::State::new(lanes), AdamW::new(settings, expected.len()));
    let groups = [Group { range: 0..expected.len(), learning_rate_factor: 1.0, decay: Decay::Applied }];
    for step in 0..10 {
        let slopes = |factor: f32| {
            let (tape, y) = net.forward(&values);
            let slope = tape.value(y).clone().scaled(factor);
            tape.backward([(y, slope)])
        };
        // The second part has nothing to say at first, as a pass that learns less than the whole network.
        let parts = [slopes(1.0), if step == 0 { Slopes::default() } else { slopes(-0.3) }];
        let gradients = parts.each_ref().map(|part| part.gradient(&net.plan));
        let sum: Vec<f32> = flat(&gradients[0]).iter().zip(flat(&gradients[1])).map(|(a, b)| a + b).collect();
        assert!(sum.iter().any(|slope| *slope != 0.0), "a gradient");
        let before = average.clone();
        let parts = [&parts[0], &parts[1]];
        state.step(&mut values, (&net.plan, parts), &settings, 0.01, &mut average, 0.25);
        shared.step(&mut expected, &sum, &groups, 0.01);
        for ((now, then), value) in flat(&average).iter().zip(flat(&before)).zip(flat(&values)) {
            assert!((now - (0.75 * then + 0.25 * value)).abs() < 1e-6);
        }
    }
    for (found, expected) in flat(&values).iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    }
    let mut still = Vec::new();
    state.step(&mut values, (&net.plan, [&Slopes::default(); 2]), &settings, 0.01, &mut still, 0.25);
    assert!(still.is_empty(), "no average is kept where there is none");
}

#[test]
fn pieces_are_the_whole_of_the_packed_vector() {
    let plan = net().plan;
    let mut end = 0;
    for piece in plan.pieces() {
        assert_eq!(piece.lanes.start, end);
        end = piece.lanes.end;
    }
    assert_eq!(end, plan.lanes());
}
