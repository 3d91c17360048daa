//! NumPy arrays of embeddings and labels.
#![no_main]

use dml::evaluation::{read_embeddings, read_labels};
use dml_fuzz::{bounded, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = file("array.npy", input);
    // A value of one byte becomes four, beside the bytes of the file.
    if let Ok(embeddings) = bounded(2 * input.len(), || read_embeddings(&path)) {
        assert!(!embeddings.is_empty() && embeddings.iter().all(|value| value.is_finite()));
    }
    // A label of one byte becomes eight.
    if let Ok(labels) = bounded(5 * input.len(), || read_labels(&path)) {
        assert!(!labels.is_empty());
    }
});
