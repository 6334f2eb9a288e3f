//! Safetensors files, good ones and broken ones.

use super::{bits, names, read, reason, refusal};
use crate::element::Element;
use crate::kit::{bytes_of, raw_safetensors, safetensors, sparse_safetensors, values};
use crate::open;

#[test]
fn tensors_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.bin");
    let (a, b) = (values(35, 1), values(4, 2));
    safetensors(
        &path,
        &[("z.weight", &[5, 7], &a), ("a.bias", &[4], &b), ("empty", &[0, 3], &[]), ("one", &[], &[2.5])],
    );
    let source = open(&path).unwrap();
    assert_eq!(source.format(), "safetensors");
    assert_eq!(names(&*source), ["z.weight", "a.bias", "empty", "one"]);
    assert_eq!(read(&*source, "z.weight"), a);
    assert_eq!(read(&*source, "a.bias"), b);
    assert!(read(&*source, "empty").is_empty());
    assert_eq!(read(&*source, "one"), [2.5]);
    assert_eq!(source.tensors()[0].matrix(), Some((5, 7)));
    assert!(source.said().is_empty(), "{:?}", source.said());
    assert_eq!(source.bytes_to_read(0), 0);
    assert!(source.stamps()[0].is_current());
}

#[test]
fn a_file_of_the_crate_of_the_format_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let bytes = bytes_of(&values(6, 3));
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::BF16, vec![2, 6], &bytes).unwrap();
    let eight = safetensors::tensor::TensorView::new(safetensors::Dtype::F8_E4M3, vec![24], &bytes).unwrap();
    safetensors::serialize_to_file([("x", view), ("y", eight)], None, &path).unwrap();
    let source = open(&path).unwrap();
    let of = |name: &str| source.tensors().iter().find(|tensor| tensor.name == name).unwrap().element;
    assert_eq!((of("x"), of("y")), (Element::Bf16, Element::F8E4M3));
    assert_eq!(read(&*source, "x").len(), 12);
    assert_eq!(read(&*source, "y").len(), 24);
}

#[test]
fn a_download_that_was_cut_off_opens_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.safetensors");
    let a = values(1000, 1);
    safetensors(&path, &[("first", &[1000], &a), ("second", &[1000], &a), ("third", &[1000], &a)]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5000]).unwrap();
    let source = open(&path).unwrap();
    assert_eq!(read(&*source, "first"), a);
    assert_eq!(reason(&*source, "second"), "its bytes end after the file does");
    assert!(source.said()[0].contains("ends after 7."), "{:?}", source.said());
    assert!(
        source.said()[0].contains("of 12.") && source.said()[0].contains("2 tensors are"),
        "{:?}",
        source.said()
    );
    std::fs::write(&path, &whole[..60]).unwrap();
    assert!(refusal(&path).contains("within its safetensors header"));
}

#[test]
fn what_an_entry_says_wrongly_is_named_and_the_rest_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    let header = r#"{"__metadata__":{"format":"pt"},
        "good":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "negative":{"dtype":"F32","shape":[-2],"data_offsets":[8,16]},
        "large":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[16,24]},
        "fractional":{"dtype":"F32","shape":[1.5],"data_offsets":[24,30]},
        "turned":{"dtype":"F32","shape":[2],"data_offsets":[38,30]},
        "short":{"dtype":"F32","shape":[2],"data_offsets":[40,44]},
        "four":{"dtype":"F4","shape":[8],"data_offsets":[44,48]},
        "complex":{"dtype":"C64","shape":[1],"data_offsets":[48,56]},
        "new":{"dtype":"F128","shape":[1],"data_offsets":[56,72]},
        "none":null,
        "far":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551600,18446744073709551608]},
        "\u001b[31m":{"dtype":"F32","shape":[2],"data_offsets":[72,80]}}"#;
    raw_safetensors(&path, header, &[0; 80]);
    let source = open(&path).unwrap();
    assert_eq!(source.tensors().len(), 12);
    assert_eq!(read(&*source, "good"), [0.0, 0.0]);
    assert_eq!(read(&*source, "\u{1b}[31m"), [0.0, 0.0]);
    for name in
        ["negative", "large", "fractional", "turned", "short", "four", "complex", "new", "none", "far"]
    {
        let reason = reason(&*source, name);
        assert!(!reason.is_empty());
    }
    assert!(reason(&*source, "new").contains("F128"));
    assert!(reason(&*source, "complex").contains("c64"));
    assert!(source.said().iter().all(|sentence| !sentence.contains('\u{1b}')));
}

