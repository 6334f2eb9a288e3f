//! Goes through a pickle of PyTorch and notes what it describes. Nothing is imported, called or executed.
//!
//! Source: the documentation of Python's module `pickletools`, protocols 0 to 5, and `torch.serialization`. A pickle is a program for
//! a stack machine; the few calls that PyTorch writes to rebuild tensors are known by their names (module `rebuild`), and every other call
//! becomes an object of which only the name is kept. A slot of the memo refers to its object, so that fetching copies nothing.

use std::collections::HashMap;

use super::heap::Heap;
use super::object::{Id, Node, Shape, Span};
use super::rebuild::{persistent, reduce};

/// More things than this never stand on the stack of a real file at once.
const MOST_STACKED: usize = 4_000_000;

/// One pickle's outcome.
pub(crate) struct Outcome {
    /// The object that it describes.
    pub(crate) root: Id,
    /// Where the next one begins.
    pub(crate) end: usize,
}

/// Why a pickle is refused.
pub(crate) enum Stop {
    /// The bytes end before it does.
    Ends,
    /// It is broken, or too large: the reason as a clause.
    Broken(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Broken(reason)
    }
}

/// Goes through the pickle that begins at `at` in `bytes`.
pub(crate) fn run(bytes: &[u8], at: usize, heap: &mut Heap) -> Result<Outcome, Stop> {
    let mut machine = Machine {
        bytes,
        at,
        heap,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Memo::default(),
        keys: HashMap::new(),
    };
    let root = loop {
        if let Some(root) = machine.step()? {
            break root;
        }
    };
    Ok(Outcome { root, end: machine.at })
}

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    at: usize,
    pub(super) heap: &'a mut Heap,
    stack: Vec<Id>,
    /// Heights of the stack at open marks.
    marks: Vec<usize>,
    memo: Memo,
    /// Numbers of storages by their keys.
    pub(super) keys: HashMap<String, u32>,
}

/// Objects that were put into slots. Python counts slots from zero, so most of them stand in a row.
#[derive(Default)]
struct Memo {
    row: Vec<Id>,
    others: HashMap<u32, Id>,
    /// Number of slots that are taken.
    count: usize,
}

impl Memo {
    fn put(&mut self, slot: u32, id: Id) {
        if let Some(place) = self.row.get_mut(slot as usize) {
            *place = id;
        } else if slot as usize == self.row.len() {
            self.row.push(id);
            // A slot that was put out of turn before is overwritten.
            self.count += usize::from(self.others.remove(&slot).is_none());
        } else {
            self.count += usize::from(self.others.insert(slot, id).is_none());
        }
    }

    fn get(&self, slot: u32) -> Option<Id> {
        self.row.get(slot as usize).or_else(|| self.others.get(&slot)).copied()
    }
}

