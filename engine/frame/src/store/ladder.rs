//! Which checkpoints stay: the newest, to go on from, and a few spread over the run, to fork from.
//!
//! Contract: a pure function of the steps and sizes; applied after each new checkpoint it keeps the spread even to a factor
//! of about two, whatever the rhythm in which checkpoints come.

/// Newest checkpoints that stay in any case.
const NEWEST: usize = 3;
/// Older ones that stay beside them.
const OLDER: usize = 8;
/// Bytes that the older ones may take together.
const MOST_BYTES: u64 = 512 << 20;

/// Indices of the checkpoints to remove; `all` holds step and bytes of each, oldest first.
pub(super) fn superfluous(all: &[(u64, u64)]) -> Vec<usize> {
    let newest = all.len().saturating_sub(NEWEST);
    let mut kept: Vec<usize> = (0..all.len()).collect();
    let mut gone = Vec::new();
    loop {
        let older = kept.iter().filter(|index| **index < newest);
        let bytes: u64 = older.clone().filter_map(|index| all.get(*index)).map(|(_, bytes)| bytes).sum();
        if older.count() <= OLDER && bytes <= MOST_BYTES {
            return gone;
        }
        let Some(at) = least_missed(&kept, newest, all) else { return gone };
        gone.push(kept.remove(at));
    }
}

/// Position in `kept` of the older checkpoint whose going leaves the smallest gap in steps.
fn least_missed(kept: &[usize], newest: usize, all: &[(u64, u64)]) -> Option<usize> {
    let step = |position: usize| Some(all.get(*kept.get(position)?)?.0);
    let gap = |position: usize| {
        let before = position.checked_sub(1).and_then(step).unwrap_or(0);
        step(position + 1).map_or(u64::MAX, |after| after.saturating_sub(before))
    };
    let older = (0..kept.len()).filter(|position| kept.get(*position).is_some_and(|index| *index < newest));
    older.min_by_key(|position| gap(*position))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps that are left after checkpoints of so many bytes at these steps came one after another.
    fn left(steps: impl Iterator<Item = u64>, bytes: u64) -> Vec<u64> {
        let mut all: Vec<(u64, u64)> = Vec::new();
        for step in steps {
            all.push((step, bytes));
            let gone = superfluous(&all);
            let mut index = 0;
            all.retain(|_| {
                index += 1;
                !gone.contains(&(index - 1))
            });
        }
        all.into_iter().map(|(step, _)| step).collect()
    }

    #[test]
    fn the_newest_stay_and_the_others_are_spread() {
        let kept = left((1..=1000).map(|index| index * 10), 1);
        assert_eq!(kept.len(), NEWEST + OLDER);
        assert_eq!(kept[OLDER..], [9_980, 9_990, 10_000], "the newest");
        let gaps: Vec<u64> = kept[..=OLDER].windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (least, most) = (*gaps.iter().min().unwrap(), *gaps.iter().max().unwrap());
        assert!(most <= 4 * least.max(600), "no stretch of the run is without: {kept:?}");
        assert!(kept[0] <= 2_500, "the beginning too: {kept:?}");
    }

    #[test]
    fn few_stay_all_and_large_ones_go() {
        assert_eq!(left([5, 9, 14].into_iter(), u64::MAX / 8), [5, 9, 14], "three are needed to go on");
        let kept = left(1..=40, MOST_BYTES / 2);
        assert_eq!(kept.len(), NEWEST + 2, "no more than the disk is asked for: {kept:?}");
    }
}
