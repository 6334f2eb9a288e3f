//! The published rule for the batch size: `2^(3 + ⌊log₁₀ n⌋)` of the rows in all parts (published code; the desk run caps nothing).

/// Rows in a batch for `n` rows in all.
pub fn batch_size(rows: usize) -> usize {
    let digits = rows.max(1).ilog10();
    1 << (3 + digits)
}
