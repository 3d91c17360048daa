//! Detects the format of a file by its content.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::choice::Wanted;
use super::columns::Table;
use super::labels::Labels;
use super::npz::Npz;
use super::numbers::Numbers;
use super::{array, csv, parquet};
use crate::data::numpy::{Array, MAGIC};
use crate::error::{Error, Fault, Result};

/// A file, and the array or column in it, as the user named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file; `-` is standard input.
    pub file: PathBuf,
    /// The array of an archive, or the column of a table.
    pub key: Option<String>,
}

/// The path of standard input.
const STDIN: &str = "/dev/stdin";

impl Source {
    /// Splits `FILE` or `FILE:KEY`; the path of an existing file has no key.
    pub fn new(path: &Path) -> Source {
        let whole = || Source { file: path.to_path_buf(), key: None };
        let split = path.to_str().and_then(|text| text.rsplit_once(':'));
        match split {
            Some((file, key)) if !path.exists() && !key.is_empty() => {
                let file = Path::new(file);
                let known = file == Path::new("-") || file.exists();
                let key = Some(key.to_owned());
                if known { Source { file: file.to_path_buf(), key } } else { whole() }
            }
            _ => whole(),
        }
    }

    /// Its name in messages.
    pub fn shown(&self) -> PathBuf {
        match &self.key {
            Some(key) => PathBuf::from(format!("{}:{key}", self.file.display())),
            None => self.file.clone(),
        }
    }

    /// Reads the file and detects its format.
    ///
    /// # Errors
    /// The file cannot be read or decompressed, or its format is not supported.
    pub fn open(&self) -> Result<Content> {
        let path = if self.file == Path::new("-") { Path::new(STDIN) } else { &self.file };
        let mut bytes = Vec::new();
        let mut file = File::open(path).map_err(Error::io("read", &self.file))?;
        file.read_to_end(&mut bytes).map_err(Error::io("read", &self.file))?;
        if bytes.starts_with(&GZIP) {
            bytes = decompress(&bytes, &self.file)?;
        }
        Content::new(bytes, &self.file)
    }
}

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Largest accepted compression ratio; embeddings seldom shrink to less than a tenth.
const MOST_GROWTH: u64 = 200;
/// Decompressed size up to which any ratio is accepted.
const SMALL: u64 = 64 << 20;

fn decompress(bytes: &[u8], file: &Path) -> Result<Vec<u8>> {
    let most = (bytes.len() as u64 * MOST_GROWTH).max(SMALL);
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut content);
    read.map_err(|e| {
        Fault::new(file, format!("is a damaged gzip file ({e})"))
            .remedy("copy or write the file again")
    })?;
    if content.len() as u64 > most {
        let problem = format!("decompresses to more than {MOST_GROWTH} times its size");
        return Err(Fault::new(file, problem).remedy("gunzip it if that is right").into());
    }
    Ok(content)
}

/// The content of a file of embeddings or labels.
pub enum Content {
    /// One array.
    Array(Vec<u8>, PathBuf),
    /// Arrays by their keys.
    Archive(Npz),
    /// Columns by their names.
    Table(Table),
}

/// Unsupported formats: first bytes, description, remedy.
const OTHERS: [(&[u8], &str, &str); 10] = [
    (
        b"\x80\x02",
        "is a pickle, which only Python can read",
        "save the array in Python: np.save(\"z.npy\", np.asarray(x)); for PyTorch tensors, x.cpu().float().numpy()",
    ),
    (
        b"\x89HDF",
        "is HDF5",
        "save the array in Python: np.save(\"z.npy\", h5py.File(FILE)[KEY][:])",
    ),
    (
        b"ARROW1",
        "is Arrow or Feather",
        "write it as Parquet: pd.read_feather(FILE).to_parquet(\"z.parquet\")",
    ),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", "decompress it with unzstd"),
    (b"BZh", "is compressed with bzip2", "decompress it with bunzip2"),
    (b"\xfd7zXZ", "is compressed with xz", "decompress it with unxz"),
    (
        b"MATLAB 5.0",
        "is a MATLAB file",
        "save the array in Python: np.save(\"z.npy\", scipy.io.loadmat(FILE)[KEY])",
    ),
    (b"\x89PNG", "is a picture", "name a file of embeddings: .npy, .npz, .csv or .parquet"),
    (b"SQLite format 3", "is a database", "export the table as CSV"),
    (b"%PDF", "is a PDF", "name a file of embeddings: .npy, .npz, .csv or .parquet"),
];

/// The remedy that lists the supported formats.
const READ: &str = "name a file of embeddings: .npy, .npz, .csv or .parquet";

