//! Page styles: how large a figure is and how heavy its parts are. All lengths are in points of 1/72 inch.

use crate::theme::Palette;

/// A named page style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// One column of a two-column paper: 3.25 in wide (ICML).
    #[default]
    Column,
    /// The full text width of a two-column paper: 6.75 in (ICML).
    Double,
    /// A 16:9 slide: 10 × 5.625 in.
    Slide,
    /// One block of a conference poster, read from about 1.5 m: 12 in wide.
    Poster,
}

/// Sizes that a page style fixes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Width of the page.
    pub width: f64,
    /// How the height of the page follows.
    pub height: Height,
    /// Title, semi-bold.
    pub title_size: f64,
    /// Axis labels and node labels.
    pub label_size: f64,
    /// Tick labels, legend, table cells and marks in the plot.
    pub tick_size: f64,
    /// Notes and caption; the smallest text.
    pub note_size: f64,
    /// Width of a normal line.
    pub line_width: f64,
    /// Width of axis lines and ticks.
    pub tick_width: f64,
    /// Length of a major tick.
    pub tick_length: f64,
    /// Diameter of a marker.
    pub marker_size: f64,
    /// Smallest distance between parts; all other gaps are multiples of it.
    pub gap: f64,
    /// Empty border of the page.
    pub margin: f64,
    /// Colours of series.
    pub palette: Palette,
}

/// How the height of a page follows from its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Height {
    /// Height over width of the drawing; title, caption, notes and a legend below make the page higher.
    Ratio(f64),
    /// The page has this height and the drawing takes what is left.
    Fixed(f64),
}

/// Height over width of a figure, the inverse golden ratio.
pub const GOLDEN: f64 = 0.618;

impl Page {
    /// All styles, in a fixed order.
    pub const ALL: [Self; 4] = [Self::Column, Self::Double, Self::Slide, Self::Poster];

    /// Name in commands and files.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::Double => "double",
            Self::Slide => "slide",
            Self::Poster => "poster",
        }
    }

    /// Name as shown to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Column => "Single column, 3.25 in",
            Self::Double => "Double column, 6.75 in",
            Self::Slide => "Slide, 10 × 5.625 in",
            Self::Poster => "Poster block, 12 in",
        }
    }

    /// The sizes of this style.
    pub const fn style(self) -> Style {
        match self {
            Self::Column => Style::paper(234.0, GOLDEN),
            // A full-width figure at the golden ratio would fill half the page.
            Self::Double => Style::paper(486.0, 0.45),
            Self::Slide => Style {
                width: 720.0,
                height: Height::Fixed(405.0),
                title_size: 22.0,
                label_size: 17.0,
                tick_size: 15.0,
                note_size: 12.0,
                line_width: 2.2,
                tick_width: 1.2,
                tick_length: 6.0,
                marker_size: 8.0,
                gap: 5.0,
                margin: 18.0,
                palette: Palette::Print,
            },
            Self::Poster => Style {
                width: 864.0,
                height: Height::Ratio(GOLDEN),
                title_size: 32.0,
                label_size: 26.0,
                tick_size: 23.0,
                note_size: 18.0,
                line_width: 3.2,
                tick_width: 1.8,
                tick_length: 9.0,
                marker_size: 11.0,
                gap: 8.0,
                margin: 16.0,
                palette: Palette::Print,
            },
        }
    }
}

impl Style {
    const fn paper(width: f64, ratio: f64) -> Self {
        Self {
            width,
            height: Height::Ratio(ratio),
            title_size: 8.0,
            label_size: 8.0,
            tick_size: 7.0,
            note_size: 6.0,
            line_width: 1.0,
            tick_width: 0.6,
            tick_length: 3.0,
            marker_size: 3.6,
            gap: 2.5,
            margin: 2.5,
            palette: Palette::Print,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_smaller_than_six_points() {
        for page in Page::ALL {
            let style = page.style();
            let sizes = [style.title_size, style.label_size, style.tick_size, style.note_size];
            assert!(sizes.iter().all(|size| *size >= 6.0), "{}: {sizes:?}", page.id());
        }
    }
}
