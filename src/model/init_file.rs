//! Initial weights from files of other programs: with prefixed names and other dtypes.

use std::collections::BTreeMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tch::Tensor;

use super::architecture::{Architecture, Shapes};
use super::layers::BATCH_COUNTER;
use super::network::NamedTensors;
use super::weights::damaged;
use crate::error::{Error, Fault, Result};
use crate::words::{first_few, word};

/// What the user can do if a file cannot be used.
const INIT_TAKES: &str = "--init takes a safetensors file of this network: a run's \
                          model.safetensors, or a .pt or .pth converted with \
                          safetensors.torch.save_file";

/// Reads the initial weights of a network from a file that another program may have written, and
/// returns them with a note on how they were converted: a prefix shared by all names is removed,
/// and other float types become f32. PyTorch's `num_batches_tracked` is ignored.
///
/// # Errors
/// [`Fault`] with the file: not safetensors (for a pickle, with the command that converts it);
/// missing or unknown tensors, wrong shapes, NaN or infinite values; weights for images or
/// embeddings of another size.
pub fn read_init(
    path: &Path,
    network: &dyn Architecture,
) -> Result<(NamedTensors, Option<String>)> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    refuse_pickle(&content, path)?;
    let file =
        SafeTensors::deserialize(&content).map_err(|e| damaged(path, &e).remedy(INIT_TAKES))?;
    let mut views: BTreeMap<String, TensorView> = file
        .iter()
        .filter(|(name, _)| !name.ends_with(BATCH_COUNTER))
        .map(|(name, view)| (name.to_owned(), view))
        .collect();
    let needed = network.shapes();
    let prefix = shared_prefix(&views, &needed);
    if !prefix.is_empty() {
        let short = |name: String| name[prefix.len()..].to_owned();
        views = views.into_iter().map(|(name, view)| (short(name), view)).collect();
    }
    refuse_other_names(path, &views, &needed)?;
    refuse_other_sizes(path, &views, network)?;
    let mut weights = NamedTensors::new();
    let mut types: Vec<String> = Vec::new();
    for (name, view) in &views {
        let shape = shape(view);
        if shape != needed[name] {
            let problem = format!("has {name} of shape {shape:?} instead of {:?}", needed[name]);
            return Err(Fault::new(path, problem).remedy(INIT_TAKES).into());
        }
        let values = floats(view).ok_or_else(|| {
            let problem = format!("has {name} as {:?}", view.dtype());
            Fault::new(path, problem).remedy("save it as float32, tensor.float() in PyTorch")
        })?;
        if !values.iter().all(|value| value.is_finite()) {
            let fault = Fault::new(path, format!("has NaN or infinite values in {name}"));
            return Err(fault.remedy("use weights from before the training diverged").into());
        }
        if view.dtype() != Dtype::F32 && !types.contains(&format!("{:?}", view.dtype())) {
            types.push(format!("{:?}", view.dtype()));
        }
        weights.insert(name.clone(), Tensor::from_slice(&values).reshape(&shape));
    }
    Ok((weights, note(path, &prefix, &types)))
}

/// How the weights were converted, in a line.
fn note(path: &Path, prefix: &str, types: &[String]) -> Option<String> {
    let names = (!prefix.is_empty()).then(|| format!("prefix {prefix} removed from the names"));
    let types = (!types.is_empty()).then(|| format!("{} converted to F32", types.join(" and ")));
    let done: Vec<String> = names.into_iter().chain(types).collect();
    (!done.is_empty()).then(|| format!("init: {}: {}", path.display(), done.join(", ")))
}

/// The prefix of all names, if the rest of each is a name in the network: `module.` of
/// DataParallel, `_orig_mod.` of torch.compile, `model.` and the like, or several of them.
fn shared_prefix(views: &BTreeMap<String, TensorView>, needed: &Shapes) -> String {
    let Some(first) = views.keys().next() else { return String::new() };
    let prefixes = needed.keys().filter_map(|name| first.strip_suffix(name.as_str()));
    let fits = |prefix: &&str| {
        prefix.ends_with('.')
            && views
                .keys()
                .all(|name| name.strip_prefix(prefix).is_some_and(|rest| needed.contains_key(rest)))
    };
    prefixes.filter(|prefix| !prefix.is_empty()).find(fits).unwrap_or_default().to_owned()
}

