//! Files written by other programs, from `tests/reference/sources.py`.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{
    ChannelChoice, Dataset, ImageShape, LabelColumn, PictureOptions, Pixels, ReadOptions, open,
};
use super::whole::refuse_larger;
use crate::error::Result;
use crate::runtime::Memory;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sources").join(name)
}

fn read(name: &str) -> Dataset {
    open(&case(name), &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The error message of a case, from the file name on.
fn message(name: &str) -> String {
    message_of(open(&case(name), &ReadOptions::default()), name)
}

fn message_of(found: Result<Dataset>, name: &str) -> String {
    let text = found.err().unwrap_or_else(|| panic!("{name} is read")).to_string();
    let name = name.rsplit('/').next().unwrap();
    text[text.find(name).unwrap_or_else(|| panic!("{text}"))..].to_owned()
}

/// A value computed by the script.
fn expected(key: &str) -> serde_json::Value {
    let text = fs::read_to_string(case("expected.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()[key].clone()
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The images of the table.
fn images() -> Vec<u8> {
    expected("table").as_array().unwrap().iter().flat_map(bytes).collect()
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.classes.iter().map(|class| class.label.as_str()).collect()
}

#[test]
fn a_table_is_the_same_in_every_compression() {
    let plain = read("table.csv");
    assert_eq!(plain.pixels, Pixels::Bytes(images()));
    assert_eq!(labels(&plain), ["Bäume", "Haus", "Tür"]);
    assert_eq!(plain.labels, [2, 1, 0, 2, 1, 0, 2, 1, 0]);
    for name in ["table.csv.gz", "table.csv.bz2", "table.csv.xz", "table.csv.zst", "table.csv.zip"]
        .into_iter()
        .chain(["two_streams.csv.bz2", "two_streams.csv.xz", "two_streams.csv.zst"])
        .chain(["stored.zip", "bzip2.zip", "lzma.zip"])
    {
        let packed = read(name);
        assert_eq!((packed.pixels, packed.labels), (plain.pixels.clone(), plain.labels.clone()));
        assert_eq!((packed.classes, packed.sha256), (plain.classes.clone(), plain.sha256.clone()));
        let remarks = packed.reading.remarks.len();
        assert_eq!(remarks, usize::from(name.ends_with(".zip")), "{name}");
    }
    let problem =
        "two_files.zip: is a zip archive of 2 files: train.csv, test.csv; unzip it and name";
    assert!(message("two_files.zip").starts_with(problem));
}

#[test]
fn a_table_is_the_same_in_every_encoding() {
    let plain = read("table.csv");
    for (name, remark) in [
        ("utf8_bom.csv", None),
        ("utf16_bom.csv", Some("encoding: UTF-16LE")),
        ("utf16le.csv", Some("encoding: UTF-16LE")),
        ("utf16be.csv", Some("encoding: UTF-16BE")),
        ("utf32_bom.csv", Some("encoding: UTF-32")),
        ("utf32be.csv", Some("encoding: UTF-32")),
        ("cp1252.csv", Some("encoding: not UTF-8, read as windows-1252, which gives 'Tür'")),
        ("latin1.csv", Some("encoding: not UTF-8, read as windows-1252, which gives 'Tür'")),
    ] {
        let found = read(name);
        assert_eq!((labels(&found), &found.labels), (labels(&plain), &plain.labels), "{name}");
        assert_eq!(found.pixels, plain.pixels, "{name}");
        let remarks = &found.reading.remarks;
        assert_eq!(remarks.len(), usize::from(remark.is_some()), "{name}: {remarks:?}");
        assert!(remark.is_none_or(|start| remarks[0].starts_with(start)), "{name}: {remarks:?}");
    }
}

#[test]
fn class_names_in_other_scripts_are_read() {
    assert_eq!(labels(&read("cp1251.csv")), ["кошка", "лошадь", "собака"]);
    assert_eq!(labels(&read("shift_jis.csv")), ["イヌ", "ネコ", "日本語"]);
}

#[test]
fn either_of_two_idx_files_finds_the_other() {
    for name in ["idx/train-images-idx3-ubyte", "idx/train-labels-idx1-ubyte.gz"] {
        let data = read(name);
        assert_eq!(data.pixels, Pixels::Bytes(images()));
        assert_eq!((data.shape, labels(&data)), (ImageShape::square(4), vec!["0", "1", "2"]));
        assert_eq!(data.labels, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
        let [remark] = data.reading.remarks.as_slice() else { panic!("{:?}", data.reading) };
        assert!(
            remark.starts_with("IDX: images from ") && remark.ends_with("-ubyte.gz"),
            "{remark}"
        );
    }
    let (images, labels) =
        (read("idx/train-images-idx3-ubyte"), read("idx/train-labels-idx1-ubyte.gz"));
    assert_eq!(images.sha256, labels.sha256);
}

#[test]
fn idx_files_of_every_type_are_read() {
    let small = read("idx/i16-images.idx3-short");
    let values = images().into_iter().map(|value| f32::from(value) * 100.0).collect();
    assert_eq!((small.pixels, small.scale), (Pixels::Floats(values), 65_535.0));
    assert_eq!(labels(&read("idx/i16-images.idx3-short")), ["-1", "0", "1"]);
    let float = read("idx/f32-images-idx3-float.xz");
    let values = images().into_iter().map(|value| (f64::from(value) / 255.0) as f32).collect();
    assert_eq!((float.pixels, float.scale), (Pixels::Floats(values), 1.0));
    let options = ReadOptions { label: LabelColumn::IfThere, ..ReadOptions::default() };
    let signed = open(&case("idx/i8-images-idx3-byte"), &options).unwrap();
    let halves: Vec<u8> = images().into_iter().map(|value| value / 2).collect();
    assert_eq!(signed.pixels, Pixels::Bytes(halves));
    assert_eq!(
        signed.reading.remarks,
        ["labels: none, since there is no file of labels beside the images"]
    );
    let several = read("idx/qmnist-images-idx3-ubyte");
    assert_eq!(labels(&several), ["0", "1", "2"]);
    assert_eq!(several.reading.remarks[1], "labels: the first of 2 numbers per image");
}

#[test]
fn a_file_of_an_unknown_format_is_refused_with_the_supported_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs::write(&path, [7, 0, 9]).unwrap();
    let kinds = super::image_sources();
    assert_eq!(
        message_of(open(&path, &ReadOptions::default()), "a.bin"),
        format!("a.bin: is binary, of an unknown format; name {kinds}, compressed or not")
    );
    assert!(kinds.starts_with("a CSV of images, "), "{kinds}");
    assert!(super::KINDS.iter().all(|kind| kinds.contains(kind.name)), "{kinds}");
}

#[test]
fn idx_images_need_not_be_square() {
    let options = ReadOptions { label: LabelColumn::IfThere, ..ReadOptions::default() };
    let wide = open(&case("idx/wide-images-idx3-ubyte"), &options).unwrap();
    assert_eq!((wide.shape, wide.len(), wide.pixels.len()), (ImageShape::grey(4, 6), 2, 48));
}

#[test]
fn idx_files_that_do_not_match_are_refused() {
    assert_eq!(
        message("idx/i8-images-idx3-byte"),
        "i8-images-idx3-byte: contains images, but there is no i8-labels-idx1-byte, compressed or \
         not, with the labels beside it; put that file into the same folder"
    );
    let few = open(&case("idx/few-images-idx3-ubyte"), &ReadOptions::default());
    let text = message_of(few, "few-labels-idx1-ubyte");
    assert!(text.starts_with("few-labels-idx1-ubyte: has 8 labels, but "), "{text}");
    assert!(
        text.contains("few-images-idx3-ubyte has 9 images; download both files again"),
        "{text}"
    );
    let options = ReadOptions { label: "species".into(), ..ReadOptions::default() };
    let text = message_of(open(&case("idx/train-images-idx3-ubyte"), &options), "train-images");
    assert!(text.contains("omit --label species"), "{text}");
}

#[test]
fn damaged_idx_files_and_nan_pixels_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a-images-idx3-ubyte");
    let options = ReadOptions { label: LabelColumn::IfThere, ..ReadOptions::default() };
    let error = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        message_of(open(&path, &options), "a-images-idx3-ubyte")
    };
    let whole = fs::read(case("idx/train-images-idx3-ubyte")).unwrap();
    assert!(
        error(&whole[..100]).contains("has 84 values, but its header says 9 × 4 × 4; download")
    );
    assert!(error(&whole[..14]).contains("its header ends after 14 bytes"));
    let mut nan = vec![0, 0, 13, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1];
    nan.extend([0.5f32, f32::NAN].into_iter().flat_map(f32::to_be_bytes));
    assert!(error(&nan).contains("has NaN as a pixel of image 2"), "{}", error(&nan));
    assert!(error(&[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2]).contains("contains no image"));
}

#[test]
fn emnist_is_turned_upright_and_told_from_files_that_were_read_as_stored() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        fs::copy(case("idx").join(from), folder.path().join(to)).unwrap();
        folder.path().join(to)
    };
    let path = copy("train-images-idx3-ubyte", "emnist-letters-train-images-idx3-ubyte");
    copy("train-labels-idx1-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz");
    let data = open(&path, &ReadOptions::default()).unwrap();
    let stored = images();
    for (row, image) in stored.chunks_exact(16).enumerate() {
        let upright: Vec<u8> = (0..16).map(|at| image[at % 4 * 4 + at / 4]).collect();
        assert_eq!(data.image(row), upright);
    }
    let remark = "EMNIST: its IDX files store each image with rows and columns swapped, which is";
    assert!(data.reading.remarks[1].starts_with(remark), "{:?}", data.reading.remarks);
    let before = read("idx/train-images-idx3-ubyte");
    assert_eq!(before.sha256, data.sha256);
    assert!(before.identity() != data.identity() && before.trained_on() != data.trained_on());
}

#[test]
fn labels_of_idx_files_may_start_at_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letters-images-idx3-ubyte");
    fs::write(&path, [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8, 9]).unwrap();
    let beside = folder.path().join("letters-labels-idx1-ubyte");
    fs::write(beside, [0, 0, 8, 1, 0, 0, 0, 3, 26, 1, 26]).unwrap();
    let data = open(&path, &ReadOptions::default()).unwrap();
    assert_eq!((labels(&data), data.labels.as_slice()), (vec!["1", "26"], [1, 0, 1].as_slice()));
}

