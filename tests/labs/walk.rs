//! A walk through the whole window with a run of each lab, at the least size and the first one, in both themes: every panel is opened, and
//! nothing that can be used or read is out of reach.
//!
//! What is checked, after each opening: a field or button that its panel cuts off, and words that it cuts at a side, can be scrolled to, by
//! the tree or by the wheel (tabs of views have arrows for that); no two fields or buttons of one layer lie over each other; no words run out of the widget that shows them; words
//! that end in "…" have a tooltip. Text that a plot paints belongs to no widget and is not looked at here.

use std::collections::{BTreeSet, HashSet};

use egui::accesskit::Role;
use egui::{Id, LayerId, Order, Rect, Shape, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_tests::drawn::{Drawn, SLACK, over_each_other, widgets};
use weightscope_tests::window::{click, of};

use crate::kit;
use crate::runs::unbroken;
use crate::window::{copy, show};

/// The least window and that of the first start, points.
const SIZES: [[f32; 2]; 2] = [[1024.0, 680.0], [1440.0, 900.0]];
/// How far a wheel is turned, points.
const FAR: f32 = 4000.0;
const STEP: f32 = 70.0;
const STEPS: usize = 40;
/// Words that are looked for in one place.
const MOST_WORDS: usize = 12;

/// Light on dark.
pub(crate) fn the_whole_window_can_be_reached_in_the_dark_theme(lab: &str) {
    SIZES.into_iter().for_each(|size| walk(lab, Theme::Dark, size));
}

/// Dark on light.
pub(crate) fn the_whole_window_can_be_reached_in_the_light_theme(lab: &str) {
    SIZES.into_iter().for_each(|size| walk(lab, Theme::Light, size));
}

/// One window with the run of a lab, panel after panel.
fn walk(lab: &str, theme: Theme, size: [f32; 2]) {
    let run = unbroken(lab);
    let root = tempfile::tempdir().unwrap();
    copy(&run.folder, &root.path().join(run.folder.file_name().unwrap()));
    let mut harness = of(kit::SUITE, root.path(), size);
    harness.ctx.all_styles_mut(|style| style.interaction.tooltip_delay = 0.0);
    let tabs = kit::views(&run.experiment).into_iter().map(|view| view.title).collect();
    let mut walk = Walk { tabs, ..Walk::default() };
    show(&mut harness, lab, theme);
    harness.run_steps(8);
    // The settings of the run stand on the left, as after a run that was made here.
    look(&mut harness, "views", &mut walk);
    let is_narrow = harness.query_by_label("Results").is_none();
    if is_narrow {
        harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::ALT, egui::Key::B);
        harness.run_steps(4);
        look(&mut harness, "inspector", &mut walk);
    }
    if harness.query_by_label("Results").is_none() {
        walk.faults.insert("the inspector cannot be opened".to_owned());
    }
    for tab in ["Queue", "Compare", "Log", "Runs"] {
        click(&mut harness, tab);
        look(&mut harness, tab, &mut walk);
    }
    for menu in ["File", "Edit", "View", "Run", "Tools", "Help"] {
        // The menu stands before the button of the same word.
        let Some(title) = harness.query_all_by_label(menu).next() else {
            walk.faults.insert(format!("there is no menu {menu}"));
            continue;
        };
        title.click();
        harness.run_steps(4);
        look_at(&mut harness, &format!("menu {menu}"), |layer| layer.order == Order::Foreground, &mut walk);
        harness.key_press(egui::Key::Escape);
        harness.run_steps(3);
    }
    let list: Vec<&str> = walk.faults.iter().map(String::as_str).collect();
    assert!(walk.faults.is_empty(), "{lab}, {theme:?}, {size:?}:\n  {}", list.join("\n  "));
}

/// The first screen, before there is a run.
#[test]
fn the_first_screen_can_be_reached() {
    for size in SIZES {
        let root = tempfile::tempdir().unwrap();
        let mut harness = of(kit::SUITE, root.path(), size);
        harness.ctx.all_styles_mut(|style| style.interaction.tooltip_delay = 0.0);
        harness.run_steps(4);
        let mut walk = Walk::default();
        look(&mut harness, "first screen", &mut walk);
        let list: Vec<&str> = walk.faults.iter().map(String::as_str).collect();
        assert!(walk.faults.is_empty(), "{size:?}:\n  {}", list.join("\n  "));
    }
}

