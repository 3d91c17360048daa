//! The images of a dataset as one tensor, from which batches are gathered.

use tch::{Device, Kind, Tensor};

use super::{Dataset, Pixels};

/// All images, on one device.
///
/// Bytes stay bytes until a batch is made of them: the whole set takes a quarter of the memory
/// of floats and is shared by all runs.
pub struct Images {
    /// `[N, S·S]` u8 or f32, as they stand in the file.
    pixels: Tensor,
    side: i64,
    /// What they are divided by.
    scale: f64,
}

impl Images {
    /// Copies the pixels of a dataset to a device.
    pub fn new(dataset: &Dataset, device: Device) -> Images {
        let side = dataset.side as i64;
        let pixels = match &dataset.pixels {
            Pixels::Bytes(bytes) => Tensor::from_slice(bytes),
            Pixels::Floats(floats) => Tensor::from_slice(floats),
        };
        let pixels = pixels.view([-1, side * side]).to_device(device);
        Images { pixels, side, scale: f64::from(dataset.scale) }
    }

    /// Another handle on the same memory, for another thread.
    pub fn share(&self) -> Images {
        Images { pixels: self.pixels.shallow_clone(), ..*self }
    }

    /// Where the images are, and so every batch of them.
    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    /// The largest distance of a pixel from 0, divided by the data set's scale.
    pub fn reach(&self) -> f64 {
        let ends = [self.pixels.min(), self.pixels.max()];
        ends.iter().map(|end| end.double_value(&[]).abs()).fold(0.0, f64::max) / self.scale
    }

    /// The images in these rows, divided by the data set's scale.
    ///
    /// # Shapes
    /// rows `[B]` → `[B, 1, S, S]` f32, in 0..1 but for a scale of the user's
    pub fn select(&self, rows: &[i64]) -> Tensor {
        let rows = Tensor::from_slice(rows).to_device(self.device());
        let values = self.pixels.index_select(0, &rows);
        values.to_kind(Kind::Float).divide_scalar_(self.scale).view([-1, 1, self.side, self.side])
    }
}
