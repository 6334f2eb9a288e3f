//! What a guest of the frame is: a lab with its settings, known to the rest of the program as a [`Method`] of a [`Catalogue`].
//!
//! Contract: the frame names no lab. Whoever reads experiments is handed the catalogue; the program builds it at its top.

mod about;
mod catalogue;
mod derive;
mod guest;
mod method;

pub use about::{About, Comparability, Prediction, Product, ReferenceRow};
pub use catalogue::{Catalogue, Entry, Preset};
pub use derive::{Derive, Peer, Picked};
pub use guest::Lab;
pub use method::Method;
