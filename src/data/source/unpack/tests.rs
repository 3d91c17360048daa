//! Intact and damaged files from the encoders of the same libraries. Files of the command-line tools are
//! in `tests/cases`.

use std::io::Write;
use std::num::NonZeroU64;

use flate2::write::GzEncoder;
use lzma_rust2::{LzipOptions, LzipWriter, XzOptions, XzWriter};

use super::*;

const ENOUGH: Memory = Memory { total: 1 << 40, available: 1 << 36 };

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut options = XzOptions::with_preset(0);
    options.set_block_size(NonZeroU64::new(1 << 20));
    let mut encoder = XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn lzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = LzipWriter::new(Vec::new(), LzipOptions::with_preset(0));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = ::zip::write::SimpleFileOptions::default();
        match name.ends_with('/') {
            true => writer.add_directory(*name, options).unwrap(),
            false => {
                writer.start_file(*name, options).unwrap();
                writer.write_all(content).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

type Encoder = fn(&[u8]) -> Vec<u8>;

/// Formats that can be concatenated.
const STREAMS: [(&str, Encoder); 5] =
    [("gzip", gzip), ("bzip2", bzip2), ("xz", xz), ("lzip", lzip), ("zstd", zstd)];

fn unpack_all(content: &[u8], memory: Memory) -> Result<(Vec<u8>, Vec<String>)> {
    let mut remarks = Vec::new();
    // The name has no extension, so only the content can decide.
    let path = Path::new("file");
    let found = decompress_all(path, Bytes::Owned(content.to_vec().into()), memory, &mut remarks)?;
    Ok((found.to_vec(), remarks))
}

fn content_of(content: &[u8]) -> Vec<u8> {
    unpack_all(content, ENOUGH).unwrap().0
}

fn message(content: &[u8]) -> String {
    let text = unpack_all(content, ENOUGH).unwrap_err().to_string();
    text.strip_prefix("file: ").unwrap().to_owned()
}

/// Bytes that compress little, from a linear congruential generator.
fn noise(count: usize) -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(1), next).map(|state: u32| (state >> 24) as u8).take(count).collect()
}

#[test]
fn plain_and_compressed_files_give_the_same_bytes() {
    assert_eq!(content_of(b"1,2\n"), b"1,2\n");
    assert!(content_of(b"").is_empty());
    for (name, pack) in STREAMS {
        let long = noise(1_500_000);
        assert_eq!(content_of(&pack(b"1,2\n")), b"1,2\n", "{name}");
        assert!(content_of(&pack(b"")).is_empty(), "{name}");
        assert!(content_of(&pack(&long)) == long, "{name}");
        assert_eq!(unpack_all(&pack(b"1,2\n"), ENOUGH).unwrap().1, [""; 0], "{name}");
    }
}

#[test]
fn concatenated_streams_are_one_file() {
    for (name, pack) in STREAMS {
        let streams = [pack(b"1,2\n"), pack(b""), pack(b"3,4\n")].concat();
        assert_eq!(content_of(&streams), b"1,2\n3,4\n", "{name}");
    }
    // A skippable frame of four bytes, which pzstd writes first.
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 9, 9, 9, 9];
    assert_eq!(content_of(&[&skipped[..], &zstd(b"1,2\n")].concat()), b"1,2\n");
}

#[test]
fn truncated_files_are_reported() {
    for (name, pack) in STREAMS {
        let whole = pack(&noise(9999));
        for end in [whole.len() - 1, whole.len() / 2, 20] {
            let text = message(&whole[..end]);
            let start = format!("the {name} is truncated after ");
            assert!(text.starts_with(&start), "{end} of {}: {text}", whole.len());
            assert!(
                text.ends_with(" decompressed bytes; download or create the file again"),
                "{text}"
            );
        }
    }
}

#[test]
fn corrupt_files_are_reported() {
    for (name, pack) in STREAMS {
        let mut broken = pack(&noise(9999));
        let middle = broken.len() / 2;
        broken[middle..middle + 64].fill(0xff);
        let text = message(&broken);
        assert!(text.starts_with(&format!("the {name} is corrupt after ")), "{text}");
    }
    let mut wrong_checksum = gzip(&noise(9999));
    let end = wrong_checksum.len() - 6;
    wrong_checksum[end] ^= 1;
    assert!(message(&wrong_checksum).starts_with("the gzip is corrupt after 9999 "));
}

#[test]
fn bytes_after_the_end_are_reported() {
    for (name, pack) in STREAMS {
        let followed =
            [pack(&noise(9999)), b"and more bytes that belong to nothing".to_vec()].concat();
        let text = message(&followed);
        assert!(text.starts_with(&format!("the {name} is corrupt after 9999 ")), "{text}");
    }
}

