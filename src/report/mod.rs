//! Tables, pictures and pages of what was measured.
//!
//! This layer never sees a tensor: it takes slices and strings and gives pictures (PNG and SVG), pages and text.

pub mod chart;
pub mod columns;
mod config;
pub mod html;
pub mod images;
pub mod table;
pub mod tensorboard;

pub use config::{PlotsConfig, Style};
