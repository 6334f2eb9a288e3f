//! Help that is looked up: words are typed, articles are found, one is read. By keyboard: type to filter, arrows move.

mod articles;

use egui::{Context, Key, Label, Modifiers, RichText, ScrollArea, Ui};

use super::app::App;
use super::style::{self, color, tokens};
use articles::{Article, Kind};

pub(super) use articles::first_sentence;

/// Size of the dialog, and width of its list, points.
const SIZE: egui::Vec2 = egui::vec2(800.0, 460.0);
const LIST: f32 = 260.0;
/// Kinds that the list can be narrowed to.
const KINDS: [(Option<Kind>, &str); 6] = [
    (None, "All"),
    (Some(Kind::Term), "Glossary"),
    (Some(Kind::View), "Views"),
    (Some(Kind::Setting), "Settings"),
    (Some(Kind::Result), "Results"),
    (Some(Kind::Command), "Commands"),
];

/// The dialog of the help.
#[derive(Default)]
pub(super) struct Help {
    pub(super) open: bool,
    query: String,
    kind: Option<Kind>,
    /// Place of the mark among what was found.
    mark: usize,
    /// Everything that can be found, put together when the help is first opened.
    articles: Vec<Article>,
    /// What was found for which words and kind.
    found: Option<(String, Option<Kind>, Vec<usize>)>,
    fresh: bool,
}

impl Help {
    /// Opens the help, with words to look for.
    pub(super) fn open(&mut self, words: &str) {
        (self.open, self.fresh, self.mark) = (true, true, 0);
        words.clone_into(&mut self.query);
        if !words.is_empty() {
            self.kind = None;
        }
    }

    /// Looks the words up again if they changed.
    fn find(&mut self) {
        if self.found.as_ref().is_some_and(|(query, kind, _)| *query == self.query && *kind == self.kind) {
            return;
        }
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let of_kind = |article: &Article| self.kind.is_none_or(|kind| article.kind == kind);
        let ranked = self.articles.iter().enumerate().filter(|(_, article)| of_kind(article));
        let mut ranked: Vec<(u8, Kind, usize)> = ranked
            .filter_map(|(place, article)| Some((article.answers(&words)?, article.kind, place)))
            .collect();
        ranked.sort_unstable();
        let places = ranked.into_iter().map(|(_, _, place)| place).collect();
        self.found = Some((self.query.clone(), self.kind, places));
    }

    fn ui(&mut self, ui: &mut Ui) {
        let room = ui.ctx().content_rect().size() - egui::vec2(60.0, 120.0);
        ui.set_width(SIZE.x.min(room.x));
        let height = SIZE.y.min(room.y);
        self.query_ui(ui);
        self.find();
        let places = self.found.as_ref().map(|(_, _, places)| places.clone()).unwrap_or_default();
        self.mark = self.mark.min(places.len().saturating_sub(1));
        ui.separator();
        ui.horizontal_top(|ui| {
            let down = egui::Layout::top_down(egui::Align::LEFT);
            ui.allocate_ui_with_layout(egui::vec2(LIST, height), down, |ui| {
                ui.set_min_size(egui::vec2(LIST, height));
                self.list_ui(ui, &places);
            });
            ui.separator();
            ui.vertical(|ui| {
                ui.set_min_height(height);
                match places.get(self.mark).and_then(|place| self.articles.get(*place)) {
                    Some(article) => article_ui(ui, article, height),
                    None => {
                        ui.label("Nothing has all these words; try fewer, or another one.");
                    }
                }
            });
        });
    }

    fn query_ui(&mut self, ui: &mut Ui) {
        let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.mark += 1;
        }
        if pressed(Key::ArrowUp) {
            self.mark = self.mark.saturating_sub(1);
        }
        ui.horizontal(|ui| {
            let label = ui.label("Look for");
            let hint = "a term, a view, a setting, a result, a command";
            let edit = egui::TextEdit::singleline(&mut self.query).hint_text(hint).desired_width(300.0);
            let field = ui.add(edit).labelled_by(label.id);
            if std::mem::take(&mut self.fresh) {
                field.request_focus();
            }
            if field.changed() {
                self.mark = 0;
            }
            // The arrows move the mark, not the focus.
            let filter =
                egui::EventFilter { vertical_arrows: true, horizontal_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(field.id, filter));
            for (kind, words) in KINDS {
                if ui.selectable_label(self.kind == kind, words).clicked() {
                    (self.kind, self.mark) = (kind, 0);
                }
            }
        });
    }

    fn list_ui(&mut self, ui: &mut Ui, places: &[usize]) {
        let height = ui.spacing().interact_size.y;
        let whole = height + ui.spacing().item_spacing.y;
        let mut area = ScrollArea::vertical().id_salt("found").auto_shrink(false);
        let key = egui::Id::unique("mark of the help");
        // The mark stays in sight when the arrows move it.
        let moved = ui.data(|data| data.get_temp::<usize>(key)) != Some(self.mark);
        ui.data_mut(|data| data.insert_temp(key, self.mark));
        if moved {
            area = area.vertical_scroll_offset((self.mark as f32 - 6.0).max(0.0) * whole);
        }
        let mut chosen = None;
        area.show_rows(ui, height, places.len(), |ui, range| {
            for place in range {
                let Some(article) = places.get(place).and_then(|at| self.articles.get(*at)) else { continue };
                let words = format!("{} · {}", article.title, article.kind.word());
                let row = egui::Button::selectable(place == self.mark, &words).truncate();
                let left = egui::Layout::top_down_justified(egui::Align::LEFT);
                let row = ui.with_layout(left, |ui| ui.add(row)).inner;
                let tip = if article.lab.is_empty() { words } else { format!("{words}\n{}", article.lab) };
                if row.on_hover_text(tip).clicked() {
                    chosen = Some(place);
                }
            }
        });
        self.mark = chosen.unwrap_or(self.mark);
    }
}

fn article_ui(ui: &mut Ui, article: &Article, height: f32) {
    ui.heading(&article.title);
    let muted = color(tokens(ui.ctx()).text_muted);
    let of = if article.lab.is_empty() { "the whole program" } else { article.lab };
    ui.add(
        Label::new(RichText::new(format!("{} of {of}", article.kind.word())).small().color(muted)).truncate(),
    );
    let area = ScrollArea::vertical().id_salt("article").auto_shrink(false).max_height(height - 44.0);
    area.show(ui, |ui| {
        let mut cache = egui_commonmark::CommonMarkCache::default();
        egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, &article.text);
    });
}

impl App {
    /// The help, if it is open.
    pub(super) fn help_ui(&mut self, context: &Context) {
        if !self.help.open {
            return;
        }
        if self.help.articles.is_empty() {
            self.help.articles = articles::all(self.catalogue, context);
        }
        let mut open = true;
        let help = &mut self.help;
        style::dialog(context, "Help").open(&mut open).show(context, |ui| help.ui(ui));
        self.help.open &= open;
    }
}
