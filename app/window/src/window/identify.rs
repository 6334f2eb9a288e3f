//! What a file or folder is that a person opens: read off the UI thread, and no further than it takes to tell.
//!
//! Contract: what is neither a plain file nor a folder is refused before it is opened, since reading a device or a pipe may never end;
//! nothing is read without a bound. Where a file fits in more than one place it is not guessed at: [`Dropped::Several`] asks.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use weightscope_frame::data::table::open_table;
use weightscope_frame::experiment::{Experiment, Mark, opened, reading};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::run;
use weightscope_frame::store;

use super::open_as::OpenAs;
use super::shown::Shown;
use super::whose::{self, Found, Whose};
use crate::figure::provenance::{self, Fit, Provenance};
use crate::plan::{Folder, Plan, PlanError};

/// Longest figure that is read, bytes.
const MOST_FIGURE: u64 = 64 << 20;
/// Longest experiment file that is read, bytes.
const MOST_EXPERIMENT: u64 = 4 << 20;
/// Longest plan that is read, bytes.
const MOST_PLAN: u64 = 256 << 20;
/// Longest table that is read to see whether it is one, bytes.
const MOST_TRIED: u64 = 8 << 20;
/// First bytes by which a file is told.
const HEAD: u64 = 64 << 10;

/// What a dropped file turned out to be.
pub(super) enum Dropped {
    Run(Box<Shown>, Vec<String>),
    /// A plan whose tasks are followed.
    Plan(PathBuf),
    /// A file that a lab wrote, without a run.
    File(Box<Shown>),
    /// A run that came as one file, and what became of the file.
    Packed(Box<Shown>, Vec<String>, run::Opened),
    Figure(Box<Shown>, Box<Provenance>, Beside),
    /// A figure whose run has to be asked for.
    Asked(Box<Whose>),
    Experiment(Box<Experiment>, PathBuf),
    /// A data set of the lab of this name, else of that in the form.
    Data(Option<&'static str>, PathBuf),
    /// An experiment that looks at the file, and what will happen.
    Opened(Box<Experiment>, String, PathBuf),
    /// A file that has to be asked for.
    Several(Box<OpenAs>),
}

/// The other runs of a figure: where they lie, and the ids of those that are not here.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) found: Vec<PathBuf>,
    pub(super) missing: Vec<String>,
    /// What is to be said of the first run.
    pub(super) remark: Option<String>,
}

/// What paths are told by.
pub(super) struct Reader {
    pub(super) catalogue: Catalogue,
    /// The folder of runs.
    pub(super) root: PathBuf,
    /// The run on the screen, beside which a file may stand.
    pub(super) shown: Option<Experiment>,
    /// The experiment in the form.
    pub(super) form: Experiment,
}

impl Reader {
    /// Tells what the first of some paths that were opened together is, and how many of them were taken: a second weight file stands
    /// beside the first one, everything else is opened by itself.
    pub(super) fn read(&self, paths: &[PathBuf]) -> (usize, Result<Dropped, String>) {
        let Some(first) = paths.first() else { return (0, Err("no file was named".to_owned())) };
        // Two files that come together are compared with each other, not with the run on the screen.
        let shown = self.shown.as_ref().filter(|_| paths.len() == 1);
        let dropped = self.one(first, shown);
        let both = match (&dropped, paths.get(1)) {
            (Ok(Dropped::Opened(experiment, words, _)), Some(second)) => {
                self.both(experiment, words, (first, second))
            }
            _ => None,
        };
        both.map_or((1, dropped), |both| (2, Ok(both)))
    }

    /// The experiment that looks at both files, if the lab that took the first one has room for the second beside it.
    fn both(&self, experiment: &Experiment, words: &str, (first, second): (&Path, &Path)) -> Option<Dropped> {
        let metadata = fs::metadata(second).ok()?;
        if !metadata.is_file() && !metadata.is_dir() {
            return None;
        }
        let found = opened(self.catalogue, Some(experiment), second, true);
        let (both, then) = found.into_iter().find(|(other, _)| other.lab() == experiment.lab())?;
        let settings = both.settings();
        let names = |path: &Path| {
            let path = path.display().to_string();
            settings.iter().any(|(_, value)| value.as_str() == Some(path.as_str()))
        };
        let keeps_both = names(first) && names(second);
        keeps_both.then(|| Dropped::Opened(Box::new(both), format!("{words}, {then}"), first.to_owned()))
    }

