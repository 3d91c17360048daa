//! The commands: from arguments to calls below, and what is printed.
//!
//! Results go to stdout, progress and remarks to stderr.

mod compare;
mod data;
mod eval;
mod losses;
mod settings;
mod train;

pub use compare::compare;
pub use data::data;
pub use eval::eval;
pub use losses::losses;
pub use train::train;

use settings::{cores, resolve, set, set_columns};

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Prints results to stdout.
///
/// Where nobody reads on, as in `dml losses | head -1`, the rest is dropped without a word.
///
/// # Errors
/// Stdout cannot be written to for another reason, a full disk for example.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("stdout"))(e))
        }
        _ => Ok(()),
    }
}

/// Prints a value as JSON to stdout.
///
/// # Errors
/// Stdout cannot be written to.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value).expect("plain values"))
}
