//! Chooses an array of an archive, or a column of a table, by name and shape.

use std::path::Path;

use crate::data::numpy::{DType, Kind};
use crate::error::{Fault, Result};
use crate::words::path_word;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Embeddings.
    Embeddings,
    /// Labels.
    Labels,
}

/// Common names of embeddings, in lower case.
const EMBEDDINGS: [&str; 16] = [
    "embeddings",
    "embedding",
    "embeds",
    "embed",
    "features",
    "feature",
    "feats",
    "feat",
    "emb",
    "embs",
    "vectors",
    "vector",
    "x",
    "z",
    "e",
    "arr_0",
];

/// Common names of labels, in lower case.
const LABELS: [&str; 17] = [
    "labels",
    "label",
    "y",
    "targets",
    "target",
    "classes",
    "class",
    "class_id",
    "class_name",
    "classname",
    "category",
    "species",
    "symbol_id",
    "digit",
    "letter",
    "y_true",
    "arr_1",
];

impl Wanted {
    /// Whether this is a common name for it, ignoring case.
    pub fn is_called(self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        let names: &[&str] = match self {
            Wanted::Embeddings => &EMBEDDINGS,
            Wanted::Labels => &LABELS,
        };
        names.contains(&name.as_str())
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Wanted::Embeddings => "embeddings",
            Wanted::Labels => "labels",
        }
    }

    fn fits(self, shape: &[usize], dtype: DType) -> bool {
        let long = shape.iter().filter(|&&size| size != 1).count();
        let is_text = matches!(dtype.kind, Kind::Unicode | Kind::Bytes);
        match self {
            Wanted::Embeddings => shape.len() >= 2 && !is_text && long >= 1 && !is_column(shape),
            Wanted::Labels => long <= 1 && (shape.len() == 1 || is_column(shape)),
        }
    }
}

/// Whether it is `[N, 1]`.
fn is_column(shape: &[usize]) -> bool {
    shape.len() > 1 && shape[1..].iter().all(|&size| size == 1)
}

/// A key, and the shape and type of its array; `None` if it cannot be read.
pub type Named<'a> = (&'a str, Option<(&'a [usize], DType)>);

/// The index of the array with this key; without a key, the one with a common name; failing that, the
/// only one whose shape and type fit.
///
/// # Errors
/// No such key, no suitable array, or several; the message lists all keys.
pub fn choose(arrays: &[Named], wanted: Wanted, key: Option<&str>, file: &Path) -> Result<usize> {
    let all_keys = || {
        let one = |(key, shape): &Named| match shape {
            Some((shape, dtype)) => format!("{key} {shape:?} {}", dtype.name()),
            None => format!("{key} (not a readable array)"),
        };
        arrays.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let what = wanted.name();
    let Some(&(first, _)) = arrays.first() else {
        let fault = Fault::new(file, format!("has no array of {what}"));
        return Err(fault.remedy("write it with numpy.savez").into());
    };
    let flag = if wanted == Wanted::Labels { "--labels" } else { "--embeddings" };
    let keyed = |key: &str| path_word(Path::new(&format!("{}:{key}", file.display())));
    let remedy = |key: &str| format!("name one: {flag} {}", keyed(key));
    if let Some(key) = key {
        let found = arrays.iter().position(|(name, _)| *name == key);
        return found.ok_or_else(|| {
            let fault = Fault::new(file, format!("has no array {key}; it has {}", all_keys()));
            fault.remedy(remedy(first)).into()
        });
    }
    let named = |index: &usize| wanted.is_called(arrays[*index].0);
    let fits =
        |index: &usize| arrays[*index].1.is_some_and(|(shape, dtype)| wanted.fits(shape, dtype));
    let by_name: Vec<usize> = (0..arrays.len()).filter(named).collect();
    let fitting: Vec<usize> = (0..arrays.len()).filter(fits).collect();
    match (&by_name[..], &fitting[..]) {
        (&[one], _) | (&[], &[one]) => Ok(one),
        (several, fitting) => {
            let candidates = if several.is_empty() { fitting } else { several };
            let problem = match candidates.len() {
                0 => format!("has no array of {what}; it has {}", all_keys()),
                _ => format!("has several arrays that could be the {what}: {}", all_keys()),
            };
            let example = candidates.first().map_or(first, |&index| arrays[index].0);
            Err(Fault::new(file, problem).remedy(remedy(example)).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: DType = DType { kind: Kind::Float, size: 4, big: false };
    const I: DType = DType { kind: Kind::Int, size: 8, big: false };

    fn found(arrays: &[(&str, &[usize], DType)], wanted: Wanted) -> Result<usize> {
        let arrays: Vec<_> =
            arrays.iter().map(|&(key, shape, dtype)| (key, Some((shape, dtype)))).collect();
        choose(&arrays, wanted, None, Path::new("a.npz"))
    }

    #[test]
    fn arrays_are_chosen_by_name_then_by_shape_else_the_user_must_choose() {
        let named: [(&str, &[usize], DType); 3] =
            [("paths", &[9], I), ("Features", &[9, 4], F), ("targets", &[9, 1], I)];
        assert_eq!(found(&named, Wanted::Embeddings).unwrap(), 1);
        assert_eq!(found(&named, Wanted::Labels).unwrap(), 2);
        let shaped: [(&str, &[usize], DType); 2] = [("clip", &[9, 4], F), ("who", &[9], I)];
        assert_eq!(found(&shaped, Wanted::Embeddings).unwrap(), 0);
        assert_eq!(found(&shaped, Wanted::Labels).unwrap(), 1);
        let keras: [(&str, &[usize], DType); 4] = [
            ("x_train", &[9, 4], F),
            ("y_train", &[9], I),
            ("x_test", &[3, 4], F),
            ("y_test", &[3], I),
        ];
        assert_eq!(
            found(&keras, Wanted::Labels).unwrap_err().to_string(),
            "a.npz: has several arrays that could be the labels: x_train [9, 4] float32, y_train [9] \
             int64, x_test [3, 4] float32, y_test [3] int64; name one: --labels a.npz:y_train"
        );
        for key in [None, Some("x")] {
            let message = choose(&[], Wanted::Labels, key, Path::new("a.npz")).unwrap_err();
            assert!(message.to_string().starts_with("a.npz: has no array of labels; write"));
        }
        let twice: [(&str, &[usize], DType); 2] = [("x", &[9, 4], F), ("emb", &[9, 2], F)];
        assert!(found(&twice, Wanted::Embeddings).is_err());
        assert!(
            found(&twice, Wanted::Labels)
                .unwrap_err()
                .to_string()
                .contains("has no array of labels")
        );
    }
}
