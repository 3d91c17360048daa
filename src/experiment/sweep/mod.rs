//! Sweeps: all losses × cells of a grid of settings × seeds, and the curves.

mod axes;
mod crossings;
mod grid;
mod line;
mod summary;

pub use self::axes::Axes;
pub use self::grid::Sweep;
