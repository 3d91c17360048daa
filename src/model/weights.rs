//! Named tensors in safetensors files, as PyTorch reads and writes them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use tch::{Kind, Tensor};

use super::architecture::Architecture;
use super::layers::BATCH_COUNTER;
use super::network::NamedTensors;
use crate::error::{Error, Fault, Result};
use crate::files::{from_json, sha256_hex, write_atomically, write_with_backup};

/// Our key in a file's metadata.
const NOTES: &str = "dml";

/// Writes tensors as f32, sorted by name, with notes in the metadata.
///
/// The bytes depend only on names, values and `notes`. In Python, `safetensors.torch.load_file`
/// gives a dict for `load_state_dict`.
///
/// # Errors
/// The file cannot be written.
pub fn write_tensors(path: &Path, tensors: &NamedTensors, notes: &[(&str, String)]) -> Result<()> {
    let content = serialized(path, tensors, notes)?;
    write_atomically(path, |file| file.write_all(&content))
}

/// Like [`write_tensors`], but keeps the previous file under another name.
///
/// # Errors
/// As [`write_tensors`].
pub fn write_tensors_with_backup(
    (path, backup): (&Path, &Path),
    tensors: &NamedTensors,
    notes: &[(&str, String)],
) -> Result<()> {
    write_with_backup(path, backup, &serialized(path, tensors, notes)?)
}

fn serialized(path: &Path, tensors: &NamedTensors, notes: &[(&str, String)]) -> Result<Vec<u8>> {
    let flat: Vec<(&String, Vec<usize>, Vec<u8>)> =
        tensors.iter().map(|(name, tensor)| (name, shape(tensor), bytes(tensor))).collect();
    let views = flat.iter().map(|(name, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), data).expect("4 bytes per value");
        (name.as_str(), view)
    });
    // The format keeps metadata in a hash map, so with more than one key the order of the bytes
    // would change from run to run. Hence one key with JSON.
    let notes: BTreeMap<&str, &String> = notes.iter().map(|(key, text)| (*key, text)).collect();
    let notes = serde_json::to_string(&notes).expect("strings serialise to JSON");
    let notes = HashMap::from([(NOTES.to_owned(), notes)]);
    safetensors::serialize(views, Some(notes))
        .map_err(|e| Error::Other(format!("cannot serialise {}: {e}", path.display())))
}

/// SHA-256 over names and values of tensors, as 64 hexadecimal digits.
pub fn digest(tensors: &NamedTensors) -> String {
    let mut content = Vec::new();
    for (name, tensor) in tensors {
        content.extend_from_slice(name.as_bytes());
        content.push(0);
        content.extend(bytes(tensor));
    }
    sha256_hex(&content)
}

/// Reads all tensors of a safetensors file as f32 on the CPU, except PyTorch's
/// `num_batches_tracked`.
///
/// # Errors
/// The file is missing, not safetensors, or contains another dtype than f32.
pub fn read_tensors(path: &Path) -> Result<NamedTensors> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let file = SafeTensors::deserialize(&content).map_err(|e| damaged(path, &e))?;
    let mut tensors = NamedTensors::new();
    for (name, view) in file.iter().filter(|(name, _)| !name.ends_with(BATCH_COUNTER)) {
        if view.dtype() != Dtype::F32 {
            let problem = format!("has {name} as {:?}, only F32 is supported", view.dtype());
            let remedy = "save it as float32, tensor.float() in PyTorch";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
        let values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        // An empty tensor may claim any shape, even one whose size overflows.
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let tensor = Tensor::from_slice(&values).f_reshape(&shape).map_err(|_| {
            Fault::new(path, format!("has {name} with the impossible shape {:?}", view.shape()))
        })?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

/// Refuses content that is not safetensors.
///
/// # Errors
/// The content is not safetensors; `path` is for the message.
pub fn refuse_non_safetensors(path: &Path, content: &[u8]) -> Result<()> {
    SafeTensors::deserialize(content).map_err(|e| damaged(path, &e))?;
    Ok(())
}

/// Reads the weights of a network of this architecture.
///
/// PyTorch's `num_batches_tracked`, an integer, is ignored.
///
/// # Errors
/// As [`read_tensors`]; a missing or unknown tensor, one of another shape, or with NaN or infinite
/// values. The message names the file and the tensor.
pub fn read_weights(path: &Path, architecture: &dyn Architecture) -> Result<NamedTensors> {
    let weights = read_tensors(path)?;
    let fault = |problem: String| {
        Fault::new(path, problem)
            .remedy("the file is of another network, or the run has to be trained again")
    };
    let needed = architecture.shapes();
    for (name, shape) in &needed {
        let tensor = weights.get(name).ok_or_else(|| fault(format!("lacks the tensor {name}")))?;
        if tensor.size() != *shape {
            let found = tensor.size();
            return Err(fault(format!("has {name} of shape {found:?} instead of {shape:?}")).into());
        }
        if !bool::try_from(tensor.isfinite().all()).expect("all() returns one bool") {
            return Err(fault(format!("has NaN or infinite values in {name}")).into());
        }
    }
    match weights.keys().find(|name| !needed.contains_key(*name)) {
        Some(name) => Err(fault(format!("has {name}, which the network does not have")).into()),
        None => Ok(weights),
    }
}

/// Reads the notes that [`write_tensors`] put into the metadata.
///
/// # Errors
/// The file is missing or not safetensors.
pub fn read_notes(path: &Path) -> Result<BTreeMap<String, String>> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|e| damaged(path, &e))?;
    let text = header.metadata().as_ref().and_then(|notes| notes.get(NOTES));
    Ok(text.and_then(|text| from_json(text.as_bytes()).ok()).unwrap_or_default())
}

