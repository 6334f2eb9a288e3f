//! From roles to colours and dashes.
//!
//! Series take the colours of Okabe and Ito (2008), "Color Universal Design", which stay apart with every common
//! colour-vision deficiency; a test simulates the three dichromacies. From series 8 on the colours repeat and the
//! dash changes, so that colour is never the only carrier of meaning.

use super::model::{Dash, Ink};
use crate::theme::{MARK_COLORS, Rgba, SERIES_COLORS, Theme, Tokens};

/// The dashes in the order in which a repeated colour takes them.
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// The colour of a role.
pub fn color(tokens: &Tokens, ink: Ink) -> Rgba {
    match ink {
        Ink::Series(index) => tokens.series.get(index % SERIES_COLORS).copied().unwrap_or(tokens.text),
        Ink::Mark(kind) => tokens.marks.get(kind % MARK_COLORS).copied().unwrap_or(tokens.text),
        Ink::Foreground => tokens.text,
        Ink::Category(index) => category(index),
        Ink::OverCells => Theme::Print.tokens().text,
        Ink::OnCategory(index) => readable_on(category(index)),
        Ink::Muted => tokens.text_muted,
        Ink::Accent => tokens.accent,
        Ink::Positive => tokens.positive,
        Ink::Negative => tokens.negative,
        Ink::Warning => tokens.warning,
        Ink::Error => tokens.error,
    }
}

/// The colour of the cells of a category.
fn category(index: usize) -> Rgba {
    Theme::Print.tokens().categories.get(index % SERIES_COLORS).copied().unwrap_or_default()
}

/// Black or white, whichever stands out more.
fn readable_on(background: Rgba) -> Rgba {
    let (dark, light) = (Theme::Light.strongest(), Theme::Dark.strongest());
    if dark.contrast(background) >= light.contrast(background) { dark } else { light }
}

/// The dash of a line: its own, unless that is solid and the series number asks for another.
pub fn dash(ink: Ink, own: Dash) -> Dash {
    match (own, ink) {
        (Dash::Solid, Ink::Series(index)) => {
            DASHES.get(index / SERIES_COLORS % DASHES.len()).copied().unwrap_or_default()
        }
        (own, _) => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Matrices for complete dichromacy in linear RGB: Machado, Oliveira and Fernandes (2009), "A physiologically-based
    /// model for simulation of color vision deficiency", IEEE TVCG 15 (6), severity 1.0.
    const DEFICIENCIES: [(&str, [[f64; 3]; 3]); 4] = [
        ("full vision", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    /// CIE 1976 L*a*b* of linear sRGB, white D65.
    fn lab(linear: [f64; 3]) -> [f64; 3] {
        let [r, g, b] = linear.map(|channel| channel.clamp(0.0, 1.0));
        let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047;
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883;
        let f = |t: f64| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
        [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
    }

    fn seen(matrix: &[[f64; 3]; 3], color: Rgba) -> [f64; 3] {
        let linear = color.linear();
        lab(matrix.map(|row| row.iter().zip(linear).map(|(factor, channel)| factor * channel).sum()))
    }

    fn difference(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// ΔE*ab of 2.3 is just noticeable (Mahy et al. 1994); lines need several times that.
    #[test]
    fn the_first_seven_series_stay_apart_for_every_reader() {
        for theme in Theme::ALL {
            let tokens = theme.tokens();
            for (name, matrix) in &DEFICIENCIES {
                let colors: Vec<[f64; 3]> =
                    tokens.series.iter().take(7).map(|color| seen(matrix, *color)).collect();
                for (i, a) in colors.iter().enumerate() {
                    for (j, b) in colors.iter().enumerate().skip(i + 1) {
                        let delta = difference(*a, *b);
                        assert!(delta >= 10.0, "{theme:?}, {name}: series {i} and {j} differ by {delta:.1}");
                    }
                }
            }
        }
    }

    /// A colour cycle that is known to fail shows that the check can.
    #[test]
    fn the_check_finds_a_red_and_a_green_that_deuteranopes_confuse() {
        let (red, green) = (Rgba::opaque(0xd6, 0x27, 0x28), Rgba::opaque(0x7f, 0x6d, 0x00));
        let matrix = &DEFICIENCIES[2].1;
        let full = &DEFICIENCIES[0].1;
        assert!(difference(seen(full, red), seen(full, green)) > 60.0);
        assert!(difference(seen(matrix, red), seen(matrix, green)) < 30.0);
    }

    #[test]
    fn the_first_seven_series_stand_out_from_the_background() {
        for theme in Theme::ALL {
            let tokens = theme.tokens();
            for (index, series) in tokens.series.iter().take(7).enumerate() {
                let contrast = series.contrast(tokens.background);
                assert!(contrast >= 1.9, "{theme:?}: series {index} has contrast {contrast:.2}");
            }
        }
        // WCAG 2.2, 1.4.11, for all of them: what is printed cannot be hovered over.
        let paper = Theme::Print.tokens();
        for (index, series) in paper.series.iter().enumerate() {
            let contrast = series.contrast(paper.background);
            assert!(contrast >= 3.0, "on paper series {index} has contrast {contrast:.2}");
        }
    }

    #[test]
    fn words_in_cells_are_read_on_every_category() {
        for index in 0..SERIES_COLORS {
            let tokens = Theme::Dark.tokens();
            let contrast =
                color(tokens, Ink::OnCategory(index)).contrast(color(tokens, Ink::Category(index)));
            assert!(contrast >= 4.5, "category {index} has contrast {contrast:.2}");
        }
    }

    /// A mark stands on a line: it is told from every series by colour, and from the other marks by shape too.
    #[test]
    fn marks_have_no_colour_of_a_series() {
        for theme in Theme::ALL {
            let tokens = theme.tokens();
            let full = &DEFICIENCIES[0].1;
            for (kind, mark) in tokens.marks.iter().enumerate() {
                for (index, series) in tokens.series.iter().enumerate() {
                    let delta = difference(seen(full, *mark), seen(full, *series));
                    assert!(delta >= 25.0, "{theme:?}: mark {kind} and series {index} differ by {delta:.1}");
                }
                let contrast = mark.contrast(tokens.background);
                assert!(contrast >= 3.0, "{theme:?}: mark {kind} has contrast {contrast:.2}");
            }
        }
    }

    #[test]
    fn series_beyond_the_eighth_change_their_dash() {
        let tokens = Theme::Print.tokens();
        assert_eq!(color(tokens, Ink::Series(9)), color(tokens, Ink::Series(1)));
        assert_eq!(dash(Ink::Series(1), Dash::Solid), Dash::Solid);
        assert_eq!(dash(Ink::Series(9), Dash::Solid), Dash::Dashed);
        assert_eq!(dash(Ink::Series(9), Dash::Dotted), Dash::Dotted);
        assert_eq!(dash(Ink::Muted, Dash::Solid), Dash::Solid);
    }
}
