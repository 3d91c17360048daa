//! What a sweep varies: training-set sizes and settings, as a grid.

use serde::{Deserialize, Serialize};

use crate::config::Setting;
use crate::error::{Error, Result};
use crate::experiment::variant::{EqualBudget, Variant};
use crate::report::chart::Scale;
use crate::words::grouped;

const TRAIN_SIZE: &str = "data.train_size";

/// The keys of a grid with their values, the one across first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Axes {
    keys: Vec<Vec<Setting>>,
    /// Whether training sets of all sizes are trained for equally many steps.
    equal_steps: bool,
}

/// Keys that cannot be swept, and what does it instead.
const ELSEWHERE: [(&str, &str); 13] = [
    ("train.seed", "name seeds with --seeds"),
    ("loss.name", "name losses with --losses"),
    ("data.path", "sweep each file by itself, with --data"),
    ("data.validation", "runs would be judged by different images"),
    ("data.unseen_classes", "runs would be judged by different classes"),
    ("data.label", "it says how the file is read"),
    ("data.header", "it says how the file is read"),
    ("data.drop", "it says how the file is read"),
    ("data.scale", "it says how the file is read"),
    ("data.names", "it changes no figure"),
    ("train.device", "it changes no figure that it should"),
    ("train.engine", "it changes no figure that it should"),
    ("train.checkpoint_every", "it changes no figure"),
];

impl Axes {
    /// Axes over training-set sizes, if any, and over settings with several values each.
    ///
    /// # Errors
    /// Nothing to sweep, a key twice, a value twice, or a key that decides nothing of a training.
    pub fn new(sizes: &[usize], set: Vec<Vec<Setting>>, equal_steps: bool) -> Result<Axes> {
        let size = |&size: &usize| Setting {
            key: TRAIN_SIZE.to_owned(),
            value: toml::Value::Integer(size as i64),
        };
        let mut sizes = sizes.to_vec();
        sizes.sort_unstable();
        let mut keys: Vec<Vec<Setting>> = Vec::new();
        if !sizes.is_empty() {
            keys.push(sizes.iter().map(size).collect());
        }
        keys.extend(set.into_iter().map(ascending));
        if keys.is_empty() {
            let problem = "there is nothing to sweep: name sizes with --train-size, or a setting and \
                           its values with --set";
            return Err(Error::Other(problem.to_owned()));
        }
        for (place, values) in keys.iter().enumerate() {
            refuse(values, &keys[..place])?;
        }
        // A key of one value is no axis.
        keys.sort_by_key(|values| values.len() == 1);
        Ok(Axes { keys, equal_steps })
    }

    /// Settings of one value that hold for every run, as they cannot be swept, and the others.
    pub fn fixed(set: Vec<Vec<Setting>>) -> (Vec<Setting>, Vec<Vec<Setting>>) {
        let (fixed, swept): (Vec<_>, Vec<_>) = set
            .into_iter()
            .partition(|values| values.len() == 1 && unswept(&values[0].key).is_some());
        (fixed.into_iter().flatten().collect(), swept)
    }

    /// The keys, as in `data.train_size`.
    pub fn keys(&self) -> Vec<String> {
        self.keys.iter().map(|values| values[0].key.clone()).collect()
    }

    /// Places in the grid, the first key fastest: the place of each key's value.
    pub fn cells(&self) -> Vec<Vec<usize>> {
        let mut cells: Vec<Vec<usize>> = vec![Vec::new()];
        for values in self.keys.iter().rev() {
            let longer = |cell: &Vec<usize>| {
                let cell = cell.clone();
                (0..values.len()).map(move |place| [&[place], &cell[..]].concat())
            };
            cells = cells.iter().flat_map(longer).collect();
        }
        cells
    }

