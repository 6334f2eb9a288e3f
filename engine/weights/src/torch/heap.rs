//! All that one pickle made. Nodes refer to each other by number, so that loops and deep nesting cost nothing.

use std::collections::HashMap;

use super::object::{Container, Id, Node, Shape, Span, StorageNode, TensorNode};

/// Bounds of what one pickle may make; a checkpoint of 100,000 tensors makes 2.6 million nodes.
const MOST_NODES: usize = 6_000_000;
const MOST_ELEMENTS: usize = 12_000_000;
const MOST_CONTAINERS: usize = 1_000_000;
const MOST_TENSORS: usize = 400_000;

/// Bytes of a pickle for each of its nodes, about.
const BYTES_A_NODE: usize = 24;
/// Nodes that serve again at most.
const MOST_SHARED: usize = 4096;

/// The nodes of a pickle and what they refer to.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    nodes: Vec<Node>,
    /// Nodes that serve again: a hundred thousand tensors repeat a few lengths, strides and truth values.
    shared: HashMap<Plain, Id>,
    /// Elements of tuples, one after the other.
    pool: Vec<Id>,
    pub(crate) containers: Vec<Container>,
    pub(crate) storages: Vec<StorageNode>,
    pub(crate) tensors: Vec<TensorNode>,
    /// Elements in the pool and in containers together.
    elements: usize,
}

/// The tensors and storages that a pickle describes, without the nodes that described them.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) storages: Vec<StorageNode>,
    pub(crate) tensors: Vec<TensorNode>,
}

/// A thing that is the same wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Plain {
    None,
    Bool(bool),
    Int(i64),
    /// A tuple without elements.
    Empty,
    Other,
}

impl Plain {
    fn of(node: &Node) -> Option<Self> {
        match node {
            Node::None => Some(Self::None),
            Node::Bool(value) => Some(Self::Bool(*value)),
            Node::Int(value) => Some(Self::Int(*value)),
            Node::Tuple(span) if span.range().is_empty() => Some(Self::Empty),
            Node::Other => Some(Self::Other),
            _ => None,
        }
    }
}

impl Heap {
    /// A heap for a pickle of so many bytes. Room for its nodes is set aside at once: what grows is copied, and then takes twice as much.
    pub(crate) fn for_pickle(bytes: usize) -> Self {
        Self { nodes: Vec::with_capacity((bytes / BYTES_A_NODE).min(MOST_NODES)), ..Self::default() }
    }

    /// Number of its nodes.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What is left to know once the tensors have their names.
    pub(crate) fn described(self) -> Described {
        Described { storages: self.storages, tensors: self.tensors }
    }

