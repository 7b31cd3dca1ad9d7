//! Where does a number stand, and which numbers stand beside an axis?

use super::super::figures::Scale;

/// Numbers from `least` to `most` on a length from `from` to `to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ruler {
    scale: Scale,
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Ruler {
    /// A ruler for these numbers, with a little room above. On a linear one zero is always seen, on a logarithmic one no number below a
    /// thousandth; a single number gets some room around it.
    pub fn new(scale: Scale, values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let (least, most) = if least > most { (0.0, 1.0) } else { (least, most) };
        let (least, most) = match scale {
            Scale::Linear => (least.min(0.0), if most > 0.0 { most * 1.04 } else { 1.0 }),
            Scale::Log => {
                let least = least.max(1e-3) / 1.15;
                (least, (most * 1.15).max(least * 3.0))
            }
        };
        Self { scale, least, most, from, to }
    }

    /// The same with this as its greatest number.
    #[must_use]
    pub const fn up_to(self, most: f64) -> Self {
        Self { most, ..self }
    }

    /// Where this number stands.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.least) / (self.most - self.least),
            Scale::Log => (value.max(1e-3) / self.least).ln() / (self.most / self.least).ln(),
        };
        self.from + share.clamp(-0.1, 1.1) * (self.to - self.from)
    }

    /// Round numbers within it, four to ten of them.
    pub fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.even_ticks(),
            Scale::Log => self.log_ticks(),
        }
    }

    fn even_ticks(&self) -> Vec<f64> {
        // Ours: five and the room above.
        let raw = (self.most - self.least) / 5.2;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|it| it * power).find(|step| *step >= raw * 0.999);
        let step = step.unwrap_or(power * 10.0);
        (0..=12_u32).map(|index| f64::from(index) * step).filter(|it| *it <= self.most * 1.001).collect()
    }

    fn log_ticks(&self) -> Vec<f64> {
        let decades = (self.most / self.least).log10();
        let steps: &[f64] = match decades {
            0.0..1.0 => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
            1.0..2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let all = (-3..=9).flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        all.filter(|it| *it >= self.least && *it <= self.most).collect()
    }
}

/// A number beside an axis: no more decimals than it needs.
pub fn number(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4;
    if rounded >= 10_000.0 { format!("{}k", rounded / 1e3) } else { rounded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let ruler = |scale, values: &[f64]| Ruler::new(scale, values.iter().copied(), 0.0, 100.0);
        assert_eq!(ruler(Scale::Linear, &[0.0, 100.0]).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ruler(Scale::Linear, &[3.0, 7.2]).ticks(), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ruler(Scale::Log, &[50.0, 900.0]).ticks(), [50.0, 100.0, 200.0, 500.0, 1_000.0]);
        for values in [&[][..], &[0.0], &[50.2], &[1e-9, 1e9], &[12.5, 13.0]] {
            for scale in [Scale::Linear, Scale::Log] {
                let ticks = ruler(scale, values).ticks();
                assert!((2..=13).contains(&ticks.len()), "{scale:?} {values:?}: {ticks:?}");
            }
        }
    }

    #[test]
    fn numbers_stand_in_their_order() {
        for scale in [Scale::Linear, Scale::Log] {
            let ruler = Ruler::new(scale, [1.0, 10.0, 100.0].into_iter(), 300.0, 20.0);
            let at = [1.0, 10.0, 100.0].map(|value| ruler.at(value));
            assert!(at[0] > at[1] && at[1] > at[2] && at[2] >= 19.9, "{at:?}");
        }
        assert_eq!([number(0.1), number(2_000.0), number(20_000.0)], ["0.1", "2000", "20k"]);
    }
}
