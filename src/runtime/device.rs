//! The device of the network: the CPU or a CUDA GPU.

use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Cuda, Device};

use super::repeatable::make_deterministic;
use crate::error::{Error, Result};

/// The device that the user chose: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first GPU if there is one, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU with this index.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<DeviceChoice, String> {
        let unknown = || format!("unknown device '{text}'; use auto, cpu, cuda or cuda:N");
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            _ => {
                let number = text.strip_prefix("cuda:").ok_or_else(unknown)?;
                number.parse().map(DeviceChoice::Cuda).map_err(|_| unknown())
            }
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<DeviceChoice, String> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> String {
        choice.to_string()
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => write!(f, "auto"),
            DeviceChoice::Cpu => write!(f, "cpu"),
            DeviceChoice::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

/// Opens a device, and returns it with a short text that says which one it is and why.
///
/// # Errors
/// A GPU was requested and is not available; the message says what is missing.
pub fn open_device(choice: DeviceChoice) -> Result<(Device, String)> {
    match choice {
        DeviceChoice::Cpu => Ok((Device::Cpu, "cpu".to_owned())),
        DeviceChoice::Cuda(number) => match open_cuda(number) {
            Ok(device) => Ok((device, described(&choice.to_string()))),
            Err(reason) => {
                let problem =
                    format!("{reason}; use --device cpu, or see docs/networks-and-engines.md");
                Err(Error::setting("device", choice, problem))
            }
        },
        DeviceChoice::Auto => Ok(match open_cuda(0) {
            Ok(device) => (device, described("cuda:0")),
            Err(reason) => (Device::Cpu, format!("cpu ({reason})")),
        }),
    }
}

/// Describes a GPU, after making its arithmetic deterministic as far as libtorch allows.
fn described(name: &str) -> String {
    match make_deterministic() {
        true => name.to_owned(),
        false => format!("{name} (results are not bit-reproducible with this libtorch)"),
    }
}

/// Loads libtorch's CUDA library and opens a GPU, or says what is missing.
///
/// The library has to be loaded before the first query for GPUs, because libtorch caches the
/// answer.
fn open_cuda(number: usize) -> std::result::Result<Device, String> {
    load_library("libcuda.so.1").map_err(|_| "no GPU driver on this machine".to_owned())?;
    let library = Path::new(env!("DML_LIBTORCH_LIB")).join("libtorch_cuda.so");
    load_library(&library.to_string_lossy())
        .map_err(|reason| format!("cannot load libtorch's CUDA library: {reason}"))?;
    let found = if Cuda::is_available() { Cuda::device_count() } else { 0 };
    if (number as i64) < found {
        return Ok(Device::Cuda(number));
    }
    Err(match found {
        0 => "no usable GPU found".to_owned(),
        1 => "the only GPU is cuda:0".to_owned(),
        _ => format!("the GPUs are cuda:0 to cuda:{}", found - 1),
    })
}

/// Loads a shared library for the life of the process.
fn load_library(name: &str) -> std::result::Result<(), String> {
    let name = CString::new(name).map_err(|e| e.to_string())?;
    // SAFETY: `name` is a C string; loading runs the library's initialisers, as starting a program
    // linked against it would.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: after a failed dlopen, dlerror returns a C string that is valid until the next call.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return Err("no reason given".to_owned());
    }
    // SAFETY: as above; it is copied immediately.
    Err(unsafe { std::ffi::CStr::from_ptr(message) }.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_round_trip_through_text() {
        for text in ["auto", "cpu", "cuda:0", "cuda:3"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
        for text in ["gpu", "cuda:", "cuda:x", "CPU", ""] {
            let message = text.parse::<DeviceChoice>().unwrap_err();
            assert!(message.contains("auto, cpu, cuda or cuda:N"), "{message}");
        }
    }

    #[test]
    fn a_missing_library_is_reported_by_name() {
        let reason = load_library("libno-such-thing.so.7").unwrap_err();
        assert!(reason.contains("libno-such-thing.so.7"), "{reason}");
    }
}
