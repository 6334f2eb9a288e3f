//! Gradient norms before the first step: bars of one method over its blocks or ranks with full fine-tuning as a line, and all methods as
//! curves.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Bars, Channel, ControlKind, ControlSpec, Curve, Data, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::{Config, Method};

const METHOD: &str = "norms_of";

/// Methods whose norms are known, with their words and what their size is.
const METHODS: [(&str, &str, &str); 5] = [
    ("bone_col", "Bone-col", "block"),
    ("bone_row", "Bone-row", "block"),
    ("miss", "MiSS", "rank"),
    ("lora", "LoRA", "rank"),
    ("pissa", "PiSSA", "rank"),
];

/// The bars.
pub(super) fn view(config: &Config) -> View<Config> {
    let options = METHODS.map(|(key, words, size)| (key.to_owned(), format!("{words}, by {size}")));
    let kind = ControlKind::Choice { options: options.to_vec(), initial: nearest(config.method).to_owned() };
    View::new(ViewSpec {
        x: AxisSpec::new("gradient norm", ""),
        y: AxisSpec::new("block or rank", ""),
        overlays: vec![ch::NORM_OF_FULL.id().to_owned()],
        controls: vec![ControlSpec::new(
            METHOD,
            "Method",
            "Whose blocks or ranks stand below each other.",
            kind,
        )],
        derives: vec![METHOD.to_owned()],
        empty: "Gradient norms at the start appear here before the first step of the adaptation.".to_owned(),
        help: include_str!("../help/gradient_norm.md").to_owned(),
        ..ViewSpec::of("gradient_norm", "Gradient norm at the start", ViewKind::Bars, &[&ch::NORM_BARS])
    })
    .derived(derive)
}

/// All methods as curves.
pub(super) fn lines(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("block or rank", "").scale(AxisScale::Log),
        y: AxisSpec::new("gradient norm", ""),
        dashed: vec![ch::GRADIENT_NORMS.id(ch::FULL)],
        tab_of: Some("gradient_norm".to_owned()),
        empty: "Gradient norms at the start appear here before the first step of the adaptation.".to_owned(),
        help: include_str!("../help/gradient_norm.md").to_owned(),
        ..ViewSpec::of(
            "gradient_norm_lines",
            "Gradient norm of all methods",
            ViewKind::Curve,
            &[&ch::GRADIENT_NORMS],
        )
    })
}

/// The method of the bars that stands nearest to that of the run.
fn nearest(method: Method) -> &'static str {
    match method {
        Method::BoneRow => "bone_row",
        Method::Miss | Method::MissMini => "miss",
        Method::Pissa | Method::Olora | Method::LoraGa => "pissa",
        method if method.is_low_rank() => "lora",
        _ => "bone_col",
    }
}

fn norms(job: &Derive<'_>, member: &str) -> Option<Curve> {
    match &job.record.get(&ch::GRADIENT_NORMS.id(member))?.data {
        Data::Curve(curves) => curves.last().map(|(_, curve)| curve.clone()),
        _ => None,
    }
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let chosen = job.controls.word(METHOD).and_then(|key| METHODS.into_iter().find(|(own, ..)| *own == key));
    let Some((key, words, size)) = chosen else { return Ok(Vec::new()) };
    let (Some(own), Some(full)) = (norms(job, key), norms(job, ch::FULL)) else { return Ok(Vec::new()) };
    // A method whose blocks divide no layer has no norm.
    let Some(whole) = full.y.first().copied().filter(|_| !own.x.is_empty()) else { return Ok(Vec::new()) };
    let labels: Vec<String> = own.x.iter().map(|number| format!("{size} {number:.0}")).collect();
    // Across all lanes, of which each is one high.
    let line = Curve { x: vec![whole, whole], y: vec![0.0, labels.len() as f64], band: None };
    let bars = Bars { labels, series: vec![(words.to_owned(), own.y)], ..Bars::default() };
    Ok(vec![
        Channel { data: Data::Bars(Timeline::one(bars)), ..ch::NORM_BARS.channel() },
        Channel { data: Data::Curve(Timeline::one(line)), ..ch::NORM_OF_FULL.channel() },
    ])
}
