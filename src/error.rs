//! The one error type, for everything that a user, a file or the machine can cause.
//!
//! Messages are lower case, without a full stop. They name the file, line, key and value concerned,
//! and what to do about it. Bugs panic instead.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::words::cut;

/// Maximum length of a setting's value in a message.
const MAX_VALUE: usize = 300;

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong without a bug in this program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file system operation failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The attempted operation as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file has invalid content.
    #[error("{0}")]
    Fault(Fault),
    /// A setting has an invalid value.
    #[error("{key} = {}: {problem}", cut(value, MAX_VALUE))]
    Setting {
        /// The key in the configuration, `train.epochs`.
        key: String,
        /// The value as given.
        value: String,
        /// Why the value is invalid, and what is valid.
        problem: String,
    },
    /// Training diverged: the loss or the embeddings became NaN or infinite.
    #[error("{0}")]
    Diverged(Divergence),
    /// The user interrupted the program: says where it stopped, with all finished work saved.
    #[error("{0}")]
    Interrupted(String),
    /// An operation of libtorch failed.
    #[error("libtorch")]
    Torch(#[source] tch::TchError),
    /// Anything else, as a sentence that says what to do.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// `map_err` helper: an I/O error with the operation and the path; a missing file has its own
    /// message.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::NotFound if action == "read" => {
                let remedy = "check the path; relative paths start at the working folder";
                Fault::new(&path, "file not found").remedy(remedy).into()
            }
            _ => Error::Io { action, path, source },
        }
    }

    /// A setting with an invalid value.
    pub fn setting(key: &str, value: impl fmt::Display, problem: impl Into<String>) -> Error {
        Error::Setting { key: key.to_owned(), value: value.to_string(), problem: problem.into() }
    }
}

/// How a training run diverged, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// What happened and when: `the training loss became NaN in epoch 1, step 3 of 9`.
    pub why: String,
    /// What to change; empty in files of older versions, which put it into `why`.
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
        match resource_error(&error.to_string()) {
            Some(refusal) => Error::Other(refusal),
            None => Error::Torch(error),
        }
    }
}

/// How libraries report that the system is out of memory or threads.
const OUT_OF_MEMORY: [&str; 4] =
    ["can't allocate memory", "out of memory", "bad_alloc", "Cannot allocate memory"];
const OUT_OF_THREADS: [&str; 4] =
    ["failed to spawn thread", "could not spawn threads", "ThreadPoolBuildError", "create thread"];

/// The message for the user if a text, of a panic for example, says that the system is out of
/// memory or threads; otherwise none.
pub fn resource_error(text: &str) -> Option<String> {
    let says = |list: &[&str]| list.iter().any(|sign| text.contains(sign));
    let remedy = "use a smaller --batch, fewer --jobs or --cores, or fewer images";
    if says(&OUT_OF_MEMORY) {
        let after = text.split("tried to allocate ").nth(1).unwrap_or_default();
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        let request = match digits.parse::<f64>() {
            Ok(bytes) => format!("cannot allocate another {:.0} MB", (bytes / 1e6).ceil()),
            Err(_) => "an allocation failed".to_owned(),
        };
        return Some(format!("out of memory: {request}; {remedy}"));
    }
    says(&OUT_OF_THREADS)
        .then(|| format!("cannot start another thread, or not enough memory for it; {remedy}"))
}

/// An error with its chain of causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

/// What is wrong with a file, and where in it.
///
/// The texts are boxed slices to keep the error small, because every `Result` contains it.
///
/// Displayed as `FILE, line 3, column pixel7: 'abc' is not a whole number; remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file as the user named it.
    pub file: Box<Path>,
    /// Line counted from 1, the header included.
    pub line: Option<u64>,
    /// Name of the column in the header, or its number from 1.
    pub column: Option<Box<str>>,
    /// The invalid text.
    pub value: Option<Box<str>>,
    /// What is wrong, as a phrase that follows the value.
    pub problem: Box<str>,
    /// What to do about it.
    pub remedy: Option<Box<str>>,
}

impl Fault {
    /// A fault that concerns the whole file.
    pub fn new(file: &Path, problem: impl Into<String>) -> Fault {
        Fault { file: file.into(), problem: problem.into().into(), ..Fault::default() }
    }

    /// Adds the line (counted from 1).
    pub fn line(mut self, line: u64) -> Fault {
        self.line = Some(line);
        self
    }

    /// Adds the column.
    pub fn column(mut self, column: impl Into<String>) -> Fault {
        self.column = Some(column.into().into());
        self
    }

    /// Adds the invalid text.
    pub fn value(mut self, value: impl Into<String>) -> Fault {
        self.value = Some(value.into().into());
        self
    }

    /// Adds what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Fault {
        self.remedy = Some(remedy.into().into());
        self
    }
}

impl Default for Fault {
    /// An empty fault, to be filled in.
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
        // `-` is not readable in a sentence.
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
    // Quotes and backslashes stay as they are in the file.
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
    fn a_fault_shows_position_value_problem_and_remedy() {
        let fault = Fault::new(Path::new("a.csv"), "is not a whole number")
            .line(3)
            .column("pixel7")
            .value("abc")
            .remedy("fix the cell");
        assert_eq!(
            fault.to_string(),
            "a.csv, line 3, column pixel7: 'abc' is not a whole number; fix the cell"
        );
    }

    #[test]
    fn an_io_error_shows_its_cause() {
        let refused = Error::io("read", Path::new("a.csv"))(std::io::Error::other("no power"));
        assert_eq!(chain(&refused), "cannot read a.csv: no power");
    }

    #[test]
    fn a_long_value_is_truncated_and_the_problem_stays_visible() {
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