#[test]
fn idx_images_may_be_in_colour_with_channels_first_or_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a-images-idx4-ubyte");
    let read = |sizes: [u8; 3], pixels: [u8; 6], channels: ChannelChoice| {
        let mut content = vec![0, 0, 8, 4, 0, 0, 0, 1];
        content.extend(sizes.iter().flat_map(|&size| [0, 0, 0, size]));
        content.extend(pixels);
        fs::write(&path, content).unwrap();
        let pictures = PictureOptions { channels, ..PictureOptions::default() };
        let label = LabelColumn::IfThere;
        open(&path, &ReadOptions { label, pictures, ..ReadOptions::default() }).unwrap()
    };
    let last = read([2, 1, 3], [200, 1, 2, 3, 4, 5], ChannelChoice::Auto);
    let first = read([3, 2, 1], [200, 3, 1, 4, 2, 5], ChannelChoice::Auto);
    assert_eq!((last.shape.to_string(), last.shape), ("3×2×1".to_owned(), first.shape));
    assert_eq!((last.image(0), first.image(0)), ([200, 3, 1, 4, 2, 5].as_slice(), last.image(0)));
    let grey = read([2, 1, 3], [200, 1, 2, 3, 4, 5], ChannelChoice::Grey);
    assert_eq!((grey.shape.to_string(), grey.image(0)), ("2×1".to_owned(), [61, 4].as_slice()));
}

