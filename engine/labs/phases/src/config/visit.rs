//! The settings with their words: each is named once, here.

use super::{Config, Load, Origin, Temperature, Values};
use weightscope_frame::experiment::{Field, Mark, Slot, Visitor};

impl Config {
    /// Names each setting once.
    pub(crate) fn visit_settings(&mut self, v: &mut dyn Visitor) {
        self.visit_source(v);
        self.visit_load(v);
        self.visit_temperature(v);
        self.visit_training(v);
        self.visit_curves(v);
        self.visit_curvature(v);
        self.visit_downstream(v);
        self.visit_thresholds(v);
    }

    pub(super) fn trains(&self) -> bool {
        self.origin == Origin::Train
    }

    /// True if measurements on networks are made.
    pub(super) fn measures(&self) -> bool {
        self.trains() || self.measure_missing
    }

    fn visit_source(&mut self, v: &mut dyn Visitor) {
        let trains = self.trains();
        v.section("Networks");
        v.field(
            Field::new(
                "origin",
                "Networks",
                "Train the grid, or read the results of a zoo that lies on disk.",
            ),
            Slot::Choice(&mut self.origin),
        );
        v.field(
            Field::new(
                "zoo_folder",
                "Zoo folder",
                "A folder with one folder per model, each with params.json and result.json.",
            )
            .only_if(!trains),
            Slot::Text(&mut self.zoo_folder),
        );
        v.field(
            Field::new(
                "measure_missing",
                "Measure what is missing",
                "Computes connectivity, similarity and curvature from the weights where the models' files lack them: perceptrons with safetensors weights whose data set is at hand.",
            )
            .only_if(!trains),
            Slot::Switch(&mut self.measure_missing),
        );
        v.field(
            Field::new("dataset", "Data set", "A name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, a CSV, .npy or .npz file. A path that the files of a zoo name is opened only if it stands here too.").mark(Mark::DataSet).only_if(self.measures()),
            Slot::Text(&mut self.dataset),
        );
        v.field(
            Field::new("label_column", "Label column", "Column of a CSV file that holds the class.")
                .only_if(self.measures()),
            Slot::Text(&mut self.label_column),
        );
        v.field(
            Field::new("train_rows", "Training rows", "Rows to learn from; all others test.")
                .range(1.0, 1_000_000.0)
                .logarithmic()
                .only_if(trains),
            Slot::Integer(&mut self.train_rows),
        );
        v.field(
            Field::new(
                "data_seed",
                "Data seed",
                "Seeds the split of the rows and the moved labels; the run's own seed makes the networks. Splits differ: at the desk the best test accuracy lies between 0.88 and 0.93.",
            )
            .range(0.0, 4_294_967_295.0)
            .only_if(trains),
            Slot::Integer(&mut self.data_seed),
        );
        v.field(
            Field::new(
                "hidden_layers",
                "Hidden layers",
                "Layers of the perceptron between input and output.",
            )
            .range(1.0, 8.0)
            .only_if(trains),
            Slot::Integer(&mut self.hidden_layers),
        );
        v.field(
            Field::new("activation", "Activation", "Function of a hidden unit.").only_if(trains),
            Slot::Choice(&mut self.activation),
        );
        v.field(
            Field::new(
                "seeds",
                "Seeds",
                "Networks in a cell; they differ in initial weights and order of the rows. Connectivity and similarity need two.",
            )
            .range(1.0, 16.0)
            .only_if(trains)
            .published("3", "model zoo, arXiv 2504.18072; 5 in Yang et al."),
            Slot::Integer(&mut self.seeds),
        );
    }

    fn visit_load(&mut self, v: &mut dyn Visitor) {
        let trains = self.trains();
        let (load, range) = (self.load, self.load_values == Values::Range);
        let is = |wanted| trains && !range && load == wanted;
        v.section("Load");
        v.field(
            Field::new(
                "load",
                "Load",
                "What runs along the horizontal axis: how much model there is for how much data.",
            )
            .only_if(trains)
            .published("width", "model zoo, arXiv 2504.18072"),
            Slot::Choice(&mut self.load),
        );
        v.field(
            Field::new("load_values", "Values", "One by one, or as a logarithmic range.").only_if(trains),
            Slot::Choice(&mut self.load_values),
        );
        v.field(
            Field::new("widths", "Widths", "Units of each hidden layer, along the axis.")
                .range(1.0, 4096.0)
                .only_if(is(Load::Width)),
            Slot::Integers(&mut self.widths),
        );
        v.field(
            Field::new(
                "data_shares",
                "Shares of the data",
                "Share of the training rows that is used, along the axis.",
            )
            .range(0.001, 1.0)
            .only_if(is(Load::DataShare))
            .published("0.1 to 1", "Yang et al. 2021; epochs grow as the share falls"),
            Slot::Floats(&mut self.data_shares),
        );
        v.field(
            Field::new(
                "label_noises",
                "Label noises",
                "Share of the training labels moved to another class, along the axis.",
            )
            .range(0.0, 1.0)
            .only_if(is(Load::LabelNoise))
            .published("0 to 0.8", "Yang et al. 2021"),
            Slot::Floats(&mut self.label_noises),
        );
        self.visit_load_range(v, trains && range);
        v.field(
            Field::new("width", "Width", "Units of each hidden layer.")
                .range(1.0, 4096.0)
                .only_if(trains && load != Load::Width),
            Slot::Integer(&mut self.width),
        );
        v.field(
            Field::new(
                "label_noise",
                "Label noise",
                "Share of the training labels moved to a random other class, the same for all cells; the test labels stay.",
            )
            .range(0.0, 1.0)
            .only_if(trains && load != Load::LabelNoise),
            Slot::Float(&mut self.label_noise),
        );
    }

