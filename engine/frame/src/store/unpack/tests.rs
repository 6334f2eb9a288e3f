//! Packs that come back as they were, and packs that nobody should open.

use std::io::Cursor;

use weightscope_data::Read as Source;
use zip::write::SimpleFileOptions;

use super::super::folder::write_manifest;
use super::super::manifest::Status;
use super::super::pack::{DataMember, data_files, pack};
use super::*;

fn run(path: &Path) -> Manifest {
    fs::create_dir_all(path.join("snapshots")).unwrap();
    let data = path.parent().unwrap().join("table.csv");
    fs::write(&data, "a,b\n1,2\n").unwrap();
    let place = data.display().to_string();
    let manifest = Manifest {
        id: "run-7".to_owned(),
        status: Status::Done,
        config_hash: "abc".to_owned(),
        started: "2026-11-28T10:00:00Z".to_owned(),
        data: vec![Source { place, bytes: Some(8), hash: "h".to_owned(), ..Source::default() }],
        ..Manifest::default()
    };
    write_manifest(path, &manifest).unwrap();
    fs::write(path.join("metrics.csv"), "step,value\n".repeat(1000)).unwrap();
    fs::write(path.join("snapshots/step-000000001.safetensors"), [7; 3000]).unwrap();
    for left in [".lock", "log.txt.tmp"] {
        fs::write(path.join(left), "").unwrap();
    }
    manifest
}

fn packed(folder: &Path) -> PathBuf {
    let (run_folder, out) = (folder.join("here/run-7"), folder.join("one.weightscope"));
    run(&run_folder);
    pack(&run_folder, &out, &[]).unwrap();
    out
}

/// What a root holds, hidden folders of half a run included.
fn held(root: &Path) -> usize {
    fs::read_dir(root).map_or(0, Iterator::count)
}

fn refused(file: &Path, root: &Path, words: &str) {
    let error = unpack(file, root).unwrap_err().to_string();
    assert!(error.contains(words), "{words}: {error}");
    assert!(error.ends_with(&file.display().to_string()), "the path comes last: {error}");
    assert_eq!(held(root), 0, "nothing is left behind");
}

#[test]
fn a_run_comes_back_as_it_was_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = packed(folder.path());
    let again = pack(&folder.path().join("here/run-7"), &out, &[]).unwrap_err().to_string();
    assert!(again.contains("there already"), "no file is replaced: {again}");
    let root = folder.path().join("there");
    let Unpacked::New { path, data } = unpack(&out, &root).unwrap() else { panic!("it was here") };
    assert_eq!((path.clone(), data), (root.join("run-7"), Vec::new()));
    for name in ["manifest.json", "metrics.csv", "snapshots/step-000000001.safetensors"] {
        let before = fs::read(folder.path().join("here/run-7").join(name)).unwrap();
        assert_eq!(fs::read(path.join(name)).unwrap(), before, "{name}");
    }
    assert!(!path.join(".lock").exists() && !path.join("log.txt.tmp").exists(), "what is of no run stays");
    assert_eq!(unpack(&out, &root).unwrap(), Unpacked::Here(path), "the same run is shown, not copied");
    assert_eq!(held(&root), 1);
}

#[test]
fn another_run_of_that_name_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = packed(folder.path());
    let root = folder.path().join("there");
    fs::create_dir_all(root.join("run-7")).unwrap();
    fs::write(root.join("run-7/manifest.json"), "{\"id\": \"other\"}").unwrap();
    let Unpacked::New { path, .. } = unpack(&out, &root).unwrap() else { panic!("it was here") };
    assert_eq!(path, root.join("run-7-2"));
    assert_eq!(fs::read_to_string(root.join("run-7/manifest.json")).unwrap(), "{\"id\": \"other\"}");
}

#[test]
fn data_come_along_when_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join("here/run-7");
    let manifest = run(&run_folder);
    let files = data_files(&manifest);
    assert_eq!(files.iter().map(|file| file.bytes).collect::<Vec<_>>(), [8], "the table");
    let out = folder.path().join("with.weightscope");
    pack(&run_folder, &out, &files).unwrap();
    let Unpacked::New { path, data } = unpack(&out, &folder.path().join("there")).unwrap() else {
        panic!("it was here")
    };
    let [(place, at)] = data.as_slice() else { panic!("{data:?}") };
    assert_eq!(place, &manifest.data[0].place);
    assert!(at.starts_with(&path), "beside the run: {}", at.display());
    assert_eq!(fs::read_to_string(at).unwrap(), "a,b\n1,2\n");
    // Handed on without its data, the run leaves them behind.
    let second = folder.path().join("second.weightscope");
    pack(&path, &second, &[]).unwrap();
    let Unpacked::New { path, .. } = unpack(&second, &folder.path().join("third")).unwrap() else {
        panic!("it was here")
    };
    assert!(!path.join("data").exists());
}

