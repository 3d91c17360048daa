//! What the names of columns reveal about them.

use std::collections::{HashMap, HashSet};

use crate::data::Channels;

/// Names of label columns in public data sets, in lower case.
const LABELS: [&str; 48] = [
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "y",
    "y_true",
    "symbol_id",
    "symbol",
    "category",
    "categories",
    "category_id",
    "species",
    "digit",
    "digits",
    "letter",
    "letters",
    "lettr",
    "emotion",
    "expression",
    "character",
    "char",
    "sign",
    "gesture",
    "kind",
    "type",
    "breed",
    "variety",
    "family",
    "diagnosis",
    "dx",
    "outcome",
    "class_id",
    "classid",
    "class_name",
    "classname",
    "class_label",
    "label_id",
    "labelid",
    "label_name",
    "target_class",
    "gt",
    "ground_truth",
    "groundtruth",
    "klasse",
    "etikett",
    "clase",
];

/// Names of index columns, in lower case.
const INDICES: [&str; 27] = [
    "",
    "#",
    "id",
    "ids",
    "index",
    "idx",
    "key",
    "no",
    "nr",
    "row",
    "rowid",
    "row_id",
    "uuid",
    "image_id",
    "imageid",
    "img_id",
    "sample_id",
    "file",
    "files",
    "filename",
    "file_name",
    "filepath",
    "path",
    "image_path",
    "image_name",
    "image_file",
    "name",
];

/// Names of columns that assign rows to splits, in lower case.
const SPLITS: [&str; 8] = ["usage", "split", "set", "subset", "fold", "partition", "part", "phase"];

/// Whether this is the name of a label column.
pub(in crate::data) fn is_label(name: &str) -> bool {
    LABELS.contains(&name.to_lowercase().as_str())
}

/// Whether this is the name of an index column.
pub(super) fn is_index(name: &str) -> bool {
    let name = name.to_lowercase();
    INDICES.contains(&name.as_str()) || name.starts_with("unnamed: ")
}

/// Whether this is the name of a column that assigns rows to splits.
pub(in crate::data) fn is_split(name: &str) -> bool {
    SPLITS.contains(&name.to_lowercase().as_str())
}

/// Whether names identify columns: none is empty or repeated.
pub(super) fn are_unique<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    let mut seen = HashSet::new();
    names.into_iter().all(|name| !name.is_empty() && seen.insert(name))
}

/// Splits a name into a pattern with `#` for each number, and the numbers.
fn parts(name: &str) -> (String, Vec<u64>) {
    let mut pattern = String::with_capacity(name.len());
    let mut numbers = Vec::new();
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        pattern.push_str(&rest[..start]);
        pattern.push('#');
        let digits = &rest[start..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        numbers.push(digits[..end].parse().unwrap_or(u64::MAX));
        rest = &digits[end..];
    }
    pattern.push_str(rest);
    (pattern.to_lowercase(), numbers)
}

/// Columns whose names follow one numbered pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    /// The columns in image order, with the channels of a pixel together.
    pub columns: Vec<usize>,
    /// The channels of a pixel, if the names reveal them.
    pub channels: Option<Channels>,
    /// Whether the order differs from the file's.
    pub reordered: bool,
}

/// The pixel columns among `candidates`, by numbers in their names: the largest group with the same
/// pattern, if most columns are in it, or one such group per colour.
pub(super) fn pixels(names: &[String], candidates: &[usize]) -> Option<Numbered> {
    let mut groups: HashMap<String, Vec<(Vec<u64>, usize)>> = HashMap::new();
    for &column in candidates {
        let (pattern, numbers) = parts(&names[column]);
        if !numbers.is_empty() {
            groups.entry(pattern).or_default().push((numbers, column));
        }
    }
    if let Some(coloured) = colours(&groups, candidates.len()) {
        return Some(coloured);
    }
    let largest =
        groups.into_values().max_by_key(|group| (group.len(), usize::MAX - group[0].1))?;
    if largest.len() < 4 || largest.len() * 2 <= candidates.len() {
        return None;
    }
    let (columns, reordered) = in_order(largest);
    Some(Numbered { columns, channels: None, reordered })
}

/// Columns sorted by their numbers, and whether that differs from the file's order.
///
/// Two numbers may be (row, column) or (column, row): a file in either order is not reordered, nor
/// is one with repeated numbers.
fn in_order(group: Vec<(Vec<u64>, usize)>) -> (Vec<usize>, bool) {
    let columns = |group: &[(Vec<u64>, usize)]| group.iter().map(|(_, column)| *column).collect();
    let ascends =
        |key: fn(&[u64]) -> Vec<u64>| group.windows(2).all(|w| key(&w[0].0) < key(&w[1].0));
    if ascends(<[u64]>::to_vec) || ascends(|numbers| numbers.iter().rev().copied().collect()) {
        return (columns(&group), false);
    }
    let mut sorted = group.clone();
    sorted.sort();
    if sorted.windows(2).any(|w| w[0].0 == w[1].0) {
        return (columns(&group), false);
    }
    (columns(&sorted), true)
}

