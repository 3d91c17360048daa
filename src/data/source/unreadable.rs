//! Recognises unsupported formats, to say what they are and how to convert them.

use std::path::Path;

use crate::error::{Fault, Result};

/// Bytes at the start that are examined for zeros and control characters, which text lacks.
const SNIFFED: usize = 8192;

/// Words at the start by which a text format is recognised.
const SNIFFED_WORDS: usize = 4;

/// An unsupported format and how to convert its files.
struct Format {
    /// Its name with an article.
    name: &'static str,
    /// Its first bytes, or those at `offset`.
    magic: &'static [u8],
    /// The offset of `magic`.
    offset: usize,
    /// How to convert its files; `FILE` is replaced by the quoted file name.
    remedy: &'static str,
}

const fn format(name: &'static str, magic: &'static [u8], remedy: &'static str) -> Format {
    Format { name, magic, offset: 0, remedy }
}

const IMAGE: &str =
    "name a folder of pictures with a folder per class, or a CSV with the columns path and label";
const UNPACK: &str = "extract it and name the file in it";
const SHEET: &str = "save the sheet as CSV";
const PICKLE: &str = "save it as CSV, in Python, if you trust it: import pandas as pd; \
     pd.read_pickle(FILE).to_csv('images.csv', index=False)";
const HDF5: &str = "save it as CSV, in Python: import h5py, pandas as pd; f = h5py.File(FILE); \
     print(list(f)); x = f['images'][:]; pd.DataFrame(x.reshape(len(x), -1))\
     .assign(label=f['labels'][:]).to_csv('images.csv', index=False)";
const MATLAB: &str = "save it as CSV, in Python: import pandas as pd, scipy.io; \
     m = scipy.io.loadmat(FILE); print(m.keys()); \
     pd.DataFrame(m['X']).assign(label=m['y'].ravel()).to_csv('images.csv', index=False)";
const DOWNLOAD: &str = "it may be a download page or a login page: download the file itself";

const JSON: &str = "save it as CSV, in Python: import pandas as pd; \
     pd.read_json(FILE).to_csv('images.csv', index=False)";
const ARFF: &str = "save it as CSV, in Python: import pandas as pd, scipy.io.arff; \
     pd.DataFrame(scipy.io.arff.loadarff(FILE)[0]).to_csv('images.csv', index=False)";

/// Binary formats.
const FORMATS: &[Format] = &[
    format("a PNG image", b"\x89PNG\r\n\x1a\n", IMAGE),
    format("a JPEG image", b"\xff\xd8\xff", IMAGE),
    format("a GIF image", b"GIF8", IMAGE),
    format("a TIFF image", b"II*\0", IMAGE),
    format("a TIFF image", b"MM\0*", IMAGE),
    Format { name: "a WebP image", magic: b"WEBP", offset: 8, remedy: IMAGE },
    format("a PGM image", b"P5\n", IMAGE),
    format("a PPM image", b"P6\n", IMAGE),
    format(
        "a Parquet file",
        b"PAR1",
        "save it as CSV, in Python: import pandas as pd; \
         pd.read_parquet(FILE).to_csv('images.csv', index=False)",
    ),
    format(
        "an Arrow (Feather) file",
        b"ARROW1",
        "save it as CSV, in Python: import pandas as pd; \
         pd.read_feather(FILE).to_csv('images.csv', index=False)",
    ),
    format(
        "an ORC file",
        b"ORC",
        "save it as CSV, in Python: import pandas as pd; \
         pd.read_orc(FILE).to_csv('images.csv', index=False)",
    ),
    format("an Avro file", b"Obj\x01", "save it as CSV"),
    format(
        "an SQLite database",
        b"SQLite format 3\0",
        "save its table as CSV: sqlite3 -header -csv DATABASE 'select * from TABLE' > images.csv",
    ),
    format("an Excel workbook (XLS)", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SHEET),
    format("an HDF5 file", b"\x89HDF\r\n\x1a\n", HDF5),
    Format {
        name: "a MATLAB 7.3 (HDF5) file",
        magic: b"\x89HDF\r\n\x1a\n",
        offset: 512,
        remedy: HDF5,
    },
    format("a MATLAB file", b"MATLAB 5.0 MAT-file", MATLAB),
    format("a Python pickle", b"\x80\x02", PICKLE),
    format("a Python pickle", b"\x80\x03", PICKLE),
    format("a Python pickle", b"\x80\x04", PICKLE),
    format("a Python pickle", b"\x80\x05", PICKLE),
    format(
        "an R data file",
        b"RDX",
        "save it as CSV, in R: write.csv(x, 'images.csv', row.names=FALSE)",
    ),
    format(
        "an R data file",
        b"X\n\0\0",
        "save it as CSV, in R: write.csv(readRDS(FILE), 'images.csv', row.names=FALSE)",
    ),
    format("a PDF document", b"%PDF", "name a CSV of images"),
    Format { name: "a tar archive", magic: b"ustar", offset: 257, remedy: UNPACK },
    format("a 7z archive", b"7z\xbc\xaf\x27\x1c", UNPACK),
    format("a RAR archive", b"Rar!\x1a\x07", UNPACK),
    format("an LZ4 file", b"\x04\x22\x4d\x18", UNPACK),
    format("a compressed (Z) file", b"\x1f\x9d", UNPACK),
    format("an LZMA file", b"\x5d\0\0", UNPACK),
    format("a program", b"\x7fELF", "name a CSV of images"),
];

