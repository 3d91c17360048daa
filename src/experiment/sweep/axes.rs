//! The axes of a sweep: training-set sizes and settings, as a grid.

use serde::{Deserialize, Serialize};

use crate::config::Setting;
use crate::error::{Error, Result};
use crate::experiment::variant::{EqualBudget, Variant};
use crate::report::chart::Scale;
use crate::words::grouped;

const TRAIN_SIZE: &str = "data.train_size";

/// The keys of a grid with their values; the first key is the x axis.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Axes {
    keys: Vec<Vec<Setting>>,
    /// Whether training sets of all sizes get the same number of steps.
    equal_steps: bool,
}

/// Keys that cannot be swept, with the reason or the alternative.
const NOT_SWEPT: [(&str, &str); 13] = [
    ("train.seed", "use --seeds"),
    ("loss.name", "use --losses"),
    ("data.path", "sweep each file separately, with --data"),
    ("data.validation", "runs would be evaluated on different images"),
    ("data.unseen_classes", "runs would be evaluated on different classes"),
    ("data.label", "it defines how the file is read"),
    ("data.header", "it defines how the file is read"),
    ("data.drop", "it defines how the file is read"),
    ("data.scale", "it defines how the file is read"),
    ("data.names", "results do not depend on it"),
    ("train.device", "results should not depend on it"),
    ("train.engine", "results should not depend on it"),
    ("train.checkpoint_every", "results do not depend on it"),
];

