//! The settings of the lab, each written once; the rules between them stand in `check`, what they mean for a space in `space`.

mod check;
mod cost;
mod space;

use weightscope_frame::experiment::Mark;
use weightscope_frame::run::{Part, Share};
use weightscope_frame::{choices, settings};

pub(crate) use cost::cost;
pub(crate) use space::{Shape, SpaceBox};

use crate::method;
use crate::run::{AFTERWARDS, ANSWER, SEARCH};

choices! {
    /// What a run does.
    pub enum Task {
        /// It searches, and judges what it found by the table.
        Search = "search", "Search";
        /// It makes or shows the table.
        Table = "table", "The table alone";
        /// It measures bytes and seconds of the ways in which options meet.
        Costs = "costs", "Costs of mixing";
    }
}

choices! {
    /// The search space.
    pub enum SpaceKind {
        /// Two convolutions and a hidden layer.
        ConvMacro = "conv_macro", "Convolutions: channels, kernels, hidden width";
        /// Residual perceptron.
        Mlp = "mlp", "Residual perceptron: embedding, depth, ratios";
        /// A cell of three edges.
        Cell = "cell", "Cell: an operation on each of three edges";
        /// Tiny vision transformer.
        Vit = "vit", "Tiny vision transformer: embedding, depth, heads, ratios";
        /// A table of architectures without networks.
        Table = "table", "A table of architectures (no network)";
    }
}

choices! {
    /// Size of the convolutional space.
    pub enum Size {
        /// The lists as they stand below, at first those of 72 architectures.
        Small = "small", "Small: the lists below (72 at first)";
        /// Three options for each decision.
        Full = "full", "Full: three options each (243)";
    }
}

choices! {
    /// How layer normalisations and attention heads are mixed.
    pub enum Rule {
        /// One-hot weights give the stand-alone network.
        Exact = "exact", "Exact: one-hot weights give the stand-alone network";
        /// As the released code does.
        Published = "published", "Published: as in the released code";
    }
}

choices! {
    /// The search method.
    pub enum Method {
        /// Superposed weights, Dirichlet sampler.
        TangleNas = "tanglenas", "TangleNAS (superposed weights, Dirichlet)";
        /// Superposed weights, softmax.
        Darts = "darts", "DARTS, first order (superposed, softmax)";
        /// The same through a step of the weights.
        DartsSecond = "darts_second", "DARTS, second order (superposed, softmax)";
        /// Separate weights.
        DrnasSeparate = "drnas_separate", "DrNAS with separate weights";
        /// Entangled weights, outputs mixed.
        DrnasOutput = "drnas_output", "DrNAS with entangled weights, outputs mixed";
        /// One sampled path.
        Gdas = "gdas", "GDAS (one path by Gumbel-softmax)";
        /// Uniform paths, then random search.
        SposRandom = "spos_random", "SPOS, then random search";
        /// Uniform paths, then evolution.
        SposEvolution = "spos_evolution", "SPOS, then evolution";
        /// Random architectures trained from scratch.
        RandomTraining = "random_training", "Random architectures, trained from scratch";
        /// The largest architecture.
        Largest = "largest", "The largest architecture";
    }
}

choices! {
    /// How options meet.
    pub enum Mixing {
        /// As the method says.
        Method = "method", "As the method says";
        /// Weights are summed.
        Superposed = "superposed", "Weights superposed, one pass";
        /// Outputs of entangled weights are summed.
        Output = "output", "Outputs mixed, entangled weights";
        /// Outputs of separate weights are summed.
        Separate = "separate", "Outputs mixed, separate weights";
        /// One option.
        Slice = "slice", "One slice";
    }
}

