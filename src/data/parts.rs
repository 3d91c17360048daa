//! Which images a run trains on, which measure it on the way, and which judge it in the end.

use rand::seq::SliceRandom;

use super::{Amount, Class, DataConfig, Part, split};
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// The images of a data set, divided for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Trained on.
    pub train: Part,
    /// Give the validation loss of each epoch; of the classes that are trained on.
    pub validation: Part,
    /// All images of the classes that are kept from training, where some are; they are what the
    /// run is judged by.
    pub unseen: Option<Part>,
}

impl Parts {
    /// Divides images of these classes: [`split()`] first, then images of unseen classes leave both
    /// sides, then the training side is cut to `data.train_size`.
    ///
    /// # Errors
    /// A side would be empty, more training images are asked for than there are, a class is not
    /// there, or fewer than two classes would be on either side.
    pub fn new(labels: &[i64], classes: &[Class], config: &DataConfig, seed: u64) -> Result<Parts> {
        let unseen = unseen_classes(&config.unseen_classes, classes)?;
        let is_unseen = |row: &i64| unseen.contains(&labels[*row as usize]);
        let mut sides = split(labels.len(), config.validation, seed)?;
        let judged = (!unseen.is_empty()).then(|| {
            let rows = (0..labels.len() as i64).filter(is_unseen).collect();
            Part::new(rows, labels)
        });
        sides.train.retain(|row| !is_unseen(row));
        sides.validation.retain(|row| !is_unseen(row));
        if sides.train.is_empty() || sides.validation.is_empty() {
            let problem = "leaves no image of the classes that are trained on on one side";
            return Err(Error::setting("data.validation", config.validation, problem));
        }
        let train = cut(Part::new(sides.train, labels), config.train_size, seed)?;
        Ok(Parts { train, validation: Part::new(sides.validation, labels), unseen: judged })
    }
}

/// The first `size` images of an order in which every beginning holds the classes in the shares of
/// the whole, as near as whole images can: each larger subset contains the smaller ones.
fn cut(part: Part, size: Amount, seed: u64) -> Result<Part> {
    let Amount::Of(size) = size else { return Ok(part) };
    let all = part.rows.len();
    if size > all {
        let problem = format!("must be at most {all}, the images that are left for training");
        return Err(Error::setting("data.train_size", size, problem));
    }
    let mut kept = nested_order(&part.labels, seed);
    kept.truncate(size);
    kept.sort_unstable();
    let pick = |values: &[i64]| kept.iter().map(|&place| values[place]).collect();
    Ok(Part { rows: pick(&part.rows), labels: pick(&part.labels) })
}

/// Places in the order in which a growing subset takes them: the i-th of n images of a class stands
/// at (i + ½) / n of the way. Drawn under the seed; images of one class in an order of their own.
fn nested_order(labels: &[i64], seed: u64) -> Vec<usize> {
    let mut random = generator(seed, Purpose::Subset, 0);
    let mut places: Vec<usize> = (0..labels.len()).collect();
    places.shuffle(&mut random);
    let classes = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
    let (mut seen, mut counts) = (vec![0usize; classes], vec![0usize; classes]);
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let mut timed: Vec<(f64, usize)> = places
        .into_iter()
        .map(|place| {
            let class = labels[place] as usize;
            seen[class] += 1;
            ((seen[class] as f64 - 0.5) / counts[class] as f64, place)
        })
        .collect();
    // Stable: of equal times the shuffled order decides.
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    timed.into_iter().map(|(_, place)| place).collect()
}

/// The setting that errors name.
const KEY: &str = "data.unseen_classes";