/// Text formats: start of the text in lower case without white space, name, remedy.
const TEXT_FORMATS: &[(&str, &str, &str)] = &[
    ("<!doctypehtml", "an HTML page", DOWNLOAD),
    ("<html", "an HTML page", DOWNLOAD),
    ("<?xml", "an XML file", "save it as CSV"),
    ("{\"", "JSON", JSON),
    ("[{", "JSON", JSON),
    ("[[", "JSON", JSON),
    ("@relation", "an ARFF file", ARFF),
    (
        "versionhttps://git-lfs.github.com/spec/",
        "a Git LFS pointer instead of the file",
        "get the file itself: git lfs pull",
    ),
];

/// Refuses binary files, and text of unsupported formats.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) with the format and how to convert the file; for an
/// unknown format, with the `kinds` that can be read.
pub(super) fn refuse(path: &Path, bytes: &[u8], kinds: &str) -> Result<()> {
    let start = &bytes[..bytes.len().min(SNIFFED)];
    let starts_with = |known: &&Format| {
        start.get(known.offset..).is_some_and(|rest| rest.starts_with(known.magic))
    };
    // Some formats start with letters, and so may a table.
    let known = || FORMATS.iter().find(starts_with).map(|format| (format.name, format.remedy));
    let known = if is_text(start) { text_format(start) } else { known() };
    match known {
        Some((name, remedy)) => Err(fault(path, name, remedy).into()),
        None if has_controls(start) => {
            let remedy = format!("name {kinds}, compressed or not");
            let problem = "is binary, of an unknown format";
            Err(Fault::new(path, problem).remedy(remedy).into())
        }
        None => Ok(()),
    }
}

/// Whether bytes are UTF-8, possibly truncated within a character, without control characters.
fn is_text(start: &[u8]) -> bool {
    let is_utf8 = match str::from_utf8(start) {
        Ok(_) => true,
        Err(found) => found.error_len().is_none(),
    };
    is_utf8 && !has_controls(start)
}

/// Whether there is a zero byte, or more control characters than text has.
fn has_controls(start: &[u8]) -> bool {
    let controls = start.iter().filter(|byte| byte.is_ascii_control());
    let controls = controls.filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r' | b'\x0c'));
    start.contains(&0) || controls.count() * 50 > start.len()
}

fn text_format(start: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(start).to_lowercase();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Comments come first in ARFF files.
    let lines = text.lines().filter(|line| !line.starts_with('%'));
    let text: String = lines.flat_map(str::split_whitespace).take(SNIFFED_WORDS).collect();
    let known = TEXT_FORMATS.iter().find(|(first, ..)| text.starts_with(first));
    known.map(|&(_, name, remedy)| (name, remedy))
}

/// The error for a zip with these files if it is a zip-based format.
pub(super) fn format_in_zip(path: &Path, names: &[&str]) -> Option<Fault> {
    let any = |wanted: &dyn Fn(&str) -> bool| names.iter().any(|name| wanted(name));
    let (name, remedy) = if any(&|name| name.starts_with("xl/")) {
        ("an Excel workbook (XLSX)", SHEET)
    } else if any(&|name| name.ends_with("data.pkl")) {
        ("a PyTorch file", "save the images as CSV, with a label and the pixels in each row")
    } else if any(&|name| name == "content.xml") {
        ("a LibreOffice document", SHEET)
    } else if any(&|name| name.starts_with("word/")) {
        ("a Word document", "name a CSV of images")
    } else {
        return None;
    };
    Some(fault(path, name, remedy))
}

fn fault(path: &Path, name: &str, remedy: &str) -> Fault {
    let quoted = format!("{:?}", path.to_string_lossy());
    Fault::new(path, format!("is {name}, not CSV")).remedy(remedy.replace("FILE", &quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        refuse(Path::new("a.csv"), bytes, "a CSV").unwrap_err().to_string()
    }

    #[test]
    fn unsupported_formats_are_named_with_a_way_to_convert_them() {
        let parquet = message(b"PAR1\x15\x04\x15\0");
        assert_eq!(
            parquet,
            "a.csv: is a Parquet file, not CSV; save it as CSV, in Python: import pandas as pd; \
             pd.read_parquet(\"a.csv\").to_csv('images.csv', index=False)"
        );
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let is_named = |bytes: &[u8], name: &str| {
            let message = message(bytes);
            assert!(message.starts_with(&format!("a.csv: is {name}, not CSV; ")), "{message}");
        };
        is_named(&tar, "a tar archive");
        is_named(b"\x89PNG\r\n\x1a\n\0\0", "a PNG image");
        is_named(b"RIFF\0\0\0\0WEBPVP8", "a WebP image");
        is_named(b"\x80\x05\x95", "a Python pickle");
        is_named(
            b"version https://git-lfs.github.com/spec/v1\noid",
            "a Git LFS pointer instead of the file",
        );
        is_named(b"\n <!DOCTYPE HTML>\n", "an HTML page");
        is_named(b"% 1. Title\n%\n@RELATION mnist\n", "an ARFF file");
        is_named(b"{\n  \"label\": 1}", "JSON");
        let message = message(&[7, 0, 9]);
        assert!(message.starts_with("a.csv: is binary, of an unknown format"), "{message}");
    }

    #[test]
    fn a_table_is_not_taken_for_another_format() {
        let tables =
            ["label,p\n", "", "PNG,1,2\n", "ORC,1\n", "%,1\n", "html,3\n", "{a},1\n", "[1,2],3\n"];
        for text in tables {
            assert!(refuse(Path::new("a.csv"), text.as_bytes(), "a CSV").is_ok(), "{text}");
        }
        assert!(refuse(Path::new("a.csv"), b"T\xfcr,1\n", "a CSV").is_ok());
    }
}