choices! {
    /// How the weights of the options follow from α.
    pub enum Sampler {
        /// As the method says.
        Method = "method", "As the method says";
        /// A draw from a Dirichlet distribution.
        Dirichlet = "dirichlet", "Dirichlet";
        /// Softmax.
        Softmax = "softmax", "Softmax";
        /// Sparsemax.
        Sparsemax = "sparsemax", "Sparsemax";
        /// Straight-through Gumbel-softmax.
        Gumbel = "gumbel", "Gumbel-softmax, one option";
        /// Uniform.
        Uniform = "uniform", "Uniform, one option";
    }
}

choices! {
    /// How far the gradient of the architecture reaches.
    pub enum Order {
        /// As the method says.
        Method = "method", "As the method says";
        /// Weights as they stand.
        First = "first", "First";
        /// Through one step of the weights.
        Second = "second", "Second: through a step of the weights";
    }
}

choices! {
    /// What pulls α to its start.
    pub enum Anchor {
        /// Weight decay of α.
        L2 = "l2", "Decay of α";
        /// Divergence from the uniform Dirichlet distribution.
        Kl = "kl", "KL divergence from the uniform distribution";
    }
}

choices! {
    /// Which moment of the search gives the answer.
    pub enum Stop {
        /// Its end.
        Budget = "budget", "The end of the search";
        /// The least validation loss of the mixture.
        BestMixture = "best_mixture", "The best mixture seen";
    }
}

choices! {
    /// What is done with the architecture that was found.
    pub enum Finish {
        /// Looked up in the table.
        Table = "table", "Look it up in the table";
        /// Judged with the weights of the supernet.
        Inherit = "inherit", "Inherit the supernet's weights";
        /// Those trained on.
        FineTune = "fine_tune", "Inherit, then train on";
        /// Trained anew too.
        Retrain = "retrain", "Inherit, train on, and train anew";
    }
}

