//! `dml completions` and `dml man`: completions and manual pages from the command line's types.

use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use super::{RUNS, print};
use crate::cli::{Cli, CompletionsArgs, LOSSES, ManArgs, completing};
use crate::error::Result;
use crate::files::{OutputRules, create_folder, keeper_of, write_text};
use crate::loss::Loss;

/// Prints completions for a shell.
///
/// # Errors
/// Stdout cannot be written to.
pub fn completions(args: CompletionsArgs) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut completing(Cli::command()), "dml", &mut text);
    print(with_lists(args.shell, &String::from_utf8_lossy(&text)).trim_end())
}

/// Makes a completion script complete `--losses` as a list of losses and configuration files, which
/// clap does not support.
fn with_lists(shell: Shell, script: &str) -> String {
    let names: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
    let words = names.join(" ");
    let (helper, plain, list) = match shell {
        Shell::Bash => (
            BASH_LIST,
            format!("COMPREPLY=($(compgen -W \"{words}\" -- \"${{cur}}\"))"),
            format!(
                "COMPREPLY=($(_dml_list \"{words}\" \"${{cur}}\"))\n                    \
                 compopt -o nospace 2>/dev/null"
            ),
        ),
        Shell::Zsh => (ZSH_LIST, format!(":A,B:({words})"), format!(":A,B: _dml_list {words}")),
        Shell::Fish => {
            let items: Vec<String> = names.iter().map(|name| format!("{name}\\t''")).collect();
            let list = format!("-r -F -a \"(__dml_list {words})\"");
            (FISH_LIST, format!("-r -f -a \"{}\"", items.join("\n")), list)
        }
        _ => return script.to_owned(),
    };
    // A single `--loss` has the same values and keeps them.
    let is_list = |before: &str| {
        let line = before.rsplit('\n').find(|line| !line.trim().is_empty()).unwrap_or_default();
        [format!("--{LOSSES})"), format!("--{LOSSES}="), format!("-l {LOSSES} ")]
            .iter()
            .any(|flag| line.contains(flag))
    };
    let mut parts = script.split(plain.as_str());
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let chosen = if is_list(&text) { &list } else { &plain };
        text.push_str(chosen);
        text.push_str(part);
    }
    // For zsh, `#compdef` must stay in the first line.
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#compdef") => {
            format!("{first}\n\n{helper}\n{rest}")
        }
        _ => format!("{helper}\n{text}"),
    }
}

/// Completes the text after the last comma with a loss or a configuration file.
const BASH_LIST: &str = r#"_dml_list() {
    local before="" last="$2"
    if [[ "$last" == *,* ]]; then
        before="${last%,*},"
        last="${last##*,}"
    fi
    compgen -P "$before" -W "$1" -- "$last"
    compgen -P "$before" -f -X '!*.toml' -- "$last"
    compgen -P "$before" -S / -d -- "$last"
}
"#;

const ZSH_LIST: &str = r#"_dml_list() {
    local names="$*"
    compset -P '*,'
    _alternative "losses:loss:($names)" 'files:settings:_files -g "*.toml"'
}
"#;

const FISH_LIST: &str = r#"function __dml_list
    set -l before (commandline -ct | string replace -r '^--losses=' '' | string replace -r '[^,]*$' '')
    for word in $argv
        echo $before$word
    end
end
"#;

/// Prints the manual page, or writes one for every command.
///
/// # Errors
/// Stdout or a file cannot be written to; pages exist, without `--force`.
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

/// The pages of a command and its subcommands, with their file names.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn script(shell: Shell) -> String {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut completing(Cli::command()), "dml", &mut text);
        with_lists(shell, &String::from_utf8(text).unwrap())
    }

    /// What bash offers to complete the last word.
    fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
        let last = words.len() - 1;
        let (current, before) = (words[last], words[last - 1]);
        let line = crate::words::line(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        let text = format!(
            "{}\nCOMP_WORDS=({line}); COMP_CWORD={last}; _dml dml '{current}' '{before}'\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script(Shell::Bash)
        );
        let done = std::process::Command::new("bash")
            .args(["--norc", "-c", &text])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_losses_metrics_states_and_formats() {
        let folder = tempfile::tempdir().unwrap();
        let offered = |words: &[&str]| offered(folder.path(), words);
        assert_eq!(offered(&["dml", "train", "--loss", "cr"]), ["cross-entropy"]);
        assert_eq!(offered(&["dml", "tune", "--metric", "map"]), ["map@r"]);
        assert_eq!(offered(&["dml", "runs", "--state", "div"]), ["diverged"]);
        assert_eq!(offered(&["dml", "export", "--format", "tensor"]), ["tensorboard"]);
        assert_eq!(offered(&["dml", "sweep", "--executor", "sl"]), ["slurm"]);
        assert_eq!(offered(&["dml", "eval", "--engine", "f"]), ["fused"]);
    }

    #[test]
    fn bash_completes_losses_and_configuration_files_anywhere_in_a_list() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tuned.toml"), "").unwrap();
        std::fs::write(folder.path().join("tr.csv"), "").unwrap();
        let offered = |last| offered(folder.path(), &["dml", "compare", "--losses", last]);
        assert_eq!(offered("tr"), ["triplet"]);
        assert_eq!(offered("tu"), ["tuned.toml"]);
        assert_eq!(offered("supcon,t"), ["supcon,triplet", "supcon,tuned.toml"]);
    }

    #[test]
    fn lists_are_completed_in_every_shell_that_completes_values() {
        let count = |shell, part: &str| script(shell).matches(part).count();
        // compare and sweep.
        assert_eq!(count(Shell::Bash, "COMPREPLY=($(_dml_list "), 2);
        assert_eq!(count(Shell::Zsh, ":A,B: _dml_list contrastive "), 2);
        assert_eq!(count(Shell::Fish, "-r -F -a \"(__dml_list contrastive "), 2);
        assert!(script(Shell::Zsh).starts_with("#compdef dml\n"));
    }
}
