//! What becomes of a convolution's outputs while they are still in registers.

use super::lanes::Lanes;

/// Where a tile of outputs lies.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub y: usize,
    /// First column.
    pub x: usize,
    /// From one column to the next.
    pub step: usize,
    /// First output channel.
    pub channel: usize,
}

/// Takes the outputs of a convolution while they are in registers.
pub trait Finish {
    /// `tile[o][p]` is channel `channel + o` of pixel `(y, x + p · step)`.
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        place: Place,
    );
}

/// Stores the outputs as they are.
pub struct Store<'a> {
    /// `[S][S][C]`.
    pub output: &'a mut [Lanes],
    pub side: usize,
    pub channels: usize,
}

impl Store<'_> {
    /// The places of a tile's pixel `p`, channel by channel.
    #[inline(always)]
    fn pixel<const T: usize>(&mut self, place: Place, p: usize) -> &mut [Lanes] {
        let pixel = place.pixel(p, self.side);
        &mut self.output[pixel * self.channels + place.channel..][..T]
    }
}

impl Place {
    /// The tile's pixel `p` in an image of a side.
    #[inline(always)]
    fn pixel(self, p: usize, side: usize) -> usize {
        self.y * side + self.x + p * self.step
    }
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        place: Place,
    ) {
        for p in 0..P {
            let output = self.pixel::<T>(place, p);
            for t in 0..T {
                output[t] = tile[t][p];
            }
        }
    }
}

/// Sums over the pixels of eight images, channel by channel, that a BatchNorm needs.
///
/// Forward Σr and Σr², backward Σg and Σg·r.
#[derive(Debug, Clone)]
pub struct Sums {
    pub first: Vec<Lanes>,
    pub second: Vec<Lanes>,
}

impl Sums {
    pub fn new(channels: usize) -> Sums {
        Sums { first: vec![Lanes::ZERO; channels], second: vec![Lanes::ZERO; channels] }
    }
}

/// Stores `r = max(out, 0)` and sums r and r².
pub struct Activate<'a> {
    pub store: Store<'a>,
    /// 1 for an image, 0 for a lane without one: it holds r = 0, which adds nothing to any sum and
    /// lets no gradient through.
    pub present: Lanes,
    pub sums: Sums,
}

impl Finish for Activate<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        place: Place,
    ) {
        let (mut sum, mut square) = ([Lanes::ZERO; T], [Lanes::ZERO; T]);
        for p in 0..P {
            let output = self.store.pixel::<T>(place, p);
            for t in 0..T {
                let r = tile[t][p].relu().times(self.present);
                output[t] = r;
                sum[t] = sum[t].plus(r);
                square[t] = square[t].plus_product::<FMA>(r, r);
            }
        }
        add_to(&mut self.sums, place.channel, &sum, &square);
    }
}

/// Stores the gradient `g` of a BatchNorm's outputs, pooled or not, and sums g and g·r.
pub struct Gradient<'a> {
    pub store: Store<'a>,
    /// What the BatchNorm normalised, `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub sums: Sums,
}

impl Finish for Gradient<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        place: Place,
    ) {
        let (mut sum, mut product) = ([Lanes::ZERO; T], [Lanes::ZERO; T]);
        for p in 0..P {
            let pixel = place.pixel(p, self.store.side);
            let relu = &self.relu[pixel * self.store.channels + place.channel..][..T];
            let output = self.store.pixel::<T>(place, p);
            for t in 0..T {
                let g = tile[t][p];
                output[t] = g;
                sum[t] = sum[t].plus(g);
                product[t] = product[t].plus_product::<FMA>(g, relu[t]);
            }
        }
        add_to(&mut self.sums, place.channel, &sum, &product);
    }
}

#[inline(always)]
fn add_to<const T: usize>(
    sums: &mut Sums,
    channel: usize,
    first: &[Lanes; T],
    second: &[Lanes; T],
) {
    let firsts = &mut sums.first[channel..][..T];
    let seconds = &mut sums.second[channel..][..T];
    for t in 0..T {
        firsts[t] = firsts[t].plus(first[t]);
        seconds[t] = seconds[t].plus(second[t]);
    }
}
