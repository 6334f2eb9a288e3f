//! A lab of pictures: each way of showing things that labs may ask for, once, so that the contract suite holds the window and the files
//! to all of them. It draws random numbers and trains nothing.

use weightscope_frame::experiment::Cost;
use weightscope_frame::lab::{About, Derive, Lab, Preset, Running, Stage, Step, Steps, View};
use weightscope_frame::record::declared::{Declaration, Of};
use weightscope_frame::record::{
    AxisSpec, Cell, Channel, ControlKind, ControlSpec, Coordinate, Curve, Data, Dot, Graph, Grid, Handle,
    Metric, Reference, ReferenceAxis, ReferenceStyle, Table, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::stream;

mod channels {
    weightscope_frame::channels! {
        DRAWN: Scalar = "drawn", "drawn", "", "A random number at each step.";
        FUNCTION: Declared<OfCurves> = "function", "a·tanh(v/b)", "", "The function that the handle shapes.";
        SEEN: Declared<OfPoints> = "crowd/seen", "seen", "", "Points of one category, of several sizes.";
        MADE: Declared<OfPoints> = "crowd/made", "made", "", "Points of another category.";
        SHARES: Family<OfVectors> = "shares", "shares", "", "Shares of four operations on one edge.";
        SPACE: Declared<OfGraphs> = "space", "search space", "", "Operations between nodes, each as wide as its share.";
        BLOCKS: Family<OfGrids> = "matrix", "matrix", "", "A weight matrix that is updated in blocks of 4 × 4.";
        CHOSEN: Declared<OfGrids> = "chosen", "value", "", "A map with a ring around its largest cell.";
        MATCHING: Declared<OfGraphs> = "matching", "matching", "", "Which unit of one network belongs to which of another.";
        REVERSE: Declared<OfCurves> = "reverse", "noise", "", "Noise left over the steps of a reverse process.";
        ROWS: Declared<OfTables> = "rows", "rows", "", "Many rows of numbers and words.";
        ECHO: Declared<OfText> = "echo", "echo", "", "What was typed, as the lab reads it.";
    }
}

mod metrics {
    weightscope_frame::metrics! {
        LAST = "last", "last", "", "The last number that was drawn.";
    }
}

const DRAWING: &str = "drawing";
/// Operations of each edge.
const OPERATIONS: [&str; 4] = ["conv 3×3", "conv 5×5", "pool", "skip"];

weightscope_frame::settings! {
    /// Settings.
    pub struct Gallery {
        section "Pictures" core {
            steps: u64 = 40, "Steps", "Pictures that are drawn.", .range(1.0, 10_000.0).stage(DRAWING);
            rows: u64 = 2000, "Rows", "Rows of the table.", .range(1.0, 1_000_000.0).stage(DRAWING);
        }
    }
}

/// Numbers drawn so far, summed: all that a checkpoint needs.
pub struct State {
    sum: f64,
}

impl Saved for State {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value("sum", &mut self.sum)
    }
}

impl Lab for Gallery {
    const NAME: &'static str = "gallery";
    const ABOUT: About = About {
        title: "Gallery",
        claim: "Every way of showing things that a lab may ask for is drawn once.",
        paper: "No paper: pictures of random numbers, for the suite",
        link: "https://en.wikipedia.org/wiki/Test_card",
        headlines: &[metrics::LAST.name],
    };
    const PRESETS: &'static [Preset] = &[Preset { name: "gallery/quick", text: Self::SMALLEST }];
    const SMALLEST: &'static str = include_str!("../quick.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    type Shared = u64;
    type State = State;

    fn cost(&self) -> Cost {
        Cost { parameters: Some(0), steps: self.steps, memory_bytes: 1_000_000, seconds: 0.1 }
    }

    fn views(&self) -> Vec<View<Self>> {
        views()
    }

    fn begin(&self, context: &mut Context<'_>) -> Result<(u64, State), RunError> {
        Ok((context.seed, State { sum: 0.0 }))
    }

    fn stages(&self, _shared: &u64) -> Vec<Stage<Self>> {
        let steps = Steps { pictures: Some((10, show)), ..Steps::new(self.steps, step) };
        vec![Stage::steps(DRAWING, self.steps, steps)]
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        let mut rows = stream(*run.shared, "rows");
        let row = |index: u64| {
            let name = OPERATIONS.get(index as usize % OPERATIONS.len()).copied().unwrap_or_default();
            vec![
                Cell::Text(format!("{name} {index}")),
                Cell::Number(index as f64),
                Cell::Number(rows.unit_f64()),
            ]
        };
        let table = Table {
            columns: ["name", "number", "drawn"].map(str::to_owned).to_vec(),
            rows: (0..run.settings.rows).map(row).collect(),
        };
        run.show_only(&channels::ROWS, table);
        let last = run.state.sum;
        run.result(&metrics::LAST, last);
        Ok(())
    }
}

