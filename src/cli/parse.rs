//! Parsers of values on the command line.

use crate::data::ClassNames;
use crate::eval::tsne::{Engine, TsneSets};
use crate::eval::{ModelChoice, Score};
use crate::words;

/// Losses by name or as configuration files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losses(pub Vec<String>);

/// The k of Recall@k and vote top-k accuracy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ks(pub Vec<usize>);

/// The value of `--metric`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub score: Score,
    /// Whether it was given by its earlier name.
    renamed: bool,
}

impl Metric {
    /// The warning about the earlier name, if that was used.
    pub fn warning(self) -> Option<String> {
        let Metric { score, renamed } = self;
        let earlier = || score.first_name();
        renamed.then(|| format!("--metric {} is now called --metric {score}", earlier()))
    }
}

/// Parses a metric; hit@k is the earlier name of recall@k.
pub fn metric(text: &str) -> Result<Metric, String> {
    match text.strip_prefix("hit") {
        Some(k) => Ok(Metric { score: format!("recall{k}").parse()?, renamed: true }),
        None => Ok(Metric { score: text.parse()?, renamed: false }),
    }
}

/// The help of `--metric`.
pub fn metric_help() -> String {
    let [seen, unseen] = [false, true].map(Score::by_default);
    format!(
        "Metric that decides: {} [default: {seen}, or {unseen} for unseen classes]",
        words::either(&Score::words())
    )
}

/// The order of `dml runs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Name,
    Loss,
    Seed,
    /// Highest first.
    Metric(Score),
    /// The score of a trial, highest first.
    TrialScore,
    /// The shortest training first.
    Time,
}

/// The values of `--sort` beside the metrics.
const ORDERS: [(&str, Order); 5] = [
    ("name", Order::Name),
    ("loss", Order::Loss),
    ("seed", Order::Seed),
    ("score", Order::TrialScore),
    ("time", Order::Time),
];

/// Parses an order; `map` is the earlier name of `map@r`.
pub fn order(text: &str) -> Result<Order, String> {
    let known = ORDERS.iter().find(|(word, _)| *word == text).map(|(_, order)| *order);
    let by_metric = || {
        let word =
            if text == "map" { Score::by_default(true).to_string() } else { text.to_owned() };
        word.parse().map(Order::Metric)
    };
    known
        .map_or_else(by_metric, Ok)
        .map_err(|_: String| format!("expected {}", words::either(&order_words())))
}

/// The help of `--sort`.
pub fn order_help() -> String {
    format!("Sort by {} (score: of trials)", words::either(&order_words()))
}

fn order_words() -> Vec<String> {
    ORDERS.iter().map(|(word, _)| (*word).to_owned()).chain(Score::words()).collect()
}

/// The values of `--sort` that a shell completes.
pub fn offered_orders() -> Vec<String> {
    let words = ORDERS.iter().map(|(word, _)| (*word).to_owned());
    words.chain(Score::words_by_default()).collect()
}

/// Parses the kind of class names.
pub fn class_names(text: &str) -> Result<ClassNames, String> {
    one_of(
        text,
        &[
            ("auto", ClassNames::Auto),
            ("labels", ClassNames::Labels),
            ("fashion-mnist", ClassNames::FashionMnist),
        ],
    )
}

/// Parses the choice of a run's model.
pub fn model_choice(text: &str) -> Result<ModelChoice, String> {
    one_of(text, &[("last", ModelChoice::Last), ("best", ModelChoice::Best)])
}

/// Parses the implementation of the t-SNE.
pub fn tsne_engine(text: &str) -> Result<Engine, String> {
    one_of(text, &[("fft", Engine::Fft), ("linfa", Engine::Linfa)])
}

/// Parses the embeddings that the t-SNE shows.
pub fn tsne_sets(text: &str) -> Result<TsneSets, String> {
    one_of(text, &[("validation", TsneSets::Validation), ("both", TsneSets::Both)])
}

/// Parses a list of losses and configuration files; names that contain a comma are in double quotes.
pub fn losses(text: &str) -> Result<Losses, String> {
    let items = words::list(text)?;
    let ranges =
        (0..items.len()).flat_map(|from| (from + 2..=items.len()).map(move |to| (from, to)));
    let joined = ranges.flat_map(|(from, to)| [",", ", "].map(|comma| items[from..to].join(comma)));
    match joined.into_iter().find(|name| std::path::Path::new(name).is_file()) {
        Some(name) => {
            let quoted = words::word(words::item(&name));
            Err(format!("put a file name that contains a comma in double quotes: {quoted}"))
        }
        None => Ok(Losses(items)),
    }
}

