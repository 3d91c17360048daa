//! Where the network is computed: the processor or a CUDA GPU.

use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Cuda, Device};

use super::repeatable::repeat_bits;
use crate::error::{Error, Result};

/// The device that the user asks for: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first GPU where there is one, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The GPU of this number.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<DeviceChoice, String> {
        let unknown = || format!("'{text}' is no device; take auto, cpu, cuda or cuda:N");
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

/// Opens the device of a choice, and tells in a few words which one it is and why.
///
/// # Errors
/// A GPU was asked for by name and cannot be had; the message says what is missing.
pub fn open_device(choice: DeviceChoice) -> Result<(Device, String)> {
    match choice {
        DeviceChoice::Cpu => Ok((Device::Cpu, "cpu".to_owned())),
        DeviceChoice::Cuda(number) => match open_cuda(number) {
            Ok(device) => Ok((device, told(&choice.to_string()))),
            Err(reason) => {
                let problem =
                    format!("{reason}; take --device cpu, or see docs/networks-and-engines.md");
                Err(Error::setting("device", choice, problem))
            }
        },
        DeviceChoice::Auto => Ok(match open_cuda(0) {
            Ok(device) => (device, told("cuda:0")),
            Err(reason) => (Device::Cpu, format!("cpu ({reason})")),
        }),
    }
}

/// A GPU in a few words, once its arithmetic is made repeatable as far as libtorch allows.
fn told(name: &str) -> String {
    match repeat_bits() {
        true => name.to_owned(),
        false => format!("{name} (with this libtorch, last digits differ from run to run)"),
    }
}

/// Loads libtorch's CUDA half and takes a GPU, or says what is missing.
///
/// The library has to be there before libtorch is first asked about GPUs: libtorch asks once and
/// remembers the answer.
fn open_cuda(number: usize) -> std::result::Result<Device, String> {
    load_library("libcuda.so.1").map_err(|_| "no GPU driver on this machine".to_owned())?;
    let library = Path::new(env!("DML_LIBTORCH_LIB")).join("libtorch_cuda.so");
    load_library(&library.to_string_lossy())
        .map_err(|reason| format!("libtorch's CUDA half does not load: {reason}"))?;
    let found = if Cuda::is_available() { Cuda::device_count() } else { 0 };
    if (number as i64) < found {
        return Ok(Device::Cuda(number));
    }
    Err(match found {
        0 => "no GPU answers".to_owned(),
        1 => "there is one GPU, cuda:0".to_owned(),
        _ => format!("there are GPUs cuda:0 to cuda:{}", found - 1),
    })
}

/// Loads a shared library for the life of the process.
fn load_library(name: &str) -> std::result::Result<(), String> {
    let name = CString::new(name).map_err(|e| e.to_string())?;
    // SAFETY: `name` is a C string; loading runs the library's own initialisers, which is what
    // starting a program linked against it would do.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: after a failed dlopen, dlerror gives a C string that stays until the next call.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return Err("no reason given".to_owned());
    }
    // SAFETY: as above; it is copied at once.
    Err(unsafe { std::ffi::CStr::from_ptr(message) }.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_and_written_alike() {
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
    fn a_library_that_is_not_there_is_told_by_name() {
        let reason = load_library("libno-such-thing.so.7").unwrap_err();
        assert!(reason.contains("libno-such-thing.so.7"), "{reason}");
    }
}
