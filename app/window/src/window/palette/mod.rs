//! The palette: commands, views, presets and runs by a few typed letters.
//!
//! - `score`: how well a text answers; `entries`: what there is, ranked and grouped
//!
//! Contract: entries are made once when it opens and scored only when the query changes; a frame draws the rows that are seen.

mod entries;
mod score;

use egui::{Button, Context, Event, Key, Modifiers, RichText, ScrollArea, Ui};

use self::entries::{Entry, Kind};
use super::app::App;
use super::command::Action;
use super::ready::Why;
use super::style::{color, tokens};

const WIDTH: f32 = 560.0;
/// Rows that are seen at once.
const ROWS: f32 = 14.0;

/// Letters about a run that stand beside its name.
const MOST_BESIDE: usize = 40;

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Heading(Kind),
    /// Place among the answers, and place of its entry.
    Answer(usize, usize),
}

/// The palette: commands, views, presets and runs, found by a few typed letters.
pub(super) struct Palette {
    query: String,
    entries: Vec<Entry>,
    /// The query that the lines answer.
    answered: Option<String>,
    lines: Vec<Line>,
    answers: usize,
    mark: usize,
    /// The marked row is to be brought into sight.
    reveal: bool,
}

/// What a frame came to.
enum Outcome {
    Stay,
    Close,
    Take(Action),
}

impl Palette {
    /// With all that can be found now. Letters that came in the same frame as the keys that open it are not lost.
    pub(super) fn new(app: &App, context: &Context) -> Self {
        let opened = |event: &Event| matches!(event, Event::Key { key: Key::P, pressed: true, .. });
        let typed = context.input(|input| {
            let after = input.events.iter().rposition(opened).map_or(input.events.len(), |at| at + 1);
            let texts = input.events.iter().skip(after).filter_map(|event| match event {
                Event::Text(text) => Some(text.as_str()),
                _ => None,
            });
            texts.collect()
        });
        Self {
            query: typed,
            entries: entries::entries(app),
            answered: None,
            lines: Vec::new(),
            answers: 0,
            mark: 0,
            reveal: false,
        }
    }

    /// Finds again if the query changed.
    fn answer(&mut self, ready: impl Fn(&Entry) -> bool) {
        if self.answered.as_ref() == Some(&self.query) {
            return;
        }
        let found = entries::find(&self.entries, &self.query);
        self.answers = found.len();
        // One that can act and answers as well as the best takes the mark; a worse one never does what was not meant.
        let class = |score: u32| score / score::STEP;
        let best = found.first().map_or(0, |(score, _)| class(*score));
        let acts = |(score, place): &(u32, usize)| {
            class(*score) == best && self.entries.get(*place).is_some_and(&ready)
        };
        self.mark = found.iter().position(acts).unwrap_or(0);
        self.lines.clear();
        let mut group = None;
        for (answer, (_, place)) in found.into_iter().enumerate() {
            let kind = self.entries.get(place).map(|entry| entry.kind);
            if kind != group {
                group = kind;
                self.lines.extend(kind.map(Line::Heading));
            }
            self.lines.push(Line::Answer(answer, place));
        }
        self.answered = Some(self.query.clone());
        self.reveal = true;
    }

    /// The marked entry.
    fn marked(&self) -> Option<&Entry> {
        let place = self.lines.iter().find_map(|line| match line {
            Line::Answer(answer, place) if *answer == self.mark => Some(*place),
            _ => None,
        });
        place.and_then(|place| self.entries.get(place))
    }

    /// Arrows, Enter, Escape. They act before the field sees them.
    fn keys(&mut self, ui: &Ui, app: &App) -> Outcome {
        let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let last = self.answers.saturating_sub(1);
        let page = ROWS as usize - 2;
        for (key, to) in [
            (Key::ArrowDown, if self.mark >= last { 0 } else { self.mark + 1 }),
            (Key::ArrowUp, self.mark.checked_sub(1).unwrap_or(last)),
            (Key::PageDown, (self.mark + page).min(last)),
            (Key::PageUp, self.mark.saturating_sub(page)),
        ] {
            if pressed(key) {
                self.mark = to;
                self.reveal = true;
            }
        }
        if pressed(Key::Escape) {
            return Outcome::Close;
        }
        match self.marked().filter(|_| pressed(Key::Enter)) {
            Some(entry) if ready(entry, app).is_ok() => Outcome::Take(entry.action.clone()),
            _ => Outcome::Stay,
        }
    }

