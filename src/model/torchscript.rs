//! Export to TorchScript, which PyTorch loads without this program.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use tch::{CModule, Device, Kind, Tensor};

use super::architecture::Architecture;
use super::branch::Evaluator;
use super::network::NamedTensors;
use super::parameters::Parameters;
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::files::write_atomically;

/// Batch size for tracing; the traced program takes any.
const TRACED_BATCH: i64 = 2;

/// Writes the network in evaluation mode as TorchScript.
///
/// # Shapes
/// `[N, C, H, W]` f32 in 0..1 → `[N, E]` f32
///
/// # Errors
/// Weights of another architecture; tracing fails; the file cannot be written.
pub fn write_torchscript(
    path: &Path,
    architecture: &Arc<dyn Architecture>,
    weights: &NamedTensors,
) -> Result<()> {
    let mut parameters = Parameters::new(&**architecture, Device::Cpu);
    parameters.load(weights)?;
    let evaluator = Evaluator::new(architecture, &parameters);
    let ImageShape { channels, height, width } = architecture.images();
    let shape = [TRACED_BATCH, channels as i64, height as i64, width as i64];
    let images = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    let mut forward = |inputs: &[Tensor]| vec![evaluator.embed(&inputs[0])];
    let module = CModule::create_by_tracing("Network", "forward", &[images], &mut forward)?;
    let content = to_bytes(&module)?;
    write_atomically(path, |file| file.write_all(&content))
}

/// Serialises a traced program.
///
/// libtorch aborts the process if it cannot write a whole file, on a full disk for example, because
/// the destructor of its writer throws. So it writes into a pipe, which never fills up.
fn to_bytes(module: &CModule) -> Result<Vec<u8>> {
    let refused = |error| Error::Other(format!("cannot serialise the network: {error}"));
    let (mut reader, writer) = std::io::pipe().map_err(refused)?;
    let read = std::thread::spawn(move || {
        let mut content = Vec::new();
        reader.read_to_end(&mut content).map(|_| content)
    });
    let saved = module.save(format!("/dev/fd/{}", writer.as_raw_fd()));
    // The reader ends once the last writer is closed.
    drop(writer);
    let content = read.join().expect("reading into memory does not panic");
    saved?;
    content.map_err(refused)
}
