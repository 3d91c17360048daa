//! Table of contents: start libtorch, read the command line, do it, print what went wrong.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use dml::cli::{Cli, Command};
use dml::{commands, error, runtime};

fn main() -> ExitCode {
    runtime::start();
    let done = match Cli::parse().command {
        Command::Data(what) => commands::data(what),
        Command::Train(args) => commands::train(args),
        Command::Eval(args) => commands::eval(args),
        Command::Compare(args) => commands::compare(args),
        Command::Losses(args) => commands::losses(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone, the exit code still tells.
            let _ = writeln!(std::io::stderr(), "error: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}
