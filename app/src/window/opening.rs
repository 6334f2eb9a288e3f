//! Opening a file by clicks or by its path, on any machine; where the desktop has a file dialog, a button leads to it.
//!
//! Contract: folders are read off the UI thread; what is typed narrows what is listed.

use std::fs;
use std::path::{Path, PathBuf};

use egui::text::CCursorRange;
use egui::{Context, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

use super::command::Action;
use super::style::{color, icon, tokens};
use super::task::Task;

/// Entries of a folder that are listed.
const MOST_ENTRIES: usize = 2000;
/// Height of the list: the same for every folder, so that nothing moves under the pointer.
const LIST_HEIGHT: f32 = 280.0;
/// Endings of files that can be opened.
const ENDINGS: [&str; 9] = ["toml", "csv", "tsv", "txt", "svg", "png", "pdf", "safetensors", "npz"];

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Folder,
    Run,
    File,
}

/// What stands in a folder: what can be opened or entered, in the order in which it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Listing {
    folder: PathBuf,
    entries: Vec<(Kind, String)>,
    error: Option<String>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Opening {
    path: String,
    listing: Listing,
    reading: Option<(PathBuf, Task<Listing>)>,
    /// The path takes the keyboard in the first frame.
    fresh: bool,
    open: bool,
}

impl Opening {
    /// A dialog that has just been asked for; it begins where the last one ended.
    pub(super) fn asked(last: &Self) -> Self {
        let folder = if last.listing.folder.as_os_str().is_empty() {
            std::env::current_dir().unwrap_or_default()
        } else {
            last.listing.folder.clone()
        };
        Self { path: entered(&folder), fresh: true, open: true, ..Self::default() }
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if !self.open {
            return;
        }
        self.follow(context);
        let mut open = true;
        egui::Window::new("Open")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(context.content_rect().center())
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .show(context, |ui| {
                ui.label(
                    "An experiment, a figure, a table or a run folder; it can be dropped on the window too.",
                );
                self.path_ui(ui, actions);
                ui.separator();
                self.listing_ui(ui, actions);
            });
        self.open &= open;
    }

