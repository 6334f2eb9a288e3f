//! What a guest of the frame is: a lab with its settings, known to the rest of the program as a [`Method`] of a [`Catalogue`].
//!
//! Contract: the frame names no lab. Whoever reads experiments is handed the catalogue; the program builds it at its top.

mod about;
mod boxed;
mod catalogue;
mod derive;
mod drive;
mod guest;
mod method;
mod powers;
mod running;
mod view;

pub use about::{
    About, Comparability, Guide, Opened, Predicted, Prediction, Product, ReferenceRow, Reopened,
};
pub use catalogue::{Catalogue, Entry, Preset};
pub use derive::{Derive, Peer, Picked};
pub use guest::{BatchesFn, Hand, Lab, Stage, Step, Steps, Work};
pub use method::Method;
pub use powers::{Keeps, Makes, Opens, Powers, Predicts, Quantizes};
pub use running::Running;
pub use view::{BlockedFn, ButtonFn, ClickFn, DeriveFn, View};
