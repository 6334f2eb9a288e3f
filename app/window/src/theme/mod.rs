//! Design tokens: the only place where a colour has a value.
//!
//! Colours and sizes are data, read from `assets/theme/{dark,light,print}.toml`, which are compiled into the
//! program. Everything that draws takes a [`Tokens`] and names a role; nothing else in the program may hold a
//! literal colour. This module knows neither egui nor figures, so both can use it.

pub mod color;
pub mod fonts;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use color::Rgba;

/// Number of colours in a series cycle; series beyond it repeat the colours with another dash.
pub const SERIES_COLORS: usize = 8;

/// Number of colours for the kinds of marks on lines.
pub const MARK_COLORS: usize = 2;

/// Which set of tokens to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Light text on a dark window.
    Dark,
    /// Dark text on a light window.
    Light,
    /// Exported figures: black on white whatever the window looks like.
    Print,
}

impl Theme {
    /// All themes, in a fixed order.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Print];

    /// The tokens of this theme, parsed on first use.
    pub fn tokens(self) -> &'static Tokens {
        static DARK: LazyLock<Tokens> = LazyLock::new(|| Theme::Dark.load());
        static LIGHT: LazyLock<Tokens> = LazyLock::new(|| Theme::Light.load());
        static PRINT: LazyLock<Tokens> = LazyLock::new(|| Theme::Print.load());
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
            Self::Print => &PRINT,
        }
    }

    /// Text and outlines at full contrast with this theme's background.
    pub const fn strongest(self) -> Rgba {
        match self {
            Self::Dark => Rgba::opaque(255, 255, 255),
            Self::Light | Self::Print => Rgba::opaque(0, 0, 0),
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Dark => include_str!("../../../../assets/theme/dark.toml"),
            Self::Light => include_str!("../../../../assets/theme/light.toml"),
            Self::Print => include_str!("../../../../assets/theme/print.toml"),
        }
    }

    /// The files are part of the program and a test parses each of them, so the fallback is never met; it exists
    /// so that a broken file would give an ugly window and a log line instead of no window.
    fn load(self) -> Tokens {
        toml::from_str(self.source()).unwrap_or_else(|error| {
            tracing::error!("the built-in {self:?} theme cannot be read: {error}");
            Tokens::default()
        })
    }
}

/// The colours of series on paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Palette {
    /// Dark enough for thin lines on white.
    #[default]
    Print,
    /// As Okabe and Ito published them: brighter, two of them pale on white.
    Bright,
}

impl Palette {
    /// All, with their words.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::Print, "strong on white"), (Self::Bright, "Okabe and Ito as published")];

    /// The tokens of figures in these colours.
    pub fn tokens(self) -> &'static Tokens {
        static BRIGHT: LazyLock<Tokens> = LazyLock::new(|| {
            let print = Theme::Print.tokens();
            Tokens { series: print.categories, ..print.clone() }
        });
        match self {
            Self::Print => Theme::Print.tokens(),
            Self::Bright => &BRIGHT,
        }
    }
}

/// All colours and sizes of one theme.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Behind plots and figures.
    pub background: Rgba,
    /// Side panels, bars and cards.
    pub panel: Rgba,
    /// Inside of text fields and tables.
    pub field: Rgba,
    /// Ordinary text.
    pub text: Rgba,
    /// Text that steps back: hints, units, notes.
    pub text_muted: Rgba,
    /// Grid lines and separators.
    pub grid: Rgba,
    /// Axis lines and ticks.
    pub axis: Rgba,
    /// The one colour of emphasis: primary buttons, focus, highlighted marks.
    pub accent: Rgba,
    /// Values above a reference, and the like.
    pub positive: Rgba,
    /// Values below a reference, and the like.
    pub negative: Rgba,
    /// Something to look at that does not block.
    pub warning: Rgba,
    /// Something that failed or is invalid.
    pub error: Rgba,
    /// Something that passed.
    pub ok: Rgba,
    /// Translucent cover of selected things.
    pub selection: Rgba,
    /// Heat map cells and mapped points without a value.
    pub no_data: Rgba,
    /// Colours of series in the order of use.
    pub series: [Rgba; SERIES_COLORS],
    /// Colours of the kinds of marks that stand on lines: none of a series.
    pub marks: [Rgba; MARK_COLORS],
    /// Colours of cells that stand for categories, as Okabe and Ito (2008) published them.
    pub categories: [Rgba; SERIES_COLORS],
    /// Distances in the window.
    pub spacing: Spacing,
    /// Text sizes in the window; figures have their own in [`crate::figure::style`].
    pub font: FontSizes,
}

/// Distances in the window, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spacing {
    /// Between parts of one control.
    pub small: f32,
    /// Between controls.
    pub medium: f32,
    /// Between groups.
    pub large: f32,
    /// Corner radius of buttons and cards.
    pub rounding: f32,
}

/// Text sizes in the window, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FontSizes {
    /// Hints and tick labels.
    pub small: f32,
    /// Ordinary text.
    pub body: f32,
    /// Headings.
    pub heading: f32,
    /// Numbers in columns, code and paths.
    pub monospace: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_file_parses_completely() {
        for theme in Theme::ALL {
            let parsed: Result<Tokens, _> = toml::from_str(theme.source());
            assert!(parsed.is_ok(), "{theme:?}: {:?}", parsed.err());
            let tokens = theme.tokens();
            assert!(tokens.font.small > 0.0 && tokens.spacing.small > 0.0, "{theme:?} has sizes");
        }
    }

    /// WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for marks that carry meaning.
    #[test]
    fn text_stands_out_from_every_surface() {
        for theme in Theme::ALL {
            let tokens = theme.tokens();
            for surface in [tokens.background, tokens.panel, tokens.field] {
                for (name, text) in [
                    ("text", tokens.text),
                    ("muted text", tokens.text_muted),
                    ("error", tokens.error),
                    ("ok", tokens.ok),
                ] {
                    let contrast = text.contrast(surface);
                    assert!(contrast >= 4.5, "{theme:?}: {name} has contrast {contrast:.2}");
                }
                for (name, mark) in
                    [("warning", tokens.warning), ("axis", tokens.axis), ("accent", tokens.accent)]
                {
                    let contrast = mark.contrast(surface);
                    assert!(contrast >= 3.0, "{theme:?}: {name} has contrast {contrast:.2}");
                }
            }
        }
    }
}
