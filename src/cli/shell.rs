//! `dml completions` and `dml man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

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
