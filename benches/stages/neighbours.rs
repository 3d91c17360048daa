//! Exact nearest neighbours of embeddings in .npy files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use serde_json::{Map, Value, json};

use dml::error::{Error, Result};
use dml::eval::nearest;

#[derive(clap::Args)]
pub struct Args {
    /// Reference embeddings `[N, D]` f32, .npy
    #[arg(long)]
    references: PathBuf,
    /// Query embeddings `[Q, D]` f32, .npy
    #[arg(long)]
    queries: PathBuf,
    /// Numbers of neighbours, each searched separately
    #[arg(long, value_delimiter = ',', required = true)]
    k: Vec<usize>,
    /// Where to write the distances of the last search `[Q, k]`, .npy
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Seconds for each k, including building an index.
pub fn measure(args: &Args) -> Result<Value> {
    let (references, queries) = (read(&args.references)?, read(&args.queries)?);
    let mut seconds = Map::new();
    for (index, &k) in args.k.iter().enumerate() {
        let start = Instant::now();
        let found = nearest(references.view(), queries.view(), k)?;
        seconds.insert(k.to_string(), json!(start.elapsed().as_secs_f64()));
        if let Some(out) = args.out.as_ref().filter(|_| index + 1 == args.k.len()) {
            write_npy(out, &found.distances)
                .map_err(|e| Error::Other(format!("cannot write {}: {e}", out.display())))?;
        }
    }
    Ok(json!({ "seconds": seconds }))
}

fn read(path: &Path) -> Result<Array2<f32>> {
    read_npy(path).map_err(|e| Error::Other(format!("cannot read {}: {e}", path.display())))
}