/// A list in a temporary folder with the images of the case.
fn list(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(case("list/img")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join("list.csv");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn images_of_a_list_in_grey_equal_those_of_pillow() {
    let files = ["grey.png", "colour.png", "palette.png", "opacity.png", "bilevel.png"];
    let pictures = PictureOptions { channels: ChannelChoice::Grey, ..PictureOptions::default() };
    let options = ReadOptions { pictures, ..ReadOptions::default() };
    let data = open(&case("list/list.csv"), &options).unwrap();
    assert_eq!(
        (data.shape, data.labels.as_slice()),
        (ImageShape::square(4), [0, 1, 0, 1, 0].as_slice())
    );
    assert_eq!(data.reading.label.as_ref().unwrap().why, "by its name");
    for (row, name) in files.into_iter().enumerate() {
        assert_eq!(data.image(row), bytes(&expected(name)), "{name}");
    }
    assert_eq!(
        data.reading.remarks,
        [
            "a list of image files: their paths are in column path",
            "images: 3 of 5 in colour, converted to grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)",
            "images: 1 of 5 with an alpha channel, which is ignored",
        ]
    );
}

#[test]
fn jpeg_images_are_read_to_within_the_difference_between_decoders() {
    let (_folder, path) = list("file\tclass\nsmooth.jpg\ta\nsmooth_rgb.jpg\ta\n");
    let data = open(&path, &ReadOptions::default()).unwrap();
    for (row, name) in ["smooth.jpg", "smooth_rgb.jpg"].into_iter().enumerate() {
        let far = data.image(row).iter().zip(bytes(&expected(name)));
        let far = far.map(|(&found, right)| found.abs_diff(right)).max();
        assert!(far <= Some(2), "{name}: {far:?}");
    }
}

#[test]
fn the_label_of_a_list_is_the_named_or_the_only_other_column() {
    let columns = |text: &str, label: LabelColumn| {
        let (_folder, path) = list(text);
        let options = ReadOptions { label, ..ReadOptions::default() };
        open(&path, &options).map(|data| labels(&data).join(" ")).map_err(|error| error.to_string())
    };
    let auto = LabelColumn::Auto;
    assert_eq!(columns("grey.png 3\ncolour.png 4\n", auto.clone()).unwrap(), "3 4");
    assert_eq!(
        columns("id;image;Class\n1;grey.png;x\n2;colour.png;y\n", auto.clone()).unwrap(),
        "x y"
    );
    assert_eq!(columns("a,b,c\ngrey.png,x,1\ncolour.png,y,2\n", "b".into()).unwrap(), "x y");
    assert_eq!(columns("grey.png,x,1\ncolour.png,y,2\n", "3".into()).unwrap(), "1 2");
    let refused = columns("a,b,c\ngrey.png,x,1\ncolour.png,y,2\n", auto.clone()).unwrap_err();
    assert!(
        refused.contains("several columns that may be the label: b, c; say which with --label")
    );
    let refused = columns("a,b\ngrey.png,x\n", "z".into()).unwrap_err();
    assert!(refused.contains("'z' is not a label column of this list"), "{refused}");
    let refused = columns("grey.png\ncolour.png\n", auto).unwrap_err();
    assert!(refused.contains("without a label column"), "{refused}");
    assert_eq!(columns("grey.png\ncolour.png\n", LabelColumn::IfThere).unwrap(), "");
}

#[test]
fn faults_of_a_list_are_reported_with_their_line() {
    let error = |text: &str| {
        let (_folder, path) = list(text);
        message_of(open(&path, &ReadOptions::default()), "list.csv")
    };
    let text = error("path,label\ngrey.png,a\n\nsmooth.jpg,b\n");
    let sizes =
        "list.csv: has pictures of 2 sizes, height × width: 4×4 (1), 8×8 (1); choose one for all";
    assert!(text.starts_with(sizes), "{text}");
    let text = error("path,label\ngrey.png,a\nx/1.png,a\nx/2.png,a\nx/3.png,b\nx/4.png,b\n");
    let missing = "line 3: lists 4 image files that do not exist: x/1.png (line 3), x/2.png (line 4), \
                   x/3.png (line 5), 1 more; paths are relative to the list's folder, ";
    assert!(text.contains(missing), "{text}");
    assert!(error("path,label\ngrey.png,\n").contains("line 2: the label is missing"));
    let (folder, path) = list("path,label\ncut.png,a\ngrey.png,b\ntext.png,b\n");
    let whole = fs::read(folder.path().join("grey.png")).unwrap();
    fs::write(folder.path().join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("text.png"), "GIF? no").unwrap();
    let summary = super::super::check(&path, &ReadOptions::default(), &|_, _| ());
    let faults = summary.unwrap().faults;
    assert_eq!(faults[0].value.as_deref(), Some("cut.png"));
    assert!(faults[0].problem.starts_with("is "), "{faults:?}");
    assert_eq!(faults[1].value.as_deref(), Some("text.png"));
    assert_eq!(&*faults[1].problem, "is no JPEG, PNG, WebP, BMP, TIFF or GIF: convert it");
}

#[test]
fn unsupported_formats_are_named_with_a_way_to_convert_them() {
    for (name, is) in [
        ("other.parquet", "a Parquet file"),
        ("other.feather", "an Arrow (Feather) file"),
        ("other.xlsx", "an Excel workbook (XLSX)"),
        ("other.json", "JSON"),
        ("other.mat", "a MATLAB file"),
        ("other.pkl", "a Python pickle"),
        ("other.sqlite", "an SQLite database"),
        ("other.png", "a PNG image"),
    ] {
        let text = message(name);
        assert!(text.starts_with(&format!("{name}: is {is}, not CSV; ")), "{text}");
    }
}

#[test]
fn a_file_too_large_for_the_memory_is_refused_with_the_figures() {
    let memory = Memory { total: 10_000_000_000, available: 1 };
    let path = Path::new("large.csv");
    assert!(refuse_larger(path, 7_900_000_000, memory).is_ok());
    let message = refuse_larger(path, 8_100_000_000, memory).unwrap_err().to_string();
    let figures = "has 8.1 GB and needs 10.1 GB of memory to read, but this machine has 10.0 GB";
    assert_eq!(message, format!("large.csv: {figures}; use a part of it"));
}
