//! Views that a person puts together from channels of a record.
//!
//! Contract: the id names the channels (`channels:loss/train,loss/test`), so that the id alone brings such a view back: in the
//! session, on the command line, and from a figure that is dropped on the window.

use weightscope_frame::record::{AxisSpec, Channel, Data, Record, ViewKind, ViewSpec};

/// What the id of such a view begins with.
const PREFIX: &str = "channels:";
/// Channels that a title names; further ones are counted.
const MOST_NAMED: usize = 3;
/// Components of a vector that are drawn as lines.
const MOST_LINES: usize = 24;

/// True if a view was put together by a person.
pub fn is_own(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// The id of the view of these channels.
pub fn id(channels: &[String]) -> String {
    format!("{PREFIX}{}", channels.join(","))
}

/// The channels that an id names.
pub fn members(id: &str) -> Vec<String> {
    let list = id.strip_prefix(PREFIX).unwrap_or_default();
    list.split(',').filter(|channel| !channel.is_empty()).map(str::to_owned).collect()
}

/// An id in a form that a file name can hold.
pub fn file_name(id: &str) -> String {
    id.replace([':', '/', '\\', ',', ' '], "-")
}

/// How a channel is drawn.
pub fn kind(data: &Data) -> ViewKind {
    match data {
        Data::Scalar(_) | Data::Vector(_) => ViewKind::Lines,
        Data::Marks(_) | Data::Points(_) => ViewKind::Scatter,
        Data::Histogram(_) => ViewKind::Ridge,
        Data::Grid(_) => ViewKind::Grid,
        Data::Bands(_) => ViewKind::Bands,
        Data::Curve(_) => ViewKind::Curve,
        Data::Bars(_) => ViewKind::Bars,
        Data::Graph(_) => ViewKind::Graph,
        Data::Ranks(_) => ViewKind::Ranks,
        Data::Table(_) => ViewKind::Table,
        Data::Text(_) | Data::Choices(_) => ViewKind::Text,
    }
}

/// In words.
pub const fn words(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::Lines => "lines",
        ViewKind::Trace => "trace",
        ViewKind::HeatMap => "heat map",
        ViewKind::Ridge => "ridge",
        ViewKind::Scatter => "dots",
        ViewKind::Bands => "intervals",
        ViewKind::Curve => "curve",
        ViewKind::Grid => "grid",
        ViewKind::Panels => "grids",
        ViewKind::Bars => "bars",
        ViewKind::Graph => "graph",
        ViewKind::Matching => "matching",
        ViewKind::Simplex => "simplex",
        ViewKind::Ranks => "ranks",
        ViewKind::Stacked => "shares",
        ViewKind::Table => "table",
        ViewKind::Text => "words",
    }
}

/// True if channels of these kinds can stand in one tile.
pub fn can_share(kinds: &[ViewKind]) -> bool {
    let first = kinds.first();
    matches!(first, Some(ViewKind::Lines | ViewKind::Curve | ViewKind::Grid))
        && kinds.iter().all(|kind| Some(kind) == first)
}

/// The view with this id; while the record has none of its channels, a tile that says so.
///
/// Axes, colours and reference lines are those of the lab's own view of the channel, if it has one of the same kind.
pub fn spec(id: &str, lab: &[ViewSpec], record: &Record) -> ViewSpec {
    let names = members(id);
    let found: Vec<&Channel> = names.iter().filter_map(|name| record.get(name)).collect();
    let Some(first) = found.first() else { return waiting(id, &names) };
    let kind = match kind(&first.data) {
        ViewKind::Grid if found.len() > 1 => ViewKind::Panels,
        ViewKind::Lines if found.len() == 1 => crowd(first, lab),
        kind => kind,
    };
    let like = lab.iter().find(|view| {
        let same = view.kind == kind || (view.kind == ViewKind::Panels && kind == ViewKind::Grid);
        same && record.select(&view.channels).iter().any(|channel| channel.id == first.id)
    });
    let fresh = ViewSpec {
        x: horizontal(first, kind),
        y: vertical(&found, kind),
        color: (kind == ViewKind::HeatMap).then(|| AxisSpec::new(&first.label, &first.unit)),
        ..ViewSpec::new(id, "", kind, &[])
    };
    let about: Vec<String> = found
        .iter()
        .map(|channel| format!("**{}** ({}): {}", channel.label, channel.id, channel.about))
        .collect();
    ViewSpec {
        id: id.to_owned(),
        title: title(&names, record),
        kind,
        channels: names,
        help: about.join("\n\n"),
        ..like.map_or(fresh, borrowed)
    }
}

/// How one series or many are drawn: a crowd of lines cannot be told apart. A lab that traces the channel shows a few of them.
fn crowd(channel: &Channel, lab: &[ViewSpec]) -> ViewKind {
    let Data::Vector(vector) = &channel.data else { return ViewKind::Lines };
    if lab.iter().any(|view| view.kind == ViewKind::Trace && view.channels.contains(&channel.id)) {
        ViewKind::Trace
    } else if vector.components.len() > MOST_LINES {
        ViewKind::HeatMap
    } else {
        ViewKind::Lines
    }
}

/// What a view of a lab lends: how its channels are read, not what can be done with them.
fn borrowed(view: &ViewSpec) -> ViewSpec {
    ViewSpec {
        x: view.x.clone(),
        y: view.y.clone(),
        color: view.color.clone(),
        marks: view.marks.clone(),
        references: view.references.clone(),
        levels: view.levels.clone(),
        ..ViewSpec::new("", "", view.kind, &[])
    }
}