impl Machine<'_> {
    /// Does one instruction; gives the root at the last.
    fn step(&mut self) -> Result<Option<Id>, Stop> {
        let code = self.byte()?;
        match code {
            b'.' => return Ok(Some(self.pop()?)),
            0x80 => {
                let version = self.byte()?;
                if version > 5 {
                    return Err(broken(&format!("it is of protocol {version}, and up to 5 are read")));
                }
            }
            0x95 => {
                self.take(8)?;
            }
            b'(' => self.mark()?,
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'0' => {
                // POP also takes a mark, as in Python.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' => {
                self.pop_marked()?;
            }
            b'2' => {
                let top = self.top()?;
                self.push_id(top)?;
            }
            b'I' | b'L' | b'F' | b'S' | b'V' | b'p' | b'g' | b'P' | b'c' | b'i' => self.line_code(code)?,
            b'J' | b'K' | b'M' | b'G' | 0x8a | 0x8b => self.number_code(code)?,
            b'T' | b'U' | b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | 0x96 => self.text_code(code)?,
            0x97 => self.push(Node::Other)?,
            0x98 => {}
            b'q' | b'r' | b'h' | b'j' | 0x94 => self.memo_code(code)?,
            b')' | b't' | 0x85..=0x87 => self.tuple_code(code)?,
            b'}' | b'd' | b'u' | b's' => self.dict_code(code)?,
            b']' | b'l' | b'a' | b'e' | 0x8f | 0x90 | 0x91 => self.list_code(code)?,
            b'Q' | b'R' | b'b' | b'o' | 0x81 | 0x92 | 0x93 | 0x82..=0x84 => self.call_code(code)?,
            _ => return Err(broken(&format!("it has the instruction {code:#04x}, which no pickle has"))),
        }
        Ok(None)
    }

    /// Instructions whose operand is a line of text: those of protocol 0.
    fn line_code(&mut self, code: u8) -> Result<(), Stop> {
        let line = self.line()?;
        let text = self.text(line);
        match code {
            b'I' | b'L' => {
                let digits = text.strip_suffix('L').unwrap_or(text);
                let node = match (code, digits) {
                    (b'I', "00") => Node::Bool(false),
                    (b'I', "01") => Node::Bool(true),
                    _ => digits.parse().map_or(Node::Other, Node::Int),
                };
                self.push(node)
            }
            b'F' => self.push(Node::Other),
            b'S' => {
                let is_quoted = line.end - line.begin >= 2;
                let inner = Span { begin: line.begin + 1, end: line.end.saturating_sub(1) };
                self.push(Node::Text(if is_quoted { inner } else { line }))
            }
            b'V' => self.push(Node::Text(line)),
            b'p' => {
                let number = text.parse().map_err(|_| broken("it has a slot that is no number"))?;
                self.put(number)
            }
            b'g' => {
                let number = text.parse().map_err(|_| broken("it has a slot that is no number"))?;
                self.get(number)
            }
            b'P' => Err(broken("it names storages in the way of protocol 0, which is not read")),
            _ => {
                let name = self.line()?;
                self.push(Node::Global(Box::new((line, name))))?;
                if code == b'i' {
                    let class = self.pop()?;
                    let items = self.pop_marked()?;
                    let items = self.heap.tuple(&items)?;
                    let object = reduce(self, class, items)?;
                    self.push_id(object)?;
                }
                Ok(())
            }
        }
    }

    fn number_code(&mut self, code: u8) -> Result<(), Stop> {
        let node = match code {
            b'J' => {
                let bytes = self.array::<4>()?;
                Node::Int(i64::from(i32::from_le_bytes(bytes)))
            }
            b'K' => Node::Int(i64::from(self.byte()?)),
            b'M' => {
                let bytes = self.array::<2>()?;
                Node::Int(i64::from(u16::from_le_bytes(bytes)))
            }
            b'G' => {
                self.take(8)?;
                Node::Other
            }
            _ => {
                let length = if code == 0x8a { u64::from(self.byte()?) } else { self.length32()? };
                let span = self.take(length)?;
                self.bytes.get(span.range()).and_then(whole).map_or(Node::Other, Node::Int)
            }
        };
        self.push(node)
    }

    fn text_code(&mut self, code: u8) -> Result<(), Stop> {
        let length = match code {
            b'U' | 0x8c | b'C' => u64::from(self.byte()?),
            b'T' | b'X' | b'B' => self.length32()?,
            _ => {
                let bytes = self.array::<8>()?;
                u64::from_le_bytes(bytes)
            }
        };
        let span = self.take(length)?;
        let is_text = matches!(code, b'T' | b'U' | b'X' | 0x8c | 0x8d);
        self.push(if is_text { Node::Text(span) } else { Node::Other })
    }

    fn memo_code(&mut self, code: u8) -> Result<(), Stop> {
        match code {
            0x94 => self.put(self.memo.count as u32),
            b'q' => {
                let number = self.byte()?;
                self.put(u32::from(number))
            }
            b'h' => {
                let number = self.byte()?;
                self.get(u32::from(number))
            }
            _ => {
                let number = self.array::<4>()?;
                let number = u32::from_le_bytes(number);
                if code == b'r' { self.put(number) } else { self.get(number) }
            }
        }
    }

    fn tuple_code(&mut self, code: u8) -> Result<(), Stop> {
        let items = match code {
            b')' => Vec::new(),
            b't' => self.pop_marked()?,
            _ => {
                let mut items = Vec::with_capacity(3);
                for _ in 0..=(code - 0x85) {
                    items.push(self.pop()?);
                }
                items.reverse();
                items
            }
        };
        let tuple = self.heap.tuple(&items)?;
        self.push_id(tuple)
    }

    fn dict_code(&mut self, code: u8) -> Result<(), Stop> {
        let items = match code {
            b'}' => Vec::new(),
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                vec![key, value]
            }
            _ => self.pop_marked()?,
        };
        if items.len() % 2 == 1 {
            return Err(broken("a dictionary in it has a key without a value"));
        }
        if matches!(code, b'}' | b'd') {
            let dict = self.heap.container(Shape::Dict, items)?;
            return self.push_id(dict);
        }
        let target = self.top()?;
        Ok(self.heap.extend(target, &items)?)
    }

    fn list_code(&mut self, code: u8) -> Result<(), Stop> {
        let items = match code {
            b']' | 0x8f => Vec::new(),
            b'a' => vec![self.pop()?],
            _ => self.pop_marked()?,
        };
        if matches!(code, b'a' | b'e' | 0x90) {
            let target = self.top()?;
            // Objects that are lists by descent hold nothing that is looked at by position.
            let is_list =
                self.heap.as_container(target).is_some_and(|container| container.shape == Shape::List);
            return if is_list { Ok(self.heap.extend(target, &items)?) } else { Ok(()) };
        }
        let list = self.heap.container(Shape::List, items)?;
        self.push_id(list)
    }

    fn call_code(&mut self, code: u8) -> Result<(), Stop> {
        let made = match code {
            b'Q' => {
                let what = self.pop()?;
                persistent(self, what)?
            }
            b'b' => {
                let state = self.pop()?;
                let target = self.top()?;
                if let Node::Container(number) = *self.heap.node(target)
                    && let Some(container) = self.heap.containers.get_mut(number as usize)
                {
                    container.state = Some(state);
                }
                return Ok(());
            }
            b'o' => {
                let items = self.pop_marked()?;
                let (class, arguments) =
                    items.split_first().ok_or_else(|| broken("it makes an object without a class"))?;
                let arguments = self.heap.tuple(arguments)?;
                reduce(self, *class, arguments)?
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let (Node::Text(module), Node::Text(name)) = (self.heap.node(module), self.heap.node(name))
                else {
                    return Err(broken("it names a class by something that is no text"));
                };
                let node = Node::Global(Box::new((*module, *name)));
                self.heap.add(node)?
            }
            0x82..=0x84 => {
                // EXT: a class by its number in a register that files do not carry.
                self.take(1 << (code - 0x82))?;
                self.heap.add(Node::Other)?
            }
            _ => {
                if code == 0x92 {
                    self.pop()?;
                }
                let arguments = self.pop()?;
                let class = self.pop()?;
                reduce(self, class, arguments)?
            }
        };
        self.push_id(made)
    }

    fn push(&mut self, node: Node) -> Result<(), Stop> {
        let id = self.heap.add(node)?;
        self.push_id(id)
    }

    fn push_id(&mut self, id: Id) -> Result<(), Stop> {
        if self.stack.len() == MOST_STACKED {
            return Err(broken(&format!("it stacks more than {MOST_STACKED} objects")));
        }
        self.stack.push(id);
        Ok(())
    }

    fn mark(&mut self) -> Result<(), Stop> {
        if self.marks.len() == MOST_STACKED {
            return Err(broken(&format!("it sets more than {MOST_STACKED} marks")));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Stop> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<Id, Stop> {
        if self.marks.last() == Some(&self.stack.len()) {
            return Err(broken("an instruction in it finds a mark instead of an object"));
        }
        self.stack.last().copied().ok_or_else(|| broken("an instruction in it finds no object"))
    }

    fn pop_marked(&mut self) -> Result<Vec<Id>, Stop> {
        let mark = self.marks.pop().ok_or_else(|| broken("an instruction in it finds no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn put(&mut self, slot: u32) -> Result<(), Stop> {
        let top = self.top()?;
        // Each slot takes an instruction, but the same object may be put many times.
        if self.memo.count == MOST_STACKED {
            return Err(broken(&format!("it remembers more than {MOST_STACKED} objects")));
        }
        self.memo.put(slot, top);
        Ok(())
    }

    fn get(&mut self, slot: u32) -> Result<(), Stop> {
        let id = self.memo.get(slot).ok_or_else(|| broken("it fetches an object that it never put"))?;
        self.push_id(id)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or(Stop::Ends)?;
        self.at += 1;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let array = *rest.first_chunk::<N>().ok_or(Stop::Ends)?;
        self.at += N;
        Ok(array)
    }

    fn length32(&mut self) -> Result<u64, Stop> {
        let bytes = self.array::<4>()?;
        Ok(u64::from(u32::from_le_bytes(bytes)))
    }

    /// The next `length` bytes, which are there.
    fn take(&mut self, length: u64) -> Result<Span, Stop> {
        let left = self.bytes.len().saturating_sub(self.at) as u64;
        if length > left {
            return Err(Stop::Ends);
        }
        let begin = self.at as u32;
        self.at += length as usize;
        Ok(Span { begin, end: self.at as u32 })
    }

    fn line(&mut self) -> Result<Span, Stop> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or(Stop::Ends)?;
        let span = Span { begin: self.at as u32, end: (self.at + length) as u32 };
        self.at += length + 1;
        Ok(span)
    }

    /// The text of a span; empty where it is none.
    pub(super) fn text(&self, span: Span) -> &str {
        text_of(self.bytes, span)
    }
}

/// The text of a span of the pickle; empty where its bytes are no text.
pub(crate) fn text_of(bytes: &[u8], span: Span) -> &str {
    bytes.get(span.range()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A whole number of any length as 64 bits, if it fits.
fn whole(bytes: &[u8]) -> Option<i64> {
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut value = [fill; 8];
    let (low, high) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
    value.get_mut(..low.len())?.copy_from_slice(low);
    let value = i64::from_le_bytes(value);
    // What is beyond 64 bits may only repeat the sign.
    let fits = high.iter().all(|byte| *byte == fill) && (high.is_empty() || (value < 0) == (fill == 0xff));
    fits.then_some(value)
}

pub(super) fn broken(reason: &str) -> Stop {
    Stop::Broken(reason.to_owned())
}
