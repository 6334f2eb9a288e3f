//! The rule of the phases on single cells and on the published grid.

use serde_json::Value;
use weightscope_engine::labs::phases::method::phase::{Metrics, Thresholds, classify};

use crate::vector::Case;

fn thresholds(case: &Case) -> Result<Thresholds, String> {
    let given = case.input("thresholds")?;
    let number = |key: &str| given.get(key).and_then(Value::as_f64);
    Ok(Thresholds {
        log_lambda: number("log_lambda"),
        log_trace: number("log_trace"),
        train_loss: number("train_loss"),
        connectivity: number("mc").ok_or("no threshold for mc")?,
        cka: number("cka").ok_or("no threshold for cka")?,
    })
}

/// Single cells, with missing metrics and values on the borders.
pub(super) fn cases(case: &mut Case) -> Result<(), String> {
    let thresholds = thresholds(case)?;
    let cells = case.input("cells")?.as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = cells
        .iter()
        .map(|cell| {
            let number = |key: &str| cell.get(key).and_then(Value::as_f64);
            let metrics = Metrics {
                train_loss: number("train_loss"),
                log_lambda: number("log_lambda"),
                log_trace: number("log_trace"),
                connectivity: number("mc"),
                cka: number("cka"),
            };
            classify(&metrics, &thresholds).word()
        })
        .collect();
    case.check_words("phase", "rule", &found);
    Ok(())
}

/// The released ResNet-18 grid.
pub(super) fn published(case: &mut Case) -> Result<(), String> {
    let thresholds = thresholds(case)?;
    let grid = |key: &str| -> Result<Vec<Option<f64>>, String> {
        let rows = case.input(key)?.as_array().cloned().unwrap_or_default();
        Ok(rows
            .iter()
            .flat_map(|row| row.as_array().cloned().unwrap_or_default())
            .map(|value| value.as_f64())
            .collect())
    };
    let (loss, lambda, trace) = (grid("train_loss")?, grid("log_lambda_max")?, grid("log_trace")?);
    let (connectivity, cka) = (grid("mc_train_err")?, grid("cka_mixup")?);
    let found: Vec<&str> = (0..loss.len())
        .map(|index| {
            let at = |values: &[Option<f64>]| values.get(index).copied().flatten();
            let metrics = Metrics {
                train_loss: at(&loss),
                log_lambda: at(&lambda),
                log_trace: at(&trace),
                connectivity: at(&connectivity),
                cka: at(&cka),
            };
            classify(&metrics, &thresholds).word()
        })
        .collect();
    case.check_words("phase", "rule", &found);
    Ok(())
}
