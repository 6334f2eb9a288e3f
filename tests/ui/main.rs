//! The window through the accessibility tree, without a display.

mod form;
mod gallery;
mod inspect;
mod legends;
mod manage;
mod opening;
mod palette;
mod plots;
mod refine;
mod running;
mod runs;
mod table;
mod takeaway;
mod tools;
mod views;
