//! The one error type: everything that a user, a file or the machine can cause.
//!
//! Messages are lower case, without a full stop, and name the file, line, key and value they are
//! about and the way out. Bugs panic instead.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::words::cut;

/// Letters of a setting's value that a message shows.
const LONGEST: usize = 300;

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong without a bug in this program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something about a file or folder.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file that was read is not what it should be.
    #[error("{0}")]
    Fault(Fault),
    /// A setting has a value it cannot have.
    #[error("{key} = {}: {problem}", cut(value, LONGEST))]
    Setting {
        /// The key as it stands in the configuration, `train.epochs`.
        key: String,
        /// The value as it was given.
        value: String,
        /// Why it cannot be, and what can.
        problem: String,
    },
    /// A training diverged: its loss became NaN or infinite, or its embeddings did.
    #[error("{0}")]
    Diverged(Divergence),
    /// The user asked to stop: where work stopped, with all that was done on the disk.
    #[error("{0}")]
    Interrupted(String),
    /// libtorch refused an operation.
    #[error("libtorch")]
    Torch(#[source] tch::TchError),
    /// Anything else, told in a sentence that names the way out.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// `map_err` helper: the system's refusal, with what was tried on which path; a file to be read
    /// that is missing has its own way out.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::NotFound if action == "read" => {
                let remedy = "check the path, relative ones are taken from the working folder";
                Fault::new(&path, "there is no such file").remedy(remedy).into()
            }
            _ => Error::Io { action, path, source },
        }
    }

    /// A setting with a value it cannot have.
    pub fn setting(key: &str, value: impl fmt::Display, problem: impl Into<String>) -> Error {
        Error::Setting { key: key.to_owned(), value: value.to_string(), problem: problem.into() }
    }
}

/// How a training diverged, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// What was seen and when: `the training loss became NaN in epoch 1, step 3 of 9`.
    pub why: String,
    /// What to change; empty in notes of versions that put it into `why`.
    #[serde(default)]
    pub remedy: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.remedy.as_str() {
            "" => write!(f, "{}", self.why),
            remedy => write!(f, "{}; {remedy}", self.why),
        }
    }
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Error {
        match refusal(&error.to_string()) {
            Some(refusal) => Error::Other(refusal),
            None => Error::Torch(error),
        }
    }
}

/// How libraries say that the system refused memory or threads.
const OF_MEMORY: [&str; 4] =
    ["can't allocate memory", "out of memory", "bad_alloc", "Cannot allocate memory"];
const OF_THREADS: [&str; 4] =
    ["failed to spawn thread", "could not spawn threads", "ThreadPoolBuildError", "create thread"];

/// What to tell where a text, of a panic for example, is about memory or threads that the system
/// refused; none where it is about anything else.
pub fn refusal(text: &str) -> Option<String> {
    let says = |list: &[&str]| list.iter().any(|sign| text.contains(sign));
    let way_out = "take a smaller --batch, fewer --jobs or --cores, or fewer images";
    if says(&OF_MEMORY) {
        let after = text.split("tried to allocate ").nth(1).unwrap_or_default();
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        let much = match digits.parse::<f64>() {
            Ok(bytes) => format!("another {:.0} MB were refused", (bytes / 1e6).ceil()),
            Err(_) => "the system refused more".to_owned(),
        };
        return Some(format!("memory does not suffice: {much}; {way_out}"));
    }
    says(&OF_THREADS)
        .then(|| format!("the system refused another thread or the memory for it; {way_out}"))
}

/// An error and what caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// What is wrong with a file, and where in it.
///
/// Its texts are boxed slices: errors travel through every result, so they are kept small.
///
/// Shown as `FILE, line 3, column pixel7: 'abc' is not a whole number; remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file as the user named it.
    pub file: Box<Path>,
    /// Line counted from 1, the header included.
    pub line: Option<u64>,
    /// Column by its name in the header, or by its number from 1.
    pub column: Option<Box<str>>,
    /// The text found there.
    pub value: Option<Box<str>>,
    /// What is wrong, reading on from the value.
    pub problem: Box<str>,
    /// What to do about it.
    pub remedy: Option<Box<str>>,
}

impl Fault {
    /// A fault of a whole file.
    pub fn new(file: &Path, problem: impl Into<String>) -> Fault {
        Fault { file: file.into(), problem: problem.into().into(), ..Fault::default() }
    }

    /// The same fault at a line (counted from 1).
    pub fn line(mut self, line: u64) -> Fault {
        self.line = Some(line);
        self
    }

    /// The same fault in a column.
    pub fn column(mut self, column: impl Into<String>) -> Fault {
        self.column = Some(column.into().into());
        self
    }

    /// The same fault, showing the text found.
    pub fn value(mut self, value: impl Into<String>) -> Fault {
        self.value = Some(value.into().into());
        self
    }

    /// The same fault with a way out.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Fault {
        self.remedy = Some(remedy.into().into());
        self
    }
}

impl Default for Fault {
    /// A fault that is still to be told, of a file that is still to be named.
    fn default() -> Fault {
        Fault {
            file: Path::new("").into(),
            line: None,
            column: None,
            value: None,
            problem: "".into(),
            remedy: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands for it on the command line says little in a sentence.
        match self.file.to_str() {
            Some("-") => write!(f, "standard input")?,
            _ => write!(f, "{}", self.file.display())?,
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": ")?;
        if let Some(value) = &self.value {
            write!(f, "'{}' ", shortened(value))?;
        }
        write!(f, "{}", self.problem)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// At most 40 characters of a text from a file, control characters escaped.
fn shortened(text: &str) -> String {
    // Quotes and backslashes stay as they stand in the file.
    let letter = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    let escaped = |part: &str| part.chars().map(letter).collect::<String>();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", escaped(&text[..end])),
        None => escaped(text),
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_place_value_problem_remedy() {
        let fault = Fault::new(Path::new("a.csv"), "is not a whole number")
            .line(3)
            .column("pixel7")
            .value("abc")
            .remedy("mend the cell");
        assert_eq!(
            fault.to_string(),
            "a.csv, line 3, column pixel7: 'abc' is not a whole number; mend the cell"
        );
    }

    #[test]
    fn a_refusal_of_the_system_is_told_with_its_reason() {
        let refused = Error::io("read", Path::new("a.csv"))(std::io::Error::other("no power"));
        assert_eq!(chain(&refused), "cannot read a.csv: no power");
    }

    #[test]
    fn a_long_setting_is_cut_and_its_way_out_stays_in_sight() {
        let text = Error::setting("data.path", "x".repeat(9000), "must be a file").to_string();
        assert!(text.len() < 400 && text.ends_with("x…: must be a file"), "{text}");
    }

    #[test]
    fn a_long_or_binary_value_is_shortened_and_escaped() {
        let fault = Fault::new(Path::new("a.csv"), "is odd").value("\u{1b}[31m".repeat(30));
        let text = fault.to_string();
        assert!(text.contains('…') && !text.contains('\u{1b}'), "{text}");
        let path = Fault::new(Path::new("a.toml"), "is odd").value("path = \"C:\\me\"\t");
        assert_eq!(path.to_string(), "a.toml: 'path = \"C:\\me\"\\t' is odd");
    }
}
