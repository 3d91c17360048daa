//! The images of a dataset as one tensor of bytes, from which batches are gathered.

use tch::{Device, Kind, Tensor};

use super::Dataset;

/// All images, on one device, a byte a pixel.
///
/// Bytes stay bytes until a batch is made of them: the whole set takes a quarter of the memory
/// of floats and is shared by all runs.
pub struct Images {
    /// `[N, S·S]` u8.
    pixels: Tensor,
    side: i64,
}

impl Images {
    /// Copies the pixels of a dataset to a device.
    pub fn new(dataset: &Dataset, device: Device) -> Images {
        let side = dataset.side as i64;
        let pixels = Tensor::from_slice(&dataset.pixels).view([-1, side * side]);
        Images { pixels: pixels.to_device(device), side }
    }

    /// Another handle on the same memory, for another thread.
    pub fn share(&self) -> Images {
        Images { pixels: self.pixels.shallow_clone(), side: self.side }
    }

    /// Where the images are, and so every batch of them.
    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    /// The images in these rows, scaled by 1/255.
    ///
    /// # Shapes
    /// rows `[B]` → `[B, 1, S, S]` f32 in 0..1
    pub fn select(&self, rows: &[i64]) -> Tensor {
        let rows = Tensor::from_slice(rows).to_device(self.device());
        let bytes = self.pixels.index_select(0, &rows);
        bytes.to_kind(Kind::Float).divide_scalar_(255.0).view([-1, 1, self.side, self.side])
    }
}
