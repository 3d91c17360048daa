//! The search space, and the proposal of the next settings.

use std::collections::BTreeMap;

use rand::RngExt;
use toml::Value;

use crate::config::{Config, Setting, number, shown};
use crate::loss::{Loss, Range, Span, choices, logarithmic};
use crate::random::{Generator, Purpose, generator};
use crate::run::Trial;

/// Number of trials before TPE: the given settings, then random ones.
const INITIAL_TRIALS: usize = 8;

/// Share of the trials that count as good.
const GOOD_SHARE: f64 = 0.2;

/// The training settings that are searched for every loss.
const TRAINING_SETTINGS: [Range; 3] = [
    logarithmic("learning_rate", 1e-4, 3e-2),
    logarithmic("weight_decay", 1e-5, 1.0),
    choices("schedule", &["constant", "linear", "cosine"]),
];

/// The settings to search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Space {
    /// Keys like `train.learning_rate`, with their ranges.
    pub settings: Vec<(String, Span)>,
}

impl Space {
    /// The training settings and those that the loss declares.
    pub fn of(loss: &Loss) -> Space {
        let keyed =
            |section: &str, range: &Range| (format!("{section}.{}", range.key), range.values);
        let training = TRAINING_SETTINGS.iter().map(|range| keyed("train", range));
        let loss_settings = loss.ranges();
        let loss_settings = loss_settings.iter().map(|range| keyed("loss", range));
        Space { settings: training.chain(loss_settings).collect() }
    }

    /// The space as text, for the hash in the name of a search's folder; unchanged since the first version.
    pub fn hashed(&self) -> String {
        let span = |span: &Span| match span {
            Span::Linear(low, high) => format!("Linear({low:?}, {high:?})"),
            Span::Logarithmic(low, high) => format!("Logarithmic({low:?}, {high:?})"),
            Span::Choices(words) => format!("Choices({words:?})"),
        };
        let settings: Vec<String> = self
            .settings
            .iter()
            .map(|(key, values)| format!("({key:?}, {})", span(values)))
            .collect();
        format!("Space {{ settings: [{}] }}", settings.join(", "))
    }

    /// The values of these settings in a configuration.
    pub fn values_of(&self, config: &Config) -> BTreeMap<String, Value> {
        let value = |key: &String| Some((key.clone(), config.value(key)?));
        self.settings.iter().filter_map(|(key, _)| value(key)).collect()
    }
}

/// The position of a value in its range; NaN outside of the range.
pub fn position(span: Span, value: &Value) -> f64 {
    let number = number(value);
    match span {
        Span::Linear(low, high) => number.filter(|n| (low..=high).contains(n)).unwrap_or(f64::NAN),
        Span::Logarithmic(low, high) => {
            number.filter(|n| (low..=high).contains(n)).map_or(f64::NAN, f64::ln)
        }
        Span::Choices(words) => {
            let text = shown(value);
            words.iter().position(|word| *word == text).map_or(f64::NAN, |index| index as f64)
        }
    }
}

/// The value at a position, with three significant digits.
fn value(span: Span, position: f64) -> Value {
    match span {
        Span::Linear(low, high) => Value::Float(three_digits(position).clamp(low, high)),
        Span::Logarithmic(low, high) => Value::Float(three_digits(position.exp()).clamp(low, high)),
        Span::Choices(words) => match words[(position as usize).min(words.len() - 1)] {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            word => Value::String(word.to_owned()),
        },
    }
}

fn three_digits(number: f64) -> f64 {
    format!("{number:.2e}").parse().expect("it was a number")
}

/// The bounds of the positions.
fn bounds(span: Span) -> (f64, f64) {
    match span {
        Span::Linear(low, high) => (low, high),
        Span::Logarithmic(low, high) => (low.ln(), high.ln()),
        Span::Choices(words) => (0.0, words.len() as f64),
    }
}

/// The settings of a trial (from 0), given the earlier trials that it depends on.
///
/// # Source
/// Bergstra, Bardenet, Bengio, Kégl: Algorithms for hyper-parameter optimization, NIPS 2011 (TPE), for
/// each setting separately.
pub fn propose(space: &Space, index: usize, seed: u64, earlier: &[Trial]) -> Vec<Setting> {
    if index == 0 {
        return Vec::new();
    }
    let mut random = generator(seed, Purpose::Search, index as u64);
    let mut one = |(key, span): &(String, Span)| {
        let position = match index < INITIAL_TRIALS || earlier.is_empty() {
            true => random_position(*span, &mut random),
            false => tpe_position(key, *span, earlier, &mut random),
        };
        Setting { key: key.clone(), value: value(*span, position) }
    };
    space.settings.iter().map(&mut one).collect()
}

fn random_position(span: Span, random: &mut Generator) -> f64 {
    let (low, high) = bounds(span);
    random.random_range(low..high)
}

