//! Gradients of every operation against differences, and what is refused.

use super::*;
use crate::method::kernel::dot;
use weightscope_math::stream;

/// A function of its variables on a tape.
type Build<'a> = dyn Fn(&mut Tape<f64>, &[Node]) -> Node + 'a;

/// Compares the gradients of Σ c·output with central differences, for variables of these shapes.
fn check(name: &str, shapes: &[&[usize]], build: &Build<'_>) {
    let mut random = stream(5, name);
    let values: Vec<Vec<f64>> = shapes
        .iter()
        .map(|shape| (0..shape.iter().product()).map(|_| 2.0 * random.unit_f64() - 1.0).collect())
        .collect();
    let run = |values: &[Vec<f64>]| {
        let mut tape = Tape::new();
        let nodes: Vec<Node> = shapes
            .iter()
            .zip(values)
            .map(|(shape, values)| tape.variable(shape, values.clone()).unwrap())
            .collect();
        let output = build(&mut tape, &nodes);
        (tape, nodes, output)
    };
    let (tape, nodes, output) = run(&values);
    let upstream: Vec<f64> = tape.values(output).iter().map(|_| random.unit_f64() - 0.3).collect();
    let gradients = tape.backward(output, &upstream).unwrap();
    for (place, node) in nodes.iter().enumerate() {
        let found = gradients.of(&tape, *node);
        assert!(found.iter().any(|slope| *slope != 0.0), "{name}: input {place} has no gradient");
        for (entry, slope) in found.iter().enumerate() {
            let at = |shift: f64| {
                let mut moved = values.clone();
                moved[place][entry] += shift;
                let (tape, _, output) = run(&moved);
                dot(tape.values(output), &upstream)
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (difference - slope).abs() < 1e-7,
                "{name}, input {place}, entry {entry}: {slope}, {difference}"
            );
        }
    }
}

#[test]
fn every_gradient_agrees_with_differences() {
    check("add", &[&[2, 3], &[2, 3]], &|tape, n| tape.add(n[0], n[1]).unwrap());
    check("scale", &[&[2, 3], &[3]], &|tape, n| tape.scale(n[0], n[1], 1).unwrap());
    check("relu", &[&[3, 4]], &|tape, n| tape.relu(n[0]));
    check("gelu", &[&[3, 4]], &|tape, n| tape.gelu(n[0]));
    check("reshape", &[&[3, 4]], &|tape, n| tape.reshape(n[0], &[2, 6]).unwrap());
    check("joint", &[&[2], &[3], &[2]], &|tape, n| tape.joint(n));
    check("twice", &[&[2]], &|tape, n| tape.joint(&[n[0], n[0]]));
    check("columns", &[&[2, 3]], &|tape, n| {
        tape.columns(n[0], vec![Some(2), None, Some(0), Some(2), Some(1)]).unwrap()
    });
    check("rows", &[&[4, 3]], &|tape, n| tape.rows(n[0], &[1, 3, 1, 0, 2]).unwrap());
    check("linear", &[&[2, 3, 5], &[6, 5], &[6]], &|tape, n| tape.linear(n[0], n[1], Some(n[2])).unwrap());
    check("layer norm", &[&[3, 6], &[6], &[6]], &|tape, n| {
        tape.layer_norm(n[0], n[1], n[2], 6, 1e-5).unwrap()
    });
    check("exact norm", &[&[3, 6], &[6], &[6], &[2]], &|tape, n| {
        tape.layer_norm_exact(n[0], n[1], n[2], &[3, 6], n[3], 1e-5).unwrap()
    });
    check("max pool", &[&[2, 2, 4, 5]], &|tape, n| tape.max_pool2(n[0]).unwrap());
    check("mean pool", &[&[2, 1, 4, 3]], &|tape, n| tape.mean_pool3(n[0]).unwrap());
    check("loss", &[&[3, 4]], &|tape, n| tape.cross_entropy(n[0], &[2, 0, 3]).unwrap());
}

#[test]
fn gradients_of_convolutions_and_attention_agree_with_differences() {
    for (name, groups, dilation, depth) in [("one", 1, 1, 4), ("grouped", 2, 1, 2), ("dilated", 4, 2, 1)] {
        check(name, &[&[2, 4, 5, 4], &[8, depth, 3, 3], &[8]], &|tape, n| {
            let way = Convolution { padding: dilation, dilation, groups };
            tape.convolve(n[0], n[1], Some(n[2]), way).unwrap()
        });
    }
    for causal in [false, true] {
        let way = Attention { heads: 2, scale: 0.7, causal };
        check("attention", &[&[2, 3, 6], &[2, 3, 6], &[2, 3, 6]], &|tape, n| {
            tape.attend(n[0], n[1], n[2], way).unwrap()
        });
    }
}

#[test]
fn gradients_of_slices_and_mixtures_agree_with_differences() {
    let region = Region::new(vec![(1, 2), (0, 2), (1, 1)]);
    check("crop", &[&[3, 2, 3]], &|tape, n| tape.crop(n[0], &region).unwrap());
    check("mix", &[&[3], &[2, 2], &[1, 2], &[2, 2]], &|tape, n| {
        let first = Some(Region::new(vec![(1, 1), (0, 2)]));
        tape.mix(&[2, 2], n[0], &[(0, n[1], None), (2, n[2], first), (1, n[3], None)]).unwrap()
    });
    check("superpose", &[&[3, 4], &[3]], &|tape, n| {
        let regions = [Region::leading(&[1, 2]), Region::leading(&[3, 4])];
        let parts = Parts::new(&[3, 4], [Some(&regions[0]), None, Some(&regions[1])]).unwrap();
        let mixed = tape.superpose(n[0], n[1], &parts).unwrap();
        tape.joint(&[mixed, n[1]])
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut tape = Tape::<f64>::new();
    let x = tape.constant(&[2, 3], vec![0.0; 6]).unwrap();
    let w = tape.constant(&[4, 2], vec![0.0; 8]).unwrap();
    assert!(tape.constant(&[2], vec![0.0]).is_err());
    assert!(tape.linear(x, w, None).is_err() && tape.add(x, w).is_err() && tape.reshape(x, &[4]).is_err());
    assert!(tape.crop(x, &Region::leading(&[3, 3])).is_err() && tape.rows(w, &[4]).is_err());
    assert!(tape.cross_entropy(x, &[0]).is_err() && tape.cross_entropy(x, &[0, 3]).is_err());
    assert!(Parts::new(&[2], [Some(&Region::leading(&[2, 2]))]).is_err());
    assert!(tape.max_pool2(x).is_err() && tape.layer_norm(x, x, x, 0, 1e-5).is_err());
}

#[test]
fn what_needs_no_gradient_is_not_kept() {
    let mut tape = Tape::<f32>::new();
    let x = tape.constant(&[2, 2], vec![1.0, -1.0, 2.0, 0.5]).unwrap();
    let hidden = tape.relu(x);
    assert_eq!(tape.kept_bytes(), 0);
    let w = tape.variable(&[3, 2], vec![0.5; 6]).unwrap();
    let y = tape.linear(hidden, w, None).unwrap();
    assert_eq!(tape.kept_bytes(), 2 * 3 * 4, "the output of the layer");
    let gradients = tape.backward(y, &[1.0; 6]).unwrap();
    assert_eq!(gradients.of(&tape, w), [3.0, 0.5, 3.0, 0.5, 3.0, 0.5]);
    assert_eq!(gradients.of(&tape, x), [0.0; 4], "a constant has none");
}