/// What was found, and what need not be looked at again in another place.
#[derive(Default)]
struct Walk {
    faults: BTreeSet<String>,
    /// Widgets that were cut off and looked for, and words that were hovered.
    known: HashSet<Id>,
    said: BTreeSet<String>,
    /// Titles of views: their tabs are moved by arrows of their own.
    tabs: BTreeSet<String>,
}

/// Looks at everything that is drawn now.
fn look<S>(harness: &mut Harness<'_, S>, place: &str, walk: &mut Walk) {
    look_at(harness, place, |_| true, walk);
}

/// Looks at some layers; behind a menu that is open, nothing else answers.
fn look_at<S>(
    harness: &mut Harness<'_, S>,
    place: &str,
    is_meant: impl Fn(LayerId) -> bool,
    walk: &mut Walk,
) {
    let drawn: Vec<Drawn> = widgets(harness).into_iter().filter(|one| is_meant(one.layer)).collect();
    assert!(drawn.iter().any(Drawn::is_used), "{place}: nothing is there to be used");
    overlaps(&drawn, place, walk);
    let used = drawn.iter().filter(|one| one.is_used() && !one.is_whole());
    // Cells of one table stand for each other.
    let words = drawn.iter().filter(|one| !one.is_used() && !one.name.is_empty() && one.cut().x > SLACK);
    for one in used.chain(words.take(MOST_WORDS)) {
        if walk.tabs.contains(&one.name) || !walk.known.insert(one.id) {
            continue;
        }
        if !can_be_reached(harness, one) {
            walk.faults.insert(format!("{place}: {} is cut off and cannot be scrolled to", one.said()));
        }
    }
    texts(harness, place, is_meant, walk);
}

/// Things to be used that lie over each other.
fn overlaps(drawn: &[Drawn], place: &str, walk: &mut Walk) {
    for (below, above) in over_each_other(drawn) {
        walk.faults.insert(format!("{place}: {} lies over {}", above.said(), below.said()));
    }
}

/// True if it is whole after it was scrolled to, as a reader of the screen or the keyboard would.
fn can_be_reached<S>(harness: &mut Harness<'_, S>, one: &Drawn) -> bool {
    let request = egui::accesskit::ActionRequest {
        action: egui::accesskit::Action::ScrollIntoView,
        target_tree: egui::accesskit::TreeId::ROOT,
        target_node: one.id.accesskit_id(),
        data: None,
    };
    harness.event(egui::Event::AccessKitActionRequest(request));
    harness.run_steps(3);
    if is_whole(harness, one) {
        return true;
    }
    let Some(at) = one.held else { return false };
    // To the beginning, then on in small steps to the end.
    [vec2(1.0, 0.0), vec2(0.0, 1.0)].into_iter().any(|axis| {
        let steps =
            std::iter::once(FAR).chain(std::iter::repeat_n(-STEP, if one.is_used() { STEPS } else { 1 }));
        steps.into_iter().any(|turn| {
            harness.hover_at(at);
            harness.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: axis * turn,
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: egui::Modifiers::NONE,
            });
            harness.run_steps(3);
            is_whole(harness, one)
        })
    })
}

/// True if a widget is whole now, or has gone: then it was there for a moment only. Of words it is enough that what holds them moves.
fn is_whole<S>(harness: &Harness<'_, S>, one: &Drawn) -> bool {
    let now = widgets(harness).into_iter().find(|other| other.id == one.id);
    let moved = |now: &Drawn| !one.is_used() && (now.rect.min.x - one.rect.min.x).abs() > SLACK;
    now.is_none_or(|now| now.is_whole() || moved(&now))
}

