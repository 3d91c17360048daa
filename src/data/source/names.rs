//! Names of IDX files: which set, images or labels, how compressed.

use std::path::Path;

/// Endings of compressed files.
const COMPRESSED: [&str; 6] = [".gz", ".bz2", ".xz", ".lz", ".zst", ".zip"];

/// Words that say the same of both files of a set: their type of value.
const TYPES: [&str; 7] = ["ubyte", "uint8", "byte", "short", "int", "float", "double"];

/// A file's name taken apart.
pub(super) struct Name {
    /// As it is, without the ending of a compressed file.
    plain: String,
    /// The ending of a compressed file, in lower case; empty where there is none.
    pub ending: String,
}

impl Name {
    /// The name of a file.
    pub fn of(path: &Path) -> Name {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        let ending = COMPRESSED.iter().find(|ending| lower.ends_with(*ending)).copied();
        let ending = ending.unwrap_or_default();
        // Lower case may have another length in other scripts, in which no ending is.
        let plain = name.get(..name.len() - ending.len()).unwrap_or(&name).to_owned();
        Name { plain, ending: ending.to_owned() }
    }

    /// Whether it says that there are labels in the file.
    pub fn is_of_labels(&self) -> bool {
        self.plain.to_lowercase().contains("label")
    }

    /// Whether it says that there are images in the file.
    pub fn is_of_images(&self) -> bool {
        self.plain.to_lowercase().contains("image")
    }

    /// Whether it is a file of EMNIST (Cohen et al. 2017), whose images lie on their side.
    pub fn is_emnist(&self) -> bool {
        self.plain.to_lowercase().starts_with("emnist")
    }

    /// Whether two names are alike but for images and labels, dimensions and types.
    pub fn is_kin_of(&self, other: &Name) -> bool {
        self.pattern() == other.pattern()
    }

    fn pattern(&self) -> Vec<String> {
        let lower = self.plain.to_lowercase();
        let words = lower.split(['-', '_', '.', ' ']).map(|word| match word {
            "images" | "image" | "labels" | "label" => "?",
            "idx1" | "idx2" | "idx3" | "idx4" => "idx",
            word => word,
        });
        words.filter(|word| !TYPES.contains(word)).map(str::to_owned).collect()
    }

    /// What the other file of the set is most likely called.
    pub fn counterpart(&self) -> Option<String> {
        let pairs = [("images", "labels"), ("Images", "Labels"), ("IMAGES", "LABELS")];
        let swapped = |(images, labels): (&str, &str)| {
            if self.plain.contains(images) {
                Some(self.plain.replacen(images, labels, 1).replace("idx3", "idx1"))
            } else if self.plain.contains(labels) {
                Some(self.plain.replacen(labels, images, 1).replace("idx1", "idx3"))
            } else {
                None
            }
        };
        let singular = [("image", "label")];
        pairs.into_iter().chain(singular).find_map(swapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::of(Path::new(text))
    }

    #[test]
    fn the_two_files_of_a_set_are_kin_and_those_of_two_sets_are_not() {
        let kin = |a: &str, b: &str| name(a).is_kin_of(&name(b));
        assert!(kin("train-images-idx3-ubyte", "train-labels-idx1-ubyte"));
        assert!(kin("d/train-images.idx3-ubyte.gz", "train-labels-idx1-ubyte"));
        assert!(kin(
            "emnist-letters-test-images-idx3-ubyte",
            "emnist-letters-test-labels-idx1-ubyte.XZ"
        ));
        assert!(kin("qmnist-train-images-idx3-ubyte.gz", "qmnist-train-labels-idx2-int.gz"));
        assert!(!kin("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"));
        assert!(!kin(
            "emnist-letters-train-images-idx3-ubyte",
            "emnist-digits-train-labels-idx1-ubyte"
        ));
    }

    #[test]
    fn the_other_file_is_called_as_it_is_given_out() {
        let counterpart = |text: &str| name(text).counterpart();
        let labels = Some("t10k-labels-idx1-ubyte".to_owned());
        assert_eq!(counterpart("x/t10k-images-idx3-ubyte.gz"), labels);
        assert_eq!(
            counterpart("t10k-labels-idx1-ubyte"),
            Some("t10k-images-idx3-ubyte".to_owned())
        );
        assert_eq!(counterpart("digits.idx"), None);
    }

    #[test]
    fn what_a_name_says_is_known_in_any_case() {
        assert!(name("Train-Images.IDX3").is_of_images() && !name("Train-Images").is_of_labels());
        assert!(name("EMNIST-letters-images").is_emnist() && !name("mnist-emnist").is_emnist());
        assert_eq!(name("a.GZ").ending, ".gz");
        assert_eq!(name("a.csv").ending, "");
    }
}