fn views() -> Vec<View<Gallery>> {
    let spec = |id, title, kind, channels: &[&dyn Declaration]| ViewSpec {
        help: "**What.** Random numbers.\n\n**Read.** Nothing follows from them.".to_owned(),
        empty: "It appears with the first pictures.".to_owned(),
        ..ViewSpec::of(id, title, kind, channels)
    };
    let number = |id: &str, about: &str, initial| {
        let kind = ControlKind::Number { low: 0.1, high: 4.0, initial, logarithmic: false };
        ControlSpec::new(id, id, about, kind)
    };
    let mut function = spec("function", "Function", ViewKind::Curve, &[&channels::FUNCTION]);
    function.controls =
        vec![number("amplitude", "Bound of the function.", 1.5), number("width", "Where it bends.", 1.0)];
    function.derives = vec!["amplitude".to_owned(), "width".to_owned()];
    function.handles = vec![Handle::new(
        "knee",
        Coordinate::control("width", 1.0),
        Coordinate::control("amplitude", 1.0_f64.tanh()),
    )];
    function.references = vec![
        Reference::new(ReferenceAxis::Y, 1.5, ReferenceStyle::Boundary).control("amplitude").label("bound"),
    ];
    (function.x, function.y) = (AxisSpec::new("v", ""), AxisSpec::new("w", ""));
    let mut crowd = spec("crowd", "Crowds", ViewKind::Scatter, &[&channels::SEEN, &channels::MADE]);
    (crowd.x, crowd.y) = (AxisSpec::new("first", ""), AxisSpec::new("second", ""));
    let mut chosen = spec("chosen", "Chosen cell", ViewKind::Grid, &[&channels::CHOSEN]);
    (chosen.x, chosen.y) = (AxisSpec::new("kernel", ""), AxisSpec::new("width", ""));
    let mut reverse = spec("reverse", "Reverse process", ViewKind::Curve, &[&channels::REVERSE]);
    (reverse.x, reverse.y) = (AxisSpec::new("reverse step", ""), AxisSpec::new("noise", ""));
    let mut echo = spec("echo", "Prompt", ViewKind::Text, &[&channels::ECHO]);
    let words = ControlKind::Text { initial: "hello".to_owned(), most: 80 };
    echo.controls = vec![ControlSpec::new("prompt", "Prompt", "Words that the lab reads.", words)];
    echo.derives = vec!["prompt".to_owned()];
    let mut drawn = spec("drawn", "Drawn", ViewKind::Lines, &[&channels::DRAWN]);
    drawn.y = AxisSpec::new("drawn", "");
    vec![
        View::new(drawn),
        View::new(function).derived(function_of),
        View::new(crowd),
        View::new(spec("shares", "Shares", ViewKind::Simplex, &[&channels::SHARES])),
        View::new(spec("space", "Search space", ViewKind::Graph, &[&channels::SPACE])),
        View::new(spec("blocks", "Blocks", ViewKind::Panels, &[&channels::BLOCKS])),
        View::new(chosen),
        View::new(spec("matching", "Matching", ViewKind::Matching, &[&channels::MATCHING])),
        View::new(reverse),
        View::new(spec("rows", "Rows", ViewKind::Table, &[&channels::ROWS])),
        View::new(echo).derived(echoed),
    ]
}

fn function_of(_: &Gallery, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let a = job.controls.number("amplitude").unwrap_or(1.5);
    let b = job.controls.number("width").unwrap_or(1.0);
    let x: Vec<f64> = (-40..=40).map(|step| f64::from(step) / 10.0).collect();
    let y = x.iter().map(|v| a * (v / b).tanh()).collect();
    Ok(vec![with(&channels::FUNCTION, Data::Curve(Timeline::one(Curve { x, y, band: None })))])
}

fn echoed(_: &Gallery, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let typed = job.controls.word("prompt").unwrap_or_default();
    let backwards: String = typed.chars().rev().collect();
    let (letters, words) = (typed.chars().count(), typed.split_whitespace().count());
    let lines = [
        format!("{letters} letters: {typed}"),
        format!("{words} words"),
        format!("backwards: {backwards}"),
        format!("in capitals: {}", typed.to_uppercase()),
    ];
    Ok(vec![with(&channels::ECHO, Data::Text(lines.join("\n\n")))])
}

fn with<K: weightscope_frame::record::declared::Kind>(channel: &impl Of<K>, data: Data) -> Channel {
    Channel { data, ..channel.channel() }
}