#[test]
fn a_cut_off_and_a_tampered_pack_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = packed(folder.path());
    let whole = fs::read(&out).unwrap();
    let root = folder.path().join("there");
    for (part, words) in [(whole.len() / 2, "part of one"), (whole.len() - 1, "part of one"), (0, "no pack")]
    {
        let cut = folder.path().join("cut.weightscope");
        fs::write(&cut, &whole[..part]).unwrap();
        refused(&cut, &root, words);
    }
    // The checkpoint is stored as it is, so one of its bytes can be found and turned.
    let mut turned = whole;
    let at = turned.windows(100).position(|bytes| bytes == [7; 100]).unwrap();
    turned[at + 50] = 8;
    let bad = folder.path().join("bad.weightscope");
    fs::write(&bad, &turned).unwrap();
    refused(&bad, &root, "step-000000001.safetensors");
}

/// A pack with a list and members of one's own making.
fn made(folder: &Path, list: &List, members: &[(&str, &[u8])]) -> PathBuf {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, bytes) in members {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.start_file(LIST, options).unwrap();
    archive.write_all(&serde_json::to_vec(list).unwrap()).unwrap();
    let file = folder.join("made.weightscope");
    fs::write(&file, archive.finish().unwrap().into_inner()).unwrap();
    file
}

fn list(members: &[(&str, u64, &[u8])]) -> List {
    let of = |(name, bytes, content): &(&str, u64, &[u8])| Member {
        name: (*name).to_owned(),
        bytes: *bytes,
        blake3: blake3::hash(content).to_hex().to_string(),
    };
    List {
        format: FORMAT.to_owned(),
        layout: LAYOUT,
        folder: "run-7".to_owned(),
        members: members.iter().map(of).collect(),
        ..List::default()
    }
}

#[test]
fn hostile_names_and_lengths_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("there");
    for name in
        ["run/../../evil", "/etc/evil", "run//evil", "evil", "run/..\\evil", "run/c:evil", "run/", "run/a\nb"]
    {
        let file = made(folder.path(), &list(&[(name, 1, b"x")]), &[(name, b"x")]);
        refused(&file, &root, "leads elsewhere");
    }
    let both: [(&str, u64, &[u8]); 2] = [("run/a", 1, b"x"), ("run/A", 1, b"x")];
    refused(&made(folder.path(), &list(&both), &[("run/a", b"x"), ("run/A", b"x")]), &root, "one name");
    let file = made(folder.path(), &list(&[("run/a", 1, b"x")]), &[("run/a", b"x"), ("run/b", b"x")]);
    refused(&file, &root, "other members");
    let file = made(folder.path(), &list(&[("run/a", 1, b"x")]), &[("run/a", b"xx")]);
    refused(&file, &root, "longer than it says");
    let file = made(folder.path(), &list(&[("run/a", 1 << 40, b"x")]), &[("run/a", b"x")]);
    refused(&file, &root, "more than it can");
    for folder_name in ["..", "", ".hidden", "a/b"] {
        let list = List { folder: folder_name.to_owned(), ..list(&[("run/a", 1, b"x")]) };
        refused(&made(folder.path(), &list, &[("run/a", b"x")]), &root, "unfit name");
    }
    let newer = List { layout: LAYOUT + 1, ..list(&[("run/a", 1, b"x")]) };
    refused(&made(folder.path(), &newer, &[("run/a", b"x")]), &root, "newer version");
    let lost = DataMember { place: "t.csv".to_owned(), member: "data/0/t.csv".to_owned() };
    let list = List { data: vec![lost], ..list(&[("run/a", 1, b"x")]) };
    refused(&made(folder.path(), &list, &[("run/a", b"x")]), &root, "does not hold");
    assert!(!folder.path().join("evil").exists(), "nothing was written beside it");
}

#[test]
fn a_link_is_no_member() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_symlink("run/a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    archive.start_file(LIST, SimpleFileOptions::default()).unwrap();
    archive.write_all(&serde_json::to_vec(&list(&[("run/a", 11, b"/etc/passwd")])).unwrap()).unwrap();
    let file = folder.path().join("link.weightscope");
    fs::write(&file, archive.finish().unwrap().into_inner()).unwrap();
    refused(&file, &folder.path().join("there"), "link");
}