/// Refuses missing and unknown tensors.
fn refuse_other_names(
    path: &Path,
    views: &BTreeMap<String, TensorView>,
    needed: &Shapes,
) -> Result<()> {
    let missing: Vec<&str> =
        needed.keys().filter(|name| !views.contains_key(*name)).map(String::as_str).collect();
    let unknown: Vec<&str> =
        views.keys().filter(|name| !needed.contains_key(*name)).map(String::as_str).collect();
    let problem = match (&missing[..], &unknown[..]) {
        ([], []) => return Ok(()),
        (missing, []) => format!("lacks {}", listed(missing)),
        ([], unknown) => format!("has {}, which the network does not have", listed(unknown)),
        (missing, unknown) => {
            format!(
                "is of another network: it has {} and lacks {}",
                listed(unknown),
                listed(missing)
            )
        }
    };
    Err(Fault::new(path, problem).remedy(INIT_TAKES).into())
}

/// The first few of many names.
fn listed(names: &[&str]) -> String {
    first_few(names, 3)
}

/// Refuses weights for images or embeddings of other sizes.
fn refuse_other_sizes(
    path: &Path,
    views: &BTreeMap<String, TensorView>,
    network: &dyn Architecture,
) -> Result<()> {
    let shapes = views.iter().map(|(name, view)| (name.clone(), shape(view))).collect();
    let Some(other) = network.explain_other_sizes(&shapes) else { return Ok(()) };
    let remedy = other.remedy.unwrap_or_else(|| INIT_TAKES.to_owned());
    Err(Fault::new(path, other.problem).remedy(remedy).into())
}

fn shape(view: &TensorView) -> Vec<i64> {
    view.shape().iter().map(|&size| size as i64).collect()
}