    fn one(&self, path: &Path, shown: Option<&Experiment>) -> Result<Dropped, String> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(&error, path))?;
        // The plan may be named by its own file too.
        let of_plan = if path.ends_with("plan.json") { path.parent().unwrap_or(path) } else { path };
        let plan = plan(of_plan);
        if let Some(Ok(_)) = plan {
            return Ok(Dropped::Plan(of_plan.to_owned()));
        }
        if metadata.is_dir() {
            if store::read_manifest(path).is_err()
                && let Some(dropped) = asked(path, self.openings(path, shown))
            {
                return Ok(dropped);
            }
            if let (Some(Err(error)), Err(_)) = (plan, store::read_manifest(path)) {
                return Err(error.to_string());
            }
            let (shown, warnings) = Shown::read(self.catalogue, path)?;
            return Ok(Dropped::Run(Box::new(shown), warnings));
        }
        if !metadata.is_file() {
            return Err(format!(
                "it is a device, a pipe or a socket, no plain file; save what it gives as a file and open that: {}",
                path.display()
            ));
        }
        if store::is_pack(path) {
            let opened =
                run::open_pack(self.catalogue, path, &self.root).map_err(|error| error.to_string())?;
            let (shown, warnings) = Shown::read(self.catalogue, &opened.path)?;
            return Ok(Dropped::Packed(Box::new(shown), warnings, opened));
        }
        match ending(path).as_str() {
            "toml" => experiment(self.catalogue, path),
            "svg" | "png" | "pdf" => figure(self.catalogue, path, &self.root),
            _ if reading::is_table(&path.display().to_string()) => self.table(path),
            "npz" | "npy" => Ok(self.array(path, shown)),
            _ => match asked(path, self.openings(path, shown)) {
                Some(dropped) => Ok(dropped),
                None => unnamed(self.catalogue, path, &self.root),
            },
        }
    }

    /// What the labs that take files of one's own make of a path, each in words.
    fn openings(&self, path: &Path, shown: Option<&Experiment>) -> Vec<(String, Dropped)> {
        let found = opened(self.catalogue, shown, path, true).into_iter();
        let way = |(experiment, words): (Experiment, String)| {
            let label = format!("{}: {words}", experiment.method.about().title);
            (label, Dropped::Opened(Box::new(experiment), words, path.to_owned()))
        };
        found.map(way).collect()
    }

    /// A table that a lab wrote itself is looked at; any other is the data set of the lab in the form, if that takes tables; else it is asked which lab's.
    fn table(&self, path: &Path) -> Result<Dropped, String> {
        let written = self.catalogue.methods().find_map(|method| Some((method.reopened(path)?, method)));
        if let Some((opened, method)) = written {
            let opened = opened.map_err(|error| error.to_string())?;
            return Ok(Dropped::File(Box::new(Shown::file(&method, path, opened))));
        }
        let data = |lab| Dropped::Data(lab, path.to_owned());
        // A lab without a target reads texts: anything that consists of words will do.
        if takes_data(&self.form) && !has(&self.form, Mark::TargetColumn) {
            return Ok(data(None));
        }
        let columns = columns(path)?;
        if takes_tables(&self.form) {
            if columns != Some(1) {
                return Ok(data(None));
            }
            let reason = "It reads as a table of one column; a data set has one for the target and others to predict it from.";
            let way = (format!("Data set of {}", self.form.method.about().title), data(None));
            return Ok(Dropped::Several(Box::new(OpenAs::new(path, reason, vec![way]))));
        }
        let labs = self.catalogue.methods().filter(|method| takes_tables(&Experiment::new(method.clone())));
        let ways: Vec<(String, Dropped)> = labs
            .map(|method| (format!("Data set of {}", method.about().title), data(Some(method.name()))))
            .collect();
        if ways.is_empty() {
            return Ok(data(None));
        }
        let reason = "The lab that is set up takes no table; these do:";
        Ok(Dropped::Several(Box::new(OpenAs::new(path, reason, ways))))
    }

    /// Arrays are rows of a data set or weights: where a lab for either is at hand, it is asked.
    fn array(&self, path: &Path, shown: Option<&Experiment>) -> Dropped {
        let mut ways = self.openings(path, shown);
        if takes_data(&self.form) || ways.is_empty() {
            let words = format!("Data set of {}", self.form.method.about().title);
            ways.insert(0, (words, Dropped::Data(None, path.to_owned())));
        }
        asked(path, ways).unwrap_or_else(|| Dropped::Data(None, path.to_owned()))
    }
}

