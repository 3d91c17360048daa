//! Starts libtorch, parses the command line, runs the command and prints its error.

use std::io::Write;

use dml::cli::{Cli, Command};
use dml::error::{self, Error};
use dml::runtime::{INTERRUPTED, catch_resource_errors};
use dml::train::Progress;
use dml::{commands, runtime};

fn main() {
    let code = run();
    // The command that wrote to stdout has already reported a failure.
    let _ = std::io::stdout().flush();
    runtime::leave(code)
}

/// Runs the command and returns the exit code.
fn run() -> u8 {
    runtime::start();
    runtime::install_failure_handlers();
    let Cli { quiet, command } = Cli::read();
    let progress = if quiet { Progress::quiet() } else { Progress::new() };
    let result = catch_resource_errors(|| match command {
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
    });
    let (kind, code, message) = match result {
        Ok(()) => return 0,
        Err(Error::Interrupted(message)) => ("interrupted", INTERRUPTED, message),
        Err(error) => ("error", 1, error::chain(&error)),
    };
    // If stderr is closed, the exit code still reports the failure.
    let _ = writeln!(std::io::stderr(), "{kind}: {message}");
    code
}

/// Runs before libtorch is loaded, which allocates memory while it initialises.
#[cfg(target_os = "linux")]
extern "C" fn before_libraries() {
    runtime::handle_abort();
    check_working_folder();
}

/// Ends the process if its working folder does not exist any more. Checked before libtorch is loaded,
/// because its MKL would end the process without naming the cause.
#[cfg(target_os = "linux")]
fn check_working_folder() {
    const GONE: &[u8] =
        b"error: the working folder was removed or replaced: change to another folder, \
or with cd \"$PWD\" to the one that now has this name\n";
    let mut path = [0; libc::PATH_MAX as usize];
    // SAFETY: system calls on a buffer of this length and on constant text; nothing uninitialised is
    // used.
    unsafe {
        let found = libc::getcwd(path.as_mut_ptr(), path.len());
        if found.is_null() && *libc::__errno_location() == libc::ENOENT {
            libc::write(2, GONE.as_ptr().cast(), GONE.len());
            libc::_exit(1);
        }
    }
}

/// The loader calls this before it initialises the libraries.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: the section contains functions without arguments that are called once.
#[unsafe(link_section = ".preinit_array")]
static BEFORE_LIBRARIES: extern "C" fn() = before_libraries;
