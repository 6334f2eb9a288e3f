//! What the palette finds: commands, views, presets, runs, made once when it opens.

use super::score::{STEP, score};
use crate::window::app::App;
use crate::window::command::{Action, Command};

/// Runs among the answers; the others are found by typing more.
const MOST_RUNS: usize = 50;
/// An answer by what is said about an entry stands behind all by its words.
const ABOUT: u32 = 10_000;

/// Kinds of entries, in the order in which they stand while nothing tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Command,
    View,
    Preset,
    Run,
}

impl Kind {
    /// Heading of its group.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Command => "Commands",
            Self::View => "Views of the shown run",
            Self::Preset => "Presets",
            Self::Run => "Runs",
        }
    }
}

/// Something that can be taken.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) words: String,
    /// A sentence about it, or what else it is known by.
    pub(super) about: String,
    pub(super) action: Action,
    /// Words and what else is searched, in lower case.
    lower: [String; 2],
    /// It takes something away or replaces what was set up: only the beginnings of its own words find it.
    strict: bool,
}

impl Entry {
    pub(super) fn new(kind: Kind, words: String, about: String, action: Action) -> Self {
        let lower = [words.to_lowercase(), about.to_lowercase()];
        let strict = match &action {
            Action::Do(command) => command.takes_away(),
            Action::UsePreset(_) => true,
            _ => false,
        };
        Self { kind, words, about, action, lower, strict }
    }

    /// The same, found by further words too.
    fn known_by(mut self, words: &str) -> Self {
        let [_, about] = &mut self.lower;
        about.push(' ');
        about.push_str(words);
        self
    }

    /// Its score; what is said about it counts only by whole beginnings of words.
    fn score(&self, query: &str) -> Option<u32> {
        let [words, about] = &self.lower;
        if self.strict {
            let begun = |word: &str| score(words, word).is_some_and(|score| score <= STEP);
            return query.split_whitespace().all(begun).then(|| score(words, query)).flatten();
        }
        score(words, query).or_else(|| {
            let starts = |word: &str| {
                about.split(|letter: char| !letter.is_alphanumeric()).any(|part| part.starts_with(word))
            };
            query.split_whitespace().all(starts).then_some(ABOUT)
        })
    }
}

/// Everything that can be found now.
pub(super) fn entries(app: &App) -> Vec<Entry> {
    // What closes the window is not found by a few letters.
    let is_offered = |command: &&Command| !matches!(command, Command::Palette | Command::Quit);
    let commands = Command::ALL.iter().filter(is_offered).map(|command| {
        let (words, about) = command.words();
        Entry::new(Kind::Command, words.to_owned(), about.to_owned(), Action::Do(*command))
    });
    let views = app.shown.iter().flat_map(|shown| &shown.views).map(|view| {
        let action = Action::OpenTile(view.id.clone());
        Entry::new(Kind::View, format!("Go to view {}", view.title), view.id.clone(), action)
    });
    let presets = app.catalogue.presets().map(|preset| {
        let action = Action::UsePreset(preset.name);
        Entry::new(Kind::Preset, format!("Use preset {}", preset.name), preset.about(), action)
    });
    let runs = app.runs.rows().iter().filter(|run| run.is_begun()).map(|run| {
        let manifest = &run.manifest;
        // It is called what it is called everywhere; its id, which tells runs of one name apart, stands beside.
        let words = run.name();
        let parts = [manifest.id.as_str(), run.word(), &manifest.note];
        let about = parts.into_iter().filter(|part| !part.is_empty());
        let about = about.chain(manifest.tags.iter().map(String::as_str)).collect::<Vec<_>>().join(" · ");
        let entry =
            Entry::new(Kind::Run, format!("Open run {words}"), about, Action::OpenRun(run.path.clone()));
        entry.known_by(run.words())
    });
    commands.chain(views).chain(presets).chain(runs).collect()
}

