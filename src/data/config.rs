//! Settings of the data.

use serde::{Deserialize, Serialize};

use super::{ClassNames, CsvOptions, Header, LabelColumn};
use crate::error::{Error, Result};

/// What stands under `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The CSV of labelled images, `.csv` or `.csv.gz`.
    pub path: String,
    /// The label column by its name or its number from 1; `"auto"` takes the column named
    /// `label`, else the first.
    pub label: String,
    /// Whether the first line names the columns.
    pub header: Header,
    /// How classes are named in tables and legends.
    pub names: ClassNames,
    /// Share of the images for validation; above 0 and below 1.
    pub validation: f64,
}

impl Default for DataConfig {
    fn default() -> DataConfig {
        DataConfig {
            path: "data/fashion-mnist_train.csv".to_owned(),
            label: "auto".to_owned(),
            header: Header::Auto,
            names: ClassNames::Auto,
            validation: 0.05,
        }
    }
}

impl DataConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        if self.validation > 0.0 && self.validation < 1.0 {
            return Ok(());
        }
        let problem = "must be a share above 0 and below 1";
        Err(Error::setting("data.validation", self.validation, problem))
    }

    /// How the file is read; `pairs` tells whether pairs are drawn from it.
    pub fn csv_options(&self, pairs: bool) -> CsvOptions {
        let label = LabelColumn::from(self.label.as_str());
        CsvOptions { label, header: self.header, names: self.names, pairs }
    }
}
