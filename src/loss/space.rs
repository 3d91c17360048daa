//! The search space that a loss declares for its settings.

/// A setting with the values that a search may try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Key of the setting within its section, `margin`.
    pub key: &'static str,
    /// Its values.
    pub values: Span,
}

/// The values of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Span {
    /// Uniform between two bounds.
    Linear(f64, f64),
    /// Log-uniform between two positive bounds.
    Logarithmic(f64, f64),
    /// One of several words, or true and false.
    Choices(&'static [&'static str]),
}

/// A setting that is sampled uniformly between two bounds.
pub const fn linear(key: &'static str, low: f64, high: f64) -> Range {
    Range { key, values: Span::Linear(low, high) }
}

/// A setting that is sampled log-uniformly between two bounds.
pub const fn logarithmic(key: &'static str, low: f64, high: f64) -> Range {
    Range { key, values: Span::Logarithmic(low, high) }
}

/// A categorical setting.
pub const fn choices(key: &'static str, values: &'static [&'static str]) -> Range {
    Range { key, values: Span::Choices(values) }
}

/// The learning rate of a loss's own parameters.
pub const LEARNING_RATE: Range = logarithmic("learning_rate", 1e-4, 1e-1);
