//! The commands: from arguments to calls below, and what is printed.
//!
//! Results go to stdout, progress and remarks to stderr.

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
    cores, flags, of_embeddings, of_evaluation, resolve, set, set_columns, set_compute, tell_init,
};
use test_images::open_test;

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::data::read_with;
use crate::error::{Error, Result};
use crate::files::{Output, OutputRules};
use crate::train::Progress;

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

/// Folder that holds the runs unless another is named.
const RUNS: &str = "runs";

/// Says what was written, on stdout; on stderr where that is a stream, so that nothing but the
/// result is on it.
///
/// # Errors
/// Stdout cannot be written to.
fn told(out: &Output, what: &str, progress: &Progress) -> Result<()> {
    if !out.is_stream() {
        return print(what);
    }
    progress.say(what);
    Ok(())
}

/// Columns that a table of many losses is broken at.
const WIDEST: usize = 120;
/// Columns that running text is broken at.
const TEXT_WIDTH: usize = 100;

/// Text broken at spaces, so that no word is cut at the end of a terminal's line.
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

/// Where results were written, and where the pictures and the page among them are.
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

/// Rules with a file of images, and what is read together with it.
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
    fn text_is_broken_at_spaces_and_loses_nothing() {
        let text = "the quick brown fox jumps over the lazy dog ".repeat(9);
        let broken = wrapped(text.trim());
        assert!(broken.lines().count() > 3);
        assert!(
            broken
                .lines()
                .all(|line| (60..=TEXT_WIDTH).contains(&line.len()) || broken.ends_with(line))
        );
        assert_eq!(broken.replace('\n', " "), text.trim());
    }
}
