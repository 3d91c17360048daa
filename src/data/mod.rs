//! Labelled images: read from a CSV, IDX or a list of image files, fetched, checked, sampled and split.
//!
//! Files, classes, split and pairs are plain bytes and numbers; only [`Images`] uses libtorch.

mod amount;
mod batches;
mod check;
mod config;
mod copies;
mod data_split;
mod dataset;
mod fetch;
mod idx;
mod images;
mod labels;
pub mod numpy;
mod options;
mod pairs;
mod picture_options;
mod pixels;
mod pk_sampler;
mod reading;
mod renumbering;
mod sample;
mod scaling;
mod shape;
mod source;
mod split;
#[cfg(test)]
pub mod testing;

pub use self::amount::Amount;
pub use self::batches::{Batch, BatchKind, BatchShape, Batches, Subset, class_sizes};
pub use self::check::{ClassCount, Content, FaultKind, Summary, Values, check};
pub use self::config::DataConfig;
pub use self::data_split::{DataSplit, unseen_classes};
pub use self::dataset::{Class, Dataset, Part, RawImages};
pub use self::fetch::{Fetched, fetch};
pub use self::idx::{IdxImages, read_images, read_labels};
pub use self::images::Images;
pub use self::options::{ClassNames, Header, LabelColumn, ReadOptions, Rows};
pub use self::pairs::{PairSampler, Partner};
pub use self::picture_options::{ChannelChoice, Fit, PictureOptions, PictureSize};
pub use self::pixels::{Pixels, Scale};
pub use self::reading::{
    Channels, ImageColumns, LabelFound, LeftOut, Names, Reading, TrainedOn, luma, luma_byte,
};
pub use self::renumbering::{renumbered, seen_classes};
pub use self::sample::{SampleSize, stratified, write_csv};
pub use self::shape::ImageShape;
pub use self::source::{
    Watch, image_sources, is_emnist, is_read_once, open, open_watched, read_with,
};
pub use self::split::{Split, split};

use self::dataset::listed;
use self::sample::write_rows;
use self::source::read_unzipped;
use crate::files::sha256_hex;
