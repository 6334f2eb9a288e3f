//! Figures of the short experiments as they were committed, beside those of today.
//!
//! To renew them after a change that alters figures on purpose: `WEIGHTSCOPE_RENEW_FIXTURES=1 cargo test -p weightscope-tests
//! --test labs fixtures -- --nocapture`; it prints by how much each experiment changed. Say so in the change's message.
//!
//! Kernels with AVX-512 round otherwise than those with AVX2. Where training blows that up beyond the tolerance (a weight on a boundary of the
//! quantizer flips or does not), the experiment has figures of its own in `fixtures/avx512`: copy its folder there and renew on such a processor.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::kit::{self, Row, store};
use crate::runs::{Finished, named};

/// Allowed distance, relative to the committed figure: another processor rounds other last digits.
const RELATIVE: f64 = 1e-6;
/// Allowed distance of figures near zero.
const ABSOLUTE: f64 = 1e-9;
/// Most bytes of a file of fixtures.
const MOST_BYTES: u64 = 150_000;
const HEADER: &str = "step,epoch,channel,value";

/// Where a figure stands: step, epoch, channel.
type Figures = Vec<(u64, String, String, f64)>;

/// The metric stream and the results of each short experiment.
pub(crate) fn figures_are_those_of_the_fixtures(lab: &str) {
    for (name, _) in crate::experiments::experiments(lab) {
        let run = named(lab, name);
        let folder = folder(name);
        if std::env::var_os("WEIGHTSCOPE_RENEW_FIXTURES").is_some_and(|value| value == "1") {
            renew(name, &run, &folder);
        }
        let wanted = read_metrics(&folder.join("metrics.csv"));
        let found = metrics(&run);
        assert_eq!(found.len(), wanted.len(), "{name}: rows of the metric stream");
        let mut problems = Vec::new();
        for (found, wanted) in found.iter().zip(&wanted) {
            let place = format!("step {}, {}", wanted.0, wanted.2);
            assert_eq!((found.0, &found.2), (wanted.0, &wanted.2), "{name}: another row than {place}");
            let epochs = (number(&found.1), number(&wanted.1));
            if !near(epochs.0, epochs.1) || !near(found.3, wanted.3) {
                problems.push(format!("{place}: {} in place of {}", found.3, wanted.3));
            }
        }
        let (found, wanted) = (results(&run), read_results(&folder.join("results.json")));
        let names = |results: &BTreeMap<String, f64>| results.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&wanted), "{name}: names of the results");
        for (result, wanted) in &wanted {
            if !near(found[result], *wanted) {
                problems.push(format!("result {result}: {} in place of {wanted}", found[result]));
            }
        }
        let shown = problems.iter().take(5).cloned().collect::<Vec<_>>().join("\n  ");
        assert!(problems.is_empty(), "{name}: {} figures changed:\n  {shown}", problems.len());
    }
}

/// Where the figures for this processor stand.
fn folder(name: &str) -> PathBuf {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs/fixtures");
    let own = all.join("avx512").join(name);
    if has_avx512() && own.is_dir() { own } else { all.join(name) }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn near(found: f64, wanted: f64) -> bool {
    found.to_bits() == wanted.to_bits()
        || found.is_nan() && wanted.is_nan()
        || (found - wanted).abs() <= ABSOLUTE + RELATIVE * wanted.abs()
}

/// The stream of a run without what belongs to the machine.
fn metrics(run: &Finished) -> Figures {
    let rows: Vec<Row> = store::read_metrics(&run.folder).unwrap();
    rows.into_iter()
        .filter(|row| !kit::is_of_the_machine(run.experiment.lab(), &row.channel))
        .map(|row| (row.step, row.epoch.to_string(), row.channel, row.value))
        .collect()
}

fn results(run: &Finished) -> BTreeMap<String, f64> {
    let own = run.results.iter().filter(|(name, _)| !kit::is_of_the_machine(run.experiment.lab(), name));
    own.map(|(name, value)| (name.clone(), *value)).collect()
}

fn read_metrics(path: &Path) -> Figures {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER), "{}", path.display());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].parse().unwrap(), cells[1].to_owned(), cells[2].to_owned(), number(cells[3]))
    };
    lines.map(row).collect()
}

/// Results as text, so that numbers that are none survive.
fn read_results(path: &Path) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let words: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    words.into_iter().map(|(name, value)| (name, number(&value))).collect()
}

/// Writes the fixtures of today and prints by how much they differ from those before.
#[expect(clippy::print_stderr, reason = "by how much figures changed is the report of a renewal")]
fn renew(name: &str, run: &Finished, folder: &Path) {
    let (metrics, results) = (metrics(run), results(run));
    let mut text = format!("{HEADER}\n");
    for (step, epoch, channel, value) in &metrics {
        let _ = writeln!(text, "{step},{epoch},{channel},{value}");
    }
    let file = folder.join("metrics.csv");
    if file.is_file() {
        let before: BTreeMap<(u64, String), f64> = read_metrics(&file)
            .into_iter()
            .map(|(step, _, channel, value)| ((step, channel), value))
            .collect();
        let share = |now: f64, then: f64| (now - then).abs() / then.abs().max(ABSOLUTE);
        let known = metrics.iter().filter_map(|(step, _, channel, value)| {
            before.get(&(*step, channel.clone())).map(|then| (share(*value, *then), *step, channel))
        });
        let changed: Vec<(f64, u64, &String)> = known.filter(|(share, ..)| *share > 0.0).collect();
        let most = changed.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        eprintln!(
            "{name}: {} rows, {} before; {} figures changed, most by {}",
            metrics.len(),
            before.len(),
            changed.len(),
            most.map_or("nothing".to_owned(), |(share, step, channel)| format!(
                "{share:.3e} of itself (step {step}, {channel})"
            )),
        );
        for (result, then) in read_results(&folder.join("results.json")) {
            match results.get(&result) {
                Some(now) if *now == then => {}
                Some(now) => eprintln!("{name}: result {result} was {then}, is {now}"),
                None => eprintln!("{name}: result {result} is gone"),
            }
        }
    } else {
        eprintln!("{name}: new, {} rows", metrics.len());
    }
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&file, text).unwrap();
    let words: BTreeMap<&String, String> =
        results.iter().map(|(name, value)| (name, value.to_string())).collect();
    std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(&words).unwrap() + "\n")
        .unwrap();
    assert!(file.metadata().unwrap().len() < MOST_BYTES, "{name}: the fixture is too large");
}
