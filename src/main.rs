//! Table of contents: start libtorch, read the command line, do it, print what went wrong.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use dml::cli::{Cli, Command};
use dml::error::{self, Error};
use dml::runtime::INTERRUPTED;
use dml::{commands, runtime};

fn main() -> ExitCode {
    runtime::start();
    let done = match Cli::parse().command {
        Command::Data(what) => commands::data(what),
        Command::Train(args) => commands::train(args),
        Command::Eval(args) => commands::eval(args),
        Command::Compare(args) => commands::compare(args),
        Command::Sweep(args) => commands::sweep(args),
        Command::Tune(args) => commands::tune(args),
        Command::Bound(args) => commands::bound(args),
        Command::Runs(args) => commands::runs(args),
        Command::Embed(args) => commands::embed(args),
        Command::Export(args) => commands::export(args),
        Command::Losses(args) => commands::losses(args),
        Command::Completions(args) => commands::completions(args),
        Command::Man(args) => commands::man(args),
    };
    let (kind, code, told) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Error::Interrupted(place)) => ("interrupted", ExitCode::from(INTERRUPTED), place),
        Err(error) => ("error", ExitCode::FAILURE, error::chain(&error)),
    };
    // Where stderr is gone, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "{kind}: {told}");
    code
}