/// Text that is cut without a way to read it whole.
fn texts<S>(harness: &mut Harness<'_, S>, place: &str, is_meant: impl Fn(LayerId) -> bool, walk: &mut Walk) {
    struct Text {
        words: String,
        rect: Rect,
        clip: Rect,
        elided: bool,
    }
    fn collect(shape: &Shape, clip: Rect, found: &mut Vec<Text>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, found)),
            Shape::Text(text) if text.angle == 0.0 => found.push(Text {
                words: text.galley.job.text.clone(),
                rect: text.galley.rect.translate(text.pos.to_vec2()),
                clip,
                elided: text.galley.elided,
            }),
            _ => {}
        }
    }
    // What was scrolled has come to rest.
    harness.run_steps(6);
    let mut found = Vec::new();
    harness.output().shapes.iter().for_each(|shape| collect(&shape.shape, shape.clip_rect, &mut found));
    let drawn: Vec<Drawn> = widgets(harness).into_iter().filter(|one| is_meant(one.layer)).collect();
    for text in found {
        let seen = text.rect.intersect(text.clip);
        if seen.height() < text.rect.height() * 0.6 || seen.width() <= 0.0 || text.words.trim().is_empty() {
            continue;
        }
        // The innermost widget that it stands in says whether it is a plot's.
        let middle = seen.center();
        let owner = drawn
            .iter()
            .filter(|one| one.is_used() || one.role == Role::Label)
            .filter(|one| one.seen.expand(SLACK).contains(middle) && one.name.trim() == text.words.trim())
            .min_by(|one, other| one.rect.area().total_cmp(&other.rect.area()));
        let Some(owner) = owner.filter(|one| !walk.tabs.contains(&one.name)) else { continue };
        let is_cut = seen.width() + SLACK < text.rect.width();
        if !text.elided && is_cut && owner.is_whole() && owner.role != Role::TextInput {
            walk.faults.insert(format!("{place}: the words \"{}\" are cut at {:?}", text.words, text.clip));
        }
        if text.elided && walk.said.insert(text.words.clone()) && !has_tooltip(harness, middle) {
            walk.faults.insert(format!("{place}: \"{}\" is cut and has no tooltip", text.words));
        }
    }
}

/// True if a tooltip comes at a place.
fn has_tooltip<S>(harness: &mut Harness<'_, S>, at: egui::Pos2) -> bool {
    harness.hover_at(at + vec2(0.5, 0.0));
    // What has been scrolled just now shows none in the first frames.
    let is_there = |one: &Drawn| one.layer.order == Order::Tooltip && !one.name.is_empty();
    let said = (0..4).any(|_| {
        harness.run_steps(2);
        widgets(harness).iter().any(is_there)
    });
    harness.event(egui::Event::PointerGone);
    harness.run_steps(2);
    said
}

#[test]
fn the_walk_finds_what_it_looks_for() {
    let button = |words: &str| egui::Button::new(words.to_owned());
    let mut fonts = egui::FontDefinitions::empty();
    let font = egui::FontData::from_static(weightscope_window::theme::fonts::REGULAR);
    fonts.font_data.insert("text".to_owned(), font.into());
    for family in [egui::FontFamily::Proportional, egui::FontFamily::Monospace] {
        fonts.families.insert(family, vec!["text".to_owned()]);
    }
    let mut harness = Harness::builder().with_size([400.0, 300.0]).build_ui(move |ui| {
        // Fonts are there from the next frame on.
        if !fonts.font_data.is_empty() {
            ui.ctx().set_fonts(std::mem::replace(&mut fonts, egui::FontDefinitions::empty()));
            return;
        }
        ui.ctx().all_styles_mut(|style| style.interaction.tooltip_delay = 0.0);
        let at = |x: f32, y: f32, w: f32| Rect::from_min_size(egui::pos2(x, y), vec2(w, 20.0));
        ui.put(at(10.0, 10.0, 100.0), button("below"));
        ui.put(at(60.0, 10.0, 100.0), button("above"));
        ui.put(at(360.0, 60.0, 100.0), button("outside"));
        ui.put(at(10.0, 100.0, 60.0), button("words that are too long").truncate());
        ui.put(at(10.0, 130.0, 60.0), egui::Label::new("a label that is too long").truncate());
        ui.put(at(200.0, 130.0, 100.0), button("whole"));
    });
    harness.run_steps(2);
    let mut walk = Walk::default();
    look(&mut harness, "here", &mut walk);
    let text = walk.faults.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    assert_eq!(walk.faults.len(), 3, "{text}");
    for words in ["\"above\" at", "\"outside\" at", "\"words that are too long\" is cut and has no tooltip"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
