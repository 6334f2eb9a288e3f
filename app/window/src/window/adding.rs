//! The chooser of channels: any channel of the record becomes a view, drawn as its data ask for.
//!
//! By keyboard: type to filter, arrows move, Shift+Enter ticks, Enter adds what is ticked, else the channel under the mark.

use std::collections::BTreeMap;

use egui::{Context, Key, Modifiers, RichText, Ui};
use egui_tiles::TileId;
use weightscope_frame::record::{Record, ViewKind};

use super::app::App;
use super::command::Action;
use super::style::{self, color, tokens};
use crate::views::own;

/// The chooser that makes views of channels of the record.
pub(super) struct AddView {
    query: String,
    /// Ticked channels, in the order of their ticks.
    ticked: Vec<String>,
    /// Place of the mark among the channels that pass the filter.
    mark: usize,
    /// Group of tabs that takes the views; `None` for the centre.
    group: Option<TileId>,
    fresh: bool,
    open: bool,
}

/// A channel that can be added.
struct Entry<'a> {
    id: &'a str,
    label: &'a str,
    unit: &'a str,
    about: &'a str,
    kind: ViewKind,
}

/// A line of the list.
enum Line<'a> {
    Family(&'a str),
    Channel(usize, &'a Entry<'a>),
}

impl App {
    /// Ids of the views that the person put together for the run that is shown.
    pub fn own_views(&self) -> Vec<String> {
        self.shown.iter().flat_map(|shown| shown.own_ids().map(str::to_owned)).collect()
    }

    pub(super) fn adding_ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if let (Some(dialog), Some(shown)) = (&mut self.adding, &self.shown) {
            dialog.show(context, shown.record(), actions);
        }
        self.adding.take_if(|dialog| !dialog.open);
    }

    /// Puts views of channels into the layout and focuses the last one.
    pub(super) fn add_views(&mut self, ids: Vec<String>, group: Option<TileId>) {
        let mut own = self.own_views();
        own.extend(ids.iter().filter(|id| !own.contains(id)).cloned().collect::<Vec<_>>());
        self.set_own(own);
        for id in ids {
            if let Some(layout) = &mut self.layout {
                match group {
                    Some(group) => layout.open_in(&id, group),
                    None => layout.open_below(&id),
                }
            }
            self.focus = id;
        }
        self.maximised = false;
    }

    /// Forgets a view of channels; a view of the lab stays.
    pub(super) fn drop_own(&mut self, view: &str) {
        if own::is_own(view) {
            let mut own = self.own_views();
            own.retain(|id| id != view);
            self.set_own(own);
            self.tiles.remove(view);
        }
    }

    pub(super) fn set_own(&mut self, ids: Vec<String>) {
        let Some(shown) = &mut self.shown else { return };
        if !shown.own_ids().eq(ids.iter().map(String::as_str)) {
            shown.set_own(&ids);
        }
        self.own_views.insert(shown.layout_key(), ids);
    }
}

impl AddView {
    /// A chooser that has just been asked for.
    pub(super) fn new(group: Option<TileId>) -> Self {
        Self { query: String::new(), ticked: Vec::new(), mark: 0, group, fresh: true, open: true }
    }

    fn show(&mut self, context: &Context, record: &Record, actions: &mut Vec<Action>) {
        let mut entries: Vec<Entry<'_>> =
            record.channels().map(entry).filter(|one| self.passes(one)).collect();
        together(&mut entries);
        let mut open = self.open;
        style::dialog(context, "Add view").open(&mut open).show(context, |ui| {
            ui.set_width(440.0);
            let wanted = self.filter_ui(ui, &entries, record);
            self.list_ui(ui, &entries);
            ui.separator();
            let clicked = self.buttons_ui(ui, record);
            if let Some(ids) = wanted.or(clicked) {
                actions.push(Action::AddViews(ids, self.group));
                self.open = false;
            }
        });
        self.open &= open;
    }

