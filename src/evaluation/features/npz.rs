//! NumPy archives: several arrays, each with a key.

use std::path::{Path, PathBuf};

use super::choice::{Wanted, choose};
use super::npy::Header;
use super::unzip::{Member, members};
use crate::error::{Error, Fault, Result};

/// An archive in memory with the headers of its arrays.
pub struct Npz {
    bytes: Vec<u8>,
    file: PathBuf,
    /// Key, member and header of each array; no header if it cannot be read.
    arrays: Vec<(String, Member, Option<Header>)>,
}

/// Most bytes of a header; NumPy writes 118 or little more.
const MAX_HEADER: u64 = 1 << 16;

impl Npz {
    /// Reads the headers of an archive.
    ///
    /// # Errors
    /// Not a zip file, or one without arrays; the message says what it is and has a remedy.
    pub fn new(bytes: Vec<u8>, file: &Path) -> Result<Npz> {
        let (mut arrays, mut others) = (Vec::new(), Vec::new());
        for member in members(&bytes).map_err(|why| damaged(file, &why))? {
            let Some(key) = member.name.strip_suffix(".npy") else {
                others.push(member.name);
                continue;
            };
            let start = member.start(&bytes, MAX_HEADER).map_err(|why| damaged(file, &why))?;
            let header = Header::read(&start, &keyed(file, key)).ok();
            arrays.push((key.to_owned(), member, header));
        }
        match arrays.is_empty() {
            true => Err(other_zip(file, &others)),
            false => Ok(Npz { bytes, file: file.to_path_buf(), arrays }),
        }
    }

    /// The bytes of the chosen array, and its name in messages.
    ///
    /// # Errors
    /// No such key, or several candidates.
    pub fn array(&self, wanted: Wanted, key: Option<&str>) -> Result<(Vec<u8>, PathBuf)> {
        let shapes = self.arrays.iter().map(|(key, _, header)| {
            let shape = header.as_ref().map(|header| (header.shape.as_slice(), header.dtype));
            (key.as_str(), shape)
        });
        let index = choose(&shapes.collect::<Vec<_>>(), wanted, key, &self.file)?;
        let (key, member, header) = &self.arrays[index];
        let name = keyed(&self.file, key);
        // The header gives the size; a member that is longer is refused by the array.
        let most = header.as_ref().and_then(|header| header.data()?.checked_add(header.bytes));
        let most = most.map_or(MAX_HEADER, |most| most as u64);
        let bytes = member.whole(&self.bytes, most).map_err(|why| damaged(&name, &why))?;
        Ok((bytes, name))
    }
}

fn keyed(file: &Path, key: &str) -> PathBuf {
    PathBuf::from(format!("{}:{key}", file.display()))
}

fn damaged(file: &Path, reason: &str) -> Error {
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
