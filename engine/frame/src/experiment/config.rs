//! The experiment: everything a run is a function of, besides the version of the program.
//!
//! An experiment file is flat TOML: `schema`, `lab`, the frame's settings, the lab's settings, and an optional `[sweep]`.
//! Files, the command line and the form reach the settings through one visitor, so they accept and refuse the same things.

use toml::{Table, Value};

use super::cost::Cost;
use super::field::{Field, Mark};
use super::problem::Problem;
use super::sweep::Sweep;
use super::value;
use super::visit::{Section, Slot, Visitor};
use crate::device::DeviceChoice;
use crate::lab::{Catalogue, Method};

/// Version of the file format; files of another version are refused with advice.
pub const SCHEMA: u64 = 1;

/// One experiment: the frame's settings and those of its lab.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Version of the file format, see [`SCHEMA`].
    pub schema: u64,
    /// Seed of every random stream of the run.
    pub seed: u64,
    /// Where the tensors live.
    pub device: DeviceChoice,
    /// Worker threads; 0 takes all cores.
    pub threads: u64,
    /// The lab and its settings.
    pub method: Method,
    /// Many runs from this one file.
    pub sweep: Option<Sweep>,
}

impl Experiment {
    /// The defaults of a lab.
    pub fn new(method: Method) -> Self {
        Self { schema: SCHEMA, seed: 0, device: DeviceChoice::Cpu, threads: 0, method, sweep: None }
    }

    /// Name of the lab, as in files.
    pub fn lab(&self) -> &'static str {
        self.method.name()
    }

    /// The same experiment with what its settings leave to the files that they name written out, as a run keeps it. Looks at files.
    #[must_use]
    pub fn resolved(&self) -> Self {
        let mut experiment = self.clone();
        experiment.method.resolve();
        experiment
    }

    /// What a run will cost with the workers that it will have: as many as its settings ask for, on this machine at most its cores.
    pub fn cost(&self) -> Cost {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = usize::try_from(self.threads).ok().filter(|threads| *threads > 0).unwrap_or(cores);
        let cost = self.method.cost();
        Cost { seconds: cost.seconds * self.method.spread().stretch(workers.min(cores)), ..cost }
    }

    /// Walks over all settings, the frame's first.
    pub fn visit(&mut self, visitor: &mut dyn Visitor) {
        visit_frame(visitor, &mut self.seed, &mut self.device, &mut self.threads);
        self.method.visit(visitor);
    }

    /// Reads an experiment file of a lab of the catalogue. All problems are collected, not only the first.
    pub fn from_toml(catalogue: Catalogue, text: &str) -> Result<Self, Vec<Problem>> {
        let table: Table = text
            .parse()
            .map_err(|error| vec![Problem::error("", format!("the file is not valid TOML: {error}"))])?;
        Self::from_table(catalogue, table)
    }

    /// Builds an experiment of a lab of the catalogue from a parsed file.
    pub fn from_table(catalogue: Catalogue, mut table: Table) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        match table.remove("schema") {
            None => problems.push(
                Problem::error(
                    "schema",
                    "the key is missing; it says which version of the format the file uses",
                )
                .allowing(SCHEMA.to_string()),
            ),
            Some(Value::Integer(version)) if version == SCHEMA as i64 => {}
            Some(other) => problems.push(
                Problem::error(
                    "schema",
                    format!("this program reads version {SCHEMA}, the file has {other}"),
                )
                .allowing(SCHEMA.to_string()),
            ),
        }
        let known = || catalogue.names().collect::<Vec<_>>().join(", ");
        let Some(Value::String(lab)) = table.remove("lab") else {
            problems.push(
                Problem::error("lab", "the key is missing or no text; it names the lab").allowing(known()),
            );
            return Err(problems);
        };
        let Some(method) = catalogue.method(&lab) else {
            problems.push(Problem::error("lab", format!("no lab \"{lab}\"")).allowing(known()));
            return Err(problems);
        };
        let mut experiment = Self::new(method);
        let sweep = table.remove("sweep");
        problems.extend(experiment.apply(&table));
        if let Some(sweep) = sweep {
            match Sweep::from_toml(sweep) {
                Ok(sweep) => experiment.sweep = Some(sweep),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(experiment) } else { Err(problems) }
    }

    /// Sets the keys of a table; what cannot be set is returned, everything else is set.
    pub fn apply(&mut self, table: &Table) -> Vec<Problem> {
        let mut setter = Setter {
            source: Source::Table(table),
            used: Vec::new(),
            known: Vec::new(),
            problems: Vec::new(),
        };
        self.visit(&mut setter);
        let Setter { used, known, mut problems, .. } = setter;
        for key in table.keys().filter(|key| !used.contains(&key.as_str())) {
            problems.push(unknown(key, &known));
        }
        problems
    }

    /// Sets one setting from typed text, as `--set key=value` does.
    pub fn set_typed(&mut self, key: &str, typed: &str) -> Result<(), Problem> {
        let mut setter = Setter {
            source: Source::Typed { key, typed },
            used: Vec::new(),
            known: Vec::new(),
            problems: Vec::new(),
        };
        self.visit(&mut setter);
        let Setter { used, known, problems, .. } = setter;
        if used.is_empty() {
            return Err(unknown(key, &known));
        }
        problems.into_iter().next().map_or(Ok(()), Err)
    }

    /// Sets the setting with this mark from typed text.
    pub fn set_marked(&mut self, mark: Mark, typed: &str) -> Result<(), Problem> {
        let marked = self.settings().into_iter().find(|(field, _)| field.mark == mark);
        match marked {
            Some((field, _)) => self.set_typed(field.key, typed),
            None => Err(Problem::error("", format!("the lab {} has no such setting", self.lab()))),
        }
    }

    /// The value of a setting as TOML.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.settings().into_iter().find(|(field, _)| field.key == key).map(|(_, value)| value)
    }

    /// Names the data anew: a file that was moved.
    ///
    /// # Errors
    /// A lab whose settings name no data.
    pub fn name_data(&mut self, place: &str) -> Result<(), Problem> {
        self.set_marked(Mark::DataSet, place)
    }

    /// All settings with their descriptions, in the order of the form.
    pub fn settings(&self) -> Vec<(Field, Value)> {
        struct Reader(Vec<(Field, Value)>);
        impl Visitor for Reader {
            fn field(&mut self, field: Field, slot: Slot<'_>) {
                let value = value::get(&slot);
                self.0.push((field, value));
            }
        }
        let mut reader = Reader(Vec::new());
        self.clone().visit(&mut reader);
        reader.0
    }
}