    /// A variant for every base at every place, in the order of bases and then of [`Axes::cells`].
    ///
    /// # Errors
    /// A key that a base does not have; a value that it cannot have.
    pub fn variants(&self, bases: &[Variant]) -> Result<Vec<Variant>> {
        let mut variants = Vec::new();
        for base in bases {
            if let Some(key) = self.keys().into_iter().find(|key| !base.config.has(key)) {
                let has = bases.iter().find(|variant| variant.config.has(&key));
                let Some(has) = has else { return Err(unknown(base, &self.keys)) };
                return Err(Error::Other(format!(
                    "{} has no {key}: sweep the losses that have it, as with --losses {}",
                    base.name, has.name
                )));
            }
            for cell in self.cells() {
                let settings: Vec<Setting> =
                    self.keys.iter().zip(&cell).map(|(key, &i)| key[i].clone()).collect();
                let values: Vec<String> =
                    settings.iter().map(|s| format!("{} {}", s.key, s.shown())).collect();
                variants.push(Variant {
                    name: format!("{}, {}", base.name, values.join(", ")),
                    config: base.config.with(&settings)?,
                    level: if self.equal_steps { EqualBudget::Steps } else { EqualBudget::Epochs },
                    tuned: base.tuned,
                });
            }
        }
        Ok(variants)
    }

    /// The values of the first key as they are shown.
    pub fn first_values(&self) -> Vec<String> {
        let shown = |setting: &Setting| match setting.value.as_integer() {
            Some(number) if setting.key == TRAIN_SIZE => grouped(number as usize),
            _ => setting.shown(),
        };
        self.keys[0].iter().map(shown).collect()
    }

    /// What the first key is called beside an axis.
    pub fn first_label(&self) -> String {
        match self.keys[0][0].key.as_str() {
            TRAIN_SIZE => "training images".to_owned(),
            key => key.to_owned(),
        }
    }

    /// Places across, where every key has a value; none of axes that were changed by hand.
    pub fn places(&self) -> Option<usize> {
        let all = !self.keys.iter().any(Vec::is_empty);
        self.keys.first().filter(|_| all).map(Vec::len)
    }

    /// Where the first key's values lie across: their numbers, or 0, 1, 2 of words.
    pub fn positions(&self) -> Vec<f64> {
        self.numbers().unwrap_or_else(|| (0..self.keys[0].len()).map(|i| i as f64).collect())
    }

    /// Whether the first key's values have an order.
    pub fn ordered(&self) -> bool {
        self.numbers().is_some()
    }

    fn numbers(&self) -> Option<Vec<f64>> {
        self.keys[0].iter().map(Setting::number).collect()
    }

    /// The axis of a picture: in powers where the values span far.
    pub fn scale<'a>(&self, words: &'a [String]) -> Scale<'a> {
        match self.numbers().as_deref() {
            None => Scale::Categories(words),
            Some(values) if in_powers(values) => Scale::Logarithmic,
            Some(_) => Scale::Linear,
        }
    }

    /// The name of a line: the loss, and the values of all keys but the first that have several, as
    /// in `triplet, margin 0.5`.
    pub fn line_name(&self, base: &str, cell: &[usize]) -> String {
        let others = self.keys.iter().zip(cell).skip(1);
        let mut name = base.to_owned();
        for (values, &place) in others.filter(|(values, _)| values.len() > 1) {
            name += &format!(", {} {}", plain(&values[0].key), values[place].shown());
        }
        name
    }

    /// What the runs of different training-set sizes have in common.
    pub fn equal_told(&self) -> Option<&'static str> {
        let sizes = self.keys.iter().any(|values| values[0].key == TRAIN_SIZE);
        sizes.then_some(match self.equal_steps {
            true => "equally many steps at every size",
            false => "equally many epochs at every size",
        })
    }

    /// What a folder is called by.
    pub fn file_name(&self) -> String {
        let plain = |key: String| key.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.keys().into_iter().map(plain).collect::<Vec<_>>().join("-")
    }
}

/// A key without its section: no two sections have keys of one name that can be swept.
fn plain(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Whether ascending values span so far that an axis goes by their powers: more than a factor of 20.
pub fn in_powers(values: &[f64]) -> bool {
    matches!(values, [low, .., high] if *low > 0.0 && high / low >= 20.0)
}

/// Numbers in their order, anything else as it is.
fn ascending(mut values: Vec<Setting>) -> Vec<Setting> {
    if values.iter().all(|value| value.number().is_some()) {
        let number = |value: &Setting| value.number().unwrap_or(f64::NAN);
        values.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    values
}

/// Why a key cannot be swept, and what to do instead; none where it can.
fn unswept(key: &str) -> Option<&'static str> {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(other, _)| *other == key) {
        return Some(instead);
    }
    let judges = key.starts_with("eval.") || key.starts_with("tsne.");
    match key.starts_with("plots.") {
        true => Some("it changes no figure"),
        false => {
            judges.then_some("it changes how a run is judged, not how it is trained; use dml eval")
        }
    }
}

