//! The one place where the suite touches the engine's interface: the list of labs, what each declares, and the types of the frame.
//!
//! Contract: the tests beside this file name nothing of the engine but through here, so that they can be carried over to another
//! interface by this file alone, and say the same before and after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use weightscope_engine::experiment::{Comments, Experiment, Field, Mark, Problem, check, to_toml};
pub(crate) use weightscope_engine::lab::{About, Derive, Peer, Preset, ReferenceRow};
pub(crate) use weightscope_engine::record::{
    Channel, ControlKind, ControlSpec, ControlValue, Controls, Metric, Pick, Record, ViewSpec,
};
pub(crate) use weightscope_engine::run::{
    self, Control, ForkRequest, Nobody, Outcome, Place, Request, RunRequest,
};
pub(crate) use weightscope_engine::store::{self, Row, Status};
pub(crate) use weightscope_window::figure::model::Figure;

use weightscope_engine::experiment::expand;
use weightscope_engine::lab::{Catalogue, Entry, Method};
use weightscope_engine::{CATALOGUE, labs};
use weightscope_gallery::Gallery;
use weightscope_minimal::Minimal;
use weightscope_window::exporting::{self, Beside, Dressing, Format, Job};
use weightscope_window::figure::provenance::RunOrigin;
use weightscope_window::figure::style::Page;
use weightscope_window::views::ViewOptions;

/// All labs that the suite holds to the contract: those of the program, the one of all pictures, and the smallest one.
pub(crate) const SUITE: Catalogue = Catalogue::new(&[
    Entry::of::<labs::oscillation::Config>(),
    Entry::of::<labs::phases::Config>(),
    Entry::of::<labs::quantiles::Config>(),
    Entry::of::<labs::compander::Config>(),
    Entry::of::<labs::entangled_search::Config>(),
    Entry::of::<labs::weight_generation::Config>(),
    Entry::of::<labs::block_affine::Config>(),
    Entry::of::<labs::inspect::Config>(),
    Entry::of::<Gallery>(),
    Entry::of::<Minimal>(),
]);

/// The labs of the suite that are in no program.
pub(crate) const GUESTS: [&str; 2] = ["gallery", "minimal"];

/// Names of all labs in the program's catalogue, in its order.
pub(crate) fn names() -> Vec<&'static str> {
    CATALOGUE.names().collect()
}

/// Names of all labs that the suite holds to the contract.
pub(crate) fn all_names() -> Vec<&'static str> {
    SUITE.names().collect()
}

/// The experiment of a file.
pub(crate) fn from_toml(text: &str) -> Result<Experiment, Vec<Problem>> {
    Experiment::from_toml(SUITE, text)
}

/// What is wrong with the data that an experiment names.
pub(crate) fn check_data(experiment: &Experiment) -> Vec<Problem> {
    run::check_data(experiment).unwrap().problems
}

/// The experiment of a run folder.
pub(crate) fn read_experiment(folder: &Path) -> Experiment {
    store::read_experiment(SUITE, folder).unwrap()
}

/// The metric stream of a run folder as a hash, figures of the machine aside.
pub(crate) fn stream_hash(folder: &Path) -> String {
    let method = read_experiment(folder).method;
    store::stream_hash(folder, |channel| method.is_clock(channel)).unwrap()
}

/// A lab by its name, with the defaults of its settings.
fn lab(name: &str) -> Method {
    SUITE.method(name).unwrap_or_else(|| panic!("no lab {name}"))
}

/// What a lab says of itself.
pub(crate) fn about(name: &str) -> About {
    lab(name).about()
}

/// The experiment of a lab with all its defaults.
pub(crate) fn defaults(name: &str) -> Experiment {
    Experiment::new(lab(name))
}

/// Text of the smallest experiment that a lab declares.
pub(crate) fn smallest_text(name: &str) -> &'static str {
    lab(name).smallest()
}

/// The smallest experiment that a lab declares.
pub(crate) fn smallest(name: &str) -> Experiment {
    from_toml(smallest_text(name)).unwrap_or_else(|problems| panic!("{name}: {problems:?}"))
}

