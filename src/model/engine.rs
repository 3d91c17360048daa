//! The engine that computes the network: libtorch, or the fused engine where it supports the sizes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tch::Device;

use super::architecture::{Architecture, FusedSizes};
use super::fused::{FusedNetwork, NO_OTHER};
use super::libtorch::LibtorchNetwork;
use super::network::{NamedTensors, Network};
use crate::error::{Error, Result};
use crate::runtime::{Cores, Simd};

/// The engine that the user chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The fused engine on the CPU for the sizes it supports, otherwise libtorch.
    #[default]
    Auto,
    /// libtorch: any device and any size; the reference.
    Libtorch,
    /// The fused engine, or an error that says why it cannot be used.
    Fused,
}

/// The engine that computes a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// libtorch, layer by layer.
    #[default]
    Libtorch,
    /// Plain Rust on the CPU, with all layers fused.
    Fused,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Libtorch => "libtorch",
            Engine::Fused => "fused",
        })
    }
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<EngineChoice, String> {
        match text {
            "auto" => Ok(EngineChoice::Auto),
            "libtorch" => Ok(EngineChoice::Libtorch),
            "fused" => Ok(EngineChoice::Fused),
            _ => Err(format!("unknown engine '{text}'; use auto, libtorch or fused")),
        }
    }
}

impl EngineChoice {
    /// Chooses the engine for a network on a device, with a short text that says which and why.
    ///
    /// # Errors
    /// The fused engine was requested and cannot be used.
    pub fn resolve(
        self,
        architecture: &dyn Architecture,
        device: Device,
    ) -> Result<(Engine, String)> {
        let obstacle = obstacle(architecture, device);
        match (self, obstacle) {
            (EngineChoice::Libtorch, _) => Ok((Engine::Libtorch, "libtorch".to_owned())),
            (_, None) if Simd::detect() == Simd::PORTABLE && cfg!(target_arch = "x86_64") => {
                Ok((Engine::Fused, "fused (slow: this CPU has no AVX2)".to_owned()))
            }
            (_, None) => Ok((Engine::Fused, "fused".to_owned())),
            (EngineChoice::Auto, Some(obstacle)) => {
                Ok((Engine::Libtorch, format!("libtorch ({obstacle})")))
            }
            (EngineChoice::Fused, Some(obstacle)) => {
                let problem = format!("cannot be used: {obstacle}; use auto or libtorch");
                Err(Error::setting("train.engine", "fused", problem))
            }
        }
    }
}

/// Why the fused engine cannot be used, if it cannot.
fn obstacle(architecture: &dyn Architecture, device: Device) -> Option<String> {
    let Some(FusedSizes { side, embedding }) = architecture.fused() else {
        return Some(NO_OTHER.to_owned());
    };
    if device != Device::Cpu {
        return Some("the fused engine runs on the CPU only".to_owned());
    }
    if side > FusedNetwork::LARGEST_SIDE {
        let most = FusedNetwork::LARGEST_SIDE;
        return Some(format!(
            "the fused engine takes images up to {most}×{most}, not {side}×{side}"
        ));
    }
    (embedding > FusedNetwork::LARGEST_EMBEDDING).then(|| {
        let most = FusedNetwork::LARGEST_EMBEDDING;
        format!("the fused engine takes embeddings up to {most} numbers, not {embedding}")
    })
}

/// A network with the given weights, which may borrow free cores from `cores`.
///
/// # Errors
/// Weights that do not fit the architecture; an engine that does not compute it.
pub fn open_network(
    engine: Engine,
    architecture: &Arc<dyn Architecture>,
    weights: &NamedTensors,
    device: Device,
    cores: &Cores,
) -> Result<Box<dyn Network>> {
    Ok(match engine {
        Engine::Libtorch => Box::new(LibtorchNetwork::new(architecture, weights, device, cores)?),
        Engine::Fused => {
            Box::new(FusedNetwork::new(&**architecture, weights, cores, Simd::detect())?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tutorial;

    #[test]
    fn auto_uses_the_fused_engine_if_it_can_and_otherwise_says_why_not() {
        let tutorial = Tutorial::new(28, 10);
        let auto = |architecture: &Tutorial, device| {
            EngineChoice::Auto.resolve(architecture, device).unwrap()
        };
        assert_eq!(auto(&tutorial, Device::Cpu).0, Engine::Fused);
        let cases = [
            (Tutorial::new(28, 10), Device::Cuda(0), "runs on the CPU only"),
            (Tutorial::new(128, 10), Device::Cpu, "up to 96×96, not 128×128"),
            (Tutorial::new(28, 2000), Device::Cpu, "1024 numbers, not 2000"),
        ];
        for (architecture, device, reason) in cases {
            let (engine, note) = auto(&architecture, device);
            assert_eq!(engine, Engine::Libtorch);
            assert!(note.contains(reason), "{note}");
            let error = EngineChoice::Fused.resolve(&architecture, device).unwrap_err().to_string();
            assert!(error.starts_with("train.engine = fused: cannot be used: "), "{error}");
            assert!(error.contains(reason), "{error}");
        }
        let libtorch = EngineChoice::Libtorch.resolve(&tutorial, Device::Cpu).unwrap();
        assert_eq!(libtorch, (Engine::Libtorch, "libtorch".to_owned()));
    }

    #[test]
    fn engines_are_parsed_by_name() {
        assert_eq!("fused".parse(), Ok(EngineChoice::Fused));
        let message = "Fused".parse::<EngineChoice>().unwrap_err();
        assert!(message.contains("auto, libtorch or fused"), "{message}");
    }
}
