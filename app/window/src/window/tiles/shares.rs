//! Colour limits that tiles of one quantity share, so that equal colours mean equal values across them.
//!
//! A quantity is what the keys to the colours say: their name with the unit. Its limits are what the person fixed, else they
//! hold the data of all its tiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TileState;

/// Which quantities share their colour limits among tiles; the limits that a drag fixed, by quantity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::window) struct Shares {
    on: BTreeMap<String, Option<(f64, f64)>>,
    /// Tiles of each quantity.
    #[serde(skip)]
    tiles: BTreeMap<String, usize>,
}

impl Shares {
    /// True if the tiles of this quantity share their limits.
    pub(super) fn is_on(&self, quantity: &str) -> bool {
        self.on.contains_key(quantity)
    }

    /// True if there is more than one tile of this quantity.
    pub(super) fn has_company(&self, quantity: &str) -> bool {
        self.tiles.get(quantity).is_some_and(|count| *count > 1)
    }

    /// Fixes the limits of a shared quantity, or lets them fit; false if it is not shared.
    pub(super) fn fix(&mut self, quantity: &str, limits: Option<(f64, f64)>) -> bool {
        self.on.get_mut(quantity).map(|fixed| *fixed = limits).is_some()
    }

    /// Lets the tiles of a quantity share their limits, or each have its own.
    pub(in crate::window) fn set(
        &mut self,
        quantity: &str,
        on: bool,
        tiles: &mut BTreeMap<String, TileState>,
    ) {
        if on {
            self.on.insert(quantity.to_owned(), None);
            return;
        }
        self.on.remove(quantity);
        let same = tiles.values_mut().filter(|tile| tile.quantity().is_some_and(|own| own.0 == quantity));
        same.for_each(|tile| tile.options.limits = None);
    }

    /// Gives all tiles of shared quantities their limits; true if a tile must be drawn again.
    pub(in crate::window) fn follow(&mut self, tiles: &mut BTreeMap<String, TileState>) -> bool {
        let mut spans: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        self.tiles.clear();
        for (quantity, (low, high)) in tiles.values().filter_map(TileState::quantity) {
            *self.tiles.entry(quantity.to_owned()).or_default() += 1;
            let span = spans.entry(quantity.to_owned()).or_insert((low, high));
            *span = (span.0.min(low), span.1.max(high));
        }
        let mut changed = false;
        for tile in tiles.values_mut() {
            let Some((quantity, _)) = tile.quantity() else { continue };
            let Some(fixed) = self.on.get(quantity) else { continue };
            let limits = fixed.or_else(|| spans.get(quantity).copied());
            if tile.options.limits != limits {
                tile.options.limits = limits;
                changed = true;
            }
        }
        changed
    }
}
