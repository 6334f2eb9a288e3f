//! A path field with the folder that it names below it: the piece that dialogs share to take a file by clicks or by typing.
//!
//! Contract: folders are read off the UI thread; what is typed narrows what is listed.

use std::fs;
use std::path::{Path, PathBuf};

use egui::text::CCursorRange;
use egui::{Context, Response, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

use super::style::{color, icon, tokens};
use super::task::Task;

/// Entries of a folder that are listed.
const MOST_ENTRIES: usize = 2000;

/// What a chooser lists besides folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Endings of files.
    pub(super) endings: &'static [&'static str],
    /// A run folder or a plan's can be taken as a whole; otherwise it is entered like any folder.
    pub(super) runs: bool,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Folder,
    Run,
    File,
}

/// What stands in a folder: what can be taken or entered, in the order in which it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Listing {
    folder: PathBuf,
    entries: Vec<(Kind, String)>,
    error: Option<String>,
}

/// A path field with the folder that it names below it, read off the UI thread.
#[derive(Default)]
pub(super) struct Chooser {
    /// What stands in the field.
    pub(super) path: String,
    wanted: Wanted,
    listing: Listing,
    reading: Option<(PathBuf, Task<Listing>)>,
    /// The path takes the keyboard in the first frame.
    fresh: bool,
}

impl Chooser {
    /// A chooser that begins in a folder and takes the keyboard.
    pub(super) fn starting(folder: &Path, wanted: Wanted) -> Self {
        Self { path: entered(folder), wanted, fresh: true, ..Self::default() }
    }

    /// The folder that is listed; empty before the first listing.
    pub(super) fn folder(&self) -> &Path {
        &self.listing.folder
    }

    /// The path that stands in the field.
    pub(super) fn chosen(&self) -> PathBuf {
        PathBuf::from(self.path.trim())
    }

    /// The path, if it names something in the folder and not the folder alone.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let typed = self.path.trim();
        let named = !typed.is_empty() && !typed.ends_with(std::path::is_separator);
        named.then(|| PathBuf::from(typed))
    }

    /// The path field that a label names.
    pub(super) fn field_ui(&mut self, ui: &mut Ui, label: &Response, width: f32) -> Response {
        let shown = egui::TextEdit::singleline(&mut self.path).desired_width(width).show(ui);
        let (field, mut state) = (shown.response.response.labelled_by(label.id), shown.state);
        if std::mem::take(&mut self.fresh) {
            field.request_focus();
            // A path that is typed or pasted takes the place of the folder that stands there.
            state.cursor.set_char_range(Some(CCursorRange::select_all_str(&self.path)));
            state.store(ui.ctx(), field.id);
        }
        field
    }

    /// The folder's entries: a click enters a folder or names a file; true if one was clicked twice, to be taken at once.
    ///
    /// The list is as high for every folder, so that nothing moves under the pointer.
    pub(super) fn list_ui(&mut self, ui: &mut Ui, rows_high: f32) -> bool {
        self.follow(ui.ctx());
        let muted = color(tokens(ui.ctx()).text_muted);
        let parent = self.listing.folder.parent().map(Path::to_owned);
        let back = ui.add_enabled(
            parent.is_some(),
            egui::Button::new((icon(icons::ICON_ARROW_UPWARD), "Parent folder")),
        );
        back.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, parent.is_some(), "Parent folder"));
        if let Some(parent) = parent.filter(|_| back.clicked()) {
            self.path = entered(&parent);
        }
        if let Some(error) = &self.listing.error {
            ui.label(RichText::new(error).color(color(tokens(ui.ctx()).warning)));
        }
        let wanted = narrowing(&self.path, &self.listing).to_lowercase();
        let fits = |name: &str| name.to_lowercase().contains(&wanted);
        let shown: Vec<_> = self.listing.entries.iter().filter(|(_, name)| fits(name)).cloned().collect();
        let height = ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        let whole = rows_high * (height + ui.spacing().item_spacing.y);
        let mut taken = false;
        let area = ScrollArea::vertical().max_height(whole).min_scrolled_height(whole);
        area.auto_shrink(false).show_rows(ui, height, shown.len().max(1), |ui, rows| {
            if shown.is_empty() && self.reading.is_none() && self.listing.error.is_none() {
                ui.label(RichText::new(self.nothing(!wanted.is_empty())).color(muted));
            }
            for (kind, name) in shown.get(rows).unwrap_or_default() {
                taken |= self.entry_ui(ui, *kind, name);
            }
        });
        taken
    }

    fn nothing(&self, narrowed: bool) -> String {
        if narrowed {
            return "No entry of this folder has these letters".to_owned();
        }
        format!("No folder and no {} file here", self.wanted.endings.join(", "))
    }

    fn entry_ui(&mut self, ui: &mut Ui, kind: Kind, name: &str) -> bool {
        let path = self.listing.folder.join(name);
        let symbol = match kind {
            Kind::Folder => icons::ICON_FOLDER,
            Kind::Run => icons::ICON_SCIENCE,
            Kind::File => icons::ICON_DRAFT,
        };
        let chosen = kind != Kind::Folder && self.chosen() == path;
        let button = egui::Button::selectable(chosen, (icon(symbol), name.to_owned())).truncate();
        let left = egui::Layout::top_down_justified(egui::Align::LEFT);
        let response = ui.with_layout(left, |ui| ui.add(button)).inner;
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, name));
        if response.clicked() {
            self.path = if kind == Kind::Folder { entered(&path) } else { path.display().to_string() };
        }
        response.double_clicked() && kind != Kind::Folder
    }

    /// Lists the folder that the path names or lies in.
    fn follow(&mut self, context: &Context) {
        if let Some((folder, task)) = self.reading.take() {
            match task.poll() {
                None => self.reading = Some((folder, task)),
                Some(listing) => self.listing = listing.unwrap_or_default(),
            }
        }
        let folder = folder_of(&self.path);
        if self.reading.is_none() && folder != self.listing.folder {
            let (read, wanted) = (folder.clone(), self.wanted);
            let task = Task::spawn("listing", context, move || list(&read, wanted));
            self.reading = task.map(|task| (folder, task));
        }
    }
}

