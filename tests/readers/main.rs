//! Every reader of files that people bring, on files that no program would write: it returns, with a value or an error, within seconds and
//! within its memory.
//!
//! Each test makes real files worse for two seconds; `WEIGHTSCOPE_FUZZ_SECONDS` says how long, `WEIGHTSCOPE_FUZZ_SEED` which ones
//! (`tests/readers/fuzz.sh` runs them for long). A failing input is left in `target/tmp/readers` and belongs into
//! `tests/data/readers/found`, whose inputs are read first.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]
#![expect(clippy::print_stdout, reason = "how much was tried is a figure of its own")]

mod mutate;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use weightscope_engine::data::{self, OpenOptions, TargetKind, table};
use weightscope_engine::experiment::Experiment;
use weightscope_engine::math::stream;
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_engine::{CATALOGUE, store};
use weightscope_logs::{events, recording};
use weightscope_window::exporting::{self, Format};
use weightscope_window::figure::model::{Body, Figure};
use weightscope_window::figure::provenance;
use weightscope_window::figure::style::Page;

#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// What all tests of this program together may hold at once, MB: seeds of a few kilobytes give no reason for more.
const MEMORY_LIMIT: f32 = 1_000.0;
/// What one input may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

fn own(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Reads inputs made of the seeds as files of this ending; `read` must return for each of them.
fn fuzz(reader: &str, ending: &str, seeds: &[Vec<u8>], read: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("input.{ending}"));
    let one = |what: &str, bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| read(&path)));
        let (took, held) = (begun.elapsed(), MEMORY.peak_usage_as_mb());
        MEMORY.reset_peak_usage();
        if result.is_ok() && took < TIME_LIMIT && held < MEMORY_LIMIT {
            return;
        }
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers");
        std::fs::create_dir_all(&kept).unwrap();
        let kept = kept.join(format!("{reader}-{}", &blake3::hash(bytes).to_hex()[..12]));
        std::fs::write(&kept, bytes).unwrap();
        let how = if result.is_err() { "panicked" } else { "took too much" };
        panic!("{reader} {how} ({took:.1?}, {held:.0} MB at once) on {what}: {}", kept.display());
    };
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join("readers").join("found");
    let known = std::fs::read_dir(found).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_own = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{reader}-")))
    };
    for path in known.filter(is_own) {
        one("a known input", &std::fs::read(&path).unwrap());
    }
    for seed in seeds {
        one("an unchanged seed", seed);
    }
    let now = || {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |time| time.as_nanos() as u64)
    };
    let seed = number("WEIGHTSCOPE_FUZZ_SEED").or_else(|| number("PROPTEST_RNG_SEED")).unwrap_or_else(now);
    let mut random = stream(seed, reader);
    let end = Instant::now() + Duration::from_secs(number("WEIGHTSCOPE_FUZZ_SECONDS").unwrap_or(2));
    let mut inputs = 0_u64;
    while Instant::now() < end {
        one(&format!("input {inputs} of seed {seed}"), &mutate::mutated(seeds, &mut random));
        inputs += 1;
    }
    println!("{reader}: {inputs} inputs from {} seeds (seed {seed})", seeds.len());
    assert!(inputs > 5, "{reader}: hardly an input was read");
}

#[test]
fn experiments() {
    let seeds: Vec<Vec<u8>> = CATALOGUE.presets().map(|preset| preset.text.as_bytes().to_vec()).collect();
    fuzz("experiment", "toml", &seeds, |path| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        if let Ok(experiment) = Experiment::from_toml(CATALOGUE, &text) {
            let _ = weightscope_engine::experiment::check(&experiment);
        }
    });
}

fn reports(ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join("reports");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|own| own == ending));
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 200_000).collect()
}

#[test]
fn tables() {
    fuzz("table", "csv", &reports("csv"), |path| {
        let _ = table::open_table(&path.display().to_string());
        let _ = data::open(&path.display().to_string(), &OpenOptions::default());
    });
}

#[test]
fn arrays() {
    let read = |path: &Path| {
        for target in [TargetKind::Classes, TargetKind::Values] {
            let _ =
                data::open(&path.display().to_string(), &OpenOptions { target, ..OpenOptions::default() });
        }
        weights(path);
    };
    fuzz("npz", "npz", &reports("npz"), read);
    let plain: Vec<Vec<u8>> = reports("npz").iter().flat_map(|archive| members(archive)).collect();
    assert!(!plain.is_empty(), "arrays are taken out of the archives");
    fuzz("npy", "npy", &plain, read);
}

/// Files in a zip archive.
fn members(archive: &[u8]) -> Vec<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let count = archive.len();
    let read = |index| {
        let mut bytes = Vec::new();
        std::io::copy(&mut archive.by_index(index).unwrap(), &mut bytes).unwrap();
        bytes
    };
    (0..count).map(read).collect()
}

/// An IDX file of six images of 3×3, or of their labels.
fn idx(is_images: bool) -> Vec<u8> {
    let (kind, sizes): (u8, &[u32]) = if is_images { (3, &[6, 3, 3]) } else { (1, &[6]) };
    let count: u32 = sizes.iter().product();
    let head = [0, 0, 8, kind].into_iter().chain(sizes.iter().flat_map(|size| size.to_be_bytes()));
    head.chain((0..count).map(|value| (value % 3) as u8)).collect()
}

