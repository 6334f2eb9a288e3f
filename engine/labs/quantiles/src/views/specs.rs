//! The views in the order of the tiles.

use super::controls::control;
use super::look::ids;
use super::{across, calibrated, crossing, fan, inspector, leaderboard, reliability, slices, weights};
use crate::channels as ch;
use crate::config::Config;
use crate::method::aggregate::Resolution;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

/// All views of the lab, in the order of the tiles.
pub(crate) fn views(config: &Config) -> Vec<ViewSpec> {
    let mut views = vec![fan_chart()];
    views.extend(in_one_tile([reliability_curve(), pit()]));
    views.extend(in_one_tile([board(), parts()].into_iter().chain(across_views())));
    views.extend(in_one_tile(weight_views(config)));
    views.extend(in_one_tile(slice_views().into_iter().chain([crossing_maps(), operators()])));
    views.extend(in_one_tile(training().into_iter().chain([speed(), chosen()])));
    views.extend(in_one_tile([conformal_scores(), conformal_pairs()]));
    views.extend(in_one_tile([inspected(), facts()]));
    views
}

/// Views of one question share a tile, the first in front: eight tiles are read at a glance, twenty-odd are not.
fn in_one_tile(views: impl IntoIterator<Item = ViewSpec>) -> Vec<ViewSpec> {
    let mut views: Vec<ViewSpec> = views.into_iter().collect();
    if let Some((first, others)) = views.split_first_mut() {
        others.iter_mut().for_each(|view| view.tab_of = Some(first.id.clone()));
    }
    views
}

/// A view whose channels follow from these controls.
fn derived(id: &str, title: &str, kind: ViewKind, channels: &[&str], controls: &[&str]) -> ViewSpec {
    ViewSpec {
        controls: controls.iter().map(|id| control(id)).collect(),
        derives: controls.iter().map(|id| (*id).to_owned()).collect(),
        ..ViewSpec::new(id, title, kind, channels)
    }
}

fn fan_chart() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("test rows", "").named_by(fan::AXIS),
        y: AxisSpec::new("target", ""),
        overlays: fan::TRUTH.map(str::to_owned).to_vec(),
        empty:
            "Predicted intervals over the test rows appear here when the first model is fitted. Press Run."
                .to_owned(),
        help: include_str!("../help/fan.md").to_owned(),
        ..derived(
            "fan",
            "Prediction intervals",
            ViewKind::Bands,
            &[fan::FAN],
            &[ids::METHOD, ids::SECOND, ids::COMPARE, ids::STAGE, ids::ORDER, ids::COVERAGE, ids::UNITS],
        )
    }
}

fn reliability_curve() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("nominal level", "").limits(0.0, 1.0),
        y: AxisSpec::new("observed share", "").limits(0.0, 1.0),
        overlays: vec![reliability::DIAGONAL.to_owned()],
        empty: "Observed against nominal levels appear here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/reliability.md").to_owned(),
        ..derived(
            "reliability",
            "Reliability",
            ViewKind::Curve,
            &[reliability::RELIABILITY],
            &[ids::METHOD, ids::STAGE],
        )
    }
}

fn pit() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("probability integral transform", "").limits(0.0, 1.0),
        y: AxisSpec::new("density", ""),
        references: vec![Reference {
            axis: ReferenceAxis::Y,
            value: 1.0,
            label: "calibrated".to_owned(),
            style: ReferenceStyle::Boundary,
            control: None,
        }],
        empty: "PIT cells appear here when the first model is fitted. Press Run.".to_owned(),
        help: include_str!("../help/reliability.md").to_owned(),
        ..derived("pit", "PIT histogram", ViewKind::Bars, &[reliability::PIT], &[ids::METHOD, ids::STAGE])
    }
}

fn crossing_maps() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("feature", "").named_by(crossing::AXIS),
        y: AxisSpec::new("level pair", ""),
        color: Some(AxisSpec::new("share of rows", "")),
        empty:
            "Where quantiles cross, before and after, appears here when the first model is fitted. Press Run."
                .to_owned(),
        help: include_str!("../help/crossing.md").to_owned(),
        ..derived(
            "crossing",
            "Crossing",
            ViewKind::Panels,
            &[&format!("{}*", crossing::MAPS)],
            &[ids::METHOD, ids::STAGE, ids::SLICE],
        )
    }
}

