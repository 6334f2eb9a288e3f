//! Dividing rows into parts: by shares of every class, by folds, or by counts.
//!
//! Contract: every function gives row numbers; each row stands in exactly one part (unless the counts leave some
//! out), parts are in ascending order, and the same arguments give the same parts on every platform.
//! What is random comes from the stream "split" of the seed.

use super::error::DataError;
use weightscope_math::rng::stream;

/// Rows to learn from, and rows to judge by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Row numbers, ascending.
    pub train: Vec<usize>,
    /// Row numbers, ascending.
    pub test: Vec<usize>,
}

/// Splits so that every class has its share of the test part, to within one row.
///
/// The test part has `test_share · rows` rows, rounded. Each class gives the whole part of its share; what is
/// missing comes from the classes with the largest remainders, the lower class first where they are equal.
///
/// # Errors
/// [`DataError::Request`] if `test_share` is not in (0, 1), or leaves one of the parts empty.
pub fn stratified(labels: &[u32], test_share: f64, seed: u64) -> Result<Split, DataError> {
    if !(test_share > 0.0 && test_share < 1.0) {
        return Err(request(
            format!("a test share of {test_share} is no split"),
            "choose a share between 0 and 1",
        ));
    }
    let test_rows = (test_share * labels.len() as f64).round() as usize;
    if test_rows == 0 || test_rows >= labels.len() {
        return Err(request(
            format!("a test share of {test_share} of {} rows leaves a part empty", labels.len()),
            "choose another share or more rows",
        ));
    }
    let mut random = stream(seed, "split");
    let mut classes = rows_by_class(labels);
    let counts = allocate(&classes, test_rows);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (rows, count) in classes.iter_mut().zip(counts) {
        random.shuffle(rows);
        let (own_test, own_train) = rows.split_at(count.min(rows.len()));
        test.extend_from_slice(own_test);
        train.extend_from_slice(own_train);
    }
    Ok(Split { train: ascending(train), test: ascending(test) })
}

/// Divides into `count` folds and gives one split per fold, whose test part the fold is.
///
/// Every class is dealt out to the folds in turn after a shuffle, so that folds differ by at most one row in each
/// class and in all. For a regression give every row the same label.
///
/// # Errors
/// [`DataError::Request`] if there are fewer than two folds or fewer rows than folds.
pub fn folds(labels: &[u32], count: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    if count < 2 || count > labels.len() {
        return Err(request(
            format!("{} rows cannot be divided into {count} folds", labels.len()),
            "choose at least 2 folds and no more than there are rows",
        ));
    }
    let mut random = stream(seed, "split");
    let mut order = Vec::with_capacity(labels.len());
    for mut rows in rows_by_class(labels) {
        random.shuffle(&mut rows);
        order.append(&mut rows);
    }
    let of_fold = |fold: usize, is_member: bool| {
        // Dealing goes on from one class to the next: else fold 0 would get every class's odd row.
        let dealt = order.iter().enumerate().filter(|(position, _)| (position % count == fold) == is_member);
        ascending(dealt.map(|(_, row)| *row).collect())
    };
    Ok((0..count).map(|fold| Split { train: of_fold(fold, false), test: of_fold(fold, true) }).collect())
}

/// Parts of the given sizes from one permutation of `rows` rows, whatever the classes. Rows beyond the sizes' sum
/// are left out.
///
/// # Errors
/// [`DataError::Request`] if the sizes add up to more than there are rows, or one of them is 0.
pub fn random(rows: usize, sizes: &[usize], seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
    let total = sizes.iter().fold(0, |sum: usize, size| sum.saturating_add(*size));
    if total > rows || sizes.contains(&0) {
        return Err(request(
            format!("{rows} rows cannot be divided into parts of {sizes:?}"),
            "choose sizes of at least 1 that fit together into the rows",
        ));
    }
    let mut order = stream(seed, "split").permutation(rows).into_iter();
    Ok(sizes.iter().map(|size| ascending(order.by_ref().take(*size).collect())).collect())
}

/// The first `rows_per_class` rows of each class train, the others test; nothing is random.
///
/// # Errors
/// [`DataError::Request`] if `rows_per_class` is 0 or leaves no rows to test.
pub fn first_per_class(labels: &[u32], rows_per_class: usize) -> Result<Split, DataError> {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for rows in rows_by_class(labels) {
        let (own_train, own_test) = rows.split_at(rows_per_class.min(rows.len()));
        train.extend_from_slice(own_train);
        test.extend_from_slice(own_test);
    }
    if train.is_empty() || test.is_empty() {
        return Err(request(
            format!("{rows_per_class} training rows of each class leave a part empty"),
            "choose another number or more rows",
        ));
    }
    Ok(Split { train: ascending(train), test: ascending(test) })
}

/// The first rows of each class, `limit` in all, divided as [`stratified`] divides; nothing is random.
pub fn head(labels: &[u32], limit: usize) -> Vec<usize> {
    let classes = rows_by_class(labels);
    let counts = allocate(&classes, limit.min(labels.len()));
    ascending(classes.iter().zip(counts).flat_map(|(rows, count)| rows.iter().copied().take(count)).collect())
}

/// The rows of each class in ascending order; classes without rows have none.
fn rows_by_class(labels: &[u32]) -> Vec<Vec<usize>> {
    let mut rows: std::collections::BTreeMap<u32, Vec<usize>> = std::collections::BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        rows.entry(*label).or_default().push(row);
    }
    rows.into_values().collect()
}