fn step(run: &mut Running<'_, '_, Gallery>, at: &Step<'_>) -> Result<(), RunError> {
    let value = stream(*run.shared, &format!("step/{}", at.index)).unit_f64();
    run.state.sum = (run.state.sum + value).fract();
    let sum = run.state.sum;
    run.scalar(&channels::DRAWN, sum);
    for edge in ["0 → 1", "0 → 2", "1 → 2"] {
        let shares = shares(*run.shared, edge, at.index as f64 / at.count.max(1) as f64);
        let named: Vec<(&str, f64)> = OPERATIONS.into_iter().zip(shares).collect();
        run.components(&channels::SHARES.member(edge), &named);
    }
    Ok(())
}

/// Shares that begin equal and end near one corner.
fn shares(seed: u64, edge: &str, progress: f64) -> [f64; 4] {
    let mut numbers = stream(seed, edge);
    let weights = [(); 4].map(|()| (6.0 * progress * numbers.unit_f64()).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

fn show(run: &mut Running<'_, '_, Gallery>) -> Result<(), RunError> {
    let (seed, done) = (*run.shared, run.stage_step());
    let progress = done as f64 / run.settings.steps.max(1) as f64;
    let mut numbers = stream(seed, &format!("pictures/{done}"));
    let mut dots = |count: u64, spread: f64| -> Vec<Dot> {
        let mut dot = |id| {
            let [x, y, size] = [(); 3].map(|()| numbers.unit_f64());
            Dot::new(spread * x, spread * y, size, id).sized(0.5 + 2.0 * size as f32)
        };
        (0..count).map(&mut dot).collect()
    };
    let (seen, made) = (dots(40, 1.0), dots(15, 0.6).into_iter().map(|dot| dot.sized(1.0)).collect());
    run.show(&channels::SEEN, seen);
    run.show(&channels::MADE, made);
    run.show(&channels::SPACE, space(seed, progress));
    for layer in ["fc1", "fc2"] {
        run.show(&channels::BLOCKS.member(layer), grid(seed, layer, (8, 12), Some((4, 4))));
    }
    let mut chosen = grid(seed, "chosen", (3, 4), None);
    let largest =
        chosen.values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(cell, _)| cell);
    (chosen.rings, chosen.ring_name) = (vec![(largest / 4, largest % 4)], "largest".to_owned());
    run.show(&channels::CHOSEN, chosen);
    run.show(&channels::MATCHING, matching(seed));
    let x: Vec<f64> = (0..=50).map(f64::from).collect();
    let y = x.iter().map(|step| (-step / 10.0).exp() * (1.0 + progress)).collect();
    run.show(&channels::REVERSE, Curve { x, y, band: None });
    Ok(())
}

fn space(seed: u64, progress: f64) -> Graph {
    let nodes = [("in", 0.0, 0.5), ("1", 0.5, 0.0), ("out", 1.0, 0.5)];
    let mut graph =
        Graph { nodes: nodes.map(|(name, x, y)| (name.to_owned(), x, y)).to_vec(), ..Graph::default() };
    for (edge, from, to) in [("0 → 1", 0, 1), ("0 → 2", 0, 2), ("1 → 2", 1, 2)] {
        let shares = shares(seed, edge, progress);
        let best = shares.iter().copied().fold(0.0, f64::max);
        for (operation, share) in OPERATIONS.iter().zip(shares) {
            if share >= best {
                graph.chosen.push(graph.edges.len());
            }
            graph.edges.push((from, to, share));
            graph.edge_labels.push((*operation).to_owned());
        }
    }
    graph
}

fn matching(seed: u64) -> Graph {
    let mut numbers = stream(seed, "matching");
    let units = 12_usize;
    let mut graph = Graph::default();
    for (column, name) in ["a", "b"].into_iter().enumerate() {
        let node = |unit: usize| (format!("{name}{unit}"), column as f64, unit as f64);
        graph.nodes.extend((0..units).map(node));
    }
    for unit in 0..units {
        let partner = (unit * 5 + seed as usize % units) % units;
        graph.edges.push((unit, units + partner, numbers.unit_f64()));
    }
    graph
}

fn grid(seed: u64, name: &str, (rows, columns): (usize, usize), block: Option<(usize, usize)>) -> Grid {
    let mut numbers = stream(seed, name);
    let names = |count: usize| (0..count).map(|place| place.to_string()).collect();
    Grid {
        rows: names(rows),
        columns: names(columns),
        values: (0..rows * columns).map(|_| numbers.uniform(-1.0, 1.0)).collect(),
        diverging: true,
        block,
        ..Grid::default()
    }
}
