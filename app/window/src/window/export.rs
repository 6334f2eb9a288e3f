//! The export dialog: what is shown on its right is the file that will be written, drawn off the UI thread.
//!
//! Several ticked views become panels of one figure. A bundle is a folder with figure, data, experiment and instructions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::{Context, RichText, TextureHandle, TextureOptions, Ui};
use egui_material_icons::icons;
use weightscope_frame::record::Controls;

use super::opening::Browsed;
use super::runs::OverlaySet;
use super::saving::{NO_DIALOG_TO_SAVE, dialog_at};
use super::shown::Shown;
use super::style::{self, color, tokens};
use super::task::Task;
use super::tiles::TileState;
use crate::exporting::{Dressing, Format, Job, LegendPlace};
use crate::figure::style::Page;
use crate::theme::Palette;
use crate::views::{ViewOptions, own};

mod dress;

/// Width of the fields, and height of the window that the dialog needs around them, points.
const FIELDS: f32 = 340.0;
const AROUND: f32 = 150.0;
/// Height below which the fields are scrolled.
const LOW: f32 = 620.0;
/// Longest side of the preview on the screen, points.
const PREVIEW: egui::Vec2 = egui::vec2(420.0, 380.0);

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    File(Format),
    Bundle,
}

/// What a preview was drawn for.
#[derive(Clone, PartialEq)]
struct Key {
    views: Vec<(String, ViewOptions)>,
    page: Page,
    dressing: Dressing,
    version: u64,
}

/// What a figure is made from: the run that is shown, as it is shown.
#[derive(Clone, Copy)]
pub(super) struct Exported<'a> {
    pub(super) shown: &'a Shown,
    pub(super) tiles: &'a BTreeMap<String, TileState>,
    pub(super) controls: &'a Controls,
    pub(super) overlay: &'a OverlaySet,
}

/// A page in work.
type Drawing = (Key, Task<Result<Vec<u8>, String>>);

/// The export dialog, with a picture of the file that it will write.
pub(super) struct ExportDialog {
    views: Vec<String>,
    target: Target,
    page: Page,
    dressing: Dressing,
    path: String,
    dialog: Option<Task<Browsed>>,
    work: Option<Task<Result<PathBuf, String>>>,
    drawing: Option<Drawing>,
    drawn: Option<(Key, Result<TextureHandle, String>)>,
    /// The list has not been brought to the ticked view yet.
    fresh: bool,
    pub(super) open: bool,
}

impl ExportDialog {
    /// For a view of the run that is shown, in what it wore last.
    pub(super) fn new(view: &str, bundle: bool, shown: &Shown, dressing: Dressing) -> Self {
        let mut dialog = Self {
            views: vec![view.to_owned()],
            target: if bundle { Target::Bundle } else { Target::File(Format::Pdf) },
            page: Page::Column,
            dressing,
            path: String::new(),
            dialog: None,
            work: None,
            drawing: None,
            drawn: None,
            fresh: true,
            open: true,
        };
        dialog.path = dialog.suggestion(shown).display().to_string();
        dialog
    }

    fn suggestion(&self, shown: &Shown) -> PathBuf {
        let folder =
            shown.folder.as_ref().map_or_else(|| PathBuf::from("."), |folder| folder.join("figures"));
        let name =
            if self.views.len() > 1 { "panels".to_owned() } else { own::file_name(&self.views.concat()) };
        match self.target {
            Target::File(format) => folder.join(format!("{name}.{}", format.extension())),
            Target::Bundle => folder.join(format!("{name}-bundle")),
        }
    }

    fn job(&self, from: &Exported<'_>) -> Job {
        job(from, &self.views, &self.dressing, self.page)
    }

    /// The view that remembers what the figure wears, and that.
    pub(super) fn worn(&self) -> Option<(&str, &Dressing)> {
        Some((self.views.first()?, &self.dressing))
    }

