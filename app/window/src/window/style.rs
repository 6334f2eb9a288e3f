//! Design tokens as an egui style. The only place of the window where a colour becomes an egui colour.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle, Visuals,
};

use crate::figure::model::Ink;
use crate::figure::palette;
use crate::theme::{Rgba, Theme, Tokens, fonts};

/// A token's colour for egui.
pub(super) fn color(rgba: Rgba) -> Color32 {
    let [red, green, blue, alpha] = rgba.0;
    Color32::from_rgba_unmultiplied(red, green, blue, alpha)
}

/// A token's colour with another opacity.
pub(super) fn faded(rgba: Rgba, opacity: f64) -> Color32 {
    color(rgba).gamma_multiply(opacity as f32)
}

/// An icon in its own font: the text fonts have other signs at the same code points.
pub(super) fn icon(icon: egui_material_icons::MaterialIcon) -> egui::RichText {
    egui::RichText::new(icon.codepoint).family(FontFamily::Name(egui_material_icons::FONT_FAMILY.into()))
}

/// The words before a field, as wide as those of the fields above and below it.
pub(super) fn field_label(ui: &mut egui::Ui, text: &str, width: f32) -> egui::Response {
    let size = egui::vec2(width, ui.spacing().interact_size.y);
    let label = |ui: &mut egui::Ui| {
        ui.set_min_width(width);
        ui.label(text)
    };
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), label).inner
}

/// A row of a list that opens. By keyboard, an opened list begins at the row that is chosen.
pub(super) fn row(ui: &mut egui::Ui, chosen: bool, words: &str) -> egui::Response {
    let response = ui.selectable_label(chosen, words);
    let key = ui.scope_id().with("list was drawn");
    let now = ui.ctx().cumulative_pass_nr();
    // The pass in which the list opened, and the last one in which it was drawn.
    let (opened, last) = ui.data(|data| data.get_temp::<(u64, u64)>(key)).unwrap_or((now, now));
    let opened = if now > last + 1 { now } else { opened };
    ui.data_mut(|data| data.insert_temp(key, (opened, now)));
    if chosen && opened == now {
        response.request_focus();
    }
    response
}

/// A dialog in the middle of the window, as large as what it holds.
pub(super) fn dialog<'a>(context: &Context, title: &'static str) -> egui::Window<'a> {
    egui::Window::new(title)
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(context.content_rect().center())
        .collapsible(false)
        .resizable(false)
}

/// Tokens of the theme that is shown now.
pub(super) fn tokens(context: &Context) -> &'static Tokens {
    match context.theme() {
        egui::Theme::Dark => Theme::Dark.tokens(),
        egui::Theme::Light => Theme::Light.tokens(),
    }
}

