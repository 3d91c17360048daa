//! NumPy's archives: several arrays, each by its key.

use std::path::{Path, PathBuf};

use super::choice::{Wanted, chosen};
use super::npy::Head;
use super::unzip::{Member, members};
use crate::error::{Error, Fault, Result};

/// An archive in memory and the heads of its arrays.
pub struct Npz {
    bytes: Vec<u8>,
    file: PathBuf,
    /// Key of each array, its member and its head; none where it cannot be read.
    arrays: Vec<(String, Member, Option<Head>)>,
}

/// What a head may take: NumPy writes 118 bytes, or little more.
const HEAD: u64 = 1 << 16;

impl Npz {
    /// Reads the heads of an archive.
    ///
    /// # Errors
    /// No zip, or one without arrays: what it is instead, and the way out.
    pub fn new(bytes: Vec<u8>, file: &Path) -> Result<Npz> {
        let (mut arrays, mut others) = (Vec::new(), Vec::new());
        for member in members(&bytes).map_err(|why| damaged(file, &why))? {
            let Some(key) = member.name.strip_suffix(".npy") else {
                others.push(member.name);
                continue;
            };
            let start = member.start(&bytes, HEAD).map_err(|why| damaged(file, &why))?;
            let head = Head::read(&start, &keyed(file, key)).ok();
            arrays.push((key.to_owned(), member, head));
        }
        match arrays.is_empty() {
            true => Err(other_zip(file, &others)),
            false => Ok(Npz { bytes, file: file.to_path_buf(), arrays }),
        }
    }

    /// The bytes of the array that is meant, and what it is called in messages.
    ///
    /// # Errors
    /// No such key, or several that could be meant.
    pub fn array(&self, wanted: Wanted, key: Option<&str>) -> Result<(Vec<u8>, PathBuf)> {
        let shapes = self.arrays.iter().map(|(key, _, head)| {
            let shape = head.as_ref().map(|head| (head.shape.as_slice(), head.dtype));
            (key.as_str(), shape)
        });
        let place = chosen(&shapes.collect::<Vec<_>>(), wanted, key, &self.file)?;
        let (key, member, head) = &self.arrays[place];
        let name = keyed(&self.file, key);
        // The head says how much is to come; whatever more there is makes the array wrong.
        let most = head.as_ref().and_then(|head| head.data()?.checked_add(head.bytes));
        let most = most.map_or(HEAD, |most| most as u64);
        let bytes = member.whole(&self.bytes, most).map_err(|why| damaged(&name, &why))?;
        Ok((bytes, name))
    }
}

fn keyed(file: &Path, key: &str) -> PathBuf {
    PathBuf::from(format!("{}:{key}", file.display()))
}

fn damaged(file: &Path, reason: &str) -> Error {
    let fault = Fault::new(file, format!("is no NPZ that can be read ({reason})"));
    fault.remedy("write it with numpy.savez").into()
}

/// What a zip without arrays is, going by the files in it.
fn other_zip(file: &Path, members: &[String]) -> Error {
    let has = |end: &str| members.iter().any(|name| name.ends_with(end));
    let (what, remedy) = if has("data.pkl") {
        (
            "is a pickle of PyTorch's, which only Python can read",
            "save the array in Python: np.save(\"z.npy\", torch.load(FILE).cpu().float().numpy())",
        )
    } else if has("xl/workbook.xml") {
        ("is a workbook of Excel's", "save the sheet as CSV")
    } else {
        ("is a zip without arrays of NumPy's", "write it with numpy.savez, or unzip it")
    };
    Fault::new(file, what).remedy(remedy).into()
}
