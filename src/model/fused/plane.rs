//! A layer's image of eight images with a border of zeros.

use super::lanes::Lanes;

/// `[S + 2][S + 2][C]`, of which the outermost pixels are a border that stays 0.
///
/// The zeros that a convolution pads with come after the BatchNorm before it, so a layer's
/// activations are normalised into a plane right before they are convolved.
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

    /// Side S of the image inside the border.
    #[inline(always)]
    pub fn side(&self) -> usize {
        self.side
    }

    /// A whole row, border included, counted from the border's `[(S + 2)·C]`.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &[Lanes] {
        let width = (self.side + 2) * C;
        &self.lanes[row * width..][..width]
    }

    /// A row of the image, counted from 0, without the border `[S·C]`.
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