/// The groups `R#`, `G#`, `B#` and optionally `A#`, or `pixel_#_r` and so on, if most columns are
/// in them.
fn colours(groups: &HashMap<String, Vec<(Vec<u64>, usize)>>, columns: usize) -> Option<Numbered> {
    let words = |letters: [&'static str; 4]| letters;
    let spellings = [words(["r", "g", "b", "a"]), words(["red", "green", "blue", "alpha"])];
    for (pattern, reds) in groups {
        for [red, green, blue, alpha] in spellings {
            let Some(at) = word_at(pattern, red) else { continue };
            let of = |word: &str| {
                let name = format!("{}{word}{}", &pattern[..at], &pattern[at + red.len()..]);
                groups.get(&name).filter(|group| group.len() == reds.len())
            };
            let (Some(greens), Some(blues)) = (of(green), of(blue)) else { continue };
            let alphas = of(alpha);
            let channels = if alphas.is_some() { Channels::Rgba } else { Channels::Rgb };
            if reds.len() * channels.count() * 2 <= columns {
                continue;
            }
            let sorted: Vec<Vec<(Vec<u64>, usize)>> =
                [Some(reds), Some(greens), Some(blues), alphas]
                    .into_iter()
                    .flatten()
                    .map(|group| {
                        let mut group = group.clone();
                        group.sort();
                        group
                    })
                    .collect();
            let aligned = (0..reds.len())
                .all(|pixel| sorted.iter().all(|group| group[pixel].0 == sorted[0][pixel].0));
            if !aligned {
                continue;
            }
            let columns = (0..reds.len())
                .flat_map(|pixel| sorted.iter().map(move |group| group[pixel].1))
                .collect();
            return Some(Numbered { columns, channels: Some(channels), reordered: false });
        }
    }
    None
}

/// Position of a whole word in a pattern.
fn word_at(pattern: &str, word: &str) -> Option<usize> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    pattern.match_indices(word).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&pattern[..at], &pattern[at + word.len()..]);
        !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
    })
}

/// Labels of one-hot columns: their names without the common prefix, `3` of `class_3`.
pub(super) fn without_common_prefix(names: &[&str]) -> Vec<String> {
    let Some(first) = names.first() else { return Vec::new() };
    let mut common = first.len();
    for name in names {
        let same = name.bytes().zip(first.bytes()).take_while(|(a, b)| a == b).count();
        common = common.min(same);
    }
    // Numbers are not split: `class_10` and `class_11` differ in 10 and 11.
    while common > 0
        && (!first.is_char_boundary(common)
            || first.as_bytes()[common - 1].is_ascii_digit()
            || first[..common].chars().next_back().is_some_and(char::is_alphabetic)
                && !names
                    .iter()
                    .all(|name| name[common..].starts_with(|c: char| c.is_ascii_digit())))
    {
        common -= 1;
    }
    let rests = || names.iter().map(|name| name[common..].to_owned());
    match rests().all(|rest| !rest.is_empty()) {
        true => rests().collect(),
        false => names.iter().map(|&name| name.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<(Vec<usize>, Option<Channels>, bool)> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let all: Vec<usize> = (0..names.len()).collect();
        pixels(&names, &all).map(|found| (found.columns, found.channels, found.reordered))
    }

    #[test]
    fn pixels_are_columns_with_the_same_numbered_pattern() {
        for names in [
            ["label", "pixel0", "pixel1", "pixel2", "pixel3"],
            ["class", "px_1", "px_2", "px_3", "px_4"],
            ["label", "1x1", "1x2", "2x1", "2x2"],
            ["label", "1x1", "2x1", "1x2", "2x2"],
            ["int", "V2", "V3", "V4", "V5"],
            ["", "0", "1", "2", "3"],
        ] {
            assert_eq!(found(&names), Some((vec![1, 2, 3, 4], None, false)), "{names:?}");
        }
        assert_eq!(found(&["label", "a", "b", "c", "d"]), None);
        assert_eq!(found(&["label", "p1", "p2", "p3"]), None);
    }

    #[test]
    fn columns_sorted_as_text_are_reordered_by_number() {
        let names = ["p0", "p1", "p10", "p11", "p2", "y"];
        assert_eq!(found(&names), Some((vec![0, 1, 4, 2, 3], None, true)));
        let rows = ["1x1", "1x10", "1x2", "2x1", "2x10", "2x2"];
        assert_eq!(found(&rows), Some((vec![0, 2, 1, 3, 5, 4], None, true)));
    }

    #[test]
    fn colours_are_recognised_by_name_in_any_order() {
        let rgba = ["R0", "G0", "B0", "A0", "R1", "G1", "B1", "A1", "label"];
        assert_eq!(found(&rgba), Some(((0..8).collect(), Some(Channels::Rgba), false)));
        let planes = ["red_0", "red_1", "green_0", "green_1", "blue_0", "blue_1"];
        assert_eq!(found(&planes), Some((vec![0, 2, 4, 1, 3, 5], Some(Channels::Rgb), false)));
        let behind = ["pixel_0_r", "pixel_0_g", "pixel_0_b", "pixel_1_r", "pixel_1_g", "pixel_1_b"];
        assert_eq!(found(&behind), Some(((0..6).collect(), Some(Channels::Rgb), false)));
    }

    #[test]
    fn column_names_are_recognised_in_any_case() {
        assert!(is_label("Class") && is_label("symbol_id") && !is_label("pixel0"));
        assert!(is_index("Unnamed: 0") && is_index("ID") && is_index("") && is_split("Usage"));
    }

    #[test]
    fn one_hot_labels_are_names_without_the_common_prefix() {
        assert_eq!(without_common_prefix(&["class_0", "class_1"]), ["0", "1"]);
        assert_eq!(without_common_prefix(&["y10", "y11"]), ["10", "11"]);
        assert_eq!(without_common_prefix(&["is_cat", "is_cow"]), ["cat", "cow"]);
        assert_eq!(without_common_prefix(&["cat", "cow"]), ["cat", "cow"]);
    }
}
