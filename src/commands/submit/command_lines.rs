//! The command line of the user, in the forms for tasks and for collecting.

use std::path::Path;

use clap::Args;

use crate::cli::{ClusterArgs, SettingArgs};
use crate::commands::many::without;
use crate::error::{Error, Result};
use crate::files::is_stream;
use crate::session::Session;
use crate::words::{line, list};

/// The command line of the user in other forms.
pub struct CommandLines {
    /// To run again: without `--force`.
    pub again: String,
    /// To collect the results.
    pub collect: String,
    /// The common part of all tasks, with the program's full path.
    pub task: Vec<String>,
}

impl CommandLines {
    /// # Errors
    /// An argument that is not UTF-8; the path of the program is unknown.
    pub fn new(session: &Session, settings: &SettingArgs) -> Result<CommandLines> {
        let text = |word: std::ffi::OsString| {
            word.into_string().map_err(|word| {
                let problem = "is not valid UTF-8, which the scripts must be: rename it";
                Error::Other(format!("the argument {} {problem}", word.to_string_lossy()))
            })
        };
        let mut words = std::env::args_os().map(text).collect::<Result<Vec<String>>>()?.into_iter();
        let program_name = words.next().unwrap_or_default();
        let words: Vec<String> = words.collect();
        let again = without(&words, &[("force", false), ("dry-run", false)]);
        let mut common = common(&words);
        let collect =
            [vec![program_name.clone()], common.clone(), vec!["--collect".to_owned()]].concat();
        let is_chosen = settings.compute.device.is_some();
        if !is_chosen && session.device_name != "cpu" {
            // Without this device a task fails, instead of training a different run on the CPU.
            common.extend(["--device".to_owned(), session.device_name.clone()]);
        }
        let program = std::env::current_exe()
            .map_err(|why| Error::Other(format!("cannot find the path of this program: {why}")))?;
        let program = text(program.into_os_string())?;
        Ok(CommandLines {
            again: line(&[vec![program_name], again].concat()),
            collect: line(&collect),
            task: [vec![program], common].concat(),
        })
    }

    /// Refuses a command that names a stream: it can be read only once, and `--config <(…)` no longer
    /// exists when the tasks run.
    ///
    /// # Errors
    /// A flag names a stream.
    pub fn refuse_streams(&self) -> Result<()> {
        let Some((flag, stream)) = stream_of(&self.task) else { return Ok(()) };
        let problem =
            "can be read only once, but every task needs it: save it to a file and name that";
        Err(Error::setting(&flag, stream, problem))
    }
}

/// The first flag whose value is a stream, or a list with one; with that value.
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
        // The value of a setting follows its key.
        let values = items.iter().flat_map(|item| {
            let setting = item.split_once('=').map(|(_, value)| value.trim_matches('"'));
            [Some(item.as_str()), setting].into_iter().flatten()
        });
        if let Some(stream) = values.into_iter().find(|value| is_stream(Path::new(value))) {
            return Some((name, stream.to_owned()));
        }
    }
    None
}

/// The arguments without those that differ between the tasks and collecting.
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
        // The logs of tasks should be complete.
        ("quiet", false),
    ];
    let mut kept = without(words, &[&cluster[..], &others].concat());
    kept.retain(|word| word != "-q");
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn tasks_have_all_arguments_except_those_about_execution() {
        let called = "-q --quiet compare --executor slurm --force --losses a,b --time=2:00 --jobs 3 \
                      --sbatch --account=x --sbatch=--qos=y --json --cores=2 --seeds 1-3";
        assert_eq!(common(&words(called)).join(" "), "compare --losses a,b --seeds 1-3");
        let again = without(&words("tune --force --loss a --dry-run"), &[("force", false)]);
        assert_eq!(again.join(" "), "tune --loss a --dry-run");
    }

    #[test]
    fn a_stream_is_found_in_any_flag_and_list() {
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
    fn the_removed_flags_exist() {
        let cli = crate::cli::Cli::command();
        let compare = cli.find_subcommand("compare").unwrap();
        for name in ["force", "dry-run", "json", "jobs", "cores", "executor", "collect", "device"] {
            assert!(compare.get_arguments().any(|arg| arg.get_long() == Some(name)), "{name}");
        }
    }
}