/// Files of the lab's own in the run folder, besides the metric stream, that are a function of the experiment to the byte.
pub(crate) fn exact_files(name: &str) -> &'static [&'static str] {
    match name {
        "phases" => &["grid.csv"],
        "quantiles" => &["scores.csv"],
        "compander" => &["networks.csv", "curves.csv"],
        "entangled_search" => &["architectures.csv", "trail.csv", "flips.csv"],
        "weight_generation" => &["models.csv", "curves.csv"],
        "block_affine" => &["losses.csv", "spectra.csv"],
        "inspect" => &["layers.csv"],
        _ => &[],
    }
}

/// Rows that a finished run of the smallest experiment can predict for, as CSV; nothing for a lab that predicts nothing.
pub(crate) fn new_rows(name: &str) -> Option<&'static str> {
    (name == "quantiles").then_some("x1\n-1.5\n0\n2\n")
}

/// The views of a run.
pub(crate) fn views(experiment: &Experiment) -> Vec<ViewSpec> {
    experiment.method.views()
}

/// The channels that a view derives from a record; none for a view that draws recorded ones.
pub(crate) fn derive(
    experiment: &Experiment,
    view: &ViewSpec,
    job: &Derive<'_>,
) -> Result<Vec<Channel>, String> {
    if view.is_derived() {
        experiment.method.derive(job).map_err(|error| error.to_string())
    } else {
        Ok(Vec::new())
    }
}

/// What a button of a view asks to be run next after a run, if it asks for something.
pub(crate) fn next(
    experiment: &Experiment,
    record: &Record,
    view: &ViewSpec,
    button: &str,
) -> Option<Result<Experiment, Vec<Problem>>> {
    let controls = Controls::default().complete(&views(experiment), record);
    let picked = experiment.method.press(record, &controls, &view.id, button);
    picked.next.map(|next| next.of(experiment))
}

/// The runs of an experiment, one without a sweep.
pub(crate) fn members(experiment: &Experiment) -> Vec<Experiment> {
    let members = expand(experiment).unwrap_or_default();
    members.into_iter().map(|member| member.experiment).collect()
}

/// The lines of the reproduction card.
pub(crate) fn reference(experiment: &Experiment) -> Vec<ReferenceRow> {
    experiment.method.reference()
}

/// Keys of the settings that a fork may change: those that a stage reads first.
pub(crate) fn fork_keys(name: &str) -> Vec<&'static str> {
    let read_later = defaults(name).settings().into_iter().filter(|(field, _)| field.stage.is_some());
    read_later.map(|(field, _)| field.key).collect()
}

/// Words of the products that can be made of a run.
pub(crate) fn products(experiment: &Experiment) -> Vec<(&'static str, &'static str, &'static str)> {
    experiment.method.products().iter().map(|product| (product.id, product.label, product.about)).collect()
}

/// Makes a product of a run.
pub(crate) fn produce(experiment: &Experiment, id: &str, run: &Path, out: &Path) -> Result<(), String> {
    experiment.method.produce(id, run, out, &Control::default()).map_err(|error| error.to_string())
}

/// Writes the integer levels of a run, if its lab has them; false if it has none.
pub(crate) fn write_levels(experiment: &Experiment, run: &Path, out: &Path) -> bool {
    let Some(artifact) = experiment.method.levels(run) else { return false };
    let artifact = artifact.unwrap_or_else(|error| panic!("{}: {error}", experiment.lab()));
    store::write_artifact(out, &artifact).unwrap();
    true
}

/// Methods by which a finished run predicts; nothing if it predicts nothing.
pub(crate) fn prediction_methods(experiment: &Experiment) -> Option<Vec<String>> {
    experiment.method.prediction().map(|prediction| prediction.methods)
}

/// Predictions for a table of new rows.
pub(crate) fn predict(
    experiment: &Experiment,
    run: &Path,
    table: &Path,
    method: Option<&str>,
) -> Result<Vec<u8>, String> {
    let control = Control::default();
    let predicted = experiment.method.predict(run, table, method, &control);
    predicted.map(|predicted| predicted.csv).map_err(|error| error.to_string())
}

