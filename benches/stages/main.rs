//! Single stages of `dml` for `make bench`: each call times one and prints one line of JSON.
//!
//! `benches/run.py` runs it and the peers on the same images, weights and embeddings. By hand:
//! `cargo bench --bench stages -- step --help`.

mod embed;
mod neighbours;
mod step;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tch::Device;

use dml::data::ImageShape;
use dml::error::{Error, Result};
use dml::model::{Architecture, EngineChoice, Network, Tutorial, open_network, read_tensors};
use dml::runtime::Cores;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    stage: Stage,
    /// Passed by `cargo bench`; ignored
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Stage {
    /// Training steps: milliseconds each
    Step(step::Args),
    /// Embeddings of all images of a CSV: seconds
    Embed(embed::Args),
    /// Exact nearest neighbours for several k: seconds each
    Neighbours(neighbours::Args),
}

fn main() -> ExitCode {
    dml::runtime::start();
    let measured = match Cli::parse().stage {
        Stage::Step(args) => step::measure(&args),
        Stage::Embed(args) => embed::measure(&args),
        Stage::Neighbours(args) => neighbours::measure(&args),
    };
    match measured {
        Ok(figures) => {
            println!("{figures}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", dml::error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// The tutorial's network with the weights of a file, on an engine that may use `threads` cores.
///
/// The calling thread is one of them.
fn network(engine: &str, weights: &Path, threads: usize) -> Result<Box<dyn Network>> {
    let weights = read_tensors(weights)?;
    let embedding = weights.get("linear2.bias").map_or(0, |bias| bias.size()[0]);
    let architecture: Arc<dyn Architecture> =
        Arc::new(Tutorial::new(ImageShape::square(28), embedding));
    let helpers = Cores::new(threads);
    // The calling thread holds its core until the process ends.
    std::mem::forget(helpers.take());
    let engine: EngineChoice =
        engine.parse().map_err(|problem: String| Error::setting("--engine", engine, problem))?;
    let (engine, _) = engine.resolve(&*architecture, Device::Cpu)?;
    open_network(engine, &architecture, &weights, Device::Cpu, &helpers)
}
