//! By what are rows told apart? A colour, a dash and a mark each, so that any one of them is enough.
//!
//! Colours after Okabe and Ito (2008), which people with any of the usual kinds of colour blindness tell apart.

use super::svg::{Place, Svg};

/// How many styles there are; further rows begin again.
pub const STYLES: usize = 6;

/// The class of a style.
pub fn class(style: usize) -> String {
    format!("s{}", style % STYLES)
}

/// The mark of a style.
pub fn mark(svg: &mut Svg, style: usize, (x, y): Place, size: f64) {
    let class = format!("mark {}", class(style));
    let polygon = |points: &[Place]| {
        let corners = points.iter().map(|(dx, dy)| format!("{:.1} {:.1}", x + dx * size, y + dy * size));
        format!("M{}Z", corners.collect::<Vec<_>>().join("L"))
    };
    match style % STYLES {
        0 => svg.path(&class, &polygon(&[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)])),
        1 => svg.circle(&class, (x, y), size),
        2 => svg.path(&class, &polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])),
        3 => svg.path(&class, &polygon(&[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)])),
        4 => svg.path(&class, &polygon(&[(-1.1, -0.8), (1.1, -0.8), (0.0, 1.15)])),
        _ => svg.path(&class, &polygon(&[(-1.2, -0.5), (1.2, -0.5), (1.2, 0.5), (-1.2, 0.5)])),
    }
}

/// Moves labels apart that would run into each other: heights, in any order, at least `apart`, none below
/// `lowest` (which is down).
pub fn spread_out(heights: &[f64], apart: f64, lowest: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|one, other| heights[*one].total_cmp(&heights[*other]));
    let mut placed = heights.to_vec();
    for pair in 1..order.len() {
        placed[order[pair]] = placed[order[pair]].max(placed[order[pair - 1]] + apart);
    }
    let mut limit = lowest;
    for index in order.into_iter().rev() {
        placed[index] = placed[index].min(limit);
        limit = placed[index] - apart;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        assert_eq!(spread_out(&[10.0, 11.0, 50.0], 20.0, 200.0), [10.0, 30.0, 50.0]);
        assert_eq!(spread_out(&[99.0, 98.0], 20.0, 100.0), [100.0, 80.0]);
        assert_eq!(spread_out(&[], 20.0, 100.0), Vec::<f64>::new());
    }
}