/// The settings that every lab has.
fn visit_frame(visitor: &mut dyn Visitor, seed: &mut u64, device: &mut DeviceChoice, threads: &mut u64) {
    visitor.section(Section::new("Run").core());
    visitor.field(
        Field::new(
            "seed",
            "Seed",
            "Seeds every random stream of the run: data split, initial weights, batches.",
        )
        .range(0.0, 4_294_967_295.0)
        .mark(Mark::Seed),
        Slot::Integer(seed),
    );
    visitor.field(
        Field::new(
            "device",
            "Device",
            "The CPU needs no driver. The GPU path uses burn-wgpu and needs an adapter.",
        )
        .mark(Mark::Machine),
        Slot::Choice(device),
    );
    visitor.field(
        Field::new("threads", "Threads", "Worker threads; 0 takes all cores. Results do not depend on it.")
            .range(0.0, 1024.0)
            .mark(Mark::Machine),
        Slot::Integer(threads),
    );
}

/// What a setting of this key is to the program, for runs whose lab need not be known; lab settings have no mark here.
pub fn frame_mark(key: &str) -> Mark {
    struct Find<'a>(&'a str, Mark);
    impl Visitor for Find<'_> {
        fn field(&mut self, field: Field, _slot: Slot<'_>) {
            if field.key == self.0 {
                self.1 = field.mark;
            }
        }
    }
    let mut find = Find(key, Mark::None);
    visit_frame(&mut find, &mut 0, &mut DeviceChoice::Cpu, &mut 0);
    find.1
}

enum Source<'a> {
    Table(&'a Table),
    Typed { key: &'a str, typed: &'a str },
}

/// Writes values into the settings it is shown.
struct Setter<'a> {
    source: Source<'a>,
    used: Vec<&'static str>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Visitor for Setter<'_> {
    fn field(&mut self, field: Field, slot: Slot<'_>) {
        self.known.push(field.key);
        let value = match &self.source {
            Source::Table(table) => table.get(field.key).cloned(),
            Source::Typed { key, typed } => (*key == field.key).then(|| value::parse_typed(&slot, typed)),
        };
        let Some(value) = value else { return };
        self.used.push(field.key);
        if let Err(problem) = value::set(&field, slot, &value) {
            self.problems.push(problem);
        }
    }
}

fn unknown(key: &str, known: &[&'static str]) -> Problem {
    let nearest = known.iter().map(|candidate| (distance(key, candidate), *candidate)).min();
    let problem = Problem::error(key, "no such key");
    match nearest {
        Some((edits, candidate)) if edits <= 2 + key.len() / 4 => {
            Problem { message: format!("no such key; did you mean \"{candidate}\"?"), ..problem }
        }
        _ => problem,
    }
    .allowing(known.join(", "))
}

/// Levenshtein distance, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
