//! Epilogues of a convolution: what happens to its outputs while they are still in registers.

use super::lanes::Lanes;

/// Position of a tile of outputs.
#[derive(Debug, Clone, Copy)]
pub struct TilePosition {
    pub y: usize,
    /// First column.
    pub x: usize,
    /// Distance from one column to the next.
    pub step: usize,
    /// First output channel.
    pub channel: usize,
}

/// Processes the outputs of a convolution while they are in registers.
pub trait Epilogue {
    /// `tile[o][p]` is channel `channel + o` of pixel `(y, x + p · step)`.
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        at: TilePosition,
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
    /// The channels of a tile's pixel `p`.
    #[inline(always)]
    fn pixel<const T: usize>(&mut self, at: TilePosition, p: usize) -> &mut [Lanes] {
        let pixel = at.pixel(p, self.side);
        &mut self.output[pixel * self.channels + at.channel..][..T]
    }
}

impl TilePosition {
    /// Index of the tile's pixel `p` in an image of the given side.
    #[inline(always)]
    fn pixel(self, p: usize, side: usize) -> usize {
        self.y * side + self.x + p * self.step
    }
}

impl Epilogue for Store<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        at: TilePosition,
    ) {
        for p in 0..P {
            let output = self.pixel::<T>(at, p);
            for t in 0..T {
                output[t] = tile[t][p];
            }
        }
    }
}

/// Per-channel sums over the pixels of eight images that a BatchNorm needs.
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
    /// 1 for an image, 0 for an empty lane: its r = 0 adds nothing to any sum and blocks the
    /// gradient.
    pub present: Lanes,
    pub sums: Sums,
}

impl Epilogue for Activate<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        at: TilePosition,
    ) {
        let (mut sum, mut square) = ([Lanes::ZERO; T], [Lanes::ZERO; T]);
        for p in 0..P {
            let output = self.store.pixel::<T>(at, p);
            for t in 0..T {
                let r = tile[t][p].relu().times(self.present);
                output[t] = r;
                sum[t] = sum[t].plus(r);
                square[t] = square[t].plus_product::<FMA>(r, r);
            }
        }
        add_to(&mut self.sums, at.channel, &sum, &square);
    }
}

/// Stores the gradient `g` of a BatchNorm's outputs (pooled or not) and sums g and g·r.
pub struct Gradient<'a> {
    pub store: Store<'a>,
    /// The input of the BatchNorm, `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub sums: Sums,
}

impl Epilogue for Gradient<'_> {
    #[inline(always)]
    fn take<const FMA: bool, const T: usize, const P: usize>(
        &mut self,
        tile: &[[Lanes; P]; T],
        at: TilePosition,
    ) {
        let (mut sum, mut product) = ([Lanes::ZERO; T], [Lanes::ZERO; T]);
        for p in 0..P {
            let pixel = at.pixel(p, self.store.side);
            let relu = &self.relu[pixel * self.store.channels + at.channel..][..T];
            let output = self.store.pixel::<T>(at, p);
            for t in 0..T {
                let g = tile[t][p];
                output[t] = g;
                sum[t] = sum[t].plus(g);
                product[t] = product[t].plus_product::<FMA>(g, relu[t]);
            }
        }
        add_to(&mut self.sums, at.channel, &sum, &product);
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
