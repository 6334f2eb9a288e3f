//! The one walk over an experiment's settings.
//!
//! `visit` of a configuration calls [`Visitor::field`] once for each setting, in the order of the form.
//! Form, check, `--set`, file reader, documentation and cost estimate are visitors; none of them names a setting itself.

use std::collections::BTreeMap;

use weightscope_data::table::ColumnChoice;

use super::field::{Choice, Field};

/// A closed list of words as a setting. Made by the [`choices!`](crate::choices) macro.
pub trait ChoiceValue {
    /// All choices, in the order of the form.
    fn choices(&self) -> &'static [Choice];
    /// Position of the present choice.
    fn index(&self) -> usize;
    /// Takes the choice at a position; positions outside the list leave it unchanged.
    fn set_index(&mut self, index: usize);
}

/// Several words of a closed list as a setting.
pub trait ChoicesValue {
    /// All choices, in the order of the form.
    fn choices(&self) -> &'static [Choice];
    /// Positions of those that are chosen, in the order in which they were chosen.
    fn chosen(&self) -> Vec<usize>;
    /// Takes the choices at these positions; positions outside the list are left out.
    fn choose(&mut self, positions: &[usize]);
}

impl<T: ChoiceValue + Choosable> ChoicesValue for Vec<T> {
    fn choices(&self) -> &'static [Choice] {
        T::LIST
    }

    fn chosen(&self) -> Vec<usize> {
        self.iter().map(ChoiceValue::index).collect()
    }

    fn choose(&mut self, positions: &[usize]) {
        *self = positions.iter().filter_map(|position| T::at(*position)).collect();
    }
}

/// A closed list of words as a type. Made by the [`choices!`](crate::choices) macro.
pub trait Choosable: Sized {
    /// All choices, in the order of the form.
    const LIST: &'static [Choice];
    /// The choice at a position.
    fn at(position: usize) -> Option<Self>;
}

/// Mutable access to the value of one setting.
pub enum Slot<'a> {
    /// A whole number.
    Integer(&'a mut u64),
    /// A number.
    Float(&'a mut f64),
    /// On or off.
    Switch(&'a mut bool),
    /// Free text (names, paths).
    Text(&'a mut String),
    /// One of a closed list.
    Choice(&'a mut dyn ChoiceValue),
    /// A list of whole numbers.
    Integers(&'a mut Vec<u64>),
    /// A list of numbers.
    Floats(&'a mut Vec<f64>),
    /// A list of words.
    Texts(&'a mut Vec<String>),
    /// Several of a closed list, each at most once, in the order of the list.
    Choices(&'a mut dyn ChoicesValue),
    /// What columns of a table are, by their names.
    Columns(&'a mut BTreeMap<String, ColumnChoice>),
}

/// Settings with descriptions; implemented by [`settings!`](crate::settings).
pub trait Described: Clone {
    /// Names each setting once, in the order of the form.
    fn visit(&mut self, visitor: &mut dyn Visitor);
}

/// A heading of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its words.
    pub title: &'static str,
    /// True if it holds what an experiment is about: the form shows its settings from the first. Written `section "Title" core`.
    pub is_core: bool,
}

impl Section {
    /// A section that the form shows folded.
    pub const fn new(title: &'static str) -> Self {
        Self { title, is_core: false }
    }

    /// The same, which the form shows open.
    #[must_use]
    pub const fn core(self) -> Self {
        Self { is_core: true, ..self }
    }
}

/// A reader or writer of settings.
pub trait Visitor {
    /// A heading of the form; the fields that follow belong to it.
    fn section(&mut self, _section: Section) {}
    /// One setting.
    fn field(&mut self, field: Field, slot: Slot<'_>);
}

/// Declares an enum whose variants are the words of a setting: serde names, [`ChoiceValue`] and documentation from one list.
#[macro_export]
macro_rules! choices {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $key:literal, $label:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $visibility enum $name {
            $($(#[$variant_meta])* #[serde(rename = $key)] $variant,)+
        }

        impl $name {
            /// All variants in the order of the form.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The words in the form.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }

        impl $crate::experiment::Choosable for $name {
            const LIST: &'static [$crate::experiment::Choice] =
                &[$($crate::experiment::Choice { key: $key, label: $label }),+];

            fn at(position: usize) -> Option<Self> {
                Self::ALL.get(position).copied()
            }
        }

        impl $crate::experiment::Setting for $name {
            fn slot(&mut self) -> $crate::experiment::Slot<'_> {
                $crate::experiment::Slot::Choice(self)
            }
        }

        impl $crate::experiment::ChoiceValue for $name {
            fn choices(&self) -> &'static [$crate::experiment::Choice] {
                &[$($crate::experiment::Choice { key: $key, label: $label }),+]
            }

            fn index(&self) -> usize {
                Self::ALL.iter().position(|choice| choice == self).unwrap_or(0)
            }

            fn set_index(&mut self, index: usize) {
                if let Some(choice) = Self::ALL.get(index) {
                    *self = *choice;
                }
            }
        }
    };
}