choices! {
    /// A search on a table.
    pub enum Searcher {
        /// Evolution.
        Evolution = "evolution", "Evolution";
        /// Random architectures.
        RandomTraining = "random_training", "Random";
        /// Local search.
        LocalSearch = "local_search", "Local search";
    }
}

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Task" core {
            task: Task = Task::Search, "Task",
                "What the run does.",
                if |s| s.space != SpaceKind::Table;
        }
        section "Data" core {
            dataset: String = "digits".to_owned(), "Data set",
                "Labelled images: a name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, an .npy or .npz file.",
                .mark(Mark::DataSet).fixed("the rows are drawn before the first step"), if |s| s.space != SpaceKind::Table;
            pixel_noise: f64 = 0.8, "Pixel noise",
                "Standard deviation of fixed Gaussian noise on the standardised pixels; without it every option solves the digits.",
                .range(0.0, 100.0), if |s| s.space != SpaceKind::Table;
            train_rows: u64 = 400, "Training rows",
                "Rows by which the weights are trained.",
                .unit("rows").range(1.0, 1e9), if |s| s.space != SpaceKind::Table;
            architecture_rows: u64 = 400, "Architecture rows",
                "Rows by which the architecture is trained and judged; all others are test rows.",
                .unit("rows").range(1.0, 1e9), if |s| s.space != SpaceKind::Table;
            data_seed: u64 = 0, "Data seed",
                "Seed of the parts and of the noise; the same for all runs, so that one table judges them all.",
                if |s| s.space != SpaceKind::Table;
        }
        section "Space" core {
            space: SpaceKind = SpaceKind::ConvMacro, "Space", "What is decided.", .fixed("the supernet is made before the first step");
            size: Size = Size::Small, "Size", "Options of the convolutional space.", if |s| s.space == SpaceKind::ConvMacro;
            channels1: Vec<u64> = vec![2, 8], "Channels 1", "Channels of the first convolution, ascending.",
                .range(1.0, 1024.0), if |s| s.own_lists();
            kernels1: Vec<u64> = vec![1, 3, 5], "Kernels 1", "Sides of the first kernel, ascending, with even differences.",
                .range(1.0, 31.0), if |s| s.own_lists();
            channels2: Vec<u64> = vec![4, 16], "Channels 2", "Channels of the second convolution, ascending.",
                .range(1.0, 1024.0), if |s| s.own_lists();
            kernels2: Vec<u64> = vec![1, 3, 5], "Kernels 2", "Sides of the second kernel, ascending, with even differences.",
                .range(1.0, 31.0), if |s| s.own_lists();
            hidden: Vec<u64> = vec![8, 32], "Hidden widths", "Widths of the hidden layer, ascending.",
                .range(1.0, 4096.0), if |s| s.own_lists();
            embedding: Vec<u64> = vec![4, 8, 16], "Embedding", "Widths of the residual stream, ascending.",
                .range(1.0, 1024.0), if |s| s.space == SpaceKind::Mlp;
            ratios: Vec<f64> = vec![0.5, 1.0, 2.0], "Ratios", "Hidden width of a block over the embedding, ascending; the product is rounded down.",
                .range(0.0, 64.0), if |s| s.space == SpaceKind::Mlp;
            depths: Vec<u64> = vec![1, 2, 3], "Depths", "Numbers of blocks, ascending.",
                .range(1.0, 16.0), if |s| s.space == SpaceKind::Mlp;
            cell_channels: u64 = 8, "Cell channels", "Channels of the cell.",
                .range(1.0, 256.0), if |s| s.space == SpaceKind::Cell;
            vit_embedding: Vec<u64> = vec![16, 24, 32], "Embedding", "Widths of a token, ascending.",
                .range(1.0, 1024.0), if |s| s.space == SpaceKind::Vit;
            heads: Vec<u64> = vec![2, 4], "Heads", "Numbers of attention heads, ascending; the largest one divides the largest embedding, and the quotient is the size of a head.",
                .range(1.0, 64.0), if |s| s.space == SpaceKind::Vit;
            vit_ratios: Vec<f64> = vec![1.0, 2.0], "Ratios", "Hidden width of a block's perceptron over the embedding, ascending.",
                .range(0.0, 64.0), if |s| s.space == SpaceKind::Vit;
            vit_depths: Vec<u64> = vec![1, 2, 3], "Depths", "Numbers of blocks, ascending.",
                .range(1.0, 16.0), if |s| s.space == SpaceKind::Vit;
            patch: u64 = 2, "Patch", "Side of a patch; it divides the side of the square images.",
                .unit("pixels").range(1.0, 32.0), if |s| s.space == SpaceKind::Vit;
            rule: Rule = Rule::Exact, "Rule",
                "How layer normalisations and heads are mixed. By the published rule a smaller architecture is not the one that stands alone.",
                if |s| matches!(s.space, SpaceKind::Mlp | SpaceKind::Vit);
        }
        section "Method" core {
            method: Method = Method::TangleNas, "Method", "The search method; it sets mixing, sampler and order.",
                .fixed("it says what the supernet holds"), if |s| s.searches();
            mixing: Mixing = Mixing::Method, "Mixing", "How the options of a decision meet.", if |s| s.searches() && s.trains_supernet();
            sampler: Sampler = Sampler::Method, "Sampler", "How the weights of the options follow from α.", if |s| s.searches() && s.trains_supernet();
            order: Order = Order::Method, "Order", "Whether the gradient of the architecture goes through a step of the weights.",
                if |s| s.searches() && s.trains_supernet();
            evaluations: u64 = 20, "Evaluations", "Architectures that random search or evolution scores with inherited weights.",
                .range(1.0, 100_000.0).stage(ANSWER), if |s| s.searches() && matches!(s.method, Method::SposRandom | Method::SposEvolution);
            random_trainings: u64 = 4, "Random trainings", "Architectures that share the steps, each trained from scratch and judged by the architecture rows.",
                .range(1.0, 1000.0), if |s| s.searches() && s.method == Method::RandomTraining;
        }
        section "Search" {
            steps: u64 = 130, "Steps", "Steps of the search: one of the architecture and one of the weights each.",
                .unit("steps").range(1.0, 1e6), if |s| s.searches();
            batch_size: u64 = 50, "Batch size", "Rows in a step.",
                .unit("rows").range(1.0, 65_536.0).logarithmic(), if |s| s.has_networks();
            learning_rate: f64 = 4e-3, "Learning rate", "Of AdamW for the weights, at its highest; it falls to 2 % along a cosine.",
                .range(1e-7, 10.0).logarithmic().mark(Mark::Swept).stage(SEARCH), if |s| s.searches();
            weight_decay: f64 = 1e-3, "Weight decay", "Decoupled decay of the weights.",
                .range(0.0, 10.0).logarithmic().stage(SEARCH), if |s| s.searches();
            clip: f64 = 5.0, "Clipping", "Norm to which the gradient of the weights is cut.",
                .range(1e-6, 1e6).logarithmic().stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            architecture_learning_rate: String = "auto".to_owned(), "Architecture rate",
                "Learning rate of α: a number from 1e-8 to 10, or auto, which is 7.8 over the steps. Adam moves α by at most this much a step, so rate times steps should be about 8 to 10.",
                .published("3e-4", "arXiv 2312.10440, appendix, at about 40 000 steps").stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            architecture_decay: f64 = 1e-3, "Anchor strength", "Decay of α, or the factor of the divergence.",
                .range(0.0, 100.0).logarithmic().published("1e-3", "released code, optimizers").stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            anchor: Anchor = Anchor::L2, "Anchor", "What pulls α to its start.", .stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            architecture_start: f64 = 0.0, "Architecture start", "Share of the steps before α moves.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            stop: Stop = Stop::Budget, "Stop", "Which moment of the search gives the answer: its end, or the least validation loss of the mixture.",
                .stage(ANSWER), if |s| s.searches() && s.trains_supernet();
            size_penalty: f64 = 0.0, "Size penalty (ours)", "Price on the expected parameters as a share of the largest network's, added to the loss of the architecture; not in the paper.",
                .range(0.0, 1e6).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
        }
        section "Table" {
            table: String = "shipped".to_owned(), "Table",
                "Where true accuracies come from: shipped (trained beforehand, for the spaces and data as they stand at first), compute (every architecture is trained now), or the path of a CSV file: one column for each decision, then accuracy, then further numbers.",
                .fixed("it is read before the first step");
            table_seeds: u64 = 3, "Table seeds", "Trainings of each architecture, with seeds from the run's own on.",
                .range(1.0, 100.0), if |s| s.computes_table();
            table_epochs: u64 = 0, "Table epochs", "Passes over training and architecture rows for each training; 0: 14 for convolutions, 40 for the perceptron, 10 for cell and transformer.",
                .range(0.0, 10_000.0), if |s| s.computes_table() || s.has_networks();
            part: String = "all".to_owned(), "Part of the table",
                "Which architectures of the table are trained: all, or one of so many equal parts, such as 3/8. A sweep over the parts makes them on many machines; a run with `parts` joins them.",
                .fixed("it says what is trained"), if |s| s.computes_table() && s.task == Task::Table;
            parts: String = "none".to_owned(), "Folder of the parts",
                "none, or the folder of a sweep or plan over `part`: accuracies are taken from its runs instead of trained, and the table is the one that a single run would have made.",
                .fixed("they are read before the first step"), if |s| s.computes_table();
            table_architectures: u64 = 40, "Table architectures", "Architectures of the transformer's space that are trained, drawn by the data seed, the largest among them.",
                .range(2.0, 10_000.0), if |s| s.space == SpaceKind::Vit;
            searchers: Vec<Searcher> = vec![Searcher::Evolution, Searcher::RandomTraining, Searcher::LocalSearch], "Searchers",
                "Searches that run on the table; the first one gives the pick.", if |s| s.space == SpaceKind::Table;
            table_evaluations: u64 = 200, "Evaluations", "Rows that a search looks at.",
                .range(1.0, 1e6), if |s| s.space == SpaceKind::Table;
            repeats: u64 = 100, "Repeats", "How often each search is repeated, each with its own seed.",
                .range(1.0, 10_000.0), if |s| s.space == SpaceKind::Table;
            cost_column: String = "none".to_owned(), "Cost column", "Column of the table with the seconds of one evaluation, by which time is simulated; none: one second each.",
                if |s| s.space == SpaceKind::Table;
        }
        section "Afterwards" {
            finish: Finish = Finish::Table, "Afterwards", "What is done with the architecture that was found, and with the arg-max of the best mixture.",
                .stage(AFTERWARDS), if |s| s.searches();
            finish_epochs: u64 = 14, "Epochs afterwards", "Passes over training and architecture rows when it is trained on, or anew.",
                .range(1.0, 10_000.0).stage(AFTERWARDS), if |s| s.searches() && matches!(s.finish, Finish::FineTune | Finish::Retrain);
        }
        section "Watching" {
            record_every: u64 = 2, "Record every", "Steps between two recorded points.",
                .unit("steps").range(1.0, 10_000.0).stage(SEARCH), if |s| s.searches();
            monitor_every: u64 = 10, "Judge every", "Steps between two judgements of mixture and arg-max on the architecture rows, by which alarms and the best mixture go.",
                .unit("steps").range(1.0, 1e6).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            rank_every: u64 = 50, "Rank every", "Steps between two rankings of the architectures by their inherited loss; its time is counted apart.",
                .unit("steps").range(1.0, 1e6).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
        }
        section "Alarms" {
            alarm_shrink_size: f64 = 0.5, "Shrink: size", "Expected parameters over their largest value in the run, below which the network shrinks.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_shrink_loss: f64 = 0.5, "Shrink: loss", "Train loss over validation loss, below which rows are memorised.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_skip_share: f64 = 0.5, "Skip: share", "Share of the edges with skip as the arg-max that must be exceeded.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet() && s.space == SpaceKind::Cell;
            alarm_frozen_change: f64 = 1e-3, "Frozen: change", "Largest change of an α that counts as none.",
                .range(0.0, 10.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_frozen_after: f64 = 0.1, "Frozen: after", "Share of the steps after which that is asked.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_certain_entropy: f64 = 0.05, "Certain: entropy", "Normalised entropy of every decision below which the choice is made.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_certain_before: f64 = 0.2, "Certain: before", "Share of the steps before which that is early.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_starved_steps: u64 = 50, "Starved: steps", "Steps for which an option was not sampled.",
                .unit("steps").range(1.0, 1e6).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
            alarm_gap: f64 = 0.05, "Gap", "Difference of accuracy between mixture and inherited arg-max that must be exceeded.",
                .range(0.0, 1.0).stage(SEARCH), if |s| s.searches() && s.trains_supernet();
        }
    }
}

