//! Table of contents: start libtorch, read the command line, do it, print what went wrong.

use std::io::Write;
use std::process::ExitCode;

use dml::cli::{Cli, Command};
use dml::error::{self, Error};
use dml::runtime::INTERRUPTED;
use dml::train::Progress;
use dml::{commands, runtime};

fn main() -> ExitCode {
    if let Err(error) = runtime::check_working_folder() {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        return ExitCode::FAILURE;
    }
    runtime::start();
    let Cli { quiet, command } = Cli::read();
    let progress = if quiet { Progress::quiet() } else { Progress::new() };
    let done = match command {
        Command::Data(what) => commands::data(what, &progress),
        Command::Train(args) => commands::train(args, progress),
        Command::Eval(args) => commands::eval(args, &progress),
        Command::Compare(args) => commands::compare(args, progress),
        Command::Sweep(args) => commands::sweep(args, progress),
        Command::Tune(args) => commands::tune(args, progress),
        Command::Bound(args) => commands::bound(args, progress),
        Command::Runs(args) => commands::runs(args, &progress),
        Command::Report(args) => commands::report(args, &progress),
        Command::Embed(args) => commands::embed(args, &progress),
        Command::Export(args) => commands::export(args, &progress),
        Command::Losses(args) => commands::losses(args, &progress),
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
