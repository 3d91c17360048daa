//! The conclusion of a comparison: one paragraph computed from its results.
//!
//! It calls a loss better only if the interval of the paired difference excludes zero (of more than two
//! losses, if the corrected p-value is below 0.05).

mod collapse;
mod findings;
mod from_runs;
mod pair;
mod paragraph;
mod phrases;
mod several;
mod times;

pub use findings::NO_SPREAD;
pub use from_runs::conclusion;

#[cfg(test)]
mod tests;
