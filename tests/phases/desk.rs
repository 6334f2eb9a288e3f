//! The desk protocol shows what it shows on every split of the rows and with every seed.
//!
//! Contract: neither the preset nor this test chooses a split or a seed by what it shows. The checks are those that held for all ten
//! pairs of split and seed read when they were written; the seeds 0, 1 and 2 are tested here, and `WEIGHTSCOPE_SEEDS=3,4,5` tests others.
//! Of those three, 3 and 5 miss the last clause of (f), a rise of 0.5 at every width, with 0.29 at width 128 and 0.39 at width 32: at a batch
//! of 16 and a constant learning rate, one or two of the three networks end in a burst of their loss, where the eigenvalue is larger.

use super::*;

const WIDTHS: [u64; 8] = [4, 6, 8, 12, 16, 32, 64, 128];
const BATCHES: [u64; 7] = [4, 8, 16, 32, 64, 128, 256];

/// Phases of the reference run. Rows: batch sizes; columns: widths. Reported, not checked: cells at borders move with the split.
const REFERENCE: [&str; 7] = [
    "II II II II II II II II",
    "II II II II II II IV-A IV-B",
    "II I I I III III IV-B IV-B",
    "I I I III III III IV-B IV-B",
    "I I I III III III IV-B IV-B",
    "I I III III III III IV-A IV-B",
    "I I III III III III IV-A IV-B",
];

/// Whether a check holds, and the figures it was judged by.
struct Finding {
    check: String,
    figures: String,
    holds: bool,
}

fn finding(check: impl Into<String>, figures: impl Into<String>, holds: bool) -> Finding {
    Finding { check: check.into(), figures: figures.into(), holds }
}

/// The grid of one run.
struct Desk(BTreeMap<(u64, u64), BTreeMap<String, String>>);

impl Desk {
    /// A run of the preset whose split and networks have this seed.
    fn of(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk");
        let seed = seed.to_string();
        finished(preset("phases/desk", &[("seed", &seed), ("data_seed", &seed)]), &path);
        Self(cells(&path))
    }

    /// A metric of a cell. One that is unknown is no number, and no check holds for it.
    fn value(&self, width: u64, batch: u64, key: &str) -> f64 {
        self.0[&(width, batch)][key].parse().unwrap_or(f64::NAN)
    }

    fn connectivity(&self, width: u64, batch: u64) -> f64 {
        self.value(width, batch, "mode_connectivity")
    }

    /// (a) Nearly every width is too hot at a batch of 4, and curves find better networks than their ends.
    fn hot_at_four(&self) -> Finding {
        let hot =
            |width: &u64| self.value(*width, 4, "train_loss") > 1.0 && self.connectivity(*width, 4) >= 0.0;
        let count = WIDTHS.iter().filter(|width| hot(width)).count();
        finding("(a)", format!("{count} of 8 widths hot at a batch of 4"), count >= 7)
    }

    /// (b) Connectivity grows with width once the batch is large.
    fn connected_with_width(&self, batch: u64) -> Finding {
        let narrow = median([4, 6, 8, 12].map(|width| self.connectivity(width, batch)).to_vec());
        let [middle, wide, widest] = [32, 64, 128].map(|width| self.connectivity(width, batch));
        let holds = narrow < -4.0 && (-6.0..=-1.5).contains(&middle) && wide > -3.0 && widest > -2.0;
        let figures = format!(
            "connectivity {narrow:.2} up to width 12, {middle:.2} at 32, {wide:.2} at 64, {widest:.2} at 128"
        );
        finding(format!("(b) batch {batch}"), figures, holds)
    }

    /// (c) Networks that are neither narrow nor hot fit their training rows.
    fn fitted(&self) -> Finding {
        let losses = [16, 32, 64, 128]
            .into_iter()
            .flat_map(|width| BATCHES[2..].iter().map(move |batch| self.value(width, *batch, "train_loss")));
        let losses: Vec<f64> = losses.collect();
        let fitted = losses.iter().filter(|loss| **loss < 0.08).count();
        let largest = losses.iter().copied().fold(0.0, f64::max);
        let figures = format!("{fitted} of {} cells fitted, largest loss {largest:.4}", losses.len());
        finding("(c)", figures, fitted + 1 >= losses.len())
    }

