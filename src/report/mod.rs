//! Tables and pictures of what was measured.
//!
//! This floor never sees a tensor: it takes slices and strings and gives pictures (PNG and SVG), pages and text.
//! Each picture has a file of its own with a small struct of borrowed data and a `draw` function;
//! `paint` below them holds what they share (canvas, style, colours, axes, legend).
//!
//! The text in the pictures is set in DejaVu Sans, which is compiled in, so that a picture looks
//! the same on every machine and needs no installed font. Only for letters that it lacks, in names of
//! classes, are the fonts of the system read.

pub mod bound;
pub mod class_names;
pub mod columns;
mod config;
pub mod confused;
pub mod confusion;
pub mod curves;
pub mod histogram;
pub mod html;
mod paint;
pub mod pairs;
pub mod retrieval;
pub mod scatter;
pub mod series;
pub mod table;
pub mod tensorboard;
pub mod trials;
pub mod vote_top_k;

pub use config::{PlotsConfig, Style};
pub use paint::{Canvas, ClassName, undrawable};
