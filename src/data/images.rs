//! The images of a dataset as one tensor, from which batches are gathered.

use tch::{Device, Kind, Tensor};

use super::{Dataset, ImageShape, Pixels};

/// All images, on one device.
///
/// Bytes become floats only in batches: the whole set takes a quarter of the memory of floats and
/// is shared by all runs.
pub struct Images {
    /// `[N, C·H·W]` u8 or f32, as in the file.
    pixels: Tensor,
    shape: ImageShape,
    /// Divisor of the pixel values.
    scale: f64,
}

impl Images {
    /// Copies the pixels of a dataset to a device.
    pub fn new(dataset: &Dataset, device: Device) -> Images {
        let shape = dataset.shape;
        let pixels = match &dataset.pixels {
            Pixels::Bytes(bytes) => Tensor::from_slice(bytes),
            Pixels::Floats(floats) => Tensor::from_slice(floats),
        };
        let pixels = pixels.view([-1, shape.values() as i64]).to_device(device);
        Images { pixels, shape, scale: f64::from(dataset.scale) }
    }

    /// A shallow copy that shares memory, for another thread.
    pub fn share(&self) -> Images {
        Images { pixels: self.pixels.shallow_clone(), ..*self }
    }

    /// The shape of each image.
    pub fn shape(&self) -> ImageShape {
        self.shape
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
    /// rows `[B]` → `[B, C, H, W]` f32, in 0..1 unless the user chose another scale
    pub fn select(&self, rows: &[i64]) -> Tensor {
        let rows = Tensor::from_slice(rows).to_device(self.device());
        let values = self.pixels.index_select(0, &rows);
        let ImageShape { channels, height, width } = self.shape;
        let sizes = [-1, channels as i64, height as i64, width as i64];
        values.to_kind(Kind::Float).divide_scalar_(self.scale).view(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{coloured, value};

    #[test]
    fn a_batch_has_each_value_at_its_channel_row_and_column() {
        let batch = Images::new(&coloured(), Device::Cpu).select(&[2, 0]);
        assert_eq!((batch.size(), batch.kind()), (vec![2, 3, 5, 7], Kind::Float));
        for (place, image) in [(0, 2), (1, 0)] {
            for (channel, y, x) in [(0, 0, 0), (0, 4, 6), (1, 0, 6), (1, 4, 0), (2, 3, 5)] {
                let found = batch.double_value(&[place, channel as i64, y as i64, x as i64]);
                let wanted = f64::from(f32::from(value(image, channel, y, x)) / 255.0);
                assert_eq!(found, wanted, "image {image}, channel {channel}, ({y}, {x})");
            }
        }
    }
}
