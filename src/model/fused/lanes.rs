//! Vectors with one number of each of eight images.

use crate::runtime::multiply_add_eight;

/// Images that are processed at once.
pub const LANES: usize = 8;

/// One number of each of eight images: a pixel, an activation, a gradient.
///
/// Weights are the same for all images, so the same vector arithmetic serves every layer, whatever
/// its number of channels. The methods are loops without closures: the compiler may not inline a
/// closure and then compiles it for the baseline CPU.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(32))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    pub const ZERO: Lanes = Lanes([0.0; LANES]);

    /// The same number for every image.
    #[inline(always)]
    pub fn splat(value: f32) -> Lanes {
        Lanes([value; LANES])
    }

    /// `self + other`.
    #[inline(always)]
    pub fn plus(self, other: Lanes) -> Lanes {
        let mut result = self;
        for lane in 0..LANES {
            result.0[lane] = self.0[lane] + other.0[lane];
        }
        result
    }

    /// `self - other`.
    #[inline(always)]
    pub fn minus(self, other: Lanes) -> Lanes {
        let mut result = self;
        for lane in 0..LANES {
            result.0[lane] = self.0[lane] - other.0[lane];
        }
        result
    }

    /// `self · other`.
    #[inline(always)]
    pub fn times(self, other: Lanes) -> Lanes {
        let mut result = self;
        for lane in 0..LANES {
            result.0[lane] = self.0[lane] * other.0[lane];
        }
        result
    }

    /// The larger of both; propagates NaN.
    #[inline(always)]
    pub fn larger(self, other: Lanes) -> Lanes {
        let mut result = other;
        for lane in 0..LANES {
            let (a, b) = (self.0[lane], other.0[lane]);
            result.0[lane] = if a > b || a.is_nan() { a } else { b };
        }
        result
    }

    /// `self + a·b`, where nearly all of the time is spent.
    #[inline(always)]
    pub fn plus_product<const FMA: bool>(self, a: Lanes, b: Lanes) -> Lanes {
        Lanes(multiply_add_eight::<FMA>(&a.0, &b.0, &self.0))
    }

    /// `max(self, 0)`; propagates NaN.
    #[inline(always)]
    pub fn relu(self) -> Lanes {
        let mut result = self;
        for lane in 0..LANES {
            result.0[lane] = if self.0[lane] < 0.0 { 0.0 } else { self.0[lane] };
        }
        result
    }

    /// `self` where `gate` is above 0, else 0: the backward step of a ReLU whose output was `gate`.
    #[inline(always)]
    pub fn where_positive(self, gate: Lanes) -> Lanes {
        let mut result = self;
        for lane in 0..LANES {
            result.0[lane] = if gate.0[lane] > 0.0 { self.0[lane] } else { 0.0 };
        }
        result
    }

    /// The sum over the images, always in the same order.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}
