//! Activations kept between passes, and the scratch memory of a thread.

use super::lanes::{LANES, Lanes};
use super::norm::Moments;
use super::plane::Plane;
use super::weights::Layout;
use crate::model::FusedSizes;

/// Images per shard. Sums over a batch are taken within shards first and then in the order of the
/// shards, so the bits do not depend on the number of threads.
pub const SHARD: usize = 32;

/// Image sides before, between and after the two poolings, and the embedding size.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub full: usize,
    pub half: usize,
    pub quarter: usize,
    pub embedding: usize,
}

impl Sizes {
    pub fn new(FusedSizes { side, embedding }: FusedSizes) -> Sizes {
        let (full, embedding) = (side as usize, embedding as usize);
        Sizes { full, half: full / 2, quarter: full / 4, embedding }
    }

    /// Inputs of the linear layers.
    pub fn features(&self) -> usize {
        self.quarter * self.quarter
    }
}

/// The activations of eight images.
pub struct Group {
    /// Number of images; the remaining lanes are zero.
    pub images: usize,
    pub pixels: Plane<1>,
    /// Output of the ReLU after each convolution, `[S][S][C]`.
    ///
    /// The backward pass overwrites the second with the gradient of the first BatchNorm's outputs,
    /// and the fourth with that of the third's, once they are no longer needed.
    pub relu: [Vec<Lanes>; 5],
    /// Output of the first linear layer.
    pub hidden: Vec<Lanes>,
    pub embedding: Vec<Lanes>,
    /// Outputs of the two poolings before normalisation `[S/2][S/2][8]`, `[S/4][S/4][16]`.
    pub pooled: (Vec<Lanes>, Vec<Lanes>),
    /// Gradients of the pooled values.
    pub pooled_gradient: (Vec<Lanes>, Vec<Lanes>),
}

impl Group {
    fn new(sizes: &Sizes) -> Group {
        let Sizes { full, half, quarter, embedding } = *sizes;
        let image = |side: usize, channels: usize| vec![Lanes::ZERO; side * side * channels];
        Group {
            images: 0,
            pixels: Plane::new(full),
            relu: [
                image(full, 8),
                image(full, 8),
                image(half, 16),
                image(half, 16),
                image(quarter, 1),
            ],
            hidden: image(quarter, 1),
            embedding: vec![Lanes::ZERO; embedding],
            pooled: (image(half, 8), image(quarter, 16)),
            pooled_gradient: (image(half, 8), image(quarter, 16)),
        }
    }

    /// 1 in lanes with an image, 0 in the others.
    pub fn present(&self) -> Lanes {
        Lanes(std::array::from_fn(|lane| f32::from(u8::from(lane < self.images))))
    }

    /// Loads up to eight images `[N][S][S]`.
    pub fn load_pixels(&mut self, images: &[f32]) {
        let side = self.pixels.side();
        self.images = images.len() / (side * side);
        for y in 0..side {
            let row = self.pixels.image_row(y);
            for lane in 0..LANES {
                match images.chunks_exact(side * side).nth(lane) {
                    Some(image) => {
                        let pixels = &image[y * side..][..side];
                        row.iter_mut().zip(pixels).for_each(|(to, &pixel)| to.0[lane] = pixel);
                    }
                    None => row.iter_mut().for_each(|to| to.0[lane] = 0.0),
                }
            }
        }
    }
}

/// Up to [`SHARD`] images of one branch, with the sums of the last pass.
pub struct Shard {
    /// Index of its first image in the branch.
    pub first: usize,
    pub groups: Vec<Group>,
    /// The sums for a BatchNorm.
    pub moments: Moments,
    /// ∂loss/∂parameters over these images `[P]`, complete after the last pass except for the
    /// BatchNorms.
    pub gradient: Vec<f32>,
}

impl Shard {
    /// Memory for `groups` of eight images.
    pub fn new(sizes: &Sizes, layout: &Layout, groups: usize) -> Shard {
        let groups = (0..groups).map(|_| Group::new(sizes)).collect();
        let gradient = vec![0.0; layout.length];
        Shard { first: 0, groups, moments: Moments::default(), gradient }
    }

    /// The groups with at least one image.
    pub fn non_empty(&mut self) -> impl Iterator<Item = &mut Group> {
        self.groups.iter_mut().filter(|group| group.images > 0)
    }

    /// Appends the embedding of each image `[E]`.
    pub fn write_embeddings(&self, rows: &mut Vec<f32>) {
        for group in &self.groups {
            for lane in 0..group.images {
                rows.extend(group.embedding.iter().map(|value| value.0[lane]));
            }
        }
    }
}

/// Scratch memory of a thread during a pass.
pub struct Scratch {
    pub sizes: Sizes,
    /// Inputs of the second to the fifth convolution.
    pub input2: Plane<8>,
    pub input3: Plane<8>,
    pub input4: Plane<16>,
    pub input5: Plane<16>,
    /// Gradients of the convolutions' outputs, by side.
    pub full: Plane<8>,
    pub half: Plane<16>,
    pub quarter: Plane<1>,
    /// Gradients of parameters, image by image, in the layout of the flat vector.
    pub sums: Vec<Lanes>,
    /// Gradients of the inputs and outputs of the linear layers.
    pub embedding: Vec<Lanes>,
    pub hidden: Vec<Lanes>,
    pub features: Vec<Lanes>,
}

impl Scratch {
    pub fn new(sizes: &Sizes, layout: &Layout) -> Scratch {
        let vector = |length: usize| vec![Lanes::ZERO; length];
        Scratch {
            sizes: *sizes,
            input2: Plane::new(sizes.full),
            input3: Plane::new(sizes.half),
            input4: Plane::new(sizes.half),
            input5: Plane::new(sizes.quarter),
            full: Plane::new(sizes.full),
            half: Plane::new(sizes.half),
            quarter: Plane::new(sizes.quarter),
            sums: vector(layout.longest_pass()),
            embedding: vector(sizes.embedding),
            hidden: vector(sizes.features()),
            features: vector(sizes.features()),
        }
    }
}