    fn path_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let label = ui.label("Path");
            let shown = egui::TextEdit::singleline(&mut self.path).desired_width(360.0).show(ui);
            let (field, mut state) = (shown.response.response.labelled_by(label.id), shown.state);
            if std::mem::take(&mut self.fresh) {
                field.request_focus();
                // A path that is typed or pasted takes the place of the folder that stands there.
                state.cursor.set_char_range(Some(CCursorRange::select_all_str(&self.path)));
                state.store(ui.ctx(), field.id);
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let ready = !self.path.trim().is_empty();
            let clicked = ui.add_enabled(ready, egui::Button::new("Open file")).clicked();
            if ready && (clicked || entered) {
                self.take(actions);
            }
            if ui.button("Browse…").on_hover_text("The desktop's own dialog").clicked() {
                actions.push(Action::Browse);
                self.open = false;
            }
        });
    }

    fn take(&mut self, actions: &mut Vec<Action>) {
        actions.push(Action::OpenPath(PathBuf::from(self.path.trim())));
        self.open = false;
    }

    /// The folder's entries: a click enters a folder or names a file, a double click opens.
    fn listing_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let muted = color(tokens(ui.ctx()).text_muted);
        if let Some(parent) = self.listing.folder.parent() {
            let back = ui.button((icon(icons::ICON_ARROW_UPWARD), "Parent folder"));
            back.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Parent folder"));
            if back.clicked() {
                self.path = entered(parent);
            }
        }
        if let Some(error) = &self.listing.error {
            ui.label(RichText::new(error).color(color(tokens(ui.ctx()).warning)));
        }
        let wanted = narrowing(&self.path, &self.listing.folder).to_lowercase();
        let fits = |name: &str| name.to_lowercase().contains(&wanted);
        let shown: Vec<_> = self.listing.entries.iter().filter(|(_, name)| fits(name)).cloned().collect();
        if shown.is_empty() && self.reading.is_none() {
            ui.label(RichText::new("Nothing here that can be opened").color(muted));
        }
        let height = ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        let area = ScrollArea::vertical().max_height(LIST_HEIGHT).min_scrolled_height(LIST_HEIGHT);
        area.auto_shrink(false).show_rows(ui, height, shown.len(), |ui, rows| {
            for (kind, name) in shown.get(rows).unwrap_or_default() {
                self.entry_ui(ui, *kind, name, actions);
            }
        });
    }

    fn entry_ui(&mut self, ui: &mut Ui, kind: Kind, name: &str, actions: &mut Vec<Action>) {
        let path = self.listing.folder.join(name);
        let symbol = match kind {
            Kind::Folder => icons::ICON_FOLDER,
            Kind::Run => icons::ICON_SCIENCE,
            Kind::File => icons::ICON_DRAFT,
        };
        let chosen = kind != Kind::Folder && Path::new(self.path.trim()) == path;
        let button = egui::Button::selectable(chosen, (icon(symbol), name.to_owned())).truncate();
        let left = egui::Layout::top_down_justified(egui::Align::LEFT);
        let response = ui.with_layout(left, |ui| ui.add(button)).inner;
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, name));
        if response.clicked() {
            self.path = if kind == Kind::Folder { entered(&path) } else { path.display().to_string() };
        }
        if response.double_clicked() && kind != Kind::Folder {
            self.take(actions);
        }
    }

    /// Lists the folder that the path names or lies in.
    fn follow(&mut self, context: &Context) {
        if let Some((folder, task)) = self.reading.take() {
            match task.poll() {
                None => self.reading = Some((folder, task)),
                Some(listing) => self.listing = listing.unwrap_or_default(),
            }
        }
        let wanted = folder_of(&self.path);
        if self.reading.is_none() && wanted != self.listing.folder {
            let folder = wanted.clone();
            let task = Task::spawn("listing", context, move || list(&folder));
            self.reading = task.map(|task| (wanted, task));
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
fn narrowing(typed: &str, folder: &Path) -> String {
    let typed = typed.trim();
    let last = typed.rsplit(std::path::is_separator).next().unwrap_or_default();
    let whole = folder.join(last);
    if last.is_empty() || folder_of(typed) != folder || whole.is_file() {
        String::new()
    } else {
        last.to_owned()
    }
}

/// Reads a folder.
fn list(folder: &Path) -> Listing {
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
        let kind = match (path.is_dir(), path.join("manifest.json").is_file()) {
            _ if name.starts_with('.') => continue,
            (true, true) => Kind::Run,
            (true, false) => Kind::Folder,
            (false, _) if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) => Kind::File,
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

    #[test]
    fn a_folder_lists_what_can_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.TOML", "c.exe", ".hidden.csv"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir_all(folder.path().join("run-1")).unwrap();
        fs::write(folder.path().join("run-1/manifest.json"), "{}").unwrap();
        fs::create_dir_all(folder.path().join("data")).unwrap();
        let entries = list(folder.path()).entries;
        let names: Vec<&str> = entries.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["data", "run-1", "a.TOML", "b.csv"], "folders, runs, files");
        assert_eq!(entries[1].0, Kind::Run, "a run folder is known");
        let gone = list(&folder.path().join("gone"));
        assert!(gone.error.is_some_and(|text| text.contains("type another path")), "says what to do");
    }

    #[test]
    fn what_is_typed_behind_a_folder_narrows_its_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("energy.csv"), "").unwrap();
        let typed = |name: &str| format!("{}{name}", entered(folder.path()));
        assert_eq!(folder_of(&typed("")), folder.path());
        assert_eq!(folder_of(&typed("en")), folder.path());
        assert_eq!(narrowing(&typed("en"), folder.path()), "en");
        assert_eq!(narrowing(&typed("energy.csv"), folder.path()), "", "a chosen file hides no other");
        assert_eq!(folder_of("/x"), Path::new("/"), "the root has no parent");
    }
}
