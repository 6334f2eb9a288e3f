//! From what a pickle describes to a flat list of named tensors.

use std::cell::Cell;
use std::collections::HashSet;

use super::heap::Heap;
use super::machine::text_of;
use super::object::{Id, Node, Shape};

/// Dictionaries within dictionaries are followed this far.
const DEEPEST: usize = 64;
/// Things that are looked at, and letters of names that are made: bounds, so that a pickle whose parts contain each other many times
/// ends.
const MOST_VISITS: usize = 8_000_000;
const MOST_LETTERS: usize = 64 << 20;

/// A look at what a pickle made.
pub(crate) struct View<'a> {
    bytes: &'a [u8],
    pub(crate) heap: &'a Heap,
    visits: Cell<usize>,
    letters: Cell<usize>,
}

/// Why a list of tensors is refused, as a clause.
pub(crate) type Refused = String;

impl<'a> View<'a> {
    pub(crate) fn new(bytes: &'a [u8], heap: &'a Heap) -> Self {
        Self { bytes, heap, visits: Cell::new(0), letters: Cell::new(0) }
    }

    pub(crate) fn text(&self, id: Id) -> Option<&'a str> {
        match self.heap.node(id) {
            Node::Text(span) => Some(text_of(self.bytes, *span)),
            _ => None,
        }
    }

    fn charge(&self, visits: usize, letters: usize) -> Result<(), Refused> {
        self.visits.set(self.visits.get().saturating_add(visits));
        self.letters.set(self.letters.get().saturating_add(letters));
        if self.visits.get() > MOST_VISITS || self.letters.get() > MOST_LETTERS {
            return Err("its parts contain each other without end".to_owned());
        }
        Ok(())
    }

    /// The named parts of a thing that can hold tensors: keys of a dictionary, positions of a list, parameters, buffers and modules of
    /// a module, attributes of another object. A key that stands twice has the value that stands last, as in Python.
    ///
    /// # Errors
    /// If more was looked at than any real file has.
    pub(crate) fn entries(&self, id: Id) -> Result<Vec<(String, Id)>, Refused> {
        if let Some(items) = self.heap.sequence(id) {
            return self.positions(items);
        }
        let Some(container) = self.heap.as_container(id) else { return Ok(Vec::new()) };
        let mut entries = self.pairs(&container.items)?;
        if matches!(container.shape, Shape::Object(_))
            && let Some(state) = container.state
        {
            if let Some(parts) = self.module_parts(state)? {
                entries.extend(parts);
            } else {
                match self.heap.as_container(state) {
                    Some(attributes) if attributes.shape == Shape::Dict => {
                        entries.extend(self.pairs(&attributes.items)?);
                    }
                    // Arguments of a call that is not understood, or an object's state in another form.
                    _ => entries.extend(self.positions(self.heap.sequence(state).unwrap_or_default())?),
                }
            }
        }
        Ok(entries)
    }

    fn holds_parts(&self, id: Id) -> bool {
        matches!(self.heap.node(id), Node::Tensor(_) | Node::Tuple(_) | Node::Container(_))
    }

    fn positions(&self, items: &[Id]) -> Result<Vec<(String, Id)>, Refused> {
        self.charge(items.len(), 0)?;
        let parts = items.iter().enumerate().filter(|(_, item)| self.holds_parts(**item));
        Ok(parts.map(|(at, item)| (at.to_string(), *item)).collect())
    }

    fn pairs(&self, items: &[Id]) -> Result<Vec<(String, Id)>, Refused> {
        self.charge(items.len(), 0)?;
        let mut entries: Vec<(String, Id)> = Vec::with_capacity(items.len() / 2);
        let (pairs, _) = items.as_chunks::<2>();
        for [key, value] in pairs {
            let name = match self.heap.node(*key) {
                Node::Int(number) => number.to_string(),
                _ => match self.text(*key) {
                    Some(text) => {
                        self.charge(0, text.len())?;
                        text.to_owned()
                    }
                    None => continue,
                },
            };
            entries.push((name, *value));
        }
        keep_last(&mut entries);
        entries.retain(|(_, value)| self.holds_parts(*value));
        Ok(entries)
    }

    /// Keys of a dictionary, the first few.
    pub(crate) fn keys(&self, id: Id, most: usize) -> Vec<&'a str> {
        let items = self.heap.as_container(id).map_or(&[] as &[Id], |container| &container.items);
        let (pairs, _) = items.as_chunks::<2>();
        pairs.iter().filter_map(|[key, _]| self.text(*key)).take(most).collect()
    }

    /// The value of a key of a dictionary.
    pub(crate) fn value(&self, id: Id, key: &str) -> Option<Id> {
        let container = self.heap.as_container(id)?;
        let (pairs, _) = container.items.as_chunks::<2>();
        let is_key = |id: Id| self.text(id) == Some(key);
        pairs.iter().rev().find(|[name, _]| is_key(*name)).map(|[_, value]| *value)
    }

    /// Parameters, buffers and modules of a pickled module, as its `state_dict()` names them; `None` if it is none.
    fn module_parts(&self, state: Id) -> Result<Option<Vec<(String, Id)>>, Refused> {
        let table = |name| self.value(state, name).filter(|id| self.is_dict(*id));
        let tables = (table("_parameters"), table("_buffers"), table("_modules"));
        let (Some(parameters), Some(buffers), Some(modules)) = tables else { return Ok(None) };
        let passing = self.value(state, "_non_persistent_buffers_set").and_then(|id| self.heap.sequence(id));
        let passing: HashSet<&str> =
            passing.unwrap_or_default().iter().filter_map(|id| self.text(*id)).collect();
        let mut parts = self.entries(parameters)?;
        parts.extend(self.entries(buffers)?.into_iter().filter(|(name, _)| !passing.contains(name.as_str())));
        parts.extend(self.entries(modules)?);
        Ok(Some(parts))
    }

    pub(crate) fn is_dict(&self, id: Id) -> bool {
        self.heap.as_container(id).is_some_and(|container| match container.shape {
            Shape::Dict => true,
            Shape::List => false,
            Shape::Object(_) => !container.items.is_empty(),
        })
    }

    /// The class of an object, as Python spells it.
    pub(crate) fn class(&self, id: Id) -> Option<String> {
        let Shape::Object(class) = self.heap.as_container(id)?.shape else { return None };
        match self.heap.node(class) {
            Node::Global(names) => {
                let (module, name) = **names;
                Some(format!("{}.{}", text_of(self.bytes, module), text_of(self.bytes, name)))
            }
            _ => None,
        }
    }

    /// All tensors in and below a thing with their names, in the file's order; `skip` are things that are passed over.
    ///
    /// # Errors
    /// If its parts contain each other so often that there is no end to it.
    pub(crate) fn tensors(&self, root: Id, skip: &[Id]) -> Result<Vec<(String, u32)>, Refused> {
        let mut walk = Walk { view: self, skip, path: String::new(), found: Vec::new() };
        walk.visit(root, 0)?;
        Ok(walk.found)
    }
}