fn operators() -> ViewSpec {
    ViewSpec {
        empty: "What uncrossing does to the scores appears here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/crossing.md").to_owned(),
        ..derived("operators", "Uncrossing", ViewKind::Table, &[crossing::OPERATORS], &[ids::METHOD])
    }
}

fn slice_views() -> [ViewSpec; 3] {
    let controls =
        [ids::METHOD, ids::STAGE, ids::SLICE_BY, ids::SLICE, ids::CLUSTERS, ids::COVERAGE, ids::UNITS];
    let view = |id: &str, title: &str, kind: ViewKind, channels: &[&str]| ViewSpec {
        x: AxisSpec::new("slice", "").named_by(slices::AXES[0]),
        agree: slices::AXES.map(str::to_owned).to_vec(),
        empty: format!("{title} appears here when the first model is fitted. Press Run."),
        help: include_str!("../help/slices.md").to_owned(),
        ..derived(id, title, kind, channels, &controls)
    };
    let coverage = view("slice_coverage", "Coverage by slice", ViewKind::Curve, &[slices::COVERAGE]);
    let width = view("slice_width", "Width by slice", ViewKind::Curve, &[slices::WIDTH, slices::ERROR]);
    [
        ViewSpec {
            y: AxisSpec::new("coverage", "").limits(0.0, 1.0),
            overlays: vec![slices::NOMINAL.to_owned()],
            ..coverage
        },
        ViewSpec { y: AxisSpec::new("width, error", "").named_by(slices::AXES[1]), ..width },
        view("slice_table", "Slices", ViewKind::Table, &[slices::TABLE]),
    ]
}

fn weight_views(config: &Config) -> Vec<ViewSpec> {
    if config.combinations().iter().all(|one| one.resolution().is_none()) {
        return Vec::new();
    }
    let controls = [ids::WEIGHTED, ids::SLICE, ids::PLACE];
    let empty = "Weights of the models appear here when aggregators are trained. Press Run.";
    let help = include_str!("../help/weights.md").to_owned();
    let map = |id: &str, title: &str, channel: &str, empty: &str| ViewSpec {
        x: AxisSpec::new("output level", "").named_by(weights::AXIS),
        y: AxisSpec::default(),
        color: Some(AxisSpec::new("weight", "")),
        empty: empty.to_owned(),
        help: help.clone(),
        ..derived(id, title, ViewKind::Grid, &[channel], &controls)
    };
    vec![
        map("weights", "Weights", weights::MAP, empty),
        map("weights_fine", "Weights by input level", weights::FINE, needs_fine(config)),
        map(
            "weights_optimum",
            "Optimal weights",
            weights::OPTIMUM,
            "The exact optimum on the out-of-fold rows is known for coarse and medium weights: choose such an aggregator, \
             once it is trained.",
        ),
        ViewSpec {
            x: AxisSpec::new("feature", "").named_by(weights::AXIS_ALONG),
            y: AxisSpec::new("mean weight", "").limits(0.0, 1.0),
            empty: empty.to_owned(),
            help: help.clone(),
            ..derived(
                "weights_along",
                "Weights along a feature",
                ViewKind::Curve,
                &[&format!("{}*", weights::ALONG)],
                &[ids::WEIGHTED, ids::SLICE],
            )
        },
        ViewSpec {
            x: AxisSpec::new("output level", "").limits(0.0, 1.0).named_by(weights::AXIS),
            y: AxisSpec::new("entropy", "nat"),
            empty: empty.to_owned(),
            help,
            ..derived(
                "weights_entropy",
                "Entropy of the weights",
                ViewKind::Curve,
                &[weights::ENTROPY],
                &controls,
            )
        },
    ]
}

/// What to do to see weights by input level.
fn needs_fine(config: &Config) -> &'static str {
    if config.combinations().iter().any(|one| one.resolution() == Some(Resolution::Fine)) {
        "Only fine aggregators have weights by input level: choose Global fine or Local fine, once it is trained."
    } else {
        "Only fine aggregators have weights by input level. Add global_fine or local_fine and run again."
    }
}

