//! Properties that every form keeps.

use super::*;
use proptest::prelude::*;

fn pair(amplitude: f64, width: f64) -> Pair {
    Pair { amplitude, width }
}

proptest! {
    #[test]
    fn a_form_is_odd_increasing_and_bounded(v in -20.0_f64..20.0, by in 1e-3_f64..5.0, a in 0.05_f64..5.0, b in 0.05_f64..5.0) {
        for form in Compander::FORMS.iter().filter_map(|word| word.form()) {
            let pair = pair(a, b);
            let w = pair.value(form, v);
            prop_assert!((w + pair.value(form, -v)).abs() < 1e-14 * a, "odd");
            // Far out a step is lost in rounding, but never turns back.
            prop_assert!(pair.value(form, v + by) >= w, "increasing");
            if v.abs() < 3.0 * b {
                prop_assert!(pair.value(form, v + by) > w, "strictly, near zero");
            }
            prop_assert!(w.abs() <= pair.bound(form), "bounded");
            let slope = pair.slope(form, v);
            prop_assert!((0.0..=pair.slope_at_zero() + 1e-12).contains(&slope), "never falling, steepest at zero");
            // The slope of tanh falls below the smallest number of double precision at some 370 widths.
            if v.abs() < 300.0 * b {
                prop_assert!(slope > 0.0, "rising wherever a number can say so");
            }
        }
    }

    #[test]
    fn the_inverse_undoes_the_function(v in -4.0_f64..4.0, a in 0.05_f64..5.0, b in 0.05_f64..5.0) {
        for form in Compander::FORMS.iter().filter_map(|word| word.form()) {
            let (pair, v) = (pair(a, b), v * b);
            let back = pair.inverse(form, pair.value(form, v));
            prop_assert!((back - v).abs() < 1e-6 * v.abs().max(b), "{back} instead of {v}");
        }
    }

    #[test]
    fn gradients_agree_with_differences(v in -3.0_f64..3.0, a in 0.1_f64..3.0, b in 0.1_f64..3.0) {
        const STEP: f64 = 1e-5;
        for form in Compander::FORMS.iter().filter_map(|word| word.form()) {
            let at = |v: f64, a: f64, b: f64| pair(a, b).value(form, v);
            let near = |found: f64, above: f64, below: f64| {
                let expected = (above - below) / (2.0 * STEP);
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0)
            };
            let own = pair(a, b);
            // The softsign's second derivative jumps at zero.
            prop_assume!(v.abs() > 2.0 * STEP);
            prop_assert!(near(own.slope(form, v), at(v + STEP, a, b), at(v - STEP, a, b)), "v");
            prop_assert!(near(own.by_amplitude(form, v), at(v, a + STEP, b), at(v, a - STEP, b)), "a");
            prop_assert!(near(own.by_width(form, v), at(v, a, b + STEP), at(v, a, b - STEP)), "b");
        }
    }

    #[test]
    fn single_precision_agrees_with_double(values in prop::collection::vec(-6.0_f32..6.0, 1..70), a in 0.05_f64..5.0, b in 0.05_f64..5.0) {
        for form in Compander::FORMS.iter().filter_map(|word| word.form()) {
            let pair = pair(a, b);
            let mut weights = vec![0.0; values.len()];
            form.values(pair, &values, &mut weights);
            let mut slopes = vec![1.0; values.len()];
            form.slopes(pair, &values, &weights, &mut slopes);
            for ((v, w), slope) in values.iter().zip(&weights).zip(&slopes) {
                let (w, slope) = (f64::from(*w), f64::from(*slope));
                let exact = pair.value(form, f64::from(*v));
                prop_assert!((w - exact).abs() <= 2e-6 * exact.abs(), "{w} instead of {exact}");
                let exact = pair.slope(form, f64::from(*v));
                // Where tanh saturates its slope is the difference of two equal numbers.
                prop_assert!((slope - exact).abs() <= 1e-5 * exact.abs() + 1e-6 * pair.slope_at_zero(), "{slope} instead of {exact}");
            }
        }
    }
}

#[test]
fn every_form_is_zero_at_zero_with_slope_a_over_b() {
    for word in Compander::FORMS {
        let form = word.form().unwrap();
        let own = pair(2.2, 1.4);
        assert_eq!(own.value(form, 0.0), 0.0);
        assert!((own.slope(form, 0.0) - 2.2 / 1.4).abs() < 1e-15, "{word:?}");
        let mut weights = [1.0; 3];
        form.values(own, &[0.0; 3], &mut weights);
        assert_eq!(weights, [0.0; 3], "padding stays zero");
        assert!(
            own.inverse(form, 1.01 * own.bound(form)).is_infinite(),
            "beyond the bound there is no inverse"
        );
    }
    assert!(Compander::None.form().is_none());
    assert!(Compander::Arctan.label().contains("not confirmed"));
}