/// The plan of a folder; nothing if none lies there.
fn plan(folder: &Path) -> Option<Result<Plan, PlanError>> {
    let folder = Folder::new(folder);
    let is_plan = |metadata: fs::Metadata| metadata.is_file() && metadata.len() <= MOST_PLAN;
    fs::metadata(folder.plan()).is_ok_and(is_plan).then(|| Plan::read(&folder))
}

/// The only way to open a path, or the question which one is meant; none if there is no way.
fn asked(path: &Path, mut ways: Vec<(String, Dropped)>) -> Option<Dropped> {
    if ways.len() > 1 {
        let reason = "It can be opened in more than one way:";
        return Some(Dropped::Several(Box::new(OpenAs::new(path, reason, ways))));
    }
    ways.pop().map(|(_, dropped)| dropped)
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn has(experiment: &Experiment, mark: Mark) -> bool {
    experiment.settings().iter().any(|(field, _)| field.mark == mark)
}

/// True for a lab whose data set can be a file; one that looks at weights takes them by itself.
fn takes_data(experiment: &Experiment) -> bool {
    experiment.method.table().is_none() && has(experiment, Mark::DataSet)
}

/// True for a lab whose data set can be a table with a column as the target.
pub(super) fn takes_tables(experiment: &Experiment) -> bool {
    takes_data(experiment) && has(experiment, Mark::TargetColumn)
}

/// The number of columns of a table; none of one that is too long to be read for that.
fn columns(path: &Path) -> Result<Option<usize>, String> {
    let packed = ending(path) == "gz";
    let head = head(path)?;
    let is_wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if head.contains(&0) && !packed && !is_wide {
        return Err(format!(
            "it holds no words, so it is no table; check what the file is: {}",
            path.display()
        ));
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > MOST_TRIED) {
        return Ok(None);
    }
    let table = open_table(&path.display().to_string()).map_err(|error| error.to_string())?;
    Ok(Some(table.read.columns.len()))
}

fn experiment(catalogue: Catalogue, path: &Path) -> Result<Dropped, String> {
    let bytes = bounded(path, MOST_EXPERIMENT, "an experiment")?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("it is no text in UTF-8, as experiments are: {}", path.display()))?;
    let experiment = Experiment::from_toml(catalogue, &text).map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("{}: {}", words.join("; "), path.display())
    })?;
    Ok(Dropped::Experiment(Box::new(experiment), path.to_owned()))
}

/// A file whose name says nothing: a figure by its first bytes, or what it is instead.
fn unnamed(catalogue: Catalogue, path: &Path, root: &Path) -> Result<Dropped, String> {
    let head = head(path)?;
    if provenance::may_be_figure(&head) {
        return figure(catalogue, path, root);
    }
    Err(format!("{}: {}", refusal(&head), path.display()))
}

/// Why a file that begins so is not opened, and what to do.
fn refusal(head: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_lowercase();
    if head.is_empty() {
        "it is empty; save or download it again"
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "it is a web page, saved in place of the file it leads to; download the file itself"
    } else if start.starts_with(['{', '[']) && !head.contains(&0) {
        "it is JSON, and not the index of a sharded model; open the weight file beside it, or the folder"
    } else if is_text(head) {
        "it is a text that nothing here reads; tables end in .csv, .tsv or .txt, experiments in .toml"
    } else {
        "nothing here reads a file that begins so; weight files, arrays (.npz, .npy), tables (.csv, .tsv, .txt), packed runs (.weightscope), \
         figures (.svg, .png, .pdf), experiments (.toml) and run folders can be opened"
    }
}

