//! From the values of files to 8-bit grey or RGB, with the arithmetic of libjpeg and Pillow.

/// Pixels with one value or three.
pub(super) enum GreyOrRgb {
    Grey(Vec<u8>),
    Rgb(Vec<u8>),
}

/// The high byte of each 16-bit value.
pub(super) fn high_bytes(values: impl IntoIterator<Item = u16>) -> Vec<u8> {
    values.into_iter().map(|value| (value >> 8) as u8).collect()
}

/// Pixels of `TO` values from pixels of `FROM` values.
pub(super) fn converted<const FROM: usize, const TO: usize>(
    samples: &[u8],
    convert: impl Fn([u8; FROM]) -> [u8; TO],
) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks();
    let mut all = vec![0; pixels.len() * TO];
    let (converted, _) = all.as_chunks_mut();
    pixels.iter().zip(converted).for_each(|(pixel, to)| *to = convert(*pixel));
    all
}

/// The colours of indices. A palette in which each index has the grey of its own number is none.
pub(super) fn looked_up(indices: Vec<u8>, palette: &[u8]) -> GreyOrRgb {
    let (colours, _) = palette.as_chunks::<3>();
    if colours.iter().enumerate().all(|(index, colour)| *colour == [index as u8; 3]) {
        return GreyOrRgb::Grey(indices);
    }
    let colour = |index: u8| colours.get(usize::from(index)).copied().unwrap_or_default();
    GreyOrRgb::Rgb(converted(&indices, |[index]| colour(index)))
}

/// RGB of a YCbCr colour, as in libjpeg.
pub(super) fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    // Weights with 16 bits after the point.
    const RED_CR: i32 = 91_881;
    const GREEN_CB: i32 = 22_554;
    const GREEN_CR: i32 = 46_802;
    const BLUE_CB: i32 = 116_130;
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    [
        y + ((RED_CR * cr + HALF) >> 16),
        y + ((HALF - GREEN_CB * cb - GREEN_CR * cr) >> 16),
        y + ((BLUE_CB * cb + HALF) >> 16),
    ]
    .map(|value| value.clamp(0, 255) as u8)
}

/// RGB of ink, as in Pillow: without colour profiles, black is taken off each colour.
pub(super) fn cmyk_to_rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let white = 255 - u32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let product = u32::from(ink) * white + 128;
        white.saturating_sub(((product >> 8) + product) >> 8) as u8
    })
}

/// Divides a colour by the alpha it was multiplied by.
pub(super) fn divided_by_alpha([red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let divided = |value: u8| match alpha {
        0 => 0,
        alpha => (u32::from(value) * 255 / u32::from(alpha)).min(255) as u8,
    };
    [divided(red), divided(green), divided(blue), alpha]
}

/// Values of `bits` bits (1, 2 or 4), which are packed so that each row of `row` values starts a byte.
pub(super) fn unpacked(packed: &[u8], bits: usize, row: usize) -> Vec<u8> {
    let per_byte = 8 / bits;
    let value = |bytes: &[u8], at: usize| {
        let shift = 8 - bits * (at % per_byte + 1);
        (bytes[at / per_byte] >> shift) & ((1 << bits) - 1)
    };
    let rows = packed.chunks_exact(row.div_ceil(per_byte));
    rows.flat_map(|bytes| (0..row).map(move |at| value(bytes, at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_packed_values_start_with_a_byte() {
        assert_eq!(unpacked(&[0b1010_0000, 0b0100_0000], 1, 3), [1, 0, 1, 0, 1, 0]);
        assert_eq!(unpacked(&[0x1b, 0xc0], 2, 5), [0, 1, 2, 3, 3]);
        assert_eq!(unpacked(&[0x1f, 0x20], 4, 3), [1, 15, 2]);
    }

    #[test]
    fn grey_stays_grey_whatever_its_model() {
        for grey in 0..=255 {
            assert_eq!(ycbcr_to_rgb([grey, 128, 128]), [grey; 3]);
            assert_eq!(cmyk_to_rgb([0, 0, 0, 255 - grey]), [grey; 3]);
            assert_eq!(divided_by_alpha([grey, grey, grey, 255]), [grey, grey, grey, 255]);
        }
    }

    #[test]
    fn indices_beyond_a_palette_are_black() {
        let GreyOrRgb::Rgb(pixels) = looked_up(vec![0, 7], &[1, 2, 3]) else { panic!("RGB") };
        assert_eq!(pixels, [1, 2, 3, 0, 0, 0]);
    }
}
