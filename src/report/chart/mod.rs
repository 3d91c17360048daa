//! Charts: a struct of borrowed data in, a [`Picture`] out, one file per kind of chart.
//!
//! plotters draws them, through its chart API, on a backend of ours that writes SVG; the PNG is that
//! SVG rasterised by resvg. All positions and lengths are in pixels of the finished picture, x to the
//! right, y down.
//!
//! The text in the pictures is set in DejaVu Sans, which is compiled in, so that a picture looks
//! the same on every machine and needs no installed font. Only for letters that it lacks, in names of
//! classes, are the fonts of the system read.

mod axes;
mod axis;
mod backend;
pub mod bound;
mod class_name;
pub mod class_names;
pub mod confused;
pub mod confusion;
mod css;
pub mod curves;
mod elements;
mod fonts;
mod geometry;
mod heat;
pub mod histogram;
mod layout;
mod legend;
mod marker;
mod markup;
mod output;
pub mod pairs;
mod palette;
mod picture;
#[cfg(test)]
pub mod pixels;
mod png;
pub mod retrieval;
mod scale;
pub mod scatter;
pub mod series;
mod series_style;
mod svg;
mod text;
pub mod trials;
pub mod vote_top_k;

pub use class_name::{ClassName, undrawable};
pub use css::css;
pub use picture::Picture;
pub use scale::Scale;
