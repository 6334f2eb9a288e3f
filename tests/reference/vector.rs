//! Reading reference vectors, comparing fields within their tolerance, and running an area.
//!
//! Contract: `|found - expected| <= atol + rtol·|expected|` for every number of a field; all failures of an area are collected before it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Compares what a vector expects; an error is a vector that cannot be read as its test needs it.
pub(crate) type Runner = fn(&mut Case) -> Result<(), String>;

/// One folder of vectors.
pub(crate) struct Area {
    /// Name of the folder.
    pub(crate) name: &'static str,
    /// The test of a vector, by its kind (see [`kind_of`]).
    pub(crate) runner: fn(&str) -> Option<Runner>,
}

/// One vector while it is being compared.
pub(crate) struct Case {
    inputs: Map<String, Value>,
    expected: Map<String, Value>,
    relative: f64,
    absolute: f64,
    compared: BTreeSet<String>,
    worst: f64,
    failures: Vec<String>,
}

impl Case {
    fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let object = |key: &str| {
            value.get(key).and_then(Value::as_object).cloned().ok_or_else(|| format!("`{key}` is no object"))
        };
        let number =
            |key: &str| value.get(key).and_then(Value::as_f64).ok_or_else(|| format!("`{key}` is no number"));
        Ok(Self {
            inputs: object("inputs")?,
            expected: object("expected")?,
            relative: number("rtol")?,
            absolute: number("atol")?,
            compared: BTreeSet::new(),
            worst: 0.0,
            failures: Vec::new(),
        })
    }

    /// Whether there is such an input.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.inputs.contains_key(key)
    }

    /// Whether there is such an expected field.
    pub(crate) fn expects(&self, key: &str) -> bool {
        self.expected.contains_key(key)
    }

    /// The names of the expected fields.
    pub(crate) fn expected_fields(&self) -> Vec<String> {
        self.expected.keys().cloned().collect()
    }

    /// An input as it stands in the file.
    pub(crate) fn input(&self, key: &str) -> Result<&Value, String> {
        self.inputs.get(key).ok_or_else(|| format!("the input `{key}` is missing"))
    }

    /// All numbers of an input, row-major; truth values count as 0 and 1.
    pub(crate) fn numbers(&self, key: &str) -> Result<Vec<f64>, String> {
        let value = self.inputs.get(key).ok_or_else(|| format!("the input `{key}` is missing"))?;
        let mut numbers = Vec::new();
        flatten(value, &mut numbers).map_err(|problem| format!("the input `{key}` {problem}"))?;
        Ok(numbers)
    }

    /// The same in single precision.
    pub(crate) fn singles(&self, key: &str) -> Result<Vec<f32>, String> {
        Ok(self.numbers(key)?.into_iter().map(|number| number as f32).collect())
    }

    /// One number.
    pub(crate) fn number(&self, key: &str) -> Result<f64, String> {
        match self.numbers(key)?.as_slice() {
            [number] => Ok(*number),
            numbers => Err(format!("the input `{key}` holds {} numbers instead of one", numbers.len())),
        }
    }

    /// One whole number that is not negative.
    pub(crate) fn count(&self, key: &str) -> Result<usize, String> {
        let number = self.number(key)?;
        if number >= 0.0 && number.fract() == 0.0 {
            Ok(number as usize)
        } else {
            Err(format!("the input `{key}` is no count"))
        }
    }

    /// The shape of an input.
    pub(crate) fn shape(&self, key: &str) -> Result<Vec<usize>, String> {
        let mut value = self.inputs.get(key).ok_or_else(|| format!("the input `{key}` is missing"))?;
        let mut shape = Vec::new();
        while let Value::Array(items) = value {
            shape.push(items.len());
            let Some(first) = items.first() else { break };
            value = first;
        }
        Ok(shape)
    }

    /// The shape of an input of known rank.
    pub(crate) fn dims<const RANK: usize>(&self, key: &str) -> Result<[usize; RANK], String> {
        let shape = self.shape(key)?;
        shape
            .try_into()
            .map_err(|shape| format!("the input `{key}` has the shape {shape:?}, not {RANK} dimensions"))
    }

    /// Compares a field; `path` says which implementation produced `found`.
    pub(crate) fn check<T: Copy + Into<f64>>(&mut self, field: &str, path: &str, found: &[T]) {
        self.check_within(field, path, found, self.absolute);
    }

    /// The same with an absolute tolerance that the vector's own note gives for this field.
    pub(crate) fn check_within<T: Copy + Into<f64>>(
        &mut self,
        field: &str,
        path: &str,
        found: &[T],
        absolute: f64,
    ) {
        self.compared.insert(field.to_owned());
        let Some(value) = self.expected.get(field) else {
            self.failures.push(format!("{field}: the vector does not expect it"));
            return;
        };
        let mut expected = Vec::new();
        if let Err(problem) = flatten(value, &mut expected) {
            self.failures.push(format!("{field}: the expected value {problem}"));
            return;
        }
        if expected.len() != found.len() {
            self.failures.push(format!(
                "{field} ({path}): {} numbers instead of {}",
                found.len(),
                expected.len()
            ));
            return;
        }
        let mut worst: Option<(f64, usize)> = None;
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let found: f64 = (*found).into();
            // Equal infinities differ by nothing.
            let error = if found == *expected { 0.0 } else { (found - expected).abs() };
            let allowed = absolute + self.relative * expected.abs();
            let wrong = error > allowed || error.is_nan();
            if wrong && worst.is_none_or(|(most, _)| error > most || error.is_nan()) {
                worst = Some((error, index));
            }
            self.worst = self.worst.max(error);
        }
        if let Some((error, index)) = worst {
            let (found, expected) = (found[index].into(), expected[index]);
            self.failures
                .push(format!("{field} ({path}): at {index} {found} instead of {expected}, error {error:e}"));
        }
    }

    /// The objects of an input that is a list of them.
    pub(crate) fn objects(&self, key: &str) -> Result<Vec<Map<String, Value>>, String> {
        let list = self.inputs.get(key).and_then(Value::as_array);
        let list = list.ok_or_else(|| format!("the input `{key}` is no list"))?;
        let object = |value: &Value| value.as_object().cloned();
        list.iter()
            .map(object)
            .collect::<Option<_>>()
            .ok_or_else(|| format!("the input `{key}` holds no objects"))
    }

    /// Compares a field that is an object (`a.b` reaches into objects, `a.0` into lists); `fields` names all its members, `found` holds theirs one after the other.
    pub(crate) fn check_object<T: Copy + Into<f64>>(
        &mut self,
        field: &str,
        fields: &[&str],
        path: &str,
        found: &[T],
    ) {
        let mut value = Some(Value::Object(self.expected.clone()));
        for part in pointer(field, &self.expected) {
            value = value.and_then(|value| match part.parse::<usize>() {
                Ok(place) if value.is_array() => value.get(place).cloned(),
                _ => value.get(&part).cloned(),
            });
        }
        let root = pointer(field, &self.expected).into_iter().next().unwrap_or_default();
        let Some(Value::Object(members)) = value else {
            self.failures.push(format!("{field}: the vector expects no object here"));
            return;
        };
        if members.keys().any(|member| !fields.contains(&member.as_str())) {
            self.failures.push(format!(
                "{field}: members {:?}, tested {fields:?}",
                members.keys().collect::<Vec<_>>()
            ));
            return;
        }
        let joined = fields.iter().filter_map(|member| members.get(*member).cloned()).collect();
        let name = format!("{field}.*");
        self.expected.insert(name.clone(), Value::Array(joined));
        self.check(&name, path, found);
        self.expected.remove(&name);
        self.compared.insert(root);
    }

    /// Compares a field that holds one number.
    pub(crate) fn check_number(&mut self, field: &str, path: &str, found: f64) {
        self.check(field, path, &[found]);
    }

    /// Compares a field of truth values, which vectors write as 0 and 1.
    pub(crate) fn check_flags(&mut self, field: &str, path: &str, found: &[bool]) {
        let found: Vec<f64> = found.iter().map(|flag| f64::from(u8::from(*flag))).collect();
        self.check(field, path, &found);
    }

    /// Compares a field of words, in the order of the file.
    pub(crate) fn check_words(&mut self, field: &str, path: &str, found: &[&str]) {
        fn words<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
            match value {
                Value::Array(items) => items.iter().for_each(|item| words(item, into)),
                Value::String(word) => into.push(word),
                _ => {}
            }
        }
        self.compared.insert(field.to_owned());
        let mut expected = Vec::new();
        if let Some(value) = self.expected.get(field) {
            words(value, &mut expected);
        }
        if expected.len() != found.len() {
            self.failures.push(format!(
                "{field} ({path}): {} words instead of {}",
                found.len(),
                expected.len()
            ));
        }
        for (index, (found, expected)) in found.iter().zip(expected).enumerate().filter(|(_, (a, b))| *a != b)
        {
            self.failures.push(format!("{field} ({path}): at {index} {found} instead of {expected}"));
        }
    }

    fn finish(mut self) -> (f64, Vec<String>) {
        for field in self.expected.keys().filter(|field| !self.compared.contains(*field)) {
            self.failures.push(format!("{field}: expected, but no test compares it"));
        }
        (self.worst, self.failures)
    }
}

