//! Units of metrics, and how values in them are shown.

use serde::{Deserialize, Serialize};

use crate::words::{MISSING, decimals, rounded};

/// How a metric's values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A share in 0..=1, shown in percent.
    Percent,
    /// A share in 0..=1, shown as it is.
    Share,
    /// Any number.
    Number,
    /// A length in the space of the embeddings.
    Length,
    Nats,
    Seconds,
}

impl Unit {
    /// A value without its unit; [`MISSING`] for NaN.
    pub fn number(self, value: f64) -> String {
        match self {
            _ if value.is_nan() => MISSING.to_owned(),
            Unit::Percent => format!("{:.2}", 100.0 * value),
            Unit::Share => format!("{value:.3}"),
            Unit::Number | Unit::Length => three_digits(value),
            Unit::Nats => decimals(value, 3),
            Unit::Seconds => rounded(value, 1),
        }
    }

    /// A value with its sign for percent: `86.20 %`; [`MISSING`] for none.
    pub fn text(self, value: Option<f64>) -> String {
        match value {
            None => MISSING.to_owned(),
            Some(value) if self == Unit::Percent => format!("{} %", self.number(value)),
            Some(value) => self.number(value),
        }
    }

    /// A name with this unit, as at the head of a row or column: `train time, s`.
    pub fn named(self, name: &str) -> String {
        match self {
            Unit::Percent => format!("{name}, %"),
            Unit::Nats => format!("{name}, nats"),
            Unit::Seconds => format!("{name}, s"),
            Unit::Share | Unit::Number | Unit::Length => name.to_owned(),
        }
    }

    /// The head of a column of values in this unit.
    pub fn column(self) -> &'static str {
        match self {
            Unit::Percent => "%",
            Unit::Share | Unit::Number => "without a unit",
            Unit::Length => "in units of the embedding",
            Unit::Nats => "nats",
            Unit::Seconds => "s",
        }
    }

    /// Whether its values are shares in 0..=1.
    pub fn is_share(self) -> bool {
        matches!(self, Unit::Percent | Unit::Share)
    }
}

/// Three decimals, or three digits for numbers too small or too large for that.
fn three_digits(value: f64) -> String {
    match value == 0.0 || (1e-2..1e5).contains(&value.abs()) {
        true => format!("{value:.3}"),
        false => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_size_are_shown() {
        assert_eq!(
            [0.0, 0.5, 12.3456, 3e-4, 2e8].map(|value| Unit::Length.number(value)),
            ["0.000", "0.500", "12.346", "3.00e-4", "2.00e8"]
        );
        assert_eq!(Unit::Percent.text(Some(0.862)), "86.20 %");
        assert_eq!([Unit::Percent.text(None), Unit::Nats.number(f64::NAN)], ["–", "–"]);
    }
}