fn tpe_position(key: &str, span: Span, earlier: &[Trial], random: &mut Generator) -> f64 {
    let (low, high) = bounds(span);
    let range = tpe::range(low, high).expect("bounds are in ascending order");
    let estimator = match span {
        Span::Choices(_) => tpe::histogram_estimator(),
        _ => tpe::parzen_estimator(),
    };
    let mut optimizer = tpe::TpeOptimizerBuilder::new()
        .gamma(GOOD_SHARE)
        .build(estimator, range)
        .expect("gamma is a share");
    for trial in earlier {
        let position = trial.settings.get(key).map_or(f64::NAN, |value| position(span, value));
        // The range excludes its upper bound.
        let position = position.min(high - 1e-9 * (high - low));
        let score = trial.score().unwrap_or(0.0);
        optimizer
            .tell(position, -score)
            .expect("positions are in the range and scores are not NaN");
    }
    optimizer.ask(random).unwrap_or_else(|_| low + random.random::<f64>() * (high - low))
}

#[cfg(test)]
mod tests {
    use super::super::search::LAG;
    use super::*;
    use crate::files::sha256_hex;
    use crate::run::State;

    /// Trials of a search whose score is highest at a learning rate of 0.003, a cosine schedule and
    /// the lowest margin.
    fn search(trials: usize, seed: u64) -> Vec<Trial> {
        let space = Space::of(&Loss::by_name("triplet").unwrap());
        let mut found: Vec<Trial> = Vec::new();
        for index in 0..trials {
            let known = (index + 1).saturating_sub(LAG);
            let settings = propose(&space, index, seed, &found[..known]);
            let config = Config { loss: Loss::by_name("triplet").unwrap(), ..Config::default() };
            let config = config.with(&settings).unwrap();
            let mut trial = Trial::new(index + 1, space.values_of(&config));
            let rate = config.train.learning_rate.log10() + 2.5229;
            let schedule =
                f64::from(u8::from(trial.settings["train.schedule"].as_str() == Some("cosine")));
            let margin = trial.settings["loss.margin"].as_float().unwrap();
            trial.scores = vec![0.9 - 0.1 * rate.abs() + 0.05 * schedule - 0.1 * margin];
            trial.state = State::Finished;
            found.push(trial);
        }
        found
    }

    #[test]
    fn a_search_beats_random_trials_and_is_reproducible() {
        let mut gain = 0.0;
        for seed in 0..10 {
            let trials = search(40, seed);
            assert_eq!(trials, search(40, seed));
            let late: f64 = trials[20..].iter().filter_map(Trial::score).sum::<f64>() / 20.0;
            let random: f64 = trials[1..8].iter().filter_map(Trial::score).sum::<f64>() / 7.0;
            gain += (late - random) / 10.0;
        }
        assert!(gain > 0.02, "{gain}");
    }

    #[test]
    fn proposed_settings_are_valid_for_every_loss() {
        for loss in Loss::all() {
            let space = Space::of(&loss);
            let config = Config { loss, ..Config::default() };
            assert!(
                propose(&space, 0, 1, &[]).is_empty(),
                "the first trial has the given settings"
            );
            for index in 1..40 {
                let settings = propose(&space, index, 1, &[]);
                let config = config.with(&settings).unwrap();
                config.loss.check(10, 10).unwrap();
                for Setting { key, value } in &settings {
                    let span = space.settings.iter().find(|(name, _)| name == key).unwrap().1;
                    assert!(position(span, value).is_finite(), "{key} {value}");
                }
            }
        }
    }

    #[test]
    fn searches_of_earlier_versions_keep_the_names_of_their_folders() {
        for (loss, digits) in [
            ("contrastive", "701bca606b2b"),
            ("cross-entropy", "79fa6ff6023b"),
            ("triplet", "d4c1d627c700"),
            ("n-pair", "15f369d9daaa"),
            ("multi-similarity", "04f583c6c53b"),
            ("supcon", "49f6f58aa8f8"),
            ("proxy-anchor", "31f51f7ac3b2"),
            ("spce", "14d61f7cd5f4"),
        ] {
            let text = Space::of(&Loss::by_name(loss).unwrap()).hashed();
            assert_eq!(sha256_hex(text.as_bytes())[..12], *digits, "{text}");
        }
    }

    #[test]
    fn values_outside_a_range_have_no_position() {
        assert!(position(Span::Logarithmic(1e-5, 1.0), &Value::Float(0.0)).is_nan());
        assert_eq!(position(Span::Choices(&["true", "false"]), &Value::Boolean(false)), 1.0);
        assert_eq!(value(Span::Logarithmic(1e-4, 1.0), (0.012_345_f64).ln()), Value::Float(0.0123));
    }
}
