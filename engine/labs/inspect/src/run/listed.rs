//! A folder of checkpoints as a run follows it: its files in order, with copies standing for those that the run keeps.

use std::path::{Path, PathBuf};

use weightscope_data::Read;
use weightscope_frame::run::RunError;
use weightscope_weights::folder::{self, Listing};

use crate::config::{self, Config};
use crate::files;

/// Most checkpoints that are followed.
pub(super) const MOST_FILES: usize = 1000;

/// The folder as it stood when the run began.
pub(crate) struct Followed {
    place: PathBuf,
    order: folder::Order,
    /// The folder of copies of checkpoints, which stand for them.
    kept: Option<PathBuf>,
    pub(super) found: Found,
    /// Checkpoints that are none of the data that the run began with.
    late: usize,
}

/// What lies in a folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    /// What is left out and why, by name.
    pub(super) left_out: Vec<(String, String)>,
    /// The listing behind it, for the next look; none for the folder that comes with the program.
    listing: Option<Listing>,
}

/// One checkpoint.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its name in the folder.
    pub(super) name: String,
    pub(super) step: Option<u64>,
    /// What [`files::open_at`] opens.
    pub(super) place: String,
    /// Where the training wrote it: what log and manifest say.
    pub(super) shown: String,
}

impl Followed {
    /// Looks into the folder, again after an earlier look; one that cannot be looked at stays as it was.
    pub(super) fn look(&mut self) {
        if let Ok(now) = self.found_now(Some(&self.found)) {
            self.found = now;
        }
    }

    /// What lies there now, after an earlier look.
    pub(super) fn found_now(&self, before: Option<&Found>) -> Result<Found, RunError> {
        if self.place == Path::new(files::SHIPPED_FOLDER.name) {
            let (last, stride) = files::SHIPPED_STEPS;
            let item = |step: u64| {
                let name = format!("step-{step:04}");
                let place = format!("{}/{name}", files::SHIPPED_FOLDER.name);
                Item { shown: place.clone(), place, name, step: Some(step) }
            };
            let items = (0..=last / stride).map(|number| item(number * stride)).collect();
            return Ok(Found { items, ..Found::default() });
        }
        let before = before.and_then(|found| found.listing.as_ref());
        let listing = folder::list_again(&self.place, self.order, before, self.kept.as_deref())
            .map_err(|error| RunError::setting("folder", error.to_string()))?;
        // A checkpoint may be a folder with a model in it: its name is that of the folder.
        let name = |path: &Path| {
            let first = self.inside(path).components().next();
            first.map(|first| first.as_os_str().to_string_lossy().into_owned()).unwrap_or_default()
        };
        let items = listing.checkpoints.iter().map(|checkpoint| Item {
            name: name(&checkpoint.path),
            step: checkpoint.step,
            place: checkpoint.path.display().to_string(),
            shown: self.original(&checkpoint.path).display().to_string(),
        });
        let left_out = listing.left_out.iter().map(|left| (name(&left.path), left.reason.clone()));
        Ok(Found { items: items.collect(), left_out: left_out.collect(), listing: Some(listing) })
    }

    /// A path inside the folder, or inside that of the copy.
    fn inside<'p>(&self, path: &'p Path) -> &'p Path {
        let roots = [self.kept.as_deref(), Some(self.place.as_path())];
        roots.into_iter().flatten().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path)
    }

    /// Where the training wrote a file, also of one that is a copy.
    pub(super) fn original(&self, path: &Path) -> PathBuf {
        self.place.join(self.inside(path))
    }

    /// True if a copy stands for the first checkpoint.
    pub(super) fn has_copy(&self) -> bool {
        self.kept.is_some()
    }

    /// The folder of copies.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// The folder that is followed.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Lists the folder; what lies in the folder `kept` stands for what has the same name there.
    ///
    /// # Errors
    /// If the folder cannot be listed, or holds no checkpoint and none is waited for.
    pub(crate) fn open(config: &Config, kept: Option<PathBuf>) -> Result<Self, RunError> {
        let place = config.checkpoints().unwrap_or_default();
        let order = match config.order {
            config::Order::Numbers => folder::Order::Numbers,
            config::Order::Time => folder::Order::Time,
        };
        let kept = kept.or_else(|| config.first());
        let mut followed = Self { place, order, kept, found: Found::default(), late: 0 };
        followed.found = followed.found_now(None)?;
        let found = &followed.found;
        let may_fill = found.listing.as_ref().is_some_and(Listing::may_fill);
        if found.items.is_empty() && !may_fill && config.watch_seconds <= 0.0 {
            let left = found.left_out.len();
            let text = format!(
                "no complete checkpoint lies in it ({left} other files); name the folder into which the training writes, or wait for the first one with watch_seconds: {}",
                followed.place.display()
            );
            return Err(RunError::setting("folder", text));
        }
        Ok(followed)
    }

    /// The first checkpoint, if there is one yet.
    pub(super) fn first(&self) -> Option<&Item> {
        self.found.items.first()
    }

    /// What is read of a folder without a checkpoint.
    pub(super) fn nothing(&self) -> Read {
        Read {
            place: self.place.display().to_string(),
            form: "folder without a checkpoint".to_owned(),
            hash: blake3::hash(b"no checkpoint").to_hex().to_string(),
            of: "checkpoints".to_owned(),
            ..Read::default()
        }
    }

    /// Checkpoints that lay there when the run began.
    pub(crate) fn count(&self) -> usize {
        self.found.items.len()
    }

    /// Leaves out what is none of the data that a run began with.
    pub(crate) fn keep(&mut self, select: &str, expects: &dyn Fn(&str) -> bool) {
        let before = self.found.items.len();
        self.found.items.retain(|item| {
            // One that cannot be read is named in the table of checkpoints.
            let Ok(source) = files::open_at("folder", &item.place) else { return true };
            let chosen = files::chosen(source.as_ref(), select);
            files::read_of(source.as_ref(), &item.shown, &chosen).is_ok_and(|read| expects(&read.hash))
        });
        self.late = before - self.found.items.len();
    }

    /// How many checkpoints lie there that are none of the data that the run began with.
    pub(super) fn late(&self) -> usize {
        self.late
    }

    /// What is read of the files but the first.
    pub(crate) fn reads(&self, select: &str) -> Result<Vec<Read>, RunError> {
        let others = self.found.items.iter().skip(1).take(MOST_FILES);
        let reads = others.filter_map(|item| {
            // One that cannot be read is named in the table of checkpoints, and the others are followed.
            let source = files::open_at("folder", &item.place).ok()?;
            let chosen = files::chosen(source.as_ref(), select);
            Some(files::read_of(source.as_ref(), &item.shown, &chosen))
        });
        reads.collect()
    }
}
