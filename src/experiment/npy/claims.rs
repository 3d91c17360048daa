//! What the head of a NumPy file claims, held against the size of the file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Fault, Result};

/// Refuses a file whose head claims more than the file holds: the reader makes room for all that
/// is claimed before it reads. The file may have been read from.
///
/// # Errors
/// The claim, with the file and its size; the system refuses to read.
pub fn refuse_claims(path: &Path, file: &mut File) -> Result<()> {
    let size = file.metadata().map_err(Error::io("read", path))?.len();
    let mut start = [0; 12];
    let known = read_up_to(file, &mut start).map_err(Error::io("read", path))?;
    // What is no NPY at all is for the reader to tell.
    if !start.starts_with(b"\x93NUMPY") {
        return Ok(());
    }
    let [_, _, _, _, _, _, version, _, a, b, c, d] = start;
    let (place, length) = match (known >= 10, version) {
        (true, 1) => (10, u64::from(u16::from_le_bytes([a, b]))),
        (true, _) => (12, u64::from(u32::from_le_bytes([a, b, c, d]))),
        (false, _) => return Ok(()),
    };
    let claim = |what: &str| {
        let problem = format!("is no NPY that can be read ({what} than the file's {size} bytes)");
        Fault::new(path, problem).remedy("write it with numpy.save")
    };
    let data = size.checked_sub(place + length).ok_or_else(|| claim("its head claims more"))?;
    let mut head = vec![0; length as usize];
    file.seek(SeekFrom::Start(place)).map_err(Error::io("read", path))?;
    let known = read_up_to(file, &mut head).map_err(Error::io("read", path))?;
    let claimed = claimed_bytes(&String::from_utf8_lossy(&head[..known]));
    if claimed > data { Err(claim("its shape claims more").into()) } else { Ok(()) }
}

/// The largest number of bytes that any shape in a head claims; its dictionary may name several.
fn claimed_bytes(head: &str) -> u64 {
    let count = |group: &str| -> u64 {
        let inside = group.split(')').next().unwrap_or_default();
        let numbers = inside.split(',').map(str::trim).filter(|number| !number.is_empty());
        // A number that is none, or is written in another way, claims more than any file has.
        let numbers = numbers.map(|number| number.parse().unwrap_or(u64::MAX));
        numbers.fold(1, u64::saturating_mul)
    };
    // The type of elements, `<f8`, ends with their size; a list of them has quotes in its groups.
    let quoted = head.split(['\'', '"']).skip(1).step_by(2);
    let sizes = quoted.filter_map(|text| {
        text.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().ok()
    });
    let groups = head.split('(').skip(1).filter(|group| !group.starts_with(['\'', '"']));
    groups.map(count).max().unwrap_or(0).saturating_mul(sizes.max().unwrap_or(1).max(1))
}

/// Fills a buffer as far as the file reaches.
fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut known = 0;
    while known < buffer.len() {
        match file.read(&mut buffer[known..])? {
            0 => break,
            count => known += count,
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_claims_more_than_the_file_holds_is_told_before_room_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array.npy");
        let told = |version: u8, length: u32, head: &str| {
            let mut content = [b"\x93NUMPY", &[version, 0][..]].concat();
            let bytes = length.to_le_bytes();
            content.extend(if version == 1 { &bytes[..2] } else { &bytes });
            content.extend(head.bytes());
            std::fs::write(&path, content).unwrap();
            refuse_claims(&path, &mut File::open(&path).unwrap()).unwrap_err().to_string()
        };
        assert!(
            told(3, u32::MAX, "{}\n").contains("(its head claims more than the file's 15 bytes)")
        );
        for shape in
            ["4611686018427387904, 2", "70000, 70000", "0x7fffffff,", "1, 1), 'shape': (9,"]
        {
            let head =
                format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n");
            let message = told(1, head.len() as u32, &head);
            assert!(message.contains("(its shape claims more than the file's "), "{message}");
        }
        assert_eq!(claimed_bytes("{'descr': '<f8', 'shape': (3, 2), }"), 48);
        assert_eq!(claimed_bytes("{'descr': [('a', '<f4')], 'shape': (3,), }"), 12);
    }
}
