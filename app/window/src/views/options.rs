//! What a person chose for a view. Plain data: stored with the session and in each figure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use weightscope_frame::record::{AxisScale, Controls};

use super::groups::SeedGroups;
use crate::figure::colormap::ColorMap;

/// What a person chose for a view: channel, scales, smoothing, colours, controls. Plain data, stored with the session and in each figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewOptions {
    /// Channel shown by a view with a chooser.
    pub channel: Option<String>,
    /// Scale of the horizontal axis, if changed.
    pub x_scale: Option<AxisScale>,
    /// Scale of the vertical axis, if changed.
    pub y_scale: Option<AxisScale>,
    /// Weight of the debiased smoothing, 0 to 0.999; 0 is off.
    pub smoothing: f64,
    /// Whether a band from the smallest to the largest raw value lies behind a smoothed line.
    pub envelope: bool,
    /// Size at which a symlog axis turns from linear to logarithmic; `None` takes the smallest decade of the data.
    pub linear_threshold: Option<f64>,
    /// Components shown by a trace, by identity; empty lets the view choose.
    pub shown: Vec<u64>,
    /// Whether each component of a trace has a panel of its own.
    pub apart: bool,
    /// Names of the series that the legend hides.
    pub hidden: BTreeSet<String>,
    /// Order of a table's rows; `None` keeps that of the record.
    pub order: Option<TableOrder>,
    /// Step that is looked at; `None` is the newest.
    pub step: Option<u64>,
    /// Colour map of heat maps and scatters, by its name.
    pub map: String,
    /// Limits of the colours, if fixed.
    pub limits: Option<(f64, f64)>,
    /// Whether the colours run backwards.
    pub reversed: bool,
    /// How several runs are told apart; empty for one run.
    pub overlay: Overlay,
    /// Values of the controls that the view depends on.
    pub controls: Controls,
    /// How finely curves are drawn.
    #[serde(skip)]
    pub resolution: Resolution,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self {
            channel: None,
            x_scale: None,
            y_scale: None,
            smoothing: 0.0,
            envelope: false,
            linear_threshold: None,
            shown: Vec::new(),
            apart: false,
            hidden: BTreeSet::new(),
            order: None,
            step: None,
            map: ColorMap::Viridis.name().to_owned(),
            limits: None,
            reversed: false,
            overlay: Overlay::default(),
            controls: Controls::default(),
            resolution: Resolution::Full,
        }
    }
}

/// The order of a table's rows: by the values of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableOrder {
    /// The heading of the column.
    pub column: String,
    /// The largest first.
    pub descending: bool,
}

/// How several runs are told apart: one entry for each source, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlay {
    /// The runs.
    pub runs: Vec<RunStyle>,
    /// How runs that differ only in their seed are drawn.
    pub seeds: SeedGroups,
}

/// How one of several runs is drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunStyle {
    /// Its series colour, the same for life.
    pub color: usize,
    /// Step from which it is drawn: a fork beside its parent begins at the fork.
    pub from: Option<f64>,
    /// Runs with the same words differ only in their seed; the words stand in the legend.
    pub family: String,
}

impl Overlay {
    /// Gives every run a style: those that have one keep it; of the others each has the colour that a person chose for it, else the first
    /// that no other one has. A run without a style is joined with no other. `runs` holds label and chosen colour of each, in order.
    #[must_use]
    pub fn complete(mut self, runs: &[(&str, Option<usize>)]) -> Self {
        let own = self.runs.iter().map(|style| style.color);
        let new = runs.iter().skip(self.runs.len()).filter_map(|(_, chosen)| *chosen);
        let mut taken: BTreeSet<usize> = own.chain(new).collect();
        for (label, chosen) in runs.iter().skip(self.runs.len()) {
            let color =
                chosen.or_else(|| (0..=taken.len()).find(|color| !taken.contains(color))).unwrap_or_default();
            taken.insert(color);
            self.runs.push(RunStyle { color, from: None, family: (*label).to_owned() });
        }
        self
    }
}

/// How finely curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Resolution {
    /// Every point: for files (their writers thin out for print).
    #[default]
    Full,
    /// At most a few points per pixel column of the visible range.
    Screen {
        /// Left end in data units.
        from: f64,
        /// Right end in data units.
        to: f64,
        /// Pixel columns.
        columns: usize,
    },
}

impl ViewOptions {
    /// The colour map.
    pub fn color_map(&self) -> ColorMap {
        ColorMap::ALL.into_iter().find(|map| map.name() == self.map).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_colour_stands_and_the_others_take_what_is_free() {
        let colors = |overlay: &Overlay| overlay.runs.iter().map(|style| style.color).collect::<Vec<_>>();
        let runs = [("a", None), ("b", Some(0)), ("c", None), ("d", Some(0))];
        let overlay = Overlay::default().complete(&runs);
        assert_eq!(colors(&overlay), [1, 0, 2, 0], "two may have chosen one colour");
        assert_eq!(overlay.runs[2].family, "c", "joined with no other");
        let figure =
            Overlay { runs: vec![RunStyle { color: 5, ..RunStyle::default() }], ..Overlay::default() };
        assert_eq!(colors(&figure.complete(&runs)), [5, 0, 1, 0], "as in the figure");
    }
}
