//! Views across runs, from folders of runs with written scores.

use super::*;
use weightscope_frame::lab::Peer;
use weightscope_frame::record::{Cell, Channel, Data, Ranks, Record, Table};

/// A peer with the scores of three methods, as its run would have written them.
fn peer(folder: &Path, name: &str, (dataset, split): (&str, &str), wis: [f64; 3]) -> Peer {
    let path = folder.join(name);
    std::fs::create_dir_all(&path).unwrap();
    let mut lines = vec!["method,stage,wis,pinball".to_owned()];
    for (method, wis) in ["a", "b", "average"].iter().zip(wis) {
        lines.push(format!("{method},raw,9,9"));
        lines.push(format!("{method},sorted,{wis},{}", wis / 2.0));
    }
    std::fs::write(path.join("scores.csv"), lines.join("\n")).unwrap();
    let config = Config { dataset: dataset.to_owned(), split: split.to_owned(), ..small() };
    Peer { id: name.to_owned(), name: name.to_owned(), folder: path, experiment: experiment(config, 1) }
}

fn shown(wis: [f64; 3]) -> Record {
    let mut record = Record::default();
    let row = |(method, wis): (&&str, f64)| {
        vec![Cell::Text((*method).to_owned()), Cell::Text("sorted".to_owned()), Cell::Number(wis)]
    };
    let rows = ["a", "b", "average"].iter().zip(wis).map(row).collect();
    let columns = ["method", "stage", "wis"].map(str::to_owned).to_vec();
    let table = Table { columns, rows };
    let data = Data::Table(weightscope_frame::record::Timeline::one(table));
    record.insert(Channel::new("scores", "", "", "", data));
    record
}

fn derived(view: &str, record: &Record, peers: &[Peer]) -> Channel {
    let mut controls = Controls::default();
    controls.set("stage", weightscope_frame::record::ControlValue::Word("sort".to_owned()));
    let control = Control::default();
    let job = Derive { peers, ..Derive::new(view, record, &controls, &control) };
    Method::of(crate::OWN, small()).derive(&job).unwrap().remove(0)
}

fn ranks(record: &Record, peers: &[Peer]) -> Ranks {
    match derived("ranks", record, peers).data {
        Data::Ranks(timeline) => timeline.last().unwrap().1.clone(),
        _ => panic!("kind changed"),
    }
}

fn table(view: &str, record: &Record, peers: &[Peer]) -> Vec<Vec<Cell>> {
    match derived(view, record, peers).data {
        Data::Table(timeline) => timeline.last().unwrap().1.rows.clone(),
        _ => panic!("kind changed"),
    }
}

#[test]
fn ranks_need_five_data_sets_and_then_say_which_differ() {
    let folder = tempfile::tempdir().unwrap();
    let record = shown([1.0, 2.0, 3.0]);
    let mut peers: Vec<Peer> = ["diabetes", "synth1", "synth5"]
        .iter()
        .map(|set| peer(folder.path(), set, (set, "1"), [1.0, 2.0, 3.0]))
        .collect();
    let few = ranks(&record, &peers);
    assert!(few.headline.contains("4 of 5 data sets") && few.headline.contains("1 more"), "{}", few.headline);
    assert!(few.critical.is_none() && few.groups.is_empty());
    for number in 0..6 {
        let name = format!("own{number}");
        peers.push(peer(folder.path(), &name, (&name, "1"), [1.0, 2.0, 3.0]));
    }
    // Another split of a set is averaged into it: ranks of ten sets, all alike.
    peers.push(peer(folder.path(), "again", ("synth1", "2"), [1.0, 2.2, 2.9]));
    let found = ranks(&record, &peers);
    assert_eq!(
        found.methods.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["a", "b", "Average"]
    );
    assert_eq!(found.methods[0].1, 1.0);
    assert!(found.headline.contains("10 data sets"), "{}", found.headline);
    let critical = 2.344 * (3.0 * 4.0 / 60.0_f64).sqrt();
    assert!((found.critical.unwrap() - critical).abs() < 1e-12);
    assert_eq!(found.groups, [(1.0, 2.0), (2.0, 3.0)], "neighbours do not differ, the ends do");
}

#[test]
fn methods_that_do_not_differ_are_under_one_bar() {
    let folder = tempfile::tempdir().unwrap();
    let scores = [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 3.0, 1.0], [1.0, 3.0, 2.0]];
    let peers: Vec<Peer> = scores
        .iter()
        .enumerate()
        .map(|(number, wis)| {
            let name = format!("set{number}");
            peer(folder.path(), &name, (&name, "1"), *wis)
        })
        .collect();
    let found = ranks(&shown([3.0, 1.0, 2.0]), &peers);
    assert!(found.headline.contains(": none differs"), "{}", found.headline);
    assert_eq!(found.groups.len(), 1);
}

#[test]
fn differences_are_paired_over_splits_and_other_runs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let record = shown([1.0, 2.0, 1.5]);
    let alone = table("paired", &record, &[]);
    assert!(format!("{:?}", alone[0][7]).contains("another split"), "{alone:?}");
    let mut peers: Vec<Peer> = (2..6)
        .map(|split: u32| {
            let (split, drift) = (split.to_string(), f64::from(split));
            let wis = [drift, drift + 1.0, drift + 0.4];
            peer(folder.path(), &format!("run{split}"), ("engel", &split), wis)
        })
        .collect();
    let rows = table("paired", &record, &peers);
    let Cell::Number(mean) = rows[0][3] else { panic!("no number") };
    assert_eq!(rows[0][0], Cell::Text("a".to_owned()));
    assert_eq!(rows[0][1], Cell::Number(5.0));
    assert!((mean + 0.42).abs() < 1e-9, "the drift of splits cancels: {mean}");
    assert_eq!(rows[0][7], Cell::Text("better".to_owned()));
    assert_eq!(rows[2][7], Cell::Text("worse".to_owned()));
    std::fs::remove_file(peers[0].folder.join("scores.csv")).unwrap();
    let mut other = peer(folder.path(), "grid", ("engel", "9"), [1.0; 3]);
    other.experiment = experiment(Config { levels: vec![19.0], ..small() }, 1);
    peers.push(other);
    let mut changed = peer(folder.path(), "penalty", ("engel", "8"), [1.0; 3]);
    changed.experiment = experiment(Config { crossing_penalty: 3.0, split: "8".to_owned(), ..small() }, 1);
    peers.push(changed);
    let notes = format!("{:?}", table("compared_runs", &record, &peers));
    for words in ["no scores.csv", "other levels", "differs from this run in crossing_penalty"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}