    /// (d) Similarity grows with width.
    fn similar_with_width(&self) -> Finding {
        let (narrow, wide) = (self.value(4, 16, "cka"), self.value(128, 16, "cka"));
        finding("(d)", format!("CKA {narrow:.3} at width 4, {wide:.3} at 128"), wide - narrow >= 0.4)
    }

    /// (e) Neither similarity nor accuracy grows with the batch.
    fn no_better_cold(&self) -> Finding {
        let [(hot, right), (cold, right_cold)] =
            [16, 256].map(|batch| (self.value(64, batch, "cka"), self.value(64, batch, "test_accuracy")));
        let figures = format!(
            "width 64: CKA {hot:.3} at 16, {cold:.3} at 256; accuracy {right:.4} at 16, {right_cold:.4} at 256"
        );
        finding("(e)", figures, hot >= cold - 0.02 && right >= right_cold)
    }

    /// (f) The largest eigenvalue grows with the batch.
    fn sharper_cold(&self) -> Finding {
        let rises: Vec<f64> = WIDTHS
            .map(|width| self.value(width, 256, "log_lambda_max") - self.value(width, 16, "log_lambda_max"))
            .to_vec();
        let clear = rises.iter().filter(|rise| **rise >= 0.9).count();
        let least = rises.iter().copied().reduce(f64::min).unwrap();
        let holds =
            median(rises.clone()) >= 2.5_f64.ln() && clear >= 6 && rises.iter().all(|rise| *rise >= 0.5);
        let figures = format!(
            "ln λ rises by {:.2} (median), by 0.9 at {clear} of 8 widths, by {least:.2} at least",
            median(rises)
        );
        finding("(f)", figures, holds)
    }

    /// (g) The best cell is as wide as can be.
    fn best_is_widest(&self) -> Finding {
        let accuracy = |cell: &(u64, u64)| self.value(cell.0, cell.1, "test_accuracy");
        let best = self.0.keys().copied().max_by(|a, b| accuracy(a).total_cmp(&accuracy(b))).unwrap();
        let figures = format!("best {:.4} at width {}, batch {}", accuracy(&best), best.0, best.1);
        finding("(g)", figures, best.0 == 128 && accuracy(&best) >= 0.89)
    }

    /// (h) Straight lines between networks lead over barriers.
    fn no_straight_lines(&self) -> Finding {
        let values: Vec<f64> = WIDTHS
            .into_iter()
            .flat_map(|width| {
                BATCHES[2..].iter().map(move |batch| self.value(width, *batch, "linear_mode_connectivity"))
            })
            .collect();
        let largest = values.iter().copied().reduce(f64::max).unwrap();
        let holds = values.iter().all(|value| *value < -10.0);
        finding("(h)", format!("linear connectivity at most {largest:.2}"), holds)
    }

    /// How many cells have the phase of the reference run.
    fn agreeing(&self) -> usize {
        let rows = BATCHES.iter().zip(REFERENCE);
        let cells = rows.flat_map(|(batch, row)| {
            WIDTHS.iter().zip(row.split(' ')).map(move |(width, phase)| ((*width, *batch), phase))
        });
        cells.filter(|(cell, phase)| self.0[cell]["phase"] == *phase).count()
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![self.hot_at_four()];
        findings.extend([64, 128, 256].map(|batch| self.connected_with_width(batch)));
        findings.extend([
            self.fitted(),
            self.similar_with_width(),
            self.no_better_cold(),
            self.sharper_cold(),
            self.best_is_widest(),
            self.no_straight_lines(),
        ]);
        findings
    }
}

/// The middle value, or the mean of the two in the middle; no number if one of the values is none.
fn median(mut values: Vec<f64>) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the report of this test")]
fn the_desk_protocol_shows_its_phases_whatever_split_and_seed() {
    let seeds = std::env::var("WEIGHTSCOPE_SEEDS").unwrap_or_else(|_| "0,1,2".to_owned());
    let mut failures = Vec::new();
    for seed in seeds.split(',').map(|seed| seed.trim().parse::<u64>().unwrap()) {
        let desk = Desk::of(seed);
        eprintln!("seed {seed}: {} of 56 cells as in the reference", desk.agreeing());
        for Finding { check, figures, holds } in desk.findings() {
            eprintln!("seed {seed} {check}: {figures}{}", if holds { "" } else { "  FAILS" });
            if !holds {
                failures.push(format!("seed {seed} {check}: {figures}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
