//! Where the tiles stand: one arrangement for each lab, changed by the person, kept with the session.

use std::collections::BTreeSet;

use egui_tiles::{Container, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};
use weightscope_frame::record::ViewSpec;

use crate::views::own;

/// One tile: a view by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::window) struct Pane {
    pub(in crate::window) view: String,
}

/// Where the tiles of a lab stand, as the person arranged them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct Layout {
    /// The arrangement.
    pub(in crate::window) tree: Tree<Pane>,
    /// Views that the person closed; they are not put back by themselves.
    closed: BTreeSet<String>,
    /// The person arranged it; else it follows the width of the window.
    #[serde(default)]
    pub(in crate::window) arranged: bool,
    #[serde(default)]
    room: Room,
}

/// How wide the window is, for the default arrangement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Room {
    #[default]
    Wide,
    Narrow,
}

impl Room {
    fn of(width: f32) -> Self {
        if width >= WIDE_FROM { Self::Wide } else { Self::Narrow }
    }
}

/// Tiles of the default arrangement in a wide window: the view that the lab is about, a square of two by two beside it, a row
/// below; and in a narrow one, two by two. Further views join the last ones as tabs.
const BESIDE: usize = 4;
const BELOW: usize = 3;
const NARROW: usize = 4;
/// Room of the first view, relative to the square beside it, and of both relative to the row below; in a narrow window,
/// relative to the neighbour.
const FIRST_SHARE: f32 = 0.85;
const UPPER_SHARE: f32 = 2.1;
const FIRST_SHARE_NARROW: f32 = 1.35;
/// Views side by side in the row of those that the person put together.
const MOST_IN_ROW: usize = 4;
/// Width from which a window counts as wide, points.
const WIDE_FROM: f32 = 1200.0;

impl Layout {
    /// The default arrangement for a window of this width.
    pub(in crate::window) fn new(views: &[ViewSpec], width: f32) -> Self {
        let mut tiles = Tiles::default();
        let panes: Vec<Vec<TileId>> = themes(views)
            .into_iter()
            .map(|theme| {
                theme.into_iter().map(|view| tiles.insert_pane(Pane { view: view.id.clone() })).collect()
            })
            .collect();
        let room = Room::of(width);
        let root = match room {
            Room::Wide => wide(&mut tiles, panes),
            Room::Narrow => narrow(&mut tiles, panes),
        };
        let tree = Tree::new(egui::Id::unique("views"), root, tiles);
        Self { tree, closed: BTreeSet::new(), arranged: false, room }
    }

    /// The default arrangement for the present width, unless the person made one.
    pub(in crate::window) fn follow(&mut self, views: &[ViewSpec], width: f32) {
        if !self.arranged && self.room != Room::of(width) {
            let closed = std::mem::take(&mut self.closed);
            let open: Vec<ViewSpec> =
                views.iter().filter(|view| !closed.contains(&view.id)).cloned().collect();
            *self = Self { closed, ..Self::new(&open, width) };
        }
    }

    /// The arrangement for other views of the lab: the default one, unless the person made one; of that, what is gone leaves and what is
    /// new joins.
    pub(in crate::window) fn renew(&mut self, views: &[ViewSpec], width: f32) {
        let open = || views.iter().filter(|view| !self.closed.contains(&view.id));
        let same = self.panes().count() == open().count() && open().all(|view| self.has(&view.id));
        if self.arranged {
            self.adapt(views);
        } else if !same {
            let open: Vec<ViewSpec> = open().cloned().collect();
            *self = Self { closed: std::mem::take(&mut self.closed), ..Self::new(&open, width) };
        }
    }

    /// The same arrangement for other views of the lab: what is gone leaves, what is new joins as a tab.
    fn adapt(&mut self, views: &[ViewSpec]) {
        let gone: Vec<TileId> = self
            .panes()
            .filter(|(_, view)| !views.iter().any(|spec| spec.id == *view))
            .map(|(id, _)| id)
            .collect();
        gone.into_iter().for_each(|tile| {
            self.tree.remove_recursively(tile);
        });
        for view in views {
            if !self.closed.contains(&view.id) && !self.has(&view.id) {
                self.add(&view.id);
            }
        }
    }

