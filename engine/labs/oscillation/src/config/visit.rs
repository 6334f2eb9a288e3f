//! The settings with their words: each is named once, here.

use super::{Config, Network, Quantizer, Remedy};
use weightscope_frame::experiment::{Field, Slot, Visitor};

/// Bit widths on offer; 0 is float.
const BITS: &[i64] = &[0, 2, 3, 4, 8];

impl Config {
    /// Names each setting once.
    pub(crate) fn visit_settings(&mut self, v: &mut dyn Visitor) {
        self.visit_data(v);
        self.visit_quantization(v);
        self.visit_remedy(v);
        self.visit_training(v);
        self.visit_recording(v);
    }

    fn visit_data(&mut self, v: &mut dyn Visitor) {
        let (mlp, vit) = (self.network == Network::Mlp, self.network == Network::Vit);
        v.section("Data");
        v.field(
            Field::new("dataset", "Data set", "A name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, a CSV, .npy or .npz file."),
            Slot::Text(&mut self.dataset),
        );
        v.field(
            Field::new("label_column", "Label column", "Column of a CSV file that holds the class."),
            Slot::Text(&mut self.label_column),
        );
        v.field(
            Field::new(
                "test_share",
                "Test share",
                "Share of the rows held out for the test, the same in each class.",
            )
            .range(0.05, 0.5),
            Slot::Float(&mut self.test_share),
        );
        v.section("Network");
        v.field(
            Field::new(
                "network",
                "Network",
                "The desk protocols use a perceptron of 64-48-48-10 and a transformer of two blocks.",
            ),
            Slot::Choice(&mut self.network),
        );
        v.field(
            Field::new("hidden_widths", "Hidden widths", "Width of each hidden layer.")
                .range(1.0, 4096.0)
                .only_if(mlp),
            Slot::Integers(&mut self.hidden_widths),
        );
        v.field(
            Field::new("patch", "Patch", "Side of a square patch; it must divide the image's sides.")
                .unit("pixels")
                .range(1.0, 32.0)
                .only_if(vit),
            Slot::Integer(&mut self.patch),
        );
        v.field(
            Field::new("embedding", "Embedding", "Channels of a token; the heads must divide it.")
                .range(4.0, 512.0)
                .only_if(vit),
            Slot::Integer(&mut self.embedding),
        );
        v.field(
            Field::new("heads", "Heads", "Attention heads.").range(1.0, 16.0).only_if(vit),
            Slot::Integer(&mut self.heads),
        );
        v.field(
            Field::new("blocks", "Blocks", "Transformer blocks.").range(1.0, 12.0).only_if(vit),
            Slot::Integer(&mut self.blocks),
        );
        v.field(
            Field::new("mlp_ratio", "MLP ratio", "Hidden width of a block's perceptron over its channels.")
                .range(1.0, 8.0)
                .only_if(vit)
                .published("4", "DeiT, as used by OFQ"),
            Slot::Integer(&mut self.mlp_ratio),
        );
    }

    fn visit_quantization(&mut self, v: &mut dyn Visitor) {
        let quantized = self.quantizer != Quantizer::Float;
        let vit = self.network == Network::Vit;
        v.section("Quantization");
        v.field(Field::new("quantizer", "Weight quantizer", "LSQ learns its step with the network; StatsQ takes it from the weights of the row, 2·mean|w|.").published("statsq", "OFQ, quantizer/statsq.py"), Slot::Choice(&mut self.quantizer));
        v.field(
            Field::new("weight_bits", "Weight bits", "Bits of a weight; 0 keeps floats.")
                .unit("bit")
                .allowed(BITS)
                .only_if(quantized),
            Slot::Integer(&mut self.weight_bits),
        );
        v.field(
            Field::new("activation_bits", "Activation bits", "Bits of an activation (LSQ); 0 keeps floats.")
                .unit("bit")
                .allowed(BITS)
                .only_if(quantized),
            Slot::Integer(&mut self.activation_bits),
        );
        v.field(
            Field::new(
                "edge_bits",
                "Edge bits",
                "Bits of the patch embedding and the head (LSQ); 0 keeps floats, as in the desk protocol.",
            )
            .unit("bit")
            .allowed(&[0, 8])
            .only_if(quantized && vit)
            .published("8", "OFQ, models and quantizer/lsq.py"),
            Slot::Integer(&mut self.edge_bits),
        );
        v.field(Field::new("step_learning_rate_factor", "Step learning-rate factor", "Learning rate of the step sizes over that of the weights. Larger makes the steps move, and the weights flip.").range(0.0, 1000.0).logarithmic().only_if(self.quantizer == Quantizer::Lsq).published("1", "OFQ, train.py: one learning rate for all"), Slot::Float(&mut self.step_learning_rate_factor));
        v.field(
            Field::new(
                "learned_shifts",
                "Learned shifts",
                "Two learned offsets around each activation quantizer, before and after.",
            )
            .only_if(quantized && self.activation_bits > 0)
            .published("true", "OFQ, modules/qbias.py"),
            Slot::Switch(&mut self.learned_shifts),
        );
        v.field(
            Field::new(
                "query_key_reparameterization",
                "Query-key reparameterization",
                "Quantize the product of query and key weights once, instead of both factors.",
            )
            .only_if(quantized && vit)
            .published("true", "OFQ, modules/attention.py"),
            Slot::Switch(&mut self.query_key_reparameterization),
        );
        v.field(
            Field::new(
                "distillation",
                "Distillation",
                "Adds the cross-entropy to the float network's outputs, temperature 1, equal weight.",
            )
            .only_if(quantized)
            .published("true", "OFQ, train_scripts"),
            Slot::Switch(&mut self.distillation),
        );
    }

