//! A picture as PNG: its SVG, rasterised.

use std::io;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use resvg::tiny_skia::{Pixmap, Transform};

use super::fonts::parsed;
use super::markup::escaped;
use super::picture::Picture;
use super::svg::file;
use crate::report::Style;

/// Writes a picture as PNG: a pixel for each of the layout on a screen, two each way on paper.
///
/// # Errors
/// Those of the writer, and that of a picture with a million elements, which resvg refuses.
pub fn write(picture: &Picture, style: Style, file: &mut impl io::Write) -> io::Result<()> {
    let (width, height, pixels) = rasterised(picture, style)?;
    PngEncoder::new(file)
        .write_image(&pixels, width, height, image::ExtendedColorType::Rgb8)
        .map_err(io::Error::other)
}

/// Width, height, RGB rows from the top.
///
/// # Errors
/// The picture has a million elements.
pub fn rasterised(picture: &Picture, style: Style) -> io::Result<(u32, u32, Vec<u8>)> {
    let dots = match style {
        Style::Screen => 1.0,
        Style::Paper => 2.0,
    };
    let shown = picture.shown(style);
    let size = |from: f64, to: f64| ((to - from) * dots) as u32;
    let (width, height) = (size(shown.left, shown.right), size(shown.top, shown.bottom));
    let tree = parsed(&drawable(picture, style), picture.text.foreign).map_err(io::Error::other)?;
    let mut pixmap = Pixmap::new(width, height).expect("a picture has a size");
    let scale = Transform::from_scale(
        width as f32 / tree.size().width(),
        height as f32 / tree.size().height(),
    );
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    // On the white page nothing is transparent.
    let pixels = pixmap.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    Ok((width, height, pixels.collect()))
}

/// The SVG with substitutes for texts that no font can draw.
fn drawable(picture: &Picture, style: Style) -> String {
    let shown = |text: &str| format!(">{}</text>", escaped(text));
    let replaced = &picture.text.replaced;
    replaced.iter().fold(file(picture, style), |text, (lacking, instead)| {
        text.replace(&shown(lacking), &shown(instead))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use plotters::style::RGBColor;

    use super::*;
    use crate::data::ImageShape;
    use crate::report::chart::elements::{image, polyline};
    use crate::report::chart::geometry::at;
    use crate::report::chart::marker::Dash;

    #[test]
    fn edges_are_smooth() {
        let picture = Picture::draw((40.0, 40.0), |page| {
            let line = vec![at((2.0, 3.0)), at((38.0, 31.0))];
            page.draw(&polyline(line, (RGBColor(0, 0, 0), 3.0, Dash::Solid)))?;
            Ok(())
        });
        let (.., pixels) = rasterised(&picture.unwrap(), Style::Screen).unwrap();
        let tones: HashSet<u8> = pixels.into_iter().collect();
        assert!(tones.len() > 6, "{tones:?}");
    }

    #[test]
    fn an_image_keeps_its_orientation() {
        let picture = Picture::draw((20.0, 20.0), |page| {
            page.draw(&image(at((0.0, 0.0)), 20.0, ImageShape::square(2), &[0, 80, 160, 240]))?;
            Ok(())
        });
        let (.., pixels) = rasterised(&picture.unwrap(), Style::Screen).unwrap();
        let at = |x: usize, y: usize| pixels[(y * 20 + x) * 3];
        assert_eq!([at(5, 5), at(15, 5), at(5, 15), at(15, 15)], [0, 80, 160, 240]);
    }
}
