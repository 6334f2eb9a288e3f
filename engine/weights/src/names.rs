//! Which tensors of two sources belong together, and the natural order of names.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::source::Tensor;

/// Prefixes that wrappers, compilers and trainers put before all names of a model.
const WRAPPERS: [&str; 8] =
    ["module.", "model.", "_orig_mod.", "base_model.", "_forward_module.", "network.", "net.", "ema_model."];

/// How two tensors were found to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// They have the same name.
    Exact,
    /// They have the same name once a wrapper's prefix is taken away.
    Prefix,
    /// They have the same shape and the same place among all of that shape; their names say nothing. To be shown with a mark.
    Order,
}

/// Two tensors that belong together, by their numbers in the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Number in the first list.
    pub left: usize,
    /// Number in the second list.
    pub right: usize,
    /// How they were found.
    pub how: How,
}

/// What belongs together in two lists of tensors, and what does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Tensors of one name and shape, in the order of the first list.
    pub pairs: Vec<Pair>,
    /// Tensors of the first list alone.
    pub only_left: Vec<usize>,
    /// Tensors of the second list alone.
    pub only_right: Vec<usize>,
    /// Tensors of one name and two shapes, in the order of the first list.
    pub other_shape: Vec<Pair>,
}

/// Finds the tensors of `left` in `right`.
///
/// First those of the same name; then those whose names are the same without a wrapper's prefix, be it a known one or one that most of
/// the rest has. If fewer than half of the smaller list is found so, the names are of two conventions, and the rest is matched by shape
/// and order: of each shape that as many of the rest have on both sides, the first with the first and so on. With most names found,
/// what is left was added or removed, and is never guessed to be the same.
pub fn match_names(left: &[Tensor], right: &[Tensor]) -> Matches {
    let mut matching = Matching {
        left,
        right,
        free_left: (0..left.len()).collect(),
        free_right: (0..right.len()).collect(),
        matches: Matches::default(),
    };
    matching.by_name(How::Exact, str::to_owned, str::to_owned);
    matching.by_name(How::Prefix, |name| unwrapped(name).to_owned(), |name| unwrapped(name).to_owned());
    if let Some(prefix) = matching.common_prefix(false) {
        matching.by_name(How::Prefix, str::to_owned, |name| format!("{prefix}{name}"));
    } else if let Some(prefix) = matching.common_prefix(true) {
        matching.by_name(How::Prefix, |name| format!("{prefix}{name}"), str::to_owned);
    }
    let found = matching.matches.pairs.len() + matching.matches.other_shape.len();
    if found * 2 < left.len().min(right.len()) {
        matching.by_order();
    }
    let Matching { free_left, free_right, mut matches, .. } = matching;
    matches.only_left = free_left;
    matches.only_right = free_right;
    matches.pairs.sort_unstable_by_key(|pair| pair.left);
    matches.other_shape.sort_unstable_by_key(|pair| pair.left);
    matches
}

/// Two lists and what is not matched yet of each, in their order.
struct Matching<'a> {
    left: &'a [Tensor],
    right: &'a [Tensor],
    free_left: Vec<usize>,
    free_right: Vec<usize>,
    matches: Matches,
}