    fn ui(&mut self, ui: &mut Ui, app: &App) -> Outcome {
        ui.set_width(WIDTH);
        let mut outcome = self.keys(ui, app);
        let hint = "A command, a view, a preset or a run";
        let id = ui.scope_id().with("query");
        // Before the field is drawn, so that it takes what is typed in its first frame.
        ui.memory_mut(|memory| memory.request_focus(id));
        let edit = egui::TextEdit::singleline(&mut self.query).id(id).hint_text(hint);
        let field = ui.add(edit.desired_width(f32::INFINITY));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Command"));
        // The arrows move the mark, not the focus.
        let filter = egui::EventFilter {
            vertical_arrows: true,
            horizontal_arrows: true,
            ..egui::EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(field.id, filter));
        self.answer(|entry| ready(entry, app).is_ok());
        if self.lines.is_empty() {
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.label(RichText::new("Nothing is called so; try fewer letters").color(muted));
            return outcome;
        }
        let height = ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        let whole = height + ui.spacing().item_spacing.y;
        let mut area = ScrollArea::vertical().max_height(whole * ROWS).auto_shrink([false, true]);
        let at = self.lines.iter().position(|line| matches!(line, Line::Answer(at, _) if *at == self.mark));
        if let Some(at) = at.filter(|_| std::mem::take(&mut self.reveal)) {
            area = area.vertical_scroll_offset((at as f32 - ROWS / 2.0).max(0.0) * whole);
        }
        area.show_rows(ui, height, self.lines.len(), |ui, range| {
            for line in self.lines.get(range).unwrap_or_default() {
                match *line {
                    Line::Heading(kind) => heading_ui(ui, height, kind),
                    Line::Answer(at, place) => {
                        let Some(entry) = self.entries.get(place) else { continue };
                        if row_ui(ui, entry, at == self.mark, ready(entry, app)) {
                            outcome = Outcome::Take(entry.action.clone());
                        }
                    }
                }
            }
        });
        outcome
    }
}

/// Whether an entry can be taken now.
fn ready(entry: &Entry, app: &App) -> Result<(), Why> {
    match entry.action {
        Action::Do(command) => command.ready(app),
        _ => Ok(()),
    }
}

fn heading_ui(ui: &mut Ui, height: f32, kind: Kind) {
    let muted = color(tokens(ui.ctx()).text_muted);
    let size = egui::vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Max), |ui| {
        ui.set_min_size(size);
        ui.add(egui::Label::new(RichText::new(kind.words()).small().color(muted)).selectable(false));
    });
}

/// One row; true if it was clicked.
fn row_ui(ui: &mut Ui, entry: &Entry, marked: bool, ready: Result<(), Why>) -> bool {
    let enabled = ready.is_ok();
    let why = ready.err().unwrap_or_default();
    let keys = match entry.action {
        Action::Do(command) => command.keys_text(ui.ctx()),
        _ if entry.kind == Kind::Run => Some(entry.about.chars().take(MOST_BESIDE).collect()),
        _ => None,
    };
    let beside = if enabled { keys.unwrap_or_default() } else { why.clone().into_owned() };
    let mut button = Button::selectable(marked, &entry.words).truncate();
    if !beside.is_empty() {
        button = button.shortcut_text(RichText::new(beside).small());
    }
    let left = egui::Layout::top_down_justified(egui::Align::LEFT);
    let response = ui.with_layout(left, |ui| ui.add_enabled(enabled, button)).inner;
    let name = &entry.words;
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, enabled, marked, name));
    let response = response.on_disabled_hover_text(why);
    if entry.about.is_empty() { response.clicked() } else { response.on_hover_text(&entry.about).clicked() }
}

impl App {
    /// The palette, if it is open.
    pub(super) fn palette_ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let Some(mut palette) = self.palette.take() else { return };
        let top = egui::Window::new("Commands")
            .title_bar(false)
            .anchor(egui::Align2::CENTER_TOP, [0.0, 72.0])
            .order(egui::Order::Foreground)
            .resizable(false);
        let shown = top.show(context, |ui| palette.ui(ui, self));
        let left = shown.as_ref().is_some_and(|shown| shown.response.clicked_elsewhere());
        match shown.and_then(|shown| shown.inner) {
            Some(Outcome::Take(action)) => actions.push(action),
            Some(Outcome::Close) => {}
            Some(Outcome::Stay) | None if left => {}
            Some(Outcome::Stay) | None => self.palette = Some(palette),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn lines_are_made_when_the_query_changes_and_not_otherwise() {
        let run = |index: usize| {
            let action = Action::OpenRun(PathBuf::from(index.to_string()));
            Entry::new(Kind::Run, format!("Open run {index}"), String::new(), action)
        };
        let entries: Vec<Entry> = (0..1000).map(run).collect();
        let mut palette = Palette {
            query: "9".to_owned(),
            entries,
            answered: None,
            lines: Vec::new(),
            answers: 0,
            mark: 0,
            reveal: false,
        };
        palette.answer(|_| true);
        assert_eq!((palette.lines[0], palette.answers), (Line::Heading(Kind::Run), 50), "under a heading");
        palette.mark = 3;
        palette.lines.truncate(10);
        palette.answer(|_| true);
        assert_eq!((palette.lines.len(), palette.mark), (10, 3), "the same query is not answered again");
        palette.query.push('9');
        palette.answer(|_| true);
        assert_eq!(palette.mark, 0, "another one is");
        assert_eq!(palette.marked().map(|entry| entry.words.as_str()), Some("Open run 99"), "its best");
    }
}
