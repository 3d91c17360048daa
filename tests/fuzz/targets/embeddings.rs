//! Embeddings with their labels in one file: archives, CSV and parquet. Reading never panics, and
//! what is read has a label for each finite embedding.
#![no_main]

use dml::error::Error;
use dml::eval::{EvalConfig, Watch};
use dml::evaluation::{EmbeddingEvaluation, EmbeddingFiles};
use dml::runtime::Cores;
use dml_fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = file("embeddings", input);
    let files = EmbeddingFiles { references: (path, None), queries: None, normalise: false };
    let quiet: (&Watch, &dyn Fn(&str)) = (&Watch::default(), &|_| {});
    let found = EmbeddingEvaluation::new(&files, &EvalConfig::default(), &Cores::new(1), quiet);
    match found {
        Ok(found) => assert!(found.references > 1 && !found.classes.is_empty()),
        Err(Error::Fault(fault)) => assert!(!fault.problem.is_empty()),
        Err(_) => {}
    }
});
