//! The head of a tile: title, chooser, buttons of the view, help, export, controls.

use egui::{RichText, Ui};
use egui_material_icons::{MaterialIcon, icons};
use weightscope_frame::record::{ActionSpec, Acts, ViewKind, ViewSpec};

use super::TileBehavior;
use crate::figure::told::told;
use crate::views;
use crate::window::command::{Action, Command};
use crate::window::help::first_sentence;
use crate::window::runs::unforkable;
use crate::window::style::{self, color, tokens};

/// The gestures that all plots share.
const GESTURES: &str = "Drag moves, the wheel zooms (Ctrl: x only, Shift: y only), right-drag zooms into a box, double-click fits, and \
     shows all from there. A right click opens a menu. Shift and drag brushes. A click pins the readout, Ctrl+C copies it; on the curve \
     of another run it selects the run; on a name of the legend it hides the series, with Ctrl it leaves that one alone. L and Shift+L \
     change the scales, S smooths, M maximises.";
/// What a table takes.
const GESTURES_OF_TABLES: &str =
    "A click on a heading sorts: largest first, then smallest first, then as recorded. M maximises.";
/// Room of a button of one sign, and of the chooser of channels, points.
const SIGN: f32 = 24.0;
const CHOOSER: f32 = 112.0;
/// Most letters of the channel that the chooser names.
const LONGEST_CHOICE: usize = 12;

/// A thing that a tile can do, as a button or, where there is no room, as an entry of its menu.
struct Deed {
    icon: MaterialIcon,
    words: String,
    does: Does,
}

/// What it does.
enum Does {
    Act(Action),
    Data,
    Apart,
}

