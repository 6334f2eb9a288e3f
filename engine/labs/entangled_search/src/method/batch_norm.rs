//! Batch normalisation under superposition (`MobileNetV3` rule of the released code, established): γ and β are superposed over the channel
//! options; batch and running statistics belong to a channel, are shared by all options and never mixed.

use weightscope_math::real::Real;

/// What a layer holds.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm<T> {
    /// Factors after superposition, one for each channel.
    pub gamma: Vec<T>,
    /// Offsets after superposition.
    pub beta: Vec<T>,
    /// Running means.
    pub mean: Vec<T>,
    /// Running variances.
    pub variance: Vec<T>,
    /// Added to variances.
    pub epsilon: f64,
    /// Share of the new batch in the running statistics.
    pub momentum: f64,
}

impl<T: Real> BatchNorm<T> {
    /// Normalises images `[images, channels, places]` by their own statistics and moves the running ones; the running variance takes
    /// the unbiased one of the batch.
    pub fn train(&mut self, images: &[T], places: usize) -> Vec<T> {
        let channels = self.gamma.len();
        let (mut means, mut variances) = (vec![T::ZERO; channels], vec![T::ZERO; channels]);
        let count = images.len() / channels.max(1);
        let size = T::from_f64(count as f64);
        self.each(images, places, |channel, values| {
            means
                .get_mut(channel)
                .into_iter()
                .for_each(|mean| *mean += values.iter().copied().sum::<T>() / size);
        });
        self.each(images, places, |channel, values| {
            let mean = means.get(channel).copied().unwrap_or_default();
            let sum: T = values.iter().map(|value| (*value - mean) * (*value - mean)).sum();
            variances.get_mut(channel).into_iter().for_each(|variance| *variance += sum / size);
        });
        let out = self.normalised(images, places, &means, &variances);
        let (new, old) = (T::from_f64(self.momentum), T::from_f64(1.0 - self.momentum));
        let unbiased = size / T::from_f64((count as f64 - 1.0).max(1.0));
        let move_to = |own: &mut T, batch: T| *own = old * *own + new * batch;
        self.mean.iter_mut().zip(&means).for_each(|(own, batch)| move_to(own, *batch));
        self.variance.iter_mut().zip(&variances).for_each(|(own, batch)| move_to(own, unbiased * *batch));
        out
    }

    /// Normalises by the running statistics.
    pub fn evaluate(&self, images: &[T], places: usize) -> Vec<T> {
        self.normalised(images, places, &self.mean, &self.variance)
    }

    fn each(&self, images: &[T], places: usize, mut work: impl FnMut(usize, &[T])) {
        for image in images.chunks_exact((places * self.gamma.len()).max(1)) {
            image.chunks_exact(places.max(1)).enumerate().for_each(|(channel, values)| work(channel, values));
        }
    }

    fn normalised(&self, images: &[T], places: usize, means: &[T], variances: &[T]) -> Vec<T> {
        let affine = self.gamma.iter().zip(&self.beta).zip(means.iter().zip(variances));
        let lines: Vec<(T, T)> = affine
            .map(|((gamma, beta), (mean, variance))| {
                let factor = *gamma / (*variance + T::from_f64(self.epsilon)).root();
                (factor, *beta - factor * *mean)
            })
            .collect();
        let channels = images.chunks_exact(places.max(1)).zip(lines.iter().cycle());
        channels
            .flat_map(|(values, (factor, offset))| values.iter().map(move |value| *factor * *value + *offset))
            .collect()
    }
}