#[test]
fn decompression_bombs_are_refused_before_they_fill_the_memory() {
    // A megabyte of zeros compresses to at most a kilobyte, so this decompresses to ten gigabytes.
    for (name, pack) in STREAMS {
        let bomb = pack(&vec![0; 1 << 20]).repeat(10_000);
        let text = message(&bomb);
        assert!(text.contains(&format!(" of the {name} decompress to ")), "{text}");
        assert!(
            text.contains(", too much for images; use another file, or a part of it"),
            "{text}"
        );
    }
    let bomb = zipped(&[("zeros.csv", &vec![0; 80 << 20])]);
    assert!(message(&bomb).contains(" of the zip decompress to "), "{}", message(&bomb));
    assert_eq!(content_of(&gzip(&vec![0; 60 << 20])).len(), 60 << 20);
}

#[test]
fn files_larger_than_the_memory_are_refused() {
    let small = Memory { total: 1 << 40, available: 5_000_000 };
    for (name, pack) in STREAMS {
        let text = unpack_all(&pack(&vec![7; 9_000_000]), small).unwrap_err().to_string();
        let more = format!("the {name} decompresses to more than the 5 MB of free memory");
        // xz states beforehand how much memory the decoder needs.
        let too_little = format!("decompressing the {name} needs more than the free memory");
        assert!(text.contains(&more) || text.contains(&too_little), "{text}");
    }
    let guard = Guard { path: Path::new("a.gz"), name: "gzip", largest_ratio: 100, memory: small };
    assert!(guard.refuse_bomb(4_900_000, 1_000_000_000).is_ok());
    assert!(guard.refuse_bomb(5_100_000, 1_000_000_000).is_err());
}

#[test]
fn the_only_file_of_a_zip_is_read_and_named() {
    let zip = zipped(&[
        ("data/", b""),
        ("data/train.csv", b"1,2\n"),
        ("__MACOSX/data/._train.csv", b"?"),
        ("data/.DS_Store", b"?"),
    ]);
    let (content, remarks) = unpack_all(&zip, ENOUGH).unwrap();
    assert_eq!(content, b"1,2\n");
    assert_eq!(remarks, ["zip archive: reading its file data/train.csv"]);
    let nested = zipped(&[("train.csv.gz", &gzip(b"1,2\n"))]);
    assert_eq!(content_of(&nested), b"1,2\n");
}

#[test]
fn a_zip_of_no_file_or_several_is_refused_with_their_names() {
    assert_eq!(message(&zipped(&[("a/", b"")])), "is a zip archive without a file");
    assert_eq!(message(&zipped(&[])), "is a zip archive without a file");
    let several = zipped(&[("train.csv", b"1"), ("test.csv", b"2")]);
    let problem = "is a zip archive of 2 files: train.csv, test.csv";
    assert_eq!(message(&several), format!("{problem}; unzip it and name one of them"));
}

#[test]
fn another_format_in_a_zip_is_named() {
    let workbook = zipped(&[("[Content_Types].xml", b""), ("xl/workbook.xml", b"")]);
    let problem = "is an Excel workbook (XLSX), not CSV; save the sheet as CSV";
    assert_eq!(message(&workbook), problem);
}

#[test]
fn archives_of_numpy_arrays_stay_packed() {
    let arrays = zipped(&[("x_train.npy", b"1"), ("y_train.npy", b"2")]);
    assert_eq!(content_of(&arrays), arrays);
    assert_eq!(content_of(&gzip(&arrays)), arrays);
    assert_eq!(content_of(&zipped(&[("set.npz", &arrays)])), arrays);
}

#[test]
fn a_damaged_zip_is_reported() {
    let whole = zipped(&[("train.csv", &noise(9999))]);
    for end in [whole.len() - 1, whole.len() / 2, 20] {
        let text = message(&whole[..end]);
        assert!(text.starts_with("the zip is truncated or corrupt ("), "{text}");
    }
    let mut corrupt = whole.clone();
    corrupt[2000..2064].fill(0xff);
    assert!(message(&corrupt).starts_with("the zip is corrupt after "), "{}", message(&corrupt));
}

#[test]
fn too_many_layers_of_compression_are_refused() {
    let mut packed = b"1,2\n".to_vec();
    for _ in 0..MOST_LAYERS {
        packed = gzip(&packed);
    }
    let problem = format!("is compressed more than {MOST_LAYERS} times; decompress it first");
    assert_eq!(message(&gzip(&packed)), problem);
    assert_eq!(content_of(&gzip(&gzip(b"1,2\n"))), b"1,2\n");
}
