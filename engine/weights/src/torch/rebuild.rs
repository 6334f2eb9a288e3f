//! The few calls in a pickle of PyTorch that describe tensors and dictionaries, known by their names; nothing is called.
//!
//! Source: `torch/_utils.py`, `torch/_tensor.py` and `torch/serialization.py` of PyTorch 2.

use super::machine::{Machine, Stop, broken, text_of};
use super::object::{Id, NO_STORAGE, Node, Shape, StorageNode, TensorNode};
use crate::element::Element;
use crate::text::shown;

/// More axes than this are not read.
const MOST_AXES: usize = 64;

/// What a call of `callable` with `arguments` describes.
pub(super) fn reduce(machine: &mut Machine<'_>, callable: Id, arguments: Id) -> Result<Id, Stop> {
    let Node::Global(names) = machine.heap.node(callable) else {
        return Ok(machine.heap.container(Shape::Object(callable), Vec::new())?);
    };
    let (module, name) = **names;
    let (module, name) = (text_of(machine.bytes, module), text_of(machine.bytes, name));
    let items = machine.heap.sequence(arguments).map(<[Id]>::to_vec).unwrap_or_default();
    match (module, name) {
        ("collections", "OrderedDict" | "defaultdict" | "Counter") | ("builtins" | "__builtin__", "dict") => {
            dictionary(machine, &items)
        }
        ("builtins" | "__builtin__", "set" | "frozenset" | "list" | "tuple") => {
            let inner = items.first().and_then(|first| machine.heap.sequence(*first)).map(<[Id]>::to_vec);
            Ok(machine.heap.container(Shape::List, inner.unwrap_or_default())?)
        }
        ("torch", "Size") => {
            let inner = items.first().and_then(|first| machine.heap.sequence(*first)).map(<[Id]>::to_vec);
            Ok(machine.heap.tuple(&inner.unwrap_or_default())?)
        }
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => {
            tensor(machine, &items, name == "_rebuild_tensor_v3")
        }
        // The data stand first; gradients and hooks follow.
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            items.first().copied().ok_or_else(|| broken("it rebuilds a parameter without data"))
        }
        ("torch._tensor", "_rebuild_from_type_v2") => match items.as_slice() {
            // One level: a call within a call within a call is nothing that PyTorch writes, and would fill the thread's stack.
            [function, _, inner, ..] if !is_subclass_call(machine, *function) => {
                reduce(machine, *function, *inner)
            }
            _ => Err(broken("it rebuilds a tensor in a way that is not known")),
        },
        ("torch._utils", other) if other.starts_with("_rebuild_") => {
            let reason = match other {
                "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor" => "it is sparse",
                "_rebuild_qtensor" => "it is quantized, with scales of its own",
                "_rebuild_nested_tensor" => "it is nested",
                "_rebuild_meta_tensor_no_storage" => "it has no values (device \"meta\")",
                _ => "it is of a kind that is not read",
            };
            unreadable(machine, reason)
        }
        _ => {
            // An unknown call that takes tensors makes something of them; they are still found there.
            let object = machine.heap.container(Shape::Object(callable), Vec::new())?;
            if let Node::Container(number) = *machine.heap.node(object)
                && let Some(container) = machine.heap.containers.get_mut(number as usize)
            {
                container.state = Some(arguments);
            }
            Ok(object)
        }
    }
}

fn is_subclass_call(machine: &Machine<'_>, function: Id) -> bool {
    matches!(machine.heap.node(function), Node::Global(names) if machine.text(names.1) == "_rebuild_from_type_v2")
}

