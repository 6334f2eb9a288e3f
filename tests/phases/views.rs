//! What is shown of the grid and of its cells.

use super::*;
use weightscope_engine::CATALOGUE;

#[test]
fn a_look_at_the_grid_and_at_each_cell_works_on_a_finished_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let experiment = tiny(&[]);
    finished(experiment.clone(), &path);
    let (stored, errors) = store::read_run(CATALOGUE, &path).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    let views = experiment.method.views();
    let mut controls = Controls::default().complete(&views, &stored.record);
    let pick = Pick {
        view: "diagram".to_owned(),
        channel: "phase".to_owned(),
        x: 1.5,
        y: 0.5,
        step: u64::MAX,
        region: None,
    };
    let picked = experiment.method.click(&stored.record, &pick);
    assert_eq!(picked.controls, [("cell".to_owned(), ControlValue::Word("9 × 128".to_owned()))]);
    for axes in ["random", "seeds", "eigenvectors", "trajectory"] {
        controls.set("landscape_axes", ControlValue::Word(axes.to_owned()));
        controls.set("landscape_points", ControlValue::Word("11".to_owned()));
        for view in views.iter().filter(|view| !view.derives.is_empty()) {
            let control = Control::default();
            let job =
                Derive { folder: Some(&path), ..Derive::new(&view.id, &stored.record, &controls, &control) };
            let channels = experiment.method.derive(&job).unwrap();
            assert!(!channels.is_empty(), "{} with {axes}", view.id);
        }
    }
    let phases = |threshold: f64| {
        let mut controls = controls.clone();
        controls.set("threshold_train_loss", ControlValue::Number(threshold));
        let control = Control::default();
        let job = Derive::new("diagram", &stored.record, &controls, &control);
        let channels = experiment.method.derive(&job).unwrap();
        let Data::Grid(grids) = &channels.iter().find(|channel| channel.id == "phase").unwrap().data else {
            panic!("phases are a grid")
        };
        grids.last().unwrap().1.values.clone()
    };
    assert_ne!(phases(1e-4), phases(10.0), "a threshold moves the phases");
}

/// One view of a stored run under some controls.
fn derived(
    experiment: &Experiment,
    path: &Path,
    view: &str,
    turned: &[(&str, ControlValue)],
) -> Vec<Channel> {
    let (stored, _) = store::read_run(CATALOGUE, path).unwrap();
    let mut controls = Controls::default().complete(&experiment.method.views(), &stored.record);
    turned.iter().for_each(|(id, value)| controls.set(id, value.clone()));
    let control = Control::default();
    let job = Derive { folder: Some(path), ..Derive::new(view, &stored.record, &controls, &control) };
    experiment.method.derive(&job).unwrap()
}

fn picture<'a>(channels: &'a [Channel], id: &str) -> &'a Grid {
    match &channels.iter().find(|channel| channel.id == id).unwrap().data {
        Data::Grid(grids) => grids.last().unwrap().1,
        _ => panic!("{id} is a grid"),
    }
}

#[test]
fn a_landscape_comes_coarse_first_and_its_points_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let experiment = tiny(&[("seeds", "1"), ("hessian", "none")]);
    finished(experiment.clone(), &path);
    let (stored, _) = store::read_run(CATALOGUE, &path).unwrap();
    let controls = Controls::default().complete(&experiment.method.views(), &stored.record);
    let control = Control::default();
    let coarse: std::cell::RefCell<Vec<Vec<Channel>>> = std::cell::RefCell::default();
    let publish = |channels: Vec<Channel>| coarse.borrow_mut().push(channels);
    let job = Derive {
        folder: Some(&path),
        partial: Some(&publish),
        ..Derive::new("landscape", &stored.record, &controls, &control)
    };
    let whole = experiment.method.derive(&job).unwrap();
    let coarse = coarse.into_inner();
    let sizes: Vec<usize> =
        coarse.iter().map(|channels| picture(channels, "landscape/loss").rows.len()).collect();
    assert_eq!(sizes, [5, 11]);
    let fine = picture(&whole, "landscape/loss");
    assert_eq!(fine.rows.len(), 31);
    let middle = picture(&coarse[1], "landscape/loss");
    for row in 0..11 {
        for column in 0..11 {
            let (a, b) = (middle.values[row * 11 + column], fine.values[row * 3 * 31 + column * 3]);
            assert_eq!(a.to_bits(), b.to_bits(), "row {row}, column {column}");
        }
    }
    let alone = derived(&experiment, &path, "landscape", &[]);
    assert_eq!(picture(&alone, "landscape/loss").values, fine.values, "with coarse pictures or without");
}

