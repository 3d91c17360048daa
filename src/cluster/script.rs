//! The script that Slurm runs for each task.

use std::path::Path;

use super::directives::{Memory, SbatchOption, TimeLimit};
use crate::words::{line, path_word};

/// Seconds before the time limit at which Slurm signals a task, unless `--grace` says otherwise.
pub const GRACE: u64 = 90;

/// Resource limits of a task.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time limit; `None` for the partition's.
    pub time: Option<TimeLimit>,
    /// Seconds before the time limit at which Slurm signals the task to save its work.
    pub grace: u64,
    /// The partition; `None` for Slurm's default.
    pub partition: Option<String>,
    /// Memory; `None` for Slurm's default.
    pub memory: Option<Memory>,
    /// Cores.
    pub cores: usize,
    /// Other options, passed on unchanged.
    pub options: Vec<SbatchOption>,
}

/// A script for `sbatch`.
#[derive(Debug)]
pub struct Script<'a> {
    /// Name of the job.
    pub name: &'a str,
    /// The tasks of an array, for example `0-3,7%2`; `None` for a single job.
    pub array: Option<&'a str>,
    /// Name of the log in `logs`, with Slurm's `%A`, `%a` and `%j`.
    pub log: &'a str,
    /// Folder of the logs, absolute.
    pub logs: &'a Path,
    /// Folder that the command runs in, absolute.
    pub directory: &'a Path,
    /// The command without its task number.
    pub command: &'a [String],
    /// Whether GPUs are hidden from the command.
    pub without_gpu: bool,
    /// Its limits.
    pub limits: &'a Limits,
}

/// How often a task is requeued before it is considered one that never ends.
const MOST_RESTARTS: u32 = 100;

impl Script<'_> {
    /// The script's text.
    pub fn text(&self) -> String {
        let task = if self.array.is_some() { " --task \"$SLURM_ARRAY_TASK_ID\"" } else { "" };
        let command = format!("{}{task} --cores \"$SLURM_CPUS_PER_TASK\"", line(self.command));
        let gpu = match self.without_gpu {
            true => {
                "# The device is part of a run's settings, here the CPU.\n\
                     export CUDA_VISIBLE_DEVICES=\n"
            }
            false => "",
        };
        let end = WAIT_AND_REQUEUE.replace("RESTARTS", &MOST_RESTARTS.to_string());
        format!(
            "#!/bin/bash\n{}\n\ncd {} || exit 1\n{gpu}{FORWARD_SIGNAL}\n{command} &\n{end}",
            self.directives().join("\n"),
            path_word(self.directory),
        )
    }

    fn directives(&self) -> Vec<String> {
        let Limits { time, grace, partition, memory, cores, options } = self.limits;
        let logs = self.logs.display().to_string().replace('%', "%%");
        let mut lines = vec![("--job-name", self.name.to_owned())];
        lines.extend(self.array.map(|array| ("--array", array.to_owned())));
        lines.push(("--output", format!("{logs}/{}", self.log)));
        lines.push(("--signal", format!("B:TERM@{grace}")));
        lines.push(("--ntasks", "1".to_owned()));
        lines.push(("--cpus-per-task", cores.to_string()));
        lines.extend(memory.as_ref().map(|memory| ("--mem", memory.to_string())));
        lines.extend(time.as_ref().map(|time| ("--time", time.to_string())));
        lines.extend(partition.as_ref().map(|name| ("--partition", name.clone())));
        let lines = lines.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let fixed = ["--open-mode=append", "--requeue"].map(str::to_owned);
        let others = options.iter().map(|option| quoted_option(&option.to_string()));
        lines.chain(fixed).chain(others).map(|option| format!("#SBATCH {option}")).collect()
    }
}

/// An option like `-A x` or `--account=x` with its value quoted if necessary.
fn quoted_option(option: &str) -> String {
    match option.split_once(['=', ' ']) {
        Some((name, value)) if option[name.len()..].starts_with('=') => {
            format!("{name}={}", quoted(value))
        }
        Some((name, value)) => format!("{name} {}", quoted(value)),
        None => option.to_owned(),
    }
}

/// Quotes a value for a line of directives, which `sbatch` does not parse as a shell does.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Precedes the command: passes Slurm's signal on to it.
const FORWARD_SIGNAL: &str = r#"
job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}

# Slurm sends SIGTERM to a task shortly before its time limit, and also to a cancelled task and all
# its processes; a cancelled task must neither get the signal twice nor be requeued.
query() { squeue --noheader --states=all --format="$1" --jobs="$job" 2>/dev/null; }
still_running() {
  state=$(query %T)
  [ -z "$state" ] || [ "$state" = RUNNING ]
}
# Slurm sends the early signal once, and it is lost if the task has hardly started. At the limit it
# sends SIGTERM again, to all processes; such a task is completing and can still be requeued.
can_requeue() { still_running || [ "$(query %r)" = TimeLimit ]; }
signalled=
trap 'signalled=yes; if [ -n "$child" ] && still_running; then kill -TERM "$child" 2>/dev/null; fi' TERM
"#;

/// Follows the command, which runs in the background so that the trap runs at once.
const WAIT_AND_REQUEUE: &str = r#"child=$!
# The signal may have come before the trap knew `child`.
if [ -n "$signalled" ] && still_running; then kill -TERM "$child" 2>/dev/null; fi
# A signal ends `wait` early, too; the last one returns the exit code.
wait "$child"
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
code=$?

