//! Splits a data set for one run: images for training, validation and evaluation.

use std::collections::HashSet;

use rand::seq::SliceRandom;

use super::{Amount, Class, DataConfig, Dataset, Split, Subset, split};
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};
use crate::words;

/// The subsets of a data set for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSplit {
    /// Training images.
    pub train: Subset,
    /// Images for the validation loss of each epoch; of the classes that are trained on.
    pub validation: Subset,
    /// All images of the classes that are held out from training, if there are any; the run is then
    /// evaluated on them.
    pub unseen: Option<Subset>,
}

impl DataSplit {
    /// Splits the images of a data set: its own validation images if it has any, else [`split()`]; then
    /// images of unseen classes are removed from both sides, then the training side is reduced to
    /// `data.train_size`.
    ///
    /// # Errors
    /// A side would be empty, there are fewer training images than requested, a class is unknown,
    /// or fewer than two classes would be unseen or trained on.
    pub fn of(dataset: &Dataset, config: &DataConfig, seed: u64) -> Result<DataSplit> {
        let Dataset { labels, classes, .. } = dataset;
        let sides = match &dataset.validation {
            Some(rows) => by_rows(labels.len(), rows),
            None => split(labels.len(), config.validation, seed)?,
        };
        DataSplit::new(sides, (labels, classes), config, seed)
    }

    fn new(
        mut sides: Split,
        (labels, classes): (&[i64], &[Class]),
        config: &DataConfig,
        seed: u64,
    ) -> Result<DataSplit> {
        let unseen = unseen_classes(&config.unseen_classes, classes)?;
        let is_unseen = |row: &i64| unseen.contains(&labels[*row as usize]);
        let held_out = (!unseen.is_empty()).then(|| {
            let rows = (0..labels.len() as i64).filter(is_unseen).collect();
            Subset::new(rows, labels)
        });
        sides.train.retain(|row| !is_unseen(row));
        sides.validation.retain(|row| !is_unseen(row));
        if sides.train.is_empty() || sides.validation.is_empty() {
            let problem = "leaves one side without an image of the classes that are trained on";
            return Err(Error::setting("data.validation", config.validation, problem));
        }
        let train = reduced(Subset::new(sides.train, labels), config.train_size, seed)?;
        Ok(DataSplit { train, validation: Subset::new(sides.validation, labels), unseen: held_out })
    }

    /// The subset that the run is evaluated on: unseen classes if there are any, otherwise the
    /// validation images.
    pub fn evaluation_set(&self) -> &Subset {
        self.unseen.as_ref().unwrap_or(&self.validation)
    }

    /// Whether classes are held out, so that the run is evaluated on them.
    pub fn has_unseen_classes(&self) -> bool {
        self.unseen.is_some()
    }
}

/// These rows for validation, all others for training.
fn by_rows(images: usize, validation: &[i64]) -> Split {
    let of: HashSet<i64> = validation.iter().copied().collect();
    let train = (0..images as i64).filter(|row| !of.contains(row)).collect();
    Split { train, validation: validation.to_vec() }
}

/// Reduces a subset to `size` images with the class proportions of the whole, as closely as whole
/// images allow. Larger subsets contain the smaller ones.
fn reduced(subset: Subset, size: Amount, seed: u64) -> Result<Subset> {
    let Amount::Of(size) = size else { return Ok(subset) };
    let all = subset.rows.len();
    if size > all {
        let problem = format!("must be at most {all}, the number of images left for training");
        return Err(Error::setting("data.train_size", size, problem));
    }
    let mut kept = nested_order(&subset.labels, seed);
    kept.truncate(size);
    kept.sort_unstable();
    let pick = |values: &[i64]| kept.iter().map(|&index| values[index]).collect();
    Ok(Subset { rows: pick(&subset.rows), labels: pick(&subset.labels) })
}

