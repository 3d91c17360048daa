//! A grid of settings: every loss at every place under every seed, and the curves over it.

mod axes;
mod crossings;
mod grid;
mod line;
mod summary;

pub use self::axes::Axes;
pub use self::grid::Sweep;