/// The path of a folder as it stands in the field: what is typed behind it narrows the list.
fn entered(folder: &Path) -> String {
    let text = folder.display().to_string();
    if text.is_empty() || text.ends_with(std::path::MAIN_SEPARATOR) {
        text
    } else {
        format!("{text}{}", std::path::MAIN_SEPARATOR)
    }
}

/// The folder that a typed path lies in, by its text alone.
fn folder_of(typed: &str) -> PathBuf {
    let typed = typed.trim();
    match typed.rfind(std::path::is_separator) {
        // The root keeps its separator.
        Some(at) => PathBuf::from(typed.get(..at.max(1)).unwrap_or_default()),
        None => PathBuf::from("."),
    }
}

/// What is typed behind the listed folder; nothing if it is the name of an entry as it was clicked.
fn narrowing(typed: &str, listing: &Listing) -> String {
    let typed = typed.trim();
    let last = typed.rsplit(std::path::is_separator).next().unwrap_or_default();
    let is_taken = listing.entries.iter().any(|(kind, name)| *kind != Kind::Folder && name == last);
    if last.is_empty() || folder_of(typed) != listing.folder || is_taken {
        String::new()
    } else {
        last.to_owned()
    }
}

/// True for a folder that is taken as a whole: a run, or a plan.
fn is_whole(path: &Path) -> bool {
    ["manifest.json", "plan.json"].iter().any(|name| path.join(name).is_file())
}

/// Reads a folder.
fn list(folder: &Path, wanted: Wanted) -> Listing {
    let mut listing = Listing { folder: folder.to_owned(), ..Listing::default() };
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) => {
            listing.error = Some(format!("This folder cannot be listed ({error}); type another path"));
            return listing;
        }
    };
    for entry in read.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let kind = match (path.is_dir(), wanted.runs && is_whole(&path)) {
            _ if name.starts_with('.') => continue,
            (true, true) => Kind::Run,
            (true, false) => Kind::Folder,
            (false, _) if ending.is_some_and(|ending| wanted.endings.contains(&ending.as_str())) => {
                Kind::File
            }
            (false, _) => continue,
        };
        listing.entries.push((kind, name));
    }
    listing.entries.sort_by(|(kind, name), (other, their)| {
        (kind, name.to_lowercase()).cmp(&(other, their.to_lowercase()))
    });
    listing.entries.truncate(MOST_ENTRIES);
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wanted = Wanted { endings: &["toml", "csv"], runs: true };

    #[test]
    fn a_folder_lists_what_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.TOML", "c.exe", ".hidden.csv"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir_all(folder.path().join("run-1")).unwrap();
        fs::write(folder.path().join("run-1/manifest.json"), "{}").unwrap();
        fs::create_dir_all(folder.path().join("data")).unwrap();
        let names = |wanted| -> Vec<String> {
            list(folder.path(), wanted).entries.into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(names(ALL), ["data", "run-1", "a.TOML", "b.csv"], "folders, runs, files");
        assert_eq!(list(folder.path(), ALL).entries[1].0, Kind::Run, "a run folder is known");
        let tables = Wanted { endings: &["csv"], runs: false };
        assert_eq!(names(tables), ["data", "run-1", "b.csv"], "only tables");
        assert_eq!(list(folder.path(), tables).entries[1].0, Kind::Folder, "a run is a place to look in");
        let gone = list(&folder.path().join("gone"), ALL);
        assert!(gone.error.is_some_and(|text| text.contains("type another path")), "says what to do");
    }

    #[test]
    fn what_is_typed_behind_a_folder_narrows_its_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("energy.csv"), "").unwrap();
        let typed = |name: &str| format!("{}{name}", entered(folder.path()));
        assert_eq!(folder_of(&typed("")), folder.path());
        assert_eq!(folder_of(&typed("en")), folder.path());
        let listing = list(folder.path(), ALL);
        assert_eq!(narrowing(&typed("en"), &listing), "en");
        assert_eq!(narrowing(&typed("energy.csv"), &listing), "", "a chosen file hides no other");
        assert_eq!(folder_of("/x"), Path::new("/"), "the root has no parent");
    }
}
