//! Calibration measures and conformal intervals.

use weightscope_engine::labs::quantiles::method::conformal::{self, Symmetry};
use weightscope_engine::labs::quantiles::method::{calibration as measure, isotonize};

use super::levels;
use crate::vector::Case;

pub(super) fn calibration(case: &mut Case) -> Result<(), String> {
    let (q, y) = (case.numbers("q")?, case.numbers("y")?);
    let levels = levels(case)?;
    let m = levels.len();
    let pairs = levels.pairs();
    let coverage: Vec<f64> = pairs.iter().map(|pair| measure::coverage(&q, &y, m, *pair)).collect();
    let nominal: Vec<f64> = pairs.iter().map(|pair| 1.0 - pair.alpha).collect();
    let observed = measure::observed(&q, &y, m);
    let widths: Vec<f64> = pairs.iter().map(|pair| measure::mean_width(&q, m, *pair)).collect();
    let range =
        y.iter().copied().fold(f64::NEG_INFINITY, f64::max) - y.iter().copied().fold(f64::INFINITY, f64::min);
    let cells: Vec<f64> =
        q.chunks_exact(m).zip(&y).map(|(row, y)| measure::pit_cell(row, *y) as f64).collect();
    let counts = measure::pit_counts(&q, &y, m);
    case.check("picp", "coverage", &coverage);
    case.check("nominal", "pairs", &nominal);
    case.check_number("picp_mae", "coverage", measure::mean_absolute_error(&coverage, &nominal));
    case.check("observed_freq", "observed", &observed);
    case.check_number("mace", "observed", measure::mean_absolute_error(&observed, levels.values()));
    case.check_number("rmsce", "observed", measure::root_mean_square_error(&observed, levels.values()));
    case.check("cell", "pit", &cells);
    case.check("pit_cell_count", "pit", &counts.iter().map(|count| *count as f64).collect::<Vec<_>>());
    case.check("pit_cell_density", "pit", &measure::pit_density(&counts, &levels));
    case.check("mean_width", "width", &widths);
    case.check(
        "mpiw_range_normalised",
        "width",
        &widths.iter().map(|width| width / range).collect::<Vec<_>>(),
    );
    Ok(())
}

pub(super) fn cqr_index(case: &mut Case) -> Result<(), String> {
    let cases = case.objects("cases")?;
    let (mut ranks, mut offsets) = (Vec::new(), Vec::new());
    for one in &cases {
        let number = |key: &str| one.get(key).and_then(serde_json::Value::as_f64).ok_or(format!("no {key}"));
        let scores: Vec<f64> = one
            .get("scores")
            .and_then(serde_json::Value::as_array)
            .map(|values| values.iter().filter_map(serde_json::Value::as_f64).collect())
            .ok_or("no scores")?;
        let rank = conformal::rank(number("n")? as usize, number("alpha")?);
        ranks.push(rank as f64);
        offsets.push(conformal::ranked(&scores, rank));
    }
    case.check("k", "rank", &ranks);
    case.check("Q", "offset", &offsets);
    Ok(())
}

pub(super) fn cqr_intervals(case: &mut Case) -> Result<(), String> {
    let (q_cal, y_cal, q_test) = (case.numbers("q_cal")?, case.numbers("y_cal")?, case.numbers("q_test")?);
    let levels = levels(case)?;
    let m = levels.len();
    let symmetric = conformal::calibrate(&q_cal, &y_cal, &levels, Symmetry::Symmetric);
    let asymmetric = conformal::calibrate(&q_cal, &y_cal, &levels, Symmetry::Asymmetric);
    let mut shifted = q_test.clone();
    shifted.chunks_exact_mut(m).for_each(|row| {
        conformal::shift(row, &levels, &symmetric);
    });
    let mut found = Vec::new();
    let end = |index: usize| shifted.iter().skip(index).step_by(m).copied();
    for ((pair, own), both) in levels.pairs().iter().zip(&symmetric).zip(&asymmetric) {
        // Fields of the object in the order of their names.
        found.extend([own.upper, own.alpha, both.lower, both.upper, both.rank as f64, own.rank as f64]);
        found.extend(end(pair.lower));
        found.extend(end(pair.upper));
    }
    let rows = q_test.len() / m;
    for (index, part) in found.chunks_exact(6 + 2 * rows).enumerate() {
        let fields = ["Q", "alpha", "asym_Q_low", "asym_Q_up", "asym_k", "k", "lower", "upper"];
        case.check_object(&format!("pairs.pair{index}"), &fields, "pairs", part);
    }
    case.check("after_pairs", "shift", &shifted);
    let mut swept = shifted.clone();
    swept.chunks_exact_mut(m).for_each(isotonize::sweep);
    case.check("after_sweep", "sweep", &swept);
    let mut applied = q_test;
    conformal::apply(&mut applied, &levels, &symmetric);
    case.check("after_sweep", "apply", &applied);
    Ok(())
}

pub(super) fn cv_plus(case: &mut Case) -> Result<(), String> {
    let (scores, alpha) = (case.numbers("scores")?, case.number("alpha")?);
    let folds: Vec<usize> = case.numbers("fold")?.into_iter().map(|fold| fold as usize).collect();
    let [_, rows] = case.dims::<2>("lower_by_fold")?;
    let (lower, upper) = (case.numbers("lower_by_fold")?, case.numbers("upper_by_fold")?);
    let (low_rank, high_rank) = conformal::cv_plus_ranks(scores.len(), alpha);
    case.check_number("k_low", "ranks", low_rank as f64);
    case.check_number("k_up", "ranks", high_rank as f64);
    let of = |values: &[f64], row: usize| values.iter().skip(row).step_by(rows).copied().collect::<Vec<_>>();
    let (low, high): (Vec<f64>, Vec<f64>) = (0..rows)
        .map(|row| conformal::cv_plus(&scores, &folds, &of(&lower, row), &of(&upper, row), alpha))
        .unzip();
    case.check("lower", "interval", &low);
    case.check("upper", "interval", &high);
    Ok(())
}