/// Of entries of one name the last stays, at the place of the first, as in a Python dictionary.
fn keep_last(entries: &mut Vec<(String, Id)>) {
    let mut seen = HashSet::with_capacity(entries.len());
    if entries.iter().all(|(name, _)| seen.insert(name.as_str())) {
        return;
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let name = |at: &usize| entries.get(*at).map(|entry| entry.0.as_str());
    order.sort_by(|a, b| name(a).cmp(&name(b)));
    let twins: Vec<[usize; 2]> =
        order.array_windows::<2>().filter(|[a, b]| name(a) == name(b)).copied().collect();
    // The sort is stable, so the later of each pair stands behind; walking backwards hands the last value to the first.
    let mut dropped = vec![false; entries.len()];
    for [first, last] in twins.into_iter().rev() {
        let value = entries.get(last).map(|entry| entry.1);
        if let (Some(entry), Some(value)) = (entries.get_mut(first), value) {
            entry.1 = value;
        }
        if let Some(mark) = dropped.get_mut(last) {
            *mark = true;
        }
    }
    let mut marks = dropped.into_iter();
    entries.retain(|_| !marks.next().unwrap_or(false));
}

struct Walk<'a, 'b> {
    view: &'a View<'b>,
    skip: &'a [Id],
    path: String,
    found: Vec<(String, u32)>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: Id, depth: usize) -> Result<(), Refused> {
        self.view.charge(1, 0)?;
        if let Node::Tensor(number) = self.view.heap.node(id) {
            self.view.charge(0, self.path.len())?;
            self.found.push((self.path.clone(), *number));
            return Ok(());
        }
        if depth == DEEPEST || self.skip.contains(&id) {
            return Ok(());
        }
        for (name, child) in self.view.entries(id)? {
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            // Paths of names that are long and nested deep would fill the memory.
            if self.path.len() > 64 << 10 {
                return Err("its names are longer than any real ones".to_owned());
            }
            self.visit(child, depth + 1)?;
            self.path.truncate(length);
        }
        Ok(())
    }
}
