//! What the rows of the fan chart are ordered by.

/// What the rows of the fan chart are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The predicted median.
    Prediction,
    /// The predicted width of the interval that is looked at.
    Width,
    /// The observation.
    Observation,
    /// The place in the table.
    Case,
    /// A feature, by its place among the features.
    Feature(usize),
}

impl Order {
    /// The orders that every table has, before those by a feature: key and words of the choice.
    pub(crate) const OF_ALL: [(&'static str, &'static str, Self); 4] = [
        ("prediction", "predicted median", Self::Prediction),
        ("width", "predicted width", Self::Width),
        ("observation", "observation", Self::Observation),
        ("case", "place in the table", Self::Case),
    ];

    /// Key of the choice of a feature: its name, unless an order that every table has is called so.
    pub(crate) fn key_of(feature: &str) -> String {
        let is_taken = Self::OF_ALL.iter().any(|(key, ..)| *key == feature);
        if is_taken { format!("feature {feature}") } else { feature.to_owned() }
    }

    /// The order with this key, by the predicted median if there is none.
    pub(super) fn by_key<'n>(key: &str, features: impl IntoIterator<Item = &'n str>) -> Self {
        let of_all = Self::OF_ALL.iter().find(|(own, ..)| *own == key).map(|(_, _, order)| *order);
        let of_feature =
            || features.into_iter().position(|name| Self::key_of(name) == key).map(Self::Feature);
        of_all.or_else(of_feature).unwrap_or(Self::Prediction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_may_be_called_like_an_order() {
        let features = ["income", "width"];
        for (place, feature) in features.into_iter().enumerate() {
            let key = Order::key_of(feature);
            assert_eq!(Order::by_key(&key, features), Order::Feature(place), "{key}");
        }
        assert_eq!(Order::by_key("width", features), Order::Width);
        assert_eq!(Order::by_key("gone", features), Order::Prediction);
    }
}