    /// Takes an arrangement up again: of the views, those without a tile in it are closed, and the others are not.
    pub(in crate::window) fn restore(&mut self, tree: Tree<Pane>, views: &[ViewSpec]) {
        (self.tree, self.arranged) = (tree, true);
        for view in views {
            if self.has(&view.id) {
                self.closed.remove(&view.id);
            } else {
                self.closed.insert(view.id.clone());
            }
        }
        // The run may have other views than the one that was shown then.
        self.adapt(views);
    }

    /// Closes a view's tile.
    pub(in crate::window) fn close(&mut self, view: &str) {
        let tile = self.panes().find(|(_, id)| *id == view).map(|(tile, _)| tile);
        if let Some(tile) = tile {
            self.tree.remove_recursively(tile);
            self.closed.insert(view.to_owned());
        }
    }

    /// Opens a view's tile again, or brings it to the front.
    pub(in crate::window) fn open(&mut self, view: &str) {
        self.closed.remove(view);
        if !self.has(view) {
            self.add(view);
        }
        self.bring(view);
    }

    /// Brings a view's tile to the front of its tabs, if it has one.
    pub(in crate::window) fn bring(&mut self, view: &str) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if pane.view == view));
    }

    /// Puts a view into a group of tabs, in front.
    pub(in crate::window) fn open_in(&mut self, view: &str, group: TileId) {
        self.arranged = true;
        if !self.has(view) && matches!(self.tree.tiles.get(group), Some(Tile::Container(_))) {
            let pane = self.tree.tiles.insert_pane(Pane { view: view.to_owned() });
            self.tree.move_tile_to_container(pane, group, usize::MAX, false);
        }
        self.open(view);
    }

    /// Puts a view into the row of those that the person put together, below the others.
    pub(in crate::window) fn open_below(&mut self, view: &str) {
        self.arranged = true;
        if let Some(row) = self.own_row().filter(|_| !self.has(view)) {
            let pane = self.tree.tiles.insert_pane(Pane { view: view.to_owned() });
            let in_row = matches!(self.tree.tiles.get(row), Some(Tile::Container(_)));
            if in_row {
                self.tree.move_tile_to_container(pane, row, usize::MAX, false);
            } else {
                let both = self.tree.tiles.insert_horizontal_tile(vec![row, pane]);
                self.replace_in_root(row, both);
            }
        }
        self.open(view);
    }

    /// The last row, if it holds nothing but views that the person put together and has room for one more.
    fn own_row(&self) -> Option<TileId> {
        let root = self.tree.root()?;
        let Some(Tile::Container(Container::Linear(rows))) = self.tree.tiles.get(root) else { return None };
        let last = *rows.children.last()?;
        let mut ids = Vec::new();
        self.collect(Some(last), &mut ids);
        let fits = (1..MOST_IN_ROW).contains(&ids.len()) && ids.iter().all(|id| own::is_own(id));
        fits.then_some(last)
    }

    fn replace_in_root(&mut self, old: TileId, new: TileId) {
        let root = self.tree.root().and_then(|root| self.tree.tiles.get_mut(root));
        if let Some(Tile::Container(Container::Linear(rows))) = root {
            rows.children.iter_mut().filter(|child| **child == old).for_each(|child| *child = new);
        }
    }

    /// True if the view has a tile.
    pub(in crate::window) fn has(&self, view: &str) -> bool {
        self.panes().any(|(_, id)| id == view)
    }

    /// Views in the order of the tree, for the number keys.
    pub(in crate::window) fn order(&self) -> Vec<String> {
        let mut ids = Vec::new();
        self.collect(self.tree.root(), &mut ids);
        ids
    }

    /// Depth first, children in their order.
    fn collect(&self, tile: Option<TileId>, out: &mut Vec<String>) {
        match tile.and_then(|tile| self.tree.tiles.get(tile)) {
            Some(Tile::Pane(pane)) => out.push(pane.view.clone()),
            Some(Tile::Container(container)) => {
                container.children().for_each(|child| self.collect(Some(*child), out));
            }
            None => {}
        }
    }

    fn panes(&self) -> impl Iterator<Item = (TileId, &str)> {
        self.tree.tiles.iter().filter_map(|(id, tile)| match tile {
            Tile::Pane(pane) => Some((*id, pane.view.as_str())),
            Tile::Container(_) => None,
        })
    }

    fn add(&mut self, view: &str) {
        let pane = self.tree.tiles.insert_pane(Pane { view: view.to_owned() });
        match self.tree.root() {
            Some(root) => self.tree.move_tile_to_container(pane, root, usize::MAX, false),
            None => self.tree.root = Some(pane),
        }
    }
}