    fn visit_remedy(&mut self, v: &mut dyn Visitor) {
        let quantized = self.quantizer != Quantizer::Float;
        let is = |remedy| quantized && self.remedy == remedy;
        let (dampening, freezing, cga) = (is(Remedy::Dampening), is(Remedy::Freezing), is(Remedy::Cga));
        v.section("Remedy");
        v.field(
            Field::new(
                "remedy",
                "Remedy",
                "What is done about oscillation. Annealing is a phase of its own after training.",
            )
            .only_if(quantized),
            Slot::Choice(&mut self.remedy),
        );
        v.field(
            Field::new(
                "dampening_strength",
                "Dampening strength",
                "Weight of the dampening loss at the end; it rises from 0 over the last 75 % of training.",
            )
            .range(0.0, 100.0)
            .logarithmic()
            .only_if(dampening)
            .published("0.1", "oscillations-qat, utils/qat_utils.py"),
            Slot::Float(&mut self.dampening_strength),
        );
        v.field(
            Field::new(
                "dampening_aggregate",
                "Dampening average",
                "How squared distances are joined over a weight matrix.",
            )
            .only_if(dampening)
            .published("kernel_mean", "oscillations-qat, utils/qat_utils.py"),
            Slot::Choice(&mut self.dampening_aggregate),
        );
        v.field(
            Field::new(
                "freezing_start_threshold",
                "First threshold",
                "Frequency above which a weight is frozen, when freezing begins (25 % of training).",
            )
            .range(1e-4, 1.0)
            .logarithmic()
            .only_if(freezing)
            .published("0.1", "oscillations-qat, README"),
            Slot::Float(&mut self.freezing_start_threshold),
        );
        v.field(
            Field::new(
                "freezing_threshold",
                "Last threshold",
                "The same at the end; at least 2 to 3 times the tracker's momentum.",
            )
            .range(1e-4, 1.0)
            .logarithmic()
            .only_if(freezing)
            .published("0.011", "oscillations-qat, MobileNetV2 at 3 bits"),
            Slot::Float(&mut self.freezing_threshold),
        );
        v.field(
            Field::new("freezing_pin", "Pin level", "Level of a frozen weight.")
                .only_if(freezing)
                .published("ema", "oscillations-qat, oscillation_tracking_utils.py"),
            Slot::Choice(&mut self.freezing_pin),
        );
        v.field(
            Field::new("cga_epochs", "Annealing epochs", "Epochs of the annealing phase.")
                .range(1.0, 1000.0)
                .only_if(cga)
                .published("30", "OFQ, train_scripts"),
            Slot::Integer(&mut self.cga_epochs),
        );
        v.field(
            Field::new(
                "cga_boundary_range",
                "Boundary range",
                "Weights within this distance of a decision boundary stay free.",
            )
            .unit("steps")
            .range(0.0, 0.5)
            .logarithmic()
            .only_if(cga)
            .published("0.005", "OFQ, train_scripts"),
            Slot::Float(&mut self.cga_boundary_range),
        );
        v.field(
            Field::new("cga_learning_rate", "Annealing learning rate", "Constant during annealing.")
                .range(1e-8, 1.0)
                .logarithmic()
                .only_if(cga)
                .published("1e-5", "OFQ, the cosine schedule's floor"),
            Slot::Float(&mut self.cga_learning_rate),
        );
        v.field(Field::new("cga_query_key", "Query and key", "The published code leaves query and key unmasked under the reparameterization; the mask is our reading of the intent.").only_if(cga && self.query_key_reparameterization).published("published", "OFQ, cga.py"), Slot::Choice(&mut self.cga_query_key));
    }

