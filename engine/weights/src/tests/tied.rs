//! Tensors of equal contents under several names, in formats that do not tell of ties.

use std::cell::Cell;

use crate::kit::{archive, bytes_of, npy, safetensors, values};
use crate::{WeightsError, open, tied};

#[test]
fn equal_tensors_of_a_safetensors_file_are_tied_and_only_those() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let weights = values(400_000, 1);
    let mut last = weights.clone();
    last[399_999] += 1e-3;
    let other = values(400_000, 2);
    let (zeros, ones, few) = (vec![0.0; 2000], vec![1.0; 2000], values(999, 3));
    let mut signs = zeros.clone();
    signs.iter_mut().step_by(2).for_each(|zero| *zero = -0.0);
    let mut broken = values(2000, 4);
    broken[7] = f32::NAN;
    safetensors(
        &path,
        &[
            ("embedding", &[1000, 400], &weights),
            ("other", &[1000, 400], &other),
            ("last", &[1000, 400], &last),
            ("turned", &[400, 1000], &weights),
            ("head", &[1000, 400], &weights),
            ("again", &[1000, 400], &weights),
            ("zeros.0", &[2000], &zeros),
            ("zeros.1", &[2000], &zeros),
            ("signs.0", &[2000], &signs),
            ("signs.1", &[2000], &signs),
            ("ones.0", &[2000], &ones),
            ("ones.1", &[2000], &ones),
            ("few.0", &[999], &few),
            ("few.1", &[999], &few),
            ("broken.0", &[2000], &broken),
            ("broken.1", &[2000], &broken),
        ],
    );
    let source = open(&path).unwrap();
    let name = |place: usize| source.tensors()[place].name.as_str();
    let ties = tied(&*source, &|_| true, &|| false).unwrap();
    let ties: Vec<(&str, &str)> =
        ties.iter().enumerate().filter_map(|(place, tie)| Some((name(place), name((*tie)?)))).collect();
    assert_eq!(ties, [("head", "embedding"), ("again", "embedding"), ("broken.1", "broken.0")]);
    let without_head = |place: usize| name(place) != "head";
    let fewer = tied(&*source, &without_head, &|| false).unwrap();
    let fewer: Vec<&str> =
        fewer.iter().enumerate().filter_map(|(place, tie)| tie.map(|_| name(place))).collect();
    assert_eq!(fewer, ["again", "broken.1"], "what cannot be tied is not compared");
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 8
    };
    assert!(matches!(tied(&*source, &|_| true, &stop), Err(WeightsError::Cancelled { .. })));
}

#[test]
fn equal_arrays_of_an_archive_are_tied_also_in_double_precision_and_of_another_byte_order() {
    let folder = tempfile::tempdir().unwrap();
    let single = values(3000, 5);
    let double: Vec<f64> = single.iter().map(|value| f64::from(*value)).collect();
    // Too small a difference for single precision.
    let near: Vec<f64> = double.iter().map(|value| value * (1.0 + 1e-12)).collect();
    let little = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let big: Vec<u8> = double.iter().flat_map(|value| value.to_be_bytes()).collect();
    let members = [
        ("double.npy", npy("<f8", false, &[30, 100], &little(&double))),
        ("near.npy", npy("<f8", false, &[30, 100], &little(&near))),
        ("again.npy", npy("<f8", false, &[30, 100], &little(&double))),
        ("big.npy", npy(">f8", false, &[30, 100], &big)),
        ("single.npy", npy("<f4", false, &[30, 100], &bytes_of(&single))),
    ];
    for is_deflated in [false, true] {
        let path = folder.path().join(format!("{is_deflated}.npz"));
        archive(&path, &members, is_deflated);
        let source = open(&path).unwrap();
        let at = |name: &str| source.tensors().iter().position(|tensor| tensor.name == name).unwrap();
        let ties = tied(&*source, &|_| true, &|| false).unwrap();
        let group = [at("double"), at("again"), at("big")];
        let first = *group.iter().min().unwrap();
        for (place, tie) in ties.iter().enumerate() {
            let expected = (group.contains(&place) && place != first).then_some(first);
            assert_eq!(*tie, expected, "{}", source.tensors()[place].name);
        }
        let mut bytes = vec![1];
        assert!(source.read_bytes(at("big"), 1, 2, &mut bytes).unwrap());
        assert_eq!(bytes, little(&double[1..3]));
        assert!(source.read_bytes(at("big"), 2999, 2, &mut bytes).is_err() && bytes.is_empty());
    }
}
