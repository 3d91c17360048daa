//! The horizontal scale of a setting: linear, logarithmic or categories.

use super::axis::Axis;

/// A scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale<'a> {
    /// As numbers.
    Linear,
    /// As powers of ten. 0 has its own position at the left end, beside the least power.
    Logarithmic,
    /// As words side by side, without an order; a value is an index, from 0.
    Categories(&'a [String]),
}

impl Scale<'_> {
    /// The positions of values on the axis; NaN for a value that has none.
    pub fn positions(self, values: &[f64]) -> Vec<f64> {
        match self {
            Scale::Logarithmic => {
                let zero = lowest_power(values) - 1.0;
                let position = |&value: &f64| if value == 0.0 { zero } else { value.log10() };
                values.iter().map(position).collect()
            }
            Scale::Linear | Scale::Categories(_) => values.to_vec(),
        }
    }

    /// The position of a value other than 0 on the axis.
    pub fn position(self, value: f64) -> f64 {
        if self == Scale::Logarithmic { value.log10() } else { value }
    }

    /// An axis of `width` pixels without a label over some values, with ticks at round numbers.
    pub fn axis(self, values: &[f64], width: f64) -> Axis {
        match self {
            Scale::Linear => {
                Axis::around("", values.iter().copied()).unwrap_or_else(|| Axis::empty(""))
            }
            Scale::Logarithmic => powers(values, width),
            Scale::Categories(words) => Axis::of_words("", words, width),
        }
    }

    /// An axis of `width` pixels with a tick at each of some values, which rise.
    pub fn axis_at(self, label: &str, values: &[f64], width: f64) -> Axis {
        if let Scale::Categories(words) = self {
            return Axis::of_words(label, words, width);
        }
        let ticks: Vec<f64> = values.iter().map(|&value| self.position(value)).collect();
        let names: Vec<String> = values.iter().map(|&value| plain(value)).collect();
        let axis = Axis::named(label, &ticks, &names, width);
        // Powers have no 0 that could be shown.
        let broken = self == Scale::Linear && (axis.low > 0.0 || axis.high < 0.0);
        Axis { broken, ..axis }
    }
}

/// The greatest power of ten that no value but 0 is below; infinite without such a value.
fn lowest_power(values: &[f64]) -> f64 {
    let powers = values.iter().map(|value| value.log10()).filter(|power| power.is_finite());
    powers.fold(f64::INFINITY, f64::min).floor()
}

/// An axis with a tick at every power of ten, and one at 0 where a value is 0.
fn powers(values: &[f64], width: f64) -> Axis {
    let positions = Scale::Logarithmic.positions(values);
    let drawn = || positions.iter().copied().filter(|position| position.is_finite());
    let low = drawn().fold(f64::INFINITY, f64::min).floor();
    let high = drawn().fold(f64::NEG_INFINITY, f64::max).ceil();
    if !(low.is_finite() && high.is_finite()) {
        return Axis::empty("");
    }
    let ticks: Vec<f64> = (low as i32..=high as i32).map(f64::from).collect();
    let has_zero = values.contains(&0.0);
    let name = |(index, &power): (usize, &f64)| match power {
        _ if index == 0 && has_zero => "0".to_owned(),
        p if (-2.0..=4.0).contains(&p) => format!("{}", 10_f64.powf(p)),
        p => format!("1e{p}"),
    };
    let names: Vec<String> = ticks.iter().enumerate().map(name).collect();
    Axis::named("", &ticks, &names, width)
}

/// A value as the label of a tick: `57,000`, `0.5`, `1e-5`.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && (1000.0..1e7).contains(&value) {
        let digits = format!("{value:.0}");
        let grouped = digits.as_bytes().rchunks(3).rev();
        let parts: Vec<&str> = grouped.filter_map(|part| std::str::from_utf8(part).ok()).collect();
        return parts.join(",");
    }
    match value.abs() {
        size if size == 0.0 || (1e-3..1e7).contains(&size) => format!("{value}"),
        _ => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_ticks_as_people_write_them() {
        let shown = [57_000.0, 300.0, 0.5, 1e-5, 0.0, 1_000_000.0].map(plain);
        assert_eq!(shown, ["57,000", "300", "0.5", "1e-5", "0", "1,000,000"]);
    }

    #[test]
    fn zero_has_a_place_beside_the_powers_of_ten() {
        let values = [0.0, 3e-5, 1e-2, f64::NAN];
        let axis = powers(&values, 600.0);
        assert_eq!(axis.ticks, [-6.0, -5.0, -4.0, -3.0, -2.0]);
        assert_eq!(axis.names, ["0", "1e-5", "1e-4", "1e-3", "0.01"]);
        let positions = Scale::Logarithmic.positions(&values);
        assert_eq!((positions[0], positions[2]), (-6.0, -2.0));
        assert_eq!(powers(&values[1..], 600.0).names[0], "1e-5");
        assert!(powers(&[0.0], 600.0).ticks.is_empty(), "0 alone has no neighbour");
    }
}
