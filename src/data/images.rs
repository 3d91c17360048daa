//! The images of a dataset as one tensor, from which batches are gathered.

use tch::{Device, Kind, Tensor};

use super::{Dataset, Pixels};

/// All images, on one device.
///
/// Bytes become floats only in batches: the whole set takes a quarter of the memory of floats and
/// is shared by all runs.
pub struct Images {
    /// `[N, S·S]` u8 or f32, as in the file.
    pixels: Tensor,
    side: i64,
    /// Divisor of the pixel values.
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

    /// A shallow copy that shares memory, for another thread.
    pub fn share(&self) -> Images {
        Images { pixels: self.pixels.shallow_clone(), ..*self }
    }

    /// The device of the images and of their batches.
    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    /// The largest absolute pixel value, divided by the data set's scale.
    pub fn reach(&self) -> f64 {
        let extremes = [self.pixels.min(), self.pixels.max()];
        extremes.iter().map(|value| value.double_value(&[]).abs()).fold(0.0, f64::max) / self.scale
    }

    /// The images in these rows, divided by the data set's scale.
    ///
    /// # Shapes
    /// rows `[B]` → `[B, 1, S, S]` f32, in 0..1 unless the user chose another scale
    pub fn select(&self, rows: &[i64]) -> Tensor {
        let rows = Tensor::from_slice(rows).to_device(self.device());
        let values = self.pixels.index_select(0, &rows);
        values.to_kind(Kind::Float).divide_scalar_(self.scale).view([-1, 1, self.side, self.side])
    }
}
