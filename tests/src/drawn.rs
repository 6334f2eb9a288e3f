//! What a frame of the window drew: each widget with its place, and what lies over each other.

use std::collections::HashMap;

use egui::accesskit::{NodeId, Role};
use egui::{Id, LayerId, Pos2, Rect, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;

/// Points by which things may overlap or be cut: edges and roundings.
pub const SLACK: f32 = 1.5;
/// Least width of what is moved by a wheel, points.
const HOLD: f32 = 60.0;

/// A widget as the last frame drew it.
pub struct Drawn {
    /// Its identity.
    pub id: Id,
    /// Where it lies.
    pub layer: LayerId,
    /// The whole of it.
    pub rect: Rect,
    /// What is left of it inside what shows it.
    pub seen: Rect,
    /// Where a wheel moves what holds it.
    pub held: Option<Pos2>,
    /// Its label, else its value.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// It cannot act now.
    pub disabled: bool,
}

impl Drawn {
    /// Points by which it is cut off.
    pub fn cut(&self) -> Vec2 {
        self.rect.size() - self.seen.size().max(Vec2::ZERO)
    }

    /// True if all of it is seen.
    pub fn is_whole(&self) -> bool {
        let cut = self.cut();
        cut.x <= SLACK && cut.y <= SLACK
    }

    /// True if a person uses it: a field or a button of any kind.
    pub fn is_used(&self) -> bool {
        matches!(
            self.role,
            Role::Button
                | Role::CheckBox
                | Role::RadioButton
                | Role::ComboBox
                | Role::Slider
                | Role::SpinButton
                | Role::TextInput
                | Role::Tab
                | Role::Link
        )
    }

    /// What it is, its words and where it stands, for a report.
    pub fn said(&self) -> String {
        let words: String = self.name.chars().take(60).collect();
        format!("{:?} \"{words}\" at {:?}", self.role, self.rect)
    }
}

/// All widgets of the last frame that have words or can be used: as the tree has them, with the place that is left of each on the screen.
pub fn widgets<S>(harness: &Harness<'_, S>) -> Vec<Drawn> {
    let rects: HashMap<NodeId, (Id, LayerId, Rect, Rect)> = harness.ctx.viewport(|viewport| {
        let layers = viewport.this_pass.widgets.layers();
        let drawn = layers.flat_map(|(layer, drawn)| drawn.iter().map(|one| (*layer, one)));
        let seen = drawn.filter(|(_, one)| one.visible && one.rect.is_positive());
        seen.map(|(layer, one)| (one.id.accesskit_id(), (one.id, layer, one.rect, one.interact_rect)))
            .collect()
    });
    let node = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        let (id, layer, rect, seen) = *rects.get(&node.locate().0)?;
        let name =
            node.label().filter(|label| !label.is_empty()).or_else(|| node.value()).unwrap_or_default();
        let held = std::iter::successors(node.parent(), egui_kittest::kittest::AccessKitNode::parent);
        let held = held.filter_map(|parent| rects.get(&parent.locate().0)).map(|(.., seen)| *seen);
        let held =
            held.filter(|seen| seen.width() > HOLD && seen.height() > SLACK).map(|seen| seen.center()).next();
        let disabled = node.is_disabled();
        Some(Drawn { id, layer, rect, seen, held, name, role: node.role(), disabled })
    };
    harness.root().children_recursive().filter_map(node).collect()
}

/// Pairs of things to be used of one layer that lie over each other, the lower one first.
pub fn over_each_other(drawn: &[Drawn]) -> Vec<(&Drawn, &Drawn)> {
    let used: Vec<&Drawn> = drawn.iter().filter(|one| one.is_used() && one.seen.is_positive()).collect();
    let mut found = Vec::new();
    for (index, one) in used.iter().enumerate() {
        for other in used.iter().skip(index + 1).filter(|other| other.layer == one.layer) {
            let both = one.seen.intersect(other.seen);
            if both.is_positive() && both.width() > SLACK && both.height() > SLACK {
                found.push((*one, *other));
            }
        }
    }
    found
}
