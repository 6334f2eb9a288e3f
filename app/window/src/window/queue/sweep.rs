//! The sweep dialog: one field or a pair of fields × seeds, with count and cost while one types.

use egui::{ComboBox, Context, DragValue, RichText, TextEdit, Ui};
use weightscope_frame::experiment::{Cost, Experiment, Mark, Sweep, check, expand};

use super::axis::{AxisDraft, Spread, Sweepable, seeds, sweepable};
use super::cluster::ClusterPlan;
use super::panel::QueueAction;
use super::ticks;
use crate::window::estimates::{Correction, rests_on};
use crate::window::form::si;
use crate::window::style::{color, field_label, tokens};

/// Width of the words before a field, points.
const WORDS: f32 = 84.0;

/// The dialog that drafts a sweep: one field or two, and seeds, with their number and cost.
pub(in crate::window) struct SweepDialog {
    axes: [AxisDraft; 2],
    seeds: String,
    /// What the drafts and the form were when the plan was made.
    key: Option<([AxisDraft; 2], String, Experiment)>,
    plan: Plan,
    /// A plan for a cluster, if one is wanted.
    cluster: Option<ClusterPlan>,
    pub(in crate::window) open: bool,
}

/// What would be put into the queue.
#[derive(Default)]
struct Plan {
    experiment: Option<Experiment>,
    count: usize,
    cost: Cost,
    /// Problems of the axes and of the seeds, by row.
    rows: [Option<String>; 3],
    problem: Option<String>,
}

impl SweepDialog {
    /// For the form as it stands.
    pub(in crate::window) fn new(experiment: &Experiment) -> Self {
        let fields = sweepable(experiment);
        let first = fields.iter().find(|one| one.field.mark == Mark::Swept).or_else(|| fields.first());
        let seeds = experiment.sweep.as_ref().map(|sweep| sweep.seeds.clone()).unwrap_or_default();
        let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
        Self {
            axes: [first.map(AxisDraft::around).unwrap_or_default(), AxisDraft::default()],
            seeds: if seeds.is_empty() { "0-2".to_owned() } else { seeds.join(", ") },
            key: None,
            plan: Plan::default(),
            cluster: None,
            open: true,
        }
    }

    /// Draws the dialog. It stands beside the form, which can be changed meanwhile.
    pub(in crate::window) fn show(
        &mut self,
        context: &Context,
        form: &Experiment,
        workers: usize,
        learned: Option<Correction>,
    ) -> Option<QueueAction> {
        let fields = sweepable(form);
        self.update(form, &fields);
        let (mut open, mut action) = (self.open, None);
        egui::Window::new("Sweep")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .default_pos(context.content_rect().center() - egui::vec2(260.0, 180.0))
            .show(context, |ui| {
                ui.set_width(520.0);
                ui.label("The form's experiment, run for each combination of these values.");
                if form.sweep.as_ref().is_some_and(|sweep| !sweep.arms.is_empty()) {
                    ui.label("The arms of the preset are kept; the values multiply them.");
                }
                for (index, (axis, name)) in self.axes.iter_mut().zip(["Field", "Second field"]).enumerate() {
                    ui.separator();
                    axis_ui(ui, axis, name, &fields, index);
                    problem_ui(ui, self.plan.rows.get(index).and_then(Option::as_ref));
                }
                ui.separator();
                ui.horizontal(|ui| {
                    let label = field_label(ui, "Seeds", WORDS);
                    let edit = TextEdit::singleline(&mut self.seeds)
                        .desired_width(180.0)
                        .hint_text("0, 1, 2 or 0-4");
                    ui.add(edit).labelled_by(label.id);
                });
                problem_ui(ui, self.plan.rows.get(2).and_then(Option::as_ref));
                ui.separator();
                action = self.foot_ui(ui, workers, learned);
                if let Some(cluster) = &mut self.cluster {
                    ui.separator();
                    let followed = cluster.ui(ui, self.plan.experiment.as_ref());
                    action = action.take().or_else(|| followed.map(QueueAction::FollowPlan));
                }
            });
        self.open &= open;
        action
    }