/// The values of a float tensor as f32.
fn floats(view: &TensorView) -> Option<Vec<f32>> {
    let data = view.data();
    Some(match view.dtype() {
        Dtype::F32 => numbers(data, f32::from_le_bytes),
        Dtype::F16 => numbers(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => numbers(data, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Dtype::F64 => numbers(data, |bytes| f64::from_le_bytes(bytes) as f32),
        _ => return None,
    })
}

fn numbers<const N: usize>(data: &[u8], of: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.chunks_exact(N).map(|bytes| of(bytes.try_into().expect("chunks have this size"))).collect()
}

/// Refuses files written by `torch.save`, which only Python can read.
fn refuse_pickle(content: &[u8], path: &Path) -> Result<()> {
    let is_zip = content.starts_with(b"PK\x03\x04");
    let is_pickle = content.first() == Some(&0x80) && content.get(1).is_some_and(|n| *n <= 5);
    if !is_zip && !is_pickle {
        return Ok(());
    }
    // Escaped for Python; the shell's quotes come around it.
    let file = path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let code = format!(
        "import torch, safetensors.torch as s; w = torch.load(\"{file}\", map_location=\"cpu\"); \
         w = w.state_dict() if hasattr(w, \"state_dict\") else w.get(\"state_dict\", w); \
         s.save_file({{k: v.contiguous() for k, v in w.items()}}, \"weights.safetensors\")"
    );
    let fault = Fault::new(path, "is a PyTorch pickle, which only Python can read");
    Err(fault.remedy(format!("convert it to safetensors: python -c {}", word(code))).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;
    use crate::model::{Tutorial, initial_weights};
    use safetensors::serialize;

    fn small() -> Tutorial {
        Tutorial::new(ImageShape::square(12), 4)
    }

    /// Writes weights with these names, this dtype and these bytes, and reads them as initial
    /// weights.
    fn read(
        made_for: Tutorial,
        name: impl Fn(&str) -> String,
        kind: Dtype,
        of: impl Fn(f32) -> Vec<u8>,
    ) -> Result<(NamedTensors, Option<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let flat: Vec<(String, Vec<usize>, Vec<u8>)> = initial_weights(&made_for, 3)
            .iter()
            .map(|(key, tensor)| {
                let values = Vec::<f32>::try_from(&tensor.contiguous().view([-1])).unwrap();
                let shape = tensor.size().iter().map(|&size| size as usize).collect();
                (name(key), shape, values.into_iter().flat_map(&of).collect())
            })
            .collect();
        let count =
            (name("feature_net.2.num_batches_tracked"), vec![], vec![7, 0, 0, 0, 0, 0, 0, 0]);
        let views = flat.iter().map(|(name, shape, data)| {
            (name.as_str(), TensorView::new(kind, shape.clone(), data).unwrap())
        });
        let counted = TensorView::new(Dtype::I64, count.1.clone(), &count.2).unwrap();
        let views = views.chain([(count.0.as_str(), counted)]);
        std::fs::write(&path, serialize(views, None).unwrap()).unwrap();
        read_init(&path, &small())
    }

    fn bytes(value: f32) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }

    #[test]
    fn a_prefix_shared_by_all_names_is_removed() {
        let plain = initial_weights(&small(), 3);
        for prefix in [
            "",
            "module.",
            "_orig_mod.",
            "_orig_mod.module.",
            "model.",
            "backbone.",
            "net.",
            "state_dict.",
            "a.b.",
        ] {
            let (found, note) =
                read(small(), |name| format!("{prefix}{name}"), Dtype::F32, bytes).unwrap();
            assert!(plain.iter().all(|(name, tensor)| found[name].equal(tensor)), "{prefix}");
            match prefix {
                "" => assert_eq!(note, None),
                _ => {
                    let ending = format!(": prefix {prefix} removed from the names");
                    assert!(note.unwrap().ends_with(&ending));
                }
            }
        }
    }

    #[test]
    fn half_and_double_precision_become_float32() {
        let plain = initial_weights(&small(), 3);
        let check = |kind, of: &dyn Fn(f32) -> Vec<u8>, tolerance: f64| {
            let (found, note) = read(small(), str::to_owned, kind, of).unwrap();
            for (name, tensor) in &plain {
                let error = (&found[name] - tensor).abs().max().double_value(&[]);
                assert!(error <= tolerance, "{kind:?} {name}: {error}");
            }
            assert!(note.unwrap().ends_with(&format!("{kind:?} converted to F32")));
        };
        // Half an ulp of numbers up to 1.
        check(Dtype::F16, &|value| f16::from_f32(value).to_le_bytes().to_vec(), 2.5e-4);
        check(Dtype::BF16, &|value| bf16::from_f32(value).to_le_bytes().to_vec(), 2e-3);
        check(Dtype::F64, &|value| f64::from(value).to_le_bytes().to_vec(), 0.0);
    }

    #[test]
    fn weights_for_other_images_or_embeddings_are_rejected_with_the_sizes() {
        let message =
            |made_for| read(made_for, str::to_owned, Dtype::F32, bytes).unwrap_err().to_string();
        let wrong_images = message(Tutorial::new(ImageShape::square(28), 4));
        assert!(
            wrong_images
                .contains("trained on images of 28×28 to 31×31, the data has 12×12; resize"),
            "{wrong_images}"
        );
        let wrong_embeddings = message(Tutorial::new(ImageShape::square(12), 9));
        assert!(wrong_embeddings.contains(
            "trained for embeddings of 9 numbers, the settings say 4; add --set model.embedding=9"
        ));
        let other = |name: &str| name.replace("linear", "fc");
        let message = read(small(), other, Dtype::F32, bytes).unwrap_err().to_string();
        assert!(
            message.contains(
                "has fc1.bias, fc1.weight, fc2.bias and 1 more and lacks \
                                  linear1.bias, linear1.weight, linear2.bias and 1 more;"
            ),
            "{message}"
        );
        let nan =
            read(small(), str::to_owned, Dtype::F32, |_| bytes(f32::NAN)).unwrap_err().to_string();
        assert!(nan.contains("has NaN or infinite values in feature_net.0.bias"), "{nan}");
    }

    #[test]
    fn a_pickle_is_rejected_with_the_python_command_that_converts_it() {
        let folder = tempfile::tempdir().unwrap();
        for start in [&b"PK\x03\x04net/data.pkl"[..], b"\x80\x02}q\x00"] {
            let path = folder.path().join("my net.pth");
            std::fs::write(&path, start).unwrap();
            let message = read_init(&path, &small()).unwrap_err().to_string();
            assert!(message.contains("my net.pth: is a PyTorch pickle"), "{message}");
            assert!(
                message.contains("python -c 'import torch, safetensors.torch as s;"),
                "{message}"
            );
        }
    }
}
