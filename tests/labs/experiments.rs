//! The short experiments of each lab that the suite runs: the smallest one, and those that reach what it does not.

use super::kit::{Experiment, smallest};

/// Short experiments of a lab by name: the smallest one, and those that reach what it does not (another network, another remedy).
pub(crate) fn experiments(name: &str) -> Vec<(&'static str, Experiment)> {
    let smallest = || smallest(name);
    let with = |settings: &[(&str, &str)]| {
        let mut experiment = smallest();
        for (key, value) in settings {
            experiment.set_typed(key, value).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        }
        experiment
    };
    match name {
        "oscillation" => vec![
            ("oscillation", smallest()),
            (
                "oscillation_cga",
                with(&[("quantizer", "statsq"), ("remedy", "cga"), ("epochs", "3"), ("cga_epochs", "2")]),
            ),
            (
                "oscillation_vit",
                with(&[
                    ("network", "vit"),
                    ("quantizer", "statsq"),
                    ("activation_bits", "2"),
                    ("query_key_reparameterization", "true"),
                    ("remedy", "none"),
                    ("float_epochs", "1"),
                    ("epochs", "1"),
                ]),
            ),
        ],
        "phases" => vec![("phases", smallest())],
        "quantiles" => vec![
            ("quantiles", smallest()),
            (
                "quantiles_trees",
                with(&[
                    ("dataset", "engel"),
                    ("base_models", "[\"linear\", \"random_forest\", \"boosting\"]"),
                    ("aggregators", "[\"average\", \"median\", \"global_fine\", \"local_medium\"]"),
                ]),
            ),
        ],
        "compander" => vec![
            ("compander", smallest()),
            (
                "compander_learned",
                with(&[
                    ("start", "inverse"),
                    ("floor", "clip"),
                    ("amplitude", "1.2"),
                    ("width", "0.76"),
                    ("parameters", "learned"),
                    ("batch_norm", "true"),
                    ("dropout", "0.2"),
                    ("label_smoothing", "0.1"),
                    ("label_noise", "0.2"),
                    ("weight_decay", "0.1"),
                    ("decay_on", "effective"),
                    ("twin", "scaled"),
                ]),
            ),
            (
                "compander_held_out",
                with(&[
                    ("compander", "softsign"),
                    ("start", "inverse"),
                    ("parameters", "held_out"),
                    ("share", "network"),
                    ("layers", "hidden"),
                    ("optimizer", "sgd"),
                    ("learning_rate", "0.05"),
                ]),
            ),
            (
                "compander_vit",
                with(&[
                    ("network", "vit"),
                    ("embedding", "8"),
                    ("heads", "2"),
                    ("blocks", "1"),
                    ("patch", "4"),
                    ("epochs", "1"),
                    ("repeats", "1"),
                ]),
            ),
        ],
        "entangled_search" => entangled_search(&with),
        "weight_generation" => generation(smallest(), with),
        "block_affine" => block_affine(&with),
        "inspect" => vec![
            ("inspect", smallest()),
            ("inspect_pair", with(&[("against", "llama-genesis"), ("scale", "statsq"), ("grouping", "32")])),
            ("inspect_folder", with(&[("folder", "digits"), ("bits", "3"), ("traces", "8")])),
            (
                "inspect_recording",
                with(&[("folder", "digits-recording"), ("bits", "2"), ("scale", "statsq")]),
            ),
        ],
        "gallery" => vec![("gallery", smallest())],
        "minimal" => vec![("minimal", smallest())],
        other => panic!("{other} has no line in the suite's list of short experiments"),
    }
}

/// The smallest experiment with some settings changed.
type With<'a> = dyn Fn(&[(&str, &str)]) -> Experiment + 'a;

