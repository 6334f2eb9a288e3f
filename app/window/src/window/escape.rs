//! Escape closes what is on top: a menu, then the dialog in front, then a tile that fills the centre, and only when nothing of this is
//! open does it clear the selection.

use egui::{Context, Key, Modifiers, Popup};

use super::app::App;

impl App {
    /// Takes the key if something is there to be closed; call it before the other keys.
    pub(super) fn escape(&mut self, context: &Context) {
        let pressed = context.input(|input| input.key_pressed(Key::Escape));
        // The palette and the chooser of views take it themselves.
        if !pressed || self.palette.is_some() || self.adding.is_some() {
            return;
        }
        // A menu closes by itself: it needs to see the key.
        if !Popup::is_any_open(context) && (self.close_front() || std::mem::take(&mut self.maximised)) {
            context.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        }
    }

    /// Closes the dialog in front, the one that is drawn last; false if there is none.
    fn close_front(&mut self) -> bool {
        let mut dialogs = [
            self.open_as.as_mut().map(|dialog| &mut dialog.open),
            self.whose.as_mut().map(|dialog| &mut dialog.open),
            self.manage.front(),
            Some(&mut self.rescue.open),
            self.preview.as_mut().map(|dialog| &mut dialog.open),
            self.saving.as_mut().map(|dialog| &mut dialog.open),
            self.takeaway.as_mut().map(|dialog| &mut dialog.open),
            Some(&mut self.opening.open),
            Some(&mut self.settings.open),
            self.export.as_mut().map(|dialog| &mut dialog.open),
            self.fork.as_mut().map(|dialog| &mut dialog.open),
            self.sweep.as_mut().map(|dialog| &mut dialog.open),
            Some(&mut self.guide.open),
            Some(&mut self.help.open),
            Some(&mut self.show_shortcuts),
        ];
        let front = dialogs.iter_mut().flatten().find(|open| ***open);
        front.map(|open| **open = false).is_some()
    }
}
