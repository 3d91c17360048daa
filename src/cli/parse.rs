//! Words and lists on the command line.

use super::Executor;
use crate::data::ClassNames;
use crate::eval::Which;
use crate::eval::tsne::{Engine, Of};

/// The ks of recall@k.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ks(pub Vec<usize>);

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

/// Reads where runs are done.
pub fn executor(text: &str) -> Result<Executor, String> {
    let words =
        [("local", Executor::Local), ("lines", Executor::Lines), ("slurm", Executor::Slurm)];
    one_of(text, &words)
}

/// Reads which of a run's models is meant.
pub fn which_model(text: &str) -> Result<Which, String> {
    one_of(text, &[("last", Which::Last), ("best", Which::Best)])
}

/// Reads the engine of the t-SNE.
pub fn tsne_engine(text: &str) -> Result<Engine, String> {
    one_of(text, &[("fft", Engine::Fft), ("linfa", Engine::Linfa)])
}

/// Reads which embeddings the t-SNE lays out.
pub fn tsne_of(text: &str) -> Result<Of, String> {
    one_of(text, &[("validation", Of::Validation), ("both", Of::Both)])
}

/// The value of a word, or the words there are.
fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
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
    fn ks_are_a_range_with_both_ends_or_a_list() {
        assert_eq!(ks("1..5"), Ok(Ks(vec![1, 2, 3, 4, 5])));
        assert_eq!(ks("1,3,10"), Ok(Ks(vec![1, 3, 10])));
        for wrong in ["", "a", "5..1", "0..3", "1..", "1..9999999"] {
            assert!(ks(wrong).is_err(), "{wrong}");
        }
    }
}
