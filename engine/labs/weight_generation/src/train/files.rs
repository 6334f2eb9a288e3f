//! Files in the run folder: a line for each network, and the curves.

use std::fmt::Write as _;

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Cell, Table};
use weightscope_frame::run::RunError;

use super::evaluate::PROBES;
use crate::channels as ch;
use crate::config::Config;
use crate::method::tasks::name;

/// A line for each network.
pub(crate) const MODELS: &str = "models.csv";
/// Curves of fine-tuning.
pub(crate) const CURVES: &str = "curves.csv";
/// Columns of [`MODELS`].
const COLUMNS: &str = "id,kind,task,seen,draw,accuracy,after_5,after_50,nearest,cosine,distance,wrong_iou";

/// One network.
struct Row {
    id: String,
    kind: &'static str,
    task: String,
    seen: bool,
    draw: Option<usize>,
    accuracy: f64,
    after: [f64; 2],
    nearest: String,
    cosine: f64,
    distance: f64,
    wrong_iou: f64,
}

/// Name of a network of the zoo.
pub(crate) fn zoo_id(place: usize) -> String {
    format!("zoo_{place:05}")
}

/// Name of a generated network.
pub(crate) fn generated_id(task: &str, draw: usize) -> String {
    format!("generated_{task}_{draw}")
}

/// Writes both files and shows the table of generated networks.
pub(super) fn write(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let rows = rows(run);
    let mut text = format!("{COLUMNS}\n");
    for row in &rows {
        let draw = row.draw.map(|draw| draw.to_string()).unwrap_or_default();
        let _ = write!(text, "{},{},{},{},{draw}", row.id, row.kind, row.task, row.seen);
        for value in [row.accuracy, row.after[0], row.after[1]] {
            let _ = write!(text, ",{}", number(value));
        }
        let _ = write!(text, ",{}", row.nearest);
        for value in [row.cosine, row.distance, row.wrong_iou] {
            let _ = write!(text, ",{}", number(value));
        }
        text.push('\n');
    }
    run.context.write_file(MODELS, text.as_bytes())?;
    run.context.write_file(CURVES, curves(run).as_bytes())?;
    let headings = [
        "network",
        "tasks",
        "draw",
        "accuracy",
        "after 5",
        "after 50",
        "nearest",
        "cosine",
        "distance",
        "wrong IoU",
    ];
    let cells = rows.into_iter().filter(|row| row.kind == "generated").map(|row| {
        vec![
            Cell::Text(row.task),
            Cell::Text(if row.seen { "seen" } else { "unseen" }.to_owned()),
            Cell::Number(row.draw.unwrap_or(0) as f64),
            Cell::Number(row.accuracy),
            Cell::Number(row.after[0]),
            Cell::Number(row.after[1]),
            Cell::Text(row.nearest),
            Cell::Number(row.cosine),
            Cell::Number(row.distance),
            Cell::Number(row.wrong_iou),
        ]
    });
    let table = Table { columns: headings.map(str::to_owned).to_vec(), rows: cells.collect() };
    run.context.show_only(&ch::MODELS, table);
    Ok(())
}

/// Empty for what is no number.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

fn rows(run: &Running<'_, '_, Config>) -> Vec<Row> {
    let (bench, state) = (&run.shared.bench, &run.state);
    let task_name = |task: usize| bench.tasks.get(task).map(|task| name(task)).unwrap_or_default();
    let blank = |id: String, kind, task: usize, accuracy: f64| Row {
        id,
        kind,
        task: task_name(task),
        seen: task < bench.seen,
        draw: None,
        accuracy,
        after: [f64::NAN; 2],
        nearest: String::new(),
        cosine: f64::NAN,
        distance: f64::NAN,
        wrong_iou: f64::NAN,
    };
    let mut rows = Vec::new();
    for (place, (task, accuracy)) in state.zoo.task_of.iter().zip(&state.zoo.accuracies).enumerate() {
        rows.push(blank(zoo_id(place), "zoo", *task, *accuracy));
    }
    for (place, accuracy) in state.zoo.scratch_accuracies.iter().enumerate() {
        rows.push(blank(format!("trained_{place:05}"), "trained", bench.seen + place, *accuracy));
    }
    let evaluation = &state.evaluation;
    let tuned = evaluation.fine.iter().find(|fine| fine.id == "generated");
    for (draw, accuracies) in evaluation.accuracies.iter().enumerate() {
        for (place, (task, accuracy)) in evaluation.tasks.iter().zip(accuracies).enumerate() {
            let id = generated_id(&task_name(*task), draw);
            let mut row = Row { draw: Some(draw), ..blank(id, "generated", *task, *accuracy) };
            if let Some(kin) = evaluation.kin.get(draw * evaluation.tasks.len() + place) {
                row.nearest = zoo_id(kin.nearest);
                (row.cosine, row.distance, row.wrong_iou) = (kin.cosine, kin.distance, kin.wrong_iou);
            }
            if let Some(curve) = tuned.filter(|_| draw == 0).and_then(|fine| fine.accuracies.get(place)) {
                let at = |steps: u64| {
                    let probe = PROBES.iter().position(|probe| *probe == steps)?;
                    curve.get(probe).copied()
                };
                row.after = [at(5).unwrap_or(f64::NAN), at(50).unwrap_or(f64::NAN)];
            }
            rows.push(row);
        }
    }
    rows
}

/// Every curve of fine-tuning, a line for each probe.
fn curves(run: &Running<'_, '_, Config>) -> String {
    let (bench, evaluation) = (&run.shared.bench, &run.state.evaluation);
    let mut text = "start,task,seen,steps,accuracy\n".to_owned();
    for fine in &evaluation.fine {
        for (task, accuracies) in evaluation.tasks.iter().zip(&fine.accuracies) {
            let classes = bench.tasks.get(*task).map(|task| name(task)).unwrap_or_default();
            for (steps, accuracy) in PROBES.iter().zip(accuracies) {
                let _ = writeln!(text, "{},{classes},{},{steps},{accuracy}", fine.id, *task < bench.seen);
            }
        }
    }
    text
}
