//! Descriptions that cannot be true.

use serde_json::{Value, json};

use super::{folder, refusal, written};
use crate::recording::{Recording, is_recording};

/// The refusal of a sound recording whose description was changed so.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let (_kept, path) = folder();
    written(&path, 0..3);
    let description = path.join("recording.json");
    let mut value: Value = serde_json::from_slice(&std::fs::read(&description).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(&description, value.to_string()).unwrap();
    assert!(is_recording(&path) || value["format"] != "weightscope recording");
    refusal(Recording::open(&path), &description)
}

fn refused_tensor(key: &str, value: &Value) -> String {
    refused(|document| document["parts"][0]["tensors"][0][key] = value.clone())
}

#[test]
fn another_version_or_format_is_refused_with_its_name() {
    let text = refused(|document| document["version"] = json!(3));
    assert!(text.contains("of version 3, and this program reads versions 1 to 2"), "{text}");
    let text = refused(|document| {
        document["version"] = json!("two");
        document.as_object_mut().unwrap().remove("parts");
    });
    assert!(text.contains("of version \"two\""), "{text}");
    assert!(refused(|document| document["format"] = json!("weights")).contains("it is no recording"));
}

#[test]
fn figures_may_be_missing_in_version_2_and_of_whole_tensors_alone() {
    let without = |version: u64, keys: &[&str], places: &[usize]| {
        refused(|document| {
            document["version"] = json!(version);
            let tensor = document["parts"][0]["tensors"][1].as_object_mut().unwrap();
            keys.iter().for_each(|key| drop(tensor.remove(*key)));
            tensor.insert("places".to_owned(), json!(places));
        })
    };
    let all = ["max", "mean", "norm"];
    for (version, keys, places) in
        [(1, &all[..], &[0, 2][..]), (2, &all, &[0, 2]), (2, &all[..1], &[0, 2]), (2, &all[1..], &[0, 2])]
    {
        let text = without(version, keys, places);
        assert!(text.contains("`max`, `mean` and `norm` are not all there"), "{version} {keys:?}: {text}");
    }
}

#[test]
fn what_is_no_json_is_refused_and_still_known_as_ours_by_its_first_key() {
    let (_kept, path) = folder();
    written(&path, 0..3);
    let description = path.join("recording.json");
    let whole = std::fs::read(&description).unwrap();
    std::fs::write(&description, &whole[..whole.len() / 2]).unwrap();
    assert!(is_recording(&path));
    assert!(refusal(Recording::open(&path), &description).contains("does not read as the description"));
    for other in [
        "",
        "{}",
        "[1, 2]",
        "\u{0}\u{1}",
        "{\"format\": \"weightscope reco",
        "{\"name\": \"weightscope recording\"}",
    ] {
        std::fs::write(&description, other).unwrap();
        assert!(!is_recording(&path), "{other}");
        assert!(Recording::open(&path).is_err(), "{other}");
    }
    std::fs::write(&description, "{\"version\": 7, \"format\" : \"weightscope recording\"}").unwrap();
    assert!(is_recording(&path), "in any order of keys");
    std::fs::remove_file(&description).unwrap();
    std::fs::create_dir(&description).unwrap();
    assert!(!is_recording(&path));
    assert!(refusal(Recording::open(&path), &description).contains("this is a folder, not a file"));
}

#[test]
fn numbers_outside_the_frame_or_upon_each_other_are_refused() {
    for key in ["values", "max", "mean", "norm", "row_max", "row_mean"] {
        for place in [0, 3, 20, usize::MAX, usize::MAX - 1] {
            let text = refused_tensor(key, &json!(place));
            assert!(
                text.contains("numbers of the tensor 0.weight lie outside the frame"),
                "{key} {place}: {text}"
            );
        }
    }
    let text = refused_tensor("max", &json!(15));
    assert!(text.contains("numbers of the tensors 0.weight and 0.bias stand in the same place"), "{text}");
    assert!(refused_tensor("norm", &json!(9)).contains("stand in the same place"));
    assert!(refused_tensor("values", &json!(-4)).contains("does not read as the description"));
}

