//! A zero-padded layer input of eight images.

use super::lanes::Lanes;

/// `[S + 2][S + 2][C]`; the outermost pixels are padding and stay 0.
///
/// Padding is applied after BatchNorm, so a layer's activations are normalised into a plane right
/// before the convolution.
#[derive(Debug, Clone)]
pub struct Plane<const C: usize> {
    side: usize,
    lanes: Vec<Lanes>,
}

impl<const C: usize> Plane<C> {
    /// All zeros.
    pub fn new(side: usize) -> Plane<C> {
        Plane { side, lanes: vec![Lanes::ZERO; (side + 2) * (side + 2) * C] }
    }

    /// Side S of the image without the border.
    #[inline(always)]
    pub fn side(&self) -> usize {
        self.side
    }

    /// A row including the border, where row 0 is the border `[(S + 2)·C]`.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &[Lanes] {
        let width = (self.side + 2) * C;
        &self.lanes[row * width..][..width]
    }

    /// A row of the image without the border, counted from 0 `[S·C]`.
    #[inline(always)]
    pub fn image_row(&mut self, y: usize) -> &mut [Lanes] {
        let width = (self.side + 2) * C;
        &mut self.lanes[(y + 1) * width + C..][..self.side * C]
    }
}

#[cfg(test)]
impl<const C: usize> Plane<C> {
    /// The image without its border `[S][S][C]`.
    pub fn image(&self) -> Vec<Lanes> {
        let row = |y: usize| self.row(y + 1)[C..(self.side + 1) * C].to_vec();
        (0..self.side).flat_map(row).collect()
    }
}
