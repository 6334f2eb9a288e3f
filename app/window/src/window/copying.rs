//! A view as a picture on the clipboard, and tiles over steps that move together.

use egui::{ColorImage, Context};

use super::app::{App, Urgency};
use super::export::{self, Exported};
use super::task::Task;
use crate::figure::style::Page;

impl App {
    /// Draws a view as it is printed, off this thread.
    pub(super) fn copy_picture(&mut self, view: &str, context: &Context) {
        let Some(shown) = self.shown.as_ref().filter(|shown| shown.view(view).is_some()) else { return };
        let dressing = self.tiles.get(view).map(|tile| tile.dressing.clone()).unwrap_or_default();
        let from = Exported {
            shown,
            tiles: &self.tiles,
            controls: &self.controls,
            overlay: self.runs.overlay_set(),
        };
        let job = export::job(&from, &[view.to_owned()], &dressing, Page::Column);
        self.copying =
            Task::spawn("copy picture", context, move || job.picture().map_err(|error| format!("{error:#}")));
    }

    /// Puts what was drawn on the clipboard.
    pub(super) fn copied(&mut self, context: &Context) {
        let Some(result) = self.copying.as_ref().and_then(Task::poll) else { return };
        self.copying = None;
        let image = result.unwrap_or_else(|()| Err("the drawing died".to_owned())).and_then(|png| {
            let image = image::load_from_memory(&png).map_err(|error| error.to_string())?.to_rgba8();
            let size = [image.width() as usize, image.height() as usize];
            Ok(ColorImage::from_rgba_unmultiplied(size, image.as_raw()))
        });
        match image {
            Ok(image) => {
                let [width, height] = image.size;
                context.copy_image(image);
                self.say(Urgency::Info, format!("Copied as a picture of {width} × {height} pixels"));
            }
            Err(error) => self.say(
                Urgency::Warning,
                format!("The view could not be copied: {error}. \"Export figure…\" says more"),
            ),
        }
    }

    /// Lets tiles over steps move together, or each by itself.
    pub(super) fn link_steps(&mut self) {
        self.linked ^= true;
        let words = if self.linked { "Tiles over steps move together" } else { "Each tile moves by itself" };
        self.say(Urgency::Info, words.to_owned());
    }

    /// Shows in all tiles over steps but one the steps that this one shows; none lets each show all of them.
    pub(super) fn move_steps(&mut self, moved: &str, range: Option<(f64, f64)>) {
        let Some(shown) = &self.shown else { return };
        let over_steps = |id: &str| shown.view(id).is_some_and(crate::views::is_over_steps);
        let others = self.tiles.iter_mut().filter(|(id, _)| id.as_str() != moved && over_steps(id));
        others.for_each(|(_, tile)| tile.move_to(range));
    }
}
