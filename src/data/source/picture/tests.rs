//! Every kind of picture against Pillow; see `tests/reference/pictures.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use flate2::Crc;
use safetensors::SafeTensors;

use super::*;
use crate::data::{Fit, ImageShape};

fn reference() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(reference().join("pictures").join(name)).unwrap()
}

/// What Pillow reads, and its mode of each file.
struct Pillow {
    bytes: Vec<u8>,
    modes: BTreeMap<String, String>,
}

impl Pillow {
    fn new() -> Pillow {
        let bytes = fs::read(reference().join("pictures.safetensors")).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let modes = &metadata.metadata().as_ref().unwrap()["modes"];
        let modes = serde_json::from_str(modes).unwrap();
        Pillow { bytes, modes }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    /// The largest difference of a picture from a tensor of the same shape.
    fn difference(&self, picture: &Picture, tensor: &str) -> u8 {
        let found = self.tensors();
        let wanted = found.tensor(tensor).unwrap_or_else(|_| panic!("{tensor} is missing"));
        let ImageShape { channels, height, width } = picture.shape;
        let shape = if channels == 1 { vec![height, width] } else { vec![height, width, channels] };
        assert_eq!(wanted.shape(), shape, "{tensor}");
        let pairs = picture.pixels.iter().zip(wanted.data());
        pairs.map(|(found, wanted)| found.abs_diff(*wanted)).max().unwrap()
    }
}

/// The largest accepted difference, which is the largest seen in these files.
fn tolerance(name: &str) -> u8 {
    match name {
        "jpeg.tif" | "555.bmp" | "565.bmp" => 1,
        _ if name.ends_with(".jpg") => 3,
        _ => 0,
    }
}

#[test]
fn pictures_of_every_kind_equal_those_of_pillow() {
    let pillow = Pillow::new();
    for name in pillow.modes.keys() {
        let bytes = file(name);
        let picture = decode(&bytes).unwrap_or_else(|problem| panic!("{name} {problem}"));
        let header = Header { height: picture.shape.height, width: picture.shape.width };
        assert_eq!(read_header(&bytes), Ok(header), "{name}");
        let grey = pillow.difference(&picture.clone().into_grey(), &format!("{name}/L"));
        let rgb = pillow.difference(&picture.into_rgb(), &format!("{name}/RGB"));
        let most = tolerance(name);
        assert!(grey <= most && rgb <= most, "{name}: {grey} in grey, {rgb} in colour");
    }
}

#[test]
fn a_picture_is_grey_if_it_is_for_pillow() {
    for (name, mode) in Pillow::new().modes {
        // Pillow reads grey with alpha in 16 bits as RGB.
        let is_grey = name == "grey_alpha_16.png" || ["1", "L", "LA", "I;16"].contains(&&*mode);
        let picture = decode(&file(&name)).unwrap();
        assert_eq!(picture.shape.channels == 1, is_grey, "{name}");
        assert!(!(is_grey && picture.is_coloured()), "{name}");
    }
}

#[test]
fn pictures_are_fitted_as_by_pillow_to_the_bit() {
    let pillow = Pillow::new();
    let tensors = pillow.tensors();
    let fits = tensors.names().into_iter().filter_map(|name| {
        let &[file, fit, size] = name.split('/').collect::<Vec<_>>().as_slice() else {
            return None;
        };
        Some((name, file, fit.parse::<Fit>().unwrap(), size.split_once('x').unwrap()))
    });
    let mut count = 0;
    for (name, picture, fit, (height, width)) in fits {
        let picture = decode(&file(picture)).unwrap();
        let fitted = picture.fitted(height.parse().unwrap(), width.parse().unwrap(), fit);
        assert_eq!(pillow.difference(&fitted, name), 0, "{name}");
        count += 1;
    }
    assert_eq!(count, 36);
}

#[test]
fn alpha_and_16_bits_are_noticed() {
    let of = |name: &str| decode(&file(name)).map(|found| (found.had_opacity, found.was_deep));
    for name in ["rgba.png", "palette_transparent.png", "transparent.gif", "grey_alpha.tif"] {
        assert_eq!(of(name), Ok((true, false)), "{name}");
    }
    assert_eq!(of("lossy_alpha.webp"), Ok((true, false)));
    assert_eq!(of("rgba_16.png"), Ok((true, true)));
    assert_eq!([of("grey_16.png"), of("rgb_16.tif")], [Ok((false, true)), Ok((false, true))]);
    assert_eq!([of("rgb.png"), of("420.jpg")], [Ok((false, false)), Ok((false, false))]);
}

#[test]
fn a_picture_of_equal_channels_is_not_coloured() {
    let grey = decode(&file("grey_8.png")).unwrap();
    let rgb = grey.clone().into_rgb();
    assert_eq!((rgb.shape.channels, rgb.is_coloured()), (3, false));
    assert_eq!(rgb.into_grey(), grey);
    assert!(decode(&file("rgb.png")).unwrap().is_coloured());
}

#[test]
fn planes_are_red_then_green_then_blue() {
    let pixels = vec![1, 2, 3, 4, 5, 6];
    let shape = ImageShape { channels: 3, height: 1, width: 2 };
    let picture = Picture { pixels, shape, had_opacity: false, was_deep: false };
    assert_eq!(picture.into_planes(), [1, 4, 2, 5, 3, 6]);
}

/// One file of each format.
const ONE_EACH: [&str; 7] =
    ["420.jpg", "progressive.jpg", "rgb.png", "lossless.webp", "rgb.bmp", "rgb.tif", "plain.gif"];

#[test]
fn truncated_pictures_are_called_so() {
    for name in ONE_EACH {
        let bytes = file(name);
        for part in [bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4] {
            assert_eq!(decode(&bytes[..part]).unwrap_err(), "is truncated", "{name} {part}");
        }
    }
    let jpeg = file("420.jpg");
    assert_eq!(decode(&jpeg[..jpeg.len() - 1]).unwrap_err(), "is truncated");
}

#[test]
fn damaged_pictures_are_refused_or_read_but_never_panic() {
    for name in Pillow::new().modes.keys() {
        let bytes = file(name);
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 60) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            for bytes in [&damaged, &bytes[..at]] {
                let (header, picture) = (read_header(bytes), decode(bytes));
                if let Ok(picture) = picture {
                    assert_eq!(picture.pixels.len(), picture.shape.values(), "{name} {at}");
                    let Header { height, width } = header.unwrap();
                    assert_eq!((picture.shape.height, picture.shape.width), (height, width));
                }
            }
        }
    }
    let mut png = file("rgb.png");
    let data = png.len() - 30;
    png[data] ^= 1;
    assert!(decode(&png).unwrap_err().starts_with("is damaged ("));
}

