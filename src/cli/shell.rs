//! `dml completions` and `dml man`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::Shell;

use crate::loss::Loss;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml completions bash > ~/.local/share/bash-completion/completions/dml
  dml completions zsh > ~/.zfunc/_dml
  dml completions fish > ~/.config/fish/completions/dml.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml man | man -l -
  dml man --out ~/.local/share/man/man1                 dml.1, dml-train.1 and so on")]
pub struct ManArgs {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overwrite pages that exist
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The flag whose value is a list of losses and of files.
pub const LOSSES: &str = "losses";

/// The command line as completions are made of it: with the words that flags take. Only shells see
/// them, so that what is refused is still refused with the words of each flag.
pub fn completing(command: Command) -> Command {
    command.mut_args(with_words).mut_subcommands(completing)
}

fn with_words(flag: Arg) -> Arg {
    match flag.get_long().map(words_of) {
        None => flag,
        Some(words) if words.is_empty() => flag,
        // A list of losses may be a default, and is no word.
        Some(words) => flag.value_parser(PossibleValuesParser::new(words)).default_value(None),
    }
}

/// The words that a flag takes; none where it takes anything, or says itself what it takes.
fn words_of(flag: &str) -> Vec<&'static str> {
    match flag {
        "loss" | LOSSES => Loss::all().iter().map(Loss::name).collect(),
        "metric" => vec!["accuracy", "map@r", "recall@1"],
        "executor" => vec!["local", "lines", "slurm"],
        "engine" => vec!["auto", "libtorch", "fused"],
        "device" => vec!["auto", "cpu", "cuda"],
        "checkpoint-every" => vec!["epoch", "30s"],
        "style" => vec!["screen", "paper"],
        "header" => vec!["auto", "yes", "no"],
        "scale" => vec!["auto", "1", "16", "255", "65535"],
        "names" => vec!["auto", "labels", "fashion-mnist"],
        "model" => vec!["last", "best"],
        "tsne" => vec!["fft", "linfa"],
        "tsne-of" => vec!["validation", "both"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    /// Every flag of every command, with the words to the command.
    fn flags(command: &Command, path: &[String]) -> Vec<(Vec<String>, Arg)> {
        let own = command.get_opts().map(|flag| (path.to_vec(), flag.clone()));
        let below = command
            .get_subcommands()
            .flat_map(|inner| flags(inner, &[path, &[inner.get_name().to_owned()]].concat()));
        own.chain(below).collect()
    }

    #[test]
    fn every_word_that_a_shell_offers_is_taken() {
        let all = flags(&completing(Cli::command()), &["dml".to_owned()]);
        let mut offered = Vec::new();
        for (path, flag) in &all {
            let long = flag.get_long().unwrap();
            for value in flag.get_possible_values() {
                let given = [format!("--{long}"), value.get_name().to_owned()];
                let read = Cli::command().try_get_matches_from([&path[..], &given].concat());
                let told = read.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(!told.contains("invalid value"), "{path:?} {given:?}: {told}");
                offered.push(given.join(" "));
            }
        }
        for known in [
            "--loss supcon",
            "--losses supcon",
            "--metric map@r",
            "--state diverged",
            "--format tensorboard",
            "--engine fused",
            "--executor slurm",
            "--sort accuracy",
        ] {
            assert!(offered.iter().any(|word| word == known), "{known}");
        }
    }

    #[test]
    fn what_the_program_itself_reads_knows_nothing_of_these_words() {
        let read = |word| Cli::command().try_get_matches_from(["dml", "train", "--loss", word]);
        assert!(read("suppcon").is_ok(), "refused later, with the nearest loss");
    }
}