impl Axes {
    /// Axes over training-set sizes, if any, and over settings with their values.
    ///
    /// # Errors
    /// Nothing to sweep; a duplicate key or value; a key that does not affect training.
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
            let problem = "there is nothing to sweep: use --train-size with sizes, or --set with a \
                           setting and its values";
            return Err(Error::Other(problem.to_owned()));
        }
        for (index, values) in keys.iter().enumerate() {
            check_values(values, &keys[..index])?;
        }
        // Keys with one value come last, because they are not an axis.
        keys.sort_by_key(|values| values.len() == 1);
        Ok(Axes { keys, equal_steps })
    }

    /// Separates settings with one value that cannot be swept, and so hold for all runs, from the others.
    pub fn fixed(set: Vec<Vec<Setting>>) -> (Vec<Setting>, Vec<Vec<Setting>>) {
        let (fixed, swept): (Vec<_>, Vec<_>) = set
            .into_iter()
            .partition(|values| values.len() == 1 && reason_not_to_sweep(&values[0].key).is_some());
        (fixed.into_iter().flatten().collect(), swept)
    }

    /// The keys, for example `data.train_size`.
    pub fn keys(&self) -> Vec<String> {
        self.keys.iter().map(|values| values[0].key.clone()).collect()
    }

    /// The cells of the grid, as the indices of each key's value; the first key varies fastest.
    pub fn cells(&self) -> Vec<Vec<usize>> {
        let mut cells: Vec<Vec<usize>> = vec![Vec::new()];
        for values in self.keys.iter().rev() {
            let longer = |cell: &Vec<usize>| {
                let cell = cell.clone();
                (0..values.len()).map(move |index| [&[index], &cell[..]].concat())
            };
            cells = cells.iter().flat_map(longer).collect();
        }
        cells
    }

    /// A variant for each base and cell, in the order of bases and then of [`Axes::cells`].
    ///
    /// # Errors
    /// A key that a base does not have; an invalid value.
    pub fn variants(&self, bases: &[Variant]) -> Result<Vec<Variant>> {
        let mut variants = Vec::new();
        for base in bases {
            if let Some(key) = self.keys().into_iter().find(|key| !base.config.has(key)) {
                let has = bases.iter().find(|variant| variant.config.has(&key));
                let Some(has) = has else { return Err(unknown(base, &self.keys)) };
                return Err(Error::Other(format!(
                    "{} has no {key}: sweep only losses that have it, for example --losses {}",
                    base.name,
                    has.config.loss.name()
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
                    equal_budget: if self.equal_steps {
                        EqualBudget::Steps
                    } else {
                        EqualBudget::Epochs
                    },
                    tuned: base.tuned,
                });
            }
        }
        Ok(variants)
    }

    /// The values of the first key as text.
    pub fn first_values(&self) -> Vec<String> {
        let shown = |setting: &Setting| match setting.value.as_integer() {
            Some(number) if setting.key == TRAIN_SIZE => grouped(number as usize),
            _ => setting.shown(),
        };
        self.keys[0].iter().map(shown).collect()
    }

    /// The label of the x axis.
    pub fn first_label(&self) -> String {
        match self.keys[0][0].key.as_str() {
            TRAIN_SIZE => "training images".to_owned(),
            key => key.to_owned(),
        }
    }

    /// Number of values of the first key; `None` if a key has no value, after editing by hand.
    pub fn columns(&self) -> Option<usize> {
        let complete = !self.keys.iter().any(Vec::is_empty);
        self.keys.first().filter(|_| complete).map(Vec::len)
    }

    /// Positions of the first key's values on the x axis: the numbers, or 0, 1, 2 for words.
    pub fn positions(&self) -> Vec<f64> {
        self.numbers().unwrap_or_else(|| (0..self.keys[0].len()).map(|i| i as f64).collect())
    }

    /// Whether the first key's values are numbers.
    pub fn ordered(&self) -> bool {
        self.numbers().is_some()
    }

    fn numbers(&self) -> Option<Vec<f64>> {
        self.keys[0].iter().map(Setting::number).collect()
    }

    /// The scale of the x axis: logarithmic if the values span a wide range.
    pub fn scale<'a>(&self, words: &'a [String]) -> Scale<'a> {
        match self.numbers().as_deref() {
            None => Scale::Categories(words),
            Some(values) if is_wide(values) => Scale::Logarithmic,
            Some(_) => Scale::Linear,
        }
    }

    /// The name of a line: the loss, and the values of the other keys with several values, as in
    /// `triplet, margin 0.5`.
    pub fn line_name(&self, base: &str, cell: &[usize]) -> String {
        let others = self.keys.iter().zip(cell).skip(1);
        let mut name = base.to_owned();
        for (values, &index) in others.filter(|(values, _)| values.len() > 1) {
            name += &format!(", {} {}", plain(&values[0].key), values[index].shown());
        }
        name
    }

    /// What runs with different training-set sizes have in common.
    pub fn equal_budget(&self) -> Option<&'static str> {
        let sizes = self.keys.iter().any(|values| values[0].key == TRAIN_SIZE);
        sizes.then_some(match self.equal_steps {
            true => "equally many steps at every size",
            false => "equally many epochs at every size",
        })
    }

    /// The keys as part of a folder's name.
    pub fn file_name(&self) -> String {
        let plain = |key: String| key.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.keys().into_iter().map(plain).collect::<Vec<_>>().join("-")
    }
}

