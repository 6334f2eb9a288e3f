//! How a thing is made, on a thread of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Context;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::Product;
use weightscope_frame::run::{Control, RunError};

use crate::exporting;
use crate::window::task::Task;

/// Names that are tried beside a name that is taken.
const MOST_NAMES: u32 = 1000;

/// What is to be made.
pub(super) enum What {
    Predictions { table: PathBuf, method: Option<String> },
    Product(Product),
}

/// What is to be made, of which run, and where it goes.
pub(super) struct Order {
    pub(super) what: What,
    pub(super) run: PathBuf,
    pub(super) experiment: Experiment,
    pub(super) out: PathBuf,
    /// A file that is there already may go.
    pub(super) replace: bool,
}

/// How it ended.
pub(super) enum Made {
    Written(PathBuf, Warnings),
    /// Nothing was done: a file of this name is there.
    Exists(PathBuf),
    Cancelled,
    Failed(String),
}

/// An order in work.
pub(super) struct Work {
    task: Task<Made>,
    control: Arc<Control>,
    /// What is being done.
    pub(super) words: String,
}

impl Work {
    /// Begins.
    pub(super) fn start(context: &Context, order: Order) -> Option<Self> {
        let control = Arc::new(Control::default());
        let words = match &order.what {
            What::Predictions { table, .. } => format!("Predicting the rows of {}…", table.display()),
            What::Product(product) => format!("Making: {}…", product.label),
        };
        let hand = Arc::clone(&control);
        let task = Task::spawn("take away", context, move || make(&order, &hand))?;
        Some(Self { task, control, words })
    }

    /// Ends the work as soon as it can.
    pub(super) fn cancel(&self) {
        self.control.cancel();
    }

    /// True after [`Work::cancel`].
    pub(super) fn is_cancelled(&self) -> bool {
        self.control.is_cancelled()
    }

    /// The result, once.
    pub(super) fn poll(&self) -> Option<Made> {
        let made = self.task.poll()?;
        Some(made.unwrap_or_else(|()| {
            Made::Failed("the work died; please report it with what was asked for".to_owned())
        }))
    }
}

fn make(order: &Order, control: &Control) -> Made {
    let made = match &order.what {
        What::Predictions { .. } if !order.replace && order.out.exists() => {
            return Made::Exists(order.out.clone());
        }
        What::Predictions { table, method } => predict(order, table, method.as_deref(), control),
        What::Product(product) => produce(order, *product, control).map(|()| Vec::new()),
    };
    match made {
        Ok(warnings) => Made::Written(order.out.clone(), warnings),
        Err(None) => Made::Cancelled,
        Err(Some(error)) => Made::Failed(error),
    }
}

/// `None` is a cancelled work.
type Failure = Option<String>;

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Cancelled(_) => None,
        // Those are problems of what was asked for, not of the experiment.
        RunError::Problems(problems) => {
            Some(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        other => Some(other.to_string()),
    }
}

/// What the run does not know about the rows, in sentences.
type Warnings = Vec<String>;

fn predict(
    order: &Order,
    table: &Path,
    method: Option<&str>,
    control: &Control,
) -> Result<Warnings, Failure> {
    let predicted = order.experiment.method.predict(&order.run, table, method, control).map_err(failure)?;
    control.check().map_err(|cancelled| failure(cancelled.into()))?;
    exporting::write(&predicted.csv, &order.out).map_err(|error| Some(format!("{error:#}")))?;
    Ok(predicted.warnings)
}

fn produce(order: &Order, product: Product, control: &Control) -> Result<(), Failure> {
    let out = &order.out;
    let existed = out.exists();
    if existed && !is_empty(out) {
        let text = format!("this place is taken; name a new or an empty folder: {}", out.display());
        return Err(Some(text));
    }
    let made = order.experiment.method.produce(product.id, &order.run, out, control).map_err(failure);
    if made.is_err() && !existed {
        // Half a product is none, and the folder is ours: it was not there before.
        let _ = fs::remove_dir_all(out);
    }
    made
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Where the predictions for a table go at first: beside it.
pub(super) fn beside(table: &Path) -> PathBuf {
    let stem = table.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    table.with_file_name(format!("{stem}-predictions.csv"))
}

/// The path, or the first with a number behind its name that nothing stands at.
pub(super) fn free(path: &Path) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let ending = path.extension().map_or_else(String::new, |text| format!(".{}", text.to_string_lossy()));
    let others = (2..MOST_NAMES).map(|count| path.with_file_name(format!("{stem}-{count}{ending}")));
    std::iter::once(path.to_owned())
        .chain(others)
        .find(|path| !path.exists() || (path.is_dir() && is_empty(path)))
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("rows.csv");
        let first = beside(&table);
        assert_eq!(first, folder.path().join("rows-predictions.csv"), "beside its table");
        assert_eq!(free(&first), first, "nothing is there");
        fs::write(&first, "").unwrap();
        assert_eq!(free(&first), folder.path().join("rows-predictions-2.csv"), "the next number");
        let zoo = folder.path().join("zoo");
        fs::create_dir(&zoo).unwrap();
        assert_eq!(free(&zoo), zoo, "an empty folder will do");
        fs::write(zoo.join("index.csv"), "").unwrap();
        assert_eq!(free(&zoo), folder.path().join("zoo-2"), "a full one will not");
    }

    #[test]
    fn cancelled_work_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let text = weightscope_engine::CATALOGUE.preset("phases/quick").unwrap().text;
        let mut experiment = Experiment::from_toml(weightscope_engine::CATALOGUE, text).unwrap();
        for (key, value) in [
            ("widths", "4"),
            ("batch_sizes", "64"),
            ("epochs_min", "2"),
            ("steps_min", "20"),
            ("curve_epochs", "2"),
        ] {
            experiment.set_typed(key, value).unwrap();
        }
        let request = weightscope_frame::run::RunRequest {
            experiment: experiment.clone(),
            asked: None,
            origin: "test".to_owned(),
            place: weightscope_frame::run::Place::New(run.clone()),
        };
        let control = Control::default();
        weightscope_frame::run::run(&request, &mut weightscope_frame::run::Nobody, &control).unwrap();
        let product = *experiment.method.products().first().unwrap();
        let out = run.join("exports/zoo");
        let order = Order { what: What::Product(product), run, experiment, out: out.clone(), replace: false };
        control.cancel();
        assert!(matches!(make(&order, &control), Made::Cancelled), "no error");
        assert!(!out.exists(), "no half-made folder");
        assert!(matches!(make(&order, &Control::default()), Made::Written(..)), "and the place is free");
        let taken = make(&order, &Control::default());
        assert!(matches!(taken, Made::Failed(why) if why.contains("name a new or an empty folder")));
    }
}
