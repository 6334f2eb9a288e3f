//! Tasks: some classes of a data set each, seen ones that train the generator and unseen ones that test it.

use weightscope_math::Stream;

use super::error::{GenerationError, Result};

/// The classes of a task, in the order of its outputs.
pub type Task = Vec<usize>;

/// In which order a task's classes stand at its outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Ascending: the order follows from the classes themselves.
    Sorted,
    /// Drawn for each task: only an encoder that tells classes apart can follow.
    Shuffled,
}

/// Which tasks train and which test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// Tasks of the zoo.
    pub seen: Vec<Task>,
    /// Tasks that no network of the zoo was trained on.
    pub unseen: Vec<Task>,
}

/// All ways to choose `size` of `classes` classes, ascending, in lexical order; none if there are fewer classes.
pub fn combinations(classes: usize, size: usize) -> Vec<Task> {
    let mut all = vec![Task::new()];
    for _ in 0..size {
        let longer = |task: &Task| -> Vec<Task> {
            let first = task.last().map_or(0, |last| last + 1);
            (first..classes).map(|class| [task.as_slice(), &[class]].concat()).collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

impl Tasks {
    /// One seen task and none unseen, for a zoo of one network's checkpoints. With fewer classes than `size` it has them all.
    pub fn draw_one(classes: usize, size: usize, order: Order, random: &mut Stream) -> Self {
        let mut task = random.permutation(classes);
        task.truncate(size);
        if order == Order::Sorted {
            task.sort_unstable();
        }
        Self { seen: vec![task], unseen: Vec::new() }
    }

    /// The same draw with the seen tasks given, as those of a zoo from disk: up to `unseen` others, in the order of the draw.
    pub fn beside(classes: usize, seen: Vec<Task>, unseen: usize, order: Order, random: &mut Stream) -> Self {
        let size = seen.first().map_or(0, Vec::len);
        let sorted = |task: &Task| {
            let mut task = task.clone();
            task.sort_unstable();
            task
        };
        let known: std::collections::BTreeSet<Task> = seen.iter().map(sorted).collect();
        let mut all = combinations(classes, size);
        random.shuffle(&mut all);
        all.truncate(seen.len() + unseen);
        if order == Order::Shuffled {
            all.iter_mut().for_each(|task| random.shuffle(task));
        }
        all.retain(|task| !known.contains(&sorted(task)));
        all.truncate(unseen);
        Self { seen, unseen: all }
    }

    /// Draws `seen` and `unseen` different tasks of `size` of `classes` classes. Refused unless there are so many combinations, and two
    /// seen tasks or more.
    pub fn draw(
        classes: usize,
        size: usize,
        (seen, unseen): (usize, usize),
        order: Order,
        random: &mut Stream,
    ) -> Result<Self> {
        let mut all = combinations(classes, size);
        if size == 0 || seen < 2 || seen + unseen > all.len() {
            let needed = format!(
                "{size} of {classes} classes make {} tasks, and two or more of them must be seen",
                if size == 0 { 0 } else { all.len() }
            );
            let found = format!("{seen} seen and {unseen} unseen");
            return Err(GenerationError::Range { what: "the number of tasks", needed, found });
        }
        random.shuffle(&mut all);
        all.truncate(seen + unseen);
        if order == Order::Shuffled {
            all.iter_mut().for_each(|task| random.shuffle(task));
        }
        let unseen = all.split_off(seen);
        Ok(Self { seen: all, unseen })
    }
}

/// How many tasks of `size` of `classes` classes there are, as far as 64 bits reach.
pub fn count(classes: usize, size: usize) -> u64 {
    if size > classes {
        return 0;
    }
    let mut count = 1_u128;
    for place in 0..size as u128 {
        count = count.saturating_mul(classes as u128 - place) / (place + 1);
        if count > u128::from(u64::MAX) {
            return u64::MAX;
        }
    }
    count as u64
}

/// A task as people and files write it, such as `1-4-7`.
pub fn name(task: &[usize]) -> String {
    task.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use weightscope_math::stream;

    #[test]
    fn ten_classes_make_a_hundred_and_twenty_triples() {
        let all = combinations(10, 3);
        assert_eq!((all.len(), name(&all[0]), name(&all[119])), (120, "0-1-2".into(), "7-8-9".into()));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 120);
        assert!(combinations(2, 3).is_empty());
    }

    #[test]
    fn tasks_are_counted_without_being_listed() {
        assert_eq!((count(10, 3), count(10, 10), count(3, 4)), (120, 1, 0));
        assert_eq!(count(1000, 500), u64::MAX);
    }

    #[test]
    fn unseen_tasks_beside_those_of_a_zoo_are_those_of_the_draw() {
        for order in [Order::Sorted, Order::Shuffled] {
            let drawn = Tasks::draw(10, 3, (100, 20), order, &mut stream(1, "tasks")).unwrap();
            let beside = Tasks::beside(10, drawn.seen.clone(), 20, order, &mut stream(1, "tasks"));
            assert_eq!(beside, drawn);
        }
        assert_eq!(Tasks::draw_one(10, 10, Order::Sorted, &mut stream(1, "tasks")).seen[0].len(), 10);
    }

    #[test]
    fn no_unseen_task_is_seen() {
        let tasks = Tasks::draw(10, 3, (100, 20), Order::Sorted, &mut stream(1, "tasks")).unwrap();
        assert_eq!((tasks.seen.len(), tasks.unseen.len()), (100, 20));
        assert!(tasks.unseen.iter().all(|task| !tasks.seen.contains(task)));
        assert!(tasks.seen.iter().all(|task| task.is_sorted()));
        let shuffled = Tasks::draw(10, 3, (100, 20), Order::Shuffled, &mut stream(1, "tasks")).unwrap();
        assert!(shuffled.seen.iter().any(|task| !task.is_sorted()));
        for (seen, unseen) in [(101, 20), (1, 20)] {
            assert!(Tasks::draw(10, 3, (seen, unseen), Order::Sorted, &mut stream(1, "tasks")).is_err());
        }
    }
}
