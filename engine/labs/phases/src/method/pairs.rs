//! How two networks' answers compare (Yang et al. 2021, `compare_classification`): agreement, divergence, cosine; and how well
//! several answer together.

/// Probabilities below this count as this, as in the published code.
const LEAST_PROBABILITY: f64 = 1e-7;

/// Softmax of each row, in double precision.
pub fn softmax(logits: &[f32], classes: usize) -> Vec<f64> {
    let mut all = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes.max(1)) {
        let largest = row.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let powers: Vec<f64> = row.iter().map(|value| f64::from(value - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        all.extend(powers.iter().map(|power| power / sum));
    }
    all
}

/// First largest of a row.
fn answer<T: PartialOrd>(row: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in row.iter().enumerate() {
        if row.get(best).is_some_and(|most| value > most) {
            best = index;
        }
    }
    best
}

/// Share of rows that are answered rightly.
pub fn accuracy<T: PartialOrd>(outputs: &[T], classes: usize, labels: &[u32]) -> f64 {
    let rows = outputs.chunks_exact(classes.max(1)).zip(labels);
    let right = rows.filter(|(row, label)| answer(row) == **label as usize).count();
    right as f64 / labels.len().max(1) as f64
}

/// Share of rows with the same answer.
pub fn agreement(first: &[f32], second: &[f32], classes: usize) -> f64 {
    let rows = first.chunks_exact(classes.max(1)).zip(second.chunks_exact(classes.max(1)));
    let count = (first.len() / classes.max(1)).max(1);
    rows.filter(|(a, b)| answer(a) == answer(b)).count() as f64 / count as f64
}

/// Mean Jensen–Shannon divergence of the softmax outputs, nats.
pub fn divergence(first: &[f32], second: &[f32], classes: usize) -> f64 {
    let (p, q) = (softmax(first, classes), softmax(second, classes));
    let sum: f64 = p
        .iter()
        .zip(&q)
        .map(|(p, q)| {
            let mixture = f64::midpoint(*p, *q).clamp(LEAST_PROBABILITY, 1.0).ln();
            let part = |value: f64| if value > 0.0 { value * (value.ln() - mixture) } else { 0.0 };
            0.5 * (part(*p) + part(*q))
        })
        .sum();
    sum / (first.len() / classes.max(1)).max(1) as f64
}

/// Cosine of the flattened outputs; `None` if one is zero.
pub fn cosine(first: &[f32], second: &[f32]) -> Option<f64> {
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let length = (dot(first, first) * dot(second, second)).sqrt();
    (length > 0.0).then(|| dot(first, second) / length)
}

/// Accuracy of the mean softmax of several networks.
pub fn ensemble_accuracy(members: &[Vec<f32>], classes: usize, labels: &[u32]) -> f64 {
    let mut mean = vec![0.0; labels.len() * classes];
    for logits in members {
        mean.iter_mut().zip(softmax(logits, classes)).for_each(|(sum, p)| *sum += p);
    }
    accuracy(&mean, classes, labels)
}

/// ‖a − b‖.
pub fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
}

/// ‖a‖.
pub fn norm(a: &[f32]) -> f64 {
    a.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>().sqrt()
}
