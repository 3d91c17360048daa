//! Named tensors in safetensors files, as PyTorch reads and writes them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use tch::{Kind, Tensor};

use super::{Architecture, NamedTensors};
use crate::error::{Error, Fault, Result};
use crate::files::{from_json, sha256_hex, write_atomically, write_keeping};

/// PyTorch's BatchNorm counts its batches, as a whole number that nothing here needs.
pub(super) const PYTORCH_COUNT: &str = ".num_batches_tracked";

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
    let content = serialized(path, tensors, notes)?;
    write_atomically(path, |file| file.write_all(&content))
}

/// Writes as [`write_tensors`] does, and keeps the file before under another name.
///
/// # Errors
/// As there.
pub fn write_tensors_keeping(
    (path, older): (&Path, &Path),
    tensors: &NamedTensors,
    notes: &[(&str, String)],
) -> Result<()> {
    write_keeping(path, older, &serialized(path, tensors, notes)?)
}

fn serialized(path: &Path, tensors: &NamedTensors, notes: &[(&str, String)]) -> Result<Vec<u8>> {
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
    safetensors::serialize(views, Some(notes))
        .map_err(|e| Error::Other(format!("cannot lay out {}: {e}", path.display())))
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

/// Reads all tensors of a safetensors file as f32 on the CPU, but for PyTorch's counts of batches.
///
/// # Errors
/// A file that is missing, no safetensors file, or holds another type than f32.
pub fn read_tensors(path: &Path) -> Result<NamedTensors> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let file = SafeTensors::deserialize(&content).map_err(|e| damaged(path, &e))?;
    let mut tensors = NamedTensors::new();
    for (name, view) in file.iter().filter(|(name, _)| !name.ends_with(PYTORCH_COUNT)) {
        if view.dtype() != Dtype::F32 {
            let problem = format!("holds {name} as {:?}, only F32 is read", view.dtype());
            let remedy = "save it as float32, tensor.float() in PyTorch";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
        let values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        // A tensor of no numbers may claim any shape, also one that nobody can count.
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let tensor = Tensor::from_slice(&values).f_reshape(&shape).map_err(|_| {
            Fault::new(path, format!("holds {name} of the shape {:?}", view.shape()))
        })?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

/// Refuses the content of a file where it is no safetensors.
///
/// # Errors
/// It is none: reported with the file's name.
pub fn refuse_other_content(path: &Path, content: &[u8]) -> Result<()> {
    SafeTensors::deserialize(content).map_err(|e| damaged(path, &e))?;
    Ok(())
}

/// Reads the weights of a network of this architecture.
///
/// PyTorch's count of batches (`num_batches_tracked`), which is no f32, is passed over.
///
/// # Errors
/// As [`read_tensors`]; a tensor that is missing, too many, of another shape, or holds what is no
/// finite number; each told with the file and the tensor's name.
pub fn read_weights(path: &Path, architecture: &Architecture) -> Result<NamedTensors> {
    let weights = read_tensors(path)?;
    let fault = |problem: String| {
        Fault::new(path, problem)
            .remedy("it is another network's file, or the run has to be trained again")
    };
    let needed = architecture.tensors();
    for (name, shape) in &needed {
        let tensor = weights.get(name).ok_or_else(|| fault(format!("lacks the tensor {name}")))?;
        if tensor.size() != *shape {
            let found = tensor.size();
            return Err(fault(format!("has {name} of shape {found:?} instead of {shape:?}")).into());
        }
        if !bool::try_from(tensor.isfinite().all()).expect("one truth") {
            return Err(fault(format!("has numbers in {name} that are not finite")).into());
        }
    }
    match weights.keys().find(|name| !needed.contains_key(*name)) {
        Some(name) => Err(fault(format!("holds {name}, which the network lacks")).into()),
        None => Ok(weights),
    }
}

/// Reads the text that [`write_tensors`] put beside the tensors.
///
/// # Errors
/// A file that is missing or no safetensors file.
pub fn read_notes(path: &Path) -> Result<BTreeMap<String, String>> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|e| damaged(path, &e))?;
    let text = header.metadata().as_ref().and_then(|notes| notes.get(NOTES));
    Ok(text.and_then(|text| from_json(text.as_bytes()).ok()).unwrap_or_default())
}

pub(super) fn damaged(path: &Path, reason: &SafeTensorError) -> Fault {
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

    const SMALL: Architecture = Architecture { side: 8, embedding: 2 };

    /// What is said of a model whose tensors were tampered with.
    fn told(tamper: impl Fn(&mut NamedTensors)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut weights = initial_weights(&SMALL, 1);
        tamper(&mut weights);
        write_tensors(&path, &weights, &[]).unwrap();
        read_weights(&path, &SMALL).map_or_else(|e| e.to_string(), |_| "read".to_owned())
    }

    #[test]
    fn weights_that_do_not_fit_are_told_with_file_and_tensor() {
        assert_eq!(told(|_| {}), "read");
        type Tamper = fn(&mut NamedTensors);
        let cases: [(&str, Tamper); 5] = [
            ("lacks the tensor linear1.bias;", |w| drop(w.remove("linear1.bias"))),
            ("holds linear3.bias, which the network lacks;", |w| {
                w.insert("linear3.bias".to_owned(), Tensor::from_slice(&[1f32]));
            }),
            ("has linear2.bias of shape [3] instead of [2];", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[1f32; 3]));
            }),
            ("has numbers in linear2.bias that are not finite;", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[1f32, f32::NAN]));
            }),
            ("has numbers in linear2.bias that are not finite;", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[f32::INFINITY, 1.0]));
            }),
        ];
        for (problem, tamper) in cases {
            let message = told(tamper);
            assert!(message.contains(&format!("model.safetensors: {problem}")), "{message}");
            assert!(message.ends_with("or the run has to be trained again"), "{message}");
        }
    }

    #[test]
    fn other_types_are_told_but_for_pytorchs_count_of_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let view = |bytes| TensorView::new(Dtype::I64, vec![1], bytes).unwrap();
        let count = ("feature_net.2.num_batches_tracked", view(&[1, 0, 0, 0, 0, 0, 0, 0]));
        std::fs::write(&path, safetensors::serialize([count], None).unwrap()).unwrap();
        assert!(read_tensors(&path).unwrap().is_empty());
        let weight = ("linear1.bias", view(&[0; 8]));
        std::fs::write(&path, safetensors::serialize([weight], None).unwrap()).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(message.contains("holds linear1.bias as I64, only F32 is read; save"), "{message}");
    }

    #[test]
    fn a_shape_that_nobody_can_count_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let header =
            br#"{"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}}"#;
        let content = [&(header.len() as u64).to_le_bytes()[..], header].concat();
        std::fs::write(&path, content).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(message.contains("model.safetensors: "), "{message}");
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
