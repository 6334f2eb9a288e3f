//! Settings as TOML values: the only place where text or TOML becomes a setting, and back.

use std::collections::BTreeMap;

use toml::Value;
use weightscope_data::table::ColumnChoice;

use super::field::{Field, number};
use super::problem::Problem;
use super::visit::{ChoiceValue, Slot};

/// The value in a slot as TOML.
pub fn get(slot: &Slot<'_>) -> Value {
    match slot {
        Slot::Integer(value) => Value::Integer(i64::try_from(**value).unwrap_or(i64::MAX)),
        Slot::Float(value) => Value::Float(**value),
        Slot::Switch(value) => Value::Boolean(**value),
        Slot::Text(value) => Value::String((**value).clone()),
        Slot::Choice(value) => Value::String(choice_key(&**value).to_owned()),
        Slot::Integers(values) => Value::Array(
            values.iter().map(|value| Value::Integer(i64::try_from(*value).unwrap_or(i64::MAX))).collect(),
        ),
        Slot::Floats(values) => Value::Array(values.iter().map(|value| Value::Float(*value)).collect()),
        Slot::Texts(values) => {
            Value::Array(values.iter().map(|value| Value::String(value.clone())).collect())
        }
        Slot::Choices(values) => {
            let keys = values.chosen().into_iter().filter_map(|place| values.choices().get(place));
            Value::Array(keys.map(|choice| Value::String(choice.key.to_owned())).collect())
        }
        Slot::Columns(columns) => {
            let entries = columns.iter();
            Value::Table(
                entries
                    .map(|(name, choice)| (name.clone(), Value::String(choice.word().to_owned())))
                    .collect(),
            )
        }
    }
}

/// Puts a TOML value into a slot; the slot is unchanged when the type or the word is wrong.
/// Ranges are not looked at here: a value out of range stays as typed, and the check names it.
pub fn set(field: &Field, slot: Slot<'_>, value: &Value) -> Result<(), Problem> {
    let wrong = |expected: &str| {
        let problem = Problem::error(field.key, format!("expected {expected}, found {}", describe(value)));
        match field.allowed_text() {
            Some(allowed) => problem.allowing(allowed),
            None => problem,
        }
    };
    match slot {
        Slot::Integer(target) => {
            *target = integer(value).ok_or_else(|| wrong("a whole number, 0 or more"))?;
        }
        Slot::Float(target) => *target = float(value).ok_or_else(|| wrong("a number"))?,
        Slot::Switch(target) => *target = value.as_bool().ok_or_else(|| wrong("true or false"))?,
        Slot::Text(target) => *target = text(value).ok_or_else(|| wrong("text in quotes"))?,
        Slot::Choice(target) => {
            let keys: Vec<&str> = target.choices().iter().map(|choice| choice.key).collect();
            // A choice may be called 32, and is typed as such.
            let number = value.as_integer().map(|number| number.to_string());
            let word = number.filter(|number| keys.contains(&number.as_str()));
            let word = word.as_deref().or_else(|| value.as_str());
            let word = word.ok_or_else(|| wrong("a word").allowing(keys.join(", ")))?;
            let index = keys.iter().position(|key| *key == word).ok_or_else(|| {
                Problem::error(field.key, format!("\"{word}\" is not a choice")).allowing(keys.join(", "))
            })?;
            target.set_index(index);
        }
        Slot::Integers(target) => {
            *target = list(value, integer).ok_or_else(|| wrong("a list of whole numbers"))?;
        }
        Slot::Floats(target) => *target = list(value, float).ok_or_else(|| wrong("a list of numbers"))?,
        Slot::Texts(target) => {
            *target = list(value, text).ok_or_else(|| wrong("a list of words"))?;
        }
        Slot::Choices(target) => {
            let keys: Vec<&str> = target.choices().iter().map(|choice| choice.key).collect();
            let allowed = keys.join(", ");
            let words = list(value, text).ok_or_else(|| wrong("a list of words").allowing(&*allowed))?;
            let mut places = Vec::with_capacity(words.len());
            for word in &words {
                let place = keys.iter().position(|key| key == word).ok_or_else(|| {
                    Problem::error(field.key, format!("\"{word}\" is not a choice")).allowing(&*allowed)
                })?;
                if places.contains(&place) {
                    return Err(Problem::error(field.key, format!("\"{word}\" stands twice"))
                        .allowing("each word once"));
                }
                places.push(place);
            }
            target.choose(&places);
        }
        Slot::Columns(target) => {
            *target = columns(field, value)
                .map_err(|problem| problem.unwrap_or_else(|| wrong("a table of columns")))?;
        }
    }
    Ok(())
}

