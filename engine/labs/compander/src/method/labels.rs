//! Training labels of which a share is drawn again.

use weightscope_math::Stream;

/// The labels, a share of them (rounded, which ones at random) drawn again from all classes alike, so that some keep what they had.
pub fn redrawn(labels: &[u32], classes: usize, share: f64, random: &mut Stream) -> Vec<u32> {
    let mut noisy = labels.to_vec();
    let count = (share.clamp(0.0, 1.0) * labels.len() as f64).round() as usize;
    for row in random.permutation(labels.len()).into_iter().take(count) {
        if let Some(label) = noisy.get_mut(row) {
            *label = random.below(classes) as u32;
        }
    }
    noisy
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn about_nine_tenths_of_the_redrawn_labels_change_with_ten_classes() {
        let labels: Vec<u32> = (0..10_000).map(|row| row % 10).collect();
        let noisy = redrawn(&labels, 10, 0.3, &mut stream(1, "labels"));
        let changed = labels.iter().zip(&noisy).filter(|(a, b)| a != b).count();
        // 3000 draws, of which a tenth lands where it was: 2700 ± 3·√(3000·0.09).
        assert!((2650..2751).contains(&changed), "{changed}");
        assert!(noisy.iter().all(|label| *label < 10));
        assert_eq!(redrawn(&labels, 10, 0.0, &mut stream(1, "labels")), labels);
    }
}
