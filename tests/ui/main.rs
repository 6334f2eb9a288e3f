//! The window through the accessibility tree, without a display.

mod plots;
mod running;
mod runs;
mod table;
mod tools;
mod views;