    fn foot_ui(&mut self, ui: &mut Ui, workers: usize, learned: Option<Correction>) -> Option<QueueAction> {
        let mut action = None;
        problem_ui(ui, self.plan.problem.as_ref());
        let about = ui.label(self.plan.words(workers, learned.map_or(1.0, |learned| learned.factor)));
        about.on_hover_text(rests_on(learned));
        ui.horizontal(|ui| {
            let ready = self.plan.experiment.is_some();
            let add = ui.add_enabled(ready, egui::Button::new("Add to queue"));
            if add.on_disabled_hover_text("Mend what is marked first").clicked() {
                action =
                    self.plan.experiment.clone().map(|experiment| QueueAction::Add(Box::new(experiment)));
                self.open = false;
            }
            let save = ui.add_enabled(ready, egui::Button::new("Save as file…"));
            if save.on_hover_text("An experiment file that weightscope run takes").clicked() {
                action =
                    self.plan.experiment.clone().map(|experiment| QueueAction::Save(Box::new(experiment)));
            }
            let send = ui.selectable_label(self.cluster.is_some(), "Send to cluster…");
            if send.on_hover_text("Writes a plan for Slurm and shows the command that submits it").clicked() {
                self.cluster = if self.cluster.is_some() { None } else { Some(ClusterPlan::new()) };
            }
            if ui.button("Close").clicked() {
                self.open = false;
            }
        });
        action
    }

    /// Plans again if a draft or the form changed.
    fn update(&mut self, form: &Experiment, fields: &[Sweepable]) {
        let same = self.key.as_ref().is_some_and(|(axes, seeds, experiment)| {
            *axes == self.axes && *seeds == self.seeds && experiment == form
        });
        if !same {
            self.key = Some((self.axes.clone(), self.seeds.clone(), form.clone()));
            self.plan = Plan::make(&self.axes, &self.seeds, form, fields);
        }
    }
}

impl Plan {
    fn make(axes: &[AxisDraft; 2], typed: &str, form: &Experiment, fields: &[Sweepable]) -> Self {
        let mut plan = Self::default();
        let mut sweep = Sweep {
            arms: form.sweep.as_ref().map(|sweep| sweep.arms.clone()).unwrap_or_default(),
            ..Sweep::default()
        };
        let mut base = form.clone();
        base.sweep = None;
        let [first, second, third] = &mut plan.rows;
        for (axis, row) in axes.iter().zip([first, second]).filter(|(axis, _)| !axis.key.is_empty()) {
            let Some(one) = fields.iter().find(|one| one.field.key == axis.key) else {
                *row = Some(format!("{} means nothing with the form's settings", axis.key));
                continue;
            };
            match axis.axis(&base, one) {
                Ok(_) if sweep.axes.contains_key(&axis.key) => {
                    *row = Some("the same field twice; choose another".to_owned());
                }
                Ok(values) => {
                    sweep.axes.insert(axis.key.clone(), values);
                }
                Err(text) => *row = Some(text),
            }
        }
        match seeds(typed) {
            Ok(seeds) => sweep.seeds = seeds,
            Err(text) => *third = Some(text),
        }
        if plan.rows.iter().any(Option::is_some) {
            return plan;
        }
        base.sweep = Some(sweep);
        match expand(&base) {
            Ok(members) => {
                plan.count = members.len();
                let costs = members.iter().map(|member| member.experiment.cost());
                plan.cost = costs.fold(Cost { parameters: Some(0), ..Cost::default() }, |sum, one| Cost {
                    // None is known if that of one member is not.
                    parameters: sum.parameters.zip(one.parameters).map(|(most, own)| most.max(own)),
                    steps: sum.steps + one.steps,
                    memory_bytes: sum.memory_bytes.max(one.memory_bytes),
                    seconds: sum.seconds + one.seconds,
                });
                plan.problem =
                    check(&base).iter().find(|problem| problem.is_error()).map(ToString::to_string);
            }
            Err(problems) => plan.problem = problems.first().map(ToString::to_string),
        }
        plan.experiment = Some(base).filter(|_| plan.problem.is_none());
        plan
    }

    /// Number, steps, memory and time; `factor` is what finished runs say of the estimate.
    fn words(&self, workers: usize, factor: f64) -> String {
        if self.count == 0 {
            return "No runs yet".to_owned();
        }
        let seconds = factor * self.cost.seconds / workers.clamp(1, self.count) as f64;
        let time = match seconds {
            s if s < 90.0 => format!("{s:.0} s"),
            s if s < 5400.0 => format!("{:.0} min", s / 60.0),
            s => format!("{:.1} h", s / 3600.0),
        };
        let plural = if self.count == 1 { "" } else { "s" };
        format!(
            "{} run{plural} · {} steps · {:.0} MB each · about {time} with {workers} at once",
            self.count,
            si(self.cost.steps as f64),
            self.cost.memory_bytes as f64 / 1e6
        )
    }
}

