//! Defaults in help texts, from where they are defined: `{train.epochs}` stands for that setting's.

use clap::Command;
use toml::Value;

use crate::cluster::GRACE;
use crate::config::{Config, shown};
use crate::words::fill;

/// The command with the defaults in the help of its flags and of its subcommands'.
///
/// # Panics
/// If a help text names an unknown setting.
pub fn with_defaults(command: Command) -> Command {
    filled(command, &Config::default())
}

fn filled(command: Command, config: &Config) -> Command {
    let fill = |arg: clap::Arg| match arg.get_help().map(ToString::to_string) {
        Some(text) if text.contains('{') => arg.help(fill(&text, |key| default_of(key, config))),
        _ => arg,
    };
    command.mut_args(fill).mut_subcommands(|inner| filled(inner, config))
}

fn default_of(key: &str, config: &Config) -> String {
    match (key, config.value(key)) {
        ("grace", _) => GRACE.to_string(),
        (_, Some(Value::Array(list))) => {
            let items: Vec<String> = list.iter().map(shown).collect();
            items.join(",")
        }
        (_, Some(Value::Float(number))) => number.to_string(),
        (_, Some(value)) => shown(&value),
        (_, None) => panic!("a help text names {key}, which is no setting"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cli;

    #[test]
    fn help_shows_the_defaults_of_the_settings() {
        let command = Cli::command();
        let help = |name: &str, flag: &str| {
            let command = command.find_subcommand(name).unwrap();
            let flag = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
            flag.get_help().unwrap().to_string()
        };
        assert!(help("train", "epochs").ends_with("[default: 5]"));
        assert!(help("train", "learning-rate").ends_with("[default: 0.001]"));
        assert!(help("train", "checkpoint-every").ends_with("[default: 30 s]"));
        assert!(help("eval", "perplexity").ends_with("[default: 30]"));
        assert!(help("eval", "recall-at").ends_with("[default: 1,2,4,8 and 1,2,3,4,5]"));
        assert!(help("compare", "grace").contains("[default: 90, or half"));
    }
}
