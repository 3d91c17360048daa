//! Embeddings and labels in one file: archives, CSV and Parquet. Reading never panics; it gives more
//! than one embedding with labels, or an error that says what is wrong.
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