pub(super) fn damaged(path: &Path, reason: &SafeTensorError) -> Fault {
    Fault::new(path, format!("is not an intact safetensors file ({reason})"))
        .remedy("train the run again, or copy the file again")
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
    use crate::data::ImageShape;
    use crate::model::{Tutorial, initial_weights};

    #[test]
    fn tensors_survive_a_round_trip_and_give_the_same_bytes_every_time() {
        let folder = tempfile::tempdir().unwrap();
        let weights = initial_weights(&Tutorial::new(ImageShape::square(28), 10), 3);
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

    fn small() -> Tutorial {
        Tutorial::new(ImageShape::square(8), 2)
    }

    /// The error message for a model with modified tensors.
    fn message_for(tamper: impl Fn(&mut NamedTensors)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut weights = initial_weights(&small(), 1);
        tamper(&mut weights);
        write_tensors(&path, &weights, &[]).unwrap();
        read_weights(&path, &small()).map_or_else(|e| e.to_string(), |_| "read".to_owned())
    }

    #[test]
    fn weights_that_do_not_fit_are_rejected_with_file_and_tensor() {
        assert_eq!(message_for(|_| {}), "read");
        type Tamper = fn(&mut NamedTensors);
        let cases: [(&str, Tamper); 5] = [
            ("lacks the tensor linear1.bias;", |w| drop(w.remove("linear1.bias"))),
            ("has linear3.bias, which the network does not have;", |w| {
                w.insert("linear3.bias".to_owned(), Tensor::from_slice(&[1f32]));
            }),
            ("has linear2.bias of shape [3] instead of [2];", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[1f32; 3]));
            }),
            ("has NaN or infinite values in linear2.bias;", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[1f32, f32::NAN]));
            }),
            ("has NaN or infinite values in linear2.bias;", |w| {
                w.insert("linear2.bias".to_owned(), Tensor::from_slice(&[f32::INFINITY, 1.0]));
            }),
        ];
        for (problem, tamper) in cases {
            let message = message_for(tamper);
            assert!(message.contains(&format!("model.safetensors: {problem}")), "{message}");
            assert!(message.ends_with("or the run has to be trained again"), "{message}");
        }
    }

    #[test]
    fn other_dtypes_are_rejected_except_for_pytorchs_batch_counter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let view = |bytes| TensorView::new(Dtype::I64, vec![1], bytes).unwrap();
        let count = ("feature_net.2.num_batches_tracked", view(&[1, 0, 0, 0, 0, 0, 0, 0]));
        std::fs::write(&path, safetensors::serialize([count], None).unwrap()).unwrap();
        assert!(read_tensors(&path).unwrap().is_empty());
        let weight = ("linear1.bias", view(&[0; 8]));
        std::fs::write(&path, safetensors::serialize([weight], None).unwrap()).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(
            message.contains("has linear1.bias as I64, only F32 is supported; save"),
            "{message}"
        );
    }

    #[test]
    fn a_shape_whose_size_overflows_is_rejected() {
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
    fn a_truncated_file_is_rejected_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        write_tensors(&path, &initial_weights(&small(), 1), &[]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(
            message.contains("model.safetensors: is not an intact safetensors file"),
            "{message}"
        );
    }
}
