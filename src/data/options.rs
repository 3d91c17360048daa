//! How a source of data is to be read.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{PictureOptions, Scale, TrainedOn};
use crate::error::{Error, Result};

/// How to read a source of data.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// The label column.
    pub label: LabelColumn,
    /// Whether the first row is a header.
    pub header: Header,
    /// How classes are named.
    pub names: ClassNames,
    /// The divisor of the pixel values.
    pub scale: Scale,
    /// Columns to ignore, by name or number from 1.
    pub drop: Vec<String>,
    /// How pictures become images of one shape.
    pub pictures: PictureOptions,
    /// Which rows of a source that says what they are for.
    pub rows: Rows,
    /// How the training file of a run was interpreted, to read images the same way.
    pub like: Option<TrainedOn>,
}

/// Which images of a source with parts of its own: folders `train`, `val` and `test`, or a column of
/// such words. Sources without parts have no others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rows {
    /// Those for training and validation.
    #[default]
    Training,
    /// Those for testing.
    Test,
    /// All.
    All,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            label: LabelColumn::Auto,
            header: Header::Auto,
            names: ClassNames::Auto,
            scale: Scale::Auto,
            drop: Vec::new(),
            pictures: PictureOptions::default(),
            rows: Rows::Training,
            like: None,
        }
    }
}

impl ReadOptions {
    /// Whether the command has `--label`, `--drop` and `--scale`, so that messages may suggest
    /// them: not if test images are read like those of a run.
    pub(super) fn has_flags(&self) -> bool {
        self.like.is_none() || self.label == LabelColumn::IfThere
    }
}

/// The label column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LabelColumn {
    /// A column with the name of a label column, else the only one not named like a pixel, else the
    /// first or last, judging by its content.
    #[default]
    Auto,
    /// A name in the header, or a position counted from 1.
    Given(String),
    /// As [`LabelColumn::Auto`], but there may be no label.
    IfThere,
}

impl From<&str> for LabelColumn {
    /// `auto`, a name, or a position. A column named `auto` has to be given by its position.
    fn from(text: &str) -> Self {
        match text {
            "auto" => LabelColumn::Auto,
            given => LabelColumn::Given(given.to_owned()),
        }
    }
}

/// Whether the first row of a CSV is a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// It is if it contains the name of a label column, if more than half of its cells are not
    /// numbers, or if the numbers count up from 0 or 1 over at least four columns. A single bad
    /// cell does not make it a header: it is reported as a fault.
    #[default]
    Auto,
    /// The first row is a header.
    Yes,
    /// The first row is an image.
    No,
}

impl FromStr for Header {
    type Err = Error;

    /// `auto`, `yes` or `no`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Header::Auto),
            "yes" => Ok(Header::Yes),
            "no" => Ok(Header::No),
            other => Err(Error::setting("data.header", other, "must be auto, yes or no")),
        }
    }
}

/// How classes are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassNames {
    /// Fashion-MNIST's names if the file name contains `fashion` in any case, the images are 28
    /// pixels wide and the labels are exactly 0 to 9; otherwise the labels themselves. The shape
    /// alone is not enough: MNIST has the same.
    #[default]
    Auto,
    /// The labels themselves.
    Labels,
    /// Fashion-MNIST's names for the labels 0 to 9.
    FashionMnist,
}
