//! Arguments of `dml completions` and `dml man`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::Shell;

use super::parse::offered_orders;
use crate::eval::Score;
use crate::loss::Loss;
use crate::model::NETWORKS;

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
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overwrite existing pages
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The flag that takes a list of losses and files.
pub const LOSSES: &str = "losses";

/// The command line for generating completions: with the possible values of flags. The parser itself
/// does not have them, so that each flag reports invalid values in its own words.
pub fn completing(command: Command) -> Command {
    command.mut_args(with_values).mut_subcommands(completing)
}

fn with_values(flag: Arg) -> Arg {
    match flag.get_long().map(values_of) {
        None => flag,
        Some(values) if values.is_empty() => flag,
        // The default of --losses is a list, which is not one of the values.
        Some(values) => {
            // clap keeps them for as long as the program runs.
            let values = values.into_iter().map(|value| &*value.leak());
            flag.value_parser(PossibleValuesParser::new(values)).default_value(None)
        }
    }
}

/// The possible values of a flag; empty if it accepts anything, or if clap knows them already.
fn values_of(flag: &str) -> Vec<String> {
    let fixed: &[&str] = match flag {
        "loss" | LOSSES => return Loss::all().iter().map(|loss| loss.name().to_owned()).collect(),
        "network" => return NETWORKS.iter().map(|kind| kind.name.to_owned()).collect(),
        "metric" => return Score::words_by_default(),
        "sort" => return offered_orders(),
        "executor" => &["local", "lines", "slurm"],
        "engine" => &["auto", "libtorch", "fused"],
        "device" => &["auto", "cpu", "cuda"],
        "checkpoint-every" => &["epoch", "30s"],
        "style" => &["screen", "paper"],
        "header" => &["auto", "yes", "no"],
        "scale" => &["auto", "1", "16", "255", "65535"],
        "names" => &["auto", "labels", "fashion-mnist"],
        "model" => &["last", "best"],
        "tsne" => &["fft", "linfa"],
        "tsne-of" => &["validation", "both"],
        _ => &[],
    };
    fixed.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {

    use super::super::Cli;
    use super::*;

    /// All flags of all commands, each with the path of its command.
    fn flags(command: &Command, path: &[String]) -> Vec<(Vec<String>, Arg)> {
        let own = command.get_opts().map(|flag| (path.to_vec(), flag.clone()));
        let below = command
            .get_subcommands()
            .flat_map(|inner| flags(inner, &[path, &[inner.get_name().to_owned()]].concat()));
        own.chain(below).collect()
    }

    #[test]
    fn every_offered_completion_is_accepted() {
        let all = flags(&completing(Cli::command()), &["dml".to_owned()]);
        let mut offered = Vec::new();
        for (path, flag) in &all {
            let long = flag.get_long().unwrap();
            for value in flag.get_possible_values() {
                let given = [format!("--{long}"), value.get_name().to_owned()];
                let read = Cli::command().try_get_matches_from([&path[..], &given].concat());
                let error = read.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(!error.contains("invalid value"), "{path:?} {given:?}: {error}");
                offered.push(given.join(" "));
            }
        }
        for known in [
            "--loss supcon",
            "--losses supcon",
            "--network tutorial",
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
    fn the_parser_itself_does_not_restrict_these_flags() {
        let read = |word| Cli::command().try_get_matches_from(["dml", "train", "--loss", word]);
        assert!(read("suppcon").is_ok(), "refused later, with a suggestion");
    }
}
