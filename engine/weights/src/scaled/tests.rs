use super::*;
use crate::open;

/// A safetensors file: name, type, shape, bytes.
fn write(path: &std::path::Path, tensors: &[(&str, &str, &[usize], Vec<u8>)]) {
    let (mut header, mut end) = (Vec::new(), 0);
    for (name, dtype, shape, bytes) in tensors {
        let begin = end;
        end += bytes.len();
        header.push(format!(
            "{name:?}:{{\"dtype\":{dtype:?},\"shape\":{shape:?},\"data_offsets\":[{begin},{end}]}}"
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    tensors.iter().for_each(|(.., bytes)| file.extend(bytes));
    std::fs::write(path, file).unwrap();
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn values_of(source: &dyn Source, name: &str) -> Vec<f32> {
    let place = source.tensors().iter().position(|tensor| tensor.name == name).unwrap();
    let mut all = Vec::new();
    source.read(place, 0, source.tensors()[place].parameters(), &mut all).unwrap();
    all
}

/// 1 as eight bits with four of exponent.
const ONE: u8 = 0x38;

#[test]
fn scales_of_tensors_rows_and_blocks_are_applied_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fp8.safetensors");
    let ones = |count: usize| vec![ONE; count];
    write(
        &path,
        &[
            ("a.weight", "F8_E4M3", &[2, 3], ones(6)),
            ("a.weight_scale", "F32", &[], floats(&[0.5])),
            ("b.weight", "F8_E4M3", &[2, 3], ones(6)),
            ("b.weight_scale", "F32", &[2, 1], floats(&[2.0, 4.0])),
            ("c.weight", "F8_E4M3", &[200, 130], ones(200 * 130)),
            ("c.weight_scale_inv", "F32", &[2, 2], floats(&[1.0, 2.0, 3.0, 4.0])),
            ("d.scale_weight", "F32", &[1], floats(&[8.0])),
            ("d.weight", "F8_E4M3", &[4], ones(4)),
            ("e.weight", "F8_E4M3", &[6, 4], ones(24)),
            ("e.weight_scale_inv", "F32", &[3, 2], floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
        ],
    );
    let source = open(&path).unwrap();
    assert_eq!(values_of(&*source, "a.weight"), [0.5; 6]);
    assert_eq!(values_of(&*source, "b.weight"), [2.0, 2.0, 2.0, 4.0, 4.0, 4.0]);
    assert_eq!(values_of(&*source, "d.weight"), [8.0; 4]);
    assert_eq!(values_of(&*source, "e.weight")[..8], [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
    let blocks = values_of(&*source, "c.weight");
    for (row, column, value) in
        [(0, 0, 1.0), (127, 127, 1.0), (127, 128, 2.0), (128, 0, 3.0), (199, 129, 4.0)]
    {
        assert_eq!(blocks[row * 130 + column], value, "blocks of 128 with a rest: {row}, {column}");
    }
    let mut part = Vec::new();
    source.read(4, 128 * 130 - 1, 3, &mut part).unwrap();
    assert_eq!(part, [2.0, 3.0, 3.0], "from any place on");
    let mut bytes = Vec::new();
    assert!(!source.read_bytes(0, 0, 6, &mut bytes).unwrap(), "its bytes are not its numbers");
    let said = source.said().join(" ");
    assert!(
        said.contains("5 tensors of eight-bit numbers are scaled by the scales that stand beside them"),
        "{said}"
    );
    assert!(
        said.contains("a.weight by a.weight_scale, one scale") && said.contains("blocks of 128 × 128"),
        "{said}"
    );
}

#[test]
fn scales_that_do_not_fit_are_said_and_not_applied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fp8.safetensors");
    write(
        &path,
        &[
            ("a.weight", "F8_E4M3", &[5, 4], vec![ONE; 20]),
            ("a.weight_scale_inv", "F32", &[3, 4], floats(&[2.0; 12])),
            ("b.weight", "F8_E5M2", &[2, 2], vec![0x3C; 4]),
            ("b.weight_scale", "I32", &[], vec![2, 0, 0, 0]),
            ("c.weight", "F32", &[2], floats(&[1.0, 1.0])),
            ("c.weight_scale", "F32", &[], floats(&[3.0])),
        ],
    );
    let source = open(&path).unwrap();
    for name in ["a.weight", "b.weight", "c.weight"] {
        assert!(values_of(&*source, name).iter().all(|value| *value == 1.0), "{name} as stored");
    }
    let said = source.said().join(" ");
    assert!(said.contains("2 tensors of eight-bit numbers are shown as stored"), "{said}");
    assert!(said.contains("a.weight of shape 5x4 beside a.weight_scale_inv of shape 3x4"), "{said}");
}

/// A model's folder with blocks of scales and a description that says `config`.
fn with_blocks(config: &str, shape: [usize; 2], scales: [usize; 2]) -> (tempfile::TempDir, Box<dyn Source>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let count = scales[0] * scales[1];
    let numbers: Vec<f32> = (1..=count).map(|number| number as f32).collect();
    write(
        &path,
        &[
            ("a.weight", "F8_E4M3", &shape, vec![ONE; shape[0] * shape[1]]),
            ("a.weight_scale_inv", "F32", &scales, floats(&numbers)),
        ],
    );
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let source = open(folder.path()).unwrap();
    (folder, source)
}

/// A description as the models of `DeepSeek` have it.
fn of_sides(sides: &str) -> String {
    format!(
        r#"{{"model_type": "deepseek_v3", "quantization_config": {{"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": {sides}}}}}"#
    )
}

#[test]
fn blocks_are_those_that_the_description_says() {
    // By the shapes alone the blocks would be of 2 × 3.
    let (folder, source) = with_blocks(&of_sides("[3, 4]"), [8, 9], [3, 3]);
    let values = values_of(&*source, "a.weight");
    for row in 0..8 {
        for column in 0..9 {
            let scale = (row / 3 * 3 + column / 4 + 1) as f32;
            assert_eq!(values[row * 9 + column], scale, "{row}, {column}");
        }
    }
    let said = source.said().join(" ");
    assert!(said.contains("config.json says that blocks of 3 × 4 share a scale"), "{said}");
    let names = source.stamps().iter().map(|stamp| stamp.path.file_name().unwrap().to_owned());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["model.safetensors", "config.json"],
        "what is read depends on both"
    );
    // The file by itself, with the description beside it.
    let source = open(&folder.path().join("model.safetensors")).unwrap();
    assert_eq!(values_of(&*source, "a.weight"), values);
}

#[test]
fn blocks_that_do_not_fit_what_is_said_are_not_applied() {
    let (_folder, source) = with_blocks(&of_sides("[4, 4]"), [8, 9], [2, 2]);
    assert!(values_of(&*source, "a.weight").iter().all(|value| *value == 1.0));
    let said = source.said().join(" ");
    assert!(said.contains("shown as stored") && said.contains("a.weight of shape 8x9"), "{said}");
    assert!(said.contains("blocks of 4 × 4 share a scale"), "{said}");
    // One number and one a row are no blocks, whatever the blocks of the others are.
    let (_folder, source) = with_blocks(&of_sides("[4, 4]"), [3, 2], [3, 1]);
    assert_eq!(values_of(&*source, "a.weight"), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
}

#[test]
fn a_description_that_says_nothing_leaves_it_to_the_shapes() {
    for (config, is_said) in [
        ("{}", false),
        (r#"{"quantization_config": {"quant_method": "fp8"}}"#, false),
        (of_sides("null").as_str(), false),
        (of_sides("[0, 4]").as_str(), true),
        (of_sides("\"all\"").as_str(), true),
        ("<html>", true),
        ("", true),
    ] {
        let (_folder, source) = with_blocks(config, [4, 4], [2, 2]);
        let values = values_of(&*source, "a.weight");
        assert_eq!(values[..8], [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0], "{config}");
        assert_eq!(source.said().join(" ").contains("config.json does not tell"), is_said, "{config}");
        assert_eq!(source.stamps().len(), 1, "{config}");
    }
}

#[test]
fn hostile_descriptions_are_told_and_the_shapes_count() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!(r#"{{"words": "{}"}}"#, "x".repeat(5 << 20));
    let twice = r#"{"quantization_config": {}, "quantization_config": {"weight_block_size": [1, 1]}}"#;
    let mut configs: Vec<String> = [
        "[-1, 4]",
        "[0, 0]",
        "[1.5, 4]",
        "[1e9, 4]",
        "[99999999999999999999999999, 4]",
        "[2]",
        "[2, 2, 2]",
        "[]",
        "{}",
        "true",
        "[[2, 2], 2]",
        deep.as_str(),
    ]
    .map(of_sides)
    .to_vec();
    let others =
        ["[]", "7", r#"{"quantization_config": 7}"#, "{\"quantization_config\"", "\u{feff}{}", twice];
    configs.extend(others.map(str::to_owned));
    configs.extend([deep, long]);
    for config in configs {
        let begin: String = config.chars().take(120).collect();
        let (_folder, source) = with_blocks(&config, [4, 4], [2, 2]);
        let values = values_of(&*source, "a.weight");
        assert_eq!(values[..8], [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0], "{begin}");
        assert!(
            source.said().join(" ").contains("config.json does not tell"),
            "{begin}: {:?}",
            source.said()
        );
    }
    // Blocks larger than any matrix are one block: scales that are more do not fit, and nothing is guessed.
    for sides in ["[1000000000, 1000000000]", "[18446744073709551615, 18446744073709551615]", "[1, 1]"] {
        let (_folder, source) = with_blocks(&of_sides(sides), [4, 4], [2, 2]);
        assert!(values_of(&*source, "a.weight").iter().all(|value| *value == 1.0), "{sides}: as stored");
        assert!(source.said().join(" ").contains("shown as stored"), "{sides}: {:?}", source.said());
    }
}

#[test]
fn matrices_that_are_stacked_have_their_own_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("experts.safetensors");
    write(
        &path,
        &[
            ("a.weight", "F8_E4M3", &[2, 4, 2], vec![ONE; 16]),
            ("a.weight_scale_inv", "F32", &[2, 2, 1], floats(&[1.0, 2.0, 3.0, 4.0])),
            ("b.weight", "F8_E4M3", &[2, 4, 2], vec![ONE; 16]),
            ("b.weight_scale_inv", "F32", &[2, 2], floats(&[1.0, 2.0, 3.0, 4.0])),
        ],
    );
    let source = open(&path).unwrap();
    let expected: Vec<f32> = [1.0, 2.0, 3.0, 4.0].iter().flat_map(|scale| [*scale; 4]).collect();
    assert_eq!(values_of(&*source, "a.weight"), expected);
    // How two scales lie over a matrix that is stacked is not told by such a shape.
    assert_eq!(values_of(&*source, "b.weight"), [1.0; 16]);
    assert!(source.said().join(" ").contains("b.weight of shape 2x4x2 beside"), "{:?}", source.said());
}