# 130: interrupted, with all work saved in a checkpoint. 143: killed by the signal before any work.
case $code in
  130) interrupted=yes ;;
  143) interrupted=$signalled ;;
  *) interrupted= ;;
esac
if [ -n "$interrupted" ] && can_requeue; then
  if [ "${SLURM_RESTART_COUNT:-0}" -ge RESTARTS ]; then
    echo "task $job: interrupted RESTARTS times, not requeued again: increase --time" >&2
  elif scontrol requeue "$job"; then
    echo "task $job: requeued, will resume from its checkpoint" >&2
  fi
elif [ -n "$signalled" ] && [ "$code" != 0 ]; then
  echo "task $job: ended with exit code $code, not requeued" >&2
fi
exit "$code"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    fn limits() -> Limits {
        Limits {
            time: Some("2:00:00".parse().unwrap()),
            grace: 90,
            partition: Some("long".to_owned()),
            memory: Some("4G".parse().unwrap()),
            cores: 2,
            options: vec!["--account=x".parse().unwrap(), "--comment=two words".parse().unwrap()],
        }
    }

    fn script(array: Option<&str>, without_gpu: bool) -> String {
        let command = ["/opt/it's/dml", "compare", "--losses", "a,b"].map(str::to_owned);
        let log = "%A_%a.out";
        let (name, directory) = ("dml-compare", Path::new("/my work"));
        let (logs, limits) = (Path::new("/my work/100%/\"l\""), &limits());
        let command = &command;
        Script { name, array, log, logs, directory, command, without_gpu, limits }.text()
    }

    #[test]
    fn a_script_has_the_limits_and_the_command_of_its_task() {
        let text = script(Some("0-3,7%2"), true);
        let head = "#!/bin/bash\n\
                    #SBATCH --job-name=dml-compare\n\
                    #SBATCH --array=0-3,7%2\n\
                    #SBATCH --output=\"/my work/100%%/\\\"l\\\"/%A_%a.out\"\n\
                    #SBATCH --signal=B:TERM@90\n\
                    #SBATCH --ntasks=1\n\
                    #SBATCH --cpus-per-task=2\n\
                    #SBATCH --mem=4G\n\
                    #SBATCH --time=2:00:00\n\
                    #SBATCH --partition=long\n\
                    #SBATCH --open-mode=append\n\
                    #SBATCH --requeue\n\
                    #SBATCH --account=x\n\
                    #SBATCH --comment=\"two words\"\n\n\
                    cd '/my work' || exit 1\n";
        assert!(text.starts_with(head), "{text}");
        let command = "\n'/opt/it'\\''s/dml' compare --losses a,b --task \"$SLURM_ARRAY_TASK_ID\" \
                       --cores \"$SLURM_CPUS_PER_TASK\" &\n";
        assert!(text.contains(command) && text.contains("\nexport CUDA_VISIBLE_DEVICES=\n"));
        assert!(!script(None, false).contains("CUDA"));
        assert!(
            !script(None, false).contains("--task ") && !script(None, false).contains("--array")
        );
        assert!(!text.contains("RESTARTS") && text.contains("-ge 100 ]"), "{text}");
    }

    #[test]
    fn bash_parses_the_script() {
        let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(script(Some("0"), true).as_bytes()).unwrap();
        assert!(bash.wait().unwrap().success());
    }

    /// Runs a script whose command is a line of bash, with fake Slurm programs that report this state
    /// and reason; returns what it prints to stderr.
    fn run(line: &str, state: &str, reason: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let squeue = format!("case $* in *%T*) echo {state} ;; *%r*) echo {reason} ;; esac");
        for (name, body) in [("squeue", squeue.as_str()), ("scontrol", "")] {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let command = ["bash", "-c", line].map(str::to_owned);
        let (name, log, directory) = ("dml-compare", "%j.out", folder.path());
        let (array, logs, without_gpu) = (None, directory, false);
        let (command, limits) = (&command[..], &limits());
        let script = Script { name, array, log, logs, directory, command, without_gpu, limits };
        let mut bash = Command::new("bash");
        bash.args(["-c", &script.text()]).env("SLURM_JOB_ID", "7").env("SLURM_CPUS_PER_TASK", "1");
        bash.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
        String::from_utf8(bash.output().unwrap().stderr).unwrap()
    }

    #[test]
    fn a_task_is_requeued_when_its_time_is_over_but_not_when_it_fails_or_is_cancelled() {
        // Signals the script, as Slurm does, while the command does not handle the signal yet.
        let too_early = "kill -TERM $PPID; exec sleep 60";
        for (line, state, reason, requeued) in [
            ("exit 130", "RUNNING", "None", true),
            ("exit 130", "COMPLETING", "TimeLimit", true),
            (too_early, "RUNNING", "None", true),
            ("exit 130", "COMPLETING", "None", false),
            ("exit 143", "RUNNING", "None", false),
            ("exit 1", "RUNNING", "None", false),
        ] {
            let err = run(line, state, reason);
            assert_eq!(
                err.contains("task 7: requeued, "),
                requeued,
                "{line} {state} {reason}: {err}"
            );
        }
    }
}
