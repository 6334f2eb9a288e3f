//! The kernel against burn's autodiff, and against itself.

use burn::tensor::{Device, Tensor, activation};

use super::lane::dot;
use super::*;
use weightscope_math::stream;
use weightscope_nn::gelu::gelu;
use weightscope_nn::gradient::constant;
use weightscope_nn::parameters::read;

const ACTIVATIONS: [Activation; 3] = [Activation::Relu, Activation::Tanh, Activation::Gelu];
const OBJECTIVES: [Objective; 2] = [Objective::CrossEntropy, Objective::SquaredError];

struct Problem {
    shape: Shape,
    flat: Vec<f32>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

impl Problem {
    fn new(sizes: &[usize], activation: Activation, objective: Objective, rows: usize) -> Self {
        let shape = Shape::new(sizes, activation, objective).unwrap();
        let mut random = stream(5, "problem");
        let mut flat = train::initial(&shape, &mut random);
        // Biases away from zero, so that they take part.
        flat.iter_mut().for_each(|value| *value += 0.05 * random.normal());
        let mut features = vec![0.0; rows * shape.inputs()];
        random.fill_normal(&mut features);
        let labels = (0..rows).map(|_| random.below(shape.outputs()) as u32).collect();
        Self { shape, flat, features, labels }
    }

    fn samples(&self) -> Samples {
        Samples::new(&self.features, self.shape.inputs(), Targets::Classes(self.labels.clone())).unwrap()
    }

    fn weights(&self) -> Vec<Lane> {
        self.shape.pack(&self.flat).unwrap()
    }