/// Those of the search: other spaces and methods, the table alone, costs.
fn entangled_search(with: &With<'_>) -> Vec<(&'static str, Experiment)> {
    vec![
        ("entangled_search", with(&[])),
        (
            "entangled_search_cell",
            with(&[("space", "cell"), ("method", "drnas_separate"), ("steps", "6"), ("finish", "inherit")]),
        ),
        (
            "entangled_search_gdas",
            with(&[
                ("space", "mlp"),
                ("method", "gdas"),
                ("rule", "published"),
                ("anchor", "kl"),
                ("steps", "8"),
                ("stop", "best_mixture"),
                ("size_penalty", "0.5"),
                ("finish", "table"),
            ]),
        ),
        (
            "entangled_search_evolution",
            with(&[("method", "spos_evolution"), ("evaluations", "6"), ("steps", "8"), ("finish", "table")]),
        ),
        (
            "entangled_search_vit",
            with(&[
                ("space", "vit"),
                ("vit_embedding", "8,16"),
                ("vit_depths", "1,2"),
                ("method", "darts_second"),
                ("steps", "3"),
                ("train_rows", "100"),
                ("architecture_rows", "50"),
                ("table_architectures", "3"),
                ("table_seeds", "1"),
                ("table_epochs", "1"),
                ("finish", "table"),
            ]),
        ),
        (
            "entangled_search_trained",
            with(&[
                ("channels1", "2"),
                ("kernels1", "1,3"),
                ("channels2", "4"),
                ("kernels2", "3"),
                ("hidden", "8"),
                ("method", "random_training"),
                ("random_trainings", "2"),
                ("table", "compute"),
                ("table_seeds", "2"),
                ("table_epochs", "1"),
                ("finish", "table"),
            ]),
        ),
        ("entangled_search_costs", with(&[("task", "costs"), ("batch_size", "10")])),
        (
            "entangled_search_table",
            with(&[("space", "table"), ("repeats", "4"), ("table_evaluations", "200")]),
        ),
    ]
}

/// Short experiments of weight generation: whole and cut networks, seen by other encoders, made by other generators.
fn generation(
    smallest: Experiment,
    with: impl Fn(&[(&str, &str)]) -> Experiment,
) -> Vec<(&'static str, Experiment)> {
    vec![
        ("weight_generation", smallest),
        (
            "weight_generation_chunked",
            with(&[
                ("chunk", "64"),
                ("encoder", "set_transformer"),
                ("class_position", "true"),
                ("class_order", "shuffled"),
                ("initialisation", "independent"),
                ("align", "weight_matching"),
                ("generator", "flow"),
                ("condition_dropout", "0.2"),
                ("guidance", "1.5"),
                ("reconstruction", "layerwise"),
                ("refine", "sequential"),
                ("candidates", "2"),
                ("target_data", "digits"),
                ("target_classes", "1,4,7"),
            ]),
        ),
        (
            "weight_generation_checkpoints",
            with(&[
                ("zoo", "checkpoints"),
                ("classes_per_task", "10"),
                ("models_per_task", "12"),
                ("autoencoder", "none"),
                ("normalise", "constant"),
                ("encoder", "published_mlp"),
                ("sampler", "ancestral"),
                ("diffusion_steps", "20"),
            ]),
        ),
        (
            "weight_generation_convolutional",
            with(&[
                ("autoencoder", "published"),
                ("image_side", "8"),
                ("image_channels", "4"),
                ("channel_factors", "1,2"),
                ("image_blocks", "1"),
                ("latent_channels", "1"),
                ("reconstruction", "published"),
                ("alignment", "published"),
                ("alignment_steps", "20"),
                ("diffusion_steps", "20"),
            ]),
        ),
    ]
}

/// Those of the adapters: the other models, the tasks of digits, pre-training.
fn block_affine(with: &With<'_>) -> Vec<(&'static str, Experiment)> {
    vec![
        ("block_affine", with(&[])),
        (
            "block_affine_rwkv",
            with(&[
                ("model", "rwkv"),
                ("method", "pissa"),
                ("full_beside", "false"),
                ("hessian", "false"),
                ("base_steps", "10"),
                ("steps", "8"),
            ]),
        ),
        (
            "block_affine_gpt",
            with(&[
                ("model", "gpt"),
                ("method", "miss"),
                ("dropout", "0.1"),
                ("hessian", "false"),
                ("base_steps", "10"),
                ("steps", "8"),
            ]),
        ),
        (
            "block_affine_digits",
            with(&[
                ("model", "mlp"),
                ("task", "rotated_digits"),
                ("method", "lora_ga"),
                ("width", "32"),
                ("layers", "2"),
                ("base_steps", "60"),
                ("steps", "20"),
                ("batch_size", "32"),
                ("repeats", "2"),
            ]),
        ),
        ("block_affine_pretrain", with(&[("task", "pretrain"), ("text", "jargon"), ("steps", "12")])),
    ]
}
