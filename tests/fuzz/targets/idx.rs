//! IDX files of images and labels, plain and gzip.
#![no_main]

use dml::data::{read_images, read_labels};
use dml_fuzz::{bounded, file, unzipped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = file("train-ubyte", input);
    if let Ok(images) = bounded(unzipped(input), || read_images(&path, None)) {
        let size = images.height * images.width;
        assert!(size > 0 && !images.pixels.is_empty() && images.pixels.len() % size == 0);
    }
    if let Ok(labels) = bounded(unzipped(input), || read_labels(&path, None)) {
        assert!(!labels.is_empty());
    }
});