/// Views that share a tile, in the order of the first ones.
fn themes(views: &[ViewSpec]) -> Vec<Vec<&ViewSpec>> {
    let mut themes: Vec<Vec<&ViewSpec>> = Vec::new();
    for view in views {
        let first = view.tab_of.as_deref();
        let is_own = |theme: &&mut Vec<&ViewSpec>| theme.first().map(|lead| lead.id.as_str()) == first;
        match first.and_then(|_| themes.iter_mut().find(is_own)) {
            Some(theme) => theme.push(view),
            None => themes.push(vec![view]),
        }
    }
    themes
}

/// As many groups as there is room for; the panes of further themes join the last `columns` of them.
fn groups(tiles: &mut Tiles<Pane>, panes: Vec<Vec<TileId>>, most: usize, columns: usize) -> Vec<TileId> {
    let count = panes.len().min(most);
    let mut groups: Vec<Vec<TileId>> = vec![Vec::new(); count];
    for (index, theme) in panes.into_iter().enumerate() {
        let place = if index < count { index } else { count - 1 - (index - count) % columns.min(count) };
        if let Some(group) = groups.get_mut(place) {
            group.extend(theme);
        }
    }
    let tile = |group: Vec<TileId>| match group.as_slice() {
        [only] => *only,
        _ => tiles.insert_tab_tile(group),
    };
    groups.into_iter().map(tile).collect()
}

fn rows(tiles: &mut Tiles<Pane>, cells: &[TileId], columns: usize) -> TileId {
    let rows = cells.chunks(columns).map(|row| tiles.insert_horizontal_tile(row.to_vec())).collect();
    tiles.insert_vertical_tile(rows)
}

fn share(tiles: &mut Tiles<Pane>, container: TileId, child: TileId, share: f32) {
    if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(container) {
        linear.shares.set_share(child, share);
    }
}

fn wide(tiles: &mut Tiles<Pane>, panes: Vec<Vec<TileId>>) -> TileId {
    let cells = groups(tiles, panes, 1 + BESIDE + BELOW, BELOW);
    let (upper, lower) = cells.split_at(cells.len().min(1 + BESIDE));
    let (first, beside) = upper.split_at(upper.len().min(1));
    let mut top = first.to_vec();
    if !beside.is_empty() {
        top.push(rows(tiles, beside, 2));
    }
    let top = tiles.insert_horizontal_tile(top);
    first.iter().for_each(|first| share(tiles, top, *first, FIRST_SHARE));
    let mut all = vec![top];
    if !lower.is_empty() {
        all.push(tiles.insert_horizontal_tile(lower.to_vec()));
    }
    let root = tiles.insert_vertical_tile(all);
    share(tiles, root, top, UPPER_SHARE);
    root
}

