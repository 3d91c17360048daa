//! The text of settings from which result folders take their names.
//!
//! A new version has to find the folders of all earlier ones. So the text is that of the first version:
//! its settings, in its order and under its names. A setting that came later is in the text only where
//! it differs from its default; a new setting therefore renames no folder and needs nothing here.
//!
//! One thing would mix up runs: a new default for a setting that came later, as runs under the old
//! default and the new one would have one name. Such a setting gets a new key instead.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::Config;
use crate::loss::Loss;

/// Sections and keys of the first version, in its order. `now=first` is a key that was renamed since; `?`
/// marks a later setting that keeps its place where it differs from its default. Frozen: any other later
/// setting follows at the end of its section.
const FIRST: [(&str, &str); 7] = [
    ("data", "path label header drop? names scale? validation train_size unseen_classes"),
    ("model", "embedding init"),
    ("loss", "name"),
    (
        "train",
        "epochs batch images_per_class steps learning_rate schedule weight_decay seed device engine \
         checkpoint_every",
    ),
    ("eval", "model knn vote_top=recall_at voters=recall_voters recall_at=hits_at clusters?"),
    ("tsne", "engine of perplexity iterations theta"),
    ("plots", "style"),
];

/// The keys of `[loss]` after the name, for each loss of the first version; frozen, too. A loss that
/// is not here came later.
const FIRST_OF_LOSSES: [(&str, &str); 17] = [
    ("contrastive", "margin form pairs normalise"),
    ("cross-entropy", "label_smoothing"),
    ("triplet", "margin form triplets normalise"),
    ("n-pair", "l2 normalise"),
    ("lifted", "margin normalise"),
    ("multi-similarity", "alpha beta base mining epsilon"),
    ("margin", "margin beta learn_beta nearest farthest learning_rate"),
    ("supcon", "temperature"),
    ("nt-xent", "temperature"),
    ("proxy-nca", "scale learning_rate"),
    ("proxy-anchor", "alpha margin learning_rate"),
    ("normface", "temperature learning_rate"),
    ("cosface", "margin scale learning_rate"),
    ("arcface", "margin scale learning_rate"),
    ("center", "weight learning_rate"),
    ("spce", ""),
    ("pce", "lambda learning_rate"),
];

/// How a table is written: with lists on one line or several.
type Style = fn(&Table) -> Result<String, toml::ser::Error>;

/// A configuration's settings with the defaults for its loss.
pub struct Hashed {
    values: Table,
    defaults: Table,
}

impl Hashed {
    /// The settings of a configuration.
    pub fn of(config: &Config) -> Hashed {
        let loss = Loss::by_name(config.loss.name()).expect("every loss is in the list");
        let defaults = Config { loss, ..Config::default() };
        let table = |config| Table::try_from(config).expect("settings are plain values");
        Hashed { values: table(config), defaults: table(&defaults) }
    }

    /// All sections with their headings.
    pub fn text(&self) -> String {
        let with_heading = |name: &str| match self.entries(name, toml::to_string_pretty) {
            entries if entries.is_empty() => None,
            entries => Some(format!("[{name}]\n{entries}")),
        };
        let first = FIRST.map(|(name, _)| name);
        let names: BTreeSet<&str> = self.values.keys().map(String::as_str).collect();
        let later = names.into_iter().filter(|name| !first.contains(name));
        let sections: Vec<String> =
            first.into_iter().chain(later).filter_map(with_heading).collect();
        sections.join("\n")
    }

    /// One section without its heading.
    pub fn section(&self, name: &str) -> String {
        self.entries(name, toml::to_string)
    }

    fn entries(&self, section: &str, style: Style) -> String {
        let of = |table: &Table| table.get(section).and_then(Value::as_table).cloned();
        let defaults = of(&self.defaults).unwrap_or_default();
        let mut left: BTreeMap<String, Value> =
            of(&self.values).unwrap_or_default().into_iter().collect();
        let mut text = String::new();
        let mut write = |key: &str, value: Value| {
            let entry = Table::from_iter([(key.to_owned(), value)]);
            text += &style(&entry).expect("settings are plain values");
        };
        for word in self.first_keys(section) {
            let (word, is_later) =
                word.strip_suffix('?').map_or((word, false), |word| (word, true));
            let (key, first_key) = word.split_once('=').unwrap_or((word, word));
            let value = left.remove(key);
            let is_left_out = is_later && value.as_ref() == defaults.get(key);
            if let Some(value) = value.filter(|_| !is_left_out) {
                write(first_key, value);
            }
        }
        for (key, value) in left {
            if defaults.get(&key) != Some(&value) {
                write(&key, value);
            }
        }
        text
    }

    /// The words of the frozen lists for a section.
    fn first_keys(&self, section: &str) -> impl Iterator<Item = &'static str> {
        let keys_in = |list: &'static [(&str, &'static str)], name: &str| {
            list.iter().find(|(listed, _)| *listed == name).map_or("", |(_, keys)| *keys)
        };
        let loss = self.values["loss"]["name"].as_str().unwrap_or_default();
        let of_loss = if section == "loss" { keys_in(&FIRST_OF_LOSSES, loss) } else { "" };
        keys_in(&FIRST, section).split_whitespace().chain(of_loss.split_whitespace())
    }
}

#[cfg(test)]
mod tests;
