//! Where a search looks: the ranges that a loss declares for its settings.

/// A setting with the values that a search may give it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Name of the setting under its section, `margin`.
    pub key: &'static str,
    /// Its values.
    pub values: Span,
}

/// The values of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Span {
    /// Numbers between two ends, each part as likely.
    Linear(f64, f64),
    /// Numbers between two ends above 0, each order of magnitude as likely.
    Logarithmic(f64, f64),
    /// Words, or true and false.
    Words(&'static [&'static str]),
}

/// A setting whose values lie evenly between two ends.
pub const fn linear(key: &'static str, low: f64, high: f64) -> Range {
    Range { key, values: Span::Linear(low, high) }
}

/// A setting whose orders of magnitude lie evenly between two ends.
pub const fn logarithmic(key: &'static str, low: f64, high: f64) -> Range {
    Range { key, values: Span::Logarithmic(low, high) }
}

/// A setting that is one of some words.
pub const fn words(key: &'static str, values: &'static [&'static str]) -> Range {
    Range { key, values: Span::Words(values) }
}

/// The step size of a loss's own parameters.
pub const LEARNING_RATE: Range = logarithmic("learning_rate", 1e-4, 1e-1);
