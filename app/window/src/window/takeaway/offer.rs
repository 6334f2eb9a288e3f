//! What a run has to give besides figures, and why it cannot be had now.

use std::path::{Path, PathBuf};

use weightscope_frame::experiment::{Experiment, Mark};
use weightscope_frame::lab::{Prediction, Product};
use weightscope_frame::store::Status;

use crate::window::command::Command;
use crate::window::shown::Shown;

/// What is given.
pub(super) enum Give {
    Predictions(Prediction),
    Product(Product),
}

/// One thing that can be taken away.
pub(super) struct Offer {
    pub(super) give: Give,
    pub(super) label: &'static str,
    pub(super) about: &'static str,
    /// Why not now.
    pub(super) blocker: Option<&'static str>,
}

/// All that a run gives.
pub(super) fn offers(shown: &Shown) -> Vec<Offer> {
    let method = &shown.experiment.method;
    let done = shown.status == Status::Done;
    let predictions = method.prediction().map(|prediction| Offer {
        label: "Predictions for new rows",
        about: prediction.about,
        give: Give::Predictions(prediction),
        blocker: (!done).then_some("The run has not come to its end; resume it first"),
    });
    let products = method.products().into_iter().map(|product| Offer {
        give: Give::Product(product),
        label: product.label,
        about: product.about,
        blocker: None,
    });
    predictions.into_iter().chain(products).collect()
}

/// True if runs with these settings have something to give at all.
pub(in crate::window) fn gives(experiment: &Experiment) -> bool {
    experiment.method.prediction().is_some() || !experiment.method.products().is_empty()
}

/// What a button for it is called: what a run gives, if it is one thing that has a name of its own.
pub(in crate::window) fn words(experiment: &Experiment) -> &'static str {
    let is_prediction = experiment.method.prediction().is_some() && experiment.method.products().is_empty();
    if is_prediction { "Predict new rows…" } else { Command::TakeAway.words().0 }
}

/// Why nothing can be taken away from the run that is shown.
pub(in crate::window) fn ready(shown: Option<&Shown>) -> Result<(), &'static str> {
    let shown = shown.ok_or("Open a finished run first")?;
    if !gives(&shown.experiment) {
        return Err("Runs of this lab with these settings give nothing to take away");
    }
    if shown.status == Status::Running {
        return Err("The run is not finished");
    }
    if shown.folder.is_none() {
        return Err("The run has no folder");
    }
    if shown.status != Status::Done && shown.experiment.method.products().is_empty() {
        return Err("The run has not come to its end; resume it first");
    }
    Ok(())
}

/// The folder of the table that a run was made from, if it was a file.
pub(super) fn folder_of_data(experiment: &Experiment) -> Option<PathBuf> {
    let settings = experiment.settings().into_iter();
    let mut named = settings.filter(|(field, _)| field.mark == Mark::DataSet);
    let text = named.next().map(|(_, value)| value.to_string())?;
    let folder = Path::new(text.trim_matches('"')).parent()?;
    folder.is_absolute().then(|| folder.to_owned())
}
