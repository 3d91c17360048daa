//! The engine that computes the network: libtorch, or the fused engine where it supports the images.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tch::Device;

use super::architecture::{Architecture, FusedSizes, NotFused};
use super::fused::FusedNetwork;
use super::libtorch::LibtorchNetwork;
use super::network::{NamedTensors, Network};
use crate::error::{Error, Result};
use crate::runtime::{Cores, Simd};

/// The engine that the user chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The fused engine on the CPU for the images it supports, otherwise libtorch.
    #[default]
    Auto,
    /// libtorch: any device and any images; the reference.
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
            (EngineChoice::Auto, Some(Obstacle { reason, cost, .. })) => {
                Ok((Engine::Libtorch, format!("libtorch ({reason}{cost})")))
            }
            (EngineChoice::Fused, Some(Obstacle { reason, way_out, .. })) => {
                let problem = format!("cannot be used: {reason}; use auto or libtorch{way_out}");
                Err(Error::setting("train.engine", "fused", problem))
            }
        }
    }
}

/// Why the fused engine cannot be used.
struct Obstacle {
    reason: String,
    /// What libtorch costs instead, after the reason.
    cost: &'static str,
    /// What else helps than another engine, after that.
    way_out: &'static str,
}

/// Why the fused engine cannot be used, if it cannot. The device comes first: on a GPU the images make
/// no difference.
fn obstacle(architecture: &dyn Architecture, device: Device) -> Option<Obstacle> {
    let plain = |reason: String| Some(Obstacle { reason, cost: "", way_out: "" });
    if device != Device::Cpu {
        return plain("the fused engine runs on the CPU only".to_owned());
    }
    let FusedSizes { side, embedding } = match architecture.fused() {
        Ok(sizes) => sizes,
        Err(why @ NotFused::OtherNetwork) => return plain(why.to_string()),
        Err(why @ NotFused::OtherImages(_)) => {
            return Some(Obstacle {
                reason: why.to_string(),
                cost: "; on one core libtorch takes 1.5 to 3 times as long",
                way_out: ", or for pictures --size 28 and --channels grey",
            });
        }
    };
    let most = FusedNetwork::LARGEST_SIDE;
    if side > most {
        return plain(format!(
            "the fused engine takes images up to {most}×{most}, not {side}×{side}"
        ));
    }
    let most = FusedNetwork::LARGEST_EMBEDDING;
    if embedding > most {
        return plain(format!(
            "the fused engine takes embeddings up to {most} numbers, not {embedding}"
        ));
    }
    None
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
    use crate::data::ImageShape;
    use crate::data::testing::SHAPE;
    use crate::model::{Tutorial, initial_weights};

    fn tutorial(side: usize, embedding: i64) -> Tutorial {
        Tutorial::new(ImageShape::square(side), embedding)
    }

    #[test]
    fn auto_uses_the_fused_engine_if_it_can_and_otherwise_says_why_not() {
        let grey = tutorial(28, 10);
        let auto = |architecture: &Tutorial, device| {
            EngineChoice::Auto.resolve(architecture, device).unwrap()
        };
        assert_eq!(auto(&grey, Device::Cpu).0, Engine::Fused);
        let cases = [
            (tutorial(28, 10), Device::Cuda(0), "runs on the CPU only"),
            (tutorial(128, 10), Device::Cpu, "up to 96×96, not 128×128"),
            (tutorial(28, 2000), Device::Cpu, "1024 numbers, not 2000"),
            (Tutorial::new(SHAPE, 10), Device::Cpu, "takes only square grey images, not 3×5×7"),
            (Tutorial::new(SHAPE, 10), Device::Cuda(0), "runs on the CPU only"),
        ];
        for (architecture, device, reason) in cases {
            let (engine, note) = auto(&architecture, device);
            assert_eq!(engine, Engine::Libtorch);
            assert!(note.contains(reason), "{note}");
            let error = EngineChoice::Fused.resolve(&architecture, device).unwrap_err().to_string();
            assert!(error.starts_with("train.engine = fused: cannot be used: "), "{error}");
            assert!(error.contains(reason), "{error}");
        }
        let libtorch = EngineChoice::Libtorch.resolve(&grey, Device::Cpu).unwrap();
        assert_eq!(libtorch, (Engine::Libtorch, "libtorch".to_owned()));
    }

    #[test]
    fn images_without_a_fused_engine_are_told_what_libtorch_costs_and_how_to_get_it() {
        let colour = Tutorial::new(SHAPE, 10);
        let (_, note) = EngineChoice::Auto.resolve(&colour, Device::Cpu).unwrap();
        assert_eq!(
            note,
            "libtorch (the fused engine takes only square grey images, not 3×5×7; on one core libtorch \
             takes 1.5 to 3 times as long)"
        );
        let error = EngineChoice::Fused.resolve(&colour, Device::Cpu).unwrap_err().to_string();
        assert_eq!(
            error,
            "train.engine = fused: cannot be used: the fused engine takes only square grey images, \
             not 3×5×7; use auto or libtorch, or for pictures --size 28 and --channels grey"
        );
    }

    #[test]
    fn the_fused_engine_refuses_to_open_a_network_that_it_does_not_compute() {
        let colour: Arc<dyn Architecture> = Arc::new(Tutorial::new(SHAPE, 10));
        let weights = initial_weights(&*colour, 1);
        let opened = open_network(Engine::Fused, &colour, &weights, Device::Cpu, &Cores::new(1));
        let message = opened.err().expect("refused").to_string();
        assert!(message.contains("only square grey images, not 3×5×7"), "{message}");
    }

    #[test]
    fn engines_are_parsed_by_name() {
        assert_eq!("fused".parse(), Ok(EngineChoice::Fused));
        let message = "Fused".parse::<EngineChoice>().unwrap_err();
        assert!(message.contains("auto, libtorch or fused"), "{message}");
    }
}
