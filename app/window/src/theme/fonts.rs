//! The fonts that ship with the program, and nothing from the system: the same text looks the same, and an
//! exported figure has the same bytes, on every machine.
//!
//! Inter sets all ordinary text. `DejaVu Sans` stands behind it for symbols that Inter lacks (∇, ∈, ⊙, ▸ …).
//! Licences lie beside the fonts in `assets/fonts`.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::{Database, Source};

/// Family name of the text font, as SVG and egui name it.
pub const FAMILY: &str = "Inter";
/// Family name of the symbol font.
pub const SYMBOL_FAMILY: &str = "DejaVu Sans";
/// Inter Regular, OpenType (CFF) bytes.
pub const REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/Inter-Regular.otf");
/// Inter Semi Bold (weight 600), OpenType (CFF) bytes.
pub const SEMI_BOLD: &[u8] = include_bytes!("../../../../assets/fonts/Inter-SemiBold.otf");
/// `DejaVu Sans`, TrueType bytes.
pub const SYMBOLS: &[u8] = include_bytes!("../../../../assets/fonts/DejaVuSans.ttf");

/// The font database of the figure exporters: the three fonts above, in this order.
pub fn database() -> Arc<Database> {
    static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut database = Database::new();
        for bytes in [REGULAR, SEMI_BOLD, SYMBOLS] {
            database.load_font_source(Source::Binary(Arc::new(bytes)));
        }
        database.set_sans_serif_family(FAMILY);
        database.set_serif_family(FAMILY);
        database.set_monospace_family(SYMBOL_FAMILY);
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every symbol that the program types must have a glyph in one of the shipped fonts.
    const SYMBOLS_IN_USE: &str = "−×·…–—±≤≥≠≈∞√∑∂∇∈‖ℓαβγδεθλμσφψωΔΣΩ⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃←↑→↓●○■★▸▾⊙\u{2009}";

    #[test]
    fn the_shipped_fonts_cover_the_symbols_in_use() {
        let faces = [REGULAR, SYMBOLS].map(|bytes| ttf_parser::Face::parse(bytes, 0).unwrap());
        for symbol in SYMBOLS_IN_USE.chars() {
            assert!(faces.iter().any(|face| face.glyph_index(symbol).is_some()), "no glyph for {symbol:?}");
        }
    }

    #[test]
    fn the_database_knows_both_families_and_weights() {
        let database = database();
        let names: Vec<(&str, u16)> =
            database.faces().map(|face| (face.families[0].0.as_str(), face.weight.0)).collect();
        assert_eq!(names, [("Inter", 400), ("Inter", 600), ("DejaVu Sans", 400)]);
    }

    #[test]
    fn egui_draws_the_text_font() {
        let mut fonts = egui::FontDefinitions::empty();
        fonts.font_data.insert(FAMILY.to_owned(), Arc::new(egui::FontData::from_static(REGULAR)));
        for family in [egui::FontFamily::Proportional, egui::FontFamily::Monospace] {
            fonts.families.insert(family, vec![FAMILY.to_owned()]);
        }
        let context = egui::Context::default();
        context.set_fonts(fonts);
        let mut width = 0.0;
        let output = context.run_ui(egui::RawInput::default(), |ui| {
            width = ui.label("10⁻³ αβ").rect.width();
        });
        let inked = output.textures_delta.set.values().flatten().any(|delta| match &delta.image {
            egui::ImageData::Color(image) => image.pixels.iter().filter(|pixel| pixel.a() > 0).count() > 50,
        });
        output.drop_without_applying_deltas();
        assert!(width > 20.0, "the label is {width} points wide");
        assert!(inked, "the font atlas holds glyphs");
    }
}
