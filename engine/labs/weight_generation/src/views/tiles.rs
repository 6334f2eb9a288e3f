//! First-layer weights as images: generated, nearest, by ridge regression, and the mean of the zoo.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Grid, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::TASK;
use crate::channels as ch;
use crate::config::Config;

/// Networks that stand side by side.
const SHOWN: [(&str, &str); 4] = [
    ("generated", "generated"),
    ("nearest", "nearest of the zoo"),
    ("ridge", "ridge regression"),
    ("mean", "mean of the zoo"),
];

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("pixels of each unit", ""),
        y: AxisSpec::new("", ""),
        controls: vec![ControlSpec::new(
            TASK,
            "Task",
            "The task whose networks are shown; a click on a dot of the novelty view chooses one.",
            ControlKind::ChoiceFrom { channel: ch::TASKS.id().to_owned() },
        )],
        derives: vec![TASK.to_owned()],
        empty: "First layers of generated networks and of their nearest appear here with the evaluation."
            .to_owned(),
        help: include_str!("../help/tiles.md").to_owned(),
        channels: SHOWN.iter().map(|(id, _)| ch::TILES.id(id)).collect(),
        ..ViewSpec::of("tiles", "First layers", ViewKind::Panels, &[&ch::TILES])
    })
    .derived(derive)
}

/// The recorded first layers of the chosen task, each unit as an image where inputs make a square.
fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(task) = job.controls.word(TASK) else { return Ok(Vec::new()) };
    let found: Vec<(&str, &str, &Grid)> = SHOWN
        .iter()
        .filter_map(|(id, label)| {
            let channel = job.record.get(&ch::FIRST_LAYER.id(&format!("{task}/{id}")))?;
            let Data::Grid(grids) = &channel.data else { return None };
            Some((*id, *label, grids.last()?.1))
        })
        .collect();
    let values = found.iter().flat_map(|(.., grid)| &grid.values).filter(|value| value.is_finite());
    let largest = values.fold(0.0_f32, |most, value| most.max(value.abs()));
    let limits = Some((-f64::from(largest), f64::from(largest)));
    let channel = |(id, label, grid): &(&str, &str, &Grid)| {
        let picture = Grid { limits, ..mosaic(grid) };
        let empty = ch::TILES.labelled(id, label).channel();
        Channel { data: Data::Grid(Timeline::one(picture)), ..empty }
    };
    Ok(found.iter().map(channel).collect())
}

/// Rows of a grid as square images side by side; the grid itself where they are no squares.
fn mosaic(grid: &Grid) -> Grid {
    let inputs = grid.columns.len();
    let units = grid.values.len() / inputs.max(1);
    let side = (inputs as f64).sqrt() as usize;
    if side * side != inputs || side < 2 || units == 0 {
        return grid.clone();
    }
    let across = (units as f64).sqrt().ceil() as usize;
    let down = units.div_ceil(across);
    let mut values = vec![f32::NAN; across * down * inputs];
    for (unit, image) in grid.values.chunks_exact(inputs).enumerate() {
        // Rows of a grid go up, those of an image go down.
        let (left, top) = (unit % across * side, (down - 1 - unit / across) * side);
        for (pixel, value) in image.iter().enumerate() {
            let (row, column) = (top + side - 1 - pixel / side, left + pixel % side);
            if let Some(place) = values.get_mut(row * across * side + column) {
                *place = *value;
            }
        }
    }
    let names = |count: usize| (0..count).map(|place| place.to_string()).collect();
    Grid {
        rows: names(down * side),
        columns: names(across * side),
        values,
        diverging: true,
        block: Some((side, side)),
        ..Grid::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_images_side_by_side() {
        let grid = Grid {
            columns: (0..4).map(|column| column.to_string()).collect(),
            values: (0..12).map(|value| value as f32).collect(),
            ..Grid::default()
        };
        let found = mosaic(&grid);
        assert_eq!((found.columns.len(), found.rows.len()), (4, 4));
        // Bottom row: the lower pixels of the third unit, then nothing.
        assert_eq!(found.values[..2], [10.0, 11.0]);
        assert!(found.values[2].is_nan());
        // Top row: the upper pixels of the first two units.
        assert_eq!(found.values[12..], [0.0, 1.0, 4.0, 5.0]);
        let odd = Grid { columns: vec![String::new(); 3], values: vec![0.0; 6], ..Grid::default() };
        assert_eq!(mosaic(&odd), odd);
    }
}