/// `OrderedDict([(key, value), …])`; other dictionaries are filled later.
fn dictionary(machine: &mut Machine<'_>, items: &[Id]) -> Result<Id, Stop> {
    let mut pairs = Vec::new();
    if let Some(list) = items.first().and_then(|first| machine.heap.sequence(*first)) {
        for pair in list {
            if let Some([key, value]) = machine.heap.sequence(*pair) {
                pairs.extend([*key, *value]);
            }
        }
    }
    Ok(machine.heap.container(Shape::Dict, pairs)?)
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, …)`; version 3 names the type as its seventh argument.
fn tensor(machine: &mut Machine<'_>, items: &[Id], names_type: bool) -> Result<Id, Stop> {
    let [storage, offset, shape, strides, ..] = items else {
        return Err(broken("it rebuilds a tensor of fewer than four arguments"));
    };
    let Node::Storage(number) = *machine.heap.node(*storage) else {
        return unreadable(machine, "its storage is not in the file");
    };
    let mut problem = None;
    let mut wrong = |reason: &str| {
        problem.get_or_insert_with(|| reason.to_owned());
    };
    let mut element =
        machine.heap.storages.get(number as usize).map_or(Element::Other, |storage| storage.element);
    if names_type {
        let name = items.get(6).map(|item| machine.heap.node(*item));
        if let Some(Node::Global(names)) = name {
            let name = text_of(machine.bytes, names.1);
            element = element_of_dtype(name);
            if element == Element::Other {
                wrong(&format!("its numbers are of type {}, which is not read", shown(name)));
            }
        } else {
            wrong("its type is not told");
        }
    }
    let offset = machine.heap.natural(*offset).unwrap_or_else(|| {
        wrong("its place in its storage is no whole number");
        0
    });
    let lengths = machine.heap.naturals(*shape).filter(|lengths| lengths.len() <= MOST_AXES);
    let lengths =
        lengths.and_then(|lengths| lengths.into_iter().map(|length| usize::try_from(length).ok()).collect());
    let shape = lengths.unwrap_or_else(|| {
        wrong("its shape has a length that is none");
        vec![0]
    });
    let strides = machine.heap.naturals(*strides).filter(|strides| strides.len() == shape.len());
    let strides = strides.unwrap_or_else(|| {
        wrong("its strides do not fit its shape");
        vec![0; shape.len()]
    });
    let tensor =
        TensorNode { storage: number, element, offset, shape, strides: strides.into_boxed_slice(), problem };
    Ok(machine.heap.tensor(tensor)?)
}

/// A tensor of which only the name will be known.
fn unreadable(machine: &mut Machine<'_>, reason: &str) -> Result<Id, Stop> {
    let tensor = TensorNode {
        storage: NO_STORAGE,
        element: Element::Other,
        offset: 0,
        shape: vec![0],
        strides: Box::new([0]),
        problem: Some(reason.to_owned()),
    };
    Ok(machine.heap.tensor(tensor)?)
}

/// The storage that a persistent id names: `('storage', type, key, location, elements[, view])`.
pub(super) fn persistent(machine: &mut Machine<'_>, what: Id) -> Result<Id, Stop> {
    let items = machine.heap.sequence(what).map(<[Id]>::to_vec).unwrap_or_default();
    let is_tag =
        |id: Id, tag: &str| matches!(machine.heap.node(id), Node::Text(span) if machine.text(*span) == tag);
    // Before 1.6 a module's class came with its source, as ('module', class, file, text); the text is not looked at.
    if let [tag, class, ..] = items.as_slice()
        && is_tag(*tag, "module")
    {
        return Ok(*class);
    }
    let [tag, kind, key, _location, elements, view @ ..] = items.as_slice() else {
        return Err(broken("it names a storage by fewer than five things"));
    };
    let is_storage = is_tag(*tag, "storage");
    let key = match machine.heap.node(*key) {
        Node::Text(span) => machine.text(*span).to_owned(),
        Node::Int(number) => number.to_string(),
        _ => String::new(),
    };
    let elements = machine.heap.natural(*elements);
    let (true, false, Some(elements)) = (is_storage, key.is_empty(), elements) else {
        return Err(broken("it names a storage in a way that is not known"));
    };
    let kind = match machine.heap.node(*kind) {
        Node::Global(names) => machine.text(names.1).to_owned(),
        Node::Text(name) => machine.text(*name).to_owned(),
        _ => String::new(),
    };
    let element = element_of_storage(&kind);
    let problem = (element == Element::Other && kind != "UntypedStorage")
        .then(|| format!("its numbers are of type {}, which is not read", shown(&kind)));
    let bytes = storage_bytes(&kind, element, elements);
    let number = if let Some(number) = machine.keys.get(&key) {
        let told = machine.heap.storages.get(*number as usize);
        if told.is_none_or(|told| told.elements != elements || told.element != element) {
            return Err(broken("it names one storage twice with different lengths"));
        }
        *number
    } else {
        let number =
            machine.heap.storage(StorageNode { key: key.clone(), element, problem, elements, bytes })?;
        machine.keys.insert(key, number);
        number
    };
    if view.first().is_some_and(|view| *machine.heap.node(*view) != Node::None) {
        // Files of 2017 may name a part of a storage; the whole is noted, because others lie behind it.
        return Ok(machine.heap.add(Node::Other)?);
    }
    Ok(machine.heap.add(Node::Storage(number))?)
}

fn element_of_storage(name: &str) -> Element {
    match name {
        "DoubleStorage" => Element::F64,
        "FloatStorage" => Element::F32,
        "HalfStorage" => Element::F16,
        "BFloat16Storage" => Element::Bf16,
        "LongStorage" => Element::I64,
        "IntStorage" => Element::I32,
        "ShortStorage" => Element::I16,
        "CharStorage" => Element::I8,
        "ByteStorage" => Element::U8,
        "BoolStorage" => Element::Bool,
        "ComplexFloatStorage" => Element::C64,
        "ComplexDoubleStorage" => Element::C128,
        _ => Element::Other,
    }
}

/// Length of a storage; also of some types whose numbers are not read, because in old files others lie behind them.
fn storage_bytes(kind: &str, element: Element, elements: u64) -> Option<u64> {
    match kind {
        "UntypedStorage" | "QInt8Storage" | "QUInt8Storage" | "QUInt4x2Storage" | "QUInt2x4Storage" => {
            Some(elements)
        }
        "QInt32Storage" => elements.checked_mul(4),
        _ if element == Element::Other => None,
        _ => element.bytes_of(elements),
    }
}

fn element_of_dtype(name: &str) -> Element {
    match name {
        "float64" | "double" => Element::F64,
        "float32" | "float" => Element::F32,
        "float16" | "half" => Element::F16,
        "bfloat16" => Element::Bf16,
        "float8_e4m3fn" => Element::F8E4M3,
        "float8_e5m2" => Element::F8E5M2,
        "float8_e8m0fnu" => Element::F8E8M0,
        "float4_e2m1fn_x2" => Element::F4,
        "int64" | "long" => Element::I64,
        "int32" | "int" => Element::I32,
        "int16" | "short" => Element::I16,
        "int8" => Element::I8,
        "uint64" => Element::U64,
        "uint32" => Element::U32,
        "uint16" => Element::U16,
        "uint8" => Element::U8,
        "bool" => Element::Bool,
        "complex64" => Element::C64,
        "complex128" => Element::C128,
        _ => Element::Other,
    }
}