    /// Mean loss and flat gradient by burn.
    fn by_burn(&self) -> (f64, Vec<f32>) {
        let device = Device::flex().autodiff();
        let rows = self.labels.len();
        let mut value: Tensor<2> = constant(self.features.clone(), [rows, self.shape.inputs()], &device);
        let mut leaves = Vec::new();
        let layers = self.shape.sizes().len() - 1;
        for (index, pair) in self.shape.tensors().chunks(2).enumerate() {
            let [outputs, inputs] = pair[0].shape[..] else { panic!("a matrix") };
            let weight: Tensor<2> =
                constant(self.flat[pair[0].range.clone()].to_vec(), [outputs, inputs], &device)
                    .require_grad();
            let bias: Tensor<2> =
                constant(self.flat[pair[1].range.clone()].to_vec(), [1, outputs], &device).require_grad();
            value = value.matmul(weight.clone().transpose()) + bias.clone();
            if index + 1 < layers {
                value = match self.shape.activation() {
                    Activation::Relu => activation::relu(value),
                    Activation::Tanh => value.tanh(),
                    Activation::Gelu => gelu(value),
                };
            }
            leaves.push(weight);
            leaves.push(bias);
        }
        let outputs = self.shape.outputs();
        let labels: Vec<usize> = self.labels.iter().map(|label| *label as usize).collect();
        let wanted: Tensor<2> =
            constant(weightscope_nn::loss::one_hot(&labels, outputs), [rows, outputs], &device);
        let loss = match self.shape.objective() {
            Objective::CrossEntropy => weightscope_nn::loss::cross_entropy(value, wanted),
            Objective::SquaredError => {
                let difference = value - wanted;
                (difference.clone() * difference).mean()
            }
        };
        let gradients = loss.backward();
        let gradient = leaves.iter().flat_map(|leaf| read(leaf.grad(&gradients).unwrap())).collect();
        (f64::from(read(loss)[0]), gradient)
    }
}

#[test]
fn gradients_agree_with_burn() {
    for (sizes, rows) in [
        (vec![5, 3], 1),
        (vec![64, 4, 4, 10], 4),
        (vec![64, 16, 16, 10], 7),
        (vec![30, 33, 17, 20, 3], 50),
        (vec![64, 128, 128, 10], 96),
    ] {
        for activation in ACTIVATIONS {
            for objective in OBJECTIVES {
                let problem = Problem::new(&sizes, activation, objective, rows);
                let mut machine = Machine::new(&problem.shape, rows);
                let order: Vec<u32> = (0..rows as u32).collect();
                let mut gradient = problem.shape.zeros();
                let sum = machine.gradient(&problem.weights(), &problem.samples(), &order, &mut gradient);
                let (loss, expected) = problem.by_burn();
                let found = problem.shape.unpack(&gradient);
                let square = |values: &mut dyn Iterator<Item = f32>| -> f64 {
                    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
                };
                let size = square(&mut expected.iter().copied());
                let error = square(&mut found.iter().zip(&expected).map(|(a, b)| a - b)) / size;
                let name = format!("{sizes:?} {activation:?} {objective:?}");
                assert!(error < 1e-5, "{name}: relative error {error:e} of the gradient");
                let difference = (sum / rows as f64 - loss).abs();
                assert!(difference < 1e-5 * loss.max(1.0), "{name}: loss off by {difference:e}");
                let judged = machine.judge(&problem.weights(), &problem.samples());
                assert!((judged.loss - loss).abs() < 1e-5 * loss.max(1.0), "{name}: judged {}", judged.loss);
            }
        }
    }
}

#[test]
fn a_step_is_the_optimizers_step_along_the_gradient() {
    use weightscope_nn::optimizer::{Decay, Group, Sgd, SgdSettings};
    let problem = Problem::new(&[64, 20, 20, 10], Activation::Relu, Objective::CrossEntropy, 13);
    let samples = problem.samples();
    let mut machine = Machine::new(&problem.shape, 13);
    let (mut weights, mut velocity) = (problem.weights(), problem.shape.zeros());
    let mut flat = problem.flat.clone();
    let settings = SgdSettings { momentum: 0.9, weight_decay: 0.01 };
    let mut optimizer = Sgd::new(settings, flat.len());
    let group = Group { range: 0..flat.len(), learning_rate_factor: 1.0, decay: Decay::Applied };
    let rates = Rates { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.01 };
    let rows: Vec<u32> = (0..13).collect();
    for _ in 0..5 {
        let mut gradient = problem.shape.zeros();
        let packed = problem.shape.pack(&flat).unwrap();
        machine.gradient(&packed, &samples, &rows, &mut gradient);
        optimizer.step(&mut flat, &problem.shape.unpack(&gradient), std::slice::from_ref(&group), 0.1);
        machine.descend(&mut weights, &mut velocity, &samples, &rows, rates);
    }
    for (a, b) in problem.shape.unpack(&weights).iter().zip(&flat) {
        assert!((a - b).abs() < 1e-5 * b.abs().max(0.1), "{a} and {b}");
    }
}

#[test]
fn hessian_products_agree_with_differences_of_gradients() {
    const STEP: f32 = 3e-3;
    for activation in [Activation::Tanh, Activation::Gelu] {
        for objective in OBJECTIVES {
            let problem = Problem::new(&[12, 20, 7, 5], activation, objective, 150);
            let samples = problem.samples();
            let weights = problem.weights();
            let mut direction = vec![0.0; problem.flat.len()];
            stream(9, "direction").fill_normal(&mut direction);
            let mut direction = problem.shape.pack(&direction).unwrap();
            let length = lane::norm(&direction) as f32;
            lane::scale(&mut direction, 1.0 / length);
            let mut machine = Machine::new(&problem.shape, 150);
            let rows: Vec<u32> = (0..150).collect();
            let mut slope = |step: f32| {
                let mut point = weights.clone();
                lane::add_scaled(&mut point, step, &direction);
                let mut gradient = problem.shape.zeros();
                machine.gradient(&point, &samples, &rows, &mut gradient);
                gradient
            };
            let (mut expected, below) = (slope(STEP), slope(-STEP));
            lane::add_scaled(&mut expected, -1.0, &below);
            lane::scale(&mut expected, 0.5 / STEP);
            let mut found = problem.shape.zeros();
            Curvature::new(&problem.shape, &weights, &samples).product(&direction, &mut found);
            let size = lane::norm(&expected);
            lane::add_scaled(&mut found, -1.0, &expected);
            let error = lane::norm(&found) / size;
            assert!(error < 2e-3, "{activation:?} {objective:?}: relative error {error:e}");
        }
    }
}

#[test]
fn the_hessian_is_symmetric_for_relu_too() {
    let problem = Problem::new(&[64, 32, 32, 10], Activation::Relu, Objective::CrossEntropy, 300);
    let mut curvature = Curvature::new(&problem.shape, &problem.weights(), &problem.samples());
    let mut random = stream(4, "directions");
    let mut draw = || {
        let mut flat = vec![0.0; problem.flat.len()];
        random.fill_normal(&mut flat);
        problem.shape.pack(&flat).unwrap()
    };
    let (u, v) = (draw(), draw());
    let (mut hu, mut hv) = (problem.shape.zeros(), problem.shape.zeros());
    curvature.product(&u, &mut hu);
    curvature.product(&v, &mut hv);
    let (a, b) = (dot(&u, &hv), dot(&v, &hu));
    assert!((a - b).abs() < 1e-4 * a.abs().max(b.abs()), "u·Hv = {a}, v·Hu = {b}");
    let again = {
        let mut again = problem.shape.zeros();
        curvature.product(&u, &mut again);
        again
    };
    assert_eq!(again, hu, "the same product has the same bits");
}

#[test]
fn padding_stays_zero_while_training() {
    let problem = Problem::new(&[30, 5, 18, 3], Activation::Gelu, Objective::CrossEntropy, 40);
    let mut weights = problem.weights();
    let rates = Rates { learning_rate: 0.05, momentum: 0.9, weight_decay: 1e-3 };
    let protocol = Protocol { batch: 8, epochs: 3, rates, schedule: Schedule::OneCycle };
    let mut machine = Machine::new(&problem.shape, 8);
    let mut shuffles = stream(1, "shuffle");
    let ended: Result<(), ()> =
        train::train(&mut machine, &mut weights, &problem.samples(), &protocol, &mut shuffles, |_, _| Ok(()));
    assert_eq!(ended, Ok(()));
    let back = problem.shape.pack(&problem.shape.unpack(&weights)).unwrap();
    assert_eq!(back, weights);
}
