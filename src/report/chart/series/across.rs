//! The axis across: the values of the setting.

use super::super::axis::Axis;
use super::{Lines, WIDTH};

/// How the values of the setting lie across.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Across<'a> {
    /// As numbers.
    Numbers { label: &'a str },
    /// As powers.
    Logarithm { label: &'a str },
    /// Side by side, without an order: points are not joined.
    Words { label: &'a str, words: &'a [String] },
}

/// Where a value of the setting lies on the axis across.
pub fn position(across: Across<'_>, x: f64) -> f64 {
    match across {
        Across::Logarithm { .. } => x.ln(),
        _ => x,
    }
}

/// The axis, with a tick at each value.
pub fn across_axis(picture: &Lines<'_>) -> Axis {
    // A value that no line has a figure at would only take room.
    let points = || picture.series.iter().flat_map(|series| series.points);
    let any = points().any(|point| point.mean.is_finite());
    let mut values: Vec<f64> =
        points().filter(|point| !any || point.mean.is_finite()).map(|point| point.x).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    match picture.across {
        Across::Numbers { label } | Across::Logarithm { label } => {
            let ticks: Vec<f64> = values.iter().map(|&x| position(picture.across, x)).collect();
            let names: Vec<String> = values.iter().map(|&value| plain(value)).collect();
            let axis = Axis::named(label, &ticks, &names, WIDTH);
            // Powers have no 0 that could be shown.
            let amounts = matches!(picture.across, Across::Numbers { .. });
            let broken = amounts && (axis.low > 0.0 || axis.high < 0.0);
            Axis { broken, ..axis }
        }
        Across::Words { label, words } => Axis::of_words(label, words, WIDTH),
    }
}

/// A value as it stands at a tick: `57,000`, `0.5`, `1e-5`.
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
}
