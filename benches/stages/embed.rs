//! Embeddings of all images of a CSV, in evaluation mode.

use std::path::PathBuf;
use std::time::Instant;

use ndarray_npy::write_npy;
use serde_json::{Value, json};
use tch::Device;

use dml::data::{Images, ReadOptions, open};
use dml::error::{Error, Result};
use dml::eval;

#[derive(clap::Args)]
pub struct Args {
    /// CSV of 28×28 images
    #[arg(long)]
    images: PathBuf,
    /// Trained weights, safetensors
    #[arg(long)]
    weights: PathBuf,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value = "libtorch")]
    engine: String,
    /// Where to write the embeddings, .npy
    #[arg(long)]
    out: PathBuf,
}

/// Seconds from bytes in memory to embeddings in memory.
pub fn measure(args: &Args) -> Result<Value> {
    let dataset = open(&args.images, &ReadOptions::default())?;
    let images = Images::new(&dataset, Device::Cpu);
    let mut network = crate::network(&args.engine, &args.weights, args.threads)?;
    let rows: Vec<i64> = (0..dataset.len() as i64).collect();
    let start = Instant::now();
    let embeddings = eval::embed(network.as_mut(), &images, &rows, false);
    let seconds = start.elapsed().as_secs_f64();
    write_npy(&args.out, &embeddings)
        .map_err(|e| Error::Other(format!("cannot write {}: {e}", args.out.display())))?;
    Ok(json!({ "seconds": seconds, "images": rows.len() }))
}
