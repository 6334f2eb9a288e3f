//! Ticks of an axis that names intervals: every name if there is room; else one name for each group, if the names have groups; else
//! every second, third … name.

use weightscope_frame::record::GROUP_SEPARATOR;

/// Places and names, where each written name wants the room of `stride` intervals.
pub(crate) fn ticks(names: &[String], stride: usize) -> Vec<(f64, &str)> {
    let stride = stride.max(1);
    if stride > 1
        && let Some(groups) = groups(names)
        && let Some(smallest) = groups.iter().map(|(_, _, count)| *count).min()
    {
        let middle = |(name, first, count): (_, usize, usize)| (first as f64 + count as f64 / 2.0, name);
        return groups.into_iter().step_by(stride.div_ceil(smallest)).map(middle).collect();
    }
    names
        .iter()
        .enumerate()
        .step_by(stride)
        .map(|(index, name)| (index as f64 + 0.5, name.as_str()))
        .collect()
}

/// Name, first interval and number of intervals of each group; `None` if a name has no group.
fn groups(names: &[String]) -> Option<Vec<(&str, usize, usize)>> {
    let mut groups: Vec<(&str, usize, usize)> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (group, _) = name.split_once(GROUP_SEPARATOR)?;
        match groups.last_mut() {
            Some((last, _, count)) if *last == group => *count += 1,
            _ => groups.push((group, index, 1)),
        }
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_where_members_do_not_fit() {
        let names: Vec<String> = ["a", "b"]
            .iter()
            .flat_map(|group| (0..4).map(move |member| format!("{group} · {member}")))
            .collect();
        assert_eq!(ticks(&names, 1).len(), 8, "all fit");
        assert_eq!(ticks(&names, 3), [(2.0, "a"), (6.0, "b")], "one name a group, at its middle");
        assert_eq!(ticks(&names, 5), [(2.0, "a")], "every second group where groups are small");
        let plain: Vec<String> = (0..6).map(|index| format!("n{index}")).collect();
        assert_eq!(ticks(&plain, 2), [(0.5, "n0"), (2.5, "n2"), (4.5, "n4")], "every second");
    }
}