/// Entries that answer a query, with their scores: groups by their best entry, entries by their score, equals in their order.
pub(super) fn find(entries: &[Entry], query: &str) -> Vec<(u32, usize)> {
    let query = query.to_lowercase();
    let scored = entries.iter().enumerate();
    let mut scored: Vec<(u32, usize, Kind)> =
        scored.filter_map(|(place, entry)| Some((entry.score(&query)?, place, entry.kind))).collect();
    scored.sort_unstable();
    let mut groups: Vec<Kind> = Vec::new();
    for (_, _, kind) in &scored {
        if !groups.contains(kind) {
            groups.push(*kind);
        }
    }
    let of = |kind: Kind| {
        let most = if kind == Kind::Run { MOST_RUNS } else { usize::MAX };
        scored.iter().filter(move |one| one.2 == kind).take(most).map(|one| (one.0, one.1))
    };
    groups.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn entry(kind: Kind, words: &str, about: &str) -> Entry {
        let action = match kind {
            Kind::Preset => Action::UsePreset("oscillation/quick"),
            _ => Action::OpenRun(PathBuf::new()),
        };
        Entry::new(kind, words.to_owned(), about.to_owned(), action)
    }

    #[test]
    fn what_replaces_or_takes_away_is_found_by_its_own_beginnings_only() {
        let all = [
            entry(Kind::Preset, "Use preset phases/desk-learning-rate", "Deletes nothing"),
            Entry::new(Kind::Command, "Delete run".to_owned(), String::new(), Action::Do(Command::DeleteRun)),
            entry(Kind::Run, "Open run a", "power_plant · delayed"),
        ];
        let words = |query: &str| -> Vec<&str> {
            find(&all, query).into_iter().map(|(_, place)| all[place].words.as_str()).collect()
        };
        assert_eq!(words("delete"), ["Delete run"], "no preset by scattered letters");
        assert_eq!(words("dlt"), Vec::<&str>::new(), "nor a deletion");
        assert_eq!(words("learn desk"), ["Use preset phases/desk-learning-rate"], "beginnings of its words");
        let whole = words("use preset phases/desk-learning-rate");
        assert_eq!(whole, ["Use preset phases/desk-learning-rate"], "its words as they stand");
        assert_eq!(words("power"), ["Open run a"], "a run by what it read");
    }

    #[test]
    fn the_group_of_the_best_answer_comes_first_and_equals_keep_their_order() {
        let all = [
            entry(Kind::Command, "Reset layout", "Puts the tiles where they were"),
            entry(Kind::Command, "Export figure…", "Writes the view as SVG, PDF, PNG or CSV"),
            entry(Kind::Preset, "Use preset phases/quick", ""),
            entry(Kind::Preset, "Use preset oscillation/quick", ""),
            entry(Kind::View, "Go to view Phases", ""),
        ];
        let words = |query: &str| -> Vec<&str> {
            find(&all, query).into_iter().map(|(_, place)| all[place].words.as_str()).collect()
        };
        assert_eq!(words("quick"), ["Use preset phases/quick", "Use preset oscillation/quick"], "stable");
        assert_eq!(words("pdf"), ["Export figure…"], "by what is said about it");
        assert_eq!(words("go phases"), ["Go to view Phases"], "each word");
        assert_eq!(words("phases").first(), Some(&"Use preset phases/quick"), "equal scores: as they stand");
        assert_eq!(words("").len(), 5, "all");
    }

    #[test]
    fn of_many_runs_the_best_fifty_are_named() {
        let run = |index: usize| {
            let words = format!("Open run 2026-11-25T10-00-{index:04}_oscillation_quick_s{index}");
            Entry::new(
                Kind::Run,
                words,
                "done · oscillation/quick".to_owned(),
                Action::OpenRun(PathBuf::new()),
            )
        };
        let all: Vec<Entry> = (0..1000).map(run).collect();
        assert_eq!(find(&all, "").len(), MOST_RUNS, "not all");
        assert_eq!(find(&all, "s777").first().map(|one| one.1), Some(777), "and yet each is found");
    }
}
