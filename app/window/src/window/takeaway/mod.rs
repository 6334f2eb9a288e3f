//! Taking something away from a finished run: predictions for new rows, and what its lab makes of it for others.
//!
//! - `offer`: what a run has to give, and why not; `work`: how it is made, off the UI thread; `dialog`: how it is drawn
//!
//! Contract: what stands at the destination already is never replaced without a click on "Replace"; work can be cancelled and leaves
//! nothing half-made then; it goes on when the dialog is closed.

mod dialog;
mod offer;
mod work;

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::Experiment;

use self::offer::{Give, Offer};
use self::work::{Made, Order, Work};
use super::app::{App, Urgency};
use super::chooser::{Chooser, Wanted};
use super::shown::Shown;
use super::task::Task;

pub(super) use self::offer::{gives, ready, words};

/// Tables that new rows are taken from.
const TABLES: Wanted = Wanted { endings: &["csv", "tsv", "txt"], runs: false };

/// Folder of a run that products go to at first.
const EXPORTS: &str = "exports";

/// What the dialog has to say below its fields.
enum Said {
    Written(PathBuf),
    /// A file is there already; the order can be given again to replace it.
    Exists(PathBuf),
    Cancelled,
    Failed(String),
}

/// Where the result goes: suggested until the person types.
#[derive(Default)]
struct Destination {
    text: String,
    typed: bool,
    /// What the suggestion was made from.
    base: PathBuf,
    looking: Option<Task<PathBuf>>,
}

/// The dialog that takes predictions and products away from a finished run. It is about the run that was shown when it was asked for.
pub(super) struct TakeAway {
    run: PathBuf,
    title: String,
    experiment: Experiment,
    offers: Vec<Offer>,
    chosen: usize,
    table: Chooser,
    /// The method that predicts; `None` is the run's best.
    method: Option<String>,
    destination: Destination,
    work: Option<Work>,
    said: Option<Said>,
    pub(in crate::window) open: bool,
}

impl TakeAway {
    /// For a run with a folder; the list of tables begins in `tables` unless the run names its own.
    pub(super) fn new(shown: &Shown, tables: &Path) -> Option<Self> {
        let run = shown.folder.clone()?;
        let offers = offer::offers(shown);
        let own = offer::folder_of_data(&shown.experiment);
        Some(Self {
            run,
            title: shown.title.clone(),
            experiment: shown.experiment.clone(),
            chosen: offers.iter().position(|offer| offer.blocker.is_none()).unwrap_or(0),
            offers,
            table: Chooser::starting(own.as_deref().unwrap_or(tables), TABLES),
            method: None,
            destination: Destination::default(),
            work: None,
            said: None,
            open: true,
        })
    }

    /// What is to be made, if all is said that it needs; otherwise what is missing.
    fn order(&self) -> Result<Order, &'static str> {
        let offer = self.offers.get(self.chosen).ok_or("This run gives nothing to take away")?;
        if let Some(why) = offer.blocker {
            return Err(why);
        }
        let out = self.destination.text.trim();
        let (table, wanted) = match &offer.give {
            Give::Predictions(_) => (self.table.file(), true),
            Give::Product(_) => (None, false),
        };
        if wanted && table.is_none() {
            return Err("Choose a table with the new rows first");
        }
        if out.is_empty() || out.ends_with(std::path::is_separator) {
            return Err("Name where the result goes first");
        }
        let what = match (&offer.give, table) {
            (Give::Predictions(_), table) => {
                work::What::Predictions { table: table.unwrap_or_default(), method: self.method.clone() }
            }
            (Give::Product(product), _) => work::What::Product(*product),
        };
        let (run, experiment) = (self.run.clone(), self.experiment.clone());
        Ok(Order { what, run, experiment, out: PathBuf::from(out), replace: false })
    }

    fn start(&mut self, context: &Context, replace: bool) {
        if let Ok(order) = self.order() {
            self.said = None;
            self.work = Work::start(context, Order { replace, ..order });
        }
    }

    /// Suggests a free place until the person types one.
    fn suggest(&mut self, context: &Context) {
        let base = match self.offers.get(self.chosen).map(|offer| &offer.give) {
            Some(Give::Predictions(_)) => self.table.file().map(|table| work::beside(&table)),
            Some(Give::Product(product)) => Some(self.run.join(EXPORTS).join(product.id)),
            None => None,
        };
        let destination = &mut self.destination;
        let base = base.unwrap_or_default();
        if !destination.typed && base != destination.base {
            destination.text = base.display().to_string();
            destination.base.clone_from(&base);
            destination.looking = Task::spawn("free name", context, move || work::free(&base));
        }
        if let Some(found) = destination.looking.as_ref().and_then(Task::poll) {
            destination.looking = None;
            if let Ok(free) = found
                && !destination.typed
            {
                destination.text = free.display().to_string();
            }
        }
    }

    /// Takes the result of the work; words for a toast.
    fn poll(&mut self) -> Option<Result<String, String>> {
        let made = self.work.as_ref().and_then(Work::poll)?;
        self.work = None;
        let (said, words) = match made {
            Made::Written(path, warnings) => {
                let written = format!("Written: {}", path.display());
                let words =
                    Ok(std::iter::once(written).chain(warnings).collect::<Vec<_>>().join(". Warning: "));
                (Said::Written(path), Some(words))
            }
            Made::Exists(path) => (Said::Exists(path), None),
            Made::Cancelled => (Said::Cancelled, None),
            Made::Failed(error) => (Said::Failed(error.clone()), Some(Err(error))),
        };
        self.said = Some(said);
        words
    }
}

impl App {
    /// Opens the dialog for the run that is shown; one whose work goes on stays as it is.
    pub(super) fn take_away(&mut self) {
        if let Some(dialog) = self.takeaway.as_mut().filter(|dialog| dialog.work.is_some()) {
            dialog.open = true;
            return;
        }
        let tables = self.opening.folder();
        self.takeaway = self.shown.as_ref().and_then(|shown| TakeAway::new(shown, &tables));
    }

    /// Takes what was made since the last frame.
    pub(super) fn drain_takeaway(&mut self) {
        let Some(dialog) = &mut self.takeaway else { return };
        let words = dialog.poll();
        let seen = dialog.open;
        if !dialog.open && dialog.work.is_none() {
            self.takeaway = None;
        }
        match words {
            Some(Ok(text)) => self.say(Urgency::Info, text),
            // The dialog has it in full.
            Some(Err(text)) if seen => self.note(text),
            Some(Err(text)) => self.say(Urgency::Error, text),
            None => {}
        }
    }
}