fn refuse(values: &[Setting], before: &[Vec<Setting>]) -> Result<()> {
    let key = &values[0].key;
    let all = || values.iter().map(Setting::shown).collect::<Vec<_>>().join(",");
    if before.iter().any(|other| other[0].key == *key) {
        return Err(Error::setting(key, all(), "is swept twice; name all its values at once"));
    }
    if let Some(twice) = (1..values.len()).find(|&i| values[..i].contains(&values[i])) {
        let problem = format!("names {} twice", values[twice].shown());
        return Err(Error::setting(key, all(), problem));
    }
    match unswept(key) {
        Some(instead) => Err(Error::setting(key, all(), format!("cannot be swept: {instead}"))),
        None => Ok(()),
    }
}

/// The error for a key that no base has, with the nearest that there is.
fn unknown(base: &Variant, keys: &[Vec<Setting>]) -> Error {
    let missing = keys.iter().find(|values| !base.config.has(&values[0].key));
    let told = missing.and_then(|values| base.config.with(&values[..1]).err());
    told.unwrap_or_else(|| Error::Other(format!("{} lacks a key", base.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Vec<Setting> {
        Setting::read_list(text).unwrap()
    }

    #[test]
    fn a_grid_holds_every_pair_with_the_first_key_fastest() {
        let axes =
            Axes::new(&[300, 100], vec![set("train.schedule=constant,cosine")], true).unwrap();
        assert_eq!(axes.cells(), [[0, 0], [1, 0], [0, 1], [1, 1]]);
        assert_eq!(axes.first_values(), ["100", "300"]);
        assert_eq!(axes.line_name("triplet", &[1, 1]), "triplet, schedule cosine");
        assert_eq!(axes.equal_told(), Some("equally many steps at every size"));
        assert_eq!(axes.file_name(), "data-train-size-train-schedule");
    }

    #[test]
    fn a_key_of_one_value_is_no_axis_and_in_no_name() {
        let set = vec![set("train.batch=32,64"), set("train.schedule=linear,cosine")];
        let axes = Axes::new(&[300], set, true).unwrap();
        assert_eq!(axes.keys(), ["train.batch", "train.schedule", "data.train_size"]);
        assert_eq!(axes.line_name("triplet", &[0, 1, 0]), "triplet, schedule cosine");
    }

    #[test]
    fn one_value_of_a_key_that_cannot_be_swept_holds_for_every_run() {
        let given = vec![set("data.validation=0.3"), set("train.batch=32"), set("eval.knn=1,5")];
        let (fixed, swept) = Axes::fixed(given);
        assert_eq!(fixed, set("data.validation=0.3"));
        assert_eq!(swept, [set("train.batch=32"), set("eval.knn=1,5")]);
    }

    #[test]
    fn an_axis_is_in_powers_where_values_span_far_and_has_words_where_they_are_no_numbers() {
        let across = |text: &str| {
            let axes = Axes::new(&[], vec![set(text)], false).unwrap();
            match axes.scale(&[]) {
                Scale::Linear => "numbers",
                Scale::Logarithmic => "powers",
                Scale::Categories(_) => "words",
            }
        };
        assert_eq!(across("loss.margin=1,0.5,2"), "numbers");
        assert_eq!(across("train.learning_rate=1e-4,1e-2"), "powers");
        assert_eq!(across("train.schedule=constant,cosine"), "words");
        assert_eq!(across("train.weight_decay=0,1"), "numbers");
    }

    #[test]
    fn what_cannot_be_swept_is_told_with_what_can() {
        let told = |text: &str| Axes::new(&[], vec![set(text)], true).unwrap_err().to_string();
        assert!(told("train.seed=1,2").ends_with("cannot be swept: name seeds with --seeds"));
        assert!(told("plots.style=paper,screen").contains("changes no figure"));
        assert!(told("eval.knn=1,5").contains("use dml eval"));
        assert!(told("loss.margin=1,1").ends_with("names 1 twice"));
        let none = Axes::new(&[], Vec::new(), true).unwrap_err().to_string();
        assert!(none.starts_with("there is nothing to sweep: name sizes"));
        let twice = Axes::new(&[1, 2], vec![set("data.train_size=3,4")], true).unwrap_err();
        assert!(twice.to_string().contains("is swept twice"));
    }
}