    fn visit_training(&mut self, v: &mut dyn Visitor) {
        let quantized = self.quantizer != Quantizer::Float;
        v.section("Training");
        v.field(
            Field::new(
                "float_epochs",
                "Float epochs",
                "Epochs of the float network, whose weights the quantized one starts from.",
            )
            .range(0.0, 10_000.0),
            Slot::Integer(&mut self.float_epochs),
        );
        v.field(
            Field::new("float_learning_rate", "Float learning rate", "Falls to 0 along a cosine.")
                .range(1e-7, 10.0)
                .logarithmic(),
            Slot::Float(&mut self.float_learning_rate),
        );
        v.field(
            Field::new("epochs", "Epochs", "Epochs of quantized training.")
                .range(1.0, 100_000.0)
                .only_if(quantized)
                .published("300", "OFQ, train_scripts"),
            Slot::Integer(&mut self.epochs),
        );
        v.field(
            Field::new("learning_rate", "Learning rate", "AdamW, at its highest.")
                .range(1e-7, 10.0)
                .logarithmic()
                .only_if(quantized)
                .published("5.47e-4", "OFQ, DeiT-T, batch 560"),
            Slot::Float(&mut self.learning_rate),
        );
        v.field(
            Field::new(
                "schedule",
                "Schedule",
                "With a cosine the oscillation dies with the learning rate; constant keeps it visible.",
            )
            .only_if(quantized)
            .published("cosine", "OFQ, train_scripts"),
            Slot::Choice(&mut self.schedule),
        );
        v.field(
            Field::new("warmup_epochs", "Warm-up", "Epochs of linear rise to the learning rate.")
                .range(0.0, 1000.0)
                .only_if(quantized)
                .published("5", "OFQ, DeiT-T"),
            Slot::Integer(&mut self.warmup_epochs),
        );
        v.field(
            Field::new("weight_decay", "Weight decay", "Decoupled, on weight matrices only.")
                .range(0.0, 10.0)
                .logarithmic()
                .published("0.05", "OFQ, DeiT-T"),
            Slot::Float(&mut self.weight_decay),
        );
        v.field(
            Field::new("batch_size", "Batch size", "Images in a step.")
                .range(1.0, 65_536.0)
                .logarithmic()
                .published("560", "OFQ, 140 on each of 4 GPUs"),
            Slot::Integer(&mut self.batch_size),
        );
    }

    fn visit_recording(&mut self, v: &mut dyn Visitor) {
        v.section("Recording");
        v.field(Field::new("measure", "Frequency measure", "Runs shorter than about 5,000 steps should use the exact window: one event lifts the EMA above the threshold for about 69 steps.").published("ema", "Nagel et al. 2022"), Slot::Choice(&mut self.measure));
        v.field(
            Field::new(
                "window",
                "Window",
                "Steps of the exact window; the final figures are those of the last window.",
            )
            .unit("steps")
            .range(10.0, 100_000.0),
            Slot::Integer(&mut self.window),
        );
        v.field(
            Field::new(
                "tracker_momentum",
                "Tracker momentum",
                "Momentum m of the tracked frequency, f ← m·o + (1 − m)·f.",
            )
            .range(1e-5, 1.0)
            .logarithmic()
            .published("0.001", "oscillations-qat, command line"),
            Slot::Float(&mut self.tracker_momentum),
        );
        v.field(
            Field::new(
                "oscillation_threshold",
                "Oscillation threshold",
                "A weight oscillates if its frequency lies above.",
            )
            .unit("events/step")
            .range(1e-6, 1.0)
            .logarithmic()
            .published("0.005", "Nagel et al. 2022; Quantization-Variation"),
            Slot::Float(&mut self.oscillation_threshold),
        );
        v.field(
            Field::new("record_every", "Record every", "Steps between two recorded points.")
                .unit("steps")
                .range(1.0, 10_000.0),
            Slot::Integer(&mut self.record_every),
        );
        v.field(
            Field::new(
                "traced_weights",
                "Traced weights",
                "Weights whose value and level are kept at each step, spread over the layers.",
            )
            .range(0.0, 512.0),
            Slot::Integer(&mut self.traced_weights),
        );
    }
}
