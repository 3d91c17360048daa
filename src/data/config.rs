//! Settings of the data.

use serde::{Deserialize, Serialize};

use super::{
    Amount, ChannelChoice, ClassNames, Fit, Header, LabelColumn, PictureOptions, PictureSize,
    ReadOptions, Rows, Scale,
};
use crate::error::{Error, Result};

/// The section `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The labelled images: a folder or a file of any kind that [`open`](super::open) recognises.
    pub path: String,
    /// The label column by name or by number from 1; `"auto"` takes a column with the name of a
    /// label column, else the only one not named like a pixel, else the first or last, judging by
    /// its content.
    pub label: String,
    /// Whether the first line names the columns.
    pub header: Header,
    /// Columns to ignore besides those that are recognised as neither label nor pixels, by name or
    /// number, separated by commas; or `"none"`.
    pub drop: String,
    /// How classes are named in tables and legends.
    pub names: ClassNames,
    /// The divisor of the pixel values: a number above 0, or `"auto"` to choose it by their range.
    pub scale: Scale,
    /// Whether pictures are read in grey or in colour; `"auto"`: in colour if any has one.
    pub channels: ChannelChoice,
    /// Height and width of all images, N or `"HxW"`; `"auto"` keeps that of pictures that all have one.
    pub size: PictureSize,
    /// How a picture of another aspect ratio is fitted into that size.
    pub fit: Fit,
    /// Whether to leave out pictures that cannot be read, and go on.
    pub skip_broken: bool,
    /// The channels that a run of an earlier version was trained on, in place of `channels`. No setting:
    /// neither stored nor part of any hash.
    #[serde(skip)]
    pub trained_channels: Option<ChannelChoice>,
    /// Fraction of the images for validation; above 0 and below 1.
    pub validation: f64,
    /// Number of training images, of those left after validation, or `"all"`. Class proportions are
    /// kept, and larger sets contain the smaller ones.
    pub train_size: Amount,
    /// Classes that are held out from training, on which the run is evaluated instead of the
    /// validation images: `"none"`, or labels, names and ranges as in `"5-9"`.
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
            channels: ChannelChoice::Auto,
            size: PictureSize::Auto,
            fit: Fit::Crop,
            skip_broken: false,
            trained_channels: None,
            validation: 0.05,
            train_size: Amount::All,
            unseen_classes: "none".to_owned(),
        }
    }
}

impl DataConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what is valid.
    pub fn check(&self) -> Result<()> {
        if self.train_size == Amount::Of(0) {
            return Err(Error::setting("data.train_size", 0, "must be \"all\" or at least 1"));
        }
        if self.validation > 0.0 && self.validation < 1.0 {
            return Ok(());
        }
        let problem = "must be above 0 and below 1";
        Err(Error::setting("data.validation", self.validation, problem))
    }

    /// How the file is read.
    pub fn read_options(&self) -> ReadOptions {
        let label = LabelColumn::from(self.label.as_str());
        let drop = listed_columns(&self.drop);
        let &DataConfig { header, names, scale, channels, size, fit, skip_broken, .. } = self;
        let channels = self.trained_channels.unwrap_or(channels);
        let pictures = PictureOptions { channels, size, fit, skip_broken, joined: None };
        ReadOptions {
            label,
            header,
            names,
            scale,
            drop,
            pictures,
            rows: Rows::Training,
            like: None,
        }
    }
}

/// Parses a comma-separated list of columns; names with commas are in double quotes.
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
    fn the_channels_of_an_earlier_run_change_how_images_are_read_but_no_setting() {
        let trained_channels = Some(ChannelChoice::Grey);
        let config = DataConfig { trained_channels, ..DataConfig::default() };
        assert_eq!(config.read_options().pictures.channels, ChannelChoice::Grey);
        let text = |config: &DataConfig| toml::to_string(config).unwrap();
        assert_eq!(text(&config), text(&DataConfig::default()));
    }

    #[test]
    fn columns_to_drop_are_a_comma_separated_list() {
        assert!(listed_columns("none").is_empty() && listed_columns("").is_empty());
        assert_eq!(listed_columns("id, Usage,3"), ["id", "Usage", "3"]);
        assert_eq!(listed_columns("\"a, b\",c"), ["a, b", "c"]);
    }
}
