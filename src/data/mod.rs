//! Labelled images: read from files of several kinds, fetched, checked, sampled and split.
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
mod options;
mod pairs;
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
pub use self::dataset::{Class, Dataset, RawImages};
pub use self::fetch::{Fetched, fetch};
pub use self::idx::{IdxImages, read_images, read_labels};
pub use self::images::Images;
pub use self::options::{ClassNames, Header, LabelColumn, ReadOptions};
pub use self::pairs::{PairSampler, Partner};
pub use self::pixels::{Pixels, Scale};
pub use self::reading::{
    Channels, ImageColumns, LabelFound, LeftOut, Names, Reading, TrainedOn, luma, luma_byte,
};
pub use self::renumbering::{renumbered, seen_classes};
pub use self::sample::{SampleSize, stratified, write_csv};
pub use self::shape::ImageShape;
pub use self::source::{image_sources, is_read_once, open, read_with};
pub use self::split::{Split, split};

use self::dataset::listed;
use self::sample::write_rows;
use self::source::read_unzipped;
use crate::files::sha256_hex;
