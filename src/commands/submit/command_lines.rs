//! The command that was called, as its tasks and what collects call it.

use std::path::Path;

use clap::Args;

use crate::cli::{ClusterArgs, SettingArgs};
use crate::commands::many::without;
use crate::error::{Error, Result};
use crate::files::is_stream;
use crate::session::Session;
use crate::words::{line, list};

/// The command that was called, in other forms.
pub struct CommandLines {
    /// As it was called, to be called again: without `--force`.
    pub again: String,
    /// What collects, as a user would call it.
    pub collect: String,
    /// What all tasks have in common, by the program's full name.
    pub task: Vec<String>,
}

impl CommandLines {
    /// # Errors
    /// A word that is not Unicode; the system does not say where the program is.
    pub fn new(session: &Session, settings: &SettingArgs) -> Result<CommandLines> {
        let text = |word: std::ffi::OsString| {
            word.into_string().map_err(|word| {
                let problem = "is not Unicode, and the scripts are: rename it";
                Error::Other(format!("the argument {} {problem}", word.to_string_lossy()))
            })
        };
        let mut words = std::env::args_os().map(text).collect::<Result<Vec<String>>>()?.into_iter();
        let called = words.next().unwrap_or_default();
        let words: Vec<String> = words.collect();
        let again = without(&words, &[("force", false), ("dry-run", false)]);
        let mut common = common(&words);
        let collect = [vec![called.clone()], common.clone(), vec!["--collect".to_owned()]].concat();
        let chosen = settings.compute.device.is_some();
        if !chosen && session.device_name != "cpu" {
            // Where there is none, a task says so and does not train another run on the processor.
            common.extend(["--device".to_owned(), session.device_name.clone()]);
        }
        let program = std::env::current_exe()
            .map_err(|why| Error::Other(format!("cannot find out where this program is: {why}")))?;
        let program = text(program.into_os_string())?;
        Ok(CommandLines {
            again: line(&[vec![called], again].concat()),
            collect: line(&collect),
            task: [vec![program], common].concat(),
        })
    }

    /// Refuses a command that names what can be read once, or what is gone when the shell that gave
    /// it ends: `--config <(…)` is a pipe by the time of the tasks no more.
    ///
    /// # Errors
    /// The word, with the way out.
    pub fn refuse_streams(&self) -> Result<()> {
        let Some((flag, stream)) = stream_of(&self.task) else { return Ok(()) };
        let problem =
            "can be read once, and every task would read it: keep it in a file and name that";
        Err(Error::setting(&flag, stream, problem))
    }
}

/// The first value of a flag that is a stream, or a list with one.
fn stream_of(words: &[String]) -> Option<(String, String)> {
    let mut flag = String::new();
    for word in words.iter().skip(1) {
        let (name, value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((name, value)) => (name.to_owned(), value),
            None if word.starts_with("--") => {
                flag.clone_from(word);
                continue;
            }
            None => (flag.clone(), word.as_str()),
        };
        let items = list(value).unwrap_or_default();
        // The value of a setting stands behind its key.
        let values = items.iter().flat_map(|item| {
            let set = item.split_once('=').map(|(_, value)| value.trim_matches('"'));
            [Some(item.as_str()), set].into_iter().flatten()
        });
        if let Some(stream) = values.into_iter().find(|value| is_stream(Path::new(value))) {
            return Some((name, stream.to_owned()));
        }
    }
    None
}

/// Flags of a command that its tasks and what collects have not, and whether they take a value.
fn common(words: &[String]) -> Vec<String> {
    let cluster = ClusterArgs::augment_args(clap::Command::new(""));
    let takes = |arg: &clap::Arg| arg.get_action().takes_values();
    let cluster: Vec<(&str, bool)> =
        cluster.get_arguments().filter_map(|arg| Some((arg.get_long()?, takes(arg)))).collect();
    let others = [
        ("force", false),
        ("dry-run", false),
        ("json", false),
        ("jobs", true),
        ("cores", true),
        // Their logs tell more than whoever submits them may want to see.
        ("quiet", false),
    ];
    let mut kept = without(words, &[&cluster[..], &others].concat());
    kept.retain(|word| word != "-q");
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn tasks_have_all_words_but_those_about_how_they_are_done() {
        let called = "-q --quiet compare --executor slurm --force --losses a,b --time=2:00 --jobs 3 \
                      --sbatch --account=x --sbatch=--qos=y --json --cores=2 --seeds 1-3";
        assert_eq!(common(&words(called)).join(" "), "compare --losses a,b --seeds 1-3");
        let again = without(&words("tune --force --loss a --dry-run"), &[("force", false)]);
        assert_eq!(again.join(" "), "tune --loss a --dry-run");
    }

    #[test]
    fn what_can_be_read_once_is_found_in_any_flag_and_list() {
        let found = |text: &str| stream_of(&words(&format!("dml compare {text}")));
        let stream = |flag: &str| Some((flag.to_owned(), "/dev/null".to_owned()));
        assert_eq!(found("--config /dev/null --seeds 1-3"), stream("--config"));
        assert_eq!(found("--test=/dev/null"), stream("--test"));
        assert_eq!(found("--set model.init=/dev/null"), stream("--set"));
        assert_eq!(found("--set=model.init=/dev/null"), stream("--set"));
        assert_eq!(found("--set loss.margin=2 --config Cargo.toml"), None);
        assert_eq!(found("--losses triplet,/dev/null"), stream("--losses"));
        assert_eq!(found("--config a.toml --set data.path=x --losses triplet,a.toml"), None);
    }

    #[test]
    fn flags_that_are_left_out_are_flags() {
        let cli = crate::cli::Cli::command();
        let compare = cli.find_subcommand("compare").unwrap();
        for name in ["force", "dry-run", "json", "jobs", "cores", "executor", "collect", "device"] {
            assert!(compare.get_arguments().any(|arg| arg.get_long() == Some(name)), "{name}");
        }
    }
}
