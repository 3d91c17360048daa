//! Settings of the data.

use serde::{Deserialize, Serialize};

use super::{Amount, ClassNames, CsvOptions, Header, LabelColumn, Scale};
use crate::error::{Error, Result};

/// What stands under `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The CSV of labelled images, `.csv` or `.csv.gz`.
    pub path: String,
    /// The label column by its name or its number from 1; `"auto"` takes the column that is named as
    /// labels are, else the one whose name is no pixel's, else the first or last by what they hold.
    pub label: String,
    /// Whether the first line names the columns.
    pub header: Header,
    /// Columns that are neither label nor pixels, by name or number, separated by commas; `"none"` for
    /// those alone that are recognised.
    pub drop: String,
    /// How classes are named in tables and legends.
    pub names: ClassNames,
    /// What pixel values are divided by: `"auto"` goes by their range, or a number above 0.
    pub scale: Scale,
    /// Share of the images for validation; above 0 and below 1.
    pub validation: f64,
    /// Images to train on, of those left after validation: `"all"`, or so many, in which the
    /// classes have their shares of the whole and which contain every smaller such set.
    pub train_size: Amount,
    /// Classes that are kept from training and that a run is judged by instead of the validation
    /// images: `"none"`, or labels, names and ranges as in `"5-9"`.
    pub unseen_classes: String,
}

impl Default for DataConfig {
    fn default() -> DataConfig {
        DataConfig {
            path: "data/fashion-mnist_train.csv".to_owned(),
            label: "auto".to_owned(),
            header: Header::Auto,
            drop: "none".to_owned(),
            names: ClassNames::Auto,
            scale: Scale::Auto,
            validation: 0.05,
            train_size: Amount::All,
            unseen_classes: "none".to_owned(),
        }
    }
}

impl DataConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        if self.train_size == Amount::Of(0) {
            return Err(Error::setting("data.train_size", 0, "must be \"all\" or at least 1"));
        }
        if self.validation > 0.0 && self.validation < 1.0 {
            return Ok(());
        }
        let problem = "must be a share above 0 and below 1";
        Err(Error::setting("data.validation", self.validation, problem))
    }

    /// How the file is read.
    pub fn csv_options(&self) -> CsvOptions {
        let label = LabelColumn::from(self.label.as_str());
        let drop = listed_columns(&self.drop);
        let (header, names, scale) = (self.header, self.names, self.scale);
        CsvOptions { label, header, names, scale, drop, like: None }
    }
}

/// Columns from a list with commas; one with a comma in its name stands in double quotes.
fn listed_columns(text: &str) -> Vec<String> {
    if text.trim() == "none" {
        return Vec::new();
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let cells = reader
        .records()
        .flatten()
        .flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
    cells.filter(|cell| !cell.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_to_drop_are_a_list_with_commas() {
        assert!(listed_columns("none").is_empty() && listed_columns("").is_empty());
        assert_eq!(listed_columns("id, Usage,3"), ["id", "Usage", "3"]);
        assert_eq!(listed_columns("\"a, b\",c"), ["a, b", "c"]);
    }
}
