//! The presets: experiment files compiled into the program under the names `lab/preset`.

/// One preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Name: `oscillation/quick`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal,)+) => {
        /// All presets, each lab's `quick` first.
        pub const ALL: &[Preset] = &[
            $(Preset { name: $name, text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../presets/", $name, ".toml")) },)+
        ];
    };
}

presets! {
    "oscillation/quick",
    "oscillation/mlp-lsq",
    "oscillation/mlp-lsq-fast-step",
    "oscillation/mlp-lsq-fixed",
    "oscillation/mlp-statsq",
    "oscillation/vit-w2a2-lsq",
    "oscillation/vit-w2a2-statsq",
    "oscillation/vit-w2a2-statsq-qkr",
    "oscillation/vit-w2a2-cga",
    "oscillation/vit-w2a2-freezing",
    "oscillation/vit-arms",
    "quantiles/quick",
    "quantiles/engel",
    "quantiles/diabetes",
    "quantiles/synth1",
    "quantiles/synth5",
    "quantiles/paper-grid",
}

/// The preset with this name.
pub fn by_name(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// The lab's name.
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
