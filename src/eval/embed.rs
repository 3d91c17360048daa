//! Embeds images in batches.

use ndarray::Array2;
use tch::{Device, Tensor};

use crate::data::Images;
use crate::loss::normalised;
use crate::model::Network;

/// Batch size. It is the same on every machine, so the embeddings are bit-identical on any number of
/// cores.
const BATCH: usize = 500;

/// Batches per call: enough to balance the cores, few enough to need little memory.
const ROUND: usize = 16;

/// Embeds the images in these rows in evaluation mode; with `normalise`, scaled to unit length.
///
/// # Shapes
/// rows `[N]` → `[N, E]` f32
pub fn embed(
    network: &mut dyn Network,
    images: &Images,
    rows: &[i64],
    normalise: bool,
) -> Array2<f32> {
    let batches: Vec<&[i64]> = rows.chunks(BATCH).collect();
    let mut values = Vec::new();
    let mut width = 0;
    for round in batches.chunks(ROUND) {
        let round = round.iter().map(|rows| images.select(rows)).collect();
        for embeddings in network.embed(round) {
            width = embeddings.size()[1] as usize;
            let embeddings = if normalise { normalised(&embeddings) } else { embeddings };
            values.extend(to_vec(&embeddings));
        }
    }
    Array2::from_shape_vec((rows.len(), width), values).expect("one row per image")
}

fn to_vec(embeddings: &Tensor) -> Vec<f32> {
    let flat = embeddings.to_device(Device::Cpu).contiguous().view([-1]);
    Vec::<f32>::try_from(&flat).expect("a flat f32 tensor")
}