/// Runs every vector of an area and fails with all its failures.
#[expect(clippy::print_stderr, reason = "the errors of the vectors are the report of this test")]
pub(crate) fn run_area(area: &Area) {
    let folder = root().join(area.name);
    if !folder.is_dir() && std::env::var_os("WEIGHTSCOPE_VECTORS").is_some() {
        eprintln!("{}: no vectors in the given folder, nothing to compare", area.name);
        return;
    }
    let files = json_files(&folder);
    assert!(!files.is_empty(), "{} holds no vectors", folder.display());
    let mut failures = Vec::new();
    for path in files {
        let name = stem(&path);
        let (worst, problems) = run_file(area, &path);
        eprintln!("{}/{name}: largest error {worst:.1e}, {} failures", area.name, problems.len());
        failures.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(failures.is_empty(), "{} comparisons failed:\n{}", failures.len(), failures.join("\n"));
}

/// Fails if the folder is empty, or holds an area or a file without a test. Areas of `elsewhere` are left to other tests.
pub(crate) fn check_everything_is_known(areas: &[Area], elsewhere: &[&str]) {
    let by_name: BTreeMap<&str, &Area> = areas.iter().map(|area| (area.name, area)).collect();
    let mut unknown: Vec<String> = json_files(&root()).iter().map(|path| stem(path)).collect();
    let mut known = 0;
    for folder in folders(&root()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if elsewhere.contains(&name.as_str()) {
            known += json_files(&folder).len();
            continue;
        }
        let Some(area) = by_name.get(name.as_str()) else {
            unknown.push(format!("{name}/"));
            continue;
        };
        for file in json_files(&folder).iter().map(|path| stem(path)) {
            if (area.runner)(kind_of(&file)).is_some() {
                known += 1;
            } else {
                unknown.push(format!("{name}/{file}"));
            }
        }
    }
    assert!(unknown.is_empty(), "no test knows {}", unknown.join(", "));
    assert!(known > 0, "{} holds no vectors", root().display());
}

/// The kind of a vector: its name without trailing bit widths, so that `lsq_weight_b5` and `qkr_forward_w3a4` find their tests.
pub(crate) fn kind_of(name: &str) -> &str {
    let Some((head, tail)) = name.rsplit_once('_') else {
        return name;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bits = tail.strip_prefix('b').is_some_and(digits);
    let pair = tail
        .strip_prefix('w')
        .and_then(|rest| rest.split_once('a'))
        .is_some_and(|(w, a)| digits(w) && digits(a));
    if bits || pair { head } else { name }
}

fn run_file(area: &Area, path: &Path) -> (f64, Vec<String>) {
    let Some(runner) = (area.runner)(kind_of(&stem(path))) else {
        return (f64::NAN, vec!["no test knows this file".to_owned()]);
    };
    let mut case = match Case::read(path) {
        Ok(case) => case,
        Err(problem) => return (f64::NAN, vec![format!("cannot be read: {problem}")]),
    };
    if let Err(problem) = runner(&mut case) {
        case.failures.push(problem);
    }
    case.finish()
}

fn root() -> PathBuf {
    match std::env::var_os("WEIGHTSCOPE_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    children(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    children(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The members that a path leads through; a name that is a member as it stands is not taken apart.
fn pointer(field: &str, expected: &Map<String, Value>) -> Vec<String> {
    if expected.contains_key(field) {
        return vec![field.to_owned()];
    }
    field.split('.').map(str::to_owned).collect()
}

fn flatten(value: &Value, into: &mut Vec<f64>) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| flatten(item, into)),
        Value::Object(items) => items.values().try_for_each(|item| flatten(item, into)),
        Value::Bool(flag) => {
            into.push(f64::from(u8::from(*flag)));
            Ok(())
        }
        Value::String(word) if word == "inf" => {
            into.push(f64::INFINITY);
            Ok(())
        }
        Value::Number(number) => {
            into.push(number.as_f64().ok_or("is beyond double precision")?);
            Ok(())
        }
        _ => Err("holds something that is no number".to_owned()),
    }
}

#[test]
fn kinds_drop_bit_widths_only() {
    assert_eq!(kind_of("statsq_weight_b8"), "statsq_weight");
    assert_eq!(kind_of("qkr_forward_w2a2"), "qkr_forward");
    assert_eq!(kind_of("lsq_activation_unsigned"), "lsq_activation_unsigned");
    assert_eq!(kind_of("tracker_freeze_ema"), "tracker_freeze_ema");
    assert_eq!(kind_of("plain"), "plain");
}
