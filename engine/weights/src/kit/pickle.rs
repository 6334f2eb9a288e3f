//! A writer of pickles of protocol 2, with the memo as Python fills it.

use std::collections::HashMap;

/// A Python object, as far as checkpoints have them.
#[derive(Clone, Debug)]
pub enum Py {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Self>),
    /// A list.
    List(Vec<Self>),
    /// A dictionary.
    Dict(Vec<(Self, Self)>),
    /// An `OrderedDict`.
    Ordered(Vec<(Self, Self)>),
    /// A class or function: its module and its name.
    Global(&'static str, &'static str),
    /// A call: what is called, and its arguments.
    Call(&'static str, &'static str, Vec<Self>),
    /// An object of a class with attributes.
    Object(&'static str, &'static str, Box<Self>),
    /// A persistent id.
    Persistent(Box<Self>),
    /// Instructions as they are.
    Raw(Vec<u8>),
}

impl Py {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A dictionary of texts.
    pub fn dict(entries: Vec<(&str, Self)>) -> Self {
        Self::Dict(entries.into_iter().map(|(key, value)| (Self::text(key), value)).collect())
    }

    /// The pickle of this object.
    pub fn pickle(&self) -> Vec<u8> {
        let mut pickler = Pickler { bytes: vec![0x80, 2], slots: 0, seen: HashMap::new() };
        pickler.write(self);
        pickler.bytes.push(b'.');
        pickler.bytes
    }
}

struct Pickler {
    bytes: Vec<u8>,
    slots: u32,
    /// Slots of classes and short texts that were written before.
    seen: HashMap<String, u32>,
}

impl Pickler {
    fn put(&mut self) -> u32 {
        let slot = self.slots;
        self.slots += 1;
        if let Ok(short) = u8::try_from(slot) {
            self.bytes.extend([b'q', short]);
        } else {
            self.bytes.push(b'r');
            self.bytes.extend(slot.to_le_bytes());
        }
        slot
    }

    /// Fetches what was written before under this name; false if nothing was.
    fn fetch(&mut self, name: &str) -> bool {
        let Some(slot) = self.seen.get(name) else { return false };
        if let Ok(short) = u8::try_from(*slot) {
            self.bytes.extend([b'h', short]);
        } else {
            self.bytes.push(b'j');
            self.bytes.extend(slot.to_le_bytes());
        }
        true
    }

    fn write(&mut self, object: &Py) {
        match object {
            Py::None => self.bytes.push(b'N'),
            Py::Bool(value) => self.bytes.push(if *value { 0x88 } else { 0x89 }),
            Py::Int(value) => self.int(*value),
            Py::Float(value) => {
                self.bytes.push(b'G');
                self.bytes.extend(value.to_be_bytes());
            }
            Py::Text(text) => self.text(text),
            Py::Tuple(items) => self.tuple(items),
            Py::List(items) => {
                self.bytes.push(b']');
                self.put();
                self.bytes.push(b'(');
                items.iter().for_each(|item| self.write(item));
                self.bytes.push(b'e');
            }
            Py::Dict(pairs) => {
                self.bytes.push(b'}');
                self.put();
                self.pairs(pairs);
            }
            Py::Ordered(pairs) => {
                self.global("collections", "OrderedDict");
                self.bytes.extend(b")R");
                self.put();
                self.pairs(pairs);
            }
            Py::Global(module, name) => self.global(module, name),
            Py::Call(module, name, arguments) => {
                self.global(module, name);
                self.tuple(arguments);
                self.bytes.push(b'R');
                self.put();
            }
            Py::Object(module, name, state) => {
                self.global(module, name);
                self.bytes.extend([b')', 0x81]);
                self.put();
                self.write(state);
                self.bytes.push(b'b');
            }
            Py::Persistent(id) => {
                self.write(id);
                self.bytes.push(b'Q');
            }
            Py::Raw(bytes) => self.bytes.extend(bytes),
        }
    }

    fn int(&mut self, value: i64) {
        if let Ok(short) = u8::try_from(value) {
            self.bytes.extend([b'K', short]);
        } else if let Ok(short) = u16::try_from(value) {
            self.bytes.push(b'M');
            self.bytes.extend(short.to_le_bytes());
        } else if let Ok(short) = i32::try_from(value) {
            self.bytes.push(b'J');
            self.bytes.extend(short.to_le_bytes());
        } else {
            self.bytes.extend([0x8a, 8]);
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        if self.fetch(text) {
            return;
        }
        self.bytes.push(b'X');
        self.bytes.extend((text.len() as u32).to_le_bytes());
        self.bytes.extend(text.as_bytes());
        let slot = self.put();
        if matches!(text, "storage" | "cpu") {
            self.seen.insert(text.to_owned(), slot);
        }
    }

    fn global(&mut self, module: &str, name: &str) {
        let line = format!("{module}\n{name}\n");
        if self.fetch(&line) {
            return;
        }
        self.bytes.push(b'c');
        self.bytes.extend(line.as_bytes());
        let slot = self.put();
        self.seen.insert(line, slot);
    }

    fn tuple(&mut self, items: &[Py]) {
        if items.is_empty() {
            self.bytes.push(b')');
            return;
        }
        if items.len() > 3 {
            self.bytes.push(b'(');
        }
        items.iter().for_each(|item| self.write(item));
        self.bytes.push(match items.len() {
            1 => 0x85,
            2 => 0x86,
            3 => 0x87,
            _ => b't',
        });
        self.put();
    }

    fn pairs(&mut self, pairs: &[(Py, Py)]) {
        // Python writes a thousand pairs at a time.
        for batch in pairs.chunks(1000) {
            self.bytes.push(b'(');
            for (key, value) in batch {
                self.write(key);
                self.write(value);
            }
            self.bytes.push(b'u');
        }
    }
}
