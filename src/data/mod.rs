//! Labelled images: read from CSV or IDX, fetched, checked, sampled and split.
//!
//! Files, classes, split and pairs are plain bytes and numbers; [`Images`] alone knows libtorch.

mod amount;
mod batches;
mod check;
mod classes;
mod config;
mod csv;
mod dataset;
mod fetch;
mod idx;
mod images;
mod numbers;
mod pairs;
mod parts;
mod sample;
mod source;
mod split;

pub use self::amount::Amount;
pub use self::batches::{Batch, BatchKind, BatchShape, Batches, Part, class_sizes};
pub use self::check::{ClassCount, Content, Summary, Values, check};
pub use self::config::DataConfig;
pub use self::csv::{CsvOptions, Header, LabelColumn, load};
pub use self::dataset::{Class, ClassNames, Dataset};
pub use self::fetch::{Fetched, fetch};
pub use self::idx::{IdxImages, read_images, read_labels};
pub use self::images::Images;
pub use self::numbers::{kept, renumbered};
pub use self::pairs::{PairSampler, Partner};
pub use self::parts::{Parts, unseen_classes};
pub use self::sample::{SampleSize, stratified, write_csv};
pub use self::split::{Split, split};

use self::csv::{After, examine};
use self::dataset::{classes_of, listed, name_classes};
use self::sample::write_rows;
use self::source::read_unzipped;
use crate::files::sha256_hex;
