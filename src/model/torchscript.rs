//! The network as a program that PyTorch loads without this one.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use tch::{CModule, Device, Kind, Tensor};

use super::{Architecture, Evaluator, NamedTensors, Parameters};
use crate::error::{Error, Result};
use crate::files::write_atomically;

/// Images that the program is recorded with; it takes any number.
const RECORDED: i64 = 2;

/// Writes the network in evaluation mode as TorchScript.
///
/// # Shapes
/// `[N, 1, S, S]` f32 in 0..1 → `[N, E]` f32
///
/// # Errors
/// Weights of another architecture; libtorch refuses; the file cannot be written.
pub fn write_torchscript(
    path: &Path,
    architecture: &Architecture,
    weights: &NamedTensors,
) -> Result<()> {
    let mut parameters = Parameters::new(architecture, Device::Cpu);
    parameters.load(weights)?;
    let evaluator = Evaluator::new(&parameters);
    let side = architecture.side;
    let images = Tensor::zeros([RECORDED, 1, side, side], (Kind::Float, Device::Cpu));
    let mut forward = |inputs: &[Tensor]| vec![evaluator.embed(&inputs[0])];
    let module = CModule::create_by_tracing("Network", "forward", &[images], &mut forward)?;
    let content = saved(&module)?;
    write_atomically(path, |file| file.write_all(&content))
}

/// The bytes of a program.
///
/// libtorch ends the process where it cannot write all of a file, on a full disk for example: the
/// destructor of its writer throws. So it writes into a pipe, which takes everything.
fn saved(module: &CModule) -> Result<Vec<u8>> {
    let refused = |refusal| Error::Other(format!("cannot keep the program in memory: {refusal}"));
    let (mut reader, writer) = std::io::pipe().map_err(refused)?;
    let read = std::thread::spawn(move || {
        let mut content = Vec::new();
        reader.read_to_end(&mut content).map(|_| content)
    });
    let saved = module.save(format!("/dev/fd/{}", writer.as_raw_fd()));
    // The reader ends where nobody can write any more.
    drop(writer);
    let content = read.join().expect("reading into memory does not panic");
    saved?;
    content.map_err(refused)
}