/// Words about a channel, a control or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// Words for legends.
    pub label: String,
    /// One sentence.
    pub about: String,
}

/// Words about a result of a lab.
///
/// `None` for a result that the lab does not declare.
pub(crate) fn result_words(lab: &str, result: &str) -> Option<Words> {
    let method = self::lab(lab);
    let metric = Metric::find(method.metrics(), result)?;
    Some(Words { label: metric.label.to_owned(), about: metric.about.to_owned() })
}

/// True for channels and results that are figures of the machine (times), which no two runs share.
pub(crate) fn is_of_the_machine(lab: &str, name: &str) -> bool {
    let method = self::lab(lab);
    method.is_clock(name) || method.is_clock_result(name)
}

/// The results of a run without those of the machine, to the bit.
pub(crate) fn exact_results(lab: &str, results: &BTreeMap<String, f64>) -> BTreeMap<String, u64> {
    let own = results.iter().filter(|(name, _)| !is_of_the_machine(lab, name));
    own.map(|(name, value)| (name.clone(), value.to_bits())).collect()
}

/// A random whole number below `below`, from a seed and the words of its purpose.
pub(crate) fn random(seed: u64, purpose: &str, below: u64) -> u64 {
    weightscope_engine::math::rng::stream(seed, purpose).next_u64() % below.max(1)
}

/// What is drawn of a run: its views with some controls turned, and runs beside it.
pub(crate) struct Drawing<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The record of its run.
    pub record: &'a Record,
    /// The folder of its run.
    pub folder: &'a Path,
    /// Values of the controls.
    pub controls: &'a Controls,
    /// Records and folders of runs beside it.
    pub beside: &'a [(Record, PathBuf)],
}

impl Drawing<'_> {
    /// The figure of a view, as window and command line make it; why there is none.
    pub(crate) fn figure(&self, view: &ViewSpec) -> Result<Figure, String> {
        let beside = self.beside.iter().map(|(record, folder)| {
            let origin = RunOrigin::of(&store::read_manifest(folder).unwrap());
            Beside { label: origin.id.clone(), origin, record: record.clone(), folder: folder.clone() }
        });
        let manifest = store::read_manifest(self.folder).map_err(|error| error.to_string())?;
        let job = Job {
            experiment: self.experiment.clone(),
            record: self.record.clone(),
            folder: Some(self.folder.to_owned()),
            label: manifest.id.clone(),
            beside: beside.collect(),
            controls: self.controls.clone(),
            provenance: weightscope_window::views::provenance(&manifest),
            views: vec![(view.clone(), ViewOptions::default())],
            dressing: Dressing::default(),
            page: Page::Column,
        };
        job.figure().map_err(|error| format!("{error:#}"))
    }

    /// The channels that a view finds: recorded ones, with those that it derives in place of or beside them.
    pub(crate) fn channels(&self, view: &ViewSpec) -> Result<Record, String> {
        let control = Control::default();
        let peers: Vec<Peer> = self
            .beside
            .iter()
            .filter(|_| view.across)
            .map(|(_, folder)| Peer {
                id: folder.display().to_string(),
                name: folder.display().to_string(),
                folder: folder.clone(),
                experiment: read_experiment(folder),
            })
            .collect();
        let job = Derive {
            folder: Some(self.folder),
            peers: &peers,
            ..Derive::new(&view.id, self.record, self.controls, &control)
        };
        let derived = derive(self.experiment, view, &job)?;
        Ok(weightscope_window::views::lay_over(self.record, &derived))
    }
}

/// A figure as a file; the formats by their endings.
pub(crate) fn files_of(figure: &Figure) -> Vec<(&'static str, Vec<u8>)> {
    let style = Page::Column.style();
    let file = |format: &Format| {
        let bytes = exporting::bytes(figure, *format, &style);
        (format.extension(), bytes.unwrap_or_else(|error| panic!("{}: {error:#}", figure.title)))
    };
    Format::ALL.iter().map(file).collect()
}