/// What columns are, by their names; no problem of its own if the value is no table at all.
fn columns(field: &Field, value: &Value) -> Result<BTreeMap<String, ColumnChoice>, Option<Problem>> {
    let words = || ColumnChoice::ALL.map(|(_, word)| word).join(", ");
    let entries = value.as_table().ok_or(None)?;
    entries
        .iter()
        .map(|(name, value)| {
            let choice = value.as_str().and_then(ColumnChoice::from_word).ok_or_else(|| {
                let what = format!("column \"{name}\" cannot be {}", describe(value));
                Some(Problem::error(field.key, what).allowing(words()))
            })?;
            Ok((name.clone(), choice))
        })
        .collect()
}

/// Reads what a person typed after `key=`: a TOML value, else the bare words as text; `a,b,c` is a list where a list is due, `a=b,c=d` a table where
/// columns are.
pub fn parse_typed(slot: &Slot<'_>, typed: &str) -> Value {
    let typed = typed.trim();
    let wants_list = matches!(slot, Slot::Integers(_) | Slot::Floats(_) | Slot::Texts(_) | Slot::Choices(_));
    if wants_list && !typed.starts_with('[') {
        let items = typed.split(',').filter(|_| !typed.is_empty());
        return Value::Array(items.map(|item| scalar(item.trim())).collect());
    }
    if matches!(slot, Slot::Columns(_)) && !typed.starts_with('{') {
        let pairs = typed.split(',').filter(|pair| !pair.trim().is_empty());
        let pair = |pair: &str| {
            let (name, word) = pair.split_once('=').unwrap_or((pair, ""));
            (name.trim().to_owned(), Value::String(word.trim().to_owned()))
        };
        return Value::Table(pairs.map(pair).collect());
    }
    if matches!(slot, Slot::Text(_)) && !typed.starts_with(['"', '\'']) {
        return Value::String(typed.to_owned());
    }
    scalar(typed)
}

fn scalar(typed: &str) -> Value {
    // A bare `1e-3` or `.5` is a number to a person; TOML wants digits before and after the point.
    if let Ok(table) = format!("v = {typed}").parse::<toml::Table>()
        && let Some(value) = table.get("v")
    {
        return value.clone();
    }
    typed.parse::<f64>().map_or_else(|_| Value::String(typed.to_owned()), Value::Float)
}

fn choice_key(value: &dyn ChoiceValue) -> &'static str {
    value.choices().get(value.index()).map_or("", |choice| choice.key)
}

fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        // `1e3` is a float to TOML; as a count it is meant as 1000.
        Value::Float(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => Some(*number as u64),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A number in place of text is what a person types for a seed or a count among words.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(value) => Some(number(*value)),
        _ => None,
    }
}

/// A single value in place of a list is a list of one.
fn list<T>(value: &Value, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value.as_array() {
        Some(items) => items.iter().map(item).collect(),
        None => Some(vec![item(value)?]),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{text}\""),
        Value::Integer(value) => format!("the number {value}"),
        Value::Float(value) => format!("the number {}", number(*value)),
        Value::Boolean(value) => format!("{value}"),
        Value::Datetime(value) => format!("the date {value}"),
        Value::Array(_) => {
            const MOST: usize = 60;
            let text = value.to_string();
            let cut: String = text.chars().take(MOST).collect();
            format!("the list {cut}{}", if cut.len() < text.len() { "…" } else { "" })
        }
        Value::Table(_) => "a table".to_owned(),
    }
}