/// True for bytes that are words: UTF-8 without zero bytes, cut off perhaps inside the last letter.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    whole && !head.contains(&0)
}

/// The first bytes of a file.
fn head(path: &Path) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error, path))?;
    file.take(HEAD).read_to_end(&mut head).map_err(|error| unreadable(&error, path))?;
    Ok(head)
}

/// All bytes of a file that has so many at most.
fn bounded(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error, path))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length <= most {
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error, path))?;
    }
    if length > most || bytes.len() as u64 > most {
        return Err(format!(
            "it is too long to be {what} (more than {} MB); open another file: {}",
            most >> 20,
            path.display()
        ));
    }
    Ok(bytes)
}

fn unreadable(error: &std::io::Error, path: &Path) -> String {
    format!("it cannot be read ({error}); check its name and permissions: {}", path.display())
}

fn figure(catalogue: Catalogue, path: &Path, root: &Path) -> Result<Dropped, String> {
    let bytes = bounded(path, MOST_FIGURE, "a figure")?;
    let provenance = provenance::read(&bytes).map_err(|error| format!("{error}: {}", path.display()))?;
    let origins = provenance.origins();
    let first = origins.first().ok_or("the figure names no run")?;
    // A figure written into its own run folder is found even when the run was moved.
    let own = path.ancestors().find(|folder| {
        store::read_manifest(folder)
            .is_ok_and(|manifest| matches!(first.fit(&manifest), Fit::Same | Fit::Again))
    });
    let folder = match own {
        Some(folder) => folder.to_owned(),
        None => match whose::find(first, &store::scan(root).runs, root) {
            Found::One(folder) => folder,
            Found::Ask(reason, near) => {
                return Ok(Dropped::Asked(Box::new(Whose::new(provenance, reason, near))));
            }
        },
    };
    of_run(catalogue, &folder, provenance, root)
}

/// A figure whose first run is known.
pub(super) fn of_run(
    catalogue: Catalogue,
    folder: &Path,
    provenance: Provenance,
    root: &Path,
) -> Result<Dropped, String> {
    let origins = provenance.origins();
    let (shown, _) = Shown::read(catalogue, folder)?;
    let remark = origins.first().and_then(|first| whose::remark(first, folder));
    let mut beside = Beside { remark, ..Beside::default() };
    if origins.len() > 1 {
        let here = store::scan(root).runs;
        for origin in origins.iter().skip(1) {
            match whose::find(origin, &here, root) {
                Found::One(path) => beside.found.push(path),
                Found::Ask(reason, _) => beside.missing.push(reason.trim_end_matches(':').to_owned()),
            }
        }
    }
    Ok(Dropped::Figure(Box::new(shown), Box::new(provenance), beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_named_by_its_first_bytes() {
        for (head, words) in [
            (&b""[..], "empty"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"\n {\"weights\": 1}", "JSON"),
            (b"Dear reader", "a text"),
            (b"\x7fELF\0\0", "begins so"),
        ] {
            assert!(refusal(head).contains(words), "{words}: {}", refusal(head));
        }
        assert!(
            is_text("weights \u{3b1}".as_bytes()) && is_text(&"\u{3b1}".as_bytes()[..1]),
            "cut in a letter"
        );
        assert!(!is_text(b"\xff\xfe"), "no letters");
    }

    #[test]
    fn no_more_is_read_than_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        std::fs::write(&path, vec![b'x'; (2 << 20) + 1]).unwrap();
        let error = bounded(&path, 2 << 20, "a figure").unwrap_err();
        assert!(error.contains("too long to be a figure (more than 2 MB)"), "{error}");
        assert_eq!(bounded(&path, 3 << 20, "a figure").unwrap().len(), (2 << 20) + 1, "whole");
        assert_eq!(head(&path).unwrap().len() as u64, HEAD, "the beginning");
    }
}
