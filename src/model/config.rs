//! Settings of the network.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Architecture, NamedTensors, initial_weights, read_init};
use crate::error::{Error, Result};
use crate::files::{is_stream, sha256_hex};

/// What stands under `[model]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Numbers in an embedding.
    pub embedding: EmbeddingSize,
    /// The weights that training begins with: `seed`, drawn under the run's seed, or a safetensors
    /// file that holds them.
    pub init: String,
}

/// What `model.init` is where the weights are drawn.
const DRAWN: &str = "seed";

impl Default for ModelConfig {
    fn default() -> ModelConfig {
        ModelConfig { embedding: EmbeddingSize::default(), init: DRAWN.to_owned() }
    }
}

/// Numbers in an embedding: `"auto"` or 1 and more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum EmbeddingSize {
    /// The tutorial's 10, or the number of classes where there are more.
    #[default]
    Auto,
    /// As many as this.
    Fixed(i64),
}

/// The tutorial's size of an embedding.
const TUTORIAL: i64 = 10;

/// More numbers than any embedding of such small images has use for.
const LARGEST: i64 = 4096;

/// More rows and columns than this network is meant for: its first linear layer has S⁴/256
/// weights.
const LARGEST_SIDE: i64 = 256;

impl ModelConfig {
    /// # Errors
    /// An embedding that is empty or beyond reason.
    pub fn check(&self) -> Result<()> {
        match self.embedding {
            EmbeddingSize::Fixed(size) if !(1..=LARGEST).contains(&size) => {
                let problem = format!("must be \"auto\" or between 1 and {LARGEST}");
                Err(Error::setting("model.embedding", size, problem))
            }
            _ => Ok(()),
        }
    }

    /// The weights that training begins with.
    ///
    /// # Errors
    /// As [`read_init`] of the file that [`ModelConfig::init`] names.
    pub fn first_weights(&self, architecture: &Architecture, seed: u64) -> Result<NamedTensors> {
        match self.init.as_str() {
            DRAWN => Ok(initial_weights(architecture, seed)),
            file => Ok(read_init(Path::new(file), architecture)?.0),
        }
    }

    /// Whether training begins with the weights of a file.
    pub fn is_given(&self) -> bool {
        self.init != DRAWN
    }

    /// Checks the file of the first weights, if there is one, before anything is made for them; what
    /// has to be done to them is told.
    ///
    /// # Errors
    /// As [`ModelConfig::first_weights`].
    pub fn check_init(&self, architecture: &Architecture) -> Result<Option<String>> {
        if is_stream(Path::new(&self.init)) {
            let problem = "is a pipe, which gives its content once only: name a file, or let dml \
                           train --init keep it";
            return Err(Error::setting("model.init", &self.init, problem));
        }
        match self.init.as_str() {
            DRAWN => Ok(None),
            file => Ok(read_init(Path::new(file), architecture)?.1),
        }
    }

    /// What tells the first weights from others whatever their file is called: `seed`, or the
    /// SHA-256 of the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn init_digest(&self) -> Result<String> {
        match self.init.as_str() {
            DRAWN => Ok(DRAWN.to_owned()),
            file => {
                let path = Path::new(file);
                Ok(sha256_hex(&std::fs::read(path).map_err(Error::io("read", path))?))
            }
        }
    }

    /// The network for square images of `side` and a number of classes.
    ///
    /// # Errors
    /// Images too small to be pooled twice, or too large.
    pub fn architecture(&self, side: usize, classes: usize) -> Result<Architecture> {
        let side = side as i64;
        if !(Architecture::SMALLEST_SIDE..=LARGEST_SIDE).contains(&side) {
            return Err(Error::Other(format!(
                "images of {side}×{side} do not suit the network, which pools twice: it takes \
                 {}×{0} to {LARGEST_SIDE}×{LARGEST_SIDE}; scale the images",
                Architecture::SMALLEST_SIDE
            )));
        }
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
    fn auto_is_the_tutorials_size_until_there_are_more_classes() {
        let model = ModelConfig::default();
        assert_eq!(model.architecture(28, 10).unwrap(), Architecture { side: 28, embedding: 10 });
        assert_eq!(model.architecture(28, 3).unwrap().embedding, 10);
        assert_eq!(model.architecture(28, 26).unwrap().embedding, 26);
    }

    #[test]
    fn sizes_that_cannot_be_are_told() {
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
        for side in [3, 257] {
            let message = model(10).architecture(side, 10).unwrap_err().to_string();
            assert!(message.contains("4×4 to 256×256"), "{message}");
        }
    }
}
