//! Figures of a search and of a table.

use weightscope_engine::labs::entangled_search::method::kernel::arg_max;
use weightscope_engine::labs::entangled_search::method::monitor::{spread, standing, top_precision};
use weightscope_engine::labs::entangled_search::method::space::mlp::{Mlp, Options};
use weightscope_engine::labs::entangled_search::method::space::{Rule, Space, architectures, name_of};
use weightscope_engine::labs::entangled_search::method::table::{Row, Table};
use weightscope_engine::math::linalg::cka::{Rows, linear};
use weightscope_engine::math::stats::correlation::{kendall, spearman};

use super::{counts, text};
use crate::vector::Case;

pub(super) fn monitors(case: &mut Case) -> Result<(), String> {
    let (truth, score) = (case.numbers("truth")?, case.numbers("score")?);
    let none = || "no correlation".to_owned();
    case.check_number("kendall", "tau-b", kendall(&score, &truth).map_err(text)?.ok_or_else(none)?);
    case.check_number("spearman", "ranks", spearman(&score, &truth).map_err(text)?.ok_or_else(none)?);
    let own = standing(&truth, arg_max(&score)).ok_or_else(none)?;
    case.check_number("regret", "standing", own.regret);
    case.check_number("rank", "standing", own.rank as f64);
    let precision = top_precision(&truth, &score, case.count("k")?).ok_or_else(none)?;
    case.check_number("topk_precision", "precision", precision);
    let [_, options] = case.dims("alpha_probs")?;
    let spreads: Vec<_> = case.numbers("alpha_probs")?.chunks(options).map(spread).collect();
    case.check("entropy", "spread", &spreads.iter().map(|row| row.entropy).collect::<Vec<_>>());
    case.check("norm_entropy", "spread", &spreads.iter().map(|row| row.normalised).collect::<Vec<_>>());
    case.check("margin", "spread", &spreads.iter().map(|row| row.margin).collect::<Vec<_>>());
    let (a, b) = (case.singles("feat_a")?, case.singles("feat_b")?);
    let ([_, wide_a], [_, wide_b]) = (case.dims("feat_a")?, case.dims("feat_b")?);
    let found = linear(Rows { values: &a, features: wide_a }, Rows { values: &b, features: wide_b });
    case.check_number("cka", "linear", found.ok_or_else(none)?);
    Ok(())
}

/// The largest or smallest rank correlation that an order of equal sizes can give.
fn tied(sizes: &[f64], accuracies: &[f64], sign: f64) -> Result<f64, String> {
    let mut order: Vec<(f64, f64)> = sizes.iter().copied().zip(accuracies.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then((sign * a.1).total_cmp(&(sign * b.1))));
    let ranks: Vec<f64> = (0_u32..).take(order.len()).map(f64::from).collect();
    let accuracies: Vec<f64> = order.iter().map(|(_, accuracy)| *accuracy).collect();
    spearman(&ranks, &accuracies).map_err(text)?.ok_or_else(|| "no correlation".to_owned())
}

/// The table of the vector; sizes and names come from the space.
fn read(case: &Case) -> Result<Table, String> {
    let options = Options {
        inputs: case.count("input_dim")?,
        classes: case.count("classes")?,
        embed: counts(case, "embed")?,
        ratio: case.numbers("ratio")?,
        depth: counts(case, "depth")?,
        rule: Rule::Exact,
    };
    let space = Mlp::new(options).map_err(text)?;
    let space: &dyn Space<f64> = &space;
    let accuracies = case.input("test_accuracy")?;
    let mut rows = Vec::new();
    for picks in architectures(space) {
        let name = name_of(space, &picks);
        let seeds = accuracies.get(&name).and_then(|seeds| seeds.as_array());
        let seeds = seeds
            .ok_or_else(|| format!("no row {name}"))?
            .iter()
            .filter_map(serde_json::Value::as_f64)
            .collect();
        let parameters = space.size(&picks).parameters as f64;
        let active = picks.iter().zip(space.active(&picks));
        let picks = active.map(|(pick, active)| active.then_some(*pick)).collect();
        rows.push(Row { name, picks, seeds, parameters });
    }
    Ok(Table { rows })
}

pub(super) fn table(case: &mut Case) -> Result<(), String> {
    let table = read(case)?;
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    let sizes: Vec<f64> = table.rows.iter().map(|row| row.parameters).collect();
    let accuracies = table.accuracies();
    case.check_object("params", &names, "sizes", &sizes);
    let best = table.best().ok_or("an empty table")?;
    case.check_words("best", "table", &[names[best]]);
    case.check_number("best_mean", "table", accuracies[best]);
    case.check_number("grand_mean", "table", accuracies.iter().sum::<f64>() / accuracies.len() as f64);
    let effects: Vec<_> = (0..3).map(|decision| table.effect(decision, 3)).collect();
    let fields = ["embed", "depth", "ratio_block1"];
    let shares: Vec<f64> = effects.iter().map(|effect| effect.share).collect();
    case.check_object("main_effect_share", &fields, "effects", &shares);
    let means: Vec<f64> = effects.iter().flat_map(|effect| effect.means.clone()).collect();
    case.check_object("main_effect_mean", &fields, "effects", &means);
    let rho = spearman(&sizes, &accuracies).map_err(text)?.ok_or("no correlation")?;
    // Thirty sizes belong to several architectures. The figure of the vector breaks these ties in an order that it does not give (ours gives
    // equal sizes their mean rank), so that it is held to what such orders can give, and ours too.
    let (least, most) = (tied(&sizes, &accuracies, -1.0)?, tied(&sizes, &accuracies, 1.0)?);
    let (middle, half) = (f64::midpoint(least, most), (most - least) / 2.0);
    case.check_within("spearman_params", "orders of equal sizes", &[middle], half);
    if !(least..=most).contains(&rho) {
        return Err(format!("a rank correlation of {rho} outside {least} to {most}"));
    }
    case.check("seed_kendall", "pairs of seeds", &table.ceilings());
    let front: Vec<&str> = table.pareto().into_iter().map(|place| names[place]).collect();
    case.check_words("pareto_keys", "front", &front);
    Ok(())
}
