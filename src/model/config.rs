//! Settings of the network.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::network::NamedTensors;
use super::{Architecture, initial_weights, read_init};
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::files::{is_stream, sha256_hex};

/// The section `[model]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Size of an embedding.
    pub embedding: EmbeddingSize,
    /// The initial weights: `seed` draws them under the run's seed, anything else is a safetensors
    /// file.
    pub init: String,
}

/// The value of `model.init` that draws the weights under the seed.
const FROM_SEED: &str = "seed";

impl Default for ModelConfig {
    fn default() -> ModelConfig {
        ModelConfig { embedding: EmbeddingSize::default(), init: FROM_SEED.to_owned() }
    }
}

/// Size of an embedding: `"auto"` or at least 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum EmbeddingSize {
    /// The tutorial's 10, or the number of classes if there are more.
    #[default]
    Auto,
    /// This size.
    Fixed(i64),
}

/// The tutorial's embedding size.
const TUTORIAL: i64 = 10;

/// The largest embedding: more than images this small can use.
const LARGEST: i64 = 4096;

/// The largest images that this network is meant for: its first linear layer has S⁴/256 weights.
const LARGEST_SIDE: i64 = 256;

impl ModelConfig {
    /// # Errors
    /// The embedding size is out of range.
    pub fn check(&self) -> Result<()> {
        match self.embedding {
            EmbeddingSize::Fixed(size) if !(1..=LARGEST).contains(&size) => {
                let problem = format!("must be \"auto\" or between 1 and {LARGEST}");
                Err(Error::setting("model.embedding", size, problem))
            }
            _ => Ok(()),
        }
    }

    /// The initial weights.
    ///
    /// # Errors
    /// As [`read_init`].
    pub fn initial_weights(&self, architecture: &Architecture, seed: u64) -> Result<NamedTensors> {
        match self.init.as_str() {
            FROM_SEED => Ok(initial_weights(architecture, seed)),
            file => Ok(read_init(Path::new(file), architecture)?.0),
        }
    }

    /// Whether the initial weights come from a file.
    pub fn is_from_file(&self) -> bool {
        self.init != FROM_SEED
    }

    /// Checks the file of the initial weights, if there is one, before any work, and returns a note
    /// on how they have to be converted.
    ///
    /// # Errors
    /// As [`ModelConfig::initial_weights`].
    pub fn check_init(&self, architecture: &Architecture) -> Result<Option<String>> {
        if is_stream(Path::new(&self.init)) {
            let problem = "is a pipe, which can be read only once: name a file, or let dml \
                           train --init keep a copy";
            return Err(Error::setting("model.init", &self.init, problem));
        }
        match self.init.as_str() {
            FROM_SEED => Ok(None),
            file => Ok(read_init(Path::new(file), architecture)?.1),
        }
    }

    /// Identifies the initial weights independently of the file name: `seed`, or the SHA-256 of the
    /// file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn init_digest(&self) -> Result<String> {
        match self.init.as_str() {
            FROM_SEED => Ok(FROM_SEED.to_owned()),
            file => {
                let path = Path::new(file);
                Ok(sha256_hex(&std::fs::read(path).map_err(Error::io("read", path))?))
            }
        }
    }

    /// The network for images of a shape and a number of classes.
    ///
    /// # Errors
    /// Images that are not square and grey, too small for two poolings, or too large.
    pub fn architecture(&self, shape: ImageShape, classes: usize) -> Result<Architecture> {
        let side = shape.side().map(|side| side as i64);
        let fits = |side: &i64| (Architecture::SMALLEST_SIDE..=LARGEST_SIDE).contains(side);
        let side = side.filter(fits).ok_or_else(|| {
            Error::Other(format!(
                "images of {shape} do not fit the network, which takes grey squares of {}×{0} to \
                 {LARGEST_SIDE}×{LARGEST_SIDE}; pad, crop or resize the images",
                Architecture::SMALLEST_SIDE
            ))
        })?;
        let embedding = match self.embedding {
            EmbeddingSize::Auto => TUTORIAL.max(classes as i64),
            EmbeddingSize::Fixed(size) => size,
        };
        Ok(Architecture { side, embedding })
    }
}

impl TryFrom<toml::Value> for EmbeddingSize {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<EmbeddingSize, String> {
        match value {
            toml::Value::Integer(size) => Ok(EmbeddingSize::Fixed(size)),
            toml::Value::String(text) if text == "auto" => Ok(EmbeddingSize::Auto),
            other => Err(format!("{other} is neither \"auto\" nor a whole number")),
        }
    }
}

impl From<EmbeddingSize> for toml::Value {
    fn from(size: EmbeddingSize) -> toml::Value {
        match size {
            EmbeddingSize::Auto => "auto".into(),
            EmbeddingSize::Fixed(size) => size.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_the_tutorials_size_unless_there_are_more_classes() {
        let model = ModelConfig::default();
        let for_classes = |classes| model.architecture(ImageShape::square(28), classes).unwrap();
        assert_eq!(for_classes(10), Architecture { side: 28, embedding: 10 });
        assert_eq!(for_classes(3).embedding, 10);
        assert_eq!(for_classes(26).embedding, 26);
    }

    #[test]
    fn sizes_out_of_range_are_rejected() {
        let model =
            |size| ModelConfig { embedding: EmbeddingSize::Fixed(size), ..ModelConfig::default() };
        assert!(model(1).check().is_ok());
        for size in [0, -3, 5000] {
            let message = model(size).check().unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("model.embedding = {size}: must be")),
                "{message}"
            );
        }
        let colour = ImageShape { channels: 3, height: 28, width: 28 };
        for (shape, named) in [
            (ImageShape::square(3), "images of 3×3 "),
            (ImageShape::square(257), "images of 257×257 "),
            (ImageShape::grey(28, 20), "images of 28×20 "),
            (colour, "images of 3×28×28 "),
        ] {
            let message = model(10).architecture(shape, 10).unwrap_err().to_string();
            assert!(message.starts_with(named), "{message}");
            assert!(message.contains("takes grey squares of 4×4 to 256×256"), "{message}");
        }
    }
}
