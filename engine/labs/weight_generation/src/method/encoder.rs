//! Encoders of a data set: what turns a few rows of every class into one condition (D2NWG, stage 2, established:
//! `stage2/set_transformer/DatasetEmb.py`, `dataset_encoder.py`). A data set is one matrix `[samples, features]` for each class.
//!
//! Set encoders do not see the order of the classes, so they cannot tell which output belongs to which class unless the order follows
//! from the classes themselves (inferred). [`with_class_position`] writes it into the features.

use weightscope_math::MathError;
use weightscope_math::layers::leaky_relu;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::attention::{Linear, SetPool};
use super::error::{GenerationError, Result};

/// Slope of the leaky gate for negative values (established).
const SLOPE: f64 = 0.01;

/// Two levels of set pooling: the samples of a class to one token, the tokens of all classes to one embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoLevel<R> {
    /// Samples of a class to its token.
    pub intra: SetPool<R>,
    /// Tokens of the classes to the embedding.
    pub inter: SetPool<R>,
}

impl<R: Real> TwoLevel<R> {
    /// One token for each class, `[classes, width]`.
    pub fn class_tokens(&self, classes: &[Dense<R>]) -> Result<Dense<R>> {
        let mut values = Vec::new();
        let mut width = 0;
        for class in classes {
            let token = self.intra.forward(class)?;
            width = token.columns();
            values.extend(token.row_of(0)?);
        }
        Ok(Dense::new(classes.len(), width, values)?)
    }

    /// The embedding of the data set, `[width]`.
    pub fn forward(&self, classes: &[Dense<R>]) -> Result<Vec<R>> {
        self.inter.forward(&self.class_tokens(classes)?)?.row_of(0)
    }
}

/// A row that may not be there.
trait RowOf<R> {
    fn row_of(&self, row: usize) -> Result<Vec<R>>;
}

impl<R: Real> RowOf<R> for Dense<R> {
    fn row_of(&self, row: usize) -> Result<Vec<R>> {
        Ok(self.part(row, 0, 1, self.columns())?.into_values())
    }
}

/// The published cheap encoder: a linear map over samples and classes for each feature, a leaky gate, a linear map to a square.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat<R> {
    /// Over samples and classes, `[hidden, samples · most classes]`, the sample outermost.
    pub mix: Linear<R>,
    /// From features times hidden to the map, `[side², features · hidden]`.
    pub output: Linear<R>,
}

impl<R: Real> Flat<R> {
    /// The map, row after row. Every class has the same number of samples. With fewer classes than the weights have columns for, the first
    /// columns are used; classes beyond the most are dropped (established).
    pub fn forward(&self, classes: &[Dense<R>]) -> Result<Vec<R>> {
        let samples = classes.first().map_or(0, Dense::rows);
        let features = classes.first().map_or(0, Dense::columns);
        if classes.iter().any(|class| class.shape() != (samples, features)) || samples * features == 0 {
            let needed = "all classes must have the same number of samples, one or more".to_owned();
            let found = format!("{} classes of different sizes", classes.len());
            return Err(GenerationError::Range { what: "the data set", needed, found });
        }
        let most = self.mix.weight.columns() / samples;
        let used = classes.get(..most.min(classes.len())).unwrap_or(classes);
        // Rows are features, columns sample-major: `[features, samples · classes]`.
        let mut mixed = Dense::zeros(samples * used.len(), features);
        for (index, class) in used.iter().enumerate() {
            for sample in 0..samples {
                mixed.set_part(sample * used.len() + index, 0, &class.part(sample, 0, 1, features)?)?;
            }
        }
        let weight = self.mix.weight.part(0, 0, self.mix.weight.rows(), mixed.rows())?;
        let mix = Linear { weight, bias: self.mix.bias.clone() };
        let hidden = mix.forward(&mixed.transposed())?.map(|value| leaky_relu(value, SLOPE));
        let flat = Dense::new(1, hidden.values().len(), hidden.into_values())?;
        Ok(self.output.forward(&flat)?.into_values())
    }
}

/// The means of the features of every class, one after another: the condition of this lab's recipe and of ridge regression.
pub fn class_means<R: Real>(classes: &[Dense<R>]) -> Vec<R> {
    let mut means = Vec::new();
    for class in classes {
        means.extend(class.to_matrix().column_means().into_iter().map(R::from_f64));
    }
    means
}

/// The classes with their position among `count` as a one-hot behind every row's features, so that a set encoder can tell them apart.
/// Refused with more classes than `count`.
pub fn with_class_position<R: Real>(classes: &[Dense<R>], count: usize) -> Result<Vec<Dense<R>>, MathError> {
    let widened = |(index, class): (usize, &Dense<R>)| {
        let mut wide = Dense::zeros(class.rows(), class.columns() + count);
        wide.set_part(0, 0, class)?;
        let ones = Dense::zeros(class.rows(), 1).map(|_: R| R::ONE);
        if index >= count {
            let (needed, found) = (format!("at most {count} classes"), classes.len().to_string());
            return Err(MathError::Shape { what: "class positions", needed, found });
        }
        wide.set_part(0, class.columns() + index, &ones)?;
        Ok(wide)
    };
    classes.iter().enumerate().map(widened).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_written_behind_the_features() {
        let class = Dense::new(2, 1, vec![1.0, 3.0]).unwrap();
        let wide = with_class_position(&[class.clone(), class.clone()], 2).unwrap();
        assert_eq!(wide[0].values(), [1.0, 1.0, 0.0, 3.0, 1.0, 0.0]);
        assert_eq!(wide[1].values(), [1.0, 0.0, 1.0, 3.0, 0.0, 1.0]);
        assert!(with_class_position(&[class.clone(), class.clone()], 1).is_err());
        assert_eq!(class_means(&[class]), [2.0]);
    }
}
