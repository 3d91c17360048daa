//! Files written by NumPy, from `tests/reference/arrays.py`, and damaged ones.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::super::{
    ChannelChoice, Dataset, ImageShape, LabelColumn, PictureOptions, PictureSize, Pixels,
    ReadOptions, Rows, open,
};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/arrays").join(name)
}

fn with(name: &str, options: &ReadOptions) -> Dataset {
    open(&case(name), options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> Dataset {
    with(name, &ReadOptions::default())
}

fn rows(rows: Rows) -> ReadOptions {
    ReadOptions { rows, ..ReadOptions::default() }
}

fn channels(channels: ChannelChoice) -> ReadOptions {
    let pictures = PictureOptions { channels, ..PictureOptions::default() };
    ReadOptions { pictures, ..ReadOptions::default() }
}

fn message_of(path: &Path, options: &ReadOptions) -> String {
    let text = open(path, options).err().unwrap_or_else(|| panic!("{path:?} is read")).to_string();
    text[text.find(path.file_name().unwrap().to_str().unwrap()).unwrap()..].to_owned()
}

fn message(name: &str) -> String {
    message_of(&case(name), &ReadOptions::default())
}

/// The values of the images that the script wrote.
fn expected(key: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(case("expected.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(all[key].clone()).unwrap()
}

fn bytes(key: &str, rows: std::ops::Range<usize>) -> Pixels {
    Pixels::Bytes(expected(key)[rows].concat())
}

fn labels(data: &Dataset) -> Vec<&str> {
    data.labels.iter().map(|&class| data.classes[class as usize].label.as_str()).collect()
}

const SHAPE: ImageShape = ImageShape::grey(4, 5);
const COLOUR: ImageShape = ImageShape { channels: 3, height: 4, width: 5 };

#[test]
fn training_reads_training_and_validation_images_of_medmnist() {
    let data = read("medmnist.npz");
    assert_eq!((data.shape, &data.pixels), (SHAPE, &bytes("grey", 0..4)));
    assert_eq!(labels(&data), ["0", "1", "2", "0"]);
    assert_eq!(data.validation, Some(vec![3]));
    let [remark] = data.reading.remarks.as_slice() else { panic!("{:?}", data.reading) };
    assert!(remark.starts_with("parts: 3 images for training, 1 for validation, "), "{remark}");
    assert!(remark.contains("; 2 for testing are left out: evaluate them with --test "));
}

#[test]
fn a_test_and_everything_are_other_images_of_the_same_file() {
    let [train, test, all] =
        [Rows::Training, Rows::Test, Rows::All].map(|part| with("medmnist.npz", &rows(part)));
    assert_eq!((&test.pixels, &test.validation), (&bytes("grey", 4..6), &None));
    assert_eq!(labels(&test), ["1", "2"]);
    assert_eq!((&all.pixels, &all.validation), (&bytes("grey", 0..6), &Some(vec![3])));
    assert!(train.sha256 != test.sha256 && train.sha256 != all.sha256 && test.sha256 != all.sha256);
    let whole = with("type_u1.npz", &rows(Rows::Test));
    assert_eq!((whole.pixels, whole.sha256), (bytes("grey", 0..6), read("type_u1.npz").sha256));
}

#[test]
fn colours_are_kept_unless_all_are_grey_or_grey_is_chosen() {
    let data = read("medmnist_colour.npz");
    assert_eq!((data.shape, data.pixels), (COLOUR, bytes("colour", 0..4)));
    let equal = read("medmnist_grey_as_colour.npz");
    assert_eq!((equal.shape, equal.pixels), (SHAPE, bytes("grey", 0..4)));
    let rgb = with("medmnist_grey_as_colour.npz", &channels(ChannelChoice::Rgb));
    assert_eq!(rgb.shape, COLOUR);
    let grey = with("medmnist_colour.npz", &channels(ChannelChoice::Grey));
    let [red, green, blue] = [0, 20, 40].map(|at| f32::from(expected("colour")[0][at]));
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    assert_eq!(grey.shape, SHAPE);
    assert!((f32::from(grey.image(0)[0]) - luma).abs() <= 0.6);
}

#[test]
fn larger_editions_of_medmnist_are_read() {
    let data = read("medmnist_64.npz");
    assert_eq!((data.shape, data.len()), (ImageShape::square(64), 4));
    assert!(data.image(1).iter().all(|&value| value == expected("grey")[1][0]));
}

#[test]
fn the_parts_of_keras_are_read() {
    let data = read("keras.npz");
    assert_eq!((&data.pixels, &data.validation), (&bytes("grey", 0..4), &None));
    assert_eq!(labels(&with("keras.npz", &rows(Rows::Test))), ["1", "2"]);
    let three = read("keras_validation.npz");
    assert_eq!((three.validation, three.pixels), (Some(vec![3]), bytes("colour", 0..4)));
}

#[test]
fn any_other_pair_is_found_by_its_shapes_and_named() {
    let data = read("nameless.npz");
    assert_eq!(data.pixels, bytes("grey", 0..6));
    assert_eq!(labels(&data)[..3], ["cat", "Ørsted", "gnu"]);
    let remark = "NumPy: images from arr_0 [6, 4, 5] uint8, labels from arr_1 [6] text";
    assert_eq!(data.reading.remarks, [remark]);
    let remarks = read("others.npz").reading.remarks;
    let remark = "NumPy: images from pictures [6, 4, 5] uint8, labels from species [6] text";
    assert_eq!(remarks, [remark, "NumPy: arrays that are left out: weights, paths"]);
}

#[test]
fn images_of_every_type_and_order_are_the_same() {
    for kind in ["u1", "u2", "u4", "u8", "i2", "i4", "i8", "f4", "f8", "big_i2", "big_f4"] {
        let data = read(&format!("type_{kind}.npz"));
        assert_eq!((data.shape, &data.pixels), (SHAPE, &bytes("grey", 0..6)), "{kind}");
        assert_eq!(labels(&data), ["0", "1", "2", "0", "1", "2"], "{kind}");
    }
    for name in ["fortran.npz", "one_channel.npz", "type_text.npz", "type_bytes.npz"] {
        assert_eq!(read(name).pixels, bytes("grey", 0..6), "{name}");
    }
    for name in ["fortran_colour.npz", "channels_first.npz"] {
        let data = read(name);
        assert_eq!((data.shape, data.pixels), (COLOUR, bytes("colour", 0..6)), "{name}");
    }
}

#[test]
fn small_and_half_precise_types_have_a_scale_of_their_own() {
    let signed = read("type_i1.npz");
    assert_eq!((labels(&signed)[..3].to_vec(), signed.scale), (vec!["-1", "0", "1"], 255.0));
    let half = read("type_f2.npz");
    assert_eq!((half.scale, labels(&half)[2]), (1.0, "2"));
    assert!(matches!(half.pixels, Pixels::Floats(values) if values.contains(&0.5)));
    let truth = read("type_bool.npz");
    assert_eq!((truth.scale, labels(&truth)[..2].to_vec()), (1.0, vec!["False", "True"]));
}

#[test]
fn an_array_of_images_finds_its_labels_beside_it() {
    let data = read("pair_images.npy");
    assert_eq!((&data.pixels, labels(&data)[1]), (&bytes("grey", 0..6), "Ørsted"));
    assert!(data.reading.remarks[0].ends_with("pair_labels.npy"), "{:?}", data.reading.remarks);
    assert_eq!(
        message("pair_labels.npy"),
        "pair_labels.npy: is an array of [6] text, not of images; name an array [images, rows, \
         columns]; if these are the labels, name the file of the images"
    );
    let alone = "alone.npy: is an array of images without labels; save them beside it as \
                 alone_labels.npy, or both in one file: np.savez(\"images.npz\", x=x, y=y)";
    assert_eq!(message("alone.npy"), alone);
}

#[test]
fn images_without_labels_are_read_where_labels_are_optional() {
    let label = LabelColumn::IfThere;
    let options = ReadOptions { label, rows: Rows::Test, ..ReadOptions::default() };
    for (name, count) in [("unlabelled_test.npz", 2), ("alone.npy", 6)] {
        let data = with(name, &options);
        assert_eq!((data.len(), data.classes.len()), (count, 1), "{name}");
        assert!(data.reading.remarks.iter().any(|remark| remark.starts_with("labels: none")));
    }
    assert_eq!(read("unlabelled_test.npz").len(), 4);
    let refused = message_of(&case("unlabelled_test.npz"), &rows(Rows::Test));
    assert!(refused.starts_with("unlabelled_test.npz:x_test: has images without labels; the file"));
}

#[test]
fn labels_that_are_not_one_class_per_image_are_refused() {
    let multi = "chestmnist.npz:train_labels: has 14 labels per image (multi-label), but each image \
                 needs one class; choose one class per image and save it as [images]";
    assert_eq!(message("chestmnist.npz"), multi);
    let hot = "one_hot.npz:y_train: has 3 columns of labels, one per class; they are one-hot: save \
               y.argmax(axis=1)";
    assert_eq!(message("one_hot.npz"), hot);
    let fraction = "fractions.npz:labels: has 0.5 as the label of image 1; labels are whole numbers, \
                    text or booleans";
    assert_eq!(message("fractions.npz"), fraction);
    assert!(message("no_label.npz").contains(":labels: has '' as the label of image 2; remove"));
    assert!(message("unequal.npz").contains(":labels: has 5 labels for 6 images; save the images"));
}

#[test]
fn arrays_that_are_not_images_are_refused() {
    let flat = "flat.npz:x: has the shape [6, 20], but images are [images, rows, columns], or have 1 \
                or 3 channels as a fourth dimension, last or second; reshape them: x.reshape(-1, \
                ROWS, COLUMNS)";
    assert_eq!(message("flat.npz"), flat);
    assert!(message("nan.npz").contains(":images: has NaN as a pixel of image 5; replace it"));
    assert!(message("objects.npz").contains(":images: contains Python objects, which only pickle"));
    assert!(
        message("alpha.npz").contains(":images: has the shape [6, 4, 5, 4], that is, 4 channels")
    );
    let two = "two.npz: has several arrays that may be the images: left [6, 4, 5] uint8, right [6, 4, \
               5] uint8; save the images and their labels alone";
    assert!(message("two.npz").starts_with(two), "{}", message("two.npz"));
}

#[test]
fn columns_and_sizes_of_other_sources_are_refused() {
    let label = ReadOptions { label: "species".into(), ..ReadOptions::default() };
    assert!(message_of(&case("keras.npz"), &label).contains("omit --label species"));
    let drop = ReadOptions { drop: vec!["id".to_owned()], ..ReadOptions::default() };
    assert!(message_of(&case("keras.npz"), &drop).contains("omit --drop"));
    let size = PictureSize::Of { height: 8, width: 8 };
    let pictures = PictureOptions { size, ..PictureOptions::default() };
    let options = ReadOptions { pictures, ..ReadOptions::default() };
    assert!(message_of(&case("keras.npz"), &options).contains("only pictures are resized"));
}

/// The message for these bytes as a file.
fn of_bytes(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    fs::write(&path, content).unwrap();
    message_of(&path, &ReadOptions::default())
}

#[test]
fn damaged_archives_are_refused_with_the_array() {
    for name in ["keras.npz", "medmnist.npz"] {
        let whole = fs::read(case(name)).unwrap();
        for length in (4..whole.len()).step_by(7) {
            let message = of_bytes(&whole[..length]);
            assert!(message.starts_with("a.npz: the zip is truncated or corrupt"), "{message}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            fs::write(&path, changed).unwrap();
            // Many bytes, such as times, change nothing.
            let _ = open(&path, &ReadOptions::default()).map_err(|error| error.to_string());
        }
    }
    let mut changed = fs::read(case("keras.npz")).unwrap();
    let start = changed.windows(11).position(|bytes| bytes == b"x_train.npy").unwrap();
    changed[start + 170] ^= 1;
    let checksum = "a.npz:x_train: cannot be read as NPZ (x_train.npy is damaged: its checksum does \
                    not match); write it with numpy.savez";
    assert_eq!(of_bytes(&changed), checksum);
}

#[test]
fn headers_that_claim_more_than_the_file_are_refused_before_allocating() {
    let whole = fs::read(case("keras.npz")).unwrap();
    let shape = b"(4, 4, 5)";
    let start = whole.windows(9).position(|bytes| bytes == shape).unwrap();
    let mut changed = whole.clone();
    changed[start..start + 14].copy_from_slice(b"(99999,99999,)");
    // The checksum is compared first; without its member's, the claim is.
    assert!(of_bytes(&changed).contains("its checksum does not match"));
    let header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (999999, 9999, 9999), }\n";
    let mut array = b"\x93NUMPY\x01\0".to_vec();
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header);
    let message = of_bytes(&array);
    assert!(message.contains("claims more than the file's 84 bytes"), "{message}");
}
