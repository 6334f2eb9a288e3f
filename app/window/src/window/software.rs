//! Painting without a graphics adapter: the window is painted by hand and handed to the driver as one picture.
//!
//! A driver that does an adapter's work on the processor takes some hundred milliseconds for a full window, on the cores that train.
//! Here the shapes of a frame are taken from egui before the driver sees them, painted where they differ from the frame before, and
//! replaced by the picture, which the driver copies pixel by pixel.

mod picture;

use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui_wgpu::{Callback, RenderState};
use egui::epaint::ClippedShape;
use egui::{Context, FullOutput, Shape, TexturesDelta};
use weightscope_raster::{Canvas, Painter};

use self::picture::{Picture, Shown};

/// Paints what egui draws on the processor.
struct SoftwarePainting {
    painter: Arc<Mutex<Painter>>,
}

/// Lets a window be painted on the processor from its first frame on, if its adapter is none.
pub(super) fn install(creation: &eframe::CreationContext<'_>) {
    let is_software = |state: &&RenderState| state.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
    let Some(state) = creation.wgpu_render_state.as_ref().filter(is_software) else { return };
    let picture = Picture::new(&state.device, state.target_format);
    state.renderer.write().callback_resources.insert(picture);
    creation.egui_ctx.add_plugin(SoftwarePainting { painter: Arc::default() });
}

impl egui::Plugin for SoftwarePainting {
    fn debug_name(&self) -> &'static str {
        "software painting"
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let pixels_per_point = output.pixels_per_point;
        let screen = context.viewport_rect();
        let size = (screen.size() * pixels_per_point).round();
        let canvas = Canvas {
            size: [size.x as usize, size.y as usize],
            pixels_per_point,
            background: context.global_style().visuals.panel_fill,
        };
        let primitives = context.tessellate(std::mem::take(&mut output.shapes), pixels_per_point);
        // The driver needs none of egui's textures.
        let deltas: TexturesDelta = std::mem::take(&mut output.textures_delta);
        self.painter.lock().unwrap_or_else(PoisonError::into_inner).paint(canvas, primitives, &deltas);
        let shown = Shown(Arc::clone(&self.painter));
        let shape = Shape::Callback(Callback::new_paint_callback(screen, shown));
        output.shapes = vec![ClippedShape::new(screen, shape)];
    }
}

#[cfg(test)]
mod tests {
    use egui::{Color32, Pos2, RawInput, Rect, pos2, vec2};
    use weightscope_raster::Area;

    use super::*;

    const PAINT: Color32 = Color32::from_rgb(10, 200, 30);

    /// A frame of a window of 200 × 100 points with a box of 20 × 10 at a place, and what it leaves to the driver.
    fn frame(context: &Context, place: Pos2) -> FullOutput {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(200.0, 100.0)));
        let input = RawInput { screen_rect, ..RawInput::default() };
        context.run_ui(input, |ui| {
            ui.painter().rect_filled(Rect::from_min_size(place, vec2(20.0, 10.0)), 0.0, PAINT);
        })
    }

    #[test]
    fn the_driver_is_given_one_picture_of_which_the_moved_part_is_new() {
        let context = Context::default();
        super::super::style::install(&context);
        let painter = Arc::<Mutex<Painter>>::default();
        context.add_plugin(SoftwarePainting { painter: Arc::clone(&painter) });
        let look = |x, y| {
            let painter = painter.lock().unwrap();
            <[u8; 4]>::try_from(&painter.bytes_from(x, y)[..4]).unwrap()
        };
        let background = context.global_style().visuals.panel_fill.to_array();
        let changes = || painter.lock().unwrap().take_changes();
        // Edges are smoothed over a pixel around the box.
        let at = |left, top| Area { left: left - 1, top: top - 1, right: left + 21, bottom: top + 11 };
        for (number, place) in [(0, pos2(30.0, 40.0)), (1, pos2(30.0, 40.0)), (2, pos2(90.0, 60.0))] {
            let output = frame(&context, place);
            assert!(matches!(output.shapes.as_slice(), [ClippedShape { shape: Shape::Callback(_), .. }]));
            assert!(output.textures_delta.is_empty(), "the driver has no use for letters");
            output.drop_without_applying_deltas();
            let found = changes();
            match number {
                0 => assert_eq!(found, [Area { left: 0, top: 0, right: 200, bottom: 100 }]),
                1 => assert_eq!(found, [], "nothing changed"),
                _ => assert_eq!(found, [at(30, 40), at(90, 60)]),
            }
            assert_eq!(look(place.x as i32 + 10, place.y as i32 + 5), PAINT.to_array());
        }
        assert_eq!(look(40, 45), background, "where the box was");
    }
}
