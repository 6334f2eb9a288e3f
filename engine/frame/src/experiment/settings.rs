//! Settings written once: [`settings!`](crate::settings) makes the struct, its defaults and its descriptions from one list.

use std::collections::BTreeMap;

use weightscope_data::table::ColumnChoice;

use super::visit::{ChoiceValue, Choosable, Slot};

/// A type that a setting can have.
pub trait Setting {
    /// Access to its value.
    fn slot(&mut self) -> Slot<'_>;
}

macro_rules! setting {
    ($($type:ty = $slot:ident,)+) => {
        $(impl Setting for $type {
            fn slot(&mut self) -> Slot<'_> {
                Slot::$slot(self)
            }
        })+
    };
}

setting! {
    u64 = Integer,
    f64 = Float,
    bool = Switch,
    String = Text,
    Vec<u64> = Integers,
    Vec<f64> = Floats,
    Vec<String> = Texts,
    BTreeMap<String, ColumnChoice> = Columns,
}

impl<T: ChoiceValue + Choosable> Setting for Vec<T> {
    fn slot(&mut self) -> Slot<'_> {
        Slot::Choices(self)
    }
}

/// Declares the settings of a lab. One entry per setting: key, type, default, words in the form, help; then, where there are any, the
/// methods of [`Field`](crate::experiment::Field) (range, unit, published value, the stage that first reads it), and the condition
/// under which it means anything. A section that holds what the lab is about is written `section "Title" core`: the form shows it open.
///
/// ```
/// use weightscope_frame::{choices, settings};
///
/// choices! {
///     /// The network.
///     pub enum Network {
///         /// Perceptron.
///         Mlp = "mlp", "Perceptron";
///         /// Transformer.
///         Vit = "vit", "Transformer";
///     }
/// }
///
/// settings! {
///     /// The settings.
///     pub struct Settings {
///         section "Network" {
///             network: Network = Network::Mlp, "Network", "What is trained.";
///             heads: u64 = 4, "Heads", "Attention heads.", .range(1.0, 16.0), if |s| s.network == Network::Vit;
///         }
///         section "Training" core {
///             learning_rate: f64 = 1e-3, "Learning rate", "Step size of AdamW.",
///                 .range(0.0, 1.0).logarithmic().stage("training");
///         }
///     }
/// }
/// assert_eq!(Settings::default().heads, 4);
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])* $visibility:vis struct $name:ident {
            $(section $title:literal $($core:ident)? {
                $(
                    $key:ident: $type:ty = $default:expr, $label:literal, $help:literal
                    $(, $(.$attribute:ident($($argument:expr),* $(,)?))+)?
                    $(, if |$settings:ident| $shown:expr)?;
                )*
            })+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        $visibility struct $name {
            $($(
                #[doc = $help]
                pub $key: $type,
            )*)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($($key: $default,)*)+ }
            }
        }

        impl $crate::experiment::Described for $name {
            fn visit(&mut self, visitor: &mut dyn $crate::experiment::Visitor) {
                let now = self.clone();
                let _ = &now;
                $(
                    visitor.section($crate::experiment::Section::new($title)$(.$core())?);
                    $({
                        // A key that is a word of the language is written `r#match`.
                        let key = stringify!($key).trim_start_matches("r#");
                        let field = $crate::experiment::Field::new(key, $label, $help)
                            $($(.$attribute($($argument),*))+)?;
                        $(
                            let $settings = &now;
                            let field = field.only_if($shown);
                        )?
                        visitor.field(field, $crate::experiment::Setting::slot(&mut self.$key));
                    })*
                )+
            }
        }
    };
}
