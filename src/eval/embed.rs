//! Embeds images in batches.

use ndarray::Array2;
use tch::{Device, Tensor};

use crate::data::{ImageShape, Images};
use crate::loss::normalised;
use crate::model::Network;

/// Images in a batch, and pixels at most: activations take memory by the pixel, on every core.
const BATCH: usize = 500;
const BATCH_PIXELS: usize = BATCH * 64 * 64;

/// Batches per call: enough to balance the cores, few enough to need little memory.
const ROUND: usize = 16;

/// Images in a batch. Nothing but their shape decides, so the embeddings are bit-identical on every
/// machine and any number of cores.
fn batch_size(images: ImageShape) -> usize {
    (BATCH_PIXELS / images.pixels().max(1)).clamp(1, BATCH)
}

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
    let batches: Vec<&[i64]> = rows.chunks(batch_size(images.shape())).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_large_images_are_smaller() {
        let sizes = [28, 64, 96, 256].map(|side| batch_size(ImageShape::square(side)));
        assert_eq!(sizes, [500, 500, 222, 31]);
        let colour = ImageShape { channels: 3, height: 600, width: 4000 };
        assert_eq!(batch_size(colour), 1);
    }
}
