//! Statements over many rows: one round trip instead of many, from few distinct texts.

/// Cuts items into blocks whose lengths are powers of two, at most `most`: however long the list,
/// only a handful of distinct statements is ever prepared.
pub(crate) fn blocks<T>(mut items: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = items.len().checked_ilog2().map(|power| most.min(1 << power))?;
        let (block, rest) = items.split_at(length);
        items = rest;
        Some(block)
    })
}

/// `$from, …` for `count` parameters.
pub(crate) fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

/// `($1, …), (…), …` for the rows of an `INSERT`.
pub(crate) fn rows(count: usize, columns: usize) -> String {
    (0..count).map(|row| format!("({})", places(row * columns + 1, columns))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_list_in_order_in_few_lengths() {
        let items: Vec<usize> = (0..703).collect();
        for length in 0..items.len() {
            let cut: Vec<&[usize]> = blocks(&items[..length], 64).collect();
            assert_eq!(cut.concat(), items[..length]);
            assert!(cut.iter().all(|block| block.len().is_power_of_two() && block.len() <= 64));
        }
    }

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(places(3, 2), "$3, $4");
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
