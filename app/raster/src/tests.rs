//! What is painted, against what the shapes say; and frame after frame, against each frame by itself.

use egui::epaint::{
    CircleShape, ClippedPrimitive, ClippedShape, ImageDelta, Mesh, Primitive, Shape, TessellationOptions,
    Tessellator,
};
use egui::{Color32, ColorImage, Rect, Stroke, TextureId, TextureOptions, TexturesDelta, pos2, vec2};

use super::*;

const BACKGROUND: Color32 = Color32::from_rgb(20, 30, 40);
const CANVAS: Canvas = Canvas { size: [64, 48], pixels_per_point: 1.0, background: BACKGROUND };
const WHOLE: Area = Area { left: 0, top: 0, right: 64, bottom: 48 };
const EVERYWHERE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(64.0, 48.0) };

/// The atlas of letters as far as these tests need it: one white texel.
fn white() -> TexturesDelta {
    texture(TextureId::Managed(0), ColorImage::filled([1, 1], Color32::WHITE), TextureOptions::LINEAR)
}

fn texture(id: TextureId, image: ColorImage, options: TextureOptions) -> TexturesDelta {
    let mut deltas = TexturesDelta::default();
    deltas.push(id, ImageDelta::full(image, options));
    deltas
}

fn tessellated(shapes: Vec<(Rect, Shape)>) -> Vec<ClippedPrimitive> {
    let shapes = shapes.into_iter().map(|(clip_rect, shape)| ClippedShape::new(clip_rect, shape)).collect();
    Tessellator::new(1.0, TessellationOptions::default(), [1, 1], Vec::new()).tessellate_shapes(shapes)
}

fn at(painter: &Painter, x: usize, y: usize) -> Color32 {
    let [r, g, b, a] = painter.pixels[y * CANVAS.size[0] + x];
    Color32::from_rgba_premultiplied(r, g, b, a)
}

#[test]
fn a_box_fills_its_pixels_inside_the_clip() {
    let mut painter = Painter::default();
    let mut mesh = Mesh::default();
    let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
    mesh.add_colored_rect(Rect::from_min_max(pos2(10.0, 5.0), pos2(20.0, 15.0)), half);
    let clip_rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(15.0, 48.0));
    painter.paint(CANVAS, vec![ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) }], &white());
    assert_eq!(painter.take_changes(), [WHOLE], "the first frame is one whole picture");
    assert_eq!(painter.bytes_from(14, 14)[..8], [110, 15, 20, 255, 20, 30, 40, 255]);
    for y in 0..48 {
        for x in 0..64 {
            let inside = (10..15).contains(&x) && (5..15).contains(&y);
            // 100 + 20·127/255, 30·127/255, 40·127/255
            let wanted = if inside { Color32::from_rgb(110, 15, 20) } else { BACKGROUND };
            assert_eq!(at(&painter, x, y), wanted, "at {x}, {y}");
        }
    }
}

#[test]
fn texels_are_copied_enlarged_and_mixed() {
    let id = TextureId::User(3);
    let (red, blue) = (Color32::from_rgb(200, 0, 0), Color32::from_rgb(0, 0, 100));
    let image = ColorImage::new([2, 1], vec![red, blue]);
    let pictured = |to: egui::Pos2, options| {
        let mut mesh = Mesh::with_texture(id);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        mesh.add_rect_with_uv(Rect::from_min_max(pos2(0.0, 0.0), to), whole, Color32::WHITE);
        let mut painter = Painter::default();
        let primitive = Primitive::Mesh(mesh);
        let clipped = vec![ClippedPrimitive { clip_rect: EVERYWHERE, primitive }];
        painter.paint(CANVAS, clipped, &texture(id, image.clone(), options));
        (0..9).map(|x| at(&painter, x, 0)).collect::<Vec<_>>()
    };
    let copied = pictured(pos2(2.0, 1.0), TextureOptions::LINEAR);
    assert_eq!(copied[..3], [red, blue, BACKGROUND]);
    let nearest = pictured(pos2(8.0, 1.0), TextureOptions::NEAREST);
    assert_eq!(nearest[..4], [red; 4]);
    assert_eq!(nearest[4..], [blue, blue, blue, blue, BACKGROUND]);
    let mixed = pictured(pos2(8.0, 1.0), TextureOptions::LINEAR);
    // Pixel 3 lies at texel 0.875, three eighths of the way from the middle of the first to that of the second.
    assert_eq!((mixed[1], mixed[3], mixed[7]), (red, Color32::from_rgb(125, 0, 38), blue));
}

