//! `dml completions` and `dml man`: what a shell and `man` show of the command line.

use clap::CommandFactory;

use super::print;
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::error::{Error, Result};
use crate::files::create_folder;

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
/// Stdout or a file cannot be written to.
pub fn man(args: ManArgs) -> Result<()> {
    let Some(folder) = args.out else {
        let mut page = Vec::new();
        let man = clap_mangen::Man::new(Cli::command());
        man.render(&mut page).expect("memory takes every byte");
        return print(String::from_utf8_lossy(&page).trim_end());
    };
    create_folder(&folder)?;
    clap_mangen::generate_to(Cli::command(), &folder).map_err(Error::io("write into", &folder))
}