    /// Every word of the filter stands in the channel's id, label or kind.
    fn passes(&self, entry: &Entry<'_>) -> bool {
        let text = format!("{} {} {}", entry.id, entry.label, own::words(entry.kind)).to_lowercase();
        self.query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The field and its keys; what Enter adds.
    fn filter_ui(&mut self, ui: &mut Ui, entries: &[Entry<'_>], record: &Record) -> Option<Vec<String>> {
        let pressed =
            |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let last = entries.len().saturating_sub(1);
        if pressed(Modifiers::NONE, Key::ArrowDown) {
            self.mark += 1;
        }
        if pressed(Modifiers::NONE, Key::ArrowUp) {
            self.mark = self.mark.saturating_sub(1);
        }
        self.mark = self.mark.min(last);
        let marked = entries.get(self.mark).map(|entry| entry.id.to_owned());
        if pressed(Modifiers::SHIFT, Key::Enter)
            && let Some(id) = &marked
        {
            self.toggle(id);
        }
        if pressed(Modifiers::NONE, Key::Escape) {
            self.open = false;
        }
        let entered = pressed(Modifiers::NONE, Key::Enter);
        let label = ui.label("Channels");
        let edit = egui::TextEdit::singleline(&mut self.query)
            .hint_text("Type to filter: name, kind")
            .desired_width(f32::INFINITY);
        let field = ui.add(edit).labelled_by(label.id);
        if std::mem::take(&mut self.fresh) {
            field.request_focus();
        }
        // The arrows move the mark, not the focus.
        let filter = egui::EventFilter {
            vertical_arrows: true,
            horizontal_arrows: true,
            ..egui::EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(field.id, filter));
        if !entered {
            return None;
        }
        if self.ticked.is_empty() {
            return marked.map(|id| vec![own::id(&[id])]);
        }
        Some(if self.can_share(record) { vec![own::id(&self.ticked)] } else { self.each() })
    }

    /// True if all ticked channels can stand in one tile.
    fn can_share(&self, record: &Record) -> bool {
        let channels = self.ticked.iter().filter_map(|id| record.get(id));
        own::can_share(&channels.map(|channel| own::kind(&channel.data)).collect::<Vec<_>>())
    }

    /// A view for each ticked channel.
    fn each(&self) -> Vec<String> {
        self.ticked.iter().map(|id| own::id(std::slice::from_ref(id))).collect()
    }

    fn toggle(&mut self, id: &str) {
        let before = self.ticked.len();
        self.ticked.retain(|ticked| ticked != id);
        if self.ticked.len() == before {
            self.ticked.push(id.to_owned());
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, entries: &[Entry<'_>]) {
        let muted = color(tokens(ui.ctx()).text_muted);
        if entries.is_empty() {
            ui.label(RichText::new("No channel of this run passes the filter.").color(muted));
            return;
        }
        let lines = lines(entries);
        let at = lines.iter().position(|line| matches!(line, Line::Channel(place, _) if *place == self.mark));
        let height = ui.spacing().interact_size.y;
        let whole = height + ui.spacing().item_spacing.y;
        let mut area = egui::ScrollArea::vertical().max_height(whole * 12.0).auto_shrink([false, true]);
        // The mark stays in sight when the arrows move it.
        let moved = ui.data(|data| data.get_temp::<usize>(Self::key())) != Some(self.mark);
        ui.data_mut(|data| data.insert_temp(Self::key(), self.mark));
        if let Some(at) = at.filter(|_| moved) {
            area = area.vertical_scroll_offset((at as f32 - 5.0).max(0.0) * whole);
        }
        area.show_rows(ui, height, lines.len(), |ui, range| {
            for line in lines.get(range).unwrap_or_default() {
                match line {
                    Line::Family(family) => {
                        ui.add_sized([ui.available_width(), height], |ui: &mut Ui| {
                            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                                ui.label(RichText::new(*family).strong())
                            })
                            .inner
                        });
                    }
                    Line::Channel(place, entry) => self.row_ui(ui, *place, entry),
                }
            }
        });
    }

    fn key() -> egui::Id {
        egui::Id::unique("mark of the channels")
    }

    fn row_ui(&mut self, ui: &mut Ui, place: usize, entry: &Entry<'_>) {
        ui.horizontal(|ui| {
            if place == self.mark {
                let paint = ui.visuals().selection.bg_fill;
                ui.painter().rect_filled(ui.available_rect_before_wrap(), 2.0, paint);
            }
            ui.add_space(12.0);
            let mut on = self.ticked.iter().any(|id| id == entry.id);
            let tick = ui.checkbox(&mut on, entry.label);
            tick.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, entry.id));
            if tick.on_hover_text(entry.about).changed() {
                self.toggle(entry.id);
                self.mark = place;
            }
            let unit = if entry.unit.is_empty() { String::new() } else { format!(" [{}]", entry.unit) };
            let words = format!("{} · {}{unit}", entry.id, own::words(entry.kind));
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.add(egui::Label::new(RichText::new(words).small().color(muted)).truncate().selectable(false));
        });
    }

    /// What the buttons add.
    fn buttons_ui(&mut self, ui: &mut Ui, record: &Record) -> Option<Vec<String>> {
        let share = self.ticked.len() > 1 && self.can_share(record);
        let mut wanted = None;
        ui.horizontal(|ui| {
            if share && ui.button("Add in one tile").clicked() {
                wanted = Some(vec![own::id(&self.ticked)]);
            }
            let words = if self.ticked.len() > 1 { "Add one tile each" } else { "Add tile" };
            if ui.add_enabled(!self.ticked.is_empty(), egui::Button::new(words)).clicked() {
                wanted = Some(self.each());
            }
            if ui.button("Close").clicked() {
                self.open = false;
            }
            let muted = color(tokens(ui.ctx()).text_muted);
            let text = RichText::new("Arrows move, Shift+Enter ticks, Enter adds").small().color(muted);
            ui.add(egui::Label::new(text).truncate());
        });
        wanted
    }
}

fn entry(channel: &weightscope_frame::record::Channel) -> Entry<'_> {
    Entry {
        id: &channel.id,
        label: if channel.label.is_empty() { &channel.id } else { &channel.label },
        unit: &channel.unit,
        about: &channel.about,
        kind: own::kind(&channel.data),
    }
}

/// Members of a family side by side, families where their first member stands.
fn together(entries: &mut [Entry<'_>]) {
    let mut places = BTreeMap::new();
    for entry in entries.iter() {
        let next = places.len();
        places.entry(family(entry.id).to_owned()).or_insert(next);
    }
    entries.sort_by_key(|entry| places.get(family(entry.id)).copied());
}

fn family(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}

/// The channels under the names of their families, which stand where their first member does.
fn lines<'a>(entries: &'a [Entry<'a>]) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut last = None;
    for (place, entry) in entries.iter().enumerate() {
        let own = family(entry.id);
        if last != Some(own) {
            last = Some(own);
            lines.push(Line::Family(own));
        }
        lines.push(Line::Channel(place, entry));
    }
    lines
}
