//! Publication figures: one plain value per view that feeds the window and every file.
//!
//! [`model::Figure`] says what is shown. [`svg`] draws it by hand; [`png`] and [`pdf`] are made from that same SVG;
//! [`csv`] holds exactly the plotted data. [`provenance`] travels in every file and is read back from it. Whatever the
//! window shares with the files lives here as well: axis scales ([`axis`]), ticks ([`ticks`]), shown ranges
//! ([`domain`]), colours ([`palette`], [`colormap`]) and printed numbers ([`number`]).
//!
//! Output is deterministic: the same figure, style and tokens give the same bytes on every machine, because only the
//! shipped fonts are used and nothing depends on the time or on hash order.

pub mod axis;
pub mod beyond;
mod body;
pub(crate) mod categories;
pub mod colormap;
pub mod csv;
pub mod decimate;
pub mod domain;
pub mod error;
#[cfg(test)]
mod examples;
pub(crate) mod graph;
pub mod hatch;
mod items;
pub mod json;
mod letters;
pub mod model;
pub mod number;
pub mod palette;
pub mod pdf;
pub mod png;
pub mod provenance;
mod render;
pub mod style;
pub mod svg;
pub mod ticks;
pub(crate) mod told;
mod worn;