    /// Draws the dialog; what happened, in words, once.
    pub(super) fn show(&mut self, context: &Context, from: &Exported<'_>) -> Option<Result<PathBuf, String>> {
        self.follow(context, from);
        let mut open = self.open;
        style::dialog(context, "Export figure").open(&mut open).show(context, |ui| {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    ui.set_width(FIELDS);
                    let most = context.content_rect().height() - AROUND;
                    if most < LOW {
                        // A low window scrolls the fields; nothing scrolls them to the ticked view then.
                        self.fresh = false;
                        egui::ScrollArea::vertical()
                            .id_salt("export fields")
                            .max_height(most.max(160.0))
                            .show(ui, |ui| self.fields(ui, from));
                    } else {
                        self.fields(ui, from);
                    }
                    self.place_ui(ui);
                    ui.add_space(8.0);
                    ui.horizontal(|ui| {
                        let ready =
                            self.work.is_none() && !self.path.trim().is_empty() && !self.views.is_empty();
                        if ui.add_enabled(ready, egui::Button::new("Export")).clicked() {
                            self.start(context, self.job(from));
                        }
                        if ui.button("Close").clicked() {
                            self.open = false;
                        }
                    });
                });
                ui.vertical(|ui| self.preview_ui(ui));
            });
        });
        self.open &= open;
        self.poll()
    }

    fn fields(&mut self, ui: &mut Ui, from: &Exported<'_>) {
        let shown = from.shown;
        let before = (self.views.clone(), self.target);
        ui.label("Views; several become panels");
        let list = egui::ScrollArea::vertical().id_salt("export views").max_height(120.0);
        list.auto_shrink([false, true]).show(ui, |ui| {
            for view in &shown.views {
                let mut on = self.views.contains(&view.id);
                let response = ui.checkbox(&mut on, &view.title);
                if on && std::mem::take(&mut self.fresh) {
                    response.scroll_to_me(Some(egui::Align::Center));
                }
                if response.changed() {
                    self.views.retain(|id| *id != view.id);
                    if on {
                        self.views.push(view.id.clone());
                    }
                }
            }
        });
        self.order_ui(ui, shown);
        ui.separator();
        egui::Grid::new("export fields").num_columns(2).show(ui, |ui| {
            ui.label("Format");
            ui.horizontal(|ui| {
                for format in Format::ALL {
                    let target = Target::File(format);
                    ui.selectable_value(&mut self.target, target, format.extension().to_uppercase());
                }
                ui.selectable_value(&mut self.target, Target::Bundle, "Bundle").on_hover_text(
                    "A folder with the figure, its data, the experiment and how to make it again",
                );
            });
            ui.end_row();
            let label = ui.label("Style");
            egui::ComboBox::from_id_salt("export style")
                .selected_text(self.page.name())
                .width(200.0)
                .show_ui(ui, |ui| {
                    for page in Page::ALL {
                        ui.selectable_value(&mut self.page, page, page.name());
                    }
                })
                .response
                .labelled_by(label.id);
            ui.end_row();
            self.words(ui);
            if before != (self.views.clone(), self.target) {
                self.path = self.suggestion(shown).display().to_string();
            }
        });
        dress::series_ui(ui, &mut self.dressing, &dress::series(&self.views, from.tiles));
    }

    /// Where it is written.
    fn place_ui(&mut self, ui: &mut Ui) {
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let label = ui.label(if self.target == Target::Bundle { "Folder" } else { "File" });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.add_enabled(self.dialog.is_none(), egui::Button::new("Browse…")).clicked() {
                    self.browse(ui.ctx());
                }
                let width = ui.available_width();
                ui.add(egui::TextEdit::singleline(&mut self.path).desired_width(width)).labelled_by(label.id);
            });
        });
    }

    /// The ticked views in the order of their panels, with what moves them.
    fn order_ui(&mut self, ui: &mut Ui, shown: &Shown) {
        if self.views.len() < 2 {
            return;
        }
        ui.label("Order of the panels");
        let mut moved = None;
        let last = self.views.len() - 1;
        for (place, id) in self.views.iter().enumerate() {
            let title = shown.view(id).map_or(id.as_str(), |view| view.title.as_str());
            ui.horizontal(|ui| {
                for (icon, word, can, other) in [
                    (icons::ICON_ARROW_UPWARD, "up", place > 0, place.saturating_sub(1)),
                    (icons::ICON_ARROW_DOWNWARD, "down", place < last, place + 1),
                ] {
                    let words = format!("Move {title} {word}");
                    let button = ui.add_enabled(can, egui::Button::new(style::icon(icon)).small());
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can, &words));
                    if button.on_hover_text(&words).clicked() {
                        moved = Some((place, other));
                    }
                }
                ui.add(egui::Label::new(title).truncate());
            });
        }
        if let Some((from, to)) = moved {
            self.views.swap(from, to);
        }
    }

    /// Title, labels, legend, letters.
    fn words(&mut self, ui: &mut Ui) {
        ui.label("Title");
        ui.checkbox(&mut self.dressing.with_title, "printed").on_hover_text("Papers put it into the caption");
        ui.end_row();
        for (words, text) in [
            ("Title text", &mut self.dressing.title),
            ("x label", &mut self.dressing.x_label),
            ("y label", &mut self.dressing.y_label),
        ] {
            let label = ui.label(words);
            let edit = egui::TextEdit::singleline(text).hint_text("as in the view").desired_width(200.0);
            ui.add(edit).labelled_by(label.id);
            ui.end_row();
        }
        let label = ui.label("Legend");
        let now = LegendPlace::ALL.iter().find(|(place, _)| *place == self.dressing.legend);
        egui::ComboBox::from_id_salt("export legend")
            .selected_text(now.map_or("", |(_, words)| words))
            .show_ui(ui, |ui| {
                for (place, words) in LegendPlace::ALL {
                    ui.selectable_value(&mut self.dressing.legend, place, words);
                }
            })
            .response
            .labelled_by(label.id);
        ui.end_row();
        let label = ui.label("Colours");
        let now = Palette::ALL.iter().find(|(palette, _)| *palette == self.dressing.palette);
        egui::ComboBox::from_id_salt("export colours")
            .selected_text(now.map_or("", |(_, words)| words))
            .show_ui(ui, |ui| {
                for (palette, words) in Palette::ALL {
                    ui.selectable_value(&mut self.dressing.palette, palette, words);
                }
            })
            .response
            .labelled_by(label.id);
        ui.end_row();
        let label = ui.label("Letters");
        ui.add(egui::Slider::new(&mut self.dressing.letters, 0.6..=2.0).suffix(" ×")).labelled_by(label.id);
        ui.end_row();
    }

    fn preview_ui(&self, ui: &mut Ui) {
        let muted = color(tokens(ui.ctx()).text_muted);
        ui.allocate_ui(PREVIEW, |ui| {
            ui.set_min_size(PREVIEW);
            match &self.drawn {
                Some((_, Ok(texture))) => {
                    let image =
                        egui::Image::new(texture).max_size(PREVIEW - egui::vec2(0.0, 20.0)).shrink_to_fit();
                    ui.add(image.alt_text("Preview of the figure"));
                }
                Some((_, Err(error))) => {
                    ui.label(RichText::new(error).color(color(tokens(ui.ctx()).warning)));
                }
                None => {
                    ui.label(RichText::new("Drawing the page…").color(muted));
                }
            }
            ui.label(RichText::new("The file will look like this.").small().color(muted));
        });
    }

    /// Draws the page again when something changed, one drawing at a time.
    fn follow(&mut self, context: &Context, from: &Exported<'_>) {
        if let Some((key, task)) = self.drawing.take() {
            match task.poll() {
                None => {
                    self.drawing = Some((key, task));
                    return;
                }
                Some(result) => {
                    let result = result.unwrap_or_else(|()| Err("the drawing died".to_owned()));
                    self.drawn = Some((key, result.and_then(|bytes| texture(context, &bytes))));
                }
            }
        }
        let shown = from.shown;
        let job = self.job(from);
        let options = job.views.iter().map(|(spec, options)| {
            // The screen's resolution and the pointer's step are not part of the page.
            let options = ViewOptions { resolution: crate::views::Resolution::Full, ..options.clone() };
            (spec.id.clone(), options)
        });
        // While a run goes on, the page follows it only when something else changes.
        let version =
            if shown.status == weightscope_frame::store::Status::Running { 0 } else { shown.version };
        let key = Key { views: options.collect(), page: self.page, dressing: self.dressing.clone(), version };
        if self.drawn.as_ref().is_none_or(|(drawn, _)| *drawn != key) {
            let task =
                Task::spawn("preview", context, move || job.preview().map_err(|error| format!("{error:#}")));
            self.drawing = task.map(|task| (key, task));
        }
    }

    /// The desktop's own dialog, on its own thread. Where there is none, the path field is still there.
    fn browse(&mut self, context: &Context) {
        let start = PathBuf::from(&self.path);
        let bundle = self.target == Target::Bundle;
        self.dialog = Task::spawn("file dialog", context, move || {
            let (dialog, begun) = (dialog_at(&start), std::time::Instant::now());
            Browsed::of(if bundle { dialog.pick_folder() } else { dialog.save_file() }, begun)
        });
    }

    fn start(&mut self, context: &Context, job: Job) {
        let path = PathBuf::from(self.path.trim());
        let target = self.target;
        self.work = Task::spawn("export", context, move || {
            let written = match target {
                Target::File(format) => job.write(format, &path),
                Target::Bundle => job.bundle(&path),
            };
            written.map(|()| path).map_err(|error| format!("{error:#}"))
        });
    }

    fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        if let Some(result) = self.dialog.as_ref().and_then(Task::poll) {
            self.dialog = None;
            match result {
                Ok(Browsed::Chosen(path)) => self.path = path.display().to_string(),
                Ok(Browsed::Nothing) => {}
                Ok(Browsed::NoDialog) | Err(()) => return Some(Err(NO_DIALOG_TO_SAVE.to_owned())),
            }
        }
        let result = self.work.as_ref().and_then(Task::poll)?;
        self.work = None;
        Some(match result {
            Ok(Ok(path)) => Ok(path),
            Ok(Err(error)) => Err(format!("The figure could not be exported: {error}")),
            Err(()) => Err("The figure could not be exported: the work died".to_owned()),
        })
    }
}

/// What is drawn of the run that is shown.
pub(super) fn job(from: &Exported<'_>, views: &[String], dressing: &Dressing, page: Page) -> Job {
    let Exported { shown, tiles, controls, overlay } = *from;
    let (label, beside) = overlay.owned();
    let views = views.iter().filter_map(|id| {
        let options = tiles.get(id).map(|tile| tile.options.clone()).unwrap_or_default();
        Some((shown.view(id)?.clone(), options))
    });
    Job {
        experiment: shown.experiment.clone(),
        record: shown.record().clone(),
        folder: shown.folder.clone(),
        label,
        beside,
        controls: controls.complete(&shown.views, shown.record()),
        provenance: shown.provenance.clone(),
        views: views.collect(),
        dressing: dressing.clone(),
        page,
    }
}

fn texture(context: &Context, png: &[u8]) -> Result<TextureHandle, String> {
    let image = image::load_from_memory(png).map_err(|error| error.to_string())?.to_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    let image = egui::ColorImage::from_rgba_unmultiplied(size, image.as_raw());
    Ok(context.load_texture("export preview", image, TextureOptions::LINEAR))
}
