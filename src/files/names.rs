//! File kinds by extension.

use std::path::Path;

use crate::error::{Error, Result};
use crate::words::either;

/// A kind of file that this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKind {
    /// Its name in messages.
    pub name: &'static str,
    /// Its extensions in lower case; the first is suggested in messages.
    pub endings: &'static [&'static str],
    /// Whether it can be compressed, with `.gz` after the extension.
    pub may_gzip: bool,
    /// Whether a terminal can show it.
    pub is_text: bool,
}

/// Rows of text.
pub const CSV: FileKind =
    FileKind { name: "CSV", endings: &["csv"], may_gzip: true, is_text: true };
/// Tables of typed columns.
pub const PARQUET: FileKind =
    FileKind { name: "Parquet", endings: &["parquet", "pq"], may_gzip: false, is_text: false };
/// A NumPy array.
pub const NPY: FileKind =
    FileKind { name: "NPY", endings: &["npy"], may_gzip: false, is_text: false };
/// Named tensors.
pub const SAFETENSORS: FileKind =
    FileKind { name: "safetensors", endings: &["safetensors"], may_gzip: false, is_text: false };
/// A network for `torch.jit.load`.
pub const TORCHSCRIPT: FileKind = FileKind {
    name: "TorchScript",
    endings: &["pt", "pth", "ts", "jit"],
    may_gzip: false,
    is_text: false,
};
/// A page for a browser.
pub const HTML: FileKind =
    FileKind { name: "HTML", endings: &["html", "htm"], may_gzip: false, is_text: true };

/// All kinds that are written.
const KINDS: [&FileKind; 6] = [&CSV, &PARQUET, &NPY, &SAFETENSORS, &TORCHSCRIPT, &HTML];

/// Extensions of other formats, which `--out` with a single file never writes.
const OTHERS: [&str; 33] = [
    "tsv", "npz", "json", "jsonl", "toml", "yaml", "yml", "xml", "md", "xls", "xlsx", "ods",
    "feather", "arrow", "orc", "avro", "h5", "hdf5", "mat", "pkl", "pickle", "onnx", "png", "svg",
    "jpg", "jpeg", "pdf", "zip", "tar", "bz2", "xz", "zst", "7z",
];

impl FileKind {
    /// The kind by a name's extension; `None` if it is none of these.
    pub fn of_name(path: &Path) -> Option<&'static FileKind> {
        KINDS.into_iter().find(|kind| kind.matches(path))
    }

    /// The kind among some that an output's extension decides, where no `--format` does.
    ///
    /// # Errors
    /// [`Error::Setting`] of `flag` if it has none of their extensions; `more` follows.
    pub fn decided(
        flag: &str,
        path: &Path,
        kinds: &[&'static FileKind],
        more: &str,
    ) -> Result<&'static FileKind> {
        let found = kinds.iter().find(|kind| kind.matches(path));
        found.copied().ok_or_else(|| {
            let endings: Vec<String> =
                kinds.iter().map(|kind| format!(".{}", kind.endings[0])).collect();
            let problem =
                format!("must end in {}, unless you add --format{more}", either(&endings));
            Error::setting(flag, path.display(), problem)
        })
    }

    fn matches(&self, path: &Path) -> bool {
        let (ending, is_gzip) = ending_of(path);
        self.endings.contains(&ending.as_str()) && (self.may_gzip || !is_gzip)
    }

    /// Refuses a name with the extension of another format; unknown extensions are accepted.
    ///
    /// # Errors
    /// [`Error::Setting`] of `flag`, with the extension to use, or `otherwise`.
    pub fn refuse_other_name(&self, flag: &str, path: &Path, otherwise: &str) -> Result<()> {
        let (ending, is_gzip) = ending_of(path);
        let promised = KINDS.into_iter().find(|kind| kind.endings.contains(&ending.as_str()));
        let other = promised.is_some_and(|kind| kind != self) || OTHERS.contains(&ending.as_str());
        if !other && (self.may_gzip || !is_gzip) {
            return Ok(());
        }
        let what = match (is_gzip, promised.filter(|kind| *kind != self)) {
            (true, _) => "a gzip".to_owned(),
            (false, Some(kind)) => kind.name.to_owned(),
            (false, None) => format!("a .{ending} file"),
        };
        let (name, first) = (self.name, self.endings[0]);
        let gz = if self.may_gzip { format!(" or .{first}.gz") } else { String::new() };
        let problem = format!(
            "has the extension of {what}, but {name} is written: use the extension \
             .{first}{gz}{otherwise}"
        );
        Err(Error::setting(flag, path.display(), problem))
    }
}

