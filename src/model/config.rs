//! Settings of the network.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::sha256_hex;

/// The section `[model]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Name of the network.
    pub network: String,
    /// Size of an embedding.
    pub embedding: EmbeddingSize,
    /// The initial weights: `seed` draws them under the run's seed, anything else is a safetensors
    /// file.
    pub init: String,
}

/// The value of `model.init` that draws the weights under the seed.
pub(super) const FROM_SEED: &str = "seed";

impl Default for ModelConfig {
    fn default() -> ModelConfig {
        ModelConfig {
            network: "tutorial".to_owned(),
            embedding: EmbeddingSize::default(),
            init: FROM_SEED.to_owned(),
        }
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

impl ModelConfig {
    /// # Errors
    /// The embedding size is out of range.
    pub(super) fn check_embedding(&self) -> Result<()> {
        match self.embedding {
            EmbeddingSize::Fixed(size) if !(1..=LARGEST).contains(&size) => {
                let problem = format!("must be \"auto\" or between 1 and {LARGEST}");
                Err(Error::setting("model.embedding", size, problem))
            }
            _ => Ok(()),
        }
    }

    /// Whether the initial weights come from a file.
    pub fn is_from_file(&self) -> bool {
        self.init != FROM_SEED
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

    /// Size of an embedding for a number of classes.
    pub fn embedding_size(&self, classes: usize) -> i64 {
        match self.embedding {
            EmbeddingSize::Auto => TUTORIAL.max(classes as i64),
            EmbeddingSize::Fixed(size) => size,
        }
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
        assert_eq!([3, 10, 26].map(|classes| model.embedding_size(classes)), [10, 10, 26]);
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
    }
}
