//! The window through the accessibility tree, without a display.

mod brushes;
mod crashes;
mod form;
mod gallery;
mod inspect;
mod legends;
mod manage;
mod opening;
mod palette;
mod plots;
mod random;
mod rates;
mod refine;
mod running;
mod runs;
mod table;
mod takeaway;
mod tools;
mod undone;
mod views;
