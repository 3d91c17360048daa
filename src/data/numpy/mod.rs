//! NumPy's files: single arrays (`.npy`), and archives of them with a key each (`.npz`).

mod archive;
mod array;
mod dtype;
mod header;
mod unzip;

pub use self::archive::{Archive, Entry, damaged_archive, is_archive};
pub use self::array::Array;
pub use self::dtype::{DType, Kind};
pub use self::header::{Header, MAGIC};
