//! The labs of a program with their presets: the one list from which experiments are read.

use super::{Lab, Method};

/// An experiment file that comes with a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Name with its lab: `oscillation/quick`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Preset {
    /// Name of the preset's lab.
    pub fn lab(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(lab, _)| lab)
    }

    /// The name without the lab.
    pub fn short_name(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(_, name)| name)
    }

    /// The comment lines at the head of the file: what the preset shows.
    pub fn about(&self) -> String {
        let lines: Vec<&str> =
            self.text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
        lines.join(" ")
    }
}

/// Names the presets of a lab, whose files lie in the folder `presets/<lab>/` of the project, `quick` first.
#[macro_export]
macro_rules! presets {
    ($lab:literal: $($name:literal),+ $(,)?) => {
        &[$($crate::lab::Preset {
            name: concat!($lab, "/", $name),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../presets/", $lab, "/", $name, ".toml")),
        }),+]
    };
}

/// One lab of a catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    name: &'static str,
    presets: &'static [Preset],
    defaults: fn(Catalogue) -> Method,
}

impl Entry {
    /// The entry of a lab.
    pub const fn of<L: Lab>() -> Self {
        Self { name: L::NAME, presets: L::PRESETS, defaults: |catalogue| Method::of(catalogue, L::default()) }
    }
}

impl PartialEq for Catalogue {
    /// Equal by the names of their labs.
    fn eq(&self, other: &Self) -> bool {
        self.names().eq(other.names())
    }
}

/// The labs of a program, at least one. It is a constant of the program and copied freely.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    first: &'static Entry,
    others: &'static [Entry],
}

impl Catalogue {
    /// A catalogue of these labs, in the order in which people see them. An empty list does not compile as a constant.
    #[expect(clippy::panic, reason = "a catalogue is a constant, so the compiler says it")]
    pub const fn new(entries: &'static [Entry]) -> Self {
        match entries {
            [first, others @ ..] => Self { first, others },
            [] => panic!("a catalogue needs a lab"),
        }
    }

    /// The first lab with its default settings.
    pub fn first(self) -> Method {
        (self.first.defaults)(self)
    }

    fn entries(self) -> impl Iterator<Item = &'static Entry> {
        std::iter::once(self.first).chain(self.others)
    }

    /// Names of all labs, as in files.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.entries().map(|entry| entry.name)
    }

    /// All labs with their default settings.
    pub fn methods(self) -> impl Iterator<Item = Method> {
        self.entries().map(move |entry| (entry.defaults)(self))
    }

    /// The lab of this name with its default settings.
    pub fn method(self, name: &str) -> Option<Method> {
        self.entries().find(|entry| entry.name == name).map(|entry| (entry.defaults)(self))
    }

    /// All presets, lab by lab, each lab's `quick` first.
    pub fn presets(self) -> impl Iterator<Item = &'static Preset> {
        self.entries().flat_map(|entry| entry.presets)
    }

    /// The preset of this name (`lab/preset`).
    pub fn preset(self, name: &str) -> Option<&'static Preset> {
        self.presets().find(|preset| preset.name == name)
    }
}