/// How many of `wanted` rows each class gives: the method of largest remainders, in whole numbers.
fn allocate(classes: &[Vec<usize>], wanted: usize) -> Vec<usize> {
    let total = classes.iter().map(Vec::len).sum::<usize>().max(1) as u128;
    let exact = |rows: &Vec<usize>| rows.len() as u128 * wanted as u128;
    let mut counts: Vec<usize> = classes.iter().map(|rows| (exact(rows) / total) as usize).collect();
    let missing = wanted.saturating_sub(counts.iter().sum());
    let mut by_remainder: Vec<(std::cmp::Reverse<u128>, &mut usize)> = classes
        .iter()
        .zip(&mut counts)
        .map(|(rows, count)| (std::cmp::Reverse(exact(rows) % total), count))
        .collect();
    // A stable sort: equal remainders keep the order of the classes.
    by_remainder.sort_by_key(|(remainder, _)| *remainder);
    by_remainder.into_iter().take(missing).for_each(|(_, count)| *count += 1);
    counts
}

fn ascending(mut rows: Vec<usize>) -> Vec<usize> {
    rows.sort_unstable();
    rows
}

fn request(problem: String, remedy: &'static str) -> DataError {
    DataError::Request { problem, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_partition(parts: &[&[usize]], rows: usize) -> bool {
        let mut all: Vec<usize> = parts.concat();
        all.sort_unstable();
        all.into_iter().eq(0..rows)
    }

    fn count(labels: &[u32], rows: &[usize], class: u32) -> usize {
        rows.iter().filter(|row| labels[**row] == class).count()
    }

    proptest! {
        #[test]
        fn a_stratified_split_is_a_partition_that_keeps_shares(
            labels in prop::collection::vec(0_u32..6, 4..200),
            share in 0.2_f64..0.8,
            seed in any::<u64>(),
        ) {
            let split = stratified(&labels, share, seed).unwrap();
            prop_assert!(is_partition(&[&split.train, &split.test], labels.len()));
            prop_assert_eq!(split.test.len(), (share * labels.len() as f64).round() as usize);
            prop_assert!(split.train.is_sorted() && split.test.is_sorted());
            let real_share = split.test.len() as f64 / labels.len() as f64;
            for class in 0..6 {
                let all = labels.iter().filter(|label| **label == class).count();
                let exact = real_share * all as f64;
                prop_assert!((count(&labels, &split.test, class) as f64 - exact).abs() < 1.0);
            }
            prop_assert_eq!(split, stratified(&labels, share, seed).unwrap());
        }

        #[test]
        fn folds_are_a_partition_and_even_in_every_class(
            labels in prop::collection::vec(0_u32..4, 10..120),
            folds_wanted in 2_usize..10,
            seed in any::<u64>(),
        ) {
            let splits = folds(&labels, folds_wanted, seed).unwrap();
            let tests: Vec<&[usize]> = splits.iter().map(|split| &split.test[..]).collect();
            prop_assert!(is_partition(&tests, labels.len()));
            for split in &splits {
                prop_assert!(is_partition(&[&split.train, &split.test], labels.len()));
            }
            for class in 0..4 {
                let counts: Vec<usize> = tests.iter().map(|test| count(&labels, test, class)).collect();
                let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
                prop_assert!(spread <= 1);
            }
        }

        #[test]
        fn a_head_has_the_wanted_length(labels in prop::collection::vec(0_u32..5, 1..100), limit in 0_usize..120) {
            let head = head(&labels, limit);
            prop_assert_eq!(head.len(), limit.min(labels.len()));
            prop_assert!(head.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn another_seed_gives_another_split() {
        let labels = vec![0; 100];
        assert_ne!(stratified(&labels, 0.2, 1).unwrap(), stratified(&labels, 0.2, 2).unwrap());
        assert_ne!(folds(&labels, 5, 1).unwrap(), folds(&labels, 5, 2).unwrap());
        assert_ne!(random(100, &[50], 1).unwrap(), random(100, &[50], 2).unwrap());
    }

    #[test]
    fn a_split_is_pinned() {
        let labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        assert_eq!(stratified(&labels, 0.4, 7).unwrap().test, [0, 2, 5, 6]);
    }

    #[test]
    fn shares_that_leave_nothing_are_refused() {
        let text = |share| stratified(&[0, 1, 0], share, 0).unwrap_err().to_string();
        assert_eq!(text(1.5), "a test share of 1.5 is no split; choose a share between 0 and 1");
        assert!(text(f64::NAN).starts_with("a test share of NaN is no split;"));
        assert_eq!(
            text(0.1),
            "a test share of 0.1 of 3 rows leaves a part empty; choose another share or more rows"
        );
        assert!(folds(&[0, 1], 3, 0).is_err());
        assert!(folds(&[0, 1], 1, 0).is_err());
    }

    #[test]
    fn parts_by_count_are_disjoint() {
        let parts = random(10, &[4, 3], 3).unwrap();
        assert_eq!((parts[0].len(), parts[1].len()), (4, 3));
        assert!(parts[0].iter().all(|row| !parts[1].contains(row)));
        let all = random(10, &[4, 6], 3).unwrap();
        assert!(is_partition(&[&all[0], &all[1]], 10));
        assert_eq!(
            random(10, &[4, 7], 3).unwrap_err().to_string(),
            "10 rows cannot be divided into parts of [4, 7]; choose sizes of at least 1 that fit together into the rows"
        );
        assert!(random(10, &[0], 3).is_err());
        assert!(random(10, &[usize::MAX, 2], 3).is_err());
    }

    #[test]
    fn the_first_rows_of_each_class_train() {
        let split = first_per_class(&[1, 0, 1, 1, 0, 2], 2).unwrap();
        assert_eq!((split.train, split.test), (vec![0, 1, 2, 4, 5], vec![3]));
        assert!(first_per_class(&[0, 1], 5).is_err());
        assert!(first_per_class(&[0, 1], 0).is_err());
    }
}