    /// Adds a node, or finds the same one again.
    pub(crate) fn add(&mut self, node: Node) -> Result<Id, String> {
        let plain = Plain::of(&node);
        if let Some(id) = plain.and_then(|plain| self.shared.get(&plain)) {
            return Ok(*id);
        }
        if self.nodes.len() == MOST_NODES {
            return Err(format!("it makes more than {MOST_NODES} objects"));
        }
        self.nodes.push(node);
        let id = (self.nodes.len() - 1) as Id;
        if let Some(plain) = plain.filter(|_| self.shared.len() < MOST_SHARED) {
            self.shared.insert(plain, id);
        }
        Ok(id)
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    pub(crate) fn tuple(&mut self, items: &[Id]) -> Result<Id, String> {
        self.charge(items.len())?;
        let begin = self.pool.len() as u32;
        self.pool.extend_from_slice(items);
        self.add(Node::Tuple(Span { begin, end: self.pool.len() as u32 }))
    }

    pub(crate) fn container(&mut self, shape: Shape, items: Vec<Id>) -> Result<Id, String> {
        self.charge(items.len())?;
        if self.containers.len() == MOST_CONTAINERS {
            return Err(format!("it makes more than {MOST_CONTAINERS} dictionaries and lists"));
        }
        self.containers.push(Container { shape, items, state: None });
        self.add(Node::Container((self.containers.len() - 1) as u32))
    }

    pub(crate) fn tensor(&mut self, tensor: TensorNode) -> Result<Id, String> {
        if self.tensors.len() == MOST_TENSORS {
            return Err(format!("it makes more than {MOST_TENSORS} tensors"));
        }
        self.tensors.push(tensor);
        self.add(Node::Tensor((self.tensors.len() - 1) as u32))
    }

    pub(crate) fn storage(&mut self, storage: StorageNode) -> Result<u32, String> {
        if self.storages.len() == MOST_TENSORS {
            return Err(format!("it makes more than {MOST_TENSORS} storages"));
        }
        self.storages.push(storage);
        Ok((self.storages.len() - 1) as u32)
    }

    /// Adds elements, or keys and values by turns, to a container.
    pub(crate) fn extend(&mut self, id: Id, items: &[Id]) -> Result<(), String> {
        self.charge(items.len())?;
        let Node::Container(number) = *self.node(id) else {
            // A call that is not understood may have made a list; what it would hold is not looked at.
            return Ok(());
        };
        if let Some(container) = self.containers.get_mut(number as usize) {
            container.items.extend_from_slice(items);
        }
        Ok(())
    }

    fn charge(&mut self, elements: usize) -> Result<(), String> {
        self.elements += elements;
        if self.elements > MOST_ELEMENTS {
            return Err(format!("its objects have more than {MOST_ELEMENTS} elements"));
        }
        Ok(())
    }

    /// The container of a node.
    pub(crate) fn as_container(&self, id: Id) -> Option<&Container> {
        match self.node(id) {
            Node::Container(number) => self.containers.get(*number as usize),
            _ => None,
        }
    }

    /// The elements of a tuple or a list.
    pub(crate) fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(span) => self.pool.get(span.range()),
            Node::Container(number) => {
                let container = self.containers.get(*number as usize)?;
                (container.shape == Shape::List).then_some(container.items.as_slice())
            }
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn natural(&self, id: Id) -> Option<u64> {
        match self.node(id) {
            Node::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// A tuple or list of whole numbers that are not negative.
    pub(crate) fn naturals(&self, id: Id) -> Option<Vec<u64>> {
        self.sequence(id)?.iter().map(|item| self.natural(*item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::run;
    use super::*;
    use crate::kit::{Checkpoint, Py};

    #[test]
    fn what_tensors_repeat_is_one_node() {
        let nodes = |tensors: usize| {
            let mut checkpoint = Checkpoint::new();
            let entries = (0..tensors).map(|number| {
                let storage = checkpoint.storage("FloatStorage", 6, Vec::new());
                (Py::Text(format!("layer.{number}.weight")), checkpoint.view(storage, 0, &[2, 3], &[3, 1]))
            });
            let pickle = Py::Ordered(entries.collect()).pickle();
            let mut heap = Heap::for_pickle(pickle.len());
            assert!(run(&pickle, 0, &mut heap).is_ok(), "it is a pickle");
            assert_eq!(heap.tensors.len(), tensors);
            assert_eq!(heap.tensors[tensors - 1].shape, [2, 3]);
            assert_eq!(*heap.tensors[tensors - 1].strides, [3, 1]);
            heap.len()
        };
        let each = (nodes(300) - nodes(100)) / 200;
        assert!(each <= 12, "{each} nodes a tensor");
    }

    #[test]
    fn numbers_beyond_those_that_serve_again_keep_their_values() {
        let numbers = || (0..3 * MOST_SHARED as u64).chain(0..10);
        let tuple = Py::Tuple(numbers().map(|number| Py::Int(number as i64)).collect());
        let pickle = tuple.pickle();
        let mut heap = Heap::default();
        let Ok(outcome) = run(&pickle, 0, &mut heap) else { panic!("it is a pickle") };
        assert_eq!(heap.naturals(outcome.root), Some(numbers().collect()));
    }
}