fn problem_ui(ui: &mut Ui, problem: Option<&String>) {
    if let Some(problem) = problem {
        ui.label(RichText::new(problem).small().color(color(tokens(ui.ctx()).error)));
    }
}

fn axis_ui(ui: &mut Ui, axis: &mut AxisDraft, name: &str, fields: &[Sweepable], index: usize) {
    let now = fields.iter().find(|one| one.field.key == axis.key);
    ui.horizontal(|ui| {
        let label = field_label(ui, name, WORDS);
        let text = now.map_or("none", |one| one.field.label);
        let mut chosen = None;
        ComboBox::from_id_salt(("swept field", index))
            .selected_text(text)
            .width(220.0)
            .height(320.0)
            .show_ui(ui, |ui| {
                if index > 0 && ui.selectable_label(axis.key.is_empty(), "none").clicked() {
                    chosen = Some(AxisDraft::default());
                }
                for one in fields {
                    let same = one.field.key == axis.key;
                    if ui.selectable_label(same, one.field.label).on_hover_text(one.field.help).clicked() {
                        chosen = Some(AxisDraft::around(one));
                    }
                }
            })
            .response
            .labelled_by(label.id);
        if now.is_some_and(|one| one.is_number() && one.field.allowed.is_none()) {
            for (spread, words) in
                [(Spread::List, "List"), (Spread::Linear, "Range"), (Spread::Log, "Log range")]
            {
                ui.selectable_value(&mut axis.spread, spread, words);
            }
        }
        if let Some(chosen) = chosen {
            *axis = chosen;
        }
    });
    if axis.key.is_empty() {
        return;
    }
    if axis.spread == Spread::List && now.is_some_and(|one| ticks::values_ui(ui, axis, one, WORDS)) {
        return;
    }
    ui.horizontal(|ui| {
        if axis.spread == Spread::List {
            let label = field_label(ui, "Values", WORDS);
            let hint = "values, with commas between";
            let edit = TextEdit::singleline(&mut axis.list).desired_width(400.0).hint_text(hint);
            ui.add(edit).labelled_by(label.id);
            return;
        }
        for (words, width, value) in [("From", WORDS, &mut axis.from), ("To", 0.0, &mut axis.to)] {
            let label = field_label(ui, words, width);
            let speed = value.abs() * 0.01 + 1e-9;
            let drag = DragValue::new(value)
                .speed(speed)
                .custom_formatter(|value, _| weightscope_frame::experiment::number(value))
                .custom_parser(|text| text.trim().parse().ok());
            ui.add(drag).labelled_by(label.id);
        }
        let label = ui.label("Values");
        ui.add(DragValue::new(&mut axis.count).range(1..=1000)).labelled_by(label.id);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::experiment::{Comments, to_toml};

    fn form() -> Experiment {
        let text = weightscope_engine::CATALOGUE.preset("oscillation/mlp-lsq").unwrap().text;
        Experiment::from_toml(weightscope_engine::CATALOGUE, text).unwrap()
    }

    fn plan(key: &str, list: &str, seeds: &str) -> Plan {
        let form = form();
        let axis = AxisDraft { key: key.to_owned(), list: list.to_owned(), ..AxisDraft::default() };
        Plan::make(&[axis, AxisDraft::default()], seeds, &form, &sweepable(&form))
    }

    #[test]
    fn a_plan_counts_costs_and_becomes_a_file_that_gives_the_same_runs() {
        let plan = plan("quantizer", "lsq, statsq", "0-2");
        let one = form().cost();
        assert_eq!(plan.count, 6, "two quantizers, three seeds");
        assert_eq!(plan.cost.steps, 6 * one.steps, "steps add up");
        let experiment = plan.experiment.unwrap();
        let text = to_toml(&experiment, Comments::Each);
        let back = Experiment::from_toml(weightscope_engine::CATALOGUE, &text).unwrap();
        assert_eq!(expand(&back), expand(&experiment), "headless the same");
    }

    #[test]
    fn what_is_wrong_is_said_in_its_row() {
        assert!(plan("quantizer", "lsx", "0").rows[0].is_some(), "a wrong word");
        assert!(plan("quantizer", "lsq", "x").rows[2].is_some(), "a wrong seed");
        let plan = plan("weight_bits", "5", "0");
        assert!(plan.experiment.is_none() && plan.problem.is_some(), "what the check refuses");
    }
}
