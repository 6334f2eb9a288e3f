//! What a pickle of PyTorch describes, as numbered nodes: dictionaries, lists, tensors, and names of what is not understood.

use std::ops::Range;

use crate::element::Element;

/// Number of a node.
pub(crate) type Id = u32;

/// A thing that the pickle made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// A text: where its bytes stand in the pickle.
    Text(Span),
    /// Elements: a range of the pool of elements.
    Tuple(Span),
    /// A dictionary, a list, a set or an object with attributes: its number among the containers.
    Container(u32),
    /// A class or a function: where the names of its module and of itself stand; there are few, and all nodes are smaller for it.
    Global(Box<(Span, Span)>),
    /// A storage: its number.
    Storage(u32),
    /// A tensor: its number.
    Tensor(u32),
    /// A number with a point, bytes, a whole number of more than 64 bits: nothing that is looked at.
    Other,
}

/// A range of bytes of the pickle or of the pool, in half the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) begin: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.begin as usize..self.end as usize
    }
}

/// What kind of container it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Keys and values by turns.
    Dict,
    /// Elements.
    List,
    /// An object of a class that is not understood, with the class's node.
    Object(Id),
}

/// Something that grows after it was made.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) shape: Shape,
    /// Keys and values by turns, or elements. Objects that are dictionaries by descent have keys and values too.
    pub(crate) items: Vec<Id>,
    /// Attributes, as `BUILD` gives them.
    pub(crate) state: Option<Id>,
}

/// A storage: numbers in a row that tensors are views of.
#[derive(Clone, Debug)]
pub(crate) struct StorageNode {
    /// Its key: the name of its member in the archive, or the one in the list behind the pickle.
    pub(crate) key: String,
    pub(crate) element: Element,
    /// Why its numbers cannot be read, as a clause.
    pub(crate) problem: Option<String>,
    /// Number of its elements; bytes if it has no type.
    pub(crate) elements: u64,
    /// Its length, if that is known of its type.
    pub(crate) bytes: Option<u64>,
}

/// A tensor, as its rebuilding function was called.
#[derive(Clone, Debug)]
pub(crate) struct TensorNode {
    pub(crate) storage: u32,
    pub(crate) element: Element,
    pub(crate) offset: u64,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Box<[u64]>,
    /// Why it cannot be read, as a clause.
    pub(crate) problem: Option<String>,
}

/// No storage.
pub(crate) const NO_STORAGE: u32 = u32::MAX;
