//! Lines and points that can be dragged, and rectangles that can be brushed.
//!
//! What is held is kept between frames, since the plot must know before it is drawn that a drag is not meant to move it.

use egui::{CursorIcon, Event, Id, PointerButton, Pos2, Rect, Response, Stroke, Ui};
use egui_plot::{PlotPoint, PlotTransform};

use super::scale::Mapped;
use super::shape::Shape;
use super::{Prepared, Showing};
use crate::figure::model::Orientation;
use crate::window::style::{color, faded, tokens};

/// Distance in points within which a line can be taken hold of.
const REACH: f32 = 6.0;
/// Distance in points within which a handle can be taken hold of.
const HANDLE_REACH: f32 = 10.0;

/// What the pointer holds, or would hold if it were pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Hold {
    /// Nothing: a drag moves the plot.
    #[default]
    None,
    /// The item with this number: a line at a control, or a handle.
    Item(usize),
    /// A rectangle begun here.
    Brush(Pos2),
}

/// What was done with it.
#[derive(Default)]
pub(super) struct Grabbed {
    /// Controls with their new values: one for a line, up to two for a handle.
    pub(super) turned: Vec<(String, f64)>,
    pub(super) brushed: Option<[f64; 4]>,
    /// A rectangle is being brushed, so the drag zooms and moves nothing.
    pub(super) brushing: bool,
}

/// What is remembered of a plot from one frame to the next.
#[derive(Clone, Copy)]
struct Kept {
    hold: Hold,
    transform: PlotTransform,
}

impl Kept {
    fn key(id: &str) -> Id {
        Id::unique(("hold", id))
    }
}

/// Where the button was pressed on a plot and where it was let go, if both came between two frames: a drag that the toolkit takes for
/// nothing.
fn flicked(ui: &Ui, response: &Response, transform: &PlotTransform) -> Option<(Pos2, Pos2)> {
    let mut pressed = None;
    let mut whole = None;
    ui.input(|input| {
        for event in &input.events {
            if let Event::PointerButton { pos, button: PointerButton::Primary, pressed: down, .. } = event {
                if *down {
                    pressed = Some(*pos);
                } else {
                    whole = pressed.take().map(|from| (from, *pos));
                }
            }
        }
    });
    whole.filter(|(from, to)| {
        from.distance(*to) > REACH
            && transform.frame().contains(*from)
            && ui.ctx().layer_id_at(*from) == Some(response.layer_id)
    })
}

/// Where the button was pressed with shift since the last frame. The modifiers are those of that moment: on a slow display shift may be up
/// again by the end of the frame.
fn pressed_with_shift(ui: &Ui) -> Option<Pos2> {
    ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::PointerButton { pos, button: PointerButton::Primary, pressed: true, modifiers } => {
                modifiers.shift.then_some(*pos)
            }
            _ => None,
        })
    })
}

/// Where the button was let go since the last frame.
fn released(ui: &Ui) -> Option<Pos2> {
    ui.input(|input| {
        input.events.iter().rev().find_map(|event| match event {
            Event::PointerButton { pos, button: PointerButton::Primary, pressed: false, .. } => Some(*pos),
            _ => None,
        })
    })
}

/// True if the pointer moved since the last frame.
fn is_moving(ui: &Ui) -> bool {
    ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO)
}

impl Prepared {
    /// What the pointer holds before the plot of this frame is drawn.
    ///
    /// Where frames are slow, pointer and button move between two of them: what counts is where the button was pressed.
    pub(super) fn held(&self, ui: &Ui, showing: &Showing<'_>) -> Hold {
        let kept = ui.data(|data| data.get_temp::<Kept>(Kept::key(showing.id)));
        let Some(Kept { hold, transform }) = kept else { return Hold::None };
        // The toolkit gives a press just beside the plot to it as well.
        let reach = ui.style().interaction.interact_radius;
        if showing.brush
            && let Some(at) = pressed_with_shift(ui)
            && transform.frame().expand(reach).contains(at)
            && ui.ctx().layer_id_at(at) == Some(ui.layer_id())
            && self.item(&transform, at) == Hold::None
        {
            return Hold::Brush(at);
        }
        let pressed =
            ui.input(|input| input.pointer.press_origin().filter(|_| input.pointer.primary_pressed()));
        match pressed {
            Some(at) if hold == Hold::None && transform.frame().contains(at) => self.item(&transform, at),
            _ => hold,
        }
    }

    fn item(&self, transform: &PlotTransform, at: Pos2) -> Hold {
        self.near(transform, at).map_or(Hold::None, Hold::Item)
    }

