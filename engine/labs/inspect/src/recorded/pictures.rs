//! What the record keeps of a recording, and how views take it from there.

use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Channel, Curve, Data, Dot, Grid, Record, Table, Timeline};
use weightscope_logs::recording::Recording;

use super::{Taken, Track};
use crate::channels as ch;

/// Names of the rows of a tensor's statistics.
const STATISTICS: [&str; 3] = ["largest magnitude", "mean magnitude", "norm"];

/// The channels that hold what was taken in.
pub(crate) fn channels(taken: &Taken, recording: &Recording) -> Vec<Channel> {
    let steps: Vec<f64> = taken.steps.iter().map(|step| *step as f64).collect();
    let sessions = taken.sessions.iter().map(|session| f64::from(*session)).collect();
    let curve = Curve { x: steps, y: sessions, band: None };
    let names = taken.tracks.iter().map(|track| (track.name.clone(), track.name.clone()));
    let mut channels = vec![
        Channel { data: Data::Curve(Timeline::one(curve)), ..ch::RECORDED_STEPS.channel() },
        Channel { data: Data::Choices(names.collect()), ..ch::RECORDED_TENSORS.channel() },
        Channel { data: Data::Table(Timeline::one(table(taken, recording))), ..ch::RECORDING.channel() },
    ];
    channels.extend(taken.tracks.iter().flat_map(of_track));
    channels
}

fn of_track(track: &Track) -> [Channel; 4] {
    let dots = track.places.iter().zip(&track.sampled_row).enumerate();
    let dots = dots.map(|(index, ((row, column), sampled))| {
        let sampled = sampled.map_or(f64::NAN, |sampled| sampled as f64);
        Dot::new(*column as f64, *row as f64, sampled, index as u64)
    });
    let labels = track.places.iter().map(|(row, column)| format!("[{row}, {column}]")).collect();
    let weights = grid(labels, track.weights.iter());
    let statistics = grid(STATISTICS.map(str::to_owned).to_vec(), track.tensor.iter());
    let labels = (0..track.rows.len())
        .flat_map(|row| [format!("row {row}, largest magnitude"), format!("row {row}, mean magnitude")]);
    let rows = grid(labels.collect(), track.rows.iter().flatten());
    let member = |channel: Channel, data| Channel { data, ..channel };
    [
        member(
            ch::RECORDED_PLACES.member(&track.name).channel(),
            Data::Points(Timeline::one(dots.collect::<Vec<Dot>>())),
        ),
        member(ch::RECORDED_WEIGHTS.member(&track.name).channel(), Data::Grid(Timeline::one(weights))),
        member(ch::RECORDED_STATISTICS.member(&track.name).channel(), Data::Grid(Timeline::one(statistics))),
        member(ch::RECORDED_ROWS.member(&track.name).channel(), Data::Grid(Timeline::one(rows))),
    ]
}

fn grid<'a>(rows: Vec<String>, series: impl Iterator<Item = &'a Vec<f32>>) -> Grid {
    let values: Vec<f32> = series.flatten().copied().collect();
    let columns = values.len() / rows.len().max(1);
    Grid { rows, columns: vec![String::new(); columns], values, ..Grid::default() }
}

/// The sessions of the recording, and what is said of it.
fn table(taken: &Taken, recording: &Recording) -> Table {
    let columns = ["session", "first step", "last step", "frames", "superseded", "host", "note"];
    let number = |value: f64| Cell::Number(value);
    let mut rows: Vec<Vec<Cell>> = recording
        .sessions()
        .iter()
        .enumerate()
        .map(|(place, session)| {
            vec![
                number(place as f64),
                number(session.first_step.map_or(f64::NAN, |step| step as f64)),
                number(session.last_step.map_or(f64::NAN, |step| step as f64)),
                number(session.frames as f64),
                number(session.superseded as f64),
                Cell::Text(session.host.clone()),
                Cell::Text(String::new()),
            ]
        })
        .collect();
    let mut notes = recording.said();
    if taken.stride > 1 {
        notes.push(format!(
            "each {}. frame is held, and the newest; level changes between them are not seen until a view looks closer",
            taken.stride
        ));
    }
    if taken.broken > 0 {
        notes.push(format!("{} frames are broken and left out", taken.broken));
    }
    rows.extend(notes.into_iter().map(|note| {
        let mut row = vec![number(f64::NAN); 5];
        row.extend([Cell::Text(String::new()), Cell::Text(note)]);
        row
    }));
    Table { columns: columns.map(str::to_owned).to_vec(), rows }
}

/// A tensor of a recording, with the steps and the sessions of its frames.
pub(crate) type Held = (Track, Vec<f64>, Vec<u32>);

/// What a record holds of one tensor of a recording, with the steps and sessions of its frames.
pub(crate) fn track(record: &Record, name: &str) -> Option<Held> {
    let steps = match &record.get(ch::RECORDED_STEPS.id())?.data {
        Data::Curve(timeline) => timeline.last()?.1,
        _ => return None,
    };
    let places = match &record.get(&ch::RECORDED_PLACES.id(name))?.data {
        Data::Points(timeline) => timeline.last()?.1,
        _ => return None,
    };
    let series = |id: String| -> Option<Vec<Vec<f32>>> {
        let Data::Grid(timeline) = &record.get(&id)?.data else { return None };
        let grid = timeline.last()?.1;
        if grid.columns.is_empty() {
            return Some(vec![Vec::new(); grid.rows.len()]);
        }
        Some(grid.values.chunks(grid.columns.len()).map(<[f32]>::to_vec).collect())
    };
    let tensor = series(ch::RECORDED_STATISTICS.id(name))?.try_into().ok()?;
    let mut rows = Vec::new();
    let mut pairs = series(ch::RECORDED_ROWS.id(name))?.into_iter();
    while let (Some(largest), Some(mean)) = (pairs.next(), pairs.next()) {
        rows.push([largest, mean]);
    }
    let track = Track::of(
        name,
        places.iter().map(|dot| (dot.y as usize, dot.x as usize)).collect(),
        places.iter().map(|dot| dot.value.is_finite().then_some(dot.value as usize)).collect(),
        series(ch::RECORDED_WEIGHTS.id(name))?,
        tensor,
        rows,
    );
    Some((track, steps.x.clone(), steps.y.iter().map(|session| *session as u32).collect()))
}
