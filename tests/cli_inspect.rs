//! `weightscope inspect FILE`: a weight file on the command line, its table for scripts, and what is no weight file.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Fixed names of the table.
const COLUMNS: &str = "name,shape,type,parameters,mean,std,min,max,kurtosis,zeros,near_zero,non_finite,outliers,frobenius_norm,spectral_norm,stable_rank,rank,alpha,alpha_distance,alpha_xmin,few_values,error_2,error_3,error_4,error_8";
/// What a comparison adds.
const CHANGES: &str = ",relative_change,cosine,unchanged_share,change_rank,block_share,verdict";

fn weightscope(home: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_weightscope")));
    command.env("HOME", home).env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
    command
}

fn base(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/bases").join(name)
}

#[test]
fn a_table_is_written_under_fixed_names_without_a_run_being_kept() {
    let root = tempfile::tempdir().unwrap();
    let table = root.path().join("layers.csv");
    let file = base("llama.safetensors");
    let words = ["inspect", file.to_str().unwrap(), "--table", table.to_str().unwrap(), "--quiet"];
    weightscope(root.path()).args(words).assert().success();
    let text = fs::read_to_string(&table).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(format!("{COLUMNS},singular_values,tied_to").as_str()));
    assert_eq!(lines.count(), 21, "one line a tensor:\n{text}");
    assert!(text.contains("\nmodel.layers.0.mlp.down_proj.weight,64x176,f32,11264,"), "{text}");
    let left: Vec<_> = fs::read_dir(root.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["layers.csv"], "and nothing else");
}

#[test]
fn a_second_file_adds_its_columns_and_parquet_is_written() {
    let root = tempfile::tempdir().unwrap();
    let (table, parquet) = (root.path().join("t.csv"), root.path().join("t.parquet"));
    let (file, against) = (base("llama.safetensors"), base("llama-genesis.safetensors"));
    for table in [&table, &parquet] {
        let words = [
            "inspect",
            file.to_str().unwrap(),
            "--against",
            against.to_str().unwrap(),
            "--table",
            table.to_str().unwrap(),
            "--quiet",
        ];
        weightscope(root.path()).args(words).assert().success();
    }
    let text = fs::read_to_string(&table).unwrap();
    assert_eq!(text.lines().next().unwrap(), format!("{COLUMNS}{CHANGES},singular_values,tied_to"));
    let changed: Vec<&str> = text.lines().filter(|line| line.contains(",low rank,")).collect();
    assert_eq!(changed.len(), 14, "LoRA on 14 matrices:\n{text}");
    assert_eq!(&fs::read(&parquet).unwrap()[..4], b"PAR1");
}

#[test]
fn a_kept_run_repeats_and_settings_are_options() {
    let root = tempfile::tempdir().unwrap();
    let file = base("rwkv.safetensors");
    let run = root.path().join("run");
    let words =
        ["inspect", file.to_str().unwrap(), "--bits", "3", "--budget", "0.5", "--out", run.to_str().unwrap()];
    weightscope(root.path()).args(words).assert().success();
    let settings = fs::read_to_string(run.join("resolved.toml")).unwrap();
    assert!(settings.contains("bits = 3") && settings.contains("budget_seconds = 0.5"), "{settings}");
    weightscope(root.path()).args(["verify", run.to_str().unwrap()]).assert().success();
}

#[test]
fn what_is_no_weight_file_is_refused_with_what_it_is() {
    let root = tempfile::tempdir().unwrap();
    let page = root.path().join("model.safetensors");
    fs::write(&page, "<!DOCTYPE html><html><body>Not found</body></html>").unwrap();
    let pointer = root.path().join("model.bin");
    fs::write(&pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n").unwrap();
    let missing = root.path().join("missing.pt");
    for (path, word) in [(&page, "HTML"), (&pointer, "LFS"), (&missing, "no such file")] {
        let output = weightscope(root.path()).args(["inspect", path.to_str().unwrap()]).assert().code(2);
        let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(said.to_lowercase().contains(&word.to_lowercase()), "{word}: {said}");
        assert!(said.contains(path.to_str().unwrap()), "{said}");
    }
    let output = weightscope(root.path()).args(["inspekt", "x"]).assert().code(2);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("inspekt") && said.contains("inspect FILE"), "{said}");
}
