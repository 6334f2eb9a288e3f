//! Parameters and optimizers in checkpoints: tensors under their names, readable by any safetensors library.

use weightscope_frame::store::{Codec, CodecError, Saved};

use crate::optimizer::{AdamW, Sgd};
use crate::parameters::Parameters;

impl Saved for Parameters {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let entries = self.entries().to_vec();
        for entry in entries {
            if let Some(values) = self.values_mut().get_mut(entry.range.clone()) {
                codec.tensor(&entry.name, &entry.shape, values)?;
            }
        }
        Ok(())
    }
}

impl Saved for AdamW {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let count = [self.first_moment.len()];
        codec.tensor("first_moment", &count, &mut self.first_moment)?;
        codec.tensor("second_moment", &count, &mut self.second_moment)?;
        codec.count("steps", &mut self.steps)
    }
}

impl Saved for Sgd {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let count = [self.velocity.len()];
        codec.tensor("velocity", &count, &mut self.velocity)
    }
}
