//! What computes the network: libtorch, or the fused engine where it applies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::Device;

use super::{Architecture, FusedNetwork, LibtorchNetwork, NamedTensors, Network};
use crate::error::{Error, Result};
use crate::runtime::{Cores, Simd};

/// The engine that the user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The fused engine on the processor, for the sizes it is made for; else libtorch.
    #[default]
    Auto,
    /// libtorch: any device, any size, and the reference.
    Libtorch,
    /// The fused engine, or an error that says why not.
    Fused,
}

/// What computes a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// libtorch, layer after layer.
    #[default]
    Libtorch,
    /// Plain Rust on the processor, all layers in one piece.
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
            _ => Err(format!("'{text}' is no engine; take auto, libtorch or fused")),
        }
    }
}

impl EngineChoice {
    /// Settles the engine for a network on a device, and tells in a few words which and why.
    ///
    /// # Errors
    /// The fused engine was asked for by name and does not apply.
    pub fn settle(self, architecture: &Architecture, device: Device) -> Result<(Engine, String)> {
        let obstacle = obstacle(architecture, device);
        match (self, obstacle) {
            (EngineChoice::Libtorch, _) => Ok((Engine::Libtorch, "libtorch".to_owned())),
            (_, None) if Simd::detect() == Simd::PORTABLE && cfg!(target_arch = "x86_64") => {
                Ok((Engine::Fused, "fused (slower than it could be: no AVX2 here)".to_owned()))
            }
            (_, None) => Ok((Engine::Fused, "fused".to_owned())),
            (EngineChoice::Auto, Some(obstacle)) => {
                Ok((Engine::Libtorch, format!("libtorch ({obstacle})")))
            }
            (EngineChoice::Fused, Some(obstacle)) => {
                let problem = format!("does not apply: {obstacle}; take auto or libtorch");
                Err(Error::setting("train.engine", "fused", problem))
            }
        }
    }
}

/// Why the fused engine does not apply, if it does not.
fn obstacle(architecture: &Architecture, device: Device) -> Option<String> {
    let Architecture { side, embedding } = *architecture;
    if device != Device::Cpu {
        return Some("the fused engine computes on the processor".to_owned());
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

/// A network with the given weights, which may borrow from `cores`.
///
/// # Errors
/// Weights that do not fit the architecture.
pub fn open_network(
    engine: Engine,
    architecture: &Architecture,
    weights: &NamedTensors,
    device: Device,
    cores: &Cores,
) -> Result<Box<dyn Network>> {
    Ok(match engine {
        Engine::Libtorch => Box::new(LibtorchNetwork::new(architecture, weights, device, cores)?),
        Engine::Fused => Box::new(FusedNetwork::new(architecture, weights, cores, Simd::detect())?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUTORIAL: Architecture = Architecture { side: 28, embedding: 10 };

    #[test]
    fn auto_takes_the_fused_engine_where_it_applies_and_says_why_where_it_does_not() {
        let auto = |architecture, device| EngineChoice::Auto.settle(&architecture, device).unwrap();
        assert_eq!(auto(TUTORIAL, Device::Cpu).0, Engine::Fused);
        let cases = [
            (TUTORIAL, Device::Cuda(0), "computes on the processor"),
            (Architecture { side: 128, ..TUTORIAL }, Device::Cpu, "up to 96×96, not 128×128"),
            (Architecture { embedding: 2000, ..TUTORIAL }, Device::Cpu, "1024 numbers, not 2000"),
        ];
        for (architecture, device, reason) in cases {
            let (engine, told) = auto(architecture, device);
            assert_eq!(engine, Engine::Libtorch);
            assert!(told.contains(reason), "{told}");
            let error = EngineChoice::Fused.settle(&architecture, device).unwrap_err().to_string();
            assert!(error.starts_with("train.engine = fused: does not apply: "), "{error}");
            assert!(error.contains(reason), "{error}");
        }
        let libtorch = EngineChoice::Libtorch.settle(&TUTORIAL, Device::Cpu).unwrap();
        assert_eq!(libtorch, (Engine::Libtorch, "libtorch".to_owned()));
    }

    #[test]
    fn engines_are_read_by_name() {
        assert_eq!("fused".parse(), Ok(EngineChoice::Fused));
        let message = "Fused".parse::<EngineChoice>().unwrap_err();
        assert!(message.contains("auto, libtorch or fused"), "{message}");
    }
}
