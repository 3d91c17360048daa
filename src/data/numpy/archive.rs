//! NumPy archives: several arrays, each with a key.

use std::path::{Path, PathBuf};

use super::header::Header;
use super::unzip::{Member, members};
use crate::error::{Error, Fault, Result};

/// Most bytes of a header; NumPy writes 118 or little more.
const MAX_HEADER: u64 = 1 << 16;

/// The arrays of an archive, by their headers.
pub struct Archive {
    file: PathBuf,
    /// In the order of the archive.
    pub arrays: Vec<Entry>,
}

/// An array of an archive.
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its header; `None` if it cannot be read.
    pub header: Option<Header>,
    /// The member of the zip file.
    pub member: Member,
}

impl Entry {
    /// Its shape and type, such as `[3, 2] float32`.
    pub fn describe(&self) -> String {
        match &self.header {
            Some(header) => format!("{} {}", self.key, header.describe()),
            None => format!("{} (not a readable array)", self.key),
        }
    }

    /// Most bytes that its content may have; a longer member is damaged.
    pub fn most(&self) -> u64 {
        let header = self.header.as_ref();
        let most = header.and_then(|header| header.data()?.checked_add(header.bytes));
        most.map_or(MAX_HEADER, |most| most as u64)
    }
}

/// Whether bytes are a zip file with at least one array.
pub fn is_archive(bytes: &[u8]) -> bool {
    let is_array = |member: &Member| member.name.ends_with(".npy");
    bytes.starts_with(b"PK") && members(bytes).is_ok_and(|members| members.iter().any(is_array))
}

impl Archive {
    /// Reads the headers of an archive.
    ///
    /// # Errors
    /// Not a zip file, or one without arrays; the message says what it is and has a remedy.
    pub fn new(bytes: &[u8], file: &Path) -> Result<Archive> {
        let (mut arrays, mut others) = (Vec::new(), Vec::new());
        for member in members(bytes).map_err(|why| damaged_archive(file, &why))? {
            let Some(key) = member.name.strip_suffix(".npy").map(str::to_owned) else {
                others.push(member.name);
                continue;
            };
            let start = member.start(bytes, MAX_HEADER);
            let start = start.map_err(|why| damaged_archive(file, &why))?;
            let header = Header::read(&start, &keyed(file, &key)).ok();
            arrays.push(Entry { key, header, member });
        }
        match arrays.is_empty() {
            true => Err(other_zip(file, &others)),
            false => Ok(Archive { file: file.to_path_buf(), arrays }),
        }
    }

    /// The name of an array in messages: `FILE:KEY`.
    pub fn name(&self, entry: &Entry) -> PathBuf {
        keyed(&self.file, &entry.key)
    }
}

fn keyed(file: &Path, key: &str) -> PathBuf {
    PathBuf::from(format!("{}:{key}", file.display()))
}

/// The error for a damaged archive or member.
pub fn damaged_archive(file: &Path, reason: &str) -> Error {
    let fault = Fault::new(file, format!("cannot be read as NPZ ({reason})"));
    fault.remedy("write it with numpy.savez").into()
}

/// The error for a zip file without arrays, by the files in it.
fn other_zip(file: &Path, members: &[String]) -> Error {
    let has = |end: &str| members.iter().any(|name| name.ends_with(end));
    let (what, remedy) = if has("data.pkl") {
        (
            "is a PyTorch pickle, which only Python can read",
            "save the array in Python: np.save(\"z.npy\", torch.load(FILE).cpu().float().numpy())",
        )
    } else if has("xl/workbook.xml") {
        ("is an Excel workbook", "save the sheet as CSV")
    } else {
        ("is a zip file without NumPy arrays", "write it with numpy.savez, or unzip it")
    };
    Fault::new(file, what).remedy(remedy).into()
}
