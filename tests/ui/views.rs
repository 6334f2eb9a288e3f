//! Views in the window, through the accessibility tree: curves that select their run, channels as views, graphs, shared colours.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::record::{Channel, Data, Graph, Grid, Record, Timeline};
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, click_at, until, workbench};
use weightscope_window::figure::provenance;
use weightscope_window::window::App;

/// Short runs of two arms.
fn two_runs(folder: &Path) {
    for (name, arm) in [("a", "oscillation/mlp-lsq"), ("b", "oscillation/mlp-statsq")] {
        finished(preset(arm, &SHORT), &folder.join(name));
    }
}

/// A record without a run: a graph, two grids of one quantity, and a loss.
fn pictures() -> Record {
    let mut record = Record::default();
    let graph = Graph {
        nodes: vec![("in".to_owned(), 0.0, 0.0), ("out".to_owned(), 1.0, 0.5)],
        edges: vec![(0, 1, 0.75)],
        ..Graph::default()
    };
    record.insert(Channel::new(
        "cell",
        "cell",
        "",
        "The edges of a cell.",
        Data::Graph(Timeline::one(graph)),
    ));
    for (id, top) in [("heat/a", 2.0), ("heat/b", 10.0)] {
        let names = || vec!["0".to_owned(), "1".to_owned()];
        let values = vec![0.0, 1.0, top / 2.0, top];
        let grid = Grid { rows: names(), columns: names(), values, ..Grid::default() };
        record.insert(Channel::new(id, "heat", "K", "Measured.", Data::Grid(Timeline::one(grid))));
    }
    let series = [(0.0, 3.0), (50.0, 2.0), (100.0, 1.0)].into_iter().collect();
    record.insert(Channel::new("loss/extra", "extra", "nat", "A loss.", Data::Scalar(series)));
    record
}

/// The window with that record.
fn with_pictures(folder: &Path) -> Harness<'static, App> {
    let mut harness = workbench(folder);
    harness.step();
    harness.state_mut().show_record(&preset("oscillation/mlp-lsq", &SHORT), pictures());
    harness.run_steps(3);
    harness
}

/// Adds a channel by keyboard.
fn add(harness: &mut Harness<'_, App>, words: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::T);
    harness.run_steps(3);
    harness.event(egui::Event::Text(words.to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
}

#[test]
fn a_click_on_a_curve_points_at_its_run_and_elsewhere_at_nothing() {
    let folder = tempfile::tempdir().unwrap();
    two_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    click(&mut harness, "Open b");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    click(&mut harness, "Tick a");
    until(&mut harness, "it is read", |app| app.overlaid_runs().len() == 1);
    harness.key_press(Key::Num4);
    harness.key_press(Key::M);
    harness.run_steps(4);
    let rect = harness.get_by_label_contains("Accuracy: accuracy over step").rect();
    // Down a line across the curves: far above all of them nothing is hit, somewhere the run beside is.
    let mut seen = Vec::new();
    let mut y = rect.top() + 4.0;
    while y < rect.bottom() - 30.0 {
        click_at(&mut harness, Pos2::new(rect.left() + rect.width() * 0.8, y));
        seen.push(harness.state().selected_run().map(str::to_owned));
        if harness.state().selected_run() == Some("a") {
            break;
        }
        y += 4.0;
    }
    assert_eq!(seen.first(), Some(&None), "far from all curves");
    assert_eq!(seen.last(), Some(&Some("a".to_owned())), "the curve of the other run: {seen:?}");
    harness.key_press(Key::M);
    harness.run_steps(3);
    assert!(harness.state().folder().is_some_and(|path| path.ends_with("b")), "the other one stays in view");
    click(&mut harness, "Open a");
    until(&mut harness, "it is shown from its line, which is in sight", |app| {
        app.folder().is_some_and(|path| path.ends_with("a"))
    });
}

#[test]
fn a_channel_becomes_a_view_by_keyboard_and_closing_it_can_be_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = with_pictures(folder.path());
    add(&mut harness, "extra");
    assert_eq!(harness.state().own_views(), ["channels:loss/extra"], "made");
    assert_eq!(harness.state().focused_view(), "channels:loss/extra", "and focused");
    assert!(
        harness.query_by_label_contains("loss, extra: loss, extra [nat] over step").is_some(),
        "drawn as lines"
    );
    // An undo point is taken when the state has rested.
    harness.run_steps(8);
    click(&mut harness, "Close loss, extra");
    assert!(harness.state().own_views().is_empty(), "gone");
    harness.run_steps(8);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(4);
    assert!(harness.query_by_label("Close loss, extra").is_some(), "and back");
}

#[test]
fn ticked_channels_share_a_tile_if_they_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = with_pictures(folder.path());
    click(&mut harness, "View");
    harness.get_by_label_contains("Add view… ").click();
    harness.run_steps(4);
    for id in ["heat/a", "heat/b"] {
        harness.get_by_role_and_label(Role::CheckBox, id).click();
        harness.run_steps(2);
    }
    click(&mut harness, "Add in one tile");
    assert_eq!(harness.state().own_views(), ["channels:heat/a,heat/b"], "one tile");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::T);
    harness.run_steps(3);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Channels").is_none(), "Escape closes the chooser");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::T);
    harness.run_steps(3);
    for id in ["heat/a", "cell"] {
        harness.get_by_role_and_label(Role::CheckBox, id).click();
        harness.run_steps(2);
    }
    assert!(harness.query_by_label("Add in one tile").is_none(), "a grid and a graph cannot");
    click(&mut harness, "Add one tile each");
    assert_eq!(harness.state().own_views().len(), 3, "two more");
}

