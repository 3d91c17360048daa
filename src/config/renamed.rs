//! Settings under their earlier names, which files and `--set` may still use.

use std::path::Path;

use toml::{Table, Value};

use super::setting::Setting;
use crate::error::{Fault, Result};
use crate::eval::EvalConfig;

/// Earlier and current keys of renamed settings in `[eval]`.
const RENAMED: [(&str, &str); 2] = [("hits_at", "recall_at"), ("recall_voters", "voters")];

/// Formerly the k of the vote only, now those of both metrics.
const RECALL: &str = "recall_at";
const VOTE: &str = "vote_top";

/// Rewrites a file's `[eval]` to today's keys and returns the warnings about it.
///
/// A file with an earlier key is taken for one of an earlier version, where `recall_at` had the k of
/// the vote alone. In any other file `recall_at` without `vote_top` sets both.
///
/// # Errors
/// A setting under both its names.
pub fn migrate(table: &mut Table, path: &Path) -> Result<Vec<String>> {
    let Some(Value::Table(eval)) = table.get_mut("eval") else { return Ok(Vec::new()) };
    let earlier: Vec<(&str, &str)> =
        RENAMED.into_iter().filter(|(earlier, _)| eval.contains_key(*earlier)).collect();
    if earlier.is_empty() {
        if let Some(ks) = eval.get(RECALL).cloned() {
            eval.entry(VOTE).or_insert(ks);
        }
        return Ok(Vec::new());
    }
    let mut renamed = Vec::new();
    if eval.contains_key(RECALL) || eval.contains_key("hits_at") {
        if eval.contains_key(VOTE) {
            return Err(twice("hits_at", RECALL, path));
        }
        renamed.extend(eval.contains_key(RECALL).then(|| now(RECALL, VOTE)));
        let first = || EvalConfig::default().vote_top.into_iter().map(|k| k as i64);
        let ks = eval.remove(RECALL).unwrap_or_else(|| first().collect::<Vec<_>>().into());
        eval.insert(VOTE.to_owned(), ks);
    }
    for (earlier, key) in earlier {
        let value = eval.remove(earlier).expect("it was found just now");
        if eval.insert(key.to_owned(), value).is_some() {
            return Err(twice(earlier, key, path));
        }
        renamed.push(now(earlier, key));
    }
    Ok(renamed.iter().map(|renamed| format!("{}: {renamed}", path.display())).collect())
}

/// Rewrites single settings to today's keys and returns the warnings about them; `recall_at` alone
/// sets `vote_top` too. `path` is what messages call the settings.
///
/// # Errors
/// A setting under both its names.
pub fn migrate_settings(settings: &[Setting], path: &Path) -> Result<(Vec<Setting>, Vec<String>)> {
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    let is_set = |name: &str| settings.iter().any(|setting| setting.key == format!("eval.{name}"));
    for setting in settings {
        let name = setting.key.strip_prefix("eval.").unwrap_or_default();
        let value = setting.value.clone();
        match RENAMED.iter().find(|(earlier, _)| *earlier == name) {
            Some((earlier, key)) if is_set(key) => return Err(twice(earlier, key, path)),
            Some((earlier, key)) => {
                warnings.push(format!("{}: {}", path.display(), now(earlier, key)));
                found.push(Setting { key: format!("eval.{key}"), value });
            }
            None if name == RECALL && !is_set(VOTE) => {
                found.extend(
                    [RECALL, VOTE]
                        .map(|key| Setting { key: format!("eval.{key}"), value: value.clone() }),
                );
            }
            None => found.push(setting.clone()),
        }
    }
    Ok((found, warnings))
}

/// Today's key of a setting.
pub fn current_key(key: &str) -> String {
    let name = key.strip_prefix("eval.").unwrap_or_default();
    match RENAMED.iter().find(|(earlier, _)| *earlier == name) {
        Some((_, current)) => format!("eval.{current}"),
        None => key.to_owned(),
    }
}

fn now(earlier: &str, key: &str) -> String {
    format!("eval.{earlier} is now called eval.{key}")
}

fn twice(earlier: &str, key: &str, path: &Path) -> crate::error::Error {
    let problem = format!("eval.{earlier} is the earlier name of eval.{key}, and both are set");
    Fault::new(path, problem).remedy(format!("keep eval.{key}")).into()
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("my.toml"))
    }

    fn with(settings: &[&str]) -> Result<Config> {
        let read = |text: &&str| Setting::read(text).unwrap();
        Config::default().with(&settings.iter().map(read).collect::<Vec<_>>())
    }

    fn ks(config: &Config) -> (&[usize], &[usize], usize) {
        (&config.eval.recall_at, &config.eval.vote_top, config.eval.voters)
    }

    const DEFAULT: (&[usize], &[usize], usize) = (&[1, 2, 4, 8], &[1, 2, 3, 4, 5], 10);

    #[test]
    fn recall_at_sets_the_k_of_both_metrics_unless_vote_top_is_given() {
        assert_eq!(ks(&Config::default()), DEFAULT);
        let config = parse("[eval]\nrecall_at = [1, 3]").unwrap();
        assert_eq!((ks(&config), config.warnings.len()), ((&[1, 3][..], &[1, 3][..], 10), 0));
        let config = parse("[eval]\nrecall_at = [1, 3]\nvote_top = [2]").unwrap();
        assert_eq!(ks(&config), (&[1, 3][..], &[2][..], 10));
        assert_eq!(ks(&with(&["eval.recall_at=[7]"]).unwrap()), (&[7][..], &[7][..], 10));
        let both = with(&["eval.vote_top=[3]", "eval.recall_at=[7]"]).unwrap();
        assert_eq!(ks(&both), (&[7][..], &[3][..], 10));
    }

    #[test]
    fn a_file_of_an_earlier_version_is_read_with_warnings() {
        // The two lists of a resolved configuration as earlier versions wrote them.
        let text = "[eval]\nrecall_at = [1, 3]\nrecall_voters = 5\nhits_at = [1, 100]";
        let config = parse(text).unwrap();
        assert_eq!(ks(&config), (&[1, 100][..], &[1, 3][..], 5));
        let expected = [
            "my.toml: eval.recall_at is now called eval.vote_top",
            "my.toml: eval.hits_at is now called eval.recall_at",
            "my.toml: eval.recall_voters is now called eval.voters",
        ];
        assert_eq!(config.warnings, expected);
        let config = parse("[eval]\nhits_at = [2]").unwrap();
        assert_eq!(ks(&config), (&[2][..], DEFAULT.1, 10));
        let config = with(&["eval.hits_at=[2]", "eval.recall_voters=3"]).unwrap();
        assert_eq!(ks(&config), (&[2][..], DEFAULT.1, 3));
        assert_eq!(config.warnings[0], "--set: eval.hits_at is now called eval.recall_at");
    }

    #[test]
    fn a_setting_under_both_names_is_refused() {
        let both = [
            parse("[eval]\nhits_at = [2]\nvote_top = [1]"),
            parse("[eval]\nrecall_voters = 3\nvoters = 4"),
            with(&["eval.hits_at=[2]", "eval.recall_at=[1]"]),
            with(&["eval.voters=2", "eval.recall_voters=1"]),
        ];
        for refused in both {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains("and both are set; keep eval."), "{message}");
        }
    }
}
