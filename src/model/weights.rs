//! Named tensors in safetensors files, as PyTorch reads and writes them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use tch::{Kind, Tensor};

use super::NamedTensors;
use crate::error::{Error, Fault, Result};
use crate::files::{sha256_hex, write_atomically};

/// The key under which notes travel in a file's metadata.
const NOTES: &str = "dml";

/// Writes tensors as f32 under their names, sorted, with text beside them.
///
/// The bytes depend on nothing but names, values and `notes`. Python reads the file with
/// `safetensors.torch.load_file` and hands it to `load_state_dict`.
///
/// # Errors
/// The file cannot be written.
pub fn write_tensors(path: &Path, tensors: &NamedTensors, notes: &[(&str, String)]) -> Result<()> {
    let flat: Vec<(&String, Vec<usize>, Vec<u8>)> =
        tensors.iter().map(|(name, tensor)| (name, shape(tensor), bytes(tensor))).collect();
    let views = flat.iter().map(|(name, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), data).expect("4 bytes a number");
        (name.as_str(), view)
    });
    // The format keeps notes in a hash map: with more than one key, the order of the bytes would
    // change from run to run. So they travel as one JSON text.
    let notes: BTreeMap<&str, &String> = notes.iter().map(|(key, text)| (*key, text)).collect();
    let notes = serde_json::to_string(&notes).expect("plain text");
    let notes = HashMap::from([(NOTES.to_owned(), notes)]);
    let content = safetensors::serialize(views, Some(notes))
        .map_err(|e| Error::Other(format!("cannot lay out {}: {e}", path.display())))?;
    write_atomically(path, |file| file.write_all(&content))
}

/// SHA-256 over names and values of tensors, as 64 hexadecimal digits: equal where both are.
pub fn digest(tensors: &NamedTensors) -> String {
    let mut content = Vec::new();
    for (name, tensor) in tensors {
        content.extend_from_slice(name.as_bytes());
        content.push(0);
        content.extend(bytes(tensor));
    }
    sha256_hex(&content)
}

/// Reads all tensors of a safetensors file as f32 on the CPU.
///
/// # Errors
/// A file that is missing, no safetensors file, or holds another type than f32.
pub fn read_tensors(path: &Path) -> Result<NamedTensors> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let file = SafeTensors::deserialize(&content).map_err(|e| damaged(path, &e))?;
    let mut tensors = NamedTensors::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            let problem = format!("holds {name} as {:?}, only F32 is read", view.dtype());
            return Err(Fault::new(path, problem).into());
        }
        let values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        tensors.insert(name.to_owned(), Tensor::from_slice(&values).reshape(shape));
    }
    Ok(tensors)
}

/// Reads the text that [`write_tensors`] put beside the tensors.
///
/// # Errors
/// A file that is missing or no safetensors file.
pub fn read_notes(path: &Path) -> Result<BTreeMap<String, String>> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|e| damaged(path, &e))?;
    let text = header.metadata().as_ref().and_then(|notes| notes.get(NOTES));
    Ok(text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
}

fn damaged(path: &Path, reason: &SafeTensorError) -> Fault {
    Fault::new(path, format!("is no whole safetensors file ({reason})"))
        .remedy("train the run again, or copy the file anew")
}

fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.size().iter().map(|&n| n as usize).collect()
}

/// The values in row-major order, little endian.
fn bytes(tensor: &Tensor) -> Vec<u8> {
    let flat = tensor.to_kind(Kind::Float).contiguous().view([-1]);
    let values = Vec::<f32>::try_from(&flat).expect("a flat f32 tensor");
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Architecture, initial_weights};

    #[test]
    fn what_is_written_is_read_back_and_bytes_repeat() {
        let folder = tempfile::tempdir().unwrap();
        let weights = initial_weights(&Architecture { side: 28, embedding: 10 }, 3);
        let notes = [("loss", "contrastive".to_owned()), ("epoch", "5".to_owned())];
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        write_tensors(&one, &weights, &notes).unwrap();
        write_tensors(&two, &weights, &notes).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let back = read_tensors(&one).unwrap();
        assert_eq!(back.len(), weights.len());
        assert!(weights.iter().all(|(name, tensor)| back[name].equal(tensor)));
        assert_eq!(read_notes(&one).unwrap()["loss"], "contrastive");
    }

    #[test]
    fn a_file_cut_short_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        write_tensors(&path, &initial_weights(&Architecture { side: 8, embedding: 2 }, 1), &[])
            .unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(message.contains("model.safetensors: is no whole safetensors file"), "{message}");
    }
}
