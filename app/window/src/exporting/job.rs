//! From a run and its views to a figure: what the window's preview, the exported file and the command line share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use weightscope_frame::experiment::{Comments, Experiment, to_toml};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Controls, Record, ViewSpec};
use weightscope_frame::run::Control;
use weightscope_frame::store;

use super::{Dressing, Format, bytes, write};
use crate::figure::model::{Body, Figure, Panel, PanelsBody};
use crate::figure::provenance::{Provenance, RunOrigin};
use crate::figure::style::Page;
use crate::views::{self, Resolution, Source, ViewOptions};

/// Panels in a row of a figure made of several views.
const PANELS_IN_A_ROW: usize = 2;

/// A run beside the one that a figure is made of.
#[derive(Clone)]
pub struct Beside {
    /// Its name in legends.
    pub label: String,
    /// Which run it is, for the origin of the figure.
    pub origin: RunOrigin,
    /// Its record.
    pub record: Record,
    /// Its folder.
    pub folder: PathBuf,
}

/// Everything that a figure is a function of.
#[derive(Clone)]
pub struct Job {
    /// The run's experiment.
    pub experiment: Experiment,
    /// Its record.
    pub record: Record,
    /// Its folder, if it has one.
    pub folder: Option<PathBuf>,
    /// Its name in legends when others are drawn beside it.
    pub label: String,
    /// Runs drawn beside it by views that draw several, and taken in by views across runs.
    pub beside: Vec<Beside>,
    /// Values of the controls.
    pub controls: Controls,
    /// Where the run comes from.
    pub provenance: Provenance,
    /// The views with what the person chose for them; several become panels.
    pub views: Vec<(ViewSpec, ViewOptions)>,
    /// Words, legend, letters.
    pub dressing: Dressing,
    /// Page style.
    pub page: Page,
}

impl Job {
    /// The figure as it will be written.
    pub fn figure(&self) -> anyhow::Result<Figure> {
        let mut figures = Vec::new();
        for (spec, options) in &self.views {
            if let Some(figure) = self.one(spec, options)? {
                figures.push(figure);
            }
        }
        let titles: Vec<&str> = self.views.iter().map(|(spec, _)| spec.title.as_str()).collect();
        let figure = match figures.len() {
            0 => return Err(anyhow!("nothing to draw yet in {}", titles.join(", "))),
            1 => figures.remove(0),
            _ => self.panels(figures),
        };
        let mut figure = self.dressing.apply(figure);
        figure.provenance.dressing = serde_json::to_value(&self.dressing)?;
        Ok(figure)
    }

    fn one(&self, spec: &ViewSpec, options: &ViewOptions) -> anyhow::Result<Option<Figure>> {
        let options = ViewOptions {
            resolution: Resolution::Full,
            controls: self.controls.only(&views::control_ids(spec)),
            ..options.clone()
        };
        let folders: Vec<PathBuf> = self.beside.iter().map(|run| run.folder.clone()).collect();
        let peers = views::peers(self.experiment.method.catalogue(), spec, &folders);
        let control = Control::default();
        let job = Derive {
            name: &self.label,
            folder: self.folder.as_deref(),
            peers: &peers,
            ..Derive::new(&spec.id, &self.record, &self.controls, &control)
        };
        let mut derived = views::derived(&self.experiment.method, spec, &job)?;
        views::place(&mut derived, &peers, &folders);
        let record = views::lay_over(&self.record, &derived);
        let derived = self.derived_beside(spec, &control);
        let others: Vec<Record> = self
            .beside
            .iter()
            .map(|run| views::lay_over(&run.record, derived.get(&run.folder).map_or(&[], Vec::as_slice)))
            .collect();
        let label = if self.beside.is_empty() { "" } else { &self.label };
        let mut sources = vec![Source { label, origin: None, record: &record }];
        sources.extend(self.beside.iter().zip(&others).map(|(run, record)| Source {
            label: &run.label,
            origin: Some(&run.origin),
            record,
        }));
        let figure = views::figure(spec, &sources, &options, &self.provenance);
        Ok(figure.map(|figure| figure.without(&options.hidden)))
    }

    /// What the lab derives of the runs beside the shown one, for a view that draws all of them.
    fn derived_beside(&self, spec: &ViewSpec, control: &Control) -> BTreeMap<PathBuf, Vec<Channel>> {
        let runs: Vec<(PathBuf, Record)> =
            self.beside.iter().map(|run| (run.folder.clone(), run.record.clone())).collect();
        views::derived_beside(&self.experiment.method, spec, &runs, &self.controls, control)
            .into_iter()
            .collect()
    }