#[test]
fn values_that_are_no_numbers_come_back_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    let odd =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::from_bits(1), f32::from_bits(0xffc0_1234)];
    safetensors(&path, &[("a", &[6], &odd)]);
    assert_eq!(bits(&read(&*open(&path).unwrap(), "a")), bits(&odd));
}

#[test]
fn overlaps_twins_and_gaps_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},
        "c":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"t":{"dtype":"F32","shape":[1],"data_offsets":[24,28]},
        "t":{"dtype":"F32","shape":[1],"data_offsets":[28,32]}}"#;
    raw_safetensors(&path, header, &[0; 40]);
    let source = open(&path).unwrap();
    assert!(reason(&*source, "a").contains("overlap") && reason(&*source, "b").contains("overlap"));
    assert!(reason(&*source, "t").contains("twice"));
    assert_eq!(read(&*source, "c"), [0.0, 0.0]);
    assert!(source.said()[0].contains("12 bytes of the file belong to no tensor"), "{:?}", source.said());
}

#[test]
fn headers_that_claim_too_much_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.safetensors");
    for claim in [1_u64 << 63, u64::MAX - 1, 1 << 40, 100_000_001] {
        let mut bytes = claim.to_le_bytes().to_vec();
        bytes.extend(b"{\"a\":{}}");
        std::fs::write(&path, bytes).unwrap();
        assert!(refusal(&path).contains("claim a safetensors header of"));
    }
    for header in ["{\"a\":", "{}{}", "{\"a\" 1}", "{\u{7f}"] {
        raw_safetensors(&path, header, b"");
        assert!(refusal(&path).contains("its header is broken"), "{header}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    raw_safetensors(&path, &format!("{{\"a\":{{\"shape\":{deep}}}}}"), b"");
    assert!(refusal(&path).contains("its header is broken"));
    raw_safetensors(&path, &format!("{{\"a\":{deep}}}"), b"");
    assert!(reason(&*open(&path).unwrap(), "a").contains("names no type"));
}

#[test]
fn a_hole_of_ten_gigabytes_opens_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.safetensors");
    sparse_safetensors(&path, 10, 16_384, 16_384);
    let (source, seconds) = super::opened_soon(&path);
    assert!(seconds < super::RUNAWAY_SECONDS, "{seconds} s");
    assert!(source.stamps()[0].bytes > 10_000_000_000);
    let mut row = Vec::new();
    source.read(9, 16_384 * 16_383, 16_384, &mut row).unwrap();
    assert_eq!(row, vec![0.0; 16_384]);
}

#[test]
fn a_hundred_thousand_tensors_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.safetensors");
    sparse_safetensors(&path, 100_000, 160, 160);
    let (source, seconds) = super::opened_soon(&path);
    assert!(seconds < super::RUNAWAY_SECONDS, "{seconds} s");
    assert_eq!(source.tensors().len(), 100_000);
    assert!(source.stamps()[0].bytes > 10_000_000_000);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.safetensors");
    safetensors(&path, &[("a", &[2], &[1.0, 2.0])]);
    let source = open(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend([0; 4]);
    std::fs::write(&path, bytes).unwrap();
    let error = source.read(0, 0, 2, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.starts_with("the file has changed since it was opened"), "{error}");
    assert!(!source.stamps()[0].is_current());
}
