//! NumPy arrays and archives, in both byte orders and both orders of axes, stored and deflated.

use super::{names, read, reason, refusal};
use crate::element::Element;
use crate::kit::{Zip, archive, bytes_of, npy, values};
use crate::open;

#[test]
fn arrays_of_both_orders_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weight.npy");
    let rows: Vec<f32> = values(24, 1);
    // The same array of 2 × 3 × 4 with its first axis running fastest.
    let columns: Vec<f32> = (0..24).map(|n| rows[(n % 2) * 12 + (n / 2 % 3) * 4 + n / 6]).collect();
    let big: Vec<u8> = rows.iter().flat_map(|value| value.to_be_bytes()).collect();
    let double: Vec<u8> = columns.iter().flat_map(|value| f64::from(*value).to_be_bytes()).collect();
    for (descr, is_column_major, bytes) in [
        ("<f4", false, bytes_of(&rows)),
        ("<f4", true, bytes_of(&columns)),
        (">f4", false, big),
        (">f8", true, double),
    ] {
        std::fs::write(&path, npy(descr, is_column_major, &[2, 3, 4], &bytes)).unwrap();
        let source = open(&path).unwrap();
        assert_eq!(source.format(), "NumPy array");
        assert_eq!(read(&*source, "weight"), rows, "{descr} {is_column_major}");
        assert_eq!(source.tensors()[0].shape, [2, 3, 4]);
    }
}

#[test]
fn whole_numbers_truth_values_and_halves_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for (descr, bytes, expected) in [
        ("<f2", vec![0x00, 0x3c, 0x00, 0xc0], vec![1.0, -2.0]),
        (">i2", vec![0x00, 0x01, 0xff, 0xff], vec![1.0, -1.0]),
        ("|u1", vec![7, 255], vec![7.0, 255.0]),
        ("|b1", vec![1, 0], vec![1.0, 0.0]),
        ("<i8", [3_i64.to_le_bytes(), (-4_i64).to_le_bytes()].concat(), vec![3.0, -4.0]),
    ] {
        std::fs::write(&path, npy(descr, false, &[2], &bytes)).unwrap();
        assert_eq!(read(&*open(&path).unwrap(), "x"), expected, "{descr}");
    }
}

#[test]
fn archives_are_read_stored_and_deflated() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (values(600, 1), values(50_000, 2));
    let turned: Vec<f32> = (0..600).map(|n| a[(n % 20) * 30 + n / 20]).collect();
    let members = [
        ("layer.0.weight.npy", npy("<f4", true, &[20, 30], &bytes_of(&turned))),
        ("layer.0.bias.npy", npy("<f4", false, &[50_000], &bytes_of(&b))),
        ("readme.txt", b"hello".to_vec()),
        ("objects.npy", npy("|O", false, &[1], b"\x80\x04]\x94.")),
    ];
    for is_deflated in [false, true] {
        let path = folder.path().join(format!("weights-{is_deflated}.npz"));
        archive(&path, &members, is_deflated);
        let source = open(&path).unwrap();
        assert_eq!(source.format(), "NumPy archive");
        assert_eq!(names(&*source), ["layer.0.weight", "layer.0.bias", "objects"]);
        assert_eq!(read(&*source, "layer.0.weight"), a);
        assert_eq!(read(&*source, "layer.0.bias"), b);
        assert!(reason(&*source, "objects").contains("|O"));
        assert!(source.said()[0].contains("readme.txt"), "{:?}", source.said());
        // Going back begins the packed bytes anew.
        let mut piece = Vec::new();
        source.read(1, 40_000, 10, &mut piece).unwrap();
        assert_eq!(piece, b[40_000..40_010]);
        source.read(1, 3, 10, &mut piece).unwrap();
        assert_eq!(piece, b[3..13]);
    }
}

#[test]
fn cut_off_and_lying_arrays_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let bytes = npy("<f4", false, &[1000, 1000], &bytes_of(&values(10, 1)));
    std::fs::write(&path, &bytes).unwrap();
    assert!(reason(&*open(&path).unwrap(), "x").contains("its values end after 40 bytes of 4.00 MB"));
    std::fs::write(&path, &bytes[..40]).unwrap();
    assert!(refusal(&path).contains("it ends within its header"));

    let path = folder.path().join("x.npz");
    let mut zip = Zip::create(&path);
    zip.lying("bomb.npy", &npy("<f4", false, &[1 << 30], &[0; 4000]), (1 << 32) + 128);
    zip.stored("good.npy", &npy("<f4", false, &[2], &bytes_of(&[1.0, 2.0])));
    zip.finish();
    let source = open(&path).unwrap();
    assert_eq!(read(&*source, "good"), [1.0, 2.0]);
    let error = source.read(0, 1 << 29, 10, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("damaged or end too early"), "{error}");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 30]).unwrap();
    assert!(refusal(&path).contains("without the directory that a zip archive closes with"));
}

#[test]
fn complex_numbers_are_named_by_their_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    std::fs::write(&path, npy("<c8", false, &[2], &[0; 16])).unwrap();
    let source = open(&path).unwrap();
    assert_eq!(source.tensors()[0].element, Element::C64);
    assert!(reason(&*source, "x").contains("c64"));
}