fn waiting(id: &str, names: &[String]) -> ViewSpec {
    ViewSpec {
        empty: format!(
            "Nothing is recorded yet under {}; it appears here when a run has it.",
            names.join(", ")
        ),
        ..ViewSpec::new(id, &title(names, &Record::default()), ViewKind::Text, &[])
    }
}

/// True for a view whose channels were not there when it was made.
pub fn is_waiting(spec: &ViewSpec) -> bool {
    is_own(&spec.id) && spec.channels.is_empty()
}

/// The words of the channels: "oscillating share, all layers"; an id where the record does not know it.
fn title(names: &[String], record: &Record) -> String {
    let words = |name: &String| record.get(name).map_or_else(|| name.clone(), worded);
    let named = names.iter().take(MOST_NAMED).map(words).collect::<Vec<_>>().join("; ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The name of a channel in words: that of its family, and its own within that.
fn worded(channel: &Channel) -> String {
    match channel.id.split_once('/') {
        Some((family, _)) => {
            let family = family.replace('_', " ");
            if channel.label.is_empty() || channel.label == family {
                family
            } else {
                format!("{family}, {}", channel.label)
            }
        }
        None if channel.label.is_empty() => channel.id.clone(),
        None => channel.label.clone(),
    }
}

fn horizontal(channel: &Channel, kind: ViewKind) -> AxisSpec {
    match kind {
        ViewKind::Lines | ViewKind::Trace | ViewKind::HeatMap => AxisSpec::steps(),
        ViewKind::Ridge => AxisSpec::new(&channel.label, &channel.unit),
        ViewKind::Scatter if matches!(channel.data, Data::Marks(_)) => AxisSpec::steps(),
        _ => AxisSpec::default(),
    }
}

fn vertical(channels: &[&Channel], kind: ViewKind) -> AxisSpec {
    let Some((first, rest)) = channels.split_first() else { return AxisSpec::default() };
    if kind == ViewKind::HeatMap {
        return AxisSpec::default();
    }
    if kind == ViewKind::Ridge {
        return AxisSpec::steps();
    }
    let family = |channel: &Channel| channel.id.split('/').next().unwrap_or_default().to_owned();
    let unit = if rest.iter().all(|other| other.unit == first.unit) { first.unit.as_str() } else { "" };
    match kind {
        _ if rest.is_empty() => AxisSpec::new(&worded(first), unit),
        ViewKind::Lines | ViewKind::Curve if rest.iter().all(|other| family(other) == family(first)) => {
            AxisSpec::new(&family(first).replace('_', " "), unit)
        }
        _ => AxisSpec::new("", unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::{Bars, Component, Histograms, Timeline, Vector};

    fn record() -> Record {
        let mut record = Record::default();
        let series = || Data::Scalar([(0.0, 1.0), (1.0, 0.5)].into_iter().collect());
        for (id, data) in [
            ("loss/train", series()),
            ("loss/test", series()),
            ("latent/fc1", Data::Histogram(Histograms::default())),
            ("share", Data::Bars(Timeline::one(Bars::default()))),
        ] {
            record.insert(Channel::new(id, id, "nat", "What it is.", data));
        }
        record
    }

    #[test]
    fn the_id_alone_brings_a_view_back() {
        let id = id(&["loss/train".to_owned(), "loss/test".to_owned()]);
        let view = spec(&id, &[], &record());
        assert_eq!((view.kind, view.id.as_str()), (ViewKind::Lines, id.as_str()), "as it was");
        assert_eq!(view.channels, ["loss/train", "loss/test"]);
        assert_eq!((view.y.label.as_str(), view.y.unit.as_str()), ("loss", "nat"), "family and unit");
        assert!(!file_name(&id).contains(['/', ':', ',']), "{}", file_name(&id));
    }

    #[test]
    fn each_kind_of_channel_asks_for_its_drawing() {
        let kind = |channel: &str| spec(&id(&[channel.to_owned()]), &[], &record()).kind;
        assert_eq!((kind("latent/fc1"), kind("share")), (ViewKind::Ridge, ViewKind::Bars));
        let missing = spec("channels:nowhere", &[], &record());
        assert!(is_waiting(&missing) && missing.empty.contains("nowhere"), "it says what it waits for");
        let mut many = record();
        let component = |id| Component {
            label: format!("w{id}"),
            group: String::new(),
            id,
            series: [(0.0, 1.0)].into_iter().collect(),
        };
        let vector = Vector { components: (0..64).map(component).collect() };
        many.insert(Channel::new("crowd", "crowd", "", "", Data::Vector(vector)));
        assert_eq!(spec("channels:crowd", &[], &many).kind, ViewKind::HeatMap, "64 lines are a blur");
        let lab = [ViewSpec::new("trace", "Trace", ViewKind::Trace, &["crowd"])];
        assert_eq!(spec("channels:crowd", &lab, &many).kind, ViewKind::Trace, "the lab knows how");
        assert!(!can_share(&[ViewKind::Lines, ViewKind::Ridge]), "unlike kinds stand apart");
        assert!(can_share(&[ViewKind::Lines, ViewKind::Lines]) && !can_share(&[ViewKind::Table; 2]));
    }

    #[test]
    fn axes_and_references_are_those_of_the_lab() {
        let mut lab = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"]);
        lab.y = AxisSpec::new("cross-entropy", "nat");
        lab.picks_into = Some("trace".to_owned());
        let view = spec("channels:loss/test", &[lab], &record());
        assert_eq!((view.y.label.as_str(), view.picks_into), ("cross-entropy", None), "words, not gestures");
    }
}
