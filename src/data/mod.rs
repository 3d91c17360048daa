//! Labelled images: read from CSV or IDX, fetched, checked, sampled and split.
//!
//! Files, classes, split and pairs are plain bytes and numbers; [`Images`] alone knows libtorch.

mod amount;
mod batches;
mod check;
mod classes;
mod config;
mod copies;
mod csv;
mod dataset;
mod fetch;
mod idx;
mod images;
mod labels;
mod numbers;
mod pairs;
mod parts;
mod pixels;
mod reading;
mod sample;
mod scaling;
mod source;
mod split;

pub use self::amount::Amount;
pub use self::batches::{Batch, BatchKind, BatchShape, Batches, Part, class_sizes};
pub use self::check::{ClassCount, Content, FaultKind, Summary, Values, check};
pub use self::config::DataConfig;
pub use self::csv::{CsvOptions, Header, LabelColumn, load};
pub use self::dataset::{Class, ClassNames, Dataset, RawImages};
pub use self::fetch::{Fetched, fetch};
pub use self::idx::{IdxImages, read_images, read_labels};
pub use self::images::Images;
pub use self::numbers::{kept, renumbered};
pub use self::pairs::{PairSampler, Partner};
pub use self::parts::{Parts, unseen_classes};
pub use self::pixels::{Pixels, Scale};
pub use self::reading::{
    Channels, ImageColumns, LabelFound, LeftOut, Names, Reading, TrainedOn, luma, luma_byte,
};
pub use self::sample::{SampleSize, stratified, write_csv};
pub use self::source::{is_read_once, read_with};
pub use self::split::{Split, split};

use self::csv::{After, examine};
use self::dataset::listed;
use self::sample::write_rows;
use self::source::{Source, open, read_unzipped};
use crate::files::sha256_hex;
