//! Curves between networks: profiles, mode connectivity, the bend's gradient; schedules.

use weightscope_engine::labs::phases::method::connectivity::{
    barrier, bezier, curve_rates, mode_connectivity, polygonal_chain, statistics,
};
use weightscope_engine::labs::phases::method::curve::{Curve, Plane, line_profile, positions};
use weightscope_engine::population::Machine;
use weightscope_engine::population::schedule::{late_drop, one_cycle, two_drops};

use super::Setting;
use crate::vector::Case;

fn connectivity_of(profile: &[f64]) -> f64 {
    mode_connectivity(profile).map_or(f64::NAN, |(value, _)| value)
}

/// A curve and a line between two networks.
pub(super) fn connectivity(case: &mut Case) -> Result<(), String> {
    let setting = Setting::read(case)?;
    let (shape, samples) = (&setting.shape, &setting.samples);
    let curve = Curve {
        first: setting.packed(case, "theta_a")?,
        bend: setting.packed(case, "theta_m")?,
        last: setting.packed(case, "theta_b")?,
    };
    let mut machine = Machine::new(shape, samples.rows());
    let places = case.numbers("ts")?;
    let judged = curve.profile(&mut machine, samples, places.len());
    let losses: Vec<f64> = judged.iter().map(|at| at.loss).collect();
    let errors: Vec<f64> =
        judged.iter().map(weightscope_engine::population::Judgement::error_percent).collect();
    case.check("bezier_loss", "kernel", &losses);
    case.check("bezier_err", "kernel", &errors);
    case.check_number("mc_loss", "kernel", connectivity_of(&losses));
    case.check_number("mc_err", "kernel", connectivity_of(&errors));
    let rows: Vec<u32> = (0..samples.rows() as u32).collect();
    let (mut point, mut gradient) = (shape.zeros(), shape.zeros());
    let (t, decay) = (case.number("t_grad")?, case.number("weight_decay")? as f32);
    curve.bend_gradient(&mut machine, samples, &rows, t, decay, &mut point, &mut gradient);
    case.check("grad_bend", "kernel", &shape.unpack(&gradient));
    let line: Vec<f64> =
        line_profile(&mut machine, &curve.first, &curve.last, samples, 11).iter().map(|at| at.loss).collect();
    case.check("linear_loss", "kernel", &line);
    case.check_number("linear_mc", "kernel", connectivity_of(&line));
    case.check_number("barrier", "kernel", barrier(&line, &positions(11)));
    let arc = curve.arc(&places);
    case.check("arc", "packed", &arc);
    case.check("stats", "packed", &statistics(&losses, &arc));
    let plane = Plane::of(&curve).ok_or("the ends are the same")?;
    curve.point(0.5, &mut point);
    let corners = [&curve.first, &curve.bend, &curve.last, &point];
    let coordinates: Vec<f64> = corners.iter().flat_map(|corner| plane.coordinates(&curve, corner)).collect();
    case.check("plane_xy", "packed", &coordinates);
    Ok(())
}

/// The signed rule, control-point weights, learning-rate factors.
pub(super) fn profiles(case: &mut Case) -> Result<(), String> {
    let profiles = case.input("profiles")?.as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<f64>> = profiles
        .iter()
        .map(|row| row.as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect())
        .collect();
    let found: Vec<(f64, usize)> = rows.iter().filter_map(|row| mode_connectivity(row)).collect();
    case.check("mc", "host", &found.iter().map(|(value, _)| *value).collect::<Vec<f64>>());
    case.check("index", "host", &found.iter().map(|(_, index)| *index as f64).collect::<Vec<f64>>());
    let counts = case.numbers("n_points")?;
    let places = case.numbers("ts")?;
    let weights = |of: fn(usize, f64) -> Vec<f64>| -> Vec<f64> {
        counts.iter().flat_map(|count| places.iter().flat_map(|t| of(*count as usize, *t))).collect()
    };
    case.check("bezier", "host", &weights(bezier));
    case.check("polychain", "host", &weights(polygonal_chain));
    let (rate, epochs) = (case.number("lr")?, case.count("epochs")?);
    case.check("lr_plain", "host", &curve_rates(rate, epochs, false));
    case.check("lr_compounded", "host", &curve_rates(rate, epochs, true));
    Ok(())
}

/// One-cycle and step schedules.
pub(super) fn schedules(case: &mut Case) -> Result<(), String> {
    let (total, largest) = (case.count("total")?, case.number("max_lr")?);
    let steps = case.numbers("steps")?;
    let found: Vec<(f64, f64)> = steps.iter().map(|step| one_cycle(largest, *step as usize, total)).collect();
    case.check("onecycle", "host", &found.iter().map(|(rate, _)| *rate).collect::<Vec<f64>>());
    case.check("momentum", "host", &found.iter().map(|(_, momentum)| *momentum).collect::<Vec<f64>>());
    let fractions = case.numbers("fractions")?;
    case.check("yang_one", "host", &fractions.iter().map(|at| late_drop(*at)).collect::<Vec<f64>>());
    case.check("yang_step", "host", &fractions.iter().map(|at| two_drops(*at)).collect::<Vec<f64>>());
    Ok(())
}