    /// Several views on one page. Panels of panels are laid out flat.
    fn panels(&self, figures: Vec<Figure>) -> Figure {
        let mut provenance = self.provenance.clone();
        let ids: Vec<&str> = figures.iter().map(|figure| figure.provenance.view.as_str()).collect();
        provenance.view = ids.join("+");
        figures.iter().flat_map(|figure| &figure.provenance.runs).for_each(|run| provenance.add(run));
        provenance.view_state = figures.iter().map(|figure| figure.provenance.view_state.clone()).collect();
        let mut panels = Vec::new();
        for figure in figures {
            match figure.body {
                Body::Panels(inner) => panels.extend(inner.panels),
                body => panels.push(Panel { title: figure.title, body }),
            }
        }
        // Two panels side by side in one column of a paper would leave no room for their labels.
        let columns = if self.page == Page::Column { 1 } else { PANELS_IN_A_ROW };
        Figure::new("", Body::Panels(PanelsBody { columns, panels }), provenance)
    }

    /// Writes the figure in one format.
    pub fn write(&self, format: Format, path: &Path) -> anyhow::Result<()> {
        write(&bytes(&self.figure()?, format, &self.dressing.style(self.page))?, path)
    }

    /// A picture of the final page for the screen, as PNG.
    pub fn preview(&self) -> anyhow::Result<Vec<u8>> {
        super::preview(&self.figure()?, &self.dressing.style(self.page))
    }

    /// The page as a picture for other programs, as PNG.
    pub(crate) fn picture(&self) -> anyhow::Result<Vec<u8>> {
        bytes(&self.figure()?, Format::Png, &self.dressing.style(self.page))
    }

    /// Writes a folder that holds the figure in three formats, its data, the experiment and how to make it again.
    pub fn bundle(&self, folder: &Path) -> anyhow::Result<()> {
        let figure = self.figure()?;
        let style = self.dressing.style(self.page);
        for (format, name) in [
            (Format::Pdf, "figure.pdf"),
            (Format::Svg, "figure.svg"),
            (Format::Png, "figure.png"),
            (Format::Csv, "data.csv"),
        ] {
            write(&bytes(&figure, format, &style)?, &folder.join(name))?;
        }
        let experiment = to_toml(&self.experiment, Comments::Each);
        write(experiment.as_bytes(), &folder.join(experiment_name(1)))?;
        for (run, number) in self.shown_beside(&figure).zip(2..) {
            let (stored, _) = store::read_run(self.experiment.method.catalogue(), &run.folder)?;
            let text = to_toml(&stored.experiment, Comments::Each);
            write(text.as_bytes(), &folder.join(experiment_name(number)))?;
        }
        write(self.readme(&figure).as_bytes(), &folder.join("README.md"))
    }

    /// The runs beside the first of which the figure shows something.
    fn shown_beside<'a>(&'a self, figure: &'a Figure) -> impl Iterator<Item = &'a Beside> {
        self.beside.iter().filter(|run| figure.provenance.runs.contains(&run.origin))
    }

    fn readme(&self, figure: &Figure) -> String {
        use std::fmt::Write as _;
        let view = &figure.provenance.view;
        let mut text = format!(
            "# {}\n\n\
             `figure.pdf`, `figure.svg` and `figure.png` show the same figure; `data.csv` holds exactly what is plotted, \
             at full precision; the experiments are what was run.\n\n\
             | | |\n|---|---|\n| lab | {} |\n| view | {view} |\n| version | {} |\n\n\
             | run | experiment | seed | started | configuration (blake3) |\n|---|---|---|---|---|\n",
            if figure.title.is_empty() { view } else { &figure.title },
            self.provenance.lab,
            self.provenance.version,
        );
        // Writing to a string cannot fail.
        for (run, number) in figure.provenance.runs.iter().zip(1..) {
            let _ = writeln!(
                text,
                "| {} | `{}` | {} | {} | {} |",
                run.name,
                experiment_name(number),
                run.seed,
                run.started,
                run.config_hash
            );
        }
        text.push_str("\nTo make this figure again:\n\n```\n");
        for number in 1..=figure.provenance.runs.len() {
            let _ = writeln!(text, "weightscope run {} --out run-{number}", experiment_name(number));
        }
        let mut with = String::new();
        for number in 2..=figure.provenance.runs.len() {
            let _ = write!(with, " --with run-{number}");
        }
        let _ = writeln!(
            text,
            "weightscope export run-1{with} --like figure.svg --format pdf --style {} --out again.pdf\n```",
            self.page.id()
        );
        let forks = std::iter::once(self.folder.as_deref()).flatten();
        let forks = forks.chain(self.shown_beside(figure).map(|run| run.folder.as_path()));
        for manifest in forks.filter_map(|folder| store::read_manifest(folder).ok()) {
            if let Some(parent) = &manifest.parent {
                let _ = writeln!(
                    text,
                    "\n{} is a fork of {} at step {}: run from its experiment alone it trains under its settings from the start.",
                    manifest.id, parent.id, parent.step
                );
            }
        }
        text
    }
}

/// Name of the experiment of the run at a place, counted from 1.
fn experiment_name(number: usize) -> String {
    if number == 1 { "experiment.toml".to_owned() } else { format!("experiment-{number}.toml") }
}
