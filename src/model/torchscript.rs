//! The network as a program that PyTorch loads without this one.

use std::io::Error as IoError;
use std::path::Path;

use tch::{CModule, Device, Kind, Tensor};

use super::{Architecture, Evaluator, NamedTensors, Parameters};
use crate::error::Result;
use crate::files::write_by_name;

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
    write_by_name(path, |temporary| module.save(temporary).map_err(IoError::other))
}
