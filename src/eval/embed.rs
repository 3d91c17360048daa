//! Embeddings of many images.

use ndarray::Array2;
use tch::{Device, Tensor};

use crate::data::Images;
use crate::model::Network;
use crate::runtime::Cores;

/// Images in one batch. The batches are the same on every machine, so the embeddings are too,
/// bit for bit; only how many are worked on at once follows the number of cores.
const BATCH: usize = 500;

/// Embeds the images in these rows, in evaluation mode.
///
/// # Shapes
/// rows `[N]` → `[N, E]` f32
pub fn embed(network: &mut dyn Network, images: &Images, rows: &[i64]) -> Array2<f32> {
    let batches: Vec<&[i64]> = rows.chunks(BATCH).collect();
    let mut values = Vec::new();
    let mut width = 0;
    for round in batches.chunks(Cores::available()) {
        let round = round.iter().map(|rows| images.select(rows)).collect();
        for embeddings in network.embed(round) {
            width = embeddings.size()[1] as usize;
            values.extend(to_vec(&embeddings));
        }
    }
    Array2::from_shape_vec((rows.len(), width), values).expect("one row an image")
}

fn to_vec(embeddings: &Tensor) -> Vec<f32> {
    let flat = embeddings.to_device(Device::Cpu).contiguous().view([-1]);
    Vec::<f32>::try_from(&flat).expect("a flat f32 tensor")
}
