//! Recognises the format of a picture by its first bytes.

use super::source::truncated;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
    Bmp,
    Tiff,
    Gif,
}

/// The first bytes of the formats that are read. Those of BigTIFF are with the other TIFFs.
const FORMATS: [(&[u8], Format); 9] = [
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
    (b"BM", Format::Bmp),
];

/// What a picture is taken for instead: what follows `is` in the message, and how it is recognised.
type Other = (&'static str, fn(&[u8]) -> bool);

/// Formats that are not read, with how to convert them, and what downloads leave in place of pictures.
const OTHERS: &[Other] = &[
    ("a HEIC picture: convert it, as with heif-convert FILE FILE.png", |bytes| {
        has_brand(bytes, &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
    }),
    ("an AVIF picture: convert it, as with avifdec FILE FILE.png", |bytes| {
        has_brand(bytes, &[b"avif", b"avis"])
    }),
    ("a camera's RAW file: develop it, as with darktable-cli FILE FILE.png", is_raw),
    ("a video: extract its frames, as with ffmpeg -i FILE %05d.png", |bytes| {
        bytes.get(4..8) == Some(b"ftyp")
    }),
    ("an SVG drawing: convert it, as with rsvg-convert -o FILE.png FILE", is_svg),
    ("a JPEG XL picture: convert it, as with djxl FILE FILE.png", |bytes| {
        bytes.starts_with(b"\xff\x0a") || bytes.starts_with(b"\0\0\0\x0cJXL ")
    }),
    ("a JPEG 2000 picture: convert it, as with magick FILE FILE.png", |bytes| {
        bytes.starts_with(b"\xff\x4f\xff\x51") || bytes.starts_with(b"\0\0\0\x0cjP  ")
    }),
    ("a PNM picture: convert it, as with magick FILE FILE.png", |bytes| {
        matches!(bytes, [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..])
    }),
    ("an icon (ICO): convert it, as with magick FILE FILE.png", |bytes| {
        bytes.starts_with(b"\0\0\x01\0")
    }),
    ("a Photoshop document: save it as PNG", |bytes| bytes.starts_with(b"8BPS")),
    ("a DICOM file: convert it, as with dcmj2pnm +on FILE FILE.png", |bytes| {
        bytes.get(128..132) == Some(b"DICM")
    }),
    ("a pointer of Git LFS, not the picture: run git lfs pull", |bytes| {
        bytes.starts_with(b"version https://git-lfs")
    }),
    ("a web page, not a picture: download the file itself", |bytes| {
        let start = text_start(bytes).to_ascii_lowercase();
        start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
    }),
    ("full of zeros", |bytes| bytes.iter().all(|&byte| byte == 0)),
];

impl Format {
    /// The format of a picture.
    ///
    /// # Errors
    /// What it is instead, as a phrase that follows the file's name.
    pub fn of(bytes: &[u8]) -> Result<Format, String> {
        if bytes.is_empty() {
            return Err("is empty".to_owned());
        }
        if let Some((what, _)) = OTHERS.iter().find(|(_, is_one)| is_one(bytes)) {
            return Err(format!("is {what}"));
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Format::WebP);
        }
        match FORMATS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            Some((_, format)) => Ok(*format),
            None if FORMATS.iter().any(|(magic, _)| magic.starts_with(bytes)) => Err(truncated()),
            None => Err("is no JPEG, PNG, WebP, BMP, TIFF or GIF: convert it".to_owned()),
        }
    }
}

/// Whether a file of the ISO family (HEIC, AVIF, MP4) has one of these brands.
fn has_brand(bytes: &[u8], brands: &[&[u8; 4]]) -> bool {
    bytes.get(4..8) == Some(b"ftyp")
        && bytes.get(8..12).is_some_and(|brand| brands.iter().any(|known| brand == *known))
}

/// Whether a file is of a camera, as far as its first bytes tell: Canon, Olympus, Panasonic, Fujifilm,
/// Sigma, Minolta. Those of Nikon, Sony and Adobe are TIFFs that begin with a thumbnail.
fn is_raw(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 7] = [b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILM", b"FOVb", b"\0MRM"];
    let is_canon = bytes.starts_with(b"II*\0") && bytes.get(8..10) == Some(b"CR");
    is_canon || has_brand(bytes, &[b"crx "]) || starts.iter().any(|start| bytes.starts_with(start))
}

fn is_svg(bytes: &[u8]) -> bool {
    let start = text_start(bytes);
    start.starts_with(b"<svg")
        || (start.starts_with(b"<?xml") || start.starts_with(b"<!DOCTYPE svg"))
            && start.windows(4).any(|four| four == b"<svg")
}

/// The first bytes of a text, after a byte-order mark and blanks.
fn text_start(bytes: &[u8]) -> &[u8] {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    &text[..text.len().min(2048)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_are_not_read_are_named_with_how_to_convert_them() {
        let raw: &[u8] = b"II*\0\x10\0\0\0CR\x02\0";
        for (bytes, what) in [
            (
                b"\0\0\0\x18ftypheic\0\0\0\0".as_slice(),
                "is a HEIC picture: convert it, as with heif",
            ),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "is an AVIF picture: convert it, as with avifdec"),
            (b"\0\0\0\x1cftypisom\0\0\0\0", "is a video: extract its frames"),
            (raw, "is a camera's RAW file: develop it"),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg width='2'/>", "is an SVG drawing"),
            (b"<!DOCTYPE html><title>Sign in</title>", "is a web page, not a picture"),
            (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
            (b"P5\n2 2\n255\n", "is a PNM picture"),
            (&[0; 64], "is full of zeros"),
        ] {
            let found = Format::of(bytes).unwrap_err();
            assert!(found.starts_with(what), "{found}");
        }
    }

    #[test]
    fn what_is_no_picture_is_told_from_one_that_is_cut_off() {
        let problem = |bytes: &[u8]| Format::of(bytes).unwrap_err();
        assert_eq!(problem(b""), "is empty");
        assert_eq!(problem(b"\x89PN"), "is truncated");
        let none = "is no JPEG, PNG, WebP, BMP, TIFF or GIF: convert it";
        assert_eq!([problem(b"GIF? no"), problem(b"path,label\n")], [none; 2]);
    }
}
