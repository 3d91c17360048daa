//! Times loading a CSV of images into the tensors that batches are gathered from.
//!
//! Run by hand: `cargo bench --bench load_csv -- data/fashion-mnist_train.csv`, one load per
//! process. `benches/load_csv.py` does the same with pandas.

use std::path::Path;
use std::time::Instant;

use dml::data::{Images, ReadOptions, open};
use tch::{Device, Kind};

fn main() {
    dml::runtime::start();
    let path = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let path = path.expect("usage: cargo bench --bench load_csv -- FILE");
    let start = Instant::now();
    let dataset = open(Path::new(&path), &ReadOptions::default()).expect("the CSV has no faults");
    let images = Images::new(&dataset, Device::Cpu);
    println!("bytes ready      {:.3} s", start.elapsed().as_secs_f64());
    // What the tutorial's script ends up with: every image as floats in 0..1.
    let rows: Vec<i64> = (0..dataset.len() as i64).collect();
    let floats = images.select(&rows);
    println!("floats ready     {:.3} s", start.elapsed().as_secs_f64());
    println!("mean             {:.6}", floats.mean(Kind::Double).double_value(&[]));
}