/// Indices in the order in which a growing subset takes them: the i-th of n images of a class comes
/// at position (i + ½) / n. Images of a class are in random order under the seed.
fn nested_order(labels: &[i64], seed: u64) -> Vec<usize> {
    let mut random = generator(seed, Purpose::Subset, 0);
    let mut indices: Vec<usize> = (0..labels.len()).collect();
    indices.shuffle(&mut random);
    let classes = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
    let (mut seen, mut counts) = (vec![0usize; classes], vec![0usize; classes]);
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let mut positioned: Vec<(f64, usize)> = indices
        .into_iter()
        .map(|index| {
            let class = labels[index] as usize;
            seen[class] += 1;
            ((seen[class] as f64 - 0.5) / counts[class] as f64, index)
        })
        .collect();
    // A stable sort: equal positions keep the shuffled order.
    positioned.sort_by(|a, b| a.0.total_cmp(&b.0));
    positioned.into_iter().map(|(_, index)| index).collect()
}

/// The key of the setting in error messages.
const KEY: &str = "data.unseen_classes";

/// Indices of the classes that a setting names, ascending: `"none"`, or a comma-separated list of
/// labels, names and ranges of integer labels, as in `"5-9"`, `"-3..-1"` or `"Bag,Coat"`. A name
/// with commas is in double quotes.
///
/// # Errors
/// An unknown class; fewer than two classes unseen or left to train on.
pub fn unseen_classes(setting: &str, classes: &[Class]) -> Result<Vec<i64>> {
    if setting == "none" {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for word in words::list(setting).map_err(|e| Error::setting(KEY, setting, e))? {
        let named = named(&word, classes);
        if named.is_empty() {
            return Err(Error::setting(KEY, setting, unknown_class(&word, setting, classes)));
        }
        found.extend(named);
    }
    found.sort_unstable();
    found.dedup();
    for (side, count) in [("unseen", found.len()), ("to train on", classes.len() - found.len())] {
        if count < 2 {
            let problem = format!("leaves {count} of the classes {side}; at least 2 are needed");
            return Err(Error::setting(KEY, setting, problem));
        }
    }
    Ok(found)
}

/// Maximum number of classes listed in a message.
const LISTED: usize = 40;

/// The message for a word that names no class.
fn unknown_class(word: &str, setting: &str, classes: &[Class]) -> String {
    // The most likely cause is a name that was split at its commas.
    let split_name = classes
        .iter()
        .flat_map(|class| [&class.name, &class.label])
        .find(|name| name.contains(',') && name.contains(word) && setting.contains(name.as_str()));
    if let Some(name) = split_name {
        let quoted = words::item(name);
        return format!("put a name with a comma in double quotes: {quoted}");
    }
    let shown = |class: &Class| match class.label == class.name {
        true => words::item(&class.label),
        false => format!("{} ({})", words::item(&class.label), class.name),
    };
    let all: Vec<String> = classes.iter().take(LISTED).map(shown).collect();
    let more = match classes.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("unknown class {word}; the classes are {}{more}", all.join(", "))
}

/// The classes that a word refers to: one by its label or name, or a range of integer labels.
fn named(word: &str, classes: &[Class]) -> Vec<i64> {
    let all = || (0..).zip(classes);
    let whole = |text: &str| text.parse::<f64>().ok().filter(|number| number.fract() == 0.0);
    let exact = all().find(|(_, class)| class.label == word || class.name == word);
    // A number is the same class in any notation.
    let number = whole(word);
    let same = || all().find(|(_, class)| number.is_some() && whole(&class.label) == number);
    if let Some((number, _)) = exact.or_else(same) {
        return vec![number];
    }
    let Some((low, high)) = range(word) else { return Vec::new() };
    let within = |label: &str| whole(label).is_some_and(|label| (low..=high).contains(&label));
    let is_label = |end: f64| classes.iter().any(|class| whole(&class.label) == Some(end));
    if !(is_label(low) && is_label(high)) {
        return Vec::new();
    }
    all().filter(|(_, class)| within(&class.label)).map(|(number, _)| number).collect()
}

/// The bounds of `5-9`, `-3--1` or `-3..-1`.
fn range(word: &str) -> Option<(f64, f64)> {
    let end = |text: &str| text.trim().parse::<i64>().ok().map(|end| end as f64);
    let dots = word.split_once("..").map(|(low, high)| (low, high.trim_start_matches('=')));
    let (low, high) = dots.or_else(|| {
        // The first dash after a digit separates the bounds.
        let dash = word.char_indices().skip(1).find(|&(index, letter)| {
            let before = word[..index].trim_end();
            letter == '-' && before.ends_with(|c: char| c.is_ascii_digit())
        });
        dash.map(|(index, _)| (&word[..index], &word[index + 1..]))
    })?;
    Some((end(low)?, end(high)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(count: usize) -> Vec<Class> {
        let class = |i: usize| Class { label: i.to_string(), name: format!("class {i}") };
        (0..count).map(class).collect()
    }

    /// 1,000 images of ten classes, class 9 a tenth as large as the others.
    fn labels() -> Vec<i64> {
        (0..1000).map(|i| if i % 10 == 9 && i % 100 != 99 { i / 10 % 9 } else { i % 10 }).collect()
    }

    fn divided(train_size: Amount, unseen: &str) -> Result<DataSplit> {
        let unseen_classes = unseen.to_owned();
        let config = DataConfig { train_size, unseen_classes, ..DataConfig::default() };
        DataSplit::new(split(1000, 0.05, 2022)?, (&labels(), &classes(10)), &config, 2022)
    }

    #[test]
    fn validation_images_of_the_source_are_validated_on_whatever_the_seed() {
        let sides = by_rows(6, &[1, 4]);
        assert_eq!((sides.train, sides.validation), (vec![0, 2, 3, 5], vec![1, 4]));
        let mut dataset = crate::data::testing::coloured();
        dataset.validation = Some(vec![0, 2]);
        for seed in [1, 2] {
            let parts = DataSplit::of(&dataset, &DataConfig::default(), seed).unwrap();
            assert_eq!((parts.train.rows, parts.validation.rows), (vec![1], vec![0, 2]));
        }
    }

    #[test]
    fn larger_training_sets_contain_smaller_ones_and_share_the_validation_images() {
        let whole = divided(Amount::All, "none").unwrap();
        assert_eq!((whole.train.rows.len(), whole.validation.rows.len()), (950, 50));
        let mut smaller: Vec<i64> = Vec::new();
        for size in [10, 11, 100, 333, 949, 950] {
            let parts = divided(Amount::Of(size), "none").unwrap();
            assert_eq!((parts.train.rows.len(), &parts.validation), (size, &whole.validation));
            assert!(parts.train.rows.is_sorted());
            assert!(smaller.iter().all(|row| parts.train.rows.contains(row)), "{size}");
            smaller = parts.train.rows;
        }
        assert_eq!(smaller, whole.train.rows);
    }

    #[test]
    fn smaller_training_sets_keep_the_class_proportions() {
        let whole = divided(Amount::All, "none").unwrap().train;
        let count =
            |subset: &Subset, class: i64| subset.labels.iter().filter(|&&l| l == class).count();
        for size in [20, 95, 190, 500] {
            let subset = divided(Amount::Of(size), "none").unwrap().train;
            for class in 0..10 {
                let expected = count(&whole, class) as f64 * size as f64 / 950.0;
                let found = count(&subset, class) as f64;
                assert!((found - expected).abs() <= 1.0, "{class} of {size}: {found} {expected}");
            }
        }
    }

    #[test]
    fn unseen_classes_are_only_in_their_own_subset_which_holds_all_of_them() {
        let parts = divided(Amount::All, "5-8,9").unwrap();
        let seen = |subset: &Subset| subset.labels.iter().all(|&label| label < 5);
        assert!(seen(&parts.train) && seen(&parts.validation));
        let unseen = parts.unseen.unwrap();
        assert_eq!(unseen.labels.len(), labels().iter().filter(|&&label| label >= 5).count());
        assert!(unseen.labels.iter().all(|&label| label >= 5));
        assert_eq!(divided(Amount::All, "none").unwrap().unseen, None);
    }

    #[test]
    fn unseen_classes_take_the_place_of_validation_images_in_the_evaluation() {
        let all = divided(Amount::All, "none").unwrap();
        assert!(!all.has_unseen_classes() && all.evaluation_set() == &all.validation);
        let some = divided(Amount::All, "5-9").unwrap();
        assert!(some.has_unseen_classes() && Some(some.evaluation_set()) == some.unseen.as_ref());
    }

    #[test]
    fn classes_are_named_by_label_name_or_range_and_others_are_rejected() {
        let of = |setting: &str| unseen_classes(setting, &classes(10));
        assert_eq!(of("5-9").unwrap(), [5, 6, 7, 8, 9]);
        assert_eq!(of("class 3, 1,1").unwrap(), [1, 3]);
        assert!(of("none").unwrap().is_empty());
        assert_eq!(of("+6, 03..5").unwrap(), [3, 4, 5, 6]);
        let message = |setting: &str| of(setting).unwrap_err().to_string();
        assert!(
            message("12")
                .starts_with("data.unseen_classes = 12: unknown class 12; the classes are")
        );
        assert!(
            message("5-12")
                .contains("unknown class 5-12; the classes are 0 (class 0), 1 (class 1)")
        );
        assert!(message("1").contains("leaves 1 of the classes unseen; at least 2"));
        assert!(message("0-8").contains("leaves 1 of the classes to train on"));
        assert!(message("").contains("unknown class ;"));
        let much = divided(Amount::Of(951), "none").unwrap_err().to_string();
        assert!(much.starts_with("data.train_size = 951: must be at most 950"), "{much}");
    }

    fn called(names: &[&str]) -> Vec<Class> {
        let class = |name: &&str| Class { label: (*name).to_owned(), name: (*name).to_owned() };
        names.iter().map(class).collect()
    }

    #[test]
    fn negative_labels_can_be_named_and_used_in_ranges() {
        let classes = called(&["-3", "-2", "-1", "0", "1", "2"]);
        let of = |setting: &str| unseen_classes(setting, &classes).unwrap();
        assert_eq!(of("-1,-2"), [1, 2]);
        assert_eq!(
            (of("-3--1"), of("-3..-1"), of("-3 - -1")),
            (vec![0, 1, 2], vec![0, 1, 2], vec![0, 1, 2])
        );
        assert_eq!(
            (of("-1-1"), of("-1..=1"), of("0-1,-3")),
            (vec![2, 3, 4], vec![2, 3, 4], vec![0, 3, 4])
        );
        let message = unseen_classes("-5--1", &classes).unwrap_err().to_string();
        assert!(
            message.contains("unknown class -5--1; the classes are -3, -2, -1, 0"),
            "{message}"
        );
    }

    #[test]
    fn names_may_hold_commas_quotes_dashes_and_digits() {
        let names = ["Shirt, long", "Bag", "T-shirt/top", "3-D", "5-9", "say \"hi\"", "none", "x"];
        let classes = called(&names);
        let of = |setting: &str| unseen_classes(setting, &classes);
        assert_eq!(of("\"Shirt, long\",Bag").unwrap(), [0, 1]);
        assert_eq!(of("T-shirt/top, 3-D,5-9").unwrap(), [2, 3, 4]);
        assert_eq!(of("\"say \"\"hi\"\"\",\"none\"").unwrap(), [5, 6]);
        let message = |setting: &str| of(setting).unwrap_err().to_string();
        assert!(message("Shirt, long,Bag").contains("in double quotes: \"Shirt, long\""));
        let unknown = "unknown class Hat; the classes are \"Shirt, long\", Bag";
        assert!(message("Hat,Bag").contains(unknown));
        assert!(message("\"Bag,x").contains("is not closed"));
    }
}
