//! Tensors from other programs: as a model for either engine, and as a checkpoint.
#![no_main]

use std::sync::Arc;

use dml::data::ImageShape;
use dml::model::{Architecture, Engine, Tutorial, open_network, read_notes, read_tensors};
use dml::runtime::Cores;
use dml::train::Checkpoint;
use dml_fuzz::{bounded, file};
use libfuzzer_sys::fuzz_target;
use tch::Device;

fuzz_target!(|input: &[u8]| {
    let path = file("model.safetensors", input);
    let _ = bounded(input.len(), || read_notes(&path));
    let _ = bounded(input.len(), || Checkpoint::read(&path).is_ok());
    if let Ok(weights) = bounded(input.len(), || read_tensors(&path)) {
        // A small network, for small files.
        let small: Arc<dyn Architecture> = Arc::new(Tutorial::new(ImageShape::square(8), 2));
        for engine in [Engine::Libtorch, Engine::Fused] {
            let cores = Cores::new(1);
            let _ = open_network(engine, &small, &weights, Device::Cpu, &cores).is_ok();
        }
    }
});
