//! Networks of the tasks that are nearest in data: one of them, or the mean of several (own baselines).

use weightscope_math::linalg::Matrix;

use super::error::{GenerationError, Result, check_length};

/// Positions of the `count` tasks whose conditions `[tasks, inputs]` are nearest to one condition, nearest first, of equal ones the earlier.
/// Refused for a condition of another length.
pub fn nearest(conditions: &Matrix, condition: &[f64], count: usize) -> Result<Vec<usize>> {
    check_length("the condition", conditions.columns(), condition.len())?;
    let distance = |row: &[f64]| row.iter().zip(condition).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let mut order: Vec<(f64, usize)> =
        conditions.each_row().enumerate().map(|(index, row)| (distance(row), index)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(order.into_iter().take(count).map(|(_, index)| index).collect())
}

/// Mean of some rows of networks `[networks, length]`; refused for a row that is not there, or none.
pub fn mean_of(networks: &Matrix, rows: &[usize]) -> Result<Vec<f64>> {
    let mut mean = vec![0.0; networks.columns()];
    for row in rows {
        if *row >= networks.rows() {
            let needed = format!("there are {} networks", networks.rows());
            return Err(GenerationError::Range {
                what: "the position of a network",
                needed,
                found: row.to_string(),
            });
        }
        mean.iter_mut().zip(networks.row(*row)).for_each(|(mean, value)| *mean += value / rows.len() as f64);
    }
    if rows.is_empty() {
        let (needed, found) = ("there must be one or more".to_owned(), "empty".to_owned());
        return Err(GenerationError::Range { what: "the list of networks", needed, found });
    }
    Ok(mean)
}

/// Mean network of every task, `[tasks, length]`, for networks in groups of `per_task`; refused unless the groups are full.
pub fn task_means(networks: &Matrix, per_task: usize) -> Result<Matrix> {
    if per_task == 0 || !networks.rows().is_multiple_of(per_task) {
        let needed = format!("it must divide {} networks", networks.rows());
        return Err(GenerationError::Range {
            what: "networks per task",
            needed,
            found: per_task.to_string(),
        });
    }
    let tasks = networks.rows() / per_task;
    let group = |task: usize| -> Vec<usize> { (task * per_task..(task + 1) * per_task).collect() };
    let means: Vec<Vec<f64>> =
        (0..tasks).map(|task| mean_of(networks, &group(task))).collect::<Result<_>>()?;
    Ok(Matrix::new(tasks, networks.columns(), means.concat())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        let conditions = Matrix::new(4, 1, vec![5.0, 1.0, 3.0, 1.0]).unwrap();
        assert_eq!(nearest(&conditions, &[1.4], 3).unwrap(), [1, 3, 2]);
        assert!(nearest(&conditions, &[1.0, 2.0], 1).is_err());
    }

    #[test]
    fn means_are_those_of_a_task() {
        let networks = Matrix::new(4, 2, vec![0.0, 2.0, 4.0, 4.0, 1.0, 1.0, 3.0, 1.0]).unwrap();
        assert_eq!(task_means(&networks, 2).unwrap().values(), [2.0, 3.0, 2.0, 1.0]);
        assert_eq!(mean_of(&networks, &[3]).unwrap(), [3.0, 1.0]);
        assert!(mean_of(&networks, &[]).is_err() && mean_of(&networks, &[4]).is_err());
        assert!(task_means(&networks, 3).is_err() && task_means(&networks, 0).is_err());
    }
}
