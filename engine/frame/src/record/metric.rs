//! Final figures of a run as typed constants: what each is called, its unit, a sentence, and the only way to report it.

use std::borrow::Cow;

/// A final figure of a run, as it stands under `results` in `manifest.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name in files and columns: `test_accuracy`.
    pub name: &'static str,
    /// Words for people.
    pub label: &'static str,
    /// Unit, empty when there is none.
    pub unit: &'static str,
    /// One sentence: what it is and how it is computed.
    pub about: &'static str,
    /// True if it is a figure of the machine (time, memory), which no two runs share: left out of every comparison.
    pub clock: bool,
    /// True if there is one for each of several things that are known only at run time; `name` is then the part that all share, with
    /// `_` at the end: `coverage_80_`.
    pub family: bool,
    /// True for a family whose members' names stand before the part that all share, which then begins with `_`: `_train_wis`.
    pub suffix: bool,
}

impl Metric {
    /// A figure. Labs declare theirs with [`metrics!`](crate::metrics), which lists them too.
    pub const fn new(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, label, unit, about, clock: false, family: false, suffix: false }
    }

    /// The same as a figure of the machine.
    #[must_use]
    pub const fn clock(mut self) -> Self {
        self.clock = true;
        self
    }

    /// The same as a family: one figure for each of several things.
    #[must_use]
    pub const fn family(mut self) -> Self {
        self.family = true;
        self
    }

    /// The same as a family whose members' names stand before the part that all share.
    #[must_use]
    pub const fn suffix(mut self) -> Self {
        self.family = true;
        self.suffix = true;
        self
    }

    /// The name of the figure of one member of the family.
    pub fn name_of(&self, member: &str) -> String {
        if self.suffix { format!("{member}{}", self.name) } else { format!("{}{member}", self.name) }
    }

    /// The member of the family whose figure has this name.
    fn member<'a>(&self, name: &'a str) -> Option<&'a str> {
        let member = if self.suffix { name.strip_suffix(self.name) } else { name.strip_prefix(self.name) };
        member.filter(|member| self.family && !member.is_empty())
    }

    /// True if the figure of this name is meant.
    pub fn covers(&self, name: &str) -> bool {
        if self.family { self.member(name).is_some() } else { name == self.name }
    }

    /// The figure of this name among `all`: the one that names it itself, else the family with the longest common part.
    pub fn find<'a>(all: &'a [Self], name: &str) -> Option<&'a Self> {
        let covering = all.iter().filter(|metric| metric.covers(name));
        covering.max_by_key(|metric| (!metric.family, metric.name.len()))
    }

    /// Words for the figure of this name: the label, with the member's name for a family.
    pub fn label_of(&self, name: &str) -> Cow<'static, str> {
        match self.member(name) {
            Some(member) => Cow::Owned(format!("{}, {}", self.label, member.replace('_', " "))),
            None => Cow::Borrowed(self.label),
        }
    }
}

/// Declares the final figures of a lab: a constant for each, and `ALL`, their list.
///
/// ```
/// weightscope_frame::metrics! {
///     TEST_ACCURACY = "test_accuracy", "test accuracy", "", "Share of the test rows that are classified right.";
///     STEPS_PER_SECOND = "steps_per_second", "speed", "steps/s", "Training steps a second.", clock;
///     COVERAGE = "coverage_80_", "coverage at 80 %", "", "Share of the test rows inside the interval.", family;
///     TRAIN_WIS = "_train_wis", "training WIS", "", "Weighted interval score of the training rows.", suffix;
/// }
/// assert_eq!(ALL.len(), 4);
/// assert!(COVERAGE.covers("coverage_80_linear") && !COVERAGE.covers("coverage_80_"));
/// assert!(TRAIN_WIS.covers("linear_train_wis") && !TRAIN_WIS.covers("_train_wis"));
/// ```
#[macro_export]
macro_rules! metrics {
    ($($name:ident = $id:expr, $label:expr, $unit:expr, $about:expr $(, $mark:ident)*;)+) => {
        $(
            #[doc = $about]
            pub(crate) const $name: $crate::record::Metric =
                $crate::record::Metric::new($id, $label, $unit, $about)$(.$mark())*;
        )+
        /// All final figures of the lab.
        pub(crate) const ALL: &[$crate::record::Metric] = &[$($name),+];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_its_own_name_goes_before_a_family() {
        let own = Metric::new("coverage_80", "coverage", "", "Of the best method.");
        let family = Metric::new("coverage_", "coverage", "", "Of a method.").family();
        let all = [family, own];
        assert_eq!(Metric::find(&all, "coverage_80").map(|metric| metric.family), Some(false));
        assert_eq!(Metric::find(&all, "coverage_90").map(|metric| metric.family), Some(true));
        assert_eq!(Metric::find(&all, "cover"), None, "nothing of that name");
        assert_eq!(family.label_of("coverage_joint_net"), "coverage, joint net");
    }

    #[test]
    fn a_family_may_have_its_members_names_in_front() {
        let trained = Metric::new("_train_wis", "training WIS", "", "Of a method.").suffix();
        let optimum = Metric::new("_train_wis_optimum", "least training WIS", "", "Of a method.").suffix();
        let all = [trained, optimum];
        let find = |name: &str| Metric::find(&all, name).map(|metric| metric.label);
        assert_eq!(find("global_fine_train_wis"), Some("training WIS"));
        assert_eq!(find("global_fine_train_wis_optimum"), Some("least training WIS"));
        assert_eq!(find("_train_wis"), None, "nobody's");
        assert_eq!(trained.name_of("global_fine"), "global_fine_train_wis");
        assert_eq!(trained.label_of("global_fine_train_wis"), "training WIS, global fine");
    }
}
