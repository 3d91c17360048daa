//! What every picture is made of: a canvas that is written as pixels and as vectors, one calm style, colours and shapes, axes, a legend.
//!
//! All positions and lengths are in pixels of the finished picture, x to the right, y down.

mod address;
mod axis;
mod canvas;
mod fonts;
mod frame;
mod legend;
mod line;
mod look;
mod marker;
mod names;
mod place;
#[cfg(test)]
pub mod probe;
mod raster;
mod scale;
mod sheet;
pub mod style;
mod svg;
mod text;

pub use address::address_of;
pub use axis::Axis;
pub use canvas::Canvas;
#[cfg(test)]
pub use canvas::Mark;
pub use frame::Frame;
pub use legend::{Entry, Key, Legend};
pub use look::{Look, class_look, line_look};
pub use marker::{Dash, Marker, Shape};
pub use names::{ClassName, Words, undrawable};
pub use place::{Point, Rect};
pub use scale::{SCALE_ROOM, draw_scale, shade};
pub use sheet::{MOST_PANELS, Panel, Sheet};
pub use style::Colour;
pub use text::{Anchor, Ink, lines, shortened, text_width};
