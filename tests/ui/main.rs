//! The window through the accessibility tree, without a display.

mod gallery;
mod inspect;
mod manage;
mod legends;
mod opening;
mod palette;
mod plots;
mod running;
mod runs;
mod table;
mod takeaway;
mod tools;
mod views;