/// Checks the syntax of a list of classes, which are looked up when the data is loaded. A leading dash
/// must start a negative label, else it is probably another flag.
pub fn classes(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix('-');
    if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')) {
        let quoted = words::word(words::item_quoted(text));
        return Err(format!(
            "expected classes like 5-9, -1,-2 or Bag,Coat; put a name that begins with a dash in \
             double quotes: {quoted}"
        ));
    }
    words::list(text).map(|_| text.to_owned())
}

/// Parses a whole number; the check of the setting refuses 0.
pub fn size(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "expected a whole number, 1 or more".to_owned())
}

/// Parses a whole number, 0 or more.
pub fn count(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// Parses a seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// Parses a whole number within bounds.
pub fn between(text: &str, low: u32, high: u32) -> Result<u32, String> {
    let number = text.trim().parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("expected a whole number from {low} to {high}"))
}

/// Parses a number.
pub fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "expected a number like 0.001 or 1e-3".to_owned())
}

/// The value of a word; the error lists all words.
pub fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("expected {}", words::either(&known))
    })
}

/// Maximum number of values of k.
const MAX_KS: usize = 1000;

/// Parses `1..5` (both ends included) or `1,3,5`.
pub fn ks(text: &str) -> Result<Ks, String> {
    let wrong = || "expected a range like 1..5 or a list like 1,3,5".to_owned();
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let ks: Vec<usize> = match text.split_once("..") {
        Some((first, last)) => {
            let last = number(last.trim_start_matches('='))?;
            (number(first)?..=last).take(MAX_KS + 1).collect()
        }
        None => text.split(',').map(number).collect::<Result<_, _>>()?,
    };
    if ks.is_empty() || ks.contains(&0) || ks.len() > MAX_KS { Err(wrong()) } else { Ok(Ks(ks)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_label_is_accepted_and_another_flag_is_not() {
        for text in ["-1", "-1,-2", "-3--1", "-3..-1", "-.5", "Bag,Coat", "\"-x\",Bag"] {
            assert_eq!(classes(text).as_deref(), Ok(text));
        }
        let message = classes("--seed").unwrap_err();
        assert!(message.ends_with("in double quotes: '\"--seed\"'"), "{message}");
        assert!(classes("\"Bag").unwrap_err().contains("is not closed"));
    }

    #[test]
    fn losses_are_separated_by_commas_outside_of_quotes() {
        let of = |text: &str| losses(text).unwrap().0;
        assert_eq!(of("triplet, a.toml"), ["triplet", "a.toml"]);
        assert_eq!(of("\"lr 0,1.toml\",supcon"), ["lr 0,1.toml", "supcon"]);
    }

    #[test]
    fn negative_counts_and_seeds_are_refused() {
        assert_eq!((count("3"), seed("7")), (Ok(3), Ok(7)));
        assert!(count("-1").unwrap_err().contains("0 or more"));
        assert!(size("-1").unwrap_err().contains("1 or more"));
        assert!(seed("-1").unwrap_err().contains("0 or more"));
    }

    #[test]
    fn the_earlier_name_of_a_metric_is_accepted_with_a_warning() {
        let read = |text| metric(text).unwrap();
        assert_eq!(read("hit@1").score, read("recall@1").score);
        assert_eq!(read("hit-at-1").score, read("recall@1").score);
        let warning = "--metric hit@1 is now called --metric recall@1";
        assert_eq!(read("hit@1").warning().as_deref(), Some(warning));
        assert_eq!(read("recall@1").warning(), None);
    }

    #[test]
    fn ks_are_an_inclusive_range_or_a_list() {
        assert_eq!(ks("1..5"), Ok(Ks(vec![1, 2, 3, 4, 5])));
        assert_eq!(ks("1,3,10"), Ok(Ks(vec![1, 3, 10])));
        for wrong in ["", "a", "5..1", "0..3", "1..", "1..9999999"] {
            assert!(ks(wrong).is_err(), "{wrong}");
        }
    }
}
