//! `dml completions` and `dml man`: what a shell and `man` show of the command line.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use super::{RUNS, print};
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::error::Result;
use crate::experiment::keeper_of;
use crate::files::{OutputRules, create_folder, write_text};

/// Prints completions for a shell.
///
/// # Errors
/// Stdout cannot be written to.
pub fn completions(args: CompletionsArgs) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dml", &mut text);
    print(String::from_utf8_lossy(&text).trim_end())
}

/// Prints the manual page, or writes one for every command.
///
/// # Errors
/// Stdout or a file cannot be written to; pages that exist, without `--force`.
pub fn man(args: ManArgs) -> Result<()> {
    let is_stdout = |out: &&Path| ["-", "/dev/stdout"].iter().any(|name| *out == Path::new(name));
    let Some(folder) = args.out.as_deref().filter(|out| !is_stdout(out)) else {
        return print(rendered(&Man::new(Cli::command())).trim_end());
    };
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages);
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let keeper = |path: &Path| keeper_of(path, Path::new(RUNS));
    let out = OutputRules::new(args.force, &keeper).folder("--out", folder, &names)?;
    create_folder(out.path())?;
    pages.iter().try_for_each(|(name, page)| write_text(&out.path().join(name), page))
}

/// The pages of a command and of those below it, each with the name of its file.
fn collect(command: &clap::Command, pages: &mut Vec<(String, String)>) {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        collect(inner, pages);
    }
    let page = Man::new(command.clone());
    pages.push((page.get_filename(), rendered(&page)));
}

fn rendered(page: &Man) -> String {
    let mut text = Vec::new();
    page.render(&mut text).expect("memory takes every byte");
    String::from_utf8_lossy(&text).into_owned()
}
