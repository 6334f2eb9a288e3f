//! Sizes of the convolutional autoencoder of the released code (D2NWG, stage 1, established: `modules.py`, `autoencoder.py` and its
//! configurations). A layer makes a square image of one channel of each row of weights; at every level behind the first its side is halved.

/// Sizes of the images that stand for rows of weights on their way to the latent and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Side of the image that the first layer makes of a row.
    pub side: usize,
    /// Channels where a level's factor is 1.
    pub channels: usize,
    /// Factor of the channels at each level.
    pub factors: Vec<usize>,
    /// Residual blocks of a level of the encoder; the decoder has one more.
    pub blocks: usize,
    /// Channels of the latent.
    pub latent_channels: usize,
}

impl Images {
    /// How often the side is halved.
    pub fn halvings(&self) -> usize {
        self.factors.len().saturating_sub(1)
    }

    /// What must divide the side; none if it is beyond all numbers.
    pub fn divisor(&self) -> Option<usize> {
        u32::try_from(self.halvings()).ok().and_then(|halvings| 2_usize.checked_pow(halvings))
    }

    /// Side at a level, the first one is 0.
    pub fn side_at(&self, level: usize) -> usize {
        u32::try_from(level).ok().and_then(|level| self.side.checked_shr(level)).unwrap_or(0)
    }

    /// Channels of a level; those of the last one for levels behind it.
    pub fn channels_at(&self, level: usize) -> usize {
        let factor = self.factors.get(level).or(self.factors.last()).copied().unwrap_or(1);
        self.channels * factor
    }

    /// Side of the latent.
    pub fn latent_side(&self) -> usize {
        self.side_at(self.halvings())
    }

    /// Numbers of the latent.
    pub fn latent(&self) -> usize {
        self.latent_channels * self.latent_side() * self.latent_side()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sizes_give_the_published_latent() {
        let small = Images { side: 64, channels: 128, factors: vec![1, 1, 2], blocks: 2, latent_channels: 4 };
        assert_eq!((small.latent_side(), small.latent(), small.divisor()), (16, 1024, Some(4)));
        assert_eq!((small.channels_at(0), small.channels_at(2)), (128, 256));
        let large = Images { side: 128, channels: 64, factors: vec![1, 1, 1, 2], ..small };
        assert_eq!((large.latent_side(), large.latent(), large.divisor()), (16, 1024, Some(8)));
        assert_eq!(Images { factors: vec![1; 80], ..large }.divisor(), None);
    }
}
