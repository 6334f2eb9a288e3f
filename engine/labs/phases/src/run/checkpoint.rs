//! The book as a checkpoint.

use std::collections::BTreeMap;

use super::book::Book;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Blob, State};

/// Name of the book in a checkpoint.
const BOOK: &str = "book";

/// The state from which a run can go on. The parameters of networks stay in the zoo; a run without one makes them again.
pub(crate) fn save(book: &Book) -> State {
    let mut bytes = Vec::new();
    let mut tensors = BTreeMap::new();
    // Writing to memory cannot fail; were it to, the checkpoint would lack the book and be refused on reading.
    if ciborium::into_writer(book, &mut bytes).is_ok() {
        tensors.insert(BOOK.to_owned(), Blob::from_u8(vec![bytes.len()], &bytes));
    }
    let networks = book.networks.iter().flatten().count();
    State { tensors, numbers: serde_json::json!({ "networks": networks }) }
}

/// The book of a checkpoint, without the parameters of its networks.
pub(crate) fn read(state: &State) -> Result<Book, RunError> {
    let damaged = |why: &str| RunError::Defect(format!("the checkpoint does not fit this program ({why})"));
    let blob = state.tensors.get(BOOK).ok_or_else(|| damaged("it has no book"))?;
    ciborium::from_reader(&blob.bytes[..]).map_err(|error| damaged(&error.to_string()))
}
