//! The images of a t-SNE's points, all in one picture.

use crate::report::paint::address_of;

/// Rows and columns of an image that is shown beside the pointer.
const LARGEST: usize = 32;

/// Images in rows of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Sprite {
    /// Rows and columns of one of them.
    pub side: usize,
    /// Images in a row.
    pub across: usize,
    /// The whole as the address of itself.
    pub address: String,
}

impl Sprite {
    /// Puts images of `side`×`side` grey values together; larger ones than 32×32 are shrunk by the
    /// mean of their pixels.
    pub fn new<'a>(side: usize, images: impl ExactSizeIterator<Item = &'a [u8]>) -> Sprite {
        let step = side.div_ceil(LARGEST).max(1);
        let small = (side / step).max(1);
        let across = (images.len() as f64).sqrt().ceil().max(1.0) as usize;
        let down = images.len().div_ceil(across).max(1);
        let width = across * small;
        let mut pixels = vec![0; width * down * small];
        for (place, image) in images.enumerate() {
            let (left, top) = (place % across * small, place / across * small);
            for y in 0..small {
                for x in 0..small {
                    pixels[(top + y) * width + left + x] =
                        mean(image, side, (x * step, y * step), step);
                }
            }
        }
        let address = address_of(width, down * small, &pixels);
        Sprite { side: small, across, address }
    }
}

/// The mean of a square of pixels.
fn mean(image: &[u8], side: usize, (x, y): (usize, usize), step: usize) -> u8 {
    let row = |dy: usize| &image[(y + dy) * side + x..(y + dy) * side + x + step];
    let sum: usize = (0..step).flat_map(|dy| row(dy).iter().map(|&grey| usize::from(grey))).sum();
    (sum / (step * step)) as u8
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pixels(sprite: &Sprite) -> (u32, Vec<u8>) {
        let png = STANDARD.decode(sprite.address.split_once(',').unwrap().1).unwrap();
        let picture = image::load_from_memory(&png).unwrap().to_luma8();
        (picture.width(), picture.into_raw())
    }

    #[test]
    fn images_stand_in_rows_and_large_ones_are_shrunk() {
        let images: Vec<Vec<u8>> = (0..3).map(|i| vec![i * 10; 4]).collect();
        let sprite = Sprite::new(2, images.iter().map(Vec::as_slice));
        assert_eq!((sprite.side, sprite.across), (2, 2));
        assert_eq!(
            pixels(&sprite),
            (4, vec![0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 0, 0, 20, 20, 0, 0])
        );
        let large = [[vec![100; 32], vec![200; 32]].concat(), vec![0; 64 * 63]].concat();
        let sprite = Sprite::new(64, [large.as_slice()].into_iter());
        assert_eq!(sprite.side, 32);
        let (width, shrunk) = pixels(&sprite);
        assert_eq!((width, shrunk[0], shrunk[15], shrunk[16], shrunk[32]), (32, 50, 50, 100, 0));
    }
}