#[test]
fn the_extension_does_not_matter_and_bytes_after_the_end_do_not() {
    let mut bytes = file("420.jpg");
    let picture = decode(&bytes);
    bytes.extend_from_slice(b"\0\0trailing bytes\xff\xd8\xff");
    assert_eq!(decode(&bytes), picture);
}

/// A PNG of these sides without its pixels.
fn png_header(height: u32, width: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let mut crc = Crc::new();
        crc.update(&[kind, data].concat());
        [&(data.len() as u32).to_be_bytes(), kind, data, &crc.sum().to_be_bytes()].concat()
    };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunk(b"IDAT", b"\x78\x9c")].concat()
}

#[test]
fn a_picture_of_too_many_pixels_is_refused_by_its_header() {
    let problem = |height, width| {
        format!("has {height}×{width} pixels, more than the 67,108,864 of 8192×8192: scale it down")
    };
    assert_eq!(decode(&png_header(30_000, 30_001)), Err(problem(30_000, 30_001)));
    assert_eq!(read_header(&png_header(1, 8192 * 8192 + 1)), Err(problem(1, 8192 * 8192 + 1)));
    let wide = Header { height: 1, width: 8192 * 8192 };
    assert_eq!(read_header(&png_header(1, 8192 * 8192)), Ok(wide));
    let mut jpeg = file("444.jpg");
    let frame = jpeg.windows(2).position(|two| two == b"\xff\xc0").unwrap() + 5;
    jpeg[frame..frame + 4].copy_from_slice(&[0xff; 4]);
    assert_eq!(decode(&jpeg), Err(problem(65_535, 65_535)));
    let mut gif = file("plain.gif");
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(decode(&gif), Err(problem(65_535, 65_535)));
    let mut bmp = file("rgb.bmp");
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    assert_eq!(decode(&bmp), Err(problem(65_535, 65_535)));
}