/// Numbers of the classes that a setting names: `"none"`, or labels, names and ranges of whole
/// labels parted by commas, as in `"5-9"` or `"Bag,Coat"`; ascending.
///
/// # Errors
/// A class that is not there; fewer than two classes left on either side.
pub fn unseen_classes(setting: &str, classes: &[Class]) -> Result<Vec<i64>> {
    if setting == "none" {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for word in setting.split(',').map(str::trim) {
        let named = named(word, classes);
        if named.is_empty() {
            let shown = |class: &Class| match class.label == class.name {
                true => class.label.clone(),
                false => format!("{} ({})", class.label, class.name),
            };
            let all: Vec<String> = classes.iter().map(shown).collect();
            let problem = format!("there is no class {word}; there are {}", all.join(", "));
            return Err(Error::setting(KEY, setting, problem));
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

/// The classes that a word means: one by its label or name, or those of a range of whole labels.
fn named(word: &str, classes: &[Class]) -> Vec<i64> {
    let all = || (0..).zip(classes);
    let exact = all().find(|(_, class)| class.label == word || class.name == word);
    if let Some((number, _)) = exact {
        return vec![number];
    }
    let ends = word.split_once('-').map(|(low, high)| (low.trim().parse(), high.trim().parse()));
    let Some((Ok(low), Ok(high))) = ends else { return Vec::new() };
    let range: std::ops::RangeInclusive<i64> = low..=high;
    let within = |label: &str| label.parse().is_ok_and(|label: i64| range.contains(&label));
    let is_label = |end: i64| classes.iter().any(|class| class.label.parse() == Ok(end));
    if !(is_label(low) && is_label(high)) {
        return Vec::new();
    }
    all().filter(|(_, class)| within(&class.label)).map(|(number, _)| number).collect()
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

    fn divided(train_size: Amount, unseen: &str) -> Result<Parts> {
        let unseen_classes = unseen.to_owned();
        let config = DataConfig { train_size, unseen_classes, ..DataConfig::default() };
        Parts::new(&labels(), &classes(10), &config, 2022)
    }

    #[test]
    fn a_larger_training_set_contains_the_smaller_and_all_measure_on_the_same_images() {
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
    fn every_beginning_holds_the_classes_in_the_shares_of_the_whole() {
        let whole = divided(Amount::All, "none").unwrap().train;
        let count = |part: &Part, class: i64| part.labels.iter().filter(|&&l| l == class).count();
        for size in [20, 95, 190, 500] {
            let part = divided(Amount::Of(size), "none").unwrap().train;
            for class in 0..10 {
                let expected = count(&whole, class) as f64 * size as f64 / 950.0;
                let found = count(&part, class) as f64;
                assert!((found - expected).abs() <= 1.0, "{class} of {size}: {found} {expected}");
            }
        }
    }

    #[test]
    fn unseen_classes_are_in_no_part_but_their_own_which_holds_all_of_them() {
        let parts = divided(Amount::All, "5-8,9").unwrap();
        let seen = |part: &Part| part.labels.iter().all(|&label| label < 5);
        assert!(seen(&parts.train) && seen(&parts.validation));
        let unseen = parts.unseen.unwrap();
        assert_eq!(unseen.labels.len(), labels().iter().filter(|&&label| label >= 5).count());
        assert!(unseen.labels.iter().all(|&label| label >= 5));
        assert_eq!(divided(Amount::All, "none").unwrap().unseen, None);
    }

    #[test]
    fn classes_are_named_by_label_name_or_range_and_what_cannot_be_is_told() {
        let of = |setting: &str| unseen_classes(setting, &classes(10));
        assert_eq!(of("5-9").unwrap(), [5, 6, 7, 8, 9]);
        assert_eq!(of("class 3, 1,1").unwrap(), [1, 3]);
        assert!(of("none").unwrap().is_empty());
        let told = |setting: &str| of(setting).unwrap_err().to_string();
        assert!(
            told("12").starts_with("data.unseen_classes = 12: there is no class 12; there are")
        );
        assert!(
            told("5-12").contains("there is no class 5-12; there are 0 (class 0), 1 (class 1)")
        );
        assert!(told("1").contains("leaves 1 of the classes unseen; at least 2"));
        assert!(told("0-8").contains("leaves 1 of the classes to train on"));
        assert!(told("").contains("there is no class ;"));
        let much = divided(Amount::Of(951), "none").unwrap_err().to_string();
        assert!(much.starts_with("data.train_size = 951: must be at most 950"), "{much}");
    }
}