impl Matching<'_> {
    /// Takes pairs whose names are the same in the two ways of writing them; a name that two tensors of one list get is left alone.
    fn by_name(
        &mut self,
        how: How,
        write_left: impl Fn(&str) -> String,
        write_right: impl Fn(&str) -> String,
    ) {
        let lefts = unique(self.left, &self.free_left, write_left);
        let rights = unique(self.right, &self.free_right, write_right);
        let (mut gone_left, mut gone_right) = (HashSet::new(), HashSet::new());
        for at in &self.free_left {
            let Some(right) =
                lefts.by_number.get(at).and_then(|name| rights.by_name.get(name)).copied().flatten()
            else {
                continue;
            };
            if lefts.by_number.get(at).and_then(|name| lefts.by_name.get(name)).copied().flatten().is_none() {
                continue;
            }
            let pair = Pair { left: *at, right, how };
            let shapes = (self.left.get(*at).map(|t| &t.shape), self.right.get(right).map(|t| &t.shape));
            if shapes.0 == shapes.1 {
                self.matches.pairs.push(pair);
            } else {
                self.matches.other_shape.push(pair);
            }
            gone_left.insert(*at);
            gone_right.insert(right);
        }
        self.free_left.retain(|at| !gone_left.contains(at));
        self.free_right.retain(|at| !gone_right.contains(at));
    }

    /// What most of the unmatched names of one side have before a name of the other; `before_right` looks for it before those of the
    /// second list.
    fn common_prefix(&self, before_right: bool) -> Option<String> {
        let (long, free_long, short, free_short) = if before_right {
            (self.right, &self.free_right, self.left, &self.free_left)
        } else {
            (self.left, &self.free_left, self.right, &self.free_right)
        };
        let names: HashSet<&str> =
            free_short.iter().filter_map(|at| short.get(*at)).map(|t| t.name.as_str()).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for tensor in free_long.iter().filter_map(|at| long.get(*at)) {
            // Prefixes end with a dot; the shortest whose rest is a name counts.
            let rests = tensor.name.match_indices('.').take(4);
            let prefix =
                rests.map(|(dot, _)| tensor.name.split_at(dot + 1)).find(|(_, rest)| names.contains(rest));
            if let Some((prefix, _)) = prefix {
                *counts.entry(prefix).or_default() += 1;
            }
        }
        let (prefix, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        (count * 2 > free_long.len().min(free_short.len())).then(|| prefix.to_owned())
    }

    /// Takes what is left by shape and order, where both sides have as many of a shape.
    fn by_order(&mut self) {
        let mut shapes: BTreeMap<&[usize], (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for at in &self.free_left {
            if let Some(tensor) = self.left.get(*at) {
                shapes.entry(&tensor.shape).or_default().0.push(*at);
            }
        }
        for at in &self.free_right {
            if let Some(tensor) = self.right.get(*at) {
                shapes.entry(&tensor.shape).or_default().1.push(*at);
            }
        }
        let (mut gone_left, mut gone_right) = (HashSet::new(), HashSet::new());
        for (lefts, rights) in shapes.into_values().filter(|(lefts, rights)| lefts.len() == rights.len()) {
            for (left, right) in lefts.into_iter().zip(rights) {
                self.matches.pairs.push(Pair { left, right, how: How::Order });
                gone_left.insert(left);
                gone_right.insert(right);
            }
        }
        self.free_left.retain(|at| !gone_left.contains(at));
        self.free_right.retain(|at| !gone_right.contains(at));
    }
}

/// Numbers by written names, `None` where two have the same; and back.
struct Unique {
    by_name: HashMap<String, Option<usize>>,
    by_number: HashMap<usize, String>,
}

fn unique(tensors: &[Tensor], free: &[usize], write: impl Fn(&str) -> String) -> Unique {
    let mut unique = Unique { by_name: HashMap::new(), by_number: HashMap::new() };
    for at in free {
        if let Some(tensor) = tensors.get(*at) {
            let name = write(&tensor.name);
            unique.by_name.entry(name.clone()).and_modify(|number| *number = None).or_insert(Some(*at));
            unique.by_number.insert(*at, name);
        }
    }
    unique
}

/// A name without the wrappers' prefixes before it.
pub fn unwrapped(name: &str) -> &str {
    let mut rest = name;
    while let Some(inner) = WRAPPERS.iter().find_map(|wrapper| rest.strip_prefix(wrapper)) {
        rest = inner;
    }
    rest
}

/// Compares names as people do: runs of digits by their number, so that `layer.2` stands before `layer.10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (digits_a, digits_b) = (digits(a), digits(b));
        if digits_a > 0 && digits_b > 0 {
            let (number_a, rest_a) = a.split_at(digits_a);
            let (number_b, rest_b) = b.split_at(digits_b);
            let (plain_a, plain_b) = (number_a.trim_start_matches('0'), number_b.trim_start_matches('0'));
            let order = plain_a.len().cmp(&plain_b.len()).then_with(|| plain_a.cmp(plain_b));
            // `01` and `1` are the same number; then the length decides, so that the order is one.
            let order = order.then_with(|| number_a.len().cmp(&number_b.len()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (None, None) => return Ordering::Equal,
            (first_a, first_b) if first_a != first_b => return first_a.cmp(&first_b),
            _ => (a, b) = (rest_a.as_str(), rest_b.as_str()),
        }
    }
}

/// Length of the run of digits at the beginning.
fn digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;
    use crate::source::Readable;

    fn tensors(list: &[(&str, &[usize])]) -> Vec<Tensor> {
        let tensor = |(name, shape): &(&str, &[usize])| Tensor {
            name: (*name).to_owned(),
            shape: shape.to_vec(),
            element: Element::F32,
            readable: Readable::Yes,
            tied_to: None,
        };
        list.iter().map(tensor).collect()
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = vec!["layer.10.w", "layer.2.w", "layer.2.b", "layer.02.w", "layer", "x1y2", "x1y10"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["layer", "layer.2.b", "layer.2.w", "layer.02.w", "layer.10.w", "x1y2", "x1y10"]);
    }

    #[test]
    fn one_more_one_fewer_and_one_of_another_shape_are_listed_and_the_rest_is_right() {
        let left = tensors(&[("a", &[2, 2]), ("b", &[2, 2]), ("c", &[3]), ("d", &[4]), ("old", &[2, 2])]);
        let right = tensors(&[("new", &[2, 2]), ("a", &[2, 2]), ("b", &[2, 2]), ("c", &[5]), ("d", &[4])]);
        let matches = match_names(&left, &right);
        let exact = |left, right| Pair { left, right, how: How::Exact };
        assert_eq!(matches.pairs, [exact(0, 1), exact(1, 2), exact(3, 4)]);
        assert_eq!(matches.other_shape, [exact(2, 3)]);
        assert_eq!((matches.only_left, matches.only_right), (vec![4], vec![0]));
    }

    #[test]
    fn wrappers_and_common_prefixes_are_seen_through() {
        let left = tensors(&[("module.a.w", &[2]), ("module.b.w", &[2])]);
        let right = tensors(&[("model.b.w", &[2]), ("model.a.w", &[2])]);
        let matches = match_names(&left, &right);
        assert!(matches.pairs.iter().all(|pair| pair.how == How::Prefix));
        assert_eq!(matches.pairs.iter().map(|p| p.right).collect::<Vec<_>>(), [1, 0]);
        let plain = tensors(&[("e.0.w", &[2]), ("e.1.w", &[2]), ("head", &[3])]);
        let long = tensors(&[("bert.e.1.w", &[2]), ("bert.e.0.w", &[2]), ("pooler", &[3])]);
        for (left, right) in [(&plain, &long), (&long, &plain)] {
            let matches = match_names(left, right);
            assert_eq!(matches.pairs.len(), 2);
            assert!(matches.pairs.iter().all(|pair| pair.how == How::Prefix && pair.left + pair.right == 1));
            assert_eq!((matches.only_left.len(), matches.only_right.len()), (1, 1));
        }
    }

    #[test]
    fn a_renamed_model_is_matched_by_shape_and_order_with_a_mark() {
        let left = tensors(&[("a.w", &[2, 3]), ("a.b", &[2]), ("b.w", &[2, 3]), ("b.b", &[2]), ("z", &[9])]);
        let right = tensors(&[("x.k", &[2, 3]), ("x.s", &[2]), ("y.k", &[2, 3]), ("y.s", &[2]), ("q", &[8])]);
        let matches = match_names(&left, &right);
        let pairs: Vec<_> = matches.pairs.iter().map(|pair| (pair.left, pair.right, pair.how)).collect();
        assert_eq!(pairs, [(0, 0, How::Order), (1, 1, How::Order), (2, 2, How::Order), (3, 3, How::Order)]);
        assert_eq!((matches.only_left, matches.only_right), (vec![4], vec![4]));
    }

    #[test]
    fn a_name_that_stands_twice_is_not_guessed() {
        let left = tensors(&[("a", &[2]), ("a", &[2]), ("b", &[3])]);
        let right = tensors(&[("a", &[2]), ("b", &[3])]);
        let matches = match_names(&left, &right);
        assert_eq!(matches.pairs, [Pair { left: 2, right: 1, how: How::Exact }]);
        assert_eq!(matches.only_left, [0, 1]);
    }
}
