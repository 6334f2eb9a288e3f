//! Tables out of CSV: the shipped ones, and those of a person.

use std::path::Path;

use weightscope_data::{Doubt, Read};
use weightscope_frame::experiment::Problem;

use super::{Known, PARAMETERS, Truth};
use crate::method::import::{self, Imported, Refusal};
use crate::method::space::{self, Decision, Space};
use crate::method::table::{Row, Table};

/// Columns of the accuracies of single trainings begin so.
pub(super) const SEED: &str = "accuracy_seed_";

/// Opens the file of a table; of a space of networks, its architectures only.
pub(crate) fn from_file(path: &str, space: Option<&dyn Space<f32>>) -> Result<(Truth, Read), Problem> {
    let refuse = |why: String| Problem::error("table", format!("{why}: {path}"));
    let bytes = std::fs::read(Path::new(path)).map_err(|cause| {
        refuse(format!("the table could not be read ({cause}); name a CSV file, or shipped, or compute"))
    })?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| refuse("the table is no text in UTF-8; save it as CSV in UTF-8".to_owned()))?;
    let (truth, ignored) =
        from_text(text.trim_start_matches('\u{feff}'), space).map_err(|Refusal { problem, line }| {
            let at = line.map_or_else(String::new, |line| format!(" (line {line})"));
            refuse(format!("{problem}{at}"))
        })?;
    let doubt = |why: String, remedy: &str| Doubt { why, remedy: remedy.to_owned(), ..Doubt::default() };
    let mut doubts = Vec::new();
    if truth.missing > 0 {
        let why = format!("{} combinations of options have no row", truth.missing);
        doubts.push(doubt(why, "searches go past them; add them if they exist"));
    }
    let read = Read {
        place: path.to_owned(),
        bytes: Some(bytes.len() as u64),
        form: format!("table of architectures, {} decisions", truth.decisions.len()),
        hash: blake3::hash(&bytes).to_hex().to_string(),
        rows: truth.table.rows.len(),
        left_out: if ignored > 0 {
            vec![("no architecture of the space".to_owned(), ignored)]
        } else {
            Vec::new()
        },
        doubts,
        ..Read::default()
    };
    Ok((truth, read))
}

/// Reads a table, and counts rows that are no architecture of the space.
pub(crate) fn from_text(text: &str, space: Option<&dyn Space<f32>>) -> Result<(Truth, usize), Refusal> {
    let imported = import::read(text)?;
    match space {
        None => Ok((whole(&imported), 0)),
        Some(space) => of_space(&imported, space),
    }
}

/// Accuracies of the single trainings of a row, or the one that there is.
fn seeds(imported: &Imported, row: usize) -> Vec<f64> {
    let own = imported.columns.iter().filter(|(name, _)| name.starts_with(SEED));
    let own: Vec<f64> = own.filter_map(|(_, column)| column.get(row).copied()).collect();
    if own.is_empty() { imported.accuracy.get(row).copied().into_iter().collect() } else { own }
}

/// Columns of sizes and costs.
fn further(imported: &Imported) -> Vec<(String, Vec<f64>)> {
    imported.columns.iter().filter(|(name, _)| !name.starts_with(SEED)).cloned().collect()
}

/// A table without networks. An empty cell is a decision that means nothing there.
fn whole(imported: &Imported) -> Truth {
    let empty = |decision: &Decision| decision.options.iter().position(String::is_empty);
    let blanks: Vec<Option<usize>> = imported.decisions.iter().map(empty).collect();
    let decisions: Vec<Decision> = imported
        .decisions
        .iter()
        .map(|decision| {
            let options: Vec<String> =
                decision.options.iter().filter(|option| !option.is_empty()).cloned().collect();
            Decision { name: decision.name.clone(), options: ascending(options) }
        })
        .collect();
    let option = |(at, pick): (usize, &usize)| {
        if blanks.get(at).copied().flatten() == Some(*pick) {
            return None;
        }
        let word = imported.decisions.get(at)?.options.get(*pick)?;
        decisions.get(at)?.options.iter().position(|own| own == word)
    };
    let sizes = imported.columns.iter().find(|(name, _)| name == PARAMETERS).map(|(_, column)| column);
    let row = |(place, picks): (usize, &Vec<usize>)| Row {
        name: imported.name(place),
        picks: picks.iter().enumerate().map(option).collect(),
        seeds: seeds(imported, place),
        parameters: sizes.and_then(|column| column.get(place).copied()).unwrap_or(f64::NAN),
    };
    let rows: Vec<Row> = imported.picks.iter().enumerate().map(row).collect();
    let counts: Vec<usize> = decisions.iter().map(|decision| decision.options.len()).collect();
    let all = counts.iter().fold(1_usize, |product, count| product.saturating_mul(*count));
    // A row stands for all combinations of what means nothing in it.
    let stands_for = |row: &Row| -> usize {
        let free = row.picks.iter().zip(&counts).filter(|(pick, _)| pick.is_none());
        free.map(|(_, count)| *count).fold(1, usize::saturating_mul)
    };
    let covered = rows.iter().map(stands_for).fold(0, usize::saturating_add);
    Truth {
        missing: all.saturating_sub(covered),
        decisions,
        table: Table { rows },
        columns: further(imported),
    }
}

