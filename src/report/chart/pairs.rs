//! The grid of sample pairs: what the siamese network is shown.

use super::backend::Area;
use super::class_name::ClassName;
use super::elements::{caption, image, label};
use super::geometry::{Rect, at};
use super::palette::{FIRST, MARGIN, QUIET_TEXT, SECOND, TICK};
use super::picture::Picture;
use super::text::{Anchor, TextStyle, shortened};
use crate::data::ImageShape;
use crate::error::{Error, Result};

/// Two images and whether they are of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplePair<'a> {
    /// Values 0..=255 of the first image, row-major `[C, H, W]`.
    pub first: &'a [u8],
    /// Values 0..=255 of the second image, row-major `[C, H, W]`.
    pub second: &'a [u8],
    /// Class of the first image.
    pub first_class: ClassName<'a>,
    /// Class of the second image.
    pub second_class: ClassName<'a>,
    /// Whether the pair counts as of the same class.
    pub same: bool,
}

const IMAGE: f64 = 112.0;
const BETWEEN: f64 = 28.0;
const HEAD: f64 = 24.0;
const NAME: f64 = 24.0;
const IN_A_ROW: usize = 8;
const MOST: usize = 160;
/// Height of a pair: its title, two images, two names.
const PAIR: f64 = HEAD + 2.0 * (IMAGE + NAME);

