//! An experiment as a file: plain, or with each setting's description as a comment.

use std::fmt::Write as _;

use toml::Value;

use super::config::Experiment;
use super::field::{Field, number};
use super::value;
use super::visit::{Section, Slot, Visitor};

/// How much a written file explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    /// Keys and values only.
    None,
    /// Label, help, allowed values and published value above each key.
    Each,
}

/// Writes an experiment as TOML in the order of the form. Reading it back gives the same experiment.
pub fn to_toml(experiment: &Experiment, comments: Comments) -> String {
    let mut writer = Writer { text: String::new(), comments };
    let _ = writeln!(writer.text, "schema = {}\nlab = \"{}\"", experiment.schema, experiment.lab());
    experiment.clone().visit(&mut writer);
    if let Some(sweep) = &experiment.sweep {
        let table: toml::Table = [(
            "sweep".to_owned(),
            Value::try_from(sweep).unwrap_or_else(|_| Value::Table(toml::Table::new())),
        )]
        .into_iter()
        .collect();
        let _ = write!(writer.text, "\n{table}");
    }
    writer.text
}

struct Writer {
    text: String,
    comments: Comments,
}

impl Visitor for Writer {
    fn section(&mut self, section: Section) {
        let _ = writeln!(self.text, "\n# {}", section.title);
    }

    fn field(&mut self, field: Field, slot: Slot<'_>) {
        if self.comments == Comments::Each {
            self.comment(&field);
        }
        let value = match value::get(&slot) {
            // TOML's own notation of a small float is long-winded (0.00001); the short one reads back to the same bits.
            Value::Float(value) if value.is_finite() => float(value),
            other => other.to_string(),
        };
        let _ = writeln!(self.text, "{} = {value}", field.key);
    }
}

impl Writer {
    fn comment(&mut self, field: &Field) {
        let unit = if field.unit.is_empty() { String::new() } else { format!(" [{}]", field.unit) };
        let _ = writeln!(self.text, "# {}{unit}. {}", field.label, field.help);
        if let Some(allowed) = field.allowed_text() {
            let _ = writeln!(self.text, "#   allowed: {allowed}");
        }
        if let Some(published) = field.published {
            let _ = writeln!(self.text, "#   published: {} ({})", published.value, published.source);
        }
    }
}

fn float(value: f64) -> String {
    let text = number(value);
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}