#[test]
fn the_rim_of_a_disc_is_as_dense_as_it_is_covered() {
    let mut painter = Painter::default();
    let disc = Shape::Circle(CircleShape::filled(pos2(30.0, 24.0), 10.0, Color32::WHITE));
    let canvas = Canvas { background: Color32::BLACK, ..CANVAS };
    painter.paint(canvas, tessellated(vec![(EVERYWHERE, disc)]), &white());
    let covered: f64 = painter.pixels.iter().map(|pixel| f64::from(pixel[0]) / 255.0).sum();
    // Feathering is one pixel wide and half of it lies outside: the sum is the disc's area.
    let area = std::f64::consts::PI * 100.0;
    assert!((covered / area - 1.0).abs() < 0.02, "{covered} for {area}");
    assert_eq!(at(&painter, 30, 24), Color32::WHITE);
    assert_eq!(at(&painter, 42, 24), Color32::BLACK);
}

/// Numbers from 0 up to `below`, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % below
    }

    fn place(&mut self) -> egui::Pos2 {
        pos2(self.roll(700) as f32 / 10.0 - 3.0, self.roll(540) as f32 / 10.0 - 3.0)
    }

    fn color(&mut self) -> Color32 {
        let [r, g, b, a] = [0; 4].map(|_| self.roll(256) as u8);
        Color32::from_rgba_unmultiplied(r, g, b, a)
    }

    fn shape(&mut self) -> (Rect, Shape) {
        let clip = Rect::from_two_pos(self.place(), self.place()).intersect(EVERYWHERE);
        let clip = if self.roll(3) == 0 { EVERYWHERE } else { clip };
        let shape = match self.roll(3) {
            0 => Shape::rect_filled(Rect::from_center_size(self.place(), vec2(9.0, 6.5)), 2.0, self.color()),
            1 => Shape::line((0..7).map(|_| self.place()).collect(), Stroke::new(1.5, self.color())),
            _ => Shape::circle_filled(self.place(), 4.2, self.color()),
        };
        (clip, shape)
    }
}

#[test]
fn frame_after_frame_leaves_what_each_frame_by_itself_does() {
    let mut dice = Dice(7);
    let mut painter = Painter::default();
    let mut shapes: Vec<(Rect, Shape)> = (0..12).map(|_| dice.shape()).collect();
    let mut shown = vec![[0; 4]; 64 * 48];
    let mut deltas = white();
    let mut parts = 0;
    for frame in 0..400 {
        painter.paint(CANVAS, tessellated(shapes.clone()), &deltas);
        deltas = TexturesDelta::default();
        for area in painter.take_changes() {
            parts += usize::from(area != WHOLE);
            for y in area.top..area.bottom {
                let row = (y * 64 + area.left) as usize..(y * 64 + area.right) as usize;
                shown[row.clone()].copy_from_slice(&painter.pixels[row]);
            }
        }
        let mut alone = Painter::default();
        alone.paint(CANVAS, tessellated(shapes.clone()), &white());
        assert!(shown == alone.pixels, "frame {frame}: what changed was not all that differs");
        let place = dice.roll(shapes.len() as u64) as usize;
        match dice.roll(4) {
            0 => shapes[place] = dice.shape(),
            1 => shapes.insert(place, dice.shape()),
            2 if shapes.len() > 3 => drop(shapes.remove(place)),
            _ => shapes.swap(place, 0),
        }
    }
    assert!(parts > 100, "most frames change a part of the picture: {parts}");
}

#[test]
fn a_frame_that_is_the_same_changes_nothing_and_a_new_texture_does() {
    let id = TextureId::User(3);
    let mut mesh = Mesh::with_texture(id);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    mesh.add_rect_with_uv(Rect::from_min_max(pos2(4.0, 4.0), pos2(8.0, 6.0)), whole, Color32::WHITE);
    let frame = || vec![ClippedPrimitive { clip_rect: EVERYWHERE, primitive: Primitive::Mesh(mesh.clone()) }];
    let mut painter = Painter::default();
    let one = |color| texture(id, ColorImage::filled([1, 1], color), TextureOptions::NEAREST);
    painter.paint(CANVAS, frame(), &one(Color32::RED));
    painter.take_changes();
    painter.paint(CANVAS, frame(), &TexturesDelta::default());
    assert_eq!(painter.take_changes(), []);
    painter.paint(CANVAS, frame(), &one(Color32::BLUE));
    assert_eq!(painter.take_changes(), [Area { left: 4, top: 4, right: 8, bottom: 6 }]);
    assert_eq!((at(&painter, 7, 5), at(&painter, 8, 5)), (Color32::BLUE, BACKGROUND));
    let mut freed = TexturesDelta::default();
    freed.free(id);
    painter.paint(CANVAS, Vec::new(), &freed);
    assert!(painter.textures.get(id).is_none(), "a texture that is no longer used is let go");
}
