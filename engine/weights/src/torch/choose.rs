//! Which dictionary of a checkpoint holds the weights, and what is left out.

use super::flatten::{Refused, View};
use super::object::{Id, Node};
use crate::table::Said;
use crate::text::{count, shown};

/// Keys under which training scripts and libraries save a model's weights, the first that is there counts.
const WEIGHT_KEYS: [&str; 13] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "net_state_dict",
    "weights",
    "params",
    "ema_state_dict",
    "model_ema",
    "params_ema",
];
/// Keys of what is saved beside the weights to go on with training.
const OTHER_KEYS: [&str; 9] = [
    "scheduler",
    "scaler",
    "amp",
    "rng_state",
    "rng_states",
    "random_state",
    "callbacks",
    "loops",
    "hyper_parameters",
];
/// Dictionaries within dictionaries are looked through this far.
const DEEPEST: usize = 8;

/// Where the weights are.
pub(crate) struct Chosen {
    pub(crate) root: Id,
    /// Parts of it that are no weights.
    pub(crate) skip: Vec<Id>,
    /// True if an optimizer's state is all that there is.
    pub(crate) is_optimizer: bool,
}

/// Goes down from `root` to the weights, and says what it takes and what it leaves.
pub(crate) fn weights(view: &View<'_>, root: Id, said: &mut Said) -> Result<Chosen, Refused> {
    let mut at = root;
    let mut taken: Vec<String> = Vec::new();
    let mut skip = Vec::new();
    if is_optimizer(view, root) {
        return Ok(Chosen { root, skip, is_optimizer: true });
    }
    let is_plain = |id: Id| view.is_dict(id) || view.heap.sequence(id).is_some();
    while is_plain(at) && taken.len() < DEEPEST {
        let parts = Parts::of(view, at)?;
        for (name, id, tensors) in &parts.training {
            skip.push(*id);
            said.say(format!("{} left out: the state of training under {}.", are(*tensors), shown(name)));
        }
        let preferred =
            WEIGHT_KEYS.iter().find_map(|key| parts.groups.iter().find(|(name, _, _)| name.as_str() == *key));
        let only = match parts.groups.as_slice() {
            [one] if parts.single == 0 => Some(one),
            _ => None,
        };
        let Some((name, id, _)) = preferred.or(only) else { break };
        for (other, _, tensors) in parts.groups.iter().filter(|(_, other, _)| other != id) {
            said.say(format!(
                "{} left out: those under {}, beside {}.",
                are(*tensors),
                shown(other),
                shown(name)
            ));
        }
        if parts.single > 0 {
            said.say(format!("{} left out: those beside the dictionary {}.", are(parts.single), shown(name)));
        }
        taken.push(name.clone());
        at = *id;
    }
    if !taken.is_empty() {
        said.say(format!("Taken: the dictionary under {}.", shown(&taken.join("."))));
    }
    Ok(Chosen { root: at, skip, is_optimizer: false })
}

/// `1 tensor is`, `12 tensors are`.
fn are(tensors: usize) -> String {
    format!("{} {}", count(tensors, "tensor"), if tensors == 1 { "is" } else { "are" })
}

/// The parts of a dictionary that hold tensors.
struct Parts {
    /// Dictionaries and lists of tensors that may be weights, with their numbers of tensors.
    groups: Vec<(String, Id, usize)>,
    /// What training saves beside them.
    training: Vec<(String, Id, usize)>,
    /// Number of tensors that stand in the dictionary itself.
    single: usize,
}

impl Parts {
    fn of(view: &View<'_>, id: Id) -> Result<Self, Refused> {
        let mut parts = Self { groups: Vec::new(), training: Vec::new(), single: 0 };
        for (name, child) in view.entries(id)? {
            let is_single = matches!(view.heap.node(child), Node::Tensor(_));
            let is_training = is_training_key(&name) || is_optimizer(view, child);
            if is_single && !is_training {
                parts.single += 1;
                continue;
            }
            let tensors = view.tensors(child, &[])?.len();
            if tensors == 0 {
                continue;
            }
            let list = if is_training { &mut parts.training } else { &mut parts.groups };
            list.push((name, child, tensors));
        }
        Ok(parts)
    }
}

fn is_training_key(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // A weight's own name has dots: `optimizer.weight` in a flat dictionary is a weight.
    if lower.contains('.') {
        return false;
    }
    lower.starts_with("optim")
        || lower.ends_with("optimizer")
        || lower.ends_with("optimizer_state_dict")
        || OTHER_KEYS.contains(&lower.as_str())
        || lower.ends_with("_scheduler")
        || lower.ends_with("rng_state")
        || lower.ends_with("rng_state_all")
}

/// What `Optimizer.state_dict()` of PyTorch gives: `state` and `param_groups`.
fn is_optimizer(view: &View<'_>, id: Id) -> bool {
    view.is_dict(id) && view.value(id, "state").is_some() && view.value(id, "param_groups").is_some()
}
