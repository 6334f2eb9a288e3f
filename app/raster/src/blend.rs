//! Colours over each other: premultiplied, in gamma space, eight bits a channel.

use egui::Color32;

/// `a · b / 255`, rounded.
pub(crate) fn scaled(a: u8, b: u8) -> u8 {
    let product = u32::from(a) * u32::from(b) + 128;
    ((product + (product >> 8)) >> 8) as u8
}

/// A colour seen through a texel.
pub(crate) fn tinted(color: Color32, texel: Color32) -> Color32 {
    if texel == Color32::WHITE {
        return color;
    }
    let [r, g, b, a] = color.to_array();
    let [tr, tg, tb, ta] = texel.to_array();
    Color32::from_rgba_premultiplied(scaled(r, tr), scaled(g, tg), scaled(b, tb), scaled(a, ta))
}

/// `above` over `below`.
pub(crate) fn over(above: Color32, [red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let [r, g, b, a] = above.to_array();
    let rest = 255 - a;
    [
        r.saturating_add(scaled(red, rest)),
        g.saturating_add(scaled(green, rest)),
        b.saturating_add(scaled(blue, rest)),
        a.saturating_add(scaled(alpha, rest)),
    ]
}

/// One colour over a row of pixels.
pub(crate) fn fill(row: &mut [[u8; 4]], color: Color32) {
    if color.is_opaque() {
        row.fill(color.to_array());
    } else if color != Color32::TRANSPARENT {
        row.iter_mut().for_each(|pixel| *pixel = over(color, *pixel));
    }
}

/// Channels from 0 to 255 as a colour.
pub(crate) fn rounded(channels: [f32; 4]) -> Color32 {
    // A conversion from a float stays within the range of its result.
    let [r, g, b, a] = channels.map(|channel| (channel + 0.5) as u8);
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// A colour's channels from 0 to 255.
pub(crate) fn channels(color: Color32) -> [f32; 4] {
    color.to_array().map(f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_as_division_does() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u8;
                assert_eq!(scaled(a, b), exact, "{a} times {b}");
            }
        }
    }

    #[test]
    fn half_a_color_lets_half_of_the_one_below_through() {
        let half = Color32::from_rgba_premultiplied(64, 0, 0, 128);
        let below = [100, 200, 0, 255];
        assert_eq!(over(half, below), [114, 100, 0, 255]);
        let mut row = [below; 3];
        fill(&mut row, Color32::TRANSPARENT);
        assert_eq!(row, [below; 3]);
    }
}
