//! Pictures, contact sheets, tables, Parquet columns, TensorBoard events, and the pieces of pages.
//!
//! This layer never sees a tensor: it takes slices and strings and gives files and text.

pub mod chart;
pub mod columns;
mod config;
pub mod html;
pub mod images;
pub mod table;
pub mod tensorboard;

pub use config::{PlotsConfig, Style};
