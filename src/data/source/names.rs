//! Parses names of IDX files: set, images or labels, compression.

use std::path::Path;

/// Extensions of compressed files.
const COMPRESSED: [&str; 6] = [".gz", ".bz2", ".xz", ".lz", ".zst", ".zip"];

/// Element types in names, which may differ between the two files of a set.
const TYPES: [&str; 7] = ["ubyte", "uint8", "byte", "short", "int", "float", "double"];

/// A parsed file name.
pub(super) struct Name {
    /// The name without the extension of a compressed file.
    plain: String,
    /// The extension of a compressed file, in lower case; empty if there is none.
    pub ending: String,
}

impl Name {
    /// Parses the name of a file.
    pub fn of(path: &Path) -> Name {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        let ending = COMPRESSED.iter().find(|ending| lower.ends_with(*ending)).copied();
        let ending = ending.unwrap_or_default();
        // In other scripts, lower case may have another length; such names have no known extension.
        let plain = name.get(..name.len() - ending.len()).unwrap_or(&name).to_owned();
        Name { plain, ending: ending.to_owned() }
    }

    /// Whether the name contains "label".
    pub fn is_of_labels(&self) -> bool {
        self.plain.to_lowercase().contains("label")
    }

    /// Whether the name contains "image".
    pub fn is_of_images(&self) -> bool {
        self.plain.to_lowercase().contains("image")
    }

    /// Whether it is a file of EMNIST (Cohen et al. 2017), whose images are transposed.
    pub fn is_emnist(&self) -> bool {
        self.plain.to_lowercase().starts_with("emnist")
    }

    /// Whether two names differ only in images or labels, dimensions and types.
    pub fn matches(&self, other: &Name) -> bool {
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

    /// The most likely name of the other file of the set.
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
    fn only_the_two_files_of_a_set_match() {
        let match_ = |a: &str, b: &str| name(a).matches(&name(b));
        assert!(match_("train-images-idx3-ubyte", "train-labels-idx1-ubyte"));
        assert!(match_("d/train-images.idx3-ubyte.gz", "train-labels-idx1-ubyte"));
        assert!(match_(
            "emnist-letters-test-images-idx3-ubyte",
            "emnist-letters-test-labels-idx1-ubyte.XZ"
        ));
        assert!(match_("qmnist-train-images-idx3-ubyte.gz", "qmnist-train-labels-idx2-int.gz"));
        assert!(!match_("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"));
        assert!(!match_(
            "emnist-letters-train-images-idx3-ubyte",
            "emnist-digits-train-labels-idx1-ubyte"
        ));
    }

    #[test]
    fn the_name_of_the_other_file_is_derived() {
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
    fn names_are_parsed_in_any_case() {
        assert!(name("Train-Images.IDX3").is_of_images() && !name("Train-Images").is_of_labels());
        assert!(name("EMNIST-letters-images").is_emnist() && !name("mnist-emnist").is_emnist());
        assert_eq!(name("a.GZ").ending, ".gz");
        assert_eq!(name("a.csv").ending, "");
    }
}
