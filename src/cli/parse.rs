//! Words and lists on the command line.

use crate::data::ClassNames;
use crate::eval::tsne::{Engine, TsneSets};
use crate::eval::{ModelChoice, Score};
use crate::words;

/// Losses by their names or as configuration files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losses(pub Vec<String>);

/// The k of Recall@k and vote top-k accuracy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ks(pub Vec<usize>);

/// The metric of `--metric`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub score: Score,
    /// Whether it was given under its earlier name.
    renamed: bool,
}

impl Metric {
    /// The warning about an earlier name.
    pub fn warning(self) -> Option<String> {
        self.renamed.then(|| format!("--metric hit@1 is now called --metric {}", self.score))
    }
}

/// Reads a metric, by its earlier name too.
pub fn metric(text: &str) -> Result<Metric, String> {
    let renamed = matches!(text, "hit@1" | "hit-at-1");
    let score = if renamed { Score::RecallAt1 } else { text.parse()? };
    Ok(Metric { score, renamed })
}

/// Reads how classes are named.
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

/// Reads which of a run's models is meant.
pub fn which_model(text: &str) -> Result<ModelChoice, String> {
    one_of(text, &[("last", ModelChoice::Last), ("best", ModelChoice::Best)])
}

/// Reads the engine of the t-SNE.
pub fn tsne_engine(text: &str) -> Result<Engine, String> {
    one_of(text, &[("fft", Engine::Fft), ("linfa", Engine::Linfa)])
}

/// Reads which embeddings the t-SNE lays out.
pub fn tsne_of(text: &str) -> Result<TsneSets, String> {
    one_of(text, &[("validation", TsneSets::Validation), ("both", TsneSets::Both)])
}

/// Reads losses and files of settings in a list; one with a comma in its name is in double quotes.
pub fn losses(text: &str) -> Result<Losses, String> {
    let items = words::list(text)?;
    let cut = (0..items.len()).flat_map(|from| (from + 2..=items.len()).map(move |to| (from, to)));
    let whole = cut.flat_map(|(from, to)| [",", ", "].map(|comma| items[from..to].join(comma)));
    match whole.into_iter().find(|name| std::path::Path::new(name).is_file()) {
        Some(name) => {
            let quoted = words::word(words::item(&name));
            Err(format!("a file with a comma in its name stands in double quotes: {quoted}"))
        }
        None => Ok(Losses(items)),
    }
}

/// Reads classes in a list, as far as that can be done without the data. A label below zero begins
/// with a dash, which another flag would, too.
pub fn classes(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix('-');
    if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')) {
        let quoted = words::word(words::item_quoted(text));
        return Err(format!(
            "take classes as in 5-9, -1,-2 or Bag,Coat; a name that begins with a dash stands in \
             double quotes, {quoted}"
        ));
    }
    words::list(text).map(|_| text.to_owned())
}

/// Reads a whole number; the setting itself refuses values that are too small.
pub fn size(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "take a whole number from 1 on".to_owned())
}

/// Reads a whole number from 0 on.
pub fn count(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "take a whole number from 0 on".to_owned())
}

/// Reads a seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "take a whole number from 0 on".to_owned())
}

/// Reads a whole number within bounds.
pub fn between(text: &str, low: u32, high: u32) -> Result<u32, String> {
    let number = text.trim().parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("take a whole number from {low} to {high}"))
}

/// Reads a number, whole or not.
pub fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "take a number, as 0.001 or 1e-3".to_owned())
}

/// The value of a word, or the words there are.
pub fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("take {}", words.join(" or "))
    })
}

/// More than anybody plots.
const MOST_KS: usize = 1000;

/// Reads `1..5` (both ends included) or `1,3,5`.
pub fn ks(text: &str) -> Result<Ks, String> {
    let wrong = || "take a range like 1..5 or a list like 1,3,5".to_owned();
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let ks: Vec<usize> = match text.split_once("..") {
        Some((first, last)) => {
            let last = number(last.trim_start_matches('='))?;
            (number(first)?..=last).take(MOST_KS + 1).collect()
        }
        None => text.split(',').map(number).collect::<Result<_, _>>()?,
    };
    if ks.is_empty() || ks.contains(&0) || ks.len() > MOST_KS { Err(wrong()) } else { Ok(Ks(ks)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_below_zero_is_one_and_another_flag_is_none() {
        for text in ["-1", "-1,-2", "-3--1", "-3..-1", "-.5", "Bag,Coat", "\"-x\",Bag"] {
            assert_eq!(classes(text).as_deref(), Ok(text));
        }
        let message = classes("--seed").unwrap_err();
        assert!(message.ends_with("stands in double quotes, '\"--seed\"'"), "{message}");
        assert!(classes("\"Bag").unwrap_err().contains("is not closed"));
    }

    #[test]
    fn losses_are_parted_by_commas_but_for_those_in_quotes() {
        let of = |text: &str| losses(text).unwrap().0;
        assert_eq!(of("triplet, a.toml"), ["triplet", "a.toml"]);
        assert_eq!(of("\"lr 0,1.toml\",supcon"), ["lr 0,1.toml", "supcon"]);
    }

    #[test]
    fn counts_and_seeds_below_zero_are_refused_in_words() {
        assert_eq!((count("3"), seed("7")), (Ok(3), Ok(7)));
        assert!(count("-1").unwrap_err().contains("from 0 on"));
        assert!(size("-1").unwrap_err().contains("from 1 on"));
        assert!(seed("-1").unwrap_err().contains("from 0 on"));
    }

    #[test]
    fn the_earlier_name_of_a_metric_is_read_with_a_warning() {
        let read = |text| metric(text).unwrap();
        assert_eq!(read("hit@1").score, Score::RecallAt1);
        let warning = "--metric hit@1 is now called --metric recall@1";
        assert_eq!(read("hit@1").warning().as_deref(), Some(warning));
        assert_eq!((read("recall@1").score, read("recall@1").warning()), (Score::RecallAt1, None));
    }

    #[test]
    fn ks_are_a_range_with_both_ends_or_a_list() {
        assert_eq!(ks("1..5"), Ok(Ks(vec![1, 2, 3, 4, 5])));
        assert_eq!(ks("1,3,10"), Ok(Ks(vec![1, 3, 10])));
        for wrong in ["", "a", "5..1", "0..3", "1..", "1..9999999"] {
            assert!(ks(wrong).is_err(), "{wrong}");
        }
    }
}
