//! The forms of the function Ψ that makes effective weights w from latent ones v: w = a·f(v/b), one file a form.
//!
//! The paper's own function could not be read; the arctan form has all the properties that its abstract states, and stands
//! unconfirmed. Contract: f is odd, strictly increasing, bounded, and f'(0) = 1, so that a/b is the slope at zero of every form.

mod arctan;
mod softsign;
mod tanh;

/// The two parameters of a layer: w = a·f(v/b).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pair {
    /// Amplitude a, above 0, in the units of the weights.
    pub amplitude: f64,
    /// Width b, above 0, in the units of the weights; |v| = b is the knee of the curve.
    pub width: f64,
}

/// One form of the function.
pub trait Form: Sync {
    /// f(t) at t = v/b.
    fn shape(&self, t: f64) -> f64;
    /// f'(t).
    fn shape_slope(&self, t: f64) -> f64;
    /// f⁻¹(q) for |q| below [`Form::limit`]; infinite or not-a-number from there on.
    fn shape_inverse(&self, q: f64) -> f64;
    /// The supremum of f.
    fn limit(&self) -> f64;
    /// `weights` = Ψ(`latent`), in single precision and compiled for wide registers.
    fn values(&self, pair: Pair, latent: &[f32], weights: &mut [f32]);
    /// `gradient` *= Ψ'(`latent`), where `weights` = Ψ(`latent`).
    fn slopes(&self, pair: Pair, latent: &[f32], weights: &[f32], gradient: &mut [f32]);
}

impl Pair {
    /// w = a·f(v/b).
    pub fn value(self, form: &dyn Form, v: f64) -> f64 {
        self.amplitude * form.shape(v / self.width)
    }

    /// ∂w/∂v = (a/b)·f'(v/b).
    pub fn slope(self, form: &dyn Form, v: f64) -> f64 {
        self.slope_at_zero() * form.shape_slope(v / self.width)
    }

    /// ∂w/∂a = f(v/b).
    pub fn by_amplitude(self, form: &dyn Form, v: f64) -> f64 {
        form.shape(v / self.width)
    }

    /// ∂w/∂b = −(v/b)·∂w/∂v.
    pub fn by_width(self, form: &dyn Form, v: f64) -> f64 {
        -(v / self.width) * self.slope(form, v)
    }

    /// v with Ψ(v) = w, for |w| below the bound.
    pub fn inverse(self, form: &dyn Form, w: f64) -> f64 {
        self.width * form.shape_inverse(w / self.amplitude)
    }

    /// The largest magnitude that no weight reaches: a·sup f.
    pub fn bound(self, form: &dyn Form) -> f64 {
        self.amplitude * form.limit()
    }

    /// ∂w/∂v at zero: a/b.
    pub fn slope_at_zero(self) -> f64 {
        self.amplitude / self.width
    }
}

/// The list: word in files, words for people, file.
macro_rules! forms {
    ($($variant:ident = $key:literal, $label:literal, $form:expr;)+) => {
        weightscope_frame::choices! {
            /// The form of the function, or none.
            pub enum Compander {
                /// No function: the plain network alone.
                None = "none", "None (plain network)";
                $(
                    #[doc = $label]
                    $variant = $key, $label;
                )+
            }
        }

        impl Compander {
            /// The form; none for the plain network.
            pub fn form(self) -> Option<&'static dyn Form> {
                match self {
                    Self::None => None,
                    $(Self::$variant => Some(&$form),)+
                }
            }

            /// All forms, without none.
            pub const FORMS: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

forms! {
    Arctan = "arctan", "arctan compander (form not confirmed against the paper)", arctan::Arctan;
    Tanh = "tanh", "tanh compander (ours, another form)", tanh::Tanh;
    Softsign = "softsign", "softsign compander (ours, another form)", softsign::Softsign;
}

#[cfg(test)]
mod tests;
