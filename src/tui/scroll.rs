//! Which row stands at the bottom after one has scrolled?
//!
//! Pure arithmetic: entries have heights in rows, and the window shows so many rows of them.

/// The entry (its index) whose row, counted from 1, stands at the bottom.
pub type Position = (usize, usize);

/// Where the bottom is, `by` rows further down (negative: up) than `from`, in a window of this height.
/// `None` stands for the end, as argument and as result.
pub fn moved(heights: &[usize], window: usize, from: Option<Position>, by: isize) -> Option<Position> {
    let total: usize = heights.iter().sum();
    let before = from.map_or(total, |(index, rows)| heights.iter().take(index).sum::<usize>() + rows);
    let after = before.saturating_add_signed(by).max(window).min(total);
    if after == total { None } else { position(heights, after) }
}

/// The entry in whose rows the `row`-th row of all is, from 1.
fn position(heights: &[usize], row: usize) -> Option<Position> {
    let mut rest = row;
    for (index, height) in heights.iter().enumerate() {
        if rest <= *height {
            return Some((index, rest));
        }
        rest -= height;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHTS: [usize; 5] = [1, 3, 1, 1, 2];

    #[test]
    fn scrolling_moves_by_rows_within_entries() {
        assert_eq!(moved(&HEIGHTS, 3, None, -1), Some((4, 1)));
        assert_eq!(moved(&HEIGHTS, 3, Some((4, 1)), -1), Some((3, 1)));
        assert_eq!(moved(&HEIGHTS, 3, None, -5), Some((1, 2)));
    }

    #[test]
    fn the_first_row_and_the_last_one_stop_it() {
        assert_eq!(moved(&HEIGHTS, 3, None, -100), Some((1, 2)), "the window is still full");
        assert_eq!(moved(&HEIGHTS, 3, Some((1, 2)), 100), None);
        assert_eq!(moved(&HEIGHTS, 20, None, -1), None, "all of it is in view");
        assert_eq!(moved(&[], 3, None, -1), None);
    }
}