/// Numbers by size; words as they come.
fn ascending(options: Vec<String>) -> Vec<String> {
    let numbers: Option<Vec<f64>> = options.iter().map(|option| option.parse().ok()).collect();
    let Some(numbers) = numbers else { return options };
    let mut pairs: Vec<(f64, String)> = numbers.into_iter().zip(options).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.into_iter().map(|(_, option)| option).collect()
}

/// The rows of a space's architectures, in the order of the space.
fn of_space(imported: &Imported, space: &dyn Space<f32>) -> Result<(Truth, usize), Refusal> {
    let own = space.decisions();
    let mut columns = Vec::with_capacity(own.len());
    for decision in own {
        let at = imported.decisions.iter().position(|other| other.name == decision.name);
        let Some(at) = at else {
            let names: Vec<&str> = own.iter().map(|decision| decision.name.as_str()).collect();
            let problem = format!(
                "there is no column `{}`; this space decides {}, each in a column before accuracy",
                decision.name,
                names.join(", ")
            );
            return Err(Refusal { problem, line: Some(1) });
        };
        columns.push(at);
    }
    let option = |row: usize, at: usize, decision: &Decision| -> Option<Option<usize>> {
        let pick = imported.picks.get(row)?.get(at)?;
        let word = imported.decisions.get(at)?.options.get(*pick)?;
        if word.is_empty() {
            Some(None)
        } else {
            decision.options.iter().position(|own| own == word).map(Some)
        }
    };
    let all: Vec<Known> = space::architectures(space).iter().map(|picks| Known::of(space, picks)).collect();
    let mut found: Vec<Option<usize>> = vec![None; all.len()];
    let places: std::collections::BTreeMap<Vec<Option<usize>>, usize> =
        all.iter().map(Known::options).zip(0..).collect();
    let mut ignored = 0;
    for row in 0..imported.picks.len() {
        let options: Option<Vec<Option<usize>>> =
            columns.iter().zip(own).map(|(at, decision)| option(row, *at, decision)).collect();
        match options.and_then(|options| places.get(&options)).and_then(|place| found.get_mut(*place)) {
            Some(place) => *place = Some(row),
            None => ignored += 1,
        }
    }
    let kept: Vec<(&Known, usize)> =
        all.iter().zip(&found).filter_map(|(known, row)| Some((known, (*row)?))).collect();
    if kept.is_empty() {
        let problem = "no row is an architecture of this space; choose its options as the table has them, or space = table";
        return Err(Refusal { problem: problem.to_owned(), line: None });
    }
    let known: Vec<Known> = kept.iter().map(|(known, _)| (*known).clone()).collect();
    let trainings: Vec<Vec<f64>> = kept.iter().map(|(_, row)| seeds(imported, *row)).collect();
    let mut truth = Truth::of(space, &known, &trainings);
    for (name, column) in further(imported) {
        if truth.columns.iter().all(|(own, _)| *own != name) {
            let values = kept.iter().map(|(_, row)| column.get(*row).copied().unwrap_or(f64::NAN)).collect();
            truth.columns.push((name, values));
        }
    }
    truth.missing = all.len() - kept.len();
    Ok((truth, ignored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn an_empty_cell_is_a_decision_that_means_nothing() {
        let text = "depth,ratio2,accuracy\n2,0.5,0.7\n1,,0.5\n2,10,0.8\n2,2,0.9\n";
        let (truth, ignored) = from_text(text, None).unwrap();
        assert_eq!((ignored, truth.missing), (0, 0));
        assert_eq!(truth.decisions[1].options, ["0.5", "2", "10"], "as numbers");
        assert_eq!(truth.table.rows[1].picks, [Some(0), None]);
        assert_eq!(truth.table.rows[2].picks, [Some(1), Some(2)]);
    }

    #[test]
    fn a_table_of_a_space_survives_its_file() {
        let config = Config { space: crate::config::SpaceKind::Mlp, ..Config::default() };
        let space = config.space_of(crate::config::Shape::DIGITS).unwrap();
        let known = super::super::known(&config, &*space);
        assert_eq!(known.len(), 117);
        let seeds: Vec<Vec<f64>> = (0..117).map(|row| vec![0.5 + 0.001 * f64::from(row), 0.5]).collect();
        let truth = Truth::of(&*space, &known, &seeds);
        let (back, ignored) = from_text(&truth.to_csv(), Some(&*space)).unwrap();
        assert_eq!((&back, ignored), (&truth, 0));
        let (free, _) = from_text(&truth.to_csv(), None).unwrap();
        assert_eq!((free.missing, free.table.rows.len()), (0, 117), "without the space too");
        assert_eq!(free.table.accuracies(), truth.table.accuracies());
        let few = truth.to_csv().lines().take(11).collect::<Vec<_>>().join("\n");
        assert_eq!(from_text(&few, Some(&*space)).unwrap().0.missing, 107);
    }
}
