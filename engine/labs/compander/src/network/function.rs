//! The function on the weights of one network: its form, and a pair of parameters for each layer that it acts on.

use weightscope_population::Elementwise;

use crate::method::form::{Form, Pair};

/// Ψ of a network. A layer without a pair is plain.
#[derive(Clone, Default)]
pub(crate) struct Function {
    pub(crate) form: Option<&'static dyn Form>,
    pub(crate) pairs: Vec<Option<Pair>>,
}

impl Function {
    /// The plain network of so many layers.
    pub(crate) fn plain(layers: usize) -> Self {
        Self { form: None, pairs: vec![None; layers] }
    }

    /// Form and pair of a layer, if the function acts on it.
    pub(crate) fn of(&self, layer: usize) -> Option<(&'static dyn Form, Pair)> {
        self.form.zip(self.pairs.get(layer).copied().flatten())
    }
}

impl Elementwise for Function {
    fn values(&self, layer: usize, latent: &[f32], effective: &mut [f32]) {
        match self.of(layer) {
            Some((form, pair)) => form.values(pair, latent, effective),
            None => effective.copy_from_slice(latent),
        }
    }

    fn slopes(&self, layer: usize, latent: &[f32], effective: &[f32], gradient: &mut [f32]) {
        if let Some((form, pair)) = self.of(layer) {
            form.slopes(pair, latent, effective, gradient);
        }
    }
}
