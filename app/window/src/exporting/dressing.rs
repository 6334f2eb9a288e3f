//! What an author changes on a figure before it goes into a paper: words, legend, letter size. The data never change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::figure::model::{Body, Figure, Ink, Legend, Plot};
use crate::figure::style::{Page, Style};
use crate::theme::Palette;

/// What an author changes on a figure before it goes into a paper: words, legend, letter size, never the data. Empty words keep those of the view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dressing {
    /// Whether the heading is printed; papers put it into the caption.
    pub with_title: bool,
    /// Heading in place of the view's.
    pub title: String,
    /// Words beside the horizontal axis.
    pub x_label: String,
    /// Words beside the vertical axis.
    pub y_label: String,
    /// Where the legend stands.
    pub legend: LegendPlace,
    /// Letters relative to those of the page style, 0.6 to 2.
    pub letters: f64,
    /// Colours of series.
    pub palette: Palette,
    /// Words and colours of single series, by their names in the view.
    pub series: BTreeMap<String, SeriesDress>,
}

/// What one series wears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesDress {
    /// Its name in the legend; empty keeps that of the view.
    pub name: String,
    /// The number of its colour; none keeps that of the view.
    pub color: Option<usize>,
}

/// Where the legend stands, for people to choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegendPlace {
    /// As the view has it.
    #[default]
    Auto,
    /// No legend.
    None,
    /// In the plot, upper left.
    TopLeft,
    /// In the plot, upper right.
    TopRight,
    /// In the plot, lower left.
    BottomLeft,
    /// In the plot, lower right.
    BottomRight,
    /// Beside the plot.
    Right,
    /// Below the plot.
    Below,
}

impl LegendPlace {
    /// All places with their words.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Auto, "automatic"),
        (Self::None, "none"),
        (Self::TopLeft, "top left"),
        (Self::TopRight, "top right"),
        (Self::BottomLeft, "bottom left"),
        (Self::BottomRight, "bottom right"),
        (Self::Right, "beside"),
        (Self::Below, "below"),
    ];

    fn legend(self) -> Option<Legend> {
        Some(match self {
            Self::Auto => return None,
            Self::None => Legend::None,
            Self::TopLeft => Legend::TopLeft,
            Self::TopRight => Legend::TopRight,
            Self::BottomLeft => Legend::BottomLeft,
            Self::BottomRight => Legend::BottomRight,
            Self::Right => Legend::Right,
            Self::Below => Legend::Below,
        })
    }
}

impl Default for Dressing {
    fn default() -> Self {
        Self {
            with_title: true,
            title: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            legend: LegendPlace::Auto,
            letters: 1.0,
            palette: Palette::default(),
            series: BTreeMap::new(),
        }
    }
}

impl Dressing {
    /// The figure in its dress.
    #[must_use]
    pub fn apply(&self, mut figure: Figure) -> Figure {
        if !self.title.is_empty() {
            figure.title.clone_from(&self.title);
        }
        if !self.with_title {
            figure.title.clear();
        }
        if let Body::Panels(panels) = &mut figure.body {
            for panel in &mut panels.panels {
                if let Body::Plot(plot) = &mut panel.body {
                    self.dress(plot);
                }
            }
        }
        if let Body::Plot(plot) = &mut figure.body {
            self.dress(plot);
            if !self.x_label.is_empty() {
                plot.x.label.clone_from(&self.x_label);
            }
            if !self.y_label.is_empty() {
                plot.y.label.clone_from(&self.y_label);
            }
            if let Some(legend) = self.legend.legend() {
                plot.legend = legend;
            }
        }
        figure
    }