/// Embedded fonts and both themes; no font of the machine is used.
pub(super) fn install(context: &Context) {
    let mut definitions = FontDefinitions::empty();
    for (name, bytes) in [("text", fonts::REGULAR), ("strong", fonts::SEMI_BOLD), ("symbols", fonts::SYMBOLS)]
    {
        definitions.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let stack = |first: &str| vec![first.to_owned(), "symbols".to_owned()];
    definitions.families.insert(FontFamily::Proportional, stack("text"));
    definitions.families.insert(FontFamily::Monospace, vec!["text".to_owned(), "symbols".to_owned()]);
    definitions.families.insert(FontFamily::Name("strong".into()), stack("strong"));
    context.set_fonts(definitions);
    egui_material_icons::initialize(context);
    for (theme, source) in [(egui::Theme::Dark, Theme::Dark), (egui::Theme::Light, Theme::Light)] {
        let tokens = source.tokens();
        context.set_visuals_of(theme, visuals(theme, tokens));
        context.style_mut_of(theme, |style| {
            style.text_styles = text_styles(tokens);
            style.spacing.item_spacing = egui::vec2(tokens.spacing.medium, tokens.spacing.small);
            style.animation_time = 0.0;
        });
    }
}

/// Seconds that a thing takes on its way where things move.
const ANIMATION: f32 = 1.0 / 12.0;

/// Edges of lines and boxes are smoothed, or plain.
pub(super) fn apply_edges(context: &Context, plain: bool) {
    context.tessellation_options_mut(|options| options.feathering = !plain);
}

/// Things move on their way, or are there at once.
pub(super) fn apply_motion(context: &Context, animated: bool) {
    context.all_styles_mut(|style| {
        style.animation_time = if animated { ANIMATION } else { 0.0 };
        style.scroll_animation = if animated {
            egui::style::ScrollAnimation::default()
        } else {
            egui::style::ScrollAnimation::none()
        };
    });
}

/// Text and outlines at full contrast, or as the theme has them.
pub(super) fn apply_contrast(context: &Context, high: bool) {
    for (theme, source) in [(egui::Theme::Dark, Theme::Dark), (egui::Theme::Light, Theme::Light)] {
        let tokens = source.tokens();
        let mut visuals = visuals(theme, tokens);
        if high {
            let strong = color(source.strongest());
            visuals.override_text_color = Some(strong);
            let widgets = &mut visuals.widgets;
            for widget in
                [&mut widgets.noninteractive, &mut widgets.inactive, &mut widgets.hovered, &mut widgets.open]
            {
                widget.bg_stroke = Stroke::new(1.5, strong);
                widget.fg_stroke.color = strong;
            }
        }
        context.set_visuals_of(theme, visuals);
    }
}

fn text_styles(tokens: &Tokens) -> std::collections::BTreeMap<TextStyle, FontId> {
    let plain = |size| FontId::new(size, FontFamily::Proportional);
    [
        (TextStyle::Small, plain(tokens.font.small)),
        (TextStyle::Body, plain(tokens.font.body)),
        (TextStyle::Button, plain(tokens.font.body)),
        (TextStyle::Heading, FontId::new(tokens.font.heading, FontFamily::Name("strong".into()))),
        (TextStyle::Monospace, FontId::new(tokens.font.monospace, FontFamily::Monospace)),
    ]
    .into()
}

fn visuals(theme: egui::Theme, tokens: &Tokens) -> Visuals {
    let mut visuals = theme.default_visuals();
    let radius = CornerRadius::same(tokens.spacing.rounding as u8);
    visuals.panel_fill = color(tokens.panel);
    visuals.window_fill = color(tokens.panel);
    visuals.extreme_bg_color = color(tokens.field);
    visuals.faint_bg_color = color(tokens.background);
    visuals.override_text_color = None;
    visuals.hyperlink_color = color(tokens.accent);
    visuals.warn_fg_color = color(tokens.warning);
    visuals.error_fg_color = color(tokens.error);
    visuals.selection.bg_fill = faded(tokens.accent, 0.35);
    visuals.selection.stroke = Stroke::new(1.0, color(tokens.text));
    visuals.window_corner_radius = radius;
    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.fg_stroke.color = color(tokens.text);
    }
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, color(tokens.grid));
    widgets.inactive.bg_stroke = Stroke::new(1.0, color(tokens.grid));
    widgets.inactive.weak_bg_fill = color(tokens.field);
    widgets.inactive.bg_fill = color(tokens.field);
    widgets.hovered.bg_stroke = Stroke::new(1.0, color(tokens.accent));
    widgets.hovered.weak_bg_fill = color(tokens.field);
    widgets.active.bg_stroke = Stroke::new(1.5, color(tokens.accent));
    visuals
}

/// A panel that does not fill itself: the window is cleared to the colour of panels, and a fill of all its pixels once more takes a software
/// adapter longer than everything that stands on them.
pub(super) fn panel(panel: egui::Panel, ui: &egui::Ui) -> egui::Panel {
    panel.frame(egui::Frame::side_top_panel(ui.style()).fill(Color32::TRANSPARENT))
}

/// The same for what is left in the middle.
pub(super) fn center(ui: &egui::Ui) -> egui::Frame {
    egui::Frame::central_panel(ui.style()).fill(Color32::TRANSPARENT)
}

/// The colour of a run before its name.
pub(super) fn patch(ui: &mut egui::Ui, ink: Ink) {
    const SIDE: f32 = 9.0;
    let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(SIDE), egui::Sense::hover());
    let paint = palette::color(tokens(ui.ctx()), ink);
    ui.painter().rect_filled(rect, 2.0, color(paint));
}

/// A patch of colour that can be clicked; the chosen one has a frame that stands out.
pub(super) fn swatch(ui: &mut egui::Ui, paint: Rgba, words: &str, is_chosen: bool) -> egui::Response {
    const SIDE: f32 = 16.0;
    let enabled = ui.is_enabled();
    let sense = if enabled { egui::Sense::click() } else { egui::Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(SIDE), sense);
    let palette = tokens(ui.ctx());
    let outline = if is_chosen || response.has_focus() {
        egui::Stroke::new(2.0, color(palette.text))
    } else {
        egui::Stroke::new(1.0, color(palette.axis))
    };
    let patch = egui::Rect::from_center_size(rect.center(), egui::Vec2::splat(SIDE - 2.0));
    ui.painter().rect(patch, 2.0, color(paint), outline, egui::StrokeKind::Inside);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, enabled, is_chosen, words));
    response.on_hover_text(words)
}
