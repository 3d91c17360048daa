//! The script that Slurm runs for each task.

use std::path::Path;

use super::directives::{Memory, SbatchOption, TimeLimit};
use crate::words::{line, path_word};

/// What a task may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest it may take at a stretch; the partition's, where none is given.
    pub time: Option<TimeLimit>,
    /// Seconds before the end at which it is told to save what it has.
    pub grace: u64,
    /// The partition; Slurm's default, where none is given.
    pub partition: Option<String>,
    /// Memory; Slurm's default, where none is given.
    pub memory: Option<Memory>,
    /// Cores.
    pub cores: usize,
    /// Any other options, as they are.
    pub options: Vec<SbatchOption>,
}

/// A script for `sbatch`.
#[derive(Debug)]
pub struct Script<'a> {
    /// Name of the job.
    pub name: &'a str,
    /// The tasks of an array, as `0-3,7%2`; none of a single job.
    pub array: Option<&'a str>,
    /// File of what is printed, with Slurm's `%A`, `%a` and `%j`, in `logs`.
    pub log: &'a str,
    /// Folder of the logs, absolute.
    pub logs: &'a Path,
    /// Folder that the command runs in, absolute.
    pub directory: &'a Path,
    /// The command without the number of its task.
    pub command: &'a [String],
    /// Whether graphics cards are hidden from it.
    pub without_gpu: bool,
    /// What it may take.
    pub limits: &'a Limits,
}

/// Times that a task may begin again before it is taken for one that never ends.
const MOST_RESTARTS: u32 = 100;

impl Script<'_> {
    /// Its text.
    pub fn text(&self) -> String {
        let task = if self.array.is_some() { " --task \"$SLURM_ARRAY_TASK_ID\"" } else { "" };
        let command = format!("{}{task} --cores \"$SLURM_CPUS_PER_TASK\"", line(self.command));
        let gpu = match self.without_gpu {
            true => {
                "# Runs go by their device, which was the processor where this was submitted.\n\
                     export CUDA_VISIBLE_DEVICES=\n"
            }
            false => "",
        };
        let end = TO_THE_END.replace("RESTARTS", &MOST_RESTARTS.to_string());
        format!(
            "#!/bin/bash\n{}\n\ncd {} || exit 1\n{gpu}{ONES_OWN_JOB}\n{command} &\n{end}",
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
        let others = options.iter().map(|option| split_option(&option.to_string()));
        lines.chain(fixed).chain(others).map(|option| format!("#SBATCH {option}")).collect()
    }
}

/// `-A x` and `--account=x` with their values quoted where they have to be.
fn split_option(option: &str) -> String {
    match option.split_once(['=', ' ']) {
        Some((name, value)) if option[name.len()..].starts_with('=') => {
            format!("{name}={}", quoted(value))
        }
        Some((name, value)) => format!("{name} {}", quoted(value)),
        None => option.to_owned(),
    }
}

/// A value as `sbatch` takes it from a script, which is not read as a shell reads it.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

const ONES_OWN_JOB: &str = r#"
job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}

# Slurm tells a task that is cancelled, and all its processes, by the same signal as one whose time
# is nearly over; the former must not be told twice, nor begin again.
goes_on() {
  state=$(squeue --noheader --states=all --format=%T --jobs="$job" 2>/dev/null)
  [ -z "$state" ] || [ "$state" = RUNNING ]
}
asked=
trap 'asked=yes; if [ -n "$child" ] && goes_on; then kill -TERM "$child" 2>/dev/null; fi' TERM
"#;

/// What follows the command, which is in the background so that the signal is heard at once.
const TO_THE_END: &str = r#"child=$!
# `wait` returns when a signal comes, too; the last one gives the code in any case.
wait "$child"
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
code=$?

# 130: stopped, with all that was done in a checkpoint.
if [ "$code" = 130 ] && goes_on; then
  if [ "${SLURM_RESTART_COUNT:-0}" -ge RESTARTS ]; then
    echo "task $job: stopped RESTARTS times, not begun again: give it more --time" >&2
  elif scontrol requeue "$job"; then
    echo "task $job: goes on from its checkpoint when Slurm begins it again" >&2
  fi
elif [ -n "$asked" ] && [ "$code" != 0 ]; then
  echo "task $job: ended with code $code and is not begun again" >&2
fi
exit "$code"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
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
    fn a_script_says_what_a_task_may_take_and_does_its_part_of_the_command() {
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
    fn a_shell_understands_the_script() {
        let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(script(Some("0"), true).as_bytes()).unwrap();
        assert!(bash.wait().unwrap().success());
    }
}
