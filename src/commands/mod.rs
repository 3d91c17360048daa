//! The commands: each turns its arguments into library calls and prints the result.
//!
//! Results go to stdout, progress and messages to stderr.

mod bound;
mod compare;
mod data;
mod eval;
mod losses;
mod many;
mod report;
mod runs;
mod settings;
mod share;
mod shell;
mod submit;
mod sweep;
mod test_images;
mod train;
mod tune;

pub use bound::bound;
pub use compare::compare;
pub use data::data;
pub use eval::eval;
pub use losses::losses;
pub use report::report;
pub use runs::runs;
pub use share::{embed, export};
pub use shell::{completions, man};
pub use sweep::sweep;
pub use train::train;
pub use tune::tune;

use settings::{
    cores, embedding_config, evaluation_config, flags, report_init, resolve, set, set_columns,
    set_compute,
};
use test_images::open_test;

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::data::read_with;
use crate::error::{Error, Result};
use crate::files::{Output, OutputRules};
use crate::run::{Trained, named_folder};
use crate::train::Progress;

/// Prints results to stdout.
///
/// If the reader closes the pipe, as in `dml losses | head -1`, the rest is silently dropped.
///
/// # Errors
/// Stdout cannot be written to for another reason, for example a full disk.
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

/// The default folder of runs.
const RUNS: &str = "runs";

/// Reports what was written: on stdout, or on stderr if stdout is the output itself.
///
/// # Errors
/// Stdout cannot be written to.
fn report_written(out: &Output, message: &str, progress: &Progress) -> Result<()> {
    if !out.is_stream() {
        return print(message);
    }
    progress.say(message);
    Ok(())
}

/// Maximum width of a table of many losses, in columns.
const TABLE_WIDTH: usize = 120;
/// Maximum width of running text, in columns.
const TEXT_WIDTH: usize = 100;

/// Wraps text at spaces.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= TEXT_WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// Where the results, pictures and report were written.
fn written(folder: &Path) -> String {
    let shown = folder.display();
    format!("written to {shown}\npictures   {shown}/plots\nreport     {shown}/report.html")
}

/// Prints a value as JSON to stdout.
///
/// # Errors
/// Stdout cannot be written to.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value).expect("plain values"))
}

/// The trained run of this name or folder, or else the newest among the runs.
///
/// # Errors
/// As [`named_folder`] and [`Trained::open`].
fn trained(run: Option<&Path>, runs: &Path) -> Result<Trained> {
    let folder = run.map(|run| named_folder(run, runs)).transpose()?;
    Trained::open(folder.as_deref(), runs)
}

/// Adds a file of images, and the file that is read together with it, to the inputs.
fn with_images<'a>(rules: OutputRules<'a>, what: &'static str, path: &Path) -> OutputRules<'a> {
    let rules = rules.input(what, path);
    match read_with(path) {
        Some(other) => rules.input("a file that is read with it", other),
        None => rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces_without_losing_any() {
        let text = "the quick brown fox jumps over the lazy dog ".repeat(9);
        let lines = wrapped(text.trim());
        assert!(lines.lines().count() > 3);
        assert!(
            lines
                .lines()
                .all(|line| (60..=TEXT_WIDTH).contains(&line.len()) || lines.ends_with(line))
        );
        assert_eq!(lines.replace('\n', " "), text.trim());
    }
}
