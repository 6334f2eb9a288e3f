//! `produce`: what a lab can make of a run besides figures.

use std::path::Path;

use anyhow::anyhow;
use weightscope_engine::CATALOGUE;
use weightscope_engine::run::{Control, RunError};
use weightscope_engine::store;

use super::{Failure, output};

/// `produce RUN_DIR PRODUCT --out DIR`; without a product it lists those that there are.
pub(super) fn produce(run_dir: &Path, product: Option<&str>, out: Option<&Path>) -> Result<(), Failure> {
    let method = store::read_experiment(CATALOGUE, run_dir).map_err(Failure::request)?.method;
    let Some(product) = product else {
        for product in method.products() {
            output::line(&format!("{:<12} {}: {}", product.id, product.label, product.about));
        }
        return Ok(());
    };
    let out = out.ok_or_else(|| {
        Failure::request(anyhow!("a product needs a new or empty folder; name it with --out"))
    })?;
    let control = Control::default();
    method.produce(product, run_dir, out, &control).map_err(|error| match error {
        RunError::Problems(_) | RunError::Store(_) => Failure::request(error),
        other => Failure::run(other),
    })?;
    output::line(&out.display().to_string());
    Ok(())
}