#[test]
fn places_and_rows_beyond_the_tensor_are_refused() {
    let text = refused_tensor("places", &json!([1, 5, 6, 12]));
    assert!(text.contains("the tensor 0.weight: a place lies beyond its 12 elements"), "{text}");
    assert!(refused_tensor("rows", &json!([1, 4])).contains("a row lies beyond its 4 rows"));
    assert!(refused_tensor("rows", &json!([1, 1])).contains("named twice"));
    assert!(refused_tensor("places", &json!([5, 1, 6, 5])).contains("named twice"));
    assert!(refused_tensor("shape", &json!([u64::MAX, 3])).contains("more elements than can be counted"));
    assert!(refused_tensor("shape", &json!([12])).contains("a row lies beyond its 0 rows"));
}

#[test]
fn absurd_lengths_of_frames_are_refused_before_anything_is_made_of_them() {
    for length in [json!(0), json!(12), json!(81), json!(u64::MAX), json!(1_u64 << 40)] {
        let text = refused(|document| document["parts"][0]["frame_bytes"] = length.clone());
        assert!(
            text.contains("frames of ") && text.contains(" bytes, where 16 to 67108864"),
            "{length}: {text}"
        );
    }
}

#[test]
fn names_files_sessions_and_ids_that_cannot_be_are_refused() {
    let text = refused_tensor("name", &json!("0.bias"));
    assert!(text.contains("two tensors have the name 0.bias"), "{text}");
    for file in ["../traces.f32", "/etc/passwd", "", ".hidden", "a\\b", "c:traces", "a\u{202e}b"] {
        let text = refused(|document| document["parts"][0]["file"] = json!(file));
        assert!(text.contains("no plain name of a file"), "{file}: {text}");
    }
    let text = refused(|document| {
        let part = document["parts"][0].clone();
        document["parts"].as_array_mut().unwrap().push(part);
    });
    assert!(text.contains("two parts have the file traces.f32"), "{text}");
    for id in ["", "9f31c2a", "9f31c2aag", "+f31c2aa", "9f31c2aaa"] {
        assert!(
            refused(|document| document["id"] = json!(id)).contains("not eight hexadecimal digits"),
            "{id}"
        );
    }
    assert!(
        refused(|document| document["sessions"][0]["part"] = json!(1))
            .contains("writes part 1, which is not there")
    );
    let text = refused(|document| {
        let mut session = document["sessions"][0].clone();
        document["sessions"][0]["frame"] = json!(2);
        session["frame"] = json!(1);
        document["sessions"].as_array_mut().unwrap().push(session);
    });
    assert!(text.contains("session 1 begins before an earlier one"), "{text}");
    assert!(refused_tensor("dtype", &Value::Null).contains("does not read as the description"));
}

#[test]
fn keys_that_are_not_known_are_left_aside() {
    let (_kept, path) = folder();
    written(&path, 0..3);
    let description = path.join("recording.json");
    let text = std::fs::read_to_string(&description).unwrap();
    let text = text
        .replacen('{', "{\"note\": [1, {\"a\": null}], ", 1)
        .replace("\"max\":", "\"median\":99999,\"max\":");
    std::fs::write(&description, text).unwrap();
    assert!(is_recording(&path));
    assert_eq!(Recording::open(&path).unwrap().frames(), 3);
}

#[test]
fn a_description_that_denies_what_was_there_is_refused_while_watched() {
    for (from, to) in [("[1,5,6,11]", "[1,5,6,10]"), ("\"frame\":3", "\"frame\":2"), ("0.bias", "0.b")] {
        let (_kept, path) = folder();
        let mut writer = written(&path, 0..3);
        writer.restart(&super::two(), &super::start(5.0)).unwrap();
        let mut recording = Recording::open(&path).unwrap();
        let description = path.join("recording.json");
        let text = std::fs::read_to_string(&description).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&description, text.replace(from, to)).unwrap();
        let refused = refusal(recording.refresh(), &description);
        assert!(refused.contains("other tensors or sessions than it did"), "{refused}");
        assert_eq!(recording.frames(), 3);
    }
}