impl Content {
    /// Detects the format of `bytes`.
    fn new(bytes: Vec<u8>, file: &Path) -> Result<Content> {
        if bytes.is_empty() {
            return Err(Fault::new(file, "is empty").remedy(READ).into());
        }
        if bytes.starts_with(MAGIC) {
            return Ok(Content::Array(bytes, file.to_path_buf()));
        }
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return Npz::new(bytes, file).map(Content::Archive);
        }
        if bytes.starts_with(b"PAR1") {
            return parquet::read(bytes, file).map(Content::Table);
        }
        refuse_others(&bytes, file)?;
        csv::read(bytes, file).map(Content::Table)
    }

    /// The embeddings, and a description of them; `label` is the column of their labels if the user
    /// named one.
    ///
    /// # Errors
    /// No embeddings, or several candidates; invalid values.
    pub fn embeddings(&self, key: Option<&str>, label: Option<&str>) -> Result<(Numbers, String)> {
        match self {
            Content::Array(bytes, file) => {
                refuse_key(key, file)?;
                let array = Array::read(bytes, file)?;
                Ok((array::embeddings(&array)?, array.header.describe()))
            }
            Content::Archive(archive) => {
                let (bytes, name) = archive.array(Wanted::Embeddings, key)?;
                let array = Array::read(&bytes, &name)?;
                Ok((
                    array::embeddings(&array)?,
                    format!("{} {}", key_of(&name), array.header.describe()),
                ))
            }
            Content::Table(table) => table.embeddings(key, label),
        }
    }

    /// Labels in a file of their own, and a description of them.
    ///
    /// # Errors
    /// As [`Content::embeddings`].
    pub fn labels(&self, key: Option<&str>) -> Result<(Labels, String)> {
        match self {
            Content::Array(bytes, file) => {
                refuse_key(key, file)?;
                let array = Array::read(bytes, file)?;
                let labels = array::labels(&array)?;
                let description = format!("{}, {}", array.header.describe(), labels.describe());
                Ok((labels, description))
            }
            Content::Archive(archive) => archive_labels(archive, key),
            Content::Table(table) => table.labels_alone(key),
        }
    }

    /// Labels in the file of the embeddings; `embeddings` is the key of those if the user named one.
    ///
    /// # Errors
    /// There are no labels; as [`Content::embeddings`].
    pub fn labels_beside(
        &self,
        key: Option<&str>,
        embeddings: Option<&str>,
    ) -> Result<(Labels, String)> {
        match self {
            Content::Array(_, file) => {
                refuse_key(key, file)?;
                let fault = Fault::new(file, "contains embeddings without labels");
                Err(fault
                    .remedy("name the labels with --labels (those of queries with --query-labels)")
                    .into())
            }
            Content::Archive(archive) => archive_labels(archive, key),
            Content::Table(table) => table.labels_beside(key, embeddings),
        }
    }
}

fn archive_labels(archive: &Npz, key: Option<&str>) -> Result<(Labels, String)> {
    let (bytes, name) = archive.array(Wanted::Labels, key)?;
    let array = Array::read(&bytes, &name)?;
    let labels = array::labels(&array)?;
    let description =
        format!("{} {}, {}", key_of(&name), array.header.describe(), labels.describe());
    Ok((labels, description))
}

/// The key of `FILE:KEY`.
fn key_of(name: &Path) -> String {
    let text = name.to_string_lossy();
    text.rsplit(':').next().unwrap_or_default().to_owned()
}

fn refuse_key(key: Option<&str>, file: &Path) -> Result<()> {
    match key {
        Some(key) => {
            let problem = format!("is a single array, so it has no {key}");
            Err(Fault::new(file, problem).remedy("name the file without the key").into())
        }
        None => Ok(()),
    }
}

fn refuse_others(bytes: &[u8], file: &Path) -> Result<()> {
    // The second byte of a pickle is its protocol.
    let is_pickle = bytes[0] == 0x80 && bytes.get(1).is_some_and(|protocol| *protocol <= 5);
    let begins = |start: &[u8]| bytes.starts_with(start);
    let other = match is_pickle {
        true => Some(&OTHERS[0]),
        false => OTHERS.iter().find(|(start, ..)| begins(start)),
    };
    if let Some((_, what, remedy)) = other {
        return Err(Fault::new(file, *what).remedy(*remedy).into());
    }
    // A safetensors file starts with the eight-byte length of its JSON header.
    if bytes.get(8) == Some(&b'{') && bytes.get(6..8) == Some(&[0, 0]) {
        let fault = Fault::new(file, "is safetensors");
        let remedy =
            "save the tensor in Python: np.save(\"z.npy\", safetensors.numpy.load_file(FILE)[KEY])";
        return Err(fault.remedy(remedy).into());
    }
    if begins(b"{") || begins(b"[") {
        let fault = Fault::new(file, "is JSON");
        return Err(fault.remedy("write it as CSV: pd.read_json(FILE).to_csv(\"z.csv\")").into());
    }
    Ok(())
}