impl TileBehavior<'_> {
    /// Title, chooser, buttons of the view, help, export.
    pub(super) fn title_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) -> egui::Response {
        let focused = self.focus == spec.id;
        let palette = tokens(ui.ctx());
        let mut text = RichText::new(spec.titled(self.shown.record(), self.controls)).strong();
        if focused {
            text = text.color(color(palette.accent));
        }
        // The buttons come first, so that a long title is cut before them and not drawn below them; but they give way to it as long as
        // there is a menu for them.
        let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
        let folded = width(ui, &spec.title) + self.buttons_width(ui, spec) > size.x;
        let row = ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
            self.buttons_ui(ui, spec, folded);
            let title = ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let label = egui::Label::new(text).truncate().selectable(false);
                ui.add(label.sense(egui::Sense::click_and_drag()))
            });
            if title.inner.clicked() || title.inner.drag_started() {
                self.actions.push(Action::Focus(spec.id.clone()));
            }
            if title.inner.double_clicked() {
                self.actions.push(Action::Do(Command::Maximise));
            }
            title.inner
        });
        row.inner
    }

    /// What the tile can do besides what has a button at all times.
    fn deeds(&self, spec: &ViewSpec) -> Vec<Deed> {
        let state = self.states.get(&spec.id);
        let is_data = state.is_some_and(|state| state.data);
        let mut deeds = vec![
            Deed {
                icon: icons::ICON_DOWNLOAD,
                words: format!("Export {}", spec.title),
                does: Does::Act(Action::Export(spec.id.clone())),
            },
            Deed {
                icon: icons::ICON_CONTENT_COPY,
                words: format!("Copy {} as picture", spec.title),
                does: Does::Act(Action::CopyPicture(spec.id.clone())),
            },
            Deed {
                icon: if is_data { icons::ICON_SHOW_CHART } else { icons::ICON_TABLE_ROWS },
                words: format!("{} {}", if is_data { "Draw" } else { "Data of" }, spec.title),
                does: Does::Data,
            },
        ];
        if spec.kind == ViewKind::Trace {
            let is_apart = state.is_some_and(|state| state.options.apart);
            deeds.push(Deed {
                icon: icons::ICON_GRID_VIEW,
                words: (if is_apart { "All in one plot" } else { "Each in a panel of its own" }).to_owned(),
                does: Does::Apart,
            });
        }
        deeds
    }

    fn carry_out(&mut self, spec: &ViewSpec, does: Does) {
        let state = self.states.entry(spec.id.clone()).or_default();
        match does {
            Does::Act(action) => self.actions.push(action),
            Does::Data => state.data ^= true,
            Does::Apart => state.options.apart ^= true,
        }
    }

    /// Room of all buttons side by side.
    fn buttons_width(&self, ui: &Ui, spec: &ViewSpec) -> f32 {
        let zoomed = self.states.get(&spec.id).is_some_and(super::TileState::is_zoomed);
        let signs = self.deeds(spec).len() + 3 + usize::from(zoomed);
        let actions: f32 = self.offered(spec).map(|action| width(ui, &action.label) + 2.0 * SIGN / 3.0).sum();
        signs as f32 * SIGN + actions + if spec.one_channel { CHOOSER } else { 0.0 }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, spec: &ViewSpec, folded: bool) {
        ui.spacing_mut().item_spacing.x = 4.0;
        if sign(ui, icons::ICON_CLOSE, &format!("Close {}", spec.title)) {
            self.actions.push(Action::CloseTile(spec.id.clone()));
        }
        let (icon, word) = if self.maximised {
            (icons::ICON_CLOSE_FULLSCREEN, "Put back")
        } else {
            (icons::ICON_OPEN_IN_FULL, "Maximise")
        };
        if sign(ui, icon, &format!("{word} {}", spec.title)) {
            self.actions.push(Action::Focus(spec.id.clone()));
            self.actions.push(Action::Do(Command::Maximise));
        }
        if folded {
            self.menu_ui(ui, spec);
        } else {
            for deed in self.deeds(spec) {
                if sign(ui, deed.icon, &deed.words) {
                    self.carry_out(spec, deed.does);
                }
            }
        }
        let state = self.states.entry(spec.id.clone()).or_default();
        if state.is_zoomed() && sign(ui, icons::ICON_ZOOM_OUT_MAP, &format!("Fit {}", spec.title)) {
            state.fit();
        }
        if help_ui(ui, spec) {
            self.actions.push(Action::Explain(spec.title.clone()));
        }
        if !folded {
            self.lab_buttons_ui(ui, spec, true);
        }
        self.chooser_ui(ui, spec);
    }

    /// The buttons of the view that have a meaning as the run stands.
    fn offered<'s>(&self, spec: &'s ViewSpec) -> impl Iterator<Item = &'s ActionSpec> + use<'s> {
        let in_work = self.in_work;
        spec.actions.iter().filter(move |action| in_work || action.acts != Acts::InWork)
    }

    /// Why a button of the view cannot act now.
    fn blocked(&self, spec: &ViewSpec, action: &ActionSpec) -> Option<String> {
        let shown = self.shown;
        if action.acts == Acts::InWorkOrFork && !self.in_work {
            if shown.folder.is_none() {
                return Some("The run has no folder, so there is no checkpoint to go on from".to_owned());
            }
            if let Some(why) = unforkable(shown.status, shown.snapshot.progress.step) {
                return Some(why.to_owned());
            }
        }
        shown.experiment.method.blocked(shown.record(), self.controls, &spec.id, &action.id)
    }

    /// The buttons that the lab put on the view; grey with the reason where they cannot act.
    fn lab_buttons_ui(&mut self, ui: &mut Ui, spec: &ViewSpec, small: bool) {
        for action in self.offered(spec) {
            let why = self.blocked(spec, action);
            let button = egui::Button::new(&action.label);
            let button = if small { button.small() } else { button };
            let response = ui.add_enabled(why.is_none(), button).on_hover_text(&action.about);
            if response.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                self.actions.push(Action::Button { view: spec.id.clone(), action: action.id.clone() });
            }
        }
    }

    /// What has no room beside the title.
    fn menu_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        let words = format!("More of {}", spec.title);
        let button = egui::Button::new(style::icon(icons::ICON_MORE_VERT)).small().frame(false);
        let response = ui.add(button);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
        egui::Popup::menu(&response).show(|ui| {
            self.lab_buttons_ui(ui, spec, false);
            for deed in self.deeds(spec) {
                if ui.button(&deed.words).clicked() {
                    self.carry_out(spec, deed.does);
                }
            }
        });
        response.on_hover_text(words);
    }

    /// Which of several channels is shown.
    fn chooser_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        if !spec.one_channel {
            return;
        }
        let state = self.states.entry(spec.id.clone()).or_default();
        let all = views::choices(spec, self.shown.record());
        let now = all
            .iter()
            .find(|channel| Some(&channel.id) == state.options.channel.as_ref())
            .or_else(|| all.first());
        let whole = now.map_or("–", |channel| channel.label.as_str());
        // A long name would take the title's room.
        let text = told(&[whole], |name| name.chars().count() <= LONGEST_CHOICE).concat();
        let chooser = egui::ComboBox::from_id_salt(("channel", &spec.id))
            .selected_text(text)
            .width(72.0)
            .truncate()
            .show_ui(ui, |ui| {
                for channel in &all {
                    ui.selectable_value(&mut state.options.channel, Some(channel.id.clone()), &channel.label);
                }
            });
        let words = format!("Layer of {}", spec.title);
        chooser.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &words));
        chooser.response.on_hover_text(whole);
    }
}

/// A button of one sign; true if it was clicked.
fn sign(ui: &mut Ui, icon: MaterialIcon, words: &str) -> bool {
    let response = ui.add(egui::Button::new(style::icon(icon)).small().frame(false));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, words));
    response.on_hover_text(words).clicked()
}

/// What is plotted and how to read it, behind a sign; true if the terms of the view are to be looked up.
fn help_ui(ui: &mut Ui, spec: &ViewSpec) -> bool {
    let words = format!("What is {}?", spec.title);
    let help = ui.add(egui::Button::new(style::icon(icons::ICON_HELP)).small().frame(false));
    help.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
    let help = help.on_hover_text(first_sentence(&spec.help));
    let mut looks_up = false;
    egui::Popup::from_toggle_button_response(&help).show(|ui| {
        ui.set_max_width(420.0);
        let mut cache = egui_commonmark::CommonMarkCache::default();
        egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, &spec.help);
        ui.separator();
        let is_table = matches!(spec.kind, ViewKind::Table | ViewKind::Text);
        let gestures = if is_table { GESTURES_OF_TABLES } else { GESTURES };
        ui.label(RichText::new(gestures).small().color(color(tokens(ui.ctx()).text_muted)));
        let look_up = ui.small_button("Look up in Help");
        looks_up = look_up.on_hover_text("Terms, settings and results of this view").clicked();
    });
    looks_up
}

/// Width of words of ordinary size.
fn width(ui: &Ui, words: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(words.to_owned(), font, egui::Color32::PLACEHOLDER).size().x
}
