//! Which images a run trains on, which measure it on the way, and which judge it in the end.

use rand::seq::SliceRandom;

use super::{Amount, Class, DataConfig, Part, split};
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};
use crate::words;

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
/// labels parted by commas, as in `"5-9"`, `"-3..-1"` or `"Bag,Coat"`; ascending. A name that holds
/// commas stands in double quotes.
///
/// # Errors
/// A class that is not there; fewer than two classes left on either side.
pub fn unseen_classes(setting: &str, classes: &[Class]) -> Result<Vec<i64>> {
    if setting == "none" {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for word in words::list(setting).map_err(|e| Error::setting(KEY, setting, e))? {
        let named = named(&word, classes);
        if named.is_empty() {
            return Err(Error::setting(KEY, setting, no_such_class(&word, setting, classes)));
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

/// More classes than this are not listed.
const LISTED: usize = 40;

/// What is said of a word that names no class.
fn no_such_class(word: &str, setting: &str, classes: &[Class]) -> String {
    // A name that was cut at its commas is the likeliest cause.
    let cut = classes
        .iter()
        .flat_map(|class| [&class.name, &class.label])
        .find(|name| name.contains(',') && name.contains(word) && setting.contains(name.as_str()));
    if let Some(name) = cut {
        let quoted = words::item(name);
        return format!("a name that holds a comma stands in double quotes: {quoted}");
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
    format!("there is no class {word}; there are {}{more}", all.join(", "))
}

/// The classes that a word means: one by its label or name, or those of a range of whole labels.
fn named(word: &str, classes: &[Class]) -> Vec<i64> {
    let all = || (0..).zip(classes);
    let whole = |text: &str| text.parse::<f64>().ok().filter(|number| number.fract() == 0.0);
    let exact = all().find(|(_, class)| class.label == word || class.name == word);
    // One number is one class however it is written.
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

/// The ends of `5-9`, `-3--1` or `-3..-1`.
fn range(word: &str) -> Option<(f64, f64)> {
    let end = |text: &str| text.trim().parse::<i64>().ok().map(|end| end as f64);
    let dots = word.split_once("..").map(|(low, high)| (low, high.trim_start_matches('=')));
    let (low, high) = dots.or_else(|| {
        // The first dash behind a digit is the one between the ends.
        let behind = word.char_indices().skip(1).find(|&(place, letter)| {
            let before = word[..place].trim_end();
            letter == '-' && before.ends_with(|c: char| c.is_ascii_digit())
        });
        behind.map(|(place, _)| (&word[..place], &word[place + 1..]))
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
        assert_eq!(of("+6, 03..5").unwrap(), [3, 4, 5, 6]);
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

    fn called(names: &[&str]) -> Vec<Class> {
        let class = |name: &&str| Class { label: (*name).to_owned(), name: (*name).to_owned() };
        names.iter().map(class).collect()
    }

    #[test]
    fn labels_below_zero_are_named_one_by_one_and_in_ranges() {
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
        let told = unseen_classes("-5--1", &classes).unwrap_err().to_string();
        assert!(told.contains("there is no class -5--1; there are -3, -2, -1, 0"), "{told}");
    }

    #[test]
    fn names_may_hold_commas_quotes_dashes_and_digits() {
        let names = ["Shirt, long", "Bag", "T-shirt/top", "3-D", "5-9", "say \"hi\"", "none", "x"];
        let classes = called(&names);
        let of = |setting: &str| unseen_classes(setting, &classes);
        assert_eq!(of("\"Shirt, long\",Bag").unwrap(), [0, 1]);
        assert_eq!(of("T-shirt/top, 3-D,5-9").unwrap(), [2, 3, 4]);
        assert_eq!(of("\"say \"\"hi\"\"\",\"none\"").unwrap(), [5, 6]);
        let told = |setting: &str| of(setting).unwrap_err().to_string();
        assert!(told("Shirt, long,Bag").contains("stands in double quotes: \"Shirt, long\""));
        assert!(told("Hat,Bag").contains("there is no class Hat; there are \"Shirt, long\", Bag"));
        assert!(told("\"Bag,x").contains("is not closed"));
    }
}