fn board() -> ViewSpec {
    ViewSpec {
        empty: "Scores of all methods appear here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/leaderboard.md").to_owned(),
        ..derived("leaderboard", "Leaderboard", ViewKind::Table, &[leaderboard::BOARD], &[ids::STAGE])
    }
}

fn parts() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("weighted interval score", ""),
        y: AxisSpec::default(),
        empty: "The parts of the scores appear here. Press Run.".to_owned(),
        help: include_str!("../help/leaderboard.md").to_owned(),
        ..derived("score_parts", "Parts of the score", ViewKind::Bars, &[leaderboard::PARTS], &[ids::STAGE])
    }
}

fn across_views() -> [ViewSpec; 3] {
    let view = |id: &str, title: &str, kind: ViewKind| ViewSpec {
        empty: format!(
            "{title} appear here when the run is done. Tick other finished runs of this lab to compare."
        ),
        help: include_str!("../help/across.md").to_owned(),
        across: true,
        ..derived(id, title, kind, &[id], &[ids::STAGE])
    };
    [
        ViewSpec {
            x: AxisSpec::new("mean rank over data sets", ""),
            ..view(across::RANKS, "Ranks over data sets", ViewKind::Ranks)
        },
        view(across::PAIRED, "Differences over splits", ViewKind::Table),
        view(across::RUNS, "Compared runs", ViewKind::Table),
    ]
}

fn conformal_scores() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("conformal score", "standardised"),
        y: AxisSpec::new("calibration rows", ""),
        empty: "Scores of the calibration rows appear here. Press Run.".to_owned(),
        help: include_str!("../help/conformal.md").to_owned(),
        ..derived(
            "conformal_scores",
            "Conformal scores",
            ViewKind::Bars,
            &[calibrated::SCORES],
            &[ids::METHOD, ids::COVERAGE],
        )
    }
}

fn conformal_pairs() -> ViewSpec {
    ViewSpec {
        empty: "What calibration does to each interval appears here. Press Run.".to_owned(),
        help: include_str!("../help/conformal.md").to_owned(),
        ..derived("conformal_pairs", "Calibration", ViewKind::Table, &[calibrated::PAIRS], &[ids::METHOD])
    }
}

fn training() -> [ViewSpec; 3] {
    let view = |id: &str, title: &str, part: &str, label: &str| ViewSpec {
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new(label, ""),
        empty: format!("{title} of nets and aggregators appear here while they train. Press Run."),
        help: include_str!("../help/training.md").to_owned(),
        ..ViewSpec::new(id, title, ViewKind::Curve, &[&format!("{}{part}/*", ch::CURVE)])
    };
    [
        view("validation_loss", "Validation losses", "validation", "pinball loss"),
        view("training_loss", "Training losses", "train", "loss"),
        view("crossing_loss", "Crossing penalties", "crossing", "penalty"),
    ]
}

fn speed() -> ViewSpec {
    ViewSpec {
        empty: "How long each model takes appears here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/speed.md").to_owned(),
        ..ViewSpec::new("speed", "Speed", ViewKind::Table, &[ch::SPEED])
    }
}

fn chosen() -> ViewSpec {
    ViewSpec {
        empty: "The settings of each model appear here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/settings.md").to_owned(),
        ..ViewSpec::new("chosen", "Settings of the models", ViewKind::Table, &[ch::CHOSEN])
    }
}

fn inspected() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("target", "").named_by(inspector::AXIS),
        agree: vec![ch::TEST_ROWS.to_owned()],
        y: AxisSpec::new("level", "").limits(0.0, 1.0),
        empty: "The quantile functions of one row appear here. Click a row in the fan chart.".to_owned(),
        help: include_str!("../help/inspector.md").to_owned(),
        ..derived(
            "inspector",
            "One row",
            ViewKind::Curve,
            &[&format!("{}*", inspector::QUANTILES)],
            &[ids::METHOD, ids::STAGE, ids::ROW, ids::UNITS],
        )
    }
}

fn facts() -> ViewSpec {
    ViewSpec {
        empty: "What each method says about one row appears here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/inspector.md").to_owned(),
        ..derived(
            "inspector_facts",
            "One row in numbers",
            ViewKind::Table,
            &[inspector::FACTS],
            &[ids::STAGE, ids::ROW, ids::COVERAGE, ids::UNITS],
        )
    }
}