#[test]
fn a_view_of_channels_is_exported_and_its_figure_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    two_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    click(&mut harness, "Open b");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    add(&mut harness, "loss/train");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(3);
    click(&mut harness, "Export");
    let figure = folder.path().join("b/figures/channels-loss-train.pdf");
    until(&mut harness, "the figure is written", |_| figure.is_file());
    let origin = provenance::read(&std::fs::read(&figure).unwrap()).unwrap();
    assert_eq!(origin.view, "channels:loss/train", "what it shows");
    // The layout of the session has it too.
    let session = folder.path().join("session.json");
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session).is_ok_and(|text| text.contains("channels:loss/train"))
    });
    drop(harness);
    std::fs::remove_file(&session).unwrap();
    let mut fresh = workbench(folder.path());
    fresh.step();
    fresh.key_press_modifiers(Modifiers::COMMAND, Key::O);
    fresh.run_steps(3);
    fresh.event(egui::Event::Text(figure.display().to_string()));
    fresh.run_steps(2);
    fresh.get_by_label("Open file").click();
    until(&mut fresh, "run and view are back", |app| app.own_views() == ["channels:loss/train"]);
}

#[test]
fn a_graph_is_drawn_and_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = with_pictures(folder.path());
    add(&mut harness, "cell");
    let node = harness.get_by_label_contains("cell: graph of 2 nodes and 1 edge");
    assert!(
        node.accesskit_node().label().is_some_and(|text| text.contains("in to out: 0.75")),
        "weights too"
    );
    let rect = node.rect();
    // Nodes lie against the edges of the tile; the pointer on the first one names it with its edges.
    harness.hover_at(Pos2::new(rect.left() + 18.0, rect.top() + 20.0));
    harness.run_steps(8);
    let hints = harness.query_all_by_label_contains("in to out: 0.75").count();
    assert!(hints > 1, "a hint beside the summary");
}

#[test]
fn an_overlaid_figure_names_all_its_runs_and_ticks_them_again() {
    let folder = tempfile::tempdir().unwrap();
    two_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    click(&mut harness, "Open b");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    click(&mut harness, "Tick a");
    until(&mut harness, "it is read", |app| app.overlaid_runs().len() == 1);
    harness.run_steps(3);
    let both = harness.query_all_by_label_contains("Latent weights").filter(|node| {
        node.accesskit_node().label().is_some_and(|text| text.contains("weight quantizer lsq"))
    });
    assert!(both.count() > 0, "a ridge draws the other run too");
    let alone = harness.query_all_by_label_contains("views of this kind draw one run");
    assert!(alone.count() > 0, "others say so");
    // The third tile is the ridge of latent weights.
    // A narrow tile keeps its title and has its buttons in a menu.
    click(&mut harness, "More of Latent weights");
    harness.get_by_label("Export Latent weights").click();
    harness.run_steps(4);
    click(&mut harness, "Export");
    let figure = folder.path().join("b/figures/latent_histogram.pdf");
    until(&mut harness, "the figure is written", |_| figure.is_file());
    let origin = provenance::read(&std::fs::read(&figure).unwrap()).unwrap();
    assert_eq!(origin.run_ids, ["b", "a"], "all that it draws, the shown one first");
    drop(harness);
    std::fs::remove_file(folder.path().join("session.json")).ok();
    let mut fresh = workbench(folder.path());
    fresh.step();
    fresh.key_press_modifiers(Modifiers::COMMAND, Key::O);
    fresh.run_steps(3);
    fresh.event(egui::Event::Text(figure.display().to_string()));
    fresh.run_steps(2);
    fresh.get_by_label("Open file").click();
    until(&mut fresh, "both are back", |app| {
        app.folder().is_some_and(|path| path.ends_with("b")) && app.overlaid_runs().len() == 1
    });
}

#[test]
fn tiles_of_one_quantity_share_their_colours_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = with_pictures(folder.path());
    add(&mut harness, "heat/a");
    assert!(harness.query_by_label("Share limits of heat [K]").is_none(), "nobody to share with");
    add(&mut harness, "heat/b");
    harness.run_steps(3);
    let keys = |harness: &Harness<'_, App>, limits: &str| {
        let words = format!("Colours of heat [K], {limits}; drag");
        harness.query_all_by_label_contains(&words).count()
    };
    assert_eq!((keys(&harness, "0 to 2.00"), keys(&harness, "0 to 10.0")), (1, 1), "each its own");
    harness.query_all_by_label("Share limits of heat [K]").next().unwrap().click();
    harness.run_steps(4);
    assert_eq!(keys(&harness, "0 to 10.0"), 2, "both hold all data");
    // The upper end of the first key is dragged up: both follow.
    let words = "Colours of heat [K], 0 to 10.0; drag";
    let rect = harness.query_all_by_label_contains(words).next().unwrap().rect();
    let top = Pos2::new(rect.left() + 10.0, rect.top() + 18.0);
    harness.hover_at(top);
    harness.step();
    harness.drag_at(top);
    harness.step();
    harness.hover_at(top - egui::vec2(0.0, 20.0));
    harness.run_steps(2);
    harness.drop_at(top - egui::vec2(0.0, 20.0));
    harness.run_steps(3);
    assert_eq!(keys(&harness, "0 to 10.0"), 0, "the drag changed both");
    let first = harness.query_all_by_label_contains("Colours of heat [K], 0 to").next().unwrap();
    let changed = first.accesskit_node().label().unwrap();
    assert_eq!(harness.query_all_by_label(&changed).count(), 2, "alike: {changed}");
    harness.query_all_by_label("Share limits of heat [K]").next().unwrap().click();
    harness.run_steps(4);
    assert_eq!((keys(&harness, "0 to 2.00"), keys(&harness, "0 to 10.0")), (1, 1), "each its own again");
}