/// A key without its section, which is unique among the keys that can be swept.
fn plain(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Whether ascending values span at least a factor of 20, which needs a logarithmic axis.
pub fn is_wide(values: &[f64]) -> bool {
    matches!(values, [low, .., high] if *low > 0.0 && high / low >= 20.0)
}

/// Sorts values if all are numbers.
fn ascending(mut values: Vec<Setting>) -> Vec<Setting> {
    if values.iter().all(|value| value.number().is_some()) {
        let number = |value: &Setting| value.number().unwrap_or(f64::NAN);
        values.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    values
}

/// Why a key cannot be swept, or what to do instead; `None` if it can be swept.
fn reason_not_to_sweep(key: &str) -> Option<&'static str> {
    if let Some((_, instead)) = NOT_SWEPT.iter().find(|(other, _)| *other == key) {
        return Some(instead);
    }
    let is_evaluation = key.starts_with("eval.") || key.starts_with("tsne.");
    match key.starts_with("plots.") {
        true => Some("results do not depend on it"),
        false => {
            is_evaluation.then_some("it changes the evaluation, not the training; use dml eval")
        }
    }
}

fn check_values(values: &[Setting], before: &[Vec<Setting>]) -> Result<()> {
    let key = &values[0].key;
    let all = || values.iter().map(Setting::shown).collect::<Vec<_>>().join(",");
    if before.iter().any(|other| other[0].key == *key) {
        return Err(Error::setting(key, all(), "is swept twice; give all its values at once"));
    }
    if let Some(twice) = (1..values.len()).find(|&i| values[..i].contains(&values[i])) {
        let problem = format!("names {} twice", values[twice].shown());
        return Err(Error::setting(key, all(), problem));
    }
    match reason_not_to_sweep(key) {
        Some(instead) => Err(Error::setting(key, all(), format!("cannot be swept: {instead}"))),
        None => Ok(()),
    }
}

/// The error for a key that no base has, which suggests the nearest one.
fn unknown(base: &Variant, keys: &[Vec<Setting>]) -> Error {
    let missing = keys.iter().find(|values| !base.config.has(&values[0].key));
    let error = missing.and_then(|values| base.config.with(&values[..1]).err());
    error.unwrap_or_else(|| Error::Other(format!("{} lacks a key", base.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Vec<Setting> {
        Setting::read_list(text).unwrap()
    }

    #[test]
    fn a_grid_has_all_combinations_with_the_first_key_fastest() {
        let axes =
            Axes::new(&[300, 100], vec![set("train.schedule=constant,cosine")], true).unwrap();
        assert_eq!(axes.cells(), [[0, 0], [1, 0], [0, 1], [1, 1]]);
        assert_eq!(axes.first_values(), ["100", "300"]);
        assert_eq!(axes.line_name("triplet", &[1, 1]), "triplet, schedule cosine");
        assert_eq!(axes.equal_budget(), Some("equally many steps at every size"));
        assert_eq!(axes.file_name(), "data-train-size-train-schedule");
    }

    #[test]
    fn a_key_with_one_value_is_not_an_axis_and_not_in_names() {
        let set = vec![set("train.batch=32,64"), set("train.schedule=linear,cosine")];
        let axes = Axes::new(&[300], set, true).unwrap();
        assert_eq!(axes.keys(), ["train.batch", "train.schedule", "data.train_size"]);
        assert_eq!(axes.line_name("triplet", &[0, 1, 0]), "triplet, schedule cosine");
    }

    #[test]
    fn a_single_value_of_a_key_that_cannot_be_swept_holds_for_all_runs() {
        let given = vec![set("data.validation=0.3"), set("train.batch=32"), set("eval.knn=1,5")];
        let (fixed, swept) = Axes::fixed(given);
        assert_eq!(fixed, set("data.validation=0.3"));
        assert_eq!(swept, [set("train.batch=32"), set("eval.knn=1,5")]);
    }

    #[test]
    fn an_axis_is_linear_or_logarithmic_or_has_categories() {
        let scale = |text: &str| {
            let axes = Axes::new(&[], vec![set(text)], false).unwrap();
            match axes.scale(&[]) {
                Scale::Linear => "linear",
                Scale::Logarithmic => "logarithmic",
                Scale::Categories(_) => "categories",
            }
        };
        assert_eq!(scale("loss.margin=1,0.5,2"), "linear");
        assert_eq!(scale("train.learning_rate=1e-4,1e-2"), "logarithmic");
        assert_eq!(scale("train.schedule=constant,cosine"), "categories");
        assert_eq!(scale("train.weight_decay=0,1"), "linear");
    }

    #[test]
    fn a_key_that_cannot_be_swept_is_refused_with_the_alternative() {
        let message = |text: &str| Axes::new(&[], vec![set(text)], true).unwrap_err().to_string();
        assert!(message("train.seed=1,2").ends_with("cannot be swept: use --seeds"));
        assert!(message("plots.style=paper,screen").contains("results do not depend on it"));
        assert!(message("eval.knn=1,5").contains("use dml eval"));
        assert!(message("loss.margin=1,1").ends_with("names 1 twice"));
        let none = Axes::new(&[], Vec::new(), true).unwrap_err().to_string();
        assert!(none.starts_with("there is nothing to sweep: use --train-size"));
        let twice = Axes::new(&[1, 2], vec![set("data.train_size=3,4")], true).unwrap_err();
        assert!(twice.to_string().contains("is swept twice"));
    }
}
