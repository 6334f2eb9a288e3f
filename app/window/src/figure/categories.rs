//! Ticks of an axis that names intervals: every name if there is room; else one name for each group, if the names have groups; else
//! every second, third … name.

use weightscope_frame::record::GROUP_SEPARATOR;

/// Intervals of one group: the first of them, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    first: usize,
    count: usize,
}

impl Group {
    /// Where its name stands.
    fn middle(self) -> f64 {
        self.first as f64 + self.count as f64 / 2.0
    }
}

/// The groups of an axis's names. They are found once for all ticks: an axis may have 100,000 names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups {
    /// None if a name has no group.
    all: Vec<Group>,
    /// Intervals of the smallest one.
    smallest: usize,
}

/// What a tick names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// An interval, by its place.
    One(usize),
    /// A group.
    Group(&'a str),
}

impl Groups {
    /// The groups of these names.
    pub(crate) fn of(names: &[String]) -> Self {
        let mut all: Vec<(&str, Group)> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let Some((name, _)) = name.split_once(GROUP_SEPARATOR) else { return Self::default() };
            match all.last_mut() {
                Some((last, group)) if *last == name => group.count += 1,
                _ => all.push((name, Group { first: index, count: 1 })),
            }
        }
        let all: Vec<Group> = all.into_iter().map(|(_, group)| group).collect();
        Self { smallest: all.iter().map(|group| group.count).min().unwrap_or(0), all }
    }

    /// Each how many groups one is named, where a name wants the room of `stride` intervals; none where intervals are named one by one.
    fn stride(&self, stride: usize) -> Option<usize> {
        (stride > 1 && self.smallest > 0).then(|| stride.div_ceil(self.smallest))
    }
}

/// The name of the group that the interval belongs to.
fn group_name(names: &[String], first: usize) -> &str {
    let name = names.get(first).map_or("", String::as_str);
    name.split_once(GROUP_SEPARATOR).map_or(name, |(group, _)| group)
}

/// Places and names of the ticks from `low` to `high`, where each written name wants the room of `stride` intervals.
pub(crate) fn ticks_within<'a>(
    names: &'a [String],
    groups: &Groups,
    stride: usize,
    (low, high): (f64, f64),
) -> Vec<(f64, &'a str)> {
    let stride = stride.max(1);
    if let Some(stride) = groups.stride(stride) {
        let from = groups.all.partition_point(|group| group.middle() < low).next_multiple_of(stride);
        let groups = groups.all.iter().skip(from).step_by(stride);
        let inside = groups.take_while(|group| group.middle() <= high);
        return inside.map(|group| (group.middle(), group_name(names, group.first))).collect();
    }
    let from = ((low - 0.5).ceil().max(0.0) as usize).next_multiple_of(stride);
    let all = names.iter().enumerate().skip(from).step_by(stride);
    let places = all.map(|(index, name)| (index as f64 + 0.5, name.as_str()));
    places.take_while(|(place, _)| *place <= high).collect()
}

/// Places and names of all ticks, where each written name wants the room of `stride` intervals.
pub(crate) fn ticks(names: &[String], stride: usize) -> Vec<(f64, &str)> {
    ticks_within(names, &Groups::of(names), stride, (0.0, names.len() as f64))
}

/// What the tick at this place names; nothing where none stands.
pub(crate) fn named_at<'a>(
    names: &'a [String],
    groups: &Groups,
    stride: usize,
    place: f64,
) -> Option<Named<'a>> {
    const NEAR: f64 = 1e-6;
    let stride = stride.max(1);
    if let Some(stride) = groups.stride(stride) {
        let index = groups.all.partition_point(|group| group.middle() < place - NEAR);
        let group = groups.all.get(index).filter(|group| (group.middle() - place).abs() < NEAR)?;
        return index.is_multiple_of(stride).then(|| Named::Group(group_name(names, group.first)));
    }
    let index = (place - 0.5).round();
    if index < 0.0 || (index + 0.5 - place).abs() >= NEAR {
        return None;
    }
    let index = index as usize;
    (index < names.len() && index.is_multiple_of(stride)).then_some(Named::One(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped() -> Vec<String> {
        let member = |group: &'static str| (0..4).map(move |member| format!("{group} · {member}"));
        ["a", "b"].into_iter().flat_map(member).collect()
    }

    #[test]
    fn groups_are_named_where_members_do_not_fit() {
        let names = grouped();
        assert_eq!(ticks(&names, 1).len(), 8, "all fit");
        assert_eq!(ticks(&names, 3), [(2.0, "a"), (6.0, "b")], "one name a group, at its middle");
        assert_eq!(ticks(&names, 5), [(2.0, "a")], "every second group where groups are small");
        let plain: Vec<String> = (0..6).map(|index| format!("n{index}")).collect();
        assert_eq!(ticks(&plain, 2), [(0.5, "n0"), (2.5, "n2"), (4.5, "n4")], "every second");
    }

    #[test]
    fn the_ticks_of_a_part_are_those_of_the_whole_that_lie_in_it() {
        let plain: Vec<String> = (0..97).map(|index| format!("n{index}")).collect();
        let grouped: Vec<String> = (0..97).map(|index| format!("g{} · {index}", index / 3)).collect();
        for names in [&plain, &grouped] {
            let groups = Groups::of(names);
            for stride in [1, 2, 3, 7, 200] {
                let all = ticks(names, stride);
                for range in [(0.0, 97.0), (-5.0, 200.0), (10.0, 30.5), (10.5, 10.5), (96.9, 97.0)] {
                    let inside = |(place, _): &&(f64, &str)| (range.0..=range.1).contains(place);
                    let expected: Vec<(f64, &str)> = all.iter().filter(inside).copied().collect();
                    assert_eq!(ticks_within(names, &groups, stride, range), expected, "{stride} {range:?}");
                }
            }
        }
    }

    #[test]
    fn a_tick_is_found_by_its_place_and_between_ticks_is_none() {
        for (names, stride) in [(grouped(), 1), (grouped(), 3), (grouped(), 5)] {
            let groups = Groups::of(&names);
            let all = ticks(&names, stride);
            for half in 0..=16 {
                let place = f64::from(half) / 2.0;
                let found = named_at(&names, &groups, stride, place).map(|named| match named {
                    Named::One(index) => names[index].as_str(),
                    Named::Group(name) => name,
                });
                let expected = all.iter().find(|(own, _)| *own == place).map(|(_, name)| *name);
                assert_eq!(found, expected, "at {place} with one in {stride}");
            }
        }
    }
}
