//! NumPy's arrays and archives of labelled images. Reading and checking never panic, and agree on whether a
//! file is faulty.
#![no_main]

use dml::data::{LabelColumn, ReadOptions, Rows, check, open};
use dml_fuzz::{bounded, file, folder, unzipped};
use libfuzzer_sys::fuzz_target;

/// The file that the input becomes; the labels are read with the images.
const NAMES: [&str; 3] = ["images.npz", "images.npy", "labels.npy"];

const ROWS: [Rows; 3] = [Rows::Training, Rows::Test, Rows::All];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, content)) = input.split_first() else { return };
    let label = if choice & 128 != 0 { LabelColumn::IfThere } else { LabelColumn::Auto };
    let choice = usize::from(choice & 127);
    let rows = ROWS[choice / 3 % 3];
    let options = ReadOptions { label, rows, ..ReadOptions::default() };
    file(NAMES[1], include_bytes!("../../reference/arrays/pair_images.npy"));
    file(NAMES[2], include_bytes!("../../reference/arrays/pair_labels.npy"));
    let written = file(NAMES[choice % 3], content);
    let path = if choice % 3 == 0 { written } else { folder().join(NAMES[1]) };
    // A label of one byte becomes text and an entry of a table.
    let size = 50 * unzipped(content);
    let read = bounded(size, || open(&path, &options).map(|dataset| dataset.len()));
    let found = bounded(size, || check(&path, &options, &|_, _| ()));
    if let (Ok(images), Ok(summary)) = (&read, &found) {
        assert_eq!(summary.fault_count, 0, "read in spite of {:?}", summary.faults);
        assert_eq!(summary.rows, *images);
    }
});
