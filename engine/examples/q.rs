//! Development only.
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let reference: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("tests/data/quantiles/reference.json").unwrap()).unwrap();
    let map = [("linear","lin"),("knn","knn"),("random_forest","rf"),("extra_trees","xt"),("boosting","gbm"),("conditional_gaussian","cgn"),("simultaneous_quantile","sqr"),("joint_quantile","dqr"),("average","average"),("median","median"),("best","best_by_val"),("qra","qra"),("fqra","qra"),("global_coarse","global_coarse"),("global_medium","global_medium"),("global_fine","global_fine"),("local_coarse","local_coarse"),("local_medium","local_medium"),("local_fine","local_fine")];
    for dataset in args[1].split(',') {
        let mut sums = std::collections::BTreeMap::<String, (f64, f64)>::new();
        let seeds: Vec<u64> = args[2].split(',').map(|s| s.parse().unwrap()).collect();
        for seed in &seeds {
            let seed = *seed;
            let more = args.get(3).cloned().unwrap_or_default();
            let text = format!("schema = 1\nlab = \"quantiles\"\nseed = {seed}\ndataset = \"{dataset}\"\nsplit = \"tests/data/quantiles/splits_{dataset}.csv:part{seed}\"\n{more}\n");
            let experiment = Experiment::from_toml(&text).unwrap();
            let begun = std::time::Instant::now();
            let outcome = run::run(&RunRequest { experiment, asked: None, origin: String::new(), place: match std::env::var("OUT") { Ok(p) => Place::New(p.into()), Err(_) => Place::Memory } }, &mut Nobody, &Control::default()).unwrap();
            eprintln!("{dataset} seed {seed}: {:.2} s {:?}", begun.elapsed().as_secs_f64(), outcome.reason);
            let ru = std::fs::read_to_string("/proc/self/stat").unwrap();
            let f: Vec<&str> = ru.split(' ').collect();
            eprintln!("  cpu so far {} s", (f[13].parse::<f64>().unwrap() + f[14].parse::<f64>().unwrap()) / 100.0);
            for (ours, theirs) in map {
                if let (Some(v), Some(r)) = (outcome.results.get(&format!("wis_{ours}")), reference["datasets"][dataset]["wis"][theirs][seed.to_string().as_str()].as_f64()) {
                    let e = sums.entry(ours.to_owned()).or_default();
                    e.0 += v; e.1 += r;
                }
            }
            for k in ["global_coarse", "global_medium"] {
                if let Some(v) = outcome.results.get(&format!("{k}_train_wis")) { eprintln!("  {k} ratio to optimum {:.4}", v / outcome.results[&format!("{k}_train_wis_optimum")]); }
            }
            for (n, v) in &outcome.results { if n.starts_with("seconds_") { eprintln!("  {n} {v:.2}"); } }
        }
        let n = seeds.len() as f64;
        for (name, (a, b)) in &sums { eprintln!("{dataset:9} {name:24} {:.4} {:.4} {:.3}", a / n, b / n, a / b); }
    }
}