/// Draws the pairs, eight in a row: the first image above the second, `same` or `different` over
/// them and each image's class below it.
///
/// # Errors
/// [`Error::Other`] without a pair, with more than 160, or when an image does not have the values
/// of its shape.
pub fn draw(title: &str, shape: ImageShape, pairs: &[SamplePair<'_>]) -> Result<Picture> {
    if let Some(problem) = problem(shape, pairs) {
        return Err(Error::Other(problem));
    }
    // The title needs some room even above a single pair.
    let columns = pairs.len().clamp(4, IN_A_ROW);
    let rows = pairs.len().div_ceil(IN_A_ROW);
    let head = MARGIN + 40.0;
    let width = 2.0 * MARGIN + columns as f64 * (IMAGE + BETWEEN);
    let height = head + rows as f64 * (PAIR + BETWEEN) - BETWEEN + MARGIN;
    let left = MARGIN + BETWEEN / 2.0;
    let title = shortened(title, width - 2.0 * left, TextStyle::title());
    Picture::draw((width, height), |page| {
        page.draw(&caption(at((left, MARGIN + 10.0)), &title, TextStyle::title()))?;
        for (i, pair) in pairs.iter().enumerate() {
            let x = left + (i % IN_A_ROW) as f64 * (IMAGE + BETWEEN);
            let y = head + (i / IN_A_ROW) as f64 * (PAIR + BETWEEN);
            draw_pair(page, pair, shape, (x, y))?;
        }
        Ok(())
    })
}

fn problem(shape: ImageShape, pairs: &[SamplePair<'_>]) -> Option<String> {
    if pairs.is_empty() || pairs.len() > MOST || shape.values() == 0 {
        let found = pairs.len();
        return Some(format!("1 to {MOST} pairs of images can be drawn, not {found} of {shape}"));
    }
    let images = pairs.iter().flat_map(|pair| [pair.first, pair.second]);
    let odd = images.map(<[u8]>::len).find(|length| *length != shape.values())?;
    Some(format!("an image of {odd} values is not {shape}"))
}

fn draw_pair(
    page: &Area,
    pair: &SamplePair<'_>,
    shape: ImageShape,
    (x, y): (f64, f64),
) -> Result<()> {
    let (word, colour) = if pair.same { ("same", FIRST) } else { ("different", SECOND) };
    let middle = x + IMAGE / 2.0;
    let style = TextStyle::label().bold().colour(colour).anchor(Anchor::Middle);
    page.draw(&label(at((middle, y + HEAD / 2.0 - 2.0)), word.to_owned(), style))?;
    let images = [(pair.first, pair.first_class), (pair.second, pair.second_class)];
    for (i, (values, class)) in images.into_iter().enumerate() {
        let top = y + HEAD + i as f64 * (IMAGE + NAME);
        page.draw(&image(at((x, top)), IMAGE, shape, values))?;
        page.draw(&Rect { x, y: top, width: IMAGE, height: IMAGE }.outlined())?;
        let style = TextStyle::tick().colour(QUIET_TEXT).anchor(Anchor::Middle);
        let name = class.within(IMAGE + BETWEEN - 8.0, style);
        page.draw(&label(at((middle, top + IMAGE + TICK * 0.85)), name, style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    fn drawn(shape: ImageShape, pairs: &[SamplePair<'_>]) -> Pixels {
        Pixels::of(&draw("Sample pairs", shape, pairs).unwrap())
    }

    fn pair<'a>(first: &'a [u8], second: &'a [u8], same: bool) -> SamplePair<'a> {
        let [first_class, second_class] =
            [(8, "Bag"), (9, "Ankle boot")].map(|(number, name)| ClassName { name, number });
        SamplePair { first, second, first_class, second_class, same }
    }

    /// The rectangle of an image of the first pair.
    fn image_at(second: bool) -> Rect {
        let y = MARGIN + 40.0 + HEAD + if second { IMAGE + NAME } else { 0.0 };
        Rect { x: MARGIN + BETWEEN / 2.0, y, width: IMAGE, height: IMAGE }
    }

    fn middle(picture: &Pixels, rect: Rect) -> [u8; 3] {
        let (x, y) = rect.centre();
        picture.pixels(Rect { x, y, width: 1.0, height: 1.0 })[0]
    }

    #[test]
    fn the_first_image_is_above_the_second_and_the_title_tells_same_from_different() {
        let (dark, light) = ([30; 784], [200; 784]);
        for (same, colour) in [(true, FIRST), (false, SECOND)] {
            let picture = drawn(ImageShape::square(28), &[pair(&dark, &light, same); 8]);
            assert_eq!((picture.width, picture.height), (1168, 384));
            assert!(picture.shows_something() && picture.edge_is_white(15.0));
            assert_eq!(middle(&picture, image_at(false)), [30; 3]);
            assert_eq!(middle(&picture, image_at(true)), [200; 3]);
            let head = Rect { y: image_at(false).y - HEAD, height: HEAD, ..image_at(false) };
            assert!(picture.pixels(head).contains(&[colour.0, colour.1, colour.2]));
        }
    }

    #[test]
    fn any_side_is_scaled_to_the_same_size() {
        for side in [1, 3, 28, 224] {
            let (dark, light) = (vec![30; side * side], vec![200; side * side]);
            let picture = drawn(ImageShape::square(side), &[pair(&dark, &light, true)]);
            assert_eq!(middle(&picture, image_at(false)), [30; 3], "{side}");
            assert_eq!(middle(&picture, image_at(true)), [200; 3], "{side}");
        }
    }

    #[test]
    fn a_colour_image_that_is_not_square_is_in_the_middle_of_its_square() {
        let shape = ImageShape { channels: 3, height: 5, width: 7 };
        let plain = |colour: [u8; 3]| colour.map(|value| [value; 35]).concat();
        let (blue, sand) = (plain([10, 60, 200]), plain([220, 200, 120]));
        let picture = drawn(shape, &[pair(&blue, &sand, true)]);
        assert_eq!(middle(&picture, image_at(false)), [10, 60, 200]);
        assert_eq!(middle(&picture, image_at(true)), [220, 200, 120]);
        let top = Rect { height: 24.0, ..image_at(false) };
        assert_eq!(middle(&picture, top), [255; 3], "there is nothing above it");
    }

    #[test]
    fn more_than_eight_pairs_go_on_in_the_next_row() {
        let grey = [128; 4];
        let heights: Vec<u32> = [1, 8, 9, 17]
            .iter()
            .map(|count| {
                drawn(ImageShape::square(2), &vec![pair(&grey, &grey, true); *count]).height
            })
            .collect();
        assert_eq!(heights[0], heights[1]);
        assert!(heights[1] < heights[2] && heights[2] < heights[3], "{heights:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let grey = [128; 4];
        let error = |side: usize, pairs: &[SamplePair<'_>]| {
            draw("", ImageShape::square(side), pairs).unwrap_err().to_string()
        };
        assert!(error(2, &[]).contains("not 0"));
        assert!(error(0, &[pair(&[], &[], true)]).contains("of 0×0"));
        assert!(error(3, &[pair(&grey, &grey, true)]).contains("4 values is not 3×3"));
        assert!(error(2, &[pair(&grey, &grey[..3], true)]).contains("3 values"));
    }
}