#[test]
fn curvature_is_known_on_test_rows_and_beyond_the_first_eigenvalue() {
    let folder = tempfile::tempdir().unwrap();
    let (one, more) = (folder.path().join("one"), folder.path().join("more"));
    finished(tiny(&[]), &one);
    let experiment = tiny(&[("eigenvalues", "3"), ("hessian", "both")]);
    finished(experiment.clone(), &more);
    for name in ["log_lambda_max", "log_trace"] {
        assert_eq!(
            column(&one, name),
            column(&more, name),
            "{name}: asking for more changes no other number"
        );
    }
    let (stored, _) = store::read_run(CATALOGUE, &more).unwrap();
    let Data::Table(table) = &stored.record.get("table/networks").unwrap().data else { panic!("a table") };
    let table = table.last().unwrap().1;
    let further = table.columns.iter().position(|name| name == "further λ").unwrap();
    for row in &table.rows {
        let Cell::Text(values) = &row[further] else { panic!("words") };
        assert_eq!(values.split(", ").count(), 2, "two besides the largest: {values}");
    }
    let densities = derived(&experiment, &more, "spectrum", &[]);
    let ids: Vec<&str> = densities.iter().map(|channel| channel.id.as_str()).collect();
    assert_eq!(ids, ["spectrum/density/train", "spectrum/density/test"]);
    let bars = |rows: &str| {
        let turned = [("spectrum_rows", ControlValue::Word(rows.to_owned()))];
        let channels = derived(&experiment, &more, "eigenvalues", &turned);
        let Data::Bars(bars) = &channels[0].data else { panic!("bars") };
        bars.last().unwrap().1.series[0].1.clone()
    };
    assert_ne!(bars("train"), bars("test"));
}

#[test]
fn unsure_and_marked_cells_are_known_to_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let experiment = tiny(&[("seeds", "3")]);
    finished(experiment.clone(), &path);
    // Everything is hot and no curve finds anything better by so much.
    let stuck = [
        ("threshold_train_loss", ControlValue::Number(1e-4)),
        ("threshold_connectivity", ControlValue::Number(50.0)),
    ];
    let channels = derived(&experiment, &path, "diagram", &stuck);
    let grid = picture(&channels, "phase");
    assert_eq!(grid.marks, [1; 4], "all are stuck");
    assert_eq!(grid.mark_names, ["stuck", "diverged", "unknown"]);
    assert_eq!(grid.confidence, [1.0; 4], "and all pairs say so");
    let losses = picture(&channels, "confidence");
    assert_eq!(losses.values, grid.confidence);
    let single = folder.path().join("single");
    let experiment = tiny(&[("seeds", "1")]);
    let outcome = finished(experiment.clone(), &single);
    let Data::Grid(phases) = &outcome.record.get("phase").unwrap().data else { panic!("a grid") };
    assert_eq!(phases.last().unwrap().1.marks, [3; 4], "one network leaves the phase unknown");
    let hot = [("threshold_train_loss", ControlValue::Number(1e-4))];
    let channels = derived(&experiment, &single, "diagram", &hot);
    let grid = picture(&channels, "phase");
    let sides: Vec<&str> =
        grid.values.iter().map(|value| grid.categories[*value as usize].as_str()).collect();
    assert_eq!(sides, ["I or II"; 4], "but the votes tell the side");
    assert_eq!((grid.confidence.as_slice(), grid.marks.as_slice()), ([0.0; 4].as_slice(), [0; 4].as_slice()));
}