    /// Gives the series of a plot their words and colours. What has no name (the band of a mean, the raw values behind a smoothed line)
    /// follows the named series in its colour.
    fn dress(&self, plot: &mut Plot) {
        let worn: Vec<(Ink, Ink)> = plot
            .items
            .iter()
            .filter_map(|item| Some((item.ink()?, Ink::Series(self.series.get(item.name())?.color?))))
            .collect();
        for item in &mut plot.items {
            let own = self.series.get(item.name());
            let like = || item.ink().and_then(|ink| worn.iter().find(|(before, _)| *before == ink));
            let color = match own {
                Some(dress) => dress.color.map(Ink::Series),
                None if item.name().is_empty() => like().map(|(_, after)| *after),
                None => None,
            };
            if let Some(ink) = color {
                item.recolor(ink);
            }
            if let Some(name) = own.map(|dress| dress.name.as_str()).filter(|name| !name.is_empty()) {
                item.rename(name);
            }
        }
    }

    /// The sizes of a page with the letters as wanted; never below six points on paper.
    pub fn style(&self, page: Page) -> Style {
        const LEAST: f64 = 6.0;
        let style = page.style();
        let scaled = |size: f64| (size * self.letters.clamp(0.6, 2.0)).max(LEAST);
        Style {
            title_size: scaled(style.title_size),
            label_size: scaled(style.label_size),
            tick_size: scaled(style.tick_size),
            note_size: scaled(style.note_size),
            palette: self.palette,
            ..style
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Axis, Band, Item, Line};
    use crate::figure::provenance::Provenance;

    #[test]
    fn a_series_gets_its_words_and_its_colour_and_its_band_follows() {
        let band = Band {
            name: String::new(),
            x: vec![0.0, 1.0],
            lower: vec![0.0; 2],
            upper: vec![1.0; 2],
            ink: Ink::Series(7),
            opacity: 0.2,
        };
        let plot = Plot::new(Axis::new("step"), Axis::new("loss"))
            .with(band)
            .with(Line::new("quick quantizer=lsq", vec![[0.0, 0.5]], Ink::Series(7)))
            .with(Line::new("other", vec![[0.0, 0.5]], Ink::Series(1)));
        let figure = Figure::new("Loss", Body::Plot(plot), Provenance::new("lab", "loss"));
        let dress = SeriesDress { name: "LSQ".to_owned(), color: Some(0) };
        let series = [("quick quantizer=lsq".to_owned(), dress)].into();
        let dressed = Dressing { series, ..Dressing::default() }.apply(figure);
        let Body::Plot(plot) = &dressed.body else { panic!("still a plot") };
        let worn: Vec<(&str, Option<Ink>)> =
            plot.items.iter().map(|item| (item.name(), item.ink())).collect();
        let expected = [("", Some(0)), ("LSQ", Some(0)), ("other", Some(1))];
        assert_eq!(worn, expected.map(|(name, ink)| (name, ink.map(Ink::Series))));
        assert!(matches!(plot.items[0], Item::Band(_)), "in the order of the view");
    }

    #[test]
    fn words_change_and_data_do_not() {
        let plot = Plot::new(Axis::new("step"), Axis::new("loss").unit("nat"));
        let figure = Figure::new("Loss", Body::Plot(plot), Provenance::new("lab", "loss"));
        let dressing = Dressing {
            with_title: false,
            x_label: "iteration".to_owned(),
            legend: LegendPlace::Below,
            letters: 1.5,
            ..Dressing::default()
        };
        let dressed = dressing.apply(figure.clone());
        let Body::Plot(plot) = &dressed.body else { panic!("still a plot") };
        assert_eq!((dressed.title.as_str(), plot.x.label.as_str()), ("", "iteration"));
        assert_eq!(plot.y.heading(), "loss [nat]", "what was not changed stays");
        assert_eq!(plot.legend, Legend::Below);
        assert_eq!(Dressing::default().apply(figure.clone()), figure, "no dress, no change");
        assert_eq!(dressing.style(Page::Column).label_size, 12.0, "letters grow");
        let small = Dressing { letters: 0.6, ..Dressing::default() };
        assert!(small.style(Page::Column).note_size >= 6.0, "but stay legible");
    }
}
