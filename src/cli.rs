//! The types of the command line, which clap parses.

mod cluster;
mod data;
mod defaults;
mod embeddings;
mod eval;
mod experiments;
mod images;
mod losses;
mod parse;
mod runs;
mod settings;
mod share;
mod shell;
mod train;

use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::words;

pub use cluster::{ClusterArgs, Executor};
pub use data::{CheckArgs, DataCommand, FetchArgs, SampleArgs};
pub use embeddings::EmbeddingArgs;
pub use eval::EvalArgs;
pub use experiments::{BoundArgs, CompareArgs, KeyArgs, ManyArgs, SweepArgs, TuneArgs};
pub use images::ColumnArgs;
pub use losses::LossesArgs;
pub use parse::{Ks, Metric, Order};
pub use runs::{DiffArgs, RemoveArgs, RunsArgs, RunsCommand};
pub use settings::{ComputeArgs, SettingArgs};
pub use share::{EmbedArgs, EmbedFormat, ExportArgs, Format, ReportArgs};
pub use shell::{CompletionsArgs, LOSSES, ManArgs, completing};
pub use train::TrainArgs;

/// Deep metric learning on labelled images: train, evaluate and compare losses.
#[derive(Debug, Parser)]
#[command(name = "dml", version, max_term_width = 100)]
#[command(after_help = "Examples:
  dml data fetch                                  write Fashion-MNIST as CSV into data/
  dml compare                                     contrastive against cross-entropy, three seeds
  dml train --loss cross-entropy --epochs 2       one run
  dml eval --knn 1                                evaluate the newest run

Exit codes: 0 success, 1 failure, 2 usage error, 130 interrupted (finished work is saved).
`dml COMMAND --help` shows examples of each command.")]
pub struct Cli {
    /// Print only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The command line, with the defaults of settings in its help.
    pub fn command() -> clap::Command {
        defaults::with_defaults(<Cli as CommandFactory>::command())
    }

    /// Parses the command line; on an error, prints it and ends the process.
    pub fn read() -> Cli {
        let mut command = with_negative_numbers(Cli::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        let matches = matches.unwrap_or_else(|error| match non_utf8_argument() {
            Some(word) if error.kind() == ErrorKind::InvalidUtf8 => {
                let problem = format!("{word} is not valid UTF-8: rename the file, or link to it");
                command.error(ErrorKind::InvalidUtf8, problem).exit()
            }
            _ => error.exit(),
        });
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }
}

/// The first argument that is not UTF-8, quoted.
fn non_utf8_argument() -> Option<String> {
    let word = std::env::args_os().find(|word| word.to_str().is_none())?;
    Some(words::path_word(Path::new(&word)))
}

/// Makes a command parse `-1` as a value, not as a flag.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    command.allow_negative_numbers(true).mut_subcommands(with_negative_numbers)
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch, check or sample data
    #[command(subcommand)]
    Data(DataCommand),
    /// Train a network with one loss
    Train(TrainArgs),
    /// Evaluate a run with nearest neighbours and t-SNE
    Eval(EvalArgs),
    /// Train and evaluate losses × seeds on the same data, and draw a conclusion
    Compare(CompareArgs),
    /// Compare losses over training-set sizes, or over values of any setting
    Sweep(SweepArgs),
    /// Search for the best settings of a loss, using only validation images
    Tune(TuneArgs),
    /// Show cross-entropy and the pairwise losses that it bounds during training
    Bound(BoundArgs),
    /// List runs with their key figures, compare two, or remove some
    Runs(RunsArgs),
    /// Write an HTML report on a run, a comparison, a sweep or a search
    Report(ReportArgs),
    /// Embed new images with a trained run
    Embed(EmbedArgs),
    /// Export a run's network or embeddings
    Export(ExportArgs),
    /// List all losses with formula, settings and source, or compute each on given embeddings
    Losses(LossesArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        with_negative_numbers(Cli::command()).debug_assert();
    }

    #[test]
    fn a_negative_number_is_refused_as_a_value() {
        let read = |words: &[&str]| {
            let words = ["dml"].iter().chain(words).copied();
            with_negative_numbers(Cli::command()).try_get_matches_from(words).map(drop)
        };
        let message = |words: &[&str]| read(words).unwrap_err().to_string();
        assert!(
            message(&["train", "--seed", "-1"])
                .contains("'-1' for '--seed <SEED>': expected a whole")
        );
        assert!(message(&["compare", "--seeds", "-1,2"]).contains("like 1,2,3 or 1-5"));
        assert!(message(&["eval", "--knn", "-1"]).contains("expected a whole number, 1 or more"));
        assert!(
            message(&["train", "--epochs", "-1"]).contains("expected a whole number, 1 or more")
        );
        assert!(message(&["compare", "--seeds", "1,-2"]).contains("like 1,2,3 or 1-5"));
        assert!(
            message(&["compare", "--task", "-1"]).contains("expected a whole number, 0 or more")
        );
        assert!(message(&["runs", "--seed", "-1"]).contains("expected a whole number, 0 or more"));
        for (flag, least) in [("--per-class", 1), ("--total", 1), ("--seed", 0)] {
            let refused = message(&["data", "sample", "a.csv", "--out", "b.csv", flag, "-1"]);
            let words = format!("expected a whole number, {least} or more");
            assert!(refused.contains(&words), "{refused}");
        }
        let trials = message(&["tune", "--loss", "a", "--trials", "-1"]);
        assert!(trials.contains("expected a whole number from 1 to 100000"), "{trials}");
        let rate = message(&["train", "--learning-rate", "fast"]);
        assert!(rate.contains("expected a number like 0.001 or 1e-3"), "{rate}");
        assert!(read(&["train", "--learning-rate", "-1"]).is_ok(), "refused later, with its key");
        assert!(message(&["eval", "--recall-at", "-1,2"]).contains("expected a range like 1..5"));
        for classes in [&["--unseen-classes", "-1,-2"][..], &["--unseen-classes=-3--1"]] {
            assert!(read(&[&["train"], classes].concat()).is_ok());
        }
        assert!(
            message(&["train", "--unseen-classes", "--seed"]).contains("expected classes like")
        );
    }
}