impl Config {
    /// True if a search is run on networks.
    pub(crate) fn searches(&self) -> bool {
        self.has_networks() && self.task == Task::Search
    }

    /// True unless the space is a table.
    pub(crate) fn has_networks(&self) -> bool {
        self.space != SpaceKind::Table
    }

    /// True if the lists of the convolutional space count.
    fn own_lists(&self) -> bool {
        self.space == SpaceKind::ConvMacro && self.size == Size::Small
    }

    /// True if the method trains a supernet.
    pub(crate) fn trains_supernet(&self) -> bool {
        !matches!(self.method, Method::RandomTraining | Method::Largest)
    }

    /// True if architectures are trained for the table.
    pub(crate) fn computes_table(&self) -> bool {
        let vit = self.space == SpaceKind::Vit && self.table == "shipped";
        self.has_networks() && self.task != Task::Costs && (self.table == "compute" || vit)
    }

    /// How the table is cut into parts. A run that does more than make a table can join parts, not make one.
    fn share(&self) -> Share<'_> {
        match (self.computes_table(), self.task) {
            (true, Task::Table) => Share::of(&self.part, &self.parts),
            (true, _) => Share::of("all", &self.parts),
            (false, _) => Share::UNCUT,
        }
    }

    /// The part of the table that is trained; what cannot be read is refused before.
    pub(crate) fn part(&self) -> Part {
        self.share().part()
    }

    /// The folder with the runs that made the parts of the table, if the table is joined.
    pub(crate) fn parts(&self) -> Option<&str> {
        self.share().folder()
    }

    /// The method of the mathematics.
    pub(crate) fn method(&self) -> method::methods::Method {
        use method::methods::Method as Own;
        match self.method {
            Method::TangleNas => Own::TangleNas,
            Method::Darts => Own::Darts,
            Method::DartsSecond => Own::DartsSecond,
            Method::DrnasSeparate => Own::DrnasSeparate,
            Method::DrnasOutput => Own::DrnasOutput,
            Method::Gdas => Own::Gdas,
            Method::SposRandom => Own::SposRandom,
            Method::SposEvolution => Own::SposEvolution,
            Method::RandomTraining => Own::RandomTraining,
            Method::Largest => Own::Largest,
        }
    }

    /// How options meet in the supernet; superposed where none is trained.
    pub(crate) fn mixing(&self) -> method::space::Mixing {
        use method::space::Mixing as Own;
        match self.mixing {
            Mixing::Method => self.method().mixing().unwrap_or(Own::Superposed),
            Mixing::Superposed => Own::Superposed,
            Mixing::Output => Own::Output,
            Mixing::Separate => Own::Separate,
            Mixing::Slice => Own::Slice,
        }
    }

    /// The sampler of the supernet; the uniform one where none is trained.
    pub(crate) fn sampler(&self) -> method::sampler::Sampler {
        use method::sampler::Sampler as Own;
        match self.sampler {
            Sampler::Method => self.method().sampler().unwrap_or(Own::Uniform),
            Sampler::Dirichlet => Own::Dirichlet,
            Sampler::Softmax => Own::Softmax,
            Sampler::Sparsemax => Own::Sparsemax,
            Sampler::Gumbel => Own::Gumbel,
            Sampler::Uniform => Own::Uniform,
        }
    }

    /// Whether the architecture gradient goes through a step of the weights.
    pub(crate) fn second_order(&self) -> bool {
        match self.order {
            Order::Method => self.method().second_order(),
            Order::First => false,
            Order::Second => true,
        }
    }

    /// Learning rate of α; none if what was typed is neither `auto` nor a number.
    pub(crate) fn architecture_rate(&self) -> Option<f64> {
        match self.architecture_learning_rate.trim() {
            "auto" => Some(7.8 / self.steps.max(1) as f64),
            typed => typed.parse().ok().filter(|rate| (1e-8..=10.0).contains(rate)),
        }
    }

    /// Thresholds of the alarms.
    pub(crate) fn thresholds(&self) -> method::alarm::Thresholds {
        method::alarm::Thresholds {
            shrink_size: self.alarm_shrink_size,
            shrink_loss: self.alarm_shrink_loss,
            skip_share: self.alarm_skip_share,
            frozen_change: self.alarm_frozen_change,
            frozen_after: self.alarm_frozen_after,
            certain_entropy: self.alarm_certain_entropy,
            certain_before: self.alarm_certain_before,
            starved_steps: self.alarm_starved_steps as usize,
            gap: self.alarm_gap,
        }
    }

    /// How an architecture of the table is trained.
    pub(crate) fn table_recipe(&self) -> method::train::Recipe {
        let epochs = match (self.table_epochs, self.space) {
            (0, SpaceKind::ConvMacro | SpaceKind::Table) => 14,
            (0, SpaceKind::Mlp) => 40,
            (0, SpaceKind::Cell | SpaceKind::Vit) => 10,
            (epochs, _) => epochs as usize,
        };
        method::train::Recipe { batch: self.batch_size as usize, ..method::train::Recipe::desk(epochs) }
    }
}