/// Whether a name ends in `.gz`, in any case.
pub fn is_gzip_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

/// The extension in lower case (the one before `.gz`), and whether there is a `.gz`.
fn ending_of(path: &Path) -> (String, bool) {
    let is_gzip = is_gzip_name(path);
    let inner = path.file_stem().map(Path::new).filter(|_| is_gzip).unwrap_or(path);
    let ending = inner.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    (ending, is_gzip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: &FileKind, name: &str) -> Option<String> {
        let refused = kind.refuse_other_name("--out", Path::new(name), ", or another --format");
        refused.err().map(|error| error.to_string())
    }

    #[test]
    fn extensions_determine_the_kind_in_any_case() {
        let of = |name: &str| FileKind::of_name(Path::new(name)).map(|kind| kind.name);
        assert_eq!(of("a.csv"), Some("CSV"));
        assert_eq!(of("a.b/A.CSV.GZ"), Some("CSV"));
        assert_eq!(of("a.tar.pt"), Some("TorchScript"));
        assert_eq!(of("a.pq"), Some("Parquet"));
        let decided = |name: &str| FileKind::decided("--out", Path::new(name), &[&NPY, &CSV], "");
        assert_eq!(decided("a.npy").unwrap(), &NPY);
        let expected = "must end in .npy or .csv, unless you add --format";
        assert!(decided("a.pt").unwrap_err().to_string().ends_with(expected));
        for name in ["a", "a.gz", "a.parquet.gz", "a.txt", ".csv", "csv", "a.csv/b"] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn extensions_of_other_formats_are_rejected_with_the_one_to_use() {
        let expected = "--out = new.csv: has the extension of CSV, but Parquet is written: use the \
                        extension .parquet, or another --format";
        assert_eq!(refusal(&PARQUET, "new.csv").unwrap(), expected);
        let message = refusal(&CSV, "s.parquet").unwrap();
        assert!(message.contains("use the extension .csv or .csv.gz, or"), "{message}");
        for (kind, name) in [
            (&CSV, "a.xlsx"),
            (&CSV, "a.csv.zip"),
            (&CSV, "a.csv.bz2"),
            (&CSV, "a.npy.gz"),
            (&NPY, "a.npz"),
            (&NPY, "a.npy.gz"),
            (&PARQUET, "a.parquet.gz"),
            (&SAFETENSORS, "model.pt"),
            (&TORCHSCRIPT, "model.SafeTensors"),
        ] {
            assert!(refusal(kind, name).is_some(), "{name}");
        }
    }

    #[test]
    fn unknown_and_matching_extensions_are_accepted() {
        for (kind, name) in [
            (&CSV, "a.csv"),
            (&CSV, "a.CSV.gz"),
            (&CSV, "a.gz"),
            (&CSV, "a.txt"),
            (&CSV, "a"),
            (&NPY, "a.NPY"),
            (&NPY, "/dev/stdout"),
            (&PARQUET, "a.2024"),
            (&TORCHSCRIPT, "a.pth"),
            (&SAFETENSORS, "a.bin"),
        ] {
            assert_eq!(refusal(kind, name), None);
        }
    }
}