    fn visit_load_range(&mut self, v: &mut dyn Visitor, shown: bool) {
        v.field(
            Field::new("load_from", "From", "First value of the range.").range(0.0, 4096.0).only_if(shown),
            Slot::Float(&mut self.load_from),
        );
        v.field(
            Field::new("load_to", "To", "Last value of the range.").range(1e-6, 4096.0).only_if(shown),
            Slot::Float(&mut self.load_to),
        );
        v.field(
            Field::new("load_count", "Number", "Values of the range; equal ones count once.")
                .range(1.0, 64.0)
                .only_if(shown),
            Slot::Integer(&mut self.load_count),
        );
    }

    fn visit_temperature(&mut self, v: &mut dyn Visitor) {
        let trains = self.trains();
        let (temperature, range) = (self.temperature, self.temperature_values == Values::Range);
        let is = |wanted| trains && !range && temperature == wanted;
        let fixed = |axis| trains && temperature != axis;
        v.section("Temperature");
        v.field(
            Field::new("temperature", "Temperature", "What runs along the vertical axis: the noise of training. Small batches and high rates are hot.")
                .only_if(trains)
                .published("batch_size", "model zoo, arXiv 2504.18072"),
            Slot::Choice(&mut self.temperature),
        );
        v.field(
            Field::new("temperature_values", "Values", "One by one, or as a logarithmic range.")
                .only_if(trains),
            Slot::Choice(&mut self.temperature_values),
        );
        v.field(
            Field::new("batch_sizes", "Batch sizes", "Rows in a step, along the axis.")
                .range(1.0, 65_536.0)
                .only_if(is(Temperature::BatchSize))
                .published("8 to 1024", "model zoo, arXiv 2504.18072"),
            Slot::Integers(&mut self.batch_sizes),
        );
        v.field(
            Field::new("learning_rates", "Learning rates", "Learning rates along the axis.")
                .range(1e-7, 10.0)
                .logarithmic()
                .only_if(is(Temperature::LearningRate))
                .published("0.0015625 to 0.4", "Yang et al. 2021"),
            Slot::Floats(&mut self.learning_rates),
        );
        v.field(
            Field::new("weight_decays", "Weight decays", "Weight decays along the axis.")
                .range(0.0, 1.0)
                .only_if(is(Temperature::WeightDecay))
                .published("5e-5 to 5e-3", "Yang et al. 2021"),
            Slot::Floats(&mut self.weight_decays),
        );
        let shown = trains && range;
        v.field(
            Field::new("temperature_from", "From", "First value of the range.")
                .range(0.0, 65_536.0)
                .only_if(shown),
            Slot::Float(&mut self.temperature_from),
        );
        v.field(
            Field::new("temperature_to", "To", "Last value of the range.")
                .range(1e-7, 65_536.0)
                .only_if(shown),
            Slot::Float(&mut self.temperature_to),
        );
        v.field(
            Field::new("temperature_count", "Number", "Values of the range; equal ones count once.")
                .range(1.0, 64.0)
                .only_if(shown),
            Slot::Integer(&mut self.temperature_count),
        );
        v.field(
            Field::new("batch_size", "Batch size", "Rows in a step; an incomplete last batch is left out.")
                .range(1.0, 65_536.0)
                .logarithmic()
                .only_if(fixed(Temperature::BatchSize)),
            Slot::Integer(&mut self.batch_size),
        );
        v.field(
            Field::new("learning_rate", "Learning rate", "Of gradient descent with momentum.")
                .mark(Mark::Swept)
                .range(1e-7, 10.0)
                .logarithmic()
                .only_if(fixed(Temperature::LearningRate))
                .published("0.1", "model zoo and Yang et al., ResNets"),
            Slot::Float(&mut self.learning_rate),
        );
        v.field(
            Field::new("weight_decay", "Weight decay", "Coupled, on all parameters.")
                .range(0.0, 1.0)
                .logarithmic()
                .only_if(fixed(Temperature::WeightDecay))
                .published("5e-4", "model zoo and Yang et al."),
            Slot::Float(&mut self.weight_decay),
        );
    }

    fn visit_training(&mut self, v: &mut dyn Visitor) {
        let trains = self.trains();
        v.section("Training");
        v.field(
            Field::new("momentum", "Momentum", "Decay of the velocity.")
                .range(0.0, 0.999)
                .only_if(trains)
                .published("0.9", "model zoo and Yang et al."),
            Slot::Float(&mut self.momentum),
        );
        v.field(
            Field::new(
                "course",
                "Course",
                "How the learning rate moves. A constant rate keeps the temperature acting to the end.",
            )
            .only_if(trains)
            .published("one_cycle", "model zoo; late_drop in Yang et al."),
            Slot::Choice(&mut self.course),
        );
        v.field(
            Field::new(
                "epochs_min",
                "Fewest epochs",
                "Each network sees the training rows at least so often.",
            )
            .range(1.0, 100_000.0)
            .only_if(trains)
            .published("150", "model zoo, ResNets"),
            Slot::Integer(&mut self.epochs_min),
        );
        v.field(
            Field::new(
                "steps_min",
                "Fewest steps",
                "Large batches get more epochs until they reach this: else they would be merely undertrained.",
            )
            .range(0.0, 10_000_000.0)
            .only_if(trains),
            Slot::Integer(&mut self.steps_min),
        );
    }
}
