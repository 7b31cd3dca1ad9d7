//! What is the middle of a few values, and how far do they lie apart?

/// The median of the values of several seeds, and the least and the greatest of them.
///
/// Ours: least and greatest, because quartiles of three values would say the same with more words.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// Of how many.
    pub count: usize,
}

impl Spread {
    /// Of these, in any order; `None` of nothing. Values are rounded to a thousandth, so that every form of
    /// the report has the same number.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let (least, most) = (*values.first()?, *values.last()?);
        let median = f64::midpoint(values[(count - 1) / 2], values[count / 2]);
        Some(Self { median: rounded(median), least: rounded(least), most: rounded(most), count })
    }

    /// Do all say the same?
    pub fn is_point(&self) -> bool {
        self.least >= self.most
    }
}

/// To a thousandth.
pub fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_ends_are_kept() {
        let spread = Spread::of([9.0, 1.0, 2.0]).expect("of three");
        assert_eq!((spread.median, spread.least, spread.most, spread.count), (2.0, 1.0, 9.0, 3));
        assert!(!spread.is_point());
        assert_eq!(Spread::of([1.0, 4.0, 2.0, 9.0]).map(|it| it.median), Some(3.0));
    }

    #[test]
    fn of_nothing_there_is_none_and_one_has_no_spread() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([f64::NAN, f64::INFINITY]), None);
        assert!(Spread::of([1.23456]).is_some_and(|it| it.is_point() && (it.median - 1.235).abs() < 1e-9));
    }
}