#[test]
fn images() {
    fuzz("idx", "bin", &[idx(true), idx(false)], |path| {
        // As images beside sound labels, and as labels beside sound images, plain and packed.
        let bytes = std::fs::read(path).unwrap();
        for (images, labels) in [(&bytes, &idx(false)), (&idx(true), &bytes)] {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in [("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)]
            {
                let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packed.write_all(content).unwrap();
                std::fs::write(folder.path().join(format!("{name}.gz")), packed.finish().unwrap()).unwrap();
            }
            let _ = data::open(&folder.path().display().to_string(), &OpenOptions::default());
        }
        let packed = path.with_extension("gz");
        std::fs::write(&packed, &bytes).unwrap();
        let _ = data::open(&packed.display().to_string(), &OpenOptions::default());
    });
}

/// Opens a weight file and reads the first elements of each tensor.
fn weights(path: &Path) {
    let Ok(source) = weightscope_weights::open(path) else { return };
    let mut values = Vec::new();
    for (index, tensor) in source.tensors().iter().enumerate() {
        let _ = source.read(index, 0, tensor.parameters().min(1_000), &mut values);
        assert!(values.len() <= 1_000, "no more than was asked for");
    }
}

#[test]
fn weight_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let mut artifact = store::Artifact::default();
    artifact.tensors.insert("layer.0.weight".to_owned(), store::Blob::from_f32(vec![3, 4], &[0.5; 12]));
    artifact.tensors.insert("layer.0.bias".to_owned(), store::Blob::from_f64(vec![3], &[1.0, 2.0, f64::NAN]));
    artifact.metadata.insert("format".to_owned(), "pt".to_owned());
    store::write_artifact(&path, &artifact).unwrap();
    fuzz("safetensors", "safetensors", &[std::fs::read(&path).unwrap()], weights);
    fuzz("pt", "pt", &[own("data/readers/checkpoint.pt"), own("data/readers/old.pt")], weights);
}

#[test]
fn event_files() {
    let seed = own("../engine/logs/src/events/fixtures/summary_writer.tfevents");
    fuzz("events", "tfevents", &[seed], |path| {
        let Ok(mut folder) = events::Folder::open(path) else { return };
        for _ in 0..1_000 {
            if folder.poll().is_err() || !folder.has_more() {
                break;
            }
        }
    });
}

#[test]
fn recordings() {
    let demo = |name: &str| own(&format!("../assets/recorder/demo/{name}"));
    let mut traces = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&demo("traces.f32.gz")[..]), &mut traces).unwrap();
    traces.truncate(60_000);
    let folder = tempfile::tempdir().unwrap();
    let sound = [
        ("recording.json", demo("recording.json")),
        ("metrics.jsonl", demo("metrics.jsonl")),
        ("traces.f32", traces),
    ];
    let lay_out =
        || sound.iter().for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    for (name, bytes) in &sound {
        lay_out();
        fuzz(&name.replace('.', "-"), "part", std::slice::from_ref(bytes), |path| {
            std::fs::copy(path, folder.path().join(name)).unwrap();
            let Ok(mut recording) = recording::Recording::open(folder.path()) else { return };
            let count = recording.frames().min(50);
            if let Ok(frames) = recording.read(0, 1, count) {
                (0..frames.len()).for_each(|frame| drop(frames.values(frame, 0)));
            }
            let _ = recording.metrics().poll(recording.sessions());
            let _ = recording.refresh();
            let _ = recording.said();
        });
    }
}

#[test]
fn figures() {
    let mut origin = provenance::Provenance::new("compander", "function");
    origin.note = "läuft <1> & \"2\"".to_owned();
    let figure = Figure::new("Origin", Body::Text("Some text".to_owned()), origin);
    let style = Page::Column.style();
    let file = |format| exporting::bytes(&figure, format, &style).unwrap();
    for (reader, format) in [("svg", Format::Svg), ("png", Format::Png), ("pdf", Format::Pdf)] {
        let seed = file(format);
        assert!(provenance::read(&seed).is_ok(), "{reader}: the seed is a figure");
        fuzz(reader, reader, &[seed], |path| {
            let _ = provenance::read(&std::fs::read(path).unwrap());
        });
    }
}

/// A finished run of the smallest experiment of a lab, file by file.
#[test]
fn run_folders() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("run");
    let experiment =
        Experiment::from_toml(CATALOGUE, CATALOGUE.method("oscillation").unwrap().smallest()).unwrap();
    let request =
        RunRequest { experiment, asked: None, origin: "readers".to_owned(), place: Place::New(made.clone()) };
    run::run(&request, &mut Nobody, &Control::default()).unwrap();
    for (reader, name) in [
        ("manifest", "manifest.json"),
        ("resolved", "resolved.toml"),
        ("metrics", "metrics.csv"),
        ("pictures", "views/pictures.cbor"),
    ] {
        let place = made.join(name);
        let sound = std::fs::read(&place).unwrap();
        fuzz(reader, "file", std::slice::from_ref(&sound), |path| {
            std::fs::copy(path, &place).unwrap();
            let _ = store::read_run(CATALOGUE, &made);
            let _ = store::read_settings(&made);
        });
        std::fs::write(&place, sound).unwrap();
    }
    let state = store::State::default();
    let (marks, record) = (store::Marks::default(), weightscope_engine::record::Record::default());
    let saved = store::RunFolder::open(&made).unwrap();
    saved.write_checkpoint(&state, &marks, &record).unwrap();
    let checkpoint = store::checkpoints(&made).pop().unwrap();
    fuzz("checkpoint", "safetensors", &[std::fs::read(checkpoint).unwrap()], |path| {
        let _ = store::read_checkpoint(path);
    });
}
