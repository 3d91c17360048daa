//! Determines the channels of a pixel and the shape of an image from the number of values, which
//! tells the shape of square images only.

use super::super::layout::PixelCells;
use super::Classifier;
use crate::data::{Channels, ImageShape, listed};
use crate::error::Fault;

/// The smallest side of images that are recognised as colour by the number of columns alone.
const SMALLEST_COLOURED: usize = 4;

impl Classifier<'_> {
    /// The channels of a pixel in the file, and the shape of an image once it is grey.
    pub(super) fn shape(&mut self, pixels: &PixelCells) -> Result<(Channels, ImageShape), Fault> {
        let count = match pixels {
            PixelCells::Columns(columns) => columns.len(),
            PixelCells::List(column) => self.glimpse.list_length(*column),
        };
        let known = self.channels.filter(|channels| count.is_multiple_of(channels.count()));
        let channels = match known {
            Some(channels) => channels,
            None => self.channels_of(count, pixels)?,
        };
        let pixels = count / channels.count();
        let side = pixels.isqrt();
        if count > 0 && side * side * channels.count() == count {
            return Ok((channels, ImageShape::square(side)));
        }
        Err(self.no_square(count, channels, matches!(known, Some(c) if c != Channels::Grey)))
    }

    /// The channels of a pixel, by the number of values and how smooth images are under each
    /// interpretation.
    fn channels_of(&self, count: usize, pixels: &PixelCells) -> Result<Channels, Fault> {
        if is_square(count) || !is_image(count) {
            return Ok(Channels::Grey);
        }
        let like = self.options.like.as_ref().map(|like| like.columns.channels);
        if let Some(channels) = like.filter(|channels| channels.count() == 3) {
            return Ok(channels);
        }
        // Vertically adjacent pixels are similar: a row is `side` values of a plane, or three times
        // as many interleaved ones.
        let side = (count / 3).isqrt();
        let step = |width: usize| self.glimpse.mean_step(pixels, width);
        let (plane, mixed) = (step(side), step(3 * side));
        // With an even side, this number of values also fits grey images of 3:4 and 4:3.
        let rectangles = [2 * side, 3 * side / 2].map(|width| (step(width), width));
        let [wide, high] = rectangles;
        let (smoothest, width) = if wide.0 <= high.0 { wide } else { high };
        if side.is_multiple_of(2) && smoothest < 0.95 * f64::min(plane, mixed) {
            return Err(self.rectangle(count, count / width, width));
        }
        Ok(if mixed < 0.95 * plane { Channels::Rgb } else { Channels::RgbPlanes })
    }

    fn rectangle(&self, count: usize, height: usize, width: usize) -> Fault {
        let problem = format!(
            "has {count} pixels per image, which look like grey images of {height}×{width}, but \
             the \
             network takes square images"
        );
        let remedy = "pad or crop the images to squares; if they are in colour, name the columns \
                      R0, \
                      G0, B0, R1 and so on";
        Fault::new(self.file, problem).remedy(remedy)
    }

    fn no_square(&self, count: usize, channels: Channels, is_coloured: bool) -> Fault {
        let pixels = count / channels.count();
        let side = pixels.isqrt();
        let (below, above) = (side * side, (side + 1) * (side + 1));
        let of = if is_coloured { " per colour" } else { "" };
        let problem = match pixels {
            0 => "has no pixel columns".to_owned(),
            _ => format!(
                "has {pixels} pixel columns{of} besides the label, which is not a square number"
            ),
        };
        let left: Vec<String> =
            self.left_out.iter().map(|left| format!("{} ({})", left.column, left.why)).collect();
        let left: Vec<&str> = left.iter().map(String::as_str).collect();
        let left = match left.as_slice() {
            [] if !self.options.has_flags() => "remove columns that are not pixels".to_owned(),
            [] => "drop columns that are not pixels with --drop".to_owned(),
            left if !self.options.has_flags() => format!("ignored columns: {}", listed(left)),
            left => format!("ignored columns: {}; drop more with --drop", listed(left)),
        };
        let near = match pixels {
            0 => String::new(),
            _ => format!("the nearest square images have {below} or {above}; "),
        };
        Fault::new(self.file, problem).remedy(format!("{near}{left}"))
    }
}

fn is_square(number: usize) -> bool {
    number > 0 && number.isqrt().pow(2) == number
}

/// Whether this number of values can be a square image, grey or RGB.
pub(super) fn is_image(count: usize) -> bool {
    let coloured = count.is_multiple_of(3) && count >= 3 * SMALLEST_COLOURED * SMALLEST_COLOURED;
    is_square(count) || (coloured && is_square(count / 3))
}
