//! Image sources of every kind: compressed, in any encoding, IDX files and lists of image files. Reading
//! and checking never panic, and agree on whether a file is faulty.
#![no_main]

use dml::data::{LabelColumn, ReadOptions, check, open};
use dml_fuzz::{bounded, file, unzipped};
use libfuzzer_sys::fuzz_target;

/// File names; for IDX, the name determines which second file is read.
const NAMES: [&str; 3] = ["images.csv", "set-images-idx3-ubyte", "set-labels-idx1-ubyte"];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, content)) = input.split_first() else { return };
    let label = if choice & 128 != 0 { LabelColumn::IfThere } else { LabelColumn::Auto };
    let options = ReadOptions { label, ..ReadOptions::default() };
    // IDX labels and images of two images, and an image file for lists.
    file(NAMES[2], &[0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
    file(NAMES[1], &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9]);
    file("a.png", include_bytes!("../../cases/sources/other.png"));
    let path = file(NAMES[usize::from(choice) % 3], content);
    // Decoding text may triple its size.
    let size = 3 * unzipped(content);
    let read = bounded(size, || open(&path, &options).map(|dataset| dataset.len()));
    let found = bounded(size, || check(&path, &options, &|_, _| ()));
    if let (Ok(images), Ok(summary)) = (&read, &found) {
        assert_eq!(summary.fault_count, 0, "read in spite of {:?}", summary.faults);
        assert_eq!(summary.rows, *images);
    }
});
