//! What `--version` says besides the version: the commit, and what was built in.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=WEIGHTSCOPE_COMMIT");
    // Where a package is built from an archive, its script says which commit that is of.
    let commit = std::env::var("WEIGHTSCOPE_COMMIT").ok().or_else(commit);
    println!("cargo::rustc-env=WEIGHTSCOPE_COMMIT={}", commit.as_deref().unwrap_or("unknown commit"));
    let features: Vec<&str> = [("window", "CARGO_FEATURE_WINDOW"), ("gpu", "CARGO_FEATURE_GPU")]
        .into_iter()
        .filter(|(_, set)| std::env::var_os(set).is_some())
        .map(|(name, _)| name)
        .collect();
    let features = if features.is_empty() { "command line only".to_owned() } else { features.join(", ") };
    println!("cargo::rustc-env=WEIGHTSCOPE_FEATURES={features}");
}

/// The commit that is checked out.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    let head = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={head}");
    git(&["rev-parse", "--short=12", "HEAD"])
}