fn narrow(tiles: &mut Tiles<Pane>, panes: Vec<Vec<TileId>>) -> TileId {
    let cells = groups(tiles, panes, NARROW, 2);
    let root = rows(tiles, &cells, 2);
    let row = cells.first().and_then(|first| Some((tiles.parent_of(*first)?, *first)));
    if let Some((row, first)) = row {
        share(tiles, row, first, FIRST_SHARE_NARROW);
        share(tiles, root, row, FIRST_SHARE_NARROW);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::ViewKind;

    fn views(ids: &[&str]) -> Vec<ViewSpec> {
        ids.iter().map(|id| ViewSpec::new(id, id, ViewKind::Lines, &[])).collect()
    }

    #[test]
    fn closed_views_stay_closed_and_new_ones_join() {
        let mut layout = Layout::new(&views(&["a", "b", "c"]), 1440.0);
        layout.close("b");
        layout.adapt(&views(&["b", "c", "d"]));
        assert!(!layout.has("a"), "a view that the lab no longer has leaves");
        assert!(!layout.has("b"), "a closed one is not put back");
        assert!(layout.has("c") && layout.has("d"), "others are there");
        layout.open("b");
        assert!(layout.has("b"), "until it is opened again");
        let text = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout, "survives the session file");
    }

    #[test]
    fn an_arrangement_that_is_taken_up_again_knows_what_is_closed() {
        let all = views(&["a", "b", "c"]);
        let mut before = Layout::new(&all, 1440.0);
        before.close("b");
        let mut layout = Layout::new(&all, 1440.0);
        layout.restore(before.tree.clone(), &all);
        layout.renew(&views(&["a", "b", "c", "d"]), 1440.0);
        assert!(!layout.has("b") && layout.has("d"), "the next run does not bring it back");
        layout.restore(Layout::new(&all, 1440.0).tree, &all);
        layout.close("c");
        let closed = BTreeSet::from(["c".to_owned()]);
        assert!(layout.has("b") && layout.closed == closed, "b is open again: {:?}", layout.closed);
    }

    #[test]
    fn views_of_channels_share_a_row_and_a_group_takes_them_as_tabs() {
        let mut layout = Layout::new(&views(&["a", "b", "c", "d", "e", "f", "g"]), 1440.0);
        for id in ["channels:x", "channels:y", "channels:z"] {
            layout.open_below(id);
        }
        assert!(["channels:x", "channels:y", "channels:z"].iter().all(|id| layout.has(id)), "all are there");
        let Some(Tile::Container(root)) = layout.tree.root().and_then(|root| layout.tree.tiles.get(root))
        else {
            panic!("a root")
        };
        assert_eq!(root.num_children(), 3, "two rows of the lab and one below");
        let group = layout.panes().find(|(_, id)| *id == "g").map(|(tile, _)| tile);
        let group = group.and_then(|tile| layout.tree.tiles.parent_of(tile)).expect("a group of tabs");
        layout.open_in("channels:t", group);
        let pane = layout.panes().find(|(_, id)| *id == "channels:t").map(|(tile, _)| tile);
        assert_eq!(pane.and_then(|tile| layout.tree.tiles.parent_of(tile)), Some(group), "as a tab of it");
    }

    #[test]
    fn views_of_one_theme_share_a_tile() {
        let mut all = views(&["a", "b", "c", "d"]);
        all[2].tab_of = Some("a".to_owned());
        all[3].tab_of = Some("gone".to_owned());
        let layout = Layout::new(&all, 1440.0);
        assert_eq!(
            layout.order(),
            ["a", "c", "b", "d"],
            "a tab stands with its lead, or by itself without one"
        );
    }

    #[test]
    fn an_arrangement_that_nobody_made_follows_the_width() {
        let all = views(&["a", "b", "c", "d", "e", "f"]);
        let mut layout = Layout::new(&all, 1440.0);
        layout.close("b");
        let (closed, tree) = (layout.closed.clone(), layout.tree.clone());
        layout.follow(&all, 1300.0);
        assert_eq!(layout.tree, tree, "still wide");
        layout.follow(&all, 1024.0);
        assert_ne!(layout.tree, tree, "narrow");
        assert!(!layout.has("b") && layout.closed == closed, "what was closed stays closed");
        layout.arranged = true;
        let tree = layout.tree.clone();
        layout.follow(&all, 1440.0);
        assert_eq!(layout.tree, tree, "a person's arrangement stays");
    }

    #[test]
    fn an_empty_arrangement_can_be_filled_again() {
        let mut layout = Layout::new(&views(&["a"]), 1024.0);
        layout.close("a");
        layout.open("a");
        assert!(layout.has("a"), "the last tile comes back");
    }
}
