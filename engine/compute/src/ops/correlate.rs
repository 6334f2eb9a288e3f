//! Cross-correlation of images with kernels, without unfolding: a patch is read where it lies, as stretches of neighbours.
//!
//! Images have their channels innermost and their padding around them, so that a row of a kernel is one stretch; kernels are packed into
//! panels of sixteen output channels, whose lanes follow the patch stretch by stretch.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use super::tile::{LANES, ROWS, add};
use crate::number::Number;

/// How patches lie in padded images; the kernel moves by one place.
#[derive(Clone, Copy, Debug)]
pub struct Patches<'a, T> {
    /// Padded images `[images, height, width, channels]`.
    pub values: &'a [T],
    /// Numbers of an image.
    pub image: usize,
    /// Numbers of a row of an image.
    pub row: usize,
    /// Channels: numbers from one place to the next.
    pub step: usize,
    /// Places of the kernel in an image, down and across.
    pub places: (usize, usize),
    /// Where the stretches of a patch begin, counted from its first number.
    pub starts: &'a [usize],
    /// Numbers of a stretch.
    pub stretch: usize,
}

/// The products of all patches with the kernels in `right`, `[images, places, columns]`.
#[inline(always)]
pub fn forward<T: Number, const FUSED: bool>(
    patches: Patches<'_, T>,
    right: &[[T; LANES]],
    columns: usize,
    out: &mut [T],
) {
    let (high, wide) = patches.places;
    let size = patches.starts.len() * patches.stretch;
    let rows = patches
        .values
        .chunks_exact(patches.image.max(1))
        .flat_map(|image| (0..high).map(move |y| &image[y * patches.row..]));
    for (values, out) in rows.zip(out.chunks_exact_mut((wide * columns).max(1))) {
        for (panel, lanes) in right.chunks_exact(size.max(1)).enumerate() {
            let first = panel * LANES;
            let width = LANES.min(columns - first);
            let mut x = 0;
            while x + ROWS <= wide {
                let sums = tile::<T, FUSED, ROWS>(patches, &values[x * patches.step..], lanes);
                for (r, sums) in sums.iter().enumerate() {
                    out[(x + r) * columns + first..][..width].copy_from_slice(&sums[..width]);
                }
                x += ROWS;
            }
            while x < wide {
                let [sums] = tile::<T, FUSED, 1>(patches, &values[x * patches.step..], lanes);
                out[x * columns + first..][..width].copy_from_slice(&sums[..width]);
                x += 1;
            }
        }
    }
}

/// Products of `R` neighbouring patches with a panel of kernels.
#[inline(always)]
fn tile<T: Number, const FUSED: bool, const R: usize>(
    patches: Patches<'_, T>,
    values: &[T],
    lanes: &[[T; LANES]],
) -> [[T; LANES]; R] {
    let mut sums = [[T::ZERO; LANES]; R];
    for (start, lanes) in patches.starts.iter().zip(lanes.chunks_exact(patches.stretch)) {
        let rows: [&[T]; R] = std::array::from_fn(|r| &values[start + r * patches.step..][..lanes.len()]);
        for (k, lane) in lanes.iter().enumerate() {
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], rows[r][k], lane);
            }
        }
    }
    sums
}

/// Adds the sums over all patches of their numbers times the slopes at their places to `out`, `[numbers of a patch, columns]`. `slopes` are
/// panels of sixteen columns with one lane for each place of each image.
#[inline(always)]
pub fn by_kernel<T: Number, const FUSED: bool>(
    patches: Patches<'_, T>,
    slopes: &[[T; LANES]],
    columns: usize,
    out: &mut [T],
) {
    let images = patches.values.len() / patches.image.max(1);
    let places = images * patches.places.0 * patches.places.1;
    for (panel, lanes) in slopes.chunks_exact(places.max(1)).enumerate() {
        let first = panel * LANES;
        let width = LANES.min(columns - first);
        for (number, start) in patches.starts.iter().enumerate() {
            let mut put = |k: usize, sums: &[[T; LANES]]| {
                for (r, sums) in sums.iter().enumerate() {
                    let place = (number * patches.stretch + k + r) * columns + first;
                    out[place..][..width].iter_mut().zip(sums).for_each(|(out, sum)| *out += *sum);
                }
            };
            let mut k = 0;
            while k + ROWS <= patches.stretch {
                put(k, &sums_of::<T, FUSED, ROWS>(patches, start + k, lanes));
                k += ROWS;
            }
            while k < patches.stretch {
                put(k, &sums_of::<T, FUSED, 1>(patches, start + k, lanes));
                k += 1;
            }
        }
    }
}

/// Sums over all places of `R` neighbouring numbers of the patch, from `start` on, times a panel of slopes.
#[inline(always)]
fn sums_of<T: Number, const FUSED: bool, const R: usize>(
    patches: Patches<'_, T>,
    start: usize,
    lanes: &[[T; LANES]],
) -> [[T; LANES]; R] {
    let (high, wide) = patches.places;
    let mut sums = [[T::ZERO; LANES]; R];
    let rows = patches
        .values
        .chunks_exact(patches.image.max(1))
        .flat_map(|image| (0..high).map(move |y| &image[y * patches.row + start..]));
    for (values, lanes) in rows.zip(lanes.chunks_exact(wide.max(1))) {
        for (x, lane) in lanes.iter().enumerate() {
            let values = &values[x * patches.step..][..R];
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], values[r], lane);
            }
        }
    }
    sums
}