    /// Follows the pointer after the plot is drawn.
    pub(super) fn grab(
        &self,
        ui: &Ui,
        showing: &Showing<'_>,
        response: &Response,
        transform: &PlotTransform,
        hold: Hold,
    ) -> Grabbed {
        let mut grabbed = Grabbed::default();
        let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
        if let Some((from, to)) = flicked(ui, response, transform)
            && let Hold::Item(index) = self.item(transform, from)
        {
            grabbed.turned = self.turned(index, transform.value_from_position(to));
        }
        let next = match hold {
            // Let go where it stood, it stays: the axes may have followed it since, and the same place means another value.
            Hold::Item(index) if response.dragged() || (response.drag_stopped() && is_moving(ui)) => {
                ui.ctx().set_cursor_icon(self.cursor(index));
                let at = pointer.map(|at| transform.value_from_position(at));
                grabbed.turned = at.map_or_else(Vec::new, |at| self.turned(index, at));
                if response.dragged() { hold } else { Hold::None }
            }
            // From where the button was pressed to where it was let go, however many frames lie between: all of it may come in one.
            Hold::Brush(begun) => {
                let end = released(ui);
                if let Some(at) = end.or_else(|| ui.input(|input| input.pointer.interact_pos())) {
                    let rect = Rect::from_two_pos(begun, at).intersect(response.rect);
                    let paint = tokens(ui.ctx()).accent;
                    ui.painter().rect_filled(rect, 0.0, faded(paint, 0.2));
                    if end.is_some() && rect.area() > REACH * REACH {
                        grabbed.brushed = Some(self.region(transform, rect));
                    }
                }
                grabbed.brushing = true;
                let is_down = ui.input(|input| input.pointer.primary_down());
                if end.is_none() && is_down { hold } else { Hold::None }
            }
            _ => {
                let is_pressed = response.is_pointer_button_down_on() && !response.dragged();
                let pressed = ui.input(|input| input.pointer.press_origin()).filter(|_| is_pressed);
                let next = pressed
                    .or_else(|| response.hover_pos())
                    .map_or(Hold::None, |at| self.item(transform, at));
                if let Hold::Item(index) = next {
                    ui.ctx().set_cursor_icon(self.cursor(index));
                }
                next
            }
        };
        let kept = Kept { hold: next, transform: *transform };
        ui.data_mut(|data| data.insert_temp(Kept::key(showing.id), kept));
        grabbed
    }

    /// Draws the rectangles that were brushed and stand.
    pub(super) fn draw_brushed(
        &self,
        ui: &Ui,
        regions: &[[f64; 4]],
        transform: &PlotTransform,
        within: Rect,
    ) {
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let paint = tokens(ui.ctx()).accent;
        let painter = ui.painter().with_clip_rect(within);
        for [left, right, bottom, top] in regions {
            let corner =
                |at_x: f64, at_y: f64| transform.position_from_point(&PlotPoint::new(x.to(at_x), y.to(at_y)));
            let rect = Rect::from_two_pos(corner(*left, *bottom), corner(*right, *top));
            painter.rect_filled(rect, 0.0, faded(paint, 0.12));
            // A dark line beneath: cells of a map have any colour.
            for (width, paint) in [(4.0, tokens(ui.ctx()).background), (1.5, paint)] {
                painter.rect_stroke(rect, 0.0, Stroke::new(width, color(paint)), egui::StrokeKind::Middle);
            }
        }
    }

    /// The handle under the pointer, else the line.
    fn near(&self, transform: &PlotTransform, at: Pos2) -> Option<usize> {
        let handle = self.items.iter().position(|shape| match shape {
            Shape::Handle { at: place, .. } => {
                transform.position_from_point(place).distance(at) <= HANDLE_REACH
            }
            _ => false,
        });
        let line = || {
            self.items.iter().position(|shape| match shape {
                Shape::Rule { orientation, at: place, control: Some(_), .. } => {
                    let line = transform.position_from_point(&PlotPoint::new(*place, *place));
                    match orientation {
                        Orientation::Horizontal => (line.y - at.y).abs() <= REACH,
                        Orientation::Vertical => (line.x - at.x).abs() <= REACH,
                    }
                }
                _ => false,
            })
        };
        handle.or_else(line)
    }

    fn cursor(&self, index: usize) -> CursorIcon {
        match self.items.get(index) {
            Some(
                Shape::Rule { orientation: Orientation::Horizontal, .. } | Shape::Handle { x: None, .. },
            ) => CursorIcon::ResizeVertical,
            Some(Shape::Handle { y: Some(_), .. }) => CursorIcon::Move,
            _ => CursorIcon::ResizeHorizontal,
        }
    }

    /// The controls of a line or a handle, and the values that put it under the pointer.
    fn turned(&self, index: usize, at: PlotPoint) -> Vec<(String, f64)> {
        let (x, y) = (Mapped(&self.x).from(at.x), Mapped(&self.y).from(at.y));
        match self.items.get(index) {
            Some(Shape::Rule { orientation, control: Some(control), .. }) => {
                let value = if *orientation == Orientation::Horizontal { y } else { x };
                vec![(control.clone(), value)]
            }
            Some(Shape::Handle { x: across, y: up, .. }) => {
                let turned = |turn: &Option<(String, f64)>, place: f64| {
                    turn.as_ref()
                        .filter(|(_, factor)| *factor != 0.0)
                        .map(|(control, factor)| (control.clone(), place / factor))
                };
                turned(across, x).into_iter().chain(turned(up, y)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A rectangle on the screen in data units.
    fn region(&self, transform: &PlotTransform, rect: Rect) -> [f64; 4] {
        let (a, b) = (transform.value_from_position(rect.min), transform.value_from_position(rect.max));
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let ends = |a: f64, b: f64| (a.min(b), a.max(b));
        let (left, right) = ends(x.from(a.x), x.from(b.x));
        let (bottom, top) = ends(y.from(a.y), y.from(b.y));
        [left, right, bottom, top]
    }
}
