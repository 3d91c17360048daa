//! The networks, one file each, and the list of them.

mod tutorial;

pub use tutorial::{Block, Tutorial, blocks, features};

use std::sync::Arc;

use super::ModelConfig;
use super::architecture::Architecture;
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::words::nearest;

/// All networks. A new one is its file and a line here.
pub const NETWORKS: &[NetworkKind] = &[NetworkKind::new::<Tutorial>("tutorial")];

/// A network, before the images are known.
pub struct NetworkKind {
    /// Its name in `model.network`.
    pub name: &'static str,
    for_data: fn(ImageShape, usize, &ModelConfig) -> Result<Arc<dyn Architecture>>,
}

impl NetworkKind {
    const fn new<N: Architecture + 'static>(name: &'static str) -> NetworkKind {
        let for_data = |images, classes, config: &_| -> Result<Arc<dyn Architecture>> {
            Ok(Arc::new(N::for_data(images, classes, config)?))
        };
        NetworkKind { name, for_data }
    }

    /// The network with this name.
    ///
    /// # Errors
    /// Unknown name; the message suggests the closest and lists all.
    fn by_name(name: &str) -> Result<&'static NetworkKind> {
        NETWORKS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<&str> = NETWORKS.iter().map(|kind| kind.name).collect();
            let (near, all) = (nearest(name, &names), names.join(", "));
            let problem = format!("unknown network (did you mean {near}?); known networks: {all}");
            Error::setting("model.network", name, problem)
        })
    }
}

impl ModelConfig {
    /// The network for images of a shape and a number of classes.
    ///
    /// # Errors
    /// An unknown network; images or settings that it does not take.
    pub fn architecture(
        &self,
        images: ImageShape,
        classes: usize,
    ) -> Result<Arc<dyn Architecture>> {
        (NetworkKind::by_name(&self.network)?.for_data)(images, classes, self)
    }

    /// # Errors
    /// The network is unknown, or the embedding size out of range.
    pub fn check(&self) -> Result<()> {
        NetworkKind::by_name(&self.network)?;
        self.check_embedding()
    }
}

#[cfg(test)]
mod tests;
