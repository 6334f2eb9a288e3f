//! `data list` and `data get`.

use anyhow::anyhow;
use indicatif::ProgressBar;
use serde_json::json;
use weightscope_engine::data::catalogue::{self, Source};
use weightscope_engine::data::{DataError, Progress};
use weightscope_engine::run::default_cache_folder;

use super::{Failure, output};

/// `data list`.
pub(super) fn list(as_json: bool) {
    let cache = default_cache_folder();
    for entry in &catalogue::ENTRIES {
        let available = entry.is_available(&cache);
        let embedded = matches!(entry.source, Source::Embedded);
        if as_json {
            output::json(&json!({
                "name": entry.name, "title": entry.title, "rows": entry.rows, "embedded": embedded, "available": available,
            }));
        } else {
            let place = match (embedded, available) {
                (true, _) => "embedded",
                (false, true) => "in the cache",
                (false, false) => "to be downloaded",
            };
            output::line(&format!(
                "{:<15} {:>7} rows  {:<17} {}",
                entry.name, entry.rows, place, entry.title
            ));
        }
    }
}

/// `data get NAME`.
pub(super) fn get(name: &str) -> Result<(), Failure> {
    let bar = ProgressBar::new(0);
    let mut show = |progress: Progress<'_>| {
        bar.set_length(progress.total_bytes.unwrap_or(0));
        bar.set_position(progress.received_bytes);
        bar.set_message(progress.file.to_owned());
    };
    let folder = catalogue::get(name, &default_cache_folder(), None, &mut show, &|| false);
    bar.finish_and_clear();
    match folder {
        Ok(folder) => {
            output::line(&folder.display().to_string());
            Ok(())
        }
        Err(DataError::Embedded { name }) => {
            output::line(&format!("{name} is part of the program; nothing to download"));
            Ok(())
        }
        Err(error @ DataError::UnknownName { .. }) => Err(Failure::request(error)),
        Err(error) => Err(Failure::run(anyhow!(error))),
    }
}
